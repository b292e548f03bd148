// logline: what svlog makes of the bytes that services write: lines, stamps, and what reeve says in
// between. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/text.h"
#include "model/definition.h"

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

// What each line begins with, a blank included; nothing for LogTime::none. `offset_s`, for
// LogTime::local: how far local time is ahead of UTC.
//   2026-11-20T10:00:00.123456Z  2026-11-20T11:00:00.123456+01:00  1764000000.123456
void append_stamp(Sink& out, LogTime form, int64_t time_us, int32_t offset_s);

// The name of an old file, for the time when it was made one: 2026-11-20T10:00:00.123456Z.log
void append_old_log(Sink& out, int64_t time_us);
bool is_old_log(std::string_view name);

}  // namespace reeve
