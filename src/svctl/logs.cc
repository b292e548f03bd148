// logs: what services have written, merged by time, and as it comes.
#include "svctl/logs.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>

#include "base/escape.h"
#include "base/fd.h"
#include "base/fields.h"
#include "base/limits.h"
#include "base/parse.h"
#include "base/result.h"
#include "base/sort.h"
#include "conf/schema.h"
#include "core/object.h"
#include "files/dirwatch.h"
#include "files/history.h"
#include "files/status.h"
#include "kernel/platform.h"
#include "kernel/sys.h"
#include "logs/stream.h"
#include "model/logline.h"
#include "svctl/ask.h"

namespace reeve {

namespace {

constexpr int follow_interval_ms = 200;
// For services that are added it looks more rarely: a change of any may have all files read.
constexpr size_t turns_a_look_count = 5;
constexpr size_t follow_lines_default = 10;
// So many lines are told before others are looked at again: one that never stops has no more.
constexpr size_t lines_a_turn_max_count = 4096;

constexpr LogStream::Form forms[] = {LogStream::Form::svlog, LogStream::Form::runs};

// A service whose lines are shown.
struct Output {
    Output(std::string_view service, bool colour) {
        const FullNameText full(full_name_of(service));
        name = full.view();
        Buffer<4 * name_max_bytes> shown;  // of a directory's name, which anything may be
        append_escaped(shown, name);
        append_prefix(prefix, shown.view(), colour);
        append_field(head, "name", find_field(service, "name"));
        append_field(head, "instance", find_field(service, "instance"));
    }

    Text name;
    LongText prefix;
    LongText head;         // of the objects of its lines
    bool is_told = false;  // it has lines, or it was said why it has none
};

struct Source {
    LogStream stream;
    LogStream::Form form;
    size_t output;  // whose
};

// All that is shown, merged by time.
class Merger {
  public:
    explicit Merger(Session& session)
        : session_(session), begun_{sys::wall_now_us()},
          status_(Text::join(session.invocation.run_directory, "/status")),
          logs_(session.invocation.log_directory) {}

    // Adds a service, or says why it has nothing to read.
    void add(std::string_view service, Outcome& outcome);
    // Adds those that are added or begin to write while others are followed: all that they wrote
    // meanwhile is to come.
    void add_new();
    bool empty() const { return sources_.empty(); }
    // Goes to the last lines, or to the beginning.
    void seek(std::optional<size_t> lines);
    // Prints what there is; with `last` also a line that has no end. False: there is no more now.
    bool print(bool last);
    void tell_silent() const;

    bool prefixed = false;
    bool follows = false;
    bool asks_reeve = false;  // else services are also known by their logs

  private:
    bool is_wanted(std::string_view service) const;
    bool has(std::string_view service) const;
    bool open_streams(std::string_view service, Outcome& outcome);
    bool narrow(std::string_view service, Source* first, size_t count);
    void sift(size_t place);
    void print_line(const Source& source);

    Session& session_;
    List<Output> outputs_;
    List<Source> sources_;
    List<Source*> heap_;  // those that have a line, the earliest first
    size_t skipped_ = 0;  // lines that are not shown
    Stamp begun_;
    DirWatch status_;
    DirWatch logs_;
    bool is_late_ = false;  // those that are added now were not there at first
};

// The beginnings of all runs that are known of, oldest first: of those that have ended, of the last
// one, and of those that left files, to the second.
List<Stamp> starts_of_runs(std::string_view run_directory, std::string_view service,
                           const List<Stamp>& files) {
    List<Stamp> all = files;
    const auto add = [&](std::string_view text) {
        if (const auto date = parse_date(text)) all.push_back(stamp_of(*date, 0));
    };
    static char place[history_file_max_bytes + 2 * run_line_max_bytes];
    const FullNameText name(full_name_of(service));
    std::string_view lines = read_history(run_directory, name.view(), place, sizeof place);
    while (!lines.empty()) {
        std::string_view line = take_line(lines);
        const std::string_view word = take_word(line);
        if (word.starts_with("start=")) add(word.substr(6));
    }
    add(find_field(service, "started"));
    sort(std::span(all), [](Stamp a, Stamp b) { return a < b; });
    // A run may be there in three ways, and as a file with its second alone.
    List<Stamp> starts;
    for (const Stamp& start : all) {
        const Stamp* next = &start + 1;
        const bool again =
            next != all.end() && (start == *next || start.us == next->us / 1000000 * 1000000);
        if (!again) starts.push_back(start);
    }
    return starts;
}

// Where its output goes, without what reeve may have to say of its directory.
std::string_view log_of(std::string_view service) {
    std::string_view log = find_field(service, "log");
    const Text note = Text::join(" (", log_lines_lost, ")");
    if (log.ends_with(note.view())) log.remove_suffix(note.view().size());
    return log;
}

// Or does it say where the output goes instead, and perhaps why: "console (open /x: ...)"?
bool is_directory(std::string_view log) {
    const bool tells = log.starts_with("console (") || log.starts_with("reeve's output (");
    return !tells && log.find('/') != std::string_view::npos;
}

// Where what has no directory went.
std::string_view whereabouts(std::string_view log) {
    if (log.empty()) return "it has never run: its file has errors (svctl check)";
    if (log == "inherit") return "its output goes where reeve's goes (log = inherit)";
    if (log.starts_with("console")) return "its output goes where reeve's goes (log = console)";
    if (log.starts_with("reeve's output"))
        return "its output goes where reeve's goes (svctl status says why)";
    return "its output is thrown away (log = null)";
}

void Merger::add(std::string_view service, Outcome& outcome) {
    const size_t before = sources_.size();
    outputs_.emplace_back(service, session_.screen.colour);
    if (open_streams(service, outcome)) return;
    while (sources_.size() > before) sources_.pop_back();
    if (!outputs_.back().is_told) outputs_.pop_back();
}

bool Merger::is_wanted(std::string_view service) const {
    bool wanted = session_.arguments.empty();
    for (const std::string_view word : session_.arguments)
        wanted = wanted || is_meant(word, service);
    return wanted;
}

bool Merger::has(std::string_view service) const {
    const FullNameText name(full_name_of(service));
    for (const Output& output : outputs_)
        if (output.name == name.view()) return true;
    return false;
}

void Merger::add_new() {
    const bool known = status_.has_changed();
    const bool written = logs_.has_changed();
    if (!known && (asks_reeve || !written)) return;
    is_late_ = true;
    Outcome outcome = Outcome::done;
    List<Text> services;
    if (asks_reeve)
        read_status_files(session_.invocation.run_directory, services);
    else
        services = read_known(session_);
    for (const Text& service : services) {
        if (!is_wanted(service) || has(service)) continue;
        const size_t before = sources_.size();
        add(service, outcome);
        for (size_t i = before; i < sources_.size(); ++i) sources_[i].stream.seek_begin();
    }
    prefixed = prefixed || outputs_.size() > 1;
}

bool Merger::open_streams(std::string_view service, Outcome& outcome) {
    const std::string_view log = log_of(service);
    const Text& name = outputs_.back().name;
    if (!is_directory(log)) {
        // Of all of them some are so as a rule, and it may become otherwise.
        if (session_.arguments.empty() || is_late_) return false;
        warn(name, ": ", whereabouts(log));
        outcome = worse(outcome, Outcome::failed);
        return false;
    }
    const Text directory = log;
    const size_t first = sources_.size();
    for (const LogStream::Form form : forms) {
        sources_.push_back({LogStream(directory, form), form, outputs_.size() - 1});
        const int code = sources_.back().stream.open();
        if (code == 0) continue;
        warn("open ", directory, ": ", errno_text(code));
        outputs_.back().is_told = true;
        outcome = worse(outcome, code == EACCES ? Outcome::not_permitted : Outcome::failed);
        return false;
    }
    if (narrow(service, sources_.begin() + first, std::size(forms))) return true;
    outcome = worse(outcome, Outcome::failed);
    return false;
}

// Keeps to what --since and --run ask for. False: there was no such run.
bool Merger::narrow(std::string_view service, Source* first, size_t count) {
    const Invocation& invocation = session_.invocation;
    const std::span<Source> sources(first, count);
    bool guesses = false;
    if (invocation.run > 0) {
        const List<Stamp> starts =
            starts_of_runs(invocation.run_directory, service, sources.back().stream.times());
        const size_t place = starts.size() - invocation.run;
        if (invocation.run > starts.size() && is_late_) return false;
        if (invocation.run > starts.size()) {
            Buffer<24> known;
            known << starts.size();
            warn(outputs_.back().name, ": there is no such run (", known,
                 starts.size() == 1 ? " is known)" : " are known)");
            return false;
        }
        for (Source& source : sources) {
            if (source.form == LogStream::Form::runs) {
                source.stream.only_run(starts[place]);
                continue;
            }
            source.stream.begin_at(starts[place]);
            if (place + 1 < starts.size()) source.stream.end_at(starts[place + 1]);
        }
    }
    for (Source& source : sources) {
        if (invocation.since)
            source.stream.begin_at(*invocation.since);
        else if (is_late_ && invocation.run == 0)
            source.stream.begin_at(begun_);
        if (!follows) source.stream.end_here();
        guesses = guesses || source.stream.guesses();
    }
    if (guesses && !is_late_)
        warn(outputs_.back().name, ": its lines have no stamps (log_time = none, or log = run): "
                                   "whole files are shown");
    return true;
}

void Merger::seek(std::optional<size_t> lines) {
    size_t found = 0;
    for (Source& source : sources_) {
        if (lines)
            found += source.stream.seek_back(*lines);
        else
            source.stream.seek_begin();
    }
    if (lines && found > *lines) skipped_ = found - *lines;
}

// Down to where no line that is earlier stands below it.
void Merger::sift(size_t place) {
    const auto before = [&](size_t a, size_t b) {
        const auto order = heap_[a]->stream.time() <=> heap_[b]->stream.time();
        return order != 0 ? order < 0 : heap_[a] < heap_[b];
    };
    for (size_t child; (child = 2 * place + 1) < heap_.size(); place = child) {
        if (child + 1 < heap_.size() && before(child + 1, child)) ++child;
        if (!before(child, place)) return;
        std::swap(heap_[place], heap_[child]);
    }
}

bool Merger::print(bool last) {
    heap_.clear();
    for (Source& source : sources_)
        if (source.stream.load(last)) heap_.push_back(&source);
    for (size_t place = heap_.size(); place-- > 0;) sift(place);
    Printer& printer = session_.printer;
    for (size_t lines = 0; !heap_.empty() && lines < lines_a_turn_max_count; ++lines) {
        Source& source = *heap_.front();
        outputs_[source.output].is_told = true;
        if (skipped_ > 0)
            --skipped_;
        else
            print_line(source);
        source.stream.pass();
        if (!source.stream.load(last)) {
            heap_.front() = heap_.back();
            heap_.pop_back();
        }
        sift(0);
        if (printer.gathered().size() > 65536) printer.flush();
    }
    printer.flush();
    return !heap_.empty();
}

void Merger::print_line(const Source& source) {
    const Output& output = outputs_[source.output];
    std::string_view line = source.stream.line();
    Printer& printer = session_.printer;
    if (session_.invocation.json) {
        LongText object("time=");
        const bool is_run = source.form == LogStream::Form::runs;
        if (const auto stamp = is_run ? std::nullopt : take_stamp(line))
            append_stamp(object, *stamp);
        append(object, '\n', output.head, "line=", line, '\n');
        return printer.json_line(object);
    }
    if (prefixed) printer.raw(output.prefix);
    if (printer.for_terminal) {
        LongText shown;
        append_log_line(shown, line);
        printer.raw(shown);
    } else {
        printer.raw(line);
    }
    printer.raw("\n");
}

void Merger::tell_silent() const {
    const Invocation& invocation = session_.invocation;
    for (const Output& output : outputs_) {
        if (output.is_told) continue;
        warn(output.name, invocation.run > 0 ? ": there is nothing of that run"
                          : invocation.since ? ": it has written nothing since then"
                                             : ": it has written nothing");
    }
}

// The services that are meant. False: the outcome says why there are none.
bool find_services(Session& session, List<Text>& services, Outcome& outcome) {
    outcome = Outcome::done;
    if (!session.invocation.reads_log_directory) return learn_services(session, services, outcome);
    outcome = choose_services(session, read_known(session), services);
    return true;
}

// A line for a terminal and for JSON, cut where it is long.
void append_shown_line(Sink& out, std::string_view line) {
    line = line.substr(0, reason_max_bytes);
    while (!line.empty()) {
        const std::string_view part = line.substr(0, line.find('\t'));
        append_escaped(out, part);
        line.remove_prefix(part.size());
        if (line.empty()) break;
        out << ' ';
        line.remove_prefix(1);
    }
}

// Separated by a unit separator.
void append_lines(Sink& out, std::string_view object, Lines which) {
    const Text directory = log_of(object);
    const auto started = parse_date(find_field(object, "started"));
    LogStream streams[] = {{directory, forms[0]}, {directory, forms[1]}};
    size_t surplus = 0;  // lines beyond those that are shown
    if (!is_directory(directory) || (which == Lines::of_last_run && !started)) return;
    for (LogStream& stream : streams) {
        const bool is_svlog = &stream == streams;
        if (stream.open() != 0) return;
        if (which == Lines::of_last_run && is_svlog) stream.begin_at(stamp_of(*started, 0));
        if (which == Lines::of_last_run && !is_svlog) stream.only_run(stamp_of(*started, 0));
        stream.end_here();
        surplus += stream.seek_back(last_lines_max_count);
    }
    surplus -= std::min(surplus, last_lines_max_count);
    for (const char* separator = "";;) {
        LogStream* next = nullptr;
        for (LogStream& stream : streams)
            if (stream.load(true) && (next == nullptr || stream.time() < next->time()))
                next = &stream;
        if (next == nullptr) break;
        if (surplus > 0) {
            --surplus;
        } else {
            out << separator;
            append_shown_line(out, next->line());
            separator = "\x1f";
        }
        next->pass();
    }
}

}  // namespace

void append_last_lines(Sink& out, std::string_view object, Lines which) {
    out << "last_lines=";
    append_lines(out, object, which);
    out << '\n';
}

void read_log_directories(std::string_view log_directory, List<Text>& objects) {
    const Text path = log_directory;
    const Fd directory(sys::open(path.c_str(), O_RDONLY | O_DIRECTORY));
    const auto note = [&](const char* entry) {
        const std::string_view full = entry;
        const std::string_view name = full.substr(0, full.find('@'));
        const std::string_view instance = full.substr(std::min(name.size() + 1, full.size()));
        const Text log = Text::join(path, "/", full);
        struct stat state;
        if (!is_name(name) || (name != full && !is_name(instance)) ||
            sys::stat(log.c_str(), &state) < 0 || !S_ISDIR(state.st_mode))
            return true;
        Buffer<2 * name_max_bytes + path_max_bytes + 32> object;
        append_field(object, "name", name);
        append_field(object, "instance", instance);
        append_field(object, "log", log);
        objects.push_back(object.view());
        return true;
    };
    if (directory) platform::each_entry(directory.get(), note);
}

// Without a name and without bounds it is a question about now: what comes is the answer.
Outcome run_logs(Session& session) {
    List<Text> services;
    Outcome outcome;
    const Invocation& invocation = session.invocation;
    if (invocation.since && invocation.run > 0) {
        warn("of --since and --run one is enough");
        return Outcome::usage;
    }
    // Its time begins before reeve is asked: of a service that comes after the answer the first
    // lines are shown.
    Merger merger(session);
    if (!find_services(session, services, outcome)) return outcome;
    const bool all = session.arguments.empty();
    const bool bounded = invocation.lines || invocation.since || invocation.run > 0;
    const bool follows = invocation.run < 2 && (invocation.follows || (all && !bounded));
    // A thousand services, each with a file that is held open.
    sys::raise_descriptor_limit();
    merger.follows = follows;
    merger.asks_reeve = !invocation.reads_log_directory && outcome != Outcome::no_reeve;
    merger.prefixed = all || services.size() > 1;
    for (const Text& service : services) merger.add(service, outcome);
    if (all && merger.empty() && outcome == Outcome::done) {
        warn("there is no service whose output could be read", follows ? " yet" : "");
        if (!follows) return Outcome::failed;
    }
    std::optional<size_t> lines = invocation.lines;
    if (follows && !bounded) lines = follow_lines_default;
    merger.seek(lines);
    for (size_t turns = 1;; ++turns) {
        while (merger.print(!follows) && !session.printer.failed()) {}
        if (!follows || (merger.empty() && !all) || session.printer.failed() ||
            !pause_for_reader(1, milliseconds(follow_interval_ms)))
            break;
        if (turns % turns_a_look_count == 0) merger.add_new();
    }
    const bool is_whole = !follows && !session.printer.failed();
    if (is_whole && !all && lines != size_t{0}) merger.tell_silent();
    return outcome;
}

}  // namespace reeve
