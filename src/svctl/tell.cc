// tell: the commands that tell what happened, and what would: events, history, boot, plan.
#include <algorithm>

#include "base/fields.h"
#include "base/format.h"
#include "base/list.h"
#include "base/parse.h"
#include "base/sort.h"
#include "core/object.h"
#include "files/history.h"
#include "kernel/sys.h"
#include "model/stamp.h"
#include "svctl/ask.h"
#include "svctl/logs.h"

namespace reeve {

namespace {

constexpr int log_looks_max_count = 25;  // for lines that svlog may not have written yet

}  // namespace

// What a service said last while it was told to reload: what two looks in a row have found, for
// svlog may have to write it down first.
LongText last_said(std::string_view object) {
    LongText said;
    for (int looks = 0; looks < log_looks_max_count; ++looks) {
        if (looks > 0) sys::poll({}, log_rotated_look_ms);
        LongText field;
        append_last_lines(field, object, Lines::of_last_run);
        std::string_view line = find_field(field, "last_lines");
        line.remove_prefix(line.rfind('\x1f') + 1);
        take_stamp(line);
        if (!line.empty() && line == said.view()) break;
        said.clear();
        said << line;
    }
    return said;
}

namespace {

// Some fields of objects in columns: every one but the last as wide as its widest cell.
class Columns {
  public:
    Columns(std::initializer_list<const char*> keys) : keys_(keys) {}

    void print(Session& session, const List<Text>& objects) const {
        List<size_t> widths;
        for (const char* key : keys_) {
            size_t width = cell({}, key).size();
            for (const Text& object : objects) width = std::max(width, cell(object, key).size());
            widths.push_back(width);
        }
        if (!objects.empty()) print_row(session.printer, {}, widths);
        for (const Text& object : objects) print_row(session.printer, object, widths);
    }

  private:
    // Of no object: the heading. The name is the whole one, times are to the second.
    static std::string_view cell(std::string_view object, std::string_view key) {
        static Buffer<reason_max_bytes + 64> place;
        place.clear();
        const std::string_view title = key.substr(0, key.find('_'));
        const std::string_view value = find_field(object, key);
        const bool is_time = key == "start" || key == "end";
        const auto ms = parse_unsigned(value, INT64_MAX);
        if (object.empty())
            for (const char c : title) place << static_cast<char>(c - 'a' + 'A');
        else if (key == "name")
            append_full_name(place, object);
        else if (key == "took_ms" && ms)
            append_span(place, milliseconds(static_cast<int64_t>(*ms)));
        else if (is_time && value.find('.') != std::string_view::npos)
            append(place, value.substr(0, value.find('.')), 'Z');
        else
            place << value;
        return place.view();
    }

    void print_row(Printer& printer, std::string_view object, const List<size_t>& widths) const {
        size_t owed = 0;  // blanks, which nothing may follow
        for (size_t i = 0; i < widths.size(); ++i) {
            const std::string_view text = cell(object, keys_.begin()[i]);
            if (!text.empty()) {
                printer.blanks(owed);
                owed = 0;
                printer << text;
            }
            owed += widths[i] - text.size() + 2;
        }
        printer << '\n';
    }

    std::initializer_list<const char*> keys_;
};

void print_event(Session& session, std::string_view object) {
    Printer& printer = session.printer;
    append(printer, find_field(object, "time"), ' ');
    Buffer<2 * name_max_bytes + 1> name;
    append_full_name(name, object);
    append(printer, name, ": ", find_field(object, "from"), " -> ");
    print_state(printer, find_field(object, "to"), session.screen);
    const std::string_view reason = find_field(object, "reason");
    if (!reason.empty()) append(printer, ": ", reason);
    printer << '\n';
}

// `meant` are the services that it may be of; none: any.
void show_event(Session& session, std::string_view object, List<Text>& meant) {
    const auto is_of = [&](const Text& service) {
        return find_field(service, "name") == find_field(object, "name") &&
               find_field(service, "instance") == find_field(object, "instance");
    };
    if (!meant.empty() && std::none_of(meant.begin(), meant.end(), is_of)) return;
    if (session.invocation.json)
        session.printer.json_line(object);
    else
        print_event(session, object);
    if (session.invocation.follows) session.printer.flush();
}

// Asks without names, for all there is.
Outcome ask_for_all(Session& session, Take take, List<Text>& objects) {
    int code = 0;
    const Outcome outcome = ask_reeve(session, Question(session, session.arguments.size()).request,
                                      take, objects, code);
    return code == 0 ? outcome : no_answer(session, code);
}

void print_json(Session& session, const List<Text>& objects) {
    for (const Text& object : objects) session.printer.json_object(object);
    session.printer.end_json();
}

}  // namespace

// Who is meant is asked first: an event knows no labels, and a name that nobody has is a mistake
// that would go unnoticed.
Outcome run_events(Session& session) {
    List<Text> meant;
    Outcome outcome = Outcome::done;
    if (!session.arguments.empty()) {
        Question question(session, 0);
        question.request.command = Command::status;
        int code = 0;
        outcome = ask_reeve(session, question.request, keep, meant, code);
        if (code != 0) return no_answer(session, code);
        if (outcome == Outcome::not_running) outcome = Outcome::done;
        if (meant.empty()) return outcome;
    }
    outcome = worse(outcome, ask_for_all(session, show_event, meant));
    session.printer.flush();
    return outcome;
}

Outcome run_plan(Session& session) {
    List<Text> steps;
    const Outcome outcome = ask_for_all(session, keep, steps);
    sort_objects(steps, {});
    if (session.invocation.json) {
        if (outcome <= Outcome::failed) print_json(session, steps);
    } else {
        Columns{"action", "name", "reason"}.print(session, steps);
        if (outcome == Outcome::done && steps.empty())
            session.printer << "reload would change nothing\n";
    }
    session.printer.flush();
    return outcome;
}

namespace {

// A line of a history file (core/object.h) as the object that it is.
void append_run_object(Sink& out, std::string_view service, std::string_view line) {
    append_field(out, "name", find_field(service, "name"));
    append_field(out, "instance", find_field(service, "instance"));
    while (!line.empty() && !line.starts_with("reason=")) {
        const std::string_view word = take_word(line);
        append(out, word, '\n');
        line = trim(line);
    }
    append(out, line, '\n');
}

void read_runs(const Session& session, std::string_view service, List<Text>& runs) {
    static char place[history_file_max_bytes + 2 * run_line_max_bytes];
    Buffer<2 * name_max_bytes + 1> name;
    append_full_name(name, service);
    std::string_view lines =
        read_history(session.invocation.run_directory, name.view(), place, sizeof place);
    while (!lines.empty()) {
        const std::string_view line = take_line(lines);
        if (!line.starts_with("start=")) continue;
        Buffer<2 * run_line_max_bytes> object;
        append_run_object(object, service, line);
        runs.push_back(object.view());
    }
}

}  // namespace

// The files have all there is, whether reeve answers or not; it is asked who is meant.
Outcome run_history(Session& session) {
    List<Text> services;
    Outcome outcome;
    if (!learn_services(session, services, outcome)) return outcome;
    List<Text> runs;
    for (const Text& service : services) {
        const size_t before = runs.size();
        read_runs(session, service, runs);
        if (runs.size() > before) continue;
        Buffer<2 * name_max_bytes + 1> name;
        append_full_name(name, service);
        warn(name, ": none of its runs has ended yet");
    }
    if (session.invocation.json)
        print_json(session, runs);
    else if (services.size() > 1)
        Columns{"name", "start", "end", "took_ms", "pid", "reason"}.print(session, runs);
    else
        Columns{"start", "end", "took_ms", "pid", "reason"}.print(session, runs);
    session.printer.flush();
    return outcome;
}

namespace {

int64_t number_of(std::string_view object, std::string_view key, int64_t absent) {
    const auto number = parse_unsigned(find_field(object, key), UINT32_MAX);
    return number ? static_cast<int64_t>(*number) : absent;
}

// How much of a screen the bars get where that is not too little.
constexpr size_t bar_min_width = 10;

// How a bring-up is laid out.
struct BootChart {
    size_t name_width = 0;
    size_t start_width = 0;
    size_t took_width = 0;
    size_t bar_width = 0;  // 0: there is no room for bars
    int64_t total_ms = 0;
    size_t ready = 0;  // services
};

struct BootRow {
    explicit BootRow(std::string_view object)
        : name(find_field(object, "name")), start_ms(number_of(object, "start_ms", 0)),
          ready_ms(number_of(object, "ready_ms", -1)) {
        append_span(start, milliseconds(start_ms));
        if (ready_ms >= 0)
            append_span(took, milliseconds(ready_ms - start_ms));
        else
            took << find_field(object, "state");
    }

    std::string_view name;
    int64_t start_ms;
    int64_t ready_ms;  // -1: it is not
    Buffer<32> start;
    Buffer<32> took;  // its state, where it is not ready
};

BootChart lay_out(const List<Text>& objects, const Screen& screen) {
    BootChart chart{.name_width = 4, .start_width = 5, .took_width = 4};
    for (const Text& object : objects) {
        const BootRow row(object);
        chart.name_width = std::max(chart.name_width, row.name.size());
        chart.start_width = std::max(chart.start_width, row.start.size());
        chart.took_width = std::max(chart.took_width, row.took.size());
        chart.total_ms = std::max({chart.total_ms, row.start_ms, row.ready_ms});
        chart.ready += row.ready_ms >= 0;
    }
    const size_t used = chart.name_width + chart.start_width + chart.took_width + 6;
    const size_t width = screen.width > 0 ? screen.width : 80;
    if (width >= used + bar_min_width) chart.bar_width = width - used;
    return chart;
}

// Blank before it started, then as long as it took; what is not ready yet goes on to the end.
void print_bar(Session& session, const BootRow& row, const BootChart& chart) {
    const auto place = [&](int64_t ms) {
        return static_cast<size_t>(ms * static_cast<int64_t>(chart.bar_width) /
                                   std::max<int64_t>(chart.total_ms, 1));
    };
    const bool ready = row.ready_ms >= 0;
    const size_t begin = std::min(place(row.start_ms), chart.bar_width - 1);
    const size_t end = std::max(ready ? place(row.ready_ms) : chart.bar_width, begin + 1);
    const char* block = ready ? "#" : ".";
    if (session.screen.unicode) block = ready ? "\u2588" : "\u2591";
    session.printer.blanks(begin + 2);
    for (size_t i = begin; i < end; ++i) session.printer << block;
}

void print_boot_row(Printer& printer, const BootChart& chart, std::string_view name,
                    std::string_view start, std::string_view took) {
    printer << name;
    printer.blanks(chart.name_width - name.size() + 2 + chart.start_width - start.size());
    printer << start;
    printer.blanks(2 + chart.took_width - took.size());
    printer << took;
}

void print_boot(Session& session, const List<Text>& objects) {
    const BootChart chart = lay_out(objects, session.screen);
    Printer& printer = session.printer;
    print_boot_row(printer, chart, "NAME", "START", "TOOK");
    printer << '\n';
    for (const Text& object : objects) {
        const BootRow row(object);
        print_boot_row(printer, chart, row.name, row.start.view(), row.took.view());
        if (chart.bar_width > 0) print_bar(session, row, chart);
        printer << '\n';
    }
    Buffer<128> line;
    line << chart.ready;
    if (chart.ready < objects.size()) append(line, " of ", objects.size());
    append(line, objects.size() == 1 ? " service" : " services", " ready after ");
    append_span(line, milliseconds(chart.total_ms));
    append(printer, line, '\n');
}

}  // namespace

Outcome run_boot(Session& session) {
    List<Text> objects;
    const Outcome outcome = ask_for_all(session, keep, objects);
    if (outcome != Outcome::done) return outcome;
    sort(std::span(objects), [](const Text& a, const Text& b) {
        const int64_t first = number_of(a, "start_ms", 0);
        const int64_t second = number_of(b, "start_ms", 0);
        return first != second ? first < second : a.view() < b.view();
    });
    if (session.invocation.json)
        print_json(session, objects);
    else if (objects.empty())
        warn("this reeve has brought up nothing; what an earlier one has started is not shown");
    else
        print_boot(session, objects);
    session.printer.flush();
    return outcome;
}

}  // namespace reeve
