// interrupt: ctrl-C and its kin end the program as an exception does: with all that it has started
// and all that it has written gone.
#pragma once

namespace reeve::bench {

struct Interrupted {
    int number = 0;  // the signal
};

// From now on INT, TERM and HUP are noted.
void note_interrupts();

// Throws Interrupted where one was.
void stop_if_interrupted();

}  // namespace reeve::bench
