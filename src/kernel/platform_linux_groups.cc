// platform_linux's fifth part: the control group that we are in.
#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/parse.h"
#include "kernel/control_group.h"
#include "kernel/sys.h"

namespace reeve {

namespace {

// Version 1 has a number where there is no bound: the largest one that whole pages have.
constexpr uint64_t memory_unbounded = uint64_t{1} << 60;

// Calls see(context, line) for each line of a file until it says false; what is longer than the
// place is cut into several.
void each_line(const char* path, bool (*see)(void* context, std::string_view line), void* context) {
    const Fd fd(sys::open(path, O_RDONLY));
    char place[path_max_bytes];
    size_t used = 0;
    for (;;) {
        const ssize_t got = fd ? sys::read(fd.get(), place + used, sizeof place - used) : -1;
        if (got <= 0) return;
        used += static_cast<size_t>(got);
        std::string_view rest(place, used);
        while (rest.find('\n') != rest.npos || rest.size() == sizeof place)
            if (!see(context, take_line(rest))) return;
        used = rest.size();
        std::memmove(place, rest.data(), used);
    }
}

template <typename See>
void each_line(const char* path, See see) {
    const auto call = [](void* context, std::string_view line) {
        return (*static_cast<See*>(context))(line);
    };
    each_line(path, call, &see);
}

// Is the word one of those that commas separate?
bool is_listed(std::string_view list, std::string_view word) {
    while (!list.empty()) {
        const size_t comma = std::min(list.find(','), list.size());
        if (list.substr(0, comma) == word) return true;
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return false;
}

// The first line of a file of the group; empty: it cannot be read.
std::string_view read_line(const ControlGroup& group, const char* file, std::span<char> place) {
    Buffer<path_max_bytes> path;
    append(path, group.directory, '/', file);
    const Fd fd(sys::open(path.c_str(), O_RDONLY));
    const ssize_t count = fd ? sys::read(fd.get(), place.data(), place.size()) : -1;
    std::string_view text(place.data(), count > 0 ? static_cast<size_t>(count) : 0);
    return take_line(text);
}

// The number that is the file's first word, or its second. 0: none ("max", "-1"), or it cannot be
// read.
uint64_t number_in(const ControlGroup& group, const char* file, bool second = false) {
    char place[64];
    std::string_view line = read_line(group, file, place);
    if (second) take_word(line);
    return parse_unsigned(take_word(line), UINT64_MAX).value_or(0);
}

uint64_t memory_limit(const ControlGroup& group) {
    const uint64_t bytes = number_in(group, group.unified ? "memory.max" : "memory.limit_in_bytes");
    return bytes < memory_unbounded ? bytes : 0;
}

uint64_t cpu_limit(const ControlGroup& group) {
    const uint64_t quota = number_in(group, group.unified ? "cpu.max" : "cpu.cfs_quota_us");
    const uint64_t period =
        group.unified ? number_in(group, "cpu.max", true) : number_in(group, "cpu.cfs_period_us");
    if (quota == 0 || period == 0) return 0;
    return std::max<uint64_t>(quota * 100 / period, 1);
}

uint64_t process_limit(const ControlGroup& group) { return number_in(group, "pids.max"); }

// The smallest of the group's and of those above it.
uint64_t smallest(const GroupSources& sources, std::string_view controller,
                  uint64_t (*limit_of)(const ControlGroup&)) {
    ControlGroup group;
    uint64_t least = 0;
    if (!find_group(sources, controller, group)) return 0;
    do {
        const uint64_t limit = limit_of(group);
        if (limit != 0 && (least == 0 || limit < least)) least = limit;
    } while (group.go_up());
    return least;
}

// The count in a file whose lines are a word and a number each.
std::optional<uint64_t> kills_told_in(const char* path) {
    std::optional<uint64_t> kills;
    each_line(path, [&](std::string_view line) {
        if (take_word(line) == "oom_kill") kills = parse_unsigned(trim(line), UINT64_MAX);
        return !kills;
    });
    return kills;
}

}  // namespace

bool ControlGroup::go_up() {
    if (directory.size() <= top) return false;
    directory.cut(std::max(directory.view().rfind('/'), top));
    return true;
}

// The lines of the one file are NUMBER:CONTROLLERS:PATH, of version 2 "0::PATH"; a controller is in
// one version only. Those of the other are proc_pid_mountinfo(5): "ID PARENT DEVICE ROOT POINT
// OPTIONS... - TYPE SOURCE OPTIONS", where ROOT is the part of the hierarchy that is at POINT.
bool find_group(const GroupSources& sources, std::string_view controller, ControlGroup& group) {
    Buffer<path_max_bytes> path;
    bool found = false;
    each_line(sources.groups, [&](std::string_view line) {
        const size_t first = line.find(':') + 1;
        const size_t second = line.find(':', first);
        if (second == line.npos) return true;
        const std::string_view list = line.substr(first, second - first);
        const bool is_it = is_listed(list, controller);
        if (!is_it && !list.empty()) return true;
        found = true;
        path.clear();
        path << line.substr(second + 1);
        group.unified = !is_it;
        return !is_it;
    });
    if (!found) return false;
    found = false;
    if (path.view() == "/") path.clear();
    each_line(sources.mounts, [&](std::string_view line) {
        const size_t dash = line.find(" - ");
        if (dash == line.npos) return true;
        std::string_view behind = line.substr(dash + 3);
        if (take_word(behind) != (group.unified ? "cgroup2" : "cgroup")) return true;
        take_word(behind);
        if (!group.unified && !is_listed(trim(behind), controller)) return true;
        for (int i = 0; i < 3; ++i) take_word(line);
        std::string_view root = take_word(line);
        if (root == "/") root = {};
        std::string_view below = path.view();
        if (!below.starts_with(root)) return true;
        below.remove_prefix(root.size());
        if ((!below.empty() && below[0] != '/') || below.starts_with("/..")) return true;
        group.directory.clear();
        group.directory << take_word(line);
        group.top = group.directory.size();
        group.directory << below;
        found = true;
        return false;
    });
    return found;
}

platform::GroupLimits limits_of_group(const GroupSources& sources) {
    return {smallest(sources, "memory", memory_limit), smallest(sources, "cpu", cpu_limit),
            smallest(sources, "pids", process_limit)};
}

std::optional<uint64_t> memory_kills_in_group(const GroupSources& sources) {
    ControlGroup group;
    if (!find_group(sources, "memory", group)) return std::nullopt;
    group.directory << (group.unified ? "/memory.events" : "/memory.oom_control");
    return kills_told_in(group.directory.c_str());
}

namespace platform {

std::optional<uint64_t> full_group_limit() {
    ControlGroup group;
    if (!find_group({}, "pids", group)) return std::nullopt;
    do {
        const uint64_t most = process_limit(group);
        if (most != 0 && number_in(group, "pids.current") >= most) return most;
    } while (group.go_up());
    return std::nullopt;
}

GroupLimits group_limits() { return limits_of_group({}); }

// No controller's name is empty, but version 2 has none in its line.
bool find_control_group(pid_t pid, Sink& directory, size_t& top) {
    Buffer<64> file;
    append(file, "/proc/", int64_t{pid}, "/cgroup");
    ControlGroup group;
    if (!find_group({.groups = file.c_str()}, "", group)) return false;
    directory << group.directory.view();
    top = group.top;
    return true;
}

// What stands before it is what a container, or a mount of a part, does not show.
bool is_in_control_group(pid_t pid, std::string_view path) {
    Buffer<64> file;
    append(file, "/proc/", int64_t{pid}, "/cgroup");
    bool is_in = false;
    each_line(file.c_str(), [&](std::string_view line) {
        if (!line.starts_with("0::")) return true;
        const size_t place = line.find(path);
        const size_t end = place + path.size();
        is_in = place != line.npos && (end == line.size() || line[end] == '/');
        return false;
    });
    return is_in;
}

// The root of version 2 has no count: there is the machine's, which of a container is not its own.
std::optional<MemoryKills> memory_kills() {
    if (const auto ours = memory_kills_in_group({})) return MemoryKills{*ours, true};
    if (in_container()) return std::nullopt;
    const auto all = kills_told_in("/proc/vmstat");
    return all ? std::optional(MemoryKills{*all, ::getpid() == 1}) : std::nullopt;
}

}  // namespace platform

}  // namespace reeve
