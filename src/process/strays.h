// strays: processes of a service's that have left its process group, as a program does that puts
// itself in the background. Where orphans become our children they are known by their environment,
// which names the service. They are told of, and never signalled.
#pragma once

#include "base/list.h"
#include "core/supervisor.h"
#include "process/hooks.h"

namespace reeve {

class Strays {
  public:
    // Looks for them among our children, `trial` apart, and notes them with their services.
    void look(Supervisor& supervisor, const Hooks& hooks, pid_t trial);
    // A child was reaped that is no service's. True: it was one of them.
    bool reaped(Supervisor& supervisor, pid_t pid);

  private:
    struct Stray {
        ServiceId service;
        Text name;  // the service's: another may have its place by now
        pid_t pid;
    };
    void note(Supervisor& supervisor, ServiceId id) const;

    List<Stray> strays_;
    // Of look(), which makes no room anew between the end of a service and its next run.
    List<pid_t> known_;  // numbers of processes and groups
    List<pid_t> children_;
};

}  // namespace reeve
