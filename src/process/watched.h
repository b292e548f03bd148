// watched: processes that are not our children, whose end we want to know all the same: what an
// earlier reeve started, and leaders that a service named itself (MAINPID). How they ended nobody
// can tell us.
#pragma once

#include <optional>

#include "base/fd.h"
#include "base/list.h"
#include "core/takeover.h"
#include "kernel/pollset.h"

namespace reeve {

// Is the process on record still there? Its number may be another's by now.
Fact fact_of(Process process);

// The same of a process on the journal's record, which may be our child since before the program
// executed itself.
Fact fact_on_record(Process process);

// Is something of its process group alive that this leader, which has ended, left behind? False
// where the group's number is another process's by now.
bool left_behind(pid_t group, Process leader);

class Watched {
  public:
    struct Ended {
        ServiceId service;  // none: it was a hook
        pid_t pid;
    };

    // How many descriptors it may have; the others are looked at.
    void limit(size_t descriptors) { descriptors_left_ = descriptors; }

    // Watches a service's leader, or with no service a hook's process. One whose start time is not
    // known may be a stranger that has the number of one of ours; a negative number is a process
    // group's.
    void add(ServiceId service, Process process);
    // The service's leader is not to be watched any more.
    void remove(ServiceId service);

    bool is_leader(ServiceId service) const;
    // Of one that is: a signal for it, if it is still the one; and whether it is. An errno, or 0.
    int signal(ServiceId service, int number) const;

    void watch(PollSet& set);
    // One that has ended, which is not watched any more; none: call it again after the next wait.
    std::optional<Ended> take_ended(const PollSet& set, Mono now);
    // no_deadline where the system tells of each end.
    Mono next_deadline() const;

  private:
    void drop(size_t i);

    struct One {
        Ended who;
        Process process;
        PolledFd end;  // readable when it has ended; none: looked at now and then
    };

    List<One> ones_;
    Mono next_look_ = no_deadline;
    size_t descriptors_left_ = 8;
};

}  // namespace reeve
