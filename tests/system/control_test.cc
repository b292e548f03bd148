// svctl: what it does, how it exits, what it prints.

#include <csignal>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.h"
#include "support/json.h"
#include "support/logs.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

constexpr char sleeps[] = "exec = sleep 1000\n";
constexpr char traced[] = "command = trap 'echo stop $REEVE_SERVICE >> {dir}/order; exit' TERM; "
                          "echo start $REEVE_SERVICE >> {dir}/order; echo >&3; "
                          "while :; do sleep 0.05; done\nready = fd:3\non_change = restart\n";

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// The status of a command that has to be it; what was said is shown where it is not.
int status_of(const Reeve& reeve, const Strings& words) {
    const Output output = reeve.svctl(words);
    UNSCOPED_INFO("svctl " << words.front() << " gave " << output.status << ": " << output.out
                           << output.err);
    return output.status;
}

}  // namespace

TEST_CASE("svctl is chosen by the name the program is called by") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    REQUIRE(symlink(reeve_binary().c_str(), reeve.file("svctl").c_str()) == 0);
    const Output output = run({reeve.file("svctl"), "-r", reeve.run_directory(), "status", "web"});
    INFO(output.err);
    CHECK(output.status == 0);
    CHECK(mentions(output.out, "web"));
}

TEST_CASE("the list has every service with its state, its pid and the reason") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.service("off", std::string(sleeps) + "enabled = no\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    for (const char* command : {"list", "status"}) {
        const Output output = reeve.svctl({command});
        INFO(output.out << output.err);
        CHECK(mentions(output.out, "web"));
        CHECK(mentions(output.out, "running"));
        CHECK(mentions(output.out, std::to_string(reeve.pid_of("web"))));
        CHECK(mentions(output.out, "stopped"));
        CHECK(mentions(output.out, "enabled = no"));
    }
    const Output bare = reeve.svctl({});
    CHECK(mentions(bare.out, "web"));
}

TEST_CASE("status exits 0 where all named are running or done, else 3") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.service("job", "exec = true\ntype = oneshot\n");
    reeve.service("off", std::string(sleeps) + "enabled = no\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    REQUIRE(reeve.reaches("job", "done"));
    CHECK(status_of(reeve, {"status", "web"}) == 0);
    CHECK(status_of(reeve, {"status", "web", "job"}) == 0);
    CHECK(status_of(reeve, {"status", "off"}) == 3);
    CHECK(status_of(reeve, {"status", "web", "off"}) == 3);
}

TEST_CASE("up starts and waits until it is ready, down stops and waits until nothing is left") {
    Reeve reeve;
    reeve.service("web", "command = sleep 0.5; echo >&3; trap 'sleep 0.5; exit' TERM; "
                         "while :; do sleep 0.05; done\nready = fd:3\nenabled = no\n");
    reeve.start();
    CHECK(reeve.state("web") == "stopped");
    CHECK(status_of(reeve, {"up", "web"}) == 0);
    CHECK(reeve.state("web") == "running");
    const pid_t pid = reeve.pid_of("web");
    CHECK(alive(pid));
    CHECK(status_of(reeve, {"down", "web"}) == 0);
    CHECK(reeve.state("web") == "stopped");
    CHECK_FALSE(alive(pid));
}

TEST_CASE("what is so already is done: up of what runs, down of what is stopped") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.service("off", std::string(sleeps) + "enabled = no\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.pid_of("web");
    CHECK(status_of(reeve, {"up", "web"}) == 0);
    CHECK(reeve.pid_of("web") == pid);
    CHECK(status_of(reeve, {"down", "off"}) == 0);
}

TEST_CASE("up, restart, wait and run of a oneshot wait for its end, and give its success") {
    Reeve reeve;
    const std::string waits = "type = oneshot\nenabled = no\ncommand = sleep 0.3; "
                              "echo x >> {dir}/ended; exit ";
    reeve.service("good", waits + "0\n");
    reeve.service("bad", waits + "3\n");
    reeve.service("again", waits + "0\nrestart = always\nrestart_delay = 1h\n");
    reeve.service("needy", std::string(sleeps) + "enabled = no\ndepends_on = bad\n");
    reeve.start();
    int ended = 0;
    for (const char* command : {"up", "restart", "run"}) {
        INFO(command);
        CHECK(status_of(reeve, {command, "good"}) == 0);
        CHECK(status_of(reeve, {command, "again"}) == 0);
        CHECK(status_of(reeve, {command, "bad"}) == 1);
        CHECK(reeve.state("bad") == "failed");
        CHECK(reeve.has_lines("ended", ended += 3));
    }
    CHECK(status_of(reeve, {"-n", "restart", "good", "bad"}) == 0);
    const Output waited = reeve.svctl({"wait", "good", "bad"});
    CHECK(waited.status == 1);
    CHECK(waited.out == "good: done\n");
    CHECK(waited.err == "svctl: bad: failed: exit 3\n");
    const Output needy = reeve.svctl({"up", "needy"});
    CHECK(needy.status == 1);
    CHECK(needy.err == "svctl: needy: waiting: needs bad; bad is failed: exit 3\n");
}

TEST_CASE("who waits for a stop that another client takes back is told so at once, and by whom") {
    Reeve reeve;
    reeve.service("web", "command = trap '' TERM; echo up >> {dir}/up; while :; do sleep 0.05; "
                         "done\nstop_timeout = 1m\n");
    reeve.start();
    REQUIRE(reeve.has_lines("up", 1));
    Process waiting(
        {.arguments = {reeve_binary(), "svctl", "-r", reeve.run_directory(), "down", "web"}});
    REQUIRE(reeve.reaches("web", "stopping"));
    const Output up = reeve.svctl({"-n", "up", "web"});
    CHECK(up.status == 0);
    CHECK(waiting.wait() == 1);
    INFO(waiting.err());
    CHECK(mentions(waiting.err(), "svctl: web: stopping: overtaken by svctl up web, user " +
                                      std::to_string(geteuid()) + ", process "));
}

TEST_CASE("a restart of several stops dependents first and starts them last") {
    const std::string shop = std::string(traced) + "group = shop\n";
    Reeve reeve;
    reeve.service("a-db", shop);
    reeve.service("web", shop + "depends_on = a-db\n");
    reeve.start();
    const std::string start = "start a-db\nstart web\n";
    const std::string again = "stop web\nstop a-db\n" + start;
    REQUIRE(reeve.has_lines("order", 2));
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(status_of(reeve, {"restart", "a-db", "web"}) == 0);
    CHECK(reeve.text_of("order") == start + again);
    CHECK(status_of(reeve, {"restart", "@shop"}) == 0);
    CHECK(reeve.text_of("order") == start + again + again);
    CHECK(status_of(reeve, {"restart", "@all"}) == 0);
    CHECK(reeve.text_of("order") == start + again + again + again);
    reeve.service("a-db", shop + "env = A=1\n");
    reeve.service("web", shop + "depends_on = a-db\nenv = A=1\n");
    CHECK(status_of(reeve, {"reload"}) == 0);
    CHECK(reeve.text_of("order") == start + again + again + again + again);
}

TEST_CASE("a restart of several keeps their order where one that runs on stands between them") {
    const std::string on_app = std::string(traced) + "depends_on = app\n";
    Reeve reeve;
    reeve.service("db", traced);
    reeve.service("app", std::string(sleeps) + "depends_on = db\n");
    reeve.service("web", on_app);
    reeve.start();
    const std::string start = "start db\nstart web\n";
    const std::string again = "stop web\nstop db\n" + start;
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t app = reeve.pid_of("app");
    CHECK(status_of(reeve, {"restart", "db", "web"}) == 0);
    CHECK(reeve.text_of("order") == start + again);
    reeve.service("db", std::string(traced) + "env = A=1\n");
    reeve.service("web", on_app + "env = A=1\n");
    CHECK(status_of(reeve, {"reload"}) == 0);
    CHECK(reeve.text_of("order") == start + again + again);
    CHECK(reeve.pid_of("app") == app);
}

TEST_CASE("@all means all services but reeve's own") {
    Reeve reeve;
    reeve.service("reeve.conf", "");
    reeve.service("web", sleeps);
    reeve.service("off", std::string(sleeps) + "enabled = no\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    REQUIRE(reeve.reaches("svlog", "running"));
    const pid_t log_writer = reeve.pid_of("svlog");
    CHECK(status_of(reeve, {"up", "@all"}) == 0);
    CHECK(reeve.state("off") == "running");
    CHECK(status_of(reeve, {"down", "@all"}) == 0);
    CHECK(reeve.state("web") == "stopped");
    CHECK(reeve.state("off") == "stopped");
    CHECK(reeve.pid_of("svlog") == log_writer);
    reeve.kill();
    CHECK(!mentions(reeve.svctl({"list", "@all"}).out, "svlog"));
    CHECK(mentions(reeve.svctl({"list", "@all"}).out, "web"));
}

TEST_CASE("why without a name explains all that is not as it should be, each once") {
    Reeve reeve;
    reeve.service("good", sleeps);
    reeve.service("off", std::string(sleeps) + "enabled = no\n");
    reeve.start();
    REQUIRE(reeve.reaches("good", "running"));
    CHECK(reeve.svctl({"why"}).out == "everything is as it should be\n");
    CHECK(reeve.svctl({"--json", "why"}).out == "[]\n");
    reeve.service("good", "exec = sleep 1001\n");
    reeve.service("db", "command = exit 3\nrestart = never\nready = fd:3\n");
    reeve.service("app", std::string(sleeps) + "depends_on = db\n");
    reeve.service("web", std::string(sleeps) + "depends_on = db\n");
    reeve.service("wrong", "exce = sleep 1000\n");
    CHECK(status_of(reeve, {"reload"}) == 1);
    REQUIRE(reeve.reaches("db", "failed"));
    const std::string all = reeve.svctl({"why"}).out;
    INFO(all);
    for (const char* line :
         {"good is running: ready; stale: restart it to apply (svctl restart good)\n",
          "db is failed: exit 3, restart = never\n", "app is waiting: needs db\n",
          "web is waiting: needs db\n", "wrong is invalid: "}) {
        INFO(line);
        CHECK(mentions(all, line));
        CHECK(all.find(line) == all.rfind(line));
    }
    CHECK(!mentions(all, "off is"));
    reeve.kill();
    const Output files = reeve.svctl({"why"});
    CHECK(files.status == 7);
    for (const char* line : {"db is failed", "app is waiting: needs db\n", "wrong is invalid: "})
        CHECK(files.out.find(line) == files.out.rfind(line));
    CHECK(mentions(files.out, "web is waiting: needs db\n"));
    CHECK(!mentions(files.out, "off is"));
}

TEST_CASE("restart gives a new process and waits for it") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.pid_of("web");
    CHECK(status_of(reeve, {"restart", "web"}) == 0);
    CHECK(reeve.state("web") == "running");
    CHECK(reeve.pid_of("web") != pid);
    CHECK_FALSE(alive(pid));
    CHECK(reeve.field("web", "restarts") == "1");
}

TEST_CASE("up brings up what is needed, down stops dependents first and they wait") {
    Reeve reeve;
    const std::string stops = "command = trap 'echo stop %n >> {dir}/order; exit' TERM; "
                              "while :; do sleep 0.05; done\nenabled = no\n";
    const auto named = [&](const std::string& name) {
        std::string text = stops;
        return text.replace(text.find("%n"), 2, name);
    };
    reeve.service("db", named("db"));
    reeve.service("app", named("app") + "depends_on = db\n");
    reeve.start();
    CHECK(status_of(reeve, {"up", "app"}) == 0);
    CHECK(reeve.state("db") == "running");
    CHECK(status_of(reeve, {"down", "db"}) == 0);
    CHECK(reeve.text_of("order") == "stop app\nstop db\n");
    CHECK(reeve.reaches("app", "waiting"));
    CHECK(status_of(reeve, {"up", "db"}) == 0);
    CHECK(reeve.reaches("app", "running"));
}

TEST_CASE("a command that fails exits 1") {
    Reeve reeve;
    reeve.service("broken", "command = exit 3\nready = fd:3\nrestart = never\nenabled = no\n");
    reeve.start();
    const Output output = reeve.svctl({"up", "broken"});
    CHECK(output.status == 1);
    INFO(output.out << output.err);
    CHECK(mentions(output.out + output.err, "exit 3"));
}

TEST_CASE("a command that is not one, or lacks a word, exits 2") {
    Reeve reeve;
    reeve.start();
    CHECK(status_of(reeve, {"frobnicate"}) == 2);
    CHECK(status_of(reeve, {"up"}) == 2);
    CHECK(status_of(reeve, {"signal"}) == 2);
    CHECK(status_of(reeve, {"wait"}) == 2);
    CHECK(status_of(reeve, {"-t", "soon", "list"}) == 2);
    CHECK(status_of(reeve, {"--no-such-option"}) == 2);
    CHECK(status_of(reeve, {"exit", "300"}) == 2);
}

TEST_CASE("a signal for what does not run exits 3") {
    Reeve reeve;
    reeve.service("off", std::string(sleeps) + "enabled = no\n");
    reeve.start();
    CHECK(status_of(reeve, {"signal", "USR1", "off"}) == 3);
}

TEST_CASE("a service that does not exist exits 4 and is named") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    for (const char* command : {"up", "down", "restart", "status", "why", "wait", "reload"}) {
        const Output output = reeve.svctl({command, "nosuch"});
        INFO(command << ": " << output.out << output.err);
        CHECK(output.status == 4);
        CHECK(mentions(output.err, "nosuch"));
    }
    CHECK(status_of(reeve, {"signal", "TERM", "nosuch"}) == 4);
    CHECK(status_of(reeve, {"up", "@nosuch"}) == 4);
}

TEST_CASE("what does not come to pass in time exits 5") {
    Reeve reeve;
    reeve.service("never", "exec = sleep 1000\nready = fd:3\nenabled = no\n");
    reeve.start();
    CHECK(status_of(reeve, {"-t", "300ms", "up", "never"}) == 5);
    CHECK(status_of(reeve, {"-t", "300ms", "wait", "never"}) == 5);
    CHECK(reeve.state("never") == "starting");
    CHECK(status_of(reeve, {"-n", "up", "never"}) == 0);
}

TEST_CASE("another user's command exits 6 and changes nothing, but the files still answer") {
    if (cannot_run(is_root(), "needs root to play two users")) return;
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const auto as_other = [&](const Strings& words) {
        Launch launch{.arguments = {reeve_binary(), "svctl", "-r", reeve.run_directory()}};
        launch.arguments.insert(launch.arguments.end(), words.begin(), words.end());
        launch.uid = 12345;
        return run(launch);
    };
    const Output down = as_other({"down", "web"});
    INFO(down.out << down.err);
    CHECK(down.status == 6);
    CHECK(reeve.state("web") == "running");
    const Output status = as_other({"status", "web"});
    INFO(status.status << ": " << status.out << status.err);
    CHECK(mentions(status.out, "running"));
    CHECK((status.status == 6 || status.status == 7));
    CHECK(mentions(as_other({"list"}).out, "web"));
}

TEST_CASE(
    "where no reeve answers, commands exit 7, and status, list and why tell what files know") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.service("app", std::string(sleeps) + "depends_on = broken\n");
    reeve.service("broken", "exec = /no/such/program\nrestart = never\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    REQUIRE(reeve.reaches("broken", "failed"));
    reeve.kill();
    for (const Strings& words : {Strings{"up", "web"}, Strings{"down", "web"}, Strings{"reload"},
                                 Strings{"shutdown"}, Strings{"wait", "web"}})
        CHECK(status_of(reeve, words) == 7);
    for (const Strings& words : {Strings{"status", "web"}, Strings{"list"}}) {
        const Output output = reeve.svctl(words);
        INFO(output.out << output.err);
        CHECK(output.status == 7);
        CHECK(mentions(output.out, "web"));
        CHECK_FALSE(output.err.empty());
    }
    const Output why = reeve.svctl({"why", "app"});
    INFO(why.out << why.err);
    CHECK(why.status == 7);
    CHECK(mentions(why.out, "app"));
    CHECK(mentions(why.out, "broken"));
    CHECK(is_json(reeve.svctl({"--json", "list"}).out));
    CHECK(status_of(reeve, {"status", "nosuch"}) != 0);
}

TEST_CASE("where there never was a reeve, all exit 7") {
    Reeve reeve;
    CHECK(status_of(reeve, {"list"}) == 7);
    CHECK(status_of(reeve, {"up", "web"}) == 7);
}

TEST_CASE("why tells the chain of causes down to the root") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + "depends_on = app\n");
    reeve.service("app", std::string(sleeps) + "depends_on = db\n");
    reeve.service("db", "exec = /no/such\nrestart_delay = 1h\nrestart_delay_max = 1h\n");
    reeve.start();
    REQUIRE(reeve.reaches("db", "backoff"));
    const Output output = reeve.svctl({"why", "web"});
    INFO(output.out << output.err);
    CHECK(output.status == 0);
    const size_t web = output.out.find("web is waiting: needs app");
    const size_t app = output.out.find("app is waiting: needs db");
    const size_t db = output.out.find(
        "db is in backoff: exec /no/such: No such file or directory, 1st failure, next try in ");
    CHECK(web != std::string::npos);
    CHECK(app != std::string::npos);
    CHECK(db != std::string::npos);
    CHECK(web < app);
    CHECK(app < db);
}

TEST_CASE("signal sends any signal to the service's process") {
    Reeve reeve;
    reeve.service("web", "exec = {self} --helper signals {dir}/signals\n");
    reeve.start();
    REQUIRE(reeve.has_lines("signals", 1));
    CHECK(status_of(reeve, {"signal", "USR1", "web"}) == 0);
    REQUIRE(reeve.has_lines("signals", 2));
    CHECK(status_of(reeve, {"signal", "SIGWINCH", "web"}) == 0);
    REQUIRE(reeve.has_lines("signals", 3));
    CHECK(reeve.text_of("signals") == "ready\n10\n28\n");
    CHECK(status_of(reeve, {"signal", "NOSUCH", "web"}) == 2);
}

TEST_CASE("reload NAME sends reload_signal or runs reload_command") {
    Reeve reeve;
    reeve.service("by-default", "exec = {self} --helper signals {dir}/default\n");
    reeve.service("by-signal",
                  "exec = {self} --helper signals {dir}/signal\nreload_signal = USR2\n");
    reeve.service("by-command", "exec = {self} --helper signals {dir}/command\n"
                                "reload_command = echo reloading $REEVE_SERVICE >> {dir}/said\n");
    reeve.start();
    for (const char* file : {"default", "signal", "command"}) REQUIRE(reeve.has_lines(file, 1));
    CHECK(status_of(reeve, {"reload", "by-default", "by-signal", "by-command"}) == 0);
    CHECK(reeve.has_lines("default", 2));
    CHECK(reeve.has_lines("signal", 2));
    CHECK(reeve.has_lines("said", 1));
    CHECK(reeve.text_of("default") == "ready\n01\n");
    CHECK(reeve.text_of("signal") == "ready\n12\n");
    CHECK(reeve.text_of("command") == "ready\n");
    CHECK(reeve.text_of("said") == "reloading by-command\n");
}

TEST_CASE("reload NAME whose reload_command fails exits 1, with its exit code and last line") {
    Reeve reeve;
    const Strings logs = {"file", "run"};
    for (const std::string& log : logs) {
        reeve.service("web-" + log, "command = echo at work; exec sleep 1000\n"
                                    "reload_command = echo first; echo bad line 7 >&2; "
                                    "test -e {dir}/good || exit 5\nlog = " +
                                        log + "\n");
    }
    reeve.service("quiet", std::string(sleeps) + "reload_command = kill -9 $$\nlog = file\n");
    reeve.start();
    REQUIRE(reeve.reaches("quiet", "running"));
    for (const std::string& log : logs) {
        REQUIRE(reeve.reaches("web-" + log, "running"));
        // svlog's stamp is the time at which it has read the line.
        REQUIRE(says(reeve, "web-" + log, "at work\n"));
        const Output web = reeve.svctl({"reload", "web-" + log});
        CHECK(web.status == 1);
        CHECK(web.err == "svctl: web-" + log +
                             ": running: ready; reload_command: exit 5; last line: bad line 7\n");
    }
    const Output quiet = reeve.svctl({"reload", "quiet"});
    CHECK(quiet.status == 1);
    CHECK(quiet.err == "svctl: quiet: running: ready; reload_command: signal KILL\n");
    REQUIRE(run({"touch", reeve.file("good")}).status == 0);
    const Output good = reeve.svctl({"reload", "web-file"});
    CHECK(good.status == 0);
    CHECK(good.out == "web-file: running\n");
}

TEST_CASE("reload NAME of a program that ends of the signal exits 1 and says so") {
    Reeve reeve;
    reeve.service("plain", sleeps);
    reeve.service("ends", "command = trap 'exit 4' HUP; echo up >> {dir}/up; "
                          "while :; do sleep 0.05; done\n");
    reeve.start();
    REQUIRE(reeve.reaches("plain", "running"));
    REQUIRE(reeve.has_lines("up", 1));
    const Output plain = reeve.svctl({"reload", "plain"});
    CHECK(plain.status == 1);
    CHECK(mentions(plain.err, "plain: backoff: it ended when it was told to reload: signal HUP"));
    const Output ends = reeve.svctl({"reload", "ends"});
    CHECK(ends.status == 1);
    CHECK(mentions(ends.err, "ends: backoff: it ended when it was told to reload: exit 4"));
    REQUIRE(reeve.reaches("plain", "running"));
    CHECK(status_of(reeve, {"-n", "reload", "plain"}) == 0);
}

TEST_CASE("wait waits for running, done or the state that is named") {
    Reeve reeve;
    reeve.service("slow", "command = sleep 0.5; echo >&3; exec sleep 1000\nready = fd:3\n");
    reeve.service("job", "command = sleep 0.5\ntype = oneshot\n");
    reeve.start();
    CHECK(status_of(reeve, {"wait", "slow"}) == 0);
    CHECK(reeve.state("slow") == "running");
    CHECK(status_of(reeve, {"wait", "job"}) == 0);
    CHECK(reeve.state("job") == "done");
    CHECK(status_of(reeve, {"-n", "down", "slow"}) == 0);
    CHECK(status_of(reeve, {"wait", "--state", "stopped", "slow"}) == 0);
    CHECK(reeve.state("slow") == "stopped");
    CHECK(status_of(reeve, {"wait", "--state", "nonsense", "slow"}) == 2);
}

TEST_CASE("wait for what has failed exits 1") {
    Reeve reeve;
    reeve.service("broken", "command = exit 3\nrestart = never\n");
    reeve.start();
    REQUIRE(reeve.reaches("broken", "failed"));
    CHECK(status_of(reeve, {"wait", "broken"}) == 1);
}

TEST_CASE("a label addresses all services that bear it") {
    Reeve reeve;
    for (const char* name : {"red", "blue"})
        reeve.service(name, std::string(sleeps) + "enabled = no\ngroup = colour shop\n");
    reeve.service("plain", std::string(sleeps) + "enabled = no\n");
    reeve.start();
    CHECK(status_of(reeve, {"up", "@colour"}) == 0);
    CHECK(reeve.state("red") == "running");
    CHECK(reeve.state("blue") == "running");
    CHECK(reeve.state("plain") == "stopped");
    CHECK(status_of(reeve, {"down", "@shop"}) == 0);
    CHECK(reeve.state("red") == "stopped");
    CHECK(reeve.state("blue") == "stopped");
}

TEST_CASE("check reads a directory without a supervisor: all errors, and exit 1 if there is any") {
    Reeve reeve;
    reeve.service("good", sleeps);
    CHECK(status_of(reeve, {"check", reeve.services()}) == 0);
    reeve.service("bad", "exce = sleep 1\nrestart = sometimes\n");
    reeve.service("lost", std::string(sleeps) + "depends_on = godo\n");
    const Output output = reeve.svctl({"check", reeve.services()});
    INFO(output.out << output.err);
    CHECK(output.status == 1);
    const std::string text = output.out + output.err;
    CHECK(mentions(text, reeve.services() + "/bad:1: "));
    CHECK(mentions(text, "exec"));
    CHECK(mentions(text, reeve.services() + "/bad:2: "));
    CHECK(mentions(text, "godo"));
    CHECK(mentions(text, "good"));
    const Output json = reeve.svctl({"--json", "check", reeve.services()});
    CHECK(json.status == 1);
    CHECK(is_json(json.out));
    for (const char* name : {"file", "line", "error"}) CHECK(json_member(json.out, name));
}

TEST_CASE("check in a directory that does not exist fails and names it") {
    Reeve reeve;
    const Output output = reeve.svctl({"check", "/no/such/directory"});
    CHECK(output.status == 1);
    CHECK(mentions(output.out + output.err, "/no/such/directory"));
}

TEST_CASE("keys prints the schema, or one key of it") {
    Reeve reeve;
    const Output all = reeve.svctl({"keys"});
    CHECK(all.status == 0);
    for (const char* key : {"exec", "depends_on", "stop_timeout", "max_starting"})
        CHECK(mentions(all.out, key));
    const Output one = reeve.svctl({"keys", "stop_timeout"});
    CHECK(one.status == 0);
    CHECK(mentions(one.out, "7s"));
    CHECK_FALSE(mentions(one.out, "depends_on"));
    CHECK(mentions(one.out, "applies: live)"));
    CHECK(mentions(reeve.svctl({"keys", "exec"}).out, "(words; applies: next start)"));
    CHECK(mentions(reeve.svctl({"keys", "max_starting"}).out, "applies: live; in reeve.conf)"));
    CHECK(reeve.svctl({"keys", "no_such_key"}).status != 0);
    const Output json = reeve.svctl({"--json", "keys"});
    CHECK(is_json(json.out));
    for (const char* name : {"key", "type", "default", "applies", "repeats", "doc"})
        CHECK(json_member(json.out, name));
}

TEST_CASE("--json list and status have what the contract says of each service") {
    Reeve reeve;
    reeve.service("db", "exec = sleep 1000\n");
    reeve.service("web",
                  "exec = sleep 1000\ndepends_on = db\ngroup = shop \ndescription = a \"b\" \\c\n");
    reeve.service("job", "command = exit 0\ntype = oneshot\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    REQUIRE(reeve.reaches("job", "done"));
    const Output list = reeve.svctl({"--json", "list"});
    INFO(list.out);
    REQUIRE(is_json(list.out));
    CHECK(list.out.front() == '[');
    const Output web = reeve.svctl({"--json", "status", "web"});
    INFO(web.out);
    REQUIRE(is_json(web.out));
    for (const char* name : {"name", "instance", "state", "want", "reason", "pid", "since",
                             "restarts", "exit", "signal", "type", "enabled", "stale", "version",
                             "group", "depends_on", "uptime_s", "cpu_percent", "memory_bytes"}) {
        INFO(name);
        CHECK(json_member(web.out, name));
    }
    CHECK(json_member(web.out, "name") == "web");
    CHECK(json_member(web.out, "instance") == "null");
    CHECK(json_member(web.out, "state") == "running");
    CHECK(json_member(web.out, "want") == "up");
    CHECK(json_member(web.out, "pid") == std::to_string(reeve.pid_of("web")));
    CHECK(json_member(web.out, "restarts") == "0");
    CHECK(json_member(web.out, "exit") == "null");
    CHECK(json_member(web.out, "type") == "daemon");
    CHECK(json_member(web.out, "enabled") == "true");
    CHECK(json_member(web.out, "stale") == "false");
    CHECK(json_member(web.out, "depends_on") == "[\"db\"]");
    CHECK(json_member(web.out, "group") == "[\"shop\"]");
    const std::string since = json_member(web.out, "since").value_or("");
    CHECK(since.size() >= 20);
    CHECK(since.substr(4, 1) == "-");
    CHECK(since.back() == 'Z');
    const Output job = reeve.svctl({"--json", "status", "job"});
    CHECK(json_member(job.out, "exit") == "0");
    CHECK(json_member(job.out, "pid") == "null");
    CHECK(json_member(job.out, "state") == "done");
}

TEST_CASE("--json why is the chain, one object for each link") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + "depends_on = db\n");
    reeve.service("db", std::string(sleeps) + "enabled = no\n");
    reeve.start();
    CHECK(reeve.svctl({"down", "db"}).status == 0);
    REQUIRE(reeve.reaches("web", "waiting"));
    const Output output = reeve.svctl({"--json", "why", "web"});
    INFO(output.out);
    REQUIRE(is_json(output.out));
    CHECK(count(output.out, "\"name\"") == 2);
    CHECK(json_member(output.out, "name") == "web");
    CHECK(json_member(output.out, "state") == "waiting");
    CHECK(json_member(output.out, "reason") == "needs db");
}

TEST_CASE("shutdown stops all and ends reeve with 0, exit with the code that is named") {
    const bool with_code = GENERATE(false, true);
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.pid_of("web");
    CHECK(status_of(reeve, with_code ? Strings{"exit", "42"} : Strings{"shutdown"}) == 0);
    CHECK(reeve.wait() == (with_code ? 42 : 0));
    CHECK_FALSE(alive(pid));
}

TEST_CASE("a control socket that was removed is made again, at HUP at the latest") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const std::string socket = reeve.run_directory() + "/control";
    REQUIRE(unlink(socket.c_str()) == 0);
    reeve.signal(SIGHUP);
    CHECK(wait_until([&] { return exists(socket); }));
    CHECK(status_of(reeve, {"status", "web"}) == 0);
}

TEST_CASE("many clients at once are all served") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    std::vector<std::unique_ptr<Process>> clients;
    for (int i = 0; i < 100; ++i)
        clients.push_back(std::make_unique<Process>(Launch{
            .arguments = {reeve_binary(), "svctl", "-r", reeve.run_directory(), "status", "web"}}));
    int served = 0;
    for (const auto& client : clients) served += client->wait() == 0 ? 1 : 0;
    CHECK(served == 100);
}
