// control_groups: the control groups that runs have to themselves (`cgroup`; cgroups(7)).
// A group is made right before the child, which puts itself into it; what is in it then is the
// run's, whatever process group or session it has gone to. Once the run is over it is removed. None
// is signalled or removed that reeve has not made for a run, or found empty.
#pragma once

#include "base/list.h"
#include "core/supervisor.h"
#include "kernel/pollset.h"
#include "process/leftovers.h"
#include "process/spawn_plan.h"

namespace reeve {

// Calls see(context, pid) for each process in a control group itself, by its path. How many there
// were.
size_t each_process(std::string_view group, void (*see)(void* context, pid_t pid), void* context);
template <typename See>
size_t each_process(std::string_view group, See see) {
    const auto call = [](void* context, pid_t pid) { (*static_cast<See*>(context))(pid); };
    return each_process(group, call, &see);
}

// Is something in the control group, by its path? Also where it cannot be read; not in none.
bool is_populated(const Text& group);

class ControlGroups {
  public:
    explicit ControlGroups(const Supervisor& supervisor) : supervisor_(supervisor) {}

    // Makes the group for a run that is about to begin; `procs` is what its child writes itself
    // into. A service that is to have none has none. False: `error` says why.
    bool begin(ServiceId id, const Text& run_directory, Fd& procs, PrepareError& error);
    // The group of a run that an earlier reeve began: the one on record; where it did not come to
    // that (empty), the one by its definition, if the run is known to be in it.
    void take_over(ServiceId id, const Text& run_directory, const Text& recorded);
    // The run is over.
    void end(ServiceId id);

    // What is in the run's group, or below it? From then on the kernel tells of its end.
    Remains left(ServiceId id);
    // Sends the signal to all in the run's group that are not in this process group as well; KILL
    // to all there are, and below it. False: nothing is in there.
    bool signal(ServiceId id, int number, pid_t group);
    // Of the run's group; null: it has none.
    const Text* path_of(ServiceId id) const;

    void watch(PollSet& set);
    // Calls see(id) for each run of whose group the kernel has told something.
    template <typename See>
    void serve(const PollSet& set, See see) {
        for (size_t i = held_.size(); i-- > 0;)
            if (held_[i].events.result(set) != 0 && !try_removal(i)) see(held_[i].id);
    }

  private:
    struct Held {
        ServiceId id;  // none: its run is over, and it is to be removed once the kernel lets us
        Text path;
        PolledFd events;  // cgroup.events; none: nobody has asked yet
    };
    using Path = Buffer<control_group_max_bytes>;

    Held* find(ServiceId id);
    bool find_own();
    void append_path(Sink& path, const Service& service, const Text& run_directory) const;
    bool is_free(ServiceId id, std::string_view path, PrepareError& error) const;
    bool make(const Text& path, PrepareError& error) const;
    bool is_empty(const Service& service, const Text& path, PrepareError& error) const;
    bool enable(std::string_view path, std::string_view setting, PrepareError& error) const;
    bool enable_in(std::string_view group, std::string_view controller, PrepareError& error) const;
    void move_out() const;
    bool try_removal(size_t i);

    const Supervisor& supervisor_;
    Text own_;        // reeve's group, or the one above it where reeve has moved out of that
    size_t top_ = 0;  // how much of it is where the hierarchy begins
    List<Held> held_;
};

}  // namespace reeve
