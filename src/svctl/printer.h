// printer: what svctl writes: its results on standard output, as text or one JSON array, and its
// warnings on standard error.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/format.h"
#include "kernel/terminal.h"

namespace reeve {

class Printer {
  public:
    // For a terminal harmful characters are escaped, whoever's text it is.
    Printer& operator<<(std::string_view text);
    Printer& operator<<(const char* text);
    Printer& operator<<(char c) { return *this << std::string_view(&c, 1); }
    void append_pieces(uint64_t kinds, ...);
    void blanks(size_t count);
    void raw(std::string_view text) { out_ << text; }  // such as our own colours

    // A further member of the array: lines of key=value (ctl/json.h).
    void json_object(std::string_view lines);
    // An object of a stream, on a line of its own.
    void json_line(std::string_view lines);
    // The end of the array, which may be empty.
    void end_json();

    // Writes what there is. Where that fails, and not for want of a reader, it is said once.
    void flush();
    bool failed() const { return failed_; }
    std::string_view gathered() const { return out_; }  // since the last flush

    bool for_terminal = false;

  private:
    LongText out_;
    bool json_begun_ = false;
    bool failed_ = false;
};

// The pieces one behind the other, as append() to a Sink.
template <typename... T>
void append(Printer& out, const T&... pieces) {
    out.append_pieces(kinds_of<T...>(), handed_over(pieces)...);
}

// Where warnings are gathered while the screen is somebody else's, a blank between them; null: they
// go to descriptor 2.
extern Sink* gathered_warnings;

// "svctl: ..." on descriptor 2: the pieces, escaped, in one line.
void warn_pieces(uint64_t kinds, ...);
template <typename... T>
void warn(const T&... pieces) {
    warn_pieces(kinds_of<T...>(), handed_over(pieces)...);
}

}  // namespace reeve
