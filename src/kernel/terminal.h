// terminal: what is written for people, to a terminal or to whatever stands in its place.
#pragma once

#include <string_view>

namespace reeve {

// Is it a terminal, whose user has not set NO_COLOR?
bool wants_colour(int fd);

// Writes all of it to a descriptor. 0, or the errno for which it cannot be done.
int write_all(int fd, std::string_view text);

}  // namespace reeve
