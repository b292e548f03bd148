// Points in time and durations, in milliseconds, each a type of its own so that none passes for
// another.
#pragma once

#include <compare>
#include <cstdint>

namespace reeve {

struct Duration {
    int64_t ms = 0;
    friend constexpr auto operator<=>(Duration, Duration) = default;
};

constexpr Duration milliseconds(int64_t n) { return Duration{n}; }
constexpr Duration seconds(int64_t n) { return Duration{n * 1000}; }

// CLOCK_MONOTONIC: delays and deadlines. Means nothing after a reboot.
struct Mono {
    int64_t ms = 0;
    friend constexpr auto operator<=>(Mono, Mono) = default;
};

constexpr Mono operator+(Mono t, Duration d) { return Mono{t.ms + d.ms}; }
constexpr Duration operator-(Mono a, Mono b) { return Duration{a.ms - b.ms}; }

// "No deadline": later than every other point in time.
constexpr Mono no_deadline{INT64_MAX};

// CLOCK_REALTIME, since 1970-01-01T00:00Z: what people are shown, schedules, apply_on.
struct Wall {
    int64_t ms = 0;
    friend constexpr auto operator<=>(Wall, Wall) = default;
};

// The moment an event is handled at, read once a turn of the loop.
struct Now {
    Mono mono;
    Wall wall;
};

}  // namespace reeve
