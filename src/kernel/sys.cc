#include "kernel/sys.h"

#include <algorithm>
#include <ctime>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <termios.h>

#include "base/limits.h"
#include "kernel/platform.h"

namespace reeve::sys {

int (*fault)(Call call) = nullptr;

namespace {

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
    return once(Call::execve, ::execve, path, const_cast<char* const*>(argv),
                const_cast<char* const*>(environment));
}

int set_controlling_terminal(int fd) {
    return once(Call::set_controlling_terminal, ::ioctl, fd, TIOCSCTTY, 0);
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
    return set_terminal(fd, sane);
}

int set_terminal(int fd, const termios& mode) {
    return retried(Call::set_terminal, ::tcsetattr, fd, TCSANOW, &mode);
}

int fallocate(int fd, off_t offset, off_t length) {
    if (retried(Call::fallocate, platform::reserve_room, fd, offset, length) == 0) return 0;
    if (errno != EOPNOTSUPP && errno != ENOTSUP && errno != EINVAL && errno != ENOSYS) return -1;
    return fill_with_zeros(fd, offset + length);
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

int pipe(Fd& read_end, Fd& write_end) {
    int ends[2] = {-1, -1};
    if (once(Call::pipe, platform::open_pipe, ends) < 0) return -1;
    read_end = Fd(ends[0]);
    write_end = Fd(ends[1]);
    return 0;
}

int socket(int domain, int type) { return once(Call::socket, platform::open_socket, domain, type); }

int accept(int fd) { return retried(Call::accept, platform::accept_socket, fd); }

void sleep(int64_t us) {
    const timespec time{.tv_sec = 0, .tv_nsec = static_cast<long>(us * 1000)};
    ::nanosleep(&time, nullptr);
}

int setgroups(std::span<const gid_t> groups) {
    return once(Call::setgroups, platform::set_groups, groups);
}

int setgid(gid_t group) { return once(Call::setgid, platform::set_group, group); }

int setuid(uid_t user) { return once(Call::setuid, platform::set_user, user); }

int setrlimit(int resource, const struct rlimit* limit) {
    return once(Call::setrlimit, platform::set_limit, resource, *limit);
}

int setpriority(int nice) { return once(Call::setpriority, ::setpriority, PRIO_PROCESS, 0, nice); }

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

}  // namespace reeve::sys
