#include <cerrno>
#include <string>

#include "base/limits.h"
#include "base/result.h"
#include "base/text.h"
#include "catch.h"

using namespace reeve;

namespace {

template <typename... Values>
std::string printed(void (*append)(Sink&, Values...), Values... values) {
    Buffer<64> out;
    append(out, values...);
    return std::string(out.view());
}

int64_t ms_of(std::string_view text) {
    const auto duration = parse_duration(text);
    return duration ? duration->ms : -1;
}

}  // namespace

TEST_CASE("a sink cuts off what does not fit and says so") {
    Buffer<5> out;
    out << "abc" << 'd';
    CHECK(out.view() == "abcd");
    CHECK_FALSE(out.truncated());
    out << "ef";
    CHECK(out.view() == "abcde");
    CHECK(out.truncated());
    CHECK(std::string(out.c_str()) == "abcd");
    out.clear();
    CHECK(out.view().empty());
    CHECK_FALSE(out.truncated());
    CHECK(std::string(out.c_str()).empty());
}

TEST_CASE("a sink without room takes everything in silence") {
    Sink out(nullptr, 0);
    out << "x" << 1;
    CHECK(out.size() == 0);
    CHECK(out.truncated());
    CHECK(std::string(out.c_str()).empty());
}

TEST_CASE("a sink that is exactly full is not truncated until a NUL is asked for") {
    Buffer<3> out;
    out << "abc";
    CHECK_FALSE(out.truncated());
    CHECK(std::string(out.c_str()) == "ab");
    CHECK(out.truncated());
}

TEST_CASE("numbers are printed to their last digit") {
    Buffer<128> out;
    out << 0 << ' ' << -1 << ' ' << 42u << ' ' << INT64_MIN << ' ' << INT64_MAX << ' '
        << UINT64_MAX;
    CHECK(out.view() == "0 -1 42 -9223372036854775808 9223372036854775807 18446744073709551615");
}

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

TEST_CASE("a printed duration is read back as the same") {
    const auto text = GENERATE(as<std::string>{}, "0s", "1ms", "250ms", "1s", "1s500ms", "7s", "1m",
                               "1m30s", "1h30m", "1d", "3650d", "1d2h3m4s5ms");
    CHECK(printed(append_duration, *parse_duration(text)) == text);
}

TEST_CASE("durations that are not canonical are printed so") {
    CHECK(printed(append_duration, seconds(5400)) == "1h30m");
    CHECK(printed(append_duration, milliseconds(-5)) == "0s");
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

TEST_CASE("spans for people have two units at most") {
    CHECK(printed(append_span, milliseconds(0)) == "0s");
    CHECK(printed(append_span, milliseconds(-7)) == "0s");
    CHECK(printed(append_span, milliseconds(250)) == "250ms");
    CHECK(printed(append_span, milliseconds(3200)) == "3.2s");
    CHECK(printed(append_span, milliseconds(3000)) == "3s");
    CHECK(printed(append_span, milliseconds(59999)) == "59.9s");
    CHECK(printed(append_span, seconds(60)) == "1m");
    CHECK(printed(append_span, seconds(250)) == "4m10s");
    CHECK(printed(append_span, seconds(7500)) == "2h5m");
    CHECK(printed(append_span, seconds(7201)) == "2h");
    CHECK(printed(append_span, seconds(3 * 86400 + 4 * 3600 + 59)) == "3d4h");
}

TEST_CASE("times are RFC 3339 in UTC") {
    CHECK(printed(append_time, Wall{0}) == "1970-01-01T00:00:00.000Z");
    CHECK(printed(append_time, Wall{-1}) == "1969-12-31T23:59:59.999Z");
    CHECK(printed(append_time, Wall{951782400000}) == "2000-02-29T00:00:00.000Z");
    CHECK(printed(append_time, Wall{951868800000}) == "2000-03-01T00:00:00.000Z");
    CHECK(printed(append_time, Wall{1795180500123}) == "2026-11-20T13:15:00.123Z");
    CHECK(printed(append_time, Wall{4107542399999}) == "2100-02-28T23:59:59.999Z");
    CHECK(printed(append_time, Wall{4107542400000}) == "2100-03-01T00:00:00.000Z");
    CHECK(printed(append_time, Wall{253402300799999}) == "9999-12-31T23:59:59.999Z");
}

TEST_CASE("ordinals end as English has them") {
    const std::pair<uint64_t, std::string> known[] = {
        {1, "1st"},   {2, "2nd"},   {3, "3rd"},   {4, "4th"},     {10, "10th"},   {11, "11th"},
        {12, "12th"}, {13, "13th"}, {21, "21st"}, {111, "111th"}, {121, "121st"}, {0, "0th"}};
    for (const auto& [number, text] : known) CHECK(printed(append_ordinal, number) == text);
}

TEST_CASE("the edit distance counts insertions, deletions and substitutions") {
    CHECK(edit_distance("", "") == 0);
    CHECK(edit_distance("", "abc") == 3);
    CHECK(edit_distance("abc", "") == 3);
    CHECK(edit_distance("dependson", "depends_on") == 1);
    CHECK(edit_distance("allways", "always") == 1);
    CHECK(edit_distance("kitten", "sitting") == 3);
    CHECK(edit_distance("wbe", "web") == 1);
    CHECK(edit_distance("restrat", "restart") == 1);
    CHECK(edit_distance("Depends-On", "depends_on") == 0);
    CHECK(edit_distance(std::string(64, 'a'), std::string(64, 'b')) == 64);
    CHECK(edit_distance(std::string(65, 'a'), std::string(65, 'a')) == 65);
}

TEST_CASE("the nearest name is that of the file, too, and none where there is little to go by") {
    const auto nearest = [](std::string_view wrong) {
        Nearest found(wrong);
        for (const char* name : {"web", "a", "database"}) found.offer(name);
        return found.found();
    };
    CHECK(nearest("wbe") == "web");
    CHECK(nearest("web.service") == "web");
    CHECK(nearest("/etc/reeve/web") == "web");
    CHECK(nearest("data_base") == "database");
    CHECK(nearest("*").empty());
    CHECK(nearest("A") == "a");
    CHECK(nearest("nosuch").empty());
    CHECK(nearest("").empty());
}

TEST_CASE("a foreign word is translated where it is known") {
    CHECK(translate("start up stop down", "stop") == "down");
    CHECK(translate("start up stop down", "up").empty());
    CHECK(translate("start up stop down", "").empty());
    CHECK(translate("", "start").empty());
}

TEST_CASE("the digest is FNV-1a and goes on where it was left") {
    CHECK(digest("") == digest_start);
    CHECK(digest("a") == 0xaf63dc4c8601ec8cull);
    CHECK(digest("foobar") == 0x85944171f73967e8ull);
    CHECK(digest("bar", digest("foo")) == digest("foobar"));
}

TEST_CASE("an error is described by what was tried, on what, and why it failed") {
    CHECK(describe(Error{"open", "/run/reeve/lock", EACCES}) ==
          "open /run/reeve/lock: Permission denied");
    CHECK(describe(Error{"fork", "", ENOMEM}) == std::string("fork: ") + errno_text(ENOMEM));
}

TEST_CASE("a long text grows, is cut at its end and dropped at its beginning") {
    LongText text;
    CHECK(text.empty());
    CHECK(text.view().empty());
    std::string expected;
    for (int n = 0; n < 1000; ++n) {
        text << n << ' ';
        expected += std::to_string(n) + " ";
    }
    CHECK(text.view() == expected);
    CHECK_FALSE(text.truncated());
    text.drop(expected.size() - 4);
    CHECK(text.view() == "999 ");
    text.cut(2);
    CHECK(text.view() == "99");
    text.drop(2);
    CHECK(text.empty());
    text << std::string_view("\0x", 2);
    CHECK(text.size() == 2);
    LongText word = "word";
    CHECK(std::string_view(word.c_str()) == "word");
    CHECK(std::string_view(LongText().c_str()).empty());
}

TEST_CASE("a long text is copied as a text of its own, and moved away") {
    LongText text = "abc";
    LongText copy = text;
    LongText moved = std::move(text);
    text << "new";
    moved << 'd';
    CHECK(copy.view() == "abc");
    CHECK(moved.view() == "abcd");
    CHECK(text.view() == "new");
    copy = {};
    CHECK(copy.empty());
}

namespace {

std::string shown_by(void (*append)(Sink& out, std::string_view text), std::string_view text) {
    LongText out;
    append(out, text);
    return std::string(out.view());
}

}  // namespace

TEST_CASE("control characters and those that turn the direction of writing are escaped") {
    const std::pair<std::string_view, const char*> cases[] = {
        {"plain, \u00e9 \u20ac \U0001F600", "plain, \u00e9 \u20ac \U0001F600"},
        {"\t\n\r\x1b]0;x\x07\x7f", R"(\x09\x0a\x0d\x1b]0;x\x07\x7f)"},
        {"\xc2\x9b"
         "31m",
         R"(\u009b31m)"},
        {"\x9b"
         "31m\xa0",
         "\\x9b31m\xa0"},
        {"\u202egnp.exe\u2066\u2069\u200f\u061c\u2028",
         R"(\u202egnp.exe\u2066\u2069\u200f\u061c\u2028)"},
        {std::string_view("\0a", 2), R"(\x00a)"},
        {"\xe2\x80", "\xe2\\x80"},  // half a character
        {"", ""},
    };
    for (const auto& [text, escaped] : cases) {
        CHECK(shown_by(append_escaped, text) == escaped);
        CHECK(shown_by(append_escaped, escaped) == escaped);
    }
    CHECK(shown_by(append_for_terminal, "a\tb\n\x1b[1m") == "a\tb\n\\x1b[1m");
}

TEST_CASE("a log line keeps its colours, which end with it, and nothing else") {
    CHECK(shown_by(append_log_line, "a\tb") == "a\tb");
    CHECK(shown_by(append_log_line, "\x1b[1;31mred\x1b[0m") == "\x1b[1;31mred\x1b[0m\x1b[0m");
    CHECK(shown_by(append_log_line, "\x1b[38:2:1:2:3mx") == "\x1b[38:2:1:2:3mx\x1b[0m");
    CHECK(shown_by(append_log_line, "\x1b[2J\x1b[1m\x1b[?25l") ==
          "\\x1b[2J\x1b[1m\\x1b[?25l\x1b[0m");
    CHECK(shown_by(append_log_line, "\x1b[1") == "\\x1b[1");
}

TEST_CASE("names sort by the numbers in them") {
    const char* const sorted[] = {"a",     "web",  "web+v1", "web+v2", "web+v10", "web1",
                                  "web01", "web2", "web10",  "web10a", "web10b",  "webx"};
    for (size_t i = 0; i < std::size(sorted); ++i) {
        for (size_t j = 0; j < std::size(sorted); ++j) {
            INFO(sorted[i] << " " << sorted[j]);
            const bool same_number = std::string_view(sorted[i]).substr(0, 3) == "web" &&
                                     (i == 5 || i == 6) && (j == 5 || j == 6);
            if (!same_number) CHECK(is_before(sorted[i], sorted[j]) == (i < j));
        }
    }
    CHECK(is_before("web01", "web1"));
    CHECK_FALSE(is_before("web1", "web01"));
    CHECK(is_before("99999999999999999999998", "99999999999999999999999"));
}
