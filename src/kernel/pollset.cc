#include "kernel/pollset.h"

#include <algorithm>
#include <climits>

#include "kernel/sys.h"

namespace reeve {

short ready_now(int fd, short events) {
    pollfd descriptor{fd, events, 0};
    return sys::poll({&descriptor, 1}, 0) > 0 ? descriptor.revents : short{0};
}

size_t PollSet::add(int fd, short events) {
    descriptors_.push_back({fd, events, 0});
    return descriptors_.size() - 1;
}

bool PollSet::wait(Mono deadline, Mono now) {
    int timeout_ms = -1;
    if (deadline != no_deadline)
        timeout_ms = static_cast<int>(std::clamp<int64_t>(deadline.ms - now.ms, 0, INT_MAX));
    if (sys::poll(descriptors_, timeout_ms) > 0) return true;
    // Interrupted or failed, nothing is ready: the caller looks again anyway.
    for (pollfd& descriptor : descriptors_) descriptor.revents = 0;
    return false;
}

}  // namespace reeve
