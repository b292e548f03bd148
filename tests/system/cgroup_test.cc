// A control group that each run has to itself: who is in it, what a stop ends, what reeve's own
// death changes, and what is refused.

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.h"
#include "kernel/control_group.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

constexpr char sleeps[] = "exec = sleep 1000\nrestart_delay = 10ms\nrestart_delay_max = 10ms\n";
// A daemon in a session of its own, which its parent does not wait for, and that hears no TERM.
constexpr char deaf_daemon[] = "setsid sh -c 'trap \"\" TERM; echo $$ > {dir}/daemon; "
                               "while :; do sleep 0.1; done' & ";
constexpr char daemon_that_ends[] = "setsid sh -c 'echo $$ > {dir}/daemon; exec sleep 1000' & ";
constexpr char no_groups[] = "needs root, and a cgroup v2 hierarchy that can be written to";

// A group of the test's own, for its reeve; all that is below it is ended and removed in the end.
class OwnGroup {
  public:
    OwnGroup() {
        reeve::ControlGroup own;
        if (!is_root() || !reeve::find_group({}, "", own)) return;
        top_ = std::string(own.directory.view().substr(0, own.top));
        static int count = 0;
        path_ = std::string(own.directory.view()) + "/reeve-test-" + std::to_string(getpid()) +
                "-" + std::to_string(++count);
        is_usable_ =
            mkdir(path_.c_str(), 0755) == 0 && access((path_ + "/cgroup.kill").c_str(), 0) == 0;
    }
    ~OwnGroup() {
        if (!is_usable_) return;
        write(path_ + "/cgroup.kill", "1");
        wait_until([&] { return remove(path_); });
    }
    OwnGroup(const OwnGroup&) = delete;
    OwnGroup& operator=(const OwnGroup&) = delete;

    bool is_usable() const { return is_usable_; }
    const std::string& path() const { return path_; }
    const std::string& top() const { return top_; }
    // As it is below the top.
    std::string name() const { return path_.substr(top_.size()); }
    Launch launch(const Reeve& reeve) const {
        Launch launch = reeve.launch();
        launch.prepare = [this] { write(path_ + "/cgroup.procs", "0"); };
        return launch;
    }
    Strings groups() const {
        Strings found;
        std::error_code none;
        for (const auto& entry : std::filesystem::directory_iterator(path_, none))
            if (entry.is_directory() && entry.path().filename() != "reeve.self")
                found.push_back(entry.path().filename());
        return found;
    }
    static bool write(const std::string& file, const std::string& text) {
        const int fd = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
        const bool good = fd >= 0 && ::write(fd, text.data(), text.size()) >= 0;
        ::close(fd);
        return good;
    }

  private:
    static bool remove(const std::string& group) {
        std::error_code none;
        for (const auto& entry : std::filesystem::directory_iterator(group, none))
            if (entry.is_directory()) remove(entry.path());
        return rmdir(group.c_str()) == 0;
    }

    std::string top_;
    std::string path_;
    bool is_usable_ = false;
};

// Its line of version 2.
std::string group_of(pid_t pid) {
    const std::string lines = read_file("/proc/" + std::to_string(pid) + "/cgroup");
    const size_t start = lines.find("0::");
    return start == lines.npos ? "" : lines.substr(start + 3, lines.find('\n', start) - start - 3);
}

pid_t daemon_of(const Reeve& reeve) {
    std::string text;
    wait_until([&] { return (text = reeve.text_of("daemon")).ends_with('\n'); });
    return static_cast<pid_t>(std::atoi(text.c_str()));
}

bool is_zombie(pid_t pid) { return status_field(pid, "State").starts_with("Z"); }

bool is_gone(pid_t pid) { return ::kill(pid, 0) < 0 || is_zombie(pid); }

std::string reason_of(const Reeve& reeve, const std::string& service) {
    return reeve.field(service, "reason");
}

}  // namespace

TEST_CASE("each run has a control group of its own, which goes with it") {
    const OwnGroup own;
    if (cannot_run(own.is_usable(), no_groups)) return;
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + "cgroup = yes\ncgroup_set = cgroup.max.depth 3\n"
                                               "pre_start = true\n");
    reeve.service("shop", std::string(sleeps) + "cgroup = " + own.name() + "/a/%n\n");
    reeve.service("db", std::string(sleeps) + "cgroup = data/db\n");
    reeve.service("plain", sleeps);
    reeve.start(own.launch(reeve));
    for (const char* name : {"web", "shop", "db", "plain"}) REQUIRE(reeve.reaches(name, "running"));
    const std::string group = group_of(reeve.pid_of("web"));
    CHECK(group.starts_with(own.name() + "/reeve.web."));
    CHECK(read_file(own.top() + group + "/cgroup.max.depth") == "3\n");
    CHECK(group_of(reeve.pid_of("shop")) == own.name() + "/a/shop");
    CHECK(group_of(reeve.pid_of("db")) == own.name() + "/data/db");
    CHECK(group_of(reeve.pid_of("plain")) == own.name());
    CHECK(group_of(reeve.pid()) == own.name());
    CHECK(reeve.svctl({"restart", "web"}).status == 0);
    CHECK(group_of(reeve.pid_of("web")) == group);
    CHECK(reeve.svctl({"down", "@all"}).status == 0);
    for (const char* gone : {"/a/shop", "/data/db"})
        CHECK(access((own.path() + gone).c_str(), 0) != 0);
    CHECK(access((own.top() + group).c_str(), 0) != 0);
}

TEST_CASE("a daemon that has escaped ends with a stop, at stop_timeout where it hears nothing") {
    const OwnGroup own;
    if (cannot_run(own.is_usable(), no_groups)) return;
    Reeve reeve;
    const bool is_deaf = GENERATE(true, false);
    reeve.service(
        "web", std::string("command = ") + (is_deaf ? deaf_daemon : daemon_that_ends) +
                   "exec sleep 1000\ncgroup = yes\nstop_timeout = " + (is_deaf ? "1s\n" : "1h\n"));
    reeve.start(own.launch(reeve));
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t daemon = daemon_of(reeve);
    REQUIRE(daemon > 0);
    CHECK(reeve.svctl({"down", "web"}).status == 0);
    CHECK(is_gone(daemon));
    CHECK((reason_of(reeve, "web").find("KILL was needed") != std::string::npos) == is_deaf);
    CHECK(own.groups().empty());
}

TEST_CASE("a stop is over when the kernel says that the group is empty, and nobody looks before") {
    const OwnGroup own;
    if (cannot_run(own.is_usable(), no_groups)) return;
    if (cannot_run(!is_sanitized(), "the sanitizer's threads are not reeve's own")) return;
    Reeve reeve;
    reeve.service("web", std::string("command = ") + deaf_daemon +
                             "exec sleep 1000\ncgroup = yes\nstop_timeout = 1h\n");
    reeve.start(own.launch(reeve));
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t daemon = daemon_of(reeve);
    const pid_t leader = reeve.pid_of("web");
    CHECK(reeve.svctl({"-n", "down", "web"}).status == 0);
    REQUIRE(reeve.reaches("web", "stopping"));
    REQUIRE(wait_until([&] { return ::kill(leader, 0) < 0; }));
    // It sleeps: what switches it is gives away each look.
    const auto switches = [&] { return status_field(reeve.pid(), "voluntary_ctxt_switches"); };
    std::string before;
    REQUIRE(wait_until([&] {
        before = switches();
        usleep(2100000);
        return switches() == before;
    }));
    ::kill(daemon, SIGKILL);
    REQUIRE(reeve.reaches("web", "stopped"));
    CHECK(own.groups().empty());
}

TEST_CASE("what a leader leaves in its group belongs to the run") {
    const OwnGroup own;
    if (cannot_run(own.is_usable(), no_groups)) return;
    Reeve reeve;
    reeve.service("web", std::string("command = ") + deaf_daemon +
                             "while ! test -s {dir}/daemon; do sleep 0.1; done; exit 3\n"
                             "cgroup = yes\nstop_timeout = 1s\nrestart = never\n");
    reeve.start(own.launch(reeve));
    const pid_t daemon = daemon_of(reeve);
    REQUIRE(reeve.reaches("web", "failed"));
    CHECK(is_gone(daemon));
    CHECK(reason_of(reeve, "web").starts_with("exit 3"));
    CHECK(own.groups().empty());
}

TEST_CASE("what a service uses is what all in its group use") {
    const OwnGroup own;
    if (cannot_run(own.is_usable(), no_groups)) return;
    Reeve reeve;
    const std::string text = std::string("command = ") + daemon_that_ends + "exec sleep 1000\n";
    reeve.service("web", text + "cgroup = yes\n");
    reeve.start(own.launch(reeve));
    REQUIRE(reeve.reaches("web", "running"));
    REQUIRE(daemon_of(reeve) > 0);
    const auto processes = [&] {
        const std::string out = reeve.svctl({"--json", "status", "web"}).out;
        const size_t place = out.find("\"processes\":");
        return place == out.npos ? -1 : std::atoi(out.c_str() + place + 12);
    };
    CHECK(wait_until([&] { return processes() == 2; }));
}

TEST_CASE("reeve's death, re-execution and crash leave a run its group") {
    const OwnGroup own;
    if (cannot_run(own.is_usable(), no_groups)) return;
    const int way = GENERATE(0, SIGSEGV, SIGKILL);
    INFO(way);
    Reeve reeve;
    const std::string text =
        std::string("command = ") + deaf_daemon + "exec sleep 1000\nstop_timeout = 1s\ncgroup = ";
    reeve.service("web", text + "yes\n");
    reeve.start(own.launch(reeve));
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.pid_of("web");
    const pid_t daemon = daemon_of(reeve);
    const std::string group = group_of(pid);
    // The group is the run's, whatever its file says by now.
    reeve.service("web", text + "elsewhere\n");
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.field("web", "stale") == "yes");
    if (way == SIGKILL) {
        reeve.kill();
        reeve.start(own.launch(reeve));
    } else {
        reeve.go_on(way);
    }
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(reeve.pid_of("web") == pid);
    CHECK(group_of(daemon) == group);
    CHECK(reeve.svctl({"restart", "web"}).status == 0);
    CHECK(is_gone(daemon));
    CHECK(access((own.top() + group).c_str(), 0) != 0);
    CHECK(group_of(reeve.pid_of("web")) == own.name() + "/elsewhere");
}

TEST_CASE("a stop that reeve does not live to see is gone on with, though the leader has ended") {
    const OwnGroup own;
    if (cannot_run(own.is_usable(), no_groups)) return;
    Reeve reeve;
    reeve.service("web", std::string("command = ") + deaf_daemon +
                             "exec sleep 1000\ncgroup = yes\nstop_timeout = 5s\n");
    reeve.start(own.launch(reeve));
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t daemon = daemon_of(reeve);
    const pid_t leader = reeve.pid_of("web");
    CHECK(reeve.svctl({"-n", "down", "web"}).status == 0);
    REQUIRE(wait_until([&] { return is_gone(leader); }));
    reeve.kill();
    CHECK_FALSE(is_gone(daemon));
    reeve.start(own.launch(reeve));
    REQUIRE(reeve.reaches("web", "stopped"));
    CHECK(is_gone(daemon));
    CHECK(own.groups().empty());
}

TEST_CASE("what an earlier reeve has left in a group is ended when the service next starts") {
    const OwnGroup own;
    if (cannot_run(own.is_usable(), no_groups)) return;
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + "cgroup = yes\n");
    reeve.start(own.launch(reeve));
    REQUIRE(reeve.reaches("web", "running"));
    const std::string group = own.top() + group_of(reeve.pid_of("web"));
    CHECK(reeve.svctl({"down", "web"}).status == 0);
    REQUIRE(mkdir(group.c_str(), 0755) == 0);
    const Process left({.arguments = {"sleep", "1000"},
                        .prepare = [&] { OwnGroup::write(group + "/cgroup.procs", "0"); }});
    REQUIRE(wait_until([&] { return !read_file(group + "/cgroup.procs").empty(); }));
    CHECK(reeve.svctl({"up", "web"}).status == 0);
    CHECK(wait_until([&] { return is_zombie(left.pid()); }));
    CHECK(own.top() + group_of(reeve.pid_of("web")) == group);
}

TEST_CASE("a group with somebody else's processes, reeve's or another service's is refused") {
    const OwnGroup own;
    if (cannot_run(own.is_usable(), no_groups)) return;
    Reeve reeve;
    const std::string once = std::string(sleeps) + "restart = never\ncgroup = ";
    reeve.service("first", once + "shared\n");
    reeve.service("second", once + "shared/below\nafter = first\n");
    reeve.service("third", once + own.name() + "\n");
    reeve.service("fourth", once + "taken\n");
    const std::string taken = own.path() + "/taken";
    REQUIRE(mkdir(taken.c_str(), 0755) == 0);
    const Process stranger({.arguments = {"sleep", "1000"},
                            .prepare = [&] { OwnGroup::write(taken + "/cgroup.procs", "0"); }});
    REQUIRE(wait_until([&] { return !read_file(taken + "/cgroup.procs").empty(); }));
    reeve.start(own.launch(reeve));
    REQUIRE(reeve.reaches("first", "running"));
    for (const char* name : {"second", "third", "fourth"}) REQUIRE(reeve.reaches(name, "failed"));
    CHECK(reason_of(reeve, "second").find("/shared/below: first has " + own.path() + "/shared") !=
          std::string::npos);
    CHECK(reason_of(reeve, "third").find(own.path() + " is reeve's own group") !=
          std::string::npos);
    CHECK(reason_of(reeve, "fourth")
              .find("processes are in it that are not the service's: PID " +
                    std::to_string(stranger.pid())) != std::string::npos);
    CHECK_FALSE(is_gone(stranger.pid()));
}

TEST_CASE("what the kernel refuses to take is a reason with the file, the value and why") {
    const OwnGroup own;
    if (cannot_run(own.is_usable(), no_groups)) return;
    Reeve reeve;
    const std::string once = std::string(sleeps) + "restart = never\ncgroup = yes\ncgroup_set = ";
    reeve.service("value", once + "cgroup.max.depth plenty\n");
    reeve.service("file", once + "cgroup.max.none 1\n");
    reeve.service("controller", once + "nonesuch.max 1\n");
    reeve.start(own.launch(reeve));
    for (const char* name : {"value", "file", "controller"}) REQUIRE(reeve.reaches(name, "failed"));
    CHECK(reason_of(reeve, "value").find("cgroup_set = cgroup.max.depth plenty: ") == 0);
    CHECK(reason_of(reeve, "value").find("/cgroup.max.depth: Invalid argument") !=
          std::string::npos);
    CHECK(reason_of(reeve, "file").find("/cgroup.max.none: ") != std::string::npos);
    CHECK(reason_of(reeve, "controller").find("controller nonesuch: not available there") !=
          std::string::npos);
    CHECK(own.groups().empty());
}

TEST_CASE("where its group is to have controllers for others reeve makes way, once") {
    const OwnGroup own;
    if (cannot_run(own.is_usable(), no_groups)) return;
    const std::string controllers = read_file(own.top() + "/cgroup.controllers");
    if (cannot_run(controllers.find("hugetlb") != std::string::npos,
                   "needs the hugetlb controller"))
        return;
    Reeve reeve;
    reeve.service("plain", sleeps);
    reeve.service("web", std::string(sleeps) + "depends_on = plain\ncgroup = yes\n"
                                               "cgroup_set = hugetlb.2MB.max 4M\n");
    reeve.start(own.launch(reeve));
    REQUIRE(reeve.reaches("web", "running"));
    const std::string group = group_of(reeve.pid_of("web"));
    CHECK(group.starts_with(own.name() + "/reeve.web."));
    CHECK(read_file(own.top() + group + "/hugetlb.2MB.max") == "4194304\n");
    CHECK(group_of(reeve.pid()) == own.name() + "/reeve.self");
    CHECK(group_of(reeve.pid_of("plain")) == own.name() + "/reeve.self");
    CHECK(reeve.svctl({"reexec"}).status == 0);
    CHECK(reeve.svctl({"restart", "web"}).status == 0);
    CHECK(group_of(reeve.pid_of("web")) == group);
}

TEST_CASE("where reeve may not make groups, or there are none, the start fails and says so") {
    const OwnGroup own;
    if (cannot_run(own.is_usable(), no_groups)) return;
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + "restart = never\ncgroup = yes\n");
    SECTION("another user's") {
        reeve.give_to(65534);
        Launch launch = reeve.launch();
        launch.uid = 65534;
        reeve.start(launch);
        REQUIRE(reeve.reaches("web", "failed"));
        CHECK(reason_of(reeve, "web")
                  .find("Permission denied (reeve may not make groups there; "
                        "they must be delegated to its user)") != std::string::npos);
    }
    SECTION("none at all") {
        if (cannot_run(run({"unshare", "--mount", "umount", "-l", own.top()}).status == 0,
                       "needs mount namespaces"))
            return;
        Launch launch = reeve.launch();
        Strings words = {
            "unshare", "--mount", "sh", "-c", "umount -l " + own.top() + " && exec \"$@\"", "sh"};
        words.insert(words.end(), launch.arguments.begin(), launch.arguments.end());
        launch.arguments = words;
        reeve.start(launch);
        REQUIRE(reeve.reaches("web", "failed"));
        CHECK(reason_of(reeve, "web").find("cgroup: no hierarchy of version 2 is mounted") == 0);
    }
}
