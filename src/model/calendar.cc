#include "model/calendar.h"

#include "base/civil.h"
#include "base/parse.h"

namespace reeve {

namespace {

// One to six digits, as a fraction of a second.
bool take_fraction(std::string_view& text, int& microsecond) {
    int unit = 1000000;
    int digits = 0;
    for (int digit = 0; digits < 6 && take_number(text, 1, 9, digit); ++digits)
        microsecond += digit * (unit /= 10);
    return digits > 0;
}

// Nothing, Z, or +HH:MM.
bool take_zone(std::string_view& text, std::optional<int>& offset_s) {
    if (take_char(text, 'Z')) {
        offset_s = 0;
        return true;
    }
    const bool west = text.starts_with('-');
    if (!west && !text.starts_with('+')) return true;
    text.remove_prefix(1);
    int hours = 0;
    int minutes = 0;
    if (!take_number(text, 2, 23, hours) || !take_char(text, ':') ||
        !take_number(text, 2, 59, minutes))
        return false;
    offset_s = (west ? -60 : 60) * (hours * 60 + minutes);
    return true;
}

// What a date consists of, up to its minutes or its seconds.
struct Part {
    int Date::*place;
    char before;  // 0: nothing
    uint8_t digits;
    uint16_t max;
};
constexpr Part parts[] = {{&Date::year, '\0', 4, 9999}, {&Date::month, '-', 2, 12},
                          {&Date::day, '-', 2, 31},     {&Date::hour, 'T', 2, 23},
                          {&Date::minute, ':', 2, 59},  {&Date::second, ':', 2, 60}};

bool take_parts(std::string_view& text, Date& date) {
    for (const Part& part : parts) {
        if (part.before != '\0' && !take_char(text, part.before))
            return part.place == &Date::second;
        const bool is_day = part.place == &Date::day;
        const int max = is_day ? days_in(date.year, date.month) : part.max;
        if (text.starts_with("00") && part.before == '-') return false;
        if (!take_number(text, part.digits, static_cast<uint64_t>(max), date.*part.place))
            return false;
    }
    return !take_char(text, '.') || take_fraction(text, date.microsecond);
}

}  // namespace

bool take_date(std::string_view& text, Date& date) {
    return take_parts(text, date) && take_zone(text, date.offset_s);
}

std::optional<Date> parse_date(std::string_view text) {
    Date date;
    if (!take_date(text, date) || !text.empty()) return std::nullopt;
    return date;
}

int64_t local_seconds(const Date& date) {
    const int64_t days = day_of(date.year, date.month, date.day);
    return ((days * 24 + date.hour) * 60 + date.minute) * 60 + date.second;
}

void append_offset(Sink& out, int32_t offset_s) {
    const int32_t minutes = (offset_s < 0 ? -offset_s : offset_s) / 60;
    out << (offset_s < 0 ? '-' : '+');
    append_padded(out, minutes / 60, 2);
    out << ':';
    append_padded(out, minutes % 60, 2);
}

}  // namespace reeve
