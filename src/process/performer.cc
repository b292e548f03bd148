#include "process/performer.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <unistd.h>

#include "base/limits.h"
#include "kernel/sys.h"
#include "process/resume.h"

namespace reeve {

namespace {

// Of a hook whose service has no definition any more: its file broke meanwhile.
constexpr int64_t unknown_timeout_ms = 30000;

}  // namespace

Performer::Performer(Supervisor& supervisor, Journal& journal, Setup& setup)
    : supervisor_(supervisor), journal_(journal), at_(setup), logs_(supervisor, setup.logs),
      inputs_(setup.run_directory), sockets_(setup.kept), groups_(supervisor),
      runs_(supervisor, setup, groups_),
      recorder_(supervisor, journal, setup, groups_, hooks_, runs_, logs_, inputs_, sockets_),
      starter_(supervisor, setup, recorder_, groups_, runs_, hooks_, logs_, inputs_, sockets_,
               foreground_, safe_mode),
      limiter_(supervisor) {}

// Actions may bring about further ones (a fork that failed); records come before each of them.
void Performer::carry_out(Now now) {
    List<Action>& actions = supervisor_.actions();
    recorder_.record();
    for (size_t i = 0; i < actions.size(); ++i) {
        const Action action = actions[i];
        perform(action, now);
        recorder_.record();
    }
    actions.clear();
    recorder_.write_history();
}

void Performer::perform(const Action& action, Now now) {
    const ServiceId id = action.service;
    switch (action.kind) {
    case ActionKind::spawn: return starter_.start(action, now);
    case ActionKind::run_hook: return starter_.run_hook(id, action.hook, now);
    case ActionKind::cancel_hook: return hooks_.cancel(id, action.hook);
    case ActionKind::signal_group:
    case ActionKind::signal_leader: return tell_to_end(action, now);
    case ActionKind::check_group: {
        const Service& service = supervisor_.at(id);
        if (service.group > 0 && service.leader_gone && groups_.left_of(id) == Remains::none)
            supervisor_.handle(id, {.kind = EventKind::group_empty}, now);
        return;
    }
    case ActionKind::listen:
        // What is ended now could not be started anew.
        if (!runs_.listen(id, now) && !safe_mode)
            supervisor_.handle(id, {.kind = EventKind::silent}, now);
        return;
    case ActionKind::measure: return limiter_.add(id, now);
    case ActionKind::end_run: return end_run(id);
    case ActionKind::end_reeve:
        if (end_request_.on_end != OnEnd::nothing) return;  // the first one has its way
        end_request_ = {static_cast<OnEnd>(action.value), id, action.status};
        return;
    }
}

// Signals a group, or its leader alone, which may also be asked for something else.
void Performer::tell_to_end(const Action& action, Now now) {
    const ServiceId id = action.service;
    const bool whole_group = action.kind == ActionKind::signal_group;
    // svlog is to read all that there is before it ends.
    if (whole_group && id == supervisor_.log_writer()) logs_.settle(now);
    if (whole_group || supervisor_.at(id).state == State::stopping)
        groups_.tell_to_end(id, action.value, whole_group, now);
    else
        groups_.signal(id, action.value, false);
}

void Performer::end_run(ServiceId id) {
    groups_.forget(id);
    logs_.end_line(id);
    inputs_.end(supervisor_.at(id));
    runs_.end(id);
}

void Performer::write_status_files(Now now) {
    if (logs_.settle(now)) svlog_is_behind_ = true;
    if (svlog_is_behind_) tell_svlog();
    recorder_.write_status_files(now);
}

// One that starts reads the plan after this, or is told once it is up.
void Performer::tell_svlog() {
    const ServiceId id = supervisor_.log_writer();
    if (!id || supervisor_.at(id).state != State::running) return;
    svlog_is_behind_ = false;
    groups_.signal(id, SIGHUP, false);
}

void Performer::rewrite_files(Now now) {
    recorder_.lose();
    carry_out(now);
}

void Performer::renew_channels() {
    runs_.renew_channels();
    logs_.renew();
}

void Performer::watch(PollSet& set) {
    hooks_.watch(set);
    groups_.watched().watch(set);
    groups_.control().watch(set);
    logs_.watch(set);
    runs_.watch(set);
}

// A run that is over is gone before the others are heard.
void Performer::serve(const PollSet& set, Now now) {
    hooks_.serve(set);
    end_watched(set, now);
    groups_.serve(set, now);
    logs_.serve(set);
    carry_out(now);
    runs_.serve(set, now);
    carry_out(now);
}

// How what is not our child ended nobody can tell us.
void Performer::end_watched(const PollSet& set, Now now) {
    constexpr ExitStatus unseen{ExitStatus::Kind::unknown, 0};
    while (const auto ended = groups_.watched().take_ended(set, now.mono)) {
        if (const auto hook = hooks_.reaped(ended->pid, unseen)) {
            // Whether it did what it was to do is not known: no failure of the service's.
            const bool is_late = hook->result == HookResult::timed_out;
            supervisor_.handle(
                hook->service,
                {.kind = EventKind::hook_ended,
                 .hook = hook->hook,
                 .result = is_late ? hook->result : HookResult::not_started,
                 .is_told = is_late,
                 .detail = static_cast<uint8_t>(is_late ? SpawnStep::record : SpawnStep::fork),
                 .value = EINTR},
                now);
            continue;
        }
        const ServiceId id = ended->service;
        if (!id) continue;
        const Service& service = supervisor_.at(id);
        runs_.hear_out(id, now);
        if (service.state == State::unknown) {
            supervisor_.handle(id, {.kind = EventKind::retry_now}, now);
        } else if (service.leader.pid == ended->pid && !service.leader_gone) {
            const bool left = groups_.left_of(id) != Remains::none;
            supervisor_.handle(
                id, {.kind = EventKind::exited, .group_left = left, .status = unseen}, now);
        }
    }
}

// Collects all that have ended, and then deals with their ends: what ended together is known to be
// gone together, and goes on record by one write.
void Performer::reap(Now now) {
    // What is in there goes along where what follows from it makes reeve crash.
    auto& [ended, count] = resumption().reaped;
    bool more = true;
    while (more) {
        hold_faults(true);
        while (count < ended.size()) {
            const pid_t pid = sys::waitpid(-1, &ended[count].status, WNOHANG);
            if (pid <= 0) break;
            ended[count++].pid = pid;
        }
        hold_faults(false);
        more = count == ended.size();
        strays_are_known_ = false;
        look_for_memory_kills(now);
        for (size_t i = 0; i < count; ++i) {
            if (ended[i].pid == resumption().main) resumption().main_end = ended[i];
            pass_end(ended[i].pid, exit_status_of(ended[i].status), now);
        }
        if (count > 0) check_groups(now);
        carry_out(now);
        count = 0;
    }
}

void Performer::pass_end(pid_t pid, ExitStatus status, Now now) {
    if (const auto hook = hooks_.reaped(pid, status)) {
        const Event event{.kind = EventKind::hook_ended,
                          .hook = hook->hook,
                          .result = hook->result,
                          .is_told = !hook->cancelled,
                          .detail = static_cast<uint8_t>(hook->failure.step),
                          .value = hook->failure.code,
                          .status = status};
        report_hook(supervisor_, at_.reports,
                    {.id = hook->service,
                     .end = event,
                     .detail = hook->last_line,
                     .pid = pid,
                     .began = hook->began},
                    now);
        return supervisor_.handle(hook->service, event, now);
    }
    if (pid == trial_) {
        trial_ = 0;
        trial_end_ = status;
    }
    const ServiceId id = supervisor_.find_leader(pid);
    if (!id) {  // an orphan
        // Whoever puts itself in the background does so in two steps.
        if (strays_.reaped(supervisor_, pid)) look_for_strays();
        return;
    }
    runs_.hear_out(id, now);
    if (supervisor_.find_leader(pid) != id) return;  // it has named another one
    const Service& service = supervisor_.at(id);
    const bool is_good = status.kind == ExitStatus::Kind::exited && status.value == 0;
    if (id != at_.main && (is_good || service.want == Want::down)) look_for_strays();
    const bool left = groups_.left_of(id) != Remains::none;
    Event event{.kind = EventKind::exited, .group_left = left, .status = status};
    if (is_killed_by_others(pid, status)) event.detail = static_cast<uint8_t>(out_of_memory_);
    supervisor_.handle(id, event, now);
}

// Is it a service's leader that a KILL has ended which reeve did not send?
bool Performer::is_killed_by_others(pid_t pid, ExitStatus status) const {
    if (status != ExitStatus{ExitStatus::Kind::signalled, SIGKILL}) return false;
    const ServiceId id = supervisor_.find_leader(pid);
    return id && !supervisor_.at(id).killed;
}

// Once for all that are reaped together: the kernel's count does not say who they were.
void Performer::look_for_memory_kills(Now now) {
    const auto& [ended, count] = resumption().reaped;
    size_t killed = 0;
    for (size_t i = 0; i < count; ++i)
        if (is_killed_by_others(ended[i].pid, exit_status_of(ended[i].status))) ++killed;
    if (killed > 0)
        out_of_memory_ = memory_kills_.judge(killed, platform::memory_kills(), now.mono);
}

// Once for all that have ended together; and not while all end, for those come last in any case.
void Performer::look_for_strays() {
    if (std::exchange(strays_are_known_, true) || supervisor_.shutting_down()) return;
    strays_.look(supervisor_, hooks_, trial_);
}

// An orphan that was reaped may have been the last of a group.
void Performer::check_groups(Now now) {
    for (const ServiceId id : groups_.leaderless()) {
        const Service& service = supervisor_.at(id);
        const bool is_over = service.group <= 0 || !service.leader_gone;
        if (is_over || groups_.left_of(id) != Remains::none) continue;
        look_for_strays();
        supervisor_.handle(id, {.kind = EventKind::group_empty}, now);
    }
}

void Performer::pass_deadlines(Now now) {
    hooks_.pass_deadlines(now.mono);
    groups_.pass_deadlines(now);
    while (const auto end = hooks_.take_given_up())
        supervisor_.handle(
            end->service, {.kind = EventKind::hook_ended, .hook = end->hook, .result = end->result},
            now);
    limiter_.pass_deadline(now);
    supervisor_.pass_deadlines(now);
    carry_out(now);
}

Mono Performer::next_deadline() const {
    if (knows_more()) return Mono{0};
    return std::min({hooks_.next_deadline(), groups_.next_deadline(), supervisor_.next_deadline(),
                     recorder_.next_deadline(), logs_.next_deadline(), limiter_.next_deadline()});
}

void Performer::take_over(std::span<const PastService> past, Now now) {
    Watched& watched = groups_.watched();
    for (uint32_t i = 0; i < past.size(); ++i) {
        const ServiceId id{i};
        const Service& service = supervisor_.at(id);
        if (past[i].leader == Fact::alive && service.leader) watched.add(id, service.leader);
        // Also what an earlier reeve could not verify.
        if (service.state == State::unknown && service.reason.value != 0)
            watched.add(id, {service.reason.value, 0});
        if (id == at_.main && past[i].leader == Fact::child) {
            set_last_child(service.leader.pid);
            foreground_.begin(service.group, tcgetpgrp(0) == service.group);
        }
        if (service.group > 0 && service.leader_gone) groups_.add_leaderless(id);
        groups_.control().take_over(id, at_.run_directory, past[i].control_group);
        take_over_hooks(id, past[i], now);
        inputs_.take_over(service, at_.kept);
    }
    // The earlier journal stands until this one has all that it told.
    recorder_.renew_journal(now, false, true);
    set_begun(journal_.enabled() || at_.stateless);
    for (uint32_t i = 0; i < past.size(); ++i)
        if (past[i].leader == Fact::alive || past[i].leader == Fact::child)
            runs_.take_over(ServiceId{i}, now);
    carry_out(now);
    if (!resumption().resumed) return;
    strays_.look(supervisor_, hooks_, trial_);
    reap(now);
}

void Performer::take_over_hooks(ServiceId id, const PastService& was, Now now) {
    const Service& service = supervisor_.at(id);
    for (size_t i = 0; i < hook_count; ++i) {
        const auto hook = static_cast<Hook>(i);
        const Fact fact = was.hooks[i].fact;
        if (!service.hook_runs(hook) || fact == Fact::gone) continue;
        const Process process = was.hooks[i].process;
        const Duration most = service.definition ? timeout_of(hook, *service.definition)
                                                 : Duration{unknown_timeout_ms};
        hooks_.take_over(id, hook, process, now.mono + most, fact == Fact::child, now.wall);
        if (fact != Fact::child) groups_.watched().add({}, process);
    }
}

}  // namespace reeve
