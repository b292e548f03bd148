#include "core/explain.h"

#include <cerrno>

#include "base/format.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/result.h"
#include "core/restart.h"
#include "model/signals.h"

namespace reeve {

namespace {

const char* words_of(ReadyKind kind) {
    switch (kind) {
    case ReadyKind::exec: return "awaiting exec";
    case ReadyKind::after: return "awaiting its time (ready = after)";
    case ReadyKind::fd: return "awaiting a newline on its readiness descriptor";
    case ReadyKind::notify: return "awaiting READY=1";
    }
    return "";
}

// What a child was to run, and how its definition says so.
struct Program {
    const Definition* definition;  // null: nothing is known of it
    std::string_view command;      // the first word of exec, or a shell line
    bool is_shell_line;
};

Program program_of(const Service& service) {
    const Definition* definition = service.definition.get();
    if (definition == nullptr) return {nullptr, {}, false};
    if (definition->exec.empty()) return {definition, definition->command, true};
    return {definition, definition->exec.front(), false};
}

Program program_of(const Service& service, Hook hook) {
    if (!service.definition) return {nullptr, {}, false};
    return {service.definition.get(), shell_line_of(hook, *service.definition), true};
}

// Who spoke on the service's behalf, and was not heard.
void append_stranger(Sink& out, const Service& service) {
    if (!service.stranger) return;
    out << " (refused what ";
    if (*service.stranger > 0)
        append(out, "process ", int64_t{*service.stranger});
    else
        out << "a process of another PID namespace";
    out << " sent: it is neither of the service's process group nor a descendant of it)";
}

// What the failed step of a child's set-up was about, as far as the definition tells.
std::string_view object_of(SpawnStep step, const Program& program) {
    if (program.definition == nullptr) return {};
    const Text& workdir = program.definition->workdir;
    const Policy& policy = *program.definition->policy;
    switch (step) {
    case SpawnStep::exec:
    case SpawnStep::interpreter: return program.command;
    case SpawnStep::chdir: return workdir.empty() ? "/" : workdir.view();
    case SpawnStep::user: return policy.user;
    case SpawnStep::chroot: return policy.chroot;
    case SpawnStep::terminal: return policy.tty;
    case SpawnStep::input: return policy.input;
    default: return {};
    }
}

// A word of exec that only a shell would make something else of; empty: there is none.
std::string_view word_for_shell(const Program& program) {
    if (program.is_shell_line) return {};
    for (const std::string_view word : program.definition->exec) {
        if (word.empty() || word.find(' ') != word.npos) continue;
        const bool signs = word.find_first_not_of("|&;<>12") == word.npos &&
                           word.find_first_of("|&;<>") != word.npos;
        if (signs || word.front() == '$' || word.starts_with("~/")) return word;
    }
    return {};
}

// What the program's own words, which are in its log, may not make clear.
void append_doubts(Sink& out, int exit_code, const Program& program) {
    if (exit_code == 0 || program.definition == nullptr) return;
    const std::string_view word = word_for_shell(program);
    if (!word.empty()) {
        append(out, " (exec has no shell, and passes on ", word.substr(0, shown_max_bytes),
               " as it is; command has one)");
    } else if (exit_code == 127 && program.is_shell_line) {
        out << " (of the shell: no such program; see its log)";
    }
}

// Who may do it. Root may lack the capability: a container, a unit of systemd.
const char* right_for(SpawnStep step) {
    switch (step) {
    case SpawnStep::limit: return " (above the hard limit; see ulimit -Ha)";
    case SpawnStep::user: return " (only root may, on Linux with CAP_SETUID and CAP_SETGID)";
    case SpawnStep::chroot: return " (only root may, on Linux with CAP_SYS_CHROOT)";
    case SpawnStep::nice:
    case SpawnStep::ioprio:
    case SpawnStep::sched: return " (only root may, on Linux with CAP_SYS_NICE)";
    case SpawnStep::capabilities: return " (reeve has not all of them, or lacks CAP_SETPCAP)";
    case SpawnStep::oom_score_adj: return " (only root may, on Linux with CAP_SYS_RESOURCE)";
    default: return "";
    }
}

// What may be done about it, where errno's words do not say.
const char* advice_on(SpawnStep step, int code, const Program& program) {
    if (program.definition == nullptr) return "";
    const bool denied = code == EACCES || code == EPERM;
    switch (step) {
    case SpawnStep::exec:
        if (code == EACCES) return " (is it executable, and may its user reach it?)";
        if (code == EAGAIN) return " (its user has as many processes as ulimit -u lets it)";
        if (code == ENOEXEC) return " (no #! in front, or not built for this machine)";
        if (code != ENOENT) return "";
        // A shell line that is run directly has a program.
        if (program.is_shell_line) return " (nor is there a /bin/sh)";
        if (!word_for_shell(program).empty()) return " (exec has no shell; command has one)";
        if (program.command.find('/') != std::string_view::npos) return "";
        return " (it is in no directory of PATH)";
    default: return denied ? right_for(step) : "";
    }
}

// "chdir /srv/x: No such file or directory"
void append_failed_step(Sink& out, SpawnStep step, int code, const Program& program) {
    out << name_of(step);
    const std::string_view object = object_of(step, program);
    const bool quoted = object.find(' ') != object.npos && !program.is_shell_line;
    const char* quote = quoted ? "'" : "";
    if (!object.empty()) append(out, ' ', quote, object, quote);
    out << ": ";
    if (step == SpawnStep::interpreter) {
        out << "the interpreter that it names is not there (#! line, in which a CR "
               "counts; or a program's loader)";
    } else {
        append(out, errno_text(code), advice_on(step, code, program));
    }
}

const char* timeout_key_of(Hook hook) {
    if (hook == Hook::start_check) return "start_check_timeout";
    if (hook == Hook::stop_command) return "stop_timeout";
    if (hook == Hook::check) return "check_timeout";
    return "hook_timeout";
}

// "pre_start: exit 3", as the end of a run is told.
void append_hook_end(Sink& out, const Service& service, const HookFailure& failure) {
    append(out, name_of(failure.hook), ": ");
    const Program program = program_of(service, failure.hook);
    switch (failure.result) {
    case HookResult::succeeded: return;
    case HookResult::timed_out:
        append(out, "timed out (", timeout_key_of(failure.hook), ')');
        return;
    case HookResult::not_started:
        if (failure.code == 0)
            out << "could not be started";
        else
            append_failed_step(out, failure.step, failure.code, program);
        return;
    case HookResult::failed: break;
    }
    if (failure.status.kind == ExitStatus::Kind::exited) {
        append(out, "exit ", static_cast<int>(failure.status.value));
        if (failure.hook != Hook::check) append_doubts(out, failure.status.value, program);
    } else if (failure.status.kind == ExitStatus::Kind::signalled) {
        out << "signal ";
        append_signal(out, failure.status.value);
    } else {
        out << "failed";
    }
}

// What a check wrote last is more than its exit code tells.
void append_hook_failure(Sink& out, const Service& service, const HookFailure& failure) {
    append_hook_end(out, service, failure);
    if (failure.hook == Hook::check && !service.end_note.empty())
        append(out, ": ", service.end_note);
}

// A run that is not ready, and what start_check said last.
void append_unready(Sink& out, const Service& service, const char* words) {
    out << words;
    const HookFailure failure = hook_failure_of(service.hook_failure);
    if (failure.hook != Hook::start_check) return;
    out << "; ";
    append_hook_failure(out, service, failure);
}

void append_other(Sink& out, const char* words, const Service* other) {
    out << words;
    if (other != nullptr && other->used()) out << other->full_name();
}

}  // namespace

void append_strays(Sink& out, const Service& service) {
    if (service.strays.empty()) return;
    const bool several = service.strays.view().find(' ') != std::string_view::npos;
    append(out, ", but pid", several ? "s " : " ", service.strays,
           " got away to the background and runs on");
}

void append_end(Sink& out, const Service& service, const Reason& end) {
    switch (end.code) {
    case ReasonCode::exited:
        append(out, "exit ", end.value);
        append_doubts(out, end.value, program_of(service));
        return;
    case ReasonCode::signalled:
        out << "signal ";
        append_signal(out, end.value);
        if (end.detail != 0)
            append(out, end.detail == static_cast<uint8_t>(OutOfMemory::yes) ? " (" : " (perhaps ",
                   "out of memory)");
        return;
    case ReasonCode::exit_unknown: out << "exit unknown"; return;
    case ReasonCode::stopped_on_request:
        out << "stopped";
        if (end.value == 1) out << ", KILL was needed";
        if (end.value == 2) out << ", killed at the end of stop_timeout_total";
        return;
    case ReasonCode::exec_failed:
        if (!service.end_note.empty()) return append(out, service.end_note);
        return append_failed_step(out, static_cast<SpawnStep>(end.detail), end.value,
                                  program_of(service));
    case ReasonCode::fork_failed:
        if (!service.end_note.empty()) return append(out, service.end_note);
        return append(out, "fork: ", errno_text(end.value));
    case ReasonCode::pre_start_failed:
    case ReasonCode::hook_failed:
        if (end.code == ReasonCode::pre_start_failed && !service.end_note.empty())
            append(out, "pre_start: ", service.end_note);
        else
            append_hook_failure(out, service, hook_failure_of(end));
        return;
    case ReasonCode::not_ready_in_time:
    case ReasonCode::start_timed_out:
        return append_unready(out, service, "not ready within start_timeout");
    case ReasonCode::unhealthy:
        out << "unhealthy: ";
        return append_hook_failure(out, service, hook_failure_of(end));
    case ReasonCode::watchdog:
        return append(out, end.value != 0 ? "it found itself hung (WATCHDOG=trigger)"
                                          : "no WATCHDOG=1 within its watchdog");
    case ReasonCode::over_limit:
        if (end.detail != 0) return append(out, "CPU ", end.value, "%, above max_cpu for max_for");
        return append(out, "memory ", end.value / 1024, "M, above max_memory for max_for");
    case ReasonCode::ran_too_long: out << "ran longer than max_runtime"; return;
    case ReasonCode::overlapped: out << "skipped: the run before has not ended (overlap)"; return;
    case ReasonCode::missed:
        out << "missed: it was due at ";
        append_whole_time(out, time_of(end));
        return;
    default: return;
    }
}

namespace {

// What the words are about: how things stood when the state was entered. The service is for its
// names and its definition.
struct Standing {
    const Service& service;
    const Service* other;  // Reason::other; null: none
    State state;
    const Reason& reason;
    const Reason& end;
    uint32_t failures;
};

// How the last run ended, and what the restart policy made of that.
void append_verdict(Sink& out, const Standing& then) {
    const Service& service = then.service;
    append_end(out, service, then.end);
    const Reason& reason = then.reason;
    if (reason.code == ReasonCode::retry && then.failures > 0) {
        out << ", ";
        append_ordinal(out, then.failures);
        out << " failure";
    }
    if (reason.code == ReasonCode::retry && then.end.code == ReasonCode::exited &&
        then.end.value == 0 && service.definition && service.policy().type == Type::daemon)
        out << " (a daemon stays in the foreground; what ends is type = oneshot)";
    if (reason.code == ReasonCode::retries_used_up) {
        append(out, ", given up after ", reason.value, " failed run", reason.value == 1 ? "" : "s",
               " (retries)");
    }
    if (reason.code == ReasonCode::fatal_exit) out << ", which is fatal";
    if (reason.code == ReasonCode::no_restart && reason.detail != 0)
        out << (then.end.code == ReasonCode::unhealthy ? ", check_action = stop"
                                                       : ", limit_action = stop");
    else if (reason.code == ReasonCode::no_restart && service.definition &&
             service.policy().restart != Restart::by_type)
        out << ", restart = never";
}

// What it says of itself (STATUS=), or how it is.
void append_status(Sink& out, const Service& service, const char* words) {
    out << (service.status_text.empty() ? words : service.status_text.view());
}

// Asked for, and perhaps not obeyed.
void append_stopped(Sink& out, const Standing& then) {
    out << "asked for by svctl";
    if (then.state == State::stopped && then.end.value != 0 &&
        then.end.code == ReasonCode::stopped_on_request)
        out << ", KILL was needed";
}

// A FIFO is opened once somebody writes into it.
void append_executing(Sink& out, const Service& service) {
    out << "exec";
    if (service.definition && service.policy().opens_input())
        append(out, ", once ", service.policy().input, " is open as its stdin");
}

// `who`: a pid, or a group as kill(2) has it.
void append_unverified(Sink& out, int32_t who) {
    append(out, who < 0 ? "process group " : "process ", who < 0 ? -int64_t{who} : int64_t{who},
           " may be its own, which cannot be told: end it by hand, or go on without it (svctl up)");
}

// Of what the clock holds back, or brings.
void append_clock_words(Sink& out, const Standing& then) {
    const Service& service = then.service;
    const Reason& reason = then.reason;
    switch (reason.code) {
    case ReasonCode::scheduled:
        out << "starts at ";
        append_whole_time(out, time_of(reason));
        if (then.end.code != ReasonCode::none && service.definition &&
            !succeeded(service.policy(), then.end)) {
            out << "; last run: ";
            append_end(out, service, then.end);
        }
        return;
    case ReasonCode::no_start_left: out << "its schedule has no start left"; return;
    case ReasonCode::clock_not_set: out << "the clock is not set"; return;
    case ReasonCode::not_in_force:
        out << "apply_on: in force from ";
        return append_whole_time(out, time_of(reason));
    case ReasonCode::out_of_window:
        out << "out of its window, which opens at ";
        return append_whole_time(out, time_of(reason));
    case ReasonCode::start_due: out << "its next start is due (overlap = kill)"; return;
    case ReasonCode::version_changed: out << "another version is in force"; return;
    case ReasonCode::schedule_removed:
        out << "it has no schedule any more (svctl up starts it)";
        return;
    default: return;
    }
}

void append_words_of(Sink& out, const Standing& then) {
    const Service& service = then.service;
    const Reason& reason = then.reason;
    switch (reason.code) {
    case ReasonCode::none: return;
    case ReasonCode::not_enabled: out << "enabled = no"; return;
    case ReasonCode::by_command: return append_stopped(out, then);
    case ReasonCode::restart_command: out << "restart asked for by svctl"; return;
    case ReasonCode::definition_changed: out << "its definition changed"; return;
    case ReasonCode::definition_removed: out << "its file is gone"; return;
    case ReasonCode::definition_invalid: out << service.problem.view(); return;
    case ReasonCode::withdrawn: out << "type = fake"; return;
    case ReasonCode::shutdown: out << "reeve shuts down"; return;
    case ReasonCode::needs: return append_other(out, "needs ", then.other);
    case ReasonCode::after: return append_other(out, "after ", then.other);
    case ReasonCode::start_slot: out << "a start slot (max_starting)"; return;
    case ReasonCode::dependency_down: return append_other(out, "goes down before ", then.other);
    case ReasonCode::dependency_lost: return append_other(out, "cascade: lost ", then.other);
    case ReasonCode::pre_start: out << "pre_start runs"; return;
    case ReasonCode::executing: return append_executing(out, service);
    case ReasonCode::awaiting_ready:
        out << words_of(static_cast<ReadyKind>(reason.value));
        append_stranger(out, service);
        return;
    case ReasonCode::start_check:
        return append_unready(out, service, "start_check has not succeeded yet");
    case ReasonCode::ready: return append_status(out, service, "ready");
    case ReasonCode::healthy: return append_status(out, service, "healthy");
    case ReasonCode::group_left:
        append_end(out, service, then.end);
        out << ", but it left processes behind";
        return;
    case ReasonCode::announced: out << "it announced its end (STOPPING=1)"; return;
    case ReasonCode::post_stop: out << "post_stop runs"; return;
    case ReasonCode::unverified: return append_unverified(out, reason.value);
    case ReasonCode::definition_unread:
        out << "reeve has crashed, and could not read its file since (svctl reload)";
        return;
    case ReasonCode::scheduled:
    case ReasonCode::no_start_left:
    case ReasonCode::clock_not_set:
    case ReasonCode::not_in_force:
    case ReasonCode::out_of_window:
    case ReasonCode::start_due:
    case ReasonCode::version_changed:
    case ReasonCode::schedule_removed: return append_clock_words(out, then);
    case ReasonCode::ended: return append_end(out, service, then.end);
    case ReasonCode::retry:
    case ReasonCode::retries_used_up:
    case ReasonCode::fatal_exit:
    case ReasonCode::no_restart: return append_verdict(out, then);
    case ReasonCode::exited:
    case ReasonCode::signalled:
    case ReasonCode::exit_unknown:
    case ReasonCode::stopped_on_request:
    case ReasonCode::exec_failed:
    case ReasonCode::fork_failed:
    case ReasonCode::pre_start_failed:
    case ReasonCode::start_timed_out:
    case ReasonCode::not_ready_in_time:
    case ReasonCode::ran_too_long:
    case ReasonCode::unhealthy:
    case ReasonCode::watchdog:
    case ReasonCode::over_limit:
    case ReasonCode::overlapped:
    case ReasonCode::missed:
    case ReasonCode::hook_failed: return append_end(out, service, reason);
    }
}

}  // namespace

void append_reason(Sink& out, const Supervisor& supervisor, const Service& service) {
    const bool about_verdict = service.reason.code == ReasonCode::group_left;
    const ServiceId other = service.reason.other;
    append_words_of(out, {service, other ? &supervisor.at(other) : nullptr, service.state,
                          service.reason, about_verdict ? service.verdict : service.end,
                          service.failures});
    append_strays(out, service);
    // What the state does not say of itself: it went on without.
    const Reason& failure = service.hook_failure;
    const Hook hook = hook_failure_of(failure).hook;
    const bool is_told = hook == Hook::pre_start || hook == Hook::start_check ||
                         (hook == Hook::check && service.reason.code != ReasonCode::ready &&
                          service.reason.code != ReasonCode::healthy);
    if (failure.code == ReasonCode::none || failure == service.reason || is_told) return;
    out << "; ";
    append_end(out, service, failure);
}

void append_reason(Sink& out, const Entry& entry) {
    Service then;
    then.definition = entry.definition;
    then.hook_failure = entry.hook_failure;
    then.problem = then.status_text = then.end_note = entry.note;
    Service other;
    other.name = entry.other;
    other.instance = entry.other_instance;
    append_words_of(out, {then, &other, entry.to, entry.reason, entry.end, entry.failures});
}

void append_countdown(Sink& out, const Service& service, Mono now) {
    if (service.state != State::backoff || service.deadline == no_deadline) return;
    const Duration left = service.deadline - now;
    out << ", next try in ";
    append_span(out, left.ms > 0 ? left : Duration{});
}

ServiceId cause_of(const Supervisor& supervisor, const Service& service) {
    const ServiceId other = service.reason.other;
    const bool blames = service.state == State::waiting || service.state == State::stopping;
    return blames && other && supervisor.at(other).used() ? other : ServiceId{};
}

bool is_at_work(const Service& service) {
    const bool waits = is_held_by_clock(service) &&
                       service.reason.code != ReasonCode::clock_not_set &&
                       (service.end.code == ReasonCode::none || !service.definition ||
                        succeeded(service.policy(), service.end));
    return waits || service.state == State::running || service.state == State::done;
}

bool is_amiss(const Service& service) {
    const bool is_ill = service.reason.code == ReasonCode::unhealthy ||
                        hook_failure_of(service.hook_failure).hook == Hook::check;
    const bool settled = (is_at_work(service) && !is_ill) || service.state == State::stopped;
    return service.used() && (!settled || service.refused || service.stale());
}

List<ServiceId> causes(const Supervisor& supervisor, ServiceId id) {
    List<ServiceId> chain;
    for (; id && chain.size() <= supervisor.services().size();
         id = cause_of(supervisor, supervisor.at(id)))
        chain.push_back(id);
    return chain;
}

}  // namespace reeve
