// logline: what svlog makes of the bytes that services write: lines, and what reeve says between
// them. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/format.h"

namespace reeve {

// What reeve writes into a service's pipe itself, between what the service writes. No text has it.
enum class LogMark : char {
    none = 0,
    end = 'e',     // the run is over: a last line without a newline gets one
    rotate = 'r',  // begin a new file
};
constexpr size_t log_mark_bytes = 8;
void append_mark(Sink& out, LogMark mark);

// The first mark in the bytes; its place is their end where there is none.
struct FoundMark {
    size_t place;
    LogMark mark;
};
FoundMark find_mark(std::string_view bytes);

// How many bytes at the end may be the beginning of a mark.
size_t begun_mark(std::string_view bytes);

// A line that is longer than log_line_max_bytes gets this at that place, and goes on in the next.
constexpr std::string_view split_line_end = " \\\n";

// How many of the bytes may follow `length` bytes of a line, until one is too long; then that line
// has exactly log_line_max_bytes.
size_t span_until_split(std::string_view bytes, size_t length);

// How many of the bytes are whole lines, and no more than `room`.
size_t whole_lines(std::string_view bytes, size_t room);

// Of what follows the last newline, the length; `before` bytes of the line came earlier.
size_t open_length(std::string_view bytes, size_t before);

size_t count_lines(std::string_view bytes);

// "NAME | ", behind which a line stands where there are those of several services. The name says
// the colour: it is the same in every run.
void append_prefix(Sink& out, std::string_view name, bool colour);

}  // namespace reeve
