// Burst: changes that come one upon the other, and are dealt with once. It is over after
// watch_quiet_ms without any, and watch_burst_max_ms after the first in any case.
#pragma once

#include <algorithm>

#include "base/limits.h"
#include "base/time.h"

namespace reeve {

class Burst {
  public:
    // Something has changed.
    void note(Mono now) {
        if (!is_on()) latest_ = now + milliseconds(watch_burst_max_ms);
        next_look_ = std::min(now + milliseconds(watch_quiet_ms), latest_);
    }
    bool is_on() const { return next_look_ != no_deadline; }
    // When to ask whether it is over.
    Mono next_look() const { return next_look_; }
    // Asked then: is it? `news`: something has changed since, or is about to.
    bool ends(Mono now, bool news) {
        if (news && now < latest_) {
            note(now);
            return false;
        }
        next_look_ = no_deadline;
        return true;
    }

  private:
    Mono next_look_ = no_deadline;
    Mono latest_{};
};

}  // namespace reeve
