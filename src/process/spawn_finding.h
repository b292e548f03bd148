// spawn_finding: what a look afterwards tells of a step that failed in a child, beyond its errno.
#pragma once

#include "base/format.h"
#include "model/service.h"

namespace reeve {

// The whole sentence, in place of the step's name and the errno's words; nothing where there is no
// more to say.
void append_finding(Sink& out, SpawnStep step, int code, const Definition& definition);

// Which limit it is that no process can be had beyond, " (ulimit -u: 64)", where that can be told.
void append_process_limit(Sink& out);

// The resource of setrlimit that the limit is.
int resource_of(LimitName name);

}  // namespace reeve
