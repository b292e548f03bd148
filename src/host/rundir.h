// rundir: the run directory and its lock. One reeve a directory; the lock ends with the process.
#pragma once

#include <string>
#include <sys/types.h>

#include "base/fd.h"
#include "base/result.h"
#include "base/time.h"

namespace reeve {

// Makes RUNDIR and what is to be in it, and takes the lock. An error with EWOULDBLOCK: another one
// holds it; its pid is then in `holder` (0: not visible from here). EPERM: another user owns it.
Result<Fd> open_run_directory(const std::string& path, pid_t& holder);

// Writes RUNDIR/pid.
Status write_pid_file(const std::string& run_directory);

// A reeve that was killed may have left services behind. Those that pid, start time and boot id
// prove to be its own get TERM, and KILL after `grace`, before anything is started: no service may
// run twice. Blocks as long as that takes. Returns how many there were.
size_t end_leftovers(const std::string& run_directory, Duration grace);

}  // namespace reeve
