// when: the next activations of an expression that is in no service file yet. It asks no
// supervisor, and reads no file but the zone's.
#include "base/fields.h"
#include "base/limits.h"
#include "base/parse.h"
#include "conf/kind.h"
#include "files/zone.h"
#include "kernel/sys.h"
#include "model/schedule.h"
#include "svctl/ask.h"

namespace reeve {

namespace {

constexpr size_t year_size = 4;

void show(Session& session, int64_t time_s, const Zone& zone) {
    Buffer<40> time;
    append_local_time(time, time_s, zone);
    if (!session.invocation.json) return append(session.printer, time, '\n');
    Buffer<64> lines;
    append_field(lines, "time", time.view());
    session.printer.json_object(lines.view());
}

Outcome tell_problem(std::string_view expression, size_t column, std::string_view text) {
    Buffer<shown_max_bytes + 4> shown;
    append_shown(shown, expression);
    warn("when: ", shown, ": column ", uint64_t{column}, ": ", text);
    return Outcome::failed;
}

// Is it meant to be an interval or a date? A cron expression has blanks or begins with @.
bool is_simple(std::string_view expression) {
    return expression.find_first_of(" \t") == std::string_view::npos && !expression.empty() &&
           expression[0] >= '0' && expression[0] <= '9';
}

// Counts down what is `left` to show.
Outcome show_cron(Session& session, uint64_t& left, const Zone& zone, int64_t after_s) {
    const std::string_view expression = session.arguments[0];
    ScheduleProblem problem;
    if (!check_cron(expression, problem))
        return tell_problem(expression, problem.column, problem.text.view());
    if (trim(expression) == "@reboot") {
        left = 0;
        warn("when: @reboot: when reeve starts");
    }
    while (left > 0) {
        const auto next = next_cron(expression, zone, after_s);
        if (!next) break;
        after_s = next->time_s;
        // Several at once are as many lines.
        for (uint32_t i = 0; i < next->count && left > 0; ++i, --left) show(session, after_s, zone);
    }
    return Outcome::done;
}

void show_interval(Session& session, uint64_t& left, const Zone& zone, int64_t after_s,
                   Duration every) {
    for (int64_t ms = every.ms; left > 0 && after_s + ms / 1000 < latest_s; ms += every.ms, --left)
        show(session, after_s + ms / 1000, zone);
}

}  // namespace

Outcome run_when(Session& session) {
    const std::string_view expression = session.arguments[0];
    std::optional<uint64_t> count = when_default_count;
    if (session.arguments.size() > 1) count = parse_unsigned(session.arguments[1], when_max_count);
    if (count.value_or(0) == 0) {
        warn("when: N is a number from 1 to ", int{when_max_count});
        return Outcome::usage;
    }
    Buffer<reason_max_bytes> problem;
    const Ref<const Zone> zone = find_zone(session.invocation.timezone, problem);
    if (!problem.empty()) warn("when: ", problem);
    if (!zone) return Outcome::failed;
    const auto& from = session.invocation.from;
    const int64_t after_s = from ? instant_of(*from, *zone) : sys::wall_now().ms / 1000;

    const auto every = parse_duration(expression);
    Outcome outcome = Outcome::done;
    Date date;
    std::string_view rest = expression;
    if (every && every->ms > 0) {
        show_interval(session, *count, *zone, after_s, *every);
    } else if (take_date(rest, date) && rest.empty()) {
        const int64_t time_s = instant_of(date, *zone);
        count = 0;
        if (time_s > after_s)
            show(session, time_s, *zone);
        else
            warn("when: that date has passed");
    } else if (is_simple(expression)) {
        // What does not begin as a date is none of either.
        const size_t taken = expression.size() - rest.size();
        outcome = tell_problem(expression, taken > year_size ? taken + 1 : 1,
                               "neither an interval (90m, 1h30m) nor a date in the calendar "
                               "(2026-12-01T08:00)");
    } else {
        outcome = show_cron(session, *count, *zone, after_s);
    }
    if (outcome != Outcome::done) return outcome;
    finish(session);
    if (*count > 0) warn("when: there is no later one up to the year 9999");
    return outcome;
}

}  // namespace reeve
