#include "files/history.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "core/object.h"
#include "files/trust.h"
#include "kernel/sys.h"

namespace reeve {

namespace {

Fd open_to_append(const Text& run_directory, std::string_view name) {
    constexpr int flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
    Fd opened(sys::open(history_folder.path(run_directory, name), flags, 0644));
    if (opened || errno != ENOENT) return opened;
    history_folder.make(run_directory);
    return Fd(sys::open(history_folder.path(run_directory, name), flags, 0644));
}

// The newer half, from the beginning of a line on, in a new file that replaces this one. False:
// there was no room for it.
bool drop_older_half(const Text& run_directory, std::string_view name) {
    const std::span<char> place = Folder::text_place();
    std::string_view lines = read_history(run_directory, name, place.data(), place.size());
    lines.remove_prefix(std::min(lines.find('\n', lines.size() / 2), lines.size() - 1) + 1);
    return history_folder.replace(run_directory, name, lines);
}

bool is_too_long(const struct stat& state) {
    return state.st_size > static_cast<off_t>(history_file_max_bytes);
}

}  // namespace

bool has_room_for_histories(const Text& run_directory) {
    const Fd directory(sys::open(run_directory.c_str(), O_RDONLY | O_DIRECTORY));
    const uint64_t room = directory ? sys::room_around(directory.get()) : 0;
    return room == 0 || room >= history_room_min_bytes;
}

void append_history(const Text& run_directory, const Supervisor& supervisor, const EndedRun& run) {
    const FullNameText name(supervisor.at(run.id).full_name());
    Buffer<run_line_max_bytes> line;
    append_run(line, supervisor, run);
    const Fd file = open_to_append(run_directory, name.view());
    const ssize_t written = file ? sys::write(file.get(), line.data(), line.size()) : -1;
    const bool whole = written == static_cast<ssize_t>(line.size());
    // Its length was looked at when reeve began.
    if (whole && supervisor.at(run.id).runs <= 1 && supervisor.shutting_down()) return;
    struct stat state;
    if (written < 0 || sys::fstat(file.get(), &state) < 0) return;
    if (whole && (!is_too_long(state) || drop_older_half(run_directory, name.view()))) return;
    sys::ftruncate(file.get(), state.st_size - written);
}

void bound_history(const Text& run_directory, std::string_view name) {
    struct stat state;
    const char* path = history_folder.path(run_directory, name);
    if (sys::lstat(path, &state) == 0 && S_ISREG(state.st_mode) && is_too_long(state))
        drop_older_half(run_directory, name);
}

void remove_history(const Text& run_directory, std::string_view name) {
    sys::unlink(history_folder.path(run_directory, name));
}

std::string_view read_history(std::string_view run_directory, std::string_view name, char* place,
                              size_t capacity) {
    const Fd file = open_trusted(history_folder.path(run_directory, name));
    const ssize_t got = file ? sys::read(file.get(), place, capacity) : -1;
    return {place, got > 0 ? static_cast<size_t>(got) : 0};
}

}  // namespace reeve
