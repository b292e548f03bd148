// groups: the process groups of services. Whose a process or a group is is looked at before it is
// signalled or put on record: nothing is ever done to a stranger that has a number of ours by now.
#pragma once

#include "base/list.h"
#include "core/supervisor.h"
#include "process/control_groups.h"
#include "process/leftovers.h"
#include "process/watched.h"

namespace reeve {

class Groups {
  public:
    explicit Groups(Supervisor& supervisor) : supervisor_(supervisor), control_(supervisor) {}

    // What is left of a service's groups, of both kinds, whose leader is gone?
    Remains left_of(ServiceId id);
    // A signal for the service's leader, or its whole group, and its control group. An errno, or 0.
    int signal(ServiceId id, int number, bool whole_group);
    // A stop signal. What is stopped (SIGSTOP, a terminal) does not see it before it goes on: where
    // it has not ended by then, CONT follows. A group that is found empty is an event.
    void tell_to_end(ServiceId id, int number, bool whole_group, Now now);
    // CONT for those that it is time for.
    void pass_deadlines(Now now);
    Mono next_deadline() const;

    // What the kernel says of control groups. One that is empty is an event.
    void serve(const PollSet& set, Now now);

    // Reads a start time that could not be read when the process began.
    void learn_start_time(ServiceId id);
    // Those whose leader is gone, and that were not empty when they were looked at last.
    const List<ServiceId>& leaderless() const { return leaderless_; }
    // The group of one whose leader an earlier reeve saw end.
    void add_leaderless(ServiceId id);
    // Its run is over.
    void forget(ServiceId id);

    // Leaders that are not our children.
    Watched& watched() { return watched_; }
    ControlGroups& control() { return control_; }

  private:
    int signal_process_group(ServiceId id, int number);
    int signal_leader(ServiceId id, int number);
    int signal_or_end(ServiceId id, int number, bool whole_group, Now now);

    // Was told to end, and is to go on at `due`.
    struct Told {
        ServiceId id;
        pid_t group;
        bool whole_group;
        Mono due;
    };

    Supervisor& supervisor_;
    Watched watched_;
    Leftovers leftovers_;
    ControlGroups control_;
    List<ServiceId> leaderless_;
    List<Told> told_;  // the first ones first
};

}  // namespace reeve
