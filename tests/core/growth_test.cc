// That what a service costs does not grow with how many others there are.
#include <string>
#include <vector>

#include "catch.h"
#include "core/supervisor.h"
#include "support/definitions.h"

using namespace reeve;
using namespace reeve::test;

namespace {

// So many services are brought up; each dies once and is restarted; a tenth is removed; all are
// shut down. How often a service was looked at, for each.
double looks_of_a_life(uint32_t count, bool with_hub) {
    Supervisor core;
    Now now{Mono{1000000}, Wall{1700000000000}};
    core.configure(64, 0);
    std::vector<Candidate> all, fewer;
    for (uint32_t i = 0; i < count; ++i) {
        const std::string name = "s" + std::to_string(100000 + i);
        const auto definition = define(name, [&](Definition& d, Policy&) {
            if (with_hub && i > 0) d.depends_on.append("s100000");
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
    core.apply(fewer, now);
    obey();
    core.shut_down(now.mono + seconds(9), now);
    obey();
    CHECK(core.all_ended());
    return static_cast<double>(core.looks()) / count;
}

}  // namespace

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
