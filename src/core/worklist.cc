#include "core/worklist.h"

namespace reeve {

void Worklist::add(ServiceId id) {
    if (listed_[id.index]) return;
    listed_[id.index] = true;
    // At least half of what moves up has been taken: it costs no more than adding it did.
    if (ids_.size() >= 2 * listed_.size()) {
        ids_.erase(ids_.begin(), ids_.begin() + next_);
        next_ = 0;
    }
    ids_.push_back(id);
}

ServiceId Worklist::take() {
    if (next_ == ids_.size()) {
        ids_.clear();
        next_ = 0;
        return {};
    }
    const ServiceId id = ids_[next_++];
    listed_[id.index] = false;
    return id;
}

}  // namespace reeve
