#include "base/limits.h"
#include "catch.h"
#include "model/logline.h"
#include "model/logplan.h"

using namespace reeve;

namespace {

std::string mark_of(LogMark mark) {
    Buffer<log_mark_bytes> out;
    append_mark(out, mark);
    return std::string(out.view());
}

}  // namespace

TEST_CASE("a mark is found between what a service writes, and nowhere else") {
    const std::string end = mark_of(LogMark::end);
    REQUIRE(end.size() == log_mark_bytes);
    const std::string text = "abc\n\0svlog\n" + mark_of(LogMark::rotate) + "def" + end;
    const FoundMark found = find_mark(text);
    CHECK(found.mark == LogMark::rotate);
    CHECK(text.substr(found.place) == mark_of(LogMark::rotate) + "def" + end);
    CHECK(find_mark(end).place == 0);
    std::string other(100, '\0');
    CHECK(find_mark(other).mark == LogMark::none);
    CHECK(find_mark(other).place == other.size());
    other.append(end);
    CHECK(find_mark(other).place == 100);
    CHECK(find_mark("").mark == LogMark::none);
}

TEST_CASE("of a mark that was read in part the beginning is known") {
    const std::string end = mark_of(LogMark::end);
    for (size_t i = 1; i < log_mark_bytes; ++i) CHECK(begun_mark("abc" + end.substr(0, i)) == i);
    CHECK(begun_mark("abc" + end) == 0);
    CHECK(begun_mark("abc") == 0);
    CHECK(begun_mark("") == 0);
}

TEST_CASE("a line may have 8192 bytes, and one more is too many") {
    const std::string longest(log_line_max_bytes, 'x');
    CHECK(span_until_split(longest + "\n", 0) == longest.size() + 1);
    CHECK(span_until_split("a\n" + longest, 0) == longest.size() + 2);
    CHECK(span_until_split("a\n" + longest + "y", 0) == longest.size() + 2);
    CHECK(span_until_split(longest, 1) == longest.size() - 1);
    CHECK(span_until_split("\nabc", log_line_max_bytes) == 4);
    CHECK(span_until_split("abc", log_line_max_bytes) == 0);
    CHECK(span_until_split("", 0) == 0);
}

TEST_CASE("whole lines are counted up to a bound") {
    CHECK(whole_lines("ab\ncd\nef", 8) == 6);
    CHECK(whole_lines("ab\ncd\nef", 5) == 3);
    CHECK(whole_lines("ab\ncd\nef", 2) == 0);
    CHECK(open_length("ab\ncd", 5) == 2);
    CHECK(open_length("ab", 5) == 7);
    CHECK(open_length("ab\n", 5) == 0);
    CHECK(count_lines("ab\n\ncd") == 2);
}

TEST_CASE("a plan is read as it was written") {
    for (const LogTime time : {LogTime::utc, LogTime::local, LogTime::epoch, LogTime::none})
        for (const Log log : {Log::file, Log::console}) {
            Buffer<256> line;
            append_plan(line, {.name = "web@1",
                               .log = log,
                               .time = time,
                               .keep = 0,
                               .max_size = uint64_t{1} << 40});
            const auto plan = parse_plan(line.view().substr(0, line.size() - 1));
            REQUIRE(plan);
            CHECK(plan->name == "web@1");
            CHECK(plan->log == log);
            CHECK(plan->time == time);
            CHECK(plan->keep == 0);
            CHECK(plan->max_size == uint64_t{1} << 40);
        }
    Buffer<64> head;
    append_plan_head(head, 1024);
    CHECK(parse_plan_head(head.view().substr(0, head.size() - 1)) == uint64_t{1024});
}

TEST_CASE("a plan that is none of ours is refused, line by line") {
    for (const char* line :
         {"", "web", "web file 1 1", "web file 0 1 utc", "web file 1 x utc", "web run 1 1 utc",
          "../web file 1 1 utc", ".. file 1 1 utc", "web file 1 1 UTC", "svlog 1 1024"})
        CHECK_FALSE(parse_plan(line));
    for (const char* line : {"", "svlog", "svlog 2 1", "svlog 1 x", "web file 1 1 utc"})
        CHECK_FALSE(parse_plan_head(line));
}
