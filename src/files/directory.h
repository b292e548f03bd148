// directory: the files of a service directory, read into memory. What they mean is conf's.
#pragma once

#include <span>
#include <string_view>

#include "base/list.h"
#include "base/result.h"
#include "conf/source.h"

namespace reeve {

// The first bytes of an executable file; its settings must stand there.
constexpr size_t executable_head_bytes = 65536;

// Reads reeve.conf and the regular files that have a service's name, links followed, sorted
// by name (bytes). Nothing that is not a regular file is opened: a FIFO or a device cannot stall
// us. Of an executable file the first executable_head_bytes are read, and it is never too_large.
// A file that cannot be read has its read_error; only the directory itself fails the whole, also
// where it holds more than services_max_count files.
// A link that is neither root's nor our own makes its file that one's who made it. `trusted`: the
// files are taken whatever their mode and owner; what is mounted read-only nobody may write to.
Result<List<SourceFile>> read_directory(std::string_view path, bool trusted = false);

// Is this the name of a file that it reads?
bool is_wanted(std::string_view name);

// Is there a file in them that could not be read, and perhaps can be soon?
bool may_be_read_later(std::span<const List<SourceFile>> directories);

// What may be done about that error, in parentheses; or nothing.
const char* advice_on_directory(const Error& error);

}  // namespace reeve
