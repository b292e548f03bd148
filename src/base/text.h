// Text: parsing of the small values in service files and requests, and bounded formatting.
// Nothing here allocates but LongText.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace reeve {

// Formatting into a fixed place. What does not fit is cut off, and truncated() says so; but a
// LongText grows.
class Sink {
  public:
    Sink(char* place, size_t capacity);
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;

    Sink& operator<<(std::string_view text);
    Sink& operator<<(const char* text);
    Sink& operator<<(char c);
    Sink& operator<<(int64_t n);
    Sink& operator<<(uint64_t n);
    Sink& operator<<(int n) { return *this << static_cast<int64_t>(n); }
    Sink& operator<<(unsigned n) { return *this << static_cast<uint64_t>(n); }

    void clear() { size_ = 0, truncated_ = false; }
    void cut(size_t size) { size_ = size; }  // its first bytes stay
    const char* data() const { return place_; }
    size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    size_t capacity() const { return capacity_; }
    bool truncated() const { return truncated_; }
    std::string_view view() const { return {place_, size_}; }
    const char* c_str();  // with a NUL behind it, which may cost the last byte

  protected:
    char* place_;
    size_t capacity_;
    size_t size_ = 0;
    bool grows_ = false;  // place_ is null, or new char[capacity_]

  private:
    void grow(size_t least);

    bool truncated_ = false;
};

template <size_t N>
class Buffer : public Sink {
  public:
    Buffer() : Sink(bytes_, N) {}

  private:
    char bytes_[N];
};

// Text of any length that is put together piece by piece.
class LongText : public Sink {
  public:
    LongText() : Sink(nullptr, 0) { grows_ = true; }
    LongText(std::string_view text) : LongText() { *this << text; }
    LongText(const char* text) : LongText(std::string_view(text)) {}
    LongText(const std::string& text) : LongText(std::string_view(text)) {}
    LongText(const LongText& other) : LongText(other.view()) {}
    LongText(LongText&& other) noexcept : LongText() { swap(other); }
    LongText& operator=(LongText other) noexcept {
        swap(other);
        return *this;
    }
    ~LongText();

    operator std::string_view() const { return view(); }
    void drop(size_t count);  // its first bytes

  private:
    void swap(LongText& other);
};

// Blanks are space and tab, here and in service files.
std::string_view trim(std::string_view text);

// Takes the first blank-separated word off `rest`; empty where none is left.
std::string_view take_word(std::string_view& rest);

// Takes the first line off `lines`; without its newline.
std::string_view take_line(std::string_view& lines);

// Decimal digits only, the whole text, no sign, at most `max`.
std::optional<uint64_t> parse_unsigned(std::string_view text, uint64_t max);
// The same with an optional '-', from min to max.
std::optional<int64_t> parse_integer(std::string_view text, int64_t min, int64_t max);

// "250ms" "5s" "5m" "2h" "1d" "1h30m"; a bare number is seconds; units from large to small, each
// once. At most duration_max_ms.
std::optional<Duration> parse_duration(std::string_view text);

// "512K" "20M" "1G" "2T" (powers of 1024), or bytes.
std::optional<uint64_t> parse_size(std::string_view text);

// The shortest text that parse_size reads back as the same: "1M", "1500".
void append_exact_size(Sink& out, uint64_t bytes);

// The shortest text that parse_duration reads back as the same: "1h30m", "250ms", "0s".
void append_duration(Sink& out, Duration duration);

// For people, two units at most: "3.2s", "4m10s", "2h5m", "3d4h".
void append_span(Sink& out, Duration duration);

// `n`, which is not negative, with zeros before it: at least `width` digits.
void append_padded(Sink& out, int64_t n, int64_t width);

// "2026-11-20T13:15:00.123Z" (RFC 3339, UTC).
void append_time(Sink& out, Wall time);

// "1st" "2nd" "3rd" "4th" "11th".
void append_ordinal(Sink& out, uint64_t n);

// Levenshtein distance, for "did you mean"; bounded by the lengths of names and keys (64). Two
// neighbours exchanged are one step; capitals, and - where _ is meant, cost nothing.
size_t edit_distance(std::string_view a, std::string_view b);

// How many bytes at the start of the text are one character of UTF-8 (RFC 3629); 0: it is none.
size_t utf8_length(std::string_view text);

// May a terminal do more with the character than show it, and how many bytes is it? Control
// characters (C0, DEL, C1, a lone byte of C1), line separators, and what turns the direction of
// writing (Unicode's bidirectional controls).
bool is_harmful(std::string_view text, size_t& length);

// The first character of the text, so that nothing does anything with it: \x1b, \u202e.
void append_escape(Sink& out, std::string_view character);

// Foreign text on one line, harmless wherever it is shown: what is_harmful is escaped.
void append_escaped(Sink& out, std::string_view text);

// Foreign text of several lines for a terminal: newlines and tabs stay, the rest is escaped.
void append_for_terminal(Sink& out, std::string_view text);

// One line of a log for a terminal: its colours (SGR of ECMA-48) stay, and end with the line.
void append_log_line(Sink& out, std::string_view line);

// Less than, of names: digits count as the number they are, so that v2 comes before v10.
bool is_before(std::string_view a, std::string_view b);

// Of "foreign ours foreign ours ...", what follows `word`, by edit_distance the same; empty: it is
// not there.
std::string_view translate(std::string_view pairs, std::string_view word);

// Of the names offered the one that a misspelt one was most likely meant to be; of "/etc/reeve/web"
// and "web.service" that is web.
class Nearest {
  public:
    explicit Nearest(std::string_view wrong);
    void offer(std::string_view candidate);
    std::string_view found() const { return best_; }  // empty: none is near

  private:
    std::string_view wrong_;
    std::string_view best_;
    size_t distance_;  // of the best; before there is one, just beyond what is near
};

// FNV-1a, 64 bits: change detection of definitions and checksums of records; not for hash tables.
constexpr uint64_t digest_start = 14695981039346656037ull;
uint64_t digest(std::string_view bytes, uint64_t seed = digest_start);

}  // namespace reeve
