#include "kernel/sys.h"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <signal.h>
#include <string>  // brings ::rename, which only stdio.h declares
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/limits.h"
#include "kernel/platform.h"

namespace reeve::sys {

int (*fault)(Call call) = nullptr;

namespace {

// Does a test want this call to fail? Then errno is set. Inlined always, for nothing is left of it
// in the product, where no code sets `fault`.
[[gnu::always_inline]] inline bool refused(Call call) {
    if (fault == nullptr) return false;
    int code = fault(call);
    if (code == 0) return false;
    errno = code;
    return true;
}

// Makes the call once.
template <typename F>
auto once(Call call, F function) {
    using Answer = decltype(function());
    return refused(call) ? static_cast<Answer>(-1) : function();
}

// Makes the call until no signal interrupts it.
template <typename F>
auto retried(Call call, F function) {
    for (;;) {
        auto answer = once(call, function);
        if (answer >= 0 || errno != EINTR) return answer;
    }
}

int64_t clock_ms(clockid_t clock) {
    struct timespec t {};
    ::clock_gettime(clock, &t);
    return static_cast<int64_t>(t.tv_sec) * 1000 + t.tv_nsec / 1000000;
}

// Makes the file at least `end` long, in zeros.
int fill_with_zeros(int fd, off_t end) {
    char zeros[512] = {};
    struct stat status {};
    if (::fstat(fd, &status) < 0) return -1;
    for (off_t at = status.st_size; at < end;) {
        size_t count = static_cast<size_t>(std::min<off_t>(end - at, sizeof zeros));
        ssize_t written = pwrite(fd, zeros, count, at);
        if (written < 0) return -1;
        at += written;
    }
    return 0;
}

}  // namespace

bool is_passing(int code) {
    return code == EMFILE || code == ENFILE || code == ENOMEM || code == EINTR;
}

int persist(int (*attempt)(void* context), void* context) {
    int code = attempt(context);
    for (int tries = 1; is_passing(code) && tries < attempts_max_count; ++tries) {
        poll({}, attempt_pause_ms);
        code = attempt(context);
    }
    return code;
}

pid_t fork(Memory memory, void (*child)(const void*), const void* context) {
    if (refused(Call::fork)) return -1;
    if (memory == Memory::shared) return platform::fork_sharing(child, context);
    const pid_t pid = platform::fork_child();
    if (pid == 0) child(context);
    return pid;
}

int execve(const char* path, const char* const* argv, const char* const* environment) {
    return once(Call::execve, [=] {
        return ::execve(path, const_cast<char* const*>(argv),
                        const_cast<char* const*>(environment));
    });
}

pid_t waitpid(pid_t pid, int* status, int options) {
    return retried(Call::waitpid, [=] { return ::waitpid(pid, status, options); });
}

int kill(pid_t pid, int signal) {
    return once(Call::kill, [=] { return ::kill(pid, signal); });
}

pid_t setsid() {
    return once(Call::setsid, [] { return ::setsid(); });
}

int setpgid(pid_t pid, pid_t group) {
    return once(Call::setpgid, [=] { return ::setpgid(pid, group); });
}

int tcsetpgrp(int fd, pid_t group) {
    return once(Call::tcsetpgrp, [=] { return ::tcsetpgrp(fd, group); });
}

int set_controlling_terminal(int fd) {
    return once(Call::set_controlling_terminal, [=] { return ::ioctl(fd, TIOCSCTTY, 0); });
}

int reset_terminal(int fd) {
    termios sane = {};
    if (::tcgetattr(fd, &sane) < 0) return -1;
    sane.c_iflag |= BRKINT | ICRNL | IXON;
    sane.c_iflag &= ~tcflag_t{IGNBRK | IGNCR | INLCR | INPCK | ISTRIP | PARMRK | IXANY | IXOFF};
    sane.c_oflag |= OPOST | ONLCR;
    sane.c_oflag &= ~tcflag_t{OCRNL | ONOCR | ONLRET};
    sane.c_cflag |= CREAD;
    sane.c_lflag |= ISIG | ICANON | IEXTEN | ECHO | ECHOE | ECHOK;
    sane.c_lflag &= ~tcflag_t{ECHONL | NOFLSH | TOSTOP};
    constexpr struct {
        int place;
        cc_t character;
    } characters[] = {{VINTR, 3}, {VQUIT, 28},  {VERASE, 127}, {VKILL, 21},
                      {VEOF, 4},  {VSTART, 17}, {VSTOP, 19},   {VSUSP, 26}};
    for (const auto& [place, character] : characters) sane.c_cc[place] = character;
    return once(Call::reset_terminal, [&] { return ::tcsetattr(fd, TCSANOW, &sane); });
}

int open(const char* path, int flags, mode_t mode) { return open_at(AT_FDCWD, path, flags, mode); }

// musl's open() marks the descriptor once more; its openat() relies on the kernel.
int open_at(int directory, const char* name, int flags, mode_t mode) {
    return retried(Call::open,
                   [=] { return ::openat(directory, name, flags | O_CLOEXEC | O_NOCTTY, mode); });
}

int lstat_at(int directory, const char* name, struct stat* out) {
    return once(Call::lstat, [=] { return ::fstatat(directory, name, out, AT_SYMLINK_NOFOLLOW); });
}

int rename_at(int directory, const char* from, const char* to) {
    return once(Call::rename, [=] { return ::renameat(directory, from, directory, to); });
}

int unlink_at(int directory, const char* name) {
    return once(Call::unlink, [=] { return ::unlinkat(directory, name, 0); });
}

ssize_t read(int fd, void* place, size_t capacity) {
    return retried(Call::read, [=] { return ::read(fd, place, capacity); });
}

ssize_t write(int fd, const void* bytes, size_t count) {
    return retried(Call::write, [=] { return ::write(fd, bytes, count); });
}

ssize_t pread(int fd, void* place, size_t capacity, off_t offset) {
    return retried(Call::pread, [=] { return ::pread(fd, place, capacity, offset); });
}

ssize_t pwrite(int fd, const void* bytes, size_t count, off_t offset) {
    return retried(Call::pwrite, [=] { return ::pwrite(fd, bytes, count, offset); });
}

int stat(const char* path, struct stat* out) {
    return once(Call::stat, [=] { return ::stat(path, out); });
}

int fstat(int fd, struct stat* out) {
    return once(Call::fstat, [=] { return ::fstat(fd, out); });
}

int lstat(const char* path, struct stat* out) {
    return once(Call::lstat, [=] { return ::lstat(path, out); });
}

ssize_t readlink(const char* path, char* place, size_t capacity) {
    return once(Call::readlink, [=] { return ::readlink(path, place, capacity); });
}

int ftruncate(int fd, off_t length) {
    return retried(Call::ftruncate, [=] { return ::ftruncate(fd, length); });
}

int fallocate(int fd, off_t offset, off_t length) {
    int answer =
        retried(Call::fallocate, [=] { return platform::reserve_room(fd, offset, length); });
    if (answer == 0) return 0;
    if (errno != EOPNOTSUPP && errno != ENOTSUP && errno != EINVAL && errno != ENOSYS) return -1;
    return fill_with_zeros(fd, offset + length);
}

int fsync(int fd) {
    return retried(Call::fsync, [=] { return ::fsync(fd); });
}

uint64_t room_around(int fd) {
    struct statvfs facts {};
    if (::fstatvfs(fd, &facts) < 0) return 0;
    return uint64_t{facts.f_blocks} * facts.f_frsize;
}

bool is_read_only(const char* path) {
    struct statvfs facts {};
    return ::statvfs(path, &facts) == 0 && (facts.f_flag & ST_RDONLY) != 0;
}

int fcntl(int fd, int command, int argument) {
    return once(Call::fcntl, [=] { return ::fcntl(fd, command, argument); });
}

int fcntl(int fd, int command, struct flock* lock) {
    return once(Call::fcntl, [=] { return ::fcntl(fd, command, lock); });
}

int dup2(int from, int to) {
    return retried(Call::dup2, [=] { return ::dup2(from, to); });
}

int pipe(Fd& read_end, Fd& write_end) {
    int ends[2] = {-1, -1};
    if (once(Call::pipe, [&] { return platform::open_pipe(ends); }) < 0) return -1;
    read_end = Fd(ends[0]);
    write_end = Fd(ends[1]);
    return 0;
}

int mkdir(const char* path, mode_t mode) {
    return once(Call::mkdir, [=] { return ::mkdir(path, mode); });
}

int mkfifo(const char* path, mode_t mode) {
    return once(Call::mkfifo, [=] { return ::mkfifo(path, mode); });
}

int access(const char* path, int mode) {
    return once(Call::access, [=] { return ::access(path, mode); });
}

int rename(const char* from, const char* to) {
    return once(Call::rename, [=] { return ::rename(from, to); });
}

int unlink(const char* path) {
    return once(Call::unlink, [=] { return ::unlink(path); });
}

int chmod(const char* path, mode_t mode) {
    return once(Call::chmod, [=] { return ::chmod(path, mode); });
}

int fchmod(int fd, mode_t mode) {
    return once(Call::fchmod, [=] { return ::fchmod(fd, mode); });
}

int chown(const char* path, uid_t user, gid_t group) {
    return once(Call::chown, [=] { return ::chown(path, user, group); });
}

int fchown(int fd, uid_t user, gid_t group) {
    return once(Call::fchown, [=] { return ::fchown(fd, user, group); });
}

int socket(int domain, int type) {
    return once(Call::socket, [=] { return platform::open_socket(domain, type); });
}

int bind(int fd, const struct sockaddr* address, socklen_t length) {
    return once(Call::bind, [=] { return ::bind(fd, address, length); });
}

int listen(int fd, int backlog) {
    return once(Call::listen, [=] { return ::listen(fd, backlog); });
}

int accept(int fd) {
    return retried(Call::accept, [=] { return platform::accept_socket(fd); });
}

// Not made again where interrupted: the connection goes on being made, and a second try fails.
int connect(int fd, const struct sockaddr* address, socklen_t length) {
    return once(Call::connect, [=] { return ::connect(fd, address, length); });
}

ssize_t recvmsg(int fd, struct msghdr* message, int flags) {
    return retried(Call::recvmsg, [=] { return ::recvmsg(fd, message, flags); });
}

ssize_t sendto(int fd, const void* bytes, size_t count, int flags, const struct sockaddr* address,
               socklen_t length) {
    return retried(Call::sendto,
                   [=] { return ::sendto(fd, bytes, count, flags, address, length); });
}

int poll(std::span<struct pollfd> fds, int timeout_ms) {
    return once(Call::poll,
                [=] { return ::poll(fds.data(), static_cast<nfds_t>(fds.size()), timeout_ms); });
}

void sleep(int64_t us) {
    const timespec time{.tv_sec = 0, .tv_nsec = static_cast<long>(us * 1000)};
    ::nanosleep(&time, nullptr);
}

int chroot(const char* path) {
    return once(Call::chroot, [=] { return ::chroot(path); });
}

int chdir(const char* path) {
    return once(Call::chdir, [=] { return ::chdir(path); });
}

int setgroups(std::span<const gid_t> groups) {
    return once(Call::setgroups, [=] { return platform::set_groups(groups); });
}

int setgid(gid_t group) {
    return once(Call::setgid, [=] { return platform::set_group(group); });
}

int setuid(uid_t user) {
    return once(Call::setuid, [=] { return platform::set_user(user); });
}

int setrlimit(int resource, const struct rlimit* limit) {
    return once(Call::setrlimit, [=] { return platform::set_limit(resource, *limit); });
}

int setpriority(int nice) {
    return once(Call::setpriority, [=] { return ::setpriority(PRIO_PROCESS, 0, nice); });
}

void raise_descriptor_limit() {
    struct rlimit limit {};
    if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return;
    limit.rlim_cur = limit.rlim_max;
    sys::setrlimit(RLIMIT_NOFILE, &limit);
}

Mono mono_now() { return Mono{clock_ms(CLOCK_MONOTONIC)}; }

Wall wall_now() { return Wall{clock_ms(CLOCK_REALTIME)}; }

int64_t wall_now_us() {
    struct timespec t {};
    ::clock_gettime(CLOCK_REALTIME, &t);
    return static_cast<int64_t>(t.tv_sec) * 1000000 + t.tv_nsec / 1000;
}

int32_t local_offset_s(int64_t time_s) {
    const time_t time = static_cast<time_t>(time_s);
    struct tm local {};
    return ::localtime_r(&time, &local) == nullptr ? 0 : static_cast<int32_t>(local.tm_gmtoff);
}

}  // namespace reeve::sys
