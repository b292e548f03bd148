// schedule: when a service is to run. Pure: expression, zone and time in, next time out. Times are
// seconds since 1970-01-01T00:00Z.
//
// cron(8) and crontab(5) of Debian's cron and of cronie, which agree: five fields (minute, hour,
// day of month, month, weekday), names of three letters in any case, lists, ranges, steps, 0 and 7
// for Sunday, @hourly and its like. Where both day fields are restricted, one that matches is
// enough; a day field that begins with `*` (`*/2` too) is unrestricted: then both must match.
//
// A job whose minute or hour begins with `*` follows the clock as it is. Any other whose time falls
// into the hour that a zone skips runs once for each of its minutes right after the gap, and one
// whose time comes twice runs the first time only. Shifts of three hours and more are no daylight
// saving: nothing is made up for them, and nothing is kept from running again.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/format.h"
#include "base/time.h"
#include "model/timing.h"
#include "model/zone.h"

namespace reeve {

// What is wrong with an expression, from where on: "'5-3': a range goes upwards; write 3-5".
struct ScheduleProblem {
    size_t column = 0;  // of the expression, from 1 on
    Buffer<200> text;
};
// Is this five fields, or @hourly and its like, @reboot included? False: `problem` says what is
// wrong, and how it is written right. What can never be (30 feb) is wrong.
bool check_cron(std::string_view expression, ScheduleProblem& problem);

// Some starts that are due at one moment: more than one only right after a gap.
struct Activation {
    int64_t time_s = 0;
    uint32_t count = 1;
    friend bool operator==(const Activation&, const Activation&) = default;
};

// From then on nothing is due any more: 10000-01-01.
constexpr int64_t latest_s = 253402300800;

// The first strictly after `after_s`; none: never again, for @reboot and what is no expression too.
std::optional<Activation> next_cron(std::string_view expression, const Zone& zone, int64_t after_s);

// The first of all `cron` lines and `at` dates strictly after `after_s` that the window lets
// through; of several that are due at the same second one. None: there is none, or not among the
// next activations_passed_over_max_count days that have one outside it.
std::optional<Activation> next_activation(const Timing& timing, int64_t after_s);

// Is the time in the daily window? Always, where there is none.
bool is_in_window(const Timing& timing, int64_t time_s);
// When that changes next, strictly after; none: never.
std::optional<int64_t> next_edge(const Timing& timing, int64_t after_s);

}  // namespace reeve
