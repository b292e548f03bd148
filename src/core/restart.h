// restart: from how a run ended, and how the ones before it did, to "again, after a delay" or not.
#pragma once

#include "model/service.h"

namespace reeve {

// Did the run end as it should? By `success`, or because reeve stopped it.
bool succeeded(const Policy& policy, const Reason& end);

// How an ended process is named among the ends of runs.
Reason end_of(ExitStatus status);

// Why a wanted service waits that was stopped for this reason, until its gates are looked at.
Reason reason_to_wait(const Reason& stopped_for);

struct Verdict {
    enum class Kind : uint8_t { again, done, failed };
    Kind kind = Kind::done;
    Duration delay{};  // kind again
    Reason reason;     // of the state that comes of it
};

// What follows a run that nobody asked to stop. `attempts`: consecutive short runs before this one;
// `failures`: consecutive failed runs, this one included.
Verdict decide(const Policy& policy, const Reason& end, uint32_t attempts, uint32_t failures);

// restart_delay x factor^attempts, at most restart_delay_max.
Duration restart_delay(const Policy& policy, uint32_t attempts);

// Why a start failed: in fork, which is no fault of the service's; in pre_start; or on the way to
// exec.
Reason start_failure(const Event& event);

}  // namespace reeve
