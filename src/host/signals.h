// signals: what other processes and the kernel tell reeve, by way of a self-pipe. A handler counts
// and writes a byte; the loop does the rest.
#pragma once

#include "base/result.h"
#include "host/pollset.h"

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

// Has `number` perhaps another disposition than the default? As it was at open(); true where that
// was not called, or the system does not tell. Between fork and exec too.
bool may_be_set(int number);

// Is `number` a sign of a fault in the program itself (SEGV BUS ILL FPE ABRT TRAP SYS)?
bool is_fault(int number);

void watch(PollSet& set);

// Empties the pipe, after the wait. What has come is then asked for with take().
void drain();

// How often `number` came since it was last asked.
unsigned take(int number);

}  // namespace reeve::signals
