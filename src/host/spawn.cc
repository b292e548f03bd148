#include "host/spawn.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "host/platform.h"
#include "host/sys.h"
#include "model/signals.h"

namespace reeve {

namespace {

// As a shell has them.
constexpr int exit_not_found = 127;
constexpr int exit_not_executed = 126;

int resource_of(LimitName name) {
    switch (name) {
    case LimitName::nofile: return RLIMIT_NOFILE;
    case LimitName::core: return RLIMIT_CORE;
    case LimitName::as: return RLIMIT_AS;
    case LimitName::data: return RLIMIT_DATA;
    case LimitName::stack: return RLIMIT_STACK;
    case LimitName::cpu: return RLIMIT_CPU;
    case LimitName::fsize: return RLIMIT_FSIZE;
    case LimitName::nproc: return RLIMIT_NPROC;
    case LimitName::memlock: return RLIMIT_MEMLOCK;
    }
    return -1;
}

rlim_t limit_value(uint64_t value) {
    return value == unlimited ? RLIM_INFINITY : static_cast<rlim_t>(value);
}

// The child, from fork to exec: async-signal-safe calls alone, over a plan that is only read. All
// signals are blocked until the last moment, so that reeve's handlers never run in it.
//
//   record -> session, terminal -> 0-2, other descriptors -> oom_score_adj, nice, umask, limits
//   -> chroot -> user -> directory -> no_new_privs -> signals -> exec
//
// What needs reeve's rights comes before the user, what the service's rights should decide (the
// directory) after it. Limits come behind all that opens a descriptor.
class Child {
  public:
    Child(const SpawnPlan& plan, int report_fd)
        : plan_(plan), policy_(*plan.policy), report_fd_(report_fd), output_fd_(plan.output_fd),
          ready_fd_(plan.ready.fd) {}

    [[noreturn]] void run() {
        write_record();
        enter_group();
        clear_targets();
        set_stdio();
        set_descriptors();
        set_priorities();
        set_limits();
        if (!policy_.chroot.empty()) need(sys::chroot(policy_.chroot.c_str()), SpawnStep::chroot);
        set_user();
        set_directory();
        if (policy_.no_new_privs) need(platform::set_no_new_privs(), SpawnStep::no_new_privs);
        reset_signals();
        execute();
    }

  private:
    // Reports the step through the pipe and ends the child.
    [[noreturn]] void fail(SpawnStep step, int code) {
        SpawnFailure failure{step, code};
        // Where even this fails, the exit code is all that is left to say.
        sys::write(report_fd_, &failure, sizeof failure);
        bool not_found = step == SpawnStep::exec && code == ENOENT;
        ::_exit(not_found ? exit_not_found : exit_not_executed);
    }

    void need(ssize_t answer, SpawnStep step) {
        if (answer < 0) fail(step, errno);
    }

    void write_record() {
        const RecordWriter& record = plan_.record;
        if (record.fd < 0) return;
        char bytes[child_record_max_bytes];
        size_t size = record.format(bytes, sizeof bytes, record.context, ::getpid(),
                                    platform::own_start_time());
        ssize_t written = sys::pwrite(record.fd, bytes, size, record.offset);
        need(written, SpawnStep::record);
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
        int highest = std::max(2, plan_.ready.number);
        for (int* fd : {&report_fd_, &output_fd_, &ready_fd_}) {
            if (*fd < 0 || *fd > highest) continue;
            int moved = sys::fcntl(*fd, F_DUPFD_CLOEXEC, highest + 1);
            need(moved, SpawnStep::descriptor);
            *fd = moved;
        }
    }

    // Makes `from` the program's descriptor `to`.
    void place(int from, int to, SpawnStep step) {
        need(from == to ? sys::fcntl(to, F_SETFD, 0) : sys::dup2(from, to), step);
    }

    void set_stdio() {
        if (plan_.mode == SpawnMode::service && !policy_.tty.empty()) {
            set_terminal();
            return;
        }
        if (plan_.mode != SpawnMode::main) {
            bool given = plan_.mode == SpawnMode::service && !policy_.input.empty();
            int input = sys::open(given ? policy_.input.c_str() : "/dev/null", O_RDONLY);
            need(input, SpawnStep::input);
            place(input, 0, SpawnStep::input);
        }
        if (plan_.output == Output::inherit) return;
        int output = output_fd_;
        if (plan_.output == Output::null) output = sys::open("/dev/null", O_WRONLY);
        need(output, SpawnStep::output);
        place(output, 1, SpawnStep::output);
        place(output, 2, SpawnStep::output);
    }

    // O_NONBLOCK: a serial line without a carrier would keep us.
    void set_terminal() {
        int terminal = sys::open(policy_.tty.c_str(), O_RDWR | O_NONBLOCK);
        need(terminal, SpawnStep::terminal);
        int flags = sys::fcntl(terminal, F_GETFL);
        need(flags, SpawnStep::terminal);
        need(sys::fcntl(terminal, F_SETFL, flags & ~O_NONBLOCK), SpawnStep::terminal);
        need(sys::set_controlling_terminal(terminal), SpawnStep::terminal);
        for (int target = 0; target < 3; ++target) place(terminal, target, SpawnStep::terminal);
    }

    void set_descriptors() {
        if (ready_fd_ >= 0) place(ready_fd_, plan_.ready.number, SpawnStep::descriptor);
        for (int fd : plan_.inherited) need(sys::fcntl(fd, F_SETFD, 0), SpawnStep::descriptor);
    }

    void set_priorities() {
        if (policy_.oom_score_adj)
            need(platform::set_oom_score_adj(*policy_.oom_score_adj), SpawnStep::oom_score_adj);
        if (policy_.nice) need(sys::setpriority(*policy_.nice), SpawnStep::nice);
        if (policy_.umask >= 0) ::umask(static_cast<mode_t>(policy_.umask));
    }

    void set_limits() {
        for (size_t i = 0; i < limit_count; ++i) {
            const Limit& limit = policy_.limits[i];
            if (!limit.set) continue;
            struct rlimit values {};
            values.rlim_cur = limit_value(limit.soft);
            values.rlim_max = limit_value(limit.hard);
            need(sys::setrlimit(resource_of(static_cast<LimitName>(i)), &values), SpawnStep::limit);
        }
    }

    void set_user() {
        if (!plan_.switch_user) return;
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

    // All to the default, those too that reeve inherited ignored, or that libc keeps for itself.
    // KILL, STOP and numbers that the system does not have fail, and need nothing.
    void reset_signals() {
        struct sigaction action {};
        action.sa_handler = SIG_DFL;
        for (int number = 1; number <= signal_max; ++number)
            if (::sigaction(number, &action, nullptr) < 0)
                platform::copy_disposition(SIGHUP, number);
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
    }

    // As execvp(3) goes along PATH: what is not there is passed over, what may not be executed is
    // told of if nothing better comes, anything else ends the search.
    [[noreturn]] void execute() {
        if (plan_.listen_pid != nullptr) {
            Sink digits(plan_.listen_pid, listen_pid_digits_max);
            digits << static_cast<int64_t>(::getpid());
            digits.c_str();
        }
        int code = ENOENT;
        for (const char* program : plan_.programs) {
            sys::execve(program, plan_.arguments.data(), plan_.environment.data());
            if (errno == EACCES) code = EACCES;
            if (errno != EACCES && errno != ENOENT && errno != ENOTDIR)
                fail(SpawnStep::exec, errno);
        }
        fail(SpawnStep::exec, code);
    }

    const SpawnPlan& plan_;
    const Policy& policy_;
    int report_fd_;
    int output_fd_;
    int ready_fd_;
};

}  // namespace

Result<Spawned> spawn(const SpawnPlan& plan) {
    Spawned spawned;
    Fd report;
    if (sys::pipe(spawned.exec_status, report) < 0) return Error{"pipe", {}, errno};
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, &before);
    spawned.pid = sys::fork();
    if (spawned.pid == 0) Child(plan, report.get()).run();
    int code = errno;
    // Fails where the child was first and has executed its program; then it is done already.
    if (spawned.pid > 0 && plan.mode == SpawnMode::main) sys::setpgid(spawned.pid, spawned.pid);
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    if (spawned.pid < 0) return Error{"fork", {}, code};
    return Result<Spawned>(std::move(spawned));
}

ExecStatus read_exec_status(int fd, SpawnFailure& failure) {
    ssize_t count = sys::read(fd, &failure, sizeof failure);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return ExecStatus::pending;
    return count == static_cast<ssize_t>(sizeof failure) ? ExecStatus::failed : ExecStatus::done;
}

}  // namespace reeve
