#include "core/event_log.h"

#include "base/limits.h"

namespace reeve {

void EventLog::reserve(size_t services) { entries_.reserve(services + 3 * events_kept_max_count); }

void EventLog::pass() {
    if (entries_.size() > 2 * events_kept_max_count) {
        const size_t dropped = entries_.size() - events_kept_max_count;
        entries_.erase(entries_.begin(), entries_.begin() + dropped);
        first_number_ += dropped;
    }
    passed_ = entries_.size();
}

}  // namespace reeve
