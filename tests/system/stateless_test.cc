// reeve -- CMD alone, as tini: no run directory, nothing that is left, nothing that is believed.

#include <csignal>
#include <fcntl.h>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

#include "catch.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

// A user of its own, with a home and a directory for run files: both are empty at first. As root
// one without a passwd entry; else who we are.
class User {
  public:
    User() {
        make_directory(home());
        make_directory(runtime());
        if (is_root()) reeve_.give_to(uid());
    }
    std::string home() const { return reeve_.file("home"); }
    std::string runtime() const { return reeve_.file("runtime"); }
    std::string run_directory() const { return runtime() + "/reeve"; }

    Launch launch(const Strings& words) const {
        Launch launch{
            .arguments = {reeve_binary()},
            .environment = {"HOME=" + home(), "XDG_RUNTIME_DIR=" + runtime(),
                            "XDG_CONFIG_HOME=", "XDG_STATE_HOME=", "REEVE_RUN=", "REEVE_DIR="},
            .directory = "/"};
        for (const std::string& word : words) launch.arguments.push_back(reeve_.fill_in(word));
        if (is_root()) launch.uid = uid();
        return launch;
    }
    // A file of this user's own.
    void write(const std::string& path, const std::string& text) const {
        write_file(path, reeve_.fill_in(text));
        if (is_root()) reeve_.give_to(uid());
    }
    // The default service directory, with one service.
    void define(const std::string& name, const std::string& text) const {
        make_directory(home() + "/.config");
        make_directory(home() + "/.config/reeve");
        write(home() + "/.config/reeve/" + name, text);
    }
    const Reeve& files() const { return reeve_; }

  private:
    static uid_t uid() { return 3000000 + static_cast<uid_t>(getpid()) % 1000000; }

    Reeve reeve_;
};

bool is_empty(const std::string& directory) {
    return run({"find", directory, "-mindepth", "1"}).out.empty();
}

bool cannot_be_alone() {
    return cannot_run(!exists("/etc/reeve"), "there is a service directory /etc/reeve");
}

// The words that run `words` as PID 1 of a namespace, or as they are.
Launch as(bool pid_1, const Strings& words) {
    Strings all;
    if (pid_1) all = {"unshare", "--pid", "--fork", "--mount-proc", "--kill-child"};
    all.push_back(reeve_binary());
    all.insert(all.end(), words.begin(), words.end());
    return Launch{.arguments = all, .environment = {"REEVE_RUN=", "REEVE_DIR="}};
}

bool cannot_be_pid_1(bool pid_1) {
    return pid_1 && cannot_run(has_namespaces(), "PID namespaces are not permitted");
}

}  // namespace

TEST_CASE("reeve -- CMD alone leaves nothing, and nests") {
    const User user;
    const Output output = run(
        user.launch({"--", "{reeve}", "--", "{reeve}", "--", "sh", "-c", "echo inmost; exit 7"}));
    CHECK(output.status == 7);
    CHECK(output.out == "inmost\n");
    CHECK(output.err.empty());
    CHECK(is_empty(user.home()));
    CHECK(is_empty(user.runtime()));
    if (is_root()) CHECK(run({"find", "/tmp", "-maxdepth", "1", "-name", "reeve-3*"}).out.empty());
}

TEST_CASE("two reeve -- CMD of one user run beside each other") {
    const User user;
    Process first(user.launch({"--", "sleep", "1000"}));
    REQUIRE(wait_until([&] { return children_of(first.pid()).size() == 1; }));
    const Output second = run(user.launch({"--", "sh", "-c", "exit 5"}));
    CHECK(second.status == 5);
    CHECK(second.err.empty());
    CHECK(first.running());
}

TEST_CASE("whoever names a run or service directory, or asks with -q, has a run directory") {
    const User user;
    const std::string elsewhere = user.files().file("elsewhere");
    make_directory(user.files().file("empty"));
    const auto keeps = [&](const Strings& options, const std::string& variable,
                           const std::string& directory) {
        Strings words = options;
        words.insert(words.end(), {"--", "true"});
        Launch launch = user.launch(words);
        if (!variable.empty()) launch.environment.push_back(variable);
        if (is_root()) user.files().give_to(*launch.uid);
        const Output output = run(launch);
        INFO(output.err);
        return output.status == 0 && exists(directory + "/journal");
    };
    CHECK(keeps({"-r", elsewhere + "1"}, "", elsewhere + "1"));
    CHECK(keeps({}, "REEVE_RUN=" + elsewhere + "2", elsewhere + "2"));
    CHECK(keeps({"-q"}, "", user.run_directory()));
    run({"rm", "-r", user.run_directory()});
    CHECK(keeps({"-d", user.files().file("empty")}, "", user.run_directory()));
    run({"rm", "-r", user.run_directory()});
    CHECK(keeps({}, "REEVE_DIR=" + user.files().file("empty"), user.run_directory()));
}

TEST_CASE("a default run directory that another reeve holds is done without, with one line") {
    const User user;
    user.define("web", "command = echo started >> {dir}/home/web; exec sleep 1000\n");
    Process first(user.launch({}));
    REQUIRE(wait_until([&] { return exists(user.home() + "/web"); }));
    const Output second = run(user.launch({"--", "sh", "-c", "exit 5"}));
    INFO(second.err);
    CHECK(second.status == 5);
    CHECK(count(second.err, "another reeve holds " + user.run_directory()) == 1);
    CHECK(count(second.err, "\n") == 1);
    CHECK(read_file(user.home() + "/web") == "started\n");  // not a second time
    CHECK(run(user.launch({"-r", user.run_directory(), "--", "true"})).status == 100);
    CHECK(first.running());
}

TEST_CASE("svctl says what a reeve that it does not hear lacks") {
    const User user;
    Process reeve(user.launch({"--", "sleep", "1000"}));
    REQUIRE(wait_until([&] { return children_of(reeve.pid()).size() == 1; }));
    const Output output = run(user.launch({"svctl", "status"}));
    INFO(output.err);
    CHECK(output.status == 7);
    CHECK(output.err.find("reeve -- CMD alone") != output.err.npos);
}

TEST_CASE("a crash of reeve -- CMD alone is survived: CMD goes on and gives its exit code") {
    const bool pid_1 = GENERATE(false, true);
    if (cannot_be_alone() || cannot_be_pid_1(pid_1)) return;
    // A signal that comes while the one before is dealt with is one with it. A program that was
    // executed anew is told another random number in its auxv, and has its handlers a moment later.
    const std::string line =
        "p=$PPID; until grep -q 'SigCgt:.*[4-7c-f]..$' /proc/$p/status; do sleep 0.02; done; "
        "for s in SEGV ABRT ABRT; do before=$(cksum </proc/$p/auxv); kill -$s $p; "
        "until test \"$(cksum </proc/$p/auxv)\" != \"$before\" && "
        "grep -q 'SigCgt:.*[4-7c-f]..$' /proc/$p/status; do sleep 0.02; done; done; "
        "test $PPID = $p && exit 21";
    const Output output = run(as(pid_1, {"--", "sh", "-c", line}));
    INFO(output.err);
    CHECK(output.status == 21);
    CHECK(count(output.err, "goes on by executing itself again") == 3);
}

TEST_CASE("after a crash of reeve -- CMD alone its signals still reach CMD") {
    const bool pid_1 = GENERATE(false, true);
    if (cannot_be_alone() || cannot_be_pid_1(pid_1)) return;
    const std::string line = "trap 'exit 9' TERM; p=$PPID; kill -SEGV $p; kill -TERM $p; "
                             "while :; do sleep 0.05; done";
    CHECK(run(as(pid_1, {"--", "sh", "-c", line})).status == 9);
}

// For a user that may have no process: nothing can be forked.
static Launch without_processes(const User& user) {
    Launch launch = user.launch({"--", "true"});
    launch.environment.emplace_back(no_leak_check);
    launch.prepare = [] {
        const rlimit none = {0, 0};
        setrlimit(RLIMIT_NPROC, &none);
    };
    return launch;
}

TEST_CASE("a CMD alone that no process can be had for is given up after two seconds") {
    if (cannot_run(is_root(), "needs a user with no process, and root to become it")) return;
    const User user;
    const Output output = run(without_processes(user));
    INFO(output.err);
    CHECK(output.status == 1);
    CHECK(output.err == "reeve: true was not started: fork: Resource temporarily unavailable "
                        "(ulimit -u: 0)\n");
}

TEST_CASE("a CMD alone that no process can be had for is given up behind many faults as well") {
    if (cannot_run(is_root(), "needs a user with no process, and root to become it")) return;
    const User user;
    Process reeve(without_processes(user));
    const std::string status = "/proc/" + std::to_string(reeve.pid()) + "/status";
    REQUIRE(wait_until([&] {
        const std::string text = read_file(status);
        return has_signal(text, "SigCgt", SIGTERM) && text.find("State:\tS") != text.npos;
    }));
    CHECK(wait_until([&] {
        reeve.signal(SIGSEGV);
        return count(reeve.err(), "goes on by executing itself again") >= 6;
    }));
    CHECK(reeve.wait() == 1);
    CHECK(count(reeve.err(), "starts nothing") == 0);
}

TEST_CASE("TERM ends a reeve that can have no process for CMD") {
    if (cannot_run(is_root(), "needs a user with no process, and root to become it")) return;
    const bool alone = GENERATE(false, true);
    const User user;
    if (!alone) user.define("web", "exec = sleep 1000\n");
    Process reeve(without_processes(user));
    const std::string status = "/proc/" + std::to_string(reeve.pid()) + "/status";
    REQUIRE(wait_until([&] { return has_signal(read_file(status), "SigCgt", SIGTERM); }));
    if (!alone) {
        CHECK(wait_until([&] { return count(reeve.err(), "; it is tried again") == 1; }));
        std::this_thread::sleep_for(std::chrono::milliseconds(2500));  // longer than it takes alone
        CHECK(reeve.running());
        CHECK(count(reeve.err(), "; it is tried again") == 1);
    }
    reeve.signal(SIGTERM);
    CHECK(reeve.wait() == 128 + SIGTERM);
}
