// Where a run leads once nothing of it is left.
#include "core/health.h"
#include "core/restart.h"
#include "core/takeover.h"
#include "core/walk.h"

namespace reeve {

void Walk::forget_process() {
    s_.leader = {};
    s_.group = 0;
    s_.leader_gone = true;
    s_.run_digest = 0;
    s_.start_by = s_.stop_by = no_deadline;
}

// Nothing of the group is left. Waits for cancelled hooks, runs post_stop, then concludes.
void Walk::finish() {
    if (s_.group != 0 || s_.phase == Phase::executing) act(ActionKind::end_run);
    const Duration well{(now_.mono - s_.started).ms - time_ill(s_).ms};
    if (s_.group != 0 && well >= policy().reset_after) s_.attempts = s_.failures = 0;
    forget_process();
    cancel_run_hooks();
    cancel_hook(Hook::stop_command);
    if (s_.hook_of_run_runs() || s_.hook_runs(Hook::stop_command))
        return enter(State::stopping, Phase::cancelling, s_.reason);
    if (is_unread(s_)) return await_definition(0);
    if (policy().post_stop.empty() || s_.hooks_over) return conclude();
    enter(State::stopping, Phase::post_stop, {.code = ReasonCode::post_stop});
    run_hook(Hook::post_stop);
}

// The run is over, and its end (in `verdict`) cannot be judged yet.
void Walk::await_definition(uint8_t is_concluded) {
    if (s_.want == Want::down) return conclude();
    enter(State::waiting, Phase::idle,
          {.code = ReasonCode::definition_unread, .detail = is_concluded});
}

// Where the run leads: not wanted, asked for again, or as the restart policy says.
void Walk::conclude() {
    if (is_unread(s_) && s_.want == Want::up) return await_definition(1);
    s_.end = s_.verdict;
    s_.verdict = {};
    if (s_.end.code == ReasonCode::hook_failed) return fail_undo();
    const bool wanted = s_.want == Want::up && !s_.removed;
    const bool stopped = s_.end.code == ReasonCode::stopped_on_request;
    if (!wanted || s_.restart_requested() || stopped) {
        s_.attempts = s_.failures = 0;  // asked for, it is not one of a row of failures
        if (wanted) return enter(State::waiting, Phase::idle, reason_to_wait(s_.reason));
        s_.restart_for = ReasonCode::none;
        return enter(State::stopped, Phase::idle, {.code = ReasonCode::by_command});
    }
    if (succeeded(policy(), s_.end))
        s_.failures = 0;
    else if (s_.end.code != ReasonCode::fork_failed)
        ++s_.failures;
    const HealthRules* rules = health_of(s_);
    const bool is_final =
        rules != nullptr &&
        ((s_.end.code == ReasonCode::unhealthy && rules->check_action == CheckAction::stop) ||
         (s_.end.code == ReasonCode::over_limit && rules->limit_action == LimitAction::stop));
    const Verdict verdict =
        is_final ? Verdict{Verdict::Kind::failed, {}, {.code = ReasonCode::no_restart, .detail = 1}}
                 : decide(policy(), s_.end, s_.attempts, s_.failures);
    switch (verdict.kind) {
    case Verdict::Kind::again:
        ++s_.attempts;
        if (verdict.delay.ms == 0) return enter(State::waiting, Phase::idle, verdict.reason);
        enter(State::backoff, Phase::idle, verdict.reason);
        s_.deadline = now_.mono + verdict.delay;
        return;
    case Verdict::Kind::done: enter(State::done, Phase::idle, verdict.reason); break;
    case Verdict::Kind::failed:
        enter(State::failed, Phase::idle, verdict.reason);
        if (!policy().on_fail.empty() && !s_.hooks_over) run_hook(Hook::on_fail);
        break;
    }
    const OnEnd on_end = on_end_of(s_);
    if (on_end != OnEnd::nothing)
        actions_.add({ActionKind::end_reeve, {}, s_.exit, id_, static_cast<int32_t>(on_end)});
}

bool provides(const Service& service) {
    if (!service.definition) return false;
    const bool oneshot = service.policy().type == Type::oneshot;
    // Between its runs one with a schedule waits, and has done what it was to do.
    if (oneshot && service.state == State::waiting && service.definition->has_schedule())
        return service.runs > 0 && service.end.code != ReasonCode::stopped_on_request &&
               succeeded(service.policy(), service.end);
    return service.state == (oneshot ? State::done : State::running);
}

OnEnd on_end_of(const Service& service) {
    const OnEnd on_end = service.policy().on_end;
    if (on_end == OnEnd::shutdown_on_failure && service.state != State::failed)
        return OnEnd::nothing;
    return on_end;
}

// A oneshot that is done is taken down: its stop_command undoes what it did. There is no process
// but the hook's, which is ended at stop_timeout.
void Walk::begin_undo(const Reason& reason) {
    if (s_.hooks_over) return give_up_undo();
    s_.verdict = {.code = ReasonCode::stopped_on_request};
    enter(State::stopping, Phase::stop_command, reason);
    run_hook(Hook::stop_command);
}

// The shutdown's time is over before it, or in its midst.
void Walk::give_up_undo() {
    s_.hooks_over = true;
    s_.verdict = reason_of({.hook = Hook::stop_command, .result = HookResult::timed_out});
    finish();
}

// What it did is still in place. That stays told until somebody asks for `up`, or `down` once more.
void Walk::fail_undo() {
    s_.restart_for = ReasonCode::none;
    s_.attempts = s_.failures = 0;
    enter(State::failed, Phase::idle, s_.end);
    if (!policy().on_fail.empty() && !s_.hooks_over) run_hook(Hook::on_fail);
}

}  // namespace reeve
