// platform_linux's third part: what PID 1 of a machine does, its clock, and how full a container
// is.
#include <fcntl.h>
#include <sys/reboot.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/parse.h"
#include "kernel/platform.h"
#include "kernel/sys.h"

namespace reeve::platform {

namespace {

// What is in a file; nothing: no number ("max"), or it cannot be read.
std::optional<uint64_t> number_in(std::string_view directory, const char* file) {
    Buffer<path_max_bytes> path;
    append(path, directory, file);
    char place[32];
    const Fd fd(sys::open(path.c_str(), O_RDONLY));
    const ssize_t count = fd ? sys::read(fd.get(), place, sizeof place) : -1;
    if (count <= 0) return std::nullopt;
    std::string_view text(place, static_cast<size_t>(count));
    return parse_unsigned(take_line(text), UINT64_MAX);
}

}  // namespace

// timerfd_create(2)
int open_wall_timer() { return ::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK); }

int set_wall_timer(int timer, Wall moment) {
    itimerspec at{};
    if (moment != no_moment) {
        at.it_value.tv_sec = static_cast<time_t>(moment.ms / 1000);
        at.it_value.tv_nsec = static_cast<long>(moment.ms % 1000 * 1000000);
        if (moment.ms <= 0) at.it_value = {0, 1};  // all of 0 would switch it off
    }
    constexpr int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
    return ::timerfd_settime(timer, flags, &at, nullptr);
}

// The lines of /proc/self/cgroup are NUMBER:CONTROLLERS:PATH (cgroups(7)); of version 2 "0::PATH".
std::optional<uint64_t> full_group_limit() {
    char place[path_max_bytes];
    const Fd file(sys::open("/proc/self/cgroup", O_RDONLY));
    const ssize_t count = file ? sys::read(file.get(), place, sizeof place) : -1;
    std::string_view lines(place, count > 0 ? static_cast<size_t>(count) : 0);
    while (!lines.empty()) {
        const std::string_view line = take_line(lines);
        const size_t pids = line.find(":pids:/");
        if (pids == line.npos && !line.starts_with("0::/")) continue;
        Buffer<path_max_bytes> group;
        group << "/sys/fs/cgroup";
        const size_t root = group.size() + 1;
        if (pids != line.npos) group << "/pids";
        group << line.substr(line.find('/'));
        for (; group.size() >= root; group.cut(group.view().rfind('/'))) {
            const auto most = number_in(group.view(), "/pids.max");
            const auto now = number_in(group.view(), "/pids.current");
            if (most && now && *now >= *most) return most;
        }
    }
    return std::nullopt;
}

int power(PowerAction action) {
    ::sync();
    switch (action) {
    case PowerAction::reboot: return ::reboot(RB_AUTOBOOT);
    case PowerAction::poweroff: return ::reboot(RB_POWER_OFF);
    case PowerAction::halt: return ::reboot(static_cast<int>(RB_HALT_SYSTEM));
    }
    return -1;
}

int catch_ctrl_alt_del() { return ::reboot(RB_DISABLE_CAD); }

}  // namespace reeve::platform
