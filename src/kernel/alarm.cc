#include "kernel/alarm.h"

#include <algorithm>

#include "base/limits.h"
#include "kernel/platform.h"
#include "kernel/sys.h"

namespace reeve {

void WallAlarm::set(Wall moment) {
    if (moment == moment_) return;
    moment_ = moment;
    if (!timer_) timer_ = Fd(platform::open_wall_timer());
    if (timer_ && platform::set_wall_timer(timer_.get(), moment) < 0) timer_.reset();
}

// The timer is taken for one that is not set: what is due next may be the same moment again.
void WallAlarm::serve(const PollSet& set) {
    if (timer_.result(set) == 0) return;
    uint64_t count = 0;
    sys::read(timer_.get(), &count, sizeof count);  // fails where the clock was set
    moment_ = no_moment;
    platform::set_wall_timer(timer_.get(), no_moment);
}

Mono WallAlarm::next_look(Now now) const {
    if (timer_ || moment_ == no_moment) return no_deadline;
    return now.mono + std::min(moment_ - now.wall, milliseconds(clock_look_ms));
}

}  // namespace reeve
