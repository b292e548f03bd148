// Controls: what the control socket asks of the program beyond the supervisor's own commands.
#pragma once

#include <span>
#include <vector>

#include "base/list.h"
#include "base/text.h"
#include "core/plan.h"
#include "core/supervisor.h"
#include "logs/pipes.h"

namespace reeve {

struct Reloaded {
    List<Change> changes;
    List<Text> problems;  // FILE:LINE: text, all of them
};

// What a reload would do, and the problems it would find.
struct Forecast {
    List<Planned> steps;
    List<Text> problems;
};

class Controls {
  public:
    // Reads the definitions again and puts them in force.
    virtual Reloaded reload(Now now) = 0;

    // Reads them, and tells what a reload would do; nothing is changed.
    virtual Forecast forecast(Now now) = 0;

    // Where the service files are: absolute paths, in the order of -d.
    virtual std::span<const Text> directories() const = 0;
    // Are the files of this one taken whatever their mode and owner?
    virtual bool trusts(const Text& directory) const = 0;

    // Sends a signal to the service's leader. 0, or an errno (ESRCH: it does not run).
    virtual int signal(ServiceId id, int number) = 0;

    // Asks for a new log file. 0, or an errno (EINVAL: it has none that is rotated; ENOTDIR: there
    // can be none now).
    virtual int rotate(ServiceId id, Rotation& rotation) = 0;
    virtual bool is_rotated(ServiceId id, Rotation& rotation) = 0;

    // Is there a place for its log? Makes one where it can.
    virtual void renew_log(ServiceId id) = 0;

    // Stops everything, then reeve exits with `code`.
    virtual void end(int code, Now now) = 0;

    // Executes reeve's program again, as it is on disk by now, once that has said that it can take
    // over. Nothing, or why not.
    virtual Text begin_reexec(Now now) = 0;
    // Why that failed, once it has.
    virtual const Text& reexec_failure() const = 0;

    // So many services more are about to be there.
    virtual void make_room(size_t more) = 0;

    // After too many crashes nothing is begun until somebody asks for it: this is asking.
    virtual void leave_safe_mode() = 0;

    // What is wrong with reeve itself.
    virtual List<Text> warnings() const = 0;

  protected:
    ~Controls() = default;
};

}  // namespace reeve
