// runlog: where a service's output goes. log = run is a file a run, LOGDIR/NAME/UNIXTIME.log.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/fd.h"
#include "base/packed.h"
#include "base/result.h"
#include "model/service.h"

namespace reeve {

// Opens the file of the service's present run, to be appended to. Makes the directories.
Result<Fd> open_run_log(const Text& log_directory, const Service& service);

// Removes the oldest run files beyond the newest `keep`, run_logs_pruned_max_count at most.
void prune_run_logs(const Text& log_directory, const Service& service, size_t keep);

// The time in "1795180000.log", or nothing: not one of ours.
std::optional<uint64_t> run_time(std::string_view file);

// Opens a log file, 0640; where its directory is not there it makes that, 0750.
Result<Fd> open_log(const char* path, int flags);

// mkdir -p: every directory of the path that is missing, 0755 but for the last one.
Status make_directories(const Text& path, mode_t mode);

}  // namespace reeve
