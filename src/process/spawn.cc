#include "process/spawn.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "kernel/platform.h"
#include "kernel/signals.h"
#include "kernel/sys.h"
#include "model/signals.h"
#include "process/resume.h"
#include "process/spawn_finding.h"

namespace reeve {

namespace {

// As a shell has them.
constexpr int exit_not_found = 127;
constexpr int exit_not_executed = 126;

rlim_t limit_value(uint64_t value) {
    return value == unlimited ? RLIM_INFINITY : static_cast<rlim_t>(value);
}

// What a child is told. It reports a failure in one of two ways: in memory that it shares with us
// (volatile: the compiler does not know of the child), or through a pipe.
struct Birth {
    const SpawnPlan& plan;
    uint64_t before = 0;  // platform::start_time_now(), before the fork
    volatile SpawnFailure* shared = nullptr;
    int report_fd = -1;
    int parents_end = -1;  // of the pipe; the child has a copy of it
};

// The child, from fork to exec: async-signal-safe calls alone, over a plan that is only read. All
// signals are blocked until the last moment, so that reeve's handlers never run in it.
//
//   record -> control group -> session -> terminal or input, other descriptors -> oom_score_adj,
//   nice, sched, ioprio, umask, limits -> chroot -> user, capabilities -> directory ->
//   no_new_privs -> signals -> exec
//
// What needs reeve's rights comes before the user, what the service's rights should decide (the
// directory) after it. Limits come behind all that opens a descriptor.
class Child {
  public:
    explicit Child(const Birth& birth)
        : birth_(birth), plan_(birth.plan), policy_(*plan_.policy), report_fd_(birth.report_fd) {}

    [[noreturn]] void run() {
        Fd(birth_.parents_end).reset();
        write_record();
        if (plan_.control_group >= 0)
            need(sys::write(plan_.control_group, "0", 1), SpawnStep::cgroup);
        enter_group();
        clear_targets();
        set_input();
        set_descriptors();
        set_priorities();
        set_limits();
        if (!policy_.chroot.empty()) need(sys::chroot(policy_.chroot.c_str()), SpawnStep::chroot);
        set_user();
        set_directory();
        if (policy_.no_new_privs) need(platform::set_no_new_privs(), SpawnStep::no_new_privs);
        reset_signals();
        // With no record, this is as late as can be.
        if (plan_.record.fd < 0 && is_nobodys()) ::_exit(exit_not_executed);
        execute();
    }

  private:
    // With no code: it is on record, and may be long in getting to its program.
    void report(SpawnStep step, int code) {
        if (birth_.shared != nullptr) {
            birth_.shared->step = step;
            birth_.shared->code = code;
        } else {
            // A reeve that is another program by now does not read it, which is no reason to end.
            ::signal(SIGPIPE, SIG_IGN);
            SpawnFailure failure{step, code};
            // Where even this fails, the exit code is all that is left to say.
            sys::write(report_fd_, &failure, sizeof failure);
        }
    }

    // Reports the step and ends the child.
    [[noreturn]] void fail(SpawnStep step, int code) {
        report(step, code);
        bool is_exec = step == SpawnStep::exec || step == SpawnStep::interpreter;
        ::_exit(is_exec && code == ENOENT ? exit_not_found : exit_not_executed);
    }

    void need(ssize_t answer, SpawnStep step) {
        if (answer < 0) fail(step, errno);
    }

    // The reeve that forked it is no more; or is another program by now, which has no end of the
    // pipe (another child may have a copy of it still).
    bool is_nobodys() const {
        if (::getppid() != plan_.parent) return true;
        if (report_fd_ < 0) return false;
        struct pollfd report = {report_fd_, POLLOUT, 0};
        return sys::poll({&report, 1}, 0) > 0 && (report.revents & POLLERR) != 0;
    }

    // Whoever takes over reads the journal once its reeve is dead: it knows of every child that has
    // written while that one lived, and that child goes on, whatever becomes of its parent from
    // here on. Any other may have come too late, so that another one is started in its place: it
    // takes its record back, for it was never run.
    void write_record() {
        const RecordWriter& record = plan_.record;
        if (record.fd < 0) return;
        if (!begin_record()) ::_exit(exit_not_executed);
        bool stays = !is_nobodys();
        size_t size = 0;
        ssize_t written = 0;
        int code = 0;
        if (stays) {
            char bytes[child_record_max_bytes];
            const pid_t pid = ::getpid();
            size = record.format(bytes, sizeof bytes, record.context, pid,
                                 platform::start_time_since(birth_.before, pid));
            written = sys::pwrite(record.fd, bytes, size, record.offset);
            code = errno;
            stays = !is_nobodys();
            std::fill_n(bytes, size, '\0');
            if (!stays) sys::pwrite(record.fd, bytes, size, record.offset);
        }
        end_record();
        if (!stays) ::_exit(exit_not_executed);
        if (written < 0) fail(SpawnStep::record, code);
        if (static_cast<size_t>(written) != size) fail(SpawnStep::record, ENOSPC);
    }

    // A group of its own is made by the parent too: whoever comes first, nobody meets the child
    // outside of it. A terminal that cannot be had is no reason not to run.
    void enter_group() {
        if (plan_.mode != SpawnMode::main) {
            need(sys::setsid(), SpawnStep::session);
            return;
        }
        need(sys::setpgid(0, 0), SpawnStep::group);
        if (plan_.take_foreground) sys::tcsetpgrp(0, ::getpgrp());  // TTOU is blocked
    }

    // Moves our own descriptors out of the way of the numbers that the program will have.
    void clear_targets() {
        int highest = 2;
        for (const Placement& each : plan_.descriptors) highest = std::max(highest, each.to);
        const auto move = [&](int& fd) {
            if (fd < 0 || fd > highest) return;
            fd = sys::fcntl(fd, F_DUPFD_CLOEXEC, highest + 1);
            need(fd, SpawnStep::descriptor);
        };
        move(report_fd_);
        for (size_t i = 0; i < plan_.descriptors.size(); ++i) {
            from_[i] = plan_.descriptors[i].from;
            if (from_[i] != plan_.descriptors[i].to) move(from_[i]);
        }
    }

    // Opened once, for all that it is placed at. -1 and errno where it cannot be.
    int open_null() {
        if (null_fd_ < 0) null_fd_ = sys::open("/dev/null", O_RDWR);
        return null_fd_;
    }

    // Makes `from` the program's descriptor `to`.
    void place(int from, int to, SpawnStep step) {
        need(from, step);
        need(from == to ? sys::fcntl(to, F_SETFD, 0) : sys::dup2(from, to), step);
    }

    // CMD has reeve's. A hook has none, whatever its service has.
    void set_input() {
        if (plan_.mode == SpawnMode::main) return;
        const bool is_service = plan_.mode == SpawnMode::service;
        if (is_service && !policy_.tty.empty()) return set_terminal();
        if (is_service && policy_.reads_fifo()) return;  // it is among the descriptors
        const bool given = is_service && policy_.opens_input();
        place(given ? open_input() : open_null(), 0, SpawnStep::input);
    }

    // A FIFO is opened once somebody writes into it. Until then the child is as its program will
    // be, so that a stop needs no KILL; it has a memory of its own.
    int open_input() {
        report(SpawnStep::prepare, 0);
        reset_signals();
        return sys::open(policy_.input.c_str(), O_RDONLY);
    }

    // O_NONBLOCK: a serial line without a carrier would keep us.
    void set_terminal() {
        int terminal = sys::open(policy_.tty.c_str(), O_RDWR | O_NONBLOCK);
        need(terminal, SpawnStep::terminal);
        int flags = sys::fcntl(terminal, F_GETFL);
        need(flags, SpawnStep::terminal);
        need(sys::fcntl(terminal, F_SETFL, flags & ~O_NONBLOCK), SpawnStep::terminal);
        need(sys::set_controlling_terminal(terminal), SpawnStep::terminal);
        need(sys::reset_terminal(terminal), SpawnStep::terminal);
        for (int target = 0; target < 3; ++target) place(terminal, target, SpawnStep::terminal);
    }

    void set_descriptors() {
        for (size_t i = 0; i < plan_.descriptors.size(); ++i) {
            const int to = plan_.descriptors[i].to;
            const int from = from_[i] == null_device ? open_null() : from_[i];
            place(from, to, to <= 2 ? SpawnStep::output : SpawnStep::descriptor);
        }
    }

    void set_priorities() {
        if (policy_.oom_score_adj)
            need(platform::set_oom_score_adj(*policy_.oom_score_adj), SpawnStep::oom_score_adj);
        if (policy_.nice) {
            need(sys::setpriority(*policy_.nice), SpawnStep::nice);
            if (plan_.mode != SpawnMode::main) platform::set_session_nice(*policy_.nice);
        }
        if (policy_.scheduler) need(platform::set_scheduler(*policy_.scheduler), SpawnStep::sched);
        if (policy_.io_priority)
            need(platform::set_io_priority(*policy_.io_priority), SpawnStep::ioprio);
        if (policy_.umask >= 0) ::umask(static_cast<mode_t>(policy_.umask));
    }

    void set_limits() {
        if (plan_.nofile != nullptr)
            need(sys::setrlimit(RLIMIT_NOFILE, plan_.nofile), SpawnStep::limit);
        for (size_t i = 0; i < limit_count; ++i) {
            const Limit& limit = policy_.limits[i];
            if (!limit.set) continue;
            struct rlimit values {};
            values.rlim_cur = limit_value(limit.soft);
            values.rlim_max = limit_value(limit.hard);
            need(sys::setrlimit(resource_of(static_cast<LimitName>(i)), &values), SpawnStep::limit);
        }
    }

    // The bounding set takes a right that is given up with the user, who begins with none at all.
    void set_user() {
        const auto& kept = policy_.capabilities;
        if (kept) need(platform::bound_capabilities(*kept), SpawnStep::capabilities);
        if (plan_.switch_user) {
            if (kept) need(platform::keep_capabilities(), SpawnStep::capabilities);
            change_user();
        }
        if (kept) need(platform::set_capabilities(*kept), SpawnStep::capabilities);
    }

    void change_user() {
        need(sys::setgroups({plan_.groups.data(), plan_.group_count}), SpawnStep::user);
        need(sys::setgid(plan_.gid), SpawnStep::user);
        need(sys::setuid(plan_.uid), SpawnStep::user);
    }

    void set_directory() {
        const Text& directory = plan_.definition->workdir;
        // CMD stays where reeve is; a new root is entered in any case.
        bool stays = plan_.mode == SpawnMode::main && policy_.chroot.empty();
        if (directory.empty() && stays) return;
        need(sys::chdir(directory.empty() ? "/" : directory.c_str()), SpawnStep::chdir);
    }

    // What is ignored stays so through exec, also what libc keeps for itself; what reeve catches
    // becomes the default there. Numbers that the system does not have fail, and need nothing.
    void reset_signals() {
        // What is ignored is taken back, also where it waits: a report may have brought it about.
        ::signal(SIGPIPE, SIG_IGN);
        ::signal(SIGPIPE, SIG_DFL);
        struct sigaction action {};
        action.sa_handler = SIG_DFL;
        ::sigaction(SIGHUP, &action, nullptr);  // what is copied below
        for (int number = 1; number <= signal_max; ++number)
            if (signals::may_be_ignored(number) && ::sigaction(number, &action, nullptr) < 0)
                platform::copy_disposition(SIGHUP, number);
        signals::be_child();
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
    }

    // As execvp(3) goes along PATH: what is not there is passed over, what may not be executed is
    // told of if nothing better comes, anything else ends the search. A directory that may not be
    // searched has no program for us. "Not there" is also said of the interpreter in a script's
    // first line, or of an executable's loader.
    [[noreturn]] void execute() {
        if (plan_.listen_pid != nullptr) {
            Sink digits(plan_.listen_pid, listen_pid_digits_max);
            digits << static_cast<int64_t>(::getpid());
            digits.c_str();
        }
        SpawnStep step = SpawnStep::exec;
        int code = ENOENT;
        const size_t searched = plan_.programs.size();
        for (const char* program : plan_.programs) {
            sys::execve(program, plan_.arguments.data(), plan_.environment.data());
            const int cause = errno;
            if (cause != EACCES && cause != ENOENT && cause != ENOTDIR)
                fail(SpawnStep::exec, cause);
            struct stat file {};
            const bool is_there = sys::stat(program, &file) == 0;
            if (cause == EACCES && (is_there || searched == 1)) code = EACCES;
            if (cause == ENOENT && is_there) step = SpawnStep::interpreter;
        }
        fail(code == ENOENT ? step : SpawnStep::exec, code);
    }

    const Birth& birth_;
    const SpawnPlan& plan_;
    const Policy& policy_;
    int report_fd_;
    int null_fd_ = -1;
    int from_[placements_max_count];  // of each placement, out of the way
};

[[noreturn]] void become(const void* birth) { Child(*static_cast<const Birth*>(birth)).run(); }

// Where nobody but the machine can make it long until exec: the child opens no file of the user's
// (a FIFO, a terminal), waits for nothing (nice), and is no other user's, who could stop it. What
// remains is a program on a file system that does not answer; posix_spawn waits for that too.
bool may_share_memory(const SpawnPlan& plan) {
    const Policy& policy = *plan.policy;
    return platform::can_share_memory && !plan.switch_user && !policy.opens_input() &&
           policy.tty.empty() && !policy.nice;
}

}  // namespace

Result<Spawned> spawn(const SpawnPlan& plan, Pace& pace) {
    Spawned spawned;
    Exec& exec = spawned.exec;
    const Mono begin = sys::mono_now();
    const bool may_share = may_share_memory(plan);
    Fd report;
    bool shared = may_share && begin >= pace.busy_until;
    if (!shared && sys::pipe(exec.fd, report) < 0) {
        if (!may_share) return Error{"pipe", {}, errno};
        shared = true;
    }
    volatile SpawnFailure failure{};
    const Birth birth{plan, platform::start_time_now(), shared ? &failure : nullptr, report.get(),
                      exec.fd.get()};
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, &before);
    spawned.pid = sys::fork(shared ? sys::Memory::shared : sys::Memory::copied, become, &birth);
    int code = errno;
    signals::be_parent();
    // Fails where the child was first and has executed its program; then it is done already.
    if (spawned.pid > 0 && plan.mode == SpawnMode::main && !shared)
        sys::setpgid(spawned.pid, spawned.pid);
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    if (spawned.pid < 0) return Error{"fork", {}, code};
    if (shared) {
        const Mono end = sys::mono_now();
        if ((end - begin).ms > exec_wait_max_ms) pace.busy_until = end + milliseconds(busy_for_ms);
    }
    spawned.start_time = platform::start_time_since(birth.before, spawned.pid);
    if (shared) {
        exec.failure = {failure.step, failure.code};
        exec.status = exec.failure.code == 0 ? ExecStatus::done : ExecStatus::failed;
    }
    return Result<Spawned>(std::move(spawned));
}

ExecStatus follow(Exec& exec) {
    while (exec.status == ExecStatus::pending) {
        ssize_t count = sys::read(exec.fd.get(), &exec.failure, sizeof exec.failure);
        if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
        const bool told = count == static_cast<ssize_t>(sizeof exec.failure);
        if (told && exec.failure.code == 0) {
            exec.is_waiting = true;
            continue;
        }
        exec.status = told ? ExecStatus::failed : ExecStatus::done;
        exec.fd.reset();
    }
    return exec.status;
}

}  // namespace reeve
