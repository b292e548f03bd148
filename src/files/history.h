// history: RUNDIR/history/NAME[@I], the last runs of a service, one a line (core/object.h). For
// `svctl history`, which reads it itself: it works where reeve is dead.
#pragma once

#include <string_view>

#include "base/text.h"
#include "core/supervisor.h"
#include "files/folder.h"

namespace reeve {

constexpr Folder history_folder("/history/");

// Is there room for histories? In a very small file system the journal needs all there is.
bool has_room_for_histories(const Text& run_directory);

// Appends a run. A file that has grown beyond history_file_max_bytes loses its older half. What
// there is no room for is left out: `end` in the journal has the last run in any case.
void append_history(const Text& run_directory, const Supervisor& supervisor, const EndedRun& run);

// Drops the older half of one that was longer than that when its reeve ended. `name`: NAME[@I].
void bound_history(const Text& run_directory, std::string_view name);

// `name`: NAME[@I].
void remove_history(const Text& run_directory, std::string_view name);

// The lines, oldest first, into `place`; empty where there are none. The view points into it.
std::string_view read_history(std::string_view run_directory, std::string_view name, char* place,
                              size_t capacity);

}  // namespace reeve
