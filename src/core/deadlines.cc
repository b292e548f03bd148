#include "core/deadlines.h"

#include <algorithm>

namespace reeve {

bool DeadlineHeap::is_before(const Due& a, const Due& b) {
    return a.at_ms != b.at_ms ? a.at_ms < b.at_ms : a.id.index < b.id.index;
}

void DeadlineHeap::set_ms(ServiceId id, int64_t at_ms) {
    const size_t place = places_[id.index];
    if (at_ms != none_ms) {
        if (place == 0) heap_.push_back({at_ms, id});
        put(place == 0 ? heap_.size() - 1 : place - 1, {at_ms, id});
    } else if (place != 0) {
        places_[id.index] = 0;
        const Due last = heap_.back();
        heap_.pop_back();
        if (last.id != id) put(place - 1, last);
    }
}

int64_t DeadlineHeap::next_ms(ServiceId other) const {
    int64_t first = none_ms;
    // The second is a child of the first.
    for (size_t i = 0; i < std::min<size_t>(heap_.size(), 3); ++i)
        if (heap_[i].id != other) first = std::min(first, heap_[i].at_ms);
    return first;
}

ServiceId DeadlineHeap::take_due_ms(int64_t now_ms) {
    if (heap_.empty() || heap_.front().at_ms > now_ms) return {};
    const ServiceId id = heap_.front().id;
    set_ms(id, none_ms);
    return id;
}

// Moves the item up or down from a place that is free for it, to where it belongs.
void DeadlineHeap::put(size_t place, const Due& due) {
    const auto fill = [&](size_t to, const Due& with) {
        heap_[to] = with;
        places_[with.id.index] = static_cast<uint32_t>(to + 1);
    };
    while (place > 0 && is_before(due, heap_[(place - 1) / 2])) {
        fill(place, heap_[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    for (size_t child = 2 * place + 1; child < heap_.size(); child = 2 * place + 1) {
        if (child + 1 < heap_.size() && is_before(heap_[child + 1], heap_[child])) ++child;
        if (!is_before(heap_[child], due)) break;
        fill(place, heap_[child]);
        place = child;
    }
    fill(place, due);
}

}  // namespace reeve
