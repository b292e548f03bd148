// Names of signals: "TERM", "SIGTERM" and "15" name the same one (POSIX signal.h).
#pragma once

#include <optional>
#include <string_view>

#include "base/format.h"

namespace reeve {

// Signals are numbered from 1 to signal_max. Linux has 64, other systems fewer.
constexpr int signal_max = 64;

// Accepts a name with or without SIG in either case, or a number from 1 to signal_max.
std::optional<int> parse_signal(std::string_view text);

// "TERM", or "34" where the number has no name.
void append_signal(Sink& out, int number);

}  // namespace reeve
