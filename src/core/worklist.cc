#include "core/supervisor.h"

namespace reeve {

void Worklist::resize(size_t services) {
    listed_.resize(services);
    ids_.reserve(services);
}

void Worklist::add(ServiceId id) {
    if (listed_[id.index]) return;
    listed_[id.index] = true;
    ids_.push_back(id);
}

bool Worklist::take(ServiceId& id) {
    if (next_ == ids_.size()) {
        ids_.clear();
        next_ = 0;
        return false;
    }
    id = ids_[next_++];
    listed_[id.index] = false;
    return true;
}

}  // namespace reeve
