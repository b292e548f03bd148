// plan: what a reload would do: the supervisor compared with a copy of it that has done it.
#pragma once

#include <span>

#include "base/list.h"
#include "core/supervisor.h"

namespace reeve {

struct Planned {
    // As Change::Kind, but in terms of processes where one would start or stop.
    enum class Kind : uint8_t { add, start, update, stale, restart, stop, remove, refuse };
    Kind kind;
    Text name;    // NAME[@I]
    Text reason;  // in words; may be empty
};

const char* name_of(Planned::Kind kind);

// `changes` are what apply() made of `before` on the way to `after`. Services that nothing would
// happen to are left out.
List<Planned> plan(const Supervisor& before, const Supervisor& after,
                   std::span<const Change> changes);

}  // namespace reeve
