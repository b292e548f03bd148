// control_group: where Linux shows the control group of a process, of either version (cgroups(7)).
// The mounts say where a hierarchy is, and which part of it: a container may see no more than its
// own.
#pragma once

#include <optional>
#include <string_view>

#include "base/format.h"
#include "base/limits.h"
#include "kernel/platform.h"

namespace reeve {

struct ControlGroup {
    Buffer<path_max_bytes> directory;
    size_t top = 0;        // how much of it is where the hierarchy begins
    bool unified = false;  // version 2

    // To the one above. False: there is none to be seen.
    bool go_up();
};

// Which files tell: those of the process under /proc.
struct GroupSources {
    const char* groups = "/proc/self/cgroup";
    const char* mounts = "/proc/self/mountinfo";
};

// Finds the group that a controller (memory, cpu, pids) bounds the process by. False: there is
// none.
bool find_group(const GroupSources& sources, std::string_view controller, ControlGroup& group);

platform::GroupLimits limits_of_group(const GroupSources& sources);
// Nothing: there is no such group, or the kernel is older than its count.
std::optional<uint64_t> memory_kills_in_group(const GroupSources& sources);

}  // namespace reeve
