// runs: what the runs of services have still to tell, and the descriptors they tell it by: how exec
// went, that they are ready, what they notify. What is heard goes to the supervisor as events;
// nothing is carried out here.
#pragma once

#include <optional>

#include "base/fd.h"
#include "base/list.h"
#include "core/supervisor.h"
#include "kernel/platform.h"
#include "kernel/pollset.h"
#include "process/groups.h"
#include "process/notify.h"
#include "process/setup.h"
#include "process/spawn.h"

namespace reeve {

// One run; there is one of these only until all is told.
struct Run {
    ServiceId id;
    std::optional<Exec> exec;  // until it is over and has been told
    PolledFd ready;
    PolledFd notify;
    uid_t user = 0;  // that the run has

    bool exec_is_over() const { return exec && exec->status != ExecStatus::pending; }
};

class Runs {
  public:
    using ChannelPath = Buffer<path_max_bytes>;

    Runs(Supervisor& supervisor, Setup& setup, Groups& groups)
        : supervisor_(supervisor), at_(setup), groups_(groups) {}

    // Makes the channels that the definition wants. `theirs` is for the child, `notify_path` for
    // NOTIFY_SOCKET. False: `error` says why.
    bool open_channels(Run& run, Fd& theirs, ChannelPath& notify_path, PrepareError& error);
    void add(Run run) { runs_.push_back(std::move(run)); }
    // Opens the channels of a run that an earlier reeve began, by what it waits for.
    void take_over(ServiceId id, Now now);
    // Makes the sockets anew, in a run directory that is another one.
    void renew_channels();

    void watch(PollSet& set);
    void serve(const PollSet& set, Now now);
    // What a run has said before its end counts: who the leader is, and that it was ready.
    void hear_out(ServiceId id, Now now);
    // Has it said WATCHDOG=1 since it was heard last?
    bool listen(ServiceId id, Now now);
    // The run is over: its channels go.
    void end(ServiceId id);

    // Is its child on the way to exec, and has perhaps not told of itself yet?
    bool is_unborn(ServiceId id) const;
    // Is one still on its way to exec?
    bool in_flight() const;
    // Is there something that was heard already, and waits for the next turn?
    bool knows_more() const;

  private:
    Run* find(ServiceId id);
    // RUNDIR/fds/NAME and the suffix; empty where there is no run directory.
    const char* channel_path(ChannelPath& path, const Service& service,
                             std::string_view suffix) const;
    bool open_notify_channel(Run& run, ChannelPath& channel, PrepareError& error);
    bool take_over_ready(Run& run, ChannelPath& path, Now now);
    void take_over_notify(Run& run, ChannelPath& path);
    void read_exec(ServiceId id, Now now);
    void read_ready(ServiceId id, Now now);
    bool read_notifications(ServiceId id, Now now);
    void heed(ServiceId id, const Notification& said, Now now);
    bool is_own(const Run& run, const platform::Sender& sender) const;
    void refuse(ServiceId id, pid_t sender);

    Supervisor& supervisor_;
    Setup& at_;
    Groups& groups_;
    List<Run> runs_;
    ServiceId alive_;  // the one that said WATCHDOG=1 last
};

}  // namespace reeve
