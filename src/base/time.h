// Points in time and durations, in milliseconds, each a type of its own so that none passes for
// another.
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

namespace reeve {

struct Duration {
    int64_t ms = 0;
    friend constexpr auto operator<=>(Duration, Duration) = default;
};

constexpr Duration operator-(Duration a, Duration b) { return Duration{a.ms - b.ms}; }

constexpr Duration milliseconds(int64_t n) { return Duration{n}; }
constexpr Duration seconds(int64_t n) { return Duration{n * 1000}; }

struct TimeUnit {
    std::string_view name;
    int64_t ms;
};

// From large to small, as they stand in a duration that is written: 1h30m.
inline constexpr TimeUnit time_units[] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1},
};

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

constexpr Wall operator+(Wall t, Duration d) { return Wall{t.ms + d.ms}; }
// In whole seconds since 1970, as schedules and zones count; what is less than one is left out.
constexpr int64_t seconds_of(Wall time) { return time.ms / 1000 - (time.ms % 1000 < 0 ? 1 : 0); }
constexpr Wall wall_of(int64_t seconds) { return Wall{seconds * 1000}; }

constexpr Duration operator-(Wall a, Wall b) { return Duration{a.ms - b.ms}; }

// Later than every other point in time.
constexpr Wall no_moment{INT64_MAX};

// The moment an event is handled at, read once a turn of the loop.
struct Now {
    Mono mono;
    Wall wall;
};

}  // namespace reeve
