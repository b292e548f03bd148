#include "logs/stream.h"

#include <algorithm>
#include <cerrno>

#include "base/limits.h"
#include "base/sort.h"
#include "kernel/platform.h"
#include "kernel/sys.h"
#include "logs/run.h"

namespace reeve {

namespace {

constexpr int64_t second_us = 1000000;
constexpr size_t block_bytes = 16384;
// Where so much or less is left, the place that is looked for is found by reading all of it.
constexpr off_t scanned_bytes = 4 * block_bytes;

// The first line with a stamp that begins in the text; `at`: where. Of a text that begins within a
// line what is left of that is passed over.
std::optional<Stamp> first_stamp(std::string_view text, bool within, size_t& at) {
    at = within ? std::min(text.find('\n'), text.size() - 1) + 1 : 0;
    while (at < text.size()) {
        std::string_view line = text.substr(at, text.find('\n', at) - at);
        const size_t length = line.size();
        if (const auto stamp = take_stamp(line)) return stamp;
        at += length + 1;
    }
    return std::nullopt;
}

// The first line of a file that was written at some time or later.
struct Begin {
    off_t offset;
    bool stamped;  // else it is the first one behind all that are earlier, and none has a stamp
};

// From `low` on, where a line begins; with room for the line that goes on where it need not look.
Begin scan(int fd, off_t low, Stamp stamp) {
    char bytes[scanned_bytes + block_bytes];
    const ssize_t got = sys::pread(fd, bytes, sizeof bytes, low);
    std::string_view text(bytes, static_cast<size_t>(std::max<ssize_t>(got, 0)));
    size_t at = 0;
    while (const auto found = first_stamp(text, false, at)) {
        if (*found >= stamp) return {low + static_cast<off_t>(at), true};
        const size_t length = std::min(text.find('\n', at), text.size() - 1) + 1;
        low += static_cast<off_t>(length);
        text.remove_prefix(length);
    }
    return {low, false};
}

// By halving. A block that bears no stamp is taken for later: lines are shorter than a block where
// there are any.
Begin bisect(int fd, off_t size, Stamp stamp) {
    char bytes[block_bytes];
    off_t low = 0;
    off_t high = size;
    Begin later{size, false};
    while (high - low > scanned_bytes) {
        const off_t middle = low + (high - low) / 2;
        const ssize_t got = sys::pread(fd, bytes, sizeof bytes, middle);
        size_t at = 0;
        if (got <= 0) return later;
        const auto found = first_stamp({bytes, static_cast<size_t>(got)}, true, at);
        const off_t place = middle + static_cast<off_t>(at);
        if (!found)
            high = middle;
        else if (*found < stamp)
            low = place;
        else
            later = {high = place, true};
    }
    const Begin begin = scan(fd, low, stamp);
    return later.stamped && !begin.stamped ? later : begin;
}

}  // namespace

Fd LogStream::open_named(size_t file) const {
    Buffer<path_max_bytes> path;
    append(path, directory_, '/');
    if (file == times_.size())
        path << "current";
    else if (is_svlog())
        append_old_name(path, times_[file]);
    else
        append_run_name(path, times_[file].us / 1000);
    // A FIFO put there cannot stall us, nor show a link what only we may read.
    Fd opened(sys::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW));
    struct stat state;
    if (opened && (sys::fstat(opened.get(), &state) < 0 || !S_ISREG(state.st_mode))) {
        opened.reset();
        errno = EINVAL;
    }
    return opened;
}

int LogStream::descriptor_of(size_t file, Fd& opened) const {
    if (is_svlog() && file == times_.size() && current_) return current_.get();
    opened = open_named(file);
    return opened.get();
}

bool LogStream::look_at(size_t file, struct stat& state) const {
    Fd opened;
    if (file >= file_count()) return false;
    const int fd = descriptor_of(file, opened);
    return fd >= 0 && sys::fstat(fd, &state) == 0;
}

void LogStream::find_files() {
    times_.clear();
    const Fd directory(sys::open(directory_.c_str(), O_RDONLY | O_DIRECTORY));
    if (!directory) return;
    const auto note = [&](const char* name) {
        if (is_svlog()) {
            if (const auto stamp = parse_old_name(name)) times_.push_back(*stamp);
        } else if (const auto time = run_time_ms(name)) {
            times_.push_back(Stamp{*time * 1000});
        }
        return true;
    };
    platform::each_entry(directory.get(), note);
    sort(std::span(times_), [](Stamp a, Stamp b) { return a < b; });
}

// `current` is opened before the names of the others are read: what it is renamed to meanwhile is
// among them, and is not taken for another.
int LogStream::open() {
    const Fd directory(sys::open(directory_.c_str(), O_RDONLY | O_DIRECTORY));
    if (!directory) return errno == ENOENT ? 0 : errno;
    if (is_svlog()) {
        current_ = open_named(0);
        if (!current_ && errno != ENOENT) return errno;
    }
    find_files();
    struct stat newest;
    struct stat present;
    if (is_svlog() && !times_.empty() && look_at(times_.size() - 1, newest) &&
        look_at(times_.size(), present) && newest.st_ino == present.st_ino)
        times_.pop_back();
    if (!is_svlog() && !times_.empty() && !open_named(times_.size() - 1) && errno != ENOENT)
        return errno;
    end_ = {file_count(), 0};
    while (end_.file > 0 && !look_at(end_.file - 1, newest)) --end_.file;
    if (end_.file > 0) end_ = {end_.file - 1, newest.st_size};
    return 0;
}

void LogStream::begin_at(Stamp since) {
    struct stat state;
    for (size_t file = 0; file < file_count(); ++file) {
        // Set aside earlier.
        if (is_svlog() && file < times_.size() && times_[file] < since) continue;
        Fd opened;
        const int fd = descriptor_of(file, opened);
        if (fd < 0 || sys::fstat(fd, &state) < 0) continue;
        const Begin begin = is_svlog() ? bisect(fd, state.st_size, since) : Begin{0, false};
        const bool may_be = begin.offset < state.st_size && state.st_mtime >= since.us / second_us;
        if (!begin.stamped && !may_be) continue;
        guesses_ = !begin.stamped && (is_svlog() || times_[file] < since);
        begin_ = {file, begin.offset};
        return;
    }
    begin_ = end_;
}

void LogStream::end_at(Stamp until) {
    struct stat state;
    size_t file = 0;
    while (file < times_.size() && times_[file] < until) ++file;
    Fd opened;
    const int fd = descriptor_of(file, opened);
    if (fd < 0 || sys::fstat(fd, &state) < 0) return set_end({file, 0});
    const Begin begin = bisect(fd, state.st_size, until);
    if (begin.stamped) return set_end({file, begin.offset});
    if (begin.offset < state.st_size && state.st_mtime >= until.us / second_us) guesses_ = true;
    set_end({file, state.st_size});
}

void LogStream::only_run(Stamp start) {
    struct stat state;
    size_t found = times_.size();
    for (size_t file = 0; file < times_.size(); ++file) {
        const int64_t us = times_[file].us;
        if (us == start.us || us == start.us / second_us * second_us) found = file;
    }
    empty_ = found == times_.size();
    if (empty_) return;
    begin_ = {found, 0};
    if (found + 1 < times_.size() && look_at(found, state)) set_end({found, state.st_size});
}

void LogStream::end_here() {
    if (!ends_) set_end(end_);
}

// Where `current` is not there the end is that of the file before it.
void LogStream::set_end(Place place) {
    struct stat state;
    ends_ = true;
    end_ = place;
    while (!look_at(place.file, state)) {
        if (place.file == 0) {
            empty_ = true;
            return;
        }
        --place.file;
        place.offset = INT64_MAX;
    }
    end_inode_ = state.st_ino;
    end_offset_ = std::min(place.offset, state.st_size);
}

// Counts lines of one file from the end, at most so many, back to `begin`, where one begins.
// `place`: where the first of them does; as it was where there is none.
size_t LogStream::count_back(Place begin, off_t end, size_t lines, Place& place) const {
    Fd opened;
    const int fd = descriptor_of(begin.file, opened);
    char bytes[block_bytes];
    size_t count = 0;
    bool at_end = true;  // the newline at the very end begins no line
    for (off_t high = end; high > begin.offset;) {
        const off_t low = std::max(high - static_cast<off_t>(sizeof bytes), begin.offset);
        const ssize_t got = sys::pread(fd, bytes, static_cast<size_t>(high - low), low);
        for (ssize_t i = got; i-- > 0;) {
            const bool begins_line = bytes[i] == '\n' && !at_end;
            at_end = false;
            if (!begins_line) continue;
            place = {begin.file, low + i + 1};
            if (++count == lines) return count;
        }
        if (got <= 0) return count;
        high = low;
    }
    if (end <= begin.offset) return count;
    place = begin;
    return count + 1;
}

size_t LogStream::seek_back(size_t lines) {
    Place place = end_;
    size_t count = 0;
    struct stat state;
    for (size_t file = end_.file + 1; !empty_ && count < lines && file-- > begin_.file;) {
        const Place begin = file == begin_.file ? begin_ : Place{file, 0};
        if (!look_at(file, state)) continue;
        const off_t end = file == end_.file ? end_.offset : state.st_size;
        count += count_back(begin, end, lines - count, place);
    }
    go_to(place);
    return count;
}

void LogStream::seek_begin() { go_to(begin_); }

// What is gone meanwhile is passed over.
void LogStream::go_to(Place place) {
    for (; place.file < file_count(); place = {place.file + 1, 0}) {
        struct stat state;
        Fd opened;
        const bool is_current = is_svlog() && place.file == times_.size();
        Fd file = is_current && current_ ? std::move(current_) : open_named(place.file);
        if (!file || sys::fstat(file.get(), &state) < 0) continue;
        enter(std::move(file), state.st_ino, place.file);
        offset_ = place.offset;
        break;
    }
    current_.reset();
}

void LogStream::enter(Fd file, ino_t inode, size_t place) {
    file_ = std::move(file);
    inode_ = inode;
    offset_ = 0;
    if (place < times_.size())
        behind_us_ = times_[place].us;
    else if (!times_.empty())
        behind_us_ = times_.back().us;
    // Until a line bears a stamp.
    if (!is_svlog())
        time_ = times_[place];
    else if (place > 0)
        time_ = std::max(time_, times_[place - 1]);
}

bool LogStream::load(bool to_the_end) {
    if (taken_ > 0) return true;
    for (;;) {
        const std::string_view rest = bytes_.view().substr(used_);
        size_t end = rest.find('\n', scanned_);
        taken_ = end + 1;
        if (end == std::string_view::npos) {
            scanned_ = rest.size();
            if (rest.size() < log_piece_max_bytes) {
                if (!empty_ && (read_block() || next_file())) continue;
                if (!to_the_end || rest.empty()) return false;
            }
            taken_ = end = rest.size();
        }
        line_ = rest.substr(0, end);
        std::string_view line = line_;
        const auto stamp = is_svlog() ? take_stamp(line) : std::nullopt;
        if (stamp) time_ = *stamp;
        return true;
    }
}

void LogStream::pass() {
    used_ += taken_;
    taken_ = scanned_ = 0;
}

bool LogStream::read_block() {
    if (!file_) return false;
    char bytes[block_bytes];
    off_t room = sizeof bytes;
    if (ends_ && inode_ == end_inode_) room = std::clamp<off_t>(end_offset_ - offset_, 0, room);
    const ssize_t got = sys::pread(file_.get(), bytes, static_cast<size_t>(room), offset_);
    if (got > 0) {
        bytes_.drop(used_);
        used_ = 0;
        bytes_ << std::string_view(bytes, static_cast<size_t>(got));
        offset_ += got;
        return true;
    }
    // Somebody has emptied it.
    struct stat state;
    if (sys::fstat(file_.get(), &state) == 0 && state.st_size < offset_) offset_ = 0;
    return false;
}

// Goes on to another file, unless it is the present one by another name.
bool LogStream::go_on_to(Fd next, size_t place) {
    struct stat state;
    if (!next || sys::fstat(next.get(), &state) < 0) return false;
    if (file_ && state.st_ino == inode_) return false;
    watch_.forget();
    // What was written to the present one until it was renamed comes first.
    if (read_block()) return true;
    if (bytes_.size() > used_) {
        bytes_ << '\n';
        return true;
    }
    enter(std::move(next), state.st_ino, place);
    return true;
}

// At the end of a file. False: there is nothing to read now. As in open() what `current` is renamed
// to meanwhile is among the names that are read.
bool LogStream::next_file() {
    if (ends_ && file_ && inode_ == end_inode_ && offset_ >= end_offset_) return false;
    const auto go_on = [&] {
        for (size_t place = 0; place < times_.size(); ++place)
            if (times_[place].us > behind_us_ && go_on_to(open_named(place), place)) return true;
        return false;
    };
    // First those that were there already.
    if (go_on()) return true;
    if (!watch_.has_changed()) return false;
    times_.clear();
    Fd current = is_svlog() ? open_named(0) : Fd();
    find_files();
    return go_on() || go_on_to(std::move(current), times_.size());
}

}  // namespace reeve
