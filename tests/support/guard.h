// guard: a process that outlives the test program where that dies in the middle of a test (a crash,
// a time limit, ctrl-C), and then kills what the test has started.
#pragma once

#include <string>
#include <sys/types.h>

namespace reeve::test {

// Starts it, the first time it is called. Returns its pid.
pid_t start_guard();

// The variable by which it knows the processes that are its business, and their descendants.
std::string guard_mark();

}  // namespace reeve::test
