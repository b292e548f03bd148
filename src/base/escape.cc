#include "base/escape.h"

#include <algorithm>
#include <cstdint>

namespace reeve {

size_t utf8_length(std::string_view text) {
    const auto byte = [&](size_t i) -> unsigned {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
    };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    if (first < 0xc2 || first > 0xf4) return 0;
    const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    for (size_t i = 1; i < length; ++i)
        if ((byte(i) & 0xc0) != 0x80) return 0;
    // Overlong forms, surrogates, and what is above U+10FFFF.
    const unsigned second = byte(1);
    if (first == 0xe0 && second < 0xa0) return 0;
    if (first == 0xed && second > 0x9f) return 0;
    if (first == 0xf0 && second < 0x90) return 0;
    if (first == 0xf4 && second > 0x8f) return 0;
    return length;
}

namespace {

// The code point of a character of UTF-8 of that length.
uint32_t code_of(std::string_view text, size_t length) {
    uint32_t code = static_cast<unsigned char>(text[0]);
    if (length > 1) code &= 0x7fu >> length;
    for (size_t i = 1; i < length; ++i)
        code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3f);
    return code;
}

// Appends what `keeps` does not want to stay as an escape. keeps(rest) is how many bytes at the
// start of a harmful rest stay as they are.
template <typename Keeps>
void append_but_harmful(Sink& out, std::string_view text, Keeps keeps) {
    while (!text.empty()) {
        size_t plain = 0;
        size_t length = 0;
        while (plain < text.size() && !is_harmful(text.substr(plain), length)) plain += length;
        out << text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) return;
        const size_t kept = keeps(text);
        if (kept > 0)
            out << text.substr(0, kept);
        else
            append_escape(out, text);
        text.remove_prefix(kept > 0 ? kept : length);
    }
}

// The length of a colour's sequence: ESC [ { digit | ; | : } m; 0: it is none.
size_t colour_length(std::string_view text) {
    if (!text.starts_with("\33[")) return 0;
    const size_t end = text.find_first_not_of("0123456789;:", 2);
    return end != text.npos && text[end] == 'm' ? end + 1 : 0;
}

}  // namespace

bool is_harmful(std::string_view text, size_t& length) {
    const auto first = static_cast<unsigned char>(text[0]);
    length = 1;
    if (first >= 0x20 && first < 0x7f) return false;
    length = std::max(utf8_length(text), size_t{1});
    // A byte that is no character: a terminal that knows no UTF-8 takes these for C1.
    if (first >= 0x80 && length == 1) return first < 0xa0;
    const uint32_t code = code_of(text, length);
    return code < 0xa0 || code == 0x61c || code == 0x200e || code == 0x200f ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

void append_escape(Sink& out, std::string_view character) {
    const size_t length = std::max(utf8_length(character), size_t{1});
    const uint32_t code = code_of(character, length);
    const bool wide = length > 1;
    out << (wide ? "\\u" : "\\x");
    for (int shift = wide ? 12 : 4; shift >= 0; shift -= 4)
        out << "0123456789abcdef"[code >> shift & 15];
}

void append_escaped(Sink& out, std::string_view text) {
    append_but_harmful(out, text, [](std::string_view) { return size_t{0}; });
}

void append_for_terminal(Sink& out, std::string_view text) {
    append_but_harmful(out, text, [](std::string_view rest) {
        return static_cast<size_t>(rest.front() == '\n' || rest.front() == '\t');
    });
}

void append_log_line(Sink& out, std::string_view line) {
    bool coloured = false;
    append_but_harmful(out, line, [&](std::string_view rest) {
        if (rest.front() == '\t') return size_t{1};
        const size_t length = colour_length(rest);
        coloured = coloured || length > 0;
        return length;
    });
    if (coloured) out << "\33[0m";
}

}  // namespace reeve
