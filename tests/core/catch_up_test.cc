// Starts that were missed: catch_up, what is remembered of it, and a clock that is not set.
#include "catch.h"
#include "core/timed.h"

namespace {

using namespace reeve;
using namespace reeve::test;

Ref<const Definition> backup(std::string_view line = "0 3 * * *") {
    return timed("backup", [&](Timing& timing, Policy&, Definition&) {
        timing.cron.append(line);
        timing.catch_up = true;
    });
}

void remember(TimedRig& rig, std::string_view date) {
    List<Remembered> remembered;
    for (const char* name : {"zebra", "backup", "apple"})
        remembered.push_back({name, wall_at(date)});
    rig.core.timetable().set_remembered(std::move(remembered));
}

}  // namespace

TEST_CASE("starts that were missed while the machine was off are made up once") {
    TimedRig rig("2026-12-05T12:00:00Z");
    remember(rig, "2026-12-01T03:00:00Z");
    rig.load({backup()});
    rig.pass(milliseconds(1));
    CHECK(rig.asked() == "spawn backup");
    rig.do_run("backup");
    CHECK(rig.reason("backup") == "starts at 2026-12-06T03:00:00Z");
    rig.pass_until("2026-12-06T02:59:00Z");
    CHECK(rig.asked() == "end_run backup");
    CHECK(rig.told().empty());
}

TEST_CASE("without catch_up, or with nothing missed, a start of reeve runs nothing") {
    TimedRig rig("2026-12-05T12:00:00Z");
    remember(rig, "2026-12-05T03:00:00Z");
    rig.load({backup(), cron_job("apple", "0 3 * * *")});
    rig.pass(seconds(1));
    CHECK(rig.asked().empty());
    CHECK(rig.told().empty());
}

TEST_CASE("what was made up for is not made up again, by down and up or by a mended file") {
    TimedRig rig("2026-12-05T12:00:00Z");
    remember(rig, "2026-12-01T03:00:00Z");
    rig.load({backup()});
    rig.pass(milliseconds(1));
    rig.do_run("backup");
    CHECK(rig.asked() == "spawn backup, end_run backup");
    rig.down("backup");
    rig.up("backup");
    rig.pass(seconds(1));
    CHECK(rig.asked().empty());
    rig.load({}, {"backup"});
    CHECK(rig.state("backup") == State::invalid);
    rig.load({backup()});
    rig.pass(seconds(1));
    CHECK(rig.asked().empty());
    rig.load({backup("30 3 * * *")});
    rig.pass(seconds(1));
    CHECK(rig.asked().empty());
}

TEST_CASE("what is missed while its file has errors is made up once that is mended") {
    TimedRig rig("2026-12-05T02:00:00Z", {backup()});
    rig.load({}, {"backup"});
    rig.pass_until("2026-12-05T12:00:00Z");
    rig.load({backup()});
    rig.pass(milliseconds(1));
    CHECK(rig.asked() == "spawn backup");
}

TEST_CASE("a job that is new is remembered from then on, though it has not been started") {
    TimedRig rig("2026-12-05T12:00:00Z", {cron_job("other", "0 3 * * *")});
    CHECK_FALSE(rig.core.timetable().take_started());
    rig.load({cron_job("other", "0 3 * * *"), backup()});
    CHECK(rig.core.timetable().take_started());
    CHECK_FALSE(rig.core.timetable().take_started());
    rig.pass_until("2026-12-06T03:00:00Z");
    CHECK(rig.core.timetable().take_started());
}

TEST_CASE(
    "an interval with catch_up goes on from its last start, and is due where that is long ago") {
    const auto job = [] {
        return timed("backup", [](Timing& timing, Policy&, Definition&) {
            timing.every = seconds(86400);
            timing.catch_up = true;
        });
    };
    TimedRig rig("2026-12-05T12:00:00Z");
    SECTION("an hour is left of it") {
        remember(rig, "2026-12-04T13:00:00Z");
        rig.load({job()});
        rig.pass_until("2026-12-05T12:59:00Z");
        CHECK(rig.asked().empty());
        rig.pass_until("2026-12-05T13:00:00Z");
        CHECK(rig.asked() == "spawn backup");
        CHECK(rig.core.timetable().take_started());
    }
    SECTION("it was over ten days ago") {
        remember(rig, "2026-11-25T12:00:00Z");
        rig.load({job()});
        rig.pass(milliseconds(1));
        CHECK(rig.asked() == "spawn backup");
    }
}

TEST_CASE("a remembered time that lies in the future counts as now") {
    TimedRig rig("2026-12-05T12:00:00Z");
    remember(rig, "2100-01-01T00:00:00Z");
    rig.load({backup()});
    rig.pass(seconds(1));
    CHECK(rig.asked().empty());
    CHECK(rig.core.next_moment() == wall_at("2026-12-06T03:00:00Z"));
}

TEST_CASE("until the clock is set dates hold back, while intervals and @reboot run") {
    TimedRig rig("1970-01-01T00:00:10Z",
                 {cron_job("a-cron", "* * * * *"),
                  timed("a-date", [](Timing& timing, Policy&,
                                     Definition&) { timing.at.append("2026-12-05T11:00:00Z"); }),
                  every_job("poll", seconds(30)), cron_job("setup", "@reboot")});
    CHECK(rig.asked() == "spawn setup");
    CHECK(rig.reason("a-cron") == "the clock is not set");
    CHECK(rig.reason("a-date") == "the clock is not set");
    CHECK(rig.reason("poll") == "starts at 1970-01-01T00:00:40Z");
    rig.do_run("setup");
    CHECK(rig.state("setup") == State::done);
    rig.pass_until("1970-01-01T00:00:50Z");
    CHECK(rig.asked() == "end_run setup, spawn poll");
    rig.set_clock("2026-12-05T12:00:30Z");
    CHECK(rig.asked().empty());
    CHECK(rig.told().empty());
    CHECK(rig.reason("a-cron") == "starts at 2026-12-05T12:01:00Z");
    CHECK(rig.reason("a-date") == "its schedule has no start left");
}

TEST_CASE("catch_up is judged once the clock is set") {
    for (const bool was_missed : {true, false}) {
        CAPTURE(was_missed);
        TimedRig rig("1970-01-01T00:00:10Z");
        remember(rig, was_missed ? "2026-12-01T03:00:00Z" : "2026-12-05T03:00:00Z");
        rig.load({backup(), cron_job("other", "0 3 * * *")});
        rig.pass(seconds(100));
        CHECK(rig.asked().empty());
        rig.set_clock("2026-12-05T12:00:00Z");
        rig.pass(milliseconds(1));
        CHECK(rig.asked() == (was_missed ? "spawn backup" : ""));
        CHECK(rig.told().empty());
    }
}

TEST_CASE("an interval with catch_up is judged once the clock is set, but for one that has run") {
    for (const bool has_run : {false, true}) {
        CAPTURE(has_run);
        TimedRig rig("1970-01-01T00:00:10Z");
        remember(rig, "2026-11-25T12:00:00Z");
        rig.load({timed("backup", [](Timing& timing, Policy&, Definition&) {
            timing.every = seconds(86400);
            timing.catch_up = true;
        })});
        if (has_run) {
            rig.pass_until("1970-01-02T00:00:10Z");
            rig.do_run("backup");
            CHECK(rig.asked() == "spawn backup, end_run backup");
        }
        rig.pass(seconds(600));
        CHECK(rig.core.next_moment() < wall_at("2026-12-05T12:00:00Z"));
        rig.set_clock("2026-12-05T12:00:00Z");
        rig.pass(milliseconds(1));
        CHECK(rig.asked() == (has_run ? "" : "spawn backup"));
        const Wall last = has_run ? wall_at("2026-12-05T11:50:00Z") : rig.now.wall;
        CHECK(rig.timer("backup").handled == last);
    }
}

TEST_CASE("an interval with catch_up of which nothing is known goes on when the clock is set") {
    TimedRig rig("1970-01-01T00:00:10Z", {timed("backup", [](Timing& timing, Policy&, Definition&) {
                     timing.every = seconds(3600);
                     timing.catch_up = true;
                 })});
    rig.pass(seconds(3000));
    rig.set_clock("2026-12-05T12:00:00Z");
    CHECK(rig.reason("backup") == "starts at 2026-12-05T12:10:00Z");
}

TEST_CASE("what is remembered is taken back with a clock that was wrong") {
    TimedRig rig("2036-12-05T02:59:00Z", {backup()});
    rig.pass_until("2036-12-05T03:00:00Z");
    rig.do_run("backup");
    rig.core.timetable().take_started();
    rig.set_clock("2026-12-05T12:00:00Z");
    CHECK(rig.core.timetable().take_started());
    CHECK(rig.timer("backup").handled == wall_at("2026-12-05T12:00:00Z"));
}

TEST_CASE("a date that has passed is made up for once, though nothing is known of it") {
    const auto dated = [](bool catch_up) {
        return timed("party", [&](Timing& timing, Policy&, Definition&) {
            timing.at.append("2026-11-01T20:00");
            timing.at.append("2026-12-01T20:00");
            timing.catch_up = catch_up;
        });
    };
    TimedRig rig("2026-12-05T12:00:00Z");
    rig.load({dated(true)});
    rig.pass(milliseconds(1));
    CHECK(rig.asked() == "spawn party");
    rig.do_run("party");
    rig.pass_until("2026-12-06T00:00:00Z");
    CHECK(rig.asked() == "end_run party");
    TimedRig other("2026-12-05T12:00:00Z");
    other.load({dated(false)});
    other.pass_until("2026-12-06T00:00:00Z");
    CHECK(other.asked().empty());
}
