// platform_linux's third part: what PID 1 of a machine does, and its clock.
#include <sys/reboot.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "kernel/platform.h"

namespace reeve::platform {

// timerfd_create(2)
int open_wall_timer() { return ::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK); }

int set_wall_timer(int timer, Wall moment) {
    itimerspec at{};
    if (moment != no_moment) {
        at.it_value.tv_sec = static_cast<time_t>(moment.ms / 1000);
        at.it_value.tv_nsec = static_cast<long>(moment.ms % 1000 * 1000000);
        if (moment.ms <= 0) at.it_value = {0, 1};  // all of 0 would switch it off
    }
    constexpr int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
    return ::timerfd_settime(timer, flags, &at, nullptr);
}

int power(PowerAction action) {
    ::sync();
    switch (action) {
    case PowerAction::reboot: return ::reboot(RB_AUTOBOOT);
    case PowerAction::poweroff: return ::reboot(RB_POWER_OFF);
    case PowerAction::halt: return ::reboot(static_cast<int>(RB_HALT_SYSTEM));
    }
    return -1;
}

int catch_ctrl_alt_del() { return ::reboot(RB_DISABLE_CAD); }

}  // namespace reeve::platform
