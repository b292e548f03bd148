// svctl_print: objects (core/object.h) as people read them.
#pragma once

#include <string_view>
#include <vector>

#include "apps/printer.h"
#include "base/packed.h"
#include "base/text.h"

namespace reeve {

// What standard output is.
struct Screen {
    bool terminal = false;  // the unwell come first
    bool colour = false;
    size_t width = 0;  // in columns; 0: any
};

// By name; on a terminal what is failed, invalid or in backoff comes before the rest.
void sort_objects(std::vector<Text>& objects, const Screen& screen);

// Names, states and numbers in columns, the reason last, cut to the screen.
void print_table(Printer& printer, const std::vector<Text>& objects, const Screen& screen);

// All that is known of a service, "key  value" a line.
void print_details(Printer& printer, std::string_view object, const Screen& screen);

// "web is waiting: needs db".
void print_sentence(Printer& printer, std::string_view object);

// "web: running"; with what kept it from that where the result is not 0. No newline.
void append_outcome(Sink& out, std::string_view object);

// "512", "12K", "1.5G".
void append_size(Sink& out, uint64_t bytes);

// NAME[@INSTANCE].
void append_full_name(Sink& out, std::string_view object);

}  // namespace reeve
