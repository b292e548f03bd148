// usage: what the groups of services use, all of them by one look at the system's
// processes.
#pragma once

#include <span>
#include <sys/types.h>

#include "base/list.h"
#include "kernel/platform.h"
#include "model/service.h"

namespace reeve {

// CPU time counts what ended members have left to one that waited for them.
struct GroupUse {
    pid_t group = 0;
    pid_t whose = 0;  // the group that this one's counts for as well; 0: none
    uint32_t processes = 0;
    platform::Usage usage{};
};

// Adds the groups of a service: that of its run, and those that others in its control group have.
void add_groups(List<GroupUse>& groups, const Service& service);

// Fills in what each of the groups uses, in the order of their numbers, which it puts them in.
// False: the system does not tell.
bool measure(std::span<GroupUse> groups);
// One of those that were measured; null: it was not.
const GroupUse* find_use(std::span<const GroupUse> groups, pid_t group);

}  // namespace reeve
