#include "base/check.h"

#include <cstdlib>
#include <unistd.h>

#include "base/text.h"

namespace reeve {

void check_failed(const char* file, int line, const char* expression) {
    Buffer<256> message;
    message << "reeve: " << file << ':' << line << ": check failed: " << expression << '\n';
    if (::write(2, message.data(), message.size()) < 0) std::abort();
    std::abort();
}

}  // namespace reeve
