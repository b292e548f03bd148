// leftovers: what is alive in process groups whose leader is gone. Nothing but its members keeps
// the number of such a group from being given to a stranger: it is looked at before each signal.
#pragma once

#include "base/fd.h"
#include "base/list.h"
#include "model/service.h"

namespace reeve {

enum class Remains : uint8_t {
    none,     // nothing of ours: it is empty, or its number is another's by now
    ours,     // a member that is known to be of it
    unknown,  // it could not be looked at, for now
};

class Leftovers {
  public:
    // What is left of a service's group? `leader`: who led it, and is gone. A member that was seen
    // is kept in view until the next look; where there is none yet, all that a newer leader with
    // the group's number does not account for is ours.
    Remains look(ServiceId id, pid_t group, Process leader);

    void forget(ServiceId id);

  private:
    struct Seen {
        ServiceId id;
        pid_t group;
        Process member;
        Fd end;           // readable when the member has ended; none: known by its start time
        uint64_t looked;  // when that was: what began later may be a stranger
    };

    Seen* find(ServiceId id, pid_t group);
    static bool is_there(const Seen& seen);

    List<Seen> seen_;
};

}  // namespace reeve
