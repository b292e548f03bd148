// memory: what a supervisor takes beside its services.
#pragma once

#include "bench/report.h"
#include "bench/session.h"

namespace reeve::bench {

// The table for that many services, empty.
Table memory_table(int services);

// The proportional set size of all processes of the session that are no services, in KB.
double memory_kb(const Session& session);

}  // namespace reeve::bench
