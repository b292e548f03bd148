#include "process/groups.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <unistd.h>

#include "base/limits.h"
#include "kernel/platform.h"
#include "kernel/sys.h"

namespace reeve {

Remains Groups::left_of(ServiceId id) {
    const Service& service = supervisor_.at(id);
    Remains left = leftovers_.look(id, service.group, service.leader);
    if (const Remains in_control = control_.left(id); left == Remains::none) left = in_control;
    if (left != Remains::none) add_leaderless(id);
    return left;
}

void Groups::add_leaderless(ServiceId id) {
    if (std::find(leaderless_.begin(), leaderless_.end(), id) == leaderless_.end())
        leaderless_.push_back(id);
}

// A group is signalled only while its leader is not reaped, or something of it is seen alive: its
// number cannot be another's. What is not our child may have ended unnoticed.
int Groups::signal_process_group(ServiceId id, int number) {
    const Service& service = supervisor_.at(id);
    const bool is_led = !service.leader_gone &&
                        (!watched_.is_leader(id) || (getpgid(service.leader.pid) == service.group &&
                                                     watched_.signal(id, 0) == 0));
    const Remains left =
        is_led ? Remains::ours : leftovers_.look(id, service.group, service.leader);
    if (left != Remains::ours) return left == Remains::none ? ESRCH : EAGAIN;
    if (sys::kill(-service.group, number) == 0) {
        if (number == service.policy().stop_signal) supervisor_.at(id).group_told = sys::mono_now();
        return 0;
    }
    // Forked a moment ago, it has not made its group yet.
    return errno != ESRCH || service.leader_gone ? errno : signal_leader(id, number);
}

int Groups::signal_leader(ServiceId id, int number) {
    const Service& service = supervisor_.at(id);
    if (service.leader_gone) return ESRCH;
    if (watched_.is_leader(id)) return watched_.signal(id, number);
    return sys::kill(service.leader.pid, number) == 0 ? 0 : errno;
}

int Groups::signal(ServiceId id, int number, bool whole_group) {
    const Service& service = supervisor_.at(id);
    if (service.group <= 0) return ESRCH;
    if (!whole_group) return signal_leader(id, number);
    const bool is_told = control_.signal(id, number, service.group);
    const int code = signal_process_group(id, number);
    return code == ESRCH && is_told ? 0 : code;
}

void Groups::serve(const PollSet& set, Now now) {
    control_.serve(set, [&](ServiceId id) {
        const Service& service = supervisor_.at(id);
        // What is not read is told again and again.
        if (control_.left(id) == Remains::none && service.group > 0 && service.leader_gone &&
            left_of(id) == Remains::none)
            supervisor_.handle(id, {.kind = EventKind::group_empty}, now);
    });
}

int Groups::signal_or_end(ServiceId id, int number, bool whole_group, Now now) {
    const Service& service = supervisor_.at(id);
    const int code = signal(id, number, whole_group);
    if (whole_group && code == ESRCH && service.group > 0 && service.leader_gone)
        supervisor_.handle(id, {.kind = EventKind::group_empty}, now);
    return code;
}

void Groups::tell_to_end(ServiceId id, int number, bool whole_group, Now now) {
    const pid_t group = supervisor_.at(id).group;
    if (signal_or_end(id, number, whole_group, now) != 0 || number == SIGKILL) return;
    told_.push_back({id, group, whole_group, now.mono + milliseconds(continue_after_ms)});
}

void Groups::pass_deadlines(Now now) {
    size_t passed = 0;
    for (; passed < told_.size() && told_[passed].due <= now.mono; ++passed) {
        const Told& told = told_[passed];
        if (supervisor_.at(told.id).group == told.group)
            signal_or_end(told.id, SIGCONT, told.whole_group, now);
    }
    told_.erase(told_.begin(), told_.begin() + static_cast<long>(passed));
}

Mono Groups::next_deadline() const {
    const Mono next = watched_.next_deadline();
    return told_.empty() ? next : std::min(next, told_.front().due);
}

// Without a start time nobody knows the process again. Our child's number is its own; a leader that
// the service named is one of the group in any case.
void Groups::learn_start_time(ServiceId id) {
    Service& service = supervisor_.at(id);
    if (!service.leader || service.leader_gone || service.leader.start_time != 0) return;
    const bool is_watched = watched_.is_leader(id);
    if (is_watched && getpgid(service.leader.pid) != service.group) return;
    service.leader.start_time = platform::start_time_of(service.leader.pid);
    if (!is_watched || service.leader.start_time == 0) return;
    watched_.remove(id);
    watched_.add(id, service.leader);
}

void Groups::forget(ServiceId id) {
    watched_.remove(id);
    leftovers_.forget(id);
    control_.end(id);
    erase_if(leaderless_, [&](ServiceId each) { return each == id; });
}

}  // namespace reeve
