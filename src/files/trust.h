// trust: whose directories may be believed. Whoever may write to one, or put another in its place,
// decides what reeve finds there. What is mounted read-only nobody may write to.
#pragma once

#include <string_view>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/fd.h"
#include "base/result.h"
#include "base/text.h"

namespace reeve {

// Root, or the user that this process is.
bool is_trusted_owner(uid_t owner);

// Opens a file of root's or our own for reading: nothing else, and not what a link leads to. None,
// and errno: EPERM where it is another's.
Fd open_trusted(const char* path);

// Why a directory itself is not to be believed, and the command that mends it: group or others may
// write to it, or another user owns it. Empty: it is to be believed, or is not there.
Text find_flaw(std::string_view directory);

// What is wrong above a directory, whose path is absolute: whoever may write to one of those
// without a sticky bit, or owns a link on the way, may put something else in its place.
Text find_flaw_above(std::string_view directory);

// Is it the root of a file system of its own, as the volumes of containers are?
bool is_mount_point(const char* directory);

// What becomes of a directory of service files.
struct Judgement {
    bool refused = false;
    Text flaw;  // empty: there is none. To be told, also where it is accepted
};
// A container's volumes are open to all by default: there a mount is accepted, and so is what is
// above it, for whose files they are is looked at one by one. Elsewhere what is above it is for
// root alone a reason to refuse, as for sshd.
Judgement judge_service_directory(std::string_view directory, bool in_container);

// The run directory that a path stands for: that itself, or where it is a mount that others may
// write to, one in it that is nobody else's: reeve-UID.
Text private_run_directory(const Text& path);

}  // namespace reeve
