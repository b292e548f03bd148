// Outcome: what came of what was asked, the exit statuses of svctl.
#pragma once

#include <cstdint>

namespace reeve {

enum class Outcome : uint8_t {
    done,
    failed,
    usage,
    not_running,
    no_such_service,
    timed_out,
    not_permitted,
    no_reeve,
};
constexpr int outcome_count = 8;

// Of several services' outcomes the one that the command ends with. From good to bad: done, not
// running, timed out, failed, no such service; then what kept all of it from being done.
Outcome worse(Outcome a, Outcome b);

}  // namespace reeve
