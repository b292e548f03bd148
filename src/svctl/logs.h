// logs: what services have written, also for the commands that show the last of it.
#pragma once

#include <string_view>

#include "base/format.h"
#include "base/list.h"
#include "base/text.h"

namespace reeve {

// Adds an object, of name, instance and log, for each service that has a directory in LOGDIR.
void read_log_directories(std::string_view log_directory, List<Text>& objects);

// Adds the field last_lines (svctl_print.h), of what a service has written last; of its last run
// only, or whenever that was. Nothing where there is none, or where it must not be read.
enum class Lines : uint8_t { of_last_run, of_all };
void append_last_lines(Sink& out, std::string_view object, Lines which);

}  // namespace reeve
