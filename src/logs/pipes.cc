#include "logs/pipes.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "base/digest.h"
#include "base/format.h"
#include "base/limits.h"
#include "files/place.h"
#include "files/replace.h"
#include "kernel/complain.h"
#include "kernel/platform.h"
#include "kernel/pollset.h"
#include "kernel/sys.h"
#include "logs/file.h"
#include "logs/run.h"
#include "model/logplan.h"

namespace reeve {

namespace {

using Path = Buffer<path_max_bytes>;

constexpr std::string_view suffix = ".fifo";

bool has_been_read(int fd) { return ready_now(fd, POLLIN) == 0; }

// Throws away what is in a pipe, a block at most, and counts its lines; `open`: the last one has no
// end yet, before and after. False: there was nothing.
bool drop_block(int fd, bool& open, size_t& lines) {
    char block[log_block_bytes / 4];
    const ssize_t got = sys::read(fd, block, sizeof block);
    if (got <= 0) return false;
    std::string_view text(block, static_cast<size_t>(got));
    while (!text.empty()) {
        const FoundMark found = find_mark(text);
        const std::string_view piece = text.substr(0, found.place);
        lines += static_cast<size_t>(std::count(piece.begin(), piece.end(), '\n'));
        if (!piece.empty()) open = piece.back() != '\n';
        if (found.mark == LogMark::end) lines += std::exchange(open, false);
        text.remove_prefix(std::min(text.size(), found.place + log_mark_bytes));
    }
    return true;
}

}  // namespace

const char* LogPipes::path_of(Sink& path, std::string_view name) const {
    path.clear();
    append(path, at_.pipes, '/', name, suffix);
    return path.c_str();
}

void LogPipes::take_over(Inherited& kept) {
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

// The service's pipe: where it has none of ours, one that an earlier reeve made, or an empty place.
LogPipes::Pipe* LogPipes::find(ServiceId id) {
    if (pipes_.size() <= id.index) pipes_.resize(supervisor_.services().size());
    Pipe& pipe = pipes_[id.index];
    const FullNameText name(supervisor_.at(id).full_name());
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
        // As the reeve before has it on record; whether it is still so is looked at soon.
        pipe.no_file = pipe.log == Log::file && !service.log_note.empty();
        break;
    }
    return &pipe;
}

// The descriptor of the service's pipe; -1: it has none.
int LogPipes::descriptor_of(ServiceId id) const {
    return id.index < pipes_.size() ? pipes_[id.index].fd.get() : -1;
}

// Makes its pipe. What is in its place already stays there while a run writes to it.
bool LogPipes::make(Pipe& pipe, const Service& service) {
    Path path;
    const FullNameText name(service.full_name());
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
    if (pipe.name.empty()) pipe.name = service.full_text();
    pipe.fd = std::move(fd);
    renew_plan();
    return true;
}

// Lets svlog open a pipe, where that is another user.
bool LogPipes::let_read(int fd) const {
    return sys::fchown(fd, static_cast<uid_t>(-1), at_.group) == 0 && sys::fchmod(fd, 0660) == 0;
}

// Makes a directory svlog's; not through a link that somebody put there. Root leaves its group as
// it is: others may read it by that.
bool LogPipes::give(const char* directory) const {
    const Fd opened(sys::open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    const gid_t group = at_.owner != 0 ? at_.group : static_cast<gid_t>(-1);
    return opened && sys::fchown(opened.get(), at_.owner, group) == 0;
}

// Waits until the next svlog is about to start: the one before writes to what its own user owns.
void LogPipes::renew_owner() {
    if (geteuid() != 0 || owner_ == at_.owner) return;
    for (List<Pipe>* list : {&pipes_, &gone_}) {
        for (Pipe& pipe : *list) {
            if (!pipe.fd) continue;
            let_read(pipe.fd.get());
            Path path;
            append(path, at_.directory, '/', pipe.name);
            give(path.c_str());
        }
    }
    owner_ = at_.owner;
}

// Where there can be no files the lines go to the console, and status says why.
void LogPipes::prepare_directory(ServiceId id, Pipe& pipe) {
    Path path;
    append(path, at_.directory, '/', pipe.name);
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
        append(note, "console (", step, ' ', path, ": ", errno_text(errno), ')');
    }
    if (pipe.no_file == good) mark_changed();
    pipe.no_file = !good;
    // That lines are being lost is worse.
    if (!good || pipe.lost == 0) supervisor_.note_log(id, note.view());
}

// The path is what gives the child a description of its own, which may block. It reads as well: a
// service is its own reader where neither reeve nor svlog is left, and waits for the next ones.
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
    Fd end(platform::open_fifo(path_of(path, pipe.name)));
    if (!end || sys::fcntl(end.get(), F_SETFL, 0) < 0) return {};
    pipe.log = service.policy().log;
    pipe.no_file = pipe.no_file && pipe.log == Log::file;
    if (pipe.log == Log::file) prepare_directory(id, pipe);
    if (pipe.log != before) mark_changed();
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

// A service that has not run yet may have a file from an earlier reeve.
int LogPipes::rotate(ServiceId id, Rotation& rotation) {
    const Service& service = supervisor_.at(id);
    const bool has_files = service.definition && service.policy().log == Log::file &&
                           service.policy().type != Type::fake && !at_.pipes.empty();
    if (!has_files) return EINVAL;
    struct stat state;
    if (!look_at_current(service, state) || state.st_size == 0) return 0;
    Pipe& pipe = *find(id);
    if (pipe.no_file) return ENOTDIR;
    if (!pipe.fd && !make(pipe, service)) return errno;
    rotation = {static_cast<uint64_t>(state.st_ino), state.st_size};
    rotation.asked = !discards_ && ask_to_rotate(id);
    return 0;
}

// Asks svlog for it by a mark. Where nothing of the service runs, its last line is ended first, for
// nobody else does that.
bool LogPipes::ask_to_rotate(ServiceId id) const {
    if (supervisor_.at(id).group == 0 && write_mark(id, LogMark::end) != 0) return false;
    return write_mark(id, LogMark::rotate) == 0;
}

bool LogPipes::is_rotated(ServiceId id, Rotation& rotation) const {
    if (rotation.size == 0) return true;
    if (!rotation.asked) rotation.asked = !discards_ && ask_to_rotate(id);
    struct stat state;
    return !look_at_current(supervisor_.at(id), state) || state.st_ino != rotation.inode ||
           state.st_size < rotation.size;
}

bool LogPipes::look_at_current(const Service& service, struct stat& state) const {
    Path path;
    append(path, at_.directory, '/');
    path << service.full_name();
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

// Looks whether there can be files again for services that have none: nobody tells.
void LogPipes::look_for_files(Now now) {
    for (uint32_t i = 0; i < pipes_.size(); ++i) {
        if (!pipes_[i].no_file || !supervisor_.at(ServiceId{i}).active()) continue;
        renew_directory(ServiceId{i});
        if (!pipes_[i].no_file) continue;
        look_at_ = std::min(look_at_, now.mono + milliseconds(log_no_file_look_ms));
    }
}

bool LogPipes::needs(ServiceId id, const Pipe& pipe) const {
    const Service& service = supervisor_.at(id);
    if (!service.used() || !(pipe.name == FullNameText(service.full_name()).view())) return false;
    return service.active() || (service.definition && goes_to_svlog(service.policy().log));
}

void LogPipes::look_at(ServiceId id) {
    const bool there = descriptor_of(id) >= 0;
    if ((there && !needs(id, pipes_[id.index])) || id == supervisor_.log_writer()) mark_changed();
}

// While svlog starts, or reads what there is before it ends, everything is kept, and for a moment
// after it has died. Where nobody wants it, or nothing has come of it by then, what services write
// is not recorded: no service is to hang for it.
void LogPipes::look_after_svlog(Now now) {
    const ServiceId id = supervisor_.log_writer();
    const Service* writer = id ? &supervisor_.at(id) : nullptr;
    if (writer != nullptr && writer->state == State::running) {
        if (away_until_ != no_deadline) end_discarding(now);
        return;
    }
    if (away_until_ == no_deadline) {
        away_until_ = now.mono + milliseconds(log_away_max_ms);
        away_since_ = now.wall;
    }
    const bool is_at_work = writer != nullptr && writer->active();
    const bool is_unwanted =
        writer != nullptr && writer->want == Want::down && !supervisor_.shutting_down();
    discards_ = !is_at_work && (is_unwanted || now.mono >= away_until_);
    if (!is_at_work && !discards_ && count_ > 0) look_at_ = std::min(look_at_, away_until_);
}

void LogPipes::watch(PollSet& set) {
    if (!discards_) return;
    for (Pipe& pipe : pipes_) pipe.fd.watch(set);
}

void LogPipes::serve(const PollSet& set) {
    for (uint32_t i = 0; discards_ && i < pipes_.size(); ++i)
        if (pipes_[i].fd.result(set) != 0) discard(ServiceId{i});
}

void LogPipes::discard(ServiceId id) {
    Pipe& pipe = pipes_[id.index];
    const bool is_first = pipe.lost == 0;
    if (!drop_block(pipe.fd.get(), pipe.open, pipe.lost) || !is_first || pipe.lost == 0) return;
    complain(pipe.name, ": ", log_lines_lost, " (svctl status svlog)");
    supervisor_.note_log(id, Text::join(at_.directory, "/", pipe.name, " (", log_lines_lost, ")"));
}

// Told on standard error, and in the log itself, where the lines would be. A pipe that is full by
// now has no room for the line that tells of them before svlog has read from it.
void LogPipes::end_discarding(Now now) {
    discards_ = false;
    away_until_ = no_deadline;
    for (uint32_t i = 0; i < pipes_.size(); ++i) {
        Pipe& pipe = pipes_[i];
        const size_t lines = pipe.lost + pipe.open;
        if (lines == 0) continue;
        if (ready_now(pipe.fd.get(), POLLOUT) == 0) {
            away_until_ = now.mono + milliseconds(log_away_max_ms);
            look_at_ = std::min(look_at_, now.mono + milliseconds(log_retry_ms));
            continue;
        }
        pipe.lost = 0;
        pipe.open = false;
        Buffer<256> what;
        append(what, uint64_t{lines}, lines == 1 ? " line" : " lines", " not recorded from ");
        append_time(what, away_since_);
        what << " to ";
        append_time(what, now.wall);
        what << ": svlog did not run";
        write_mark(ServiceId{i}, LogMark::end);
        Buffer<sizeof what + 16> line;
        append(line, "reeve: ", what, '\n');
        sys::write(pipe.fd.get(), line.data(), line.size());
        complain(pipe.name, ": ", what);
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
    look_after_svlog(now);
    if (!gone_.empty() && away_until_ == no_deadline)
        look_at_ = std::min(look_at_, now.mono + milliseconds(log_pipe_look_ms));
    look_for_files(now);
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
                     .log = pipe.log == Log::console || pipe.no_file ? Log::console : Log::file,
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
    append(path, at_.pipes, "/plan");
    const Text from = Text::join(path, ".new");
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
            while (drop_block(pipe.fd.get(), pipe.open, pipe.lost)) {}
            const size_t lines = pipe.lost + pipe.open;
            if (lines > 0) {
                Buffer<2 * name_max_bytes + 128> text;
                append(text, pipe.name, ": ", uint64_t{lines}, lines == 1 ? " line" : " lines",
                       " of its log lost: svlog could not write them before the end");
                complain(text);
            }
            drop(pipe);
        }
    }
    Path path;
    append(path, at_.pipes, "/plan");
    if (!at_.pipes.empty()) sys::unlink(path.c_str());
}

}  // namespace reeve
