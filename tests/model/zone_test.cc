#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "catch.h"
#include "model/zone.h"
#include "support/skip.h"
#include "support/zones.h"

using namespace reeve;
using namespace reeve::test;

namespace {

int64_t utc(std::string_view text) {
    const auto date = parse_date(text);
    REQUIRE(date);
    return instant_of(*date, Zone());
}

std::string local(int64_t time_s, const Zone& zone) {
    Buffer<40> out;
    append_local_time(out, time_s, zone);
    return std::string(out.view());
}

// The date in the zone, as an instant, and shown there again.
std::string there(std::string_view text, const Zone& zone) {
    const auto date = parse_date(text);
    REQUIRE(date);
    return local(instant_of(*date, zone), zone);
}

Ref<const Zone> posix(std::string_view text) {
    Buffer<200> problem;
    const auto zone = parse_posix_zone(text, problem);
    INFO(text << ": " << problem.view());
    REQUIRE(zone);
    CHECK(problem.empty());
    return zone;
}

std::string problem_of_file(std::string_view bytes) {
    Buffer<200> problem;
    const auto zone = parse_zone_file(bytes, problem);
    return zone ? "none" : std::string(problem.view());
}

// Does the zone agree with libc's at this time, and do its periods fit each other?
void compare(const std::string& name, const Zone& zone, const LocalZone& libc, int64_t time_s) {
    const Period period = zone.period_at(time_s);
    const bool agrees = period.offset_s == libc.offset_s(time_s) && period.holds(time_s);
    if (agrees) return;
    CAPTURE(name, time_s, period.offset_s, libc.offset_s(time_s), period.begin_s, period.end_s);
    FAIL("another offset than libc's");
}

// All periods from 1970 to 2100: libc has the same offset at both of their ends, and the next one
// says of this one what it is.
int walk_periods(const std::string& name, const Zone& zone, const LocalZone& libc) {
    int count = 0;
    for (int64_t time_s = 0; time_s < utc("2100-01-01T00:00Z"); ++count) {
        const Period period = zone.period_at(time_s);
        compare(name, zone, libc, time_s);
        if (period.end_s == always_s) break;
        compare(name, zone, libc, period.end_s - 1);
        const Period next = zone.period_at(period.end_s);
        CAPTURE(name, time_s);
        REQUIRE(period.end_s > time_s);
        REQUIRE(next.begin_s == period.end_s);
        REQUIRE(next.offset_before_s == period.offset_s);
        time_s = period.end_s;
    }
    return count;
}

// A zone file of version 1 or 2 with one change to each of these offsets, an hour apart.
std::string file_of(const std::vector<int32_t>& offsets, char version = 0,
                    const std::string& footer = "\n\n") {
    const auto big = [](uint64_t n, int bytes) {
        std::string text;
        while (bytes-- > 0) text += static_cast<char>(n >> (8 * bytes));
        return text;
    };
    const auto count = static_cast<uint32_t>(offsets.size());
    const auto block = [&](int time_bytes) {
        std::string text = "TZif";
        text += version;
        text += std::string(15, '\0') + big(0, 4) + big(0, 4) + big(0, 4) + big(count, 4) +
                big(count, 4) + big(4, 4);
        for (uint32_t i = 0; i < count; ++i) text += big(3600 * (i + 1), time_bytes);
        for (uint32_t i = 0; i < count; ++i) text += static_cast<char>(i);
        for (const int32_t offset : offsets)
            text += big(static_cast<uint32_t>(offset), 4) + std::string(2, '\0');
        return text + std::string("ABC\0", 4);
    };
    return version == 0 ? block(4) : block(4) + block(8) + footer;
}

}  // namespace

TEST_CASE("a TZ string gives standard time and the days that it changes on") {
    const auto madrid = posix("CET-1CEST,M3.5.0,M10.5.0/3");
    CHECK(local(utc("2026-03-29T00:59:59Z"), *madrid) == "2026-03-29T01:59:59+01:00");
    CHECK(local(utc("2026-03-29T01:00:00Z"), *madrid) == "2026-03-29T03:00:00+02:00");
    CHECK(local(utc("2026-10-25T00:59:59Z"), *madrid) == "2026-10-25T02:59:59+02:00");
    CHECK(local(utc("2026-10-25T01:00:00Z"), *madrid) == "2026-10-25T02:00:00+01:00");
    const auto new_york = posix("EST5EDT");  // the rule that is left out
    CHECK(local(utc("2026-03-08T07:00Z"), *new_york) == "2026-03-08T03:00:00-04:00");
    CHECK(local(utc("2026-11-01T06:00Z"), *new_york) == "2026-11-01T01:00:00-05:00");
    CHECK(local(0, *posix("UTC0")) == "1970-01-01T00:00:00+00:00");
    CHECK(local(0, *posix("<+0530>-5:30")) == "1970-01-01T05:30:00+05:30");
    CHECK(local(0, *posix("<-03>+3")) == "1969-12-31T21:00:00-03:00");
}

TEST_CASE("the days of a TZ string have three forms") {
    const auto julian = posix("AAA0BBB,J60/0,J300/0");  // February 29 never counts
    CHECK(julian->offset_at(utc("2027-02-28T23:59Z")) == 0);
    CHECK(julian->offset_at(utc("2027-03-01T00:00Z")) == 3600);
    CHECK(julian->offset_at(utc("2028-02-29T23:59Z")) == 0);
    CHECK(julian->offset_at(utc("2028-03-01T00:00Z")) == 3600);
    const auto counted = posix("AAA0BBB,59/0,300/0");  // it does
    CHECK(counted->offset_at(utc("2027-03-01T00:00Z")) == 3600);
    CHECK(counted->offset_at(utc("2028-02-28T23:59Z")) == 0);
    CHECK(counted->offset_at(utc("2028-02-29T00:00Z")) == 3600);
    const auto weekday = posix("AAA0BBB,M2.4.4/0,M2.5.4/0");  // Thursdays: the fourth, the last
    CHECK(weekday->offset_at(utc("2024-02-22T00:00Z")) == 3600);
    CHECK(weekday->offset_at(utc("2024-02-28T22:59:59Z")) == 3600);
    CHECK(weekday->offset_at(utc("2024-02-28T23:00Z")) == 0);
}

TEST_CASE("summer may be winter, last all year, or begin on another day than it says") {
    const auto dublin = posix("IST-1GMT0,M10.5.0,M3.5.0/1");
    CHECK(dublin->offset_at(utc("2026-07-01T00:00Z")) == 3600);
    CHECK(dublin->offset_at(utc("2026-12-01T00:00Z")) == 0);
    const auto sydney = posix("AEST-10AEDT,M10.1.0,M4.1.0/3");
    CHECK(sydney->offset_at(utc("2026-01-01T00:00Z")) == 39600);
    CHECK(sydney->offset_at(utc("2026-07-01T00:00Z")) == 36000);
    const auto all_year = posix("EST5EDT,0/0,J365/25");
    for (int64_t time = utc("2025-12-31T00:00Z"); time < utc("2026-01-02T00:00Z"); time += 900) {
        const Period period = all_year->period_at(time);
        REQUIRE(period.offset_s == -14400);
        REQUIRE(period.offset_before_s == -14400);
    }
    const auto godthab = posix("<-02>2<-01>,M3.5.0/-1,M10.5.0/0");
    CHECK(godthab->offset_at(utc("2026-03-29T00:59:59Z")) == -7200);
    CHECK(godthab->offset_at(utc("2026-03-29T01:00:00Z")) == -3600);
    const auto jerusalem = posix("IST-2IDT,M3.4.4/26,M10.5.0");
    CHECK(jerusalem->offset_at(utc("2026-03-26T23:59:59Z")) == 7200);
    CHECK(jerusalem->offset_at(utc("2026-03-27T00:00:00Z")) == 10800);
}

TEST_CASE("what is no TZ string is refused") {
    for (const char* text : {"",
                             "UTC",
                             "A0",
                             "Europe/Madrid",
                             "CET",
                             "CET-",
                             "CET-25",
                             "CET-1:60",
                             "<+03-3",
                             "<>",
                             "CET-1CEST,",
                             "CET-1CEST,M3.5.0",
                             "CET-1CEST,M3.5.0,M10.5.0/",
                             "CET-1CEST,M3.5.0,M13.5.0",
                             "CET-1CEST,M3.0.0,M10.5.0",
                             "CET-1CEST,M3.6.0,M10.5.0",
                             "CET-1CEST,M3.5.7,M10.5.0",
                             "CET-1CEST,J0,J300",
                             "CET-1CEST,J1,J366",
                             "CET-1CEST,366,1",
                             "CET-1CEST,1/168,300",
                             "CET-1CEST,M3.5.0,M10.5.0/3x",
                             "CET-1CEST,M3.5.0,M10.5.0,M1.1.0",
                             "CET-1 CEST",
                             "CET--1",
                             "CET-99999999999999999999"}) {
        INFO(text);
        Buffer<200> problem;
        CHECK_FALSE(parse_posix_zone(text, problem));
        CHECK(problem.view() == "no POSIX zone such as CET-1CEST,M3.5.0,M10.5.0/3");
    }
}

TEST_CASE("a time that a zone skips is right after the gap, one that comes twice the first") {
    const auto madrid = posix("CET-1CEST,M3.5.0,M10.5.0/3");
    CHECK(there("2026-03-29T01:59:59", *madrid) == "2026-03-29T01:59:59+01:00");
    CHECK(there("2026-03-29T02:00:00", *madrid) == "2026-03-29T03:00:00+02:00");
    CHECK(there("2026-03-29T02:30:00", *madrid) == "2026-03-29T03:00:00+02:00");
    CHECK(there("2026-03-29T03:00:01", *madrid) == "2026-03-29T03:00:01+02:00");
    CHECK(there("2026-10-25T02:30:00", *madrid) == "2026-10-25T02:30:00+02:00");
    CHECK(there("2026-10-25T03:00:00", *madrid) == "2026-10-25T03:00:00+01:00");
    CHECK(there("2026-12-01T08:00:00", *madrid) == "2026-12-01T08:00:00+01:00");
    CHECK(there("2026-12-01T08:00:00Z", *madrid) == "2026-12-01T09:00:00+01:00");
    CHECK(there("2026-12-01T08:00:00-05:00", *madrid) == "2026-12-01T14:00:00+01:00");
    const auto apia = zone_of("Pacific/Apia");
    if (cannot_run(static_cast<bool>(apia), "no zoneinfo of Pacific/Apia")) return;
    CHECK(there("2011-12-30T12:00", *apia) == "2011-12-31T00:00:00+14:00");
}

TEST_CASE("a zone's own files are as libc reads them, at all of their changes") {
    if (cannot_run(!zone_bytes("Europe/Madrid").empty(), "no zoneinfo")) return;
    std::mt19937 random(1);
    int zones = 0;
    int periods = 0;
    const std::filesystem::path root = "/usr/share/zoneinfo";
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
        const std::string name = std::filesystem::relative(entry.path(), root);
        if (!entry.is_regular_file() || entry.is_symlink() || zone_bytes(name).empty() ||
            name.starts_with("right/") || name.starts_with("posix/"))
            continue;
        const auto zone = zone_of(name);
        INFO(name);
        REQUIRE(zone);
        const LocalZone libc(name);
        periods += walk_periods(name, *zone, libc);
        for (int i = 0; i < 20; ++i)
            compare(name, *zone, libc, static_cast<int64_t>(random() % 4102444800));
        ++zones;
    }
    CHECK(zones > 10);
    CHECK(periods > 1000);
}

TEST_CASE("a TZ string means the same to libc") {
    for (const char* text :
         {"CET-1CEST,M3.5.0,M10.5.0/3", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
          "IST-1GMT0,M10.5.0,M3.5.0/1", "AAA0BBB,J60/0,J300/0", "AAA0BBB,59/0,300/0",
          "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "IST-2IDT,M3.4.4/26,M10.5.0"}) {
        const LocalZone libc(text);
        walk_periods(text, *posix(text), libc);
    }
}

TEST_CASE("before 1970 a zone has the offset that it had then") {
    const auto madrid = zone_of("Europe/Madrid");
    if (cannot_run(static_cast<bool>(madrid), "no zoneinfo of Europe/Madrid")) return;
    const Period first = madrid->period_at(-1);
    CHECK(first.begin_s == -always_s);
    CHECK(first.offset_s == 3600);
    CHECK(first.offset_before_s == 3600);
    CHECK(madrid->offset_at(-always_s) == 3600);
    CHECK(madrid->offset_at(always_s) == madrid->offset_at(int64_t{1} << 44));
}

TEST_CASE("a file without a TZ string keeps its last offset") {
    for (const std::string& bytes : {file_of({0, 3600, 7200}), file_of({0, 3600, 7200}, '2')}) {
        Buffer<200> problem;
        const auto zone = parse_zone_file(bytes, problem);
        REQUIRE(zone);
        CHECK(zone->offset_at(7199) == 0);
        CHECK(zone->offset_at(7200) == 3600);
        CHECK(zone->offset_at(10800) == 7200);
        CHECK(zone->offset_at(utc("2100-01-01T00:00Z")) == 7200);
        CHECK(zone->period_at(7200).offset_before_s == 0);
    }
}

TEST_CASE("the TZ string of a file holds from its last change on, and not before") {
    Buffer<200> problem;
    const auto zone =
        parse_zone_file(file_of({0, 3600, 3600}, '4', "\nCET-1CEST,M3.5.0,M10.5.0/3\n"), problem);
    REQUIRE(zone);
    CHECK(zone->offset_at(7200) == 3600);
    CHECK(zone->period_at(7200).end_s == 10800);
    CHECK(zone->period_at(10800).begin_s == 10800);
    CHECK(zone->offset_at(utc("2026-07-01T00:00Z")) == 7200);
}

TEST_CASE("a zone file that is cut off, or lies, is refused") {
    const std::string whole = file_of({0, 3600, 7200}, '2', "\nCET-1CEST,M3.5.0,M10.5.0/3\n");
    REQUIRE(problem_of_file(whole) == "none");
    for (size_t size = 0; size < whole.size(); ++size) {
        INFO(size);
        // Each part of it lies on the heap, so that the sanitizer sees a look past its end.
        const std::vector<char> part(whole.begin(), whole.begin() + static_cast<long>(size));
        CHECK(problem_of_file({part.data(), size}) ==
              (size < 4 ? "it is no zone file" : "it is cut off"));
    }
    // The counts of both headers, each made huge.
    const size_t second = whole.find("TZif", 4);
    for (size_t at = 20; at < 44; at += 4) {
        for (const size_t header : {size_t{0}, second}) {
            std::string bytes = whole;
            bytes.replace(header + at, 4, "\xFF\xFF\xFF\xFF", 4);
            CHECK(problem_of_file(bytes) == "it is cut off");
        }
    }
    CHECK(problem_of_file("root:x:0:0:root:/root:/bin/bash\n") == "it is no zone file");
    CHECK(problem_of_file(file_of({})) == "it is damaged");
    CHECK(problem_of_file(file_of({93601})) == "it is damaged");
    CHECK(problem_of_file(file_of({INT32_MIN})) == "it is damaged");
    CHECK(problem_of_file(file_of({0}, '2', "\nno zone\n")) == "it is damaged");
    CHECK(problem_of_file(file_of({0}, '2', "UTC0\n")) == "it is cut off");

    std::string bytes = file_of({0, 3600});
    bytes[44 + 8] = 2;  // a type that is not there
    CHECK(problem_of_file(bytes) == "it is damaged");
    bytes = file_of({0, 3600});
    bytes.replace(44, 4, bytes.substr(48, 4));  // the same time twice
    CHECK(problem_of_file(bytes) == "it is damaged");
    bytes = file_of({0, 3600});
    bytes[31] = 1;
    bytes += std::string(8, '\0');
    CHECK(problem_of_file(bytes) == "it counts leap seconds, which the clock does not");
}
