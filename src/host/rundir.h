// rundir: the run directory and its lock. One reeve a directory; the lock ends with the process.
#pragma once

#include <sys/types.h>

#include "base/fd.h"
#include "base/packed.h"
#include "base/result.h"
#include "base/text.h"

namespace reeve {

// " (a socket's path has at most 107 bytes; ...)": what may be done about an ENAMETOOLONG of one.
void append_socket_advice(Sink& out);

// Makes RUNDIR and what is to be in it, and takes the lock. An error with EWOULDBLOCK: another one
// holds it; its pid is then in `holder` (0: not visible from here). EPERM: another user owns it.
// ENAMETOOLONG: there is no room in a socket's path for one in it.
Result<Fd> open_run_directory(const Text& path, pid_t& holder);

// Makes a directory in it, whose name begins with a slash, where there is none.
Status make_directory_in(const Text& run_directory, const char* name);

// Writes RUNDIR/pid. Where that fails it may be there and empty.
Status write_pid_file(const Text& run_directory);

}  // namespace reeve
