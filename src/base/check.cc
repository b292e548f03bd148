#include "base/check.h"

#include <cstdlib>
#include <poll.h>
#include <unistd.h>

#include "base/format.h"

namespace reeve {

// Whoever reads descriptor 2 may have stopped reading: then nothing is said.
void abort_saying(std::string_view text) {
    Buffer<256> line;
    append(line, "reeve: ", text, '\n');
    pollfd place{2, POLLOUT, 0};
    if (poll(&place, 1, 0) == 1 && place.revents == POLLOUT) {
        [[maybe_unused]] const ssize_t written = ::write(2, line.data(), line.size());
    }
    std::abort();
}

bool memory_was_short = false;

void abort_without_memory() {
    memory_was_short = true;
    abort_saying("out of memory");
}

void check_failed(const char* file, int line, const char* expression) {
    Buffer<240> message;
    append(message, file, ':', line, ": check failed: ", expression);
    abort_saying(message.view());
}

}  // namespace reeve
