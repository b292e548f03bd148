#include "files/replace.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include "base/limits.h"
#include "kernel/sys.h"

namespace reeve {

bool replace_text(const char* from, const char* path, std::string_view text) {
    // What is in its place is of a writer that died, or was planted: a FIFO would keep us.
    constexpr int flags = O_WRONLY | O_CREAT | O_EXCL;
    Fd file(sys::open(from, flags, 0644));
    if (!file && errno == EEXIST && sys::unlink(from) == 0) file = Fd(sys::open(from, flags, 0644));
    if (file &&
        sys::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        sys::rename(from, path) == 0)
        return true;
    const int cause = errno;
    sys::unlink(from);
    errno = cause;
    return false;
}

namespace {

constexpr int links_max_count = 40;  // as Linux follows
constexpr int turn_wait_ms = 10;     // until the next look whether the other writer is done

// The path up to its last slash.
std::string_view directory_of(std::string_view path) { return path.substr(0, path.rfind('/') + 1); }

// What the path leads to, links followed; itself where nothing is there.
Text follow_links(Text path) {
    char target[path_max_bytes];
    for (int links = 0; links < links_max_count; ++links) {
        const ssize_t length = sys::readlink(path.c_str(), target, sizeof target);
        if (length <= 0) break;
        const std::string_view link(target, static_cast<size_t>(length));
        path = Text::join(link.starts_with('/') ? "" : directory_of(path), link);
    }
    return path;
}

bool has_lock(int fd) {
    struct flock request = {};
    request.l_type = F_WRLCK;
    request.l_whence = SEEK_SET;
    return sys::fcntl(fd, F_SETLK, &request) == 0;
}

// May what is open be written to? Whoever planted a link to another file there has no say.
bool is_ours(const struct stat& opened) {
    return S_ISREG(opened.st_mode) && opened.st_nlink == 1 && opened.st_uid == geteuid();
}

}  // namespace

Error Replacement::failed(const char* operation) const { return {operation, new_path_, errno}; }

Replacement::~Replacement() {
    if (file_) sys::unlink(new_path_.c_str());
}

Status Replacement::begin(std::string_view path, bool follows, Mono deadline) {
    path_ = path;
    if (follows) path_ = follow_links(path_);
    const std::string_view directory = directory_of(path_);
    new_path_ = Text::join(directory, ".", path_.view().substr(directory.size()), ".new");
    for (;;) {
        Fd file(sys::open(new_path_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600));
        if (!file) return failed("open");
        if (has_lock(file.get())) {
            struct stat opened {};
            struct stat named {};
            const bool still_there = sys::fstat(file.get(), &opened) == 0 &&
                                     sys::lstat(new_path_.c_str(), &named) == 0 &&
                                     opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
            if (still_there && is_ours(opened)) {
                file_ = std::move(file);
                return Nothing{};
            }
            // Else it was put in place, or taken away, while we waited.
            if (still_there && sys::unlink(new_path_.c_str()) < 0) return failed("unlink");
        } else if (errno != EAGAIN && errno != EACCES) {
            return failed("lock");
        }
        errno = EBUSY;
        if (sys::mono_now() >= deadline) return failed("lock");
        sys::poll({}, turn_wait_ms);
    }
}

Status Replacement::fill(std::string_view text) const {
    const int file = file_.get();
    struct stat old {};
    struct stat fresh {};
    const bool is_new = sys::stat(path_.c_str(), &old) < 0;
    if (is_new && errno != ENOENT) return failed("stat");
    if (sys::ftruncate(file, 0) < 0) return failed("truncate");
    while (!text.empty()) {
        const ssize_t count = sys::write(file, text.data(), text.size());
        if (count <= 0) return failed("write");
        text.remove_prefix(static_cast<size_t>(count));
    }
    if (sys::fstat(file, &fresh) < 0) return failed("stat");
    const bool other_owner = old.st_uid != fresh.st_uid || old.st_gid != fresh.st_gid;
    if (!is_new && other_owner && sys::fchown(file, old.st_uid, old.st_gid) < 0)
        return failed("chown");
    if (sys::fchmod(file, is_new ? 0644 : old.st_mode & 07777) < 0) return failed("chmod");
    if (sys::fsync(file) < 0) return failed("fsync");
    return Nothing{};
}

Status Replacement::write(std::string_view text) {
    if (Status filled = fill(text); !filled) return filled;
    if (sys::rename(new_path_.c_str(), path_.c_str()) < 0) return failed("rename");
    file_.reset();
    sync_directory();
    return Nothing{};
}

Status Replacement::remove() const {
    if (sys::unlink(path_.c_str()) < 0) return Error{"unlink", path_, errno};
    sync_directory();
    return Nothing{};
}

// What was done holds for all who look, whether this succeeds or not: it matters to those alone who
// look after the power has failed, and some file systems cannot do it.
void Replacement::sync_directory() const {
    const Text directory = directory_of(path_);
    const Fd opened(sys::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY));
    if (opened) sys::fsync(opened.get());
}

}  // namespace reeve
