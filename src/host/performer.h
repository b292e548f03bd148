// performer: the only executor. Carries out the supervisor's actions, in order and after they are
// on record, and turns what the kernel says into events.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/supervisor.h"
#include "host/hooks.h"
#include "host/journal.h"
#include "host/pollset.h"
#include "host/spawn.h"

namespace reeve {

// Where reeve and its children are at home.
struct Surroundings {
    std::string run_directory;  // empty: there is none, and nothing is written
    std::string log_directory;
    std::string own_program;     // for svctl and svcheck
    std::string run_variable;    // REEVE_RUN for the services; empty: it is the default
    std::string uid;             // reeve.conf
    std::vector<int> inherited;  // descriptors for `-- CMD`
    const char* const* environment = nullptr;
    ServiceId main;  // the service of `-- CMD`
};

// What a service asked reeve to do by ending (on_end).
struct EndRequest {
    OnEnd on_end = OnEnd::nothing;
    ServiceId service;
    ExitStatus status;
};

class Performer {
  public:
    Performer(Supervisor& supervisor, Journal& journal, Surroundings& surroundings)
        : supervisor_(supervisor), journal_(journal), at_(surroundings) {}

    // Writes down what has changed, then does what is to be done, until nothing is left to do.
    void carry_out(Now now);

    // An event from outside, and what follows from it.
    void deliver(ServiceId id, const Event& event, Now now);

    void watch(PollSet& set);
    void serve(const PollSet& set, Now now);  // execs done, readiness, notifications
    void reap(Now now);                       // every child that has ended
    void pass_deadlines(Now now);
    Mono next_deadline() const;

    // Writes the status files of what has changed since.
    void write_status_files(Now now);
    bool status_files_are_stale() const { return !stale_status_.empty(); }
    // Makes the journal anew where it is time, or with `anyway` now.
    void renew_journal(Now now, bool anyway = false);

    EndRequest& end_request() { return end_request_; }

    // A signal for the service's leader, or its whole group. An errno, or 0.
    int signal(ServiceId id, int number, bool whole_group);

    // Takes the terminal's foreground back from a `-- CMD` that had it.
    void give_back_terminal();

  private:
    // The descriptors of one run; there is one of these only while it has any.
    struct Run {
        ServiceId id;
        Fd exec_status;
        Fd ready;
        Fd notify;
        size_t exec_place = SIZE_MAX;
        size_t ready_place = SIZE_MAX;
        size_t notify_place = SIZE_MAX;
    };

    // What a child needs of its readiness channel while it is being started.
    struct Channels {
        std::string notify_path;
        Fd theirs;
    };

    void record();
    void perform(const Action& action, Now now);
    void spawn_service(const Action& action, Now now);
    void run_hook(ServiceId id, Hook hook, Now now);
    void report_hook(ServiceId id, Hook hook, HookResult result, std::string_view why) const;
    bool open_channels(const Service& service, Run& run, Channels& channels, PrepareError& error);
    Fd open_output(const Service& service, SpawnRequest& request);
    RecordWriter child_record(const Service& service, const Hook* hook);
    void start_failed(ServiceId id, const PrepareError& error, Now now);
    void end_run(ServiceId id);
    void read_exec(ServiceId id, Now now);
    void read_notifications(ServiceId id, Now now);
    void check_groups(Now now);
    void append_service(const Service& service);
    std::string channel_path(const Service& service, std::string_view suffix) const;
    Run* find_run(ServiceId id);

    Supervisor& supervisor_;
    Journal& journal_;
    Surroundings& at_;
    SpawnPlan plan_;
    Hooks hooks_;
    std::vector<Run> runs_;
    std::vector<ServiceId> stale_status_;   // services whose status file is to be written
    std::vector<uint8_t> status_is_stale_;  // by index: is it in there?
    bool log_fallback_said_ = false;
    EndRequest end_request_;
    pid_t foreground_group_ = 0;  // main's, where it was given the terminal
};

}  // namespace reeve
