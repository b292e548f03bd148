// starter: begins the processes of services and their hooks. What it takes is opened and planned
// first; only then is there a child.
#pragma once

#include "base/list.h"
#include "core/supervisor.h"
#include "kernel/platform.h"
#include "logs/pipes.h"
#include "process/foreground.h"
#include "process/groups.h"
#include "process/hooks.h"
#include "process/inputs.h"
#include "process/recorder.h"
#include "process/runs.h"
#include "process/setup.h"
#include "process/sockets.h"
#include "process/spawn.h"

namespace reeve {

class Starter {
  public:
    Starter(Supervisor& supervisor, Setup& setup, Recorder& recorder, Groups& groups, Runs& runs,
            Hooks& hooks, LogPipes& logs, Inputs& inputs, Sockets& sockets, Foreground& foreground,
            const bool& safe_mode)
        : supervisor_(supervisor), at_(setup), recorder_(recorder), groups_(groups), runs_(runs),
          hooks_(hooks), logs_(logs), inputs_(inputs), sockets_(sockets), foreground_(foreground),
          safe_mode_(safe_mode) {}

    // The action spawn: starts the service, unless that run is over already. What came of it is an
    // event for the supervisor: spawned, or spawn_failed.
    void start(const Action& action, Now now);
    // Runs a hook. Where it cannot be, its end is an event at once.
    void run_hook(ServiceId id, Hook hook, Now now);

  private:
    SpawnRequest request_for(const Service& service, SpawnMode mode) const;
    Fd open_output(ServiceId id, SpawnMode mode, bool begins);
    Fd open_heard(Fd& heard);
    Fd open_log(ServiceId id, bool begins, Text& why);
    void place_output(const Service& service, SpawnMode mode, int fd);
    bool prepare_child(SpawnRequest& request, const Fd& output, PrepareError& error);
    Result<Spawned> spawn_service(const Service& service, bool is_main);
    void start_failed(ServiceId id, const PrepareError& error, Now now);
    bool begin_hook(ServiceId id, Hook hook, Now now, PrepareError& error);

    Supervisor& supervisor_;
    Setup& at_;
    Recorder& recorder_;
    Groups& groups_;
    Runs& runs_;
    Hooks& hooks_;
    LogPipes& logs_;
    Inputs& inputs_;
    Sockets& sockets_;
    Foreground& foreground_;
    const bool& safe_mode_;  // nothing is started
    SpawnPlan plan_;
    Pace pace_;
    List<Placement> descriptors_;  // of the child that is being started
    bool log_fallback_said_ = false;
};

}  // namespace reeve
