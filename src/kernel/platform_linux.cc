#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <string_view>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/format.h"
#include "base/limits.h"
#include "base/parse.h"
#include "kernel/platform.h"
#include "kernel/sys.h"

namespace reeve::platform {

const bool has_oom_score_adj = true;
const bool has_no_new_privs = true;
const bool has_usage = true;
const bool has_confinement = true;
const bool can_share_memory = true;
const int removal_signal = 32;  // libc keeps it for threads

namespace {

// glibc's RTMIN is 34: everybody else's numbers of what systemd takes for halt, poweroff, reboot.
constexpr int of_containers[] = {SIGQUIT, SIGPWR, 34 + 3, 34 + 4, 34 + 5};

}  // namespace

const std::span<const int> container_stop_signals = of_containers;

namespace {

// What /proc/PID/stat says of a process (proc(5)).
struct ProcessFacts {
    char letter = '?';        // field 3: R, S, D, Z...
    int64_t parent = 0;       // 4
    int64_t group = 0;        // 5
    uint64_t cpu_ticks = 0;   // 14 to 17: its own, and of children that it waited for
    uint64_t threads = 0;     // 20
    uint64_t start_time = 0;  // 22, in clock ticks since boot
    uint64_t memory = 0;      // 23, in bytes; what ends gives it up before its descriptors
    uint64_t pages = 0;       // 24

    // A leader that ended before the other threads of its process is shown as a zombie.
    bool alive() const { return threads > 1 || (letter != 'Z' && letter != 'X'); }
};

// The inode of the first PID namespace: PROC_PID_INIT_INO in the kernel's proc_ns.h.
constexpr ino_t first_pid_namespace = 0xEFFFFFFC;

// The beginning of a file; nothing, and errno, where it cannot be read.
std::string_view read_beginning(const char* path, std::span<char> place) {
    Fd fd(sys::open(path, O_RDONLY));
    if (!fd) return {};
    ssize_t count = sys::read(fd.get(), place.data(), place.size());
    return {place.data(), count > 0 ? static_cast<size_t>(count) : 0};
}

// The name of a process (field 2) is in parentheses and may hold blanks and parentheses itself:
// fields are counted from behind the last one.
bool read_facts(const char* path, ProcessFacts& facts) {
    std::array<char, 1024> place;
    std::string_view line = read_beginning(path, place);
    size_t name_end = line.rfind(')');
    if (name_end == std::string_view::npos) return false;
    std::string_view rest = line.substr(name_end + 1);
    for (int field = 3; field <= 24; ++field) {
        std::string_view word = take_word(rest);
        if (word.empty()) return false;
        if (field == 3) facts.letter = word[0];
        if (field == 4) facts.parent = parse_integer(word, 0, INT32_MAX).value_or(0);
        if (field == 5) facts.group = parse_integer(word, 0, INT32_MAX).value_or(0);
        uint64_t number = parse_unsigned(word, UINT64_MAX).value_or(0);
        if (field >= 14 && field <= 17) facts.cpu_ticks += number;
        if (field == 20) facts.threads = number;
        if (field == 22) facts.start_time = number;
        if (field == 23) facts.memory = number;
        if (field == 24) facts.pages = number;
    }
    return true;
}

bool read_facts_of(pid_t pid, ProcessFacts& facts) {
    Buffer<32> path;
    append(path, "/proc/", pid, "/stat");
    return read_facts(path.c_str(), facts);
}

// Calls see(number) for the entries of a directory whose names are numbers, until it says false.
// False: the directory cannot be read.
template <typename F>
bool each_number_in(const char* directory, F& see) {
    const Fd fd(sys::open(directory, O_RDONLY | O_DIRECTORY));
    auto look = [&](const char* name) {
        auto number = parse_unsigned(name, INT32_MAX);
        return !number || see(static_cast<int>(*number));
    };
    return fd && each_entry(fd.get(), look) == 0;
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

int ok_or_error(long answer) { return answer < 0 ? -1 : 0; }

}  // namespace

uint64_t start_time_of(pid_t pid) {
    ProcessFacts facts;
    return read_facts_of(pid, facts) ? facts.start_time : 0;
}

// Not through /proc/self: where /proc belongs to another PID namespace than ours, this and
// start_time_of() must at least agree.
uint64_t own_start_time() { return start_time_of(::getpid()); }

// The kernel takes a start time from this clock, and shows it in these ticks (fs/proc/array.c).
uint64_t start_time_now() {
    struct timespec now {};
    if (::clock_gettime(CLOCK_BOOTTIME, &now) < 0) return 0;
    const auto ticks_a_second = uint64_t{::getauxval(AT_CLKTCK)};
    return static_cast<uint64_t>(now.tv_sec) * ticks_a_second +
           static_cast<uint64_t>(now.tv_nsec) / (1000000000 / ticks_a_second);
}

// Something that poses as Linux may count otherwise: it is believed once it was found to agree.
uint64_t start_time_since(uint64_t before, pid_t pid) {
    static bool agrees = false;
    const bool same_tick = before != 0 && start_time_now() == before;
    if (same_tick && agrees) return before;
    const uint64_t told = start_time_of(pid);
    if (same_tick) agrees = told == before;
    return told;
}

// The child goes deeper into the stack alone: what is there when we go on is ours.
pid_t fork_sharing(void (*child)(const void*), const void* context) {
    const pid_t pid = ::vfork();
    if (pid == 0) child(context);
    return pid;
}

bool is_zombie(pid_t pid) {
    ProcessFacts facts;
    return read_facts_of(pid, facts) && !facts.alive();
}

bool is_ending(pid_t pid) {
    ProcessFacts facts;
    if (read_facts_of(pid, facts)) return facts.memory == 0;
    return ::kill(pid, 0) < 0 && errno == ESRCH;
}

int open_process([[maybe_unused]] pid_t pid) {
#if defined(SYS_pidfd_open)
    return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));  // close-on-exec by itself
#else
    errno = ENOSYS;
    return -1;
#endif
}

int signal_process([[maybe_unused]] int descriptor, [[maybe_unused]] int number) {
#if defined(SYS_pidfd_send_signal)
    return ok_or_error(::syscall(SYS_pidfd_send_signal, descriptor, number, nullptr, 0));
#else
    errno = ENOSYS;
    return -1;
#endif
}

// A container that is started again has another PID namespace on the same run of the kernel.
int append_boot_id(Sink& out) {
    std::array<char, 64> place;
    std::string_view text = read_beginning("/proc/sys/kernel/random/boot_id", place);
    if (text.empty()) return -1;
    struct stat state;
    const bool is_known = sys::stat("/proc/self/ns/pid", &state) == 0;
    if (!is_known && errno == ENOMEM) return -1;
    out << text.substr(0, text.find('\n'));
    if (!is_known)
        out << ".?";
    else if (state.st_ino != first_pid_namespace)
        append(out, '.', static_cast<uint64_t>(state.st_ino));
    return 0;
}

int become_subreaper() { return ok_or_error(::prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L)); }

// The kernel's structure differs between processors, and is handed on as it is.
int copy_disposition(int from, int to) {
    alignas(8) char action[64];
    constexpr long set_bytes = 8;  // of the kernel's sigset_t; 16 on MIPS
    if (::syscall(SYS_rt_sigaction, from, nullptr, action, set_bytes) < 0) return -1;
    return ok_or_error(::syscall(SYS_rt_sigaction, to, action, nullptr, set_bytes));
}

// What has ended meanwhile is no member; what cannot be read for want of a descriptor may be one.
int each_member(pid_t group, bool (*see)(void* context, const Member& member), void* context) {
    int code = 0;
    auto look = [&](pid_t pid) {
        ProcessFacts facts;
        if (!read_facts_of(pid, facts)) {
            if (sys::is_passing(errno)) code = errno;
            return true;
        }
        if (facts.group != group) return true;
        return see(context,
                   {pid, static_cast<pid_t>(facts.parent), facts.start_time, facts.alive()});
    };
    if (!each_number_in("/proc", look)) return -1;
    errno = code;
    return code == 0 ? 0 : -1;
}

bool group_has_live_members(pid_t group) {
    if (sys::kill(-group, 0) < 0 && errno == ESRCH) return false;
    // Something is there, if only zombies that are not ours to reap.
    struct {
        bool alive = false;
        bool zombies = false;
        bool see(const Member& member) {
            alive = member.is_alive;
            zombies = true;
            return !alive;
        }
    } search;
    const bool saw_all = each_member(group, search) == 0;
    // Where /proc shows no member at all (not mounted, hidepid), kill's word stands.
    return search.alive || !search.zombies || !saw_all;
}

// readdir would need libc's malloc.
int each_entry(int directory, bool (*see)(void* context, const char* name), void* context) {
    // The head of the kernel's struct linux_dirent64; the name follows it, NUL-terminated.
    constexpr size_t length_at = 16;
    constexpr size_t name_at = 19;
    alignas(8) char place[2048];
    for (;;) {
        long count = ::syscall(SYS_getdents64, directory, place, sizeof place);
        if (count <= 0) return ok_or_error(count);
        for (long at = 0; at < count;) {
            uint16_t length = 0;
            std::memcpy(&length, place + at + length_at, sizeof length);
            if (!see(context, place + at + name_at)) return 0;
            at += length;
        }
    }
}

// dnotify: to close an inotify descriptor takes up to 20 ms, for the kernel waits until all
// processors have forgotten the watch, and the end of the process would take as long.
int watch_removals(const char* directory) {
    constexpr auto removals = static_cast<int>(DN_DELETE | DN_MULTISHOT);  // moved away counts too
    Fd watch(sys::open(directory, O_RDONLY | O_DIRECTORY));
    if (!watch || sys::fcntl(watch.get(), F_SETSIG, removal_signal) < 0 ||
        sys::fcntl(watch.get(), F_NOTIFY, removals) < 0)
        return -1;
    return watch.release();
}

// proc_pid_mounts(5)
int watch_mounts() { return sys::open("/proc/self/mounts", O_RDONLY); }

void signal_children(int number) {
    const pid_t self = ::getpid();
    auto look = [&](pid_t pid) {
        ProcessFacts facts;
        if (read_facts_of(pid, facts) && facts.parent == self && facts.alive())
            sys::kill(pid, number);
        return true;
    };
    each_number_in("/proc", look);
}

bool each_use(void (*see)(void* context, pid_t group, const Usage& usage), void* context) {
    const auto page = uint64_t{::getauxval(AT_PAGESZ)};
    const auto ticks_a_second = uint64_t{::getauxval(AT_CLKTCK)};
    auto look = [&](pid_t pid) {
        ProcessFacts facts;
        if (read_facts_of(pid, facts))
            see(context, static_cast<pid_t>(facts.group),
                {facts.pages * page, facts.cpu_ticks * 1000 / ticks_a_second});
        return true;
    };
    return each_number_in("/proc", look);
}

int set_oom_score_adj(int value) {
    Fd fd(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
    if (!fd) return -1;
    Buffer<16> text;
    text << value;
    return ok_or_error(::write(fd.get(), text.data(), text.size()));
}

// Autogroups (sched(7)). Who lacks CAP_SYS_ADMIN gets one change in a tenth of a second, whoever
// else makes one.
void set_session_nice(int value) {
    constexpr int tries = 40;
    constexpr int64_t pause_us = 25000;
    Fd fd(::open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC));
    if (!fd) return;
    Buffer<16> text;
    text << value;
    for (int i = 0; i < tries; ++i) {
        if (::write(fd.get(), text.data(), text.size()) >= 0 || errno != EAGAIN) return;
        sys::sleep(pause_us);
    }
}

int set_no_new_privs() { return ok_or_error(::prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L)); }

// What musl does in fork for programs with threads is 2 KB; older glibcs do not have the other.
pid_t fork_child() {
#if defined(__GLIBC__)
    return ::fork();
#else
    return ::_Fork();
#endif
}

// 32-bit processors have two of each call, the older one for users of 16 bits.
int set_user(uid_t user) {
#if defined(SYS_setuid32)
    return ok_or_error(::syscall(SYS_setuid32, user));
#else
    return ok_or_error(::syscall(SYS_setuid, user));
#endif
}

int set_group(gid_t group) {
#if defined(SYS_setgid32)
    return ok_or_error(::syscall(SYS_setgid32, group));
#else
    return ok_or_error(::syscall(SYS_setgid, group));
#endif
}

int set_groups(std::span<const gid_t> groups) {
#if defined(SYS_setgroups32)
    return ok_or_error(::syscall(SYS_setgroups32, groups.size(), groups.data()));
#else
    return ok_or_error(::syscall(SYS_setgroups, groups.size(), groups.data()));
#endif
}

int set_limit(int resource, const struct rlimit& limit) {
    return ::prlimit(0, static_cast<decltype(RLIMIT_NOFILE)>(resource), &limit, nullptr);
}

// Not libc's, which draws in malloc. From outside of our root the path does not begin with a slash.
int get_directory(std::span<char> path) {
    if (::syscall(SYS_getcwd, path.data(), path.size()) < 0) return -1;
    if (path[0] == '/') return 0;
    errno = ENOENT;
    return -1;
}

size_t seal_descriptors(std::span<int> found) {
    size_t count = 0;
    auto take = [&](int fd) {
        if (fd >= 3 && seal(fd) && count < found.size()) found[count++] = fd;
        return true;
    };
    if (each_number_in("/proc/self/fd", take) || each_number_in("/dev/fd", take)) return count;
    const size_t searched = std::max(found.size(), inherited_fds_max_count);
    for (int fd = 3; fd < static_cast<int>(searched); ++fd) take(fd);
#ifdef SYS_close_range
    constexpr unsigned close_range_cloexec = 4;
    // A kernel too old for it (before 5.11) leaves those above the probed ones as they were.
    ::syscall(SYS_close_range, 3u, ~0u, close_range_cloexec);
#endif
    return count;
}

void block_all_signals() {
    unsigned char all[_NSIG / 8];
    std::memset(all, 0xff, sizeof all);
    ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, all, nullptr, sizeof all);
}

void unseal_descriptors() {
    auto take = [](int fd) {
        if (fd >= 3) unseal(fd);
        return true;
    };
    if (each_number_in("/proc/self/fd", take) || each_number_in("/dev/fd", take)) return;
    for (int fd = 3; fd < descriptors_searched_max_count; ++fd) take(fd);
}

int open_pipe(int ends[2]) { return ok_or_error(::pipe2(ends, O_CLOEXEC | O_NONBLOCK)); }

int open_socket(int domain, int type) {
    return ::socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

int accept_socket(int fd) { return ::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK); }

int open_fifo(const char* path) { return sys::open(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW); }

bool enlarge_pipe(int fd, size_t bytes) {
    constexpr int set_pipe_size = 1031;  // F_SETPIPE_SZ
    return sys::fcntl(fd, set_pipe_size, static_cast<int>(bytes)) >= 0;
}

int reserve_room(int fd, off_t offset, off_t length) {
    int code = ::posix_fallocate(fd, offset, length);
    if (code == 0) return 0;
    errno = code;
    return -1;
}

static std::optional<ucred> peer_of(int socket) {
    struct ucred peer {};
    socklen_t length = sizeof peer;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) return std::nullopt;
    return peer;
}

std::optional<uid_t> peer_uid(int socket) {
    const auto peer = peer_of(socket);
    if (!peer) return std::nullopt;
    return peer->uid;
}

pid_t peer_pid(int socket) {
    const auto peer = peer_of(socket);
    return peer ? peer->pid : 0;
}

int ask_for_senders(int socket) {
    const int on = 1;
    return ::setsockopt(socket, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
}

// There is room for who sent it alone, and so none for descriptors.
ssize_t receive(int socket, std::span<char> place, std::optional<Sender>& sender) {
    struct iovec part = {place.data(), place.size()};
    alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct ucred))];
    struct msghdr message {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t got = sys::recvmsg(socket, &message, 0);
    sender.reset();
    const struct cmsghdr* head = got < 0 ? nullptr : CMSG_FIRSTHDR(&message);
    if (head == nullptr || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_CREDENTIALS)
        return got;
    struct ucred told {};
    std::memcpy(&told, CMSG_DATA(head), sizeof told);
    sender = {told.pid, told.uid};
    return got;
}

bool is_descendant(pid_t pid, pid_t ancestor) {
    ProcessFacts facts;
    for (size_t i = 0; i < ancestors_max_count && pid > 1; ++i) {
        if (!read_facts_of(pid, facts)) return false;
        pid = static_cast<pid_t>(facts.parent);
        if (pid == ancestor) return true;
    }
    return false;
}

bool in_container() {
    if (::getenv("container") != nullptr) return true;
    if (::access("/.dockerenv", F_OK) == 0 || ::access("/run/.containerenv", F_OK) == 0)
        return true;
    struct stat status {};
    return ::stat("/proc/self/ns/pid", &status) == 0 && status.st_ino != first_pid_namespace;
}

}  // namespace reeve::platform
