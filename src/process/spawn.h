// spawn: the fork, and what the child makes of itself between fork and exec.
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
    SpawnFailure failure;  // where it failed
};

// Looks at a pending one again, and returns its status.
ExecStatus follow(Exec& exec);

struct Spawned {
    pid_t pid = 0;
    uint64_t start_time = 0;
    Exec exec;
};

// Forks a child that carries out the plan. An error is the parent's: pipe or fork failed, nothing
// runs. What fails in the child is in `exec`, and the child exits with 127 where the program was
// not found, else with 126.
// Where nothing can keep the child, exec is over when this returns: see memory_for() in spawn.cc.
// A service or a hook is in its own session once exec is no longer pending; until then a signal for
// it goes to its pid, where it waits until the child takes signals.
Result<Spawned> spawn(const SpawnPlan& plan);

}  // namespace reeve
