// format: numbers, times and sizes as text, and the places that text is written to. Nothing here
// allocates but LongText.
#pragma once

#include <cstddef>
#include <cstdint>
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

}  // namespace reeve
