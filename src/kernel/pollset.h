// PollSet: the descriptors of one turn of the loop. Whoever has some adds them before the wait, and
// asks for the result after it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <poll.h>

#include "base/fd.h"
#include "base/list.h"
#include "base/time.h"

namespace reeve {

// What poll(2) says of one descriptor at this moment; 0: nothing.
short ready_now(int fd, short events);

class PollSet {
  public:
    // So many can be added without an allocation.
    void make_room(size_t count) { descriptors_.reserve(count); }
    void clear() { descriptors_.clear(); }

    // events: POLLIN, POLLOUT. Returns the place to ask result() for.
    size_t add(int fd, short events);

    // Blocks until something is ready, a signal came, or the deadline has passed. Is anything
    // ready?
    bool wait(Mono deadline, Mono now);

    // What poll(2) said of the descriptor that was added at this place; 0: nothing, or another one
    // is there in this turn.
    short result(size_t place, int fd) const {
        const bool is_there = place < descriptors_.size() && descriptors_[place].fd == fd;
        return is_there ? descriptors_[place].revents : short{0};
    }

  private:
    List<pollfd> descriptors_;
};

// A descriptor that may be waited for, and its place in the set of the turn. One that was opened
// since the wait has no place, whatever number it was given.
class PolledFd : public Fd {
  public:
    PolledFd() = default;
    PolledFd(Fd&& fd) : Fd(std::move(fd)) {}

    // Before the wait. Where there is no descriptor nothing is added.
    void watch(PollSet& set, short events = POLLIN) {
        if (*this) place_ = static_cast<uint32_t>(set.add(get(), events));
    }
    // After it: what poll(2) said; 0: nothing, or it was not watched in this turn.
    short result(const PollSet& set) const { return set.result(place_, get()); }

  private:
    uint32_t place_ = UINT32_MAX;
};

}  // namespace reeve
