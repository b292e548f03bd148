// Service: the vocabulary of supervision. What a service is doing, what can happen to it (Event),
// what reeve does about it (Action), and why (Reason). Plain data; the rules are in src/core.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <sys/types.h>

#include "base/format.h"
#include "base/ref.h"
#include "base/text.h"
#include "base/time.h"
#include "model/definition.h"
#include "model/full_name.h"

namespace reeve {

// A service's place in the supervisor's table; stays the same while the service exists.
struct ServiceId {
    uint32_t index = UINT32_MAX;
    friend bool operator==(ServiceId, ServiceId) = default;
    explicit operator bool() const { return index != UINT32_MAX; }
};

// A process, so that no other that gets its number later passes for it.
struct Process {
    pid_t pid = 0;            // 0: none
    uint64_t start_time = 0;  // as the platform counts it since boot; 0: not known
    friend bool operator==(Process, Process) = default;
    explicit operator bool() const { return pid > 0; }
};

// How a process ended (wait(2)).
struct ExitStatus {
    enum class Kind : uint8_t { none, exited, signalled, unknown };
    Kind kind = Kind::none;
    uint8_t value = 0;  // the exit code, or the signal's number
    friend bool operator==(ExitStatus, ExitStatus) = default;
};
ExitStatus exit_status_of(int wait_status);
// As a shell has it: the code, or 128+N for signal N.
int shell_code(ExitStatus status);

enum class State : uint8_t {
    stopped,   // not running, not wanted
    waiting,   // wanted, held back; the reason says by what
    starting,  // process exists, not ready yet
    running,   // ready
    stopping,  // told to end, something of it is left
    backoff,   // ended, will be retried at `deadline`
    done,      // ended as it should, not started again by itself
    failed,    // given up
    invalid,   // its file has errors and nothing of it runs
    unknown,   // left by an earlier reeve and not to be verified; never signalled
};
constexpr size_t state_count = 10;
const char* name_of(State state);
std::optional<State> parse_state(std::string_view name);

enum class Want : uint8_t { down, up };
const char* name_of(Want want);

// Where in its state a service is; the diagram is in core/transition.cc.
enum class Phase : uint8_t {
    idle,          // no process: stopped waiting backoff done failed invalid
    pre_start,     // starting: the hook runs
    executing,     // starting: forked, exec not yet done
    readying,      // starting: readiness is awaited
    checking,      // starting: start_check runs
    check_pause,   // starting: start_check failed, the next one is due at `deadline`
    up,            // running; its checks run beside it
    stop_command,  // stopping: stop_command runs
    terminating,   // stopping: the stop signal was sent, or the leader ended and left something
    killing,       // stopping: KILL was sent
    cancelling,    // stopping: no process left, but a hook that was killed has not ended yet
    post_stop,     // stopping: nothing of the group is left, the hook runs
};
constexpr size_t phase_count = 12;
const char* name_of(Phase phase);

// A command that runs beside a service, in a process group of its own, killed at its timeout.
enum class Hook : uint8_t {
    pre_start,
    start_check,
    stop_command,
    reload_command,
    post_stop,
    on_fail,
    post_start,
    check
};
constexpr size_t hook_count = 8;
const char* name_of(Hook hook);
std::string_view shell_line_of(Hook hook, const Definition& definition);  // empty: it has none

// Does it belong to one run, which it must not outlast?
constexpr bool belongs_to_run(Hook hook) {
    return hook == Hook::pre_start || hook == Hook::start_check || hook == Hook::post_start ||
           hook == Hook::check;
}

enum class HookResult : uint8_t { succeeded, failed, timed_out, not_started };

// The step of a child's set-up that failed, for "chdir /srv/x: No such file or directory".
enum class SpawnStep : uint8_t {
    record,
    session,
    group,
    terminal,
    input,
    output,
    descriptor,
    limit,
    nice,
    oom_score_adj,
    umask,
    chroot,
    user,
    chdir,
    no_new_privs,
    env_file,
    exec,
    fork,
    prepare,
    interpreter,  // exec of a file that is there, and names a program to run it that is not
    capabilities,
    ioprio,
    sched,
    listen,
    cgroup,
};
const char* name_of(SpawnStep step);

// Did the kernel kill it for want of memory?
enum class OutOfMemory : uint8_t {
    no,  // or nobody can tell
    yes,
    perhaps,  // it has killed fewer than were killed
};

// Why a service is in its state, or how its last run ended. core/explain makes words of it.
enum class ReasonCode : uint8_t {
    none,
    // Of a state:
    not_enabled,         // stopped: enabled = no
    by_command,          // stopped, stopping: svctl asked
    restart_command,     // stopping, waiting: svctl restart
    definition_changed,  // stopping, waiting: on_change = restart
    definition_removed,  // stopping: the file is gone
    definition_invalid,  // invalid: words in Service::problem
    withdrawn,           // stopped: type = fake
    shutdown,            // stopping, stopped: reeve itself ends
    needs,               // waiting: `other`, a dependency, is not there yet
    after,               // waiting: `other` is not settled yet
    start_slot,          // waiting: as many as may be are starting already
    dependency_down,     // stopping: `other`, a dependency, goes down
    dependency_lost,     // stopping: cascade, and `other` is not running
    pre_start,           // starting: the hook runs
    executing,           // starting: forked, exec not yet done
    awaiting_ready,      // starting: value = ReadyKind
    start_check,         // starting: start_check has not succeeded yet
    ready,               // running
    group_left,          // stopping: the leader ended, something of its group is left
    announced,           // stopping: STOPPING=1
    not_ready_in_time,   // stopping: past start_timeout
    post_stop,           // stopping: the hook runs
    ended,               // done: see `end`
    retry,               // waiting, backoff: see `end`
    retries_used_up,     // failed: value = how many failed runs
    fatal_exit,          // failed: an exit code of `fatal`
    no_restart,          // failed: `restart` rules out another run, see `end`
    // Of the end of a run:
    exited,              // value = exit code
    signalled,           // value = signal, detail = OutOfMemory
    exit_unknown,        // nobody could see it
    stopped_on_request,  // value = 1 where KILL was needed, 2 where it came for the shutdown's end
    exec_failed,         // detail = SpawnStep, value = errno
    fork_failed,         // value = errno; no run at all, does not count as a failed one
    pre_start_failed,    // detail = HookResult, value = how (see HookFailure)
    start_timed_out,     // not ready within start_timeout
    // Of a state again:
    unverified,         // unknown: value = a pid that may be its process; negative: a process group
    definition_unread,  // waiting: behind a crash, its file could not be read yet
    // Of a hook:
    hook_failed,  // see HookFailure
    // Of the clock. A time is in seconds since 1970, as an unsigned number:
    scheduled,      // waiting: value = when it starts next
    no_start_left,  // waiting: its schedule has none to come
    clock_not_set,  // waiting: there is no telling what its dates mean
    not_in_force,   // waiting: value = when apply_on comes
    out_of_window,  // waiting, stopping: value = when its window opens
    start_due,      // stopping, waiting: overlap = kill
    ran_too_long,   // of the end of a run: max_runtime
    overlapped,     // of a start that was skipped: the run before had not ended
    missed,         // of a start that was passed over: value = when it was due
    // Of versions and schedules:
    version_changed,   // stopping, waiting: another version is in force
    schedule_removed,  // stopped: it waited for a schedule that its file has no more
    // Of health:
    healthy,     // running: its check has succeeded
    unhealthy,   // running, stopping, and of the end of a run: see hook_failure_of
    watchdog,    // stopping, and of the end of a run: no WATCHDOG=1, or value = 1: =trigger
    over_limit,  // the same: detail = 0, value = kilobytes of memory, or 1, percent of a processor
    // Of instances:
    instance_removed,  // stopping: the file is there, and this is none of its instances any more
};
constexpr ReasonCode reason_code_last = ReasonCode::instance_removed;  // in a record

struct Reason {
    ReasonCode code = ReasonCode::none;
    uint8_t detail = 0;
    int32_t value = 0;
    ServiceId other{};
    friend bool operator==(const Reason&, const Reason&) = default;
};

// A time as the value of a Reason, in whole seconds, from 1970 to 2106; and back again.
int32_t value_of(Wall time);
Wall time_of(const Reason& reason);

// How a hook failed, as a Reason has it: the detail of hook_failed is 16 times the hook, and the
// result; its value, as that of pre_start_failed, is the exit code, 256 and the signal, or 65536
// times the step and the errno. 0: not known.
struct Event;
struct HookFailure {
    Hook hook = Hook::pre_start;
    HookResult result = HookResult::failed;
    ExitStatus status;
    SpawnStep step = SpawnStep::record;  // where it could not be started
    int code = 0;                        // an errno value, 0: not known
};
int32_t value_of(const HookFailure& failure);
Reason reason_of(const HookFailure& failure);
// Of a reason of either code, of unhealthy, or of hook_ended.
HookFailure hook_failure_of(const Reason& reason);
HookFailure hook_failure_of(const Event& event);

// What log_note has behind the directory of a service whose pipe nobody reads, in parentheses.
constexpr char log_lines_lost[] = "svlog does not run: nothing is recorded";

// A service at run time: one for every (name, instance). There may be thousands: the members are in
// an order that leaves no gaps.
struct Service {
    Text name;
    Text instance;                     // empty: the service has no instances
    Ref<const Definition> definition;  // null where no version of its file was ever valid
    Text problem;                      // why its file on disk is not in force: the first error
    Text status_text;                  // sd_notify STATUS=
    Text end_note;                     // more about `end` than its errno tells; may be empty
    Text strays;    // pids of its processes that have left its group, separated by blanks
    Text log_note;  // where its output goes instead of files, and why; empty: it has files

    Want want = Want::down;
    State state = State::stopped;
    Phase phase = Phase::idle;
    uint8_t hooks = 0;           // a bit for each Hook that runs now
    uint8_t check_failures = 0;  // in a row, of this run
    // Why it is to stop, and then to start again; none: it is not.
    ReasonCode restart_for = ReasonCode::none;
    bool removed : 1 = false;         // its file is gone: forgotten once it has stopped
    bool refused : 1 = false;         // its file has errors; `definition` is the one before
    bool known : 1 = false;           // had a definition once: `want` is the user's choice
    bool dirty : 1 = false;           // changed since it was last recorded
    bool leaving : 1 = false;         // may not run: not wanted, or a dependency goes down
    bool restart_behind : 1 = false;  // one that comes after it, by way of others: has not stopped
    bool killed : 1 = false;          // this stop needed KILL
    bool hooks_over : 1 = false;      // the shutdown's deadline has passed: no hook runs any more
    bool leader_gone : 1 = true;      // the leader was reaped, or is not ours to reap
    bool forgotten : 1 = false;       // it is no more: what is left is its name, in a free slot
    bool reached : 1 = false;         // by the command that is being carried out
    bool looks_other : 1 = false;     // than its status file has it
    bool ad_hoc : 1 = false;          // an instance that no file lists: svctl up has made it
    bool in_control_group : 1 = false;  // this run has a control group of its own
    ExitStatus exit;
    uint16_t scaled = 0;       // NAME@1's: how many svctl scale has asked for; 0: those of the file
    uint16_t scaled_from = 0;  // and how many the file had then

    Reason reason;                  // of the state
    Reason verdict;                 // of this run, where it is known before the run has ended
    Reason end;                     // of the last run
    Reason hook_failure;            // the last one of this run, unless that hook succeeded since
    pid_t group = 0;                // the process group of the run; outlives the leader
    std::optional<pid_t> stranger;  // whose message was refused; 0: no PID namespace of ours has it
    ServiceId restart_ahead;        // one that it comes after, by way of others: is not up yet
    Process leader;                 // none where nothing of the run is left
    uint64_t run_digest = 0;        // process_digest of what runs; 0: nothing
    Wall since;                     // when the state was entered
    Mono changed;                   // the same
    Wall started_wall;              // when the last run began
    Mono started;                   // the same
    Mono deadline = no_deadline;    // of the phase; comes back as Event deadline
    Mono start_by = no_deadline;    // start_timeout's end; while it runs: check_at()
    Mono stop_by = no_deadline;     // stop_timeout's end; while it runs: keepalive_by()
    Mono group_told;                // when all of the group had the stop signal; 0: in no way yet
    int32_t group_poll_ms = 0;      // until the next look at what is left of the group
    uint32_t runs = 0;              // runs begun
    uint32_t attempts = 0;          // consecutive short runs: exponent of the delay
    uint32_t failures = 0;          // consecutive failed runs: against `retries`

    // While it runs it neither starts nor stops, and these have the place of those.
    Mono& check_at() { return start_by; }  // when the next check is due
    Mono check_at() const { return start_by; }
    Mono& keepalive_by() { return stop_by; }  // when the next WATCHDOG=1 is due
    Mono keepalive_by() const { return stop_by; }

    bool used() const { return !name.empty() && !forgotten; }
    bool restart_requested() const { return restart_for != ReasonCode::none; }
    FullName full_name() const { return {name, instance}; }
    Text full_text() const;  // the same; shared where that is its name alone
    pid_t reapable() const { return leader_gone ? 0 : leader.pid; }  // 0: no child leads it
    bool active() const { return phase != Phase::idle; }
    // A oneshot that is done, and that its stop_command is to undo.
    bool in_place() const {
        return state == State::done && definition && policy().type == Type::oneshot &&
               !policy().stop_command.empty();
    }
    // It is to be undone still: its stop_command failed.
    bool undo_failed() const {
        return state == State::failed && reason.code == ReasonCode::hook_failed;
    }
    // Nothing of it is left to be stopped.
    bool rests() const { return !active() && !in_place(); }
    bool hook_runs(Hook hook) const { return (hooks >> static_cast<unsigned>(hook) & 1) != 0; }
    bool hook_of_run_runs() const {
        for (size_t i = 0; i < hook_count; ++i)
            if (const auto hook = static_cast<Hook>(i); belongs_to_run(hook) && hook_runs(hook))
                return true;
        return false;
    }
    bool stale() const {
        return run_digest != 0 && definition && run_digest != definition->process_digest;
    }
    uint32_t restarts() const { return runs > 1 ? runs - 1 : 0; }
    const Policy& policy() const { return *definition->policy; }
};

enum class EventKind : uint8_t {
    // From the supervisor, which knows the other services:
    start,       // the gates are open: dependencies, order, slot
    hold,        // wanted, but a gate is closed: reason
    rest,        // idle and not wanted: reason
    invalidate,  // idle, and there is no valid definition
    stop,        // it must end, and nothing that needs it is left: reason
    kill,        // the shutdown's deadline has passed
    reload,      // svctl reload NAME
    retry_now,   // svctl up, or a changed definition: forget the failures and a pending delay
    // From the kernel, by way of the host:
    spawned,       // process
    spawn_failed,  // detail = SpawnStep, value = errno, status: nothing was forked
    exec_done,
    exec_failed,      // detail = SpawnStep, value = errno; `exited` follows
    ready,            // a newline, or READY=1
    stop_announced,   // STOPPING=1
    main_process,     // MAINPID=: process, verified to be of the group
    exited,           // the leader was reaped: status, group_left, detail = OutOfMemory
    group_empty,      // nothing of the process group is left
    hook_ended,       // hook, result, status; where it was not started, detail and value as
                      // spawn_failed
    deadline,         // `deadline` has passed
    unverified,       // value = a pid, or a group as kill(2) has it, that may be its own
    definition_read,  // what is to follow from the run's end is known now
    hurry,            // the shutdown is to be over soon
    hung,             // WATCHDOG=trigger
    silent,           // of listen: no WATCHDOG=1 had come
    over_limit,       // detail and value as of the reason
};
constexpr size_t event_kind_count = 25;
const char* name_of(EventKind kind);

struct Event {
    EventKind kind;
    Hook hook = Hook::pre_start;
    HookResult result = HookResult::succeeded;
    bool group_left = false;
    bool is_told = true;  // hook_ended: false where it was cancelled, or nobody saw how it ended
    uint8_t detail = 0;
    int32_t value = 0;
    ExitStatus status{};
    Process process{};
    Reason reason{};
};

enum class ActionKind : uint8_t {
    spawn,         // fork and exec the service; answers spawned or spawn_failed. value = run: where
                   // the service is by now in another run, or not executing, it is passed over
    run_hook,      // hook; answers hook_ended exactly once
    cancel_hook,   // kill it now; hook_ended still comes
    signal_group,  // value = signal, to the process group of leader
    signal_leader,  // value = signal, to the leader alone
    listen,         // WATCHDOG=1 is due: has it come? answers silent, or nothing
    measure,        // it runs, and may use so much only: answers over_limit, perhaps
    check_group,    // is something left of the group? answers group_empty, or nothing
    end_run,        // nothing is left: release what was held for the run
    end_reeve,      // on_end: value = OnEnd, status
};

struct Action {
    ActionKind kind;
    Hook hook = Hook::pre_start;
    ExitStatus status{};
    ServiceId service{};
    int32_t value = 0;
};

}  // namespace reeve
