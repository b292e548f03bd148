#include "model/timing.h"

#include "base/parse.h"
#include "model/calendar.h"

namespace reeve {

std::optional<int64_t> force_begins(const Timing& timing) {
    const auto date = parse_date(timing.apply_on);
    if (!date) return std::nullopt;
    return instant_of(*date, *timing.zone);
}

bool follows_clock(const Timing& timing) {
    for (std::string_view line : timing.cron) {
        const std::string_view minute = take_word(line);
        const std::string_view hour = take_word(line);
        if (!minute.starts_with('*') && !hour.starts_with('*') && minute != "@hourly") return false;
    }
    return timing.at.empty();
}

void append_time_of_day(Sink& out, int32_t time_s) {
    append_padded(out, time_s / 3600, 2);
    out << ':';
    append_padded(out, time_s / 60 % 60, 2);
    if (time_s % 60 == 0) return;
    out << ':';
    append_padded(out, time_s % 60, 2);
}

void append_week_days(Sink& out, uint8_t days) {
    if (days == all_week_days) {
        out << "all";
        return;
    }
    const char* before = "";
    for (unsigned day = 0; day < 7; ++day) {
        if ((days >> day & 1) == 0) continue;
        append(out, before, day_names[day]);
        before = " ";
    }
}

}  // namespace reeve
