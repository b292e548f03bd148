// health: when a service that runs is to be checked, or heard of (watchdog), next. Its check and
// its watchdog are two things: the one is asked, the other speaks. What a failure leads to is the
// state machine's matter (Walk::judge).
#pragma once

#include "model/service.h"

namespace reeve {

// What its definition says; null: nothing.
inline const HealthRules* health_of(const Service& service) {
    return service.definition ? service.definition->health.get() : nullptr;
}

// May it use only so much?
inline bool has_bound(const HealthRules* rules) {
    return rules != nullptr && (rules->max_memory > 0 || rules->max_cpu > 0);
}

// Sets when the first check, and the first WATCHDOG=1, of a service that has become ready are due.
// The checks of many services that start together are spread evenly over their interval.
void begin_health(Service& service, ServiceId id, Now now);
// Sets both anew for a service that an earlier reeve began: nobody was there to hear it.
void resume_health(Service& service, ServiceId id, Now now);
// Sets them for a service that runs, whose rules may be others than before. A process is told of
// its watchdog when it starts: another one counts from its next start on. True: what a check that
// still runs says is of no use any more.
bool change_health(Service& service, ServiceId id, const Definition& before, Now now);

// Does the end of a check say anything of the service? It was run, then.
bool tells_of_health(const Event& end);

// Of a run that is over: for how long it was not well before that, at most; 0: nobody knew.
Duration time_ill(const Service& service);

// When the next check is due, after one that is due now.
Mono next_check(const Service& service, Now now);
// When something is due next for one that runs: a check, a WATCHDOG=1, or its end (max_runtime).
Mono next_while_up(const Service& service);
// When it has run for max_runtime; no_deadline: it may for as long as it likes.
Mono end_of_runtime(const Service& service);

}  // namespace reeve
