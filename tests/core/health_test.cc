// Checks of services that run, and their watchdogs: when they are due, and what follows.
#include <algorithm>

#include "catch.h"
#include "core/explain.h"
#include "core/health.h"
#include "core/timed.h"

namespace {

using namespace reeve;
using namespace reeve::test;

// A daemon with a check every 30 s. change(HealthRules&, Policy&)
template <typename Change>
Ref<const Definition> checked(std::string_view name, Change change) {
    return define(name, [&](Definition& definition, Policy& policy) {
        auto* health = new HealthRules;
        health->check = "look";
        change(*health, policy);
        definition.health = Ref<const HealthRules>(health);
    });
}

Ref<const Definition> checked(std::string_view name) {
    return checked(name, [](HealthRules&, Policy&) {});
}

Ref<const Definition> watched(Duration watchdog, uint64_t digest = 1) {
    return define("web", [&](Definition& definition, Policy& policy) {
        auto* health = new HealthRules;
        definition.digest = digest;
        definition.health = Ref<const HealthRules>(health);
        policy.ready = {ReadyKind::notify, 0, {}};
        health->watchdog = watchdog;
    });
}

TimedRig running(const Ref<const Definition>& definition) {
    TimedRig rig("2026-12-01T00:00:00Z", {definition});
    rig.run("web");
    if (rig.state("web") != State::running) rig.ready("web");
    rig.asked();
    rig.core.events().pass();
    return rig;
}

void check_ends(TimedRig& rig, HookResult result, uint8_t code = 0) {
    rig.event("web", {.kind = EventKind::hook_ended,
                      .hook = Hook::check,
                      .result = result,
                      .status = {ExitStatus::Kind::exited, code}});
}

// Lets so many checks fail, and no time pass after the last.
void fail_checks(TimedRig& rig, int count) {
    for (int i = 0; i < count; ++i) {
        rig.pass_to_deadline();
        check_ends(rig, HookResult::failed, 3);
    }
}

// "running unhealthy: ..., running healthy" since the last time.
std::string told(TimedRig& rig) {
    std::string text;
    for (const Entry& entry : rig.core.events().fresh()) {
        Buffer<400> words;
        append_reason(words, entry);
        text.append(text.empty() ? "" : ", ").append(name_of(entry.to)).append(" ");
        text.append(words.view());
    }
    rig.core.events().pass();
    return text;
}

}  // namespace

TEST_CASE("a check runs once an interval while its service runs, never two at once") {
    TimedRig rig = running(checked("web"));
    CHECK(rig.deadline("web") == 30000);
    rig.pass_to_deadline();
    CHECK(rig.asked() == "run_hook web check");
    rig.pass(seconds(30));
    CHECK(rig.asked().empty());
    check_ends(rig, HookResult::succeeded);
    CHECK(rig.reason("web") == "healthy");
    rig.pass(seconds(29));
    CHECK(rig.asked().empty());
    rig.pass(seconds(1));
    CHECK(rig.asked() == "run_hook web check");
}

TEST_CASE("checks missed while reeve was stopped are not made up for") {
    TimedRig rig = running(checked("web"));
    rig.pass(seconds(1000));
    CHECK(rig.asked() == "run_hook web check");
    check_ends(rig, HookResult::succeeded);
    CHECK(rig.deadline("web") == 30000);
}

TEST_CASE(
    "so many failures in a row make a service unhealthy, which ends its run as a failed one") {
    TimedRig rig = running(checked("web"));
    fail_checks(rig, 2);
    CHECK(rig.state("web") == State::running);
    CHECK(rig.reason("web") == "ready; check: exit 3");
    rig.asked();
    fail_checks(rig, 1);
    CHECK(rig.asked() == "run_hook web check, signal_group web 15");
    CHECK(rig.state("web") == State::stopping);
    CHECK(rig.reason("web") == "unhealthy: check: exit 3");
    rig.died("web", 15);
    CHECK(rig.state("web") == State::backoff);
    CHECK(rig["web"].end.code == ReasonCode::unhealthy);
    CHECK(told(rig) ==
          "stopping unhealthy: check: exit 3, backoff unhealthy: check: exit 3, 1st failure");
    rig.pass_to_deadline();
    rig.run("web");
    CHECK(rig["web"].check_failures == 0);
    CHECK(rig.reason("web") == "ready");
}

TEST_CASE("one success in between begins the count anew") {
    TimedRig rig = running(checked("web"));
    for (int i = 0; i < 5; ++i) {
        fail_checks(rig, 2);
        rig.pass_to_deadline();
        check_ends(rig, HookResult::succeeded);
    }
    CHECK(rig.state("web") == State::running);
    CHECK(rig.reason("web") == "healthy");
    CHECK(told(rig).empty());
}

TEST_CASE("check_action = stop gives up what is unhealthy, whatever restart says") {
    TimedRig rig = running(checked("web", [](HealthRules& health, Policy& policy) {
        health.check_retries = 1;
        health.check_action = CheckAction::stop;
        policy.restart = Restart::always;
        policy.on_fail = "alarm";
    }));
    fail_checks(rig, 1);
    rig.died("web", 15);
    CHECK(rig.state("web") == State::failed);
    CHECK(rig.reason("web") == "unhealthy: check: exit 3, check_action = stop");
    CHECK(rig.asked() ==
          "run_hook web check, signal_group web 15, end_run web, run_hook web on_fail");
}

TEST_CASE("check_action = none only tells, once each time that it turns") {
    TimedRig rig = running(checked("web", [](HealthRules& health, Policy&) {
        health.check_retries = 2;
        health.check_action = CheckAction::none;
    }));
    fail_checks(rig, 5);
    CHECK(rig.state("web") == State::running);
    CHECK(rig.reason("web") == "unhealthy: check: exit 3");
    CHECK(told(rig) == "running unhealthy: check: exit 3");
    rig.pass_to_deadline();
    check_ends(rig, HookResult::succeeded);
    CHECK(rig.reason("web") == "healthy");
    CHECK(told(rig) == "running healthy");
}

TEST_CASE("a check that times out has failed, one that cannot be started says nothing") {
    TimedRig rig = running(checked("web", [](HealthRules& health, Policy&) {
        health.check_retries = 1;
        health.check_action = CheckAction::none;
    }));
    rig.pass_to_deadline();
    check_ends(rig, HookResult::not_started);
    CHECK(rig.reason("web").starts_with("ready; check: "));
    for (const uint8_t of_a_shell : {126, 127}) {
        rig.pass_to_deadline();
        check_ends(rig, HookResult::failed, of_a_shell);
        CHECK(rig["web"].check_failures == 0);
    }
    rig.pass_to_deadline();
    check_ends(rig, HookResult::timed_out);
    CHECK(rig.reason("web") == "unhealthy: check: timed out (check_timeout)");
}

TEST_CASE("a stop or the end of the run cancels a check at once, and its end counts for nothing") {
    TimedRig rig =
        running(checked("web", [](HealthRules& health, Policy&) { health.check_retries = 1; }));
    rig.pass_to_deadline();
    rig.asked();
    SECTION("a stop") {
        rig.down("web");
        CHECK(rig.asked() == "cancel_hook web check, signal_group web 15");
        rig.died("web", 15);
    }
    SECTION("an end of its own") {
        rig.died("web", 11);
        CHECK(rig.asked() == "end_run web, cancel_hook web check");
    }
    CHECK(rig.state("web") == State::stopping);
    check_ends(rig, HookResult::failed);
    CHECK(rig["web"].end.code != ReasonCode::unhealthy);
    CHECK(rig.state("web") != State::stopping);
}

TEST_CASE("the checks of a thousand services are spread evenly over their interval") {
    std::vector<Ref<const Definition>> definitions;
    const auto name = [](int i) { return "s" + std::to_string(i); };
    for (int i = 0; i < 1000; ++i) definitions.push_back(checked(name(i)));
    TimedRig rig("2026-12-01T00:00:00Z", {});
    rig.core.configure(2000, 0);
    rig.load(std::move(definitions));
    for (int i = 0; i < 1000; ++i) rig.run(name(i));
    std::vector<int> in_second(30);
    for (int i = 0; i < 1000; ++i)
        ++in_second.at(static_cast<size_t>(std::min<int64_t>(rig.deadline(name(i)), 29999) / 1000));
    CHECK(*std::max_element(in_second.begin(), in_second.end()) <= 36);
    CHECK(*std::min_element(in_second.begin(), in_second.end()) >= 30);
}

TEST_CASE("a check that goes as the one before is on record, and nothing else is done for it") {
    TimedRig rig = running(checked("web"));
    rig.pass_to_deadline();
    check_ends(rig, HookResult::succeeded);
    Service& web = rig["web"];
    web.dirty = web.looks_other = false;
    rig.core.dirty().clear();
    rig.pass_to_deadline();
    check_ends(rig, HookResult::succeeded);
    CHECK(web.dirty);
    CHECK_FALSE(web.looks_other);
    rig.pass_to_deadline();
    check_ends(rig, HookResult::failed);
    CHECK(web.looks_other);
}

TEST_CASE("a reload adds, changes and takes away the check of what runs") {
    TimedRig rig = running(define("web"));
    CHECK(rig.deadline("web") == -1);
    const auto with = [](std::string_view line, Duration interval) {
        return define("web", [&](Definition& definition, Policy&) {
            auto* health = new HealthRules;
            health->check = line;
            health->check_interval = interval;
            health->check_retries = 5;
            health->check_action = CheckAction::none;
            definition.health = Ref<const HealthRules>(health);
            definition.digest = interval.ms;
        });
    };
    rig.load({with("look", seconds(30))});
    CHECK(rig.deadline("web") == 30000);
    rig.pass(seconds(10));
    rig.load({with("look", seconds(30))});
    CHECK(rig.deadline("web") == 20000);
    rig.load({with("look", seconds(5))});
    CHECK(rig.deadline("web") == 5000);
    fail_checks(rig, 5);
    CHECK(rig.reason("web") == "unhealthy: check: exit 3");
    rig.load({with("look closer", seconds(7))});
    CHECK(rig["web"].check_failures == 0);
    CHECK(rig.reason("web").starts_with("ready"));
    rig.load({define("web")});
    CHECK(rig.deadline("web") == -1);
}

TEST_CASE("a check that a reload changes or takes away is ended, and nothing is shown of it") {
    const auto with = [](std::string_view line, uint64_t digest) {
        return define("web", [&](Definition& definition, Policy&) {
            auto* health = new HealthRules;
            health->check = line;
            definition.health = Ref<const HealthRules>(health);
            definition.digest = digest;
        });
    };
    TimedRig rig = running(with("false", 1));
    fail_checks(rig, 1);
    rig.pass_to_deadline();
    CHECK(rig.asked() == "run_hook web check, run_hook web check");
    SECTION("by another") { rig.load({with("true", 2)}); }
    SECTION("by none") { rig.load({with("", 2)}); }
    CHECK(rig.asked() == "cancel_hook web check");
    CHECK(rig.reason("web") == "ready");
    rig.event("web", {.kind = EventKind::hook_ended,
                      .hook = Hook::check,
                      .result = HookResult::failed,
                      .is_told = false});
    CHECK(rig["web"].check_failures == 0);
    CHECK(rig.reason("web") == "ready");
}

TEST_CASE("failed checks count against retries, however long each run was, but a long good time") {
    TimedRig rig = running(checked("web", [](HealthRules&, Policy& policy) {
        policy.retries = 2;
        policy.reset_after = seconds(10);
    }));
    const auto run_ends = [&] {
        fail_checks(rig, 3);
        rig.died("web", 15);
    };
    run_ends();
    CHECK(rig["web"].failures == 1);
    rig.pass_to_deadline();
    rig.run("web");
    SECTION("at once") {
        run_ends();
        CHECK(rig.state("web") == State::failed);
    }
    SECTION("after a good time") {
        for (int i = 0; i < 3; ++i) {
            rig.pass_to_deadline();
            check_ends(rig, HookResult::succeeded);
        }
        run_ends();
        CHECK(rig["web"].failures == 1);
    }
}

TEST_CASE("up while what is unhealthy is being stopped for good has it started anew") {
    TimedRig rig = running(checked("web", [](HealthRules& health, Policy&) {
        health.check_retries = 1;
        health.check_action = CheckAction::stop;
    }));
    fail_checks(rig, 1);
    rig.up("web");
    CHECK(rig.state("web") == State::stopping);
    rig.asked();
    rig.died("web", 15);
    CHECK(rig.asked() == "end_run web, spawn web");
}

TEST_CASE("who takes over goes on with the count, and cancels the check that it cannot hear") {
    TimedRig rig = running(checked("web"));
    fail_checks(rig, 2);
    TimedRig next;
    rig.take_over_into(next, {checked("web")});
    CHECK(next.asked().empty());
    CHECK(next.deadline("web") == 30000);
    fail_checks(next, 1);
    CHECK(next.state("web") == State::stopping);
}

TEST_CASE("a service that does not say WATCHDOG=1 in time is stopped, and has failed") {
    TimedRig rig = running(watched(seconds(5)));
    const ServiceId web = rig.core.id_of(rig["web"]);
    for (int i = 0; i < 10; ++i) {
        rig.pass(seconds(4));
        rig.core.keep_alive(web, rig.now);
        CHECK(rig.deadline("web") == 5000);
    }
    CHECK(rig.asked().empty());
    rig.pass(seconds(5));
    CHECK(rig.asked() == "listen web");
    rig.event("web", {.kind = EventKind::silent});
    CHECK(rig.asked() == "signal_group web 15");
    CHECK(rig.reason("web") == "no WATCHDOG=1 within its watchdog");
    rig.core.keep_alive(web, rig.now);
    rig.died("web", 15);
    CHECK(rig["web"].end.code == ReasonCode::watchdog);
    CHECK(rig["web"].failures == 1);
}

TEST_CASE("what was said while reeve was held up is heard before a watchdog ends a run") {
    TimedRig rig = running(watched(seconds(5)));
    rig.pass(seconds(60));
    CHECK(rig.asked() == "listen web");
    rig.core.keep_alive(rig.core.id_of(rig["web"]), rig.now);
    CHECK(rig.state("web") == State::running);
    CHECK(rig.deadline("web") == 5000);
}

TEST_CASE("WATCHDOG=1 is not due before a service is ready, and makes no record") {
    TimedRig rig("2026-12-01T00:00:00Z", {watched(seconds(1))});
    rig.run("web");
    rig.pass(seconds(10));
    CHECK(rig.state("web") == State::starting);
    rig.ready("web");
    rig["web"].dirty = false;
    rig.core.dirty().clear();
    rig.core.keep_alive(rig.core.id_of(rig["web"]), rig.now);
    CHECK(rig.core.dirty().empty());
}

TEST_CASE("WATCHDOG=trigger ends a run as silence does") {
    TimedRig rig = running(watched({}));
    rig.event("web", {.kind = EventKind::hung});
    CHECK(rig.asked() == "signal_group web 15");
    CHECK(rig.reason("web") == "it found itself hung (WATCHDOG=trigger)");
    rig.event("web", {.kind = EventKind::hung});
    CHECK(rig.asked().empty());
}

TEST_CASE("another watchdog holds from the next start on, for the process knows the one before") {
    TimedRig rig = running(watched(seconds(60)));
    rig.load({watched(seconds(1), 2)});
    rig.pass(seconds(100));
    CHECK(rig.state("web") == State::running);
    rig.restart("web");
    rig.died("web", 15);
    rig.run("web");
    rig.ready("web");
    CHECK(rig.deadline("web") == 1000);
}

TEST_CASE("who takes over gives a whole watchdog, for what was said meanwhile nobody heard") {
    TimedRig rig = running(watched(seconds(5)));
    rig.pass(seconds(4));
    rig.now.mono = rig.now.mono + seconds(100);
    TimedRig next;
    rig.take_over_into(next, {watched(seconds(5))});
    CHECK(next.state("web") == State::running);
    CHECK(next.deadline("web") == 5000);
}

TEST_CASE("a service with a bound is measured while it runs, and ended where it is above") {
    const auto bounded = [](LimitAction action) {
        return checked("web", [&](HealthRules& health, Policy&) {
            health.check = {};
            health.max_memory = 1 << 20;
            health.limit_action = action;
        });
    };
    TimedRig rig("2026-12-01T00:00:00Z", {bounded(LimitAction::restart)});
    CHECK(rig.asked() == "spawn web");
    rig.run("web");
    CHECK(rig.asked() == "measure web");
    SECTION("by memory") {
        rig.event("web", {.kind = EventKind::over_limit, .value = 2 * 1024});
        CHECK(rig.reason("web") == "memory 2M, above max_memory for max_for");
    }
    SECTION("by processor time") {
        rig.event("web", {.kind = EventKind::over_limit, .detail = 1, .value = 173});
        CHECK(rig.reason("web") == "CPU 173%, above max_cpu for max_for");
    }
    CHECK(rig.asked() == "signal_group web 15");
    rig.event("web", {.kind = EventKind::over_limit, .value = 3 * 1024});
    CHECK(rig.asked().empty());
    rig.died("web", 15);
    CHECK(rig.state("web") == State::backoff);
    rig.load({bounded(LimitAction::stop)});
    rig.pass_to_deadline();
    rig.run("web");
    rig.event("web", {.kind = EventKind::over_limit, .value = 4 * 1024});
    rig.died("web", 15);
    CHECK(rig.state("web") == State::failed);
    CHECK(rig.reason("web") == "memory 4M, above max_memory for max_for, limit_action = stop");
}

TEST_CASE("a bound that a reload or a take-over brings is looked after at once") {
    const auto plain = define("web");
    const auto bounded = checked("web", [](HealthRules& health, Policy&) {
        health.check = {};
        health.max_cpu = 50;
    });
    TimedRig rig = running(plain);
    rig.load({bounded});
    CHECK(rig.asked() == "measure web");
    TimedRig next;
    rig.take_over_into(next, {bounded});
    CHECK(next.asked() == "measure web, measure web");
}
