// calendar: dates as people write them. Pure: what a date means in a zone that it does not name
// itself, model/zone knows; days as numbers are in base/civil.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/format.h"

namespace reeve {

// A date of the Gregorian calendar, each part within its bounds.
struct Date {
    int year = 0;  // 0 to 9999
    int month = 0;
    int day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;  // 60: a leap second
    int microsecond = 0;
    std::optional<int> offset_s{};  // of its zone, east of UTC; nothing: no zone was given
};

// "2026-12-01T08:00[:00[.123456]][Z|+01:00]", the whole text. 2027-02-30 is in no calendar.
std::optional<Date> parse_date(std::string_view text);
// Takes such a date off the text. False: there is none, or in no calendar; the text begins with
// what is wrong.
bool take_date(std::string_view& text, Date& date);

// In seconds since 1970-01-01T00:00, by the clock of the date's own zone.
int64_t local_seconds(const Date& date);

// How far a zone is from UTC: "+01:00". Seconds are left out.
void append_offset(Sink& out, int32_t offset_s);

}  // namespace reeve
