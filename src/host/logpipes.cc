#include "host/logpipes.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "base/limits.h"
#include "host/complain.h"
#include "host/logfile.h"
#include "host/platform.h"
#include "host/pollset.h"
#include "host/replace.h"
#include "host/runlog.h"
#include "host/sys.h"
#include "model/logplan.h"

namespace reeve {

namespace {

using Path = Buffer<path_max_bytes>;
using Name = Buffer<2 * name_max_bytes + 1>;

constexpr std::string_view suffix = ".fifo";

bool has_been_read(int fd) { return ready_now(fd, POLLIN) == 0; }
bool is_full(int fd) { return ready_now(fd, POLLOUT) == 0; }

struct Dropped {
    size_t lines = 0;
    bool rotation = false;  // the mark for one was among it
};

// Throws away about so much of what is in a pipe, up to the end of a line: then byte by byte.
Dropped drop_lines(int fd, size_t bytes) {
    Dropped dropped;
    char block[4096];
    size_t kept = 0;  // the beginning of a mark
    bool open = false;
    for (size_t patience = log_line_max_bytes; patience > 0; patience -= bytes == 0) {
        if (bytes == 0 && !open && kept == 0) break;
        const size_t room = std::min(sizeof block - kept, std::max(bytes, size_t{1}));
        const ssize_t got = sys::read(fd, block + kept, room);
        if (got <= 0) break;
        bytes -= std::min(bytes, static_cast<size_t>(got));
        std::string_view text(block, kept + static_cast<size_t>(got));
        kept = begun_mark(text);
        const std::string_view rest = text.substr(text.size() - kept);
        text.remove_suffix(kept);
        while (!text.empty()) {
            const FoundMark found = find_mark(text);
            dropped.lines += count_lines(text.substr(0, found.place));
            if (found.place > 0) open = text[found.place - 1] != '\n';
            if (found.mark == LogMark::end && std::exchange(open, false)) ++dropped.lines;
            dropped.rotation |= found.mark == LogMark::rotate;
            text.remove_prefix(std::min(text.size(), found.place + log_mark_bytes));
        }
        std::copy(rest.begin(), rest.end(), block);
    }
    dropped.lines += open;
    return dropped;
}

void tell_lost(std::string_view name, size_t lines, const char* why) {
    Buffer<2 * name_max_bytes + 128> text;
    text << name << ": " << uint64_t{lines} << (lines == 1 ? " line" : " lines")
         << " of its log lost: " << why;
    complain(text.view());
}

}  // namespace

const char* LogPipes::path_of(Sink& path, std::string_view name) const {
    path.clear();
    path << at_.pipes << '/' << name << suffix;
    return path.c_str();
}

void LogPipes::take_over(Kept& kept) {
    const Fd directory(sys::open(at_.pipes.c_str(), O_RDONLY | O_DIRECTORY));
    const auto see = [&](const char* entry) {
        const std::string_view file = entry;
        if (!file.ends_with(suffix)) return true;
        Path path;
        const std::string_view name = file.substr(0, file.size() - suffix.size());
        Fd fd = kept.take_file(path_of(path, name));
        if (!fd) fd = Fd(platform::open_fifo(path.c_str()));
        struct stat state;
        if (!fd || sys::fstat(fd.get(), &state) < 0 || !S_ISFIFO(state.st_mode)) return true;
        gone_.push_back({name, std::move(fd), Log::file});
        ++count_;
        return true;
    };
    if (directory) platform::each_entry(directory.get(), see);
}

// Its pipe; where it has none yet, perhaps one that an earlier reeve made, or an empty place.
LogPipes::Pipe* LogPipes::find(ServiceId id) {
    if (pipes_.size() <= id.index) pipes_.resize(supervisor_.services().size());
    Pipe& pipe = pipes_[id.index];
    Name name;
    append_name(name, supervisor_.at(id));
    if (pipe.fd && pipe.name == name.view()) return &pipe;
    if (pipe.fd) {
        gone_.push_back(std::move(pipe));
        pipe = {};
    }
    for (Pipe& left : gone_) {
        if (!(left.name == name.view())) continue;
        pipe = std::move(left);
        gone_.erase(&left);
        const Service& service = supervisor_.at(id);
        if (service.definition && goes_to_svlog(service.policy().log))
            pipe.log = service.policy().log;
        break;
    }
    return &pipe;
}

// Of the pipe that it has by now; -1: none.
int LogPipes::descriptor_of(ServiceId id) const {
    return id.index < pipes_.size() ? pipes_[id.index].fd.get() : -1;
}

// A run that is not over writes to what it has: nothing is put in the place of that.
bool LogPipes::make(Pipe& pipe, const Service& service) {
    Path path;
    Name name;
    append_name(name, service);
    const char* fifo = path_of(path, name.view());
    errno = EMFILE;
    if (!pipe.fd && count_ >= most_) return false;
    if (sys::mkfifo(fifo, 0600) < 0) {
        if (errno == ENOENT && !make_directories(at_.pipes, 0755)) return false;
        // What is there is not what reeve made.
        if (service.group != 0) return false;
        sys::unlink(fifo);
        if (sys::mkfifo(fifo, 0600) < 0) return false;
    }
    Fd fd(platform::open_fifo(fifo));
    if (!fd || (at_.owner != 0 && !let_read(fd.get()))) return false;
    if (!pipe.fd) ++count_;
    if (pipe.name.empty()) pipe.name = service.instance.empty() ? service.name : Text(name.view());
    pipe.fd = std::move(fd);
    renew_plan();
    return true;
}

// Lets svlog open a pipe, where that is another user.
bool LogPipes::let_read(int fd) const {
    return sys::fchown(fd, static_cast<uid_t>(-1), at_.group) == 0 && sys::fchmod(fd, 0660) == 0;
}

void LogPipes::let_write(ServiceId id, uid_t user) const {
    const int fd = descriptor_of(id);
    struct stat state;
    if (fd < 0 || geteuid() != 0) return;
    if (sys::fstat(fd, &state) < 0 || state.st_uid == user) return;
    // root may be one that may do no more than others do: it has its group.
    sys::fchown(fd, user, static_cast<gid_t>(-1));
    sys::fchmod(fd, 0660);
}

// Makes a directory svlog's; not through a link that somebody put there. Root leaves its group as
// it is: others may read it by that.
bool LogPipes::give(const char* directory) const {
    const Fd opened(sys::open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    const gid_t group = at_.owner != 0 ? at_.group : static_cast<gid_t>(-1);
    return opened && sys::fchown(opened.get(), at_.owner, group) == 0;
}

// Not before: the svlog that ran until now had to have what it wrote to.
void LogPipes::renew_owner() {
    if (geteuid() != 0 || owner_ == at_.owner) return;
    for (List<Pipe>* list : {&pipes_, &gone_}) {
        for (Pipe& pipe : *list) {
            if (!pipe.fd) continue;
            let_read(pipe.fd.get());
            Path path;
            path << at_.directory << '/' << pipe.name;
            give(path.c_str());
        }
    }
    owner_ = at_.owner;
}

// Where there can be no files the lines go to the console, and status says why.
void LogPipes::prepare_directory(ServiceId id, Pipe& pipe) {
    Path path;
    path << at_.directory << '/' << pipe.name;
    const char* directory = path.c_str();
    const char* step = "mkdir";
    bool good = sys::mkdir(directory, 0750) == 0 || errno == EEXIST;
    if (!good && errno == ENOENT) {
        const Status made = make_directories(directory, 0750);
        good = static_cast<bool>(made);
        errno = made.error().code;
    }
    if (good && at_.owner != 0) {
        good = give(directory);
        step = "chown";
    } else if (good) {
        // The dot makes sure that it is one.
        const size_t length = path.size();
        path << "/.";
        good = sys::access(path.c_str(), W_OK) == 0;
        path.cut(length);
        step = "write to";
        if (good && geteuid() == 0) give(path.c_str());
    }
    Buffer<path_max_bytes + 128> note;
    if (!good) {
        note << "console (" << step << ' ' << path.view() << ": " << errno_text(errno) << ')';
    }
    if (pipe.fallen == good) touch();
    pipe.fallen = !good;
    // That lines are being lost is worse.
    if (!good || pipe.lost == 0) supervisor_.note_log(id, note.view());
}

// The path is what gives the child a description of its own, which may block.
Fd LogPipes::open(ServiceId id) {
    const Service& service = supervisor_.at(id);
    Pipe& pipe = *find(id);
    const Log before = pipe.log;
    Path path;
    const bool runs = service.group != 0;
    if (!pipe.fd || !is_still_at(pipe.fd.get(), path_of(path, pipe.name))) {
        errno = ENOENT;
        if ((pipe.fd && runs) || !make(pipe, service)) return {};
    }
    Fd end(sys::open(path_of(path, pipe.name), O_WRONLY | O_NONBLOCK | O_NOFOLLOW));
    if (!end) return {};
    sys::fcntl(end.get(), F_SETFL, O_WRONLY);
    pipe.log = service.policy().log;
    pipe.fallen = pipe.fallen && pipe.log == Log::file;
    if (pipe.log == Log::file) prepare_directory(id, pipe);
    if (pipe.log != before || is_away()) touch();
    // A hook does not cut the line that the run is in the middle of.
    if (!runs) write_mark(id, LogMark::end);
    return end;
}

int LogPipes::write_mark(ServiceId id, LogMark mark) const {
    const int fd = descriptor_of(id);
    if (fd < 0) return EINVAL;
    Buffer<log_mark_bytes> bytes;
    append_mark(bytes, mark);
    return sys::write(fd, bytes.data(), bytes.size()) < 0 ? errno : 0;
}

// Also of one that has not run yet: what is there is from before.
int LogPipes::rotate(ServiceId id, Rotation& rotation) {
    const Service& service = supervisor_.at(id);
    const bool has_files = service.definition && service.policy().log == Log::file &&
                           service.policy().type != Type::fake && !at_.pipes.empty();
    if (!has_files) return EINVAL;
    struct stat state;
    if (!look_at_current(service, state) || state.st_size == 0) return 0;
    Pipe& pipe = *find(id);
    if (pipe.fallen) return ENOTDIR;
    if (!pipe.fd && !make(pipe, service)) return errno;
    rotation = {static_cast<uint64_t>(state.st_ino), state.st_size};
    rotation.asked = ask_to_rotate(id);
    return 0;
}

// Where nothing runs nobody else ends the last line.
bool LogPipes::ask_to_rotate(ServiceId id) const {
    if (supervisor_.at(id).group == 0 && write_mark(id, LogMark::end) != 0) return false;
    return write_mark(id, LogMark::rotate) == 0;
}

bool LogPipes::is_rotated(ServiceId id, Rotation& rotation) const {
    if (rotation.size == 0) return true;
    if (!rotation.asked) rotation.asked = ask_to_rotate(id);
    struct stat state;
    return !look_at_current(supervisor_.at(id), state) || state.st_ino != rotation.inode ||
           state.st_size < rotation.size;
}

bool LogPipes::look_at_current(const Service& service, struct stat& state) const {
    Path path;
    path << at_.directory << '/';
    append_name(path, service);
    path << "/current";
    return sys::lstat(path.c_str(), &state) == 0;
}

void LogPipes::renew_directory(ServiceId id) {
    if (id.index >= pipes_.size()) return;
    Pipe& pipe = pipes_[id.index];
    if (pipe.fd && pipe.log == Log::file && supervisor_.at(id).active())
        prepare_directory(id, pipe);
}

void LogPipes::renew() {
    for (uint32_t i = 0; i < pipes_.size(); ++i) renew_directory(ServiceId{i});
    renew_plan();
}

// There can be files again one day, and nobody tells.
void LogPipes::look_after_fallen(Now now) {
    for (uint32_t i = 0; i < pipes_.size(); ++i) {
        if (!pipes_[i].fallen || !supervisor_.at(ServiceId{i}).active()) continue;
        renew_directory(ServiceId{i});
        if (!pipes_[i].fallen) continue;
        look_at_ = std::min(look_at_, now.mono + milliseconds(log_fallen_look_ms));
    }
}

bool LogPipes::needs(ServiceId id, const Pipe& pipe) const {
    const Service& service = supervisor_.at(id);
    Name name;
    if (service.used()) append_name(name, service);
    if (!(pipe.name == name.view())) return false;
    return service.active() || (service.definition && goes_to_svlog(service.policy().log));
}

void LogPipes::look_at(ServiceId id) {
    const bool there = descriptor_of(id) >= 0;
    if ((there && !needs(id, pipes_[id.index])) || id == supervisor_.log_writer()) touch();
}

bool LogPipes::is_away() const {
    const ServiceId writer = supervisor_.log_writer();
    return !writer || supervisor_.at(writer).state != State::running;
}

// svlog cannot be started, or somebody has taken it down: for a while everything is kept; but no
// service is to hang for it.
void LogPipes::spare_writers(Now now) {
    if (!is_away()) {
        if (away_until_ != no_deadline) end_sparing();
        return;
    }
    if (away_until_ == no_deadline) away_until_ = now.mono + milliseconds(log_away_max_ms);
    for (uint32_t i = 0; i < pipes_.size(); ++i) {
        if (!pipes_[i].fd || !supervisor_.at(ServiceId{i}).active()) continue;
        look_at_ = std::min(look_at_, std::max(away_until_, now.mono + milliseconds(log_spare_ms)));
        if (now.mono >= away_until_) spare_writer(ServiceId{i}, pipes_[i]);
    }
}

void LogPipes::spare_writer(ServiceId id, Pipe& pipe) {
    if (!is_full(pipe.fd.get())) return;
    if (pipe.lost == 0) {
        complain(Text::join({pipe.name, ": ", log_lines_lost, " (svctl status svlog)"}));
        supervisor_.note_log(
            id, Text::join({at_.directory, "/", pipe.name, " (", log_lines_lost, ")"}));
    }
    const Dropped dropped = drop_lines(pipe.fd.get(), log_block_bytes / 2);
    pipe.lost += dropped.lines;
    if (dropped.rotation) write_mark(id, LogMark::rotate);
}

void LogPipes::end_sparing() {
    away_until_ = no_deadline;
    for (uint32_t i = 0; i < pipes_.size(); ++i) {
        Pipe& pipe = pipes_[i];
        if (pipe.lost == 0) continue;
        tell_lost(pipe.name, pipe.lost, "svlog did not run");
        pipe.lost = 0;
        supervisor_.note_log(ServiceId{i}, {});
        renew_directory(ServiceId{i});
    }
}

void LogPipes::drop(Pipe& pipe) {
    Path path;
    sys::unlink(path_of(path, pipe.name));
    --count_;
    stale_ = true;
}

bool LogPipes::settle(Now now) {
    // Which pipes are needed, and how svlog is to treat them, only the definitions tell: until they
    // can be read, all stays as it is.
    if (at_.pipes.empty() || !due(now) || supervisor_.unread()) return false;
    look_at_ = no_deadline;
    for (uint32_t i = 0; i < supervisor_.services().size() && !gone_.empty(); ++i) {
        const Service& service = supervisor_.at(ServiceId{i});
        if (service.active() || (service.definition && goes_to_svlog(service.policy().log)))
            find(ServiceId{i});
    }
    for (uint32_t i = 0; i < pipes_.size(); ++i) {
        if (!pipes_[i].fd || needs(ServiceId{i}, pipes_[i])) continue;
        gone_.push_back(std::move(pipes_[i]));
        pipes_[i] = {};
    }
    erase_if(gone_, [&](Pipe& pipe) {
        const bool read = has_been_read(pipe.fd.get());
        if (read) drop(pipe);
        return read;
    });
    if (!gone_.empty() && !is_away()) look_at_ = now.mono + milliseconds(log_pipe_look_ms);
    spare_writers(now);
    look_after_fallen(now);
    stale_ = false;
    return write_plan(now);
}

bool LogPipes::write_plan(Now now) {
    if (count_ == 0 && plan_ == 0) return false;  // there has never been a pipe
    LongText text;
    append_plan_head(text, at_.max_total);
    const auto add = [&](const Pipe& pipe, const Policy& policy) {
        append_plan(text,
                    {.name = pipe.name,
                     .log = pipe.log == Log::console || pipe.fallen ? Log::console : Log::file,
                     .time = policy.log_time,
                     .keep = static_cast<uint32_t>(policy.log_keep),
                     .max_size = policy.log_max_size});
    };
    Policy other;
    other.log_max_size = 1 << 20;
    for (uint32_t i = 0; i < pipes_.size(); ++i) {
        if (!pipes_[i].fd) continue;
        const Service& service = supervisor_.at(ServiceId{i});
        add(pipes_[i], service.definition ? service.policy() : other);
    }
    for (const Pipe& pipe : gone_) add(pipe, other);
    const uint64_t sum = digest(text);
    if (sum == plan_) return false;
    Path path;
    path << at_.pipes << "/plan";
    const Text from = Text::join({path.view(), ".new"});
    const bool written = replace_text(from.c_str(), path.c_str(), text);
    if (written) plan_ = sum;
    // No room in the run directory: again, later.
    if (!written) look_at_ = now.mono + milliseconds(log_pipe_look_ms);
    return written;
}

// svlog had its time. What it could not write (a full disk, nobody who reads the console) is lost.
void LogPipes::close() {
    for (List<Pipe>* list : {&pipes_, &gone_}) {
        for (Pipe& pipe : *list) {
            if (!pipe.fd) continue;
            const size_t lines = drop_lines(pipe.fd.get(), log_pipe_bytes).lines;
            if (lines > 0) tell_lost(pipe.name, lines, "svlog could not write them before the end");
            drop(pipe);
        }
    }
    Path path;
    path << at_.pipes << "/plan";
    if (!at_.pipes.empty()) sys::unlink(path.c_str());
}

}  // namespace reeve
