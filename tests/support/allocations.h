// How often this process has asked for memory, by operator new or by malloc and its kin: for the
// paths that must not allocate. Where malloc cannot be stood in for (a libc other than glibc, a
// sanitizer that does so itself) only operator new is counted.
#pragma once

#include <cstddef>

size_t allocations_made();
