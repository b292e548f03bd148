// history: the runs of services that have ended.
#include "files/history.h"

#include <algorithm>
#include <unistd.h>

#include "base/fields.h"
#include "base/limits.h"
#include "base/parse.h"
#include "kernel/sys.h"
#include "logs/run.h"
#include "model/calendar.h"
#include "svctl/ask.h"
#include "svctl/columns.h"

namespace reeve {

namespace {

// The name of the file that has what the run wrote; nothing where it has none of its own.
void append_log_file(Sink& out, std::string_view service, std::string_view start) {
    const auto date = parse_date(start);
    const std::string_view directory = find_field(service, "log");
    if (!date || !directory.starts_with('/')) return;
    const int64_t second_ms = local_seconds(*date) * 1000;
    for (const int64_t ms : {second_ms + date->microsecond / 1000, second_ms}) {
        Buffer<64> name;
        append_run_name(name, ms);
        if (sys::access(Text::join(directory, "/", name).c_str(), F_OK) != 0) continue;
        append_field(out, "log", name.view());
        return;
    }
}

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
    append_log_file(out, service, find_field(out.view(), "start"));
}

void read_runs(const Session& session, std::string_view service, List<Text>& runs) {
    static char place[history_file_max_bytes + 2 * run_line_max_bytes];
    const FullNameText name(full_name_of(service));
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

// How long each run took, beside the longest: of one that failed a bar of x, of one that did not
// come about none.
void add_bars(List<Text>& runs) {
    constexpr uint64_t width = 10;
    const auto took = [](const Text& run) {
        return parse_unsigned(find_field(run, "took_ms"), INT64_MAX).value_or(0);
    };
    uint64_t longest = 1;
    for (const Text& run : runs) longest = std::max(longest, took(run));
    for (Text& run : runs) {
        const char mark = find_field(run, "failed") == "yes" ? 'x' : '#';
        char bar[width];
        std::fill_n(bar, width, mark);
        // Rounded up, but for one that has no process.
        const bool had_process = !find_field(run, "pid").empty();
        const uint64_t cells = had_process + took(run) * (width - 1) / longest;
        run = Text::join(run, "_bar=", std::string_view(bar, cells), "\n");
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
        const FullNameText name(full_name_of(service));
        warn(name, ": none of its runs has ended yet");
    }
    if (session.invocation.json) {
        for (const Text& run : runs) session.printer.json_object(run);
        session.printer.end_json();
    } else {
        add_bars(runs);
        Columns{services.size() > 1 ? "name" : "",
                "start",
                "end",
                "took_ms",
                "_bar",
                "pid",
                "log",
                "reason"}
            .print(session, runs);
    }
    session.printer.flush();
    return outcome;
}

}  // namespace reeve
