#include "host/rundir.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <vector>

#include "base/limits.h"
#include "base/text.h"
#include "host/journal.h"
#include "host/platform.h"
#include "host/runlog.h"
#include "host/sys.h"
#include "model/record.h"

namespace reeve {

namespace {

// Root's is for all to read; anybody else's is their own.
mode_t directory_mode() { return geteuid() == 0 ? 0755 : 0700; }

Status make_private(const std::string& path) {
    Status made = make_directories(path, directory_mode());
    if (!made) return made;
    struct stat state;
    if (sys::lstat(path.c_str(), &state) < 0) return Error{"stat", path, errno};
    if (!S_ISDIR(state.st_mode)) return Error{"mkdir", path, ENOTDIR};
    if (state.st_uid != geteuid()) return Error{"mkdir", path, EPERM};
    return Nothing{};
}

// What the records of an earlier reeve say is running, in the order of their names.
struct Leftover {
    std::string name;
    Process process;
};

void note(std::vector<Leftover>& leftovers, std::string name, Process process) {
    for (Leftover& leftover : leftovers) {
        if (leftover.name != name) continue;
        leftover.process = process;
        return;
    }
    leftovers.push_back({std::move(name), process});
}

std::vector<Leftover> read_leftovers(const std::string& text) {
    Buffer<128> boot;
    platform::append_boot_id(boot);
    std::vector<Leftover> leftovers;
    bool same_boot = false;
    std::string_view rest = text;
    while (!rest.empty()) {
        const size_t end = rest.find('\n');
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        if (line.empty()) continue;
        Service service;
        const auto record = decode_record(line, service);
        if (!record) continue;  // torn or corrupt: the others still count
        switch (record->kind) {
        case RecordKind::header: same_boot = record->header.boot == boot.view(); break;
        case RecordKind::service:
        case RecordKind::child:
            note(leftovers, std::string(record->name),
                 record->kind == RecordKind::child ? record->process : service.leader);
            break;
        case RecordKind::hook: {
            std::string name(record->name);
            note(leftovers, name.append(" ").append(name_of(record->hook)), record->process);
            break;
        }
        case RecordKind::gone: note(leftovers, std::string(record->name), {}); break;
        case RecordKind::end: leftovers.clear(); break;
        }
    }
    if (!same_boot) leftovers.clear();
    return leftovers;
}

bool is_alive(const Process& process) {
    return process.pid > 1 && process.start_time != 0 &&
           platform::start_time_of(process.pid) == process.start_time;
}

}  // namespace

Result<Fd> open_run_directory(const std::string& path, pid_t& holder) {
    holder = 0;
    const Status made = make_private(path);
    if (!made) return made.error();
    const std::string lock_path = path + "/lock";
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
    for (const char* name : {"/status", "/fds"}) {
        const std::string directory = path + name;
        if (sys::mkdir(directory.c_str(), directory_mode()) < 0 && errno != EEXIST)
            return Error{"mkdir", directory, errno};
    }
    return lock;
}

Status write_pid_file(const std::string& run_directory) {
    const std::string path = run_directory + "/pid";
    const Fd file(sys::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0644));
    if (!file) return Error{"open", path, errno};
    Buffer<32> line;
    line << static_cast<int64_t>(getpid()) << '\n';
    if (sys::write(file.get(), line.data(), line.size()) < 0) return Error{"write", path, errno};
    return Nothing{};
}

size_t end_leftovers(const std::string& run_directory, Duration grace) {
    const Result<std::string> text = Journal::read(run_directory + "/journal");
    if (!text) return 0;
    std::vector<Leftover> leftovers = read_leftovers(*text);
    std::erase_if(leftovers, [](const Leftover& each) { return !is_alive(each.process); });
    const size_t count = leftovers.size();
    for (const Leftover& leftover : leftovers) sys::kill(-leftover.process.pid, SIGTERM);

    // The leader's number stays its group's as long as anything of the group is left.
    Mono kill_at = sys::mono_now() + grace;
    while (!leftovers.empty()) {
        std::erase_if(leftovers, [](const Leftover& each) {
            return !platform::group_has_live_members(each.process.pid);
        });
        if (leftovers.empty()) break;
        if (sys::mono_now() >= kill_at) {
            for (const Leftover& leftover : leftovers) sys::kill(-leftover.process.pid, SIGKILL);
            kill_at = sys::mono_now() + grace;
        }
        sys::poll({}, static_cast<int>(group_poll_min_ms));
    }
    return count;
}

}  // namespace reeve
