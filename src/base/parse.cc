#include "base/parse.h"

#include "base/limits.h"

namespace reeve {

namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// How many characters at the start of the text are digits, or are not.
size_t span_of(std::string_view text, bool digits) {
    size_t n = 0;
    while (n < text.size() && is_digit(text[n]) == digits) ++n;
    return n;
}

}  // namespace

std::string_view trim(std::string_view text) {
    const size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view take_word(std::string_view& rest) {
    rest = trim(rest);
    const std::string_view word = rest.substr(0, rest.find_first_of(" \t"));
    rest.remove_prefix(word.size());
    return word;
}

std::string_view take_line(std::string_view& lines) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(line.size() + (line.size() < lines.size() ? 1 : 0));
    return line;
}

bool take_char(std::string_view& text, char c) {
    if (!text.starts_with(c)) return false;
    text.remove_prefix(1);
    return true;
}

bool take_number(std::string_view& text, size_t digits, uint64_t max, int& number) {
    const auto n = parse_unsigned(text.substr(0, digits), max);
    if (!n || text.size() < digits) return false;
    number = static_cast<int>(*n);
    text.remove_prefix(digits);
    return true;
}

std::optional<uint64_t> parse_unsigned(std::string_view text, uint64_t max) {
    if (text.empty()) return std::nullopt;
    uint64_t n = 0;
    for (const char c : text) {
        if (!is_digit(c)) return std::nullopt;
        const uint64_t digit = static_cast<uint64_t>(c - '0');
        if (n > max / 10 || digit > max - n * 10) return std::nullopt;
        n = n * 10 + digit;
    }
    return n;
}

std::optional<int64_t> parse_integer(std::string_view text, int64_t min, int64_t max) {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    const uint64_t bound = static_cast<uint64_t>(INT64_MAX) + (negative ? 1 : 0);
    const std::optional<uint64_t> magnitude = parse_unsigned(text, bound);
    if (!magnitude) return std::nullopt;
    const int64_t n = static_cast<int64_t>(negative ? ~*magnitude + 1 : *magnitude);
    if (n < min || n > max) return std::nullopt;
    return n;
}

std::optional<Duration> parse_duration(std::string_view text) {
    if (const auto bare = parse_unsigned(text, duration_max_ms / 1000))
        return seconds(static_cast<int64_t>(*bare));
    int64_t total = 0;
    const TimeUnit* unit = std::begin(time_units);
    do {
        const size_t digits = span_of(text, true);
        const auto n = parse_unsigned(text.substr(0, digits), duration_max_ms);
        if (!n) return std::nullopt;
        text.remove_prefix(digits);
        const std::string_view name = text.substr(0, span_of(text, false));
        text.remove_prefix(name.size());
        while (unit != std::end(time_units) && unit->name != name) ++unit;
        if (unit == std::end(time_units)) return std::nullopt;
        if (static_cast<int64_t>(*n) > (duration_max_ms - total) / unit->ms) return std::nullopt;
        total += static_cast<int64_t>(*n) * unit->ms;
        ++unit;
    } while (!text.empty());
    return Duration{total};
}

std::optional<uint64_t> parse_size(std::string_view text) {
    const size_t digits = span_of(text, true);
    const std::string_view suffix = text.substr(digits);
    unsigned shift = 0;
    if (!suffix.empty()) {
        const size_t place = std::string_view("KMGT").find(suffix);
        if (place == std::string_view::npos || suffix.size() > 1) return std::nullopt;
        shift = static_cast<unsigned>(place + 1) * 10;
    }
    const auto n = parse_unsigned(text.substr(0, digits), UINT64_MAX >> shift);
    if (!n) return std::nullopt;
    return *n << shift;
}

}  // namespace reeve
