// explain: states and their reasons in words, the same in svctl, status files and messages.
#pragma once

#include "base/list.h"
#include "core/supervisor.h"

namespace reeve {

// "needs db", "exit 1, 4th failure", "awaiting READY=1": why the service is in its state. Empty
// where there is nothing to say. What passes with time ("next try in 3.2s") is append_countdown's.
void append_reason(Sink& out, const Supervisor& supervisor, const Service& service);

// The reason of an entry, as things were at its moment, whatever the service is by now.
void append_reason(Sink& out, const Entry& entry);

// ", next try in 3.2s" where the service is in backoff.
void append_countdown(Sink& out, const Service& service, Mono now);

// "exit 1", "signal KILL", "exec /usr/bin/x: No such file or directory": how the last run ended.
void append_end(Sink& out, const Service& service, const Reason& end);

// ", but pid 4711 got away": the service's processes that are in no group of its own any more.
void append_strays(Sink& out, const Service& service);

// The service that this one's reason blames for its state; none: it is the root of its own.
ServiceId cause_of(const Supervisor& supervisor, const Service& service);

// Is it running or done; or does it wait for the clock alone, and has its last run, if any, done
// what it was to do?
bool is_at_work(const Service& service);

// Is it not as it is wanted, on its way to that, or not as its file has it?
bool is_amiss(const Service& service);

// The chain of causes from the service to the root: each member waits for the next.
List<ServiceId> causes(const Supervisor& supervisor, ServiceId id);

}  // namespace reeve
