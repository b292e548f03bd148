// runlog: where a service's output goes. log = run is a file a run, LOGDIR/NAME/UNIXTIME.log.
#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "model/service.h"

namespace reeve {

// Opens the file of the service's present run, to be appended to. Makes the directories.
Result<Fd> open_run_log(const std::string& log_directory, const Service& service);

// Removes the oldest run files beyond the newest `keep`.
void prune_run_logs(const std::string& log_directory, const Service& service, size_t keep);

// mkdir -p: every directory of the path that is missing, 0755 but for the last one.
Status make_directories(const std::string& path, mode_t mode);

}  // namespace reeve
