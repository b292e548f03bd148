// reports: what reeve says of its services where its own output goes (`report` in reeve.conf), and
// what a shutdown waits for.
#pragma once

#include "base/list.h"
#include "core/supervisor.h"
#include "model/definition.h"

namespace reeve {

class Reports {
  public:
    // Tells what has happened since EventLog::pass(). Of `main`, which is a `-- CMD`, nothing is
    // said: it speaks for itself.
    void tell(const Supervisor& supervisor, Report report, ServiceId main, Now now);

    // The shutdown has begun.
    void begin_shutdown(Mono now);
    // Says what is waited for, where that is another than last time.
    void tell_shutdown(const Supervisor& supervisor, Mono kill_at, Mono now);
    // Says that processes are waited for which no service answers for.
    void tell_leftovers(Mono now);

    Mono next_deadline() const;

  private:
    // A service that has failed, until it has recovered.
    struct Trouble {
        Mono told{};          // the last line
        uint32_t ends = 0;    // runs that failed
        uint32_t untold = 0;  // of those, since the last line
        bool is_there = false;
        bool may_recover = false;   // it is in recovering_
        bool is_unhealthy = false;  // and that was told
    };

    void tell_failure(const Supervisor& supervisor, const Entry& entry, Now now);
    void tell_retry(const Supervisor& supervisor, const Entry& entry, Trouble& trouble, Now now);
    void tell_health(const Supervisor& supervisor, const Entry& entry, Trouble& trouble, Now now);
    void tell_recovered(const Supervisor& supervisor, Now now);

    List<Trouble> troubles_;      // by index
    List<ServiceId> recovering_;  // in trouble, and running now
    Mono recovery_due_ = no_deadline;
    Mono shutdown_line_due_ = no_deadline;
    Text waited_for_;
};

}  // namespace reeve
