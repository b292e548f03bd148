#include "host/statusfile.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "core/object.h"
#include "host/sys.h"

namespace reeve {

namespace {

std::string directory_of(const std::string& run_directory) { return run_directory + "/status"; }

// The new file until it is renamed. One name does for all: there is one writer.
constexpr char new_name[] = "/.new";

bool write_file(const std::string& path, std::string_view text) {
    const Fd file(sys::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0644));
    if (!file) return false;
    return sys::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// Calls take(name) with each name in the directory that is not hidden. An errno value, or 0.
template <typename F>
int each_file(const std::string& directory, F take) {
    Fd fd(sys::open(directory.c_str(), O_RDONLY | O_DIRECTORY));
    if (!fd) return errno;
    DIR* stream = ::fdopendir(fd.get());
    if (stream == nullptr) return errno;
    fd.release();  // it is the stream's now
    while (const dirent* entry = ::readdir(stream))
        if (entry->d_name[0] != '.') take(entry->d_name);
    ::closedir(stream);
    return 0;
}

// Empty where it cannot be read or is too large. A FIFO put there cannot stall us.
std::string read_text(const std::string& path) {
    std::string text;
    const Fd file(sys::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW));
    char place[4096];
    for (;;) {
        const ssize_t got = file ? sys::read(file.get(), place, sizeof place) : -1;
        if (got == 0) return text;
        if (got < 0 || text.size() + static_cast<size_t>(got) > object_max_bytes) return {};
        text.append(place, static_cast<size_t>(got));
    }
}

}  // namespace

bool write_status_file(const std::string& run_directory, const Supervisor& supervisor,
                       const Service& service, Now now) {
    static char place[object_max_bytes];  // touched only as far as it is used
    Sink text(place, sizeof place);
    append_object(text, supervisor, service, Reader::file, now);

    Buffer<2 * name_max_bytes + 2> name;
    append_name(name, service);
    std::string path = directory_of(run_directory);
    const std::string new_path = path + new_name;
    if (!write_file(new_path, text.view())) {
        const bool gone = errno == ENOENT && sys::mkdir(path.c_str(), 0755) == 0;
        if (!gone || !write_file(new_path, text.view())) {
            sys::unlink(new_path.c_str());
            return false;
        }
    }
    path.append("/").append(name.view());
    if (sys::rename(new_path.c_str(), path.c_str()) == 0) return true;
    sys::unlink(new_path.c_str());
    return false;
}

void remove_status_file(const std::string& run_directory, std::string_view name) {
    sys::unlink(directory_of(run_directory).append("/").append(name).c_str());
}

void prune_status_files(const std::string& run_directory, const Supervisor& supervisor) {
    std::vector<Text> found;
    each_file(directory_of(run_directory), [&](const char* name) { found.emplace_back(name); });
    std::vector<ServiceId> selected;
    for (const Text& name : found) {
        selected.clear();
        supervisor.select(name, selected);
        if (selected.empty()) remove_status_file(run_directory, name);
    }
}

Result<std::vector<std::string>> read_status_files(const std::string& run_directory) {
    const std::string directory = directory_of(run_directory);
    std::vector<std::string> texts;
    const int code = each_file(directory, [&](const char* name) {
        std::string text = read_text(directory + '/' + name);
        if (text.starts_with("name=")) texts.push_back(std::move(text));
    });
    if (code != 0) return Error{"read directory", directory, code};
    // Each begins with the name, and the instance after it.
    std::make_heap(texts.begin(), texts.end());
    std::sort_heap(texts.begin(), texts.end());
    return texts;
}

}  // namespace reeve
