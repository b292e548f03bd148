#include "files/history.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "core/object.h"
#include "files/replace.h"
#include "files/trust.h"
#include "kernel/sys.h"

namespace reeve {

namespace {

using Path = Buffer<path_max_bytes>;

// RUNDIR/history/NAME
const char* make_path(Path& path, std::string_view run_directory, std::string_view name) {
    path.clear();
    append(path, run_directory, "/history/", name);
    return path.c_str();
}

Fd open_to_append(Path& path, const Text& run_directory, std::string_view name) {
    constexpr int flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
    const char* file = make_path(path, run_directory, name);
    Fd opened(sys::open(file, flags, 0644));
    if (opened || errno != ENOENT) return opened;
    sys::mkdir(make_path(path, run_directory, ""), 0755);
    return Fd(sys::open(make_path(path, run_directory, name), flags, 0644));
}

// The newer half, from the beginning of a line on, in a new file that replaces this one. False:
// there was no room for it.
bool drop_older_half(const Text& run_directory, std::string_view name, const char* path) {
    char place[history_file_max_bytes + run_line_max_bytes];
    std::string_view lines = read_history(run_directory, name, place, sizeof place);
    lines.remove_prefix(std::min(lines.find('\n', lines.size() / 2), lines.size() - 1) + 1);
    Path temporary;
    return replace_text(make_path(temporary, run_directory, ".new"), path, lines);
}

}  // namespace

bool has_room_for_histories(const Text& run_directory) {
    const Fd directory(sys::open(run_directory.c_str(), O_RDONLY | O_DIRECTORY));
    const uint64_t room = directory ? sys::room_around(directory.get()) : 0;
    return room == 0 || room >= history_room_min_bytes;
}

void append_history(const Text& run_directory, const Supervisor& supervisor, const EndedRun& run) {
    Buffer<2 * name_max_bytes + 1> name;
    supervisor.append_name_of(name, run.id);
    Buffer<run_line_max_bytes> line;
    append_run(line, supervisor, run);
    Path path;
    const Fd file = open_to_append(path, run_directory, name.view());
    const ssize_t written = file ? sys::write(file.get(), line.data(), line.size()) : -1;
    struct stat state;
    if (written < 0 || sys::fstat(file.get(), &state) < 0) return;
    const bool whole = written == static_cast<ssize_t>(line.size());
    const bool too_long = state.st_size > static_cast<off_t>(history_file_max_bytes);
    if (whole && (!too_long || drop_older_half(run_directory, name.view(), path.c_str()))) return;
    sys::ftruncate(file.get(), state.st_size - written);
}

void remove_history(const Text& run_directory, std::string_view name) {
    Path path;
    sys::unlink(make_path(path, run_directory, name));
}

std::string_view read_history(std::string_view run_directory, std::string_view name, char* place,
                              size_t capacity) {
    Path path;
    const Fd file = open_trusted(make_path(path, run_directory, name));
    const ssize_t got = file ? sys::read(file.get(), place, capacity) : -1;
    return {place, got > 0 ? static_cast<size_t>(got) : 0};
}

}  // namespace reeve
