// What follows from how a scheduled run has ended.
#include "catch.h"
#include "core/timed.h"

namespace {

using namespace reeve;
using namespace reeve::test;

// At each full hour.
template <typename Change>
Ref<const Definition> hourly(Change change) {
    return timed("job", [&](Timing& timing, Policy& policy, Definition& definition) {
        timing.cron.append("0 * * * *");
        change(timing, policy, definition);
    });
}

Ref<const Definition> retried(Duration delay, int32_t retries = 0) {
    return hourly([&](Timing&, Policy& policy, Definition&) {
        policy.restart = Restart::on_failure;
        policy.restart_delay = policy.restart_delay_max = delay;
        policy.retries = retries;
    });
}

// The states it entered since the last time.
std::string entered(TimedRig& rig) {
    std::string text;
    for (const Entry& entry : rig.core.events().fresh())
        text.append(text.empty() ? "" : " ").append(name_of(entry.to));
    rig.core.events().pass();
    return text;
}

}  // namespace

TEST_CASE("a run that fails is told, and then its job waits for its next start") {
    TimedRig rig("2026-12-01T00:59:00Z",
                 {hourly([](Timing&, Policy& policy, Definition&) { policy.on_fail = "alarm"; })});
    rig.pass_until("2026-12-01T01:00:00Z");
    rig.run("job");
    rig.asked();
    entered(rig);
    rig.exited("job", 3);
    CHECK(entered(rig) == "failed waiting");
    CHECK(rig.asked() == "end_run job, run_hook job on_fail");
    CHECK(rig.reason("job") == "starts at 2026-12-01T02:00:00Z; last run: exit 3");
    rig.pass_until("2026-12-01T02:00:00Z");
    CHECK(rig.asked() == "spawn job");
    rig.do_run("job");
    CHECK(rig.reason("job") == "starts at 2026-12-01T03:00:00Z");
}

TEST_CASE("a job is tried again as its policy says, but not past its next start") {
    TimedRig rig("2026-12-01T00:59:00Z", {retried(seconds(2000))});
    rig.pass_until("2026-12-01T01:00:00Z");
    rig.do_run("job", 1);
    CHECK(rig.state("job") == State::backoff);
    rig.pass_until("2026-12-01T01:59:59Z");
    CHECK(rig.asked() == "spawn job, end_run job, spawn job");
    rig.do_run("job", 1);
    CHECK(rig.state("job") == State::backoff);
    rig.pass_until("2026-12-01T02:00:00Z");
    CHECK(rig.asked() == "end_run job, spawn job");
    rig.do_run("job");
    rig.pass_until("2026-12-01T02:59:00Z");
    CHECK(rig.asked() == "end_run job");
    CHECK(rig.told().empty());
}

TEST_CASE("each start of a job has all of its retries") {
    TimedRig rig("2026-12-01T00:59:00Z", {retried(seconds(10), 3)});
    for (const char* hour : {"01", "02"}) {
        rig.asked();
        rig.pass_until("2026-12-01T" + std::string(hour) + ":00:00Z");
        for (int run = 0; run < 3; ++run) {
            CHECK(rig.asked().ends_with("spawn job"));
            rig.do_run("job", 1);
            CHECK(rig.state("job") == (run < 2 ? State::backoff : State::waiting));
            rig.pass(seconds(10));
        }
        CHECK(rig.asked() == "end_run job");
    }
}

TEST_CASE("a retry that is put off by `up` is made at once, not dropped") {
    TimedRig rig("2026-12-01T00:59:00Z", {retried(seconds(2000))});
    rig.pass_until("2026-12-01T01:00:00Z");
    rig.do_run("job", 1);
    rig.asked();
    rig.up("job");
    CHECK(rig.asked() == "spawn job");
}

TEST_CASE("a job that was cut short by what it needs runs again") {
    TimedRig rig("2026-12-01T00:59:00Z",
                 {define("db"), hourly([](Timing&, Policy&, Definition& definition) {
                      definition.depends_on.append("db");
                  })});
    rig.run("db");
    rig.pass_until("2026-12-01T01:00:00Z");
    rig.run("job");
    rig.asked();
    rig.down("db");
    CHECK(rig.asked() == "signal_group job 15");
    rig.died("job", 15);
    rig.exited("db", 0);
    rig.up("db");
    rig.asked();
    rig.run("db");
    CHECK(rig.asked() == "spawn job");
}

TEST_CASE("max_runtime stops a run, which then counts as failed") {
    TimedRig rig("2026-12-01T00:59:00Z", {hourly([](Timing& timing, Policy& policy, Definition&) {
                     timing.max_runtime = seconds(60);
                     policy.on_fail = "alarm";
                 })});
    rig.pass_until("2026-12-01T01:00:00Z");
    rig.run("job");
    rig.asked();
    CHECK(rig.deadline("job") == 60000);
    rig.pass_until("2026-12-01T01:01:00Z");
    CHECK(rig.asked() == "signal_group job 15");
    CHECK(rig.reason("job") == "ran longer than max_runtime");
    entered(rig);
    rig.ended_runs();
    rig.died("job", 15);
    CHECK(entered(rig) == "failed waiting");
    CHECK(rig.asked() == "end_run job, run_hook job on_fail");
    CHECK(rig.ended_runs().front().how.code == ReasonCode::ran_too_long);
    CHECK(rig.reason("job") ==
          "starts at 2026-12-01T02:00:00Z; last run: ran longer than max_runtime");
}

TEST_CASE("max_runtime holds for a oneshot without a schedule, and over a take-over") {
    const auto slow = timed(
        "slow", [](Timing& timing, Policy&, Definition&) { timing.max_runtime = seconds(60); });
    TimedRig before("2026-12-01T00:00:00Z", {slow});
    before.run("slow");
    before.pass(seconds(20));
    TimedRig rig;
    before.take_over_into(rig, {slow});
    CHECK(rig.deadline("slow") == 40000);
    rig.pass_to_deadline();
    CHECK(rig.asked() == "signal_group slow 15");
    rig.died("slow", 15);
    CHECK(rig.state("slow") == State::failed);
}

TEST_CASE("what comes after a job does not wait for its next start") {
    TimedRig rig("2026-12-01T00:59:00Z",
                 {hourly([](Timing&, Policy&, Definition&) {}),
                  define("web", [](Definition& d, Policy&) { d.after.append("job"); })});
    CHECK(rig.asked() == "spawn web");
}

TEST_CASE("what needs a job starts once a run has succeeded, and not where it was cut short") {
    TimedRig rig("2026-12-01T00:59:00Z",
                 {hourly([](Timing&, Policy&, Definition&) {}),
                  define("web", [](Definition& d, Policy&) { d.depends_on.append("job"); })});
    CHECK(rig.reason("web").starts_with("needs job"));
    rig.restart("job");
    rig.run("job");
    rig.restart("job");
    rig.died("job", 15);
    CHECK(rig.state("web") == State::waiting);
    rig.asked();
    rig.do_run("job");
    CHECK(rig.asked() == "end_run job, spawn web");
    rig.run("web");
    rig.pass_until("2026-12-01T01:00:00Z");
    CHECK(rig.state("web") == State::running);
}

TEST_CASE("of what is due at one moment, what comes after another starts after it") {
    TimedRig rig("2026-12-01T00:59:00Z",
                 {timed("a-job",
                        [](Timing& timing, Policy&, Definition& d) {
                            timing.cron.append("0 1 * * *");
                            d.after.append("z-job");
                            d.after.append("web");
                        }),
                  office_daemon("web", 1, 2), cron_job("z-job", "0 1 * * *")});
    rig.pass_until("2026-12-01T01:00:00Z");
    CHECK(rig.asked() == "spawn web, spawn z-job");
    rig.run("web");
    rig.run("z-job");
    CHECK(rig.asked() == "spawn a-job");
}

TEST_CASE("of what is due at one moment, what needs another runs after it") {
    TimedRig rig("2026-12-01T00:59:00Z", {timed("a-upload",
                                                [](Timing& timing, Policy&, Definition& d) {
                                                    timing.cron.append("0 * * * *");
                                                    d.depends_on.append("z-dump");
                                                }),
                                          cron_job("z-dump", "0 * * * *")});
    for (const char* hour : {"01", "02"}) {
        rig.pass_until("2026-12-01T" + std::string(hour) + ":00:00Z");
        CHECK(rig.asked().ends_with("spawn z-dump"));
        rig.do_run("z-dump");
        CHECK(rig.asked() == "end_run z-dump, spawn a-upload");
        rig.do_run("a-upload");
    }
    CHECK(rig.told().empty());
}

TEST_CASE("what comes after a job waits for the next run too, where that is due already") {
    const auto queued = [](std::string_view name, std::string_view after) {
        return timed(name, [&](Timing& timing, Policy&, Definition& d) {
            timing.cron.append("* * * * *");
            timing.overlap = Overlap::queue;
            if (!after.empty()) d.after.append(after);
        });
    };
    TimedRig rig("2026-12-01T00:00:30Z", {queued("a-job", "z-job"), queued("z-job", "")});
    rig.pass_until("2026-12-01T00:01:00Z");
    rig.spawned("z-job");
    rig.pass_until("2026-12-01T00:02:00Z");
    rig.asked();
    rig.exited("z-job", 1);  // it was about to execute its program
    CHECK(rig.asked() == "end_run z-job, spawn z-job");
    rig.run("z-job");
    CHECK(rig.asked() == "spawn a-job");
}
