// A oneshot that is done, and the stop_command that undoes what it did.
#include "catch.h"
#include "core/explain.h"
#include "core/progress.h"
#include "core/rig.h"

namespace {

using namespace reeve;
using test::define;
using test::Rig;

Ref<const Definition> mount(std::string_view name, std::string_view needs = {}) {
    return define(name, [&](Definition& definition, Policy& policy) {
        policy.type = Type::oneshot;
        policy.stop_command = "undo";
        if (!needs.empty()) definition.depends_on.append(needs);
    });
}

void bring_up(Rig& rig, std::string_view name) {
    rig.run(name);
    rig.exited(name, 0);
    REQUIRE(rig.state(name) == State::done);
}

}  // namespace

TEST_CASE("a oneshot that is done is undone by its stop_command when it is taken down") {
    Rig rig({mount("data")});
    bring_up(rig, "data");
    CHECK(rig.core.idle());
    CHECK_FALSE(rig.core.all_ended());
    rig.asked();
    rig.down("data");
    CHECK(rig.asked() == "run_hook data stop_command");
    CHECK(rig.state("data") == State::stopping);
    rig.hook("data", Hook::stop_command);
    CHECK(rig.state("data") == State::stopped);
    CHECK(rig.asked().empty());
    rig.down("data");
    CHECK(rig.asked().empty());
}

TEST_CASE("a restart of a oneshot undoes what it did before it does it again") {
    Rig rig({mount("data")});
    bring_up(rig, "data");
    rig.asked();
    rig.restart("data");
    CHECK(rig.asked() == "run_hook data stop_command");
    rig.hook("data", Hook::stop_command);
    CHECK(rig.asked() == "spawn data");
}

TEST_CASE("a restart that waits to undo a oneshot begins anew what is none by then") {
    const auto app = define("app", [](Definition& d, Policy& policy) {
        policy.cascade = true;
        d.depends_on.append("data");
    });
    Rig rig({mount("data"), app});
    bring_up(rig, "data");
    rig.run("app");
    rig.restart("data");
    REQUIRE(rig.states() == "app stopping, data done");
    rig.asked();
    rig.load(
        {define("data", [](Definition&, Policy& policy) { policy.stop_command = "undo"; }), app});
    CHECK(rig.asked().empty());
    rig.died("app", 15);
    CHECK(rig.asked() == "end_run app, spawn data");
    CHECK_FALSE(rig["data"].restart_requested());
}

TEST_CASE("at a shutdown oneshots are undone in their turn: dependents first") {
    Rig rig({define("app", [](Definition& d, Policy&) { d.depends_on.append("inner"); }),
             mount("inner", "outer"), mount("outer")});
    bring_up(rig, "outer");
    bring_up(rig, "inner");
    rig.run("app");
    rig.asked();
    rig.shut_down(seconds(8));
    CHECK(rig.asked() == "signal_group app 15");
    rig.exited("app", 0);
    CHECK(rig.asked() == "end_run app, run_hook inner stop_command");
    rig.hook("inner", Hook::stop_command);
    CHECK(rig.asked() == "run_hook outer stop_command");
    CHECK_FALSE(rig.core.all_ended());
    rig.hook("outer", Hook::stop_command);
    CHECK(rig.core.all_ended());
}

TEST_CASE("a oneshot that could not be undone is failed, and down tries it again") {
    Rig rig({mount("data")});
    bring_up(rig, "data");
    rig.down("data");
    rig.event("data", {.kind = EventKind::hook_ended,
                       .hook = Hook::stop_command,
                       .result = HookResult::failed,
                       .status = {ExitStatus::Kind::exited, 32}});
    CHECK(rig.state("data") == State::failed);
    CHECK(rig.reason("data") == "stop_command: exit 32");
    CHECK(progress(rig.core, {0}, {.kind = Goal::Kind::down}) == Progress::failed);
    rig.asked();
    rig.down("data");
    CHECK(rig.asked() == "run_hook data stop_command");
    rig.hook("data", Hook::stop_command);
    CHECK(rig.state("data") == State::stopped);
}

TEST_CASE("past the shutdown's deadline down does not begin to undo once more") {
    Rig rig({mount("data"), define("app")});
    bring_up(rig, "data");
    rig.run("app");
    rig.down("data");
    rig.hook("data", Hook::stop_command, HookResult::failed);
    REQUIRE(rig.state("data") == State::failed);
    rig.shut_down(seconds(8));
    rig.pass(seconds(8));
    rig.asked();
    rig.down("data");
    CHECK(rig.asked().empty());
    CHECK(rig.state("data") == State::failed);
    rig.died("app", 9);
    CHECK(rig.core.all_ended());
}

TEST_CASE("what cannot be undone before the shutdown's deadline is given up, and told") {
    Rig rig({mount("inner", "outer"), mount("outer")});
    bring_up(rig, "outer");
    bring_up(rig, "inner");
    rig.shut_down(seconds(8));
    rig.asked();
    rig.pass(seconds(8));
    CHECK(rig.asked().find("cancel_hook inner stop_command") == 0);
    CHECK(rig.state("outer") == State::failed);
    rig.event("inner", {.kind = EventKind::hook_ended,
                        .hook = Hook::stop_command,
                        .result = HookResult::failed,
                        .is_told = false});
    CHECK(rig.state("inner") == State::failed);
    CHECK(rig.core.all_ended());
}

TEST_CASE("what is done only after the shutdown's deadline is given up at once, out of its turn") {
    Rig rig({define("data",
                    [](Definition&, Policy& policy) {
                        policy.type = Type::oneshot;
                        policy.stop_command = "undo";
                        policy.post_stop = "clean";
                    }),
             define("web", [](Definition& d, Policy&) { d.after.append("data"); })});
    rig.run("data");
    rig.exited("data", 0);
    rig.hook("data", Hook::post_stop);
    rig.run("web");
    rig.restart("data");
    rig.hook("data", Hook::stop_command);
    rig.run("data");
    rig.exited("data", 0);
    rig.shut_down(seconds(8));
    rig.pass(seconds(8));
    REQUIRE(rig.states() == "data stopping, web stopping");
    rig.hook("data", Hook::post_stop);
    CHECK(rig.states() == "data failed, web stopping");
    rig.died("web", 9);
    CHECK(rig.core.all_ended());
}

TEST_CASE("a oneshot whose file is gone is undone before it is forgotten") {
    Rig rig({mount("data")});
    bring_up(rig, "data");
    rig.asked();
    rig.load({});
    CHECK(rig.asked() == "run_hook data stop_command");
    rig.hook("data", Hook::stop_command);
    CHECK(rig.states().empty());
}

TEST_CASE("on_end = shutdown-on-failure ends reeve only where the service has failed") {
    for (const uint8_t code : {0, 3}) {
        Rig rig({define("job", [](Definition&, Policy& policy) {
            policy.type = Type::oneshot;
            policy.on_end = OnEnd::shutdown_on_failure;
        })});
        rig.run("job");
        rig.asked();
        rig.exited("job", code);
        CHECK((rig.asked().find("end_reeve") != std::string::npos) == (code != 0));
    }
}

// --- A shutdown that is asked for again ----------------------------------------------------------

TEST_CASE("a shutdown asked for again tells all that is left to end, and kills it a second later") {
    Rig rig(
        {define("app", [](Definition& d, Policy&) { d.depends_on.append("db"); }), define("db")});
    rig.run("db");
    rig.run("app");
    rig.shut_down(seconds(60));
    rig.asked();
    rig.core.hasten(rig.now.mono + seconds(1), rig.now);
    rig.pass({});
    CHECK(rig.asked() == "signal_group app 15, signal_group db 15");
    rig.pass(seconds(1));
    CHECK(rig.asked() == "signal_group app 9, signal_group db 9");
    rig.core.hasten(rig.now.mono, rig.now);
    rig.pass({});
    CHECK(rig.asked().find("15") == std::string::npos);
}

TEST_CASE("a service that is killed for the shutdown's end says so") {
    Rig rig({define("db", [](Definition&, Policy& policy) { policy.stop_timeout = seconds(60); })});
    rig.run("db");
    rig.shut_down(seconds(8));
    rig.pass(seconds(8));
    rig.died("db", 9);
    const auto runs = rig.ended_runs();
    REQUIRE(runs.size() == 1);
    Buffer<200> words;
    append_end(words, rig["db"], runs[0].how);
    CHECK(words.view() == "stopped, killed at the end of stop_timeout_total");
}
