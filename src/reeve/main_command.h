// main_command: `-- CMD`, which runs as the service `main`: the signals that are passed on to it,
// the terminal, its start where that fails, and what becomes of one that an earlier reeve has left.
// Its process is started and watched as any service's is. Where there is no CMD nothing here does
// anything.
#pragma once

#include "core/supervisor.h"
#include "core/takeover.h"
#include "process/performer.h"
#include "reeve/ending.h"
#include "reeve/options.h"

namespace reeve {

class MainCommand {
  public:
    MainCommand(const Options& options, Setup& setup, Supervisor& supervisor, Performer& performer,
                Ending& ending);

    explicit operator bool() const { return static_cast<bool>(definition_); }
    const Ref<const Definition>& definition() const { return definition_; }
    // There is nothing beside CMD, and no directory in which there could be.
    void set_alone(bool is_alone) { is_alone_ = is_alone; }

    // A command is this call's own: it always runs. Of what is on record one that has ended is
    // forgotten, the same one goes on, and any other is ended first. False, with a line: it cannot
    // be.
    bool take_over(List<PastService>& past);
    // Without a journal the process that this was before has told that CMD runs.
    void resume(List<PastService>& past) const;
    // The definitions are in force: finds the service, and ends what runs in its place.
    void find_service(Now now);

    // CHLD came: where CMD has stopped, whoever typed that wants the terminal back.
    void follow_stop();
    // Passes on what has come. What comes before CMD has a process waits for it; what comes after
    // its end is for what is left, or for nobody.
    void forward_signals(Now now);
    // Ends reeve where CMD was stopped, or cannot be started.
    void look_for_end(Now now);
    Mono next_deadline() const { return fork_until_; }

  private:
    void look_at_fork(Now now);
    const Service& service() const { return supervisor_.at(setup_.main); }

    const Options& options_;
    Setup& setup_;
    Supervisor& supervisor_;
    Performer& performer_;
    Ending& ending_;
    Ref<const Definition> definition_;  // null without `-- CMD`
    bool is_alone_ = false;
    uint32_t old_run_ = 0;           // that another reeve began, and that ends; 0: there is none
    Mono fork_until_ = no_deadline;  // CMD cannot be forked, and is given up then
    bool fork_failure_said_ = false;
};

}  // namespace reeve
