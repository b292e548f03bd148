#include "host/runlog.h"

#include <cerrno>
#include <fcntl.h>
#include <vector>

#include "base/limits.h"
#include "base/sort.h"
#include "host/platform.h"
#include "host/sys.h"

namespace reeve {

namespace {

// NAME, or NAME@I: the directory's name under LOGDIR.
void append_directory(Sink& out, const std::string& log_directory, const Service& service) {
    out << log_directory << '/';
    append_name(out, service);
}

// The time in "1795180000.log", or nothing: not one of ours.
std::optional<uint64_t> run_time(std::string_view file) {
    if (!file.ends_with(".log")) return std::nullopt;
    return parse_unsigned(file.substr(0, file.size() - 4), INT64_MAX);
}

}  // namespace

Status make_directories(const std::string& path, mode_t mode) {
    if (sys::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return Nothing{};
    if (errno != ENOENT) return Error{"mkdir", path, errno};
    const size_t slash = path.rfind('/');
    if (slash == 0 || slash == std::string::npos) return Error{"mkdir", path, ENOENT};
    Status parent = make_directories(path.substr(0, slash), 0755);
    if (!parent) return parent;
    if (sys::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return Nothing{};
    return Error{"mkdir", path, errno};
}

Result<Fd> open_run_log(const std::string& log_directory, const Service& service) {
    Buffer<path_max_bytes> path;
    append_directory(path, log_directory, service);
    const size_t directory_length = path.size();
    path << '/' << service.started_wall.ms / 1000 << ".log";
    constexpr int flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW;
    Fd file(sys::open(path.c_str(), flags, 0640));
    if (!file && errno == ENOENT) {
        const std::string directory(path.view().substr(0, directory_length));
        const Status made = make_directories(directory, 0750);
        if (!made) return made.error();
        file = Fd(sys::open(path.c_str(), flags, 0640));
    }
    if (!file) return Error{"open", path.c_str(), errno};
    return file;
}

void prune_run_logs(const std::string& log_directory, const Service& service, size_t keep) {
    Buffer<path_max_bytes> path;
    append_directory(path, log_directory, service);
    const Fd directory(sys::open(path.c_str(), O_RDONLY | O_DIRECTORY));
    std::vector<uint64_t> times;
    const auto note = [&](const char* name) {
        if (const auto time = run_time(name)) times.push_back(*time);
        return true;
    };
    if (!directory || platform::each_entry(directory.get(), note) < 0) return;
    if (times.size() <= keep) return;
    sort(std::span(times), [](uint64_t a, uint64_t b) { return a < b; });
    const size_t directory_length = path.size();
    for (size_t i = 0; i < times.size() - keep; ++i) {
        Buffer<path_max_bytes> file;
        file << path.view().substr(0, directory_length) << '/' << times[i] << ".log";
        sys::unlink(file.c_str());
    }
}

}  // namespace reeve
