// json: enough to check what svctl --json prints.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace reeve::test {

// Is it one JSON value, and nothing else?
bool is_json(std::string_view text);

// The value of the first member of that name, as it stands in the text; of a string what is between
// its quotes. Nothing where there is no such member.
std::optional<std::string> json_member(std::string_view text, std::string_view name);

}  // namespace reeve::test
