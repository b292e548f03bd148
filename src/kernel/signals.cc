#include "kernel/signals.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <unistd.h>

#include "kernel/platform.h"
#include "kernel/sys.h"
#include "model/signals.h"

namespace reeve::signals {

namespace {

std::atomic<unsigned> counts[signal_max + 1];
// The pipe's ends, for as long as the process lives. Plain numbers: destructors at exit would draw
// in libc's atexit and malloc, and constructors cost each svctl the memory that they write to.
std::atomic<int> wake_fd{-1};
int read_fd = -1;
std::atomic<bool> is_awake{false};  // a byte is in the pipe since drain(): one a turn does
// What is true of a process that has not called open() is not known.
bool surely_not_ignored[signal_max + 1];
// In the child, which may have our memory.
volatile bool is_child = false;

void set_handler(int number, void (*handler)(int));

extern "C" void count_signal(int number) {
    const int saved = errno;
    if (is_child) {
        set_handler(number, SIG_DFL);
        sys::kill(getpid(), number);  // comes when this returns
        errno = saved;
        return;
    }
    counts[number].fetch_add(1);
    const int fd = wake_fd.load();
    // Where the byte cannot be written the loop would sleep on: once more, and at the next signal.
    if (fd >= 0 && !is_awake.exchange(true)) {
        bool is_written = false;
        for (int tries = 0; tries < 2 && !is_written; ++tries)
            is_written = sys::write(fd, "", 1) > 0;
        is_awake.store(is_written);
    }
    errno = saved;
}

void set_handler(int number, void (*handler)(int)) {
    struct sigaction action = {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigfillset(&action.sa_mask);
    if (sigaction(number, &action, nullptr) == 0) return;
    // libc keeps it for itself, and we are not to die of it all the same.
    struct sigaction before;
    sigaction(SIGHUP, &action, &before);
    platform::copy_disposition(SIGHUP, number);
    sigaction(SIGHUP, &before, nullptr);
}

}  // namespace

Status open() {
    Fd read_end;
    Fd write_end;
    if (sys::pipe(read_end, write_end) < 0) return Error{"pipe", {}, errno};
    read_fd = read_end.release();
    wake_fd.store(write_end.release());
    for (int number = 1; number <= signal_max; ++number) {
        struct sigaction action;
        if (number == SIGKILL || number == SIGSTOP) surely_not_ignored[number] = true;
        if (surely_not_ignored[number] || sigaction(number, nullptr, &action) < 0) continue;
        surely_not_ignored[number] = action.sa_handler != SIG_IGN;
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    // What came before the pipe was there.
    for (const auto& each : counts)
        if (each.load() > 0) count_signal(0);
    counts[0].store(0);
    return Nothing{};
}

bool may_be_ignored(int number) { return !surely_not_ignored[number]; }

void be_child() { is_child = true; }
void be_parent() { is_child = false; }

bool stop_group(int number) {
    struct sigaction by_default = {};
    struct sigaction before;
    by_default.sa_handler = SIG_DFL;
    sigaction(number, &by_default, &before);
    sys::kill(0, number);
    sigaction(number, &before, nullptr);
    return take(SIGCONT) > 0;
}

void count(int number) {
    set_handler(number, count_signal);
    surely_not_ignored[number] = true;
}

void ignore(int number) {
    set_handler(number, SIG_IGN);
    surely_not_ignored[number] = false;
}

bool is_fault(int number) {
    return number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE ||
           number == SIGABRT || number == SIGTRAP || number == SIGSYS;
}

void watch(PollSet& set) { set.add(read_fd, POLLIN); }

// What comes before the mark is taken away is counted by then; what comes after it writes again.
void drain() {
    if (!is_awake.load()) return;
    char bytes[8];
    [[maybe_unused]] const ssize_t got = sys::read(read_fd, bytes, sizeof bytes);
    is_awake.store(false);
}

void give_back() {
    for (int number = 1; number <= signal_max; ++number)
        for (unsigned count = take(number); count > 0; --count) sys::kill(getpid(), number);
}

unsigned take(int number) { return counts[number].exchange(0); }
bool is_pending(int number) { return counts[number].load() > 0; }

}  // namespace reeve::signals
