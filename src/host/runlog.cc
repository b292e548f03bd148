#include "host/runlog.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <span>
#include <sys/stat.h>

#include "base/limits.h"
#include "host/platform.h"
#include "host/sys.h"

namespace reeve {

namespace {

// NAME, or NAME@I: the directory's name under LOGDIR.
void append_directory(Sink& out, const Text& log_directory, const Service& service) {
    out << log_directory << '/';
    append_name(out, service);
}

}  // namespace

std::optional<uint64_t> run_time(std::string_view file) {
    if (!file.ends_with(".log")) return std::nullopt;
    return parse_unsigned(file.substr(0, file.size() - 4), INT64_MAX);
}

namespace {

// The smallest of many numbers, in order.
class Oldest {
  public:
    void offer(uint64_t time) {
        if (count_ == std::size(times_) && time >= times_[count_ - 1]) return;
        if (count_ < std::size(times_)) ++count_;
        size_t place = count_ - 1;
        for (; place > 0 && times_[place - 1] > time; --place) times_[place] = times_[place - 1];
        times_[place] = time;
    }
    std::span<const uint64_t> times() const { return {times_, count_}; }

  private:
    uint64_t times_[run_logs_pruned_max_count];
    size_t count_ = 0;
};

}  // namespace

Status make_directories(const Text& path, mode_t mode) {
    if (sys::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return Nothing{};
    if (errno != ENOENT) return Error{"mkdir", path, errno};
    const size_t slash = path.view().rfind('/');
    if (slash == 0 || slash == std::string_view::npos) return Error{"mkdir", path, ENOENT};
    Status parent = make_directories(path.view().substr(0, slash), 0755);
    if (!parent) return parent;
    if (sys::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return Nothing{};
    return Error{"mkdir", path, errno};
}

Result<Fd> open_log(const char* path, int flags) {
    Fd file(sys::open(path, flags, 0640));
    if (!file && errno == ENOENT) {
        const std::string_view whole = path;
        const Status made = make_directories(whole.substr(0, whole.rfind('/')), 0750);
        if (!made) return made.error();
        file = Fd(sys::open(path, flags, 0640));
    }
    if (!file) return Error{"open", path, errno};
    return file;
}

// The directory may be another user's: a FIFO that was put there is not to stall us, and nothing
// else than such a file, by no other name, gets what a service says.
Result<Fd> open_run_log(const Text& log_directory, const Service& service) {
    Buffer<path_max_bytes> path;
    append_directory(path, log_directory, service);
    path << '/' << service.started_wall.ms / 1000 << ".log";
    Result<Fd> file =
        open_log(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK);
    if (!file) return file;
    struct stat state;
    if (sys::fstat(file->get(), &state) < 0) return Error{"open", path.c_str(), errno};
    if (!S_ISREG(state.st_mode) || state.st_nlink != 1) return Error{"open", path.c_str(), EEXIST};
    sys::fcntl(file->get(), F_SETFL, O_APPEND);
    return file;
}

// Runs begin one at a time, and so one file has to go as a rule: the oldest few are all that is
// looked for. What is left over, where log_keep was lowered, goes with later runs.
void prune_run_logs(const Text& log_directory, const Service& service, size_t keep) {
    Buffer<path_max_bytes> path;
    append_directory(path, log_directory, service);
    const Fd directory(sys::open(path.c_str(), O_RDONLY | O_DIRECTORY));
    Oldest oldest;
    size_t count = 0;
    const auto note = [&](const char* name) {
        const auto time = run_time(name);
        if (!time) return true;
        ++count;
        oldest.offer(*time);
        return true;
    };
    if (!directory || platform::each_entry(directory.get(), note) < 0) return;
    const size_t excess = count > keep ? count - keep : 0;
    for (const uint64_t time : oldest.times().first(std::min(excess, oldest.times().size()))) {
        Buffer<path_max_bytes> file;
        file << path.view() << '/' << time << ".log";
        sys::unlink(file.c_str());
    }
}

}  // namespace reeve
