#include "base/result.h"

#include <cstring>

namespace reeve {

std::string describe(const Error& error) {
    std::string text = error.operation;
    if (!error.path.empty()) text.append(text.empty() ? "" : " ").append(error.path);
    return text.append(": ").append(errno_text(error.code));
}

// No locale is ever set, so these are the C library's constants.
const char* errno_text(int code) { return std::strerror(code); }

}  // namespace reeve
