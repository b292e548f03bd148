#include <array>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.h"
#include "process/usage.h"
#include "support/process.h"
#include "support/procfs.h"
#include "support/skip.h"

using namespace reeve;
using namespace reeve::test;

TEST_CASE(
    "what process groups use is summed over their members, whatever order they are named in") {
    if (cannot_run(has_proc(), "no /proc")) return;
    // A group of two, which wait for this test.
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const pid_t leader = fork();
    if (leader == 0) {
        setpgid(0, 0);
        fork();
        close(ends[1]);
        char byte;
        while (read(ends[0], &byte, 1) < 0) {}
        _exit(0);
    }
    close(ends[0]);
    setpgid(leader, leader);
    constexpr pid_t nobody = INT32_MAX;
    std::array<GroupUse, 3> groups;
    CHECK(wait_until([&] {
        groups = {GroupUse{nobody}, GroupUse{leader}, GroupUse{getpgrp()}};
        return measure(groups) && find_use(groups, leader)->processes == 2;
    }));
    const GroupUse* pair = find_use(groups, leader);
    REQUIRE(pair != nullptr);
    CHECK(pair->usage.resident_bytes > 8192);
    CHECK(find_use(groups, getpgrp())->processes >= 1);
    CHECK(find_use(groups, getpgrp())->usage.cpu_ms < 24 * 3600 * 1000);
    CHECK(find_use(groups, nobody)->processes == 0);
    CHECK(find_use(groups, nobody - 1) == nullptr);
    close(ends[1]);
    waitpid(leader, nullptr, 0);
}
