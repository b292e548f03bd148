#include "process/usage.h"

#include <algorithm>
#include <unistd.h>

#include "base/limits.h"
#include "base/sort.h"
#include "process/control_groups.h"

namespace reeve {

const GroupUse* find_use(std::span<const GroupUse> groups, pid_t group) {
    const GroupUse* end = groups.data() + groups.size();
    const GroupUse* place =
        std::lower_bound(groups.data(), end, group,
                         [](const GroupUse& use, pid_t number) { return use.group < number; });
    return place != end && place->group == group ? place : nullptr;
}

void add_groups(List<GroupUse>& groups, const Service& service) {
    groups.push_back({.group = service.group});
    Buffer<path_max_bytes> directory;
    size_t top = 0;
    if (!service.in_control_group || service.leader_gone ||
        !platform::find_control_group(service.leader.pid, directory, top))
        return;
    const size_t first = groups.size();
    each_process(directory.view(), [&](pid_t pid) {
        const pid_t group = ::getpgid(pid);
        if (group <= 0 || group == service.group) return;
        for (size_t i = first; i < groups.size(); ++i)
            if (groups[i].group == group) return;
        groups.push_back({.group = group, .whose = service.group});
    });
}

bool measure(std::span<GroupUse> groups) {
    sort(groups, [](const GroupUse& a, const GroupUse& b) { return a.group < b.group; });
    auto see = [&](pid_t group, const platform::Usage& usage) {
        // The groups are ours to change; find_use() only looks.
        auto* use = const_cast<GroupUse*>(find_use(groups, group));
        if (use == nullptr) return;
        ++use->processes;
        use->usage.resident_bytes += usage.resident_bytes;
        use->usage.cpu_ms += usage.cpu_ms;
    };
    if (!platform::each_use(see)) return false;
    for (const GroupUse& use : groups) {
        auto* whole = const_cast<GroupUse*>(find_use(groups, use.whose));
        if (use.whose == 0 || whole == nullptr) continue;
        whole->processes += use.processes;
        whole->usage.resident_bytes += use.usage.resident_bytes;
        whole->usage.cpu_ms += use.usage.cpu_ms;
    }
    return true;
}

}  // namespace reeve
