#include "model/service.h"

#include <algorithm>
#include <iterator>
#include <sys/wait.h>

#include "base/limits.h"

namespace reeve {

namespace {

constexpr const char* state_names[state_count] = {
    "stopped", "waiting", "starting", "running", "stopping",
    "backoff", "done",    "failed",   "invalid", "unknown",
};

}  // namespace

ExitStatus exit_status_of(int wait_status) {
    if (WIFEXITED(wait_status))
        return {ExitStatus::Kind::exited, static_cast<uint8_t>(WEXITSTATUS(wait_status))};
    if (WIFSIGNALED(wait_status))
        return {ExitStatus::Kind::signalled, static_cast<uint8_t>(WTERMSIG(wait_status))};
    return {ExitStatus::Kind::unknown, 0};
}

int shell_code(ExitStatus status) {
    switch (status.kind) {
    case ExitStatus::Kind::exited: return status.value;
    case ExitStatus::Kind::signalled: return 128 + status.value;
    case ExitStatus::Kind::none:
    case ExitStatus::Kind::unknown: return 1;
    }
    return 1;
}

const char* name_of(State state) { return state_names[static_cast<size_t>(state)]; }

std::optional<State> parse_state(std::string_view name) {
    for (size_t i = 0; i < state_count; ++i)
        if (name == state_names[i]) return static_cast<State>(i);
    return std::nullopt;
}

const char* name_of(Want want) { return want == Want::up ? "up" : "down"; }

const char* name_of(Phase phase) {
    constexpr const char* names[] = {
        "idle", "pre_start",    "executing",   "readying", "checking",   "check_pause",
        "up",   "stop_command", "terminating", "killing",  "cancelling", "post_stop",
    };
    static_assert(std::size(names) == phase_count);
    return names[static_cast<size_t>(phase)];
}

const char* name_of(Hook hook) {
    constexpr const char* names[] = {
        "pre_start", "start_check", "stop_command", "reload_command",
        "post_stop", "on_fail",     "post_start",   "check",
    };
    static_assert(std::size(names) == hook_count);
    return names[static_cast<size_t>(hook)];
}

std::string_view shell_line_of(Hook hook, const Definition& definition) {
    const Policy& policy = *definition.policy;
    switch (hook) {
    case Hook::pre_start: return policy.pre_start;
    case Hook::start_check: return policy.start_check;
    case Hook::stop_command: return policy.stop_command;
    case Hook::reload_command: return policy.reload_command;
    case Hook::post_stop: return policy.post_stop;
    case Hook::on_fail: return policy.on_fail;
    case Hook::post_start: return policy.post_start;
    case Hook::check:
        if (definition.health) return definition.health->check;
        break;
    }
    return {};
}

int32_t value_of(Wall time) {
    const int64_t seconds = std::clamp<int64_t>(seconds_of(time), 0, UINT32_MAX);
    return static_cast<int32_t>(static_cast<uint32_t>(seconds));
}

Wall time_of(const Reason& reason) { return wall_of(static_cast<uint32_t>(reason.value)); }

int32_t value_of(const HookFailure& failure) {
    if (failure.result == HookResult::not_started)
        return static_cast<int32_t>(failure.step) << 16 | failure.code;
    if (failure.result != HookResult::failed) return 0;
    return failure.status.value + (failure.status.kind == ExitStatus::Kind::signalled ? 256 : 0);
}

Reason reason_of(const HookFailure& failure) {
    return {.code = ReasonCode::hook_failed,
            .detail = static_cast<uint8_t>(static_cast<unsigned>(failure.hook) << 4 |
                                           static_cast<unsigned>(failure.result)),
            .value = value_of(failure)};
}

HookFailure hook_failure_of(const Event& event) {
    return {event.hook, event.result, event.status, static_cast<SpawnStep>(event.detail),
            event.value};
}

HookFailure hook_failure_of(const Reason& reason) {
    HookFailure failure;
    const size_t hook = reason.detail >> 4;
    const bool names_hook =
        reason.code == ReasonCode::hook_failed || reason.code == ReasonCode::unhealthy;
    if (names_hook && hook < hook_count) failure.hook = static_cast<Hook>(hook);
    failure.result = static_cast<HookResult>(reason.detail & 15);
    const int32_t value = reason.value;
    if (failure.result == HookResult::not_started) {
        failure.step = static_cast<SpawnStep>(value >> 16 & 255);
        failure.code = value & 65535;
    } else if (failure.result == HookResult::failed && value > 0) {
        const bool signalled = value > 256;
        failure.status = {signalled ? ExitStatus::Kind::signalled : ExitStatus::Kind::exited,
                          static_cast<uint8_t>(value & 255)};
    }
    return failure;
}

// As the message begins that ends in the errno's words.
const char* name_of(SpawnStep step) {
    switch (step) {
    case SpawnStep::record: return "journal";
    case SpawnStep::session: return "setsid";
    case SpawnStep::group: return "setpgid";
    case SpawnStep::terminal: return "tty";
    case SpawnStep::input: return "stdin";
    case SpawnStep::output: return "log";
    case SpawnStep::descriptor: return "descriptor";
    case SpawnStep::limit: return "limit";
    case SpawnStep::nice: return "nice";
    case SpawnStep::oom_score_adj: return "oom_score_adj";
    case SpawnStep::umask: return "umask";
    case SpawnStep::chroot: return "chroot";
    case SpawnStep::user: return "user";
    case SpawnStep::chdir: return "chdir";
    case SpawnStep::no_new_privs: return "no_new_privs";
    case SpawnStep::env_file: return "env_file";
    case SpawnStep::exec: return "exec";
    case SpawnStep::fork: return "fork";
    case SpawnStep::prepare: return "prepare";
    case SpawnStep::interpreter: return "exec";
    case SpawnStep::capabilities: return "capabilities";
    case SpawnStep::ioprio: return "ioprio";
    case SpawnStep::sched: return "sched";
    case SpawnStep::listen: return "listen";
    case SpawnStep::cgroup: return "cgroup";
    }
    return "?";
}

const char* name_of(EventKind kind) {
    constexpr const char* names[] = {
        "start",        "hold",           "rest",
        "invalidate",   "stop",           "kill",
        "reload",       "retry_now",      "spawned",
        "spawn_failed", "exec_done",      "exec_failed",
        "ready",        "stop_announced", "main_process",
        "exited",       "group_empty",    "hook_ended",
        "deadline",     "unverified",     "definition_read",
        "hurry",        "hung",           "silent",
        "over_limit",
    };
    static_assert(std::size(names) == event_kind_count);
    return names[static_cast<size_t>(kind)];
}

Text Service::full_text() const {
    return instance.empty() ? name : Text(FullNameText(full_name()).view());
}

bool is_name(std::string_view text, bool colon) {
    for (const char c : text) {
        const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '_' || c == '-' || (c == ':' && colon);
        if (!fine) return false;
    }
    return !text.empty() && text.size() <= name_max_bytes;
}

}  // namespace reeve
