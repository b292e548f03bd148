// Schedules at work: when a job is started, and when it is not.
#include "catch.h"
#include "core/timed.h"

namespace {

using namespace reeve;
using namespace reeve::test;

Ref<const Definition> minutely(Overlap overlap) {
    return timed("job", [&](Timing& timing, Policy&, Definition&) {
        timing.cron.append("* * * * *");
        timing.overlap = overlap;
    });
}

}  // namespace

TEST_CASE("a scheduled job waits, says until when, and runs at its time") {
    TimedRig rig("2026-12-01T00:00:00Z", {cron_job("job", "0 3 * * *")});
    CHECK(rig.asked().empty());
    CHECK(rig.state("job") == State::waiting);
    CHECK(rig.reason("job") == "starts at 2026-12-01T03:00:00Z");
    CHECK(rig.core.next_moment() == wall_at("2026-12-01T03:00:00Z"));
    CHECK(rig.core.next_deadline() == no_deadline);
    rig.pass_until("2026-12-01T02:59:59Z");
    CHECK(rig.asked().empty());
    rig.pass_until("2026-12-01T03:00:00Z");
    CHECK(rig.asked() == "spawn job");
    CHECK(rig.core.next_moment() == wall_at("2026-12-02T03:00:00Z"));
    rig.do_run("job");
    CHECK(rig.state("job") == State::waiting);
    CHECK(rig.reason("job") == "starts at 2026-12-02T03:00:00Z");
    CHECK_FALSE(rig.core.idle());
}

TEST_CASE("several lines and dates that are due at one moment are one start") {
    TimedRig rig("2026-12-01T00:00:00Z", {timed("job", [](Timing& timing, Policy&, Definition&) {
                     timing.cron.append("0 3 * * *");
                     timing.cron.append("*/30 3 * * *");
                     timing.at.append("2026-12-01T03:00");
                     timing.at.append("2026-12-01T03:10");
                     timing.at.append("2020-01-01T00:00");
                 })});
    for (const char* date : {"03:00", "03:10", "03:30"}) {
        rig.pass_until("2026-12-01T" + std::string(date) + ":00Z");
        CHECK(rig.asked().ends_with("spawn job"));
        rig.do_run("job");
    }
    CHECK(rig["job"].runs == 3);
    CHECK(rig.told().empty());
}

TEST_CASE("the last of its dates leaves a job done") {
    TimedRig rig("2026-12-01T00:00:00Z", {timed("job", [](Timing& timing, Policy&, Definition&) {
                     timing.at.append("2026-12-01T03:00");
                 })});
    rig.pass_until("2026-12-01T03:00:00Z");
    rig.do_run("job");
    CHECK(rig.state("job") == State::done);
    CHECK(rig.core.idle());
}

TEST_CASE("overlap = skip: each start that is skipped is recorded once") {
    TimedRig rig("2026-12-01T00:00:30Z", {minutely(Overlap::skip)});
    rig.pass_until("2026-12-01T00:01:00Z");
    rig.run("job");
    rig.ended_runs();
    rig.pass_until("2026-12-01T00:03:30Z");
    CHECK(rig.told() == "overlapped job, overlapped job");
    const auto runs = rig.ended_runs();
    REQUIRE(runs.size() == 2);
    CHECK(runs[0].pid == 0);
    CHECK(runs[0].how.code == ReasonCode::overlapped);
    CHECK(runs[0].start == wall_at("2026-12-01T00:02:00Z"));
    rig.exited("job", 0);
    CHECK(rig.asked() == "spawn job, end_run job");
    rig.pass_until("2026-12-01T00:04:00Z");
    CHECK(rig.asked() == "spawn job");
}

TEST_CASE("overlap = queue: one start waits for the end of the run, more are skipped") {
    TimedRig rig("2026-12-01T00:00:30Z", {minutely(Overlap::queue)});
    rig.pass_until("2026-12-01T00:01:00Z");
    rig.run("job");
    rig.pass_until("2026-12-01T00:02:30Z");
    CHECK(rig.told().empty());
    rig.pass_until("2026-12-01T00:03:30Z");
    CHECK(rig.told() == "overlapped job");
    rig.asked();
    rig.exited("job", 0);
    CHECK(rig.asked() == "end_run job, spawn job");
    rig.do_run("job");
    CHECK(rig.state("job") == State::waiting);
}

TEST_CASE("overlap = kill: the run before is stopped, and then the next one starts") {
    TimedRig rig("2026-12-01T00:00:30Z", {minutely(Overlap::kill)});
    rig.pass_until("2026-12-01T00:01:00Z");
    rig.run("job");
    rig.asked();
    rig.pass_until("2026-12-01T00:02:00Z");
    CHECK(rig.asked() == "signal_group job 15");
    CHECK(rig.reason("job") == "its next start is due (overlap = kill)");
    rig.died("job", 15);
    CHECK(rig.asked() == "end_run job, spawn job");
    CHECK(rig.told().empty());
    rig.do_run("job");
    CHECK(rig["job"].runs == 2);
    CHECK(rig.state("job") == State::waiting);
}

TEST_CASE("`run` and `restart` do not move the schedule") {
    TimedRig rig("2026-12-01T00:00:00Z", {cron_job("job", "0 3 * * *")});
    rig.restart("job");
    CHECK(rig.asked() == "spawn job");
    rig.run("job");
    rig.restart("job");
    CHECK(rig.asked() == "signal_group job 15");
    rig.died("job", 15);
    CHECK(rig.asked() == "end_run job, spawn job");
    rig.do_run("job");
    CHECK(rig.reason("job") == "starts at 2026-12-01T03:00:00Z");
    rig.pass_until("2026-12-01T03:00:00Z");
    CHECK(rig.asked() == "end_run job, spawn job");
}

TEST_CASE("what is down has no timer to wake up for, and counts from `up` on") {
    TimedRig rig("2026-12-01T00:00:00Z",
                 {cron_job("cron", "* * * * *"), every_job("poll", seconds(90))});
    rig.down("cron");
    rig.down("poll");
    CHECK(rig.core.next_moment() == no_moment);
    CHECK(rig.core.next_deadline() == no_deadline);
    rig.pass(seconds(300));
    CHECK(rig.asked().empty());
    CHECK(rig.states() == "cron stopped, poll stopped");
    rig.pass(seconds(10));
    rig.up("cron");
    rig.up("poll");
    CHECK(rig.told().empty());
    CHECK(rig.core.next_moment() == wall_at("2026-12-01T00:06:00Z"));
    CHECK(rig.core.next_deadline() - rig.now.mono == seconds(90));
}

TEST_CASE("a run that is owed is dropped by down, and no more is owed by up") {
    TimedRig rig("2026-12-01T00:00:30Z", {minutely(Overlap::queue)});
    rig.pass_until("2026-12-01T00:01:00Z");
    rig.run("job");
    rig.pass_until("2026-12-01T00:02:00Z");
    rig.down("job");
    rig.died("job", 15);
    rig.asked();
    rig.up("job");
    CHECK(rig.asked().empty());
    CHECK(rig.reason("job") == "starts at 2026-12-01T00:03:00Z");
}

TEST_CASE("changing a schedule rebases it and does not fire") {
    const auto hourly = timed("job", [](Timing& timing, Policy&, Definition& definition) {
        timing.cron.append("0 * * * *");
        timing.start_s = 8 * 3600;
        timing.stop_s = 18 * 3600;
        definition.digest = 2;
    });
    TimedRig rig("2026-12-01T02:00:30Z", {hourly});
    rig.pass_until("2026-12-01T02:03:00Z");
    CHECK(rig.reason("job") == "starts at 2026-12-01T08:00:00Z");
    rig.load({cron_job("job", "0 * * * *")});  // its window is gone
    rig.pass(seconds(1));
    CHECK(rig.asked().empty());
    CHECK(rig.told().empty());
    CHECK(rig.reason("job") == "starts at 2026-12-01T03:00:00Z");
    rig.load({every_job("job", seconds(60))});
    CHECK(rig.core.next_moment() == no_moment);
    CHECK(rig.core.next_deadline() - rig.now.mono == seconds(60));
    rig.pass(seconds(50));
    rig.load({every_job("job", seconds(30))});
    CHECK(rig.asked().empty());
    CHECK(rig.core.next_deadline() - rig.now.mono == seconds(30));
}

TEST_CASE("a job that loses its schedule does not run for that, until somebody asks for it") {
    const auto office = timed("job", [](Timing& timing, Policy& policy, Definition& definition) {
        policy.type = Type::daemon;
        timing.start_s = 8 * 3600;
        definition.digest = 2;
    });
    TimedRig rig("2026-12-01T02:00:30Z", {cron_job("job", "0 * * * *")});
    SECTION("and is nothing but a program from then on") { rig.load({define("job")}); }
    SECTION("but has a window still") {
        rig.load({office});
        CHECK(rig.core.next_moment() == no_moment);
        rig.pass_until("2026-12-01T09:00:00Z");
    }
    rig.pass(seconds(1));
    CHECK(rig.asked().empty());
    CHECK(rig.state("job") == State::stopped);
    CHECK(rig.reason("job") == "it has no schedule any more (svctl up starts it)");
    rig.up("job");
    CHECK(rig.asked() == "spawn job");
}

TEST_CASE("a run that is due already is not lost with the schedule that brought it") {
    const auto held = [](std::string_view line) {
        return timed("job", [&](Timing& timing, Policy&, Definition& definition) {
            timing.cron.append(line);
            definition.depends_on.append("db");
            definition.digest = line.size();
        });
    };
    TimedRig rig("2026-12-01T02:00:00Z", {define("db"), held("0 3 * * *")});
    rig.pass_until("2026-12-01T03:00:00Z");
    CHECK(rig.reason("job").starts_with("needs db"));
    rig.load({define("db"), held("30 4 * * *")});
    rig.run("db");
    CHECK(rig.asked() == "spawn db, spawn job");
}

TEST_CASE("a reload that leaves a schedule as it was leaves its phase as it was") {
    TimedRig rig("2026-12-01T00:00:00Z",
                 {every_job("poll", seconds(90)), cron_job("job", "0 3 * * *")});
    rig.pass(seconds(50));
    rig.load({every_job("poll", seconds(90)), cron_job("job", "0 3 * * *")});
    CHECK(rig.core.next_deadline() - rig.now.mono == seconds(40));
    for (ServiceId id : rig.core.dirty()) rig.core.at(id).dirty = false;
    rig.core.dirty().clear();
    rig.load({every_job("poll", seconds(90)), cron_job("job", "0 3 * * *")});
    CHECK(rig.core.dirty().empty());
}

TEST_CASE("the window of a job holds for its interval and for @reboot as well") {
    const auto by_day = [](auto change) {
        return [=](Timing& timing, Policy&, Definition&) {
            timing.start_s = 8 * 3600;
            timing.stop_s = 18 * 3600;
            change(timing);
        };
    };
    const std::vector jobs{
        timed("boot", by_day([](Timing& timing) { timing.cron.append("@reboot"); })),
        timed("poll", by_day([](Timing& timing) { timing.every = seconds(2400); }))};
    TimedRig rig("2026-12-01T07:00:00Z", jobs);
    CHECK(rig.state("boot") == State::waiting);
    CHECK(rig.reason("poll") == "starts at 2026-12-01T08:20:00Z");
    rig.pass_until("2026-12-01T08:19:59Z");
    CHECK(rig.asked().empty());
    rig.pass_until("2026-12-01T17:59:00Z");
    CHECK(rig.asked() == "spawn poll");
    rig.told();
    rig.do_run("poll");
    CHECK(rig.reason("poll") == "starts at 2026-12-02T08:20:00Z");
    rig.pass_until("2026-12-02T08:19:59Z");
    CHECK(rig.told().empty());
    CHECK(rig.asked() == "end_run poll");
    TimedRig later("2026-12-01T12:00:00Z", jobs);
    CHECK(later.asked() == "spawn boot");
}

TEST_CASE("@reboot is when reeve starts, not a reload, a take-over or an up") {
    const auto boot = cron_job("boot", "@reboot");
    TimedRig rig("2026-12-01T07:00:00Z", {boot});
    CHECK(rig.asked() == "spawn boot");
    rig.do_run("boot");
    CHECK(rig.state("boot") == State::done);
    rig.asked();
    rig.load({boot, cron_job("later", "@reboot")});
    CHECK(rig.asked().empty());
    CHECK(rig.reason("later") == "its schedule has no start left");
    TimedRig next;
    rig.take_over_into(next, {boot, cron_job("later", "@reboot")});
    next.down("boot");
    next.up("boot");
    CHECK(next.asked().empty());
    TimedRig held("2026-12-01T07:00:00Z", {timed("boot", [](Timing& t, Policy& p, Definition&) {
                      t.cron.append("@reboot");
                      p.enabled = false;
                  })});
    CHECK(held.asked().empty());
}
