// printer: standard output of svctl, text or one JSON array.
#pragma once

#include <cstdint>
#include <initializer_list>
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

// "svctl: ..." on descriptor 2: the parts in one line.
void warn(std::initializer_list<std::string_view> parts);

}  // namespace reeve
