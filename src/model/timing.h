// Timing: when a service runs, as its file says it: schedule, window, version. Plain data; what
// follows from it is in model/schedule.
#pragma once

#include <cstdint>
#include <optional>

#include "base/format.h"
#include "base/ref.h"
#include "base/text.h"
#include "base/time.h"
#include "model/zone.h"

namespace reeve {

enum class Overlap : uint8_t { skip, queue, kill };

constexpr char day_names[][4] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr uint8_t all_week_days = 0x7F;  // a bit a day, the lowest is Sunday's

// Services that name none of these keys have none.
struct Timing {
    Words cron;                      // expressions, as written
    Words at;                        // dates, as written
    Duration every{};                // 0: none
    Duration jitter{};               // at most so much later
    Duration max_runtime{};          // 0: none
    Text timezone;                   // as written; empty: the machine's
    Ref<const Zone> zone;            // what it means; null where nothing depends on it
    Text apply_on;                   // a date, as written; empty: from the beginning
    std::optional<int32_t> start_s;  // of the day: its window's beginning; none: midnight
    std::optional<int32_t> stop_s;   // and end
    mutable uint32_t owners = 0;
    Overlap overlap = Overlap::skip;
    bool catch_up = false;
    uint8_t week_days = all_week_days;  // on which a window begins

    bool has_schedule() const { return !cron.empty() || every.ms > 0 || !at.empty(); }
    bool has_window() const { return start_s || stop_s || week_days != all_week_days; }
};

// When the version comes into force (apply_on), in seconds since 1970; none: it is from the
// beginning.
std::optional<int64_t> force_begins(const Timing& timing);

// Does every one of its starts follow the clock as it is? So does a cron line whose minute or hour
// begins with `*`.
bool follows_clock(const Timing& timing);

// "08:00", "17:30:15"; the time in seconds.
void append_time_of_day(Sink& out, int32_t time_s);
// "mon tue wed", "all".
void append_week_days(Sink& out, uint8_t days);

}  // namespace reeve
