#include "model/outcome.h"

#include <cstddef>

namespace reeve {

namespace {

// How bad an outcome is, by Outcome.
constexpr uint8_t badness[outcome_count] = {0, 3, 5, 1, 4, 2, 6, 7};

}  // namespace

Outcome worse(Outcome a, Outcome b) {
    return badness[static_cast<size_t>(a)] < badness[static_cast<size_t>(b)] ? b : a;
}

}  // namespace reeve
