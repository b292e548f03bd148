// signals: what other processes and the kernel tell reeve, by way of a self-pipe. A handler counts
// and writes a byte; the loop does the rest.
#pragma once

#include "base/result.h"
#include "kernel/pollset.h"

namespace reeve::signals {

// Makes the pipe, and lets every signal through that the parent had blocked. To be called once.
Status open();

// Sends what was counted and not taken to ourselves once more, to stay pending: to be called with
// all signals blocked, before another program takes our place. Async-signal-safe.
void give_back();

// Counts `number` from now on. The first thing a program does: PID 1 is not sent what it does not
// catch, and others die of it.
void count(int number);
void ignore(int number);

// Would a program that is executed now perhaps be without `number`, because it is ignored here?
// What is counted is its own again by exec alone. True where open() was not called, or the system
// does not tell. Between fork and exec too.
bool may_be_ignored(int number);

// Between fork and exec, with all signals blocked: what comes for the child from now on is not
// counted, but does to it what it does to a program that knows nothing of signals. be_parent() is
// for the parent, whose memory it may be.
void be_child();
void be_parent();

// Stops this process, and its group with it, as `number` does by default: TSTP, TTIN or TTOU. True
// once it was continued; false where the group is orphaned, which the system does not stop.
bool stop_group(int number);

// Is `number` a sign of a fault in the program itself (SEGV BUS ILL FPE ABRT TRAP SYS)?
bool is_fault(int number);

void watch(PollSet& set);

// Empties the pipe, after the wait. What has come is then asked for with take().
void drain();

// How often `number` came since it was last asked.
unsigned take(int number);
// Did it come since then? It stays to be asked for.
bool is_pending(int number);

}  // namespace reeve::signals
