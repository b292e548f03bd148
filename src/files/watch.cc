#include "files/watch.h"

#include <algorithm>
#include <cerrno>
#include <sys/stat.h>
#include <utility>

#include "base/digest.h"
#include "base/result.h"
#include "files/directory.h"
#include "files/way.h"
#include "kernel/complain.h"
#include "kernel/sys.h"

namespace reeve {

namespace {

// What svctl writes before it renames it: as long as it is there svctl is at work, and once it was
// renamed svctl is about to ask for a reload itself, and to wait for what comes of it.
bool is_from_svctl(std::string_view name) {
    return name.starts_with('.') && name.ends_with(".new");
}

}  // namespace

// A change between the reading of reeve.conf and the watch is told by nobody: a reading follows.
void Watch::turn(bool on, std::span<const Text> directories, Mono now) {
    if (std::exchange(is_on_, on) == on) return;
    if (!on) complain("watch = no: changes wait for svctl reload from now on");
    watch_.reset();
    renew(directories);
    if (on) burst_.note(now);
}

void Watch::rest() {
    burst_ = {};
    look_due_ = no_deadline;
}

// Linux takes some 10 ms to close a watch: one that still holds is kept.
void Watch::renew(std::span<const Text> directories) {
    rest();
    if (!is_on_) return;
    take_news();
    unfinished_ = 0;
    if (std::exchange(is_lost_, false)) watch_.reset();
    if (!watch_) {
        newest_ = 0;
        watch_ = Fd(platform::open_watch());
        if (!watch_) fall_back();
    }
    awaits_ = false;
    for (const Text& directory : directories) watch_way(directory);
}

// Of what is above a directory or a file, and of the links that lead to it, only that they are
// moved or removed is told: in /tmp much happens. What is not there is waited for in the directory
// that it is to be in.
void Watch::watch_way(const Text& to) {
    Buffer<path_max_bytes> above;
    auto see = [&](const char* path, const struct stat& status) {
        add(path, platform::WatchFor::itself);
        if (S_ISLNK(status.st_mode)) return true;
        above.clear();
        above << path;
        return true;
    };
    follow_way(to, see);
    if (add(to.c_str(), platform::WatchFor::all)) return;
    awaits_ = true;
    add(above.c_str(), platform::WatchFor::arrivals);
}

// A change between the reading of a file and its watch is told by nobody: a reading follows.
void Watch::follow_links(std::span<const List<SourceFile>> directories) {
    const int newest = newest_;
    for (const List<SourceFile>& files : directories)
        for (const SourceFile& file : files)
            if (file.linked && watch_) watch_way(file.path.text());
    if (newest_ > newest) burst_.note(sys::mono_now());
}

// An error says that the path is not there or may not be read; or that the system cannot watch one
// more, and then all of it is looked at.
bool Watch::add(const char* path, platform::WatchFor what) {
    if (!watch_) return false;
    const int number = platform::watch_path(watch_.get(), path, what);
    newest_ = std::max(newest_, number);
    if (number < 0 && (errno == ENOSPC || sys::is_passing(errno))) fall_back();
    return number >= 0;
}

// The system does not tell, or not of all.
void Watch::fall_back() {
    if (errno != ENOTSUP && !std::exchange(told_, true))
        complain("watch: inotify: ", errno_text(errno),
                 " (sysctl fs.inotify): the service directories are looked at every 2 s");
    watch_.reset();
    look_due_ = {};
}

void Watch::serve(const PollSet& set, bool mounts, Mono now) {
    if (is_on_ && (mounts || (watch_.result(set) != 0 && take_news()))) burst_.note(now);
}

bool Watch::is_over(Mono now, uint64_t found) {
    bool news = take_news() || unfinished_ != 0;
    if (!is_told()) {
        news = found != std::exchange(seen_, found);
        look_due_ = now + milliseconds(watch_look_ms);
    }
    if (burst_.is_on()) return burst_.ends(now, news);
    if (news) burst_.note(now);
    return false;
}

// Has anything happened that may matter? All that there is to be told is taken.
bool Watch::take_news() {
    bool news = false;
    auto see = [&](platform::Happening what, std::string_view name) {
        is_lost_ |= awaits_ || what == platform::Happening::lost;
        const bool is_ours = matters(name);
        if (is_ours || is_from_svctl(name)) note_writing(what, name);
        news |= is_ours;
    };
    if (watch_) platform::read_watch(watch_.get(), see);
    return news;
}

// Names that begin with two dots are links on the way to files, in volumes of Kubernetes.
bool Watch::matters(std::string_view name) const {
    return awaits_ || name.empty() || name.starts_with("..") || is_wanted(name);
}

// Keeps in mind what is half done: a file that was written to and not closed yet, and an edit of
// svctl's.
void Watch::note_writing(platform::Happening what, std::string_view name) {
    const uint64_t mark = digest(name);
    const bool begins = is_from_svctl(name) ? what != platform::Happening::removed
                                            : what == platform::Happening::written;
    if (begins)
        unfinished_ = mark;
    else if (unfinished_ == mark)
        unfinished_ = 0;
}

}  // namespace reeve
