#include "kernel/inherited.h"

#include <cstring>
#include <sys/un.h>

#include "kernel/sys.h"
#include "model/listen.h"

namespace reeve {

namespace {

int option_of(int fd, int level, int option) {
    int value = 0;
    socklen_t size = sizeof value;
    return getsockopt(fd, level, option, &value, &size) == 0 ? value : 0;
}

bool is_listener(int fd) { return option_of(fd, SOL_SOCKET, SO_ACCEPTCONN) != 0; }

// A connected client's socket has the listener's path too.
Text path_bound_to(int fd) {
    sockaddr_un address = {};
    socklen_t length = sizeof address;
    const bool is_unix = getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0 &&
                         address.sun_family == AF_UNIX;
    const bool is_stream = option_of(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM;
    if (!is_unix || (is_stream && !is_listener(fd))) return {};
    return std::string_view(address.sun_path, strnlen(address.sun_path, sizeof address.sun_path));
}

bool listens_at(int fd, const Listen& listen) {
    Endpoint::Address its{};
    socklen_t size = sizeof its;
    const Endpoint::Address& wanted = listen.address;
    if (getsockname(fd, &its.any, &size) < 0 || its.any.sa_family != wanted.any.sa_family ||
        its.v4.sin_port != wanted.v4.sin_port)  // of IPv6 it is in the same place
        return false;
    if (its.any.sa_family == AF_INET) return its.v4.sin_addr.s_addr == wanted.v4.sin_addr.s_addr;
    return std::memcmp(&its.v6.sin6_addr, &wanted.v6.sin6_addr, sizeof its.v6.sin6_addr) == 0 &&
           (option_of(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 0) == listen.both;
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

Fd Inherited::take_listener(const Listen& listen) {
    for (One& one : all_) {
        const int fd = one.fd.get();
        const bool is_wanted =
            !listen.path.empty()
                ? one.bound == listen.path
                : listens_at(fd, listen) || (listen.both && listens_at(fd, listen.without_ipv6()));
        if (is_wanted && is_listener(fd)) return take(one);
    }
    return {};
}

void Inherited::keep_listeners() {
    erase_if(all_, [](const One& one) { return !is_listener(one.fd.get()); });
}

}  // namespace reeve
