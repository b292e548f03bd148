#include "base/result.h"

#include <cstring>

namespace reeve {

Text describe(const Error& error) {
    const bool has_both = *error.operation != '\0' && !error.path.empty();
    return Text::join(error.operation, has_both ? " " : "", error.path, ": ",
                      errno_text(error.code));
}

// No locale is ever set, so these are the C library's constants.
const char* errno_text(int code) { return std::strerror(code); }

}  // namespace reeve
