// recorder: what is written about services. The journal comes before all that matters; status files
// and histories follow, and where they cannot be written nothing but they is amiss.
#pragma once

#include "core/supervisor.h"
#include "files/journal.h"
#include "process/groups.h"
#include "process/hooks.h"
#include "process/inputs.h"
#include "process/runs.h"
#include "process/setup.h"
#include "process/sockets.h"
#include "process/spawn_plan.h"

namespace reeve {

class Recorder {
  public:
    Recorder(Supervisor& supervisor, Journal& journal, const Setup& setup, Groups& groups,
             Hooks& hooks, const Runs& runs, LogPipes& logs, Inputs& inputs, Sockets& sockets)
        : supervisor_(supervisor), journal_(journal), at_(setup), groups_(groups), hooks_(hooks),
          runs_(runs), logs_(logs), inputs_(inputs), sockets_(sockets) {}

    // Puts all that has changed on record. Its status files are due from then on.
    void record();
    // The place in the journal for a child of the service, its leader or a hook, and what it writes
    // there. One record at a time: until the next call.
    RecordWriter record_of_child(const Service& service, const Hook* hook);

    // Writes the runs that have ended since. For after the actions: a restart does not wait for it.
    void write_history();

    // Writes the status files of what has changed since. Where one cannot be written, all are left
    // alone for a second.
    void write_status_files(Now now);
    bool has_status_files(Mono now) const { return !stale_.empty() && now >= status_retry_; }
    // What is wrong where they cannot be written; empty: nothing is.
    Text status_warning() const;

    // Makes the journal anew where it is time, or with `anyway` now. `in_flight`: children are on
    // their way to exec. True: that had failed before.
    bool renew_journal(Now now, bool in_flight, bool anyway);
    // Journal and status files are gone, or may be: record() writes them anew.
    void lose();

    Mono next_deadline() const;

  private:
    // Services' records that go to the journal together.
    using Records = Buffer<records_max_bytes>;
    void append_service(Records& records, ServiceId id);
    void append_process(Records& records, const Service& service, std::optional<Hook> hook,
                        Process process);
    void write(Records& records);
    void write_all();
    bool write_status_file(ServiceId id, Now now) const;
    bool tells_itself(ServiceId id) const;
    void pass_dirty();
    void forget(const Text& name);
    void write_starts();

    Supervisor& supervisor_;
    Journal& journal_;
    const Setup& at_;
    Groups& groups_;
    Hooks& hooks_;
    const Runs& runs_;
    LogPipes& logs_;
    Inputs& inputs_;
    Sockets& sockets_;
    List<ServiceId> stale_;   // services whose status file is to be written
    List<uint8_t> is_stale_;  // by index: is it in there?
    Mono status_retry_{};
    uint32_t status_failures_ = 0;  // to write them, in a row, a second apart
    int status_problem_ = 0;        // errno of the last one
    bool journal_failure_said_ = false;
    bool starts_failure_said_ = false;
    Mono renewal_due_ = no_deadline;  // of the journal, whoever is on the way to exec
};

}  // namespace reeve
