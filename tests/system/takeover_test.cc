// What happens to services when reeve is killed, and another one takes its place.
#include <csignal>
#include <filesystem>
#include <linux/sched.h>
#include <set>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "catch.h"
#include "core/transition.h"
#include "kernel/platform.h"
#include "model/record.h"
#include "support/journal.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

constexpr char sleeps[] = "exec = /bin/sleep 1000\nlog = null\n";

// Kills reeve; `meanwhile` happens while nobody watches; then the next one takes over.
template <typename Meanwhile>
void reborn(Reeve& reeve, Meanwhile meanwhile) {
    reeve.kill();
    meanwhile();
    reeve.start();
}
void reborn(Reeve& reeve) {
    reborn(reeve, [] {});
}

// reeve, where each open of these files that `which` (strace's "when=") means fails for want of a
// descriptor; its children can open them.
Launch cannot_open(const Reeve& reeve, const Strings& paths, const std::string& which) {
    Launch launch = reeve.launch();
    Strings tracer = {"strace", "-D", "-qq", "-o", reeve.file("trace")};
    for (const std::string& path : paths) tracer.insert(tracer.end(), {"-P", path});
    tracer.insert(tracer.end(), {"-e", "inject=openat,open:error=ENFILE" + which});
    launch.arguments.insert(launch.arguments.begin(), tracer.begin(), tracer.end());
    launch.environment.push_back(no_leak_check);
    return launch;
}

bool can_trace() {
    return has_program("strace") && run({"strace", "-D", "-o", "/dev/null", "true"}).status == 0;
}

constexpr char boot_id_path[] = "/proc/sys/kernel/random/boot_id";

// A child with this number, which nobody may have; -1 and errno: it could not be had.
pid_t fork_as(pid_t wanted) {
    clone_args arguments = {};
    arguments.exit_signal = SIGCHLD;
    arguments.set_tid = reinterpret_cast<uint64_t>(&wanted);
    arguments.set_tid_size = 1;
    return static_cast<pid_t>(syscall(SYS_clone3, &arguments, sizeof arguments));
}

// May we choose the number of a child?
bool can_choose_pids() {
    const pid_t free_one = fork();
    if (free_one == 0) _exit(0);
    waitpid(free_one, nullptr, 0);
    const pid_t pid = fork_as(free_one);
    if (pid == 0) _exit(0);
    if (pid > 0) waitpid(pid, nullptr, 0);
    return pid == free_one;
}

// Orphans come to us, who reap them, while it lives.
struct Reaper {
    Reaper() { prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L); }
    Reaper(const Reaper&) = delete;
    Reaper& operator=(const Reaper&) = delete;
    ~Reaper() { prctl(PR_SET_CHILD_SUBREAPER, 0L, 0L, 0L, 0L); }
};

// How many processes there are whose first argument this is.
size_t count_running(const std::string& name) {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const std::string command = read_file(entry.path() / "cmdline");
        if (command.substr(0, name.size() + 1) == name + '\0') ++count;
    }
    return count;
}

// Gives the process on record of a service another number, as if that had been given out again.
void record_other_pid(const Reeve& reeve, std::string_view name, pid_t pid) {
    const std::string path = reeve.run_directory() + "/journal";
    const std::string text = journal_lines(path);
    reeve::Service last;
    for (size_t begin = 0; begin < text.size();) {
        const size_t end = std::min(text.find('\n', begin), text.size());
        reeve::Service service;
        const std::string line = text.substr(begin, end - begin);
        const auto record = reeve::decode_record(line, service);
        if (record && record->kind == reeve::RecordKind::service && record->name == name) {
            last = service;
            reeve::restore(last, record->state_then, record->phase_then);
        }
        begin = end + 1;
    }
    REQUIRE(last.leader);
    last.leader.pid = last.group = pid;
    reeve::Buffer<reeve::record_max_bytes> line;
    append_service_record(line, last, {});
    write_file(path, text + std::string(line.view()));
}

}  // namespace

TEST_CASE("a service outlives reeve, and the next reeve has it as its own") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.pid_of("web");
    const std::string since = reeve.field("web", "since");
    reborn(reeve);
    CHECK(reeve.state("web") == "running");
    CHECK(reeve.pid_of("web") == pid);
    CHECK(reeve.field("web", "since") == since);
    CHECK(reeve.field("web", "restarts") == "0");
    CHECK(reeve.field("web", "stale") == "no");
    CHECK(reeve.svctl({"down", "web"}).status == 0);
    CHECK_FALSE(alive(pid));
}

TEST_CASE("the end of a process that was taken over is seen, and its policy followed") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + "restart_delay = 0\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.pid_of("web");
    reborn(reeve);
    kill(pid, SIGKILL);
    REQUIRE(reeve.runs_anew("web", pid));
    CHECK(reeve.field("web", "restarts") == "1");
    CHECK(reeve.field("web", "exit").empty());  // whose child it was not cannot be asked
    CHECK(reeve.svctl({"history", "web"}).out.find("exit unknown") != std::string::npos);
}

TEST_CASE("what ended while nobody watched is started again, once") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + "restart_delay = 10ms\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.pid_of("web");
    reborn(reeve, [&] {
        kill(pid, SIGKILL);
        REQUIRE(wait_until([&] { return !alive(pid); }));
    });
    REQUIRE(reeve.runs_anew("web", pid));
    CHECK(reeve.field("web", "restarts") == "1");
}

TEST_CASE("a oneshot that is done is not run again, and one that ended unseen is done") {
    Reeve reeve;
    reeve.service("once", "type = oneshot\ncommand = echo x >>{dir}/runs\nlog = null\n");
    reeve.service("slow",
                  "type = oneshot\nrestart = on-failure\nlog = null\n"
                  "command = echo x >>{dir}/begun; while test ! -e {dir}/go; do sleep 0.01; "
                  "done; echo x >>{dir}/ended\n");
    reeve.start();
    REQUIRE(reeve.reaches("once", "done"));
    REQUIRE(reeve.has_lines("begun", 1));
    const pid_t pid = reeve.pid_of("slow");
    reborn(reeve, [&] {
        write_file(reeve.file("go"), "");
        REQUIRE(wait_until([&] { return !alive(pid); }));
    });
    CHECK(reeve.reaches("once", "done"));
    CHECK(reeve.has_lines("runs", 1));
    CHECK(reeve.text_of("ended") == "x\n");
    CHECK(reeve.reaches("slow", "done"));
    CHECK(reeve.field("slow", "reason") == "exit unknown");
}

TEST_CASE("a hook that outlives two reeves is not run beside itself") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) +
                             "retries = 1\npre_start = echo x >>{dir}/begun; while test ! -e "
                             "{dir}/go; do "
                             "sleep 0.01; done\n");
    reeve.start();
    REQUIRE(reeve.has_lines("begun", 1));
    reborn(reeve);
    reborn(reeve);
    CHECK(reeve.state("web") == "starting");
    CHECK(reeve.text_of("begun") == "x\n");
    write_file(reeve.file("go"), "");
    CHECK(reeve.reaches("web", "running"));
}

TEST_CASE("a newline that only a reeve that died has read still counts") {
    Reeve reeve;
    reeve.service("web", "ready = fd:5\nlog = null\ncommand = exec sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "starting"));
    reborn(reeve, [&] {  // the name that it has while it is being read
        const std::string channel = reeve.run_directory() + "/fds/web";
        std::filesystem::rename(channel + ".ready", channel + ".read");
    });
    CHECK(reeve.reaches("web", "running"));
}

TEST_CASE("a service whose file broke meanwhile goes on, and once it ends it is invalid") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.pid_of("web");
    reborn(reeve, [&] { reeve.service("web", "exce = /bin/sleep 1000\n"); });
    CHECK(reeve.state("web") == "running");
    kill(pid, SIGKILL);
    CHECK(reeve.reaches("web", "invalid"));
    CHECK(reeve.field("web", "reason").find("unknown key 'exce'") != std::string::npos);
}

TEST_CASE("what the user asked for outlives reeve: down stays down") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.service("spare", std::string(sleeps) + "enabled = no\n");
    reeve.start();
    REQUIRE(reeve.svctl({"down", "web"}).status == 0);
    REQUIRE(reeve.svctl({"up", "spare"}).status == 0);
    const pid_t pid = reeve.pid_of("spare");
    reborn(reeve);
    CHECK(reeve.state("web") == "stopped");
    CHECK(reeve.state("spare") == "running");
    CHECK(reeve.pid_of("spare") == pid);
}

TEST_CASE("a failed service stays failed, and one in backoff comes back when it is due") {
    Reeve reeve;
    reeve.service("gone", "exec = /bin/false\nretries = 1\nlog = null\n");
    reeve.service("flaky", "command = echo x >>{dir}/runs; exit 1\nrestart_delay = 3s\n"
                           "restart_factor = 1\nlog = null\n");
    reeve.start();
    REQUIRE(reeve.reaches("gone", "failed"));
    REQUIRE(reeve.reaches("flaky", "backoff"));
    const std::string next = reeve.field("flaky", "next");
    reborn(reeve);
    CHECK(reeve.state("gone") == "failed");
    CHECK(reeve.state("flaky") == "backoff");
    CHECK(reeve.field("flaky", "next").substr(0, 19) == next.substr(0, 19));
    CHECK(reeve.has_lines("runs", 2));
}

TEST_CASE("a stop goes on where it was, with the same deadline") {
    Reeve reeve;
    reeve.service("deaf", "command = trap '' TERM; echo x >>{dir}/up; "
                          "while :; do sleep 0.05; done\nstop_timeout = 2s\nlog = null\n");
    reeve.start();
    REQUIRE(reeve.has_lines("up", 1));
    const pid_t pid = reeve.pid_of("deaf");
    REQUIRE(reeve.svctl({"-n", "down", "deaf"}).status == 0);
    REQUIRE(reeve.reaches("deaf", "stopping"));
    reborn(reeve);
    CHECK(reeve.state("deaf") == "stopping");
    CHECK(reeve.reaches("deaf", "stopped"));
    CHECK_FALSE(alive(pid));
    CHECK(reeve.field("deaf", "reason").find("KILL was needed") != std::string::npos);
}

TEST_CASE("readiness that was announced meanwhile is found") {
    Reeve reeve;
    const char waits[] = "while test ! -e {dir}/go; do sleep 0.01; done; ";
    reeve.service("closes", std::string("ready = fd:5\nlog = null\ncommand = ") + waits +
                                "echo >&5; exec 5>&-; echo x >>{dir}/said; exec sleep 1000\n");
    reeve.service("keeps", std::string("ready = fd:5\nlog = null\ncommand = ") + waits +
                               "echo >&5; echo x >>{dir}/said; exec sleep 1000\n");
    reeve.service("later", "ready = fd:5\nlog = null\ncommand = while test ! -e {dir}/later; "
                           "do sleep 0.01; done; echo >&5; exec sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.reaches("closes", "starting"));
    REQUIRE(reeve.reaches("keeps", "starting"));
    REQUIRE(reeve.reaches("later", "starting"));
    const pid_t closes = reeve.first_pid_of("closes");
    const pid_t keeps = reeve.first_pid_of("keeps");
    reborn(reeve, [&] {
        write_file(reeve.file("go"), "");
        REQUIRE(wait_until([&] { return count_lines(reeve.text_of("said")) == 2; }));
    });
    CHECK(reeve.reaches("closes", "running"));
    CHECK(reeve.reaches("keeps", "running"));
    CHECK(reeve.pid_of("closes") == closes);
    CHECK(reeve.pid_of("keeps") == keeps);
    CHECK(reeve.state("later") == "starting");
    write_file(reeve.file("later"), "");
    CHECK(reeve.reaches("later", "running"));
}

TEST_CASE("a start_check has its time, though READY=1 was said while there was no reeve") {
    Reeve reeve;
    reeve.service("web", "ready = notify\nstart_timeout = 4s\nstart_check_interval = 100ms\n"
                         "log = null\nstart_check = echo >>{dir}/asked; test -e {dir}/good\n"
                         "command = while test ! -e {dir}/go; do sleep 0.01; done; {self} --helper "
                         "notify READY=1; sleep 4; echo >>{dir}/late; exec sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "starting"));
    const pid_t pid = reeve.first_pid_of("web");
    reborn(reeve, [&] {
        write_file(reeve.file("go"), "");
        REQUIRE(wait_until([&] { return !reeve.text_of("late").empty(); }));
    });
    REQUIRE(reeve.has_lines("asked", 1));
    write_file(reeve.file("good"), "");
    CHECK(reeve.reaches("web", "running"));
    CHECK(reeve.pid_of("web") == pid);
}

TEST_CASE("what was known in words is known to the next reeve") {
    Reeve reeve;
    const std::string way = GENERATE(as<std::string>{}, "another reeve", "reexec", "crash");
    reeve.may_crash = true;
    reeve.service("talks", "ready = notify\nlog = null\ncommand = {self} --helper notify READY=1 "
                           "\"$(printf 'STATUS=serving  12 \\033[31m\\177')\"; exec sleep 1000\n");
    reeve.service("nobody", "user = no-such-user\nexec = true\nrestart = never\n");
    reeve.service("homeless", "log = file\nexec = sleep 1000\n");
    write_file(reeve.logs() + "/homeless", "");
    reeve.start();
    REQUIRE(reeve.reaches("talks", "running"));
    REQUIRE(reeve.reaches("nobody", "failed"));
    REQUIRE(reeve.reaches("homeless", "running"));
    const auto words = [&] {
        return reeve.field("talks", "reason") + '\n' + reeve.field("nobody", "reason") + '\n' +
               reeve.field("homeless", "log");
    };
    const std::string said = "serving  12 \\x1b[31m\\x7f";
    REQUIRE(wait_until([&] { return reeve.field("talks", "reason") == said; }));
    const std::string before = words();
    CHECK(reeve.field("homeless", "log").find("console (") == 0);
    if (way == "another reeve") {
        reborn(reeve);
    } else {
        if (way == "crash")
            reeve.signal(SIGSEGV);
        else
            reeve.svctl({way});
        CHECK(reeve.comes_true([&] { return reeve.svctl({"list"}).status != 7; }));
    }
    reeve.svctl({"status"});
    CHECK(words() == before);
    // Once there can be files again it is not true any more.
    std::filesystem::remove(reeve.logs() + "/homeless");
    CHECK(wait_until([&] {
        return reeve.svctl({"status", "homeless"}).out.find("console (") == std::string::npos;
    }));
}

TEST_CASE("a pid that is another's by now is never signalled") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.pid_of("web");
    // No number is given out twice within a tick of the clock that start times are counted in.
    const uint64_t start_time = reeve::platform::start_time_of(pid);
    REQUIRE(wait_until([&] { return reeve::platform::start_time_now() > start_time; }));
    Process stranger(Launch{.arguments = {"/bin/sleep", "1000"}});
    REQUIRE(reeve::platform::start_time_of(stranger.pid()) != start_time);
    reborn(reeve, [&] {
        kill(pid, SIGKILL);
        REQUIRE(wait_until([&] { return !alive(pid); }));
        record_other_pid(reeve, "web", stranger.pid());
    });
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(reeve.svctl({"down", "web"}).status == 0);
    CHECK(stranger.running());
}

TEST_CASE("a service whose file is gone is stopped, one whose file is broken goes on") {
    Reeve reeve;
    reeve.service("gone", sleeps);
    reeve.service("broken", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("gone", "running"));
    REQUIRE(reeve.reaches("broken", "running"));
    const pid_t gone = reeve.pid_of("gone");
    const pid_t broken = reeve.pid_of("broken");
    reborn(reeve, [&] {
        unlink((reeve.services() + "/gone").c_str());
        reeve.service("broken", "exce = /bin/sleep 1000\n");
    });
    CHECK(wait_until([&] { return !alive(gone); }));
    CHECK(reeve.pid_of("broken") == broken);
    CHECK(reeve.state("broken") == "running");
    reeve.service("broken", sleeps);
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.pid_of("broken") == broken);
}

TEST_CASE("another uid takes nothing over, says so, and harms nothing") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.service("reeve.conf", "uid = one\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.pid_of("web");
    reeve.kill();
    reeve.service("reeve.conf", "uid = two\n");
    const Output refused = run(reeve.launch());
    CHECK(refused.status == 100);
    CHECK(refused.err ==
          "reeve: " + reeve.run_directory() +
              ": 1 service of the reeve with uid = 'one' still run, this one's is "
              "'two'; start that one again, or name another run directory with -r\n");
    CHECK(alive(pid));
    reeve.service("reeve.conf", "uid = one\n");
    reeve.start();
    CHECK(reeve.pid_of("web") == pid);
}

TEST_CASE("a journal that is damaged, or a later reeve's, is set aside for the status files") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.service("off", sleeps);
    reeve.service("deaf", "ready = fd:3\nstop_timeout = 1s\nlog = null\ncommand = trap '' TERM; "
                          "echo >&3; while :; do sleep 0.05; done\n");
    reeve.service("reeve.conf", "uid = one\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    REQUIRE(reeve.reaches("deaf", "running"));
    REQUIRE(reeve.svctl({"down", "off"}).status == 0);
    REQUIRE(reeve.svctl({"-n", "down", "deaf"}).status == 0);
    const pid_t pid = reeve.pid_of("web");
    const pid_t deaf = reeve.pid_of("deaf");
    const std::string path = reeve.run_directory() + "/journal";
    std::string said = "the journal was damaged (it is " + path + ".bad now)";
    reborn(reeve, [&] {
        std::string journal = read_file(path);
        SECTION("a byte in the middle") { journal[journal.find("service") + 12] ^= 1; }
        SECTION("a byte of the header") { journal[2] ^= 1; }
        SECTION("nothing but zeros") { journal.assign(4096, '\0'); }
        SECTION("a later version") {
            reeve::Buffer<reeve::record_max_bytes> line;
            append_header_record(line, {"boot", "one", reeve::record_version + 1});
            journal = std::string(line.view()) + "who knows what this means\n";
            said = "the journal is of a later version of reeve (it is " + path + ".bad now)";
        }
        SECTION("cut to its header") {
            journal.resize(journal.find('\n') + 1);
            said = "the journal has lost its end";
        }
        SECTION("cut to what it was when the services began") {
            journal.resize(journal.find("\nchild ") + 1);
            said = "the journal has lost its end";
        }
        SECTION("a record that cannot be") {
            reeve::Service service;
            service.name = "web";
            service.state = reeve::State::running;
            service.phase = reeve::Phase::up;
            service.leader = {1, 1};
            service.group = 1;
            service.leader_gone = false;
            reeve::Buffer<reeve::record_max_bytes> line;
            append_service_record(line, service, {});
            const size_t place = journal.find("\nchild ") + 1;
            journal.insert(place, line.view());
        }
        SECTION("gone") {
            unlink(path.c_str());
            said = "the journal is gone";
        }
        if (exists(path)) write_file(path, journal);
    });
    said += "; going by the status files";
    CHECK(reeve.process().err().find(said) != std::string::npos);
    CHECK(read_file(path).find("\nnote " + said) != std::string::npos);
    CHECK(exists(path + ".bad") == (said.find(".bad") != std::string::npos));
    CHECK(reeve.pid_of("web") == pid);
    CHECK(reeve.field("web", "stale") == "no");
    CHECK(reeve.state("off") == "stopped");
    CHECK(reeve.reaches("deaf", "stopped"));
    CHECK_FALSE(alive(deaf));
    CHECK(reeve.svctl({"down", "web"}).status == 0);
    CHECK_FALSE(alive(pid));
}

TEST_CASE("with neither journal nor status files nothing is known, and nothing killed") {
    Reeve reeve;
    reeve.service("web", "command = echo $$ >>{dir}/up; exec sleep 1000\nlog = null\n");
    reeve.start();
    REQUIRE(reeve.has_lines("up", 1));
    const pid_t pid = reeve.pid_of("web");
    reborn(reeve, [&] {
        unlink((reeve.run_directory() + "/journal").c_str());
        std::filesystem::remove_all(reeve.run_directory() + "/status");
    });
    REQUIRE(reeve.has_lines("up", 2));
    CHECK(reeve.pid_of("web") != pid);
    CHECK(reeve.stop() == 0);
    CHECK(alive(pid));
}

TEST_CASE("however often reeve is killed, no service notices and none runs twice") {
    Reeve reeve;
    const std::string mark = "takeover-" + std::to_string(getpid());
    for (int i = 0; i < 8; ++i)
        reeve.script("web" + std::to_string(i),
                     "#!/bin/bash\n#reeve: log = null\nexec -a " + mark + " sleep 1000\n");
    reeve.service("flaps", "exec = /bin/sleep 0.02\nrestart_delay = 1ms\nrestart_factor = 1\n"
                           "log = null\n");
    reeve.start();
    REQUIRE(wait_until([&] { return count_running(mark) == 8; }));
    std::set<pid_t> before;
    for (int i = 0; i < 8; ++i) before.insert(reeve.pid_of("web" + std::to_string(i)));
    for (int round = 0; round < 30; ++round) {
        reborn(reeve);
        CHECK(count_running(mark) == 8);
    }
    std::set<pid_t> after;
    for (int i = 0; i < 8; ++i) after.insert(reeve.pid_of("web" + std::to_string(i)));
    CHECK(after == before);
    CHECK(reeve.stop() == 0);
    CHECK(count_running(mark) == 0);
}

TEST_CASE("a boot id that cannot be read at once is read again, and nothing is started twice") {
    if (cannot_run(can_trace(), "strace is not installed, or may not trace")) return;
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start(cannot_open(reeve, {boot_id_path}, ":when=1"));
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.pid_of("web");
    reeve.kill();
    reeve.start(cannot_open(reeve, {boot_id_path}, ":when=1..3"));
    CHECK(reeve.reaches("web", "running"));
    CHECK(reeve.pid_of("web") == pid);
    CHECK(reeve.text_of("trace").find("INJECTED") != std::string::npos);
}

TEST_CASE("where it cannot be told which boot it is, services are unknown, and not started twice") {
    if (cannot_run(can_trace(), "strace is not installed, or may not trace")) return;
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + "restart_delay = 10ms\n");
    reeve.service("left", "command = trap '' TERM; echo $$ >>{dir}/leaders; "
                          "sh -c 'sleep 1000; :' & \nstop_timeout = 1m\nlog = null\n");
    reeve.service("off", sleeps);
    reeve.service("pauses",
                  std::string(sleeps) + "pre_start = echo x >>{dir}/begun; exec sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    REQUIRE(reeve.reaches("left", "stopping"));
    REQUIRE(reeve.has_lines("begun", 1));
    REQUIRE(reeve.svctl({"down", "off"}).status == 0);
    const pid_t pid = reeve.pid_of("web");
    const pid_t group = std::atoi(reeve.text_of("leaders").c_str());
    reeve.kill();
    reeve.start(cannot_open(reeve, {boot_id_path}, ""));
    CHECK(reeve.process().err().find("what may still run is left alone, as unknown") !=
          std::string::npos);
    CHECK(reeve.state("web") == "unknown");
    CHECK(reeve.state("left") == "unknown");
    CHECK(reeve.state("off") == "stopped");
    CHECK(reeve.state("pauses") == "starting");
    CHECK(reeve.text_of("begun") == "x\n");
    CHECK(alive(pid));
    const std::string why = reeve.svctl({"why", "left"}).out;
    CHECK(why.find("process group " + std::to_string(group) + " may be its own") !=
          std::string::npos);
    CHECK(reeve.text_of("leaders") == std::to_string(group) + "\n");
    // Nor by the reeve after that; and once they have ended, they begin anew.
    reborn(reeve);
    CHECK(reeve.state("web") == "unknown");
    CHECK(alive(pid));
    kill(pid, SIGKILL);
    kill(-group, SIGKILL);
    CHECK(reeve.runs_anew("web", pid));
    CHECK(reeve.has_lines("leaders", 2));
    // A hook that may be a stranger's is not killed, and keeps nobody from ending.
    CHECK(reeve.stop() == 0);
}

TEST_CASE("a boot id that was read once is known for good") {
    if (cannot_run(can_trace(), "strace is not installed, or may not trace")) return;
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const std::string path = reeve.run_directory() + "/journal";
    const auto header = [&] {
        const std::string text = read_file(path);
        return text.substr(0, text.find('\n'));
    };
    const std::string before = header();
    REQUIRE(before.find("boot= ") == std::string::npos);
    Process tracer(Launch{.arguments = {"strace", "-qq", "-o", reeve.file("trace"), "-P",
                                        boot_id_path, "-e", "inject=openat,open:error=ENFILE", "-p",
                                        std::to_string(reeve.pid())}});
    REQUIRE(wait_until([&] { return status_field(reeve.pid(), "TracerPid") != "0"; }));
    unlink(path.c_str());
    REQUIRE(reeve.comes_true([&] { return exists(path); }));
    CHECK(header() == before);
}

TEST_CASE("what a child has read of itself is not lost where its parent cannot read it") {
    if (cannot_run(can_trace(), "strace is not installed, or may not trace")) return;
    Reeve reeve;
    write_file(reeve.file("input"), "");
    // A child that opens a file of the user's has no memory in common with its parent: each of the
    // two reads for itself.
    reeve.service("web", std::string(sleeps) + "stdin = {dir}/input\n");
    const std::string load = read_file("/proc/loadavg");  // ends with the last pid there was
    const int last = std::atoi(load.c_str() + load.rfind(' '));
    Strings stats;
    for (int pid = last; pid < last + 500; ++pid)
        stats.push_back("/proc/" + std::to_string(pid) + "/stat");
    reeve.start(cannot_open(reeve, stats, ""));
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.pid_of("web");
    const std::string journal = journal_lines(reeve.run_directory() + "/journal");
    INFO(journal);
    const std::string number = std::to_string(pid);
    REQUIRE(journal.find("child web pid=" + number + " start=") != std::string::npos);
    REQUIRE(journal.find(" pid=" + number + " group=") != std::string::npos);  // without its start
    reborn(reeve);
    CHECK(reeve.state("web") == "running");
    CHECK(reeve.pid_of("web") == pid);
    CHECK(reeve.field("web", "restarts") == "0");
}

TEST_CASE("what has announced its end gets no stop signal from the next reeve either") {
    Reeve reeve;
    reeve.service("web", "ready = notify\nstop_timeout = 1m\nrestart = never\nlog = null\n"
                         "command = trap 'echo TERM >>{dir}/told' TERM; "
                         "{self} --helper notify READY=1; {self} --helper notify STOPPING=1; "
                         "while test ! -e {dir}/go; do sleep 0.02; done\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "stopping"));
    reborn(reeve);
    CHECK(reeve.state("web") == "stopping");
    CHECK(reeve.field("web", "reason").find("announced") != std::string::npos);
    write_file(reeve.file("go"), "");
    CHECK(reeve.reaches("web", "failed"));  // nobody saw how it ended
    CHECK(reeve.text_of("told").empty());
}

// What a service has left behind, whose leader is gone, while reeve stands still.
TEST_CASE("a process group is looked at before it is killed: its number may be a stranger's") {
    if (cannot_run(can_choose_pids(), "the number of a process may not be chosen")) return;
    const bool leader_stays = GENERATE(true, false);
    const Reaper reaper;
    Reeve reeve;
    reeve.service("web", "command = trap '' TERM; echo $$ >>{dir}/leader; sh -c 'sleep 1000; :' &\n"
                         "stop_timeout = 2s\nrestart = never\nlog = null\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "stopping"));
    const pid_t group = std::atoi(reeve.text_of("leader").c_str());
    REQUIRE(group > 1);
    reborn(reeve);  // what is left is no orphan of this one's
    REQUIRE(reeve.state("web") == "stopping");
    const auto begun = std::chrono::steady_clock::now();
    reeve.signal(SIGSTOP);
    kill(-group, SIGKILL);
    REQUIRE(wait_until([&] {
        while (waitpid(-group, nullptr, WNOHANG) > 0) {}
        return kill(-group, 0) < 0 && errno == ESRCH;
    }));
    const uint64_t tick = reeve::platform::start_time_now();
    REQUIRE(wait_until([&] { return reeve::platform::start_time_now() > tick + 1; }));
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    pid_t stranger = fork_as(group);
    if (stranger == 0) {
        setsid();
        const pid_t member = leader_stays ? getpid() : fork();
        if (member != 0) {
            if (write(ends[1], &member, sizeof member) < 0) _exit(1);
            if (!leader_stays) _exit(0);
        }
        for (;;) pause();
    }
    REQUIRE(stranger == group);
    pid_t member = 0;
    REQUIRE(read(ends[0], &member, sizeof member) == sizeof member);
    close(ends[0]);
    close(ends[1]);
    if (!leader_stays) waitpid(stranger, nullptr, 0);
    REQUIRE(getpgid(member) == group);
    REQUIRE(wait_until([&] {
        return std::chrono::steady_clock::now() - begun > std::chrono::milliseconds(2100);
    }));
    reeve.signal(SIGCONT);
    CHECK(wait_until([&] { return reeve.state("web") != "stopping"; }));
    CHECK(alive(member));
    kill(member, SIGKILL);
    if (leader_stays) waitpid(stranger, nullptr, 0);
}

TEST_CASE("what a service that named another leader leaves behind is known by the next reeve") {
    Reeve reeve;
    reeve.service("web", "ready = notify\nlog = null\nrestart_delay = 10ms\nstop_timeout = 1s\n"
                         "command = trap '' TERM; echo $$ >>{dir}/up; sleep 1000 & "
                         "{self} --helper notify MAINPID=$! READY=1; "
                         "while :; do sleep 0.05; done\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t group = std::atoi(reeve.text_of("up").c_str());
    const pid_t leader = reeve.pid_of("web");
    REQUIRE(leader != group);
    reborn(reeve, [&] {
        kill(leader, SIGKILL);
        REQUIRE(wait_until([&] { return !alive(leader); }));
    });
    REQUIRE(reeve.has_lines("up", 2));
    CHECK_FALSE(alive(group));
}
