#include "catch.h"
#include "files/burst.h"

using namespace reeve;

namespace {

constexpr Mono at(int64_t ms) { return Mono{1000000 + ms}; }

}  // namespace

TEST_CASE("one change is dealt with once it has been quiet for a while") {
    Burst burst;
    CHECK_FALSE(burst.is_on());
    CHECK(burst.next_look() == no_deadline);
    burst.note(at(0));
    CHECK(burst.is_on());
    CHECK(burst.next_look() == at(watch_quiet_ms));
    CHECK(burst.ends(at(watch_quiet_ms), false));
    CHECK_FALSE(burst.is_on());
    CHECK(burst.next_look() == no_deadline);
}

TEST_CASE("changes that go on put the end of a burst off") {
    Burst burst;
    burst.note(at(0));
    CHECK_FALSE(burst.ends(at(300), true));
    CHECK(burst.next_look() == at(300 + watch_quiet_ms));
    CHECK_FALSE(burst.ends(at(600), true));
    CHECK(burst.ends(at(900), false));
}

TEST_CASE("a directory that never becomes quiet is read after a bounded time, and again") {
    Burst burst;
    burst.note(at(0));
    int64_t ms = 0;
    do {
        REQUIRE(burst.next_look() > at(ms));
        ms = burst.next_look().ms - at(0).ms;
        REQUIRE(ms <= watch_burst_max_ms);
    } while (!burst.ends(at(ms), true));
    CHECK(ms == watch_burst_max_ms);
    burst.note(at(ms + 10));
    CHECK(burst.next_look() == at(ms + 10 + watch_quiet_ms));
    CHECK_FALSE(burst.ends(at(ms + 10 + watch_quiet_ms), true));
}

TEST_CASE("the last look of a burst is no later than its bound, however the first ones fell") {
    Burst burst;
    burst.note(at(0));
    CHECK_FALSE(burst.ends(at(watch_burst_max_ms - 100), true));
    CHECK(burst.next_look() == at(watch_burst_max_ms));
    CHECK(burst.ends(at(watch_burst_max_ms), true));
}

TEST_CASE("a loop that comes late ends a burst that has lasted too long at once") {
    Burst burst;
    burst.note(at(0));
    CHECK(burst.ends(at(10 * watch_burst_max_ms), true));
}
