// json: objects of the control socket, lines of key=value (core/object.h), as JSON (RFC 8259).
#pragma once

#include <string_view>

#include "base/format.h"

namespace reeve {

// One object. Which type a value has its key says; an empty one is null, or the empty list.
void append_json(Sink& out, std::string_view lines);

// One object of a stream of log lines: every value is a string.
void append_json_of_text(Sink& out, std::string_view lines);

}  // namespace reeve
