#include "support/pty.h"

#include <cstdlib>
#include <fcntl.h>
#include <stdexcept>
#include <sys/ioctl.h>
#include <unistd.h>

namespace reeve::test {

Pty::Pty() : master_(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    if (master_ < 0 || grantpt(master_) < 0 || unlockpt(master_) < 0)
        throw std::runtime_error("no pseudo terminal");
    path_ = ptsname(master_);
    fcntl(master_, F_SETFL, O_NONBLOCK);
    // What was written stays readable when the last process has closed it.
    keep_open_ = open(path_.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
}

Pty::~Pty() {
    close(keep_open_);
    close(master_);
}

void Pty::type(std::string_view text) const {
    [[maybe_unused]] const ssize_t written = write(master_, text.data(), text.size());
}

void Pty::set_width(unsigned short columns) const {
    winsize size = {};
    size.ws_row = 24;
    size.ws_col = columns;
    ioctl(master_, TIOCSWINSZ, &size);
}

const std::string& Pty::screen() {
    char bytes[1024];
    for (ssize_t got; (got = read(master_, bytes, sizeof bytes)) > 0;)
        screen_.append(bytes, static_cast<size_t>(got));
    return screen_;
}

}  // namespace reeve::test
