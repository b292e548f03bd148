// print: objects (core/object.h) as people read them.
#pragma once

#include <string_view>

#include "base/format.h"
#include "base/list.h"
#include "base/text.h"
#include "model/full_name.h"
#include "model/zone.h"
#include "svctl/printer.h"

namespace reeve {

// What standard output is.
struct Screen {
    bool terminal = false;  // the unwell come first
    bool colour = false;
    bool unicode = false;  // more than ASCII, by the locale
    bool live = false;     // with the numbers that only matter while they change
    size_t width = 0;      // in columns; 0: any
};

// By name; on a terminal what is failed, invalid or in backoff comes before the rest.
void sort_objects(List<Text>& objects, const Screen& screen);

// As much of the text as there are columns for; "..." stands for the rest.
void print_cut(Printer& printer, std::string_view text, size_t width);

// A state in its colour.
void print_state(Printer& printer, std::string_view state, const Screen& screen);

// The text in the colour of a state.
void print_as(Printer& printer, std::string_view text, std::string_view state,
              const Screen& screen);

// The text on as many lines of the screen as it takes, the further ones behind so many blanks.
void print_wrapped(Printer& printer, std::string_view text, const Screen& screen, size_t indent);

// Names, states and numbers in columns, the reason last, cut to the screen. On a narrow one columns
// that say nothing give way to it, then numbers.
class Table {
  public:
    Table(const List<Text>& objects, const Screen& screen);

    // A row each, its newline included.
    void print_headings(Printer& printer) const { print_row(printer, {}, false); }
    void print_row(Printer& printer, std::string_view object) const {
        print_row(printer, object, screen_.colour);
    }
    // The state in its colour, or all of it plain.
    void print_row(Printer& printer, std::string_view object, bool colour) const;

    static constexpr size_t column_count = 9;

  private:
    const Screen& screen_;
    size_t widths_[column_count] = {};  // 0: it is hidden
};

// All of it; on a terminal the last line counts what is not well.
void print_table(Printer& printer, const List<Text>& objects, const Screen& screen);

// All that is known of a service, "key  value" a line.
void print_details(Printer& printer, std::string_view object, const Screen& screen);

// The lines of the field last_lines, each behind so many blanks; lines are separated by a unit
// separator (ASCII 31), which they do not hold.
void print_last_lines(Printer& printer, std::string_view object, const Screen& screen,
                      size_t indent);

// "web is waiting: needs db".
void append_sentence(Sink& out, std::string_view object);
void print_sentence(Printer& printer, std::string_view object, const Screen& screen);

// "web: running"; with what kept it from that where the result is not 0. No newline.
void append_outcome(Sink& out, std::string_view object);

// The one that svctl is in.
const Zone& local_zone();

// Local time: "2026-12-01 03:00:00".
void append_short_time(Sink& out, int64_t time_s);

// "512", "12K", "1.5G".
void append_size(Sink& out, uint64_t bytes);

FullName full_name_of(std::string_view object);

}  // namespace reeve
