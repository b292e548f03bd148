#include "base/format.h"

#include <algorithm>
#include <cstring>

#include "base/civil.h"
#include "base/text.h"

namespace reeve {

// Out of line: there are many of them, each smaller by what is written here once.
[[gnu::noinline]] void Sink::begin(char* place, size_t capacity) {
    place_ = place;
    capacity_ = static_cast<uint32_t>(capacity);
    size_ = 0;
    grows_ = false;
    truncated_ = false;
}

Sink& Sink::operator<<(std::string_view text) {
    if (text.size() > capacity_ - size_ && grows_) grow(size_ + text.size());
    const size_t n = std::min<size_t>(text.size(), capacity_ - size_);
    if (n > 0) std::memcpy(place_ + size_, text.data(), n);
    size_ += static_cast<uint32_t>(n);
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
    capacity_ = static_cast<uint32_t>(std::max<size_t>(least, 2 * size_t{capacity_}));
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
    size_ -= static_cast<uint32_t>(count);
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

void append_pieces(Sink& out, uint64_t kinds, va_list pieces) {
    for (; kinds != 0; kinds >>= 3) {
        switch (static_cast<Piece>(kinds & 7)) {
        case Piece::characters: out << va_arg(pieces, const char*); break;
        case Piece::view: {
            const auto view = va_arg(pieces, Characters);
            out << std::string_view(view.start, view.size);
            break;
        }
        case Piece::text: out << *va_arg(pieces, const Text*); break;
        case Piece::sink: out << va_arg(pieces, const Sink*)->view(); break;
        case Piece::integer: out << va_arg(pieces, int64_t); break;
        case Piece::natural: out << va_arg(pieces, uint64_t); break;
        case Piece::character: out << static_cast<char>(va_arg(pieces, int64_t)); break;
        }
    }
}

void append_pieces(Sink& out, uint64_t kinds, ...) {
    va_list pieces;
    va_start(pieces, kinds);
    append_pieces(out, kinds, pieces);
    va_end(pieces);
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
    for (const TimeUnit& unit : time_units) {
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
    const TimeUnit* unit = std::begin(time_units);
    if (ms == 0) {
        out << "0s";
        return;
    }
    while (unit->ms > 1 && ms < unit->ms) ++unit;
    out << ms / unit->ms << unit->name;
    if (unit->ms == 1) return;
    const TimeUnit& next = unit[1];
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
    const int64_t days = floor_divide(time.ms, day_ms);
    const int64_t ms = time.ms - days * day_ms;
    const CivilDay date = civil_of(days);
    append_padded(out, date.year, 4);
    const struct {
        char before;
        int64_t number;
        int64_t width;
    } rest[] = {{'-', date.month, 2},      {'-', date.day, 2},       {'T', ms / 3600000, 2},
                {':', ms / 60000 % 60, 2}, {':', ms / 1000 % 60, 2}, {'.', ms % 1000, 3}};
    for (const auto& part : rest) {
        out << part.before;
        append_padded(out, part.number, part.width);
    }
    out << 'Z';
}

void append_whole_time(Sink& out, Wall time) {
    append_time(out, time);
    if (out.truncated()) return;
    out.cut(out.size() - std::string_view(".000Z").size());
    out << 'Z';
}

void append_ordinal(Sink& out, uint64_t n) {
    const bool teen = n / 10 % 10 == 1;
    const uint64_t last = teen ? 0 : n % 10;
    out << n << (last == 1 ? "st" : last == 2 ? "nd" : last == 3 ? "rd" : "th");
}

}  // namespace reeve
