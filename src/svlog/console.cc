// svlog's console: the lines of all services that log there, each whole and with its name.
#include <algorithm>
#include <cerrno>
#include <climits>

#include "kernel/sys.h"
#include "kernel/terminal.h"
#include "svlog/svlog.h"

namespace reeve {

Console::Console() : colours_(wants_colour(1)) {}

void Console::add(std::string_view name, std::string_view begun, std::string_view rest) {
    append_prefix(waiting_, name, colours_);
    append(waiting_, begun, rest);
}

// A pipe that is writable takes PIPE_BUF bytes without making us wait (POSIX XSH 2.9.7, poll). What
// it will never take, for nobody reads it any more, is dropped.
void Console::flush() {
    while (!waiting_.empty()) {
        if (ready_now(1, POLLOUT) == 0) return;
        // Others may write there too: between two lines, where a line is no longer than that.
        size_t count = whole_lines(waiting_, PIPE_BUF);
        if (count == 0) count = std::min(waiting_.size(), size_t{PIPE_BUF});
        const ssize_t written = sys::write(1, waiting_.data(), count);
        if (written < 0 && errno == EAGAIN) return;
        waiting_.drop(written < 0 ? waiting_.size() : static_cast<size_t>(written));
    }
}

}  // namespace reeve
