// stepper: runs a program from system call to system call (ptrace(2)), its children as well until
// they have executed another program, and makes it die at the call that a test has chosen.
#pragma once

#include <atomic>
#include <csignal>
#include <cstdint>
#include <sys/types.h>

#include "support/process.h"

namespace reeve::test {

// At KILL the call is not made: "right after call N" is "right before call N + 1". Of any other
// signal the program hears when the call has been made. Where the call is a child's, which then
// goes on, it is the program itself that dies all the same.
struct Death {
    static constexpr uint64_t never = 0;            // it is not even looked at
    static constexpr uint64_t counts = UINT64_MAX;  // its calls are counted

    uint64_t call = never;
    int signal = SIGKILL;
    bool is_awaited = false;  // calls count from begin_counting() on
};

class Stepper {
  public:
    // The program is found by its path. `output`: its standard output and error are appended to
    // this file. `as_init`: it is PID 1 of a namespace, with a /proc of its own.
    Stepper(const Strings& arguments, const std::string& output, Death death, bool as_init = false);
    // KILL, where it still runs.
    ~Stepper();
    Stepper(const Stepper&) = delete;
    Stepper& operator=(const Stepper&) = delete;

    void begin_counting();
    // Calls so far, its own and its children's.
    uint64_t calls() const { return state_->calls; }
    bool has_died() const { return state_->died; }  // as was wanted
    // It is no more. What it was may be asked once it is over: the exit code, or 128 + signal.
    bool over() const { return state_->over; }
    int status() const { return state_->status; }

  private:
    // Told by a process of its own, for a tracer must be one that waits.
    struct State {
        std::atomic<pid_t> pid;
        std::atomic<bool> may_count;
        std::atomic<bool> counts;
        std::atomic<uint64_t> calls;
        std::atomic<bool> died;
        std::atomic<int> status;
        std::atomic<bool> over;
    };
    class Tracer;

    State* state_;
};

}  // namespace reeve::test
