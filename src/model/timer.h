// Timer: what the clock has in store for a service, and what it owes it already. Plain data; the
// rules are in core/timetable.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace reeve {

struct Timer {
    // On record:
    Wall handled;             // starts due up to then were run, skipped or passed over
    Wall forced_until;        // svctl up --now: until then its window counts as open
    Mono tick = no_deadline;  // when `every` is due next, its jitter left out
    uint32_t owed = 0;        // runs that are due and have not begun
    // What follows from that and from its definition:
    bool is_open = true;        // it may run now, as far as window and version go
    bool brings_start = false;  // that is what is due
    Wall due = no_moment;       // when the wall clock brings a start, or changes is_open
    Wall next = no_moment;      // its next start, or when it opens: what people are shown
};

inline bool is_same_on_record(const Timer& a, const Timer& b) {
    return a.handled == b.handled && a.forced_until == b.forced_until && a.tick == b.tick &&
           a.owed == b.owed;
}

}  // namespace reeve
