// The clock is set: the four cases of core/timetable, and jitter.
#include "catch.h"
#include "core/timed.h"

namespace {

using namespace reeve;
using namespace reeve::test;

Ref<const Definition> jittered(std::string_view name) {
    return timed(name, [](Timing& timing, Policy&, Definition&) {
        timing.cron.append("0 3 * * *");
        timing.jitter = seconds(600);
    });
}

}  // namespace

TEST_CASE("forwards by little: what was jumped over is run once") {
    TimedRig rig("2026-12-01T02:58:00Z",
                 {cron_job("fixed", "0 3 * * *"), cron_job("star", "* * * * *")});
    rig.set_clock("2026-12-01T03:02:30Z");
    CHECK(rig.asked() == "spawn star, spawn fixed");
    CHECK(rig.told().empty());
    CHECK(rig.core.next_moment() == wall_at("2026-12-01T03:03:00Z"));
}

TEST_CASE("forwards by more: what was jumped over is missed, or made up with catch_up") {
    TimedRig rig("2026-12-01T02:58:00Z",
                 {cron_job("fixed", "0 3 * * *"), cron_job("star", "* * * * *"),
                  timed("sure", [](Timing& timing, Policy&, Definition&) {
                      timing.cron.append("0 3 * * *");
                      timing.catch_up = true;
                  })});
    rig.ended_runs();
    SECTION("by hours") { rig.set_clock("2026-12-01T05:00:30Z"); }
    SECTION("by years") { rig.set_clock("2036-12-01T05:00:30Z"); }
    CHECK(rig.asked() == "spawn sure");
    CHECK(rig.told() == "missed star, missed fixed");
    const auto runs = rig.ended_runs();
    REQUIRE(runs.size() == 2);
    CHECK(runs[1].how.code == ReasonCode::missed);
    CHECK(runs[1].how.value == wall_at("2026-12-01T03:00:00Z").ms / 1000);
    rig.pass(milliseconds(1));
    CHECK(rig.told().empty());
    CHECK(rig.core.next_moment() > rig.now.wall);
    CHECK(rig.core.next_moment() - rig.now.wall <= seconds(60));
}

TEST_CASE("backwards by little: no start at a fixed time is repeated, what begins with * follows") {
    TimedRig rig("2026-12-01T02:59:00Z",
                 {cron_job("fixed", "0 3 * * *"), cron_job("star", "*/10 * * * *")});
    rig.pass_until("2026-12-01T03:00:00Z");
    rig.do_run("fixed");
    rig.do_run("star");
    rig.pass_until("2026-12-01T03:05:00Z");
    rig.asked();
    rig.set_clock("2026-12-01T02:55:00Z");
    CHECK(rig.asked().empty());
    CHECK(rig.reason("star") == "starts at 2026-12-01T03:00:00Z");
    CHECK(rig.reason("fixed") == "starts at 2026-12-02T03:00:00Z");
    rig.pass_until("2026-12-01T03:00:00Z");
    CHECK(rig.asked() == "spawn star");
    rig.do_run("star");
    rig.set_clock("2026-12-01T02:59:59.500Z");  // the clock is being kept in time
    rig.pass_until("2026-12-01T03:01:00Z");
    CHECK(rig.asked() == "end_run star");
}

TEST_CASE("backwards by more: the time before was wrong, and all goes on from the new one") {
    TimedRig rig("2036-12-01T02:59:00Z",
                 {cron_job("fixed", "0 3 * * *"), cron_job("star", "*/10 * * * *"),
                  every_job("poll", seconds(3600))});
    rig.pass_until("2036-12-01T03:00:00Z");
    rig.do_run("fixed");
    rig.do_run("star");
    rig.asked();
    rig.set_clock("2026-12-01T02:30:00Z");
    CHECK(rig.asked().empty());
    CHECK(rig.told().empty());
    CHECK(rig.reason("fixed") == "starts at 2026-12-01T03:00:00Z");
    CHECK(rig.core.next_moment() == wall_at("2026-12-01T02:40:00Z"));
    CHECK(rig.core.next_deadline() - rig.now.mono == seconds(3540));
}

TEST_CASE("backwards in several small steps is backwards by more, too") {
    TimedRig rig("2026-12-01T09:59:00Z", {cron_job("fixed", "0 * * * *")});
    rig.pass_until("2026-12-01T10:00:00Z");
    rig.do_run("fixed");
    for (const char* hour : {"08", "06", "04"}) {
        rig.set_clock("2026-12-01T" + std::string(hour) + ":30:00Z");
        CHECK(rig.core.next_moment() <= wall_at("2026-12-01T11:00:00Z"));
    }
    CHECK(rig.core.next_moment() == wall_at("2026-12-01T05:00:00Z"));
}

TEST_CASE("how far the clock is set back is not measured from when reeve looked last") {
    TimedRig rig("2026-12-01T02:59:00Z", {cron_job("fixed", "0 3 * * *")});
    rig.pass_until("2026-12-01T03:00:00Z");
    rig.do_run("fixed");
    rig.now.mono = rig.now.mono + seconds(9 * 3600);  // nothing wakes it
    rig.set_clock("2026-12-01T02:30:00Z");
    CHECK(rig.reason("fixed") == "starts at 2026-12-01T03:00:00Z");
}

TEST_CASE("what is told of an interval follows a clock that is set forwards") {
    TimedRig rig("2026-12-01T12:00:00Z", {every_job("poll", seconds(3600))});
    rig.set_clock("2026-12-01T12:10:00Z");
    CHECK(rig.reason("poll") == "starts at 2026-12-01T13:10:00Z");
    CHECK(rig.core.next_deadline() - rig.now.mono == seconds(3600));
}

TEST_CASE("jitter is drawn once for a start, and everybody is told the same") {
    TimedRig rig("2026-12-01T00:00:00Z", {jittered("a"), jittered("b")});
    const Wall due = rig.timer("a").due;
    CHECK(due >= wall_at("2026-12-01T03:00:00Z"));
    CHECK(due <= wall_at("2026-12-01T03:10:00Z"));
    CHECK(due != rig.timer("b").due);
    CHECK(rig.timer("a").next == due);
    rig.load({jittered("a"), jittered("b")});
    rig.pass_until("2026-12-01T02:59:00Z");
    rig.set_clock("2026-12-01T02:00:00Z");
    CHECK(rig.timer("a").due == due);
    TimedRig next;
    rig.take_over_into(next, {jittered("a"), jittered("b")});
    CHECK(next.timer("a").due == due);
    next.pass_until("2026-12-01T03:11:00Z");
    CHECK(next["a"].started_wall == due);
    CHECK(next["a"].runs == 1);
    CHECK(next.timer("a").due - due != seconds(86400));
    TimedRig other("2026-12-01T00:00:00Z");
    other.core.timetable().set_seed(7);
    other.load({jittered("a")});
    CHECK(other.timer("a").due != due);
}

TEST_CASE("a jitter longer than its interval loses no start and repeats none") {
    TimedRig rig("2026-12-01T00:00:30Z", {timed("job", [](Timing& timing, Policy&, Definition&) {
                     timing.cron.append("* * * * *");
                     timing.jitter = seconds(300);
                     timing.overlap = Overlap::queue;
                 })});
    size_t told = 0;
    while (rig.now.wall < wall_at("2026-12-01T01:00:30Z")) {
        rig.pass(seconds(1));
        if (rig.state("job") == State::starting) rig.do_run("job");
        told += static_cast<size_t>(rig.told() != "");
    }
    CHECK(rig["job"].runs + told >= 55);
    CHECK(rig["job"].runs + told <= 60);
}

TEST_CASE("jobs in the hour that is skipped run right after it, once for each of their minutes") {
    TimedRig rig("2026-03-29T00:30:00Z", {timed("job", [](Timing& timing, Policy&, Definition&) {
                     timing.cron.append("0,30 2 * * *");
                     timing.timezone = "CET-1CEST,M3.5.0,M10.5.0/3";
                 })});
    CHECK(rig.core.next_moment() == wall_at("2026-03-29T01:00:00Z"));
    rig.pass_until("2026-03-29T01:00:00Z");
    rig.do_run("job");
    CHECK(rig.asked() == "spawn job, end_run job, spawn job");
    rig.do_run("job");
    CHECK(rig.reason("job") == "starts at 2026-03-30T00:00:00Z");
}
