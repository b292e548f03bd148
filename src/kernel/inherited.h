// inherited: the descriptors that a resumed reeve has from what it was before (process/resume).
// What each of them is, it tells itself: a crash leaves no list that could be trusted.
#pragma once

#include "base/fd.h"
#include "base/list.h"
#include "base/text.h"

namespace reeve {

struct Listen;

class Inherited {
  public:
    // Owns these from now on.
    void take_over(std::span<const int> descriptors);

    // The one that is open on the file or FIFO that has this path, or the socket that was bound to
    // it; none where there is none.
    Fd take_file(const char* path);
    Fd take_socket(std::string_view path);
    // The one that listens there.
    Fd take_listener(const Listen& listen);

    // What nobody has taken.
    void close() { all_ = {}; }
    // Closes what nobody has taken and does not listen. Whose a listening socket is may not be
    // known yet.
    void keep_listeners();

  private:
    struct One {
        Fd fd;
        uint64_t device;
        uint64_t inode;
        Text bound;  // a Unix socket's path; empty: none
    };
    Fd take(One& one);

    List<One> all_;
};

}  // namespace reeve
