// WallAlarm: wakes the loop at a moment of the wall clock, and once that clock is set. Where the
// system has no such thing the loop has to look by itself, once in a while.
#pragma once

#include "kernel/pollset.h"

namespace reeve {

class WallAlarm {
  public:
    // For the wait that follows; no_moment: there is no such moment.
    void set(Wall moment);
    void watch(PollSet& set) { timer_.watch(set); }
    // After the wait.
    void serve(const PollSet& set);
    // Until when the wait may last at most.
    Mono next_look(Now now) const;

  private:
    PolledFd timer_;           // none until it is needed, and where the system has none
    Wall moment_ = no_moment;  // that it is set to
};

}  // namespace reeve
