#include "base/civil.h"

namespace reeve {

namespace {

// Hinnant, "chrono-compatible low-level date algorithms": days are counted from 0000-03-01, in eras
// of 400 years, so that a leap day is the last of its year.
constexpr int64_t era_days = 146097;
constexpr int64_t days_to_1970 = 719468;

// Of a year that begins in March, the days before its month; 0 is March.
constexpr int64_t days_before(int64_t march_month) { return (153 * march_month + 2) / 5; }

}  // namespace

CivilDay civil_of(int64_t day) {
    const int64_t era = floor_divide(day + days_to_1970, era_days);
    const int64_t day_of_era = day + days_to_1970 - era * era_days;
    const int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t march_month = (5 * day_of_year + 2) / 153;
    const int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
    return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), static_cast<int>(month),
            static_cast<int>(day_of_year - days_before(march_month) + 1)};
}

int64_t day_of(int64_t year, int month, int day) {
    if (month <= 2) --year;
    const int64_t era = floor_divide(year, 400);
    const int64_t year_of_era = year - era * 400;
    return era * era_days + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
           days_before((month + 9) % 12) + day - 1 - days_to_1970;
}

int days_in(int64_t year, int month) {
    if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

int weekday_of(int64_t day) { return static_cast<int>(day + 4 - floor_divide(day + 4, 7) * 7); }

}  // namespace reeve
