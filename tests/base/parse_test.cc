#include <string>

#include "base/limits.h"
#include "base/parse.h"
#include "catch.h"

using namespace reeve;

namespace {

int64_t ms_of(std::string_view text) {
    const auto duration = parse_duration(text);
    return duration ? duration->ms : -1;
}

}  // namespace

TEST_CASE("blanks are spaces and tabs") {
    CHECK(trim("  \ta b\t ") == "a b");
    CHECK(trim(" \t ").empty());
    CHECK(trim("").empty());
    CHECK(trim("\r\n") == "\r\n");
    std::string_view rest = "  one\ttwo  ";
    CHECK(take_word(rest) == "one");
    CHECK(take_word(rest) == "two");
    CHECK(take_word(rest).empty());
    CHECK(take_word(rest).empty());
}

TEST_CASE("unsigned numbers are digits alone, up to the bound") {
    CHECK(parse_unsigned("0", 0) == 0u);
    CHECK(parse_unsigned("007", 7) == 7u);
    CHECK(parse_unsigned("18446744073709551615", UINT64_MAX) == UINT64_MAX);
    for (const char* bad : {"", "-1", "+1", " 1", "1 ", "0x1", "1.0", "8"}) {
        INFO(bad);
        CHECK_FALSE(parse_unsigned(bad, 7).has_value());
    }
    CHECK_FALSE(parse_unsigned("18446744073709551616", UINT64_MAX).has_value());
    CHECK_FALSE(parse_unsigned("99999999999999999999999", UINT64_MAX).has_value());
}

TEST_CASE("integers may be negative, between their bounds") {
    CHECK(parse_integer("-20", -20, 19) == -20);
    CHECK(parse_integer("19", -20, 19) == 19);
    CHECK(parse_integer("-0", 0, 1) == 0);
    CHECK(parse_integer("-9223372036854775808", INT64_MIN, INT64_MAX) == INT64_MIN);
    CHECK(parse_integer("9223372036854775807", INT64_MIN, INT64_MAX) == INT64_MAX);
    for (const char* bad : {"", "-", "--1", "-21", "20", "+1", "1-", "-9223372036854775809"}) {
        INFO(bad);
        CHECK_FALSE(parse_integer(bad, -20, 19).has_value());
    }
}

TEST_CASE("durations are numbers with units, from large to small, each once") {
    CHECK(ms_of("250ms") == 250);
    CHECK(ms_of("5s") == 5000);
    CHECK(ms_of("5") == 5000);
    CHECK(ms_of("0") == 0);
    CHECK(ms_of("5m") == 300000);
    CHECK(ms_of("2h") == 7200000);
    CHECK(ms_of("1d") == 86400000);
    CHECK(ms_of("1h30m") == 5400000);
    CHECK(ms_of("1d2h3m4s5ms") == 93784005);
    CHECK(ms_of("90m") == 5400000);
    for (const char* bad : {"", "s", "5x", "1h30", "30m1h", "1m1m", "1.5s", "-1s", "5 s", "1ms1s",
                            "ms", "5S", "5 "}) {
        INFO(bad);
        CHECK(ms_of(bad) == -1);
    }
}

TEST_CASE("a duration beyond ten years is none") {
    CHECK(ms_of("3650d") == duration_max_ms);
    CHECK(ms_of("315360000") == duration_max_ms);
    CHECK(ms_of("3650d1ms") == -1);
    CHECK(ms_of("3651d") == -1);
    CHECK(ms_of("315360001") == -1);
    CHECK(ms_of("99999999999999999999d") == -1);
    CHECK(ms_of("9223372036854775807h") == -1);
}

TEST_CASE("sizes are powers of 1024, or bytes") {
    CHECK(parse_size("0") == 0u);
    CHECK(parse_size("512K") == 524288u);
    CHECK(parse_size("20M") == 20971520u);
    CHECK(parse_size("1G") == 1073741824u);
    CHECK(parse_size("2T") == 2199023255552u);
    CHECK(parse_size("16777215T") == 16777215ull << 40);
    CHECK(parse_size("18446744073709551615") == UINT64_MAX);
    for (const char* bad :
         {"", "K", "1KB", "1k", "1KM", "-1", "1.5G", "16777216T", "1 K", "18446744073709551616"}) {
        INFO(bad);
        CHECK_FALSE(parse_size(bad).has_value());
    }
}
