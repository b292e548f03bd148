// The kinds whose values are parts of days and weeks.

#include "base/parse.h"
#include "conf/kind.h"
#include "conf/schema.h"

namespace reeve {

namespace {

// 24:00 is how a day's end is written, and that is no time of any day.
bool read_time_of_day(const Input& in) {
    std::string_view rest = in.value;
    int hour = 0;
    int minute = 0;
    int second = 0;
    const bool good = take_number(rest, 2, 23, hour) && take_char(rest, ':') &&
                      take_number(rest, 2, 59, minute) &&
                      (!take_char(rest, ':') || take_number(rest, 2, 59, second)) && rest.empty();
    if (good) return in.store<std::optional<int32_t>>((hour * 60 + minute) * 60 + second);
    return in.wrong_at(rest, in.value == "24:00"
                                 ? "a day ends at 00:00, which is the next one's start"
                                 : "expected a time of day, such as 08:00 or 17:30:15");
}

std::optional<unsigned> find_day(std::string_view name) {
    for (unsigned day = 0; day < 7; ++day)
        if (name == day_names[day]) return day;
    return std::nullopt;
}

// Words, each a day or the first and last of several; fri-mon goes over the end of the week.
bool read_week_days(const Input& in) {
    uint8_t days = 0;
    std::string_view rest = in.value;
    for (auto word = take_word(rest); !word.empty(); word = take_word(rest)) {
        const size_t dash = word.find('-');
        const auto first = find_day(word.substr(0, dash));
        const auto last = dash == word.npos ? first : find_day(word.substr(dash + 1));
        if (word == "all") {
            days = all_week_days;
        } else if (!first || !last) {
            return in.wrong_word(word, "is no day of the week: expected days such as mon-fri, "
                                       "mon wed, or all");
        } else {
            for (unsigned day = *first; days |= 1u << day, day != *last;) day = (day + 1) % 7;
        }
    }
    return in.store(days);
}

void print_time_of_day(Sink& out, const Key&, const void* place) {
    const auto& time = *static_cast<const std::optional<int32_t>*>(place);
    if (time) append_time_of_day(out, *time);
}

void print_week_days(Sink& out, const Key&, const void* place) {
    append_week_days(out, *static_cast<const uint8_t*>(place));
}

}  // namespace

namespace kind {

constinit const KindOf<std::optional<int32_t>> time_of_day{
    {"HH:MM[:SS]", read_time_of_day, print_time_of_day}};
constinit const KindOf<uint8_t> week_days{{"week days", read_week_days, print_week_days}};

}  // namespace kind

}  // namespace reeve
