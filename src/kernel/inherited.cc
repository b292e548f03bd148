#include "kernel/inherited.h"

#include <cstring>
#include <sys/un.h>

#include "kernel/sys.h"

namespace reeve {

namespace {

// A connected client's socket has the listener's path too.
Text path_bound_to(int fd) {
    sockaddr_un address = {};
    socklen_t length = sizeof address;
    const bool is_unix = getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0 &&
                         address.sun_family == AF_UNIX;
    int type = 0;
    int listens = 0;
    socklen_t size = sizeof type;
    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
    size = sizeof listens;
    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size);
    if (!is_unix || (type == SOCK_STREAM && listens == 0)) return {};
    return std::string_view(address.sun_path, strnlen(address.sun_path, sizeof address.sun_path));
}

}  // namespace

void Inherited::take_over(std::span<const int> descriptors) {
    for (const int fd : descriptors) {
        Fd own(fd);
        struct stat state = {};
        const int code = sys::fstat(fd, &state);
        // A child that was on its way to exec has the same one: what reads it must not block.
        const bool is_childs =
            code == 0 && S_ISFIFO(state.st_mode) && (sys::fcntl(fd, F_GETFL) & O_NONBLOCK) == 0;
        if (is_childs) continue;
        One& one = all_.emplace_back();
        one.fd = std::move(own);
        if (code < 0) continue;
        one.device = static_cast<uint64_t>(state.st_dev);
        one.inode = static_cast<uint64_t>(state.st_ino);
        if (S_ISSOCK(state.st_mode)) one.bound = path_bound_to(fd);
    }
}

Fd Inherited::take(One& one) {
    Fd fd = std::move(one.fd);
    if (&one != &all_.back()) std::swap(one, all_.back());
    all_.pop_back();
    return fd;
}

Fd Inherited::take_file(const char* path) {
    struct stat state = {};
    if (all_.empty() || sys::lstat(path, &state) < 0) return {};
    for (One& one : all_)
        if (one.device == static_cast<uint64_t>(state.st_dev) &&
            one.inode == static_cast<uint64_t>(state.st_ino))
            return take(one);
    return {};
}

Fd Inherited::take_socket(std::string_view path) {
    for (One& one : all_)
        if (one.bound == path) return take(one);
    return {};
}

}  // namespace reeve
