#include "files/place.h"

#include <cerrno>
#include <sys/stat.h>

#include "kernel/sys.h"

namespace reeve {

Status make_directories(const Text& path, mode_t mode) {
    if (sys::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return Nothing{};
    if (errno != ENOENT) return Error{"mkdir", path, errno};
    const size_t slash = path.view().rfind('/');
    if (slash == 0 || slash == std::string_view::npos) return Error{"mkdir", path, ENOENT};
    Status parent = make_directories(path.view().substr(0, slash), 0755);
    if (!parent) return parent;
    if (sys::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return Nothing{};
    return Error{"mkdir", path, errno};
}

bool is_still_at(int fd, const char* path) {
    struct stat open;
    struct stat named;
    return sys::fstat(fd, &open) == 0 && sys::lstat(path, &named) == 0 &&
           open.st_ino == named.st_ino && open.st_dev == named.st_dev;
}

}  // namespace reeve
