// stream: connections that are made, waited for and written to, none past its deadline. The sockets
// are non-blocking.
#pragma once

#include <string_view>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/time.h"

namespace reeve {

// Until the socket is ready for one of the events of poll(2). False: the deadline has passed.
bool wait_for(int socket, short events, Mono deadline);

// These give an errno value, ETIMEDOUT where the deadline has passed; 0: it is done. A listen queue
// that is full is waited for: the server is busy, not gone.
int connect_stream(const sockaddr* address, socklen_t length, Mono deadline, Fd& socket);
// To a socket in the file system.
int connect_stream(std::string_view path, Mono deadline, Fd& socket);
int send_all(int socket, std::string_view text, Mono deadline);

}  // namespace reeve
