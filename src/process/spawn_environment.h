// spawn_environment: the environment of a child, of what it inherits, its user, its env_file and
// env, and what reeve tells it.
#pragma once

#include "kernel/users.h"
#include "process/spawn_plan.h"

namespace reeve {

// The value of a variable; null where it is not set.
const char* find_value(const Strings& environment, std::string_view name);

// Fills plan.environment (no null at its end) and plan.listen_pid. `user`: whom the child becomes;
// null where it stays who reeve is. The plan's scratch must be cleared before.
bool build_environment(const SpawnRequest& request, const Credentials* user, SpawnPlan& plan,
                       PrepareError& error);

}  // namespace reeve
