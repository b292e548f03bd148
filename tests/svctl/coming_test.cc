// What svctl next tells is what a supervisor then does.
#include <string>

#include "base/digest.h"
#include "catch.h"
#include "core/object.h"
#include "core/timed.h"
#include "process/past.h"
#include "svctl/coming.h"

namespace {

using namespace reeve;
using namespace reeve::test;

List<Text> told_of(TimedRig& rig) {
    static char place[object_max_bytes];
    List<Text> objects;
    for (const Service& service : rig.core.services()) {
        Sink object(place, sizeof place);
        append_coming(object, rig.core, service);
        objects.push_back(object.view());
    }
    for (const Candidate& version : rig.core.versions()) {
        Sink object(place, sizeof place);
        append_coming(object, version, rig.now.wall);
        if (!object.empty()) objects.push_back(object.view());
    }
    return objects;
}

std::string words_for(const Outlook& outlook, What what) {
    const std::string name(outlook.name.view());
    return what == What::stop ? "signal_group " + name + " 15" : "spawn " + name;
}

// The next of them, one after another: each comes about when it is due, and nothing does before.
void check_coming(TimedRig& rig, size_t count, std::string_view daemon = {}) {
    rig.asked();
    List<Outlook> outlooks = read_outlooks(told_of(rig), rig.now);
    const List<Coming> coming = take_coming(outlooks, count, Wall{no_moment.ms - 1}, rig.now);
    REQUIRE(coming.size() == count);
    for (const Coming& each : coming) {
        const std::string name(outlooks[each.outlook].name.view());
        INFO(name << " in " << (each.time - rig.now.wall).ms << " ms");
        rig.pass(milliseconds(each.time.ms - rig.now.wall.ms - 1));
        CHECK(rig.asked().empty());
        rig.pass(milliseconds(1));
        const std::string asked = rig.asked();
        CHECK(asked == words_for(outlooks[each.outlook], each.what));
        if (each.what == What::stop) {
            rig.exited(name, 0);
        } else {
            rig.run(name);
            if (name != daemon) rig.exited(name, 0);
        }
        rig.asked();
    }
}

Ref<const Definition> job(const char* name, const char* line, Duration every, Duration jitter,
                          bool has_window = false) {
    return timed(name, [&](Timing& timing, Policy&, Definition&) {
        if (*line != '\0') timing.cron.append(line);
        timing.every = every;
        timing.jitter = jitter;
        timing.timezone = "CET-1CEST,M3.5.0,M10.5.0/3";
        if (!has_window) return;
        timing.start_s = 22 * 3600;
        timing.stop_s = 6 * 3600 + 1800;
    });
}

}  // namespace

TEST_CASE("svctl next tells each start of a job, whatever brings it") {
    const auto definition = GENERATE(
        job("a", "*/7 3,4 * * *", {}, {}), job("a", "", seconds(77), {}),
        job("a", "*/10 * * * *", {}, seconds(300)), job("a", "5 * * * *", seconds(1234), {}),
        job("a", "", seconds(600), seconds(500)), job("a", "13 * * * *", {}, {}, true),
        job("a", "", seconds(700), {}, true), job("a", "1,31 1-4 * * *", {}, seconds(60)));
    TimedRig rig("2026-10-24T10:00:00Z");
    rig.core.timetable().set_seed(digest(boot_id()));
    rig.load({definition});
    check_coming(rig, 200);
}

TEST_CASE("svctl next tells when a daemon's window opens and closes") {
    TimedRig rig("2026-03-27T10:00:00Z",
                 {timed("a", [](Timing& timing, Policy& policy, Definition&) {
                     policy.type = Type::daemon;
                     timing.timezone = "CET-1CEST,M3.5.0,M10.5.0/3";
                     timing.start_s = 22 * 3600;
                     timing.stop_s = 2 * 3600 + 1800;
                     timing.week_days = 0x5B;
                 })});
    check_coming(rig, 20, "a");
}

TEST_CASE("svctl next follows the versions of a job") {
    const auto version = [](const char* name, const char* line, const char* date) {
        return timed("job", [&](Timing& timing, Policy&, Definition& definition) {
            definition.version = name;
            timing.cron.append(line);
            timing.apply_on = date;
        });
    };
    TimedRig rig("2026-12-01T00:00:00Z");
    rig.load({version("", "0 3 * * *", ""), version("v2", "0 4,5,12 * * *", "2026-12-04T12:00"),
              version("v3", "30 6 * * *", "2026-12-06T04:00")});
    List<Outlook> outlooks = read_outlooks(told_of(rig), rig.now);
    const List<Coming> coming = take_coming(outlooks, 11, Wall{no_moment.ms - 1}, rig.now);
    std::string text;
    for (const Coming& each : coming) {
        Buffer<200> line;
        append_time(line, each.time);
        line << ' ';
        append_what(line, each.what, outlooks[each.outlook].version);
        text.append(line.view()).append("\n");
    }
    CHECK(text == "2026-12-01T03:00:00.000Z start\n"
                  "2026-12-02T03:00:00.000Z start\n"
                  "2026-12-03T03:00:00.000Z start\n"
                  "2026-12-04T03:00:00.000Z start\n"
                  "2026-12-04T12:00:00.000Z in force v2\n"
                  "2026-12-04T12:00:00.000Z start\n"
                  "2026-12-05T04:00:00.000Z start\n"
                  "2026-12-05T05:00:00.000Z start\n"
                  "2026-12-05T12:00:00.000Z start\n"
                  "2026-12-06T04:00:00.000Z in force v3\n"
                  "2026-12-06T06:30:00.000Z start\n");
}

TEST_CASE("until the clock is set svctl next tells no start that a window holds back") {
    const auto job = [](std::string_view name, bool has_window) {
        return timed(name, [&](Timing& timing, Policy&, Definition&) {
            timing.every = seconds(5);
            if (has_window) timing.start_s = 8 * 3600;
        });
    };
    TimedRig rig("1970-01-01T12:00:00Z", {job("always", false), job("office", true)});
    check_coming(rig, 3);
}
