// tell: the commands that tell what happened, and what would: events, boot, plan.
#include <algorithm>

#include "base/fields.h"
#include "base/format.h"
#include "base/list.h"
#include "base/parse.h"
#include "base/sort.h"
#include "core/object.h"
#include "kernel/sys.h"
#include "model/stamp.h"
#include "svctl/ask.h"
#include "svctl/columns.h"
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

void print_event(Session& session, std::string_view object) {
    Printer& printer = session.printer;
    append(printer, find_field(object, "time"), ' ');
    const FullNameText name(full_name_of(object));
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
