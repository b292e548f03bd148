// The performer's fourth part: whose a process is, before it is signalled or put on record.
#include <cerrno>
#include <unistd.h>

#include "kernel/platform.h"
#include "kernel/sys.h"
#include "process/performer.h"

namespace reeve {

Remains Performer::left_of(ServiceId id) {
    const Service& service = supervisor_.at(id);
    return leftovers_.look(id, service.group, service.leader);
}

// A group is signalled only while its leader is not reaped, or something of it is seen alive: its
// number cannot be another's. What is not our child may have ended unnoticed.
int Performer::signal(ServiceId id, int number, bool whole_group) {
    const Service& service = supervisor_.at(id);
    if (service.group <= 0) return ESRCH;
    const bool is_watched = watched_.is_leader(id);
    if (whole_group) {
        const bool is_led =
            !service.leader_gone && (!is_watched || (getpgid(service.leader.pid) == service.group &&
                                                     watched_.signal(id, 0) == 0));
        const Remains left = is_led ? Remains::ours : left_of(id);
        if (left != Remains::ours) return left == Remains::none ? ESRCH : EAGAIN;
        if (sys::kill(-service.group, number) == 0) {
            if (number == service.policy().stop_signal)
                supervisor_.at(id).group_told = sys::mono_now();
            return 0;
        }
        if (errno != ESRCH || service.leader_gone) return errno;
        // Forked a moment ago, it has not made its group yet.
    }
    if (service.leader_gone) return ESRCH;
    if (is_watched) return watched_.signal(id, number);
    return sys::kill(service.leader.pid, number) == 0 ? 0 : errno;
}

// A start time that could not be read when the process began: without one nobody knows the process
// again. Our child's number is its own; a leader that the service named is one of the group in any
// case.
void Performer::learn_start_time(ServiceId id) {
    Service& service = supervisor_.at(id);
    if (!service.leader || service.leader_gone || service.leader.start_time != 0) return;
    const bool is_watched = watched_.is_leader(id);
    if (is_watched && getpgid(service.leader.pid) != service.group) return;
    service.leader.start_time = platform::start_time_of(service.leader.pid);
    if (!is_watched || service.leader.start_time == 0) return;
    watched_.remove(id);
    watched_.add(id, service.leader);
}

}  // namespace reeve
