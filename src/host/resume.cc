#include "host/resume.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <sys/wait.h>
#include <unistd.h>

#include "base/list.h"
#include "host/complain.h"
#include "host/platform.h"
#include "host/signals.h"
#include "host/sys.h"
#include "model/signals.h"

namespace reeve {

namespace {

constexpr std::string_view option = "--resume=";
constexpr int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

// All that a fault needs is made ready before: the heap may be what is broken.
Resumption ours;
pid_t owner = 0;
pid_t last_child = 0;
char own_path[path_max_bytes];
char own_image[] = "/proc/self/exe";
char argument[4096];
char** arguments = nullptr;
char** environment = nullptr;
alignas(16) char fault_stack[16384];
sigset_t fault_set;
bool may_resume = false;

void append_number(Sink& out, const char* key, int64_t value) { out << ' ' << key << '=' << value; }

// By the path, so that it is seen under its name; where another program is there by now, as the
// system knows what runs.
const char* own_program() {
    struct stat there;
    struct stat running;
    if (own_path[0] == '\0') return own_image;
    const bool is_same = sys::stat(own_path, &there) == 0 && sys::stat(own_image, &running) == 0 &&
                         there.st_dev == running.st_dev && there.st_ino == running.st_ino;
    return is_same || access(own_image, X_OK) < 0 ? own_path : own_image;
}

// What was counted and not looked at yet comes again, once signals are let through.
int execute(const char* program) {
    platform::block_all_signals();
    signals::give_back();
    Sink out(argument, sizeof argument);
    append_resumption(out, ours);
    out.c_str();
    platform::unseal_descriptors();
    sys::execve(program, arguments, environment);
    const int code = errno;
    platform::seal_descriptors({});
    return code;
}

// There is no way back. An ordinary process ends as it would have, and what it ran lives on; PID 1
// takes everything with it, so it does what can be done without memory: it passes signals on to
// `-- CMD`, and waits.
[[noreturn]] void give_up(int number) {
    if (getpid() != 1) {
        struct sigaction action = {};
        action.sa_handler = SIG_DFL;
        sigaction(number, &action, nullptr);
        sigset_t one;
        sigemptyset(&one);
        sigaddset(&one, number);
        raise(number);
        sigprocmask(SIG_UNBLOCK, &one, nullptr);
    }
    sigset_t all;
    sigfillset(&all);
    for (;;) {
        int status = 0;
        for (pid_t pid; (pid = sys::waitpid(-1, &status, WNOHANG)) > 0;)
            if (pid == last_child)
                _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
        int came = 0;
        sigwait(&all, &came);
        if (last_child > 0 && came != SIGCHLD) sys::kill(last_child, came);
    }
}

void note_crash(int number) {
    ++ours.crashes;
    ours.by_fault = true;
    ours.signal = number;
    ours.crashed = sys::wall_now();
    std::copy_backward(ours.recent.begin(), ours.recent.end() - 1, ours.recent.end());
    ours.recent[0] = sys::mono_now();
}

extern "C" void on_fault(int number) {
    // A child that still has our memory, or a copy of it, dies of its own fault.
    if (getpid() != owner) {
        signal(number, SIG_DFL);
        raise(number);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, nullptr);
        _exit(128 + number);
    }
    note_crash(number);
    Buffer<160> line;
    line << "crashed (SIG";
    append_signal(line, number);
    line << (may_resume ? "): goes on by executing itself again" : ")");
    complain(line.view());
    // Nor does a fault that comes back at once use up the machine.
    if (ours.crashes_often()) sys::poll({}, crash_pause_ms);
    if (may_resume) execute(own_program());
    give_up(number);
}

}  // namespace

bool Resumption::crashes_often() const {
    const Mono first = recent.back();
    return first.ms != 0 && recent.front() - first < milliseconds(crashes_careful_ms);
}

bool Resumption::has_ended(pid_t pid) const {
    return std::any_of(reaped.ended.begin(), reaped.ended.begin() + reaped.count,
                       [&](const Ended& each) { return each.pid == pid; });
}

Resumption& resumption() { return ours; }

void append_resumption(Sink& out, const Resumption& resumption) {
    out << option;
    if (resumption.by_fault) append_number(out, "fault", 1);
    if (resumption.careful) append_number(out, "careful", 1);
    if (resumption.nofile) append_number(out, "nofile", static_cast<int64_t>(*resumption.nofile));
    append_number(out, "crashes", resumption.crashes);
    append_number(out, "signal", resumption.signal);
    append_number(out, "crashed", resumption.crashed.ms);
    for (const Mono at : resumption.recent)
        if (at.ms != 0) append_number(out, "recent", at.ms);
    if (resumption.ending) {
        append_number(out, "code", resumption.exit_code);
        append_number(out, "finale", resumption.finale);
        append_number(out, "kill_at", resumption.kill_at.ms);
    }
    for (size_t i = 0; i < resumption.reaped.count; ++i) {
        append_number(out, "ended", resumption.reaped.ended[i].pid);
        append_number(out, "status", resumption.reaped.ended[i].status);
    }
}

bool parse_resumption(std::string_view text, Resumption& resumption) {
    if (!text.starts_with(option)) return false;
    text.remove_prefix(option.size());
    resumption = {};
    resumption.resumed = true;
    size_t recent = 0;
    for (auto word = take_word(text); !word.empty(); word = take_word(text)) {
        const size_t equals = word.find('=');
        const std::string_view key = word.substr(0, equals);
        const auto value =
            parse_integer(word.substr(std::min(equals, word.size() - 1) + 1), 0, INT64_MAX);
        if (!value) continue;
        const int number = static_cast<int>(*value);
        if (key == "fault") resumption.by_fault = number != 0;
        if (key == "careful") resumption.careful = number != 0;
        if (key == "nofile") resumption.nofile = static_cast<rlim_t>(*value);
        if (key == "crashes") resumption.crashes = static_cast<uint32_t>(*value);
        if (key == "signal") resumption.signal = number;
        if (key == "crashed") resumption.crashed.ms = *value;
        if (key == "recent" && recent < resumption.recent.size())
            resumption.recent[recent++].ms = *value;
        if (key == "code") resumption.exit_code = number;
        if (key == "finale") resumption.finale = number;
        if (key == "kill_at") {
            resumption.ending = true;
            resumption.kill_at.ms = *value;
        }
        auto& [ended, count] = resumption.reaped;
        if (key == "ended" && count < ended.size()) ended[count++] = {number, 0};
        if (key == "status" && count > 0) ended[count - 1].status = number;
    }
    return true;
}

void catch_faults(int& argc, char** argv, char** environ_given) {
    owner = getpid();
    environment = environ_given;
    if (argc > 1 && parse_resumption(argv[1], ours)) {
        std::copy(argv + 2, argv + argc + 1, argv + 1);
        --argc;
    }
    arguments = new char*[static_cast<size_t>(argc) + 2];
    arguments[0] = argv[0];
    arguments[1] = argument;
    std::copy(argv + 1, argv + argc + 1, arguments + 2);  // and the null behind them
    stack_t stack = {};
    stack.ss_sp = fault_stack;
    stack.ss_size = sizeof fault_stack;
    sigaltstack(&stack, nullptr);
    struct sigaction action = {};
    action.sa_handler = on_fault;
    action.sa_flags = SA_ONSTACK;
    sigfillset(&action.sa_mask);
    sigemptyset(&fault_set);
    for (const int number : faults) {
        sigaction(number, &action, nullptr);
        sigaddset(&fault_set, number);
    }
    hold_faults(false);  // as the fault before has left them
}

void hold_faults(bool held) { sigprocmask(held ? SIG_BLOCK : SIG_UNBLOCK, &fault_set, nullptr); }

void set_own_program(const char* path) {
    may_resume = true;
    Sink out(own_path, sizeof own_path);
    out << std::string_view(path);
    out.c_str();
}

void set_last_child(pid_t pid) { last_child = pid; }

int execute_again(const char* program) {
    sigset_t before;
    sigprocmask(SIG_SETMASK, nullptr, &before);
    const int code = execute(program);
    sigprocmask(SIG_SETMASK, &before, nullptr);
    return code;
}

}  // namespace reeve
