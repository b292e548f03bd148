// zone: how far local time is from UTC, and when that changes. Pure: who reads zoneinfo hands over
// what is in its files (tzfile(5), RFC 8536); a POSIX TZ string is one text (POSIX.1, XBD 8.3).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/format.h"
#include "base/list.h"
#include "base/ref.h"
#include "model/calendar.h"

namespace reeve {

// In seconds since 1970-01-01T00:00Z, here and in schedule. Local ones count as if they were UTC.
constexpr int64_t always_s = INT64_MAX / 4;  // later than anything: a period without an end

// A span of time in which the offset stays the same. It may be cut in two where nothing changes.
struct Period {
    int64_t begin_s = -always_s;
    int64_t end_s = always_s;     // the first second that is not in it
    int32_t offset_s = 0;         // east of UTC
    int32_t offset_before_s = 0;  // of the period before; the same where there is none
    bool holds(int64_t time_s) const { return time_s >= begin_s && time_s < end_s; }
};

// Standard time, and perhaps summer time between two days of each year, as a TZ string says it.
struct YearlyRule {
    // Jn: the day n, February 29 never counts. n: the day n from 0 on, it does. Mm.w.d: the week's
    // w-th day d (0: Sunday) in the month m; w = 5: the last.
    enum class Form : uint8_t { julian, day_of_year, weekday };
    struct Change {
        Form form = Form::weekday;
        uint8_t month = 1;
        uint8_t week = 1;
        uint16_t day = 0;
        int32_t time_s = 7200;  // of the day, or of one before or behind it
    };
    int32_t standard_s = 0;
    int32_t summer_s = 0;
    bool has_summer = false;
    Change to_summer;
    Change to_standard;

    Period period_at(int64_t time_s) const;
};

class Zone {
  public:
    Zone() = default;  // UTC
    // O(log n) in what is on record, and at most five years of the rule behind that.
    Period period_at(int64_t time_s) const;
    int32_t offset_at(int64_t time_s) const { return period_at(time_s).offset_s; }

    mutable uint32_t owners = 0;

  private:
    friend class ZoneFile;
    friend Ref<const Zone> parse_posix_zone(std::string_view text, Sink& problem);

    // A change, its time and the offset from then on, in one number: a zone has some two hundred.
    struct Change {
        int64_t packed;
        int64_t time_s() const { return packed >> 18; }
        int32_t offset_s() const { return static_cast<int32_t>(packed & 0x3FFFF) - 0x20000; }
    };
    static Change change_at(int64_t time_s, int32_t offset_s) {
        return {time_s * (1 << 18) + offset_s + 0x20000};
    }
    int32_t offset_before(size_t change) const {
        return change > 0 ? changes_[change - 1].offset_s() : first_offset_s_;
    }

    int32_t first_offset_s_ = 0;  // before the first change
    List<Change> changes_;        // ascending; the earliest is not before 1970
    YearlyRule rule_;             // from the last of them on
};

// From the bytes of a zoneinfo file, or from a TZ string such as "CET-1CEST,M3.5.0,M10.5.0/3".
// Null: it is none, and `problem` says why.
Ref<const Zone> parse_zone_file(std::string_view bytes, Sink& problem);
Ref<const Zone> parse_posix_zone(std::string_view text, Sink& problem);
// Where what is no TZ string goes wrong, from 1 on: at its beginning, unless that is a zone's.
size_t column_in_posix_zone(std::string_view text);

// When the date is, in its own zone if it names one, else in that one. A time that a change of the
// offset skips is right after the gap; one that comes twice is the first of the two.
int64_t instant_of(const Date& date, const Zone& zone);
int64_t instant_of_local(int64_t local_s, const Zone& zone);

// "2026-12-01T08:00:00+01:00" (RFC 3339), as it is there then.
void append_local_time(Sink& out, int64_t time_s, const Zone& zone);

}  // namespace reeve
