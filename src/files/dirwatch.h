// dirwatch: whether names have come or gone in a directory, for the price of a stat.
#pragma once

#include <cstdint>

#include "base/text.h"

namespace reeve {

class DirWatch {
  public:
    explicit DirWatch(const Text& path) : path_(path) {}

    // May it be otherwise than when this was asked last? A directory that is not there is not.
    bool has_changed();
    // If it is there it has, next time.
    void forget() { settled_ = false; }

  private:
    Text path_;
    bool settled_ = false;  // what comes now would show
    int64_t changed_s_ = 0;
};

}  // namespace reeve
