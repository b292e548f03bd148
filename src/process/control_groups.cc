#include "process/control_groups.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <unistd.h>

#include "base/limits.h"
#include "base/parse.h"
#include "base/result.h"
#include "kernel/platform.h"
#include "kernel/sys.h"

namespace reeve {

namespace {

// Where reeve and what is in its group go where that is to have controllers for those below it:
// such a group has no processes of its own.
constexpr std::string_view own_leaf = "/reeve.self";

constexpr int removed_depth_max = 8;

Fd open_in(std::string_view group, const char* file, int flags) {
    Buffer<control_group_max_bytes + cgroup_path_max_bytes> path;
    append(path, group, '/', file);
    return Fd(path.truncated() ? (errno = ENAMETOOLONG, -1) : sys::open(path.c_str(), flags));
}

// An errno, or 0.
int write_in(std::string_view group, const char* file, std::string_view text) {
    const Fd fd = open_in(group, file, O_WRONLY);
    return fd && sys::write(fd.get(), text.data(), text.size()) >= 0 ? 0 : errno;
}

std::string_view read_in(std::string_view group, const char* file, std::span<char> place) {
    const Fd fd = open_in(group, file, O_RDONLY);
    const ssize_t got = fd ? sys::read(fd.get(), place.data(), place.size()) : 0;
    return trim({place.data(), static_cast<size_t>(std::max<ssize_t>(got, 0))});
}

// By the kernel's word, cgroup.events, in which ended processes that were not waited for do not
// count.
Remains word_of(int events) {
    char place[128];
    const ssize_t got = sys::pread(events, place, sizeof place, 0);
    if (got < 0) return errno == ENODEV ? Remains::none : Remains::unknown;
    const std::string_view text(place, static_cast<size_t>(got));
    return text.find("populated 0") != text.npos ? Remains::none : Remains::ours;
}

// A process whose end is under way may count for a moment yet, and is in no list any more. Of what
// is empty, or gone, nothing more is to be heard: events are closed.
Remains look(std::string_view group, Fd& events) {
    char place[16];
    const Remains told = word_of(events.get());
    if (told == Remains::none) events.reset();
    if (told != Remains::ours) return told;
    if (!read_in(group, "cgroup.procs", place).empty()) return Remains::ours;
    // Each group in it is a link to it more.
    Buffer<control_group_max_bytes + 1> path;
    append(path, group);
    struct stat status {};
    return sys::stat(path.c_str(), &status) == 0 && status.st_nlink > 2 ? Remains::ours
                                                                        : Remains::none;
}

// With the groups that the service has made in it. False: it is in use, or not to be removed.
bool remove(Sink& path, int depth = 0) {
    if (sys::rmdir(path.c_str()) == 0 || errno == ENOENT) return true;
    if (errno != EBUSY || depth == removed_depth_max) return false;
    {
        const Fd directory(sys::open(path.c_str(), O_RDONLY | O_DIRECTORY));
        if (!directory) return false;
        auto see = [&](const char* name) {
            const size_t size = path.size();
            if (name[0] == '.') return true;
            append(path, '/', name);
            if (!path.truncated()) remove(path, depth + 1);
            path.cut(size);
            return true;
        };
        platform::each_entry(directory.get(), see);
    }
    return sys::rmdir(path.c_str()) == 0;
}

bool is_within(std::string_view path, std::string_view group) {
    return path.starts_with(group) && (path.size() == group.size() || path[group.size()] == '/');
}

const char* advice_on(int code) {
    switch (code) {
    case EROFS: return " (here control groups can only be read)";
    case EACCES:
    case EPERM: return " (reeve may not make groups there; they must be delegated to its user)";
    case EAGAIN: return " (cgroup.max.descendants or cgroup.max.depth, of a group above it)";
    default: return "";
    }
}

bool fail(PrepareError& error, int code, std::string_view path) {
    return error.fail(SpawnStep::cgroup, code, "cgroup: ", path, ": ", errno_text(code),
                      advice_on(code));
}

}  // namespace

size_t each_process(std::string_view group, void (*see)(void* context, pid_t pid), void* context) {
    const Fd fd = open_in(group, "cgroup.procs", O_RDONLY);
    char place[1024];
    size_t used = 0;
    size_t count = 0;
    for (;;) {
        const ssize_t got = fd ? sys::read(fd.get(), place + used, sizeof place - used) : 0;
        if (got <= 0) return count;
        used += static_cast<size_t>(got);
        std::string_view rest(place, used);
        while (rest.find('\n') != rest.npos) {
            const auto pid = parse_unsigned(take_line(rest), INT32_MAX);
            if (!pid || *pid == 0) continue;  // 0: in no PID namespace of ours
            ++count;
            see(context, static_cast<pid_t>(*pid));
        }
        used = rest.size();
        std::memmove(place, rest.data(), used);
    }
}

bool is_populated(const Text& group) {
    if (group.empty()) return false;
    Fd events = open_in(group, "cgroup.events", O_RDONLY);
    return events ? look(group, events) != Remains::none : errno != ENOENT;
}

ControlGroups::Held* ControlGroups::find(ServiceId id) {
    for (Held& held : held_)
        if (held.id == id) return &held;
    return nullptr;
}

const Text* ControlGroups::path_of(ServiceId id) const {
    const Held* held = const_cast<ControlGroups*>(this)->find(id);
    return held != nullptr ? &held->path : nullptr;
}

bool ControlGroups::find_own() {
    if (!own_.empty()) return true;
    Buffer<path_max_bytes> own;
    if (!platform::find_control_group(::getpid(), own, top_)) return false;
    if (own.view().ends_with(own_leaf)) own.cut(own.size() - own_leaf.size());
    own_ = own.view();
    return true;
}

// The name that reeve gives is of the run directory as well, which only one reeve has at a time:
// groups that bear it are an earlier one's, or nobody's.
void ControlGroups::append_path(Sink& path, const Service& service,
                                const Text& run_directory) const {
    const std::string_view value = service.policy().cgroup;
    if (value == "yes") {
        struct stat home {};
        uint64_t whose = static_cast<uint64_t>(::getpid());
        if (!run_directory.empty() && sys::stat(run_directory.c_str(), &home) == 0)
            whose = home.st_ino + home.st_dev * 2654435761;
        append(path, own_, "/reeve.");
        path << service.full_name();
        append(path, '.', whose);
    } else if (value.starts_with('/')) {
        append(path, own_.view().substr(0, top_), value);
    } else {
        append(path, own_, '/', value);
    }
}

// Would a KILL for the one end something of the other?
bool ControlGroups::is_free(ServiceId id, std::string_view path, PrepareError& error) const {
    Path leaf;
    append(leaf, own_, own_leaf);
    if (is_within(own_, path) || is_within(path, leaf.view()))
        return error.fail(SpawnStep::cgroup, EBUSY, "cgroup: ", path, " is reeve's own group");
    for (const Held& held : held_) {
        if (!held.id || held.id == id ||
            !(is_within(path, held.path) || is_within(held.path, path)))
            continue;
        Path name;
        name << supervisor_.at(held.id).full_name();
        return error.fail(SpawnStep::cgroup, EBUSY, "cgroup: ", path, ": ", name, " has ",
                          held.path);
    }
    return true;
}

// Makes what is above it, too. The bounds of an earlier run are not this one's: it is made anew.
bool ControlGroups::make(const Text& path, PrepareError& error) const {
    const std::string_view all = path;
    Path above;
    size_t end = all.starts_with(own_) ? own_.view().size() : top_;
    while (end < all.size()) {
        end = std::min(all.find('/', end + 1), all.size());
        above.clear();
        append(above, all.substr(0, end));
        if (sys::mkdir(above.c_str(), 0755) == 0 || errno == EEXIST) continue;
        return fail(error, errno, above.view());
    }
    return true;
}

// What an earlier reeve's run has left in a group of that name goes with it; a group that a file
// names may be somebody else's.
bool ControlGroups::is_empty(const Service& service, const Text& path, PrepareError& error) const {
    Fd events = open_in(path, "cgroup.events", O_RDONLY);
    if (!events) return fail(error, errno, path);
    const Remains left = look(path, events);
    if (left == Remains::none) return true;
    if (service.policy().cgroup == "yes") {
        const int code = write_in(path, "cgroup.kill", "1");
        return code == 0 || fail(error, code, path);
    }
    char place[32];
    std::string_view pids = read_in(path, "cgroup.procs", place);
    return error.fail(SpawnStep::cgroup, EBUSY, "cgroup: ", path,
                      ": processes are in it that are not the service's: PID ", take_word(pids));
}

// Those from the top down to the one above must pass the controller on.
bool ControlGroups::enable(std::string_view path, std::string_view setting,
                           PrepareError& error) const {
    const std::string_view controller = setting.substr(0, setting.find('.'));
    if (controller == "cgroup") return true;
    for (size_t end = top_; end != path.npos; end = path.find('/', end + 1))
        if (!enable_in(path.substr(0, end), controller, error)) return false;
    return true;
}

bool ControlGroups::enable_in(std::string_view group, std::string_view controller,
                              PrepareError& error) const {
    constexpr char file[] = "cgroup.subtree_control";
    char place[256];
    std::string_view enabled = read_in(group, file, place);
    while (!enabled.empty())
        if (take_word(enabled) == controller) return true;
    Buffer<cgroup_path_max_bytes + 2> wanted;
    append(wanted, '+', controller);
    int code = write_in(group, file, wanted.view());
    if (code == EBUSY && group == own_) {
        move_out();
        code = write_in(group, file, wanted.view());
    }
    if (code == 0) return true;
    const char* why = errno_text(code);
    if (code == ENOENT || code == EINVAL) why = "not available there (cgroup.controllers)";
    if (code == EBUSY) why = "a group with processes of its own passes none on";
    return error.fail(SpawnStep::cgroup, code, "cgroup_set: ", group, ": controller ", controller,
                      ": ", why);
}

// What begins meanwhile is met in the next round.
void ControlGroups::move_out() const {
    Path leaf;
    append(leaf, own_, own_leaf);
    sys::mkdir(leaf.c_str(), 0755);
    const Fd procs = open_in(leaf.view(), "cgroup.procs", O_WRONLY);
    const auto move = [&](pid_t pid) {
        Buffer<16> number;
        append(number, int64_t{pid});
        sys::write(procs.get(), number.c_str(), number.size());
    };
    for (int i = 0; i < 8 && procs && each_process(own_, move) > 0; ++i) {}
}

bool ControlGroups::begin(ServiceId id, const Text& run_directory, Fd& procs, PrepareError& error) {
    const Service& service = supervisor_.at(id);
    const Policy& policy = service.policy();
    if (policy.cgroup.empty()) return true;
    if (!find_own())
        return error.fail(SpawnStep::cgroup, ENOENT,
                          "cgroup: no hierarchy of version 2 is mounted (mount -t cgroup2 none "
                          "/sys/fs/cgroup)");
    Path built;
    append_path(built, service, run_directory);
    if (built.truncated()) return fail(error, ENAMETOOLONG, own_);
    const Text path = built.view();
    if (!is_free(id, path, error)) return false;
    end(id);
    // What is below a group that a file names need not be the service's.
    if (policy.cgroup == "yes")
        remove(built);
    else
        sys::rmdir(path.c_str());
    if (!make(path, error) || !is_empty(service, path, error)) return false;
    held_.push_back({id, path, {}});
    for (const std::string_view setting : policy.cgroup_set) {
        if (!enable(path, setting, error)) return false;
        std::string_view value = setting;
        Buffer<cgroup_path_max_bytes + 1> file;
        append(file, take_word(value));
        const int code = write_in(path, file.c_str(), trim(value));
        if (code != 0)
            return error.fail(SpawnStep::cgroup, code, "cgroup_set = ", setting, ": ", path, '/',
                              file, ": ", errno_text(code));
    }
    procs = open_in(path, "cgroup.procs", O_WRONLY);
    return procs || fail(error, errno, path);
}

void ControlGroups::take_over(ServiceId id, const Text& run_directory, const Text& recorded) {
    const Service& service = supervisor_.at(id);
    Text found = recorded;
    if (found.empty()) {
        if (service.group <= 0 || service.policy().cgroup.empty() || !find_own()) return;
        Path path;
        append_path(path, service, run_directory);
        const bool is_in =
            service.leader_gone
                ? service.in_control_group && !service.stale()
                : platform::is_in_control_group(service.leader.pid, path.view().substr(top_));
        if (!is_in || path.truncated()) return;
        found = path.view();
    }
    held_.push_back({id, found, {}});
}

// Busy for a moment yet, it goes when the kernel says that it is empty.
bool ControlGroups::try_removal(size_t i) {
    if (held_[i].id) return false;
    Path path;
    append(path, held_[i].path);
    if (!remove(path) && held_[i].events && word_of(held_[i].events.get()) != Remains::none)
        return true;
    held_.erase(held_.begin() + static_cast<long>(i));
    return true;
}

void ControlGroups::end(ServiceId id) {
    Held* held = find(id);
    if (held == nullptr) return;
    held->id = {};
    try_removal(static_cast<size_t>(held - held_.data()));
}

Remains ControlGroups::left(ServiceId id) {
    Held* held = find(id);
    if (held == nullptr) return Remains::none;
    if (!held->events) held->events = open_in(held->path, "cgroup.events", O_RDONLY);
    if (!held->events) return errno == ENOENT ? Remains::none : Remains::unknown;
    return look(held->path, held->events);
}

// By their numbers processes are told only once they are seen to be in the group while they are
// held: what has one of them by then is no stranger.
bool ControlGroups::signal(ServiceId id, int number, pid_t group) {
    if (left(id) == Remains::none) return false;
    const Text& path = find(id)->path;
    if (number == SIGKILL && write_in(path, "cgroup.kill", "1") == 0) return true;
    std::string_view name = path;
    if (find_own()) name.remove_prefix(std::min(top_, name.size()));
    each_process(path, [&](pid_t pid) {
        if (getpgid(pid) == group) return;
        const Fd process(platform::open_process(pid));
        if (process && platform::is_in_control_group(pid, name))
            platform::signal_process(process.get(), number);
    });
    return true;
}

void ControlGroups::watch(PollSet& set) {
    for (Held& held : held_) held.events.watch(set, POLLPRI);
}

}  // namespace reeve
