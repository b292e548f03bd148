#include "core/restart.h"

#include <algorithm>

#include "base/limits.h"

namespace reeve {

bool succeeded(const Policy& policy, const Reason& end) {
    switch (end.code) {
    case ReasonCode::exited: return policy.success.has_code(end.value);
    case ReasonCode::signalled: return policy.success.has_signal(end.value);
    case ReasonCode::stopped_on_request: return true;
    // What runs once has run: not again because nobody saw how it went.
    case ReasonCode::exit_unknown: return policy.type == Type::oneshot;
    default: return false;
    }
}

Reason end_of(ExitStatus status) {
    switch (status.kind) {
    case ExitStatus::Kind::exited: return {.code = ReasonCode::exited, .value = status.value};
    case ExitStatus::Kind::signalled: return {.code = ReasonCode::signalled, .value = status.value};
    case ExitStatus::Kind::none:
    case ExitStatus::Kind::unknown: return {.code = ReasonCode::exit_unknown};
    }
    return {};
}

Reason reason_to_wait(const Reason& stopped_for) {
    switch (stopped_for.code) {
    case ReasonCode::shutdown:
    case ReasonCode::dependency_down:
    case ReasonCode::dependency_lost:
    case ReasonCode::out_of_window:
    case ReasonCode::not_in_force:
    case ReasonCode::clock_not_set:
    case ReasonCode::start_due:
    case ReasonCode::version_changed:
    case ReasonCode::definition_changed: return stopped_for;
    default: return {.code = ReasonCode::restart_command};
    }
}

Duration restart_delay(const Policy& policy, uint32_t attempts) {
    int64_t delay = policy.restart_delay.ms;
    const int64_t longest = std::max(policy.restart_delay_max.ms, delay);
    for (uint32_t i = 0; i < attempts && delay < longest && delay > 0; ++i) {
        int64_t next = delay * policy.restart_factor_percent / 100;
        if (next <= delay && policy.restart_factor_percent > 100) next = delay + 1;
        if (next == delay) break;
        delay = next;
    }
    return Duration{std::min(delay, longest)};
}

Verdict decide(const Policy& policy, const Reason& end, uint32_t attempts, uint32_t failures) {
    using enum Verdict::Kind;
    Duration delay = restart_delay(policy, attempts);
    // What could not even be started is not tried again at once, whatever restart_delay says:
    // without a process to wait for there would be no end of it.
    const bool hook_not_started = end.code == ReasonCode::pre_start_failed &&
                                  end.detail == static_cast<uint8_t>(HookResult::not_started);
    if (end.code == ReasonCode::fork_failed || end.code == ReasonCode::exec_failed ||
        hook_not_started)
        delay = std::max(delay, milliseconds(spawn_retry_min_ms));

    // fork failed: there was no run, so no policy but patience applies.
    if (end.code == ReasonCode::fork_failed) return {again, delay, {.code = ReasonCode::retry}};

    const bool good = succeeded(policy, end);
    if (end.code == ReasonCode::exited && policy.fatal.has_code(end.value))
        return {failed, {}, {.code = ReasonCode::fatal_exit}};
    const Restart restart = restart_of(policy);
    if (restart == Restart::never || (restart == Restart::on_failure && good)) {
        if (good) return {done, {}, {.code = ReasonCode::ended}};
        return {failed, {}, {.code = ReasonCode::no_restart}};
    }
    if (!good && policy.retries > 0 && failures >= static_cast<uint32_t>(policy.retries))
        return {failed,
                {},
                {.code = ReasonCode::retries_used_up, .value = static_cast<int32_t>(failures)}};
    return {again, delay, {.code = ReasonCode::retry}};
}

Reason start_failure(const Event& event) {
    if (event.detail == static_cast<uint8_t>(SpawnStep::fork))
        return {.code = ReasonCode::fork_failed, .detail = event.detail, .value = event.value};
    if (event.kind == EventKind::hook_ended)
        return {.code = ReasonCode::pre_start_failed,
                .detail = static_cast<uint8_t>(event.result),
                .value = value_of(hook_failure_of(event))};
    return {.code = ReasonCode::exec_failed, .detail = event.detail, .value = event.value};
}

}  // namespace reeve
