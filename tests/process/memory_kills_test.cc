#include "catch.h"
#include "process/memory_kills.h"
#include "process/resume.h"

using namespace reeve;

namespace {

// The one count of this process is put back in the end.
struct Kills {
    std::optional<uint64_t> before = resumption().memory_kills;
    MemoryKillCount count;

    Kills() { resumption().memory_kills = 5; }
    ~Kills() { resumption().memory_kills = before; }
    Kills(const Kills&) = delete;
    Kills& operator=(const Kills&) = delete;
    OutOfMemory judge(size_t killed, uint64_t kills, int64_t at_ms, bool only_ours = true) {
        return count.judge(killed, platform::MemoryKills{kills, only_ours}, Mono{at_ms});
    }
};

}  // namespace

TEST_CASE("who is killed when the kernel's count has not risen was killed by somebody else") {
    Kills kills;
    CHECK(kills.judge(1, 5, 10000) == OutOfMemory::no);
    CHECK(kills.judge(1, 6, 20000) == OutOfMemory::yes);
    CHECK(kills.judge(1, 6, 30000) == OutOfMemory::no);
    CHECK(kills.judge(1, 2, 40000) == OutOfMemory::no);  // of another group, which it was moved to
    CHECK(kills.judge(1, 3, 50000) == OutOfMemory::yes);
}

TEST_CASE(
    "where fewer were killed for want of memory than were killed it is any of them, perhaps") {
    Kills kills;
    CHECK(kills.judge(2, 6, 10000) == OutOfMemory::perhaps);
    CHECK(kills.judge(2, 8, 20000) == OutOfMemory::yes);
    CHECK(kills.judge(1, 9, 30000, false) == OutOfMemory::perhaps);
}

TEST_CASE("of several that are killed at once, the one that is reaped a moment later counts too") {
    Kills kills;
    CHECK(kills.judge(1, 7, 10000) == OutOfMemory::yes);
    CHECK(kills.judge(1, 7, 10100) == OutOfMemory::yes);
    CHECK(kills.judge(1, 7, 10200) == OutOfMemory::no);
    // After that it was a process that reeve has not started.
    CHECK(kills.judge(1, 9, 20000) == OutOfMemory::yes);
    CHECK(kills.judge(1, 9, 25000) == OutOfMemory::no);
}

TEST_CASE("what the system does not tell is not told") {
    Kills kills;
    CHECK(kills.count.judge(1, std::nullopt, Mono{10000}) == OutOfMemory::no);
    CHECK(kills.judge(1, 6, 20000) == OutOfMemory::yes);
    resumption().memory_kills = {};
    CHECK(kills.judge(1, 7, 30000) == OutOfMemory::no);
}
