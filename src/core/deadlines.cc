#include "core/deadlines.h"

#include <algorithm>

namespace reeve {

bool Deadlines::is_before(const Due& a, const Due& b) {
    return a.at != b.at ? a.at < b.at : a.id.index < b.id.index;
}

void Deadlines::set(ServiceId id, Mono at) {
    const size_t place = places_[id.index];
    if (at != no_deadline) {
        if (place == 0) heap_.push_back({at, id});
        put(place == 0 ? heap_.size() - 1 : place - 1, {at, id});
    } else if (place != 0) {
        places_[id.index] = 0;
        const Due last = heap_.back();
        heap_.pop_back();
        if (last.id != id) put(place - 1, last);
    }
}

Mono Deadlines::next(ServiceId other) const {
    Mono first = no_deadline;
    // The second is a child of the first.
    for (size_t i = 0; i < std::min<size_t>(heap_.size(), 3); ++i)
        if (heap_[i].id != other) first = std::min(first, heap_[i].at);
    return first;
}

ServiceId Deadlines::take_due(Mono now) {
    if (heap_.empty() || heap_.front().at > now) return {};
    const ServiceId id = heap_.front().id;
    set(id, no_deadline);
    return id;
}

// Moves the item up or down from a place that is free for it, to where it belongs.
void Deadlines::put(size_t place, const Due& due) {
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
