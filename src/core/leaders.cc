#include "core/leaders.h"

#include <algorithm>

namespace reeve {

void Leaders::build(std::span<const Service> services) {
    if (next_.size() == services.size()) return;
    first_.assign(services.size(), {});
    next_.assign(services.size(), {});
    for (uint32_t i = 0; i < services.size(); ++i) add(ServiceId{i}, services[i].reapable());
}

void Leaders::add(ServiceId id, pid_t pid) {
    if (pid == 0) return;
    next_[id.index] = first(pid);
    first(pid) = id;
}

void Leaders::remove(ServiceId id, pid_t pid) {
    if (pid == 0) return;
    ServiceId* link = &first(pid);
    while (*link != id) link = &next_[link->index];
    *link = next_[id.index];
}

ServiceId Leaders::find(std::span<const Service> services, pid_t pid) const {
    if (first_.empty() || pid <= 0) return {};
    ServiceId id = first_[static_cast<size_t>(pid) % first_.size()];
    while (id && services[id.index].reapable() != pid) id = next_[id.index];
    return id;
}

}  // namespace reeve
