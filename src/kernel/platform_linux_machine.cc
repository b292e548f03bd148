// platform_linux's third part: what PID 1 of a machine does.
#include <sys/reboot.h>
#include <unistd.h>

#include "kernel/platform.h"

namespace reeve::platform {

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
