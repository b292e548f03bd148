// spawn: the fork, and what the child makes of itself between fork and exec.
#pragma once

#include <sys/types.h>

#include "base/fd.h"
#include "base/result.h"
#include "host/spawn_plan.h"

namespace reeve {

struct Spawned {
    pid_t pid = 0;
    Fd exec_status;  // becomes readable once exec is done or has failed: see read_exec_status()
};

// Forks a child that carries out the plan. An error is the parent's: pipe or fork failed, nothing
// runs. What fails in the child comes through exec_status, and the child exits with 127 where the
// program was not found, else with 126.
// A service or a hook is in its own session once exec_status has something to say; until then a
// signal for it goes to its pid, where it waits until the child takes signals.
Result<Spawned> spawn(const SpawnPlan& plan);

// The step of the child's set-up that failed.
struct SpawnFailure {
    SpawnStep step = SpawnStep::prepare;
    int code = 0;  // an errno value
};

enum class ExecStatus : uint8_t { pending, done, failed };

// Reads exec_status once. `failed` fills `failure`. A child that was killed before exec looks
// `done` here: its exit tells.
ExecStatus read_exec_status(int fd, SpawnFailure& failure);

}  // namespace reeve
