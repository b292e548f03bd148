// Versions of a service that come into force at a date.
#include "catch.h"
#include "core/timed.h"

namespace {

using namespace reeve;
using namespace reeve::test;

// apply_on may be empty.
Ref<const Definition> version(std::string_view name, std::string_view apply_on,
                              std::string_view cron = "") {
    return timed("web", [&](Timing& timing, Policy& policy, Definition& definition) {
        policy.type = cron.empty() ? Type::daemon : Type::oneshot;
        definition.version = name;
        definition.digest = definition.process_digest = 2 + name.size();
        timing.apply_on = apply_on;
        if (!cron.empty()) timing.cron.append(cron);
    });
}

}  // namespace

TEST_CASE("what was due before a version is in force is not run") {
    TimedRig rig("2026-12-01T00:00:00Z", {version("v2", "2026-12-10T08:00:00Z", "0 3 * * *")});
    CHECK(rig.reason("web") == "apply_on: in force from 2026-12-10T08:00:00Z");
    rig.pass_until("2026-12-10T08:00:10Z");
    CHECK(rig.asked().empty());
    CHECK(rig.told().empty());
    CHECK(rig.reason("web") == "starts at 2026-12-11T03:00:00Z");
    rig.pass_until("2026-12-11T03:00:00Z");
    CHECK(rig.asked() == "spawn web");
}

TEST_CASE("a version whose date is to come does not start in the place of one that is gone") {
    TimedRig rig("2026-12-01T00:00:00Z", {version("", "")});
    rig.run("web");
    rig.asked();
    rig.load({version("v2", "2026-12-10T08:00:00Z")});
    CHECK(rig.asked() == "signal_group web 15");
    rig.exited("web", 0);
    CHECK(rig.asked() == "end_run web");
    CHECK(rig.state("web") == State::waiting);
    CHECK(rig.reason("web") == "apply_on: in force from 2026-12-10T08:00:00Z");
    rig.pass_until("2026-12-10T08:00:00Z");
    CHECK(rig.asked() == "spawn web");
}

TEST_CASE("what runs and is not in force any more is stopped, with the date as the reason") {
    TimedRig rig("2026-12-10T09:00:00Z", {version("", "2026-12-10T08:00:00Z")});
    rig.run("web");
    rig.asked();
    SECTION("by an edit") {
        rig.load({version("", "2026-12-20T08:00:00Z")});
        CHECK(rig.asked() == "signal_group web 15");
        rig.exited("web", 0);
        CHECK(rig.reason("web") == "apply_on: in force from 2026-12-20T08:00:00Z");
    }
    SECTION("by a clock that was wrong") {
        rig.set_clock("2026-11-01T00:00:00Z");
        CHECK(rig.asked() == "signal_group web 15");
    }
    SECTION("but not while the clock is corrected") {
        rig.set_clock("2026-12-10T07:59:00Z");
        CHECK(rig.asked().empty());
        rig.pass_until("2026-12-10T08:00:05Z");
        CHECK(rig.state("web") == State::running);
    }
}

TEST_CASE("at its date a version takes over, once the one before is gone") {
    TimedRig rig("2026-12-01T00:00:00Z",
                 {version("", ""), version("v2", "2026-12-10T08:00:00Z"), define("zebra")});
    rig.run("web");
    rig.run("zebra");
    rig.asked();
    CHECK(rig.core.next_moment() == wall_at("2026-12-10T08:00:00Z"));
    rig.pass_until("2026-12-10T07:59:59Z");
    CHECK(rig.asked().empty());
    rig.pass_until("2026-12-10T08:00:00Z");
    CHECK(rig.asked() == "signal_group web 15");
    CHECK(rig["web"].definition->version == "v2");
    CHECK(rig.reason("web") == "another version is in force");
    rig.exited("web", 0);
    CHECK(rig.asked() == "end_run web, spawn web");
    CHECK(rig.core.next_moment() == no_moment);
}

TEST_CASE("a start at the date of a version is that version's, one before its date is not") {
    for (const char* line : {"0 8 * * *", "30 7 * * *", "* * * * *"}) {
        CAPTURE(line);
        TimedRig rig("2026-12-10T07:00:00Z",
                     {version("", "", "0 8 * * *"), version("v2", "2026-12-10T08:00:00Z", line)});
        rig.pass_until("2026-12-10T08:00:00Z");
        rig.pass(milliseconds(1));
        CHECK(rig.asked() == (std::string_view(line).starts_with("30") ? "" : "spawn web"));
        CHECK(rig["web"].definition->version == "v2");
        CHECK(rig.told().empty());
    }
}

TEST_CASE("a version that is a job waits for its schedule, whatever the one before was doing") {
    for (const char* was : {"", "0 7 * * *"}) {
        CAPTURE(was);
        TimedRig rig("2026-12-10T06:59:59Z",
                     {version("", "", was), version("v2", "2026-12-10T08:00:00Z", "0 9 * * *")});
        rig.pass_until("2026-12-10T07:00:01Z");
        rig.run("web");
        rig.pass_until("2026-12-10T08:00:01Z");
        rig.asked();
        rig.exited("web", 0);
        CHECK(rig.asked() == "end_run web");
        CHECK(rig.reason("web") == "starts at 2026-12-10T09:00:00Z");
        rig.pass_until("2026-12-10T09:00:00Z");
        CHECK(rig.asked() == "spawn web");
        CHECK(rig.told().empty());
    }
}

TEST_CASE("a version that is a job is not run in the place of a retry of the one before") {
    TimedRig rig("2026-12-10T07:59:00Z",
                 {version("", ""), version("v2", "2026-12-10T08:00:00Z", "0 9 * * *")});
    while (rig["web"].failures < 10) {
        if (rig.state("web") == State::backoff) rig.pass_to_deadline();
        rig.run("web");
        rig.exited("web", 1);
    }
    rig.asked();
    rig.pass_until("2026-12-10T08:00:01Z");
    CHECK(rig.asked().empty());
    CHECK(rig.reason("web") == "starts at 2026-12-10T09:00:00Z; last run: exit 1");
}

TEST_CASE("a start at the date of a version follows the end of the version before") {
    TimedRig rig("2026-12-10T07:00:00Z",
                 {version("", ""), version("v2", "2026-12-10T08:00:00Z", "0 8 * * *")});
    rig.run("web");
    rig.pass_until("2026-12-10T08:00:01Z");
    rig.asked();
    CHECK(rig.told().empty());
    rig.exited("web", 0);
    CHECK(rig.asked() == "end_run web, spawn web");
    rig.run("web");
    rig.exited("web", 0);
    CHECK(rig.reason("web") == "starts at 2026-12-11T08:00:00Z");
}

TEST_CASE("a machine that wakes up behind both tells of what the version before has missed") {
    TimedRig rig("2026-12-10T07:00:00Z", {version("", "", "30 7 * * *"),
                                          version("v2", "2026-12-10T08:00:00Z", "0 9 * * *")});
    rig.set_clock("2026-12-10T08:30:00Z");
    CHECK(rig.told() == "missed web");
    CHECK(rig.reason("web") == "starts at 2026-12-10T09:00:00Z");
}

TEST_CASE("where the clock was wrong the version in force is chosen anew") {
    TimedRig rig("2030-01-01T00:00:00Z", {version("", ""), version("v2", "2027-01-01T00:00:00Z")});
    CHECK(rig["web"].definition->version == "v2");
    rig.run("web");
    rig.asked();
    rig.set_clock("2026-12-01T00:00:00Z");
    CHECK(rig.asked() == "signal_group web 15");
    rig.exited("web", 0);
    CHECK(rig["web"].definition->version == "");
    CHECK(rig.asked() == "end_run web, spawn web");
    CHECK(rig.core.next_moment() == wall_at("2027-01-01T00:00:00Z"));
}

TEST_CASE("a version that is withdrawn hands back to the one before, on reload") {
    TimedRig rig("2026-12-10T09:00:00Z", {version("", ""), version("v2", "2026-12-10T08:00:00Z")});
    CHECK(rig["web"].definition->version == "v2");
    rig.run("web");
    rig.asked();
    const auto withdrawn = timed("web", [](Timing& timing, Policy& policy, Definition& definition) {
        policy.type = Type::fake;
        definition.version = "v2";
        timing.apply_on = "2026-12-10T08:00:00Z";
    });
    CHECK(rig.load({version("", ""), withdrawn}) == "restart web");
    rig.exited("web", 0);
    rig.run("web");
    CHECK(rig["web"].definition->version == "");
    CHECK(rig.state("web") == State::running);
}

TEST_CASE("until the clock is set the version without a date is in force") {
    TimedRig rig("1970-01-01T00:00:10Z", {version("", ""), version("v2", "2026-12-10T08:00:00Z")});
    rig.run("web");
    rig.asked();
    rig.set_clock("2026-12-11T00:00:00Z");
    CHECK(rig.asked() == "signal_group web 15");
    CHECK(rig["web"].definition->version == "v2");
    TimedRig alone("1970-01-01T00:00:10Z", {version("v2", "2026-12-10T08:00:00Z")});
    CHECK(alone.reason("web") == "the clock is not set");
    alone.set_clock("2026-12-11T00:00:00Z");
    CHECK(alone.asked() == "spawn web");
}

TEST_CASE("a switch leaves others alone, also those whose files have errors") {
    const auto web = std::vector{version("", ""), version("v2", "2026-12-10T08:00:00Z")};
    const auto with_web = [&](std::vector<Ref<const Definition>> more) {
        more.insert(more.begin(), web.begin(), web.end());
        return more;
    };
    TimedRig rig(
        "2026-12-10T07:00:00Z",
        with_web({define("asleep"), define("broken"),
                  define("needs", [](Definition& d, Policy&) { d.depends_on.append("asleep"); })}));
    rig.run("web");
    rig.run("broken");
    rig.load(with_web({define("asleep"), define("needs",
                                                [](Definition& d, Policy&) {
                                                    d.depends_on.append("nothing");
                                                    d.digest = 2;
                                                })}),
             {"broken", "never"});
    rig.down("asleep");
    rig.asked();
    for (ServiceId id : rig.core.dirty()) rig.core.at(id).dirty = false;
    rig.core.dirty().clear();
    const Service broken = rig["broken"];
    const std::string states = rig.states();
    rig.pass_until("2026-12-10T08:00:00Z");
    CHECK(rig["web"].definition->version == "v2");
    CHECK(rig.asked() == "signal_group web 15");
    CHECK(rig["broken"].refused);
    CHECK(rig["broken"].problem == broken.problem);
    CHECK(rig["broken"].definition.get() == broken.definition.get());
    CHECK(rig["never"].problem == "FILE:1: broken");
    CHECK(rig["needs"].refused);
    for (ServiceId id : rig.core.dirty())
        CHECK((rig.core.at(id).name == "web" || rig.core.at(id).name == "never"));
    rig.exited("web", 0);
    rig.run("web");
    rig.exited("broken", 1);
    rig.pass(seconds(1));
    CHECK(rig.asked() == "end_run web, spawn web, end_run broken, spawn broken");
}

TEST_CASE("a switch leaves what is taken over under a broken file as it is") {
    TimedRig before("2026-12-10T07:00:00Z", {define("broken")});
    before.run("broken");
    TimedRig rig;
    rig.now = before.now;
    List<PastService> past;
    past.push_back({.service = before["broken"], .leader = Fact::alive});
    past[0].service.definition = {};
    std::vector<Candidate> files;
    files.push_back({"broken", "", {}, "FILE:1: broken"});
    for (const auto& web : {version("", ""), version("v2", "2026-12-10T08:00:00Z")})
        files.push_back({web->name, web->version, web, ""});
    rig.core.take_over({past.data(), 1}, Ref<const Policy>(new Policy(default_policy())), files,
                       rig.now);
    rig.pass_until("2026-12-10T08:00:00Z");
    CHECK(rig["web"].definition->version == "v2");
    CHECK(rig["broken"].refused);
    rig.exited("broken", 0);
    CHECK(rig.state("broken") == State::invalid);
}

TEST_CASE("what is due with a switch starts in its order, as at any other time") {
    TimedRig rig("2026-12-10T07:00:00Z",
                 {version("", ""), version("v2", "2026-12-10T08:00:00Z"),
                  timed("a-job",
                        [](Timing& timing, Policy&, Definition& definition) {
                            timing.cron.append("59 7 * * *");
                            definition.after.append("z-job");
                        }),
                  cron_job("z-job", "0 8 * * *")});
    rig.run("web");
    rig.asked();
    rig.set_clock("2026-12-10T08:00:00Z");
    CHECK(rig.asked() == "signal_group web 15, spawn z-job");
    rig.run("z-job");
    CHECK(rig.asked() == "spawn a-job");
}
