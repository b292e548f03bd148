#include "core/sim_dates.h"

#include <algorithm>
#include <iterator>

#include "base/limits.h"
#include "model/zone.h"

namespace reeve::sim {

namespace {

struct WhenRow {
    const char* name;
    const char* cron;
};
constexpr WhenRow rows[when_count] = {
    {"always", nullptr},
    {"minutely", "* * * * *"},
    {"hourly", "15 * * * *"},
    {"nightly", "30 2 * * *"},
    {"by_thirds", "0,20,40 1-3 * * *"},
    {"by_clock", "*/30 */6 * * *"},
    {"monthly", "0 4 1 * *"},
    {"yearly", "0 0 1 1 *"},
    {"leap_years", "0 0 29 2 *"},
    {"reboot", "@reboot"},
    {"interval", nullptr},
    {"dates", nullptr},
};
constexpr const char* hours_names[hours_count] = {"all", "day", "night", "weekdays", "from_noon"};
constexpr const char* overlap_names[] = {"skip", "queue", "kill"};

// With and without summer time, north and south, and one whose clock goes on by half an hour.
constexpr const char* zone_texts[zones_count] = {
    "UTC0", "CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT,M3.2.0,M11.1.0", "AEST-10AEDT,M10.1.0,M4.1.0/3",
    "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"};

Ref<const Zone> zone_of(uint32_t number) {
    static const auto zones = [] {
        std::vector<Ref<const Zone>> made;
        Buffer<100> problem;
        for (const char* text : zone_texts) made.push_back(parse_posix_zone(text, problem));
        return made;
    }();
    return zones[number % zones_count];
}

void set_hours(Timing& timing, Hours hours) {
    switch (hours) {
    case Hours::all: return;
    case Hours::day: timing.start_s = 8 * 3600, timing.stop_s = 18 * 3600; return;
    case Hours::night: timing.start_s = 22 * 3600, timing.stop_s = 2 * 3600 + 1800; return;
    case Hours::weekdays: timing.week_days = 0x3E; return;
    case Hours::from_noon: timing.start_s = 12 * 3600; return;
    }
}

void set_date(Timing& timing, int64_t date_s) {
    Buffer<64> date;
    append_local_time(date, date_s, Zone());
    timing.apply_on = date.view();
}

}  // namespace

Ref<const Timing> timing_of(const File& file, bool is_second) {
    const Shape& shape = file.shape;
    const int64_t date_s = is_second ? file.second_on_s : shape.apply_on_s;
    if (shape.when == When::always && shape.hours == Hours::all && date_s == 0 &&
        shape.max_runtime_s == 0)
        return {};
    auto* timing = new Timing;
    if (const char* line = rows[static_cast<size_t>(shape.when)].cron) timing->cron.append(line);
    if (shape.when == When::interval) timing->every = seconds(900);
    if (shape.when == When::dates)
        for (const char* date : {"2026-12-24T18:00", "2028-02-29T02:30", "2031-10-26T02:30"})
            timing->at.append(date);
    set_hours(*timing, shape.hours);
    if (date_s != 0) set_date(*timing, date_s);
    timing->overlap = shape.overlap;
    timing->catch_up = shape.catch_up;
    timing->jitter = seconds(shape.jitter_s);
    // One that always starts again would be stopped for ever, and never settle.
    if (shape.restart != Restart::always) timing->max_runtime = seconds(shape.max_runtime_s);
    timing->zone = zone_of(shape.zone);
    return Ref<const Timing>(timing);
}

void append_timing(std::string& text, const File& file) {
    const Shape& shape = file.shape;
    const auto number = [&](const char* name, int64_t value) {
        if (value != 0) text.append(" ").append(name).append("=").append(std::to_string(value));
    };
    if (shape.when != When::always)
        text.append(" ")
            .append(rows[static_cast<size_t>(shape.when)].name)
            .append(" overlap=")
            .append(overlap_names[static_cast<size_t>(shape.overlap)]);
    if (shape.hours != Hours::all)
        text.append(" hours=").append(hours_names[static_cast<size_t>(shape.hours)]);
    if (shape.catch_up) text.append(" catch_up");
    number("jitter", shape.jitter_s);
    number("max_runtime", shape.max_runtime_s);
    number("zone", shape.zone);
    number("apply_on", shape.apply_on_s);
    number("v2_on", file.second_on_s);
}

// By seconds, hours, months or decades, to a clock that was never set, or to what it should show.
Wall jump(uint32_t value, Wall now) {
    constexpr int64_t latest_ms = int64_t{7258118400} * 1000;  // 2200
    constexpr int64_t scales[] = {1, 1, 20, 700, 10000};
    const uint32_t how = value / 100000 % 7;
    const int64_t way = static_cast<int64_t>(value % 100000) - 50000;
    if (how == 5) return Wall{static_cast<int64_t>(value % 100000) * 10};
    if (how == 6) return Wall{(first_day_s + value % 100000 * 100) * 1000};
    const int64_t small = how == 0 ? way / 5000 * 2 : way;  // less is no jump
    return Wall{std::clamp<int64_t>(now.ms + small * scales[how] * 1000, 0, latest_ms)};
}

}  // namespace reeve::sim
