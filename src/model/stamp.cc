#include "model/stamp.h"

#include "base/parse.h"

namespace reeve {

namespace {

constexpr int64_t second_us = 1000000;
constexpr size_t fraction_digits = 6;

// Takes that many digits off the text. False where they are not there, or are more than `max`.
bool take_number(std::string_view& text, size_t digits, uint64_t max, int& number) {
    const auto n = parse_unsigned(text.substr(0, digits), max);
    if (!n || text.size() < digits) return false;
    number = static_cast<int>(*n);
    text.remove_prefix(digits);
    return true;
}

bool take_char(std::string_view& text, char c) {
    if (!text.starts_with(c)) return false;
    text.remove_prefix(1);
    return true;
}

int days_in(int year, int month) {
    if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// One to six digits, as a fraction of a second.
bool take_fraction(std::string_view& text, int& microsecond) {
    size_t digits = 0;
    int unit = second_us;
    for (int digit = 0; digits < fraction_digits && take_number(text, 1, 9, digit); ++digits)
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

bool take_date(std::string_view& text, Date& date) {
    for (const Part& part : parts) {
        if (part.before != '\0' && !take_char(text, part.before)) {
            if (part.place == &Date::second) return take_zone(text, date.offset_s);
            return false;
        }
        if (!take_number(text, part.digits, part.max, date.*part.place)) return false;
    }
    if (take_char(text, '.') && !take_fraction(text, date.microsecond)) return false;
    return take_zone(text, date.offset_s);
}

bool is_in_calendar(const Date& date) {
    return date.month > 0 && date.day > 0 && date.day <= days_in(date.year, date.month);
}

}  // namespace

std::optional<Date> parse_date(std::string_view text) {
    Date date;
    if (!take_date(text, date) || !text.empty() || !is_in_calendar(date)) return std::nullopt;
    return date;
}

// Days as in append_time (base/text.cc), the other way round.
Stamp stamp_of(const Date& date, int offset_s) {
    const int64_t year = date.year - (date.month <= 2 ? 1 : 0);
    const int64_t era = (year >= 0 ? year : year - 399) / 400;
    const int64_t year_of_era = year - era * 400;
    const int64_t march_month = (date.month + 9) % 12;
    const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
                               (153 * march_month + 2) / 5 + date.day - 1;
    const int64_t days = era * 146097 + day_of_era - 719468;
    const int64_t seconds =
        ((days * 24 + date.hour) * 60 + date.minute) * 60 + date.second - offset_s;
    return {seconds * second_us + date.microsecond};
}

std::optional<Stamp> take_stamp(std::string_view& line) {
    // All three have a '.' behind the seconds, and six digits behind that.
    constexpr size_t unix_point = 10;
    constexpr size_t date_point = 19;
    constexpr size_t date_zone = date_point + 1 + fraction_digits;
    std::string_view rest = line;
    Stamp stamp;
    if (line.size() > unix_point && line[unix_point] == '.') {
        const auto second = parse_unsigned(line.substr(0, unix_point), INT64_MAX);
        int microsecond = 0;
        rest.remove_prefix(unix_point + 1);
        if (!second || !take_number(rest, fraction_digits, second_us, microsecond))
            return std::nullopt;
        stamp.us = static_cast<int64_t>(*second) * second_us + microsecond;
    } else {
        Date date;
        if (line.size() <= date_zone || line[date_point] != '.' || !take_date(rest, date) ||
            !date.offset_s || !is_in_calendar(date))
            return std::nullopt;
        const char behind = line[date_zone];
        if (behind != 'Z' && behind != '+' && behind != '-') return std::nullopt;
        stamp = stamp_of(date, *date.offset_s);
    }
    if (!take_char(rest, ' ') && !rest.empty()) return std::nullopt;
    line = rest;
    return stamp;
}

// 2026-11-20T10:00:00.123456
static void append_micros(Sink& out, int64_t time_us) {
    int64_t rest = time_us % 1000;
    if (rest < 0) rest += 1000;
    append_time(out, Wall{(time_us - rest) / 1000});
    if (out.truncated()) return;
    out.cut(out.size() - 1);  // the Z
    append_padded(out, rest, 3);
}

void append_stamp(Sink& out, Stamp stamp) {
    append_micros(out, stamp.us);
    out << 'Z';
}

void append_stamp(Sink& out, LogTime form, int64_t time_us, int32_t offset_s) {
    switch (form) {
    case LogTime::none: return;
    case LogTime::utc: append_stamp(out, {time_us}); break;
    case LogTime::local: {
        append_micros(out, time_us + offset_s * second_us);
        const int32_t minutes = (offset_s < 0 ? -offset_s : offset_s) / 60;
        out << (offset_s < 0 ? '-' : '+');
        append_padded(out, minutes / 60, 2);
        out << ':';
        append_padded(out, minutes % 60, 2);
        break;
    }
    case LogTime::epoch:
        append(out, time_us / second_us, '.');
        append_padded(out, time_us % second_us, fraction_digits);
        break;
    }
    out << ' ';
}

void append_old_name(Sink& out, Stamp stamp) {
    append_stamp(out, stamp);
    out << ".log";
}

std::optional<Stamp> parse_old_name(std::string_view file) {
    if (!file.ends_with("Z.log")) return std::nullopt;
    file.remove_suffix(4);
    const auto stamp = take_stamp(file);
    return file.empty() ? stamp : std::nullopt;
}

}  // namespace reeve
