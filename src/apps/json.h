// json: what svctl --json prints, made of lines of key=value (core/object.h).
#pragma once

#include <string>
#include <string_view>

namespace reeve {

// In quotes; what is not UTF-8 becomes U+FFFD (RFC 8259 wants valid text).
void append_json_string(std::string& out, std::string_view text);

// {"key": value, ...}. Which type a value has, its key says; an empty one is null, or the empty
// list.
void append_json_object(std::string& out, std::string_view lines);

}  // namespace reeve
