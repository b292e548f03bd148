#include "ctl/client.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unistd.h>

#include "base/limits.h"
#include "files/trust.h"
#include "kernel/platform.h"
#include "kernel/stream.h"
#include "kernel/sys.h"

namespace reeve {

int Client::connect(const char* path, Mono deadline) {
    if (const int code = connect_stream(path, deadline, socket_); code != 0) return code;
    // In a directory like /tmp somebody else may have been there first.
    const auto peer = platform::peer_uid(socket_.get());
    if (!peer || is_trusted_owner(*peer)) return 0;
    socket_.reset();
    return EPERM;
}

bool Client::send(std::string_view request, Mono deadline) {
    return send_all(socket_.get(), request, deadline) == 0;
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
        if (!wait_for(socket_.get(), POLLIN, deadline)) return Got::too_late;
        char bytes[4096];
        const ssize_t got = sys::read(socket_.get(), bytes, sizeof bytes);
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) continue;
        if (got <= 0) return Got::nothing_more;
        input_ << std::string_view(bytes, static_cast<size_t>(got));
    }
}

}  // namespace reeve
