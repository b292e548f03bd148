// definitions: what the service files say, put in force.
#pragma once

#include <vector>

#include "conf/load.h"
#include "core/supervisor.h"

namespace reeve {

// Applies the catalog, with `main` (the service of `-- CMD`; may be null) in place of any file of
// that name. `problems` gets all there are: those of the files, and those that only show when they
// are put together.
std::vector<Change> put_in_force(const Catalog& catalog, const Ref<const Definition>& main,
                                 Supervisor& supervisor, Now now, std::vector<Problem>& problems);

}  // namespace reeve
