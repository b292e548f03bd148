// How often this process has called operator new: for the paths that must not allocate.
#pragma once

#include <cstddef>

size_t allocations_made();
