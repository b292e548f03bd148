#include "core/object.h"

#include <algorithm>

#include "base/escape.h"
#include "base/fields.h"
#include "base/format.h"
#include "base/limits.h"
#include "core/explain.h"
#include "core/restart.h"
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

void append_list(Sink& out, std::string_view key, const Words& words, const char* between = " ") {
    append(out, key, '=');
    const char* separator = "";
    for (const std::string_view word : words) {
        out << separator;
        append_escaped(out, word);
        separator = between;
    }
    out << '\n';
}

void append_span_field(Sink& out, std::string_view key, Duration duration) {
    append(out, key, '=');
    if (duration.ms > 0) append_duration(out, duration);
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
        out << service.full_name();
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
    const Text& input = definition->policy->input;
    if (!input.empty()) append_text(out, "stdin", input);
    if (!definition->policy->listen.empty()) append_list(out, "listen", definition->policy->listen);
    append_text(out, "description", definition->description);
    out << "file=";
    append_escaped(out, definition->file.directory);
    append_escaped(out, definition->file.name);
    out << '\n';
}

// When it is tried again, is started by its schedule, or its window or version opens to it;
// no_moment: not by itself.
Wall next_change(const Supervisor& supervisor, const Service& service, Now now) {
    if (service.state == State::backoff && service.deadline != no_deadline)
        return now.wall + (service.deadline - now.mono);
    const Timer* timer = supervisor.timetable().find(supervisor.id_of(service));
    return timer != nullptr && service.want == Want::up ? timer->next : no_moment;
}

// What follows from it is for the reader to work out: see model/schedule.
void append_schedule(Sink& out, const Timing& timing) {
    append_list(out, "cron", timing.cron, ";");
    append_span_field(out, "every", timing.every);
    append_list(out, "at", timing.at, ";");
    append_span_field(out, "jitter", timing.jitter);
    append_text(out, "timezone", timing.timezone);
    append_text(out, "apply_on", timing.apply_on);
}

// `start_time` is an object's for its process already.
void append_window(Sink& out, const Timing& timing, const char* start_key, const char* stop_key) {
    out << start_key;
    if (timing.start_s) append_time_of_day(out, *timing.start_s);
    out << stop_key;
    if (timing.stop_s) append_time_of_day(out, *timing.stop_s);
    out << "\nweek_days=";
    if (timing.week_days != all_week_days) append_week_days(out, timing.week_days);
    out << '\n';
}

void append_in_store(Sink& out, const Definition& definition) {
    append_text(out, "version", definition.version);
    if (!definition.timing) return;
    append_schedule(out, *definition.timing);
    append_window(out, *definition.timing, "start_time=", "\nstop_time=");
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
    out << "healthy=";
    if (service.state == State::running && service.reason.code == ReasonCode::healthy) out << "yes";
    if (service.state == State::running && service.reason.code == ReasonCode::unhealthy)
        out << "no";
    out << '\n';
    const Wall next = next_change(supervisor, service, now);
    append_when(out, "next", next != no_moment, next);
    out << "blames=";
    if (const ServiceId other = cause_of(supervisor, service))
        out << supervisor.at(other).full_name();
    out << '\n';
    append_text(out, "problem", service.problem);
    append_definition(out, supervisor, service);
    if (reader == Reader::file || !service.definition || !service.definition->timing) return;
    const Timing& timing = *service.definition->timing;
    append_schedule(out, timing);
    append_window(out, timing, "window_start=", "\nwindow_stop=");
}

void append_coming(Sink& out, const Supervisor& supervisor, const Service& service) {
    append_text(out, "name", service.name);
    append_text(out, "instance", service.instance);
    append_flag(out, "active", service.active());
    if (const Timer* timer = supervisor.timetable().find(supervisor.id_of(service))) {
        append_number(out, "handled_ms", true, timer->handled.ms);
        append_number(out, "tick_ms", timer->tick != no_deadline, timer->tick.ms);
    }
    if (service.definition) append_in_store(out, *service.definition);
}

void append_coming(Sink& out, const Candidate& version, Wall now) {
    const Definition* definition = version.definition.get();
    if (definition == nullptr || definition->policy->type == Type::fake || !definition->timing ||
        force_begins(*definition->timing).value_or(0) * 1000 <= now.ms)
        return;
    append_text(out, "name", version.name);
    append_in_store(out, *definition);
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
    const Service& service = supervisor.at(entry.id);
    append_field(out, "name", service.name);
    append_field(out, "instance", service.instance);
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
    const Service& service = supervisor.at(run.id);
    const bool had_run =
        run.how.code != ReasonCode::overlapped && run.how.code != ReasonCode::missed;
    const bool failed = had_run && service.definition && !succeeded(service.policy(), run.how);
    append(out, "failed=", failed ? "yes " : "no ");
    Buffer<run_line_max_bytes / 2> words;
    append_end(words, service, run.how);
    append_strays(words, service);
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
