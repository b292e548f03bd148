// An end for want of memory: how it is told, and what it does not change.
#include <csignal>

#include "catch.h"
#include "core/explain.h"
#include "core/rig.h"

namespace {

using namespace reeve;
using test::define;
using test::Rig;

Event killed(OutOfMemory how, bool group_left = false) {
    return {.kind = EventKind::exited,
            .group_left = group_left,
            .detail = static_cast<uint8_t>(how),
            .status = {ExitStatus::Kind::signalled, SIGKILL}};
}

Rig running(Restart restart = Restart::never) {
    Rig rig({define("web", [&](Definition&, Policy& policy) { policy.restart = restart; })});
    rig.run("web");
    return rig;
}

}  // namespace

TEST_CASE("a run that the kernel has ended for want of memory says so") {
    Rig rig = running();
    rig.event("web", killed(OutOfMemory::yes));
    CHECK(rig.reason("web") == "signal KILL (out of memory), restart = never");
    CHECK(rig.ended_runs().front().how.detail == static_cast<uint8_t>(OutOfMemory::yes));
    Rig other = running();
    other.event("web", killed(OutOfMemory::perhaps));
    CHECK(other.reason("web") == "signal KILL (perhaps out of memory), restart = never");
    Rig last = running();
    last.event("web", killed(OutOfMemory::no));
    CHECK(last.reason("web") == "signal KILL, restart = never");
}

TEST_CASE("it stays told while what the leader left behind is ended, and is retried as any other") {
    Rig rig = running(Restart::always);
    rig.event("web", killed(OutOfMemory::yes, true));
    CHECK(rig.reason("web") == "signal KILL (out of memory), but it left processes behind");
    rig.group_empty("web");
    CHECK(rig.state("web") == State::backoff);
    CHECK(rig.reason("web") == "signal KILL (out of memory), 1st failure");
}

TEST_CASE("a stop that the want of memory has ended is a stop") {
    Rig rig = running();
    rig.down("web");
    rig.event("web", killed(OutOfMemory::yes));
    CHECK(rig.state("web") == State::stopped);
    CHECK(rig["web"].end.code == ReasonCode::stopped_on_request);
}

TEST_CASE("what had announced its end, and ended for want of memory, left something behind") {
    Rig rig = running();
    rig.event("web", {.kind = EventKind::stop_announced});
    rig.event("web", killed(OutOfMemory::yes, true));
    rig.group_empty("web");
    CHECK(rig.reason("web") == "signal KILL (out of memory), restart = never");
}
