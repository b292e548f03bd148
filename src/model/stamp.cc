#include "model/stamp.h"

#include "base/parse.h"

namespace reeve {

namespace {

constexpr int64_t second_us = 1000000;
constexpr size_t fraction_digits = 6;

}  // namespace

Stamp stamp_of(const Date& date, int offset_s) {
    return {(local_seconds(date) - offset_s) * second_us + date.microsecond};
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
            !date.offset_s)
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
    case LogTime::local:
        append_micros(out, time_us + offset_s * second_us);
        append_offset(out, offset_s);
        break;
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
