// inputs: RUNDIR/input/NAME[@I], the FIFOs of stdin = fifo. A service has its own open for reading
// and writing: it sees no end of file, and needs no reeve for that. With input_keep reeve holds it
// too, so that what is unread outlives the run.
#pragma once

#include <string_view>
#include <sys/types.h>

#include "base/list.h"
#include "files/folder.h"
#include "kernel/inherited.h"
#include "model/service.h"
#include "process/spawn_plan.h"

namespace reeve {

class Inputs {
  public:
    explicit Inputs(const Text& run_directory) : run_directory_(run_directory) {}

    // What the service has from an earlier reeve, or from what this one was before.
    void take_over(const Service& service, Inherited& kept);

    // The service's, for a new process of its to read from, which will be that user. Made where it
    // is not there, or another user's; where it has no stdin = fifo any more it goes. False:
    // `error` says why.
    bool open(const Service& service, uid_t user, Fd& theirs, PrepareError& error);
    // A run is over. What it has not read is not for the next one, unless it is to be kept; where
    // somebody else has it open it would be. Not done at the next start, for who has waited for
    // that to write is heard at once.
    void end(const Service& service) const;
    // The service is no more.
    void forget(std::string_view name);

  private:
    const char* path_of(const Service& service) const;
    Fd find(const Service& service, uid_t user) const;
    void hold(const char* path, Fd fifo);  // none: it is let go of
    void remove(const char* path);

    const Text& run_directory_;  // empty: there is none
    List<OpenInput> held_;       // by path
    bool used_ = false;          // there may be one at all
};

}  // namespace reeve
