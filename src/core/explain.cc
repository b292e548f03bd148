#include "core/explain.h"

#include "base/result.h"
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

// What the failed step of a child's set-up was about, as far as the definition tells.
std::string_view object_of(SpawnStep step, const Definition& definition) {
    const Policy& policy = *definition.policy;
    switch (step) {
    case SpawnStep::exec:
        return definition.exec.empty() ? definition.command.view() : definition.exec.front();
    case SpawnStep::chdir: return definition.workdir.empty() ? "/" : definition.workdir.view();
    case SpawnStep::user: return policy.user;
    case SpawnStep::chroot: return policy.chroot;
    case SpawnStep::terminal: return policy.tty;
    case SpawnStep::input: return policy.input;
    default: return {};
    }
}

void append_other(Sink& out, const char* words, const Supervisor& supervisor, ServiceId other) {
    out << words;
    if (other && supervisor.at(other).used()) append_name(out, supervisor.at(other));
}

}  // namespace

const char* words_of(HookResult result) {
    switch (result) {
    case HookResult::succeeded: return "succeeded";
    case HookResult::failed: return "failed";
    case HookResult::timed_out: return "timed out (hook_timeout)";
    case HookResult::not_started: return "could not be started";
    }
    return "";
}

void append_end(Sink& out, const Service& service, const Reason& end) {
    switch (end.code) {
    case ReasonCode::exited: out << "exit " << end.value; return;
    case ReasonCode::signalled:
        out << "signal ";
        append_signal(out, end.value);
        return;
    case ReasonCode::exit_unknown: out << "exit unknown"; return;
    case ReasonCode::stopped_on_request:
        out << (end.value != 0 ? "stopped, KILL was needed" : "stopped");
        return;
    case ReasonCode::exec_failed: {
        const auto step = static_cast<SpawnStep>(end.detail);
        if (!service.end_note.empty()) {
            out << service.end_note.view();
            return;
        }
        out << name_of(step);
        if (service.definition) {
            const std::string_view object = object_of(step, *service.definition);
            if (!object.empty()) out << ' ' << object;
        }
        out << ": " << errno_text(end.value);
        return;
    }
    case ReasonCode::fork_failed: out << "fork: " << errno_text(end.value); return;
    case ReasonCode::pre_start_failed:
        out << "pre_start " << words_of(static_cast<HookResult>(end.detail));
        return;
    case ReasonCode::start_timed_out: out << "not ready within start_timeout"; return;
    default: return;
    }
}

namespace {

// How the last run ended, and what the restart policy made of that.
void append_verdict(Sink& out, const Service& service) {
    append_end(out, service, service.end);
    const Reason& reason = service.reason;
    if (reason.code == ReasonCode::retry && service.failures > 0) {
        out << ", ";
        append_ordinal(out, service.failures);
        out << " failure";
    }
    if (reason.code == ReasonCode::retries_used_up) {
        out << ", given up after " << reason.value << " failed run"
            << (reason.value == 1 ? "" : "s") << " (retries)";
    }
    if (reason.code == ReasonCode::fatal_exit) out << ", which is fatal";
    if (reason.code == ReasonCode::no_restart && service.definition &&
        service.policy().restart != Restart::by_type)
        out << ", restart = never";
}

}  // namespace

void append_reason(Sink& out, const Supervisor& supervisor, const Service& service) {
    const Reason& reason = service.reason;
    switch (reason.code) {
    case ReasonCode::none: return;
    case ReasonCode::not_enabled: out << "enabled = no"; return;
    case ReasonCode::by_command:
        out << "asked for by svctl";
        if (service.state == State::stopped && service.end.value != 0 &&
            service.end.code == ReasonCode::stopped_on_request)
            out << ", KILL was needed";
        return;
    case ReasonCode::restart_command: out << "restart asked for by svctl"; return;
    case ReasonCode::definition_changed: out << "its definition changed"; return;
    case ReasonCode::definition_removed: out << "its file is gone"; return;
    case ReasonCode::definition_invalid: out << service.problem.view(); return;
    case ReasonCode::withdrawn: out << "type = fake"; return;
    case ReasonCode::shutdown: out << "reeve shuts down"; return;
    case ReasonCode::needs: return append_other(out, "needs ", supervisor, reason.other);
    case ReasonCode::after: return append_other(out, "after ", supervisor, reason.other);
    case ReasonCode::start_slot: out << "a start slot (max_starting)"; return;
    case ReasonCode::dependency_down:
        return append_other(out, "goes down before ", supervisor, reason.other);
    case ReasonCode::dependency_lost:
        return append_other(out, "cascade: lost ", supervisor, reason.other);
    case ReasonCode::pre_start: out << "pre_start runs"; return;
    case ReasonCode::executing: out << "exec"; return;
    case ReasonCode::awaiting_ready: out << words_of(static_cast<ReadyKind>(reason.value)); return;
    case ReasonCode::start_check: out << "start_check has not succeeded yet"; return;
    case ReasonCode::ready:
        out << (service.status_text.empty() ? "ready" : service.status_text.view());
        return;
    case ReasonCode::group_left:
        append_end(out, service, service.verdict);
        out << ", but it left processes behind";
        return;
    case ReasonCode::announced: out << "it announced its end (STOPPING=1)"; return;
    case ReasonCode::not_ready_in_time: out << "not ready within start_timeout"; return;
    case ReasonCode::post_stop: out << "post_stop runs"; return;
    case ReasonCode::ended: return append_end(out, service, service.end);
    case ReasonCode::retry:
    case ReasonCode::retries_used_up:
    case ReasonCode::fatal_exit:
    case ReasonCode::no_restart: return append_verdict(out, service);
    case ReasonCode::exited:
    case ReasonCode::signalled:
    case ReasonCode::exit_unknown:
    case ReasonCode::stopped_on_request:
    case ReasonCode::exec_failed:
    case ReasonCode::fork_failed:
    case ReasonCode::pre_start_failed:
    case ReasonCode::start_timed_out: return append_end(out, service, reason);
    }
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

std::vector<ServiceId> causes(const Supervisor& supervisor, ServiceId id) {
    std::vector<ServiceId> chain;
    for (; id && chain.size() <= supervisor.services().size();
         id = cause_of(supervisor, supervisor.at(id)))
        chain.push_back(id);
    return chain;
}

namespace {

// The last of causes(), for what asks in every turn.
const Service& root_cause(const Supervisor& supervisor, const Service& service) {
    const Service* root = &service;
    for (size_t steps = supervisor.services().size(); steps > 0; --steps) {
        const ServiceId other = cause_of(supervisor, *root);
        if (!other) break;
        root = &supervisor.at(other);
    }
    return *root;
}

}  // namespace

Progress progress(const Supervisor& supervisor, ServiceId id, const Goal& goal) {
    const Service& service = supervisor.at(id);
    switch (goal.kind) {
    case Goal::Kind::down:
        if (!service.used() || !service.active()) return Progress::reached;
        return Progress::pending;
    case Goal::Kind::state:
        if (!service.used()) return Progress::failed;
        return service.state == goal.state ? Progress::reached : Progress::pending;
    case Goal::Kind::up:
    case Goal::Kind::restarted: break;
    }
    if (!service.used() || service.want == Want::down) return Progress::failed;
    const bool new_run = goal.kind == Goal::Kind::up || service.runs > goal.runs_before;
    if (new_run && (service.state == State::running || service.state == State::done))
        return Progress::reached;
    // A run of its own, and it failed: more may follow, but the answer is known.
    const bool tried = service.runs > goal.runs_before;
    if (tried && service.state == State::backoff) return Progress::failed;
    if (new_run && service.state == State::failed) return Progress::failed;
    if (service.state == State::invalid) return Progress::failed;
    // Wanted, and yet stopped: it is withdrawn, or reeve ends.
    if (service.state == State::stopped) return Progress::failed;
    // Held back by what will not come by itself.
    if (service.state != State::waiting) return Progress::pending;
    const Service& root = root_cause(supervisor, service);
    const bool hopeless = root.state == State::failed || root.state == State::invalid ||
                          root.state == State::stopped || root.state == State::done;
    return hopeless ? Progress::failed : Progress::pending;
}

}  // namespace reeve
