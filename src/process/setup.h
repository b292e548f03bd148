// setup: where reeve and its children are at home, as it was found out at the start.
#pragma once

#include <optional>
#include <sys/resource.h>

#include "base/fd.h"
#include "base/list.h"
#include "base/text.h"
#include "kernel/inherited.h"
#include "logs/pipes.h"
#include "model/service.h"

namespace reeve {

struct Setup {
    Text run_directory;      // empty: there is none, and nothing is written
    bool stateless = false;  // `-- CMD` alone, and nothing is kept
    Fd lock;                 // of the run directory
    Inherited kept;          // what a resumed reeve has from before
    Text journal_note;       // what there is to say of the journal before
    LogSettings logs;
    Text state_directory;          // what outlives a reboot; empty: nothing does
    bool keeps_history = false;    // under run_directory
    Text own_program;              // for svctl and svcheck
    Text run_variable;             // REEVE_RUN for the services; empty: it is the default
    Text uid;                      // reeve.conf
    bool reports = true;           // failures of services go to reeve's own output
    bool in_container = false;     // where volumes are open to all by default
    Text flaw_told;                // of what is above the run directory
    List<int> inherited;           // descriptors for `-- CMD`
    std::optional<rlimit> nofile;  // that reeve was given, where it has raised it for itself
    const char* const* environment = nullptr;
    ServiceId main;  // the service of `-- CMD`
};

}  // namespace reeve
