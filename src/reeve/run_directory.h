// run_directory: what keeps RUNDIR reeve's own. Whoever cleans up /run may take our files with it,
// or mount something over it, and another reeve could then take our place: what is missing is made
// again. What others have put there is left alone.
#pragma once

#include "ctl/server.h"
#include "files/journal.h"
#include "kernel/pollset.h"
#include "process/performer.h"

namespace reeve {

class RunDirectory {
  public:
    RunDirectory(Setup& setup, Journal& journal, Performer& performer, Server& server)
        : setup_(setup), journal_(journal), performer_(performer), server_(server) {}

    // Makes what is to be in it, or goes on with what a resumed reeve has of it. Where there is
    // none nothing is done, here and below.
    void open();

    void watch(PollSet& set) { mounts_.watch(set, POLLPRI); }
    // After the wait: may something of it be gone?
    bool may_have_changed(const PollSet& set) const;
    // Was something mounted, or is so no longer?
    bool mounts_changed(const PollSet& set) const { return mounts_.result(set) != 0; }
    // Makes again what is missing.
    void restore(Now now);
    // Makes the control socket again, where it is not ours any more.
    void reopen_socket();

  private:
    void watch_removals();
    bool take_again(Now now);

    Setup& setup_;
    Journal& journal_;
    Performer& performer_;
    Server& server_;
    PolledFd mounts_;    // readable when something was mounted, or is so no longer
    Fd removals_;        // while it is open, platform::removal_signal comes
    Text lock_trouble_;  // that was told: why the directory cannot be taken again
};

}  // namespace reeve
