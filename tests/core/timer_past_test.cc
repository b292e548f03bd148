// Timers whose services have lost their definition, or that an earlier reeve has left.
#include "catch.h"
#include "core/timed.h"

using namespace reeve;
using namespace reeve::test;

TEST_CASE("a reeve that takes over lets go of the timer of what has lost its schedule") {
    TimedRig before("2026-12-01T00:00:00Z", {cron_job("backup", "0 3 * * *")});
    TimedRig rig;
    before.take_over_into(rig, {define("backup")});
    CHECK(rig.core.timetable().empty());
    CHECK(rig.core.next_moment() == no_moment);
    CHECK(rig.asked() == "spawn backup");
}

TEST_CASE("timers of files that cannot be read stay as they are while the clock is set") {
    TimedRig before("2026-12-01T00:00:00Z",
                    {cron_job("backup", "0 3 * * *"), every_job("poll", seconds(60))});
    const Wall handled = before.timer("backup").handled;
    TimedRig rig;
    before.take_over_into(rig, {});
    CHECK(rig.reason("backup") ==
          "reeve has crashed, and could not read its file since (svctl reload)");
    rig.set_clock("2026-12-01T09:00:00Z");
    rig.set_clock("2026-11-01T00:00:00Z");
    std::vector<ServiceId> ids{rig.core.id_of(rig["backup"])};
    rig.core.force_open(ids, rig.now);
    CHECK(rig.asked().empty());
    CHECK(rig.timer("backup").handled == handled);
    rig.core.set_unread(false);
    rig.load({cron_job("backup", "0 3 * * *"), every_job("poll", seconds(60))});
    rig.pass_until("2026-11-01T00:02:00Z");
    CHECK(rig.asked() == "spawn poll");
}

TEST_CASE("what has lost its definition has no timer left") {
    TimedRig rig("2026-12-01T00:00:00Z",
                 {define("db"), timed("report", [](Timing& timing, Policy&, Definition& d) {
                      timing.cron.append("* * * * *");
                      d.depends_on.append("db");
                  })});
    rig.run("db");
    rig.load({}, {"report"});  // and db is gone
    rig.exited("db", 0);
    CHECK(rig.states() == "report invalid");
    CHECK(rig.core.timetable().empty());
    rig.pass_until("2026-12-01T00:05:00Z");
    rig.set_clock("2026-12-01T00:01:00Z");
    CHECK(rig.state("report") == State::invalid);
}

TEST_CASE("a service that is forgotten leaves no timer to whoever gets its place") {
    TimedRig rig("2026-12-01T00:00:00Z", {cron_job("backup", "* * * * *")});
    CHECK(rig.core.next_moment() == wall_at("2026-12-01T00:01:00Z"));
    rig.load({define("web")});
    CHECK(rig.core.timetable().empty());
    CHECK(rig.core.next_moment() == no_moment);
    rig.pass(seconds(120));
    CHECK(rig.states() == "web starting");
}

TEST_CASE("the phase of `every` is kept by a reeve that takes over") {
    TimedRig before("2026-12-01T00:00:00Z", {every_job("poll", seconds(600))});
    before.pass(seconds(400));
    TimedRig rig;
    before.take_over_into(rig, {every_job("poll", seconds(600))});
    CHECK(rig.core.next_deadline() - rig.now.mono == seconds(200));
    rig.pass_to_deadline();
    CHECK(rig.asked() == "spawn poll");
    rig.do_run("poll");
    CHECK(rig.core.next_deadline() - rig.now.mono == seconds(600));
}

TEST_CASE("a schedule that became an interval while no reeve looked has an interval") {
    TimedRig before("2026-12-01T00:00:00Z", {cron_job("poll", "0 3 * * *")});
    TimedRig rig;
    before.take_over_into(rig, {every_job("poll", seconds(600))});
    CHECK(rig.core.next_deadline() - rig.now.mono == seconds(600));
    TimedRig again;
    rig.take_over_into(again, {cron_job("poll", "0 3 * * *")});
    CHECK(again.core.next_deadline() == no_deadline);
    CHECK(again.core.next_moment() == wall_at("2026-12-01T03:00:00Z"));
}

TEST_CASE("an interval that is on record by the clock of another boot begins anew") {
    TimedRig before("2026-12-01T00:00:00Z", {every_job("poll", seconds(600))});
    TimedRig rig;
    before.now.mono.ms -= 500000000;
    before.take_over_into(rig, {every_job("poll", seconds(600))});
    CHECK(rig.core.next_deadline() - rig.now.mono == seconds(600));
}

TEST_CASE("no timer is stuck in the future where the clock was set back while no reeve looked") {
    TimedRig before("2030-05-05T05:00:00Z", {cron_job("backup", "0 3 * * *")});
    before.pass_until("2030-05-06T03:00:00Z");
    before.do_run("backup");
    before.now.wall = wall_at("2026-12-01T00:00:00Z");
    TimedRig rig;
    before.take_over_into(rig, {cron_job("backup", "0 3 * * *")});
    CHECK(rig.core.next_moment() == wall_at("2026-12-01T03:00:00Z"));
}

TEST_CASE("of a start that was recorded, and whose timer was not, nothing is owed any more") {
    TimedRig before("2026-12-01T02:59:00Z", {cron_job("backup", "0 3 * * *")});
    const auto line_of = [](const Sink& record) {
        return record.view().substr(0, record.size() - 1);
    };
    Past past;
    Buffer<record_max_bytes> line;
    Timer timer = before.timer("backup");
    timer.owed = 1;
    append_service_record(line, before["backup"], {});
    past.take(line_of(line));
    line.clear();
    append_timer_record(line, "backup", timer);
    past.take(line_of(line));
    CHECK(past.services().front().timer->owed == 1);
    before.pass_until("2026-12-01T03:00:00Z");
    line.clear();
    append_service_record(line, before["backup"], {});
    past.take(line_of(line));
    CHECK(past.services().front().timer->owed == 0);
}
