// SourceFile: a file of a service directory as files/directory read it. conf itself opens nothing.
#pragma once

#include <sys/types.h>

#include "base/format.h"
#include "base/ref.h"
#include "base/text.h"
#include "model/zone.h"

namespace reeve {

struct SourceFile {
    FilePath path;
    LongText text;  // what is in it; of a link that leads nowhere what it says
    uid_t owner = 0;
    mode_t mode = 0;         // permission bits
    bool too_large = false;  // above service_file_max_bytes: `text` is its beginning
    bool trusted = false;    // taken whatever its mode and owner
    bool linked = false;     // a link leads to it
    int read_error = 0;      // errno of open or read; 0: none

    // What it lacked may be there soon: what is in it is not known, rather than wrong.
    bool may_be_read_later() const;
};

// What the system lacks is an error when a file asks for it, and whose files are trusted.
struct LoadContext {
    uid_t self = 0;  // the user reeve runs as; files of root and of this user are accepted
    bool has_oom_score_adj = true;
    bool has_no_new_privs = true;
    bool has_usage = true;
    bool has_confinement = true;
    // Whether `user` may become what a file names, as far as can be known now; null: not asked.
    // False: `problem` says why.
    bool (*may_become)(uid_t self, std::string_view user, Sink& problem) = nullptr;
    // A time zone by its name, "" the machine's own, which is UTC where `problem` says something.
    // Null: there is none, and `problem` says why. No function: UTC and TZ strings are all there
    // is.
    Ref<const Zone> (*find_zone)(void* zones, std::string_view name, Sink& problem) = nullptr;
    void* zones = nullptr;
};

}  // namespace reeve
