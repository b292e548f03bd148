#include "process/runs.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/limits.h"
#include "files/rundir.h"
#include "kernel/sys.h"
#include "kernel/users.h"
#include "process/spawn_finding.h"

namespace reeve {

namespace {

// What became of a readiness FIFO that an earlier reeve read.
enum class Left : uint8_t {
    spoken,  // the newline is there; or was read, or lost when the service closed its end after it
    silent,  // the service has it open, and has not said anything
};

// Nobody but reeve takes its name away, and that only when it has read the newline, or was about to
// find out whether it had. Nobody but the service has it open, and that only until it has spoken.
Left look_at_ready_channel(const char* path) {
    Fd fifo;
    const int code = sys::persist([&] {
        fifo = Fd(sys::open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW));
        return fifo ? 0 : errno;
    });
    if (!fifo) return code == ENOENT ? Left::spoken : Left::silent;
    char byte;
    for (;;) {
        const ssize_t got = sys::read(fifo.get(), &byte, 1);
        if (got < 0) return Left::silent;
        if (got == 0 || byte == '\n') return Left::spoken;
    }
}

// Where that cannot be found out the start itself says so.
uid_t user_of(const Service& service) {
    Credentials user;
    Buffer<prepare_detail_max_bytes> problem;
    const Text& name = service.policy().user;
    return !name.empty() && resolve_user(name, user, problem) == 0 ? user.uid : geteuid();
}

}  // namespace

Run* Runs::find(ServiceId id) {
    for (Run& run : runs_)
        if (run.id == id) return &run;
    return nullptr;
}

const char* Runs::channel_path(ChannelPath& path, const Service& service,
                               std::string_view suffix) const {
    path.clear();
    if (!at_.run_directory.empty()) {
        append(path, at_.run_directory, "/fds/");
        path << service.full_name();
        path << suffix;
    }
    return path.c_str();
}

bool Runs::open_channels(Run& run, Fd& theirs, ChannelPath& notify_path, PrepareError& error) {
    const Service& service = supervisor_.at(run.id);
    const Ready& ready = service.policy().ready;
    error.step = SpawnStep::descriptor;
    if (ready.kind == ReadyKind::notify) return open_notify_channel(run, notify_path, error);
    if (ready.kind != ReadyKind::fd) return true;
    ChannelPath path;
    Result<ReadyChannel> channel = open_ready_channel(channel_path(path, service, ".ready"));
    if (!channel) {
        error.code = channel.error().code;
        error.detail << describe(channel.error());
        return false;
    }
    run.ready = std::move(channel->ours);
    theirs = std::move(channel->theirs);
    return true;
}

bool Runs::open_notify_channel(Run& run, ChannelPath& channel, PrepareError& error) {
    const Service& service = supervisor_.at(run.id);
    const char* path = channel_path(channel, service, ".notify");
    if (path[0] == '\0') {
        error.code = ENOENT;
        error.detail << "ready = notify: there is no run directory for its socket";
        return false;
    }
    run.user = user_of(service);
    Result<Fd> socket = open_notify_socket(path, run.user);
    if (!socket) {
        error.code = socket.error().code;
        error.detail << describe(socket.error());
        if (error.code == ENAMETOOLONG) append_socket_advice(error.detail);
        return false;
    }
    run.notify = std::move(*socket);
    return true;
}

void Runs::renew_channels() {
    for (Run& run : runs_) {
        ChannelPath path;
        PrepareError error;
        if (run.notify) open_notify_channel(run, path, error);
    }
}

// What the definition says now may be something else.
void Runs::take_over(ServiceId id, Now now) {
    const Service& service = supervisor_.at(id);
    if (!service.leader || service.state == State::stopping) return;
    Run run;
    run.id = id;
    ChannelPath path;
    const bool awaits_newline = service.phase == Phase::readying &&
                                service.reason.value == static_cast<int32_t>(ReadyKind::fd);
    if (awaits_newline && !take_over_ready(run, path, now)) return;
    if (service.policy().ready.kind == ReadyKind::notify) take_over_notify(run, path);
    if (run.ready || run.notify) runs_.push_back(std::move(run));
}

// False: it has spoken.
bool Runs::take_over_ready(Run& run, ChannelPath& path, Now now) {
    const Service& service = supervisor_.at(run.id);
    const char* fifo = channel_path(path, service, ".ready");
    run.ready = at_.kept.take_file(fifo);
    const bool spoken = !run.ready && look_at_ready_channel(fifo) == Left::spoken;
    // Its end closes it as well.
    if (spoken && !platform::is_ending(service.leader.pid)) {
        sys::unlink(fifo);
        supervisor_.handle(run.id, {.kind = EventKind::ready}, now);
        return false;
    }
    if (!run.ready) {
        sys::persist([&] {
            run.ready = Fd(sys::open(fifo, O_RDWR | O_NONBLOCK | O_NOFOLLOW));
            return run.ready ? 0 : errno;
        });
    }
    return true;
}

void Runs::take_over_notify(Run& run, ChannelPath& path) {
    const Service& service = supervisor_.at(run.id);
    run.notify = at_.kept.take_socket(channel_path(path, service, ".notify"));
    if (run.notify) {
        run.user = user_of(service);
        platform::ask_for_senders(run.notify.get());
        return;
    }
    PrepareError error;
    sys::persist([&] {
        error.detail.clear();
        return open_notify_channel(run, path, error) ? 0 : error.code;
    });
}

void Runs::end(ServiceId id) {
    Run* run = find(id);
    if (run == nullptr) return;
    const Service& service = supervisor_.at(id);
    ChannelPath path;
    if (run->ready) sys::unlink(channel_path(path, service, ".ready"));
    if (run->notify) sys::unlink(channel_path(path, service, ".notify"));
    if (run != &runs_.back()) std::swap(*run, runs_.back());
    runs_.pop_back();
}

void Runs::watch(PollSet& set) {
    for (Run& run : runs_) {
        if (run.exec) run.exec->fd.watch(set);
        run.ready.watch(set);
        run.notify.watch(set);
    }
}

void Runs::serve(const PollSet& set, Now now) {
    for (const Run& run : runs_) {
        const ServiceId id = run.id;
        if (run.exec && (run.exec_is_over() || run.exec->fd.result(set) != 0)) read_exec(id, now);
        if (run.ready.result(set) != 0) read_ready(id, now);
        if (run.notify.result(set) != 0) read_notifications(id, now);
    }
    // A run that nothing more is to be heard of needs no place here.
    erase_if(runs_, [](const Run& run) { return !run.exec && !run.ready && !run.notify; });
}

void Runs::read_exec(ServiceId id, Now now) {
    Run* run = find(id);
    if (run == nullptr || !run->exec) return;
    const bool was_waiting = run->exec->is_waiting;
    const ExecStatus status = follow(*run->exec);
    if (run->exec->is_waiting && !was_waiting) supervisor_.mark_changed(id);
    if (status == ExecStatus::pending) return;
    const SpawnFailure failure = run->exec->failure;
    run->exec.reset();
    if (status == ExecStatus::done)
        return supervisor_.handle(id, {.kind = EventKind::exec_done}, now);
    Buffer<prepare_detail_max_bytes> finding;
    Service& service = supervisor_.at(id);
    append_finding(finding, failure.step, failure.code, *service.definition);
    service.end_note = finding.view();
    supervisor_.handle(id,
                       {.kind = EventKind::exec_failed,
                        .detail = static_cast<uint8_t>(failure.step),
                        .value = failure.code},
                       now);
}

// While it is read it has another name: a newline that only we have seen would be lost with us, and
// whoever takes over takes a channel that is not there for one that has spoken.
void Runs::read_ready(ServiceId id, Now now) {
    Run* run = find(id);
    if (run == nullptr || !run->ready) return;
    ChannelPath path;
    ChannelPath being_read;
    channel_path(path, supervisor_.at(id), ".ready");
    channel_path(being_read, supervisor_.at(id), ".read");
    sys::rename(path.c_str(), being_read.c_str());
    const ReadyWord word = reeve::read_ready(run->ready.get());
    if (word == ReadyWord::none) {
        sys::rename(being_read.c_str(), path.c_str());
        return;
    }
    sys::unlink(being_read.c_str());
    run->ready.reset();
    if (word == ReadyWord::newline) supervisor_.handle(id, {.kind = EventKind::ready}, now);
}

// What is left over is read in the next turn. False: there is none.
bool Runs::read_notifications(ServiceId id, Now now) {
    char message[notify_message_max_bytes];
    const Run* run = find(id);
    if (run == nullptr || !run->notify) return false;
    for (size_t i = 0; i < notifications_a_turn_max_count; ++i) {
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

void Runs::heed(ServiceId id, const Notification& said, Now now) {
    Service& service = supervisor_.at(id);
    if (said.status) {
        // As it can be on record: what is shown is to be the same after a take-over.
        Buffer<4 * status_text_max_bytes> text;
        append_escaped(text, said.status->substr(0, status_text_max_bytes));
        service.status_text = text.view();
        supervisor_.mark_changed(id);
    }
    // Only a member of the group can be its leader: no stranger is ever signalled.
    if (said.main_pid && getpgid(*said.main_pid) == service.group) {
        const Process process{*said.main_pid, platform::start_time_of(*said.main_pid)};
        groups_.watched().remove(id);
        if (process.pid != service.group) groups_.watched().add(id, process);
        supervisor_.handle(id, {.kind = EventKind::main_process, .process = process}, now);
    }
    if (said.ready) supervisor_.handle(id, {.kind = EventKind::ready}, now);
    if (said.alive) {
        alive_ = id;
        supervisor_.keep_alive(id, now);
    }
    if (said.hung) supervisor_.handle(id, {.kind = EventKind::hung}, now);
    if (said.stopping) supervisor_.handle(id, {.kind = EventKind::stop_announced}, now);
}

// A member of its group, or a descendant of its leader. What has ended since (a shell's helper) is
// judged by its user, as is what no PID namespace of ours knows.
bool Runs::is_own(const Run& run, const platform::Sender& sender) const {
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

void Runs::refuse(ServiceId id, pid_t sender) {
    Service& service = supervisor_.at(id);
    if (service.stranger || service.state != State::starting) return;
    service.stranger = sender;
    supervisor_.mark_changed(id);
}

void Runs::hear_out(ServiceId id, Now now) {
    read_exec(id, now);
    const Run* run = find(id);
    if (run != nullptr && run->ready && ready_now(run->ready.get(), POLLIN) != 0)
        read_ready(id, now);
    constexpr size_t most = notifications_at_end_max_count / notifications_a_turn_max_count;
    for (size_t i = 0; i < most && read_notifications(id, now); ++i) {}
}

bool Runs::listen(ServiceId id, Now now) {
    alive_ = {};
    hear_out(id, now);
    return alive_ == id;
}

bool Runs::is_unborn(ServiceId id) const {
    return std::any_of(runs_.begin(), runs_.end(), [&](const Run& run) {
        return run.id == id && run.exec && run.exec->status == ExecStatus::pending &&
               !run.exec->is_waiting;
    });
}

bool Runs::in_flight() const {
    return std::any_of(runs_.begin(), runs_.end(),
                       [](const Run& run) { return run.exec.has_value(); });
}

bool Runs::knows_more() const {
    return std::any_of(runs_.begin(), runs_.end(),
                       [](const Run& run) { return run.exec_is_over(); });
}

}  // namespace reeve
