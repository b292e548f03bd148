#include <string>

#include "catch.h"
#include "model/stamp.h"

using namespace reeve;

namespace {

std::string text_of(Stamp stamp) {
    Buffer<64> out;
    append_stamp(out, stamp);
    return std::string(out.view());
}

std::string text_of(LogTime form, int64_t time_us, int32_t offset_s = 0) {
    Buffer<64> out;
    append_stamp(out, form, time_us, offset_s);
    return std::string(out.view());
}

// The stamp in UTC, a bar, and what is left of the line; "none" where it has no stamp.
std::string taken(std::string_view line) {
    const std::string_view before = line;
    const auto stamp = take_stamp(line);
    if (!stamp) return line == before ? "none" : "none, and the line has changed";
    return text_of(*stamp) + "|" + std::string(line);
}

// The date in UTC where no zone was given.
std::string date(std::string_view text) {
    const auto parsed = parse_date(text);
    if (!parsed) return "none";
    return text_of(stamp_of(*parsed, parsed->offset_s.value_or(0))) +
           (parsed->offset_s ? "" : " local");
}

}  // namespace

TEST_CASE("stamps have microseconds, and local ones their offset") {
    const int64_t ten = 1795168800000000;
    CHECK(text_of(LogTime::utc, ten + 123456) == "2026-11-20T10:00:00.123456Z ");
    CHECK(text_of(LogTime::utc, ten + 6) == "2026-11-20T10:00:00.000006Z ");
    CHECK(text_of(LogTime::local, ten, 3600) == "2026-11-20T11:00:00.000000+01:00 ");
    CHECK(text_of(LogTime::local, ten, -12600) == "2026-11-20T06:30:00.000000-03:30 ");
    CHECK(text_of(LogTime::epoch, ten + 123456) == "1795168800.123456 ");
    CHECK(text_of(LogTime::epoch, 5) == "0.000005 ");
    CHECK(text_of(LogTime::none, ten).empty());
}

TEST_CASE("a line begins with any of the three stamps") {
    CHECK(taken("2026-11-20T10:00:00.123456Z up") == "2026-11-20T10:00:00.123456Z|up");
    CHECK(taken("2026-11-20T10:00:00.123456+01:00 up") == "2026-11-20T09:00:00.123456Z|up");
    CHECK(taken("2026-11-20T10:00:00.123456-03:30 up") == "2026-11-20T13:30:00.123456Z|up");
    CHECK(taken("1795168800.123456 up") == "2026-11-20T10:00:00.123456Z|up");
    CHECK(taken("2026-11-20T10:00:00.000001Z   two more") ==
          "2026-11-20T10:00:00.000001Z|  two more");
    CHECK(taken("2026-11-20T10:00:00.123456Z ") == "2026-11-20T10:00:00.123456Z|");
    CHECK(taken("2026-11-20T10:00:00.123456Z") == "2026-11-20T10:00:00.123456Z|");
}

TEST_CASE("what only resembles a stamp belongs to the line") {
    for (const char* line : {"",
                             "up",
                             "2026-11-20T10:00:00Z up",
                             "2026-11-20T10:00:00.123Z up",
                             "2026-11-20T10:00:00.1234567Z up",
                             "2026-11-20T10:00:00.123456 up",
                             "2026-11-20 10:00:00.123456Z up",
                             "2026-13-20T10:00:00.123456Z up",
                             "2026-02-29T10:00:00.123456Z up",
                             "2026-11-20T24:00:00.123456Z up",
                             "2026-11-20T10:00:00.123456Zup",
                             "2026-11-20T10:00:00.123456+1:00 up",
                             "2026-11-20T10:00:00.123456+24:00 up",
                             "2026-11-20T10:00:00.12345",
                             "3.141593 is pi",
                             "2026-11-20T10:00:00.10Z.lo",
                             "1795168800.12345 up",
                             "1795168800.1234567 up",
                             "1795168800 up",
                             "179516880x.123456 up",
                             "1795168800.",
                             "2026-11-20T10:00:00."}) {
        INFO(line);
        CHECK(taken(line) == "none");
    }
}

TEST_CASE("stamps are written as they are read, over the whole calendar") {
    for (const char* text : {"0000-01-01T00:00:00.000000Z", "1969-12-31T23:59:59.999999Z",
                             "1970-01-01T00:00:00.000000Z", "2000-02-29T12:34:56.000789Z",
                             "2026-03-01T00:00:00.100000Z", "2100-02-28T23:59:59.999000Z",
                             "9999-12-31T23:59:59.999999Z"}) {
        CHECK(taken(text) == std::string(text) + "|");
    }
    CHECK(text_of({}) == "1970-01-01T00:00:00.000000Z");
    CHECK(text_of({-1}) == "1969-12-31T23:59:59.999999Z");
}

TEST_CASE("a date may leave out its seconds, their fraction and its zone") {
    CHECK(date("2026-11-20T10:00") == "2026-11-20T10:00:00.000000Z local");
    CHECK(date("2026-11-20T10:00:30") == "2026-11-20T10:00:30.000000Z local");
    CHECK(date("2026-11-20T10:00Z") == "2026-11-20T10:00:00.000000Z");
    CHECK(date("2026-11-20T10:00+01:00") == "2026-11-20T09:00:00.000000Z");
    CHECK(date("2026-11-20T10:00:30.5Z") == "2026-11-20T10:00:30.500000Z");
    CHECK(date("2026-11-20T10:00:30.123Z") == "2026-11-20T10:00:30.123000Z");
    CHECK(date("2026-12-31T23:59:60Z") == "2027-01-01T00:00:00.000000Z");
    for (const char* text :
         {"", "10m", "2026-11-20", "2026-11-20T10", "2026-11-20T10:0", "2026-00-20T10:00",
          "2026-04-31T10:00", "2026-11-20T10:60", "2026-11-20T10:00:61",
          "2026-11-20T10:00:", "2026-11-20T10:00:00.", "2026-11-20T10:00 ", "2026-11-20T10:00+0100",
          "2026-11-20T10:00:00.1234567Z", "x2026-11-20T10:00"}) {
        INFO(text);
        CHECK(date(text) == "none");
    }
}

TEST_CASE("old files are known by their names, whole and in UTC") {
    Buffer<64> old;
    append_old_name(old, {1795168800123456});
    CHECK(old.view() == "2026-11-20T10:00:00.123456Z.log");
    CHECK(parse_old_name(old.view()) == Stamp{1795168800123456});
    for (const char* name :
         {"current", "1795168800.log", "2026-11-20T10:00:00.12345xZ.log", "1795168800.123456.log",
          "2026-11-20T10:00:00.123456Z", "2026-11-20T10:00:00.123456+00:00.log",
          "2026-11-20T10:00:00.123456Z .log", "2026-11-20T10:00:00.123456Z.log.gz", "Z.log", ".log",
          "", "2026-11-20T10:00:00Z.log"}) {
        INFO(name);
        CHECK_FALSE(parse_old_name(name));
    }
}
