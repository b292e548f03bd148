// helper: what a test program does when it is run as `system --helper WHAT ARG...`: small services
// that a shell cannot be.
#pragma once

namespace reeve::test {

// Runs the helper if the arguments ask for one, and gives its exit code; else -1.
//
//   notify MESSAGE...  sends the messages as one datagram, a line each, to NOTIFY_SOCKET
//   signals FILE       appends "ready", then the number of every signal it gets, a line each
//   ready-fd N         writes a newline to descriptor N, then a second: a lost reader would cost
//                      it a SIGPIPE. Then sleeps.
//   http-ok PORT       is there an HTTP server on loopback that answers with 200?
int run_helper(int argc, char** argv);

}  // namespace reeve::test
