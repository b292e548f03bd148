#include "core/object.h"

#include <algorithm>

#include "base/escape.h"
#include "base/fields.h"
#include "base/format.h"
#include "base/limits.h"
#include "core/explain.h"
#include "model/signals.h"

namespace reeve {

namespace {

const char* name_of(Type type) {
    switch (type) {
    case Type::daemon: return "daemon";
    case Type::oneshot: return "oneshot";
    case Type::fake: return "fake";
    }
    return "";
}

void append_list(Sink& out, std::string_view key, const Words& words) {
    append(out, key, '=');
    const char* separator = "";
    for (const std::string_view word : words) {
        out << separator;
        append_escaped(out, word);
        separator = " ";
    }
    out << '\n';
}

// Out of line: its calls are many.
[[gnu::noinline]] void append_text(Sink& out, std::string_view key, const Text& text) {
    append_field(out, key, text);
}

void append_flag(Sink& out, std::string_view key, bool value) {
    append_field(out, key, value ? "yes" : "no");
}

// Zero stands for "absent" in none of them: the caller says whether there is a number.
void append_number(Sink& out, std::string_view key, bool there, int64_t number) {
    append(out, key, '=');
    if (there) out << number;
    out << '\n';
}

void append_when(Sink& out, std::string_view key, bool there, Wall time) {
    append(out, key, '=');
    if (there) append_time(out, time);
    out << '\n';
}

// exit= and signal=, each with `end` behind it.
void append_exit(Sink& out, ExitStatus exit, char end) {
    out << "exit=";
    if (exit.kind == ExitStatus::Kind::exited) out << static_cast<int>(exit.value);
    append(out, end, "signal=");
    if (exit.kind == ExitStatus::Kind::signalled) append_signal(out, exit.value);
    out << end;
}

// How the last run ended, and what runs now.
void append_runs(Sink& out, const Service& service) {
    append_number(out, "pid", static_cast<bool>(service.leader), service.leader.pid);
    append_number(out, "start_time", service.leader.start_time != 0,
                  static_cast<int64_t>(service.leader.start_time));
    append_when(out, "since", service.since.ms != 0, service.since);
    append_when(out, "started", service.started_wall.ms != 0, service.started_wall);
    append_number(out, "restarts", true, service.restarts());
    append_exit(out, service.exit, '\n');
    append_text(out, "strays", service.strays);
}

// Where its output goes.
void append_log(Sink& out, const Supervisor& supervisor, const Service& service) {
    out << "log=";
    switch (service.policy().log) {
    case Log::inherit: out << "inherit"; break;
    case Log::null: out << "null"; break;
    case Log::console: out << "console"; break;
    case Log::file:
    case Log::run:
        if (!service.log_note.empty()) {
            append_escaped(out, service.log_note);
            break;
        }
        append_escaped(out, supervisor.log_directory());
        out << '/';
        append_name(out, service);
        break;
    }
    out << '\n';
}

// What the file says of it; all absent where there is no definition.
void append_definition(Sink& out, const Supervisor& supervisor, const Service& service) {
    const Definition* definition = service.definition.get();
    if (definition == nullptr) {
        out << "type=\nenabled=\nversion=\ngroup=\ndepends_on=\nafter=\nlog=\ndescription=\n"
               "file=\n";
        return;
    }
    append_field(out, "type", name_of(definition->policy->type));
    append_flag(out, "enabled", definition->policy->enabled);
    append_text(out, "version", definition->version);
    append_list(out, "group", definition->groups);
    append_list(out, "depends_on", definition->depends_on);
    append_list(out, "after", definition->after);
    append_log(out, supervisor, service);
    append_text(out, "description", definition->description);
    out << "file=";
    append_escaped(out, definition->file.directory);
    append_escaped(out, definition->file.name);
    out << '\n';
}

}  // namespace

void append_object(Sink& out, const Supervisor& supervisor, const Service& service, Reader reader,
                   Now now) {
    append_text(out, "name", service.name);
    append_text(out, "instance", service.instance);
    append_field(out, "state", reeve::name_of(service.state));
    append_field(out, "want", reeve::name_of(service.want));
    out << "reason=";
    append_words(out, supervisor, service, reader, now);
    out << '\n';
    append_runs(out, service);
    append_flag(out, "stale", service.stale());
    const bool retries = service.state == State::backoff && service.deadline != no_deadline;
    const Duration left = retries ? service.deadline - now.mono : Duration{};
    append_when(out, "next", retries, Wall{now.wall.ms + left.ms});
    out << "blames=";
    if (const ServiceId other = cause_of(supervisor, service))
        append_name(out, supervisor.at(other));
    out << '\n';
    append_text(out, "problem", service.problem);
    append_definition(out, supervisor, service);
}

void append_trail(Sink& out, const Supervisor& supervisor, const Service& service, Wall since) {
    if (!service.definition) return;
    // The file of a run is found by its beginning.
    if (since.ms == 0 || service.policy().log == Log::run) since = service.started_wall;
    append_when(out, "started", since.ms != 0, since);
    append_log(out, supervisor, service);
}

void append_event(Sink& out, const Supervisor& supervisor, const Entry& entry) {
    append_when(out, "time", true, entry.time);
    Buffer<2 * name_max_bytes + 1> full;
    supervisor.append_name_of(full, entry.id);
    const size_t at_sign = full.view().find('@');
    append_field(out, "name", full.view().substr(0, at_sign));
    append_field(out, "instance",
                 at_sign == std::string_view::npos ? "" : full.view().substr(at_sign + 1));
    append_field(out, "from", reeve::name_of(entry.from));
    append_field(out, "to", reeve::name_of(entry.to));
    Buffer<reason_max_bytes> words;
    append_reason(words, entry);
    append_field(out, "reason", words.view());
}

void append_run(Sink& out, const Supervisor& supervisor, const EndedRun& run) {
    out << "start=";
    append_time(out, run.start);
    out << " end=";
    append_time(out, run.end);
    append(out, " took_ms=", std::max<int64_t>(run.end.ms - run.start.ms, 0), " pid=");
    if (run.pid > 0) out << static_cast<int64_t>(run.pid);
    out << ' ';
    append_exit(out, run.exit, ' ');
    Buffer<run_line_max_bytes / 2> words;
    append_end(words, supervisor.at(run.id), run.how);
    append_strays(words, supervisor.at(run.id));
    append_field(out, "reason", words.view());
}

void append_words(Sink& out, const Supervisor& supervisor, const Service& service, Reader reader,
                  Now now) {
    Buffer<reason_max_bytes> words;
    append_reason(words, supervisor, service);
    append_escaped(out, words.view());
    if (reader == Reader::client) append_countdown(out, service, now.mono);
}

}  // namespace reeve
