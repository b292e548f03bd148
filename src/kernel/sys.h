// sys: every system call of reeve that may fail in a way worth testing goes through here.
// Return values and errno are those of POSIX. All may be called between fork and exec.
#pragma once

#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <poll.h>
#include <span>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/fd.h"
#include "base/time.h"

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
    reset_terminal,
};

// The seam for tests, null in the product: asked before each call, in the child too. Where its
// answer is not 0, the call is not made and fails with that errno.
extern int (*fault)(Call call);

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
pid_t waitpid(pid_t pid, int* status, int options);  // interrupted: made again
int kill(pid_t pid, int signal);
pid_t setsid();
int setpgid(pid_t pid, pid_t group);
int tcsetpgrp(int fd, pid_t group);
int set_controlling_terminal(int fd);
// As `stty sane` does: what the program before has left there is not the next one's.
int reset_terminal(int fd);

// Files. Everything that is opened here is close-on-exec, and no terminal opened becomes the
// controlling one. open, read and write are made again where a signal interrupted them.
int open(const char* path, int flags, mode_t mode = 0);
ssize_t read(int fd, void* place, size_t capacity);
ssize_t write(int fd, const void* bytes, size_t count);
ssize_t pread(int fd, void* place, size_t capacity, off_t offset);
ssize_t pwrite(int fd, const void* bytes, size_t count, off_t offset);
int stat(const char* path, struct stat* out);
int fstat(int fd, struct stat* out);
int lstat(const char* path, struct stat* out);
ssize_t readlink(const char* path, char* place, size_t capacity);  // adds no NUL
int ftruncate(int fd, off_t length);
// Reserves room, so that a later write between offset and offset + length cannot fail for want of
// it. Where the file system cannot, what lies past the end of the file is filled with zeros.
int fallocate(int fd, off_t offset, off_t length);
int fsync(int fd);
// How much the file system that holds the file can hold altogether; 0: not known, or no bound.
uint64_t room_around(int fd);
// Is what is there mounted read-only?
bool is_read_only(const char* path);
int fcntl(int fd, int command, int argument = 0);
int fcntl(int fd, int command, struct flock* lock);
int dup2(int from, int to);
int pipe(Fd& read_end, Fd& write_end);  // both ends non-blocking
int mkdir(const char* path, mode_t mode);
int mkfifo(const char* path, mode_t mode);
int access(const char* path, int mode);
int rename(const char* from, const char* to);
int unlink(const char* path);
// Calls about a name in a directory that is open.
int open_at(int directory, const char* name, int flags, mode_t mode = 0);
int lstat_at(int directory, const char* name, struct stat* out);
int rename_at(int directory, const char* from, const char* to);
int unlink_at(int directory, const char* name);
int chmod(const char* path, mode_t mode);
int fchmod(int fd, mode_t mode);
int chown(const char* path, uid_t user, gid_t group);
int fchown(int fd, uid_t user, gid_t group);

// Sockets, all non-blocking.
int socket(int domain, int type);
int bind(int fd, const struct sockaddr* address, socklen_t length);
int listen(int fd, int backlog);
int accept(int fd);
int connect(int fd, const struct sockaddr* address, socklen_t length);
ssize_t recvmsg(int fd, struct msghdr* message, int flags);
ssize_t sendto(int fd, const void* bytes, size_t count, int flags, const struct sockaddr* address,
               socklen_t length);

// Not made again where a signal interrupts it: the caller has a loop and a clock.
int poll(std::span<struct pollfd> fds, int timeout_ms);
void sleep(int64_t us);  // less than a second; a signal ends it

// What a child makes of itself.
int chroot(const char* path);
int chdir(const char* path);
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
// How far local time is ahead of UTC then, in seconds.
int32_t local_offset_s(int64_t time_s);

}  // namespace reeve::sys
