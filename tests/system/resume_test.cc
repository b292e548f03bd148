// What happens to services when reeve executes itself again: because it was asked to, or because it
// crashed.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

constexpr char sleeps[] = "exec = /bin/sleep 1000\nlog = null\n";

// The ways there are: it is asked for it (0), or crashes with this signal.
const std::vector<int> ways = {0, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

// What /proc knows of how often the process has executed something: its arguments tell.
std::string arguments_of(pid_t pid) {
    return read_file("/proc/" + std::to_string(pid) + "/cmdline");
}

std::vector<int> descriptors_of(pid_t pid) {
    std::vector<int> found;
    for (const auto& entry :
         std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd"))
        found.push_back(std::stoi(entry.path().filename()));
    std::sort(found.begin(), found.end());
    return found;
}

// How many it has for longer than a client of svctl, whose descriptor it closes once it sees that
// the client has gone: of the sockets only the one that listens is there to stay.
size_t lasting_descriptors_of(pid_t pid) {
    std::vector<int> found;
    const bool settled = wait_until([&] {
        found = descriptors_of(pid);
        const auto is_socket = [&](int fd) {
            const std::string path = "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd);
            std::error_code gone;
            return std::filesystem::read_symlink(path, gone).string().starts_with("socket:");
        };
        return std::count_if(found.begin(), found.end(), is_socket) == 1;
    });
    CHECK(settled);
    return found.size();
}

// A copy of reeve that a test may replace.
std::string own_copy(const Reeve& reeve) {
    const std::string path = reeve.file("reeve");
    std::filesystem::copy_file(reeve_binary(), path);
    return path;
}

Launch launch_copy(const Reeve& reeve, const std::string& path, const Strings& words = {}) {
    Launch launch = reeve.launch(words);
    launch.arguments[0] = path;
    return launch;
}

// As a package manager does it: a new file in place of the old.
void replace(const std::string& path, const std::string& text, mode_t mode = 0755) {
    write_file(path + ".new", text);
    chmod((path + ".new").c_str(), mode);
    std::filesystem::rename(path + ".new", path);
}

}  // namespace

TEST_CASE("a reeve that executes itself again keeps its children, and sees how they end") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + "restart_delay = 0\n");
    reeve.service("job", "command = while test ! -e {dir}/go; do sleep 0.01; done; exit 7\n"
                         "type = oneshot\nlog = null\n");
    const bool as_init = GENERATE(false, true);
    if (as_init && cannot_run(has_namespaces(), "PID namespaces are not permitted")) return;
    as_init ? reeve.start_as_pid_1() : reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    REQUIRE(reeve.reaches("job", "running"));
    const pid_t itself = reeve.pid();
    const pid_t web = reeve.pid_of("web");
    reeve.go_on(0);  // what it had from whoever started it goes
    const size_t open = lasting_descriptors_of(itself);
    for (const int way : ways) reeve.go_on(way);
    CHECK(reeve.pid() == itself);
    CHECK(lasting_descriptors_of(itself) == open);
    CHECK(arguments_of(itself).size() < 1000);  // they do not add up
    CHECK(reeve.pid_of("web") == web);
    CHECK(reeve.field("web", "restarts") == "0");
    CHECK(reeve.field("web", "stale") == "no");
    write_file(reeve.file("go"), "");
    REQUIRE(reeve.reaches("job", "failed"));
    CHECK(reeve.field("job", "exit") == "7");
    CHECK(reeve.svctl({"restart", "web"}).status == 0);
    CHECK(reeve.pid_of("web") != web);
    CHECK(reeve.stop() == 0);
}

TEST_CASE("what it starts afterwards has no descriptor and no variable of it") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t web = reeve.pid_of("web");
    const std::string before = read_file("/proc/" + std::to_string(web) + "/environ");
    reeve.go_on(GENERATE(from_range(ways)));
    REQUIRE(reeve.svctl({"restart", "web"}).status == 0);
    const pid_t after = reeve.pid_of("web");
    // The loader of a dynamic program has its libraries open for a moment.
    CHECK(wait_until([&] { return descriptors_of(after) == std::vector<int>{0, 1, 2}; }));
    CHECK(read_file("/proc/" + std::to_string(after) + "/environ") == before);
    CHECK(status_field(after, "SigBlk") == "0000000000000000");
    CHECK(status_field(after, "SigIgn") == "0000000000000000");
}

TEST_CASE("an exit that comes at that very moment is not lost") {
    Reeve reeve;
    for (int i = 0; i < 40; ++i) {
        const std::string name = "job" + std::to_string(i);
        reeve.service(name, "command = while test ! -e {dir}/go; do sleep 0.0" +
                                std::to_string(i % 7) + "; done; exit " + std::to_string(i + 3) +
                                "\ntype = oneshot\nlog = null\n");
    }
    reeve.start();
    REQUIRE(reeve.reaches("job39", "running"));
    const int way = GENERATE(0, SIGSEGV);
    write_file(reeve.file("go"), "");
    for (int i = 0; i < 3; ++i) reeve.go_on(way);
    for (int i = 0; i < 40; ++i) {
        const std::string name = "job" + std::to_string(i);
        REQUIRE(reeve.reaches(name, "failed"));
        CHECK(reeve.field(name, "exit") == std::to_string(i + 3));
    }
}

TEST_CASE("readiness that is announced around that moment is found") {
    Reeve reeve;
    const std::string when_told = "command = while test ! -e {dir}/go; do sleep 0.01; done; ";
    reeve.service("by-fd", when_told + "echo >&3; exec 3>&-; exec sleep 1000\nready = fd:3\n"
                                       "log = null\n");
    reeve.service("by-notify",
                  when_told + "{self} --helper notify READY=1; exec sleep 1000\nready = notify\n"
                              "log = null\n");
    reeve.start();
    REQUIRE(reeve.reaches("by-fd", "starting"));
    REQUIRE(reeve.reaches("by-notify", "starting"));
    const pid_t pid = reeve.first_pid_of("by-notify");
    const int way = GENERATE(0, SIGSEGV);
    reeve.go_on(way);
    CHECK(reeve.state("by-fd") == "starting");
    write_file(reeve.file("go"), "");
    reeve.go_on(way);
    CHECK(reeve.reaches("by-fd", "running"));
    CHECK(reeve.reaches("by-notify", "running"));
    CHECK(reeve.pid_of("by-notify") == pid);
}

TEST_CASE("the pipes of the logs stay open: not a line is lost, nor told twice") {
    Reeve reeve;
    reeve.service("talks", "command = i=0; while test ! -e {dir}/enough; do i=$((i + 1)); echo $i; "
                           "sleep 0.002; done\nrestart = never\nlog = file\nlog_time = none\n");
    reeve.start();
    REQUIRE(reeve.reaches("svlog", "running"));
    REQUIRE(reeve.reaches("talks", "running"));
    const pid_t talks = reeve.pid_of("talks");
    // With nobody to read: reeve alone holds the pipe, besides who writes to it.
    const pid_t svlog = reeve.pid_of("svlog");
    kill(svlog, SIGSTOP);
    for (const int way : {0, SIGSEGV}) reeve.go_on(way);
    kill(svlog, SIGKILL);
    REQUIRE(reeve.runs_anew("svlog", svlog));
    CHECK(reeve.pid_of("talks") == talks);
    const std::string log = reeve.logs() + "/talks/current";
    CHECK(reeve.comes_true([&] { return read_file(log).size() > 20; }));
    write_file(reeve.file("enough"), "");
    REQUIRE(reeve.reaches("talks", "done"));
    CHECK(reeve.stop() == 0);
    const std::string text = read_file(log);
    std::string expected;
    for (int i = 1; expected.size() < text.size(); ++i) expected += std::to_string(i) + "\n";
    CHECK(text == expected);
}

TEST_CASE("who waits for an outcome is told it by the reeve that comes after") {
    Reeve reeve;
    const std::string holds = "stop_command = while test ! -e {dir}/go; do sleep 0.01; done\n";
    reeve.service("gates", "command = while test ! -e {dir}/go; do sleep 0.01; done; echo >&3; "
                           "exec sleep 1000\nready = fd:3\nlog = null\nenabled = no\n");
    reeve.service("ends", sleeps + holds);
    reeve.service("renews", sleeps + holds);
    reeve.service("job", "command = while test ! -e {dir}/go; do sleep 0.01; done; exit 3\n"
                         "type = oneshot\nlog = null\nenabled = no\n");
    reeve.start();
    REQUIRE(reeve.reaches("ends", "running"));
    REQUIRE(reeve.reaches("renews", "running"));
    const pid_t old = reeve.pid_of("renews");
    const auto ask = [&](const Strings& words) {
        Launch launch{.arguments = {reeve_binary(), "svctl", "-r", reeve.run_directory()}};
        launch.arguments.insert(launch.arguments.end(), words.begin(), words.end());
        return std::make_unique<Process>(launch);
    };
    const auto up = ask({"up", "gates"});
    const auto down = ask({"down", "ends"});
    const auto restart = ask({"restart", "renews"});
    const auto job = ask({"run", "job"});
    const auto waits = ask({"wait", "--state", "failed", "job"});
    const auto events = ask({"events", "-f"});
    REQUIRE(reeve.reaches("gates", "starting"));
    REQUIRE(reeve.reaches("ends", "stopping"));
    REQUIRE(reeve.reaches("renews", "stopping"));
    REQUIRE(reeve.reaches("job", "running"));
    reeve.go_on(0);
    reeve.go_on(0);
    write_file(reeve.file("go"), "");
    CHECK(up->wait() == 0);
    CHECK(down->wait() == 0);
    CHECK(restart->wait() == 0);
    CHECK(job->wait() == 1);
    CHECK(waits->wait() == 0);
    CHECK(up->out() + up->err() + down->err() + restart->err() == "gates: running\n");
    CHECK(reeve.state("ends") == "stopped");
    CHECK(reeve.pid_of("renews") != old);
    CHECK(reeve.comes_true([&] { return events->out().find("job") != std::string::npos; }));
    CHECK(events->running());
    CHECK(events->err().empty());
}

TEST_CASE("the program on disk is what is executed, and one that cannot take over is not") {
    Reeve reeve;
    reeve.service("web", sleeps);
    const std::string path = own_copy(reeve);
    reeve.start(launch_copy(reeve, path));
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t web = reeve.pid_of("web");
    const std::string link = "/proc/" + std::to_string(reeve.pid()) + "/exe";
    const auto refuses = [&](const std::string& why) {
        const Output said = reeve.svctl({"reexec"});
        CHECK(said.status == 1);
        INFO(said.err);
        CHECK(said.err.find(path + " cannot take over (" + why) != std::string::npos);
        CHECK(said.err.find("the reeve that runs goes on") != std::string::npos);
    };
    const std::string good = read_file(path);
    replace(path, good, 0644);
    refuses("Permission denied");
    replace(path, "no program\n");
    refuses("exit 127: it cannot be executed");
    replace(path, "#!/bin/sh\nexit 0\n");
    refuses("exit 0");
    replace(path, "#!/bin/sh\nkill -SEGV $$\n");
    refuses("killed by a signal");
    std::filesystem::remove(path);
    refuses("No such file or directory");
    CHECK(arguments_of(reeve.pid()).find("--resume=") == std::string::npos);
    replace(path, good);
    CHECK(reeve.svctl({"reexec"}).status == 0);
    CHECK(arguments_of(reeve.pid()).find("--resume=") != std::string::npos);
    CHECK(std::filesystem::equivalent(link, path));
    CHECK(reeve.pid_of("web") == web);
    CHECK(read_file("/proc/" + std::to_string(reeve.pid()) + "/comm") == "reeve\n");
    // A crash is no upgrade: what has run so far goes on, even if it is not there any more.
    replace(path, "#!/bin/sh\nexit 0\n");
    reeve.go_on(SIGSEGV);
    CHECK(reeve.pid_of("web") == web);
    CHECK(reeve.svctl({"down", "web"}).status == 0);
}

TEST_CASE("a program that does not say whether it can take over is given up") {
    Reeve reeve;
    reeve.service("web", sleeps);
    const std::string path = own_copy(reeve);
    reeve.start(launch_copy(reeve, path));
    REQUIRE(reeve.reaches("web", "running"));
    replace(path, "#!/bin/sh\nexec sleep 1000\n");
    const Output said = reeve.svctl({"reexec"});
    CHECK(said.status == 1);
    CHECK(said.err.find("(no answer)") != std::string::npos);
    CHECK(reeve.svctl({"status", "web"}).status == 0);
}

TEST_CASE("what ended long ago ends nothing because of an upgrade") {
    Reeve reeve;
    reeve.service("job", "exec = true\ntype = oneshot\nlog = null\n");
    reeve.start();
    REQUIRE(reeve.reaches("job", "done"));
    CHECK(reeve.svctl({"set", "job", "on_end=shutdown"}).status == 0);
    reeve.go_on(0);
    CHECK(reeve.state("job") == "done");
    CHECK(reeve.stop() == 0);
}

TEST_CASE("where the service directory cannot be read nothing is executed") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    std::filesystem::rename(reeve.services(), reeve.file("away"));
    const Output said = reeve.svctl({"reexec"});
    CHECK(said.status == 1);
    CHECK(said.err.find("No such file or directory") != std::string::npos);
    CHECK(reeve.svctl({"status", "web"}).status == 0);
}

TEST_CASE("with few descriptors, and a pipe for each of many services, none is lost") {
    Reeve reeve;
    write_file(reeve.services() + "/reeve.conf", "log = file\ndefault.log_time = none\n");
    for (int i = 0; i < 60; ++i)
        reeve.service("s" + std::to_string(i),
                      "command = echo 1; while test ! -e {dir}/go; do sleep 0.1; done; echo 2; "
                      "ulimit -n\nrestart = never\n");
    Launch launch = reeve.launch();
    launch.prepare = [] {
        const rlimit limit{64, 4096};
        setrlimit(RLIMIT_NOFILE, &limit);
    };
    reeve.start(launch);
    for (int i = 0; i < 60; ++i) REQUIRE(reeve.reaches("s" + std::to_string(i), "running"));
    reeve.go_on(0);
    reeve.go_on(SIGSEGV);
    reeve.kill();
    reeve.start(launch);
    write_file(reeve.file("go"), "");
    // How they ended nobody can tell the third reeve.
    for (int i = 0; i < 60; ++i) REQUIRE(reeve.reaches("s" + std::to_string(i), "failed"));
    CHECK(reeve.stop() == 0);
    for (int i = 0; i < 60; ++i)
        CHECK(read_file(reeve.logs() + "/s" + std::to_string(i) + "/current") == "1\n2\n64\n");
}

TEST_CASE("svctl status tells of a crash, and of nothing after an upgrade") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    reeve.go_on(0);
    CHECK(reeve.svctl({"status"}).err.empty());
    reeve.go_on(SIGBUS);
    const std::string said = reeve.svctl({"status"}).err;
    CHECK(said.find("svctl: reeve has crashed 1 time, last with SIGBUS ") == 0);
    reeve.go_on(0);
    CHECK(reeve.svctl({"status"}).err.find("crashed 1 time, last with SIGBUS") !=
          std::string::npos);
    CHECK(reeve.process().err() == "reeve: crashed (SIGBUS): goes on by executing itself again\n");
}

TEST_CASE("a reeve that crashes too often keeps what runs, and begins nothing until it is told") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + "restart_delay = 0\n");
    reeve.service("job",
                  "command = echo x >>{dir}/runs\ntype = oneshot\nlog = null\nenabled = no\n");
    reeve.service("ends", std::string(sleeps) + "post_stop = echo x >>{dir}/hooks\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    REQUIRE(reeve.reaches("ends", "running"));
    const pid_t web = reeve.pid_of("web");
    for (int i = 0; i < 4; ++i) reeve.go_on(SIGSEGV);
    CHECK(reeve.pid_of("web") == web);
    CHECK(reeve.svctl({"status"}).err.find("it keeps what runs, and starts nothing before") !=
          std::string::npos);
    kill(web, SIGKILL);
    CHECK(reeve.reaches("web", "waiting"));
    CHECK(reeve.svctl({"down", "ends"}).status == 0);
    CHECK(reeve.text_of("hooks").empty());
    CHECK(reeve.pid_of("web") == 0);
    REQUIRE(reeve.svctl({"run", "job"}).status == 0);
    CHECK(reeve.has_lines("runs", 1));
    CHECK(reeve.reaches("web", "running"));
    CHECK(reeve.svctl({"status"}).err.find("starts nothing") == std::string::npos);
    CHECK(reeve.svctl({"status"}).err.find("crashed 4 times") != std::string::npos);
}

TEST_CASE("a shutdown goes on behind a crash, to the exit code that was asked for") {
    Reeve reeve;
    reeve.service("slow", std::string(sleeps) +
                              "stop_command = while test ! -e {dir}/go; do sleep 0.01; done\n");
    reeve.service("web", "command = echo x >>{dir}/starts; exec sleep 1000\nlog = null\n");
    reeve.start();
    REQUIRE(reeve.reaches("slow", "running"));
    REQUIRE(reeve.has_lines("starts", 1));
    CHECK(reeve.svctl({"-n", "exit", "5"}).status == 0);
    REQUIRE(reeve.reaches("slow", "stopping"));
    REQUIRE(reeve.reaches("web", "stopped"));
    CHECK(reeve.svctl({"reexec"}).status == 1);
    reeve.go_on(SIGSEGV);
    CHECK(reeve.state("slow") == "stopping");
    write_file(reeve.file("go"), "");
    CHECK(reeve.wait() == 5);
    CHECK(reeve.text_of("starts") == "x\n");
}

TEST_CASE("the exit code of `-- CMD` is the same behind a crash, and so are its signals") {
    Reeve reeve;
    const bool as_init = GENERATE(false, true);
    if (as_init && cannot_run(has_namespaces(), "PID namespaces are not permitted")) return;
    const Strings command = {"--", "sh", "-c",
                             "trap 'echo got >>" + reeve.file("signals") +
                                 "; exit 9' USR1; "
                                 "echo >" +
                                 reeve.file("up") + "; while :; do sleep 0.01; done"};
    as_init ? reeve.start_as_pid_1(command) : reeve.start(command);
    REQUIRE(reeve.has_lines("up", 1));
    const int way = GENERATE(0, SIGSEGV);
    reeve.go_on(way);
    reeve.signal(SIGUSR1);
    CHECK(reeve.wait() == 9);
    CHECK(reeve.text_of("signals") == "got\n");
}

TEST_CASE("a signal that comes at that very moment is not lost") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    reeve.may_crash = true;
    // Both are pending at once, and the fault is handled first.
    ::kill(reeve.pid(), SIGSTOP);
    ::kill(reeve.pid(), SIGTERM);
    ::kill(reeve.pid(), SIGSEGV);
    ::kill(reeve.pid(), SIGCONT);
    CHECK(reeve.wait() == 0);
}

TEST_CASE("a PID 1 that has no run directory to go on from waits for its CMD all the same") {
    Reeve reeve;
    if (cannot_run(has_namespaces(), "PID namespaces are not permitted")) return;
    reeve.may_crash = true;
    const std::string command = "trap 'exit 9' USR1; trap 'echo >" + reeve.file("heard") +
                                "' USR2; echo >" + reeve.file("up") +
                                "; while :; do sleep 0.01; done";
    // No place for a run directory can be written to; the test's own directory can.
    const std::string nowhere = "mount -t tmpfs -o ro none /run && "
                                "mount -t tmpfs -o ro none /dev/shm && "
                                "mount --bind \"$1\" \"$1\" && mount --rbind /tmp /tmp && "
                                "mount -o remount,bind,ro /tmp && shift && exec \"$@\"";
    reeve.start_behind_unshare(
        {.arguments = {"unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child",
                       "sh", "-c", nowhere, "sh", reeve.file(""), reeve_binary(), "-d",
                       reeve.services(), "--", "sh", "-c", command}},
        false);
    REQUIRE(reeve.has_lines("up", 1));
    // Once it passes signals on it knows what it has started.
    reeve.signal(SIGUSR2);
    REQUIRE(reeve.has_lines("heard", 1));
    reeve.signal(SIGSEGV);
    CHECK(reeve.comes_true(
        [&] { return reeve.process().err().ends_with("\nreeve: crashed (SIGSEGV)\n"); }));
    CHECK(count(reeve.process().err(), "no run directory can be made") == 1);
    reeve.signal(SIGUSR1);
    CHECK(reeve.wait() == 9);
}
