// instances: several of one service, by number or name; how their number is changed while they
// run, and what becomes of it.
#include <csignal>

#include "catch.h"
#include "support/loopback.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

constexpr char sleeps[] = "exec = sleep 1000\nlog = null\n";

bool says(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

// Its instances and their pids as the table has them, "web@1 web@2": those that run, in order.
std::string running(const Reeve& reeve) {
    std::string names;
    const std::string table = reeve.svctl({"list"}).out;
    for (size_t at = table.find('\n'); at != table.npos && at + 1 < table.size();
         at = table.find('\n', at + 1)) {
        const std::string line = table.substr(at + 1, table.find('\n', at + 1) - at - 1);
        const std::string name = line.substr(0, line.find(' '));
        if (says(line, " running ")) names += (names.empty() ? "" : " ") + name;
    }
    return names;
}

std::vector<pid_t> pids(const Reeve& reeve, int first, int last) {
    std::vector<pid_t> all;
    for (int i = first; i <= last; ++i) all.push_back(reeve.pid_of("web@" + std::to_string(i)));
    return all;
}

}  // namespace

TEST_CASE("instances have a name, a log, a directory and an environment each") {
    Reeve reeve;
    for (const char* name : {"a", "b"}) make_directory(reeve.file(name));
    reeve.service("web", "instances = a b\nworkdir = {dir}/%i\nenv = MINE=%n-%i\n"
                         "command = echo $REEVE_SERVICE $REEVE_INSTANCE of $REEVE_INSTANCES, "
                         "$MINE in $(pwd); exec sleep 1000\n");
    reeve.start();
    for (const std::string name : {"a", "b"}) {
        REQUIRE(reeve.reaches("web@" + name, "running"));
        CHECK(reeve.comes_true([&] {
            return says(reeve.log_of("web@" + name),
                        "web " + name + " of 2, web-" + name + " in " + reeve.file(name) + "\n");
        }));
        CHECK(says(reeve.svctl({"status", "web@" + name}).out, "instance     " + name + "\n"));
    }
    CHECK(running(reeve) == "web@a web@b");
    CHECK(reeve.svctl({"down", "web@a"}).status == 0);
    CHECK(running(reeve) == "web@b");
    CHECK(reeve.svctl({"down", "web"}).status == 0);
    CHECK(running(reeve).empty());
    CHECK(reeve.svctl({"up", "web"}).status == 0);
    CHECK(running(reeve) == "web@a web@b");
    CHECK(reeve.stop() == 0);
}

TEST_CASE("scale touches those that come and those that go, the newest first") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + "instances = 2\n");
    reeve.service("needs", std::string(sleeps) + "depends_on = web\ncascade = yes\n");
    reeve.start();
    REQUIRE(reeve.reaches("needs", "running"));
    const pid_t needs = reeve.pid_of("needs");
    const auto first = pids(reeve, 1, 2);
    const Output up = reeve.svctl({"scale", "web", "11"});
    CHECK(up.status == 0);
    CHECK(says(up.out, "web@11: running\n"));
    CHECK_FALSE(says(up.out, "web@2"));
    CHECK(running(reeve) ==
          "needs web@1 web@2 web@3 web@4 web@5 web@6 web@7 web@8 web@9 web@10 web@11");
    const auto more = pids(reeve, 1, 5);
    const Output down = reeve.svctl({"scale", "web", "5"});
    CHECK(down.status == 0);
    CHECK(says(down.out, "web@11: stopped\n"));
    CHECK(running(reeve) == "needs web@1 web@2 web@3 web@4 web@5");
    CHECK(reeve.pid_of("needs") == needs);
    CHECK(pids(reeve, 1, 5) == more);
    CHECK(pids(reeve, 1, 2) == first);
    CHECK(reeve.svctl({"scale", "web", "5"}).out == "web: as many as before, 5\n");
    CHECK(reeve.svctl({"status", "web@6"}).status == 4);
    CHECK_FALSE(exists(reeve.run_directory() + "/status/web@6"));
    CHECK(pids(reeve, 1, 5) == more);
    CHECK(reeve.stop() == 0);
}

TEST_CASE("the number asked for lasts whatever becomes of reeve, until the file says another") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + "instances = 3\n");
    reeve.start();
    REQUIRE(reeve.svctl({"wait", "web"}).status == 0);
    REQUIRE(reeve.svctl({"scale", "web", "4"}).status == 0);
    REQUIRE(reeve.svctl({"up", "web@blue"}).status == 0);
    REQUIRE(reeve.svctl({"down", "web@2"}).status == 0);
    const auto before = pids(reeve, 1, 4);
    const pid_t blue = reeve.pid_of("web@blue");
    const int way = GENERATE(0, SIGSEGV, SIGKILL);
    reeve.go_on(way);
    CHECK(reeve.comes_true([&] { return running(reeve) == "web@1 web@3 web@4 web@blue"; }));
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(running(reeve) == "web@1 web@3 web@4 web@blue");
    CHECK(pids(reeve, 1, 4) == before);
    CHECK(reeve.pid_of("web@blue") == blue);
    reeve.service("web", std::string(sleeps) + "instances = 3\ndescription = other\n");
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(running(reeve) == "web@1 web@3 web@4 web@blue");
    reeve.service("web", std::string(sleeps) + "instances = 1\n");
    const Output plan = reeve.svctl({"plan"});
    INFO(plan.out);
    CHECK(says(plan.out, "stop    web@4     it is none of the instances any more"));
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(running(reeve) == "web@1 web@blue");
    CHECK(reeve.svctl({"down", "web@blue"}).status == 0);
    CHECK(reeve.svctl({"status", "web@blue"}).status == 4);
    reeve.go_on(way);
    CHECK(reeve.comes_true([&] { return running(reeve) == "web@1"; }));
    CHECK(pids(reeve, 1, 1)[0] == before[0]);
}

TEST_CASE("who depends on NAME waits for all of them, on NAME@1 for that one") {
    Reeve reeve;
    reeve.service("db", "instances = 1 2\nready = fd:3\nlog = null\n"
                        "command = until [ -e {dir}/$REEVE_INSTANCE ]; do sleep 0.02; done; "
                        "echo >&3; exec sleep 1000\n");
    reeve.service("all", std::string(sleeps) + "depends_on = db\n");
    reeve.service("one", std::string(sleeps) + "depends_on = db@1\n");
    reeve.service("each", std::string(sleeps) + "instances = 1 2\ndepends_on = db@%i\n");
    reeve.service("third", std::string(sleeps) + "instances = 1 3\ndepends_on = db@%i\n");
    reeve.start();
    write_file(reeve.file("1"), "");
    REQUIRE(reeve.reaches("one", "running"));
    CHECK(reeve.reaches("each@1", "running"));
    CHECK(reeve.reaches("third@1", "running"));
    CHECK(reeve.state("all") == "waiting");
    CHECK(says(reeve.field("all", "reason"), "needs db@2"));
    CHECK(reeve.state("each@2") == "waiting");
    CHECK(reeve.state("third@3") == "invalid");
    CHECK(says(reeve.field("third@3", "problem"), "there is no service 'db@3'"));
    write_file(reeve.file("2"), "");
    CHECK(reeve.reaches("all", "running"));
    CHECK(reeve.reaches("each@2", "running"));
    CHECK(reeve.stop() == 0);
}

TEST_CASE("scale tells what cannot be, and whom it takes down with what goes") {
    Reeve reeve;
    reeve.service("base", std::string(sleeps) + "instances = 2\n");
    reeve.service("dep", std::string(sleeps) + "instances = 2\ndepends_on = base@%i\n");
    reeve.service("off", std::string(sleeps) + "instances = 1\nenabled = no\n");
    reeve.service("ill", "exec = false\nlog = null\ninstances = 1\nretries = 1\n");
    reeve.start();
    REQUIRE(reeve.svctl({"wait", "dep"}).status == 0);
    REQUIRE(reeve.reaches("ill@1", "failed"));
    const Output more = reeve.svctl({"scale", "dep", "3"});
    CHECK(more.status == 1);
    CHECK(says(more.err, "dep@3: invalid"));
    CHECK(says(more.err, "there is no service 'base@3'"));
    CHECK(reeve.svctl({"scale", "dep", "4"}).status == 1);
    CHECK(says(reeve.svctl({"scale", "dep", "3"}).out, "dep@4: "));
    CHECK(reeve.svctl({"status", "dep@4"}).status == 4);
    CHECK(reeve.svctl({"scale", "base", "3"}).status == 0);
    CHECK(reeve.comes_true([&] { return reeve.state("dep@3") == "running"; }));
    const Output fewer = reeve.svctl({"scale", "base", "2"});
    CHECK(fewer.status == 1);
    CHECK(says(fewer.out, "base@3: stopped\n"));
    CHECK(says(fewer.err, "dep@3: "));
    CHECK(says(reeve.field("dep@3", "problem"), "there is no service 'base@3'"));
    CHECK(reeve.svctl({"scale", "off", "2"}).out == "off@2: stopped\n");
    // Who was there and is ill is no part of it.
    const Output ill = reeve.svctl({"scale", "ill", "2"});
    CHECK(says(ill.err, "ill@2: failed"));
    CHECK_FALSE(says(ill.err, "ill@1"));
    CHECK(reeve.svctl({"scale", "ill", "1"}).status == 0);
}

TEST_CASE("a rolling restart takes one at a time, and stops at the first that does not get ready") {
    Reeve reeve;
    reeve.service("web", "instances = 3\nready = fd:3\nlog = null\nretries = 1\n"
                         "command = echo $REEVE_INSTANCE >>{dir}/begun; "
                         "test ! -e {dir}/bad$REEVE_INSTANCE || exit 1; "
                         "echo >&3; exec sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.svctl({"wait", "web"}).status == 0);
    write_file(reeve.file("begun"), "");
    const auto before = pids(reeve, 1, 3);
    const Output good = reeve.svctl({"restart", "--rolling", "web"});
    CHECK(good.status == 0);
    CHECK(good.out == "web@1: running\nweb@2: running\nweb@3: running\n");
    CHECK(reeve.text_of("begun") == "1\n2\n3\n");
    const auto after = pids(reeve, 1, 3);
    for (size_t i = 0; i < 3; ++i) CHECK(before[i] != after[i]);
    write_file(reeve.file("bad2"), "");
    const Output bad = reeve.svctl({"restart", "--rolling", "web"});
    INFO(bad.err);
    CHECK(bad.status == 1);
    CHECK(bad.out == "web@1: running\n");
    CHECK(says(bad.err, "web@2: failed"));
    CHECK(says(bad.err, "svctl: not restarted: web@3\n"));
    CHECK(reeve.pid_of("web@3") == after[2]);
    CHECK(reeve.svctl({"-n", "restart", "--rolling", "web"}).status == 2);
    CHECK(reeve.stop() == 0);
}

TEST_CASE("sockets are shared by all instances, and closed with the last") {
    const int port = free_port();
    Reeve reeve;
    reeve.service("web", "instances = 2\nexec = {self} --helper serve {dir}/has%i\nlog = null\n"
                         "listen = tcp:127.0.0.1:" +
                             std::to_string(port) + "\n");
    reeve.start();
    REQUIRE(reeve.svctl({"wait", "web"}).status == 0);
    const std::string address = std::to_string(port);
    CHECK(reeve.comes_true([&] { return ask_socket(address).has_value(); }));
    CHECK(reeve.svctl({"down", "web@1"}).status == 0);
    const std::string second = std::to_string(reeve.pid_of("web@2")) + "\n";
    for (int i = 0; i < 5; ++i) CHECK(ask_socket(address) == second);
    CHECK(reeve.svctl({"scale", "web", "3"}).status == 0);
    CHECK(reeve.svctl({"down", "web@2"}).status == 0);
    const std::string third = std::to_string(reeve.pid_of("web@3")) + "\n";
    CHECK(ask_socket(address) == third);
    CHECK(reeve.svctl({"scale", "web", "1"}).status == 0);
    CHECK_FALSE(ask_socket(address));
    CHECK(reeve.stop() == 0);
}

TEST_CASE("a file that gets errors keeps all instances, and none comes or goes for it") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + "instances = 3\nenv = I=%i\n");
    reeve.start();
    REQUIRE(reeve.svctl({"wait", "web"}).status == 0);
    REQUIRE(reeve.svctl({"up", "web@x"}).status == 0);
    const auto before = pids(reeve, 1, 3);
    const char* text = GENERATE("exec = sleep 1000\nlog = null\ninstances = 1\nnonsense\n",
                                "exec = sleep 1000\nlog = null\ninstances = 1\ndepends_on = nix\n");
    reeve.service("web", text);
    CHECK(reeve.svctl({"reload"}).status == 1);
    CHECK(running(reeve) == "web@1 web@2 web@3 web@x");
    const Output scaled = reeve.svctl({"scale", "web", "5"});
    CHECK(scaled.status == 1);
    CHECK(says(scaled.err, "web has a file with errors"));
    CHECK(reeve.svctl({"up", "web@y"}).status == 4);
    // An instance of another service comes: nothing changes for this one.
    reeve.service("other", std::string(sleeps) + "instances = 1\n");
    reeve.svctl({"reload"});
    REQUIRE(reeve.svctl({"scale", "other", "2"}).status == 0);
    CHECK(running(reeve) == "other@1 other@2 web@1 web@2 web@3 web@x");
    CHECK(pids(reeve, 1, 3) == before);
    kill(before[1], SIGKILL);
    CHECK(reeve.runs_anew("web@2", before[1]));
    reeve.service("web", std::string(sleeps) + "instances = 2\nenv = I=%i\n");
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(running(reeve) == "other@1 other@2 web@1 web@2 web@x");
    CHECK(run({"rm", reeve.services() + "/web"}).status == 0);
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(running(reeve) == "other@1 other@2");
}

TEST_CASE("one that becomes several is stopped for them, and the other way round") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.service("needs", std::string(sleeps) + "depends_on = web\n");
    reeve.start();
    REQUIRE(reeve.reaches("needs", "running"));
    reeve.service("web", std::string(sleeps) + "instances = 2\n");
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.comes_true([&] { return running(reeve) == "needs web@1 web@2"; }));
    reeve.service("web", sleeps);
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.comes_true([&] { return running(reeve) == "needs web"; }));
    CHECK(reeve.stop() == 0);
}

TEST_CASE("an instance that is new goes the way of those that are there") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + "instances = 2\n");
    reeve.service("off", std::string(sleeps) + "instances = 2\nenabled = no\n");
    reeve.start();
    REQUIRE(reeve.svctl({"wait", "web"}).status == 0);
    CHECK(reeve.svctl({"scale", "off", "3"}).status == 0);
    CHECK(running(reeve) == "web@1 web@2");
    CHECK(reeve.svctl({"up", "off@1"}).status == 0);
    CHECK(reeve.svctl({"scale", "off", "4"}).status == 0);
    CHECK(running(reeve) == "off@1 off@4 web@1 web@2");
    CHECK(reeve.svctl({"down", "web"}).status == 0);
    CHECK(reeve.svctl({"scale", "web", "4"}).status == 0);
    CHECK(running(reeve) == "off@1 off@4");
    CHECK(reeve.svctl({"up", "web"}).status == 0);
    CHECK(running(reeve) == "off@1 off@4 web@1 web@2 web@3 web@4");
}

TEST_CASE("an instance made ad hoc starts, stops and starts anew, and stays away once it is down") {
    Reeve reeve;
    reeve.service("getty", "instances = tty1\nlog = null\ncommand = trap '' TERM; "
                           "echo $REEVE_INSTANCE >>{dir}/begun; while :; do sleep 0.05; done\n"
                           "stop_timeout = 300ms\n");
    reeve.service("plain", sleeps);
    reeve.start();
    REQUIRE(reeve.svctl({"up", "getty@ttyS0", "getty@ttyS1"}).status == 0);
    CHECK(running(reeve) == "getty@tty1 getty@ttyS0 getty@ttyS1 plain");
    const pid_t first = reeve.pid_of("getty@ttyS0");
    CHECK(reeve.svctl({"-n", "down", "getty@ttyS0"}).status == 0);
    CHECK(reeve.svctl({"up", "getty@ttyS0"}).status == 0);
    CHECK(reeve.runs_anew("getty@ttyS0", first));
    CHECK(reeve.svctl({"down", "getty@ttyS0"}).status == 0);
    CHECK(reeve.svctl({"status", "getty@ttyS0"}).status == 4);
    for (const int way : {SIGKILL, SIGSEGV, 0}) reeve.go_on(way);
    CHECK(reeve.comes_true([&] { return running(reeve) == "getty@tty1 getty@ttyS1 plain"; }));
    const Output none = reeve.svctl({"up", "plain@1"});
    CHECK(none.status == 4);
    CHECK(says(none.err, "plain has no instances"));
    CHECK(reeve.svctl({"up", "getty@a/b"}).status == 4);
    CHECK(reeve.svctl({"restart", "getty@new"}).status == 4);
    CHECK(reeve.svctl({"run", "getty@new"}).status == 4);
    CHECK(reeve.svctl({"down", "getty@"}).status == 4);
    CHECK(reeve.svctl({"down", "plain getty@tty1"}).status == 4);
    CHECK(running(reeve) == "getty@tty1 getty@ttyS1 plain");
}

TEST_CASE("svctl that scales hears the end of it from the reeve that comes after") {
    Reeve reeve;
    reeve.service("web", "instances = 1\nready = fd:3\nlog = null\n"
                         "command = until [ -e {dir}/go ]; do sleep 0.02; done; echo >&3; "
                         "exec sleep 1000\n");
    write_file(reeve.file("go"), "");
    reeve.start();
    REQUIRE(reeve.reaches("web@1", "running"));
    CHECK(run({"rm", reeve.file("go")}).status == 0);
    Process scaling(Launch{.arguments = {reeve_binary(), "svctl", "scale", "web", "3"},
                           .environment = {"REEVE_RUN=" + reeve.run_directory()}});
    REQUIRE(reeve.reaches("web@3", "starting"));
    reeve.go_on(GENERATE(0, SIGSEGV));
    write_file(reeve.file("go"), "");
    CHECK(scaling.wait() == 0);
    CHECK(says(scaling.out(), "web@2: running\n"));
    CHECK(says(scaling.out(), "web@3: running\n"));
    CHECK(running(reeve) == "web@1 web@2 web@3");
}

TEST_CASE("hundreds of instances come, are told apart, and go") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + "instances = 2\n");
    reeve.start();
    REQUIRE(reeve.svctl({"wait", "web"}).status == 0);
    const int many = is_sanitized() ? 50 : 500;
    CHECK(reeve.svctl({"scale", "web", std::to_string(many)}).status == 0);
    CHECK(reeve.pid_of("web@" + std::to_string(many)) > 0);
    CHECK(children_of(reeve.pid()).size() == static_cast<size_t>(many));
    CHECK(reeve.svctl({"scale", "web", "1"}).status == 0);
    CHECK(running(reeve) == "web@1");
    CHECK(children_of(reeve.pid()).size() == 1);
    CHECK(reeve.stop() == 0);
}

TEST_CASE("what instances can be, and what scale takes, is said where it goes wrong") {
    Reeve reeve;
    reeve.service("named", std::string(sleeps) + "instances = tty1 ttyS0\n");
    reeve.service("plain", sleeps);
    reeve.start();
    REQUIRE(reeve.svctl({"wait", "named"}).status == 0);
    const auto error_of = [&](const char* text) {
        reeve.service("bad", text);
        const Output checked = reeve.svctl({"check", reeve.services()});
        CHECK(checked.status == 1);
        return checked.out + checked.err;
    };
    CHECK(says(error_of("exec = x\ninstances = a b a\n"), "'a' is there twice"));
    CHECK(says(error_of("exec = x\ninstances = 0\n"),
               "2: instances = 0: expected a number from 1 to"));
    CHECK(says(error_of("exec = x\ninstances = 100000\n"), "expected a number from 1 to 4096"));
    CHECK(says(error_of("exec = x\ninstances = a/b\n"), "'a/b' is no name"));
    CHECK(says(error_of("exec = x %i\n"), "1: exec: '%i' has no meaning here: the service has no"));
    CHECK(says(error_of("exec = x\ninstances = 2\nlisten = unix:/x/%i\n"),
               "3: listen = unix:/x/%i: '%i' has no meaning here: it is the same for all"));
    const Output named = reeve.svctl({"scale", "named", "3"});
    CHECK(named.status == 1);
    CHECK(says(named.err, "named has instances with names"));
    CHECK(says(reeve.svctl({"scale", "plain", "3"}).err, "plain has no instances"));
    CHECK(reeve.svctl({"scale", "named", "0"}).status == 2);
    CHECK(reeve.svctl({"scale", "named", "4097"}).status == 2);
    CHECK(reeve.svctl({"scale", "@all", "2"}).status == 2);
    CHECK(reeve.svctl({"scale", "nix", "2"}).status == 4);
    CHECK(reeve.svctl({"scale", "named@tty1", "2"}).status == 2);
    CHECK(running(reeve) == "named@tty1 named@ttyS0 plain");
}
