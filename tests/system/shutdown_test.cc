// How reeve ends: what it waits for and says meanwhile, what shortens it, what is undone in turn.

#include <csignal>

#include "catch.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

constexpr char sleeps[] = "exec = sleep 1000\n";
constexpr char deaf[] = "command = trap 'echo told >> {dir}/told' TERM; echo up >> {dir}/up; "
                        "while :; do sleep 0.05; done\n";

bool says(Reeve& reeve, const std::string& words) {
    return reeve.process().err().find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("a second TERM repeats each stop signal and leaves one second, a third kills") {
    Reeve reeve;
    reeve.service("deaf", std::string(deaf) + "stop_timeout = 1h\n");
    reeve.service("reeve.conf", "stop_timeout_total = 1h\nlog = inherit\n");
    reeve.start();
    REQUIRE(reeve.has_lines("up", 1));
    SECTION("a second one") {
        reeve.signal(SIGTERM);
        REQUIRE(reeve.has_lines("told", 1));
        reeve.signal(SIGINT);
        CHECK(reeve.wait() == 0);
        CHECK(says(reeve, "told to end once more"));
        CHECK(says(reeve, "deaf was killed"));
    }
    SECTION("a third one") {
        reeve.signal(SIGTERM);
        REQUIRE(reeve.has_lines("told", 1));
        reeve.signal(SIGTERM);
        reeve.signal(SIGTERM);
        CHECK(reeve.wait() == 0);
    }
}

TEST_CASE("while a shutdown lasts it says what it waits for, and again when that changes") {
    Reeve reeve;
    reeve.service("app", std::string(sleeps) +
                             "stop_command = while test ! -e {dir}/go; do sleep 0.05; done\n"
                             "stop_timeout = 1m\ndepends_on = db\n");
    reeve.service("db", std::string(deaf) + "stop_timeout = 1m\n");
    reeve.service("reeve.conf", "stop_timeout_total = 1m\nlog = inherit\n");
    reeve.start();
    REQUIRE(reeve.reaches("app", "running"));
    REQUIRE(reeve.has_lines("up", 1));
    reeve.signal(SIGTERM);
    REQUIRE(wait_until([&] { return says(reeve, "waits for app (its stop_command), for "); }));
    write_file(reeve.file("go"), "");
    REQUIRE(wait_until([&] { return says(reeve, "waits for db, for "); }));
    reeve.signal(SIGTERM);
    reeve.signal(SIGTERM);
    CHECK(reeve.wait() == 0);
}

TEST_CASE("what is killed at the end of stop_timeout_total is named, as is the reason beforehand") {
    Reeve reeve;
    reeve.service("deaf", std::string(deaf) + "stop_timeout = 1h\n");
    reeve.service("fine", sleeps);
    reeve.service("reeve.conf", "stop_timeout_total = 10s\nlog = inherit\n");
    const Output checked = reeve.svctl({"check", reeve.services()});
    CHECK(checked.status == 0);
    CHECK(checked.err.find("/deaf: stop_timeout (1h) is longer than stop_timeout_total (10s)") !=
          std::string::npos);
    reeve.service("reeve.conf", "stop_timeout_total = 1s\nlog = inherit\n");
    reeve.start();
    CHECK(says(reeve, "; so is that of fine"));
    REQUIRE(reeve.has_lines("up", 1));
    CHECK(reeve.stop() == 0);
    CHECK(says(reeve, "deaf was killed: the shutdown's time was over (stop_timeout_total)"));
    CHECK_FALSE(says(reeve, "fine was killed"));
    const Output history = reeve.svctl({"history", "deaf"});
    CHECK(history.out.find("killed at the end of stop_timeout_total") != std::string::npos);
}

TEST_CASE("a oneshot's stop_command undoes what it did: at a down, at a restart, at the end") {
    Reeve reeve;
    const std::string does = "type = oneshot\ncommand = echo do {n} >> {dir}/order\n"
                             "stop_command = echo undo {n} >> {dir}/order\n";
    const auto named = [&](const std::string& name) {
        std::string text = does;
        for (size_t at; (at = text.find("{n}")) != text.npos;) text.replace(at, 3, name);
        return text;
    };
    reeve.service("outer", named("outer"));
    reeve.service("inner", named("inner") + "depends_on = outer\n");
    reeve.service("app", "command = trap 'echo app ends >> {dir}/order; exit' TERM; "
                         "echo app >> {dir}/order; while :; do sleep 0.05; done\n"
                         "depends_on = inner\n");
    reeve.start();
    REQUIRE(reeve.has_lines("order", 3));
    CHECK(reeve.svctl({"down", "outer"}).status == 0);
    CHECK(reeve.text_of("order") == "do outer\ndo inner\napp\napp ends\nundo inner\nundo outer\n");
    write_file(reeve.file("order"), "");
    CHECK(reeve.svctl({"up", "app"}).status == 0);
    REQUIRE(reeve.has_lines("order", 3));
    CHECK(reeve.stop() == 0);
    CHECK(reeve.text_of("order") == "do outer\ndo inner\napp\napp ends\nundo inner\nundo outer\n");
}

TEST_CASE("a oneshot that is done is undone by the next reeve as well, after a kill") {
    Reeve reeve;
    reeve.service("net", "type = oneshot\ncommand = echo do >> {dir}/order\n"
                         "stop_command = echo undo >> {dir}/order\n");
    reeve.start();
    REQUIRE(reeve.reaches("net", "done"));
    reeve.kill();
    reeve.start();
    CHECK(reeve.state("net") == "done");
    CHECK(reeve.stop() == 0);
    CHECK(reeve.text_of("order") == "do\nundo\n");
}

TEST_CASE("a oneshot that cannot be undone fails the command, with the reason") {
    Reeve reeve;
    reeve.service("busy", "type = oneshot\nexec = true\nstop_command = exit 32\n");
    reeve.start();
    REQUIRE(reeve.reaches("busy", "done"));
    const Output down = reeve.svctl({"down", "busy"});
    CHECK(down.status == 1);
    CHECK(down.err.find("stop_command: exit 32") != std::string::npos);
    CHECK(reeve.state("busy") == "failed");
}

TEST_CASE("on_end = shutdown-on-failure ends reeve with the code of what failed, and only then") {
    Reeve reeve;
    reeve.service("good", "type = oneshot\nexec = true\non_end = shutdown-on-failure\n");
    reeve.service("bad", "type = oneshot\ncommand = test ! -e {dir}/go || exit 7\n"
                         "on_end = shutdown-on-failure\n");
    reeve.start();
    REQUIRE(reeve.reaches("good", "done"));
    REQUIRE(reeve.reaches("bad", "done"));
    write_file(reeve.file("go"), "");
    reeve.svctl({"-n", "run", "bad"});
    CHECK(reeve.wait() == 7);
}

TEST_CASE("a strict reeve does not start with definitions that have errors, and tells them all") {
    for (const bool by_option : {true, false}) {
        Reeve reeve;
        reeve.service("one", "exec = touch {dir}/started\nrestrat = never\n");
        reeve.service("two", "exec = touch {dir}/started\ndepends_on = nobody\n");
        reeve.service("good", "exec = touch {dir}/started\n");
        if (!by_option) reeve.service("reeve.conf", "strict = yes\n");
        reeve.start(reeve.launch(by_option ? Strings{"--strict"} : Strings{}), false);
        CHECK(reeve.wait() == 100);
        CHECK(says(reeve, "unknown key 'restrat'"));
        CHECK(says(reeve, "there is no service 'nobody'"));
        CHECK(says(reeve, "nothing was started"));
        CHECK_FALSE(exists(reeve.file("started")));
    }
}

TEST_CASE("a strict reeve takes over what runs, whatever errors there are by then") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start({"--strict"});
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t before = reeve.pid_of("web");
    reeve.kill();
    reeve.service("other", "exce = true\n");
    reeve.start({"--strict"});
    CHECK(reeve.pid_of("web") == before);
}
