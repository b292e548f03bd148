#include "process/starter.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>

#include "base/limits.h"
#include "kernel/complain.h"
#include "kernel/sys.h"
#include "logs/run.h"
#include "model/signals.h"
#include "process/resume.h"
#include "process/spawn_finding.h"

namespace reeve {

namespace {

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

void blame_fork(PrepareError& error, int code) {
    error.step = SpawnStep::fork;
    error.code = code;
    if (code != EAGAIN) return;
    append(error.detail, "fork: ", errno_text(code));
    append_process_limit(error.detail);
}

// What a hook is told of the service.
class HookEnvironment {
  public:
    explicit HookEnvironment(const Service& service) {
        if (service.leader && !service.leader_gone) {
            append(pid_, "REEVE_PID=", static_cast<int64_t>(service.leader.pid));
            add(pid_);
        }
        if (service.exit.kind == ExitStatus::Kind::exited) {
            append(exit_, "REEVE_EXIT=", static_cast<int>(service.exit.value));
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

uid_t user_of(const SpawnPlan& plan) { return plan.switch_user ? plan.uid : geteuid(); }

// Lets the user that a process of the service runs as open its output as /dev/stdout, too.
void give_output(const Fd& output, const SpawnPlan& plan) {
    struct stat state;
    if (!output || geteuid() != 0) return;
    const int fd = output.get();
    const uid_t user = user_of(plan);
    if (sys::fstat(fd, &state) < 0 || state.st_uid == user) return;
    // root may be one that may do no more than others do: of a pipe it has the group.
    sys::fchown(fd, user, static_cast<gid_t>(-1));
    if (S_ISFIFO(state.st_mode)) sys::fchmod(fd, 0660);
}

}  // namespace

SpawnRequest Starter::request_for(const Service& service, SpawnMode mode) const {
    SpawnRequest request;
    request.service = &service;
    request.mode = mode;
    if (!service.instance.empty()) request.instances = supervisor_.count_instances(service.name);
    request.run_directory = at_.run_variable;
    request.own_program = at_.own_program;
    request.environment = at_.environment;
    if (at_.nofile) request.nofile = &*at_.nofile;
    return request;
}

// A service with a terminal has that for its output.
void Starter::place_output(const Service& service, SpawnMode mode, int fd) {
    if (mode == SpawnMode::service && !service.policy().tty.empty()) return;
    descriptors_.push_back({fd, 1});
    descriptors_.push_back({fd, 2});
}

// Opens where the child writes to, and places it. `begins`: nothing of this run has come before.
Fd Starter::open_output(ServiceId id, SpawnMode mode, bool begins) {
    const Service& service = supervisor_.at(id);
    const Log log = service.policy().log;
    descriptors_.clear();
    if (log == Log::null) place_output(service, mode, null_device);
    if (log == Log::null || log == Log::inherit) return {};
    if (log != Log::run && at_.run_directory.empty()) return {};
    Text why;
    Fd file = open_log(id, begins, why);
    if (file) {
        if (log == Log::run) supervisor_.note_log(id, {});
        place_output(service, mode, file.get());
        return file;
    }
    // No line is lost for want of a directory: reeve's own output takes them.
    if (!log_fallback_said_)
        complain(why, "; services with log = ", log == Log::run ? "run" : "file",
                 " write to reeve's output instead");
    log_fallback_said_ = true;
    if (mode != SpawnMode::hook) supervisor_.note_log(id, Text::join("reeve's output (", why, ")"));
    return {};
}

// A pipe for what a check writes: reeve keeps its last line. Without one it writes to nowhere.
Fd Starter::open_heard(Fd& heard) {
    Fd output;
    descriptors_.clear();
    if (sys::pipe(heard, output) == 0) sys::fcntl(output.get(), F_SETFL, 0);  // its end blocks
    const int fd = output ? output.get() : null_device;
    descriptors_.push_back({fd, 1});
    descriptors_.push_back({fd, 2});
    return output;
}

// A file for this run, or a pipe to svlog.
Fd Starter::open_log(ServiceId id, bool begins, Text& why) {
    const Service& service = supervisor_.at(id);
    if (service.policy().log == Log::run) {
        Result<Fd> opened = open_run_log(at_.logs.directory, service, begins);
        if (!opened) why = describe(opened.error());
        return opened ? std::move(*opened) : Fd();
    }
    Fd pipe = logs_.open(id);
    if (!pipe) why = Text::join("no pipe to svlog: ", errno_text(errno));
    return pipe;
}

// Makes the plan, and the service's output its user's.
bool Starter::prepare_child(SpawnRequest& request, const Fd& output, PrepareError& error) {
    request.descriptors = descriptors_;
    plan_.control_group = -1;
    if (!prepare(request, plan_, error)) return false;
    give_output(output, plan_);
    return true;
}

void Starter::start(const Action& action, Now now) {
    const ServiceId id = action.service;
    const Service& service = supervisor_.at(id);
    const bool over = service.phase != Phase::executing || service.group != 0 ||
                      service.runs != static_cast<uint32_t>(action.value);
    if (over) return;

    PrepareError error;
    if (safe_mode_) {
        error.step = SpawnStep::fork;
        error.code = EAGAIN;
        return start_failed(id, error, now);
    }
    Run run;
    run.id = id;
    Fd ready;
    Runs::ChannelPath notify_path;
    if (!runs_.open_channels(run, ready, notify_path, error)) return start_failed(id, error, now);
    const bool is_main = id == at_.main;
    SpawnRequest request = request_for(service, is_main ? SpawnMode::main : SpawnMode::service);
    request.notify_socket = notify_path.view();
    const Fd output = open_output(id, request.mode, service.policy().pre_start.empty());
    if (ready) descriptors_.push_back({ready.get(), service.policy().ready.fd});
    if (is_main)
        for (const int fd : at_.inherited) descriptors_.push_back({fd, fd});
    if (id == supervisor_.log_writer()) logs_.renew_owner();
    if (!prepare_child(request, output, error)) return start_failed(id, error, now);
    Fd input;
    if (!is_main && !inputs_.open(service, user_of(plan_), input, error))
        return start_failed(id, error, now);
    if (input) descriptors_.push_back({input.get(), 0});
    if (!sockets_.open(service, user_of(plan_), descriptors_, error))
        return start_failed(id, error, now);
    Fd procs;
    if (!groups_.control().begin(id, at_.run_directory, procs, error))
        return start_failed(id, error, now);
    plan_.descriptors = descriptors_;
    plan_.control_group = procs.get();
    Result<Spawned> spawned = spawn_service(service, is_main);
    if (!spawned) {
        blame_fork(error, spawned.error().code);
        return start_failed(id, error, now);
    }
    run.exec = std::move(spawned->exec);
    runs_.add(std::move(run));
    groups_.watched().remove(id);  // what had its number before is nothing to it any more
    const Process process{spawned->pid, spawned->start_time};
    supervisor_.handle(id, {.kind = EventKind::spawned, .process = process}, now);
    if (output && service.policy().log == Log::run)
        prune_run_logs(at_.logs.directory, service, service.policy().log_keep);
}

// A fault between the fork of CMD and what is said of it would not tell of its process.
Result<Spawned> Starter::spawn_service(const Service& service, bool is_main) {
    plan_.record = recorder_.record_of_child(service, nullptr);
    if (!is_main) return spawn(plan_, pace_);
    hold_faults(true);
    Result<Spawned> spawned = spawn(plan_, pace_);
    if (spawned) set_last_child(spawned->pid);
    hold_faults(false);
    if (!spawned) return spawned;
    for (int number : at_.inherited) Fd closing(number);  // they are the child's now
    at_.inherited.clear();
    foreground_.begin(spawned->pid, plan_.take_foreground);
    return spawned;
}

// Nothing was forked.
void Starter::start_failed(ServiceId id, const PrepareError& error, Now now) {
    supervisor_.at(id).end_note = error.detail.view();
    supervisor_.handle(id,
                       {.kind = EventKind::spawn_failed,
                        .detail = static_cast<uint8_t>(step_to_blame(error)),
                        .value = error.code,
                        .status = status_of_failed_start(error.code)},
                       now);
}

void Starter::run_hook(ServiceId id, Hook hook, Now now) {
    PrepareError error;
    if (begin_hook(id, hook, now, error)) return;
    const Event event{.kind = EventKind::hook_ended,
                      .hook = hook,
                      .result = HookResult::not_started,
                      .detail = static_cast<uint8_t>(step_to_blame(error)),
                      .value = error.code};
    report_hook(supervisor_, at_.reports,
                {.id = id, .end = event, .detail = error.detail.view(), .began = now.wall}, now);
    supervisor_.handle(id, event, now);
}

bool Starter::begin_hook(ServiceId id, Hook hook, Now now, PrepareError& error) {
    if (safe_mode_) {
        error.detail << "reeve has crashed too often";
        return false;
    }
    const Service& service = supervisor_.at(id);
    const HookEnvironment told(service);
    SpawnRequest request = request_for(service, SpawnMode::hook);
    request.shell_line = shell_line_of(hook, *service.definition);
    request.extra_environment = told.entries();
    Fd heard;
    const Fd output = hook == Hook::check
                          ? open_heard(heard)
                          : open_output(id, SpawnMode::hook, hook == Hook::pre_start);
    if (!prepare_child(request, output, error)) return false;
    plan_.record = recorder_.record_of_child(service, &hook);
    Result<Spawned> spawned = spawn(plan_, pace_);
    if (!spawned) {
        blame_fork(error, spawned.error().code);
        return false;
    }
    const Mono deadline = now.mono + timeout_of(hook, *service.definition);
    hooks_.add(id, hook, std::move(*spawned), deadline, now.wall, std::move(heard));
    return true;
}

}  // namespace reeve
