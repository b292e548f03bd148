#include "svctl/print.h"

#include <algorithm>
#include <optional>

#include "base/fields.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/parse.h"
#include "base/sort.h"
#include "base/spelling.h"
#include "core/object.h"
#include "files/zone.h"
#include "kernel/sys.h"
#include "model/calendar.h"

namespace reeve {

namespace {

struct Column {
    char title[9];
    char key[13];  // of the field that it shows
    bool right;    // numbers
};

// The reason is the last: it alone is cut, and not padded.
constexpr Column columns[] = {
    {"NAME", "name", false},          {"STATE", "state", false},      {"PID", "pid", true},
    {"UPTIME", "uptime_s", true},     {"RESTARTS", "restarts", true}, {"CPU", "cpu_percent", true},
    {"MEMORY", "memory_bytes", true}, {"PROCS", "processes", true},   {"REASON", "reason", false},
};
constexpr size_t column_count = Table::column_count;
static_assert(std::size(columns) == column_count);
constexpr size_t last_column = column_count - 1;
constexpr size_t live_column = 7;  // of a live table alone

using Cell = Buffer<reason_max_bytes + 64>;

bool is_unwell(std::string_view object) {
    const std::string_view state = find_field(object, "state");
    return state == "failed" || state == "invalid" || state == "backoff";
}

// SGR sequences (ECMA-48); empty: the terminal's own colour.
std::string_view colour_of(std::string_view state) {
    if (state == "failed" || state == "invalid") return "\33[31m";
    if (state == "running" || state == "done") return "\33[32m";
    return state == "stopped" ? "" : "\33[33m";
}

// Our times in the text are local ones there, and it is told how far off they are.
void append_localized(Sink& out, std::string_view text) {
    for (size_t end = 0; (end = text.find('Z', end)) != text.npos;) {
        const size_t begin = text.rfind(' ', end) + 1;  // 0 where there is no blank
        const auto date = parse_date(text.substr(begin, ++end - begin));
        if (!date) continue;
        const int64_t time_s = local_seconds(*date);
        out << text.substr(0, begin);
        append_short_time(out, time_s);
        const Duration left = wall_of(time_s) - sys::wall_now();
        if (left.ms > 0) {
            out << " (in ";
            append_span(out, left);
            out << ')';
        }
        text.remove_prefix(end);
        end = 0;
    }
    out << text;
}

// The value of a field as people read it.
void append_value(Sink& out, std::string_view object, std::string_view key) {
    const std::string_view value = find_field(object, key);
    const auto number = parse_unsigned(value, INT64_MAX / 1000);
    if (key == "uptime_s" && number)
        append_span(out, seconds(static_cast<int64_t>(*number)));
    else if (key == "memory_bytes" && number)
        append_size(out, *number);
    else if (key == "reason" || key == "next")
        append_localized(out, value);
    else
        out << value;
    if (key == "cpu_percent" && !value.empty()) out << '%';
}

void fill_cell(Cell& cell, std::string_view object, size_t place) {
    cell.clear();
    if (object.empty()) {
        cell << columns[place].title;
    } else if (place == 0) {
        cell << full_name_of(object);
    } else {
        append_value(cell, object, columns[place].key);
        const bool broken =
            !find_field(object, "problem").empty() && find_field(object, "state") != "invalid";
        if (place == last_column && find_field(object, "stale") == "yes") cell << "; stale";
        if (place == last_column && broken) cell << "; its file has errors";
        if (place < last_column && cell.empty()) cell << '-';
    }
}

// Where the first `width` characters of the text end; bytes 10xxxxxx begin none (UTF-8).
size_t end_of(std::string_view text, size_t width) {
    size_t count = 0;
    for (size_t i = 0; i < text.size(); ++i)
        if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80 && count++ == width) return i;
    return text.size();
}

// Does the column say nothing that tells one row from another?
bool is_idle(const List<Text>& objects, size_t place) {
    Cell first;
    Cell other;
    bool same = true;
    bool empty = true;
    for (const Text& object : objects) {
        fill_cell(other, object, place);
        if (&object == objects.begin()) fill_cell(first, object, place);
        same = same && other.view() == first.view();
        empty = empty && other.view() == "-";
    }
    return empty || (same && objects.size() > 1);
}

// On a narrow screen columns give way to the reason: those that say nothing before any of it is
// cut, then other numbers until it has some room. A width of 0 hides a column.
void fit(size_t* widths, const List<Text>& objects, size_t screen_width) {
    if (screen_width == 0) return;
    size_t used = 0;
    for (size_t i = 0; i < last_column; ++i) used += widths[i] == 0 ? 0 : widths[i] + 2;
    const auto hide = [&](size_t place) {
        used -= widths[place] + 2;
        widths[place] = 0;
    };
    const size_t least = std::min(widths[last_column], size_t{24});
    for (const bool idle : {true, false}) {
        const size_t reason_width = idle ? widths[last_column] : least;
        for (const size_t place : {7, 6, 5, 4, 3, 2}) {
            if (used + reason_width <= screen_width) break;
            if (widths[place] > 0 && (!idle || is_idle(objects, place))) hide(place);
        }
    }
}

// Where the table is longer than the screen its end is what is seen: "2 of 40 are not well: ...".
void print_summary(Printer& printer, const List<Text>& objects, const Screen& screen) {
    constexpr const char* unwell[] = {"failed", "invalid", "backoff"};
    size_t counts[std::size(unwell)] = {};
    size_t total = 0;
    for (const Text& object : objects) {
        for (size_t i = 0; i < std::size(unwell); ++i) {
            if (find_field(object, "state") != unwell[i]) continue;
            ++counts[i];
            ++total;
        }
    }
    if (total == 0) return;
    Buffer<64> line;
    append(line, total, " of ", objects.size(), total == 1 ? " is" : " are", " not well:");
    printer << line.view();
    const char* separator = " ";
    for (size_t i = 0; i < std::size(unwell); ++i) {
        if (counts[i] == 0) continue;
        line.clear();
        append(line, separator, counts[i], ' ');
        separator = ", ";
        printer << line.view();
        print_state(printer, unwell[i], screen);
    }
    printer << "; svctl why tells more\n";
}

}  // namespace

void print_cut(Printer& printer, std::string_view text, size_t width) {
    if (end_of(text, width) == text.size()) {
        printer << text;
    } else if (width > 3) {
        append(printer, text.substr(0, end_of(text, width - 3)), "...");
    }
}

void print_wrapped(Printer& printer, std::string_view text, const Screen& screen, size_t indent) {
    size_t width = screen.width == 0 ? SIZE_MAX : screen.width;
    for (;;) {
        size_t end = end_of(text, width);
        const size_t blank = end < text.size() ? text.rfind(' ', end) : text.npos;
        if (blank != text.npos && text.find_first_not_of(' ') < blank) end = blank;
        append(printer, text.substr(0, end), '\n');
        text = trim(text.substr(end));
        if (text.empty()) return;
        const bool fits = screen.width > indent + 16;
        width = screen.width - (fits ? indent : 0);
        printer.blanks(fits ? indent : 0);
    }
}

void print_state(Printer& printer, std::string_view state, const Screen& screen) {
    print_as(printer, state, state, screen);
}

void print_as(Printer& printer, std::string_view text, std::string_view state,
              const Screen& screen) {
    const std::string_view colour = screen.colour ? colour_of(state) : "";
    printer.raw(colour);
    printer << text;
    if (!colour.empty()) printer.raw("\33[0m");
}

void sort_objects(List<Text>& objects, const Screen& screen) {
    // Each begins with its name, and its instance.
    const auto before = [&](const Text& a, const Text& b) {
        const bool first = screen.terminal && is_unwell(a);
        const bool second = screen.terminal && is_unwell(b);
        return first != second ? first : is_before(a, b);
    };
    sort(std::span(objects), before);
}

Table::Table(const List<Text>& objects, const Screen& screen) : screen_(screen) {
    Cell cell;
    for (size_t i = 0; i < column_count; ++i) {
        if (i == live_column && !screen.live) continue;
        fill_cell(cell, {}, i);
        widths_[i] = cell.size();
        for (const Text& object : objects) {
            fill_cell(cell, object, i);
            widths_[i] = std::max(widths_[i], cell.size());
        }
    }
    fit(widths_, objects, screen.width);
}

// An empty object stands for the headings.
void Table::print_row(Printer& printer, std::string_view object, bool colour) const {
    Cell cell;
    size_t used = 0;
    for (size_t i = 0; i < last_column; ++i) {
        if (widths_[i] == 0) continue;
        fill_cell(cell, object, i);
        if (i > 0) printer.blanks(2);
        if (columns[i].right) printer.blanks(widths_[i] - cell.size());
        if (i == 1 && colour)
            print_state(printer, cell.view(), screen_);
        else
            printer << cell.view();
        if (!columns[i].right) printer.blanks(widths_[i] - cell.size());
        used += widths_[i] + 2;
    }
    fill_cell(cell, object, last_column);
    if (!cell.empty()) {
        printer.blanks(2);
        const size_t left = screen_.width > used ? screen_.width - used : 0;
        print_cut(printer, cell.view(), screen_.width == 0 ? SIZE_MAX : left);
    }
    printer << '\n';
}

void print_table(Printer& printer, const List<Text>& objects, const Screen& screen) {
    const Table table(objects, screen);
    table.print_headings(printer);
    for (const Text& object : objects) table.print_row(printer, object);
    if (screen.terminal) print_summary(printer, objects, screen);
}

const Zone& local_zone() {
    // The zone lives as long as the program: code that frees it would serve nobody.
    static const Ref<const Zone>* zone = nullptr;
    if (zone == nullptr) {
        Buffer<reason_max_bytes> problem;
        zone = new Ref<const Zone>(find_zone("", problem));
    }
    return **zone;
}

void append_short_time(Sink& out, int64_t time_s) {
    Buffer<40> text;
    append_local_time(text, time_s, local_zone());
    append(out, text.view().substr(0, 10), ' ', text.view().substr(11, 8));
}

void print_details(Printer& printer, std::string_view object, const Screen& screen) {
    constexpr size_t key_width = 13;
    std::string_view rest = object;
    while (!rest.empty()) {
        const std::string_view line = take_line(rest);
        const size_t equals = line.find('=');
        if (equals == std::string_view::npos || equals + 1 == line.size()) continue;
        const std::string_view key = line.substr(0, equals);
        if (key == "cpu_ms") continue;  // for programs: people are shown the share
        // Of a process in the kernel's own unit: people are shown the date of its run.
        const bool has_process = !find_field(object, "start_time").empty();
        const bool has_date = !find_field(object, "started").empty();
        if (key == (has_process && has_date ? "started" : "start_time")) continue;
        if (key == "last_lines") {
            printer << "last lines\n";
            print_last_lines(printer, line, screen, 2);
            continue;
        }
        // Without its unit: uptime, cpu, memory.
        const bool has_unit = key == "uptime_s" || key == "cpu_percent" || key == "memory_bytes";
        const std::string_view label = has_unit ? key.substr(0, key.find('_')) : key;
        printer << label;
        printer.blanks(label.size() < key_width ? key_width - label.size() : 1);
        if (key == "state") {
            print_state(printer, line.substr(equals + 1), screen);
        } else if (has_unit || key == "reason" || key == "next") {
            Cell cell;
            append_value(cell, object, key);
            printer << cell.view();
        } else {
            printer << (key == "start_time" ? find_field(object, "started")
                                            : line.substr(equals + 1));
        }
        printer << '\n';
    }
}

void print_last_lines(Printer& printer, std::string_view object, const Screen& screen,
                      size_t indent) {
    std::string_view rest = find_field(object, "last_lines");
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\x1f'));
        LongText shown;
        for (size_t i = 0; i < indent; ++i) shown << ' ';
        shown << line;
        print_wrapped(printer, shown, screen, indent + 2);
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    }
}

void append_sentence(Sink& out, std::string_view object) {
    Cell reason;
    append_value(reason, object, "reason");
    append_sentence(out, FullNameText(full_name_of(object)).view(), find_field(object, "state"),
                    reason.view());
}

void print_sentence(Printer& printer, std::string_view object, const Screen& screen) {
    Cell line;
    append_sentence(line, object);
    print_wrapped(printer, line.view(), screen, 4);
}

namespace {

// What a reload did with a service.
void append_change(Sink& out, std::string_view action, std::string_view object) {
    const FullNameText name(full_name_of(object));
    const std::string_view state = find_field(object, "state");
    if (action == "add") append(out, "added, ", state);
    if (action == "update") append(out, "updated, ", state);
    if (action == "restart") append(out, "restarted, ", state);
    if (action == "remove") out << "removed";
    if (action == "stale") append(out, "stale: restart it to apply (svctl restart ", name, ')');
    if (action == "refuse")
        append(out, "refused: ", state == "invalid" ? "" : "it keeps its earlier definition, ",
               state);
    if (action == "update" && state == "failed" && find_field(object, "result") == "0")
        append(out, " (svctl up ", name, " tries again)");
}

}  // namespace

void append_outcome(Sink& out, std::string_view object) {
    const std::string_view result = find_field(object, "result");
    const std::string_view action = find_field(object, "action");
    out << full_name_of(object);
    out << ": ";
    if (result == "3") out << "not running: ";
    if (result == "5") out << "not in time: ";
    if (action.empty())
        out << find_field(object, "state");
    else
        append_change(out, action, object);
    const std::string_view reason = find_field(object, "reason");
    // What is wrong with a file is told by itself.
    const bool got_away = !find_field(object, "strays").empty();
    const bool waits = find_field(object, "state") == "waiting" && action.empty();
    if ((result != "0" || got_away || waits) && action != "refuse" && !reason.empty()) {
        out << ": ";
        append_localized(out, reason);
    }
}

void append_size(Sink& out, uint64_t bytes) {
    if (bytes < 1024) {
        out << bytes;
        return;
    }
    const char* unit = "KMGT";
    for (; bytes >= 1024 * 1024 && unit[1] != '\0'; ++unit) bytes /= 1024;
    out << bytes / 1024;
    if (bytes < 10 * 1024) append(out, '.', bytes % 1024 * 10 / 1024);
    out << *unit;
}

FullName full_name_of(std::string_view object) {
    return {find_field(object, "name"), find_field(object, "instance")};
}

}  // namespace reeve
