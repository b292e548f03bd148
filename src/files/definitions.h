// definitions: what the service files say, put in force.
#pragma once

#include "base/list.h"
#include "base/result.h"
#include "conf/load.h"
#include "core/supervisor.h"
#include "model/outcome.h"

namespace reeve {

// Where the service files are.
struct ServiceDirectories {
    std::span<const Text> paths;    // in the order of -d
    std::span<const Text> trusted;  // those whose files are taken as they are (--trust)
    bool in_container = false;
    // There is a CMD, and none of them was named: one that is not there is as good as empty.
    bool may_be_missing = false;
};

// What reading them came to.
struct ReadDirectories {
    List<List<SourceFile>> files;  // by directory
    List<Text> trusted;            // those, and what an earlier reeve.conf trusts
    List<Text> problems;           // why one cannot be read, or is not to be believed
    List<Text> notes;              // what is to be told once, though they are read
    Outcome outcome = Outcome::done;
};
ReadDirectories read_directories(const ServiceDirectories& directories);

// EACCES and EPERM have an exit status of their own.
Outcome outcome_of(const Error& error);

// Is the directory one of these? A slash at the end makes no difference.
bool is_one_of(std::span<const Text> directories, std::string_view directory);

// Applies the catalog, with the definitions that are reeve's own (sorted by name: `main`, that of
// `-- CMD`, and svlog) in place of any file of such a name. `problems` gets all there are: those of
// the files, and those that only show when they are put together.
// What is in `past` (may be empty) goes on where an earlier reeve was cut off.
List<Change> put_in_force(const Catalog& catalog, std::span<const Ref<const Definition>> own,
                          std::span<const PastService> past, Supervisor& supervisor, Now now,
                          List<Problem>& problems);

}  // namespace reeve
