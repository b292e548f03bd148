#include "ctl/client.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/un.h>
#include <unistd.h>

#include "base/limits.h"
#include "files/trust.h"
#include "kernel/platform.h"
#include "kernel/sys.h"

namespace reeve {

namespace {

constexpr int turn_wait_ms = 20;  // until the next try where the listen queue is full

int time_left(Mono deadline) {
    const int64_t ms = (deadline - sys::mono_now()).ms;
    return static_cast<int>(std::clamp<int64_t>(ms, 0, INT32_MAX));
}

}  // namespace

int Client::connect(const char* path, Mono deadline) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    const size_t length = std::strlen(path);
    if (length >= sizeof address.sun_path) return ENAMETOOLONG;
    std::memcpy(address.sun_path, path, length);
    socket_ = Fd(sys::socket(AF_UNIX, SOCK_STREAM));
    if (!socket_) return errno;
    while (sys::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address),
                        sizeof address) < 0) {
        if (errno == EISCONN) break;
        const bool busy = errno == EAGAIN || errno == EINTR || errno == EINPROGRESS;
        if (!busy) return errno;
        if (time_left(deadline) == 0) return ETIMEDOUT;
        sys::poll({}, turn_wait_ms);
    }
    // In a directory like /tmp somebody else may have been there first.
    const auto peer = platform::peer_uid(socket_.get());
    if (!peer || is_trusted_owner(*peer)) return 0;
    socket_.reset();
    return EPERM;
}

bool Client::wait_for(short events, Mono deadline) const {
    for (;;) {
        const int left = time_left(deadline);
        pollfd poll{socket_.get(), events, 0};
        if (sys::poll({&poll, 1}, left) > 0) return true;
        if (left == 0) return false;
    }
}

bool Client::send(std::string_view request, Mono deadline) {
    while (!request.empty()) {
        const ssize_t sent =
            sys::sendto(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL, nullptr, 0);
        if (sent > 0) {
            request.remove_prefix(static_cast<size_t>(sent));
        } else if ((errno != EAGAIN && errno != EWOULDBLOCK) || !wait_for(POLLOUT, deadline)) {
            return false;
        }
    }
    return true;
}

Client::Got Client::read_line(std::string_view& line, Mono deadline) {
    size_t searched = taken_;
    for (;;) {
        const size_t end = input_.view().find('\n', searched);
        if (end != std::string_view::npos) {
            line = input_.view().substr(taken_, end - taken_);
            taken_ = end + 1;
            return Got::line;
        }
        input_.drop(taken_);
        taken_ = 0;
        searched = input_.size();
        if (searched > object_max_bytes) return Got::nothing_more;
        if (!wait_for(POLLIN, deadline)) return Got::too_late;
        char bytes[4096];
        const ssize_t got = sys::read(socket_.get(), bytes, sizeof bytes);
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) continue;
        if (got <= 0) return Got::nothing_more;
        input_ << std::string_view(bytes, static_cast<size_t>(got));
    }
}

}  // namespace reeve
