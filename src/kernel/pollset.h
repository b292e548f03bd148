// PollSet: the descriptors of one turn of the loop. Whoever has some adds them before the wait, and
// asks for the result after it.
#pragma once

#include <cstddef>
#include <poll.h>

#include "base/list.h"
#include "base/time.h"

namespace reeve {

// What poll(2) says of one descriptor at this moment; 0: nothing.
short ready_now(int fd, short events);

class PollSet {
  public:
    void clear() { descriptors_.clear(); }

    // events: POLLIN, POLLOUT. Returns the place to ask result() for.
    size_t add(int fd, short events);

    // Blocks until something is ready, a signal came, or the deadline has passed. Is anything
    // ready?
    bool wait(Mono deadline, Mono now);

    // What poll(2) said of it; 0: nothing.
    short result(size_t place) const { return descriptors_[place].revents; }

  private:
    List<pollfd> descriptors_;
};

}  // namespace reeve
