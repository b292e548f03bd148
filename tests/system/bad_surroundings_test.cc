// Bad days: what reeve is given to live on. No processes to be had, no descriptors, no room, files
// taken away, standard descriptors that are closed or that nobody reads.

#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/parse.h"
#include "catch.h"
#include "support/json.h"
#include "support/procfs.h"
#include "support/pty.h"
#include "support/skip.h"
#include "support/smalldisk.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char sleeps[] = "exec = sleep 1000\n";
constexpr char speaks[] = "command = echo >&3; exec sleep 1000\nready = fd:3\n";

// Nobody else's, so that limits of a user count what is ours alone.
uid_t stranger() { return 3000000 + static_cast<uid_t>(getpid()) % 1000000; }

// What reeve itself says of a service, whatever is in its files.
std::string asked(const Reeve& reeve, const std::string& service, std::string_view field) {
    const Output output = reeve.svctl({"--json", "status", service});
    return json_member(output.out, field).value_or("(" + output.err + ")");
}

bool journal_has(const Reeve& reeve, pid_t pid) {
    return read_file(reeve.run_directory() + "/journal").find("pid=" + std::to_string(pid) + " ") !=
           std::string::npos;
}

void set_limit(decltype(RLIMIT_NOFILE) resource, rlim_t soft, rlim_t hard) {
    const rlimit limit{soft, hard};
    if (setrlimit(resource, &limit) != 0) _exit(125);
}

// For a reeve that runs as stranger(), from now on.
void allow_processes(const Reeve& reeve, int most) {
    const Launch launch{.arguments = {"prlimit", "--pid", std::to_string(reeve.pid()),
                                      "--nproc=" + std::to_string(most) + ":1000"},
                        .uid = stranger()};
    const Output output = run(launch);
    INFO(output.err);
    REQUIRE(output.status == 0);
}

}  // namespace

// --- Processes -----------------------------------------------------------------------------------

TEST_CASE("while there are no processes to be had services wait, and run once there are some") {
    if (cannot_run(is_root() && has_program("prlimit"), "needs root, and prlimit")) return;
    Reeve reeve;
    const char* patient = "restart_delay = 50ms\nrestart_delay_max = 100ms\nretries = 1\n";
    reeve.service("web", std::string(sleeps) + patient);
    reeve.service("hooked", std::string(sleeps) + "pre_start = true\n" + patient);
    reeve.service("checked", std::string(sleeps) + "start_check = true\n" + patient);
    reeve.service("job", "exec = true\ntype = oneshot\n");
    reeve.give_to(stranger());
    Launch launch = reeve.launch();
    launch.uid = stranger();
    launch.prepare = [] { set_limit(RLIMIT_NPROC, 1, 1000); };
    reeve.start(launch);
    for (const char* name : {"web", "hooked", "checked", "job"}) {
        INFO(name);
        CHECK(reeve.reaches(name, "backoff"));
        CHECK(reeve.field(name, "reason")
                  .find("fork: Resource temporarily unavailable "
                        "(ulimit -u: 1)") == 0);
    }
    // Waiting costs nothing, and svctl is answered.
    const auto cpu_begin = cpu_time_of(reeve.pid());
    const auto begin = Clock::now();
    CHECK(reeve.comes_true([&] { return Clock::now() - begin > milliseconds(500); }));
    CHECK(reeve.svctl({"status"}).status == 0);
    CHECK(cpu_time_of(reeve.pid()) - cpu_begin < (Clock::now() - begin) / 4);

    allow_processes(reeve, 1000);
    CHECK(reeve.reaches("web", "running"));
    CHECK(reeve.reaches("hooked", "running"));
    CHECK(reeve.reaches("checked", "running"));
    CHECK(reeve.reaches("job", "done"));
}

TEST_CASE("a program whose user has as many processes as ulimit -u lets it is told so") {
    if (cannot_run(is_root(), "needs root")) return;
    Reeve reeve;
    chmod(reeve.directory().c_str(), 0711);
    const std::string number = std::to_string(stranger());
    const std::string user = "user = " + number + ":" + number + "\nretries = 1\n";
    reeve.service("first", "command = sleep 1000 & echo >&3; wait\nready = fd:3\n" + user);
    reeve.service("second", std::string(sleeps) + user + "limit = nproc 1\nenabled = no\n");
    reeve.start();
    REQUIRE(reeve.reaches("first", "running"));
    reeve.svctl({"up", "second"});
    const std::string reason = reeve.field("second", "reason");
    INFO(reason);
    CHECK(reason.find("exec sleep: Resource temporarily unavailable (its user has as many "
                      "processes as ulimit -u lets it)") == 0);
}

TEST_CASE("where its cgroup has no room for a process the limit is named") {
    const std::string above =
        exists("/sys/fs/cgroup/pids") ? "/sys/fs/cgroup/pids" : "/sys/fs/cgroup";
    Reeve reeve;
    const std::string group = above + "/reeve-test-" + std::to_string(getpid());
    if (cannot_run(is_root() && mkdir(group.c_str(), 0755) == 0, "needs cgroups to be made"))
        return;
    if (!cannot_run(exists(group + "/pids.max"), "there is no cgroup of processes")) {
        reeve.service("web", std::string(sleeps) + "enabled = no\n");
        reeve.start();
        const auto set = [&](const char* file, const auto& value) {
            std::ofstream(group + file) << value << std::flush;
        };
        set("/cgroup.procs", reeve.pid());
        set("/pids.max", 1);
        reeve.svctl({"-n", "up", "web"});
        CHECK(reeve.comes_true([&] {
            return reeve.field("web", "reason") ==
                   "fork: Resource temporarily unavailable (pids.max of its cgroup: 1)";
        }));
        set("/pids.max", "max");
        CHECK(reeve.reaches("web", "running"));
        CHECK(reeve.stop() == 0);
    }
    CHECK(wait_until([&] { return rmdir(group.c_str()) == 0; }));
}

TEST_CASE("a service that dies while there are no processes to be had comes back later") {
    if (cannot_run(is_root() && has_program("prlimit"), "needs root, and prlimit")) return;
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + "restart_delay = 10ms\nrestart_delay_max = 100ms\n"
                                               "stop_command = kill -TERM $REEVE_PID\n");
    reeve.give_to(stranger());
    Launch launch = reeve.launch();
    launch.uid = stranger();
    reeve.start(launch);
    REQUIRE(reeve.reaches("web", "running"));
    allow_processes(reeve, 1);
    const pid_t first = reeve.pid_of("web");
    kill(first, SIGKILL);
    CHECK(reeve.reaches("web", "backoff"));
    allow_processes(reeve, 1000);
    CHECK(reeve.runs_anew("web", first));
    // A stop does without the command that cannot be started.
    allow_processes(reeve, 1);
    CHECK(reeve.svctl({"down", "web"}).status == 0);
    CHECK(reeve.state("web") == "stopped");
}

// --- Descriptors ---------------------------------------------------------------------------------

TEST_CASE("thirty-two descriptors are enough to supervise many services of all kinds") {
    Reeve reeve;
    const char* kinds[] = {
        "exec = sleep 1000\n",
        "command = echo hello; exec sleep 1000\nlog = run\n",
        "command = echo >&3; exec sleep 1000\nready = fd:3\n",
        "exec = sleep 1000\nstart_check = true\npre_start = true\n",
        "exec = sleep 1000\nready = after 10ms\nlog = null\n",
    };
    constexpr int services = 50;
    for (int i = 0; i < services; ++i)
        reeve.service("s" + std::to_string(i), std::string(kinds[i % 5]) + "retries = 1\n");
    for (const char* name : {"n1", "n2", "n3", "n4"})
        reeve.service(name, "command = {self} --helper notify READY=1; exec sleep 1000\n"
                            "ready = notify\nretries = 1\n");
    Launch launch = reeve.launch();
    launch.prepare = [] { set_limit(RLIMIT_NOFILE, 32, 256); };
    reeve.start(launch);
    for (int i = 0; i < services; ++i) CHECK(reeve.reaches("s" + std::to_string(i), "running"));
    for (const char* name : {"n1", "n2", "n3", "n4"}) CHECK(reeve.reaches(name, "running"));
    CHECK(count_lines(reeve.svctl({"list"}).out) >= services + 4);
    CHECK(reeve.log_of("s1") == "hello\n");
    const pid_t pid = reeve.pid_of("s2");
    CHECK(reeve.svctl({"restart", "s2"}).status == 0);
    CHECK(reeve.pid_of("s2") != pid);
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.stop() == 0);
}

TEST_CASE("services that take all descriptors leave svctl and the others theirs") {
    Reeve reeve;
    // One kind holds a descriptor for as long as it runs, the other for as long as it says nothing.
    const bool of_notify = GENERATE(true, false);
    const std::string state = of_notify ? "running" : "starting";
    const std::string keys = "retries = 1\nrestart_delay = 100ms\nrestart_delay_max = 200ms\n";
    for (int i = 0; i < 30; ++i)
        reeve.service("greedy" + std::to_string(i),
                      (of_notify ? "command = {self} --helper notify READY=1; exec sleep 1000\n"
                                   "ready = notify\n"
                                 : "exec = sleep 1000\nready = fd:3\nstart_timeout = 1h\n") +
                          keys);
    reeve.service("web", sleeps);
    Launch launch = reeve.launch();
    launch.prepare = [] { set_limit(RLIMIT_NOFILE, 32, 256); };
    reeve.start(launch);
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.pid_of("web");
    kill(pid, SIGKILL);
    CHECK(reeve.runs_anew("web", pid));
    CHECK(reeve.svctl({"restart", "web"}).status == 0);
    int running = 0;
    int waiting = 0;
    for (int i = 0; i < 30; ++i) {
        const std::string name = "greedy" + std::to_string(i);
        running += reeve.state(name) == state ? 1 : 0;
        if (reeve.state(name) != "backoff") continue;
        ++waiting;
        INFO(reeve.field(name, "reason"));
        CHECK(reeve.field(name, "reason").find("/run/fds/" + name) != std::string::npos);
    }
    CHECK(running > 3);
    CHECK(waiting > 3);
    // Those that could not run do once others have gone.
    const rlimit enough{256, 256};
    if (is_root() && prlimit(reeve.pid(), RLIMIT_NOFILE, &enough, nullptr) == 0)
        for (int i = 0; i < 30; ++i) CHECK(reeve.reaches("greedy" + std::to_string(i), state));
}

TEST_CASE("a limit of a million descriptors makes nothing slower than one of a thousand") {
    rlimit limit = {};
    getrlimit(RLIMIT_NOFILE, &limit);
    const rlimit wanted{limit.rlim_cur, 1000000};
    const bool may_raise = setrlimit(RLIMIT_NOFILE, &wanted) == 0;
    setrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t most = may_raise ? wanted.rlim_max : limit.rlim_max;
    if (cannot_run(most > 10000 && has_program("strace") &&
                       run({"strace", "-o", "/dev/null", "true"}).status == 0,
                   "the limit of descriptors is low and cannot be raised, or strace cannot run"))
        return;
    const auto calls_with = [](rlim_t descriptors) {
        Reeve reeve;
        for (const char* name : {"a", "b", "c"})
            reeve.service(name, "exec = true\ntype = oneshot\npre_start = true\n");
        Launch launch = reeve.launch({"--exit-when-idle"});
        const Strings tracer = {"strace", "-f", "-qq", "-o", reeve.file("trace")};
        launch.arguments.insert(launch.arguments.begin(), tracer.begin(), tracer.end());
        launch.environment = {no_leak_check};
        launch.prepare = [descriptors] { set_limit(RLIMIT_NOFILE, descriptors, descriptors); };
        CHECK(run(launch).status == 0);
        return count_lines(reeve.text_of("trace"));
    };
    const int few = calls_with(1024);
    const int many = calls_with(most);
    INFO(few << " lines of trace, " << many << " with " << most);
    CHECK(few > 100);
    CHECK(many < few * 2);
}

// --- Room under RUNDIR ---------------------------------------------------------------------------

TEST_CASE(
    "a run directory that is full hides nothing, and its files are made whole by themselves") {
    if (cannot_run(has_mounts(), "mounts are not permitted")) return;
    const bool of_files = GENERATE(false, true);
    Reeve reeve;
    const SmallDisk disk(reeve.run_directory(),
                         of_files ? "size=1m,nr_inodes=40,mode=755" : "size=64k,mode=755");
    reeve.service("web", std::string(sleeps) + "restart_delay = 10ms\nrestart_delay_max = 10ms\n");
    reeve.service("job", "command = echo run >> {dir}/runs\ntype = oneshot\nenabled = no\n");
    reeve.service("speaks", std::string(speaks) + "retries = 1\nrestart_delay_max = 100ms\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    REQUIRE(reeve.reaches("speaks", "running"));
    of_files ? disk.fill_files() : disk.fill_room();
    CHECK(reeve.svctl({"-n", "restart", "speaks"}).status == 0);
    // More records than there was room left for, or than one journal takes.
    for (int i = 0; i < 100; ++i) {
        CHECK(reeve.svctl({"restart", "web"}).status == 0);
        of_files ? disk.fill_files() : disk.fill_room();
    }
    const pid_t before = std::atoi(asked(reeve, "web", "pid").c_str());
    REQUIRE(alive(before));
    kill(before, SIGKILL);
    pid_t after = 0;
    CHECK(wait_until([&] {
        after = std::atoi(asked(reeve, "web", "pid").c_str());
        return after > 0 && after != before && asked(reeve, "web", "state") == "running";
    }));
    CHECK(reeve.svctl({"run", "job"}).status != 7);
    CHECK(reeve.svctl({"-n", "up", "job"}).status == 0);
    CHECK(reeve.has_lines("runs", 1));
    CHECK(reeve.svctl({"down", "job"}).status == 0);
    CHECK(reeve.comes_true(
        [&] { return count(reeve.process().err(), "No space left on device") >= 1; }));

    disk.empty();
    CHECK(reeve.comes_true([&] { return reeve.pid_of("web") == after; }));
    CHECK(reeve.reaches("web", "running"));
    CHECK(reeve.reaches("speaks", "running"));
    CHECK(reeve.comes_true([&] { return journal_has(reeve, after); }));
    // Whether a new journal found no room is chance; that it has its place again is told as often.
    CHECK(reeve.comes_true([&] {
        const std::string said = reeve.process().err();
        return count(said, "the journal is whole again") == count(said, "going on without");
    }));
    CHECK(reeve.stop() == 0);
    CHECK_FALSE(alive(after));
}

TEST_CASE("a run directory of a few kilobytes does for as many restarts as there may be") {
    if (cannot_run(has_mounts(), "mounts are not permitted")) return;
    Reeve reeve;
    const SmallDisk disk(reeve.run_directory(), "size=32k,mode=755");
    reeve.service("flaps", "exec = true\nrestart_delay = 1ms\nrestart_factor = 1\nlog = null\n");
    reeve.service("web", sleeps);
    reeve.start();
    const int many = is_sanitized() ? 100 : 500;
    CHECK(reeve.comes_true(
        [&] { return std::atoi(reeve.field("flaps", "restarts").c_str()) > many; }));
    CHECK(reeve.svctl({"restart", "web"}).status == 0);
    // Not at once: what does not fit is in the next journal, and that one waits for a child that
    // still has to write into this one.
    CHECK(reeve.comes_true([&] { return journal_has(reeve, reeve.pid_of("web")); }));
    // The loop is told of, and that status files may not fit; nothing else is.
    const std::string said = reeve.process().err();
    INFO(said);
    for (std::string_view rest = said; !rest.empty();) {
        const std::string_view line = reeve::take_line(rest);
        const bool is_loop = line.starts_with("reeve: flaps is ") &&
                             line.find(": exit 0 (a daemon stays") != line.npos;
        CHECK((is_loop || line.find("/status cannot be written (No space left") != line.npos));
    }
}

TEST_CASE("what was begun in a full run directory has all its files once there is room") {
    if (cannot_run(has_mounts(), "mounts are not permitted")) return;
    const bool of_files = GENERATE(false, true);
    Reeve reeve;
    const SmallDisk disk(reeve.run_directory(), "size=64k,nr_inodes=20,mode=755");
    // The lock, without which nothing begins, and the directories are from an earlier day.
    for (const char* name : {"status", "fds"}) make_directory(reeve.run_directory() + "/" + name);
    write_file(reeve.run_directory() + "/lock", "");
    of_files ? disk.fill_files() : disk.fill_room();
    reeve.service("web", "command = echo up > {dir}/up; exec sleep 1000\n");
    reeve.start(reeve.launch(), false);
    REQUIRE(reeve.has_lines("up", 1));
    CHECK(reeve.state("web").empty());
    disk.empty();
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(reeve.comes_true([&] { return journal_has(reeve, reeve.pid_of("web")); }));
    CHECK(reeve.comes_true([&] {
        return read_file(reeve.run_directory() + "/pid") == std::to_string(reeve.pid()) + "\n";
    }));
    CHECK(reeve.comes_true([&] { return reeve.svctl({"status", "web"}).status == 0; }));
}

TEST_CASE("a run directory that is removed is made again, with its lock and all its files") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.service("speaks", std::string(speaks));
    reeve.start();
    REQUIRE(reeve.reaches("speaks", "running"));
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.pid_of("web");
    run({"rm", "-rf", reeve.run_directory()});  // it may fail: reeve is at work already
    const std::string control = reeve.run_directory() + "/control";
    CHECK(reeve.comes_true([&] { return exists(control); }));
    reeve.signal(SIGHUP);
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(reeve.pid_of("web") == pid);
    CHECK(asked(reeve, "web", "pid") == std::to_string(pid));
    CHECK(reeve.comes_true([&] { return journal_has(reeve, pid); }));
    CHECK(read_file(reeve.run_directory() + "/pid") == std::to_string(reeve.pid()) + "\n");
    CHECK(reeve.svctl({"restart", "speaks"}).status == 0);
    CHECK(run(reeve.launch()).status == 100);
}

TEST_CASE("a log directory that is full keeps nothing from running") {
    if (cannot_run(has_mounts(), "mounts are not permitted")) return;
    Reeve reeve;
    const SmallDisk disk(reeve.logs(), "size=64k,nr_inodes=20,mode=755");
    disk.fill_files();
    reeve.service("talks", "command = echo words; exec sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.reaches("talks", "running"));
    CHECK(wait_until([&] { return count(reeve.process().out(), "words\n") == 1; }));
    disk.empty();
    CHECK(reeve.svctl({"restart", "talks"}).status == 0);
    CHECK(wait_until([&] { return reeve.log_of("talks") == "words\n"; }));
}

TEST_CASE("a limit of file sizes does not end reeve, which may then have no journal") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + "restart_delay = 10ms\nrestart_delay_max = 10ms\n");
    Launch launch = reeve.launch();
    launch.prepare = [] { set_limit(RLIMIT_FSIZE, 600, 600); };
    reeve.start(launch);
    REQUIRE(reeve.comes_true([&] { return asked(reeve, "web", "state") == "running"; }));
    for (int i = 0; i < 5; ++i) CHECK(reeve.svctl({"restart", "web"}).status == 0);
    CHECK(reeve.stop() == 0);
}

// --- Standard descriptors and signals ------------------------------------------------------------

TEST_CASE("with standard descriptors closed nothing of reeve's own takes their place") {
    Reeve reeve;
    reeve.service("talks", "command = echo out; echo err >&2; exec sleep 1000\n");
    reeve.service("bad", "exec = {dir}/missing\nretries = 1\n");  // worth a line on stderr
    Launch launch = reeve.launch();
    launch.prepare = [] {
        for (int fd = 0; fd < 3; ++fd) close(fd);
    };
    reeve.start(launch);
    REQUIRE(reeve.reaches("bad", "failed"));
    REQUIRE(reeve.reaches("talks", "running"));
    const std::string link = "/proc/" + std::to_string(reeve.pid()) + "/fd/";
    CHECK(run({"readlink", link + "0", link + "1", link + "2"}).out ==
          "/dev/null\n/dev/null\n/dev/null\n");
    CHECK(wait_until([&] { return reeve.log_of("talks") == "out\nerr\n"; }));
    CHECK(read_file(reeve.run_directory() + "/journal").find("bad failed:") == std::string::npos);
    CHECK(reeve.stop() == 0);
}

TEST_CASE("an output that nobody reads, or that is full, does not stop reeve") {
    const bool is_full = GENERATE(false, true);
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    if (is_full) {
        REQUIRE(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
        const std::string bytes(4096, 'x');
        while (write(ends[1], bytes.data(), bytes.size()) > 0) {}
        REQUIRE(fcntl(ends[1], F_SETFL, 0) == 0);
    } else {
        close(ends[0]);
    }
    Reeve reeve;
    reeve.service("bad", "exec = {dir}/missing\nretries = 1\n");
    reeve.service("web", sleeps);
    Launch launch = reeve.launch();
    launch.descriptors = {{ends[1], 1}, {ends[1], 2}};
    reeve.start(launch);
    close(ends[1]);
    REQUIRE(reeve.reaches("bad", "failed"));
    CHECK(reeve.reaches("web", "running"));
    for (int i = 0; i < 20; ++i) CHECK(reeve.svctl({"up", "bad"}).status == 1);
    CHECK(reeve.svctl({"restart", "web"}).status == 0);
    CHECK(reeve.stop() == 0);
    if (is_full) close(ends[0]);
}

TEST_CASE("CMD is not sent the SIGPIPE that reeve's own words got") {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    close(ends[0]);
    Reeve reeve;
    reeve.service("bad", "exec = {dir}/missing\nretries = 1\n");
    Launch launch = reeve.launch({"--", "sleep", "1000"});
    launch.descriptors = {{ends[1], 2}};
    reeve.start(launch);
    close(ends[1]);
    REQUIRE(reeve.reaches("main", "running"));
    REQUIRE(reeve.reaches("bad", "failed"));
    for (int i = 0; i < 3; ++i) CHECK(reeve.svctl({"up", "bad"}).status == 1);
    CHECK(reeve.state("main") == "running");
    // From anybody else it is a signal like any other.
    reeve.signal(SIGPIPE);
    CHECK(reeve.wait() == 128 + SIGPIPE);
}

TEST_CASE("reeve hears and supervises whatever signals it was given blocked and ignored") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.service("dies", "command = cat /proc/self/status > {dir}/service; kill -TERM $$\n"
                          "restart = never\nsuccess = TERM\n"
                          "pre_start = cat /proc/self/status > {dir}/hook\n");
    Launch launch = reeve.launch();
    launch.prepare = [] {
        for (int number = 1; number < NSIG; ++number) signal(number, SIG_IGN);
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, nullptr);
    };
    reeve.start(launch);
    REQUIRE(reeve.reaches("dies", "done"));
    CHECK(reeve.field("dies", "signal") == "TERM");
    for (const char* file : {"service", "hook"}) {
        const std::string text = reeve.text_of(file);
        for (int number = 1; number <= SIGRTMAX; ++number) {
            INFO(file << ": signal " << number);
            CHECK_FALSE(has_signal(text, "SigBlk", number));
            CHECK_FALSE(has_signal(text, "SigIgn", number));
        }
    }
    reeve.service("new", sleeps);
    reeve.signal(SIGHUP);
    CHECK(reeve.reaches("new", "running"));
    CHECK(reeve.stop() == 0);
}

TEST_CASE("a hail of HUP restarts nothing and loses nothing") {
    Reeve reeve;
    for (int i = 0; i < 20; ++i) reeve.service("s" + std::to_string(i), sleeps);
    reeve.start();
    for (int i = 0; i < 20; ++i) REQUIRE(reeve.reaches("s" + std::to_string(i), "running"));
    const pid_t pid = reeve.pid_of("s0");
    for (int i = 0; i < 2000; ++i) reeve.signal(SIGHUP);
    CHECK(reeve.svctl({"down", "s1"}).status == 0);
    reeve.service("last", sleeps);
    reeve.signal(SIGHUP);
    CHECK(reeve.reaches("last", "running"));
    CHECK(reeve.pid_of("s0") == pid);
    CHECK(reeve.field("s0", "restarts") == "0");
    CHECK(reeve.stop() == 0);
}

TEST_CASE("reeve that was stopped for a while sees afterwards what has ended meanwhile") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + "restart_delay = 10ms\n");
    reeve.service("job", "command = until [ -e {dir}/go ]; do sleep 0.02; done; exit 3\n"
                         "restart = never\nstart_timeout = 100ms\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    REQUIRE(reeve.reaches("job", "running"));
    const pid_t pid = reeve.pid_of("web");
    const pid_t job = reeve.pid_of("job");
    reeve.signal(SIGSTOP);
    REQUIRE(wait_until([&] { return facts_of(reeve.pid()).state == 'T'; }));
    kill(pid, SIGKILL);
    write_file(reeve.file("go"), "");
    CHECK(wait_until([&] { return !alive(job) && !alive(pid); }));
    reeve.signal(SIGCONT);
    CHECK(reeve.runs_anew("web", pid));
    CHECK(reeve.reaches("job", "failed"));
    CHECK(reeve.field("job", "exit") == "3");
}

TEST_CASE("a terminal that hangs up does not take reeve and its services with it") {
    if (cannot_run(has_terminals(), "there are no pseudo terminals")) return;
    Reeve reeve;
    reeve.service("web", sleeps);
    auto pty = std::make_unique<Pty>();
    Launch launch = reeve.launch();
    launch.terminal = pty->path();
    reeve.start(launch);
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.pid_of("web");
    pty.reset();
    reeve.service("bad", "exec = {dir}/missing\nretries = 1\n");  // worth a line, to nobody
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.reaches("bad", "failed"));
    CHECK(reeve.pid_of("web") == pid);
    CHECK(reeve.state("web") == "running");
    CHECK(reeve.stop() == 0);
}

TEST_CASE(
    "an environment of hundreds of kilobytes is handed on, and a directory that is gone is none") {
    Reeve reeve;
    reeve.service("web", "type = oneshot\ncommand = env | grep -c ^SERVICE_ > {dir}/variables\n");
    make_directory(reeve.file("gone"));
    Launch launch = reeve.launch();
    // As where a cluster names each of its services to each of its containers.
    for (int i = 0; i < 5000; ++i)
        launch.environment.push_back("SERVICE_" + std::to_string(i) + "=" + std::string(60, 'x'));
    launch.directory = reeve.file("gone");
    launch.prepare = [path = reeve.file("gone")] { rmdir(path.c_str()); };
    reeve.start(launch);
    CHECK(reeve.reaches("web", "done"));
    CHECK(reeve.text_of("variables") == "5000\n");
}

// --- The system ----------------------------------------------------------------------------------

TEST_CASE("without /proc services are supervised all the same") {
    if (cannot_run(!is_sanitized(), "the sanitizer itself needs /proc")) return;
    const Strings mounts = {"unshare", "--mount", "mount", "-t", "tmpfs", "none", "/proc"};
    if (cannot_run(is_root() && run(mounts).status == 0, "mounts are not permitted")) return;
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + "restart_delay = 10ms\n");
    reeve.service("tree", "command = (trap '' TERM; sleep 1000; :) & echo up > {dir}/up; wait\n"
                          "stop_timeout = 200ms\n");
    Launch launch = reeve.launch();
    const Strings before = {
        "unshare", "--mount", "sh", "-c", "mount -t tmpfs none /proc && exec \"$@\"", "sh"};
    launch.arguments.insert(launch.arguments.begin(), before.begin(), before.end());
    reeve.start(launch);
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.pid_of("web");
    kill(pid, SIGKILL);
    CHECK(reeve.runs_anew("web", pid));
    REQUIRE(reeve.has_lines("up", 1));
    CHECK(reeve.svctl({"down", "tree"}).status == 0);
    CHECK(reeve.field("tree", "reason").find("KILL was needed") != std::string::npos);
    CHECK(reeve.stop() == 0);
}

TEST_CASE("of ten that begin at the same time on one run directory one runs, and nothing twice") {
    Reeve reeve;
    reeve.service("web", "command = echo $$ >> {dir}/runs; exec sleep 1000\n");
    std::vector<std::unique_ptr<Process>> others;
    for (int i = 0; i < 9; ++i) others.push_back(std::make_unique<Process>(reeve.launch()));
    reeve.start(reeve.launch());
    // Whichever of them it is.
    REQUIRE(wait_until([&] { return count_lines(reeve.text_of("runs")) == 1; }));
    int turned_away = 0;
    const auto count_turned_away = [&] {
        turned_away = reeve.process().wait(milliseconds(0)) == 100 ? 1 : 0;
        for (const auto& other : others) turned_away += other->wait(milliseconds(0)) == 100 ? 1 : 0;
        return turned_away == 9;
    };
    CHECK(wait_until(count_turned_away));
    CHECK(reeve.svctl({"status", "web"}).status == 0);
    CHECK(count_lines(reeve.text_of("runs")) == 1);
}

TEST_CASE("TERM ends it in order however early or often it comes") {
    Reeve reeve;
    for (int i = 0; i < 10; ++i)
        reeve.service("s" + std::to_string(i),
                      "command = echo $$ >> {dir}/pids; exec sleep 1000\n");
    // From before its first instruction to when all of them run.
    for (int i = 0; i < 20; ++i) {
        Process process(reeve.launch());
        wait_until([&] { return count_lines(reeve.text_of("pids")) >= i; }, milliseconds(i));
        for (int times = 0; times < 3; ++times) process.signal(SIGTERM);
        const int status = process.wait().value_or(-1);
        CHECK((status == 0 || status == 128 + SIGTERM));
        std::string text = reeve.text_of("pids");
        for (size_t end; (end = text.find('\n')) != text.npos; text.erase(0, end + 1))
            CHECK_FALSE(alive(std::atoi(text.substr(0, end).c_str())));
    }
}
