// past: what the reeve before this one left in the run directory, and what became of it since.
#pragma once

#include <string>

#include "base/text.h"
#include "core/takeover.h"

namespace reeve {

// From the journal, with facts about each recorded process. Nothing of an earlier run of the kernel
// or of the container, and so nothing at all for what begins as PID 1; nor where that reeve ended
// in order. A journal that is corrupt, or of a later version, is set aside as `journal.bad`; the
// status files then stand in for it, also where there is none, and `complaint` says so.
Past read_past(const Text& run_directory, Text& complaint);

// What tells this boot from every other one (core/takeover.h), as it was first read; tried again
// while it is not known. A resumed reeve that cannot read it has it from read_past().
std::string_view boot_id();

// Could this program take over? The journal is only looked at.
bool can_read_past(const char* run_directory);

}  // namespace reeve
