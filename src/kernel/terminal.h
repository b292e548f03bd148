// terminal: what is written for people, to a terminal or to whatever stands in its place, and the
// keys that they type.
#pragma once

#include <string_view>
#include <termios.h>

#include "base/time.h"

namespace reeve {

// Is it a terminal, whose user has not set NO_COLOR?
bool wants_colour(int fd);

struct ScreenSize {
    size_t rows = 0;  // 0, as the columns: not known, as on a serial line
    size_t columns = 0;
};
ScreenSize screen_size(int fd);

// Writes all of it to a descriptor. 0, or the errno for which it cannot be done.
int write_all(int fd, std::string_view text);

// Waits so long. False, and at once: nobody reads any more what is written to the descriptor.
bool pause_for_reader(int fd, Duration duration);

// A terminal that gives each key as it is typed, and does not show it. What it was like before is
// put back in the end.
class Keyboard {
  public:
    Keyboard() = default;
    Keyboard(const Keyboard&) = delete;
    Keyboard& operator=(const Keyboard&) = delete;
    ~Keyboard() { end(); }

    // 0, or an errno value.
    int begin(int fd);
    void end();

  private:
    int fd_ = -1;
    termios before_{};
};

}  // namespace reeve
