#include "host/notify.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/un.h>

#include "base/limits.h"
#include "base/text.h"
#include "host/sys.h"

namespace reeve {

Notification parse_notification(std::string_view message) {
    Notification notification;
    while (!message.empty()) {
        const size_t end = message.find('\n');
        const std::string_view line = message.substr(0, end);
        message.remove_prefix(end == std::string_view::npos ? message.size() : end + 1);
        if (line == "READY=1") notification.ready = true;
        if (line == "STOPPING=1") notification.stopping = true;
        if (line.starts_with("STATUS=")) notification.status = line.substr(7);
        if (line.starts_with("MAINPID=")) {
            const auto pid = parse_unsigned(line.substr(8), INT32_MAX);
            if (pid && *pid > 1) notification.main_pid = static_cast<pid_t>(*pid);
        }
    }
    return notification;
}

Result<Fd> open_notify_socket(const std::string& path, uid_t owner) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return Error{"bind", path, ENAMETOOLONG};
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    Fd socket(sys::socket(AF_UNIX, SOCK_DGRAM));
    if (!socket) return Error{"socket", path, errno};
    sys::unlink(path.c_str());
    if (sys::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
        return Error{"bind", path, errno};
    if (sys::chmod(path.c_str(), 0600) < 0) return Error{"chmod", path, errno};
    if (sys::chown(path.c_str(), owner, static_cast<gid_t>(-1)) < 0)
        return Error{"chown", path, errno};
    return socket;
}

Result<ReadyChannel> open_ready_channel(const std::string& path) {
    ReadyChannel channel;
    if (path.empty()) {
        if (sys::pipe(channel.ours, channel.theirs) < 0) return Error{"pipe", {}, errno};
        sys::fcntl(channel.theirs.get(), F_SETFL, 0);  // the service's end blocks, as it expects
        return channel;
    }
    sys::unlink(path.c_str());
    if (sys::mkfifo(path.c_str(), 0600) < 0) return Error{"mkfifo", path, errno};
    channel.ours = Fd(sys::open(path.c_str(), O_RDWR | O_NONBLOCK));
    if (!channel.ours) return Error{"open", path, errno};
    channel.theirs = Fd(sys::open(path.c_str(), O_RDWR));
    if (!channel.theirs) return Error{"open", path, errno};
    return channel;
}

bool read_newline(int fd) {
    char bytes[64];
    for (;;) {
        const ssize_t got = sys::read(fd, bytes, sizeof bytes);
        if (got <= 0) return false;
        if (std::memchr(bytes, '\n', static_cast<size_t>(got)) != nullptr) return true;
    }
}

}  // namespace reeve
