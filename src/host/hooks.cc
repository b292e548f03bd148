#include "host/hooks.h"

#include <algorithm>
#include <csignal>

#include "host/adopted.h"
#include "host/sys.h"

namespace reeve {

void Hooks::add(ServiceId service, Hook hook, Spawned spawned, Mono deadline, Wall began) {
    const Process process{spawned.pid, spawned.start_time};
    running_.push_back({service, hook, process, true, deadline, false, false,
                        std::move(spawned.exec), began, SIZE_MAX});
}

void Hooks::adopt(ServiceId service, Hook hook, Process process, Mono deadline, bool is_child,
                  Wall began) {
    running_.push_back(
        {service, hook, process, is_child, deadline, false, false, {}, began, SIZE_MAX});
}

void Hooks::watch(PollSet& set) {
    for (Running& running : running_)
        running.place = running.exec.fd ? set.add(running.exec.fd.get(), POLLIN) : SIZE_MAX;
}

void Hooks::serve(const PollSet& set) {
    for (Running& running : running_)
        if (running.place != SIZE_MAX && set.result(running.place) != 0) follow(running.exec);
}

bool Hooks::in_flight() const {
    return std::any_of(running_.begin(), running_.end(),
                       [](const Running& running) { return static_cast<bool>(running.exec.fd); });
}

void Hooks::cancel(ServiceId service, Hook hook) {
    for (Running& running : running_)
        if (running.service == service && running.hook == hook) {
            running.cancelled = true;
            kill_group(running);
        }
}

std::optional<HookEnd> Hooks::reaped(pid_t pid, ExitStatus status) {
    const auto place = std::find_if(running_.begin(), running_.end(), [&](const Running& running) {
        return running.process.pid == pid;
    });
    if (place == running_.end()) return std::nullopt;
    const bool good = status.kind == ExitStatus::Kind::exited && status.value == 0;
    HookEnd end{place->service,
                place->hook,
                good ? HookResult::succeeded : HookResult::failed,
                place->cancelled,
                status,
                {},
                pid,
                place->began};
    if (place->exec.fd) follow(place->exec);
    if (place->exec.status == ExecStatus::failed) {
        end.result = HookResult::not_started;
        end.failure = place->exec.failure;
    }
    if (place->timed_out) end.result = HookResult::timed_out;
    if (&*place != &running_.back()) *place = std::move(running_.back());
    running_.pop_back();
    return end;
}

void Hooks::pass_deadlines(Mono now) {
    for (Running& running : running_) {
        if (running.deadline > now) continue;
        running.timed_out = true;
        kill_group(running);
    }
}

Mono Hooks::next_deadline() const {
    Mono next = no_deadline;
    for (const Running& running : running_) next = std::min(next, running.deadline);
    return next;
}

// Not reaped yet, so both numbers are still its own; of one that is not our child this has to be
// looked at. A child that was just forked may not have made its group yet.
void Hooks::kill_group(Running& running) {
    running.deadline = no_deadline;
    const Process process = running.process;
    if (!running.is_child && fact_of(process) != Fact::alive) return;
    sys::kill(-process.pid, SIGKILL);
    sys::kill(process.pid, SIGKILL);
}

}  // namespace reeve
