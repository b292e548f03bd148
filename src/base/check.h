// check: assertions about our own code that stay on in the product.
// A failed check is a bug of reeve's, never a user's mistake and never an operating error.
#pragma once

#include <string_view>

namespace reeve {

// Writes "reeve: FILE:LINE: check failed: EXPRESSION" to descriptor 2 and calls abort().
[[noreturn]] void check_failed(const char* file, int line, const char* expression);

// Writes "reeve: TEXT", where it is taken at once, and calls abort().
[[noreturn]] void abort_saying(std::string_view text);

// Says "out of memory", and that it was no bug that ended this.
[[noreturn]] void abort_without_memory();
extern bool memory_was_short;

}  // namespace reeve

#define check(expression) \
    ((expression) ? (void)0 : ::reeve::check_failed(__FILE__, __LINE__, #expression))
