// complain: a line for the operator, where reeve's own output goes.
#pragma once

#include <string_view>

namespace reeve {

// "reeve: TEXT" on descriptor 2. Never waits for whoever reads it: what cannot be written at once
// is lost.
void complain(std::string_view text);

}  // namespace reeve
