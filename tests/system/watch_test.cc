// Changes in service directories that apply by themselves (`watch = yes` in reeve.conf).

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "catch.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/smalldisk.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

constexpr char sleeps[] = "exec = sleep 1000\n";
constexpr char watched_conf[] = "watch = yes\nlog = null\n";
using Clock = std::chrono::steady_clock;

// A reeve that watches; `web` runs, and the first look is behind it.
class Watching : public Reeve {
  public:
    explicit Watching(const std::string& web = sleeps) {
        service("reeve.conf", watched_conf);
        service("web", web);
    }
    void begin() { begin(launch()); }
    void begin(const Launch& with) {
        start(with);
        REQUIRE(reaches("web", "running"));
        follows_changes();
    }

    std::string path(const std::string& name) const { return services() + "/" + name; }
    void remove(const std::string& name) const { unlink(path(name).c_str()); }
    // Is a change noticed? What came before it was so as well then.
    void follows_changes() {
        const std::string name = "mark" + std::to_string(++marks_);
        service(name, "type = fake\n");
        CHECK(comes_true([&] { return exists(run_directory() + "/status/" + name); }));
    }
    bool is_gone(const std::string& name) const {
        return comes_true([&] { return !exists(run_directory() + "/status/" + name); });
    }
    std::string said() { return process().err(); }

  private:
    int marks_ = 0;
};

// Each run writes what it is.
std::string runs_as(const std::string& word) {
    return "command = echo " + word + " >>{dir}/runs; exec sleep 1000\non_change = restart\n";
}

bool can_trace() {
    return has_program("strace") && run({"strace", "-D", "-o", "/dev/null", "true"}).status == 0;
}

// reeve under strace(1), with these options.
Launch traced(const Reeve& reeve, const Strings& options) {
    Launch launch = reeve.launch();
    Strings tracer = {"strace", "-D", "-qq", "-o", reeve.file("trace")};
    tracer.insert(tracer.end(), options.begin(), options.end());
    launch.arguments.insert(launch.arguments.begin(), tracer.begin(), tracer.end());
    launch.environment.push_back(no_leak_check);
    return launch;
}

void run_shell(const Reeve& reeve, const std::string& line) {
    const Output output = run({"sh", "-c", "cd '" + reeve.services() + "' && " + line});
    INFO(line << output.out << output.err);
    REQUIRE(output.status == 0);
}

}  // namespace

TEST_CASE("a new file starts, a changed one applies, and one that is removed stops") {
    Watching reeve(runs_as("one"));
    reeve.begin();
    reeve.service("new", sleeps);
    CHECK(reeve.reaches("new", "running"));
    const pid_t pid = reeve.pid_of("new");
    reeve.service("new", std::string(sleeps) + "group = label\n");
    CHECK(reeve.comes_true([&] { return reeve.svctl({"status", "@label"}).status == 0; }));
    CHECK(reeve.pid_of("new") == pid);
    reeve.service("web", runs_as("two"));
    CHECK(reeve.has_lines("runs", 2));
    reeve.remove("new");
    CHECK(reeve.is_gone("new"));
    CHECK_FALSE(alive(pid));
    CHECK(reeve.text_of("runs") == "one\ntwo\n");
}

TEST_CASE("without watch = yes nothing applies before a reload") {
    Watching watching;
    Reeve other;
    other.service("web", sleeps);
    other.start();
    REQUIRE(other.reaches("web", "running"));
    watching.begin();
    other.service("new", sleeps);
    // Twice as long as the one that watches takes.
    watching.follows_changes();
    watching.follows_changes();
    CHECK(other.svctl({"status", "new"}).status == 4);
    CHECK(other.svctl({"reload"}).status == 0);
    CHECK(other.reaches("new", "running"));
}

TEST_CASE("reeve.conf turns it on by a reload and off by itself, and its defaults apply") {
    Watching reeve;
    reeve.service("reeve.conf", "log = null\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    reeve.service("reeve.conf", watched_conf);
    CHECK(reeve.svctl({"reload"}).status == 0);
    reeve.follows_changes();
    reeve.service("reeve.conf", std::string(watched_conf) + "default.group = all-of-them\n");
    CHECK(reeve.comes_true([&] { return reeve.svctl({"status", "@all-of-them"}).status != 4; }));
    reeve.service("reeve.conf", "log = null\ndefault.group = last\n");
    CHECK(reeve.comes_true([&] { return reeve.svctl({"status", "@last"}).status != 4; }));
    Watching other;
    other.begin();
    reeve.service("new", sleeps);
    other.follows_changes();
    other.follows_changes();
    CHECK(reeve.svctl({"status", "new"}).status == 4);
}

TEST_CASE("a burst of writes is one reload") {
    Watching reeve(runs_as("first"));
    reeve.begin();
    // On a machine that makes us wait between two writes they are no burst.
    Clock::duration longest{};
    int tries = 0;
    do {
        const std::string number = std::to_string(++tries);
        longest = {};
        auto last = Clock::now();
        for (int i = 0; i < 40; ++i) {
            reeve.service("web", runs_as((i < 39 ? "between" : "last") + number));
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
            longest = std::max(longest, Clock::now() - last);
            last = Clock::now();
        }
        REQUIRE(reeve.comes_true([&] {
            return reeve.text_of("runs").find("last" + number + "\n") != std::string::npos;
        }));
    } while (longest > std::chrono::milliseconds(200) && tries < 20);
    reeve.follows_changes();
    CHECK(count(reeve.text_of("runs"), "between" + std::to_string(tries)) == 0);
}

TEST_CASE("files that change all the time are read all the same") {
    Watching reeve(runs_as("first"));
    reeve.begin();
    const auto end = Clock::now() + patience;
    while (count_lines(reeve.text_of("runs")) < 2 && Clock::now() < end) {
        reeve.service("busy", "type = fake\ndescription = " +
                                  std::to_string(Clock::now().time_since_epoch().count()) + "\n");
        reeve.service("web", runs_as("next"));
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    CHECK(reeve.text_of("runs") == "first\nnext\n");
}

TEST_CASE("a file with errors keeps what runs, and is told of once") {
    Watching reeve;
    reeve.begin();
    const pid_t pid = reeve.pid_of("web");
    reeve.service("web", "exce = sleep 1001\n");
    const std::string line = reeve.path("web") + ":1: ";
    CHECK(reeve.comes_true([&] { return count(reeve.said(), line) == 1; }));
    reeve.follows_changes();
    reeve.service("web", "exce = sleep 1001\n");
    reeve.follows_changes();
    CHECK(count(reeve.said(), line) == 1);
    CHECK(reeve.pid_of("web") == pid);
    CHECK(reeve.state("web") == "running");
    // Who asks is told, and so is what is broken once more.
    reeve.signal(SIGHUP);
    CHECK(reeve.comes_true([&] { return count(reeve.said(), line) == 2; }));
    reeve.service("web", sleeps);
    reeve.follows_changes();
    reeve.service("web", "exce = sleep 1001\n");
    CHECK(reeve.comes_true([&] { return count(reeve.said(), line) == 3; }));
}

TEST_CASE("a file that is being written is not read before it is closed") {
    const bool is_conf = GENERATE(false, true);
    Watching reeve(runs_as("old"));
    reeve.begin();
    // As far as it goes it could be meant so: a setting less, a command that is another one.
    const std::string name = is_conf ? "reeve.conf" : "web";
    const std::string text =
        is_conf ? std::string("log = null\n# half\nwatch = yes\n") : runs_as("whole");
    const std::string filled = reeve.fill_in(text);
    const size_t half = is_conf ? 11 : filled.find("ole");
    const int fd = open(reeve.path(name).c_str(), O_WRONLY | O_TRUNC);
    REQUIRE(write(fd, filled.data(), half) == static_cast<ssize_t>(half));
    if (!is_conf) REQUIRE(write(fd, "\n", 1) == 1);
    std::this_thread::sleep_for(std::chrono::milliseconds(800));
    REQUIRE(pwrite(fd, filled.data(), filled.size(), 0) == static_cast<ssize_t>(filled.size()));
    REQUIRE(close(fd) == 0);
    if (!is_conf) CHECK(reeve.has_lines("runs", 2));
    reeve.follows_changes();
    CHECK(reeve.text_of("runs") == (is_conf ? "old\n" : "old\nwhole\n"));
}

TEST_CASE("the same content written anew, and new times, restart nothing") {
    Watching reeve(runs_as("web"));
    reeve.begin();
    const pid_t pid = reeve.pid_of("web");
    reeve.service("web", runs_as("web"));
    reeve.follows_changes();
    run_shell(reeve, "touch web reeve.conf && cp web copy.x && mv copy.x web");
    reeve.follows_changes();
    CHECK(reeve.pid_of("web") == pid);
    CHECK(reeve.field("web", "stale") == "no");
    CHECK(reeve.text_of("runs") == "web\n");
}

TEST_CASE("a change that does not show in the file's time is noticed") {
    Watching reeve(runs_as("1"));
    reeve.begin();
    struct stat before {};
    REQUIRE(stat(reeve.path("web").c_str(), &before) == 0);
    reeve.service("web", runs_as("2"));
    const timespec times[] = {before.st_atim, before.st_mtim};
    REQUIRE(utimensat(AT_FDCWD, reeve.path("web").c_str(), times, 0) == 0);
    CHECK(reeve.has_lines("runs", 2));
}

TEST_CASE("the execute bit starts and stops an executable service by itself") {
    Watching reeve;
    reeve.begin();
    reeve.script("tool", "#!/bin/sh\nexec sleep 1000\n");
    REQUIRE(reeve.reaches("tool", "running"));
    const pid_t pid = reeve.pid_of("tool");
    chmod(reeve.path("tool").c_str(), 0644);
    CHECK(reeve.comes_true([&] { return !alive(pid); }));
    chmod(reeve.path("tool").c_str(), 0755);
    CHECK(reeve.runs_anew("tool", pid));
}

TEST_CASE("editors' ways of saving apply as one change each, and what they leave is nothing") {
    const char* ways[] = {
        // cp, sed -i, install, rsync
        "printf '%s' \"$text\" >../next && cp ../next web",
        "sed -i 's/old/new/' web",
        "printf '%s' \"$text\" >../next && install -m 644 ../next web",
        "printf '%s' \"$text\" >.web.Xa81q2 && mv .web.Xa81q2 web",
        // vim with its probe, its backup and its swap file
        ": >.web.swp && : >4913 && rm 4913 && mv web web~ && printf '%s' \"$text\" >web && "
        "chmod 644 web && rm web~ .web.swp",
        // emacs with its lock
        "ln -s me@here.123:456 .#web && cp web web~ && printf '%s' \"$text\" >web && rm .#web",
    };
    for (const char* way : ways) {
        INFO(way);
        Watching reeve(runs_as("old"));
        reeve.begin();
        run_shell(reeve, "text='" + reeve.fill_in(runs_as("new")) + "\n' && " + way);
        CHECK(reeve.has_lines("runs", 2));
        reeve.follows_changes();
        CHECK(reeve.text_of("runs") == "old\nnew\n");
        CHECK(reeve.svctl({"status", "4913"}).status == 4);
        CHECK(reeve.said() == "");
    }
}

TEST_CASE("the swap of ..data in a volume of Kubernetes is noticed") {
    Watching reeve;
    reeve.remove("web");
    reeve.remove("reeve.conf");
    run_shell(reeve, "mkdir ..1 && ln -s ..1 ..data && ln -s ..data/web web && "
                     "ln -s ..data/reeve.conf reeve.conf");
    reeve.service("..1/reeve.conf", watched_conf);
    reeve.service("..1/web", runs_as("one"));
    reeve.begin();
    for (const bool keeps : {true, false}) {
        run_shell(reeve, "rm -rf ..2 && cp -r ..1 ..2 && ln -s ..2 ..data_tmp");
        const std::string word = keeps ? "two" : "three";
        reeve.service("..2/web", runs_as(word));
        run_shell(reeve, "mv -T ..data_tmp ..data");
        if (!keeps) run_shell(reeve, "rm -rf ..1");
        CHECK(reeve.has_lines("runs", keeps ? 2 : 3));
        if (keeps)
            run_shell(reeve, "mv ..2 ..1b && ln -s ..1b ..data_tmp && "
                             "mv -T ..data_tmp ..data && rm -rf ..1 && cp -r ..1b ..1");
        reeve.follows_changes();
    }
    CHECK(reeve.text_of("runs") == "one\ntwo\nthree\n");
}

TEST_CASE("a file that a link leads to is watched where it is") {
    Watching reeve;
    reeve.remove("web");
    write_file(reeve.file("real"), reeve.fill_in(runs_as("one")));
    REQUIRE(symlink(reeve.file("real").c_str(), reeve.path("web").c_str()) == 0);
    reeve.begin();
    std::ofstream(reeve.file("real")) << reeve.fill_in(runs_as("two"));
    CHECK(reeve.has_lines("runs", 2));
    write_file(reeve.file("next"), reeve.fill_in(runs_as("three")));
    REQUIRE(rename(reeve.file("next").c_str(), reeve.file("real").c_str()) == 0);
    CHECK(reeve.has_lines("runs", 3));
    std::ofstream(reeve.file("real")) << reeve.fill_in(runs_as("four"));
    CHECK(reeve.has_lines("runs", 4));
}

TEST_CASE("a service directory that is taken away harms nothing, and is followed once it is back") {
    const std::string way = GENERATE(
        // Renamed, removed with all that is in it, and for a while; a link in its place.
        as<std::string>{}, "mv services old && sleep 1 && cp -r old services",
        "cp -r services old && rm -r services && sleep 1 && cp -r old services",
        "cp -r services new && mv services old && mv new services",
        "mv services old && ln -s old services",
        "mv services v1 && ln -s v1 services && sleep 1 && cp -r v1 v2 && ln -s v2 l && "
        "mv -T l services");
    INFO(way);
    Watching reeve;
    reeve.begin();
    const pid_t pid = reeve.pid_of("web");
    const Output output = run({"sh", "-c", "cd '" + reeve.directory() + "' && " + way});
    REQUIRE(output.status == 0);
    reeve.follows_changes();
    reeve.service("new", sleeps);
    CHECK(reeve.reaches("new", "running"));
    CHECK(reeve.pid_of("web") == pid);
    reeve.remove("new");
    CHECK(reeve.is_gone("new"));
    CHECK(count(reeve.said(), "read directory") <= 1);
}

TEST_CASE(
    "a directory that others may write to is told of once, and read again once it is mended") {
    if (cannot_run(is_root(), "needs root")) return;
    Watching reeve;
    reeve.begin();
    chmod(reeve.services().c_str(), 0777);
    const auto refusals = [&] { return count(reeve.said(), "may write to it"); };
    CHECK(reeve.comes_true([&] { return refusals() == 1; }));
    reeve.service("new", sleeps);
    Watching other;
    other.begin();
    other.follows_changes();
    CHECK(refusals() == 1);
    CHECK(reeve.svctl({"status", "new"}).status == 4);
    CHECK(reeve.state("web") == "running");
    chmod(reeve.services().c_str(), 0755);
    CHECK(reeve.reaches("new", "running"));
}

TEST_CASE(
    "where all files are gone at once what runs stays, until somebody asks or there are some") {
    Watching reeve;
    reeve.begin();
    const pid_t pid = reeve.pid_of("web");
    const auto told = [&] { return count(reeve.said(), "nothing is in it any more"); };
    run_shell(reeve, "rm *");
    CHECK(reeve.comes_true([&] { return told() == 1; }));
    run_shell(reeve, "touch web && rm web && sleep 0.5");
    CHECK(reeve.pid_of("web") == pid);
    reeve.service("web", sleeps);
    reeve.service("reeve.conf", watched_conf);
    reeve.follows_changes();
    CHECK(reeve.pid_of("web") == pid);
    run_shell(reeve, "rm *");
    CHECK(reeve.comes_true([&] { return told() == 2; }));
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.is_gone("web"));
    CHECK_FALSE(alive(pid));
}

TEST_CASE("what is mounted over a service directory is noticed, and that it is gone again") {
    if (cannot_run(has_mounts(), "mounts are not permitted")) return;
    Watching reeve;
    reeve.begin();
    {
        const SmallDisk disk(reeve.services(), "mode=755");
        reeve.service("reeve.conf", watched_conf);
        reeve.service("mounted", sleeps);
        CHECK(reeve.reaches("mounted", "running"));
        CHECK(reeve.is_gone("web"));
    }
    CHECK(reeve.reaches("web", "running"));
    CHECK(reeve.is_gone("mounted"));
}

TEST_CASE("all of several directories are watched, trusted ones too") {
    if (cannot_run(is_root(), "needs root")) return;
    Watching reeve;
    const std::string later = reeve.file("later");
    make_directory(later, 0777);
    chmod(later.c_str(), 0777);
    reeve.service("reeve.conf", std::string(watched_conf) + "trust = {dir}/later\n");
    reeve.begin(reeve.launch({"-d", later}));
    write_file(later + "/new", sleeps, 0777);
    CHECK(reeve.reaches("new", "running"));
    write_file(later + "/web", reeve.fill_in(runs_as("later")), 0777);
    CHECK(reeve.comes_true([&] { return reeve.field("web", "file") == later + "/web"; }));
    unlink((later + "/web").c_str());
    CHECK(reeve.comes_true([&] { return reeve.field("web", "file") == reeve.path("web"); }));
    reeve.follows_changes();
}

TEST_CASE("five thousand files at once are few readings, and all are there") {
    Watching reeve;
    const bool traces = can_trace();
    const auto readings = [&] { return count(reeve.text_of("trace"), "reeve.conf"); };
    reeve.begin(traces ? traced(reeve, {"-e", "trace=openat,open", "-P", reeve.path("reeve.conf")})
                       : reeve.launch());
    const int before = readings();
    CHECK((before > 0 || !traces));
    for (int i = 0; i < 5000; ++i) reeve.service("s" + std::to_string(i), "type = fake\n");
    CHECK(reeve.comes_true([&] {
        return exists(reeve.run_directory() + "/status/s0") &&
               exists(reeve.run_directory() + "/status/s4999");
    }));
    reeve.follows_changes();
    WARN("5,000 files: " << readings() - before << " readings, one more file included");
    CHECK(readings() - before <= 20);
    CHECK(reeve.svctl({"status", "s2500"}).status == 3);
    run_shell(reeve, "find . -name 's[0-9]*' -delete");
    CHECK(reeve.is_gone("s4999"));
    CHECK(reeve.state("web") == "running");
}

TEST_CASE("edits of svctl's apply once, and svctl tells how they went") {
    Watching reeve(runs_as("one"));
    reeve.begin();
    for (const char* word : {"two", "three"}) {
        const Output output = reeve.svctl({"set", "web",
                                           reeve.fill_in("command=echo " + std::string(word) +
                                                         " >>{dir}/runs; exec sleep 1000")});
        INFO(output.out << output.err);
        CHECK(output.status == 0);
        CHECK(output.out.find("nothing changes") == output.out.npos);
    }
    const Output failed =
        reeve.svctl({"add", "bad", reeve.fill_in("command=echo >>{dir}/bad; exit 1"), "retries=1"});
    INFO(failed.out << failed.err);
    CHECK(failed.status == 1);
    CHECK(reeve.svctl({"add", "good", "exec=sleep 1000"}).status == 0);
    CHECK(reeve.state("good") == "running");
    const pid_t pid = reeve.pid_of("good");
    CHECK(reeve.svctl({"remove", "good"}).status == 0);
    CHECK_FALSE(alive(pid));
    reeve.follows_changes();
    CHECK(reeve.text_of("runs") == "one\ntwo\nthree\n");
    CHECK(reeve.text_of("bad") == "\n");
}

TEST_CASE("an edit of svctl's that takes long is svctl's to apply, and of one that died applies") {
    if (cannot_run(can_trace(), "strace is not installed, or may not trace")) return;
    const bool dies = GENERATE(false, true);
    Watching reeve(runs_as("one"));
    reeve.begin();
    // The file is in its place, and svctl waits for the directory to be on the disk.
    const std::string slow = "inject=fsync:delay_enter=800000:when=2";
    const std::string dead = "inject=fsync:signal=KILL:when=2";
    const Output output =
        run({.arguments = {"strace", "-qq", "-o", reeve.file("trace"), "-e", dies ? dead : slow,
                           reeve_binary(), "svctl", "-r", reeve.run_directory(), "set", "web",
                           reeve.fill_in("command=echo two >>{dir}/runs; exec sleep 1000")},
             .environment = {no_leak_check}});
    INFO(output.out << output.err << reeve.text_of("trace"));
    if (!dies) {
        CHECK(output.status == 0);
        CHECK(output.out.find("nothing changes") == output.out.npos);
    }
    CHECK(reeve.has_lines("runs", 2));
    reeve.follows_changes();
    CHECK(reeve.text_of("runs") == "one\ntwo\n");
}

TEST_CASE("where one of two directories loses all that is in it, what runs of it stays") {
    Reeve reeve;
    reeve.service("reeve.conf", "watch = yes\n");
    reeve.service("web", "exec = sleep 1000\n");
    const std::string second = reeve.file("second");
    make_directory(second);
    write_file(second + "/other", "exec = sleep 1000\n");
    Launch launch = reeve.launch({"-d", second});
    reeve.start(launch);
    REQUIRE(reeve.reaches("other", "running"));
    const pid_t pid = reeve.pid_of("other");
    REQUIRE(rename(second.c_str(), reeve.file("away").c_str()) == 0);
    make_directory(second);
    CHECK(reeve.comes_true([&] {
        return reeve.process().err().find(second + ": nothing is in it any more") !=
               std::string::npos;
    }));
    CHECK(reeve.pid_of("other") == pid);
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(wait_until([&] { return !alive(pid); }));
}

TEST_CASE("behind a fourth crash a change stops nothing, for nothing could be started anew") {
    Reeve reeve;
    reeve.may_crash = true;
    reeve.service("reeve.conf", "watch = yes\n");
    reeve.service("web", "exec = sleep 1000\non_change = restart\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.pid_of("web");
    for (int i = 1; i <= 4; ++i) {
        reeve.signal(SIGSEGV);
        REQUIRE(reeve.comes_true(
            [&] { return count(reeve.process().err(), "crashed (SIGSEGV)") >= i; }));
        REQUIRE(reeve.comes_true([&] { return reeve.svctl({"status", "web"}).status == 0; }));
    }
    reeve.service("web", "exec = sleep 2000\non_change = restart\n");
    reeve.service("later", "exec = sleep 3000\n");
    // For longer than a burst takes.
    const auto used = cpu_time_of(reeve.pid());
    CHECK_FALSE(wait_until([&] { return !alive(pid); }, std::chrono::seconds(1)));
    CHECK(cpu_time_of(reeve.pid()) - used < std::chrono::milliseconds(200));
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.runs_anew("web", pid));
    CHECK(reeve.reaches("later", "running"));
}

TEST_CASE("it goes on after a crash, an upgrade, and a kill amid a burst") {
    Watching reeve;
    reeve.may_crash = true;
    reeve.begin();
    const pid_t pid = reeve.pid_of("web");
    kill(reeve.pid(), SIGSEGV);
    CHECK(reeve.comes_true([&] { return reeve.said().find("crashed") != std::string::npos; }));
    reeve.follows_changes();
    // Behind a crash the directory may be gone.
    REQUIRE(rename(reeve.services().c_str(), reeve.file("old").c_str()) == 0);
    kill(reeve.pid(), SIGSEGV);
    CHECK(reeve.comes_true([&] { return count(reeve.said(), "crashed (") == 2; }));
    REQUIRE(rename(reeve.file("old").c_str(), reeve.services().c_str()) == 0);
    reeve.follows_changes();
    CHECK(reeve.svctl({"reexec"}).status == 0);
    reeve.follows_changes();
    for (int i = 0; i < 3; ++i) {
        const std::string name = "new" + std::to_string(i);
        for (int write = 0; write < 20; ++write) reeve.service(name, sleeps);
        reeve.kill();
        for (int write = 0; write < 20; ++write) reeve.service(name, sleeps);
        reeve.start();
        for (int write = 0; write < 20; ++write)
            reeve.service(name, std::string(sleeps) + "group = label" + std::to_string(i) + "\n");
        CHECK(reeve.reaches(name, "running"));
        CHECK(reeve.comes_true([&] {
            return reeve.svctl({"status", "@label" + std::to_string(i)}).status == 0;
        }));
    }
    CHECK(reeve.pid_of("web") == pid);
    CHECK(reeve.stop() == 0);
}

TEST_CASE("nothing applies any more once reeve stops") {
    Watching reeve("command = trap 'touch {dir}/told' TERM; while :; do sleep 0.1; done\n"
                   "stop_timeout = 2s\n");
    reeve.begin();
    reeve.signal(SIGTERM);
    REQUIRE(reeve.comes_true([&] { return exists(reeve.file("told")); }));
    reeve.service("new", "command = touch {dir}/started\n");
    CHECK(reeve.wait() == 0);
    CHECK_FALSE(exists(reeve.file("started")));
}

TEST_CASE("PID 1 of a container follows changes too") {
    if (cannot_run(has_namespaces(), "PID namespaces are not permitted")) return;
    Watching reeve;
    reeve.remove("web");
    reeve.start_as_pid_1();
    reeve.service("web", sleeps);
    REQUIRE(reeve.reaches("web", "running"));
    reeve.follows_changes();
    reeve.remove("web");
    CHECK(reeve.is_gone("web"));
    CHECK(reeve.stop() == 0);
}

TEST_CASE("where limits of inotify are reached it looks every two seconds, and says so once") {
    if (cannot_run(can_trace(), "strace is not installed, or may not trace")) return;
    const std::string call =
        GENERATE(as<std::string>{}, "inotify_init1:error=EMFILE", "inotify_add_watch:error=ENOSPC",
                 "inotify_add_watch:error=ENOSPC:when=3");
    INFO(call);
    Watching reeve(runs_as("one"));
    reeve.begin(traced(reeve, {"-e", "inject=" + call}));
    reeve.service("web", runs_as("two"));
    CHECK(reeve.has_lines("runs", 2));
    reeve.script("tool", "#!/bin/sh\nexec sleep 1000\n");
    REQUIRE(reeve.reaches("tool", "running"));
    chmod(reeve.path("tool").c_str(), 0644);
    CHECK(reeve.is_gone("tool"));
    const std::string said = reeve.said();
    INFO(said);
    CHECK(count(said, "looked at every 2 s") == 1);
    CHECK(said.find("sysctl fs.inotify") != said.npos);
    REQUIRE(rename(reeve.services().c_str(), reeve.file("old").c_str()) == 0);
    CHECK(reeve.comes_true([&] { return count(reeve.said(), "read directory") == 1; }));
    REQUIRE(rename(reeve.file("old").c_str(), reeve.services().c_str()) == 0);
    reeve.follows_changes();
    CHECK(count(reeve.said(), "read directory") == 1);
    CHECK(reeve.text_of("runs") == "one\ntwo\n");
}

TEST_CASE("while nothing changes a reeve that watches does not wake up") {
    if (cannot_run(exists("/proc/self/status"), "needs /proc")) return;
    Watching reeve;
    reeve.begin();
    const auto wake_ups = [&] {
        return std::atol(status_field(reeve.pid(), "voluntary_ctxt_switches").c_str()) +
               std::atol(status_field(reeve.pid(), "nonvoluntary_ctxt_switches").c_str());
    };
    long before = wake_ups();
    REQUIRE(wait_until([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
        return std::exchange(before, wake_ups()) == before;
    }));
    // What happens beside the directory is no reason either.
    write_file(reeve.file("beside"), "");
    std::this_thread::sleep_for(std::chrono::seconds(3));
    CHECK(wake_ups() == before);
    reeve.follows_changes();
}
