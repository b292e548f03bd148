// reexecution: reeve executes its program again because it was asked to (svctl reexec). First the
// program that is on disk by now says whether it could go on with what there is (the trial), then
// what is on its way to exec is waited for, then it takes our place. Whatever fails, the reeve that
// runs goes on. What happens after a crash is process/resume's.
#pragma once

#include "core/supervisor.h"
#include "ctl/server.h"
#include "files/journal.h"
#include "process/performer.h"

namespace reeve {

class Reexecution {
  public:
    Reexecution(const Setup& setup, const Supervisor& supervisor, const Journal& journal,
                Performer& performer, Server& server)
        : setup_(setup), supervisor_(supervisor), journal_(journal), performer_(performer),
          server_(server) {}

    // Can there be one now? Nothing, or why not.
    Text why_not() const;
    // Starts the trial, where none is under way. Nothing, or why that failed.
    Text begin(Now now);
    // Goes on with the step that is next. Returns only where that is not the last.
    void follow(Now now);
    // Why the last one failed, once it has.
    const Text& failure() const { return failure_; }
    Mono next_deadline() const;

    // What it means that the journal cannot be written.
    Text journal_warning() const;

  private:
    void end_trial(ExitStatus end, Now now);
    void execute(Now now);
    void fail(std::string_view why);

    const Setup& setup_;
    const Supervisor& supervisor_;
    const Journal& journal_;
    Performer& performer_;
    Server& server_;
    pid_t trial_ = 0;  // a child that is the program to be executed; 0: there is none
    Mono trial_until_ = no_deadline;  // and when it is killed
    Mono execute_by_ = no_deadline;   // what is on its way to exec is waited for until then
    Text failure_;
};

}  // namespace reeve
