// What confines a child: capabilities, its turn at the processors and at the disks.

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "catch.h"
#include "process/spawn_fixture.h"
#include "support/skip.h"

using namespace reeve;
using namespace reeve::test;

namespace {

constexpr uint64_t net_bind_service = 1 << 10;
constexpr uint64_t kill_others = 1 << 5;

std::string set_of(const char* hexadecimal) { return std::string(16 - 4, '0') + hexadecimal; }

bool may_confine() { return platform::has_confinement && is_root(); }

}  // namespace

TEST_CASE("capabilities are kept over the change of user, and are all that can be had") {
    if (cannot_run(may_confine(), "needs root on Linux")) return;
    SpawnFixture child;
    child.policy->user = "4321:4321";
    child.policy->capabilities = net_bind_service | kill_others;
    REQUIRE(child.start_stopped());
    CHECK(child.status_line("Uid") == "4321\t4321\t4321\t4321");
    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
        INFO(set);
        CHECK(child.status_line(set) == set_of("0420"));
    }
}

TEST_CASE("with no capabilities nothing can give it any, root or not") {
    if (cannot_run(may_confine(), "needs root on Linux")) return;
    for (const char* user : {"", "4321:4321"}) {
        SpawnFixture child;
        child.policy->user = user;
        child.policy->capabilities = uint64_t{0};
        REQUIRE(child.start_stopped());
        for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
            INFO(set);
            CHECK(child.status_line(set) == set_of("0000"));
        }
    }
}

TEST_CASE("root that keeps capabilities has no others") {
    if (cannot_run(may_confine(), "needs root on Linux")) return;
    SpawnFixture child;
    child.policy->capabilities = kill_others;
    REQUIRE(child.start_stopped());
    CHECK(child.status_line("CapEff") == set_of("0020"));
    CHECK(child.status_line("CapBnd") == set_of("0020"));
}

TEST_CASE("a user without capabilities of its own has none, as ever") {
    if (cannot_run(may_confine(), "needs root on Linux")) return;
    SpawnFixture child;
    const std::string bound = [] {
        SpawnFixture other;
        return other.start_stopped() ? other.status_line("CapBnd") : "";
    }();
    child.policy->user = "4321:4321";
    REQUIRE(child.start_stopped());
    CHECK(child.status_line("CapEff") == set_of("0000"));
    CHECK(child.status_line("CapAmb") == set_of("0000"));
    CHECK(child.status_line("CapBnd") == bound);
}

TEST_CASE("the scheduler is what the definition says") {
    if (cannot_run(may_confine(), "needs root on Linux")) return;
    SpawnFixture child;
    child.policy->scheduler = static_cast<uint16_t>(SCHED_RR << 8 | 7);
    REQUIRE(child.start_stopped());
    CHECK(::syscall(SYS_sched_getscheduler, child.pid) == SCHED_RR);
    struct sched_param parameters {};
    CHECK(::syscall(SYS_sched_getparam, child.pid, &parameters) == 0);
    CHECK(parameters.sched_priority == 7);
    for (const int policy : {SCHED_OTHER, SCHED_BATCH, SCHED_IDLE}) {
        SpawnFixture other;
        other.policy->scheduler = static_cast<uint16_t>(policy << 8);
        REQUIRE(other.start_stopped());
        CHECK(::syscall(SYS_sched_getscheduler, other.pid) == policy);
    }
}

TEST_CASE("the I/O priority is what the definition says") {
    if (cannot_run(may_confine(), "needs root on Linux")) return;
    for (const int priority : {1 << 13, 2 << 13 | 6, 3 << 13}) {
        SpawnFixture child;
        child.policy->io_priority = static_cast<uint16_t>(priority);
        REQUIRE(child.start_stopped());
        CHECK(::syscall(SYS_ioprio_get, 1, child.pid) == priority);
    }
}
