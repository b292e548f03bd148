// status: RUNDIR/status/NAME[@I], a service as key=value lines (core/object.h), for people,
// scripts, and svctl where reeve is dead.
#pragma once

#include <string_view>

#include "base/list.h"
#include "base/text.h"
#include "core/supervisor.h"

namespace reeve {

// Replaces the file by rename: a reader sees the old one or the new one whole. Makes the directory
// again where it is gone. False: it could not, and the old file stands.
bool write_status_file(const Text& run_directory, const Supervisor& supervisor,
                       const Service& service, Now now);

// `name`: NAME[@I].
void remove_status_file(const Text& run_directory, std::string_view name);

// Removes what an earlier reeve left of services that this one does not have: their status files
// and histories.
void prune_service_files(const Text& run_directory, const Supervisor& supervisor);

// Adds the text of each file that wanted(context, NAME[@I]) says yes to, or of all, in no order;
// those that cannot be read, or are too large to be ours, are passed over. 0, or the errno of the
// directory, or of a file that can perhaps be read in a moment.
using WantedStatus = bool (*)(const void* context, std::string_view name);
int read_status_files(std::string_view run_directory, List<Text>& texts,
                      WantedStatus wanted = nullptr, const void* context = nullptr);

// The texts of all, for who has no reeve to ask. One that has ended leaves the files as they are:
// by its journal's end they say what is true from then on.
List<Text> read_last_status(std::string_view run_directory);

}  // namespace reeve
