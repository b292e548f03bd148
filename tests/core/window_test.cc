// Daily windows of daemons, and the end of reeve.
#include "catch.h"
#include "core/progress.h"
#include "core/timed.h"

namespace {

using namespace reeve;
using namespace reeve::test;

void force(TimedRig& rig, std::string_view name) {
    rig.up(name);
    const std::vector<ServiceId> ids{rig.core.id_of(rig[name])};
    rig.core.force_open(ids, rig.now);
    rig.pass(milliseconds(1));
}

}  // namespace

TEST_CASE("a daemon runs inside its window, and is stopped at its end") {
    TimedRig rig("2026-12-01T07:00:00Z", {office_daemon("web", 8, 18)});
    CHECK(rig.asked().empty());
    CHECK(rig.reason("web") == "out of its window, which opens at 2026-12-01T08:00:00Z");
    rig.pass_until("2026-12-01T08:00:00Z");
    CHECK(rig.asked() == "spawn web");
    rig.run("web");
    rig.pass_until("2026-12-01T17:59:59Z");
    CHECK(rig.asked().empty());
    rig.pass_until("2026-12-01T18:00:00Z");
    CHECK(rig.asked() == "signal_group web 15");
    CHECK(rig.reason("web") == "out of its window, which opens at 2026-12-02T08:00:00Z");
    rig.exited("web", 0);
    CHECK(rig.state("web") == State::waiting);
    CHECK(rig.core.next_moment() == wall_at("2026-12-02T08:00:00Z"));
    CHECK(rig.core.next_deadline() == no_deadline);
}

TEST_CASE("a window goes past midnight, and its day is that of its start") {
    TimedRig rig("2026-12-04T21:00:00Z",  // a Friday
                 {timed("night", [](Timing& timing, Policy& policy, Definition&) {
                     policy.type = Type::daemon;
                     timing.start_s = 22 * 3600;
                     timing.stop_s = 6 * 3600;
                     timing.week_days = 1 << 5;
                 })});
    rig.pass_until("2026-12-04T22:00:00Z");
    CHECK(rig.asked() == "spawn night");
    rig.run("night");
    rig.pass_until("2026-12-05T05:59:59Z");
    CHECK(rig.asked().empty());
    rig.pass_until("2026-12-05T06:00:00Z");
    CHECK(rig.asked() == "signal_group night 15");
    rig.exited("night", 0);
    CHECK(rig.reason("night") == "out of its window, which opens at 2026-12-11T22:00:00Z");
}

TEST_CASE("only one of start_time and stop_time means from midnight, or until midnight") {
    TimedRig rig("2026-12-01T00:00:00Z",
                 {timed("early",
                        [](Timing& timing, Policy& policy, Definition&) {
                            policy.type = Type::daemon;
                            timing.stop_s = 6 * 3600;
                        }),
                  timed("late", [](Timing& timing, Policy& policy, Definition&) {
                      policy.type = Type::daemon;
                      timing.start_s = 22 * 3600;
                  })});
    CHECK(rig.asked() == "spawn early");
    rig.run("early");
    rig.pass_until("2026-12-01T06:00:00Z");
    CHECK(rig.asked() == "signal_group early 15");
    rig.exited("early", 0);
    rig.pass_until("2026-12-01T22:00:00Z");
    CHECK(rig.asked() == "end_run early, spawn late");
    rig.run("late");
    rig.pass_until("2026-12-02T00:00:00Z");
    CHECK(rig.asked() == "spawn early, signal_group late 15");
}

TEST_CASE("up --now opens a window until its next edge") {
    TimedRig rig("2026-12-01T20:00:00Z", {office_daemon("web", 8, 18)});
    force(rig, "web");
    CHECK(rig.asked() == "spawn web");
    rig.run("web");
    rig.pass_until("2026-12-02T17:59:00Z");
    CHECK(rig.asked().empty());
    rig.pass_until("2026-12-02T18:00:00Z");
    CHECK(rig.asked() == "signal_group web 15");
    rig.exited("web", 0);
    force(rig, "web");
    rig.run("web");
    rig.asked();
    rig.down("web");
    rig.exited("web", 0);
    rig.asked();
    rig.up("web");
    CHECK(rig.asked().empty());
}

TEST_CASE("up --now holds over a take-over, and not for years where the clock is set back") {
    TimedRig before("2030-12-01T20:00:00Z", {office_daemon("web", 8, 18)});
    force(before, "web");
    before.run("web");
    TimedRig rig;
    before.take_over_into(rig, {office_daemon("web", 8, 18)});
    rig.pass(seconds(60));
    CHECK(rig.asked().empty());
    CHECK(rig.state("web") == State::running);
    rig.set_clock("2026-12-01T17:00:00Z");
    CHECK(rig.asked().empty());
    rig.pass_until("2026-12-01T18:00:00Z");
    CHECK(rig.asked() == "signal_group web 15");
}

TEST_CASE("up --now runs what waits for its window while the clock is not set") {
    TimedRig rig("1970-01-01T00:00:10Z", {office_daemon("web", 8, 18)});
    CHECK(rig.reason("web") == "the clock is not set");
    force(rig, "web");
    CHECK(rig.asked() == "spawn web");
    rig.run("web");
    rig.set_clock("2026-12-01T20:00:00Z");
    CHECK(rig.asked() == "signal_group web 15");
}

TEST_CASE("dependents stop before the daemon whose window closes, and start behind it") {
    TimedRig rig("2026-12-01T09:00:00Z",
                 {office_daemon("db", 8, 18),
                  define("web", [](Definition& d, Policy&) { d.depends_on.append("db"); })});
    rig.run("db");
    rig.run("web");
    rig.asked();
    rig.pass_until("2026-12-01T18:00:00Z");
    CHECK(rig.asked() == "signal_group web 15");
    rig.exited("web", 0);
    CHECK(rig.asked() == "end_run web, signal_group db 15");
    rig.exited("db", 0);
    rig.pass_until("2026-12-02T08:00:00Z");
    CHECK(rig.asked() == "end_run db, spawn db");
    rig.run("db");
    CHECK(rig.asked() == "spawn web");
}

TEST_CASE("what runs is not stopped by a clock that tells nothing") {
    TimedRig rig("2026-12-01T09:00:00Z", {office_daemon("db", 8, 18)});
    rig.run("db");
    rig.asked();
    rig.set_clock("1970-01-01T00:00:10Z");
    CHECK(rig.asked().empty());
    rig.exited("db", 0);
    rig.pass(seconds(1));
    CHECK(rig.asked() == "end_run db, spawn db");
}

TEST_CASE("in a shutdown no schedule is a reason to go on") {
    TimedRig rig(
        "2026-12-01T09:00:00Z",
        {office_daemon("db", 8, 18), every_job("poll", seconds(60)), cron_job("job", "* * * * *")});
    rig.run("db");
    rig.asked();
    rig.shut_down(seconds(100));
    rig.pass(seconds(90));
    CHECK(rig.asked().find("spawn") == std::string::npos);
    CHECK(rig.told().empty());
    rig.exited("db", 0);
    CHECK(rig.core.all_ended());
    CHECK(rig.core.idle());
    CHECK(rig.core.next_deadline() == no_deadline);
    CHECK(rig.core.next_moment() == no_moment);
}

TEST_CASE("who asks for up or restart outside of a window is told at once that it is closed") {
    TimedRig rig("2026-12-01T20:00:00Z",
                 {office_daemon("web", 8, 18), cron_job("job", "0 3 * * *")});
    const auto outcome = [&](std::string_view name, Goal::Kind kind) {
        return progress(rig.core, rig.core.id_of(rig[name]), {.kind = kind});
    };
    rig.up("web");
    CHECK(outcome("web", Goal::Kind::up) == Progress::failed);
    CHECK(outcome("job", Goal::Kind::up) == Progress::reached);
    rig.restart("web");
    CHECK(outcome("web", Goal::Kind::restarted) == Progress::failed);
    rig.restart("job");
    CHECK(outcome("job", Goal::Kind::restarted) == Progress::pending);
}
