// place: where a file is to be, or was: the directories above it, and whether it still is there.
#pragma once

#include <sys/types.h>

#include "base/result.h"
#include "base/text.h"

namespace reeve {

// mkdir -p: every directory of the path that is missing, 0755 but for the last one.
Status make_directories(const Text& path, mode_t mode);

// Is what is open what the path names?
bool is_still_at(int fd, const char* path);

}  // namespace reeve
