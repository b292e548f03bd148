#include "kernel/terminal.h"

#include <cerrno>
#include <cstdlib>
#include <poll.h>
#include <unistd.h>

#include "kernel/sys.h"

namespace reeve {

bool wants_colour(int fd) {
    const char* no_colour = getenv("NO_COLOR");
    return isatty(fd) == 1 && (no_colour == nullptr || *no_colour == '\0');
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

}  // namespace reeve
