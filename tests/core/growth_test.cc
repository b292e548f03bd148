// That what a service costs does not grow with how many others there are.
#include <string>
#include <vector>

#include "catch.h"
#include "core/timed.h"

using namespace reeve;
using namespace reeve::test;

namespace {

// So many services are brought up; each dies once and is started again; all but one, in the midst
// of them, are restarted by a command; a tenth is removed; all are shut down. How often a service
// was looked at, for each.
double looks_of_a_life(uint32_t count, bool with_hub) {
    Supervisor core;
    Now now{Mono{1000000}, Wall{1700000000000}};
    core.configure(64, 0);
    std::vector<Candidate> all, fewer;
    for (uint32_t i = 0; i < count; ++i) {
        const std::string name = "s" + std::to_string(100000 + i);
        const auto definition = define(name, [&](Definition& d, Policy&) {
            if (with_hub && i > 0) d.depends_on.append(i == 1 ? "s100000" : "s100001");
        });
        all.push_back({definition->name, "", definition, ""});
        if (i % 10 != 9) fewer.push_back(all.back());
    }
    const auto obey = [&] {
        for (size_t i = 0; i < core.actions().size(); ++i) {
            const Action action = core.actions()[i];
            const auto pid = static_cast<pid_t>(action.service.index + 100);
            if (action.kind == ActionKind::spawn) {
                core.handle(action.service, {.kind = EventKind::spawned, .process = {pid, 1}}, now);
                core.handle(action.service, {.kind = EventKind::exec_done}, now);
            } else if (action.kind == ActionKind::signal_group) {
                core.handle(core.find_leader(pid), {.kind = EventKind::exited}, now);
            }
        }
        core.actions().clear();
    };
    core.apply(all, now);
    obey();
    for (uint32_t i = 0; i < count; ++i) {
        const ServiceId id = core.find_leader(static_cast<pid_t>(i + 100));
        core.handle(id, {.kind = EventKind::exited}, now);
        now.mono.ms += 1;
        core.pass_deadlines(now);
        obey();
    }
    now.mono = core.next_deadline() + seconds(1);
    core.pass_deadlines(now);
    obey();
    List<ServiceId> most;
    for (uint32_t i = 0; i < count; ++i)
        if (i != 1) most.push_back(ServiceId{i});
    core.restart(most, now);
    obey();
    for (uint32_t i = 0; i < count; ++i) CHECK(core.at(ServiceId{i}).runs == (i == 1 ? 2 : 3));
    core.apply(fewer, now);
    obey();
    core.shut_down(now.mono + seconds(9), now);
    obey();
    CHECK(core.all_ended());
    return static_cast<double>(core.looks()) / count;
}

// How often a service is looked at, for each that is due, and for each by a reload that changes
// nothing; a tenth of them is due at a time.
struct ClockCosts {
    double start = 0;
    double reload = 0;
};

ClockCosts looks_of_schedules(uint32_t count) {
    Supervisor core;
    Now now{Mono{1000000}, wall_at("2026-12-01T00:00:30Z")};
    core.configure(64, 0);
    std::vector<Candidate> files;
    for (uint32_t i = 0; i < count; ++i) {
        const std::string name = "s" + std::to_string(100000 + i);
        const std::string line = std::to_string(i % 10 + 1) + " 0 * * *";
        const auto job = i % 20 == 7 ? every_job(name, seconds(90)) : cron_job(name, line);
        files.push_back({job->name, "", job, ""});
    }
    uint32_t started = 0;
    const auto obey = [&] {
        for (size_t i = 0; i < core.actions().size(); ++i) {
            const Action action = core.actions()[i];
            if (action.kind != ActionKind::spawn) continue;
            ++started;
            const auto pid = static_cast<pid_t>(action.service.index + 100);
            core.handle(action.service, {.kind = EventKind::spawned, .process = {pid, 1}}, now);
            core.handle(action.service, {.kind = EventKind::exec_done}, now);
            core.handle(action.service, {.kind = EventKind::exited}, now);
        }
        core.actions().clear();
        core.ended_runs().clear();
    };
    core.apply(files, now);
    core.pass_deadlines(now);
    now.wall.ms += 30000;
    now.mono.ms += 30000;
    uint64_t before = core.looks();
    core.pass_deadlines(now);
    obey();
    CHECK(started == (count + 9) / 10);
    ClockCosts costs{.start =
                         static_cast<double>(core.looks() - before) / static_cast<double>(started)};
    before = core.looks();
    core.apply(files, now);
    costs.reload = static_cast<double>(core.looks() - before) / count;
    CHECK(core.actions().empty());
    return costs;
}

}  // namespace

TEST_CASE("what a schedule costs does not grow with how many others there are") {
    const ClockCosts few = looks_of_schedules(1000);
    const ClockCosts many = looks_of_schedules(16000);
    CAPTURE(few.start, many.start, few.reload, many.reload);
    CHECK(many.start < 1.3 * few.start);
    CHECK(many.reload < 1.3 * few.reload);
}

TEST_CASE("a moment at which one of thousands is due looks at no other") {
    std::vector<Ref<const Definition>> jobs;
    for (int i = 0; i < 2000; ++i)
        jobs.push_back(
            cron_job("s" + std::to_string(10000 + i), i == 1234 ? "5 0 * * *" : "0 12 * * *"));
    TimedRig rig("2026-12-01T00:00:30Z", jobs);
    rig.pass(seconds(1));
    const uint64_t before = rig.core.looks();
    rig.pass_until("2026-12-01T00:05:00Z");
    CHECK(rig.core.looks() - before < 100);
    CHECK(rig.asked() == "spawn s11234");
}

TEST_CASE("what a service costs does not grow with how many others there are") {
    for (const bool with_hub : {false, true}) {
        const double few = looks_of_a_life(100, with_hub);
        const double many = looks_of_a_life(1600, with_hub);
        CAPTURE(with_hub, few, many);
        CHECK(many < 1.3 * few);
    }
}

TEST_CASE("a reload that changes nothing records nothing") {
    Supervisor core;
    const Now now{Mono{1000000}, Wall{1700000000000}};
    std::vector<Candidate> files;
    for (const char* name : {"db", "web"}) files.push_back({name, "", define(name), ""});
    core.apply(files, now);
    for (ServiceId id : core.dirty()) core.at(id).dirty = false;
    core.dirty().clear();
    files[1].definition = define("web");  // read anew, and the same
    CHECK(core.apply(files, now).empty());
    CHECK(core.dirty().empty());
    files[1].definition = define("web", [](Definition& d, Policy&) { d.digest = 2; });
    core.apply(files, now);
    CHECK(core.dirty().size() == 1);
}
