// platform_linux's second part: what is known of our children.
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include "base/fd.h"
#include "kernel/platform.h"

namespace reeve::platform {

// Without CONFIG_PROC_CHILDREN there is no such file; to look at all processes instead, at each
// end of a service, would be too dear.
size_t children_of_self(std::span<pid_t> children) {
    const Fd fd(::open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC));
    char block[4096];
    size_t count = 0;
    pid_t number = 0;
    for (ssize_t got; fd && (got = ::read(fd.get(), block, sizeof block)) > 0;) {
        for (const char c : std::string_view(block, static_cast<size_t>(got))) {
            if (c != ' ') {
                number = number * 10 + (c - '0');
            } else if (count < children.size()) {
                children[count++] = std::exchange(number, 0);
            }
        }
    }
    return count;
}

ssize_t environment_of(pid_t pid, std::span<char> place) {
    Buffer<32> path;
    append(path, "/proc/", int64_t{pid}, "/environ");
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return fd ? ::read(fd.get(), place.data(), place.size()) : -1;
}

}  // namespace reeve::platform
