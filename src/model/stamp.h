// stamp: points in time as lines of logs begin with them, and as log files are named by them. Pure:
// what the local zone is, others know.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/format.h"
#include "model/calendar.h"
#include "model/definition.h"

namespace reeve {

// In microseconds since 1970-01-01T00:00Z.
struct Stamp {
    int64_t us = 0;
    friend constexpr auto operator<=>(Stamp, Stamp) = default;
};

// What a date means where its zone is that far from UTC, whatever zone it names.
Stamp stamp_of(const Date& date, int offset_s);

// Takes the stamp and the blank behind it off a line of a log; nothing, and the line is as it was,
// where it has none. utc, local and unix (reeve-service(5), log_time):
//   2026-11-20T10:00:00.123456Z line
//   2026-11-20T11:00:00.123456+01:00 line
//   1795168800.123456 line
std::optional<Stamp> take_stamp(std::string_view& line);

// "2026-11-20T10:00:00.123456Z" (RFC 3339, UTC).
void append_stamp(Sink& out, Stamp stamp);

// What a line begins with: a stamp as take_stamp() knows them, and its blank; of LogTime::none
// nothing. `offset_s`, for LogTime::local: how far local time is ahead of UTC.
void append_stamp(Sink& out, LogTime form, int64_t time_us, int32_t offset_s);

// An old file of a log is named by when it was set aside: "2026-11-20T10:00:00.123456Z.log".
void append_old_name(Sink& out, Stamp stamp);
std::optional<Stamp> parse_old_name(std::string_view file);

}  // namespace reeve
