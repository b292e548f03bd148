// Controls: what the control socket asks of the program beyond the supervisor's own commands.
#pragma once

#include <string>
#include <vector>

#include "core/supervisor.h"

namespace reeve {

struct Reloaded {
    std::vector<Change> changes;
    std::vector<std::string> problems;  // FILE:LINE: text, all of them
};

class Controls {
  public:
    // Reads the definitions again and puts them in force.
    virtual Reloaded reload(Now now) = 0;

    // Sends a signal to the service's leader. 0, or an errno (ESRCH: it does not run).
    virtual int signal(ServiceId id, int number) = 0;

    // Stops everything, then reeve exits with `code`.
    virtual void end(int code, Now now) = 0;

  protected:
    ~Controls() = default;
};

}  // namespace reeve
