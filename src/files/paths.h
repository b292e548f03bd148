// paths: where reeve finds and keeps its files when nobody says otherwise.
#pragma once

#include <sys/types.h>

#include "base/list.h"
#include "base/text.h"

namespace reeve {

struct Directories {
    Text config;  // service files
    Text run;     // state and control socket
    Text log;     // output of services
    Text state;   // what outlives a reboot
};

// root: /etc/reeve, /run/reeve, /var/log/reeve, /var/lib/reeve. Anybody else: by the XDG Base
// Directory Specification, which wants relative paths in its variables ignored; /tmp/reeve-UID
// where there is no XDG_RUNTIME_DIR, and / for HOME where that is not set. With `overrides`
// REEVE_DIR, REEVE_RUN, REEVE_LOG and REEVE_STATE come before all that, unless empty.
// `environment`: NAME=value each, then null; or null.
Directories default_directories(uid_t uid, const char* const* environment, bool overrides = true);

// Where the run directory may be, the best first: where it is by default, then /tmp/reeve-UID and
// /dev/shm/reeve-UID, for systems on which little can be written to.
List<Text> run_directory_candidates(uid_t uid, const char* const* environment);

// Of these candidates the one that a reeve has, or had, by the files that are there; else the best.
Text run_directory_in_use(const List<Text>& candidates);

// A user's own service directory, or where that is not there, root's.
Text config_directory_in_use(const Text& own);

}  // namespace reeve
