// fields: lines of KEY=VALUE, as status files, replies of the control socket and svctl have them.
#pragma once

#include <string_view>

#include "base/format.h"

namespace reeve {

// "KEY=VALUE\n"; the value is escaped (append_escaped).
void append_field(Sink& out, std::string_view key, std::string_view value);

// The value of a key among lines of key=value; empty where there is no such line.
std::string_view find_field(std::string_view lines, std::string_view key);

// "db is in backoff: exit 1", of what an object says.
void append_sentence(Sink& out, std::string_view name, std::string_view state,
                     std::string_view reason);

}  // namespace reeve
