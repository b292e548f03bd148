#include "model/zone.h"

#include <algorithm>
#include <bit>

#include "base/civil.h"
#include "base/parse.h"

namespace reeve {

namespace {

constexpr int64_t day_s = 86400;
constexpr int32_t offset_max_s = 26 * 3600;       // RFC 8536, 3.2: local time types
constexpr int64_t time_max_s = int64_t{1} << 44;  // so that a Zone::Change can hold it
constexpr uint64_t rule_hours_max = 167;          // RFC 8536, 3.3.1; POSIX has 24
constexpr std::string_view rule_left_out = ",M3.2.0,M11.1.0";

// When the rule's change is due in the year, by the clock that is in force until then.
int64_t local_time_of(const YearlyRule::Change& change, int64_t year) {
    int64_t day = day_of(year, change.month, 1);
    const bool leap = days_in(year, 2) == 29;
    switch (change.form) {
    case YearlyRule::Form::julian: day += change.day - (leap && change.day >= 60 ? 0 : 1); break;
    case YearlyRule::Form::day_of_year: day += change.day; break;
    case YearlyRule::Form::weekday: {
        const int64_t next_month = day + days_in(year, change.month);
        day += (change.day - weekday_of(day) + 7) % 7 + (change.week - 1) * 7;
        if (day >= next_month) day -= 7;
        break;
    }
    }
    return day * day_s + change.time_s;
}

}  // namespace

// The changes of a year may lie a week outside it, and an offset is up to a day and more. What was
// before a change is known from the year before.
Period YearlyRule::period_at(int64_t time_s) const {
    Period period;
    period.offset_s = period.offset_before_s = standard_s;
    if (!has_summer) return period;
    const int64_t around = civil_of(floor_divide(time_s, day_s)).year;
    for (int64_t year = around - 2; year <= around + 2; ++year) {
        const int64_t times[] = {local_time_of(to_standard, year) - summer_s,
                                 local_time_of(to_summer, year) - standard_s};
        const bool summer_first = times[1] < times[0];
        for (const bool is_summer : {summer_first, !summer_first}) {
            const int64_t change_s = times[is_summer ? 1 : 0];
            if (change_s > time_s) {
                period.end_s = change_s;
                return period;
            }
            // A summer that ends when the next one begins is one without an end.
            if (change_s != period.begin_s) period.offset_before_s = period.offset_s;
            period.begin_s = change_s;
            period.offset_s = is_summer ? summer_s : standard_s;
        }
    }
    return period;
}

Period Zone::period_at(int64_t time_s) const {
    time_s = std::clamp(time_s, -time_max_s, time_max_s);
    const Change* next =
        std::upper_bound(changes_.begin(), changes_.end(), time_s,
                         [](int64_t time, const Change& change) { return time < change.time_s(); });
    const size_t place = static_cast<size_t>(next - changes_.begin());
    Period period;
    if (next == changes_.end()) {
        period = rule_.period_at(time_s);
    } else {
        period.end_s = next->time_s();
        period.offset_s = period.offset_before_s = offset_before(place);
    }
    if (place > 0 && period.begin_s <= changes_[place - 1].time_s()) {
        period.begin_s = changes_[place - 1].time_s();
        period.offset_before_s = offset_before(place - 1);
    }
    return period;
}

// --- TZ strings: POSIX.1, XBD 8.3 ----------------------------------------------------------------
//
//   text = name offset [ name [ offset ] [ "," change "," change ] ]
//   name = letters, three at least | "<" letters, digits, + and - ">"
//   offset = [ "+" | "-" ] hours [ ":" minutes [ ":" seconds ] ]      west of UTC
//   change = ( "J" day | day | "M" month "." week "." day ) [ "/" time ]      time: as an offset

namespace {

bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

bool take_name(std::string_view& text) {
    size_t size = 0;
    if (text.starts_with('<')) {
        size = text.find('>') + 1;  // 0: there is none
    } else {
        while (size < text.size() && is_letter(text[size])) ++size;
        if (size < 3) return false;
    }
    text.remove_prefix(size);
    return size > 0;
}

// Digits, as many as there are.
bool take_digits(std::string_view& text, uint64_t max, int64_t& number) {
    size_t size = 0;
    while (size < text.size() && text[size] >= '0' && text[size] <= '9') ++size;
    const auto n = parse_unsigned(text.substr(0, size), max);
    number = static_cast<int64_t>(n.value_or(0));
    if (n) text.remove_prefix(size);
    return n.has_value();
}

bool take_time(std::string_view& text, uint64_t hours_max, int32_t& time_s) {
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    int64_t total = 0;
    int64_t part = 0;
    int64_t unit = 3600;
    do {
        if (!take_digits(text, unit == 3600 ? hours_max : 59, part)) return false;
        total += part * unit;
        unit /= 60;
    } while (unit > 0 && take_char(text, ':'));
    time_s = static_cast<int32_t>(negative ? -total : total);
    return true;
}

bool take_change(std::string_view& text, YearlyRule::Change& change) {
    int64_t month = 1;
    int64_t week = 1;
    int64_t day = 0;
    uint64_t day_max = 365;
    if (!take_char(text, ',')) return false;
    change.form = YearlyRule::Form::day_of_year;
    if (take_char(text, 'J')) {
        change.form = YearlyRule::Form::julian;
    } else if (take_char(text, 'M')) {
        change.form = YearlyRule::Form::weekday;
        day_max = 6;
        if (!take_digits(text, 12, month) || !take_char(text, '.') || !take_digits(text, 5, week) ||
            !take_char(text, '.'))
            return false;
    }
    if (!take_digits(text, day_max, day) || month < 1 || week < 1) return false;
    if (change.form == YearlyRule::Form::julian && day < 1) return false;
    change.month = static_cast<uint8_t>(month);
    change.week = static_cast<uint8_t>(week);
    change.day = static_cast<uint16_t>(day);
    return !take_char(text, '/') || take_time(text, rule_hours_max, change.time_s);
}

bool take_rule(std::string_view& text, YearlyRule& rule) {
    int32_t west_s = 0;
    std::string_view rest = text;
    if (!take_name(rest) || !take_time(rest, 24, west_s)) return false;
    text = rest;
    rule.standard_s = -west_s;
    if (text.empty()) return true;
    rule.has_summer = true;
    rule.summer_s = rule.standard_s + 3600;
    if (!take_name(text)) return false;
    if (!text.empty() && !text.starts_with(',')) {
        if (!take_time(text, 24, west_s)) return false;
        rule.summer_s = -west_s;
    }
    std::string_view left_out = rule_left_out;
    std::string_view& changes = text.empty() ? left_out : text;
    return take_change(changes, rule.to_summer) && take_change(changes, rule.to_standard) &&
           text.empty();
}

}  // namespace

size_t column_in_posix_zone(std::string_view text) {
    YearlyRule rule;
    std::string_view rest = text;
    take_rule(rest, rule);
    return text.size() - rest.size() + 1;
}

Ref<const Zone> parse_posix_zone(std::string_view text, Sink& problem) {
    const Ref zone(new Zone);
    if (!take_rule(text, zone->rule_)) {
        problem << "no POSIX zone such as CET-1CEST,M3.5.0,M10.5.0/3";
        return {};
    }
    return Ref<const Zone>(zone.get());
}

// --- Zone files: RFC 8536 ------------------------------------------------------------------------

// Reads one, of all versions there are. What a file says of itself is not believed.
class ZoneFile {
  public:
    ZoneFile(std::string_view bytes, Zone& zone) : rest_(bytes), zone_(zone) {}

    // Why it is none; null: the zone is what it says.
    const char* read();

  private:
    const char* read_header();
    const char* read_block();
    const char* read_footer();
    std::string_view take(size_t count);
    int64_t number(std::string_view bytes) const;

    static constexpr const char* damaged = "it is damaged";
    static constexpr const char* cut_off = "it is cut off";

    std::string_view rest_;
    Zone& zone_;
    // What is in a block, in the order of its header.
    enum Count { utc_marks, standard_marks, leap_seconds, changes, types, characters, count_count };
    size_t counts_[count_count] = {};
    size_t time_bytes_ = 4;
    size_t block_bytes_ = 0;
    bool has_second_block_ = false;
};

std::string_view ZoneFile::take(size_t count) {
    const std::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(bytes.size());
    return bytes;
}

// Big endian, two's complement.
int64_t ZoneFile::number(std::string_view bytes) const {
    uint64_t value = static_cast<unsigned char>(bytes[0]) >= 0x80 ? UINT64_MAX : 0;
    for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
    return static_cast<int64_t>(value);
}

const char* ZoneFile::read_header() {
    const std::string_view header = take(44);
    const bool is_one = header.starts_with("TZif");
    if (header.size() < 44 && (is_one || has_second_block_)) return cut_off;
    if (!is_one) return "it is no zone file";
    has_second_block_ = header[4] >= '2';
    for (size_t i = 0; i < count_count; ++i)
        counts_[i] = static_cast<uint32_t>(number(header.substr(20 + i * 4, 4)));
    // In 64 bits none of this overflows.
    const uint64_t bytes = uint64_t{counts_[changes]} * (time_bytes_ + 1) +
                           uint64_t{counts_[types]} * 6 + counts_[characters] +
                           uint64_t{counts_[leap_seconds]} * (time_bytes_ + 4) +
                           counts_[standard_marks] + counts_[utc_marks];
    if (bytes > rest_.size()) return cut_off;
    block_bytes_ = static_cast<size_t>(bytes);
    return nullptr;
}

// What changes nothing is left out, and so is what was before 1970.
const char* ZoneFile::read_block() {
    if (counts_[leap_seconds] > 0) return "it counts leap seconds, which the clock does not";
    const std::string_view times = take(counts_[changes] * time_bytes_);
    const std::string_view kinds = take(counts_[changes]);
    const std::string_view offsets = take(counts_[types] * 6);
    if (counts_[types] == 0) return damaged;
    const auto offset_of = [&](size_t type) { return number(offsets.substr(type * 6, 4)); };
    for (size_t type = 0; type < counts_[types]; ++type)
        if (offset_of(type) < -offset_max_s || offset_of(type) > offset_max_s) return damaged;

    int64_t time_s = 0;
    int64_t offset_s = offset_of(0);
    zone_.changes_.reserve(counts_[changes]);
    zone_.first_offset_s_ = static_cast<int32_t>(offset_s);
    for (size_t i = 0; i < counts_[changes]; ++i) {
        const int64_t next_s = number(times.substr(i * time_bytes_, time_bytes_));
        const size_t type = static_cast<unsigned char>(kinds[i]);
        if (type >= counts_[types] || (i > 0 && next_s <= time_s) || next_s > time_max_s)
            return damaged;
        time_s = next_s;
        const bool is_change = offset_of(type) != offset_s;
        offset_s = offset_of(type);
        if (time_s < 0) zone_.first_offset_s_ = static_cast<int32_t>(offset_s);
        // The last one stays in any case: the rule holds from there on.
        else if (is_change || i + 1 == counts_[changes])
            zone_.changes_.push_back(Zone::change_at(time_s, static_cast<int32_t>(offset_s)));
    }
    zone_.rule_.standard_s = static_cast<int32_t>(offset_s);
    return nullptr;
}

// A TZ string between two newlines; an empty one says nothing.
const char* ZoneFile::read_footer() {
    const size_t end = rest_.find('\n', 1);
    if (!rest_.starts_with('\n') || end == std::string_view::npos) return cut_off;
    std::string_view text = rest_.substr(1, end - 1);
    return text.empty() || take_rule(text, zone_.rule_) ? nullptr : damaged;
}

const char* ZoneFile::read() {
    const char* problem = read_header();
    if (problem == nullptr && has_second_block_) {
        take(block_bytes_);
        time_bytes_ = 8;
        problem = read_header();
    }
    if (problem != nullptr) return problem;
    const std::string_view behind = rest_.substr(block_bytes_);
    problem = read_block();
    rest_ = behind;
    if (problem == nullptr && time_bytes_ == 8) problem = read_footer();
    return problem;
}

Ref<const Zone> parse_zone_file(std::string_view bytes, Sink& problem) {
    const Ref zone(new Zone);
    if (const char* why = ZoneFile(bytes, *zone).read()) {
        problem << why;
        return {};
    }
    return Ref<const Zone>(zone.get());
}

// --- Dates ---------------------------------------------------------------------------------------

// Looks at the periods from the earliest on that it can be in.
int64_t instant_of_local(int64_t local_s, const Zone& zone) {
    Period period = zone.period_at(local_s - offset_max_s);
    while (local_s - period.offset_s >= period.end_s) period = zone.period_at(period.end_s);
    return std::max(local_s - period.offset_s, period.begin_s);
}

int64_t instant_of(const Date& date, const Zone& zone) {
    const int64_t local_s = local_seconds(date);
    return date.offset_s ? local_s - *date.offset_s : instant_of_local(local_s, zone);
}

void append_local_time(Sink& out, int64_t time_s, const Zone& zone) {
    const int32_t offset_s = zone.offset_at(time_s) / 60 * 60;
    append_whole_time(out, Wall{(time_s + offset_s) * 1000});
    if (out.truncated()) return;
    out.cut(out.size() - 1);  // the Z
    append_offset(out, offset_s);
}

}  // namespace reeve
