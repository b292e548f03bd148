// Compares next_cron() with a walk through time, minute by minute, as cron(8) goes through it: what
// it does where the local clock jumps is written down here a second time, from its manual page.
#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

#include "base/civil.h"
#include "catch.h"
#include "model/schedule.h"
#include "support/skip.h"
#include "support/zones.h"

using namespace reeve;
using namespace reeve::test;

namespace {

constexpr const char* zone_names[] = {
    "UTC",           "Europe/Madrid",     "America/New_York", "Australia/Lord_Howe",
    "Pacific/Apia",  "Africa/Casablanca", "Asia/Kathmandu",   "America/Sao_Paulo",
    "Europe/Dublin", "Antarctica/Troll",  "America/Havana",   "Asia/Tokyo",
};

// A local clock as libc has it, looked up once: offsets and the times from which they hold.
struct Clock {
    std::vector<std::pair<int64_t, int32_t>> offsets;

    Clock(const std::string& name, int64_t from_s, int64_t to_s) {
        const LocalZone libc(name);
        offsets.emplace_back(from_s, libc.offset_s(from_s));
        for (int64_t time_s = from_s; time_s < to_s; time_s += 1800) {
            if (libc.offset_s(time_s) == offsets.back().second) continue;
            int64_t change_s = time_s;
            while (libc.offset_s(change_s - 60) != offsets.back().second) change_s -= 60;
            offsets.emplace_back(change_s, libc.offset_s(time_s));
        }
    }
};

// Walks along a clock.
class Walker {
  public:
    Walker(const Clock& clock, int64_t time_s) : at_(clock.offsets.data()) {
        end_ = at_ + clock.offsets.size();
        local_minute(time_s);
    }
    int64_t local_minute(int64_t time_s) {
        while (at_ + 1 < end_ && at_[1].first <= time_s) ++at_;
        return (time_s + at_->second) / 60;
    }

  private:
    const std::pair<int64_t, int32_t>* at_;
    const std::pair<int64_t, int32_t>* end_;
};

// An expression, drawn and written down at once.
struct Drawn {
    std::string text;
    std::array<std::vector<bool>, 5> values{std::vector<bool>(60), std::vector<bool>(24),
                                            std::vector<bool>(32), std::vector<bool>(13),
                                            std::vector<bool>(8)};
    bool stars[5] = {};

    bool follows_clock() const { return stars[0] || stars[1]; }
    bool is_due_on(int64_t day) const {
        const CivilDay date = civil_of(day);
        const auto weekday = static_cast<size_t>((day % 7 + 11) % 7);
        const bool by_day = values[2][static_cast<size_t>(date.day)];
        const bool by_weekday = values[4][weekday] || (weekday == 0 && values[4][7]);
        return values[3][static_cast<size_t>(date.month)] &&
               (stars[2] || stars[4] ? by_day && by_weekday : by_day || by_weekday);
    }
    bool is_due(int64_t local_minute) const {
        return values[0][static_cast<size_t>(local_minute % 60)] &&
               values[1][static_cast<size_t>(local_minute / 60 % 24)] &&
               is_due_on(local_minute / 1440);
    }
};

using Random = std::mt19937;

int between(Random& random, int low, int high) {
    return low + static_cast<int>(random() % static_cast<unsigned>(high - low + 1));
}

void draw_field(Random& random, Drawn& drawn, size_t field, int star_percent) {
    constexpr int lows[] = {0, 0, 1, 1, 0};
    constexpr int highs[] = {59, 23, 31, 12, 7};
    const char* const names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
    const int low = lows[field];
    const int high = highs[field];
    const bool star = between(random, 0, 99) < star_percent;
    const int items = star && between(random, 0, 9) > 0 ? 1 : between(random, 1, 3);
    for (int item = 0; item < items; ++item) {
        if (item > 0) drawn.text += ',';
        int first = low;
        int last = high;
        const bool all = item == 0 && star;
        const bool range = all || between(random, 0, 2) == 0;
        if (all) {
            drawn.stars[field] = true;
            drawn.text += '*';
        } else {
            first = between(random, low, high);
            last = range ? between(random, first, high) : first;
            const bool named = field == 4 && first < 7 && between(random, 0, 1) == 0;
            drawn.text += named ? names[first] : std::to_string(first);
            if (range) drawn.text += "-" + std::to_string(last);
        }
        int step = 1;
        if (range && between(random, 0, 2) == 0) {
            step = between(random, 1, high);
            drawn.text += "/" + std::to_string(step);
        }
        for (int value = first; value <= last; value += step)
            drawn.values[field][static_cast<size_t>(value)] = true;
    }
    drawn.text += field < 4 ? " " : "";
}

// Mostly with few minutes and hours, and most days.
Drawn draw(Random& random) {
    constexpr int star_percents[] = {20, 35, 60, 80, 70};
    Drawn drawn;
    for (size_t field = 0; field < 5; ++field)
        draw_field(random, drawn, field, star_percents[field]);
    return drawn;
}

// What cron would have begun strictly after `after_s`, up to `to_s`. It looks at the clock once a
// minute: after a jump forwards of less than three hours it goes through the minutes that were
// skipped, for all that has a fixed time; after one backwards it waits with those until it is where
// it was; after a longer one it goes on from there.
std::vector<Activation> walk(const Drawn& drawn, const Clock& clock, int64_t after_s,
                             int64_t to_s) {
    std::vector<Activation> found;
    int64_t time_s = floor_divide(after_s, 60) * 60 - 12000;
    Walker walker(clock, time_s);
    int64_t done = walker.local_minute(time_s);  // all of this minute has run
    const bool follows = drawn.follows_clock();
    for (time_s += 60; time_s <= to_s; time_s += 60) {
        const int64_t now = walker.local_minute(time_s);
        const int64_t jump = now - done;
        uint32_t count = 0;
        if (jump > 180 || jump < -180) {
            count = drawn.is_due(now) ? 1 : 0;
            done = now;
        } else if (jump <= 0) {
            count = follows && drawn.is_due(now) ? 1 : 0;
        } else {
            if (follows) count = drawn.is_due(now) ? 1 : 0;
            while (done < now)
                if (drawn.is_due(++done) && !follows) ++count;
        }
        if (count > 0 && time_s > after_s) found.push_back({time_s, count});
    }
    return found;
}

void compare(const Drawn& drawn, const Zone& zone, const std::string& name, const Clock& clock,
             int64_t after_s, int64_t to_s) {
    CAPTURE(drawn.text, name, after_s);
    for (const Activation& expected : walk(drawn, clock, after_s, to_s)) {
        const auto next = next_cron(drawn.text, zone, after_s);
        REQUIRE(next);
        if (*next == expected) {
            after_s = next->time_s;
            continue;
        }
        CAPTURE(after_s, next->time_s, next->count, expected.time_s, expected.count);
        FAIL("another start than cron's");
    }
    const auto last = next_cron(drawn.text, zone, after_s);
    if (last && last->time_s <= to_s) {
        CAPTURE(last->time_s);
        FAIL("a start that cron has not");
    }
}

// Walks of `minutes` each, three of four near a change of the clock, from 2005 to 2036.
void compare_walks(int walks_a_zone, int64_t minutes, unsigned seed) {
    constexpr int64_t begin_s = 1104537600;
    constexpr int64_t end_s = 2082758400;
    for (const char* name : zone_names) {
        if (cannot_run(!zone_bytes(name).empty(), std::string("no zoneinfo of ") + name)) continue;
        const auto zone = zone_of(name);
        REQUIRE(zone);
        const Clock clock(name, begin_s, end_s + 86400 * 400);
        Random random(seed);
        for (int i = 0; i < walks_a_zone; ++i) {
            int64_t after_s = begin_s + 86400 + random() % (end_s - begin_s);
            if (i % 4 != 0 && clock.offsets.size() > 1) {
                const size_t change = 1 + random() % (clock.offsets.size() - 1);
                after_s =
                    std::max(clock.offsets[change].first + between(random, -minutes * 50, 9000),
                             begin_s + 86400);
            }
            compare(draw(random), *zone, name, clock, after_s, after_s + minutes * 60);
        }
    }
}

}  // namespace

TEST_CASE("a walk through each minute finds the same starts, where the clock jumps too") {
    compare_walks(200, 1500, 1);
}

TEST_CASE("so does one through years", "[.long]") { compare_walks(15, int64_t{60} * 24 * 730, 7); }

TEST_CASE("a walk through each day finds the same starts that are years away") {
    Random random(3);
    const Zone utc;
    for (int i = 0; i < 300; ++i) {
        Drawn drawn;
        for (size_t field = 0; field < 5; ++field) draw_field(random, drawn, field, 15);
        int64_t after_s = static_cast<int64_t>(random() % 4000000000);
        CAPTURE(drawn.text, after_s);
        const auto next = next_cron(drawn.text, utc, after_s);
        // The day of the start is the first one that has it, and its minute the day's first.
        int64_t day = after_s / 86400;
        int64_t minute = after_s / 60 + 1;
        const int64_t last_day = day + 41 * 366;
        for (; day < last_day; minute = ++day * 1440) {
            if (!drawn.is_due_on(day)) continue;
            while (minute < (day + 1) * 1440 && !drawn.is_due(minute)) ++minute;
            if (minute < (day + 1) * 1440) break;
        }
        REQUIRE(next.has_value() == (day < last_day));
        if (next) REQUIRE(next->time_s == minute * 60);
        ScheduleProblem problem;
        REQUIRE(check_cron(drawn.text, problem) == next.has_value());
    }
}
