// memory_kills: was it the kernel that killed a service, for want of memory? It counts whom it
// kills, and names nobody.
#pragma once

#include <optional>

#include "base/time.h"
#include "kernel/platform.h"
#include "model/service.h"

namespace reeve {

class MemoryKillCount {
  public:
    // Takes the first count, if there is none yet: what comes later is new.
    void begin();

    // `killed` services have ended together by a KILL that was not ours, and the count is this one
    // now. What does that say of each of them?
    OutOfMemory judge(size_t killed, const std::optional<platform::MemoryKills>& kills, Mono now);

  private:
    bool has_begun_ = false;
    // Kills that came along with those looked at last, and that are somebody's who is reaped soon.
    uint64_t spare_ = 0;
    Mono spare_until_{0};
};

}  // namespace reeve
