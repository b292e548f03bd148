#include "process/watched.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <sys/wait.h>

#include "base/limits.h"
#include "kernel/platform.h"
#include "kernel/sys.h"
#include "process/resume.h"

namespace reeve {

namespace {

bool exists(pid_t pid) { return sys::kill(pid, 0) == 0 || errno != ESRCH; }

// Also one that has ended, and that nobody has waited for.
bool is_child(Process process) {
    siginfo_t info;
    if (process.pid <= 1) return false;
    if (resumption().has_ended(process.pid)) return true;
    if (waitid(P_PID, static_cast<id_t>(process.pid), &info, WEXITED | WNOHANG | WNOWAIT) < 0)
        return false;
    const uint64_t start_time = platform::start_time_of(process.pid);
    return start_time == 0 || process.start_time == 0 || start_time == process.start_time;
}

// A negative number is a process group's, as kill(2) has it.
bool has_ended(Process process) {
    if (process.pid < -1) return !platform::group_has_live_members(-process.pid);
    return fact_of(process) == Fact::gone;
}

}  // namespace

Fact fact_of(Process process) {
    if (process.pid <= 1 || !exists(process.pid)) return Fact::gone;
    const uint64_t start_time = platform::start_time_of(process.pid);
    if (start_time == 0 && !exists(process.pid)) return Fact::gone;
    if (process.start_time == 0 || start_time == 0) return Fact::unverified;
    if (start_time != process.start_time || platform::is_zombie(process.pid)) return Fact::gone;
    return Fact::alive;
}

Fact fact_on_record(Process process) {
    return resumption().resumed && is_child(process) ? Fact::child : fact_of(process);
}

// A number is not given out again while it is a group's: it can only be another's where the group
// had gone, and then the process that has it now began after the leader on record. (One that named
// its leader itself, MAINPID, may live on and has begun before that.)
bool left_behind(pid_t group, Process leader) {
    if (group <= 1) return false;
    const uint64_t start_time = platform::start_time_of(group);
    const bool is_leader = group == leader.pid;
    const bool is_another = start_time != 0 && (is_leader ? start_time != leader.start_time
                                                          : start_time > leader.start_time);
    return !is_another && platform::group_has_live_members(group);
}

void Watched::add(ServiceId service, Process process) {
    Fd end(descriptors_left_ > 0 ? platform::open_process(process.pid) : -1);
    // It may have ended, and its number been given out again, before it was opened.
    if (end && process.start_time != 0 && fact_of(process) != Fact::alive) end.reset();
    if (end)
        --descriptors_left_;
    else
        next_look_ = Mono{0};
    ones_.push_back({{service, process.pid}, process, std::move(end)});
}

void Watched::drop(size_t i) {
    if (ones_[i].end) ++descriptors_left_;
    ones_.erase(ones_.begin() + static_cast<long>(i));
}

void Watched::remove(ServiceId service) {
    for (size_t i = ones_.size(); i-- > 0;)
        if (ones_[i].who.service == service) drop(i);
}

bool Watched::is_leader(ServiceId service) const {
    return std::any_of(ones_.begin(), ones_.end(),
                       [&](const One& one) { return one.who.service == service; });
}

int Watched::signal(ServiceId service, int number) const {
    for (const One& one : ones_) {
        if (one.who.service != service) continue;
        if (one.end && platform::signal_process(one.end.get(), number) == 0) return 0;
        if (one.end && errno == ESRCH) return ESRCH;
        const Fact fact = fact_of(one.process);
        if (fact != Fact::alive) return fact == Fact::gone ? ESRCH : EAGAIN;
        return sys::kill(one.process.pid, number) == 0 ? 0 : errno;
    }
    return ESRCH;
}

void Watched::watch(PollSet& set) {
    for (One& one : ones_) one.end.watch(set);
}

std::optional<Watched::Ended> Watched::take_ended(const PollSet& set, Mono now) {
    const bool looks = now >= next_look_;
    for (size_t i = 0; i < ones_.size(); ++i) {
        One& one = ones_[i];
        const bool told = one.end.result(set) != 0;
        const bool looked = !one.end && looks && has_ended(one.process);
        if (!told && !looked) continue;
        const Ended ended = one.who;
        drop(i);
        return ended;
    }
    const bool blind =
        std::any_of(ones_.begin(), ones_.end(), [](const One& one) { return !one.end; });
    if (!blind)
        next_look_ = no_deadline;
    else if (looks)
        next_look_ = now + milliseconds(watched_poll_ms);
    return std::nullopt;
}

Mono Watched::next_deadline() const { return next_look_; }

}  // namespace reeve
