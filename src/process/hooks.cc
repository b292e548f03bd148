#include "process/hooks.h"

#include <algorithm>
#include <csignal>

#include "base/limits.h"
#include "core/explain.h"
#include "kernel/complain.h"
#include "kernel/platform.h"
#include "kernel/sys.h"
#include "process/watched.h"

namespace reeve {

Duration timeout_of(Hook hook, const Policy& policy) {
    switch (hook) {
    case Hook::start_check: return policy.start_check_timeout;
    case Hook::stop_command: return policy.stop_timeout;
    case Hook::pre_start:
    case Hook::reload_command:
    case Hook::post_stop:
    case Hook::on_fail: return policy.hook_timeout;
    }
    return policy.hook_timeout;
}

// How pre_start and start_check went is a reason of the service's state, and of its run's end. A
// oneshot whose stop_command cannot undo what it did is failed, which is told as well.
void report_hook(Supervisor& supervisor, bool aloud, const HookReport& report, Now now) {
    const Event& end = report.end;
    Service& service = supervisor.at(report.id);
    if (end.result == HookResult::succeeded || !end.is_told) return;
    if (end.hook == Hook::pre_start) service.end_note = report.detail;
    if (end.hook == Hook::pre_start || end.hook == Hook::start_check) return;
    const Reason how = reason_of(hook_failure_of(end));
    supervisor.ended_runs().push_back({.id = report.id,
                                       .pid = report.pid,
                                       .start = report.began,
                                       .end = now.wall,
                                       .exit = end.status,
                                       .how = how});
    const bool undoes = service.phase == Phase::stop_command && service.group == 0;
    if (!aloud || undoes) return;
    Buffer<prepare_detail_max_bytes + 3 * name_max_bytes> line;
    append_name(line, service);
    line << ": ";
    if (report.detail.empty())
        append_end(line, service, how);
    else
        append(line, name_of(end.hook), ": ", report.detail);
    complain(line);
}

void Hooks::add(ServiceId service, Hook hook, Spawned spawned, Mono deadline, Wall began) {
    const Process process{spawned.pid, spawned.start_time};
    running_.push_back({service, hook, process, true, deadline, false, false, false,
                        std::move(spawned.exec), began});
}

void Hooks::take_over(ServiceId service, Hook hook, Process process, Mono deadline, bool is_child,
                      Wall began) {
    running_.push_back(
        {service, hook, process, is_child, deadline, false, false, false, {}, began});
}

void Hooks::watch(PollSet& set) {
    for (Running& running : running_) running.exec.fd.watch(set);
}

void Hooks::serve(const PollSet& set) {
    for (Running& running : running_)
        if (running.exec.fd.result(set) != 0) follow(running.exec);
}

void Hooks::learn_start_times() {
    for (Running& running : running_)
        if (running.is_child && running.process.start_time == 0)
            running.process.start_time = platform::start_time_of(running.process.pid);
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
    const HookResult result = place->timed_out ? HookResult::timed_out
                              : good           ? HookResult::succeeded
                                               : HookResult::failed;
    if (place->exec.fd) follow(place->exec);
    HookEnd end = take(*place, result);
    end.status = status;
    if (end.failure.code != 0 && result == HookResult::failed) end.result = HookResult::not_started;
    return end;
}

HookEnd Hooks::take(Running& running, HookResult result) {
    HookEnd end{running.service,     running.hook, result, running.cancelled, {}, {},
                running.process.pid, running.began};
    if (running.exec.status == ExecStatus::failed) end.failure = running.exec.failure;
    if (&running != &running_.back()) running = std::move(running_.back());
    running_.pop_back();
    return end;
}

std::optional<HookEnd> Hooks::take_given_up() {
    for (Running& running : running_)
        if (running.given_up) return take(running, HookResult::timed_out);
    return std::nullopt;
}

void Hooks::pass_deadlines(Mono now) {
    for (Running& running : running_) {
        if (running.given_up || running.deadline > now) continue;
        running.timed_out = !running.cancelled;
        kill_group(running);
        if (running.deadline <= now && !running.given_up)
            running.deadline = now + milliseconds(watched_poll_ms);
    }
}

Mono Hooks::next_deadline() const {
    Mono next = no_deadline;
    for (const Running& running : running_) next = std::min(next, running.deadline);
    return next;
}

// Not reaped yet, so both numbers are still its own; of one that is not our child this has to be
// looked at, where that fails once more. A child that was just forked may not have made its group
// yet.
void Hooks::kill_group(Running& running) {
    running.deadline = no_deadline;
    const Process process = running.process;
    const Fact fact = running.is_child ? Fact::child : fact_of(process);
    if (fact == Fact::unverified) {
        running.given_up = process.start_time == 0;
        running.deadline = Mono{0};
    }
    if (fact != Fact::alive && fact != Fact::child) return;
    sys::kill(-process.pid, SIGKILL);
    sys::kill(process.pid, SIGKILL);
}

}  // namespace reeve
