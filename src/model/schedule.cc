#include "model/schedule.h"

#include <algorithm>
#include <bit>

#include "base/civil.h"
#include "base/escape.h"
#include "base/limits.h"
#include "base/parse.h"
#include "base/spelling.h"

namespace reeve {

namespace {

constexpr int64_t day_s = 86400;
constexpr int64_t minutes_a_day = 1440;
// Leap days on a Sunday are 40 years apart where a century has none.
constexpr int64_t years_searched = 41;
// Before that nothing is due.
constexpr int64_t earliest_s = -62135596800;  // 0001-01-01
// Such a shift is no daylight saving.
constexpr int64_t large_shift_s = int64_t{3} * 3600;
constexpr int64_t large_shift_minutes = large_shift_s / 60;

// An expression, as it is read each time.
struct Cron {
    enum Place { minutes, hours, days, months, weekdays, field_count };
    uint64_t fields[field_count] = {};  // bit N: at N
    bool follows_clock = false;         // minute or hour begins with *
    bool needs_both_days = false;       // a day field does
    bool at_reboot = false;
};

// --- Reading -------------------------------------------------------------------------------------
//
//   expression = field field field field field | "@" word
//   field = item { "," item }
//   item = value | ( "*" | value "-" value ) [ "/" step ]
//   value = number | name

struct Field {
    uint8_t low;
    uint8_t high;
    std::string_view names;  // three letters each, the first is `low`
    const char* doc;
};
constexpr Field fields[] = {
    {0, 59, "", "minutes are 0-59"},
    {0, 23, "", "hours are 0-23"},
    {1, 31, "", "days of the month are 1-31"},
    {1, 12, "janfebmaraprmayjunjulaugsepoctnovdec", "months are 1-12 or jan-dec"},
    {0, 7, "sunmontuewedthufrisat", "days of the week are 0-7 or sun-sat"},
};
constexpr int sunday_as_end = 7;

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

constexpr std::string_view words = "@hourly 0 * * * *\n"
                                   "@daily 0 0 * * *\n"
                                   "@midnight 0 0 * * *\n"
                                   "@weekly 0 0 * * 0\n"
                                   "@monthly 0 0 1 * *\n"
                                   "@yearly 0 0 1 1 *\n"
                                   "@annually 0 0 1 1 *\n"
                                   "@reboot";

class CronReader {
  public:
    CronReader(std::string_view text, ScheduleProblem* problem)
        : text_(text), rest_(text), problem_(problem) {}
    bool read(Cron& cron);

  private:
    bool take_at_word(Cron& cron);
    bool take_field(size_t place, Cron& cron);
    bool take_item(std::string_view item, const Field& field, uint64_t& bits);
    bool take_value(std::string_view value, const Field& field, int& number);
    template <typename... T>
    bool fail(std::string_view part, const T&... pieces) {
        return fail_pieces(part, kinds_of<T...>(), handed_over(pieces)...);
    }
    bool fail_pieces(std::string_view part, uint64_t kinds, ...);

    std::string_view text_;
    std::string_view rest_;
    ScheduleProblem* problem_;  // null: nobody asks
};

// "'5-3': " and the pieces, of a part of the expression; an empty one is not shown.
bool CronReader::fail_pieces(std::string_view part, uint64_t kinds, ...) {
    if (problem_ == nullptr) return false;
    problem_->column = static_cast<size_t>(part.data() - text_.data()) + 1;
    if (!part.empty()) {
        problem_->text << '\'';
        append_escaped(problem_->text, part.substr(0, shown_max_bytes));
        problem_->text << "': ";
    }
    va_list pieces;
    va_start(pieces, kinds);
    append_pieces(problem_->text, kinds, pieces);
    va_end(pieces);
    return false;
}

bool CronReader::take_value(std::string_view value, const Field& field, int& number) {
    if (value.empty()) return fail(value, "a value is missing here");
    if (const auto n = parse_unsigned(value, field.high); n && *n >= field.low) {
        number = static_cast<int>(*n);
        return true;
    }
    if (value.size() == 3) {
        const char name[] = {static_cast<char>(value[0] | 0x20), static_cast<char>(value[1] | 0x20),
                             static_cast<char>(value[2] | 0x20)};
        const size_t at = field.names.find(std::string_view(name, sizeof name));
        if (at != std::string_view::npos && at % 3 == 0) {
            number = static_cast<int>(at / 3) + field.low;
            return true;
        }
    }
    const bool foreign = (value.size() < 3 || is_digit(value[0])) &&
                         value.find_first_of("?LW#") != std::string_view::npos;
    return fail(value, foreign ? "not in cron; " : "", field.doc, foreign ? ", any is *" : "");
}

bool CronReader::take_item(std::string_view item, const Field& field, uint64_t& bits) {
    const size_t slash = item.find('/');
    const std::string_view range = item.substr(0, slash);
    int first = field.low;
    int last = field.high;
    if (range != "*") {
        const size_t dash = range.find('-');
        const std::string_view begin = range.substr(0, dash);
        if (!take_value(begin, field, first)) return false;
        last = first;
        if (dash != std::string_view::npos) {
            const std::string_view end = range.substr(dash + 1);
            if (!take_value(end, field, last)) return false;
            if (last == 0 && first > 0 && end.size() == 3) last = sunday_as_end;
            if (last < first)
                return fail(item, "a range goes upwards; write ", end, '-', begin, ", or ", begin,
                            '-', field.high, ',', field.low, '-', end);
        } else if (slash != std::string_view::npos) {
            return fail(item, "a step needs a range; write ", range, '-', field.high,
                        item.substr(slash));
        }
    }
    int step = 1;
    if (slash != std::string_view::npos) {
        const auto n = parse_unsigned(item.substr(slash + 1), INT16_MAX);
        if (!n || *n == 0) return fail(item, "a step is a number from 1 on");
        step = static_cast<int>(*n);
    }
    if (step == 1) bits |= (uint64_t{2} << last) - (uint64_t{1} << first);
    for (int value = first; step > 1 && value <= last; value += step) bits |= uint64_t{1} << value;
    return true;
}

bool CronReader::take_field(size_t place, Cron& cron) {
    std::string_view word = take_word(rest_);
    if (word.empty())
        return fail(text_.substr(text_.size()),
                    "five fields are needed: minute hour day month weekday");
    if (word[0] == '*') {
        if (place <= Cron::hours) cron.follows_clock = true;
        if (place == Cron::days || place == Cron::weekdays) cron.needs_both_days = true;
    }
    for (bool more = true; more;) {
        const std::string_view item = word.substr(0, word.find(','));
        if (!take_item(item, fields[place], cron.fields[place])) return false;
        word.remove_prefix(item.size());
        more = take_char(word, ',');
    }
    return true;
}

// What the word stands for is read in its place.
bool CronReader::take_at_word(Cron& cron) {
    const std::string_view wanted = rest_;
    Nearest nearest(wanted);
    for (std::string_view rest = words; !rest.empty();) {
        std::string_view line = take_line(rest);
        const std::string_view word = take_word(line);
        nearest.offer(word);
        if (word != wanted) continue;
        cron.at_reboot = line.empty();
        rest_ = line;
        return true;
    }
    const std::string_view near = nearest.found();
    return fail(wanted,
                near.empty() ? "there are @hourly @daily @weekly @monthly @yearly @reboot"
                             : "write ",
                near);
}

bool CronReader::read(Cron& cron) {
    rest_ = trim(rest_);
    if (rest_.starts_with('@') && !take_at_word(cron)) return false;
    if (cron.at_reboot) return true;
    for (size_t place = 0; place < Cron::field_count; ++place)
        if (!take_field(place, cron)) return false;
    rest_ = trim(rest_);
    if (!rest_.empty())
        return fail(rest_, "is one too many; the fields are minute hour day month weekday");
    cron.fields[Cron::weekdays] |= cron.fields[Cron::weekdays] >> sunday_as_end;
    return true;
}

// --- The calendar --------------------------------------------------------------------------------

// The days of a month on which it is due, bit N for the day N.
uint64_t days_due(const Cron& cron, int64_t year, int month) {
    // Bit N: the weekday N, over six weeks; then from the weekday of the first day on.
    const uint64_t weeks = (cron.fields[Cron::weekdays] & 0x7F) * 0x810204081;
    const uint64_t by_weekday = weeks >> weekday_of(day_of(year, month, 1)) << 1;
    const uint64_t by_day = cron.fields[Cron::days];
    const uint64_t there_are = (uint64_t{2} << days_in(year, month)) - 2;
    return (cron.needs_both_days ? by_day & by_weekday : by_day | by_weekday) & there_are;
}

// The first bit from `place` on; 64: none.
int first_from(uint64_t bits, int64_t place) {
    return std::countr_zero(bits & ~uint64_t{0} << place);
}

// In minutes of the day, from that one on; none left: a day's.
int64_t next_time_of_day(const Cron& cron, int64_t minute) {
    const int64_t hour = minute / 60;
    if (first_from(cron.fields[Cron::hours], hour) == hour) {
        const int same_hour = first_from(cron.fields[Cron::minutes], minute % 60);
        if (same_hour < 60) return hour * 60 + same_hour;
    }
    const int later = first_from(cron.fields[Cron::hours], hour + 1);
    if (later > 23) return minutes_a_day;
    return later * 60 + first_from(cron.fields[Cron::minutes], 0);
}

// The first day from that one on; none: never.
std::optional<int64_t> next_day(const Cron& cron, int64_t day) {
    auto [year, month, first_day] = civil_of(day);
    for (const int64_t end = year + years_searched; year < end;) {
        const int next = first_from(cron.fields[Cron::months], month);
        if (next != month) first_day = 1;
        month = next;
        if (month > 12) {
            month = 1;
            ++year;
            continue;
        }
        const int found = first_from(days_due(cron, year, month), first_day);
        if (found < 32) return day_of(year, month, found);
        first_day = 1;
        ++month;
    }
    return std::nullopt;
}

// The first local minute from that second on at which it is due, in seconds; none: never. `due_day`
// is known to be one on which it is due.
std::optional<int64_t> next_match(const Cron& cron, int64_t local_s, int64_t due_day = INT64_MIN) {
    const int64_t minute = floor_divide(local_s + 59, 60);
    int64_t day = floor_divide(minute, minutes_a_day);
    int64_t time = next_time_of_day(cron, minute - day * minutes_a_day);
    if (time == minutes_a_day) ++day;
    const auto found = day == due_day ? day : next_day(cron, day);
    if (!found) return std::nullopt;
    if (*found != day || time == minutes_a_day) time = next_time_of_day(cron, 0);
    return *found * day_s + time * 60;
}

// --- The zone ------------------------------------------------------------------------------------

// What is due at a moment: the minutes of the local clock, bit N for the one N minutes before.
// Those that a change of the clock has skipped are due with the first one behind it.
struct Due {
    int64_t time_s = always_s;
    uint64_t minutes[(large_shift_minutes + 63) / 64] = {};

    void add(int64_t minutes_before) {
        minutes[minutes_before / 64] |= uint64_t{1} << minutes_before % 64;
    }
    void add(const Due& other) {
        if (other.time_s > time_s) return;
        if (other.time_s < time_s) *this = Due{.time_s = other.time_s};
        for (size_t i = 0; i < std::size(minutes); ++i) minutes[i] |= other.minutes[i];
    }
    Activation activation() const {
        uint32_t count = 0;
        for (const uint64_t bits : minutes) count += static_cast<uint32_t>(std::popcount(bits));
        return {time_s, count};
    }
};

// Where to go on after a period in which nothing is due before the local time `match_s`. In between
// no period can bring anything, but for the next one: it may repeat local times that have been.
int64_t next_start(const Zone& zone, const Period& period, int64_t match_s) {
    constexpr int64_t surely_before_s = 2 * day_s;
    const int64_t near_s = match_s - period.offset_s - surely_before_s;
    if (near_s <= period.end_s || zone.offset_at(period.end_s) < period.offset_s)
        return period.end_s;
    return near_s;
}

// As if a clock were followed through one period of the zone after the other.
Due next_due(const Cron& cron, const Zone& zone, int64_t after_s) {
    Due due;
    if (cron.at_reboot || after_s >= latest_s) return due;
    std::optional<int64_t> match;
    int64_t searched_s = always_s;  // between this and the match nothing is due
    for (int64_t time_s = std::max(after_s, earliest_s) + 1;;) {
        const Period period = zone.period_at(time_s);
        const int64_t shift_s = period.offset_s - period.offset_before_s;
        const bool made_up =
            !cron.follows_clock && shift_s > -large_shift_s && shift_s < large_shift_s;
        const int64_t begin_s = period.begin_s + period.offset_s;  // by the local clock
        const int64_t end_before_s = period.begin_s + period.offset_before_s;
        int64_t local_s = time_s + period.offset_s;
        if (made_up && shift_s > 0 && time_s == period.begin_s) local_s = end_before_s;
        if (made_up && shift_s < 0) local_s = std::max(local_s, end_before_s);
        if (local_s < searched_s || *match < local_s) match = next_match(cron, local_s);
        if (!match) return due;
        searched_s = local_s;
        if (*match < begin_s) {
            due.time_s = period.begin_s;
            for (; *match <= begin_s;
                 match = next_match(cron, *match + 60, floor_divide(*match, day_s)))
                due.add((begin_s - *match) / 60);
            return due;
        }
        if (*match - period.offset_s < period.end_s) {
            due.time_s = *match - period.offset_s;
            due.add(0);
            return due;
        }
        time_s = next_start(zone, period, *match);
    }
}

Due next_due(std::string_view expression, const Zone& zone, int64_t after_s) {
    Cron cron;
    return CronReader(expression, nullptr).read(cron) ? next_due(cron, zone, after_s) : Due{};
}

std::optional<Activation> activation_of(const Due& due) {
    if (due.time_s >= latest_s) return std::nullopt;
    return due.activation();
}

// --- The daily window ----------------------------------------------------------------------------

struct Window {
    int64_t begin_s = 0;
    int64_t end_s = 0;
    bool holds(int64_t time_s) const { return time_s >= begin_s && time_s < end_s; }
};

// The one that begins on that day; one that is never: on that day none does.
Window window_of(const Timing& timing, int64_t day) {
    if ((timing.week_days >> weekday_of(day) & 1) == 0) return {};
    const int64_t start_s = timing.start_s.value_or(0);
    int64_t stop_s = timing.stop_s.value_or(day_s);
    if (stop_s <= start_s) stop_s += day_s;
    return {instant_of_local(day * day_s + start_s, *timing.zone),
            instant_of_local(day * day_s + stop_s, *timing.zone)};
}

int64_t local_day(const Timing& timing, int64_t time_s) {
    return floor_divide(time_s + timing.zone->offset_at(time_s), day_s);
}

}  // namespace

bool check_cron(std::string_view expression, ScheduleProblem& problem) {
    Cron cron;
    if (!CronReader(expression, &problem).read(cron)) return false;
    if (cron.at_reboot || next_day(cron, 0)) return true;
    std::string_view rest = expression;
    for (size_t place = 0; place < Cron::days; ++place) take_word(rest);
    const std::string_view day = take_word(rest);
    problem.column = static_cast<size_t>(day.data() - expression.data()) + 1;
    append(problem.text, "there is no day ", day.substr(0, shown_max_bytes), " in month ",
           take_word(rest).substr(0, shown_max_bytes));
    return false;
}

std::optional<Activation> next_cron(std::string_view expression, const Zone& zone,
                                    int64_t after_s) {
    return activation_of(next_due(expression, zone, after_s));
}

std::optional<Activation> next_activation(const Timing& timing, int64_t after_s) {
    for (size_t tries = 0; tries < activations_passed_over_max_count; ++tries) {
        Due due;
        for (const std::string_view line : timing.cron)
            due.add(next_due(line, *timing.zone, after_s));
        for (const std::string_view text : timing.at) {
            const auto date = parse_date(text);
            Due once{.time_s = date ? instant_of(*date, *timing.zone) : always_s};
            once.add(0);
            if (once.time_s > after_s) due.add(once);
        }
        if (due.time_s == always_s || is_in_window(timing, due.time_s)) return activation_of(due);
        const auto edge = next_edge(timing, due.time_s);
        if (!edge) break;
        after_s = *edge - 1;
    }
    return std::nullopt;
}

bool is_in_window(const Timing& timing, int64_t time_s) {
    if (!timing.has_window()) return true;
    const int64_t day = local_day(timing, time_s);
    return window_of(timing, day - 1).holds(time_s) || window_of(timing, day).holds(time_s);
}

std::optional<int64_t> next_edge(const Timing& timing, int64_t after_s) {
    // A week, the days around it, and another week for an edge that a zone has skipped.
    constexpr int64_t days_ahead = 16;
    if (!timing.has_window()) return std::nullopt;
    const bool is_in = is_in_window(timing, after_s);
    const int64_t today = local_day(timing, after_s);
    for (int64_t day = today - 1; day <= today + days_ahead; ++day) {
        const Window window = window_of(timing, day);
        for (const int64_t edge_s : {window.begin_s, window.end_s})
            if (edge_s > after_s && is_in_window(timing, edge_s) != is_in) return edge_s;
    }
    return std::nullopt;
}

}  // namespace reeve
