// printer: standard output of svctl, text or one JSON array.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace reeve {

class Printer {
  public:
    Printer& operator<<(std::string_view text);
    Printer& operator<<(const char* text);
    Printer& operator<<(char c) { return *this << std::string_view(&c, 1); }
    void blanks(size_t count);

    // A further member of the array: lines of key=value (core/object.h). Which type a value has its
    // key says; an empty one is null, or the empty list.
    void json_object(std::string_view lines);
    // The end of the array, which may be empty.
    void end_json();

    // Writes what there is.
    void flush();
    const std::string& gathered() const { return out_; }  // since the last flush

  private:
    void json_string(std::string_view text);
    void json_list(std::string_view words);
    void json_value(std::string_view key, std::string_view value);

    std::string out_;
    bool json_begun_ = false;
};

// Writes all of it to a descriptor; where that fails there is nobody to tell.
void write_all(int fd, std::string_view text);

// Takes the first line off `lines`; without its newline.
std::string_view take_line(std::string_view& lines);

// "svctl: ..." on descriptor 2: the parts in one line.
void warn(std::initializer_list<std::string_view> parts);

}  // namespace reeve
