// hooks: the commands that run beside services. Each is in a process group of its own, ends or is
// killed at its deadline, and its end is reported exactly once.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/list.h"
#include "core/supervisor.h"
#include "kernel/pollset.h"
#include "process/spawn.h"

namespace reeve {

// The end of a hook, to be delivered as EventKind::hook_ended.
struct HookEnd {
    ServiceId service;
    Hook hook;
    HookResult result;
    bool cancelled = false;  // by cancel()
    ExitStatus status;
    SpawnFailure failure;  // result not_started: the step of its set-up that failed
    pid_t pid = 0;
    Wall began;
    Text last_line;  // of what it wrote, where that was to be kept
};

// How long it may take.
Duration timeout_of(Hook hook, const Definition& definition);

// How a hook ended, for people.
struct HookReport {
    ServiceId id;
    Event end;                // kind hook_ended
    std::string_view detail;  // more of what was wrong, where there is more
    pid_t pid = 0;            // 0: it got no process
    Wall began;
};
// Tells of a failure, in the history, and with `aloud` on reeve's own output: of the hooks that are
// no reason of the service's state. To be called before the event is handled.
void report_hook(Supervisor& supervisor, bool aloud, const HookReport& report, Now now);

class Hooks {
  public:
    // It was started; past `deadline` it is killed. Of what it writes into `output`, a pipe, the
    // last line is kept; none: it goes elsewhere.
    void add(ServiceId service, Hook hook, Spawned spawned, Mono deadline, Wall began = {},
             Fd output = {});

    // The same of one that an earlier reeve started; it need not be our child.
    void take_over(ServiceId service, Hook hook, Process process, Mono deadline,
                   bool is_child = false, Wall began = {});

    // Calls see(service, hook, process) with each that runs.
    template <typename F>
    void each(F see) const {
        for (const Running& running : running_) see(running.service, running.hook, running.process);
    }

    // What checks have left behind lately, as process groups: it was killed, and is no stray.
    std::span<const pid_t> killed_groups() const { return killed_; }

    // Of our children, where they could not be read when they began.
    void learn_start_times();

    // Kills it; its end still comes.
    void cancel(ServiceId service, Hook hook);

    // A child was reaped: was it a hook?
    std::optional<HookEnd> reaped(pid_t pid, ExitStatus status);

    void watch(PollSet& set);
    void serve(const PollSet& set);
    // Is one still on its way to exec?
    bool in_flight() const;

    void pass_deadlines(Mono now);
    // One that was to be killed, and whose process may be a stranger's: it is not waited for.
    std::optional<HookEnd> take_given_up();
    Mono next_deadline() const;

  private:
    struct Running {
        ServiceId service;
        Hook hook;
        Process process;
        bool is_child = true;
        Mono deadline;  // no_deadline once it was killed
        bool timed_out = false;
        bool cancelled = false;
        bool given_up = false;
        Exec exec{};
        Wall began;
        PolledFd output{};
        Text tail{};  // the end of what was read from it
    };
    static void kill_group(Running& running);
    static bool read_output(Running& running);
    HookEnd take(Running& running, HookResult result);

    List<Running> running_;
    std::array<pid_t, 8> killed_{};  // a ring
    uint32_t killed_count_ = 0;
};

}  // namespace reeve
