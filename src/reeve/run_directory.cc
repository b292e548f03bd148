#include "reeve/run_directory.h"

#include <cerrno>
#include <sys/stat.h>

#include "base/limits.h"
#include "files/history.h"
#include "files/place.h"
#include "files/rundir.h"
#include "kernel/complain.h"
#include "kernel/platform.h"
#include "kernel/signals.h"
#include "kernel/sys.h"

namespace reeve {

namespace {

void tell(const Status& status) {
    if (!status) complain(describe(status.error()));
}

}  // namespace

void RunDirectory::open() {
    const Text& run = setup_.run_directory;
    if (run.empty()) return;
    const Text control = Text::join(run, "/control");
    server_.take(control, setup_.kept.take_socket(Text::join(control, ".new")));
    reopen_socket();
    tell(write_pid_file(run));
    setup_.keeps_history = has_room_for_histories(run);
    watch_removals();
    mounts_ = Fd(platform::watch_mounts());
    journal_.set_path(Text::join(run, "/journal"));
}

void RunDirectory::reopen_socket() { tell(server_.reopen()); }

void RunDirectory::watch_removals() {
    if (platform::removal_signal != 0) signals::count(platform::removal_signal);
    removals_ = Fd(platform::watch_removals(setup_.run_directory.c_str()));
}

bool RunDirectory::may_have_changed(const PollSet& set) const {
    return signals::take(platform::removal_signal) > 0 || mounts_changed(set);
}

// Takes nothing away, for that would call for this again.
void RunDirectory::restore(Now now) {
    const Text& run = setup_.run_directory;
    if (run.empty()) return;
    const auto size_of = [&](const char* name) -> int64_t {
        Buffer<path_max_bytes> path;
        append(path, run, name);
        struct stat state;
        if (sys::lstat(path.c_str(), &state) == 0) return state.st_size;
        return errno == ENOENT ? -1 : 1;  // it is there for all that is known
    };
    Buffer<path_max_bytes> lock;
    append(lock, run, "/lock");
    if (!is_still_at(setup_.lock.get(), lock.c_str()) && !take_again(now)) return;
    if (size_of("/fds") < 0) tell(make_directory_in(run, "/fds"));
    if (size_of("/pid") <= 0) tell(write_pid_file(run));
    if (size_of("/journal") < 0 && journal_.whole()) performer_.rewrite_files(now);
    if (size_of("/control") < 0) reopen_socket();
}

// The directory that has its place now is another one: all that was in it is made again.
bool RunDirectory::take_again(Now now) {
    const Text& run = setup_.run_directory;
    RunDirectoryRefusal refusal;
    Result<Fd> lock = open_run_directory(run, setup_.in_container, refusal);
    if (!lock) {
        Text trouble = why_not_taken(run, lock.error(), refusal);
        if (!(trouble == lock_trouble_)) complain(trouble);
        lock_trouble_ = std::move(trouble);
        return false;
    }
    lock_trouble_ = {};
    setup_.lock = std::move(*lock);
    watch_removals();
    reopen_socket();
    tell(write_pid_file(run));
    performer_.renew_channels();
    performer_.rewrite_files(now);
    return true;
}

}  // namespace reeve
