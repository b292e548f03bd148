#include "kernel/stream.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/un.h>

#include "base/limits.h"
#include "kernel/sys.h"

namespace reeve {

bool wait_for(int socket, short events, Mono deadline) {
    for (;;) {
        const int64_t ms = (deadline - sys::mono_now()).ms;
        const int left = static_cast<int>(std::clamp<int64_t>(ms, 0, INT32_MAX));
        pollfd poll{socket, events, 0};
        if (sys::poll({&poll, 1}, left) > 0) return true;
        if (left == 0) return false;
    }
}

int connect_stream(const sockaddr* address, socklen_t length, Mono deadline, Fd& socket) {
    socket = Fd(sys::socket(address->sa_family, SOCK_STREAM));
    if (!socket) return errno;
    while (sys::connect(socket.get(), address, length) < 0) {
        if (errno == EISCONN) break;
        if (errno == EINPROGRESS) {
            if (!wait_for(socket.get(), POLLOUT, deadline)) return ETIMEDOUT;
            int code = 0;
            socklen_t size = sizeof code;
            return ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &code, &size) < 0 ? errno
                                                                                      : code;
        }
        if (errno != EAGAIN && errno != EINTR && errno != EALREADY) return errno;
        if (sys::mono_now() >= deadline) return ETIMEDOUT;
        sys::poll({}, queue_wait_ms);
    }
    return 0;
}

int connect_stream(std::string_view path, Mono deadline, Fd& socket) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return ENAMETOOLONG;
    std::memcpy(address.sun_path, path.data(), path.size());
    return connect_stream(reinterpret_cast<const sockaddr*>(&address), sizeof address, deadline,
                          socket);
}

int send_all(int socket, std::string_view text, Mono deadline) {
    while (!text.empty()) {
        const ssize_t sent =
            sys::sendto(socket, text.data(), text.size(), MSG_NOSIGNAL, nullptr, 0);
        if (sent > 0) {
            text.remove_prefix(static_cast<size_t>(sent));
        } else if (errno != EAGAIN && errno != EWOULDBLOCK) {
            return errno;
        } else if (!wait_for(socket, POLLOUT, deadline)) {
            return ETIMEDOUT;
        }
    }
    return 0;
}

}  // namespace reeve
