// reeve as an ordinary user: from a terminal, from a crontab.

#include <csignal>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

// Neither in /etc/passwd nor that of another copy of this test.
uid_t stranger() { return 3000000 + static_cast<uid_t>(getpid()) % 1000000; }

std::string fallback_directory(uid_t uid) { return "/tmp/reeve-" + std::to_string(uid); }

// A user with a home and nothing else; root plays one.
struct User {
    TempDir home;
    uid_t uid = is_root() ? stranger() : getuid();

    User() {
        if (is_root() && chown(home.path().c_str(), uid, uid) < 0)
            throw std::runtime_error("chown");
    }
    Launch launch(const Strings& words, const Strings& environment = {}) const {
        Launch result{.arguments = {reeve_binary()}, .directory = "/"};
        result.arguments.insert(result.arguments.end(), words.begin(), words.end());
        result.environment = {"HOME=" + home.path()};
        result.environment.insert(result.environment.end(), environment.begin(), environment.end());
        if (is_root()) result.uid = uid;
        return result;
    }
    void own(const std::string& path) const {
        if (is_root() && lchown(path.c_str(), uid, uid) < 0) throw std::runtime_error("chown");
    }
    void directory(const std::string& path, mode_t mode = 0755) const {
        make_directory(path, mode);
        own(path);
    }
    void file(const std::string& path, const std::string& text) const {
        write_file(path, text);
        own(path);
    }
};

}  // namespace

TEST_CASE("an ordinary user's directories are those of XDG") {
    User user;
    user.directory(user.home / "config");
    user.directory(user.home / "config/reeve");
    user.directory(user.home / "runtime", 0700);
    user.file(user.home / "config/reeve/hello", "command = echo hello; exec sleep 1000\n");
    const Strings environment = {"XDG_CONFIG_HOME=" + (user.home / "config"),
                                 "XDG_RUNTIME_DIR=" + (user.home / "runtime"),
                                 "XDG_STATE_HOME=" + (user.home / "state")};
    Process process(user.launch({}, environment));
    const std::string status = user.home / "runtime/reeve/status/hello";
    INFO(process.err());
    CHECK(wait_until([&] { return count(read_file(status), "state=running") == 1; }));
    CHECK(exists(user.home / "state/reeve/log/hello"));
    CHECK(run(user.launch({"svctl", "status", "hello"}, environment)).status == 0);
    process.signal(SIGTERM);
    CHECK(process.wait() == 0);
}

TEST_CASE("without XDG variables they are under HOME, and /tmp/reeve-UID is the run directory") {
    User user;
    const std::string fallback = fallback_directory(user.uid);
    if (cannot_run(!exists(fallback), fallback + " is in use")) return;
    for (const char* path : {".config", ".config/reeve"}) user.directory(user.home / path);
    user.file(user.home / ".config/reeve/hello", "command = echo hello; exec sleep 1000\n");
    Process process(user.launch({}));
    INFO(process.err());
    CHECK(wait_until(
        [&] { return count(read_file(fallback + "/status/hello"), "state=running") == 1; }));
    CHECK(exists(user.home / ".local/state/reeve/log/hello"));
    struct stat status = {};
    REQUIRE(stat(fallback.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0700);
    CHECK(status.st_uid == user.uid);
    CHECK(run(user.launch({"svctl", "status", "hello"})).status == 0);
    process.signal(SIGTERM);
    CHECK(process.wait() == 0);
    run({"rm", "-rf", fallback});
}

TEST_CASE("a /tmp/reeve-UID that another user owns is refused") {
    if (cannot_run(is_root(), "needs root to make another user's directory")) return;
    User user;
    const std::string fallback = fallback_directory(user.uid);
    make_directory(fallback, 0777);
    const Output output = run(user.launch({"-d", user.home.path()}));
    INFO(output.err);
    CHECK(output.status != 0);
    CHECK(output.status != -1);
    CHECK(output.err.find(fallback) != std::string::npos);
    CHECK_FALSE(exists(fallback + "/lock"));
    run({"rm", "-rf", fallback});
}

TEST_CASE("a /tmp/reeve-UID that is a symbolic link is refused") {
    if (cannot_run(is_root(), "needs root to play two users")) return;
    User user;
    const std::string fallback = fallback_directory(user.uid);
    user.directory(user.home / "elsewhere", 0700);
    REQUIRE(symlink((user.home / "elsewhere").c_str(), fallback.c_str()) == 0);
    const Output output = run(user.launch({"-d", user.home.path()}));
    INFO(output.err);
    CHECK(output.status != 0);
    CHECK(output.status != -1);
    CHECK_FALSE(exists(user.home / "elsewhere/lock"));
    run({"rm", "-f", fallback});
}

TEST_CASE("REEVE_DIR and its kin stand in for the options, and options win") {
    Reeve reeve;
    reeve.service("hello", "exec = sleep 1000\n");
    const Strings environment = {"REEVE_DIR=" + reeve.services(),
                                 "REEVE_RUN=" + reeve.run_directory(), "REEVE_LOG=" + reeve.logs(),
                                 "REEVE_STATE=/nonexistent"};
    reeve.start(Launch{.arguments = {reeve_binary()}, .environment = environment});
    CHECK(reeve.reaches("hello", "running"));
    CHECK(reeve.stop() == 0);

    Reeve other;
    other.service("other", "exec = sleep 1000\n");
    Launch launch = other.launch();
    launch.environment = environment;
    other.start(launch);
    CHECK(other.reaches("other", "running"));
    CHECK(other.field("hello", "state").empty());
    CHECK(other.stop() == 0);
}

TEST_CASE("a later service directory's file replaces an earlier one's") {
    Reeve reeve;
    make_directory(reeve.file("more"));
    reeve.service("one", "command = echo first; exec sleep 1000\n");
    reeve.service("two", "command = echo second; exec sleep 1000\n");
    write_file(reeve.file("more/one"), "command = echo replaced; exec sleep 1000\n");
    reeve.start({"-d", "{dir}/more"});
    CHECK(wait_until([&] { return reeve.log_of("one") == "replaced\n"; }));
    CHECK(wait_until([&] { return reeve.log_of("two") == "second\n"; }));
}

TEST_CASE("a second reeve on a run directory says who holds it and exits 100") {
    Reeve reeve;
    reeve.start();
    const Output output = run(reeve.launch());
    CHECK(output.status == 100);
    INFO(output.err);
    CHECK(output.err.find(std::to_string(reeve.pid())) != std::string::npos);
    CHECK(reeve.process().running());
}

TEST_CASE("with -q a second reeve exits 0 and says nothing, and the first one runs on") {
    Reeve reeve;
    reeve.service("one", "exec = sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.reaches("one", "running"));
    const pid_t pid = reeve.pid_of("one");
    const Output output = run(reeve.launch({"-q"}));
    CHECK(output.status == 0);
    CHECK(output.out.empty());
    CHECK(output.err.empty());
    CHECK(alive(pid));
    CHECK(reeve.pid_of("one") == pid);
}

TEST_CASE("the lock ends with its holder, however that dies") {
    Reeve reeve;
    reeve.service("one", "exec = sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.reaches("one", "running"));
    reeve.kill();
    CHECK(exists(reeve.run_directory() + "/lock"));
    reeve.start({"-q"});
    CHECK(reeve.process().running());
    CHECK(reeve.reaches("one", "running"));
    CHECK(reeve.stop() == 0);
}

TEST_CASE("--exit-when-idle ends with 0 once all is done") {
    Reeve reeve;
    reeve.service("job", "command = echo done >> {dir}/done\ntype = oneshot\n");
    reeve.service("off", "exec = sleep 1000\nenabled = no\n");
    reeve.start({"--exit-when-idle"});
    CHECK(reeve.wait() == 0);
    CHECK(reeve.text_of("done") == "done\n");
}

TEST_CASE("--exit-when-idle ends with 1 if a service is failed") {
    Reeve reeve;
    reeve.service("job", "command = true\ntype = oneshot\n");
    reeve.service("broken", "command = exit 3\ntype = oneshot\n");
    reeve.start({"--exit-when-idle"});
    CHECK(reeve.wait() == 1);
}

TEST_CASE("--exit-when-idle waits while something runs or is to be retried") {
    Reeve reeve;
    reeve.service("flaky", "command = echo run >> {dir}/runs; test $(wc -l < {dir}/runs) -ge 3\n"
                           "restart = on-failure\nrestart_delay = 300ms\n");
    reeve.start({"--exit-when-idle"});
    CHECK(reeve.wait() == 0);
    CHECK(reeve.text_of("runs") == "run\nrun\nrun\n");
}

TEST_CASE("exit_when_idle in reeve.conf does the same") {
    Reeve reeve;
    reeve.service("reeve.conf", "exit_when_idle = yes\n");
    reeve.service("job", "command = true\ntype = oneshot\n");
    reeve.start();
    CHECK(reeve.wait() == 0);
}

TEST_CASE("reeve uid prints a new identifier each time") {
    const Output first = run({reeve_binary(), "uid"});
    const Output second = run({reeve_binary(), "uid"});
    CHECK(first.status == 0);
    CHECK(first.out.size() >= 9);
    CHECK(count_lines(first.out) == 1);
    CHECK(first.out.find_first_not_of(
              "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-\n") ==
          std::string::npos);
    CHECK(first.out != second.out);
}

TEST_CASE("usage errors exit 2 and name what is wrong") {
    const Strings wrong =
        GENERATE(Strings{"--no-such-option"}, Strings{"-d"}, Strings{"surplus"}, Strings{"--"});
    Reeve reeve;
    Strings words = {reeve_binary()};
    words.insert(words.end(), wrong.begin(), wrong.end());
    const Output output = run(words);
    INFO(output.err);
    CHECK(output.status == 2);
    CHECK_FALSE(output.err.empty());
}

TEST_CASE("an ordinary user's reeve needs no rights: user = itself is no change") {
    User user;
    Reeve reeve;
    reeve.service("self", "command = id -u > {dir}/uid; exec sleep 1000\nuser = " +
                              std::to_string(user.uid) + "\n");
    if (is_root()) reeve.give_to(user.uid);
    Launch launch = reeve.launch();
    if (is_root()) launch.uid = user.uid;
    reeve.start(launch);
    REQUIRE(reeve.reaches("self", "running"));
    REQUIRE(reeve.has_lines("uid", 1));
    CHECK(reeve.text_of("uid") == std::to_string(user.uid) + "\n");
    CHECK(reeve.stop() == 0);
}

TEST_CASE("who may not ask a reeve can check and read service files all the same") {
    if (cannot_run(is_root(), "needs root to play two users")) return;
    Reeve reeve;
    reeve.service("web", "exec = sleep 1000\n");
    reeve.start();
    User user;
    for (const char* path : {".config", ".config/reeve"}) user.directory(user.home / path);
    user.file(user.home / ".config/reeve/job", "exec = true\n");
    const std::string own = user.home / ".config/reeve";
    // Of where reeve is nothing can be seen; then its socket can, and not be used.
    for (const mode_t mode : {0700, 0711}) {
        REQUIRE(chmod(reeve.directory().c_str(), mode) == 0);
        const auto svctl = [&](const Strings& words) {
            Strings all = {"svctl"};
            all.insert(all.end(), words.begin(), words.end());
            return run(user.launch(all, {"REEVE_RUN=" + reeve.run_directory()}));
        };
        for (const Strings& words : {Strings{"check"}, Strings{"show", "job"}}) {
            const Output output = svctl(words);
            INFO(words[0] << mode << output.out << output.err);
            CHECK(output.status == 0);
            CHECK(output.err == "svctl: not permitted to ask reeve for its directories; this is "
                                "what " +
                                    own + " has\n");
        }
        const Output output = svctl({"set", "job", "nice=1"});
        INFO(output.out << output.err);
        CHECK(output.status == 6);
    }
    CHECK(read_file(own + "/job") == "exec = true\n");
}
