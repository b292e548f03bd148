#include "files/status.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/list.h"
#include "core/object.h"
#include "files/history.h"
#include "files/replace.h"
#include "files/trust.h"
#include "kernel/platform.h"
#include "kernel/sys.h"

namespace reeve {

namespace {

using Path = Buffer<path_max_bytes>;

// RUNDIR/status/NAME; NUL-terminated where it is asked for as c_str().
const char* make_path(Path& path, std::string_view run_directory, std::string_view name) {
    path.clear();
    append(path, run_directory, "/status/", name);
    return path.c_str();
}

// The new file until it is renamed. One name does for all: there is one writer.
constexpr char new_name[] = ".new";

// Calls take(name) with each name in RUNDIR/FOLDER that is not hidden. An errno value, or 0.
template <typename F>
int each_file(std::string_view run_directory, const char* folder, F take) {
    Path path;
    append(path, run_directory, folder);
    const Fd fd(sys::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    if (!fd) return errno;
    const auto see = [&](const char* name) {
        if (name[0] != '.') take(name);
        return true;
    };
    return platform::each_entry(fd.get(), see) < 0 ? errno : 0;
}

// Where a file's text is put together, or read; touched only as far as it is used.
char place[object_max_bytes];

// Empty where it cannot be read or is too large. A FIFO put there cannot stall us.
std::string_view read_text(const char* path) {
    const Fd file = open_trusted(path);
    const ssize_t got = file ? sys::read(file.get(), place, sizeof place) : -1;
    if (got <= 0 || got == static_cast<ssize_t>(sizeof place)) return {};
    return {place, static_cast<size_t>(got)};
}

}  // namespace

bool write_status_file(const Text& run_directory, const Supervisor& supervisor,
                       const Service& service, Now now) {
    Sink text(place, sizeof place);
    append_object(text, supervisor, service, Reader::file, now);

    Path new_path;
    const char* from = make_path(new_path, run_directory, new_name);
    Buffer<2 * name_max_bytes + 1> name;
    append_name(name, service);
    Path path;
    const char* to = make_path(path, run_directory, name.view());
    if (replace_text(from, to, text.view())) return true;
    Path directory;
    return errno == ENOENT && sys::mkdir(make_path(directory, run_directory, ""), 0755) == 0 &&
           replace_text(from, to, text.view());
}

void remove_status_file(const Text& run_directory, std::string_view name) {
    Path path;
    sys::unlink(make_path(path, run_directory, name));
}

void prune_service_files(const Text& run_directory, const Supervisor& supervisor) {
    List<ServiceId> selected;
    const auto remove_foreign = [&](const char* name) {
        selected.clear();
        supervisor.select(name, selected);
        if (!selected.empty()) return;
        remove_status_file(run_directory, name);
        remove_history(run_directory, name);
    };
    each_file(run_directory, "/status", remove_foreign);
    each_file(run_directory, "/history", remove_foreign);
}

int read_status_files(std::string_view run_directory, List<Text>& texts, WantedStatus wanted,
                      const void* context) {
    int passing = 0;
    const int code = each_file(run_directory, "/status", [&](const char* name) {
        if (wanted != nullptr && !wanted(context, name)) return;
        Path path;
        errno = 0;
        const std::string_view text = read_text(make_path(path, run_directory, name));
        if (text.empty() && sys::is_passing(errno)) passing = errno;
        if (text.starts_with("name=")) texts.emplace_back(text);
    });
    return code != 0 ? code : passing;
}

}  // namespace reeve
