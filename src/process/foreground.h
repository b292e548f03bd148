// foreground: the terminal between whoever started reeve and `-- CMD`. A shell with job control
// knows of reeve's process group alone, and CMD has one of its own: reeve stops when CMD has, and
// hands the terminal on when it is continued. As PID 1, or without a terminal, it does neither.
#pragma once

#include <sys/types.h>

namespace reeve {

class Foreground {
  public:
    // CMD leads this group, and has the terminal's foreground where that was given to it.
    void begin(pid_t group, bool given);

    // CHLD came: where CMD has stopped, so does reeve with its group, until it is continued.
    void follow(pid_t main);
    // CONT came: hands the terminal on, where it is ours, and continues CMD's group. False where
    // this is none of its business.
    bool go_on();
    // At the end: takes the foreground back from CMD.
    void give_back();

  private:
    bool is_ours() const;

    int terminal_ = -1;    // our controlling terminal, one of 0 to 2; -1: none
    pid_t group_ = 0;      // CMD's
    bool wanted_ = false;  // CMD is to have the foreground
};

}  // namespace reeve
