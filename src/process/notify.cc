#include "process/notify.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/un.h>

#include "base/limits.h"
#include "base/parse.h"
#include "kernel/platform.h"
#include "kernel/sys.h"

namespace reeve {

bool may_be_held(int fd) {
    rlimit limit = {};
    return getrlimit(RLIMIT_NOFILE, &limit) < 0 ||
           static_cast<rlim_t>(fd) + descriptors_kept_count < limit.rlim_cur;
}

Notification parse_notification(std::string_view message) {
    Notification notification;
    while (!message.empty()) {
        const std::string_view line = take_line(message);
        if (line == "READY=1") notification.ready = true;
        if (line == "STOPPING=1") notification.stopping = true;
        if (line == "WATCHDOG=1") notification.alive = true;
        if (line == "WATCHDOG=trigger") notification.hung = true;
        if (line.starts_with("STATUS=")) notification.status = line.substr(7);
        if (line.starts_with("MAINPID=")) {
            const auto pid = parse_unsigned(line.substr(8), INT32_MAX);
            if (pid && *pid > 1) notification.main_pid = static_cast<pid_t>(*pid);
        }
    }
    return notification;
}

Result<Fd> open_notify_socket(const char* path, uid_t owner) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    const size_t length = std::strlen(path);
    if (length >= sizeof address.sun_path) return Error{"bind", path, ENAMETOOLONG};
    std::memcpy(address.sun_path, path, length);
    Fd socket(sys::socket(AF_UNIX, SOCK_DGRAM));
    if (!socket) return Error{"socket", path, errno};
    if (!may_be_held(socket.get())) return Error{"socket", path, EMFILE};
    const bool tells = platform::ask_for_senders(socket.get()) == 0;
    sys::unlink(path);
    if (sys::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
        return Error{"bind", path, errno};
    if (sys::chmod(path, tells ? 0666 : 0600) < 0) return Error{"chmod", path, errno};
    if (sys::chown(path, owner, static_cast<gid_t>(-1)) < 0) return Error{"chown", path, errno};
    return socket;
}

Result<ReadyChannel> open_ready_channel(const char* path) {
    ReadyChannel channel;
    if (path[0] == '\0') {
        if (sys::pipe(channel.ours, channel.theirs) < 0) return Error{"pipe", {}, errno};
        if (!may_be_held(channel.ours.get())) return Error{"pipe", {}, EMFILE};
        sys::fcntl(channel.theirs.get(), F_SETFL, 0);  // the service's end blocks, as it expects
        return channel;
    }
    sys::unlink(path);
    if (sys::mkfifo(path, 0600) < 0) return Error{"mkfifo", path, errno};
    channel.ours = Fd(sys::open(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW));
    if (!channel.ours) return Error{"open", path, errno};
    if (!may_be_held(channel.ours.get())) return Error{"open", path, EMFILE};
    channel.theirs = Fd(sys::open(path, O_RDWR | O_NOFOLLOW));
    if (!channel.theirs) return Error{"open", path, errno};
    return channel;
}

ReadyWord read_ready(int fd) {
    char bytes[1024];
    const ssize_t got = sys::read(fd, bytes, sizeof bytes);
    if (got == 0) return ReadyWord::closed;
    const bool spoke = got > 0 && std::memchr(bytes, '\n', static_cast<size_t>(got)) != nullptr;
    return spoke ? ReadyWord::newline : ReadyWord::none;
}

}  // namespace reeve
