// performer: the only executor. Carries out the supervisor's actions, in order and after they are
// on record, and turns what the kernel says into events. Its parts do the work: the starter begins
// processes, the runs are heard, the groups signalled, the recorder writes.
#pragma once

#include <span>

#include "core/supervisor.h"
#include "files/journal.h"
#include "kernel/pollset.h"
#include "logs/pipes.h"
#include "process/foreground.h"
#include "process/groups.h"
#include "process/hooks.h"
#include "process/inputs.h"
#include "process/limiter.h"
#include "process/memory_kills.h"
#include "process/recorder.h"
#include "process/runs.h"
#include "process/setup.h"
#include "process/starter.h"
#include "process/strays.h"

namespace reeve {

// What a service asked reeve to do by ending (on_end).
struct EndRequest {
    OnEnd on_end = OnEnd::nothing;
    ServiceId service;
    ExitStatus status;
};

class Performer {
  public:
    Performer(Supervisor& supervisor, Journal& journal, Setup& setup);

    // Nothing is started: it counts as what could not be forked.
    bool safe_mode = false;

    // Writes down what has changed, then does what is to be done, until nothing is left to do.
    void carry_out(Now now);

    void watch(PollSet& set);
    void serve(const PollSet& set, Now now);  // execs done, readiness, notifications
    void reap(Now now);                       // every child that has ended
    void pass_deadlines(Now now);
    Mono next_deadline() const;
    // What is known already and waits for the next turn: between the starts of many, others have
    // theirs.
    bool knows_more() const { return runs_.knows_more(); }
    // What is done once, when nothing else is to be done.
    void use_leisure() { memory_kills_.begin(); }
    // Is a child still on its way to exec?
    bool in_flight() const { return hooks_.in_flight() || runs_.in_flight(); }

    // Watches what an earlier reeve left alive: the supervisor has taken over by the same facts,
    // and its services are the first ones, in this order. Then begins a journal of its own.
    void take_over(std::span<const PastService> past, Now now);

    // What runs speak to, made anew: the run directory is another one at the same place.
    void renew_channels();
    // Journal and status files are gone, or may be.
    void rewrite_files(Now now);
    // Makes the journal anew where it is time. True: that had failed before.
    bool renew_journal(Now now) { return recorder_.renew_journal(now, in_flight(), false); }

    // Status files and svlog's plan: of what has changed since.
    void write_status_files(Now now);
    bool status_files_are_due(Now now) const {
        return logs_.due(now) || recorder_.has_status_files(now.mono);
    }
    Text status_warning() const { return recorder_.status_warning(); }

    // A child that is no service's: how it ended, once it has.
    void expect(pid_t trial) { trial_ = trial; }
    std::optional<ExitStatus> take_trial_end() { return std::exchange(trial_end_, {}); }

    // A signal for the service's leader, or its whole group. An errno, or 0.
    int signal(ServiceId id, int number, bool whole_group) {
        return groups_.signal(id, number, whole_group);
    }

    EndRequest& end_request() { return end_request_; }
    Sockets& sockets() { return sockets_; }
    LogPipes& logs() { return logs_; }
    const LogPipes& logs() const { return logs_; }
    Foreground& foreground() { return foreground_; }
    void limit_watched(size_t descriptors) { groups_.watched().limit(descriptors); }

  private:
    void perform(const Action& action, Now now);
    void tell_to_end(const Action& action, Now now);
    void end_run(ServiceId id);
    void tell_svlog();
    void end_watched(const PollSet& set, Now now);
    void pass_end(pid_t pid, ExitStatus status, Now now);
    void look_for_memory_kills(Now now);
    bool is_killed_by_others(pid_t pid, ExitStatus status) const;
    void check_groups(Now now);
    void look_for_strays();
    void take_over_hooks(ServiceId id, const PastService& was, Now now);

    Supervisor& supervisor_;
    Journal& journal_;
    Setup& at_;
    Hooks hooks_;
    LogPipes logs_;
    Inputs inputs_;
    Sockets sockets_;
    Foreground foreground_;
    Groups groups_;
    Runs runs_;
    Recorder recorder_;
    Starter starter_;
    Strays strays_;
    Limiter limiter_;
    MemoryKillCount memory_kills_;
    OutOfMemory out_of_memory_ =
        OutOfMemory::no;             // of those whom others killed, as they are reaped
    bool strays_are_known_ = false;  // since the last child was waited for
    bool svlog_is_behind_ = false;   // it has to hear of a plan
    EndRequest end_request_;
    pid_t trial_ = 0;
    std::optional<ExitStatus> trial_end_;
};

}  // namespace reeve
