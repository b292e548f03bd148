#include <string>
#include <vector>

#include "base/limits.h"
#include "catch.h"
#include "model/schedule.h"
#include "support/skip.h"
#include "support/zones.h"

using namespace reeve;
using namespace reeve::test;

namespace {

constexpr char madrid_rule[] = "CET-1CEST,M3.5.0,M10.5.0/3";
constexpr char new_york_rule[] = "EST5EDT,M3.2.0,M11.1.0";

Ref<const Zone> zone(const std::string& text) {
    const auto found = zone_of(text);
    REQUIRE(found);
    return found;
}

int64_t instant(const std::string& date, const Zone& there) {
    const auto parsed = parse_date(date);
    INFO(date);
    REQUIRE(parsed);
    return instant_of(*parsed, there);
}

// "column: what is wrong", or "".
std::string problem_of(std::string_view expression) {
    ScheduleProblem problem;
    if (check_cron(expression, problem)) return "";
    return std::to_string(problem.column) + ": " + std::string(problem.text.view());
}

// As append_local_time() shows it, without seconds; " xN" where there are several at once.
std::string shown(const std::optional<Activation>& activation, const Zone& there) {
    if (!activation) return "never";
    Buffer<40> out;
    append_local_time(out, activation->time_s, there);
    const std::string text(out.view());
    const std::string seconds = text.substr(16, 3) == ":00" ? "" : text.substr(16, 3);
    const std::string count =
        activation->count == 1 ? "" : " x" + std::to_string(activation->count);
    return text.substr(0, 16) + seconds + text.substr(19) + count;
}

using Dates = std::vector<std::string>;

// The next ones strictly after the date, in the zone that is a TZ string.
Dates next(std::string_view expression, const std::string& from, size_t count = 1,
           const std::string& zone_text = "UTC0") {
    const auto there = zone(zone_text);
    int64_t after_s = instant(from, *there);
    Dates dates;
    while (dates.size() < count) {
        const auto activation = next_cron(expression, *there, after_s);
        dates.push_back(shown(activation, *there));
        if (!activation) break;
        after_s = activation->time_s;
    }
    return dates;
}

Timing timing_in(const std::string& zone_text) {
    Timing timing;
    timing.zone = zone(zone_text);
    return timing;
}

Dates next(const Timing& timing, const std::string& from, size_t count) {
    int64_t after_s = instant(from, *timing.zone);
    Dates dates;
    while (dates.size() < count) {
        const auto activation = next_activation(timing, after_s);
        dates.push_back(shown(activation, *timing.zone));
        if (!activation) break;
        after_s = activation->time_s;
    }
    return dates;
}

Dates edges(const Timing& timing, const std::string& from, size_t count) {
    int64_t after_s = instant(from, *timing.zone);
    Dates dates;
    while (dates.size() < count) {
        const auto edge = next_edge(timing, after_s);
        const auto shown_edge = edge ? std::optional(Activation{*edge}) : std::nullopt;
        const bool is_in = edge && is_in_window(timing, *edge);
        dates.push_back((is_in ? "in " : "out ") + shown(shown_edge, *timing.zone));
        if (!edge) break;
        // What an edge says is so right before and right after it.
        CHECK(is_in_window(timing, *edge - 1) != is_in);
        after_s = *edge;
    }
    return dates;
}

bool is_in(const Timing& timing, const std::string& date) {
    return is_in_window(timing, instant(date, *timing.zone));
}

}  // namespace

TEST_CASE("five fields say minute, hour, day, month and weekday") {
    const std::string from = "2026-11-30T13:07:30Z";  // a Monday
    const std::pair<const char*, const char*> known[] = {
        {"* * * * *", "2026-11-30T13:08+00:00"},
        {"7 * * * *", "2026-11-30T14:07+00:00"},
        {"8 13 * * *", "2026-11-30T13:08+00:00"},
        {"0 13 * * *", "2026-12-01T13:00+00:00"},
        {"*/15 * * * *", "2026-11-30T13:15+00:00"},
        {"5-59/15 * * * *", "2026-11-30T13:20+00:00"},
        {"0,7,9 * * * *", "2026-11-30T13:09+00:00"},
        {"10-20,40-50/5 * * * *", "2026-11-30T13:10+00:00"},
        {"0 0 1 * *", "2026-12-01T00:00+00:00"},
        {"0 0 31 * *", "2026-12-31T00:00+00:00"},
        {"0 0 30 feb,APR *", "2027-04-30T00:00+00:00"},
        {"0 0 * Jan-Mar *", "2027-01-01T00:00+00:00"},
        {"0 0 * * 0", "2026-12-06T00:00+00:00"},
        {"0 0 * * 7", "2026-12-06T00:00+00:00"},
        {"0 0 * * Sun", "2026-12-06T00:00+00:00"},
        {"0 0 * * fri-sun", "2026-12-04T00:00+00:00"},
        {"0 0 * * sat-7", "2026-12-05T00:00+00:00"},
        {"0 0 * * tue,thu", "2026-12-01T00:00+00:00"},
        {"0 0 * * 1-7/2", "2026-12-02T00:00+00:00"},
        {"0 0 * * mon-fri/4", "2026-12-04T00:00+00:00"},
        {"\t 30   6\t* *  1 ", "2026-12-07T06:30+00:00"},
        {"*/90 * * * *", "2026-11-30T14:00+00:00"},  // as cron has it: minute 0 alone
        {"0 0 29 2 *", "2028-02-29T00:00+00:00"},
        {"0 0 29 2 */7", "2032-02-29T00:00+00:00"},  // a Sunday
        {"@hourly", "2026-11-30T14:00+00:00"},
        {"@daily", "2026-12-01T00:00+00:00"},
        {"@midnight", "2026-12-01T00:00+00:00"},
        {"@weekly", "2026-12-06T00:00+00:00"},
        {"@monthly", "2026-12-01T00:00+00:00"},
        {"@yearly", "2027-01-01T00:00+00:00"},
        {" @annually ", "2027-01-01T00:00+00:00"},
        {"@reboot", "never"},
    };
    for (const auto& [expression, date] : known) {
        INFO(expression);
        CHECK(problem_of(expression) == "");
        CHECK(next(expression, from) == Dates{date});
    }
}

TEST_CASE("where both day fields are restricted one is enough, but not where one begins with *") {
    const std::string from = "2026-11-30T00:00Z";  // a Monday
    CHECK(next("0 0 13 * 5", from, 4) == Dates{"2026-12-04T00:00+00:00", "2026-12-11T00:00+00:00",
                                               "2026-12-13T00:00+00:00", "2026-12-18T00:00+00:00"});
    CHECK(next("0 0 13 * *", from, 2) == Dates{"2026-12-13T00:00+00:00", "2027-01-13T00:00+00:00"});
    CHECK(next("0 0 * * 5", from, 2) == Dates{"2026-12-04T00:00+00:00", "2026-12-11T00:00+00:00"});
    // crontab(5): the Fridays that have an odd number, and the odd days that are a Friday.
    CHECK(next("0 0 */2 * 5", from, 3) ==
          Dates{"2026-12-11T00:00+00:00", "2026-12-25T00:00+00:00", "2027-01-01T00:00+00:00"});
    CHECK(next("0 0 13 * */5", from, 2) ==
          Dates{"2026-12-13T00:00+00:00", "2027-06-13T00:00+00:00"});
    // A list with * in it does not begin with one.
    CHECK(next("0 0 13 * 5,*", from, 2) ==
          Dates{"2026-12-01T00:00+00:00", "2026-12-02T00:00+00:00"});
    CHECK(next("0 0 1-7 * 1", from, 3) ==
          Dates{"2026-12-01T00:00+00:00", "2026-12-02T00:00+00:00", "2026-12-03T00:00+00:00"});
    CHECK(next("0 0 30 2 1", from, 1) == Dates{"2027-02-01T00:00+00:00"});
}

TEST_CASE("leap days are found however far") {
    CHECK(next("0 0 29 2 *", "2026-01-01T00:00Z", 2) ==
          Dates{"2028-02-29T00:00+00:00", "2032-02-29T00:00+00:00"});
    CHECK(next("0 0 29 2 *", "2096-03-01T00:00Z") == Dates{"2104-02-29T00:00+00:00"});
    CHECK(next("0 0 29 2 */7", "2088-03-01T00:00Z") == Dates{"2128-02-29T00:00+00:00"});
    CHECK(next("0 0 */29 2 4", "1970-01-01T00:00Z", 2) ==
          Dates{"1973-02-01T00:00+00:00", "1979-02-01T00:00+00:00"});
    CHECK(next("59 23 31 12 *", "9999-01-01T00:00Z") == Dates{"9999-12-31T23:59+00:00"});
}

TEST_CASE("a start is strictly after the moment, and on a minute") {
    CHECK(next("0 * * * *", "2026-11-30T12:59:59Z") == Dates{"2026-11-30T13:00+00:00"});
    CHECK(next("0 * * * *", "2026-11-30T13:00:00Z") == Dates{"2026-11-30T14:00+00:00"});
    CHECK(next("0 * * * *", "2026-11-30T13:00:01Z") == Dates{"2026-11-30T14:00+00:00"});
    CHECK(next("59 23 * * *", "1969-12-31T23:58:59Z") == Dates{"1969-12-31T23:59+00:00"});
    CHECK_FALSE(next_cron("* * * * *", Zone(), always_s));
    CHECK(next_cron("* * * * *", Zone(), -always_s));
}

TEST_CASE("what is wrong with an expression is told with its column and the right way") {
    const std::pair<const char*, const char*> known[] = {
        {"", "1: five fields are needed: minute hour day month weekday"},
        {"   ", "4: five fields are needed: minute hour day month weekday"},
        {"5 4 * *", "8: five fields are needed: minute hour day month weekday"},
        {"5 4 * * * *", "11: '*': is one too many; the fields are minute hour day month weekday"},
        {"0 0 * * 1 root ls",
         "11: 'root ls': is one too many; the fields are minute hour day month weekday"},
        {"60 * * * *", "1: '60': minutes are 0-59"},
        {"-1 * * * *", "1: a value is missing here"},
        {"* 24 * * *", "3: '24': hours are 0-23"},
        {"* * 0 * *", "5: '0': days of the month are 1-31"},
        {"* * 32 * *", "5: '32': days of the month are 1-31"},
        {"* * * 13 *", "7: '13': months are 1-12 or jan-dec"},
        {"* * * january *", "7: 'january': months are 1-12 or jan-dec"},
        {"* * * anf *", "7: 'anf': months are 1-12 or jan-dec"},
        {"* * * mon *", "7: 'mon': months are 1-12 or jan-dec"},
        {"* * * * 8", "9: '8': days of the week are 0-7 or sun-sat"},
        {"* * * * 1-monday", "11: 'monday': days of the week are 0-7 or sun-sat"},
        {"jan * * * *", "1: 'jan': minutes are 0-59"},
        {"5/15 * * * *", "1: '5/15': a step needs a range; write 5-59/15"},
        {"* 2,6/4 * * *", "5: '6/4': a step needs a range; write 6-23/4"},
        {"* 5-3 * * *", "3: '5-3': a range goes upwards; write 3-5, or 5-23,0-3"},
        {"* * * * sat-mon", "9: 'sat-mon': a range goes upwards; write mon-sat, or sat-7,0-mon"},
        {"1,,2 * * * *", "3: a value is missing here"},
        {"1, * * * *", "3: a value is missing here"},
        {",1 * * * *", "1: a value is missing here"},
        {"1- * * * *", "3: a value is missing here"},
        {"1-2-3 * * * *", "3: '2-3': minutes are 0-59"},
        {"5x * * * *", "1: '5x': minutes are 0-59"},
        {"+5 * * * *", "1: '+5': minutes are 0-59"},
        {"** * * * *", "1: '**': minutes are 0-59"},
        {"*5 * * * *", "1: '*5': minutes are 0-59"},
        {"*/0 * * * *", "1: '*/0': a step is a number from 1 on"},
        {"*/ * * * *", "1: '*/': a step is a number from 1 on"},
        {"*/5/5 * * * *", "1: '*/5/5': a step is a number from 1 on"},
        {"*/99999 * * * *", "1: '*/99999': a step is a number from 1 on"},
        {"0 0 ? * *", "5: '?': not in cron; days of the month are 1-31, any is *"},
        {"0 0 L * *", "5: 'L': not in cron; days of the month are 1-31, any is *"},
        {"0 0 15W * *", "5: '15W': not in cron; days of the month are 1-31, any is *"},
        {"0 0 * * 5#3", "9: '5#3': not in cron; days of the week are 0-7 or sun-sat, any is *"},
        {"0 0 30 2 *", "5: there is no day 30 in month 2"},
        {"0  0  31  feb,4,6,9,nov  *", "7: there is no day 31 in month feb,4,6,9,nov"},
        {"0 0 30,31 2 */2", "5: there is no day 30,31 in month 2"},
        {"@Daily", "1: '@Daily': write @daily"},
        {"@hourley", "1: '@hourley': write @hourly"},
        {"@every_second", "1: '@every_second': there are @hourly @daily @weekly @monthly @yearly "
                          "@reboot"},
        {"@daily x", "1: '@daily x': write @daily"},
        {"\x1b[31m * * * *", "1: '\\x1b[31m': minutes are 0-59"},
    };
    for (const auto& [expression, problem] : known) {
        INFO(expression);
        CHECK(problem_of(expression) == problem);
        // What can never be is read, and never due.
        CHECK_FALSE(next_cron(expression, Zone(), 0));
    }
    const std::string long_one = std::string(100000, '9') + " * * * *";
    CHECK(problem_of(long_one).starts_with("1: '9999"));
    CHECK(problem_of(std::string(100000, ',')) == "1: a value is missing here");
}

TEST_CASE("what falls into the gap runs right after it, once for each of its minutes") {
    const std::string before = "2026-03-28T12:00";
    CHECK(next("30 2 * * *", before, 2, madrid_rule) ==
          Dates{"2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"});
    CHECK(next("0,15,30 2 * * *", before, 2, madrid_rule) ==
          Dates{"2026-03-29T03:00+02:00 x3", "2026-03-30T02:00+02:00"});
    // Its own time, behind the gap, is one more.
    CHECK(next("0 2,3 * * *", before, 2, madrid_rule) ==
          Dates{"2026-03-29T03:00+02:00 x2", "2026-03-30T02:00+02:00"});
    CHECK(next("0-59 0-23 * * *", "2026-03-29T01:58", 3, madrid_rule) ==
          Dates{"2026-03-29T01:59+01:00", "2026-03-29T03:00+02:00 x61", "2026-03-29T03:01+02:00"});
    CHECK(next("0 3 * * *", before, 1, madrid_rule) == Dates{"2026-03-29T03:00+02:00"});
    CHECK(next("30 2 29 3 *", before, 2, madrid_rule) ==
          Dates{"2026-03-29T03:00+02:00", "2027-03-29T02:30+02:00"});
    // After the gap's end nothing is made up any more.
    CHECK(next("30 2 * * *", "2026-03-29T03:00", 1, madrid_rule) ==
          Dates{"2026-03-30T02:30+02:00"});
}

TEST_CASE("what follows the clock is neither made up nor kept from running twice") {
    CHECK(next("*/30 2 * * *", "2026-03-28T12:00", 2, madrid_rule) ==
          Dates{"2026-03-30T02:00+02:00", "2026-03-30T02:30+02:00"});
    CHECK(next("*/30 * * * *", "2026-03-29T01:00", 3, madrid_rule) ==
          Dates{"2026-03-29T01:30+01:00", "2026-03-29T03:00+02:00", "2026-03-29T03:30+02:00"});
    CHECK(next("@hourly", "2026-10-25T01:30", 4, madrid_rule) ==
          Dates{"2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00", "2026-10-25T03:00+01:00",
                "2026-10-25T04:00+01:00"});
    CHECK(next("*/30 2 25 10 *", "2026-10-24T12:00", 5, madrid_rule) ==
          Dates{"2026-10-25T02:00+02:00", "2026-10-25T02:30+02:00", "2026-10-25T02:00+01:00",
                "2026-10-25T02:30+01:00", "2027-10-25T02:00+02:00"});
}

TEST_CASE("what comes twice runs the first time only") {
    CHECK(next("30 2 * * *", "2026-10-24T12:00", 2, madrid_rule) ==
          Dates{"2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"});
    // From within the hour that comes again, too.
    const auto madrid = zone(madrid_rule);
    const int64_t again_s = instant("2026-10-25T01:10:00Z", *madrid);
    CHECK(shown(next_cron("30 2 * * *", *madrid, again_s), *madrid) == "2026-10-26T02:30+01:00");
    CHECK(next("30 1 * * *", "2026-10-31T12:00", 3, new_york_rule) ==
          Dates{"2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00", "2026-11-03T01:30-05:00"});
}

TEST_CASE("half an hour is daylight saving as well, a day is not") {
    const std::string lord_howe = "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0";
    CHECK(next("15 2 * * *", "2026-10-03T12:00", 2, lord_howe) ==
          Dates{"2026-10-04T02:30+11:00", "2026-10-05T02:15+11:00"});
    CHECK(next("45 1 * * *", "2026-04-04T12:00", 2, lord_howe) ==
          Dates{"2026-04-05T01:45+11:00", "2026-04-06T01:45+10:30"});
    if (cannot_run(!zone_bytes("Pacific/Apia").empty(), "no zoneinfo of Pacific/Apia")) return;
    // Its 30th of December 2011 never was.
    CHECK(next("0 12 * * *", "2011-12-29T00:00", 3, "Pacific/Apia") ==
          Dates{"2011-12-29T12:00-10:00", "2011-12-31T12:00+14:00", "2012-01-01T12:00+14:00"});
    CHECK(next("0 0 30 12 *", "2011-12-01T00:00", 1, "Pacific/Apia") ==
          Dates{"2012-12-30T00:00+14:00"});
}

TEST_CASE("several lines and dates are one schedule") {
    Timing timing = timing_in(madrid_rule);
    CHECK(next(timing, "2026-11-30T00:00", 1) == Dates{"never"});
    timing.cron.append("0 8 * * *");
    timing.cron.append("0 8,20 * * mon");
    timing.cron.append("@reboot");
    timing.at.append("2026-11-30T12:00:30");
    timing.at.append("2026-11-30T19:00:00Z");
    timing.at.append("2020-01-01T00:00");
    CHECK(next(timing, "2026-11-30T00:00", 4) ==
          Dates{"2026-11-30T08:00+01:00", "2026-11-30T12:00:30+01:00", "2026-11-30T20:00+01:00",
                "2026-12-01T08:00+01:00"});
    // Skipped minutes that several lines name are one each.
    Timing gap = timing_in(madrid_rule);
    gap.cron.append("0,30 2 * * *");
    gap.cron.append("15,30 2 * * *");
    gap.cron.append("*/20 * * * *");
    gap.at.append("2026-03-29T03:00");
    CHECK(next(gap, "2026-03-29T01:50", 2) ==
          Dates{"2026-03-29T03:00+02:00 x4", "2026-03-29T03:20+02:00"});
    Timing dates = timing_in(madrid_rule);
    dates.at.append("2026-03-29T02:30");  // in the gap
    CHECK(next(dates, "2026-01-01T00:00", 2) == Dates{"2026-03-29T03:00+02:00", "never"});
}

TEST_CASE("a window is open every day from its start to its stop") {
    Timing timing = timing_in(madrid_rule);
    CHECK(is_in(timing, "2026-11-30T03:00"));
    CHECK(edges(timing, "2026-11-30T03:00", 1) == Dates{"out never"});
    timing.start_s = 8 * 3600;
    timing.stop_s = 18 * 3600;
    CHECK(is_in(timing, "2026-11-30T08:00"));
    CHECK(is_in(timing, "2026-11-30T17:59:59"));
    CHECK_FALSE(is_in(timing, "2026-11-30T18:00"));
    CHECK_FALSE(is_in(timing, "2026-11-30T07:59:59"));
    CHECK(edges(timing, "2026-11-30T08:00", 3) == Dates{"out 2026-11-30T18:00+01:00",
                                                        "in 2026-12-01T08:00+01:00",
                                                        "out 2026-12-01T18:00+01:00"});
    timing.week_days = 0x3E;  // mon-fri
    CHECK(edges(timing, "2026-12-04T12:00", 2) ==
          Dates{"out 2026-12-04T18:00+01:00", "in 2026-12-07T08:00+01:00"});
    timing.stop_s = {};
    CHECK(edges(timing, "2026-12-04T07:00", 3) == Dates{"in 2026-12-04T08:00+01:00",
                                                        "out 2026-12-05T00:00+01:00",
                                                        "in 2026-12-07T08:00+01:00"});
    timing.start_s = {};
    timing.stop_s = 6 * 3600;
    CHECK(edges(timing, "2026-12-04T07:00", 2) ==
          Dates{"in 2026-12-07T00:00+01:00", "out 2026-12-07T06:00+01:00"});
    timing.stop_s = {};
    CHECK(edges(timing, "2026-12-01T07:00", 2) ==
          Dates{"out 2026-12-05T00:00+01:00", "in 2026-12-07T00:00+01:00"});
    timing.week_days = 0;
    CHECK_FALSE(is_in(timing, "2026-12-01T07:00"));
    CHECK(edges(timing, "2026-12-01T07:00", 1) == Dates{"out never"});
}

TEST_CASE("a window goes past midnight, and belongs to the day that it began on") {
    Timing timing = timing_in(madrid_rule);
    timing.start_s = 22 * 3600;
    timing.stop_s = 6 * 3600;
    timing.week_days = 1 << 5;  // fri
    CHECK(edges(timing, "2026-12-01T07:00", 3) == Dates{"in 2026-12-04T22:00+01:00",
                                                        "out 2026-12-05T06:00+01:00",
                                                        "in 2026-12-11T22:00+01:00"});
    CHECK_FALSE(is_in(timing, "2026-12-04T05:00"));
    timing.stop_s = timing.start_s;  // a whole day
    CHECK(edges(timing, "2026-12-01T07:00", 2) ==
          Dates{"in 2026-12-04T22:00+01:00", "out 2026-12-05T22:00+01:00"});
    timing.week_days = 0x7F;
    CHECK(is_in(timing, "2026-12-04T22:00"));
    CHECK(edges(timing, "2026-12-01T07:00", 1) == Dates{"out never"});
}

TEST_CASE("a window's edges in the hours that a zone skips or repeats") {
    Timing timing = timing_in(madrid_rule);
    timing.start_s = 2 * 3600 + 1800;
    timing.stop_s = 5 * 3600;
    CHECK(edges(timing, "2026-03-28T12:00", 3) == Dates{"in 2026-03-29T03:00+02:00",
                                                        "out 2026-03-29T05:00+02:00",
                                                        "in 2026-03-30T02:30+02:00"});
    CHECK(edges(timing, "2026-10-24T12:00", 3) == Dates{"in 2026-10-25T02:30+02:00",
                                                        "out 2026-10-25T05:00+01:00",
                                                        "in 2026-10-26T02:30+01:00"});
    // Within the gap alone it is not open at all.
    timing.start_s = 2 * 3600;
    timing.stop_s = 2 * 3600 + 1800;
    timing.week_days = 1;
    CHECK(edges(timing, "2026-03-27T12:00", 2) ==
          Dates{"in 2026-04-05T02:00+02:00", "out 2026-04-05T02:30+02:00"});
    CHECK(edges(timing, "2026-10-24T12:00", 2) ==
          Dates{"in 2026-10-25T02:00+02:00", "out 2026-10-25T02:30+02:00"});
    timing.start_s = 1 * 3600;
    CHECK(edges(timing, "2026-10-24T12:00", 2) ==
          Dates{"in 2026-10-25T01:00+02:00", "out 2026-10-25T02:30+02:00"});
}

TEST_CASE("a window lets activations through, and passes over the others") {
    Timing timing = timing_in(madrid_rule);
    timing.cron.append("*/20 * * * *");
    timing.start_s = 8 * 3600;
    timing.stop_s = 9 * 3600;
    timing.week_days = 0x3E;
    CHECK(next(timing, "2026-12-04T08:30", 4) ==
          Dates{"2026-12-04T08:40+01:00", "2026-12-07T08:00+01:00", "2026-12-07T08:20+01:00",
                "2026-12-07T08:40+01:00"});
    timing.cron = {};
    timing.cron.append("30 9 * * *");  // never inside
    CHECK(next(timing, "2026-12-04T08:30", 1) == Dates{"never"});
    // But for the day on which the clock skips its own time.
    timing.cron = {};
    timing.cron.append("30 2 * * *");
    timing.start_s = 3 * 3600;
    timing.stop_s = 4 * 3600;
    timing.week_days = 0x7F;
    CHECK(next(timing, "2026-03-30T00:00", 2) ==
          Dates{"2027-03-28T03:00+02:00", "2028-03-26T03:00+02:00"});
}
