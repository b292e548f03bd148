// format: numbers, times and sizes as text, and the places that text is written to. Nothing here
// allocates but LongText.
#pragma once

#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/time.h"

namespace reeve {

class Text;

// Formatting into a fixed place. What does not fit is cut off, and truncated() says so; but a
// LongText grows.
class Sink {
  public:
    Sink(char* place, size_t capacity) { begin(place, capacity); }
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
    void cut(size_t size) { size_ = static_cast<uint32_t>(size); }  // its first bytes stay
    const char* data() const { return place_; }
    size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    size_t capacity() const { return capacity_; }
    bool truncated() const { return truncated_; }
    std::string_view view() const { return {place_, size_}; }
    const char* c_str();  // with a NUL behind it, which may cost the last byte

  protected:
    explicit Sink(size_t capacity) { begin(reinterpret_cast<char*>(this + 1), capacity); }

    char* place_;
    uint32_t capacity_;
    uint32_t size_;
    bool grows_;  // place_ is null, or new char[capacity_]

  private:
    void begin(char* place, size_t capacity);
    void grow(size_t least);

    bool truncated_;
};

template <size_t N>
class Buffer : public Sink {
  public:
    Buffer() : Sink(N) {}

  private:
    alignas(Sink) char bytes_[N];  // right behind the Sink
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

// What append() takes: text of any kind, numbers, and a char.
enum class Piece : uint64_t { characters = 1, view, text, sink, integer, natural, character };

template <typename T>
consteval Piece piece_of() {
    if (std::is_same_v<T, char>) return Piece::character;
    if (std::is_integral_v<T>) return std::is_signed_v<T> ? Piece::integer : Piece::natural;
    if (std::is_same_v<T, Text>) return Piece::text;
    if (std::is_base_of_v<Sink, T>) return Piece::sink;
    if (std::is_convertible_v<T, const char*>) return Piece::characters;
    return Piece::view;
}

// A view as it may be handed over: std::string_view is no trivial type, which varargs want.
struct Characters {
    const char* start;
    size_t size;
};

// What is handed over of a piece: its address, or its value in full width.
template <typename T>
auto handed_over(const T& value) {
    constexpr Piece piece = piece_of<T>();
    if constexpr (piece == Piece::text) {
        return &value;
    } else if constexpr (piece == Piece::sink) {
        return static_cast<const Sink*>(&value);
    } else if constexpr (piece == Piece::characters) {
        return static_cast<const char*>(value);
    } else if constexpr (piece == Piece::integer || piece == Piece::character) {
        return static_cast<int64_t>(value);
    } else if constexpr (piece == Piece::natural) {
        return static_cast<uint64_t>(value);
    } else {
        const std::string_view view = value;
        return Characters{view.data(), view.size()};
    }
}

// The pieces' kinds in one number, three bits each, the first lowest; 0 is behind the last.
template <typename... T>
consteval uint64_t kinds_of() {
    static_assert(sizeof...(T) <= 21);
    uint64_t kinds = 0;
    int shift = 0;
    ((kinds |= static_cast<uint64_t>(piece_of<T>()) << shift, shift += 3), ...);
    return kinds;
}

// Behind `kinds` the pieces, as handed_over() gives them.
void append_pieces(Sink& out, uint64_t kinds, ...);
void append_pieces(Sink& out, uint64_t kinds, va_list pieces);

// Appends the pieces one behind the other: append(out, name, " ended ", count, " times"). One call,
// where a chain of << is one for each piece, and so half of its code.
template <typename... T>
void append(Sink& out, const T&... pieces) {
    append_pieces(out, kinds_of<T...>(), handed_over(pieces)...);
}

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
// "2026-11-20T13:15:00Z"; what is less than a second is left out.
void append_whole_time(Sink& out, Wall time);

// "1st" "2nd" "3rd" "4th" "11th".
void append_ordinal(Sink& out, uint64_t n);

}  // namespace reeve
