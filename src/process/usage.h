// usage: what the process groups of services use, all of them by one look at the system's
// processes.
#pragma once

#include <span>
#include <sys/types.h>

#include "kernel/platform.h"

namespace reeve {

// CPU time counts what ended members have left to one that waited for them.
struct GroupUse {
    pid_t group = 0;
    uint32_t processes = 0;
    platform::Usage usage{};
};

// Fills in what each of the groups uses, in the order of their numbers, which it puts them in.
// False: the system does not tell.
bool measure(std::span<GroupUse> groups);
// One of those that were measured; null: it was not.
const GroupUse* find_use(std::span<const GroupUse> groups, pid_t group);

}  // namespace reeve
