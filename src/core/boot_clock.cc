#include "core/boot_clock.h"

#include "core/transition.h"

namespace reeve {

void BootClock::note(ServiceId id, const Service& service, Now now) {
    if (!runs_) return;
    BootTimes& times = times_[id.index];
    const auto elapsed = static_cast<uint32_t>((now.mono - began_.mono).ms);
    if (service.state == State::starting && times.start_ms == BootTimes::none)
        times.start_ms = elapsed;
    if (provides(service) && times.ready_ms == BootTimes::none) times.ready_ms = elapsed;
}

}  // namespace reeve
