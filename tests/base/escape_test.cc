#include <string>

#include "base/escape.h"
#include "catch.h"

using namespace reeve;

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
