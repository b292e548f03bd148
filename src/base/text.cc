#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/limits.h"

namespace reeve {

namespace {

struct Unit {
    std::string_view name;
    int64_t ms;
};

// From large to small, as they stand in a duration.
constexpr Unit units[] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1},
};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// How many characters at the start of the text are digits, or are not.
size_t span_of(std::string_view text, bool digits) {
    size_t n = 0;
    while (n < text.size() && is_digit(text[n]) == digits) ++n;
    return n;
}

}  // namespace

[[gnu::noinline]] Sink::Sink(char* place, size_t capacity) : place_(place), capacity_(capacity) {}

Sink& Sink::operator<<(std::string_view text) {
    if (text.size() > capacity_ - size_ && grows_) grow(size_ + text.size());
    const size_t n = std::min(text.size(), capacity_ - size_);
    if (n > 0) std::memcpy(place_ + size_, text.data(), n);
    size_ += n;
    if (n < text.size()) truncated_ = true;
    return *this;
}

// Apart, for it is what formatting does most.
[[gnu::noinline]] Sink& Sink::operator<<(char c) {
    if (size_ == capacity_) return *this << std::string_view(&c, 1);
    place_[size_++] = c;
    return *this;
}

// Inherited out of line: its calls are many, and smaller without a length each.
[[gnu::noinline]] Sink& Sink::operator<<(const char* text) {
    return *this << std::string_view(text);
}

Sink& Sink::operator<<(int64_t n) {
    if (n >= 0) return *this << static_cast<uint64_t>(n);
    return *this << '-' << (~static_cast<uint64_t>(n) + 1);
}

Sink& Sink::operator<<(uint64_t n) {
    char digits[20];
    char* at = digits + sizeof digits;
    do {
        *--at = static_cast<char>('0' + n % 10);
        n /= 10;
    } while (n != 0);
    return *this << std::string_view(at, static_cast<size_t>(digits + sizeof digits - at));
}

void Sink::grow(size_t least) {
    capacity_ = std::max(least, 2 * capacity_);
    char* larger = new char[capacity_];
    if (size_ > 0) std::memcpy(larger, place_, size_);
    delete[] place_;
    place_ = larger;
}

LongText::~LongText() { delete[] place_; }

void LongText::swap(LongText& other) {
    std::swap(place_, other.place_);
    std::swap(capacity_, other.capacity_);
    std::swap(size_, other.size_);
}

void LongText::drop(size_t count) {
    size_ -= count;
    if (size_ > 0) std::memmove(place_, place_ + count, size_);
}

const char* Sink::c_str() {
    if (size_ == capacity_ && grows_) grow(size_ + 1);
    if (capacity_ == 0) return "";
    if (size_ == capacity_) {
        --size_;
        truncated_ = true;
    }
    place_[size_] = '\0';
    return place_;
}

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
    const Unit* unit = std::begin(units);
    do {
        const size_t digits = span_of(text, true);
        const auto n = parse_unsigned(text.substr(0, digits), duration_max_ms);
        if (!n) return std::nullopt;
        text.remove_prefix(digits);
        const std::string_view name = text.substr(0, span_of(text, false));
        text.remove_prefix(name.size());
        while (unit != std::end(units) && unit->name != name) ++unit;
        if (unit == std::end(units)) return std::nullopt;
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

void append_exact_size(Sink& out, uint64_t bytes) {
    size_t unit = 0;
    for (; unit < 4 && bytes != 0 && bytes % 1024 == 0; ++unit) bytes /= 1024;
    out << bytes << std::string_view("KMGT", unit).substr(unit > 0 ? unit - 1 : 0);
}

void append_duration(Sink& out, Duration duration) {
    if (duration.ms <= 0) {
        out << "0s";
        return;
    }
    for (const Unit& unit : units) {
        if (duration.ms >= unit.ms) out << duration.ms / unit.ms << unit.name;
        duration.ms %= unit.ms;
    }
}

void append_span(Sink& out, Duration duration) {
    const int64_t ms = std::max<int64_t>(duration.ms, 0);
    if (ms >= 1000 && ms < 60000) {
        out << ms / 1000;
        if (ms / 100 % 10 != 0) out << '.' << ms / 100 % 10;
        out << 's';
        return;
    }
    const Unit* unit = std::begin(units);
    if (ms == 0) {
        out << "0s";
        return;
    }
    while (unit->ms > 1 && ms < unit->ms) ++unit;
    out << ms / unit->ms << unit->name;
    if (unit->ms == 1) return;
    const Unit& next = unit[1];
    const int64_t rest = ms % unit->ms / next.ms;
    if (rest != 0) out << rest << next.name;
}

void append_padded(Sink& out, int64_t n, int64_t width) {
    for (int64_t bound = 10; width > 1; --width, bound *= 10)
        if (n < bound) out << '0';
    out << n;
}

void append_time(Sink& out, Wall time) {
    constexpr int64_t day_ms = 86400000;
    int64_t days = time.ms / day_ms;
    int64_t ms = time.ms % day_ms;
    if (ms < 0) {
        ms += day_ms;
        --days;
    }
    // Days since 0000-03-01, in eras of 400 years (Hinnant, "chrono-compatible low-level date
    // algorithms"): the leap day is the last of such a year.
    days += 719468;
    const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const int64_t day_of_era = days - era * 146097;
    const int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t march_month = (5 * day_of_year + 2) / 153;
    const int64_t day = day_of_year - (153 * march_month + 2) / 5 + 1;
    const int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
    append_padded(out, year_of_era + era * 400 + (month <= 2 ? 1 : 0), 4);
    const struct {
        char before;
        int64_t number;
        int64_t width;
    } rest[] = {{'-', month, 2},          {'-', day, 2},
                {'T', ms / 3600000, 2},   {':', ms / 60000 % 60, 2},
                {':', ms / 1000 % 60, 2}, {'.', ms % 1000, 3}};
    for (const auto& part : rest) {
        out << part.before;
        append_padded(out, part.number, part.width);
    }
    out << 'Z';
}

void append_ordinal(Sink& out, uint64_t n) {
    const bool teen = n / 10 % 10 == 1;
    const uint64_t last = teen ? 0 : n % 10;
    out << n << (last == 1 ? "st" : last == 2 ? "nd" : last == 3 ? "rd" : "th");
}

static char folded(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c == '-' ? '_' : c;
}

size_t edit_distance(std::string_view a, std::string_view b) {
    constexpr size_t longest = 64;
    if (a.size() > longest || b.size() > longest) return std::max(a.size(), b.size());
    uint8_t to[longest + 1][longest + 1];  // to[i][j]: of a's first i characters to b's first j
    for (size_t i = 0; i <= a.size(); ++i) {
        for (size_t j = 0; j <= b.size(); ++j) {
            if (i == 0 || j == 0) {
                to[i][j] = static_cast<uint8_t>(i + j);
                continue;
            }
            const char x = folded(a[i - 1]);
            const char y = folded(b[j - 1]);
            int least =
                std::min({to[i - 1][j - 1] + (x == y ? 0 : 1), to[i][j - 1] + 1, to[i - 1][j] + 1});
            if (i > 1 && j > 1 && x == folded(b[j - 2]) && y == folded(a[i - 2]))
                least = std::min(least, to[i - 2][j - 2] + 1);
            to[i][j] = static_cast<uint8_t>(least);
        }
    }
    return to[a.size()][b.size()];
}

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

bool is_before(std::string_view a, std::string_view b) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const auto take_number = [&](std::string_view& text) {
        size_t zeros = 0;
        while (zeros < text.size() && text[zeros] == '0') ++zeros;
        size_t end = zeros;
        while (end < text.size() && is_digit(text[end])) ++end;
        const std::string_view number = text.substr(zeros, end - zeros);
        text.remove_prefix(end);
        return number;
    };
    const std::string_view whole_a = a;
    const std::string_view whole_b = b;
    while (!a.empty() && !b.empty()) {
        if (is_digit(a.front()) && is_digit(b.front())) {
            const std::string_view x = take_number(a);
            const std::string_view y = take_number(b);
            if (x.size() != y.size()) return x.size() < y.size();
            if (const int order = x.compare(y); order != 0) return order < 0;
            continue;
        }
        if (a.front() != b.front())
            return static_cast<unsigned char>(a.front()) < static_cast<unsigned char>(b.front());
        a.remove_prefix(1);
        b.remove_prefix(1);
    }
    if (a.empty() != b.empty()) return a.empty();
    return whole_a < whole_b;  // 01 and 1
}

uint64_t digest(std::string_view bytes, uint64_t seed) {
    for (const char c : bytes) {
        seed ^= static_cast<unsigned char>(c);
        seed *= 1099511628211ull;
    }
    return seed;
}

std::string_view translate(std::string_view pairs, std::string_view word) {
    for (;;) {
        const std::string_view foreign = take_word(pairs);
        const std::string_view ours = take_word(pairs);
        const bool same = foreign.size() == word.size() && edit_distance(foreign, word) == 0;
        if (same || foreign.empty()) return ours;
    }
}

Nearest::Nearest(std::string_view wrong) : wrong_(wrong.substr(wrong.rfind('/') + 1)) {
    if (const size_t dot = wrong_.find('.'); dot > 0) wrong_ = wrong_.substr(0, dot);
    distance_ = (wrong_.size() + 2) / 3 + (wrong_.size() > 1 ? 1 : 0);
}

void Nearest::offer(std::string_view candidate) {
    const size_t distance = edit_distance(wrong_, candidate);
    if (distance >= distance_) return;
    distance_ = distance;
    best_ = candidate;
}

}  // namespace reeve
