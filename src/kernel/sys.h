// sys: the seam to the kernel. Every system call of reeve that may fail in a way worth testing goes
// through here, and a test can make any of them fail. Arguments, return values and errno are those
// of POSIX; what differs is said. All may be called between fork and exec.
#pragma once

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <poll.h>
#include <span>
#include <string>  // brings ::rename, which only stdio.h declares
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/time.h"

struct termios;

namespace reeve::sys {

enum class Call : uint8_t {
    fork,
    execve,
    waitpid,
    kill,
    setsid,
    setpgid,
    tcsetpgrp,
    set_controlling_terminal,
    open,
    read,
    write,
    pread,
    pwrite,
    stat,
    fstat,
    lstat,
    readlink,
    ftruncate,
    fallocate,
    fsync,
    fcntl,
    dup2,
    pipe,
    socket,
    bind,
    listen,
    accept,
    connect,
    recvmsg,
    sendto,
    mkdir,
    mkfifo,
    access,
    rename,
    unlink,
    chmod,
    fchmod,
    chown,
    fchown,
    poll,
    chroot,
    chdir,
    setgroups,
    setgid,
    setuid,
    setrlimit,
    setpriority,
    set_terminal,
    setsockopt,
};

// The seam for tests, null in the product: asked before each call, in the child too. Where its
// answer is not 0, the call is not made and fails with that errno.
extern int (*fault)(Call call);

// Does a test want this call to fail? Then errno is set. Inlined always, for nothing is left of it
// in the product, where no code sets `fault`.
[[gnu::always_inline]] inline bool refused(Call call) {
    if (fault == nullptr) return false;
    const int code = fault(call);
    if (code != 0) errno = code;
    return code != 0;
}

// Makes the call once.
template <typename F, typename... A>
[[gnu::always_inline]] inline auto once(Call call, F function, A... arguments) {
    using Answer = decltype(function(arguments...));
    return refused(call) ? static_cast<Answer>(-1) : function(arguments...);
}

// Makes the call until no signal interrupts it.
template <typename F, typename... A>
[[gnu::always_inline]] inline auto retried(Call call, F function, A... arguments) {
    for (;;) {
        const auto answer = once(call, function, arguments...);
        if (answer >= 0 || errno != EINTR) return answer;
    }
}

// Does this errno value tell of a want that may be over in a moment: of descriptors, of memory?
bool is_passing(int code);

// Makes an attempt, which gives an errno value or 0, until that is no passing one, for five seconds
// at most; gives what the last one gave. For what is done once, when reeve begins: what was not
// seen then would count as not there.
int persist(int (*attempt)(void* context), void* context);
template <typename Attempt>
int persist(Attempt attempt) {
    const auto call = [](void* context) { return (*static_cast<Attempt*>(context))(); };
    return persist(call, &attempt);
}

// Processes.

// Whether a child has a copy of our memory, or we stand still until it has executed its program or
// ended, and both have the same memory until then; that saves the copying.
enum class Memory : uint8_t { copied, shared };
// The child calls child(context), which must not return. Its pid, or -1 and errno.
pid_t fork(Memory memory, void (*child)(const void*), const void* context);
int execve(const char* path, const char* const* argv, const char* const* environment);
inline pid_t waitpid(pid_t pid, int* status, int options) {
    return retried(Call::waitpid, ::waitpid, pid, status, options);
}
inline int kill(pid_t pid, int signal) { return once(Call::kill, ::kill, pid, signal); }
inline pid_t setsid() { return once(Call::setsid, ::setsid); }
inline int setpgid(pid_t pid, pid_t group) { return once(Call::setpgid, ::setpgid, pid, group); }
inline int tcsetpgrp(int fd, pid_t group) { return once(Call::tcsetpgrp, ::tcsetpgrp, fd, group); }
int set_controlling_terminal(int fd);
// As `stty sane` does: what the program before has left there is not the next one's.
int reset_terminal(int fd);
int set_terminal(int fd, const termios& mode);

// Files. Everything that is opened here is close-on-exec, and no terminal opened becomes the
// controlling one.

// A name in a directory that is open. (musl's open() marks the descriptor once more, its openat()
// relies on the kernel.)
inline int open_at(int directory, const char* name, int flags, mode_t mode = 0) {
    return retried(Call::open, ::openat, directory, name, flags | O_CLOEXEC | O_NOCTTY, mode);
}
inline int open(const char* path, int flags, mode_t mode = 0) {
    return open_at(AT_FDCWD, path, flags, mode);
}
inline ssize_t read(int fd, void* place, size_t capacity) {
    return retried(Call::read, ::read, fd, place, capacity);
}
inline ssize_t write(int fd, const void* bytes, size_t count) {
    return retried(Call::write, ::write, fd, bytes, count);
}
inline ssize_t pread(int fd, void* place, size_t capacity, off_t offset) {
    return retried(Call::pread, ::pread, fd, place, capacity, offset);
}
inline ssize_t pwrite(int fd, const void* bytes, size_t count, off_t offset) {
    return retried(Call::pwrite, ::pwrite, fd, bytes, count, offset);
}
inline int stat(const char* path, struct stat* out) { return once(Call::stat, ::stat, path, out); }
inline int fstat(int fd, struct stat* out) { return once(Call::fstat, ::fstat, fd, out); }
inline int lstat(const char* path, struct stat* out) {
    return once(Call::lstat, ::lstat, path, out);
}
inline int lstat_at(int directory, const char* name, struct stat* out) {
    return once(Call::lstat, ::fstatat, directory, name, out, AT_SYMLINK_NOFOLLOW);
}
inline ssize_t readlink(const char* path, char* place, size_t capacity) {
    return once(Call::readlink, ::readlink, path, place, capacity);
}
inline int ftruncate(int fd, off_t length) {
    return retried(Call::ftruncate, ::ftruncate, fd, length);
}
// Reserves room, so that a later write between offset and offset + length cannot fail for want of
// it. Where the file system cannot, what lies past the end of the file is filled with zeros.
int fallocate(int fd, off_t offset, off_t length);
inline int fsync(int fd) { return retried(Call::fsync, ::fsync, fd); }
// How much the file system that holds the file can hold altogether; 0: not known, or no bound.
uint64_t room_around(int fd);
// Is what is there mounted read-only?
bool is_read_only(const char* path);
inline int fcntl(int fd, int command, int argument = 0) {
    return once(Call::fcntl, ::fcntl, fd, command, argument);
}
inline int fcntl(int fd, int command, struct flock* lock) {
    return once(Call::fcntl, ::fcntl, fd, command, lock);
}
inline int dup2(int from, int to) { return retried(Call::dup2, ::dup2, from, to); }
int pipe(Fd& read_end, Fd& write_end);  // both ends non-blocking
inline int mkdir(const char* path, mode_t mode) { return once(Call::mkdir, ::mkdir, path, mode); }
inline int mkfifo(const char* path, mode_t mode) {
    return once(Call::mkfifo, ::mkfifo, path, mode);
}
inline int access(const char* path, int mode) { return once(Call::access, ::access, path, mode); }
inline int rename(const char* from, const char* to) {
    return once(Call::rename, ::rename, from, to);
}
inline int rename_at(int directory, const char* from, const char* to) {
    return once(Call::rename, ::renameat, directory, from, directory, to);
}
inline int unlink(const char* path) { return once(Call::unlink, ::unlink, path); }
inline int rmdir(const char* path) { return once(Call::unlink, ::rmdir, path); }
inline int unlink_at(int directory, const char* name) {
    return once(Call::unlink, ::unlinkat, directory, name, 0);
}
inline int chmod(const char* path, mode_t mode) { return once(Call::chmod, ::chmod, path, mode); }
inline int fchmod(int fd, mode_t mode) { return once(Call::fchmod, ::fchmod, fd, mode); }
inline int chown(const char* path, uid_t user, gid_t group) {
    return once(Call::chown, ::chown, path, user, group);
}
inline int fchown(int fd, uid_t user, gid_t group) {
    return once(Call::fchown, ::fchown, fd, user, group);
}

// Sockets, all non-blocking.
int socket(int domain, int type);
int accept(int fd);
inline int bind(int fd, const struct sockaddr* address, socklen_t length) {
    return once(Call::bind, ::bind, fd, address, length);
}
inline int set_option(int fd, int level, int option, int value) {
    return once(Call::setsockopt, ::setsockopt, fd, level, option, &value, socklen_t{sizeof value});
}
inline int listen(int fd, int backlog) { return once(Call::listen, ::listen, fd, backlog); }
// Not made again where interrupted: the connection goes on being made, and a second try fails.
inline int connect(int fd, const struct sockaddr* address, socklen_t length) {
    return once(Call::connect, ::connect, fd, address, length);
}
inline ssize_t recvmsg(int fd, struct msghdr* message, int flags) {
    return retried(Call::recvmsg, ::recvmsg, fd, message, flags);
}
inline ssize_t sendto(int fd, const void* bytes, size_t count, int flags,
                      const struct sockaddr* address, socklen_t length) {
    return retried(Call::sendto, ::sendto, fd, bytes, count, flags, address, length);
}

// Not made again where a signal interrupts it: the caller has a loop and a clock.
inline int poll(std::span<struct pollfd> fds, int timeout_ms) {
    return once(Call::poll, ::poll, fds.data(), static_cast<nfds_t>(fds.size()), timeout_ms);
}
void sleep(int64_t us);  // less than a second; a signal ends it

// What a child makes of itself.
inline int chroot(const char* path) { return once(Call::chroot, ::chroot, path); }
inline int chdir(const char* path) { return once(Call::chdir, ::chdir, path); }
int setgroups(std::span<const gid_t> groups);
int setgid(gid_t group);
int setuid(uid_t user);
int setrlimit(int resource, const struct rlimit* limit);
int setpriority(int nice);  // of the calling process, absolute

// As many descriptors as there may be, where it is not known how many it will take.
void raise_descriptor_limit();

// Clocks. They cannot fail.
Mono mono_now();
Wall wall_now();
int64_t wall_now_us();

}  // namespace reeve::sys
