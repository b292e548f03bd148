// The performer's other half: starting services and hooks.
#include <cerrno>
#include <csignal>
#include <unistd.h>

#include "base/limits.h"
#include "core/explain.h"
#include "files/rundir.h"
#include "kernel/complain.h"
#include "kernel/sys.h"
#include "logs/run.h"
#include "model/record.h"
#include "model/signals.h"
#include "process/performer.h"
#include "process/resume.h"

namespace reeve {

namespace {

// Whose record a child writes: set before the fork, read after it.
struct ChildRecord {
    const Service* service;
    const Hook* hook;  // null: it is the service's leader
};
ChildRecord child_record_context;

size_t format_child_record(char* out, size_t capacity, const void* context, pid_t pid,
                           uint64_t start_time) {
    const auto& child = *static_cast<const ChildRecord*>(context);
    Buffer<2 * name_max_bytes + 1> name;
    append_name(name, *child.service);
    std::optional<Hook> hook;
    if (child.hook != nullptr) hook = *child.hook;
    Sink line(out, capacity);
    append_process_record(line, name.view(), hook, {pid, start_time});
    return line.size();
}

// As a shell has it where a program could not be started (POSIX XCU 2.8.2).
ExitStatus status_of_failed_start(int code) {
    return {ExitStatus::Kind::exited, static_cast<uint8_t>(code == ENOENT ? 127 : 126)};
}

// What reeve has run out of itself is no fault of the service's, as little as a fork that fails.
SpawnStep step_to_blame(const PrepareError& error) {
    switch (error.code) {
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOSPC: return SpawnStep::fork;
    default: return error.step;
    }
}

}  // namespace

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

namespace {

// What a hook is told of the service.
class HookEnvironment {
  public:
    explicit HookEnvironment(const Service& service) {
        if (service.leader && !service.leader_gone) {
            pid_ << "REEVE_PID=" << static_cast<int64_t>(service.leader.pid);
            add(pid_);
        }
        if (service.exit.kind == ExitStatus::Kind::exited) {
            exit_ << "REEVE_EXIT=" << static_cast<int>(service.exit.value);
            add(exit_);
        }
        if (service.exit.kind == ExitStatus::Kind::signalled) {
            signal_ << "REEVE_SIGNAL=";
            append_signal(signal_, service.exit.value);
            add(signal_);
        }
    }
    std::span<const std::string_view> entries() const { return {entries_, count_}; }

  private:
    void add(const Sink& entry) { entries_[count_++] = entry.view(); }

    Buffer<32> pid_, exit_, signal_;
    std::string_view entries_[3];
    size_t count_ = 0;
};

}  // namespace

// The child's place in the journal, and what it writes there. Without a place it runs unrecorded by
// itself: the record that reeve writes once it has forked must do, when there is room again.
RecordWriter Performer::child_record(const Service& service, const Hook* hook) {
    child_record_context = {&service, hook};
    char longest[child_record_max_bytes];
    const size_t size =
        format_child_record(longest, sizeof longest, &child_record_context, INT32_MAX, UINT64_MAX);
    const off_t place = journal_.reserve(size);
    if (place < 0) return {};
    return {journal_.fd(), place, format_child_record, &child_record_context};
}

// `begins`: nothing of this run has come before.
Fd Performer::open_output(ServiceId id, const SpawnRequest& request, bool begins) {
    const Service& service = supervisor_.at(id);
    const Log log = service.policy().log;
    descriptors_.clear();
    if (log == Log::null) place_output(request, null_device);
    if (log == Log::null || log == Log::inherit) return {};
    if (log != Log::run && at_.run_directory.empty()) return {};
    Fd file;
    Text why;
    if (log == Log::run) {
        Result<Fd> opened = open_run_log(at_.logs.directory, service, begins);
        if (opened) file = std::move(*opened);
        if (!opened) why = describe(opened.error());
    } else {
        file = logs_.open(id);
        if (!file) why = Text::join({"no pipe to svlog: ", errno_text(errno)});
    }
    if (!file) {
        // No line is lost for want of a directory: reeve's own output takes them.
        if (!log_fallback_said_)
            complain(Text::join({why, "; services with log = ", log == Log::run ? "run" : "file",
                                 " write to reeve's output instead"}));
        log_fallback_said_ = true;
        if (request.mode != SpawnMode::hook)
            supervisor_.note_log(id, Text::join({"reeve's output (", why, ")"}));
        return {};
    }
    if (log == Log::run) supervisor_.note_log(id, {});
    place_output(request, file.get());
    return file;
}

// A service with a terminal has that for its output.
void Performer::place_output(const SpawnRequest& request, int fd) {
    if (request.mode == SpawnMode::service && !request.service->policy().tty.empty()) return;
    descriptors_.push_back({fd, 1});
    descriptors_.push_back({fd, 2});
}

// Readiness channels, as the definition wants them.
bool Performer::open_channels(const Service& service, Run& run, Channels& channels,
                              PrepareError& error) {
    const Ready& ready = service.policy().ready;
    error.step = SpawnStep::descriptor;
    if (ready.kind == ReadyKind::fd) {
        ChannelPath path;
        Result<ReadyChannel> channel = open_ready_channel(channel_path(path, service, ".ready"));
        if (!channel) {
            error.code = channel.error().code;
            error.detail << describe(channel.error());
            return false;
        }
        run.ready = std::move(channel->ours);
        channels.theirs = std::move(channel->theirs);
    }
    return ready.kind != ReadyKind::notify ||
           open_notify_channel(service, run, channels.notify_path, error);
}

// Where that cannot be found out the start itself says so.
uid_t Performer::user_of(const Service& service) {
    Credentials user;
    Buffer<prepare_detail_max_bytes> problem;
    const Text& name = service.policy().user;
    return !name.empty() && resolve_user(name, user, problem) == 0 ? user.uid : geteuid();
}

bool Performer::open_notify_channel(const Service& service, Run& run, ChannelPath& channel,
                                    PrepareError& error) {
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

namespace {

// Lets the user that a process of the service runs as open its output as /dev/stdout, too.
void give_output(const Fd& output, const SpawnPlan& plan) {
    struct stat state;
    if (!output || geteuid() != 0) return;
    const int fd = output.get();
    const uid_t user = plan.switch_user ? plan.uid : geteuid();
    if (sys::fstat(fd, &state) < 0 || state.st_uid == user) return;
    // root may be one that may do no more than others do: of a pipe it has the group.
    sys::fchown(fd, user, static_cast<gid_t>(-1));
    if (S_ISFIFO(state.st_mode)) sys::fchmod(fd, 0660);
}

}  // namespace

// Makes the plan, and the service's output its user's.
bool Performer::prepare_child(SpawnRequest& request, const Fd& output, PrepareError& error) {
    request.descriptors = descriptors_;
    if (!prepare(request, plan_, error)) return false;
    give_output(output, plan_);
    return true;
}

void Performer::spawn_service(const Action& action, Now now) {
    const ServiceId id = action.service;
    const Service& service = supervisor_.at(id);
    const bool over = service.phase != Phase::executing || service.group != 0 ||
                      service.runs != static_cast<uint32_t>(action.value);
    if (over) return;

    PrepareError error;
    if (safe_mode) {
        error.step = SpawnStep::fork;
        error.code = EAGAIN;
        return start_failed(id, error, now);
    }
    Run run;
    run.id = id;
    Channels channels;
    if (!open_channels(service, run, channels, error)) return start_failed(id, error, now);
    SpawnRequest request;
    request.service = &service;
    request.mode = id == at_.main ? SpawnMode::main : SpawnMode::service;
    request.notify_socket = channels.notify_path.view();
    request.run_directory = at_.run_variable;
    request.own_program = at_.own_program;
    request.environment = at_.environment;
    if (at_.nofile) request.nofile = &*at_.nofile;
    const Fd output = open_output(id, request, service.policy().pre_start.empty());
    if (channels.theirs)
        descriptors_.push_back({channels.theirs.get(), service.policy().ready.fd});
    if (request.mode == SpawnMode::main)
        for (const int fd : at_.inherited) descriptors_.push_back({fd, fd});
    if (id == supervisor_.log_writer()) logs_.renew_owner();
    if (!prepare_child(request, output, error)) return start_failed(id, error, now);
    plan_.record = child_record(service, nullptr);
    // A fault in between would not tell of CMD's process.
    if (request.mode == SpawnMode::main) hold_faults(true);
    Result<Spawned> spawned = spawn(plan_, pace_);
    if (request.mode == SpawnMode::main) {
        if (spawned) set_last_child(spawned->pid);
        hold_faults(false);
    }
    if (!spawned) {
        error.step = SpawnStep::fork;
        error.code = spawned.error().code;
        return start_failed(id, error, now);
    }
    run.exec = std::move(spawned->exec);
    const Process process{spawned->pid, spawned->start_time};
    runs_.push_back(std::move(run));
    watched_.remove(id);  // what had its number before is nothing to it any more
    if (request.mode == SpawnMode::main) {
        for (int number : at_.inherited) Fd closing(number);  // they are the child's now
        at_.inherited.clear();
        foreground_.begin(process.pid, plan_.take_foreground);
    }
    supervisor_.handle(id, {.kind = EventKind::spawned, .process = process}, now);
    if (output && service.policy().log == Log::run)
        prune_run_logs(at_.logs.directory, service, service.policy().log_keep);
}

// Nothing was forked.
void Performer::start_failed(ServiceId id, const PrepareError& error, Now now) {
    Service& service = supervisor_.at(id);
    service.end_note = error.detail.view();
    supervisor_.handle(id,
                       {.kind = EventKind::spawn_failed,
                        .detail = static_cast<uint8_t>(step_to_blame(error)),
                        .value = error.code,
                        .status = status_of_failed_start(error.code)},
                       now);
}

void Performer::run_hook(ServiceId id, Hook hook, Now now) {
    const Service& service = supervisor_.at(id);
    const HookEnvironment told(service);
    SpawnRequest request;
    request.service = &service;
    request.mode = SpawnMode::hook;
    request.shell_line = shell_line_of(hook, service.policy());
    request.extra_environment = told.entries();
    request.run_directory = at_.run_variable;
    request.own_program = at_.own_program;
    request.environment = at_.environment;
    if (at_.nofile) request.nofile = &*at_.nofile;
    const Fd output = open_output(id, request, hook == Hook::pre_start);
    PrepareError error;
    if (safe_mode) {
        error.detail << "reeve has crashed too often";
    } else if (prepare_child(request, output, error)) {
        plan_.record = child_record(service, &hook);
        Result<Spawned> spawned = spawn(plan_, pace_);
        if (spawned) {
            hooks_.add(id, hook, std::move(*spawned), now.mono + timeout_of(hook, service.policy()),
                       now.wall);
            return;
        }
        error.step = SpawnStep::fork;
        error.code = spawned.error().code;
    }
    const Event event{.kind = EventKind::hook_ended,
                      .hook = hook,
                      .result = HookResult::not_started,
                      .detail = static_cast<uint8_t>(step_to_blame(error)),
                      .value = error.code};
    report_hook(id, event, error.detail.view(), 0, now.wall, now);
    supervisor_.handle(id, event, now);
}

// How pre_start and start_check went is a reason of the service's state, and of its run's end. The
// others get a line of their own, here and in the history; but a oneshot whose stop_command cannot
// undo what it did is failed, which is told. `detail`, where there is one, says more.
void Performer::report_hook(ServiceId id, const Event& end, std::string_view detail, pid_t pid,
                            Wall began, Now now) {
    if (end.result == HookResult::succeeded || !end.is_told) return;
    if (end.hook == Hook::pre_start) supervisor_.at(id).end_note = detail;
    if (end.hook == Hook::pre_start || end.hook == Hook::start_check) return;
    const Reason how = reason_of(hook_failure_of(end));
    supervisor_.ended_runs().push_back(
        {.id = id, .pid = pid, .start = began, .end = now.wall, .exit = end.status, .how = how});
    const Service& service = supervisor_.at(id);
    const bool undoes = service.phase == Phase::stop_command && service.group == 0;
    if (!at_.reports || undoes) return;
    Buffer<prepare_detail_max_bytes + 3 * name_max_bytes> line;
    append_name(line, supervisor_.at(id));
    line << ": ";
    if (detail.empty())
        append_end(line, supervisor_.at(id), how);
    else
        line << name_of(end.hook) << ": " << detail;
    complain(line.view());
}

}  // namespace reeve
