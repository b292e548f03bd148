#include <string>

#include "base/civil.h"
#include "catch.h"
#include "model/calendar.h"

using namespace reeve;

namespace {

std::string offset_text(int32_t offset_s) {
    Buffer<16> out;
    append_offset(out, offset_s);
    return std::string(out.view());
}

}  // namespace

TEST_CASE("days go by one after the other through all months and leap years") {
    CivilDay date{1599, 12, 31};
    int weekday = 5;  // a Friday
    for (int64_t day = day_of(1600, 1, 1); day < day_of(2405, 1, 1); ++day) {
        if (++date.day > days_in(date.year, date.month)) date = {date.year, date.month + 1, 1};
        if (date.month > 12) date = {date.year + 1, 1, 1};
        weekday = (weekday + 1) % 7;
        const CivilDay there = civil_of(day);
        if (there.year == date.year && there.month == date.month && there.day == date.day &&
            day_of(date.year, date.month, date.day) == day && weekday_of(day) == weekday)
            continue;
        CAPTURE(day, date.year, date.month, date.day);
        FAIL("another date, or another weekday");
    }
}

TEST_CASE("the calendar has a day 0, days before it, and years before the first") {
    CHECK(day_of(1970, 1, 1) == 0);
    CHECK(weekday_of(0) == 4);
    CHECK(weekday_of(-1) == 3);
    CHECK(day_of(2000, 2, 29) == 11016);
    CHECK(day_of(0, 3, 1) == -719468);
    CHECK(day_of(-400, 3, 1) == -719468 - 146097);
    CHECK(civil_of(-719469).year == 0);
    CHECK(civil_of(-719469).day == 29);
    CHECK(civil_of(-719528 - 1).year == -1);
    CHECK(floor_divide(-1, 60) == -1);
    CHECK(floor_divide(-60, 60) == -1);
    CHECK(floor_divide(59, 60) == 0);
}

TEST_CASE("a date that is in no calendar is none") {
    CHECK(parse_date("2028-02-29T10:00"));
    CHECK(parse_date("2000-02-29T10:00"));
    for (const char* text : {"2027-02-29T10:00", "2027-02-30T10:00", "2100-02-29T10:00Z",
                             "2026-06-31T10:00", "2026-13-01T10:00", "2026-01-00T10:00"}) {
        INFO(text);
        CHECK_FALSE(parse_date(text));
    }
}

TEST_CASE("a date counts its seconds by its own clock") {
    CHECK(local_seconds(*parse_date("1970-01-01T00:00")) == 0);
    CHECK(local_seconds(*parse_date("2026-12-01T08:00+01:00")) == 1796112000);
    CHECK(local_seconds(*parse_date("2026-12-01T08:00:07.5")) == 1796112007);
    CHECK(local_seconds(*parse_date("1969-12-31T23:59:59")) == -1);
}

TEST_CASE("an offset has hours and minutes, and its sign in any case") {
    CHECK(offset_text(0) == "+00:00");
    CHECK(offset_text(3600) == "+01:00");
    CHECK(offset_text(-12600) == "-03:30");
    CHECK(offset_text(50400) == "+14:00");
    CHECK(offset_text(-2670) == "-00:44");
}
