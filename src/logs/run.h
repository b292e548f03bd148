// run: where a service's output goes. log = run is a file a run, LOGDIR/NAME/UNIXTIME.log by the
// second in which the run began, UNIXTIME_MMM.log by its millisecond where an earlier run has a
// file of that second.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/text.h"
#include "model/service.h"

namespace reeve {

// Opens the file of the service's present run, to be appended to; `begins`: it is the first to ask
// for it. Makes the directories.
Result<Fd> open_run_log(const Text& log_directory, const Service& service, bool begins);

// Removes the oldest run files beyond the newest `keep`, run_logs_pruned_max_count at most.
void prune_run_logs(const Text& log_directory, const Service& service, size_t keep);

// The name of a run's file, and the time in it; nothing where it is not one of ours.
void append_run_name(Sink& out, int64_t time_ms);
std::optional<int64_t> run_time_ms(std::string_view file);

// Opens LOGDIR/NAME, and not what a link in its place leads to: whoever may write to LOGDIR could
// have the files of others written and pruned. None, and errno.
Fd open_log_directory(const Text& log_directory, std::string_view name);
// Opens LOGDIR/NAME as open_log_directory() does, and makes it, 0750, where there is none.
Result<Fd> make_log_directory(const Text& log_directory, std::string_view name);

}  // namespace reeve
