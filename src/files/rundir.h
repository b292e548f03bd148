// rundir: the run directory and its lock. One reeve a directory; the lock ends with the process.
#pragma once

#include <sys/types.h>

#include "base/fd.h"
#include "base/format.h"
#include "base/result.h"
#include "base/text.h"

namespace reeve {

// " (a socket's path has at most 107 bytes; ...)": what may be done about an ENAMETOOLONG of one.
void append_socket_advice(Sink& out);

// Why there is no run directory to be had.
struct RunDirectoryRefusal {
    pid_t holder = 0;  // of the lock; 0: not visible from here
    Text flaw;         // why it is not to be believed; empty: it is
};

// Makes RUNDIR and what is to be in it, and takes the lock. What others have put there is set
// aside: from then on all that is in it is reeve's own. An error with EWOULDBLOCK: another reeve
// holds it. EPERM with a flaw: others may write to it, or own it. ENAMETOOLONG: there is no room in
// a socket's path for one in it. In a container the orchestrator may have opened a directory of our
// own to a group (Kubernetes does so to a volume with fsGroup, at each start): it is closed again.
Result<Fd> open_run_directory(const Text& path, bool in_container, RunDirectoryRefusal& refusal);

// An error of open_run_directory() in words, and what to do about it.
Text why_not_taken(const Text& path, const Error& error, const RunDirectoryRefusal& refusal);

// Makes a directory in it, whose name begins with a slash, where there is none.
Status make_directory_in(const Text& run_directory, const char* name);

// Writes RUNDIR/pid. Where that fails it may be there and empty.
Status write_pid_file(const Text& run_directory);

}  // namespace reeve
