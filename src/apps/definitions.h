// definitions: what the service files say, put in force.
#pragma once

#include "base/list.h"
#include "conf/load.h"
#include "core/supervisor.h"

namespace reeve {

// Applies the catalog, with the definitions that are reeve's own (sorted by name: `main`, that of
// `-- CMD`, and svlog) in place of any file of such a name. `problems` gets all there are: those of
// the files, and those that only show when they are put together.
// What is in `past` (may be empty) goes on where an earlier reeve was cut off.
List<Change> put_in_force(const Catalog& catalog, std::span<const Ref<const Definition>> own,
                          std::span<const Remembered> past, Supervisor& supervisor, Now now,
                          List<Problem>& problems);

}  // namespace reeve
