#include "base/fd.h"

#include <cerrno>
#include <unistd.h>

namespace reeve {

// EINTR is not retried: on the systems we know the descriptor is gone by then (Linux close(2)).
void Fd::reset() {
    if (number_ < 0) return;
    int saved = errno;
    ::close(release());
    errno = saved;
}

}  // namespace reeve
