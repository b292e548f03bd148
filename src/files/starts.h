// starts: when each service with catch_up was started last, where it outlasts a reboot:
// STATEDIR/starts, a line NAME[@I]=DATE each.
#pragma once

#include "base/list.h"
#include "base/result.h"
#include "base/text.h"
#include "core/supervisor.h"

namespace reeve {

// None where there is no such file. One that is not to be believed, or has lines that say nothing,
// is told of in `complaint`.
List<Remembered> read_starts(const Text& state_directory, Text& complaint);

// The directory is made where it is missing, for none but us to write to.
Status write_starts(const Text& state_directory, const Supervisor& supervisor);

}  // namespace reeve
