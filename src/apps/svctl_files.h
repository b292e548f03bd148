// svctl_files: the service files as svctl reads them, without a supervisor.
#pragma once

#include <vector>

#include "apps/svctl.h"
#include "base/list.h"
#include "base/result.h"
#include "conf/load.h"

namespace reeve {

// By directory, in the order of -d.
using Files = List<List<SourceFile>>;

// Where the files are: -d, REEVE_DIR, what the reeve that is running says, the default one. False:
// it was said what is wrong, and `outcome` is that.
bool find_directories(Session& session, List<Text>& directories, Outcome& outcome);

// Outcome::done, or it was said what is wrong.
Outcome read_files(const List<Text>& directories, Files& files);

// Everything that is wrong with them, also where they are put together. `warnings` gets what is no
// error.
List<Problem> problems_in(const Session& session, const Files& files, List<Problem>& warnings);

// "FILE:LINE: text", or an object.
void show_problem(Session& session, const Problem& problem);

// EACCES and EPERM have an exit status of their own.
Outcome outcome_of(const Error& error);

}  // namespace reeve
