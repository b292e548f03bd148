#include "process/resume.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/list.h"
#include "base/parse.h"
#include "kernel/complain.h"
#include "kernel/platform.h"
#include "kernel/signals.h"
#include "kernel/sys.h"
#include "model/signals.h"

namespace reeve {

namespace {

constexpr std::string_view option = "--resume=";

// All that a fault needs is made ready before: the heap may be what is broken.
Resumption ours;
pid_t owner = 0;
char own_path[path_max_bytes];
char own_image[] = "/proc/self/exe";
char argument[8192];
char** arguments = nullptr;
char** environment = nullptr;
alignas(16) char fault_stack[65536];  // a fault may come on top of a fault, with all registers
sigset_t fault_set;
bool is_machine = false;
bool has_begun = false;
bool goes_on = false;  // by executing the program again
volatile sig_atomic_t faults_under_way = 0;
// What children that have a copy of our memory share with us.
struct Shared {
    std::atomic<int> leaving;  // another program is about to take our place
    std::atomic<int> writing;  // children that put themselves on record
};
Shared* shared = nullptr;

// From here on no child begins to write, and what one has begun is soon whole.
void begin_leaving() {
    if (shared == nullptr) return;
    shared->leaving.store(1);
    for (int i = 0; i < record_wait_max_ms && shared->writing.load() > 0; ++i) sys::sleep(1000);
}

void append_number(Sink& out, const char* key, int64_t value) { append(out, ' ', key, '=', value); }

// By the path, so that it is seen under its name; where another program is there by now, as the
// system knows what runs.
const char* own_program() {
    struct stat there;
    struct stat running;
    if (own_path[0] == '\0') return own_image;
    const bool is_same = sys::stat(own_path, &there) == 0 && sys::stat(own_image, &running) == 0 &&
                         there.st_dev == running.st_dev && there.st_ino == running.st_ino;
    return is_same || sys::access(own_image, X_OK) < 0 ? own_path : own_image;
}

// What was counted and not looked at yet comes again, once signals are let through.
int execute(const char* program) {
    platform::block_all_signals();
    signals::give_back();
    Sink out(argument, sizeof argument);
    append_resumption(out, ours);
    out.c_str();
    arguments[1] = argument;
    platform::unseal_descriptors();
    for (size_t i = 0; i < ours.given.count; ++i) sys::fcntl(ours.given.fds[i], F_SETFD, 0);
    begin_leaving();
    sys::execve(program, arguments, environment);
    const int code = errno;
    if (shared != nullptr) shared->leaving.store(0);
    platform::seal_descriptors({});
    return code;
}

// Collects who has ended. False: there is nobody left.
bool collect() {
    int status = 0;
    pid_t pid;
    while ((pid = sys::waitpid(-1, &status, WNOHANG)) > 0)
        if (pid == ours.main)
            _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return pid == 0;
}

[[noreturn]] void end_everything(int number) {
    sys::kill(-1, SIGTERM);
    sys::kill(-1, SIGCONT);
    const Mono kill_at = sys::mono_now() + milliseconds(leftover_grace_max_ms);
    const Mono end_at = kill_at + milliseconds(leftover_grace_max_ms);
    for (Mono now = sys::mono_now(); collect() && now < end_at; now = sys::mono_now()) {
        if (now >= kill_at) sys::kill(-1, SIGKILL);
        sys::poll({}, 20);
    }
    if (is_machine)
        platform::power(number == SIGUSR2   ? platform::PowerAction::poweroff
                        : number == SIGUSR1 ? platform::PowerAction::halt
                                            : platform::PowerAction::reboot);
    _exit(ours.ending ? ours.exit_code : 0);
}

bool is_told_to_end(int number) {
    if (number == SIGTERM || number == SIGINT) return true;
    if (is_machine) return number == SIGUSR1 || number == SIGUSR2;
    const auto stops = platform::container_stop_signals;
    return std::find(stops.begin(), stops.end(), number) != stops.end();
}

// What PID 1 can do without memory: it reaps, passes signals on to `-- CMD`, and where there is
// none ends everything when it is told to. What was counted and not looked at yet comes again.
[[noreturn]] void keep_house() {
    sigset_t all;
    sigfillset(&all);
    if (ours.ending) end_everything(SIGTERM);
    signals::give_back();
    for (;;) {
        collect();
        int came = 0;
        sigwait(&all, &came);
        if (came == SIGCHLD || signals::is_fault(came)) continue;
        if (ours.main > 0)
            sys::kill(ours.main, came);
        else if (is_told_to_end(came))
            end_everything(came);
    }
}

// There is no way back. An ordinary process ends as it would have, and what it ran lives on; PID 1
// takes everything with it, so it goes on without a mind.
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
    keep_house();
}

// A pause in which memory may come back. False: somebody has told it to end meanwhile.
bool wait_for_memory() {
    platform::block_all_signals();
    signals::give_back();
    for (int64_t waited_ms = 0; waited_ms < memory_pause_ms; waited_ms += crash_pause_ms) {
        sigset_t pending;
        sigpending(&pending);
        for (int number = 1; number <= signal_max; ++number)
            if (sigismember(&pending, number) == 1 && is_told_to_end(number)) return false;
        sys::poll({}, crash_pause_ms);
    }
    return true;
}

void note_crash(int number) {
    ++ours.crashes;
    ours.by_fault = true;
    ours.signal = number;
    ours.crashed = sys::wall_now();
    std::copy_backward(ours.recent.begin(), ours.recent.end() - 1, ours.recent.end());
    ours.recent[0] = sys::mono_now();
}

// What it is about to do about it, to whoever reads what it writes.
void tell_crash(int number, bool tries) {
    Buffer<160> line;
    line << "crashed (SIG";
    append_signal(line, number);
    line << ')';
    if (tries)
        line << ": goes on by executing itself again";
    else if (!has_begun && !goes_on)
        line << " in its first start, and ends: it would do so again at the next";
    else if (goes_on && getpid() == 1)
        append(line,
               ", as each time that it executed itself again: it only reaps from now on, and ",
               ours.main > 0 ? "passes signals on to CMD" : "stops all when SIGTERM says so");
    else if (goes_on)
        line << ", as each time that it executed itself again: what it ran lives on without it";
    complain(line);
}

// A child that still has our memory, or a copy of it, dies of its own fault.
[[noreturn]] void die_of(int number) {
    signal(number, SIG_DFL);
    raise(number);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    _exit(128 + number);
}

// A fault on top of a fault: one that others sent changes nothing, for the program goes already;
// of one of our own all that is left is done without a word.
extern "C" void on_fault(int number, siginfo_t* info, void*) {
    if (getpid() != owner) die_of(number);
    const bool is_sent =
        (info->si_code == SI_USER || info->si_code == SI_QUEUE) && info->si_pid != owner;
    if (faults_under_way > 0 && is_sent) return;
    const int depth = faults_under_way + 1;
    faults_under_way = depth;
    if (depth > 2) give_up(number);
    if (depth == 1) {
        note_crash(number);
        if (!has_begun && !is_sent) {
            ++ours.stuck;
            ours.reads_nothing = true;
        }
    }
    const bool is_stuck = ours.stuck >= crashes_safe_mode_count;
    // Where that is all there is to it it goes on trying. A CMD's end is not to wait for it.
    const bool waits = is_stuck && memory_was_short && ours.main <= 0;
    bool tries = goes_on && (!is_stuck || waits);
    if (depth == 1) {
        tell_crash(number, tries);
        // A fault that comes back at once must not use up the machine.
        if (ours.crashes_often()) sys::poll({}, crash_pause_ms);
    }
    if (!has_begun && !goes_on) _exit(exit_cannot_run);
    if (tries && waits) tries = wait_for_memory();
    for (int i = 0; tries && i < execute_tries_count; ++i) {
        execute(own_program());
        sys::poll({}, execute_pause_ms);
    }
    platform::block_all_signals();
    give_up(number);
}

}  // namespace

bool Resumption::crashes_often() const {
    const Mono first = recent.back();
    return first.ms != 0 && recent.front() - first < milliseconds(crashes_safe_mode_ms);
}

bool Resumption::has_ended(pid_t pid) const {
    return std::any_of(reaped.ended.begin(), reaped.ended.begin() + reaped.count,
                       [&](const Ended& each) { return each.pid == pid; });
}

Resumption& resumption() { return ours; }

void append_resumption(Sink& out, const Resumption& resumption) {
    out << option;
    if (resumption.by_fault) append_number(out, "fault", 1);
    if (resumption.safe_mode) append_number(out, "safe_mode", 1);
    if (resumption.begun) append_number(out, "begun", 1);
    if (resumption.reads_nothing) append_number(out, "reads_nothing", 1);
    if (resumption.stuck != 0) append_number(out, "stuck", resumption.stuck);
    if (resumption.log_user[0] != '\0') append(out, " log_user=", resumption.log_user);
    if (resumption.nofile) append_number(out, "nofile", static_cast<int64_t>(*resumption.nofile));
    if (resumption.stateless) append_number(out, "stateless", *resumption.stateless);
    if (resumption.sealed) append_number(out, "sealed", 1);
    if (resumption.main > 0) append_number(out, "main", resumption.main);
    for (size_t i = 0; i < resumption.given.count; ++i)
        append_number(out, "given", resumption.given.fds[i]);
    append_number(out, "crashes", resumption.crashes);
    append_number(out, "signal", resumption.signal);
    append_number(out, "crashed", resumption.crashed.ms);
    for (const Mono at : resumption.recent)
        if (at.ms != 0) append_number(out, "recent", at.ms);
    if (resumption.memory_kills)
        append_number(out, "memory_kills", static_cast<int64_t>(*resumption.memory_kills));
    if (resumption.ending) {
        append_number(out, "code", resumption.exit_code);
        append_number(out, "finale", resumption.finale);
        append_number(out, "kill_at", resumption.kill_at.ms);
    }
    const auto append_ended = [&](const Resumption::Ended& each) {
        append_number(out, "ended", each.pid);
        append_number(out, "status", each.status);
    };
    for (size_t i = 0; i < resumption.reaped.count; ++i) append_ended(resumption.reaped.ended[i]);
    const Resumption::Ended& last = resumption.main_end;
    if (last.pid != 0 && !resumption.has_ended(last.pid)) append_ended(last);
}

bool parse_resumption(std::string_view rest, Resumption& resumption) {
    if (!rest.starts_with(option)) return false;
    rest.remove_prefix(option.size());
    resumption = {};
    resumption.resumed = true;
    size_t recent = 0;
    for (auto word = take_word(rest); !word.empty(); word = take_word(rest)) {
        const size_t equals = word.find('=');
        const std::string_view key = word.substr(0, equals);
        const std::string_view text = word.substr(std::min(equals, word.size() - 1) + 1);
        if (key == "log_user") {
            Sink name(resumption.log_user, sizeof resumption.log_user);
            name << text;
            name.c_str();
        }
        const auto value = parse_integer(text, 0, INT64_MAX);
        if (!value) continue;
        const int number = static_cast<int>(*value);
        if (key == "fault") resumption.by_fault = number != 0;
        if (key == "safe_mode") resumption.safe_mode = number != 0;
        if (key == "begun") resumption.begun = number != 0;
        if (key == "reads_nothing") resumption.reads_nothing = number != 0;
        if (key == "stuck") resumption.stuck = static_cast<uint32_t>(*value);
        if (key == "nofile") resumption.nofile = static_cast<rlim_t>(*value);
        if (key == "stateless") resumption.stateless = number != 0;
        if (key == "sealed") resumption.sealed = number != 0;
        if (key == "main") resumption.main = number;
        auto& [given, given_count] = resumption.given;
        if (key == "given" && given_count < given.size()) given[given_count++] = number;
        if (key == "crashes") resumption.crashes = static_cast<uint32_t>(*value);
        if (key == "signal") resumption.signal = number;
        if (key == "crashed") resumption.crashed.ms = *value;
        if (key == "recent" && recent < resumption.recent.size())
            resumption.recent[recent++].ms = *value;
        if (key == "memory_kills") resumption.memory_kills = static_cast<uint64_t>(*value);
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

// Memory may be short: what a resumed program needs of it is in its arguments already.
bool begin_record() {
    if (shared == nullptr) return true;
    shared->writing.fetch_add(1);
    if (shared->leaving.load() == 0) return true;
    end_record();
    return false;
}

void end_record() {
    if (shared != nullptr) shared->writing.fetch_sub(1);
}

void catch_faults(int& argc, char**& argv, char** environ_given) {
    owner = getpid();
    environment = environ_given;
    if (argc > 1 && parse_resumption(argv[1], ours)) {
        arguments = argv;
        argv[1] = argv[0];
        ++argv;
        --argc;
    }
    void* place =
        ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (place != MAP_FAILED) shared = new (place) Shared{};
    stack_t stack = {};
    stack.ss_sp = fault_stack;
    stack.ss_size = sizeof fault_stack;
    sigaltstack(&stack, nullptr);
    goes_on = ours.resumed;
    struct sigaction action = {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_ONSTACK | SA_NODEFER | SA_SIGINFO;
    sigfillset(&action.sa_mask);
    sigemptyset(&fault_set);
    for (int number = 1; number <= signal_max; ++number) {
        if (!signals::is_fault(number)) continue;
        sigaddset(&fault_set, number);
        sigdelset(&action.sa_mask, number);
    }
    for (int number = 1; number <= signal_max; ++number) {
        if (!signals::is_fault(number)) continue;
        if (ours.resumed) signal(number, SIG_IGN);  // what is pending was for what was here before
        sigaction(number, &action, nullptr);
    }
    hold_faults(false);  // as the fault before has left them
    if (arguments != nullptr) return;
    arguments = new char*[static_cast<size_t>(argc) + 2];
    arguments[0] = argv[0];
    std::copy(argv + 1, argv + argc + 1, arguments + 2);  // and the null behind them
}

void hold_faults(bool held) { sigprocmask(held ? SIG_BLOCK : SIG_UNBLOCK, &fault_set, nullptr); }

void set_own_program(const char* path) {
    Sink out(own_path, sizeof own_path);
    out << std::string_view(path);
    out.c_str();
}

void set_machine() { is_machine = goes_on = true; }

void set_begun(bool is_on_record) {
    has_begun = true;
    goes_on = ours.begun = is_on_record;
    ours.stuck = 0;
}

void set_last_child(pid_t pid) {
    ours.main = pid;
    ours.given.count = 0;
}

int execute_again(const char* program) {
    sigset_t before;
    sigprocmask(SIG_SETMASK, nullptr, &before);
    ours.reads_nothing = false;  // another program may do better
    const int code = execute(program);
    sigprocmask(SIG_SETMASK, &before, nullptr);
    return code;
}

}  // namespace reeve
