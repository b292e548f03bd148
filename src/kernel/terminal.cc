#include "kernel/terminal.h"

#include <cerrno>
#include <cstdlib>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kernel/sys.h"

namespace reeve {

bool wants_colour(int fd) {
    const char* no_colour = getenv("NO_COLOR");
    return isatty(fd) == 1 && (no_colour == nullptr || *no_colour == '\0');
}

ScreenSize screen_size(int fd) {
    winsize size = {};
    if (ioctl(fd, TIOCGWINSZ, &size) != 0) return {};
    return {size.ws_row, size.ws_col};
}

int write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = sys::write(fd, text.data(), text.size());
        if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {  // a terminal may be so
            pollfd poll{fd, POLLOUT, 0};
            sys::poll({&poll, 1}, -1);
            continue;
        }
        if (written < 0) return errno;
        text.remove_prefix(static_cast<size_t>(written));
    }
    return 0;
}

bool pause_for_reader(int fd, Duration duration) {
    pollfd out{fd, 0, 0};
    sys::poll({&out, 1}, static_cast<int>(duration.ms));
    return (out.revents & (POLLERR | POLLHUP | POLLNVAL)) == 0;
}

int Keyboard::begin(int fd) {
    if (::tcgetattr(fd, &before_) < 0) return errno;
    termios mode = before_;
    mode.c_lflag &= ~tcflag_t{ICANON | ECHO};
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    if (sys::set_terminal(fd, mode) < 0) return errno;
    fd_ = fd;
    return 0;
}

void Keyboard::end() {
    if (fd_ >= 0) sys::set_terminal(fd_, before_);
    fd_ = -1;
}

}  // namespace reeve
