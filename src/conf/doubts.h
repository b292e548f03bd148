// doubts: what is right in each file, and yet may not come about as it says there.
#pragma once

#include "conf/load.h"

namespace reeve {

// A warning that names the services whose stop_timeout is longer than stop_timeout_total.
void warn_of_short_shutdown(Catalog& catalog);

// Warnings of one file whose keys of time or health come to what nobody can have meant. `lines`:
// where it sets each of service_keys; 0: nowhere.
void warn_of_doubts(const Loaded& loaded, const int* lines, List<Problem>& warnings);

// An error in each of two versions of a service that come into force at the same time: which one is
// meant is not known.
void refuse_equal_dates(Catalog& catalog);

}  // namespace reeve
