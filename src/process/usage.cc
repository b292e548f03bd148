#include "process/usage.h"

#include <algorithm>

#include "base/sort.h"

namespace reeve {

const GroupUse* find_use(std::span<const GroupUse> groups, pid_t group) {
    const GroupUse* end = groups.data() + groups.size();
    const GroupUse* place =
        std::lower_bound(groups.data(), end, group,
                         [](const GroupUse& use, pid_t number) { return use.group < number; });
    return place != end && place->group == group ? place : nullptr;
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
    return platform::each_use(see);
}

}  // namespace reeve
