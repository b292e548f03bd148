#include <string>

#include "base/format.h"
#include "base/parse.h"
#include "catch.h"

using namespace reeve;

namespace {

template <typename... Values>
std::string printed(void (*append)(Sink&, Values...), Values... values) {
    Buffer<64> out;
    append(out, values...);
    return std::string(out.view());
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

TEST_CASE("a printed duration is read back as the same") {
    const auto text = GENERATE(as<std::string>{}, "0s", "1ms", "250ms", "1s", "1s500ms", "7s", "1m",
                               "1m30s", "1h30m", "1d", "3650d", "1d2h3m4s5ms");
    CHECK(printed(append_duration, *parse_duration(text)) == text);
}

TEST_CASE("durations that are not canonical are printed so") {
    CHECK(printed(append_duration, seconds(5400)) == "1h30m");
    CHECK(printed(append_duration, milliseconds(-5)) == "0s");
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
