// transition: the state machine of one service. The only place where a State is assigned.
#pragma once

#include <array>
#include <cstddef>

#include "model/service.h"

namespace reeve {

// What a step wants done, in this order. No step asks for more than fit.
class Actions {
  public:
    void add(const Action& action);
    const Action* begin() const { return actions_.data(); }
    const Action* end() const { return actions_.data() + count_; }

  private:
    // A hook is cancelled by a kill, and once more by the end of the run, at most; beside that a
    // step signals what there is of the group, and ends the run or reeve.
    std::array<Action, 2 * hook_count + 2> actions_{};
    size_t count_ = 0;
};

// What reeve is to do about a service that has ended for good.
OnEnd on_end_of(const Service& service);

// Is it there for those that need it: running, or a oneshot that is done?
bool provides(const Service& service);

// Puts it where a record says that it was: the one way to a State that no event brings about.
void restore(Service& service, State state, Phase phase);

// Takes the service through one event: its next state and the reason for it are in `service`, what
// is to be done about it in the result. An event that comes too late to matter (the end of a hook
// that was cancelled) changes nothing; one that cannot be is a bug, and ends in check.
Actions step(Service& service, ServiceId id, const Event& event, Now now);

}  // namespace reeve
