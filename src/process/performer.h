// performer: the only executor. Carries out the supervisor's actions, in order and after they are
// on record, and turns what the kernel says into events.
#pragma once

#include <span>

#include "base/list.h"
#include "base/packed.h"
#include "core/supervisor.h"
#include "files/journal.h"
#include "kernel/inherited.h"
#include "kernel/platform.h"
#include "kernel/pollset.h"
#include "logs/pipes.h"
#include "process/foreground.h"
#include "process/hooks.h"
#include "process/leftovers.h"
#include "process/notify.h"
#include "process/spawn.h"
#include "process/strays.h"
#include "process/watched.h"

namespace reeve {

// Where reeve and its children are at home.
struct Setup {
    Text run_directory;      // empty: there is none, and nothing is written
    bool stateless = false;  // `-- CMD` alone, and nothing is kept
    Fd lock;                 // of the run directory
    Inherited kept;          // what a resumed reeve has from before
    Text journal_note;       // what there is to say of the journal before
    LogSettings logs;
    bool keeps_history = false;    // under run_directory
    Text own_program;              // for svctl and svcheck
    Text run_variable;             // REEVE_RUN for the services; empty: it is the default
    Text uid;                      // reeve.conf
    bool reports = true;           // failures of services go to reeve's own output
    bool in_container = false;     // where volumes are open to all by default
    Text flaw_told;                // of what is above the run directory
    List<int> inherited;           // descriptors for `-- CMD`
    std::optional<rlimit> nofile;  // that reeve was given, where it has raised it for itself
    const char* const* environment = nullptr;
    ServiceId main;  // the service of `-- CMD`
};

// What a service asked reeve to do by ending (on_end).
struct EndRequest {
    OnEnd on_end = OnEnd::nothing;
    ServiceId service;
    ExitStatus status;
};

// How long it may take.
Duration timeout_of(Hook hook, const Policy& policy);

class Performer {
  public:
    Performer(Supervisor& supervisor, Journal& journal, Setup& setup)
        : supervisor_(supervisor), journal_(journal), at_(setup), logs_(supervisor, setup.logs) {}

    // Writes down what has changed, then does what is to be done, until nothing is left to do.
    void carry_out(Now now);

    // An event from outside, and what follows from it.
    void deliver(ServiceId id, const Event& event, Now now);

    void watch(PollSet& set);
    void serve(const PollSet& set, Now now);  // execs done, readiness, notifications
    void reap(Now now);                       // every child that has ended
    void pass_deadlines(Now now);
    Mono next_deadline() const;
    // What is known already and waits for the next turn: between the starts of many, others have
    // theirs.
    bool knows_more() const;

    // Where the run directory is another one at the same place: makes what runs speak to anew.
    void renew_channels();

    // Writes the status files of what has changed since. Where one cannot be written, all are left
    // alone for a second.
    void write_status_files(Now now);
    // What is wrong where they cannot be written; empty: nothing is.
    Text status_warning() const;
    bool status_files_are_due(Now now) const {
        return logs_.due(now) || (!stale_status_.empty() && now.mono >= status_retry_);
    }
    // Makes the journal anew where it is time, or with `anyway` now. True: that had failed before.
    bool renew_journal(Now now, bool anyway = false);
    // Journal and status files are gone, or may be.
    void rewrite_files(Now now);

    EndRequest& end_request() { return end_request_; }
    LogPipes& logs() { return logs_; }
    const LogPipes& logs() const { return logs_; }

    // Nothing is started: it counts as what could not be forked.
    bool safe_mode = false;

    // A child that is no service's: how it ended, once it has.
    void expect(pid_t trial) { trial_ = trial; }
    std::optional<ExitStatus> take_trial_end() { return std::exchange(trial_end_, {}); }
    // Is one still on its way to exec?
    bool in_flight() const;

    // Watches what an earlier reeve left alive: the supervisor has recovered by the same facts, and
    // its services are the first ones, in this order. Then begins a journal of its own.
    void take_over(std::span<const PastService> past, Now now);
    void limit_watched(size_t descriptors) { watched_.limit(descriptors); }

    // A signal for the service's leader, or its whole group. An errno, or 0.
    int signal(ServiceId id, int number, bool whole_group);

    Foreground& foreground() { return foreground_; }

  private:
    // What a run has still to tell, and the descriptors for it; there is one of these only until
    // all is told.
    struct Run {
        ServiceId id;
        std::optional<Exec> exec;  // until it is over and has been told
        Fd ready;
        Fd notify;
        uid_t user = 0;  // that the run has
        size_t exec_place = SIZE_MAX;
        size_t ready_place = SIZE_MAX;
        size_t notify_place = SIZE_MAX;

        bool exec_is_over() const { return exec && exec->status != ExecStatus::pending; }
    };

    using ChannelPath = Buffer<path_max_bytes>;

    // What a child needs of its readiness channel while it is being started.
    struct Channels {
        ChannelPath notify_path;  // empty: none
        Fd theirs;
    };

    void record();
    void learn_start_time(ServiceId id);
    void pass_dirty();
    void write_history();
    void perform(const Action& action, Now now);
    void spawn_service(const Action& action, Now now);
    void run_hook(ServiceId id, Hook hook, Now now);
    void report_hook(ServiceId id, const Event& end, std::string_view detail, pid_t pid, Wall began,
                     Now now);
    static uid_t user_of(const Service& service);
    bool open_notify_channel(const Service& service, Run& run, ChannelPath& channel,
                             PrepareError& error);
    bool open_channels(const Service& service, Run& run, Channels& channels, PrepareError& error);
    Fd open_output(ServiceId id, const SpawnRequest& request, bool begins);
    void place_output(const SpawnRequest& request, int fd);
    bool prepare_child(SpawnRequest& request, const Fd& output, PrepareError& error);
    void tell_svlog();
    RecordWriter child_record(const Service& service, const Hook* hook);
    void start_failed(ServiceId id, const PrepareError& error, Now now);
    void end_run(ServiceId id);
    void read_exec(ServiceId id, Now now);
    void read_ready_channel(ServiceId id, Now now);
    bool read_notifications(ServiceId id, Now now);
    void heed(ServiceId id, const Notification& said, Now now);
    bool is_own(const Run& run, const platform::Sender& sender) const;
    void refuse(ServiceId id, pid_t sender);
    void hear_out(ServiceId id, Now now);
    void look_for_strays();
    void pass_end(pid_t pid, ExitStatus status, Now now);
    void check_groups(Now now);
    void continue_later(ServiceId id, bool whole_group, Now now);
    void continue_told(Mono now);
    Remains left_of(ServiceId id);
    void end_watched(const PollSet& set, Now now);
    void reopen_channels(ServiceId id, Now now);
    // Services' records that go to the journal together: what is done comes after all of them.
    using Records = Buffer<records_max_bytes>;
    void append_service(Records& records, const Service& service);
    void write(Records& records);
    // RUNDIR/fds/NAME and the suffix; empty where there is no run directory.
    const char* channel_path(ChannelPath& path, const Service& service,
                             std::string_view suffix) const;
    Run* find_run(ServiceId id);

    Supervisor& supervisor_;
    Journal& journal_;
    Setup& at_;
    SpawnPlan plan_;
    Pace pace_;
    List<Placement> descriptors_;  // of the child that is being started
    Hooks hooks_;
    Watched watched_;
    Strays strays_;
    bool strays_are_known_ = false;  // since the last child was waited for
    Leftovers leftovers_;
    // Told to end a moment ago, and to go on at `due` where they are stopped; the first ones first.
    struct Told {
        ServiceId id;
        pid_t group;
        bool whole_group;
        Mono due;
    };
    List<Told> told_;
    LogPipes logs_;
    bool svlog_is_behind_ = false;  // it has to hear of a plan
    List<Run> runs_;
    List<ServiceId> stale_status_;   // services whose status file is to be written
    List<uint8_t> status_is_stale_;  // by index: is it in there?
    Mono status_retry_{};
    uint32_t status_failures_ = 0;  // to write them, in a row, a second apart
    int status_problem_ = 0;        // errno of the last one
    bool log_fallback_said_ = false;
    bool journal_failure_said_ = false;
    Mono renewal_due_ = no_deadline;  // of the journal, whoever is on the way to exec
    EndRequest end_request_;
    pid_t trial_ = 0;
    std::optional<ExitStatus> trial_end_;
    Foreground foreground_;
};

}  // namespace reeve
