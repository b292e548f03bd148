// svctl_print: objects (core/object.h) as people and programs read them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace reeve {

// What standard output is.
struct Screen {
    bool terminal = false;  // the unwell first
    bool colour = false;
    size_t width = 0;  // in columns; 0: any
};

// Names, states and numbers in columns, the reason last. Sorts the objects by name.
std::string table_of(std::vector<std::string>& objects, const Screen& screen);

// All that is known of a service, "key  value" a line.
std::string details_of(std::string_view object, const Screen& screen);

// "web is waiting: needs db".
std::string sentence_of(std::string_view object);

// "web: running"; with what kept it from that where the result is not 0.
std::string outcome_of(std::string_view object);

// "512", "12K", "1.5G".
void append_size(Sink& out, uint64_t bytes);

// NAME[@INSTANCE].
std::string full_name_of(std::string_view object);

// Writes all of it to a descriptor; where that fails there is nobody to tell.
void write_all(int fd, std::string_view text);

// Gathers output, and makes one JSON array of objects.
class Printer {
  public:
    explicit Printer(bool json) : json_(json) {}
    void text(std::string_view text) { out_ += text; }
    void json_object(std::string_view lines);
    // Writes what there is; a reader sees it as it comes.
    void flush();
    // Closes the array, and flushes.
    void finish();

  private:
    bool json_;
    bool begun_ = false;
    std::string out_;
};

}  // namespace reeve
