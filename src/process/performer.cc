#include "process/performer.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/list.h"
#include "files/history.h"
#include "files/status.h"
#include "kernel/complain.h"
#include "kernel/platform.h"
#include "kernel/sys.h"
#include "logs/run.h"
#include "model/record.h"
#include "process/past.h"
#include "process/resume.h"
#include "process/spawn_finding.h"

namespace reeve {

// Actions may bring about further ones (a fork that failed); records come before each of them.
void Performer::carry_out(Now now) {
    List<Action>& actions = supervisor_.actions();
    record();
    for (size_t i = 0; i < actions.size(); ++i) {
        const Action action = actions[i];
        perform(action, now);
        record();
    }
    actions.clear();
    write_history();
}

// Behind the actions: a restart does not wait for it.
void Performer::write_history() {
    List<EndedRun>& ended = supervisor_.ended_runs();
    for (const EndedRun& run : ended)
        if (at_.keeps_history && supervisor_.at(run.id).used())
            append_history(at_.run_directory, supervisor_, run);
    ended.clear();
}

void Performer::deliver(ServiceId id, const Event& event, Now now) {
    supervisor_.handle(id, event, now);
    carry_out(now);
}

void Performer::record() {
    Records records;
    for (ServiceId id : supervisor_.dirty()) {
        if (!supervisor_.at(id).used()) continue;
        learn_start_time(id);
        append_service(records, supervisor_.at(id));
    }
    write(records);
    pass_dirty();
    for (const Text& name : supervisor_.forgotten()) {
        // Its status file first: none may tell of what the journal does not know.
        if (!at_.run_directory.empty()) {
            remove_status_file(at_.run_directory, name);
            remove_history(at_.run_directory, name);
        }
        Buffer<record_max_bytes> line;
        append_gone_record(line, name);
        journal_.append(line.view());
    }
    if (!supervisor_.forgotten().empty()) logs_.mark_changed();
    supervisor_.forgotten().clear();
}

// They are on record; their status files follow.
void Performer::pass_dirty() {
    status_is_stale_.resize(supervisor_.services().size());
    for (ServiceId id : supervisor_.dirty()) {
        supervisor_.at(id).dirty = false;
        logs_.look_at(id);
        if (!supervisor_.at(id).used() || status_is_stale_[id.index]) continue;
        status_is_stale_[id.index] = true;
        stale_status_.push_back(id);
    }
    supervisor_.dirty().clear();
}

void Performer::append_service(Records& records, const Service& service) {
    if (!journal_.enabled()) return;
    Buffer<2 * name_max_bytes + 1> blamed;
    const ServiceId other = service.reason.other;
    if (other && supervisor_.at(other).used()) append_name(blamed, supervisor_.at(other));
    if (records.capacity() - records.size() < record_max_bytes) write(records);
    append_service_record(records, service, {blamed.view()});
    for (size_t i = 0; i < service_text_count; ++i) {
        if (records.capacity() - records.size() < record_max_bytes) write(records);
        append_text_record(records, service, i);
    }
}

void Performer::write(Records& records) {
    if (!records.empty()) journal_.append(records.view());
    records.clear();
}

void Performer::write_status_files(Now now) {
    if (at_.run_directory.empty()) stale_status_.clear();
    if (logs_.settle(now)) svlog_is_behind_ = true;
    if (svlog_is_behind_) tell_svlog();
    if (!status_files_are_due(now)) return;
    size_t kept = 0;
    int problem = 0;
    for (ServiceId id : stale_status_) {
        const Service& service = supervisor_.at(id);
        const bool written =
            !service.used() || write_status_file(at_.run_directory, supervisor_, service, now);
        if (!written) problem = errno;
        status_is_stale_[id.index] = !written;
        if (!written) stale_status_[kept++] = id;
    }
    stale_status_.resize(kept);
    // In a small directory a moment without room is nothing special.
    status_failures_ = problem != 0 ? status_failures_ + 1 : 0;
    status_problem_ = problem;
    if (status_failures_ == 2) complain(status_warning());
    if (kept > 0) status_retry_ = now.mono + seconds(1);
}

Text Performer::status_warning() const {
    if (status_problem_ == 0) return {};
    return Text::join({at_.run_directory, "/status cannot be written (",
                       errno_text(status_problem_),
                       "): who reads it, and svctl once reeve is gone, sees what was before"});
}

// One that starts reads the plan after this, or is told once it is up.
void Performer::tell_svlog() {
    const ServiceId id = supervisor_.log_writer();
    if (!id || supervisor_.at(id).state != State::running) return;
    svlog_is_behind_ = false;
    signal(id, SIGHUP, false);
}

bool Performer::renew_journal(Now now, bool anyway) {
    if (!journal_.enabled() || (!anyway && !journal_.wants_renewal(now.mono))) return false;
    // A child may still have to write into this one. Where it has been long in getting to its
    // program (a FIFO for input) it has done so: that comes first. And what reeve has heard of is
    // in the new one in any case.
    if (!in_flight() || anyway) {
        renewal_due_ = no_deadline;
    } else if (renewal_due_ == no_deadline) {
        renewal_due_ = now.mono + milliseconds(journal_renewal_wait_max_ms);
        return false;
    } else if (now.mono < renewal_due_) {
        return false;
    }
    renewal_due_ = no_deadline;
    Status made = journal_.begin_new();
    if (made) {
        Buffer<record_max_bytes> line;
        append_header_record(line, {boot_id(), at_.uid});
        if (!at_.journal_note.empty()) append_note_record(line, at_.journal_note);
        journal_.append(line.view());
        Records records;
        for (uint32_t i = 0; i < supervisor_.services().size(); ++i) {
            const Service& service = supervisor_.at(ServiceId{i});
            if (!service.used()) continue;
            learn_start_time(ServiceId{i});
            append_service(records, service);
        }
        write(records);
        hooks_.learn_start_times();
        hooks_.each([&](ServiceId id, Hook hook, Process process) {
            Buffer<2 * name_max_bytes + 1> name;
            append_name(name, supervisor_.at(id));
            line.clear();
            append_process_record(line, name.view(), hook, process);
            journal_.append(line.view());
        });
        made = journal_.finish_new();
        if (made) pass_dirty();
    }
    const bool failed = !made;
    if (failed == journal_failure_said_) return false;
    journal_failure_said_ = failed;
    complain(failed ? Text::join({describe(made.error()), "; going on without, and trying again"})
                    : Text("the journal is whole again"));
    return !failed;
}

void Performer::rewrite_files(Now now) {
    journal_.lose();
    for (uint32_t i = 0; i < supervisor_.services().size(); ++i)
        if (supervisor_.at(ServiceId{i}).used()) supervisor_.mark_changed(ServiceId{i});
    status_retry_ = {};
    carry_out(now);
}

void Performer::renew_channels() {
    for (Run& run : runs_) {
        ChannelPath path;
        PrepareError error;
        if (run.notify) open_notify_channel(supervisor_.at(run.id), run, path, error);
    }
    logs_.renew();
}

void Performer::perform(const Action& action, Now now) {
    const Service& service = supervisor_.at(action.service);
    switch (action.kind) {
    case ActionKind::spawn: return spawn_service(action, now);
    case ActionKind::run_hook: return run_hook(action.service, action.hook, now);
    case ActionKind::cancel_hook: return hooks_.cancel(action.service, action.hook);
    case ActionKind::signal_group:
        // It is to read all that there is before it ends.
        if (action.service == supervisor_.log_writer()) logs_.settle(now);
        if (signal(action.service, action.value, true) == ESRCH && service.group > 0 &&
            service.leader_gone)
            return supervisor_.handle(action.service, {.kind = EventKind::group_empty}, now);
        if (action.value != SIGKILL) continue_later(action.service, true, now);
        return;
    case ActionKind::signal_leader:
        signal(action.service, action.value, false);
        if (service.state == State::stopping) continue_later(action.service, false, now);
        return;
    case ActionKind::check_group:
        if (service.group > 0 && service.leader_gone && left_of(action.service) == Remains::none)
            supervisor_.handle(action.service, {.kind = EventKind::group_empty}, now);
        return;
    case ActionKind::end_run: return end_run(action.service);
    case ActionKind::end_reeve:
        if (end_request_.on_end != OnEnd::nothing) return;  // the first one has its way
        end_request_ = {static_cast<OnEnd>(action.value), action.service, action.status};
        return;
    }
}

// What is stopped (SIGSTOP, a terminal) does not see a signal before it goes on. Most have ended by
// then, which saves the second one.
void Performer::continue_later(ServiceId id, bool whole_group, Now now) {
    told_.push_back({id, supervisor_.at(id).group, whole_group,
                     now.mono + milliseconds(continue_after_ms)});
}

void Performer::continue_told(Mono now) {
    size_t passed = 0;
    for (; passed < told_.size() && told_[passed].due <= now; ++passed) {
        const Told& told = told_[passed];
        if (supervisor_.at(told.id).group == told.group)
            signal(told.id, SIGCONT, told.whole_group);
    }
    told_.erase(told_.begin(), told_.begin() + static_cast<long>(passed));
}

Performer::Run* Performer::find_run(ServiceId id) {
    for (Run& run : runs_)
        if (run.id == id) return &run;
    return nullptr;
}

const char* Performer::channel_path(ChannelPath& path, const Service& service,
                                    std::string_view suffix) const {
    path.clear();
    if (!at_.run_directory.empty()) {
        path << at_.run_directory << "/fds/";
        append_name(path, service);
        path << suffix;
    }
    return path.c_str();
}

void Performer::end_run(ServiceId id) {
    watched_.remove(id);
    leftovers_.forget(id);
    logs_.end_line(id);
    for (size_t i = 0; i < runs_.size(); ++i) {
        if (runs_[i].id != id) continue;
        const Service& service = supervisor_.at(id);
        ChannelPath path;
        if (runs_[i].ready) sys::unlink(channel_path(path, service, ".ready"));
        if (runs_[i].notify) sys::unlink(channel_path(path, service, ".notify"));
        if (i + 1 < runs_.size()) std::swap(runs_[i], runs_.back());
        runs_.pop_back();
        return;
    }
}

void Performer::watch(PollSet& set) {
    hooks_.watch(set);
    watched_.watch(set);
    logs_.watch(set);
    for (Run& run : runs_) {
        const bool pending = run.exec && !run.exec_is_over();
        run.exec_place = pending ? set.add(run.exec->fd.get(), POLLIN) : SIZE_MAX;
        run.ready_place = run.ready ? set.add(run.ready.get(), POLLIN) : SIZE_MAX;
        run.notify_place = run.notify ? set.add(run.notify.get(), POLLIN) : SIZE_MAX;
    }
}

// Handling one run may end it, or begin others: places are taken down first.
void Performer::serve(const PollSet& set, Now now) {
    hooks_.serve(set);
    end_watched(set, now);
    logs_.serve(set);
    const auto is_ready = [&](size_t place) { return place != SIZE_MAX && set.result(place) != 0; };
    for (size_t i = runs_.size(); i-- > 0;) {
        if (i >= runs_.size()) continue;
        const ServiceId id = runs_[i].id;
        const bool exec = is_ready(runs_[i].exec_place) || runs_[i].exec_is_over();
        const bool ready = is_ready(runs_[i].ready_place);
        const bool notified = is_ready(runs_[i].notify_place);
        runs_[i].exec_place = runs_[i].ready_place = runs_[i].notify_place = SIZE_MAX;
        if (exec) read_exec(id, now);
        if (ready) read_ready_channel(id, now);
        if (notified) read_notifications(id, now);
    }
    // A run that nothing more is to be heard of needs no place here.
    erase_if(runs_, [](const Run& run) { return !run.exec && !run.ready && !run.notify; });
}

void Performer::read_exec(ServiceId id, Now now) {
    Run* run = find_run(id);
    if (run == nullptr || !run->exec) return;
    const ExecStatus status = follow(*run->exec);
    if (status == ExecStatus::pending) return;
    const SpawnFailure failure = run->exec->failure;
    run->exec.reset();
    if (status == ExecStatus::done) return deliver(id, {.kind = EventKind::exec_done}, now);
    Buffer<prepare_detail_max_bytes> finding;
    Service& service = supervisor_.at(id);
    append_finding(finding, failure.step, failure.code, *service.definition);
    service.end_note = finding.view();
    deliver(id,
            {.kind = EventKind::exec_failed,
             .detail = static_cast<uint8_t>(failure.step),
             .value = failure.code},
            now);
}

// While it is read it has another name: a newline that only we have seen would be lost with us, and
// whoever takes over takes a channel that is not there for one that has spoken.
void Performer::read_ready_channel(ServiceId id, Now now) {
    Run* run = find_run(id);
    if (run == nullptr || !run->ready) return;
    ChannelPath path;
    ChannelPath being_read;
    channel_path(path, supervisor_.at(id), ".ready");
    channel_path(being_read, supervisor_.at(id), ".read");
    sys::rename(path.c_str(), being_read.c_str());
    const ReadyWord word = read_ready(run->ready.get());
    if (word == ReadyWord::none) {
        sys::rename(being_read.c_str(), path.c_str());
        return;
    }
    sys::unlink(being_read.c_str());
    run->ready.reset();
    if (word == ReadyWord::newline) deliver(id, {.kind = EventKind::ready}, now);
}

// What is left over is read in the next turn. False: there is none.
bool Performer::read_notifications(ServiceId id, Now now) {
    char message[notify_message_max_bytes];
    for (size_t i = 0; i < notifications_a_turn_max_count; ++i) {
        Run* run = find_run(id);
        if (run == nullptr || !run->notify) return false;
        std::optional<platform::Sender> sender;
        const ssize_t got = platform::receive(run->notify.get(), message, sender);
        if (got < 0 || (got == 0 && !sender)) return false;
        if (sender && !is_own(*run, *sender))
            refuse(id, sender->pid);
        else
            heed(id, parse_notification({message, static_cast<size_t>(got)}), now);
    }
    return true;
}

void Performer::heed(ServiceId id, const Notification& said, Now now) {
    Service& service = supervisor_.at(id);
    if (said.status) {
        service.status_text = said.status->substr(0, status_text_max_bytes);
        supervisor_.mark_changed(id);
    }
    // Only a member of the group can be its leader: no stranger is ever signalled.
    if (said.main_pid && getpgid(*said.main_pid) == service.group) {
        const Process process{*said.main_pid, platform::start_time_of(*said.main_pid)};
        watched_.remove(id);
        if (process.pid != service.group) watched_.add(id, process);
        deliver(id, {.kind = EventKind::main_process, .process = process}, now);
    }
    if (said.ready) deliver(id, {.kind = EventKind::ready}, now);
    if (said.stopping) deliver(id, {.kind = EventKind::stop_announced}, now);
    if (!said.ready && !said.stopping && !said.main_pid) carry_out(now);
}

// A member of its group, or a descendant of its leader. What has ended since (a shell's helper) is
// judged by its user, as is what no PID namespace of ours knows.
bool Performer::is_own(const Run& run, const platform::Sender& sender) const {
    const Service& service = supervisor_.at(run.id);
    if (sender.pid > 0) {
        if (sender.pid == service.leader.pid || sender.pid == service.group) return true;
        const pid_t group = getpgid(sender.pid);
        if (group >= 0)
            return group == service.group ||
                   platform::is_descendant(sender.pid, service.leader.pid);
    }
    return sender.user == 0 || sender.user == run.user || sender.user == geteuid();
}

void Performer::refuse(ServiceId id, pid_t sender) {
    Service& service = supervisor_.at(id);
    if (service.stranger || service.state != State::starting) return;
    service.stranger = sender;
    supervisor_.mark_changed(id);
}

// What a run has said before its end counts: who the leader is, and that it was ready.
void Performer::hear_out(ServiceId id, Now now) {
    read_exec(id, now);
    const Run* run = find_run(id);
    if (run != nullptr && run->ready && ready_now(run->ready.get(), POLLIN) != 0)
        read_ready_channel(id, now);
    constexpr size_t most = notifications_at_end_max_count / notifications_a_turn_max_count;
    for (size_t i = 0; i < most && read_notifications(id, now); ++i) {}
}

bool Performer::in_flight() const {
    return hooks_.in_flight() || std::any_of(runs_.begin(), runs_.end(),
                                             [](const Run& run) { return run.exec.has_value(); });
}

void Performer::pass_deadlines(Now now) {
    hooks_.pass_deadlines(now.mono);
    continue_told(now.mono);
    while (const auto end = hooks_.take_given_up())
        deliver(end->service,
                {.kind = EventKind::hook_ended, .hook = end->hook, .result = end->result}, now);
    supervisor_.pass_deadlines(now);
    carry_out(now);
}

bool Performer::knows_more() const {
    return std::any_of(runs_.begin(), runs_.end(),
                       [](const Run& run) { return run.exec_is_over(); });
}

Mono Performer::next_deadline() const {
    if (knows_more()) return Mono{0};
    Mono next =
        std::min({hooks_.next_deadline(), watched_.next_deadline(), supervisor_.next_deadline(),
                  journal_.next_deadline(), logs_.next_deadline()});
    if (!told_.empty()) next = std::min(next, told_.front().due);
    return stale_status_.empty() ? next : std::min(next, status_retry_);
}

}  // namespace reeve
