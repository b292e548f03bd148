// frame: a terminal that is drawn on as a whole, and the keys that are typed there. A serial line
// is slow: only lines that have changed are sent.
#pragma once

#include <string_view>

#include "base/list.h"
#include "base/text.h"
#include "kernel/terminal.h"

namespace reeve {

class Frame {
  public:
    Frame() = default;
    Frame(const Frame&) = delete;
    Frame& operator=(const Frame&) = delete;
    ~Frame() { leave(); }

    // Takes the terminal, descriptors 0 and 1. 0, or an errno value.
    int enter();
    // Gives it back as it was.
    void leave();

    // False: nobody is there any more. The text ends each line with a newline; there are no more
    // of them than rows, and none is wider than the columns.
    bool draw(std::string_view text);
    // Begins anew, with an empty screen.
    bool clear();

    // As the terminal is now. One that does not know, at the end of a serial line, is a VT100's.
    ScreenSize size() const;

  private:
    Keyboard keyboard_;
    bool entered_ = false;
    List<Text> lines_;  // as they are on the screen
};

// Makes of what a terminal sends for a key one character: itself, or of arrows and their like that
// of less(1).
class Keys {
  public:
    // 0: the key is not complete yet, or means nothing.
    char decode(char byte);

  private:
    enum class Part : uint8_t { none, escape, sequence };
    Part part_ = Part::none;
    char number_ = 0;  // in the sequence, of one digit; more: none that counts
};

}  // namespace reeve
