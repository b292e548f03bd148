#include "kernel/complain.h"

#include <climits>

#include "base/escape.h"
#include "kernel/pollset.h"
#include "kernel/sys.h"

namespace reeve {

// Whoever reads descriptor 2 may have stopped reading; nobody's reader makes reeve wait. A pipe
// that is writable takes PIPE_BUF bytes at once (POSIX XSH 2.9.7, poll). One that has no reader is
// not written to: the SIGPIPE would be forwarded to `-- CMD`.
void complain_pieces(uint64_t kinds, ...) {
    Buffer<PIPE_BUF> text;
    va_list pieces;
    va_start(pieces, kinds);
    append_pieces(text, kinds, pieces);
    va_end(pieces);
    Buffer<PIPE_BUF> line;
    line << "reeve: ";
    append_escaped(line, text.view());
    if (line.size() == line.capacity()) line.cut(line.capacity() - 1);
    line << '\n';
    if (ready_now(2, POLLOUT) != POLLOUT) return;
    [[maybe_unused]] const ssize_t written = sys::write(2, line.data(), line.size());
}

}  // namespace reeve
