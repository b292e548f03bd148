// platform_linux's sixth part: sockets that are passed on, and who has one.
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/parse.h"
#include "kernel/platform.h"
#include "kernel/sys.h"

namespace reeve::platform {

namespace {

// Of the first that listens on the port: "socket:[INODE]", as a link of /proc/PID/fd has it. Those
// that listen come before the others.
bool find_socket(const char* table, uint16_t port, Sink& link) {
    const Fd file(sys::open(table, O_RDONLY));
    Buffer<8> end;
    for (int shift = 12; shift >= 0; shift -= 4) end << "0123456789ABCDEF"[port >> shift & 15];
    char text[4096];  // lines that are whole, where a page has that size
    for (ssize_t got; file && (got = sys::read(file.get(), text, sizeof text)) > 0;) {
        std::string_view lines(text, static_cast<size_t>(got));
        while (!lines.empty()) {
            std::string_view line = take_line(lines);
            std::string_view words[10];
            for (std::string_view& word : words) word = take_word(line);
            if (words[3] != "0A" || !words[1].ends_with(end.view())) continue;  // TCP_LISTEN
            append(link, "socket:[", words[9], ']');
            return true;
        }
    }
    return false;
}

// We are it only where nobody else is: whoever runs has a copy of what we hold.
pid_t holder_of(std::string_view link) {
    const Fd all(sys::open("/proc", O_RDONLY | O_DIRECTORY));
    pid_t holder = 0;
    const auto is_unknown = [&] { return holder == 0 || holder == ::getpid(); };
    const auto look_at = [&](const char* name) {
        const auto pid = parse_unsigned(name, INT32_MAX);
        Buffer<32> path;
        append(path, name, "/fd");
        const Fd descriptors(pid ? sys::open_at(all.get(), path.c_str(), O_RDONLY | O_DIRECTORY)
                                 : -1);
        const auto compare = [&](const char* number) {
            char target[32];
            const ssize_t size = ::readlinkat(descriptors.get(), number, target, sizeof target);
            if (size > 0 && link == std::string_view(target, static_cast<size_t>(size)))
                holder = static_cast<pid_t>(*pid);
            return is_unknown();
        };
        if (descriptors) each_entry(descriptors.get(), compare);
        return is_unknown();
    };
    if (all) each_entry(all.get(), look_at);
    return holder;
}

}  // namespace

int copy_descriptor([[maybe_unused]] int process, [[maybe_unused]] int number) {
#if defined(SYS_pidfd_getfd)
    return static_cast<int>(::syscall(SYS_pidfd_getfd, process, number, 0));  // close-on-exec
#else
    errno = ENOSYS;
    return -1;
#endif
}

// Whoever may write to its directory can have put a link, or a second name of something else, in
// its place.
int give_socket(const char* path, uid_t user, gid_t group) {
    const Fd file(sys::open(path, O_PATH | O_NOFOLLOW));
    struct stat state;
    if (!file || sys::fstat(file.get(), &state) < 0) return -1;
    if (!S_ISSOCK(state.st_mode) || state.st_nlink != 1 || state.st_uid != ::geteuid()) {
        errno = EPERM;
        return -1;
    }
    return sys::once(sys::Call::chown, ::fchownat, file.get(), "", user, group, AT_EMPTY_PATH);
}

pid_t listener_on(uint16_t port) {
    Buffer<40> link;
    const bool any =
        find_socket("/proc/net/tcp", port, link) || find_socket("/proc/net/tcp6", port, link);
    return any ? holder_of(link.view()) : 0;
}

void append_program(Sink& out, pid_t pid) {
    Buffer<32> path;
    append(path, "/proc/", int64_t{pid}, "/comm");
    const Fd file(sys::open(path.c_str(), O_RDONLY));
    char name[32];
    const ssize_t size = file ? sys::read(file.get(), name, sizeof name) : -1;
    if (size > 1) out << std::string_view(name, static_cast<size_t>(size) - 1);
}

}  // namespace reeve::platform
