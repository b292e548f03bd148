// What confines a service with real processes: capabilities, ioprio, sched; and the limits that all
// services are under, and what comes of them.

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "catch.h"
#include "kernel/control_group.h"
#include "support/json.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

constexpr char sleeps[] = "exec = sleep 1000\nrestart_delay = 10ms\nrestart_delay_max = 10ms\n";
// A program that takes all the memory that there is.
constexpr char hogs[] = "exec = tail /dev/zero\nrestart = never\nenabled = no\n";

bool may_confine() { return is_root() && has_proc(); }

std::string reason_of(const Reeve& reeve, const std::string& service) {
    return reeve.field(service, "reason");
}

// reeve without a capability that root has otherwise.
Launch launch_without(const Reeve& reeve, int capability) {
    Launch launch = reeve.launch();
    launch.prepare = [capability] { ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0); };
    return launch;
}

// A group below our own, with a bound of its own; removed in the end, when all in it have ended.
class MemoryGroup {
  public:
    explicit MemoryGroup(const std::string& bytes) {
        reeve::ControlGroup own;
        if (!reeve::find_group({}, "memory", own)) return;
        directory_ = std::string(own.directory.view()) + "/reeve-test-" + std::to_string(getpid());
        std::error_code none;
        if (!std::filesystem::create_directory(directory_, none)) {
            directory_.clear();
            return;
        }
        write(own.unified ? "memory.max" : "memory.limit_in_bytes", bytes);
        const char* kills = own.unified ? "/memory.events" : "/memory.oom_control";
        is_usable_ = read_file(directory_ + kills).find("oom_kill ") != std::string::npos &&
                     read(own.unified ? "/memory.max" : "/memory.limit_in_bytes") == bytes + "\n";
    }
    ~MemoryGroup() {
        if (directory_.empty()) return;
        wait_until([&] { return rmdir(directory_.c_str()) == 0; });
    }
    MemoryGroup(const MemoryGroup&) = delete;
    MemoryGroup& operator=(const MemoryGroup&) = delete;

    bool is_usable() const { return is_usable_; }
    Launch launch(const Reeve& reeve) const {
        Launch launch = reeve.launch();
        launch.prepare = [this] { write("cgroup.procs", "0"); };
        return launch;
    }

  private:
    std::string read(const std::string& file) const { return read_file(directory_ + file); }
    void write(const std::string& file, const std::string& text) const {
        const int fd = ::open((directory_ + "/" + file).c_str(), O_WRONLY | O_CLOEXEC);
        if (fd < 0) return;
        [[maybe_unused]] const ssize_t written = ::write(fd, text.data(), text.size());
        ::close(fd);
    }

    std::string directory_;
    bool is_usable_ = false;
};

constexpr char no_group[] = "needs a memory cgroup of its own, and a kernel that counts OOM kills";

}  // namespace

TEST_CASE("a user binds a low port by the one capability that it keeps, and so do its hooks") {
    if (cannot_run(may_confine(), "needs root on Linux")) return;
    Reeve reeve;
    reeve.service("web", std::string(sleeps) +
                             "user = nobody\ncapabilities = net_bind_service CAP_KILL\n"
                             "pre_start = grep -E 'CapBnd|CapAmb|CapEff' /proc/self/status\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.pid_of("web");
    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
        INFO(set);
        CHECK(status_field(pid, set) == "0000000000000420");
    }
    CHECK(status_field(pid, "Uid").starts_with("65534"));
    CHECK(count(reeve.log_of("web"), "0000000000000420") == 3);
}

TEST_CASE("ioprio and sched hold, with and without another user, and survive a reexec") {
    if (cannot_run(may_confine(), "needs root on Linux")) return;
    Reeve reeve;
    reeve.service("batch", std::string(sleeps) + "sched = batch\nioprio = best-effort:6\n");
    reeve.service("prompt", std::string(sleeps) + "user = nobody\nsched = rr:5\nioprio = idle\n");
    reeve.start();
    REQUIRE(reeve.reaches("batch", "running"));
    REQUIRE(reeve.reaches("prompt", "running"));
    const pid_t batch = reeve.pid_of("batch");
    const pid_t prompt = reeve.pid_of("prompt");
    CHECK(::syscall(SYS_sched_getscheduler, batch) == SCHED_BATCH);
    CHECK(::syscall(SYS_ioprio_get, 1, batch) == (2 << 13 | 6));
    CHECK(::syscall(SYS_sched_getscheduler, prompt) == SCHED_RR);
    CHECK(::syscall(SYS_ioprio_get, 1, prompt) == 3 << 13);
    CHECK(reeve.svctl({"reexec"}).status == 0);
    CHECK(reeve.pid_of("prompt") == prompt);
    CHECK(reeve.svctl({"restart", "batch"}).status == 0);
    CHECK(::syscall(SYS_sched_getscheduler, reeve.pid_of("batch")) == SCHED_BATCH);
    // reeve itself is as it was.
    CHECK(::syscall(SYS_sched_getscheduler, reeve.pid()) == SCHED_OTHER);
}

TEST_CASE("a confinement that changes needs a new process") {
    if (cannot_run(may_confine(), "needs root on Linux")) return;
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    reeve.service("web", std::string(sleeps) + "capabilities = -\n");
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.field("web", "stale") == "yes");
    CHECK(reeve.svctl({"restart", "web"}).status == 0);
    CHECK(status_field(reeve.pid_of("web"), "CapEff") == "0000000000000000");
    CHECK(reeve.svctl({"show", "web"}).out.find("capabilities = -") != std::string::npos);
}

TEST_CASE("what reeve may not do is refused by a reason that names what is missing") {
    if (cannot_run(may_confine(), "needs root on Linux")) return;
    constexpr int setpcap = 8;
    constexpr int net_raw = 13;
    constexpr int sys_nice = 23;
    SECTION("the right to give up others") {
        Reeve reeve;
        reeve.service("web", std::string(sleeps) + "restart = never\ncapabilities = -\n");
        reeve.start(launch_without(reeve, setpcap));
        REQUIRE(reeve.reaches("web", "failed"));
        CHECK(reason_of(reeve, "web") == "capabilities: Operation not permitted (reeve itself "
                                         "lacks setpcap), restart = never");
    }
    SECTION("a right that it has not itself") {
        Reeve reeve;
        reeve.service("web", std::string(sleeps) +
                                 "restart = never\nuser = nobody\ncapabilities = kill net_raw\n");
        reeve.start(launch_without(reeve, net_raw));
        REQUIRE(reeve.reaches("web", "failed"));
        CHECK(reason_of(reeve, "web") == "capabilities: Operation not permitted (reeve itself "
                                         "lacks net_raw), restart = never");
    }
    SECTION("a turn before others") {
        Reeve reeve;
        reeve.service("web", std::string(sleeps) + "restart = never\nsched = fifo:1\n");
        Launch launch = launch_without(reeve, sys_nice);
        const auto drop = launch.prepare;
        launch.prepare = [drop] {
            drop();
            const struct rlimit none {};
            ::setrlimit(RLIMIT_RTPRIO, &none);
        };
        reeve.start(launch);
        REQUIRE(reeve.reaches("web", "failed"));
        CHECK(reason_of(reeve, "web") ==
              "sched: Operation not permitted (only root may, on Linux with CAP_SYS_NICE), "
              "restart = never");
    }
}

TEST_CASE("a hook that may not have its capabilities says so") {
    if (cannot_run(may_confine(), "needs root on Linux")) return;
    Reeve reeve;
    reeve.service("web",
                  std::string(sleeps) + "restart = never\ncapabilities = -\npre_start = true\n");
    reeve.start(launch_without(reeve, 8));
    REQUIRE(reeve.reaches("web", "failed"));
    CHECK(reason_of(reeve, "web").find("pre_start: capabilities: Operation not permitted") == 0);
}

TEST_CASE("an end by the kernel's out-of-memory killer is told as such, and stays so") {
    if (cannot_run(!is_sanitized(), "the sanitizer's memory is more than the group may have"))
        return;
    const MemoryGroup group("50331648");
    if (cannot_run(may_confine() && group.is_usable(), no_group)) return;
    Reeve reeve;
    reeve.service("hog", hogs);
    reeve.service("web", std::string(sleeps) + "restart = never\n");
    reeve.start(group.launch(reeve));
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(reeve.svctl({"up", "hog"}).status != 7);
    REQUIRE(reeve.reaches("hog", "failed"));
    const std::string words = "signal KILL (out of memory), restart = never";
    CHECK(reason_of(reeve, "hog") == words);
    CHECK(reeve.svctl({"why", "hog"}).out.find(words) != std::string::npos);
    CHECK(reeve.svctl({"history", "hog"}).out.find("signal KILL (out of memory)") !=
          std::string::npos);
    CHECK(reeve.comes_true([&] {
        return reeve.process().err().find("signal KILL (out of memory)") != std::string::npos;
    }));
    // The kernel's count stays; that somebody else sends KILL is another matter.
    ::kill(reeve.pid_of("web"), SIGKILL);
    REQUIRE(reeve.reaches("web", "failed"));
    CHECK(reason_of(reeve, "web") == "signal KILL, restart = never");
    CHECK(reeve.svctl({"reexec"}).status == 0);
    CHECK(reason_of(reeve, "hog") == words);
    reeve.kill();
    reeve.start(group.launch(reeve));
    CHECK(reason_of(reeve, "hog") == words);
    // After that the count goes on from where it is.
    CHECK(reeve.svctl({"up", "web"}).status == 0);
    ::kill(reeve.pid_of("web"), SIGKILL);
    REQUIRE(reeve.reaches("web", "failed"));
    CHECK(reason_of(reeve, "web") == "signal KILL, restart = never");
    CHECK(reeve.svctl({"up", "hog"}).status != 7);
    REQUIRE(reeve.comes_true([&] { return reeve.field("hog", "restarts") == "1"; }));
    REQUIRE(reeve.reaches("hog", "failed"));
    CHECK(reason_of(reeve, "hog") == words);
}

TEST_CASE("what runs under a bound of its control group shows it") {
    const MemoryGroup group("67108864");
    if (cannot_run(may_confine() && group.is_usable(), no_group)) return;
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start(group.launch(reeve));
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(reeve.svctl({"status", "web"}).out.find("memory_limit 64M\n") != std::string::npos);
    const Output json = reeve.svctl({"--json", "status", "web"});
    CHECK(json_member(json.out, "memory_limit") == "67108864");
    if (find_program("script").empty()) return;
    const Output table =
        run({"script", "-qc", reeve_binary() + " svctl -r " + reeve.run_directory() + " status",
             "/dev/null"});
    INFO(table.out);
    CHECK(table.out.find("limits: memory 64M") != std::string::npos);
}
