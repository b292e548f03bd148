// doubts: what is right in each file, and yet may not come about as it says there.
#pragma once

#include "conf/load.h"

namespace reeve {

// A warning that names the services whose stop_timeout is longer than stop_timeout_total.
void warn_of_short_shutdown(Catalog& catalog);

}  // namespace reeve
