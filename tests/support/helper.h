// helper: what a test program does when it is run as `system --helper WHAT ARG...`: small services
// that a shell cannot be.
#pragma once

namespace reeve::test {

// Runs the helper if the arguments ask for one, and gives its exit code; else -1.
//
//   notify MESSAGE...  sends the messages as one datagram, a line each, to NOTIFY_SOCKET
//   notify-as UID MESSAGE...  the same as that user, who it then stays; then sleeps
//   signals FILE       appends "ready", then the number of every signal it gets, a line each
//   ready-fd N         writes a newline to descriptor N, then a second: a lost reader would cost
//                      it a SIGPIPE. Then sleeps.
//   ready-flood N      writes to descriptor N as fast as it can, and never a newline
//   notify-flood TEXT  sends the text to NOTIFY_SOCKET as fast as it can
//   lines WORD COUNT [BATCH]  writes COUNT lines of 100 bytes, BATCH or 40 at a time: WORD, its
//                      number, dots; then sleeps. COUNT 0: 40 a millisecond, until it is killed
//   fork-chain FILE    stays, while its child forks and ends, and so does that child, for ever; all
//                      ignore TERM. Each appends a byte to FILE
//   http-ok PORT       is there an HTTP server on loopback that answers with 200?
//   serve FILE         appends to FILE what it has by sd_listen_fds(3), "COUNT NAMES KINDS", where
//                      kind is a descriptor's family and whether it blocks; then says its pid to
//                      everybody who connects. TERM ends it behind the one that it serves
//   ask ADDR           connects to a port of 127.0.0.1, or a Unix socket's path, again and again,
//                      until TERM; says "asking" first, then what became of it: "COUNT
//                      asked, COUNT refused, COUNT broken"
int run_helper(int argc, char** argv);

}  // namespace reeve::test
