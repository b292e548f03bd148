#include "process/leftovers.h"

#include <cerrno>
#include <unistd.h>

#include "kernel/platform.h"
#include "kernel/sys.h"

namespace reeve {

namespace {

// The first member of a group that is known to be of it.
struct Search {
    pid_t group;
    Process leader;                  // who led it
    std::optional<uint64_t> looked;  // when it was last known whose it is; none: never yet
    bool any = false;                // there are members, if only zombies
    bool is_anothers = false;
    std::optional<Process> found;

    // The number of a group is not given out again while it has members. So it was free in between
    // where a process that began later has it; and where that is gone as well, none of the members
    // was there at the last look, nor is an orphan that came to us.
    bool see(const platform::Member& member) {
        any = true;
        if (!member.is_alive) return true;
        const uint64_t known_until = looked.value_or(leader.start_time);
        if (member.pid == group && known_until != 0 && member.start_time > known_until) {
            is_anothers = true;
            found = {};
            return false;
        }
        const bool is_ours = !looked || member.start_time <= *looked || member.parent == ::getpid();
        if (is_ours && !found) found = Process{member.pid, member.start_time};
        return true;
    }
};

}  // namespace

Leftovers::Seen* Leftovers::find(ServiceId id, pid_t group) {
    for (Seen& seen : seen_)
        if (seen.id == id && seen.group == group) return &seen;
    return nullptr;
}

void Leftovers::forget(ServiceId id) {
    erase_if(seen_, [&](const Seen& seen) { return seen.id == id; });
}

// The group is asked for first: a member that has not ended by then was in it.
bool Leftovers::is_there(const Seen& seen) {
    if (::getpgid(seen.member.pid) != seen.group) return false;
    if (seen.end) {
        struct pollfd end = {seen.end.get(), POLLIN, 0};
        return sys::poll({&end, 1}, 0) == 0;
    }
    return platform::start_time_of(seen.member.pid) == seen.member.start_time &&
           !platform::is_zombie(seen.member.pid);
}

Remains Leftovers::look(ServiceId id, pid_t group, Process leader) {
    if (sys::kill(-group, 0) < 0 && errno == ESRCH) {
        forget(id);
        return Remains::none;
    }
    const uint64_t now = platform::start_time_now();
    Seen* seen = find(id, group);
    if (seen != nullptr && is_there(*seen)) {
        seen->looked = now;
        return Remains::ours;
    }
    Search search{group, leader, {}};
    if (seen != nullptr) search.looked = seen->looked;
    const int code = platform::each_member(group, search) < 0 ? errno : 0;
    if (search.found) {
        Seen found{id, group, *search.found, Fd(platform::open_process(search.found->pid)), now};
        forget(id);
        if (found.end && platform::start_time_of(found.member.pid) != found.member.start_time)
            found.end.reset();
        seen_.push_back(std::move(found));
        return Remains::ours;
    }
    if (search.is_anothers) {
        forget(id);
        return Remains::none;
    }
    if (sys::is_passing(code)) return Remains::unknown;
    // Where the system shows no member at all (no /proc, hidepid), kill's word stands.
    if (!search.any) return Remains::ours;
    forget(id);
    return Remains::none;
}

}  // namespace reeve
