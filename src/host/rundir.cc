#include "host/rundir.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "host/runlog.h"
#include "host/sys.h"

namespace reeve {

namespace {

// Root's is for all to read; anybody else's is their own.
mode_t directory_mode() { return geteuid() == 0 ? 0755 : 0700; }

Status make_private(const Text& path) {
    Status made = make_directories(path, directory_mode());
    if (!made) return made;
    struct stat state;
    if (sys::lstat(path.c_str(), &state) < 0) return Error{"stat", path, errno};
    if (!S_ISDIR(state.st_mode)) return Error{"mkdir", path, ENOTDIR};
    if (state.st_uid != geteuid()) return Error{"mkdir", path, EPERM};
    return Nothing{};
}

// The longest path that bind(2) takes, and the name under which the control socket is made.
constexpr size_t socket_path_max_bytes = sizeof sockaddr_un{}.sun_path - 1;
constexpr char longest_socket[] = "/control.new";

}  // namespace

void append_socket_advice(Sink& out) {
    out << " (a socket's path has at most " << uint64_t{socket_path_max_bytes}
        << " bytes: name a shorter run directory with -r)";
}

Result<Fd> open_run_directory(const Text& path, pid_t& holder) {
    holder = 0;
    const Text socket = Text::join({path, longest_socket});
    if (socket.view().size() > socket_path_max_bytes) return Error{"bind", socket, ENAMETOOLONG};
    const Status made = make_private(path);
    if (!made) return made.error();
    const Text lock_path = Text::join({path, "/lock"});
    Fd lock(sys::open(lock_path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW, 0644));
    if (!lock) return Error{"open", lock_path, errno};
    struct flock request = {};
    request.l_type = F_WRLCK;
    request.l_whence = SEEK_SET;
    if (sys::fcntl(lock.get(), F_SETLK, &request) < 0) {
        if (errno != EAGAIN && errno != EACCES) return Error{"lock", lock_path, errno};
        if (sys::fcntl(lock.get(), F_GETLK, &request) == 0) holder = request.l_pid;
        return Error{"lock", lock_path, EWOULDBLOCK};
    }
    for (const char* name : {"/status", "/fds"})
        if (const Status there = make_directory_in(path, name); !there) return there.error();
    return lock;
}

Status make_directory_in(const Text& run_directory, const char* name) {
    const Text path = Text::join({run_directory, name});
    if (sys::mkdir(path.c_str(), directory_mode()) == 0 || errno == EEXIST) return Nothing{};
    return Error{"mkdir", path, errno};
}

Status write_pid_file(const Text& run_directory) {
    const Text path = Text::join({run_directory, "/pid"});
    const Fd file(sys::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0644));
    if (!file) return Error{"open", path, errno};
    Buffer<32> line;
    line << static_cast<int64_t>(getpid()) << '\n';
    if (sys::write(file.get(), line.data(), line.size()) < 0) return Error{"write", path, errno};
    return Nothing{};
}

}  // namespace reeve
