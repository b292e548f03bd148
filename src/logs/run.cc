#include "logs/run.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <span>
#include <sys/stat.h>

#include "base/limits.h"
#include "base/parse.h"
#include "files/place.h"
#include "kernel/platform.h"
#include "kernel/sys.h"

namespace reeve {

namespace {

constexpr uint64_t second_us = 1000000;

}  // namespace

void append_run_name(Sink& out, int64_t time_ms) {
    const int64_t part = time_ms % 1000;
    out << time_ms / 1000;
    if (part != 0) append(out, part < 10 ? "_00" : part < 100 ? "_0" : "_", part);
    out << ".log";
}

std::optional<int64_t> run_time_ms(std::string_view file) {
    if (!file.ends_with(".log")) return std::nullopt;
    file.remove_suffix(4);
    const size_t bar = std::min(file.find('_'), file.size());
    const auto second = parse_unsigned(file.substr(0, bar), INT64_MAX / second_us - 1);
    file.remove_prefix(bar);
    const auto part = file.size() == 4 ? parse_unsigned(file.substr(1), 999) : 0;
    if (!second || !part || (!file.empty() && *part == 0)) return std::nullopt;
    return static_cast<int64_t>(*second * 1000 + *part);
}

namespace {

// The smallest of many numbers, in order.
class Oldest {
  public:
    void offer(int64_t time) {
        if (count_ == std::size(times_) && time >= times_[count_ - 1]) return;
        if (count_ < std::size(times_)) ++count_;
        size_t place = count_ - 1;
        for (; place > 0 && times_[place - 1] > time; --place) times_[place] = times_[place - 1];
        times_[place] = time;
    }
    std::span<const int64_t> times() const { return {times_, count_}; }

  private:
    int64_t times_[run_logs_pruned_max_count];
    size_t count_ = 0;
};

}  // namespace

Fd open_log_directory(const Text& log_directory, std::string_view name) {
    Buffer<path_max_bytes> path;
    append(path, log_directory, '/', name);
    return Fd(sys::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
}

Result<Fd> make_log_directory(const Text& log_directory, std::string_view name) {
    Fd directory = open_log_directory(log_directory, name);
    if (directory) return directory;
    const Text path = Text::join(log_directory, "/", name);
    if (errno != ENOENT) return Error{"open", path, errno};
    if (const Status made = make_directories(path, 0750); !made) return made.error();
    directory = open_log_directory(log_directory, name);
    if (!directory) return Error{"open", path, errno};
    return directory;
}

namespace {

// Calls see(time) for each file of a run that is in the directory. False: it cannot be read.
template <typename F>
bool each_run(int directory, F see) {
    const auto note = [&](const char* name) {
        if (const auto time = run_time_ms(name)) see(*time);
        return true;
    };
    return platform::each_entry(directory, note) == 0;
}

// Which of its two names the file has: where it has yet to get one, that by which it is the newest.
int64_t name_of_run(int directory, const Service& service, bool begins) {
    const int64_t exact = service.started_wall.ms;
    const int64_t plain = exact / 1000 * 1000;
    bool is_exact = false;
    each_run(directory, [&](int64_t time) {
        is_exact = is_exact || (begins ? time >= plain : time == exact);
    });
    return is_exact ? exact : plain;
}

}  // namespace

// The directory may be another user's: a FIFO that was put there is not to stall us, and nothing
// else than such a file, by no other name, gets what a service says.
Result<Fd> open_run_log(const Text& log_directory, const Service& service, bool begins) {
    const FullNameText name(service.full_name());
    Result<Fd> directory = make_log_directory(log_directory, name.view());
    if (!directory) return directory;
    Buffer<32> file;
    append_run_name(file, name_of_run(directory->get(), service, begins));
    constexpr int flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
    Fd log(sys::open_at(directory->get(), file.c_str(), flags, 0640));
    struct stat state;
    int code = !log || sys::fstat(log.get(), &state) < 0 ? errno : 0;
    if (code == 0 && (!S_ISREG(state.st_mode) || state.st_nlink != 1)) code = EEXIST;
    if (code != 0) return Error{"open", Text::join(log_directory, "/", name, "/", file), code};
    sys::fcntl(log.get(), F_SETFL, O_APPEND);
    return log;
}

// Runs begin one at a time, and so one file has to go as a rule: the oldest few are all that is
// looked for. What is left over, where log_keep was lowered, goes with later runs.
void prune_run_logs(const Text& log_directory, const Service& service, size_t keep) {
    const FullNameText name(service.full_name());
    const Fd directory = open_log_directory(log_directory, name.view());
    Oldest oldest;
    size_t count = 0;
    const auto note = [&](int64_t time) {
        ++count;
        oldest.offer(time);
    };
    if (!directory || !each_run(directory.get(), note)) return;
    const size_t excess = count > keep ? count - keep : 0;
    for (const int64_t time : oldest.times().first(std::min(excess, oldest.times().size()))) {
        Buffer<32> file;
        append_run_name(file, time);
        sys::unlink_at(directory.get(), file.c_str());
    }
}

}  // namespace reeve
