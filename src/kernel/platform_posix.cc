// What POSIX has, and what the BSDs and macOS have beyond it.

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/param.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__FreeBSD__) || defined(__NetBSD__) || defined(__APPLE__)
#define HAS_SYSCTL 1
#include <sys/sysctl.h>
#include <sys/time.h>
#include <sys/un.h>
#endif
#if defined(__FreeBSD__) || defined(__NetBSD__)
#include <sys/reboot.h>
#endif
#if defined(__FreeBSD__)
#include <sys/procctl.h>
#include <sys/user.h>
#endif

#include "base/limits.h"
#include "base/parse.h"
#include "kernel/platform.h"
#include "kernel/sys.h"

namespace reeve::platform {

const bool has_oom_score_adj = false;
const bool has_no_new_privs = false;
const bool has_usage = false;
const bool has_confinement = false;
const bool can_share_memory = false;  // vfork is no longer in POSIX, and its meaning differs
const int removal_signal = 0;

namespace {

constexpr int of_containers[] = {SIGQUIT};

}  // namespace

const std::span<const int> container_stop_signals = of_containers;

namespace {

int not_supported() {
    errno = ENOTSUP;
    return -1;
}

// Marks the descriptor; true where it was open and not yet marked.
bool seal(int fd) {
    int flags = ::fcntl(fd, F_GETFD);
    if (flags < 0 || (flags & FD_CLOEXEC) != 0) return false;
    return ::fcntl(fd, F_SETFD, flags | FD_CLOEXEC) == 0;
}

void unseal(int fd) {
    int flags = ::fcntl(fd, F_GETFL);
    if (flags >= 0 && (flags & O_ACCMODE) == O_RDWR) ::fcntl(fd, F_SETFD, 0);
}

int seal_unblocked(int fd) {
    if (fd < 0) return -1;
    seal(fd);
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    return fd;
}

}  // namespace

uint64_t start_time_now() { return 0; }
uint64_t start_time_since(uint64_t, pid_t pid) { return start_time_of(pid); }

pid_t fork_sharing(void (*)(const void*), const void*) { return not_supported(); }

// The sysctl calls are plain system calls: a child may make them before exec.
uint64_t start_time_of([[maybe_unused]] pid_t pid) {
#if defined(HAS_SYSCTL)
#if defined(__NetBSD__)
    struct kinfo_proc2 facts {};
    int name[] = {CTL_KERN, KERN_PROC2, KERN_PROC_PID, pid, sizeof facts, 1};
#else
    struct kinfo_proc facts {};
    int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, pid};
#endif
    size_t length = sizeof facts;
    if (::sysctl(name, sizeof name / sizeof name[0], &facts, &length, nullptr, 0) < 0) return 0;
    if (length == 0) return 0;
#if defined(__NetBSD__)
    return static_cast<uint64_t>(facts.p_ustart_sec) * 1000000 + facts.p_ustart_usec;
#elif defined(__FreeBSD__)
    struct timeval start = facts.ki_start;
#else
    struct timeval start = facts.kp_proc.p_un.__p_starttime;
#endif
#if !defined(__NetBSD__)
    return static_cast<uint64_t>(start.tv_sec) * 1000000 + static_cast<uint64_t>(start.tv_usec);
#endif
#else
    return 0;
#endif
}

uint64_t own_start_time() { return start_time_of(::getpid()); }

bool is_zombie(pid_t) { return false; }
bool is_ending(pid_t pid) { return ::kill(pid, 0) < 0 && errno == ESRCH; }

int open_process(pid_t) { return not_supported(); }
int copy_descriptor(int, int) { return not_supported(); }
int give_socket(const char* path, uid_t user, gid_t group) { return ::lchown(path, user, group); }
pid_t listener_on(uint16_t) { return 0; }
void append_program(Sink&, pid_t) {}
int signal_process(int, int) { return not_supported(); }
int each_member(pid_t, bool (*)(void*, const Member&), void*) { return not_supported(); }

// macOS and FreeBSD name each run of the kernel; elsewhere it is known by when it began.
int append_boot_id([[maybe_unused]] Sink& out) {
#if defined(HAS_SYSCTL)
    char text[64] = {};
    size_t length = sizeof text - 1;
    if (::sysctlbyname("kern.bootsessionuuid", text, &length, nullptr, 0) == 0 ||
        (length = sizeof text - 1,
         ::sysctlbyname("kern.boot_id", text, &length, nullptr, 0) == 0)) {
        out << static_cast<const char*>(text);
        return 0;
    }
    struct timeval boot {};
    length = sizeof boot;
    if (::sysctlbyname("kern.boottime", &boot, &length, nullptr, 0) < 0) return -1;
    out << static_cast<int64_t>(boot.tv_sec);
    return 0;
#else
    return not_supported();
#endif
}

int copy_disposition(int, int) { return not_supported(); }

int become_subreaper() {
#if defined(__FreeBSD__)
    return ::procctl(P_PID, ::getpid(), PROC_REAP_ACQUIRE, nullptr);
#else
    return not_supported();
#endif
}

bool group_has_live_members(pid_t group) { return sys::kill(-group, 0) == 0 || errno != ESRCH; }

int each_entry(int directory, bool (*see)(void* context, const char* name), void* context) {
    Fd own(::fcntl(directory, F_DUPFD_CLOEXEC, 0));  // closedir closes what it reads from
    DIR* stream = own ? ::fdopendir(own.get()) : nullptr;
    if (stream == nullptr) return -1;
    own.release();
    int code = 0;
    for (;;) {
        errno = 0;
        const struct dirent* entry = ::readdir(stream);
        code = errno;
        if (entry == nullptr || !see(context, entry->d_name)) break;
    }
    ::closedir(stream);
    errno = code;
    return code == 0 ? 0 : -1;
}

int watch_removals(const char*) { return not_supported(); }
int watch_mounts() { return not_supported(); }

int open_watch() { return not_supported(); }
int watch_path(int, const char*, WatchFor) { return not_supported(); }
void read_watch(int, void (*)(void*, Happening, const char*), void*) {}

void signal_children(int) {}

size_t children_of_self(std::span<pid_t>) { return 0; }

ssize_t environment_of(pid_t, std::span<char>) { return not_supported(); }

bool each_use(void (*)(void*, pid_t, const Usage&), void*) { return false; }

int set_oom_score_adj(int) { return not_supported(); }

int set_no_new_privs() { return not_supported(); }

int bound_capabilities(uint64_t) { return not_supported(); }
int keep_capabilities() { return not_supported(); }
int set_capabilities(uint64_t) { return not_supported(); }
uint64_t own_capabilities() { return 0; }
int set_io_priority(uint16_t) { return not_supported(); }
int set_scheduler(uint16_t) { return not_supported(); }

void set_session_nice(int) {}

pid_t fork_child() { return ::fork(); }

int set_user(uid_t user) { return ::setuid(user); }
int set_group(gid_t group) { return ::setgid(group); }

// Some systems count groups in an int, some in a size_t: both hold a uint16_t.
int set_groups(std::span<const gid_t> groups) {
    return ::setgroups(static_cast<uint16_t>(groups.size()), groups.data());
}

std::optional<uint64_t> full_group_limit() { return std::nullopt; }
GroupLimits group_limits() { return {}; }
bool find_control_group(pid_t, Sink&, size_t&) { return false; }
bool is_in_control_group(pid_t, std::string_view) { return false; }
std::optional<MemoryKills> memory_kills() { return std::nullopt; }

int set_limit(int resource, const struct rlimit& limit) { return ::setrlimit(resource, &limit); }

int get_directory(std::span<char> path) {
    return ::getcwd(path.data(), path.size()) == nullptr ? -1 : 0;
}

// /dev/fd may show no more than 0 to 2 (FreeBSD without fdescfs): the low ones are probed as well.
size_t seal_descriptors(std::span<int> found) {
    size_t count = 0;
    auto take = [&](int fd) {
        if (fd >= 3 && seal(fd) && count < found.size()) found[count++] = fd;
    };
    const size_t searched = std::max(found.size(), inherited_fds_max_count);
    for (int fd = 3; fd < static_cast<int>(searched); ++fd) take(fd);
    DIR* directory = ::opendir("/dev/fd");
    if (directory == nullptr) return count;
    while (const struct dirent* entry = ::readdir(directory))
        if (auto number = parse_unsigned(entry->d_name, INT32_MAX)) take(static_cast<int>(*number));
    ::closedir(directory);
    return count;
}

void block_all_signals() {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, nullptr);
}

// Nothing is asked that may allocate.
void unseal_descriptors() {
    for (int fd = 3; fd < descriptors_searched_max_count; ++fd) unseal(fd);
}

int open_pipe(int ends[2]) {
    if (::pipe(ends) < 0) return -1;
    seal_unblocked(ends[0]);
    seal_unblocked(ends[1]);
    return 0;
}

int open_wall_timer() { return not_supported(); }
int set_wall_timer(int, Wall) { return not_supported(); }

int open_socket(int domain, int type) { return seal_unblocked(::socket(domain, type, 0)); }

int accept_socket(int fd) { return seal_unblocked(::accept(fd, nullptr, nullptr)); }

// The BSDs and macOS do as Linux does.
int open_fifo(const char* path) { return sys::open(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW); }

bool enlarge_pipe(int, size_t) { return false; }  // theirs grow by themselves

// macOS has no posix_fallocate, others refuse for most file systems: our caller writes zeros.
int reserve_room(int, off_t, off_t) { return not_supported(); }

std::optional<uid_t> peer_uid([[maybe_unused]] int socket) {
#if defined(HAS_SYSCTL)
    uid_t user = 0;
    gid_t group = 0;
    if (::getpeereid(socket, &user, &group) == 0) return user;
#elif defined(SO_PEERCRED)
    struct ucred peer {};
    socklen_t length = sizeof peer;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0) return peer.uid;
#endif
    return std::nullopt;
}

pid_t peer_pid([[maybe_unused]] int socket) {
#if !defined(HAS_SYSCTL) && defined(SO_PEERCRED)
    struct ucred peer {};
    socklen_t length = sizeof peer;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0) return peer.pid;
#endif
    return 0;
}

// The BSDs tell the process only of who wants it told, macOS of nobody.
int ask_for_senders(int) { return not_supported(); }

ssize_t receive(int socket, std::span<char> place, std::optional<Sender>& sender) {
    sender.reset();
    return sys::read(socket, place.data(), place.size());
}

bool is_descendant(pid_t, pid_t) { return false; }

bool in_container() {
    return ::getenv("container") != nullptr || ::access("/.dockerenv", F_OK) == 0 ||
           ::access("/run/.containerenv", F_OK) == 0;
}

int power([[maybe_unused]] PowerAction action) {
    ::sync();
#if defined(__FreeBSD__)
    switch (action) {
    case PowerAction::reboot: return ::reboot(RB_AUTOBOOT);
    case PowerAction::poweroff: return ::reboot(RB_POWEROFF);
    case PowerAction::halt: return ::reboot(RB_HALT);
    }
#elif defined(__NetBSD__)
    switch (action) {
    case PowerAction::reboot: return ::reboot(RB_AUTOBOOT, nullptr);
    case PowerAction::poweroff: return ::reboot(RB_HALT | RB_POWERDOWN, nullptr);
    case PowerAction::halt: return ::reboot(RB_HALT, nullptr);
    }
#endif
    return not_supported();
}

int catch_ctrl_alt_del() { return not_supported(); }

}  // namespace reeve::platform
