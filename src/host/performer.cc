#include "host/performer.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "host/notify.h"
#include "host/platform.h"
#include "host/runlog.h"
#include "host/statusfile.h"
#include "host/sys.h"
#include "model/record.h"

namespace reeve {

// Actions may bring about further ones (a fork that failed); records come before each of them.
void Performer::carry_out(Now now) {
    std::vector<Action>& actions = supervisor_.actions();
    record();
    for (size_t i = 0; i < actions.size(); ++i) {
        const Action action = actions[i];
        perform(action, now);
        record();
    }
    actions.clear();
}

void Performer::deliver(ServiceId id, const Event& event, Now now) {
    supervisor_.handle(id, event, now);
    carry_out(now);
}

void Performer::record() {
    const std::span<Service> services = supervisor_.services();
    status_is_stale_.resize(services.size());
    for (ServiceId id : supervisor_.dirty()) {
        Service& service = supervisor_.at(id);
        service.dirty = false;
        if (!service.used()) continue;
        append_service(service);
        if (status_is_stale_[id.index]) continue;
        status_is_stale_[id.index] = true;
        stale_status_.push_back(id);
    }
    supervisor_.dirty().clear();
    for (const Text& name : supervisor_.forgotten()) {
        Buffer<record_max_bytes> line;
        append_gone_record(line, name);
        journal_.append(line.view());
        if (!at_.run_directory.empty()) remove_status_file(at_.run_directory, name);
    }
    supervisor_.forgotten().clear();
}

void Performer::append_service(const Service& service) {
    if (!journal_.enabled()) return;
    Buffer<2 * name_max_bytes + 1> blamed;
    const ServiceId other = service.reason.other;
    if (other && supervisor_.at(other).used()) append_name(blamed, supervisor_.at(other));
    Buffer<record_max_bytes> line;
    append_service_record(line, service, {blamed.view()});
    journal_.append(line.view());
}

// What cannot be written now (no room) is tried again with the next change.
void Performer::write_status_files(Now now) {
    if (at_.run_directory.empty()) stale_status_.clear();
    size_t kept = 0;
    for (ServiceId id : stale_status_) {
        const Service& service = supervisor_.at(id);
        const bool written =
            !service.used() || write_status_file(at_.run_directory, supervisor_, service, now);
        status_is_stale_[id.index] = !written;
        if (!written) stale_status_[kept++] = id;
    }
    stale_status_.resize(kept);
}

void Performer::renew_journal(Now now, bool anyway) {
    if (!journal_.enabled() || (!anyway && !journal_.wants_renewal(now.mono))) return;
    for (const Run& run : runs_)
        if (run.exec_status) return;  // a child may still have to write into this one
    if (hooks_.in_flight()) return;
    if (!journal_.begin_new()) return;
    Buffer<128> boot;
    platform::append_boot_id(boot);
    Buffer<record_max_bytes> line;
    append_header_record(line, {boot.view(), at_.uid});
    journal_.append(line.view());
    for (const Service& service : supervisor_.services())
        if (service.used()) append_service(service);
    [[maybe_unused]] const Status finished = journal_.finish_new();  // whole() tells
}

void Performer::perform(const Action& action, Now now) {
    const Service& service = supervisor_.at(action.service);
    switch (action.kind) {
    case ActionKind::spawn: return spawn_service(action, now);
    case ActionKind::run_hook: return run_hook(action.service, action.hook, now);
    case ActionKind::cancel_hook: return hooks_.cancel(action.service, action.hook);
    case ActionKind::signal_group:
        signal(action.service, action.value, true);
        // What is stopped (SIGSTOP, a terminal) does not see the signal before it goes on.
        if (action.value != SIGKILL) signal(action.service, SIGCONT, true);
        return;
    case ActionKind::signal_leader:
        signal(action.service, action.value, false);
        if (service.state == State::stopping) signal(action.service, SIGCONT, false);
        return;
    case ActionKind::check_group:
        if (service.group > 0 && service.leader_gone &&
            !platform::group_has_live_members(service.group))
            supervisor_.handle(action.service, {.kind = EventKind::group_empty}, now);
        return;
    case ActionKind::end_run: return end_run(action.service);
    case ActionKind::end_reeve:
        if (end_request_.on_end != OnEnd::nothing) return;  // the first one has its way
        end_request_ = {static_cast<OnEnd>(action.value), action.service, action.status};
        return;
    }
}

// A group is signalled only while its leader is not reaped or something of it was seen alive: its
// number cannot be another's.
int Performer::signal(ServiceId id, int number, bool whole_group) {
    const Service& service = supervisor_.at(id);
    if (service.group <= 0) return ESRCH;
    if (whole_group) {
        if (sys::kill(-service.group, number) == 0) return 0;
        if (errno != ESRCH || service.leader_gone) return errno;
        // Forked a moment ago, it has not made its group yet.
    }
    if (service.leader_gone) return ESRCH;
    return sys::kill(service.leader.pid, number) == 0 ? 0 : errno;
}

void Performer::give_back_terminal() {
    if (foreground_group_ > 0 && tcgetpgrp(0) == foreground_group_) sys::tcsetpgrp(0, getpgrp());
}

Performer::Run* Performer::find_run(ServiceId id) {
    for (Run& run : runs_)
        if (run.id == id) return &run;
    return nullptr;
}

std::string Performer::channel_path(const Service& service, std::string_view suffix) const {
    if (at_.run_directory.empty()) return {};
    Buffer<2 * name_max_bytes + 1> name;
    append_name(name, service);
    std::string path = at_.run_directory;
    path.append("/fds/").append(name.view()).append(suffix);
    return path;
}

void Performer::end_run(ServiceId id) {
    for (size_t i = 0; i < runs_.size(); ++i) {
        if (runs_[i].id != id) continue;
        const Service& service = supervisor_.at(id);
        if (runs_[i].ready) sys::unlink(channel_path(service, ".ready").c_str());
        if (runs_[i].notify) sys::unlink(channel_path(service, ".notify").c_str());
        if (i + 1 < runs_.size()) std::swap(runs_[i], runs_.back());
        runs_.pop_back();
        return;
    }
}

void Performer::watch(PollSet& set) {
    hooks_.watch(set);
    for (Run& run : runs_) {
        run.exec_place = run.exec_status ? set.add(run.exec_status.get(), POLLIN) : SIZE_MAX;
        run.ready_place = run.ready ? set.add(run.ready.get(), POLLIN) : SIZE_MAX;
        run.notify_place = run.notify ? set.add(run.notify.get(), POLLIN) : SIZE_MAX;
    }
}

// Handling one run may end it, or begin others: places are taken down first.
void Performer::serve(const PollSet& set, Now now) {
    hooks_.serve(set);
    const auto is_ready = [&](size_t place) { return place != SIZE_MAX && set.result(place) != 0; };
    for (size_t i = runs_.size(); i-- > 0;) {
        if (i >= runs_.size()) continue;
        const ServiceId id = runs_[i].id;
        const bool exec = is_ready(runs_[i].exec_place);
        const bool ready = is_ready(runs_[i].ready_place);
        const bool notified = is_ready(runs_[i].notify_place);
        runs_[i].exec_place = runs_[i].ready_place = runs_[i].notify_place = SIZE_MAX;
        if (exec) read_exec(id, now);
        Run* run = find_run(id);
        if (ready && run != nullptr && run->ready && read_newline(run->ready.get())) {
            sys::unlink(channel_path(supervisor_.at(id), ".ready").c_str());
            run->ready.reset();
            deliver(id, {.kind = EventKind::ready}, now);
        }
        if (notified) read_notifications(id, now);
    }
    // A run without descriptors needs no place here.
    std::erase_if(runs_,
                  [](const Run& run) { return !run.exec_status && !run.ready && !run.notify; });
}

void Performer::read_exec(ServiceId id, Now now) {
    Run* run = find_run(id);
    if (run == nullptr || !run->exec_status) return;
    SpawnFailure failure;
    const ExecStatus status = read_exec_status(run->exec_status.get(), failure);
    if (status == ExecStatus::pending) return;
    run->exec_status.reset();
    if (status == ExecStatus::done) return deliver(id, {.kind = EventKind::exec_done}, now);
    deliver(id,
            {.kind = EventKind::exec_failed,
             .detail = static_cast<uint8_t>(failure.step),
             .value = failure.code},
            now);
}

void Performer::read_notifications(ServiceId id, Now now) {
    char message[notify_message_max_bytes];
    for (;;) {
        Run* run = find_run(id);
        if (run == nullptr || !run->notify) return;
        const ssize_t got = sys::read(run->notify.get(), message, sizeof message);
        if (got <= 0) return;
        const Notification said = parse_notification({message, static_cast<size_t>(got)});
        Service& service = supervisor_.at(id);
        if (said.status) {
            service.status_text = said.status->substr(0, status_text_max_bytes);
            supervisor_.touch(id);
        }
        // Only a member of the group can be its leader: no stranger is ever signalled.
        if (said.main_pid && getpgid(*said.main_pid) == service.group) {
            const Process process{*said.main_pid, platform::start_time_of(*said.main_pid)};
            deliver(id, {.kind = EventKind::main_process, .process = process}, now);
        }
        if (said.ready) deliver(id, {.kind = EventKind::ready}, now);
        if (said.stopping) deliver(id, {.kind = EventKind::stop_announced}, now);
        if (!said.ready && !said.stopping && !said.main_pid) carry_out(now);
    }
}

void Performer::reap(Now now) {
    struct Ended {
        pid_t pid;
        int status;
    };
    Ended ended[64];
    size_t count;
    do {
        count = 0;
        // All first, then their events: what ended together is known to be gone together.
        while (count < std::size(ended)) {
            const pid_t pid = sys::waitpid(-1, &ended[count].status, WNOHANG);
            if (pid <= 0) break;
            ended[count++].pid = pid;
        }
        for (size_t i = 0; i < count; ++i) {
            const ExitStatus status = exit_status_of(ended[i].status);
            if (const auto hook = hooks_.reaped(ended[i].pid, status)) {
                if (!hook->cancelled) report_hook(hook->service, hook->hook, hook->result, {});
                deliver(hook->service,
                        {.kind = EventKind::hook_ended, .hook = hook->hook, .result = hook->result},
                        now);
                continue;
            }
            const ServiceId id = supervisor_.find_leader(ended[i].pid);
            if (!id) continue;  // an orphan
            read_exec(id, now);
            const bool left = platform::group_has_live_members(supervisor_.at(id).group);
            deliver(id, {.kind = EventKind::exited, .group_left = left, .status = status}, now);
        }
        if (count > 0) check_groups(now);
    } while (count == std::size(ended));
}

// An orphan that was reaped may have been the last of a group; a leader named by MAINPID may not be
// our child at all.
void Performer::check_groups(Now now) {
    for (uint32_t i = 0; i < supervisor_.services().size(); ++i) {
        const ServiceId id{i};
        const Service& service = supervisor_.at(id);
        if (service.group <= 0) continue;
        if (service.leader_gone) {
            if (!platform::group_has_live_members(service.group))
                deliver(id, {.kind = EventKind::group_empty}, now);
        } else if (service.leader.pid != service.group && sys::kill(service.leader.pid, 0) < 0) {
            const bool left = platform::group_has_live_members(service.group);
            deliver(id,
                    {.kind = EventKind::exited,
                     .group_left = left,
                     .status = {ExitStatus::Kind::unknown, 0}},
                    now);
        }
    }
}

void Performer::pass_deadlines(Now now) {
    hooks_.pass_deadlines(now.mono);
    supervisor_.pass_deadlines(now);
    carry_out(now);
}

Mono Performer::next_deadline() const {
    return std::min(hooks_.next_deadline(), supervisor_.next_deadline());
}

}  // namespace reeve
