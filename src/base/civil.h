// civil: days as numbers, and as dates of the Gregorian calendar, which goes on in both directions.
// Day 0 is 1970-01-01. Times of day and zones are others' matter.
#pragma once

#include <cstdint>

namespace reeve {

struct CivilDay {
    int64_t year = 0;
    int month = 0;  // from 1 on
    int day = 0;    // from 1 on
};

CivilDay civil_of(int64_t day);
int64_t day_of(int64_t year, int month, int day);
int days_in(int64_t year, int month);
int weekday_of(int64_t day);  // 0: Sunday

// Rounded down, also where `number` is negative.
constexpr int64_t floor_divide(int64_t number, int64_t divisor) {
    return number / divisor - (number % divisor < 0 ? 1 : 0);
}

}  // namespace reeve
