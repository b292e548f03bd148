// files: the service files as svctl reads them, without a supervisor.
#pragma once

#include <vector>

#include "base/list.h"
#include "base/result.h"
#include "conf/load.h"
#include "files/definitions.h"
#include "svctl/svctl.h"

namespace reeve {

// By directory, in the order of -d.
using Files = List<List<SourceFile>>;

// Where the files are: -d, REEVE_DIR, what the reeve that is running says, the default one; and
// which of them that reeve trusts. Who may not ask reeve, and is only to read them, is told that it
// is the default one. False: it was said what is wrong, and `outcome` is that.
struct FoundDirectories {
    List<Text> paths;
    List<Text> trusted;
};
enum class Purpose : uint8_t { reading, changing };
bool find_directories(Session& session, Purpose purpose, FoundDirectories& directories,
                      Outcome& outcome);

// Outcome::done, or it was said what is wrong.
Outcome read_files(const FoundDirectories& directories, Files& files);

// Everything that is wrong with them, also where they are put together. `catalog` gets what they
// say, and what is no error.
List<Problem> problems_in(const Files& files, Catalog& catalog);

// "FILE:LINE: text", or an object.
void show_problem(Session& session, const Problem& problem);

}  // namespace reeve
