#include "process/hooks.h"

#include <algorithm>
#include <csignal>
#include <cstring>

#include "base/escape.h"
#include "base/limits.h"
#include "core/explain.h"
#include "core/health.h"
#include "kernel/complain.h"
#include "kernel/platform.h"
#include "kernel/sys.h"
#include "process/watched.h"

namespace reeve {

Duration timeout_of(Hook hook, const Definition& definition) {
    const Policy& policy = *definition.policy;
    switch (hook) {
    case Hook::start_check: return policy.start_check_timeout;
    case Hook::stop_command: return policy.stop_timeout;
    case Hook::check:
        if (definition.health) return definition.health->check_timeout;
        break;
    case Hook::pre_start:
    case Hook::reload_command:
    case Hook::post_stop:
    case Hook::on_fail:
    case Hook::post_start: return policy.hook_timeout;
    }
    return policy.hook_timeout;
}

namespace {

void complain_of_hook(const Service& service, const HookReport& report) {
    const Event& end = report.end;
    Buffer<prepare_detail_max_bytes + 3 * name_max_bytes> line;
    line << service.full_name();
    line << ": ";
    if (report.detail.empty())
        append_end(line, service, reason_of(hook_failure_of(end)));
    else
        append(line, name_of(end.hook), ": ", report.detail);
    complain(line);
}

}  // namespace

// How pre_start, start_check and check went is a reason of the service's state, or of its run's
// end. A oneshot whose stop_command cannot undo what it did is failed, which is told as well.
void report_hook(Supervisor& supervisor, bool aloud, const HookReport& report, Now now) {
    const Event& end = report.end;
    Service& service = supervisor.at(report.id);
    if (end.result == HookResult::succeeded || !end.is_told) return;
    if (end.hook == Hook::pre_start || end.hook == Hook::check) service.end_note = report.detail;
    if (end.hook == Hook::pre_start || end.hook == Hook::start_check) return;
    if (end.hook == Hook::check) {
        const bool is_news = hook_failure_of(service.hook_failure).hook != Hook::check;
        if (aloud && is_news && !tells_of_health(end)) complain_of_hook(service, report);
        return;
    }
    const Reason how = reason_of(hook_failure_of(end));
    supervisor.ended_runs().push_back({.id = report.id,
                                       .pid = report.pid,
                                       .start = report.began,
                                       .end = now.wall,
                                       .exit = end.status,
                                       .how = how});
    const bool undoes = service.phase == Phase::stop_command && service.group == 0;
    if (aloud && !undoes) complain_of_hook(service, report);
}

void Hooks::add(ServiceId service, Hook hook, Spawned spawned, Mono deadline, Wall began,
                Fd output) {
    const Process process{spawned.pid, spawned.start_time};
    running_.push_back({.service = service,
                        .hook = hook,
                        .process = process,
                        .deadline = deadline,
                        .exec = std::move(spawned.exec),
                        .began = began,
                        .output = std::move(output)});
}

void Hooks::take_over(ServiceId service, Hook hook, Process process, Mono deadline, bool is_child,
                      Wall began) {
    running_.push_back({.service = service,
                        .hook = hook,
                        .process = process,
                        .is_child = is_child,
                        .deadline = deadline,
                        .began = began});
}

void Hooks::watch(PollSet& set) {
    for (Running& running : running_) {
        running.exec.fd.watch(set);
        running.output.watch(set);
    }
}

void Hooks::serve(const PollSet& set) {
    for (Running& running : running_) {
        if (running.exec.fd.result(set) != 0) follow(running.exec);
        if (running.output.result(set) != 0) read_output(running);
    }
}

// Reads once, so that its pipe never stays full. False: there is nothing to be read.
bool Hooks::read_output(Running& running) {
    char bytes[check_line_max_bytes + 4096];
    const std::string_view before = running.tail;
    std::memcpy(bytes, before.data(), before.size());
    const ssize_t got = sys::read(running.output.get(), bytes + before.size(), 4096);
    if (got == 0) running.output.reset();  // there is no one left to write
    if (got <= 0) return false;
    const std::string_view all(bytes, before.size() + static_cast<size_t>(got));
    running.tail = all.substr(all.size() - std::min(all.size(), check_line_max_bytes));
    return true;
}

namespace {

// The last line that is not empty, as it can be shown.
Text last_line_of(std::string_view text) {
    while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
    Buffer<4 * check_line_max_bytes> line;
    append_escaped(line, text.substr(text.rfind('\n') + 1));
    return line.view();
}

}  // namespace

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
    // What a check leaves behind would pile up. Its number is nobody else's while there is any.
    if (place->hook == Hook::check && sys::kill(-pid, SIGKILL) == 0)
        killed_[killed_count_++ % killed_.size()] = pid;
    for (int i = 0; i < check_reads_max_count && place->output && read_output(*place); ++i) {}
    HookEnd end = take(*place, result);
    end.status = status;
    if (end.failure.code != 0 && result == HookResult::failed) end.result = HookResult::not_started;
    return end;
}

HookEnd Hooks::take(Running& running, HookResult result) {
    HookEnd end{.service = running.service,
                .hook = running.hook,
                .result = result,
                .cancelled = running.cancelled,
                .status = {},
                .failure = {},
                .pid = running.process.pid,
                .began = running.began,
                .last_line = last_line_of(running.tail)};
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
