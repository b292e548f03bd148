// spawn: the fork, and what the child makes of itself between fork and exec.
//
// On a quiet machine a child has our memory until exec (vfork): nothing is copied, a start takes
// half the time, and how exec went is known at once. But reeve stands still until then. The child
// leads a session, so that services get no terminal by accident and keep none of reeve's, and so
// that Linux (autogroup) gives each its share of the processors: one with fifty processes does not
// starve the others. A new share begins behind those that run: on a busy machine the child waits
// for a slice of their time, and reeve would wait with it, once for each start. So where an exec
// took longer than exec_wait_max_ms the children of the next busy_for_ms have a copy of our memory
// (fork), and reeve goes on. Of 1000 services on two processors beside two busy loops and two
// compilers (Linux 6.18, median of six): vfork 3.3 s, a copy for each 2.7 s, this 2.6 s. With a
// process group in the place of the session it is 6.2 s: all of them have reeve's one share. (With
// nothing but two loops beside it that one is the fastest, by as much as a share is worth.)
#pragma once

#include <sys/types.h>

#include "base/result.h"
#include "kernel/pollset.h"
#include "process/spawn_plan.h"

namespace reeve {

// The step of the child's set-up that failed.
struct SpawnFailure {
    SpawnStep step = SpawnStep::prepare;
    int code = 0;  // an errno value
};

enum class ExecStatus : uint8_t { pending, done, failed };

// How it went with a child between fork and exec. One that was killed before exec looks `done`
// here: its exit tells.
struct Exec {
    PolledFd fd;  // while it is pending; becomes readable when it no longer is
    ExecStatus status = ExecStatus::pending;
    bool is_waiting = false;  // pending for as long as somebody likes; on record by then
    SpawnFailure failure;     // where it failed
};

// Looks at a pending one again, and returns its status.
ExecStatus follow(Exec& exec);

// How busy the machine is, as far as starts have shown.
struct Pace {
    Mono busy_until{0};  // a child took long to its exec, and we stood still
};

struct Spawned {
    pid_t pid = 0;
    uint64_t start_time = 0;
    Exec exec;
};

// Forks a child that carries out the plan. An error is the parent's: pipe or fork failed, nothing
// runs. What fails in the child is in `exec`, and the child exits with 127 where the program was
// not found, else with 126.
// A service or a hook is in its own session once exec is no longer pending; until then a signal for
// it goes to its pid, where it waits until the child takes signals.
Result<Spawned> spawn(const SpawnPlan& plan, Pace& pace);

}  // namespace reeve
