// Health: how it is found out whether a service that runs is well, what it may use, and what
// follows where it is not or uses more, as its file says it. Plain data; what comes of it is in
// core/health.
#pragma once

#include <cstdint>

#include "base/text.h"
#include "base/time.h"

namespace reeve {

enum class CheckAction : uint8_t { restart, stop, none };
enum class LimitAction : uint8_t { restart, stop };

// Services that name none of these keys have none.
struct HealthRules {
    Text check;                            // a shell line; empty: none
    Duration check_interval{seconds(30)};  // from the beginning of one to that of the next
    Duration check_timeout{seconds(10)};
    Duration watchdog{};  // within which WATCHDOG=1 comes; 0: it need not
    mutable uint32_t owners = 0;
    int32_t check_retries = 3;  // failures in a row that make it unhealthy
    CheckAction check_action = CheckAction::restart;
    LimitAction limit_action = LimitAction::restart;
    int32_t max_cpu = 0;             // percent of one processor; 0: as much as there is
    uint64_t max_memory = 0;         // resident bytes of all processes; 0: the same
    Duration max_for = seconds(30);  // above either bound for so long
};

}  // namespace reeve
