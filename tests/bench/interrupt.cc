#include "bench/interrupt.h"

#include <csignal>
#include <initializer_list>

namespace reeve::bench {

namespace {

volatile sig_atomic_t noted = 0;

extern "C" void note(int number) { noted = number; }

}  // namespace

void note_interrupts() {
    struct sigaction action = {};
    action.sa_handler = note;  // without SA_RESTART: what waits looks up
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaction(number, &action, nullptr);
}

void stop_if_interrupted() {
    if (noted != 0) throw Interrupted{noted};
}

}  // namespace reeve::bench
