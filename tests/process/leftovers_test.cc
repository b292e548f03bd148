#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.h"
#include "kernel/platform.h"
#include "process/leftovers.h"
#include "support/kernel_fixture.h"

using namespace reeve;
using namespace reeve::test;

namespace {

bool has_proc() { return platform::has_oom_score_adj && ::access("/proc/self/stat", R_OK) == 0; }

// A group whose leader has ended, and left one member behind.
struct LeaderlessGroup {
    LeaderlessGroup() {
        int ends[2];
        REQUIRE(pipe(ends) == 0);
        group = fork();
        if (group == 0) {
            setsid();
            member = fork();
            if (member == 0)
                for (;;) pause();
            _exit(write(ends[1], &member, sizeof member) == sizeof member ? 0 : 1);
        }
        REQUIRE(read(ends[0], &member, sizeof member) == sizeof member);
        close(ends[0]);
        close(ends[1]);
        leader = {group, platform::start_time_of(group)};
        waitpid(group, nullptr, 0);
    }
    LeaderlessGroup(const LeaderlessGroup&) = delete;
    LeaderlessGroup& operator=(const LeaderlessGroup&) = delete;
    ~LeaderlessGroup() { kill(member, SIGKILL); }
    pid_t group = 0;
    pid_t member = 0;
    Process leader;
};

}  // namespace

TEST_CASE("what is left of a group is ours until its last member has ended") {
    LeaderlessGroup left;
    Leftovers leftovers;
    const ServiceId id{3};
    CHECK(leftovers.look(id, left.group, left.leader) == Remains::ours);
    CHECK(leftovers.look(id, left.group, left.leader) == Remains::ours);
    kill(left.member, SIGKILL);
    CHECK(eventually([&] { return leftovers.look(id, left.group, left.leader) == Remains::none; }));
}

TEST_CASE("a group that cannot be looked at for want of descriptors is not taken for empty") {
    if (cannot_run(has_proc(), "no /proc")) return;
    LeaderlessGroup left;
    Leftovers leftovers;
    const ServiceId id{0};
    {
        const Fault fault(sys::Call::open, ENFILE);
        CHECK(leftovers.look(id, left.group, left.leader) == Remains::unknown);
        CHECK(platform::group_has_live_members(left.group));
    }
    {
        const Fault fault(sys::Call::open, ENFILE, 1);  // only of processes nothing is told
        CHECK(leftovers.look(id, left.group, left.leader) == Remains::unknown);
        CHECK(platform::group_has_live_members(left.group));
    }
    CHECK(leftovers.look(id, left.group, left.leader) == Remains::ours);
}

TEST_CASE("a group whose number a newer process leads is another's") {
    if (cannot_run(has_proc(), "no /proc")) return;
    const pid_t stranger = fork();
    if (stranger == 0) {
        setsid();
        for (;;) pause();
    }
    REQUIRE(eventually([&] { return getpgid(stranger) == stranger; }));
    const uint64_t start_time = platform::start_time_of(stranger);
    Leftovers leftovers;
    CHECK(leftovers.look(ServiceId{1}, stranger, {stranger, start_time - 1}) == Remains::none);
    // One that was there before the leader named itself (MAINPID) is the service's own.
    CHECK(leftovers.look(ServiceId{2}, stranger, {getpid(), start_time + 1}) == Remains::ours);
    kill(stranger, SIGKILL);
    waitpid(stranger, nullptr, 0);
    CHECK(leftovers.look(ServiceId{2}, stranger, {getpid(), start_time + 1}) == Remains::none);
}
