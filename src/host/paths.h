// paths: where reeve finds and keeps its files when nobody says otherwise.
#pragma once

#include <sys/types.h>

#include "base/packed.h"

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

}  // namespace reeve
