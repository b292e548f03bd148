// boot_clock: when each service came up with reeve. It stops when for the first time nothing is
// starting, nor waits for what runs.
#pragma once

#include <cstdint>

#include "base/list.h"
#include "model/service.h"

namespace reeve {

// When a service came up with reeve, in milliseconds since reeve's start.
struct BootTimes {
    static constexpr uint32_t none = UINT32_MAX;
    uint32_t start_ms = none;
    uint32_t ready_ms = none;  // running, or done
};

class BootClock {
  public:
    // reeve's start; the first call counts.
    void start(Now now) {
        if (began_.mono.ms == 0) began_ = now;
    }
    void resize(size_t services) { times_.resize(services); }
    bool runs() const { return runs_; }
    void stop() { runs_ = false; }
    // The service has entered its state.
    void note(ServiceId id, const Service& service, Now now);
    void forget(ServiceId id) { times_[id.index] = {}; }

    Now began() const { return began_; }
    BootTimes times(ServiceId id) const { return times_[id.index]; }

  private:
    Now began_{};
    bool runs_ = true;
    List<BootTimes> times_;  // by index
};

}  // namespace reeve
