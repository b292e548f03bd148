#include "support/stepper.h"

#include <cerrno>
#include <fcntl.h>
#include <new>
#include <sched.h>
#include <set>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

namespace reeve::test {

namespace {

constexpr int options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                        PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;

using Request = decltype(PTRACE_CONT);  // an enumeration in glibc, an int in musl

long trace(Request request, pid_t pid, long data = 0) {
    return ptrace(request, pid, nullptr, reinterpret_cast<void*>(data));
}

bool enters_call(pid_t pid) {
    __ptrace_syscall_info info = {};
    ptrace(PTRACE_GET_SYSCALL_INFO, pid, reinterpret_cast<void*>(sizeof info), &info);
    return info.op == PTRACE_SYSCALL_INFO_ENTRY;
}

}  // namespace

class Stepper::Tracer {
  public:
    Tracer(State& state, Death death) : state_(state), death_(death) {}

    [[noreturn]] void run(const Strings& arguments, int output, bool as_init) {
        int go[2];
        const bool able = pipe(go) == 0 && (!as_init || unshare(CLONE_NEWPID | CLONE_NEWNS) == 0);
        pid_ = able ? fork() : -1;
        if (pid_ < 0) {
            state_.over = true;
            _exit(1);
        }
        if (pid_ == 0) become(arguments, output, as_init, go);
        state_.pid = pid_;
        close(go[0]);
        if (death_.call != Death::never && !death_.is_awaited) seize();
        close(go[1]);
        if (death_.call != Death::never && death_.is_awaited) {
            while (!state_.may_count && waitpid(pid_, nullptr, WNOHANG) == 0) usleep(200);
            seize();
        }
        int status;
        for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0;) see(pid, status);
        _exit(0);
    }

  private:
    [[noreturn]] static void become(const Strings& arguments, int output, bool as_init,
                                    const int (&go)[2]) {
        if (as_init && (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0 ||
                        mount("proc", "/proc", "proc", 0, nullptr) < 0))
            _exit(125);
        close(go[1]);
        char byte;
        while (read(go[0], &byte, 1) < 0) {}
        close(go[0]);
        setsid();
        const int input = open("/dev/null", O_RDONLY);
        dup2(input, 0);
        dup2(output, 1);
        dup2(output, 2);
        close(input);
        std::vector<char*> words;
        for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
        words.push_back(nullptr);
        setenv("ASAN_OPTIONS", "detect_leaks=0", 1);  // it cannot look under ptrace
        execv(words[0], words.data());
        _exit(125);
    }

    void seize() {
        trace(PTRACE_SEIZE, pid_, options);
        trace(PTRACE_INTERRUPT, pid_);
        state_.counts = true;
    }

    void see(pid_t pid, int status) {
        if (!WIFSTOPPED(status)) {
            if (pid != pid_) return;
            state_.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            state_.over = true;
            if (held_ != 0) trace(PTRACE_DETACH, held_);
            return;
        }
        const int number = WSTOPSIG(status);
        const int event = status >> 16;
        const bool is_call = number == (SIGTRAP | 0x80);
        const int signal = is_call || event != 0 ? 0 : number;
        const bool executed = event == PTRACE_EVENT_EXEC && pid != pid_;
        if (state_.died || executed) {
            trace(PTRACE_DETACH, pid, signal);
        } else if (is_call && enters_call(pid) && ++state_.calls == death_.call) {
            die_at(pid);
        } else if (event == PTRACE_EVENT_STOP && number != SIGTRAP) {
            trace(PTRACE_LISTEN, pid);
        } else {
            trace(PTRACE_SYSCALL, pid, signal);
        }
    }

    // A child is held until nobody is left that it could meet.
    void die_at(pid_t pid) {
        state_.died = true;
        if (death_.signal == SIGKILL) {
            kill(pid_, SIGKILL);
            if (pid != pid_) held_ = pid;
        } else {
            if (pid != pid_) kill(pid_, death_.signal);
            trace(PTRACE_DETACH, pid, pid == pid_ ? death_.signal : 0);
        }
    }

    State& state_;
    Death death_;
    pid_t pid_ = 0;
    pid_t held_ = 0;
};

Stepper::Stepper(const Strings& arguments, const std::string& output, Death death, bool as_init) {
    void* place =
        mmap(nullptr, sizeof(State), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (place == MAP_FAILED) throw std::runtime_error("mmap");
    state_ = new (place) State{};
    const int file = open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    const pid_t pid = file < 0 ? -1 : fork();
    if (pid == 0) {
        signal(SIGCHLD, SIG_DFL);
        Tracer(*state_, death).run(arguments, file, as_init);
    }
    close(file);
    if (pid < 0) throw std::runtime_error("fork");
    while (state_->pid == 0 && !state_->over) usleep(50);
}

void Stepper::begin_counting() {
    state_->may_count = true;
    while (!state_->counts && !state_->over) usleep(50);
}

Stepper::~Stepper() {
    if (state_->pid > 0 && !state_->over) kill(state_->pid, SIGKILL);
    munmap(state_, sizeof(State));
}

}  // namespace reeve::test
