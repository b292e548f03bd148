#include "catch.h"
#include "core/plan.h"
#include "core/rig.h"

namespace {

using namespace reeve;
using test::define;
using test::Rig;
using File = Ref<const Definition>;

// "restart web: its definition changed, stop db": what a reload of these would do.
std::string planned(const Rig& rig, std::vector<File> files,
                    std::vector<std::string_view> broken = {}) {
    Rig copy = rig;
    const std::string before = rig.states();
    const List<Change> changes = copy.apply(std::move(files), std::move(broken));
    std::string text;
    for (const Planned& step : plan(rig.core, copy.core, changes)) {
        text.append(text.empty() ? "" : ", ").append(name_of(step.kind)).append(" ");
        text.append(step.name.view());
        if (!step.reason.empty()) text.append(": ").append(step.reason.view());
    }
    CHECK(rig.states() == before);
    return text;
}

File off(std::string_view name) {
    return define(name, [](Definition&, Policy& policy) { policy.enabled = false; });
}

File needs(std::string_view name, std::string_view other, bool cascade = false) {
    return define(name, [&](Definition& definition, Policy& policy) {
        definition.depends_on.append(other);
        policy.cascade = cascade;
    });
}

// Of a command that a new process has to be made for.
File changed(std::string_view name, OnChange on_change, uint64_t process_digest = 2) {
    return define(name, [&](Definition& definition, Policy& policy) {
        definition.digest = 2;
        definition.process_digest = process_digest;
        policy.on_change = on_change;
    });
}

Rig running(std::vector<File> files) {
    Rig rig(std::move(files));
    for (size_t round = 0; round < 3; ++round)
        for (const Service& service : rig.core.services())
            if (service.phase == Phase::executing) rig.run(service.name);
    return rig;
}

}  // namespace

TEST_CASE("a plan of the same files is empty") {
    CHECK(planned(running({define("web"), off("db")}), {define("web"), off("db")}).empty());
}

TEST_CASE("a plan tells what starts, what waits, and what only comes to be known") {
    Rig rig = running({define("web")});
    CHECK(planned(rig, {define("web"), define("db"), needs("shop", "db"), off("spare")}) ==
          "start db, start shop: needs db, add spare: enabled = no");
}

TEST_CASE("a plan tells what is stopped, and what is only forgotten") {
    Rig rig = running({define("web"), off("spare")});
    CHECK(planned(rig, {}) == "remove spare: its file is gone, stop web: its file is gone");
}

TEST_CASE("a plan tells what restarts, what becomes stale, and what is merely updated") {
    Rig rig = running({define("a"), define("b"), define("c")});
    CHECK(planned(rig, {changed("a", OnChange::restart), changed("b", OnChange::keep),
                        changed("c", OnChange::keep, 1)}) ==
          "restart a: its definition changed, "
          "stale b: keeps running as it is (on_change = keep), "
          "update c: applies without a restart");
}

TEST_CASE("a plan tells what is refused, and why") {
    Rig rig = running({define("web")});
    CHECK(planned(rig, {}, {"web"}) == "refuse web: FILE:1: broken");
    CHECK(planned(rig, {define("web"), needs("shop", "dbb")}) ==
          "refuse shop: /etc/reeve/shop: depends_on: there is no service 'dbb'");
}

TEST_CASE("a plan tells what goes down with what it depends on") {
    Rig rig = running({define("db"), needs("web", "db", true)});
    CHECK(planned(rig, {changed("db", OnChange::restart), needs("web", "db", true)}) ==
          "restart db: its definition changed, restart web: cascade: lost db");
}

TEST_CASE("a plan tells what gave up and would be tried again") {
    Rig rig = running(
        {define("web", [](Definition&, Policy& policy) { policy.restart = Restart::never; })});
    rig.exited("web", 1);
    REQUIRE(rig.state("web") == State::failed);
    CHECK(planned(rig, {changed("web", OnChange::keep)}) == "start web");
}
