// ending: reeve's own end. Who asks for it, what is said while services are being stopped, what is
// done once none is left, and the exit status. It stops no service itself: in which order that is
// done, and when they are killed, core/supervisor decides.
#pragma once

#include "core/supervisor.h"
#include "ctl/server.h"
#include "files/journal.h"
#include "process/performer.h"
#include "reeve/reports.h"

namespace reeve {

// What this process is: an ordinary one, or PID 1 of a container or of a real machine.
enum class Role : uint8_t { process, container_init, machine_init };

// What PID 1 of a real machine does once everything has ended.
enum class Finale : uint8_t { exit, reboot, poweroff, halt };

// Says what whoever started `-- CMD` cannot know of its end: why its program could not be started,
// for it has no output of its own to say so, and that an exit status is not known, for the end of
// what another reeve began is told to nobody.
void tell_end_of_command(const Service& main);

class Ending {
  public:
    Ending(Role role, const Setup& setup, const Settings& settings, Supervisor& supervisor,
           Performer& performer, Reports& reports)
        : role_(role), setup_(setup), settings_(settings), supervisor_(supervisor),
          performer_(performer), reports_(reports) {}

    // Begins the shutdown; while one is under way nothing changes.
    void begin(Finale finale, int code, Now now);
    // The signals that end reeve itself, where there is no `-- CMD` to pass them on to.
    void heed_signals(Now now);
    // Somebody has said `times` times that it is to end: the first begins the shutdown, the second
    // leaves a second to what is left, the third none.
    void hurry(Finale finale, unsigned times, Now now);
    // Whoever says so from now on knows that it has begun.
    void count_as_told() { times_told_ = times_told_ == 0 ? 1 : times_told_; }
    // Ends as a service has asked for by ending itself (on_end).
    void heed_request(Now now);
    // With --exit-when-idle: ends where nothing runs and nothing is wanted.
    void end_if_idle(Now now);
    // A resumed reeve goes on with the shutdown that was under way. To be called before there are
    // any services, so that none is started for it.
    void resume(Now now);

    // No service is left, and that is wanted.
    bool is_finished() const;

    // Says what a shutdown waits for.
    void tell_waiting(Now now);

    // Once it is finished: ends the processes that no service answers for, writes down what is to
    // be known of this reeve, and gives the exit status. The finale of a machine does not return.
    int conclude(Journal& journal, Server& server);

  private:
    void shut_down(int code, Mono kill_at, Now now);
    void end_orphans();

    const Role role_;
    const Setup& setup_;
    const Settings& settings_;
    Supervisor& supervisor_;
    Performer& performer_;
    Reports& reports_;
    Finale finale_ = Finale::exit;
    int exit_code_ = 0;
    Mono kill_at_ = no_deadline;  // of the shutdown
    unsigned times_told_ = 0;     // to end, by signals
    bool idle_ = false;           // --exit-when-idle has come true
};

}  // namespace reeve
