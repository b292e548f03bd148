// complain: a line for the operator, where reeve's own output goes.
#pragma once

#include "base/format.h"

namespace reeve {

void complain_pieces(uint64_t kinds, ...);

// "reeve: ..." on descriptor 2: the pieces (base/format.h), escaped, in one line. Never waits for
// whoever reads it: what cannot be written at once is lost.
template <typename... T>
void complain(const T&... pieces) {
    complain_pieces(kinds_of<T...>(), handed_over(pieces)...);
}

}  // namespace reeve
