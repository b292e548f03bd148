#include "files/rundir.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/format.h"
#include "base/list.h"
#include "files/place.h"
#include "files/trust.h"
#include "kernel/complain.h"
#include "kernel/platform.h"
#include "kernel/sys.h"

namespace reeve {

namespace {

constexpr std::string_view set_aside_suffix = ".bad";
constexpr std::string_view new_suffix = ".new";  // of what takes the place of a file once whole
constexpr int lock_tries_max_count = 3;          // where others hold it who may not

// Root's is for all to read; anybody else's is their own.
mode_t directory_mode() { return geteuid() == 0 ? 0755 : 0700; }

constexpr mode_t others_write = S_IWGRP | S_IWOTH;

bool is_open(const struct stat& state) {
    return !S_ISLNK(state.st_mode) && (state.st_mode & others_write) != 0;
}

// Takes from others what they may write to of our own user's.
bool close_to_others(const Text& path, const struct stat& state) {
    return state.st_uid == geteuid() && is_open(state) &&
           sys::chmod(path.c_str(), state.st_mode & 07777 & ~others_write) == 0;
}

// Has a reeve had this directory before?
bool has_lock(const Text& directory) {
    struct stat state;
    const Text lock = Text::join(directory, "/lock");
    return sys::lstat(lock.c_str(), &state) == 0 && S_ISREG(state.st_mode);
}

Status make_private(const Text& path, bool in_container, Text& flaw) {
    struct stat state;
    if (sys::lstat(path.c_str(), &state) == 0 && S_ISLNK(state.st_mode)) {
        flaw = Text::join(path, state.st_uid == geteuid() ? ": a link" : ": another user's link",
                          ", which is not followed (name a run directory with -r)");
        return Error{"mkdir", path, EPERM};
    }
    Status made = make_directories(path, directory_mode());
    if (!made) return made;
    if (sys::lstat(path.c_str(), &state) < 0) return Error{"stat", path, errno};
    if (!S_ISDIR(state.st_mode))
        flaw = Text::join(describe({"mkdir", path, ENOTDIR}), " (name a run directory with -r)");
    else if (state.st_uid != geteuid())
        flaw = Text::join(path, ": another user owns it (name a run directory with -r)");
    else if (flaw = find_flaw(path);
             in_container && has_lock(path) && close_to_others(path, state)) {
        flaw = {};
        complain(path, ": group or others could write to it: its mode is go-w again");
    }
    if (!flaw.empty()) return Error{"mkdir", path, EPERM};
    return Nothing{};
}

// The longest path that bind(2) takes, and the name under which the control socket is made.
constexpr size_t socket_path_max_bytes = sizeof sockaddr_un{}.sun_path - 1;
constexpr char longest_socket[] = "/control.new";

// What reeve makes in a run directory; what else is there is none of its business.
bool is_own_name(std::string_view name) {
    if (name.starts_with('.')) name.remove_prefix(1);
    if (name.ends_with(new_suffix)) name.remove_suffix(new_suffix.size());
    for (const std::string_view own :
         {"lock", "pid", "control", "journal", "status", "history", "fds", "log", "input", "new"})
        if (name == own) return true;
    return false;
}

enum class Maker : uint8_t { self, stranger, unknown };

// Who may have made this? A link or an open directory of our own user may have been moved here.
Maker maker_of(const Text& path, bool may_close) {
    struct stat state;
    if (sys::lstat(path.c_str(), &state) < 0) return Maker::self;
    if (!is_trusted_owner(state.st_uid)) return Maker::stranger;
    if (may_close && close_to_others(path, state)) return Maker::self;
    const bool open = S_ISDIR(state.st_mode) && is_open(state);
    return open || S_ISLNK(state.st_mode) ? Maker::unknown : Maker::self;
}

// What was put there while others could write to the directory. One that never was a run directory,
// /var say, may hold such things for others' use: it is refused, and they stay where they are.
Status set_foreign_aside(const Text& directory, bool in_container, Text& flaw) {
    List<Text> foreign;
    const Fd fd(sys::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    if (!fd) return Error{"open", directory, errno};
    const bool was_used = has_lock(directory);
    const auto look = [&](const char* entry) {
        if (!is_own_name(entry)) return true;
        const Text path = Text::join(directory, "/", entry);
        const Maker maker = maker_of(path, in_container && was_used);
        if (maker == Maker::unknown && !was_used)
            flaw = Text::join(path, ": not made by reeve (name another run directory with -r)");
        else if (maker != Maker::self)
            foreign.push_back(path);
        return true;
    };
    if (platform::each_entry(fd.get(), look) < 0) return Error{"read", directory, errno};
    if (!flaw.empty()) return Error{"open", directory, EPERM};
    for (const Text& path : foreign) {
        const Text aside = Text::join(path, set_aside_suffix);
        if (sys::rename(path.c_str(), aside.c_str()) < 0) return Error{"rename", path, errno};
        complain(path, " is another user's, or open to others: it is ", aside,
                 " now, and not believed");
    }
    return Nothing{};
}

// Readable by its owner alone: whoever may open it can hold it. One that somebody holds who can
// only read it is no reeve's; it goes, and what he holds with it.
Result<Fd> open_lock(const Text& path, pid_t& holder) {
    for (int tries = 0;; ++tries) {
        Fd lock(sys::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600));
        if (!lock) return Error{"open", path, errno};
        sys::fchmod(lock.get(), 0600);  // an old one; some file systems have no modes
        struct flock request = {};
        request.l_type = F_WRLCK;
        request.l_whence = SEEK_SET;
        const bool last = tries == lock_tries_max_count;
        if (sys::fcntl(lock.get(), F_SETLK, &request) == 0) {
            if (last || is_still_at(lock.get(), path.c_str())) return lock;
            continue;
        }
        if (errno != EAGAIN && errno != EACCES) return Error{"lock", path, errno};
        const bool known = sys::fcntl(lock.get(), F_GETLK, &request) == 0;
        if (known && request.l_type == F_RDLCK && !last && is_still_at(lock.get(), path.c_str()) &&
            sys::unlink(path.c_str()) == 0)
            continue;
        if (known) holder = request.l_pid;
        return Error{"lock", path, EWOULDBLOCK};
    }
}

}  // namespace

void append_socket_advice(Sink& out) {
    append(out, " (a socket's path has at most ", uint64_t{socket_path_max_bytes},
           " bytes: name a shorter run directory with -r)");
}

Result<Fd> open_run_directory(const Text& path, bool in_container, RunDirectoryRefusal& refusal) {
    refusal = {};
    const Text socket = Text::join(path, longest_socket);
    if (socket.view().size() > socket_path_max_bytes) return Error{"bind", socket, ENAMETOOLONG};
    if (const Status made = make_private(path, in_container, refusal.flaw); !made)
        return made.error();
    if (const Status swept = set_foreign_aside(path, in_container, refusal.flaw); !swept)
        return swept.error();
    Result<Fd> lock = open_lock(Text::join(path, "/lock"), refusal.holder);
    if (!lock) return lock;
    for (const char* name : {"/status", "/fds"})
        if (const Status there = make_directory_in(path, name); !there) return there.error();
    return lock;
}

Text why_not_taken(const Text& path, const Error& error, const RunDirectoryRefusal& refusal) {
    if (!refusal.flaw.empty()) return refusal.flaw;
    if (error.code == ENAMETOOLONG) {
        Buffer<128> advice;
        append_socket_advice(advice);
        return Text::join(describe(error), advice);
    }
    if (error.code != EWOULDBLOCK)
        return Text::join(describe(error), " (name a run directory with -r)");
    Buffer<32> holder;
    if (refusal.holder > 0) append(holder, ", pid ", static_cast<int64_t>(refusal.holder));
    return Text::join("another reeve holds ", path, holder,
                      " (svctl talks to it; -r names another run directory)");
}

Status make_directory_in(const Text& run_directory, const char* name) {
    const Text path = Text::join(run_directory, name);
    if (sys::mkdir(path.c_str(), directory_mode()) == 0 || errno == EEXIST) return Nothing{};
    return Error{"mkdir", path, errno};
}

Status write_pid_file(const Text& run_directory) {
    const Text path = Text::join(run_directory, "/pid");
    const Fd file(sys::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0644));
    if (!file) return Error{"open", path, errno};
    Buffer<32> line;
    append(line, static_cast<int64_t>(getpid()), '\n');
    if (sys::write(file.get(), line.data(), line.size()) < 0) return Error{"write", path, errno};
    return Nothing{};
}

}  // namespace reeve
