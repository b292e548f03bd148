#include "logs/file.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "files/place.h"
#include "kernel/platform.h"
#include "kernel/sys.h"
#include "logs/run.h"
#include "model/logline.h"
#include "model/stamp.h"

namespace reeve {

namespace {

using Path = Buffer<path_max_bytes>;

constexpr std::string_view current = "current";

const char* make_path(Path& path, const Text& directory, std::string_view folder,
                      std::string_view file) {
    path.clear();
    append(path, directory, '/', folder, '/', file);
    return path.c_str();
}

// The time in the newest old file's name; 0: there is none.
int64_t newest_old(const Text& directory, std::string_view folder) {
    int64_t newest_us = 0;
    const Fd fd = open_log_directory(directory, folder);
    const auto see = [&](const char* name) {
        if (const auto stamp = parse_old_name(name)) newest_us = std::max(newest_us, stamp->us);
        return true;
    };
    if (fd) platform::each_entry(fd.get(), see);
    return newest_us;
}

// What is wrong with the disk, now, and not with the path.
bool is_full(int code) { return code == ENOSPC || code == EDQUOT; }

}  // namespace

void OldLogs::look_into(const Text& directory, std::string_view folder) {
    const Fd fd = open_log_directory(directory, folder);
    if (!fd) return;
    Text shared;  // all of one folder name it together
    const auto see = [&](const char* name) {
        const bool old = parse_old_name(name).has_value();
        if (!old && current != name) return true;
        struct stat state;
        if (sys::lstat_at(fd.get(), name, &state) < 0) return true;
        bytes += static_cast<uint64_t>(state.st_size);
        if (!old) return true;
        ++count;
        size_t place = oldest.size();
        while (place > 0 && oldest[place - 1].name.view() > name) --place;
        if (place == old_logs_known_count) return true;
        if (oldest.size() == old_logs_known_count) oldest.pop_back();
        if (shared.empty()) shared = folder;
        oldest.push_back({shared, name});
        for (size_t i = oldest.size() - 1; i > place; --i) std::swap(oldest[i], oldest[i - 1]);
        return true;
    };
    platform::each_entry(fd.get(), see);
}

// Everything that is there, also of services that are no more.
void LogFolder::look() {
    OldLogs all;
    const Fd fd(sys::open(path_.c_str(), O_RDONLY | O_DIRECTORY));
    const auto see = [&](const char* name) {
        if (name[0] != '.') all.look_into(path_, name);
        return true;
    };
    if (fd) platform::each_entry(fd.get(), see);
    used_ = all.bytes;
    oldest_ = std::move(all.oldest);
    next_ = 0;
    looked_us_ = sys::wall_now_us();
}

bool LogFolder::remove(const OldLog& file) {
    const Fd folder = open_log_directory(path_, file.folder);
    const char* name = file.name.c_str();
    struct stat state;
    if (!folder || sys::lstat_at(folder.get(), name, &state) < 0 ||
        sys::unlink_at(folder.get(), name) < 0)
        return false;
    used_ -= std::min(used_, static_cast<uint64_t>(state.st_size));
    return true;
}

// One that is gone already, or another's, is passed over.
bool LogFolder::remove_oldest() {
    for (bool looked = false;;) {
        while (next_ < oldest_.size())
            if (remove(oldest_[next_++])) return true;
        if (looked) return false;
        look();
        looked = true;
    }
}

// Others may have taken something away: nothing goes by a count that is older than a moment.
void LogFolder::keep_bound() {
    if (looked_us_ != 0 && (used_ <= bound_ || !has_old_)) return;
    const int64_t since = sys::wall_now_us() - looked_us_;
    if (since < 0 || since >= log_look_us) look();
    while (used_ > bound_ && has_old_) has_old_ = remove_oldest();
}

void LogFolder::add(uint64_t bytes) {
    used_ += bytes;
    if (used_ > bound_) keep_bound();
}

void LogFolder::prune(std::string_view folder, size_t keep) {
    OldLogs old;
    old.look_into(path_, folder);
    for (size_t i = 0; i < old.oldest.size() && old.count > keep; ++i, --old.count)
        remove(old.oldest[i]);
}

// One that is another's (svlog ran as somebody else before) makes room for our own.
int LogFile::open(LogFolder& folder, const Text& name) {
    if (file_) return 0;
    constexpr int flags = O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
    Result<Fd> directory = make_log_directory(folder.path(), name);
    if (!directory) return directory.error().code;
    file_ = Fd(sys::open_at(directory->get(), current.data(), flags, 0640));
    int code = file_ ? 0 : errno;
    struct stat state;
    const bool theirs = file_ ? sys::fstat(file_.get(), &state) < 0 || !S_ISREG(state.st_mode)
                              : code == EACCES || code == ELOOP || code == ENXIO;
    if (theirs) {
        if (file_) code = EEXIST;
        file_.reset();
        if (!rename_away(folder, name, {0, SIZE_MAX})) return code;
        file_ = Fd(sys::open_at(directory->get(), current.data(), flags, 0640));
        if (!file_) return errno;
        sys::fstat(file_.get(), &state);
    }
    if (!file_) return code;
    size_ = static_cast<uint64_t>(state.st_size);
    char last = '\n';
    if (size_ > 0) sys::pread(file_.get(), &last, 1, state.st_size - 1);
    mid_line_ = last != '\n';
    return 0;
}

bool LogFile::is_there(const LogFolder& folder, const Text& name) {
    Path path;
    struct stat state;
    const char* file = make_path(path, folder.path(), name, current);
    return sys::lstat(file, &state) == 0 && state.st_size > 0;
}

void LogFile::check_place(const LogFolder& folder, const Text& name) {
    Path path;
    if (file_ && !is_still_at(file_.get(), make_path(path, folder.path(), name, current)))
        file_.reset();
}

// The one step that matters is the rename; whoever is killed before or after it has lost nothing.
bool LogFile::rename_away(LogFolder& folder, const Text& name, Rules rules) {
    const Fd directory = open_log_directory(folder.path(), name);
    if (!directory) return false;
    Buffer<64> old;
    struct stat there;
    // The clock may have been set back: who reads them, or removes the oldest, goes by the names.
    if (newest_us_ < 0) newest_us_ = newest_old(folder.path(), name);
    int64_t time = std::max(sys::wall_now_us(), newest_us_ + 1);
    for (;; ++time) {
        old.clear();
        append_old_name(old, {time});
        if (sys::lstat_at(directory.get(), old.c_str(), &there) < 0) break;
    }
    if (sys::rename_at(directory.get(), current.data(), old.c_str()) < 0) return false;
    newest_us_ = time;
    rotates_ = false;
    file_.reset();
    folder.note_old();
    if (rules.keep < SIZE_MAX) folder.prune(name, rules.keep);
    folder.keep_bound();
    return true;
}

void LogFile::rotate(LogFolder& folder, const Text& name, Rules rules) {
    if (!is_there(folder, name) || open(folder, name) != 0) return;
    rotates_ = mid_line_;
    if (!mid_line_) rename_away(folder, name, rules);
}

// What was written to a file that has lost its name is written once more, to a new one.
bool LogFile::write(LogFolder& folder, const Text& name, std::string_view bytes, size_t& taken) {
    while (!bytes.empty()) {
        const ssize_t count = sys::write(file_.get(), bytes.data(), bytes.size());
        const int cause = errno;
        const auto written = static_cast<size_t>(count);
        struct stat state;
        if (sys::fstat(file_.get(), &state) == 0 && state.st_nlink == 0) {
            file_.reset();
            if (const int code = open(folder, name); code != 0) {
                errno = code;
                return false;
            }
            continue;
        }
        if (count < 0) {
            if (is_full(cause) && folder.remove_oldest()) continue;
            errno = cause;
            return false;
        }
        mid_line_ = bytes[written - 1] != '\n';
        size_ += written;
        folder.add(written);
        taken += written;
        bytes.remove_prefix(written);
    }
    return true;
}

size_t LogFile::append(LogFolder& folder, const Text& name, std::string_view bytes, Rules rules) {
    size_t taken = 0;
    while (taken < bytes.size()) {
        if (const int code = open(folder, name); code != 0) {
            if (is_full(code) && folder.remove_oldest()) continue;
            errno = code;
            return taken;
        }
        const std::string_view rest = bytes.substr(taken);
        size_t count = rest.size();
        struct stat state;  // others may have cut it
        if (size_ + count > rules.max_size && sys::fstat(file_.get(), &state) == 0)
            size_ = static_cast<uint64_t>(state.st_size);
        if (rotates_ || size_ + count > rules.max_size) {
            const bool full = rotates_ || size_ >= rules.max_size;
            count = full ? 0 : whole_lines(rest, static_cast<size_t>(rules.max_size - size_));
            if (count == 0 && !mid_line_ && size_ > 0 && rename_away(folder, name, rules)) continue;
            // A line that is longer than a file may be; or the end of one.
            if (count == 0) count = std::min(rest.find('\n'), rest.size() - 1) + 1;
        }
        if (!write(folder, name, rest.substr(0, count), taken)) return taken;
    }
    if (rotates_ && !mid_line_) rename_away(folder, name, rules);
    return taken;
}

}  // namespace reeve
