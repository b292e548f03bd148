// The state machine. States in capitals, phases in small letters.
//
//   STOPPED, WAITING --start--> STARTING
//                                 pre_start ----hook succeeded----+
//                                 executing <---------------------+ (or at once, without pre_start)
//                                     | exec_done
//                                 readying
//                                     | ready
//                                 checking --failed--> check_pause --deadline--> checking
//                                     | start_check succeeded, or there is none
//                               RUNNING
//                                 up (beside it: post_start, check)
//     from each of these:             | stop; start_timeout; STOPPING=1; unhealthy; watchdog;
//                                     | max_runtime; the leader ended, but something of its
//                                     | group is left
//                               STOPPING
//                                 stop_command
//                                     | hook ended
//                                 terminating --stop_timeout--> killing
//                                     | nothing of the group is left (from every phase with a
//                                     | process: also when the leader ends by itself)
//                                 [finish]
//                                 cancelling, while a killed hook has not ended
//                                 post_stop
//                                     |
//                                 [conclude] --not wanted-------------------> STOPPED
//                                            --stopped, but wanted----------> WAITING
//                                            --restart policy: again-------> BACKOFF or WAITING
//                                            --restart policy: no more-----> DONE, FAILED
//
//   A oneshot that is DONE and has a stop_command is undone by that:
//   DONE --stop--> STOPPING, stop_command --hook ended--> [conclude], or FAILED where it failed.
//
//   BACKOFF --deadline--> WAITING.   Every idle state --rest--> STOPPED, --hold--> WAITING.
//
// A run ends in finish() whatever ended it: the leader's exit, a stop, a failed exec or pre_start.
#include "core/transition.h"

#include <algorithm>
#include <csignal>

#include "base/check.h"
#include "base/limits.h"
#include "core/health.h"
#include "core/restart.h"
#include "core/takeover.h"
#include "core/walk.h"

namespace reeve {

void Actions::add(const Action& action) {
    check(count_ < actions_.size());
    actions_[count_++] = action;
}

void Walk::take(const Event& event) {
    switch (event.kind) {
    case EventKind::start: return on_start();
    case EventKind::hold:
        check(!s_.active());
        begin_anew();
        return enter(State::waiting, Phase::idle, event.reason);
    case EventKind::rest: return on_rest(event.reason);
    case EventKind::invalidate:
        check(!s_.active());
        return enter(State::invalid, Phase::idle, {.code = ReasonCode::definition_invalid});
    case EventKind::stop: return on_stop(event.reason);
    case EventKind::kill: return on_kill();
    case EventKind::hurry: return on_hurry();
    case EventKind::reload: return on_reload();
    case EventKind::retry_now: return on_retry_now();
    case EventKind::spawned: return on_spawned(event.process);
    case EventKind::spawn_failed:
        check(s_.phase == Phase::executing && !s_.leader);
        s_.exit = event.status;
        s_.verdict = start_failure(event);
        return finish();
    case EventKind::exec_done: return on_exec_done();
    case EventKind::exec_failed:
        if (s_.leader) s_.verdict = start_failure(event);
        return;
    case EventKind::ready: return on_ready();
    case EventKind::stop_announced: return on_stop_announced();
    case EventKind::hung: return end_as_failed({.code = ReasonCode::watchdog, .value = 1});
    case EventKind::silent: return end_as_failed({.code = ReasonCode::watchdog});
    case EventKind::over_limit:
        return end_as_failed(
            {.code = ReasonCode::over_limit, .detail = event.detail, .value = event.value});
    case EventKind::main_process:
        if (s_.leader) s_.leader = event.process;
        return;
    case EventKind::exited: return on_exited(event);
    case EventKind::group_empty: return on_group_empty();
    case EventKind::hook_ended: return on_hook_ended(event);
    case EventKind::deadline: return on_deadline();
    case EventKind::definition_read: return s_.reason.detail != 0 ? conclude() : finish();
    case EventKind::unverified: {
        const Reason reason{.code = ReasonCode::unverified, .value = event.value};
        forget_process();
        return enter(State::unknown, Phase::idle, reason);
    }
    }
}

void Walk::enter(State state, Phase phase, const Reason& reason) {
    if (s_.state != state) {
        s_.since = now_.wall;
        s_.changed = now_.mono;
    }
    s_.state = state;
    s_.phase = phase;
    s_.reason = reason;
    s_.deadline = no_deadline;
}

// What its schedule starts has nothing to do with how its run before went.
void Walk::begin_anew() {
    if (s_.state == State::failed || s_.state == State::backoff || s_.state == State::done)
        s_.attempts = s_.failures = 0;
}

void Walk::on_start() {
    check(!s_.active() && s_.definition);
    begin_anew();
    ++s_.runs;
    s_.restart_for = ReasonCode::none;
    s_.killed = false;
    s_.verdict = {};
    s_.started = now_.mono;
    s_.started_wall = now_.wall;
    s_.status_text = s_.end_note = {};
    s_.stranger.reset();
    s_.hook_failure = {};
    s_.group_told = {};
    if (policy().pre_start.empty()) return spawn();
    enter(State::starting, Phase::pre_start, {.code = ReasonCode::pre_start});
    run_hook(Hook::pre_start);
}

void Walk::on_rest(const Reason& reason) {
    check(!s_.active());
    s_.attempts = s_.failures = 0;
    s_.verdict = {};
    enter(State::stopped, Phase::idle, reason);
}

void Walk::on_stop(const Reason& reason) {
    const Reason verdict{.code = ReasonCode::stopped_on_request};
    switch (s_.phase) {
    case Phase::idle:
        if (s_.in_place()) begin_undo(reason);
        return;
    case Phase::pre_start: return drop_start(reason, verdict);
    case Phase::executing:
        if (!s_.leader) return drop_start(reason, verdict);
        [[fallthrough]];
    case Phase::readying:
    case Phase::checking:
    case Phase::check_pause:
    case Phase::up: return begin_stop(reason, verdict);
    case Phase::stop_command:
    case Phase::terminating:
    case Phase::killing:
    case Phase::cancelling:
    case Phase::post_stop:
        s_.reason = reason;  // it ends already; why it stays down is what matters now
        return;
    }
}

// Nothing may outlast this: hooks are killed with the group.
void Walk::on_kill() {
    for (size_t i = 0; i < hook_count; ++i) cancel_hook(static_cast<Hook>(i));
    if (s_.in_place() || undoes()) return give_up_undo();
    if (!s_.active()) return;
    s_.hooks_over = true;
    if (s_.verdict.code == ReasonCode::none) s_.verdict = {.code = ReasonCode::stopped_on_request};
    if (s_.group > 0) {
        const bool cut_off = !s_.killed && s_.verdict.code == ReasonCode::stopped_on_request;
        kill_group();
        if (cut_off) s_.verdict.value = 2;
        return;
    }
    if (s_.phase != Phase::post_stop) finish();
}

// A shutdown was asked for once more: what is not over yet is told to end now, whatever its order
// and its stop_command.
void Walk::on_hurry() {
    if (s_.active() && s_.state != State::stopping)
        on_stop({.code = ReasonCode::shutdown});
    else if (s_.phase == Phase::terminating)
        return send_stop_signal();
    if (s_.phase == Phase::stop_command && !undoes()) send_stop_signal();
}

void Walk::on_reload() {
    if (s_.state != State::running) return;
    if (hook_failure_of(s_.hook_failure).hook == Hook::reload_command) s_.hook_failure = {};
    if (policy().reload_command.empty())
        act(ActionKind::signal_leader, policy().reload_signal);
    else
        run_hook(Hook::reload_command);
}

void Walk::on_retry_now() {
    s_.attempts = s_.failures = 0;
    if (s_.active()) return;
    s_.verdict = {};
    // What is in place still is to be undone once more, in its turn.
    if (s_.undo_failed() && s_.want == Want::down)
        return enter(State::done, Phase::idle, {.code = ReasonCode::ended});
    enter(State::waiting, Phase::idle, {});
}

void Walk::spawn() {
    if (is_unread(s_)) return await_definition(0);
    s_.group_poll_ms = 0;
    s_.in_control_group = !policy().cgroup.empty();
    enter(State::starting, Phase::executing, {.code = ReasonCode::executing});
    act(ActionKind::spawn, static_cast<int32_t>(s_.runs));
}

void Walk::on_spawned(const Process& process) {
    check(s_.phase == Phase::executing && !s_.leader);
    s_.leader = process;
    s_.group = process.pid;
    s_.leader_gone = false;
    s_.run_digest = s_.definition->process_digest;
    s_.start_by = now_.mono + policy().start_timeout;
    s_.deadline = s_.start_by;
}

void Walk::on_exec_done() {
    if (s_.phase != Phase::executing) return;  // it is being stopped
    const Ready& ready = policy().ready;
    if (ready.kind == ReadyKind::exec) return became_ready();
    enter(State::starting, Phase::readying,
          {.code = ReasonCode::awaiting_ready, .value = static_cast<int32_t>(ready.kind)});
    if (ready.kind == ReadyKind::after) s_.start_by = s_.start_by + ready.delay;
    s_.deadline = ready.kind == ReadyKind::after ? now_.mono + ready.delay : s_.start_by;
}

void Walk::on_ready() {
    // The program may have spoken before the end of exec was noticed.
    if (s_.phase == Phase::executing || s_.phase == Phase::readying) became_ready();
}

void Walk::became_ready() {
    if (!policy().start_check.empty()) return run_start_check();
    run();
}

void Walk::run() {
    enter(State::running, Phase::up, {.code = ReasonCode::ready});
    begin_health(s_, id_, now_);
    if (has_bound(health_of(s_))) act(ActionKind::measure);
    if (!policy().post_start.empty()) run_hook(Hook::post_start);
}

void Walk::run_start_check() {
    if (policy().start_check.empty()) return run();
    enter(State::starting, Phase::checking, {.code = ReasonCode::start_check});
    s_.deadline = s_.start_by;
    run_hook(Hook::start_check);
}

void Walk::on_stop_announced() {
    if (!runs()) return;  // it was told to already, or is gone
    cancel_run_hooks();
    enter(State::stopping, Phase::terminating, {.code = ReasonCode::announced});
    s_.stop_by = now_.mono + policy().stop_timeout;
    s_.deadline = s_.stop_by;
}

// There is no process yet; a spawn that was asked for will find the run over.
void Walk::drop_start(const Reason& reason, const Reason& verdict) {
    s_.verdict = verdict;
    enter(State::stopping, Phase::cancelling, reason);
    finish();
}

// `verdict` is how this run will have ended, whatever its leader's exit code says.
void Walk::begin_stop(const Reason& reason, const Reason& verdict) {
    cancel_run_hooks();
    s_.verdict = verdict;
    s_.stop_by = now_.mono + policy().stop_timeout;
    if (!policy().stop_command.empty() && s_.phase != Phase::executing) {
        enter(State::stopping, Phase::stop_command, reason);
        s_.deadline = s_.stop_by;
        run_hook(Hook::stop_command);
        return;
    }
    enter(State::stopping, Phase::terminating, reason);
    send_stop_signal();
}

void Walk::send_stop_signal() {
    s_.phase = Phase::terminating;
    const bool leader_only = policy().kill_mode == KillMode::process && !s_.leader_gone;
    act(leader_only ? ActionKind::signal_leader : ActionKind::signal_group, policy().stop_signal);
    if (!leader_only) s_.group_told = now_.mono;
    s_.deadline = s_.stop_by;
    if (s_.leader_gone) watch_group();
}

void Walk::kill_group() {
    if (s_.state != State::stopping) enter(State::stopping, Phase::killing, s_.reason);
    cancel_hook(Hook::stop_command);
    s_.phase = Phase::killing;
    s_.killed = true;
    if (s_.verdict.code == ReasonCode::stopped_on_request) s_.verdict.value = 1;
    act(ActionKind::signal_group, SIGKILL);
    s_.group_poll_ms = 0;
    watch_group();
}

// What is left of a group need not be our children: nobody tells us of its end, so we look, soon
// at first and then less often. Of a control group's the kernel tells; a KILL that could not be
// sent is sent again.
void Walk::watch_group() {
    const bool is_told = s_.in_control_group;
    s_.group_poll_ms = static_cast<int32_t>(std::clamp<int64_t>(
        s_.group_poll_ms * 2, is_told ? group_poll_max_ms : group_poll_min_ms, group_poll_max_ms));
    s_.deadline = now_.mono + milliseconds(s_.group_poll_ms);
    if (s_.phase != Phase::killing)
        s_.deadline = is_told ? s_.stop_by : std::min(s_.deadline, s_.stop_by);
}

void Walk::on_exited(const Event& event) {
    check(s_.leader && !s_.leader_gone);
    const bool by_itself = runs();
    s_.exit = event.status;
    s_.leader_gone = true;
    if (event.detail != 0 && s_.verdict.code == ReasonCode::none) {
        s_.verdict = end_of(s_.exit);
        s_.verdict.detail = event.detail;
    }
    if (!event.group_left) return on_group_empty();
    if (by_itself) {
        if (s_.verdict.code == ReasonCode::none) s_.verdict = end_of(s_.exit);
        cancel_run_hooks();
        s_.stop_by = now_.mono + policy().stop_timeout;
        enter(State::stopping, Phase::terminating, {.code = ReasonCode::group_left});
        // To some programs a second one says "now".
        const bool told =
            s_.group_told.ms != 0 && now_.mono - s_.group_told <= milliseconds(group_told_max_ms);
        return told ? watch_group() : send_stop_signal();
    }
    // The end of a stop_command, or stop_timeout, goes on with what is left.
    if (s_.phase == Phase::stop_command) return;
    // kill_mode = process spared the others until now, or the leader ended of its own accord.
    if (s_.phase == Phase::terminating && s_.group_told.ms == 0)
        act(ActionKind::signal_group, SIGTERM);
    watch_group();
}

void Walk::on_group_empty() {
    if (s_.group == 0) return;  // found twice
    check(s_.leader_gone);
    if (s_.verdict.code == ReasonCode::none) s_.verdict = end_of(s_.exit);
    finish();
}

void Walk::on_hook_ended(const Event& event) {
    s_.hooks = static_cast<uint8_t>(s_.hooks & ~(1u << static_cast<unsigned>(event.hook)));
    note_hook_end(event);
    switch (s_.phase) {
    case Phase::pre_start:
        if (event.hook != Hook::pre_start) return;
        if (event.result == HookResult::succeeded) return spawn();
        s_.verdict = start_failure(event);
        return finish();
    case Phase::checking:
        if (event.hook != Hook::start_check) return;
        if (event.result == HookResult::succeeded) return run();
        s_.phase = Phase::check_pause;
        s_.deadline = std::min(s_.start_by, now_.mono + policy().start_check_interval);
        return;
    case Phase::stop_command:
        if (event.hook != Hook::stop_command) return;
        if (!undoes()) return send_stop_signal();
        if (event.result != HookResult::succeeded && event.is_told) s_.verdict = s_.hook_failure;
        return conclude();
    case Phase::cancelling: return finish();
    case Phase::post_stop:
        if (event.hook == Hook::post_stop) conclude();
        return;
    case Phase::up:
        if (event.hook == Hook::check && event.is_told) judge(event);
        return;
    case Phase::idle:
    case Phase::executing:
    case Phase::readying:
    case Phase::check_pause:
    case Phase::terminating:
    case Phase::killing: return;  // a hook that was cancelled, or one that nothing waits for
    }
}

void Walk::note_hook_end(const Event& event) {
    Reason& last = s_.hook_failure;
    if (event.result == HookResult::succeeded) {
        if (hook_failure_of(last).hook == event.hook) last = {};
    } else if (event.is_told) {
        last = reason_of(hook_failure_of(event));
    }
}

void Walk::on_deadline() {
    s_.deadline = no_deadline;
    switch (s_.phase) {
    case Phase::idle:
        if (s_.state == State::backoff) enter(State::waiting, Phase::idle, s_.reason);
        return;
    case Phase::readying:
    case Phase::check_pause:
        // The reason knows what this run is ready by; the definition may have changed since. What
        // was said while reeve was away (detail) is lost, and counts: its check has time.
        if (s_.reason.detail != 0) s_.start_by = now_.mono + policy().start_timeout;
        if (s_.reason.value == static_cast<int32_t>(ReadyKind::after) || s_.reason.detail != 0)
            return became_ready();
        if (s_.phase == Phase::check_pause && now_.mono < s_.start_by) return run_start_check();
        [[fallthrough]];
    case Phase::executing:
    case Phase::checking:
        return begin_stop({.code = ReasonCode::not_ready_in_time},
                          {.code = ReasonCode::start_timed_out});
    case Phase::stop_command:
    case Phase::terminating:
        if (now_.mono >= s_.stop_by) return kill_group();
        act(ActionKind::check_group);
        return watch_group();
    case Phase::killing:
        act(ActionKind::signal_group, SIGKILL);
        act(ActionKind::check_group);
        return watch_group();
    case Phase::up: return on_deadline_while_up();
    case Phase::pre_start:
    case Phase::cancelling:
    case Phase::post_stop: return;  // no deadline of their own
    }
}

// A hook that still runs is not started again: what belongs to a run is waited for before that can
// happen; reload_command and on_fail would only do their work twice.
void Walk::run_hook(Hook hook) {
    if (s_.hook_runs(hook)) return;
    s_.hooks = static_cast<uint8_t>(s_.hooks | 1u << static_cast<unsigned>(hook));
    actions_.add({ActionKind::run_hook, hook, {}, id_});
}

// What belongs to a run has no use any more once that ends.
void Walk::cancel_run_hooks() {
    for (size_t i = 0; i < hook_count; ++i)
        if (const auto hook = static_cast<Hook>(i); belongs_to_run(hook)) cancel_hook(hook);
}

void Walk::cancel_hook(Hook hook) {
    if (s_.hook_runs(hook)) actions_.add({ActionKind::cancel_hook, hook, {}, id_});
}

void restore(Service& service, State state, Phase phase) {
    check(static_cast<size_t>(state) < state_count && static_cast<size_t>(phase) < phase_count);
    service.state = state;
    service.phase = phase;
}

Actions step(Service& service, ServiceId id, const Event& event, Now now) {
    Walk walk(service, id, now);
    walk.take(event);
    return walk.actions();
}

}  // namespace reeve
