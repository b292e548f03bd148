// mark: what a process of the bench says of itself: when it began, and who it is. For C and C++.
#pragma once

#include <stdint.h>

// The environment variable with the path of the file that marks are appended to.
#define BENCH_MARKS "BENCH_MARKS"

enum MarkKind {
    mark_service = 1,  // the first thing a service does
    mark_exec = 2,     // the last thing before a supervisor is executed
};

struct Mark {
    int64_t nanoseconds;  // CLOCK_MONOTONIC, the same for all processes
    int32_t pid;          // in its own PID namespace
    int32_t kind;
};
