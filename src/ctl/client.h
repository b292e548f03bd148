// client: svctl's end of the control socket. Blocks, but never beyond a deadline.
#pragma once

#include <string_view>

#include "base/fd.h"
#include "base/format.h"
#include "base/time.h"

namespace reeve {

class Client {
  public:
    // Connects, waiting for its turn where reeve has many clients. 0, or an errno: ENOENT or
    // ECONNREFUSED, no reeve is there; EACCES, not permitted; EPERM, whoever is there is neither
    // root nor us; ETIMEDOUT.
    int connect(const char* path, Mono deadline);

    // Sends all of it. False: the connection is gone, though there may be an answer to read.
    bool send(std::string_view request, Mono deadline);

    enum class Got : uint8_t { line, nothing_more, too_late };
    // The next line without its newline; it is valid until the next call. A line that is longer
    // than any can be counts as nothing more.
    Got read_line(std::string_view& line, Mono deadline);

  private:
    Fd socket_;
    LongText input_;
    size_t taken_ = 0;  // how much of it read_line has given
};

}  // namespace reeve
