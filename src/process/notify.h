// notify: what services say of themselves. sd_notify(3) messages on a datagram socket a service,
// and the newline on a descriptor that s6, dinit and nitro understand.
#pragma once

#include <optional>
#include <string_view>
#include <sys/types.h>

#include "base/fd.h"
#include "base/result.h"

namespace reeve {

// One datagram; assignments that are not known are passed over (sd_notify(3)).
struct Notification {
    bool ready = false;     // READY=1
    bool stopping = false;  // STOPPING=1
    bool alive = false;     // WATCHDOG=1
    bool hung = false;      // WATCHDOG=trigger
    std::optional<pid_t> main_pid;
    std::optional<std::string_view> status;  // points into the message
};
Notification parse_notification(std::string_view message);

// A socket at `path` that tells who sent each message, and that anybody may send to: a program may
// have given up the rights it was started with. Where the system cannot tell, only `owner` (and
// root) may.
Result<Fd> open_notify_socket(const char* path, uid_t owner);

// May this descriptor stay open for as long as a service runs? The last few are for what begins and
// ends, and for svctl.
bool may_be_held(int fd);

// A FIFO at `path`, open at both ends here and in the service, so that nobody's death costs the
// other a SIGPIPE or a byte. With an empty path it is a pipe, which cannot promise that.
struct ReadyChannel {
    Fd ours;    // readable once the service has spoken
    Fd theirs;  // for the child
};
Result<ReadyChannel> open_ready_channel(const char* path);

// What a service has said on its readiness descriptor. Reads once: who never stops talking keeps
// nobody else waiting.
enum class ReadyWord : uint8_t { none, newline, closed };
ReadyWord read_ready(int fd);

}  // namespace reeve
