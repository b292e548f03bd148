// Bad days: programs that cannot be executed, that get away, that do not end, or that never stop
// ending. All of it must end well.

#include <csignal>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char sleeps[] = "exec = sleep 1000\n";

// Every pid that services have written into the file, a line each.
std::vector<pid_t> pids_in(const Reeve& reeve, std::string_view file) {
    std::vector<pid_t> pids;
    std::string text = reeve.text_of(file);
    for (size_t end; (end = text.find('\n')) != text.npos; text.erase(0, end + 1))
        pids.push_back(std::atoi(text.substr(0, end).c_str()));
    return pids;
}

bool none_alive(const std::vector<pid_t>& pids) {
    for (const pid_t pid : pids)
        if (alive(pid)) return false;
    return true;
}

// A shell line that leaves a daemon in a session of its own, with its pid in {dir}/daemons, and
// only then goes on.
std::string daemonize(const std::string& daemon) {
    return "n=$(wc -l < {dir}/daemons); setsid sh -c \"echo \\$\\$ >> {dir}/daemons; " + daemon +
           "\" & while test $(wc -l < {dir}/daemons) = $n; do sleep 0.01; done; ";
}

}  // namespace

// --- What cannot be executed ---------------------------------------------------------------------

TEST_CASE("a program that cannot be executed is named with the reason, and given up in time") {
    Reeve reeve;
    write_file(reeve.file("plain"), "#!/bin/sh\n", 0644);
    write_file(reeve.file("lost"), "#!/nowhere/sh\n", 0755);
    write_file(reeve.file("crlf"), "#!/bin/sh\r\nexit 0\r\n", 0755);
    write_file(reeve.file("format"), "echo no interpreter is named here\n", 0755);
    write_file(reeve.file("empty"), "", 0755);
    make_directory(reeve.file("folder"));
    struct Program {
        const char* name;
        const char* why;
        const char* code;
    };
    constexpr char denied[] = "Permission denied (is it executable, and may its user reach it?)";
    constexpr char no_format[] =
        "Exec format error (no #! in front, or not built for this machine)";
    constexpr char lost[] = "the interpreter that it names is not there (#! line, in which a CR "
                            "counts; or a program's loader)";
    const Program programs[] = {
        {"missing", "No such file or directory", "127"},
        {"plain", denied, "126"},
        {"folder", "Is a directory", "126"},
        {"format", no_format, "126"},
        {"empty", no_format, "126"},
        {"lost", lost, "127"},
        {"crlf", lost, "127"},
    };
    for (const auto& each : programs)
        reeve.service(each.name, std::string("exec = {dir}/") + each.name +
                                     " word\nretries = 2\nrestart_delay = 10ms\n");
    reeve.service("sound", sleeps);
    reeve.start();
    for (const auto& each : programs) {
        INFO(each.name);
        REQUIRE(reeve.reaches(each.name, "failed"));
        CHECK(reeve.field(each.name, "reason") == "exec " + reeve.file(each.name) + ": " +
                                                      each.why +
                                                      ", given up after 2 failed runs (retries)");
        CHECK(reeve.field(each.name, "exit") == each.code);
    }
    CHECK(reeve.reaches("sound", "running"));
}

TEST_CASE("a program, directory or input that is missing and then comes is found by the next try") {
    Reeve reeve;
    const char* retry = "restart_delay = 50ms\nrestart_factor = 1\n";
    reeve.service("program", std::string("exec = {dir}/program\n") + retry);
    reeve.service("workdir", std::string(sleeps) + "workdir = {dir}/workdir\n" + retry);
    reeve.service("input", "exec = cat\nstdin = {dir}/input\ntype = oneshot\n"
                           "restart = on-failure\n" +
                               std::string(retry));
    reeve.service("secrets", std::string(sleeps) + "env_file = {dir}/secrets\n" + retry);
    reeve.start();
    for (const char* name : {"program", "workdir", "input", "secrets"}) {
        INFO(name);
        CHECK(reeve.reaches(name, "backoff"));
        CHECK(reeve.comes_true([&] {
            return reeve.field(name, "reason").find("No such file or directory") !=
                   std::string::npos;
        }));
    }
    make_directory(reeve.file("workdir"));
    write_file(reeve.file("program"), "#!/bin/sh\nexec sleep 1000\n", 0755);
    write_file(reeve.file("input"), "words\n");
    write_file(reeve.file("secrets"), "A=1\n");
    CHECK(reeve.reaches("program", "running"));
    CHECK(reeve.reaches("workdir", "running"));
    CHECK(reeve.reaches("input", "done"));
    CHECK(reeve.reaches("secrets", "running"));
}

TEST_CASE("a working directory that is a file, or closed to the service's user, is said so") {
    if (cannot_run(is_root(), "needs root to become another user")) return;
    Reeve reeve;
    write_file(reeve.file("file"), "");
    make_directory(reeve.file("closed"), 0700);
    reeve.service("file", std::string(sleeps) + "workdir = {dir}/file\nrestart = never\n");
    reeve.service("closed", std::string(sleeps) +
                                "workdir = {dir}/closed\nuser = 54321:54321\nrestart = never\n");
    reeve.start();
    REQUIRE(reeve.reaches("file", "failed"));
    CHECK(reeve.field("file", "reason").find("chdir " + reeve.file("file") + ": Not a directory") ==
          0);
    REQUIRE(reeve.reaches("closed", "failed"));
    CHECK(reeve.field("closed", "reason")
              .find("chdir " + reeve.file("closed") + ": Permission denied") == 0);
}

TEST_CASE("a program that is being written is not executed, and is once it is whole") {
    Reeve reeve;
    const std::string path = reeve.file("program");
    REQUIRE(run({"cp", find_program("sleep"), path}).status == 0);
    const int writer = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    REQUIRE(writer >= 0);
    reeve.service("busy", "exec = {dir}/program 1000\nrestart_delay = 50ms\nrestart_factor = 1\n");
    reeve.start();
    CHECK(reeve.reaches("busy", "backoff"));
    CHECK(reeve.field("busy", "reason").find("Text file busy") != std::string::npos);
    close(writer);
    CHECK(reeve.reaches("busy", "running"));
}

TEST_CASE("a service whose standard input never opens is stopped in time, and can be at any time") {
    Reeve reeve;
    REQUIRE(mkfifo(reeve.file("fifo").c_str(), 0644) == 0);  // that nobody writes to
    const std::string hangs = std::string(sleeps) + "stdin = {dir}/fifo\nstop_timeout = 200ms\n";
    reeve.service("late", hangs + "start_timeout = 300ms\nrestart = never\n");
    reeve.service("stuck", hangs);
    reeve.start();
    REQUIRE(reeve.reaches("late", "failed"));
    CHECK(reeve.field("late", "reason").find("not ready within start_timeout") == 0);
    REQUIRE(reeve.reaches("stuck", "starting"));
    CHECK(reeve.svctl({"down", "stuck"}).status == 0);
    CHECK(descendants_of(reeve.pid()).empty());
}

TEST_CASE("a hook that cannot be executed is said, and harms no more than what waits for it") {
    Reeve reeve;
    reeve.service("before", std::string(sleeps) + "pre_start = {dir}/missing\nretries = 2\n"
                                                  "restart_delay = 10ms\n");
    reeve.service("after", std::string(sleeps) + "post_stop = {dir}/missing\n");
    reeve.service("stop", std::string(sleeps) + "stop_command = {dir}/missing\n");
    reeve.start();
    REQUIRE(reeve.reaches("before", "failed"));
    CHECK(reeve.field("before", "reason").find("pre_start: exit 127 (of the shell: no such") == 0);
    for (const char* name : {"after", "stop"}) {
        REQUIRE(reeve.reaches(name, "running"));
        CHECK(reeve.svctl({"down", name}).status == 0);
        CHECK(reeve.state(name) == "stopped");
    }
    CHECK(reeve.process().err().find("after: post_stop: exit 127") != std::string::npos);
    CHECK(reeve.process().err().find("stop: stop_command: exit 127") != std::string::npos);
}

TEST_CASE("a hook that failed says how, in the state's reason, the history and reeve's output") {
    Reeve reeve;
    reeve.service("pre", std::string(sleeps) + "pre_start = exit 3\nretries = 1\n");
    reeve.service("check", std::string(sleeps) + "start_check = exit 4\nstart_timeout = 3s\n"
                                                 "start_check_interval = 100ms\nretries = 1\n");
    reeve.service("post",
                  std::string(sleeps) + "post_stop = kill -9 $$\nreload_command = exit 5\n");
    reeve.service("bare", std::string(sleeps) + "chroot = {dir}/empty\npre_start = echo a; echo b\n"
                                                "retries = 1\n");
    REQUIRE(mkdir(reeve.file("empty").c_str(), 0755) == 0);
    reeve.start();
    REQUIRE(reeve.reaches("pre", "failed"));
    CHECK(reeve.field("pre", "reason").find("pre_start: exit 3") == 0);
    CHECK(reeve.svctl({"history", "pre"}).out.find("pre_start: exit 3") != std::string::npos);
    REQUIRE(reeve.reaches("check", "failed"));
    CHECK(reeve.field("check", "reason")
              .find("not ready within start_timeout; start_check: exit 4") == 0);
    REQUIRE(reeve.reaches("post", "running"));
    reeve.svctl({"reload", "post"});
    CHECK(reeve.comes_true(
        [&] { return reeve.field("post", "reason") == "ready; reload_command: exit 5"; }));
    CHECK(reeve.svctl({"down", "post"}).status == 0);
    CHECK(reeve.svctl({"why", "post"}).out.find("post_stop: signal KILL") != std::string::npos);
    const std::string history = reeve.svctl({"history", "post"}).out;
    CHECK(history.find("reload_command: exit 5") != std::string::npos);
    CHECK(history.find("post_stop: signal KILL") != std::string::npos);
    CHECK(reeve.process().err().find("post: post_stop: signal KILL") != std::string::npos);
    if (cannot_run(getuid() == 0, "only root may chroot")) return;
    REQUIRE(reeve.reaches("bare", "failed"));
    CHECK(reeve.field("bare", "reason").find("(nor is there a /bin/sh)") != std::string::npos);
}

TEST_CASE("what each hook writes goes where its service's output goes") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) +
                             "log = run\npre_start = echo of pre_start\n"
                             "start_check = echo of start_check >&2\nstop_command = echo of stop\n"
                             "post_stop = echo of post_stop\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(reeve.svctl({"down", "web"}).status == 0);
    const std::string log = reeve.svctl({"logs", "web"}).out;
    for (const char* hook : {"of pre_start", "of start_check", "of stop", "of post_stop"})
        CHECK(log.find(hook) != std::string::npos);
}

// --- What gets away ------------------------------------------------------------------------------

TEST_CASE("a service that forks away has ended, and what got away ends with reeve") {
    Reeve reeve;
    write_file(reeve.file("daemons"), "");
    reeve.service("forks", "command = " +
                               daemonize("trap 'echo term >> {dir}/ended; exit' TERM; "
                                         "while :; do sleep 0.05; done") +
                               "exit 0\nrestart = on-failure\n");
    reeve.start();
    REQUIRE(reeve.reaches("forks", "done"));
    CHECK(reeve.field("forks", "pid").empty());
    const std::vector<pid_t> daemons = pids_in(reeve, "daemons");
    REQUIRE(daemons.size() == 1);
    CHECK(alive(daemons.front()));
    CHECK(facts_of(daemons.front()).parent == reeve.pid());
    const std::string pid = std::to_string(daemons.front());
    const std::string hint = ", but pid " + pid + " got away to the background and runs on";
    CHECK(reeve.comes_true([&] { return reeve.field("forks", "strays") == pid; }));
    const Output down = reeve.svctl({"down", "forks"});
    CHECK(down.status == 0);
    CHECK(down.out.find("forks: stopped: asked for by svctl" + hint) == 0);
    CHECK(reeve.svctl({"why", "forks"}).out.find(hint) != std::string::npos);
    CHECK(reeve.svctl({"status", "forks"}).out.find(hint) != std::string::npos);
    CHECK(reeve.svctl({"history", "forks"}).out.find("exit 0" + hint) != std::string::npos);
    CHECK(alive(daemons.front()));
    CHECK(reeve.stop() == 0);
    CHECK(none_alive(daemons));
    CHECK(reeve.text_of("ended") == "term\n");
}

TEST_CASE("a daemon that forks away again and again is held by backoff, and none is left") {
    Reeve reeve;
    write_file(reeve.file("daemons"), "");
    reeve.service("forks", "command = " + daemonize("exec sleep 1000") +
                               "exit 0\nrestart_delay = 20ms\nrestart_delay_max = 40ms\n");
    reeve.start();
    REQUIRE(reeve.has_lines("daemons", 5));
    CHECK(reeve.svctl({"down", "forks"}).status == 0);
    const std::vector<pid_t> daemons = pids_in(reeve, "daemons");
    CHECK(reeve.stop() == 0);
    CHECK(none_alive(daemons));
    CHECK(pids_in(reeve, "daemons") == daemons);
}

TEST_CASE("what leaves the process group does not keep a stop waiting, and ends with reeve") {
    Reeve reeve;
    write_file(reeve.file("daemons"), "");
    reeve.service("leaves", "command = " + daemonize("trap '' TERM; sleep 1000") +
                                "echo up > {dir}/up; exec sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.has_lines("up", 1));
    const std::vector<pid_t> daemons = pids_in(reeve, "daemons");
    REQUIRE(daemons.size() == 1);
    CHECK(reeve.svctl({"down", "leaves"}).status == 0);
    CHECK(reeve.field("leaves", "reason").find("KILL") == std::string::npos);
    CHECK(alive(daemons.front()));
    CHECK(reeve.stop() == 0);
    CHECK(none_alive(daemons));
}

TEST_CASE("of a hundred that got away each is asked to end before any is killed") {
    Reeve reeve;
    write_file(reeve.file("daemons"), "");
    reeve.service("crowd", "command = for i in $(seq 100); do setsid sh -c \"trap 'echo term >> "
                           "{dir}/ended; exit' TERM; echo \\$\\$ >> {dir}/daemons; "
                           "while :; do sleep 0.2; done\" & done; "
                           "while test $(wc -l < {dir}/daemons) -lt 100; do sleep 0.05; done\n"
                           "restart = on-failure\n");
    reeve.start();
    REQUIRE(reeve.reaches("crowd", "done"));
    const std::vector<pid_t> daemons = pids_in(reeve, "daemons");
    CHECK(daemons.size() == 100);
    CHECK(reeve.stop() == 0);
    CHECK(none_alive(daemons));
    CHECK(count_lines(reeve.text_of("ended")) == 100);
}

// --- What does not end ---------------------------------------------------------------------------

TEST_CASE("a group that ignores TERM, leader and all, is killed at stop_timeout as a whole") {
    Reeve reeve;
    reeve.service("deaf", "command = trap '' TERM; for i in 1 2 3; do (sleep 1000; :) & done; "
                          "echo up > {dir}/up; sleep 1000; wait\nstop_timeout = 300ms\n");
    reeve.start();
    REQUIRE(reeve.has_lines("up", 1));
    const pid_t leader = reeve.pid_of("deaf");
    std::vector<pid_t> group;
    REQUIRE(wait_until([&] { return (group = descendants_of(leader)).size() >= 4; }));
    CHECK(reeve.svctl({"down", "deaf"}).status == 0);
    CHECK_FALSE(alive(leader));
    CHECK(none_alive(group));
    CHECK(reeve.field("deaf", "reason").find("KILL was needed") != std::string::npos);
}

TEST_CASE("what a leader leaves behind and ignores TERM is killed before the service runs again") {
    Reeve reeve;
    // Each run would see one of an earlier run that still lives.
    reeve.service("leaves", "command = for pid in $(cat {dir}/left); do kill -0 $pid 2>/dev/null "
                            "&& echo $pid >> {dir}/met; done; (trap '' TERM; while :; do sleep 1; "
                            "done) & echo $! >> {dir}/left; exit 1\nstop_timeout = 200ms\n"
                            "restart_delay = 10ms\nretries = 3\n");
    write_file(reeve.file("left"), "");
    reeve.start();
    REQUIRE(reeve.reaches("leaves", "failed"));
    const std::vector<pid_t> left = pids_in(reeve, "left");
    CHECK(left.size() == 3);
    CHECK(none_alive(left));
    CHECK(reeve.text_of("met").empty());
    CHECK(reeve.field("leaves", "reason").find("exit 1, given up after 3 failed runs") == 0);
}

TEST_CASE("a group whose members fork and end without a pause is gone at the stop") {
    Reeve reeve;
    reeve.service("chain", "exec = {self} --helper fork-chain {dir}/chain\nstop_timeout = 200ms\n");
    reeve.start();
    REQUIRE(wait_until([&] { return reeve.text_of("chain").size() >= 20; }));
    CHECK(reeve.svctl({"down", "chain"}).status == 0);
    const size_t links = reeve.text_of("chain").size();
    CHECK(descendants_of(reeve.pid()).empty());
    CHECK(reeve.text_of("chain").size() == links);
}

TEST_CASE("a service that was stopped with SIGSTOP ends when it is told to") {
    Reeve reeve;
    reeve.service("frozen", "command = trap 'echo term > {dir}/ended; exit' TERM; echo up > "
                            "{dir}/up; while :; do sleep 0.05; done\n");
    reeve.start();
    REQUIRE(reeve.has_lines("up", 1));
    const pid_t pid = reeve.pid_of("frozen");
    REQUIRE(kill(pid, SIGSTOP) == 0);
    REQUIRE(wait_until([&] { return facts_of(pid).state == 'T'; }));
    CHECK(reeve.svctl({"down", "frozen"}).status == 0);
    CHECK(reeve.text_of("ended") == "term\n");
    CHECK(reeve.field("frozen", "reason").find("KILL") == std::string::npos);
}

// --- What never stops ending ---------------------------------------------------------------------

TEST_CASE("a crash loop runs no oftener than its backoff, and costs next to no processor time") {
    Reeve reeve;
    reeve.service("loops", "command = echo run >> {dir}/runs; exit 1\nrestart_delay = 10ms\n"
                           "restart_delay_max = 100ms\n");
    reeve.start();
    // 10 20 40 80 ms, and from then on 100.
    REQUIRE(reeve.has_lines("runs", 6));
    constexpr int rounds = 20;
    const auto begin = Clock::now();
    const auto cpu_begin = cpu_time_of(reeve.pid());
    const int runs_begin = count_lines(reeve.text_of("runs"));
    REQUIRE(reeve.has_lines("runs", runs_begin + rounds));
    const int runs = count_lines(reeve.text_of("runs")) - runs_begin;
    const auto elapsed = Clock::now() - begin;
    const auto cpu = cpu_time_of(reeve.pid()) - cpu_begin;
    INFO(runs << " runs in " << elapsed / milliseconds(1) << " ms, reeve used "
              << cpu / std::chrono::microseconds(1) << " us");
    CHECK(elapsed >= milliseconds(100) * (runs - 1));
    CHECK(cpu_begin.count() > 0);
    CHECK(cpu < elapsed / 8);
}

TEST_CASE("while services crash without any delay svctl is answered, and stops them") {
    Reeve reeve;
    for (const char* name : {"a", "b", "c", "d"})
        reeve.service(name, "exec = false\nrestart_delay = 0\nlog = null\ngroup = crashing\n");
    reeve.service("calm", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("calm", "running"));
    const pid_t pid = reeve.pid_of("calm");
    for (int i = 0; i < 10; ++i) {
        const auto begin = Clock::now();
        CHECK(reeve.svctl({"restart", "calm"}).status == 0);
        CHECK(Clock::now() - begin < seconds(5));
    }
    CHECK(reeve.pid_of("calm") != pid);
    CHECK(reeve.svctl({"down", "@crashing"}).status == 0);
    for (const char* name : {"a", "b", "c", "d"}) CHECK(reeve.state(name) == "stopped");
}

TEST_CASE("what cannot even be prepared is not tried without end in one go") {
    Reeve reeve;
    reeve.service("secrets", std::string(sleeps) + "env_file = {dir}/none\nrestart_delay = 0\n");
    reeve.service("user", std::string(sleeps) + "user = nosuchuser\nrestart_delay = 0\n");
    reeve.service("program", "exec = {dir}/none\nrestart_delay = 0\n");
    reeve.service("calm", sleeps);
    reeve.start();
    CHECK(reeve.reaches("calm", "running"));
    CHECK(reeve.reaches("secrets", "backoff"));
    CHECK(reeve.reaches("user", "backoff"));
    CHECK(reeve.svctl({"down", "secrets", "user", "program"}).status == 0);
    CHECK(reeve.stop() == 0);
}

TEST_CASE("a thousand runs, hooks and checks leave no descriptor open, no zombie and no file") {
    Reeve reeve;
    const std::string busy = "restart_delay = 1ms\nrestart_factor = 1\ngroup = busy\n"
                             "enabled = no\n";
    reeve.service("spoken", "command = echo >&3\nready = fd:3\n" + busy);
    reeve.service("silent", "exec = true\nready = fd:3\nlog = null\n" + busy);
    reeve.service("notify", "exec = true\nready = notify\npost_stop = true\n" + busy);
    reeve.service("checked", "exec = true\npre_start = true\nstart_check = true\n" + busy);
    reeve.service("missing", "exec = {dir}/none\n" + busy);
    reeve.start();
    const auto descriptors = [&] {
        return run({"ls", "/proc/" + std::to_string(reeve.pid()) + "/fd"}).out;
    };
    const std::string before = descriptors();
    CHECK(reeve.svctl({"-n", "up", "@busy"}).status == 0);
    const auto runs = [&] {
        int sum = 0;
        for (const char* name : {"spoken", "silent", "notify", "checked", "missing"})
            sum += std::atoi(reeve.field(name, "restarts").c_str());
        return sum;
    };
    CHECK(wait_until([&] { return runs() > (is_sanitized() ? 200 : 1000); }));
    CHECK(reeve.svctl({"down", "@busy"}).status == 0);
    CHECK(wait_until([&] { return count_lines(descriptors()) <= count_lines(before); }));
    CHECK(wait_until([&] { return children_of(reeve.pid()).empty(); }));
    CHECK(run({"ls", reeve.run_directory() + "/fds"}).out.empty());
}

TEST_CASE("a thousand orphans that end at once are all reaped, and nobody waits for it") {
    Reeve reeve;
    // They read until the one end that is written to is closed.
    REQUIRE(mkfifo(reeve.file("fifo").c_str(), 0600) == 0);
    reeve.service("orphans", "command = exec 3<>{dir}/fifo 4<{dir}/fifo; "
                             "for i in $(seq 1000); do ({ exec 3>&-; read x <&4; } &) ; done; "
                             "echo up > {dir}/up; exec 3>&- 4<&-; exec sleep 1000\nlog = null\n");
    reeve.service("calm", sleeps);
    reeve.start();
    REQUIRE(reeve.has_lines("up", 1));
    CHECK(reeve.svctl({"restart", "calm"}).status == 0);
    CHECK(wait_until([&] { return children_of(reeve.pid()).size() == 2; }));
    CHECK(reeve.svctl({"restart", "calm"}).status == 0);
}

// --- What talks too much -------------------------------------------------------------------------

TEST_CASE("a service that floods its readiness descriptor keeps nobody from being served") {
    Reeve reeve;
    // Several of them: as soon as reeve has read something there is more.
    reeve.service("floods", "command = for i in 1 2 3; do {self} --helper ready-flood 5 & done; "
                            "exec {self} --helper ready-flood 5\nready = fd:5\n"
                            "start_timeout = 1h\n");
    reeve.service("calm", sleeps);
    reeve.start();
    CHECK(reeve.reaches("calm", "running"));
    for (int i = 0; i < 20; ++i) CHECK(reeve.svctl({"restart", "calm"}).status == 0);
    CHECK(reeve.state("floods") == "starting");
    CHECK(reeve.svctl({"down", "floods"}).status == 0);
}

TEST_CASE("a service that floods its notify socket keeps nobody from being served") {
    Reeve reeve;
    reeve.service("floods",
                  "command = for i in 1 2 3; do {self} --helper notify-flood STATUS=busy & done; "
                  "exec {self} --helper notify-flood STATUS=busier\nready = notify\n"
                  "start_timeout = 1h\n");
    reeve.service("calm", sleeps);
    reeve.start();
    CHECK(reeve.reaches("calm", "running"));
    for (int i = 0; i < 20; ++i) CHECK(reeve.svctl({"restart", "calm"}).status == 0);
    CHECK(reeve.svctl({"down", "floods"}).status == 0);
}

TEST_CASE("a readiness descriptor closed without a word ends at start_timeout, not in a spin") {
    Reeve reeve;
    reeve.service("silent", "command = exec 5>&-; echo up > {dir}/up; exec sleep 1000\n"
                            "ready = fd:5\nstart_timeout = 1s\nrestart = never\n");
    reeve.start();
    REQUIRE(reeve.has_lines("up", 1));
    const auto cpu_begin = cpu_time_of(reeve.pid());
    REQUIRE(reeve.reaches("silent", "failed"));
    CHECK(reeve.field("silent", "reason").find("not ready within start_timeout") == 0);
    CHECK(cpu_time_of(reeve.pid()) - cpu_begin < milliseconds(200));
}
