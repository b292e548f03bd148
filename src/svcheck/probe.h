// probe: what svcheck looks at. Each probe returns true where all is well; else `why` says what it
// has seen, and what it looked at is for the caller to name. None lasts past its deadline.
#pragma once

#include <string_view>

#include "base/format.h"
#include "base/time.h"
#include "svcheck/endpoint.h"

namespace reeve {

// Does somebody accept connections there? One of the addresses is enough.
bool probe_tcp(const Endpoint& endpoint, Mono deadline, Sink& why);
// Does somebody accept connections at this socket of the file system?
bool probe_unix(std::string_view path, Mono deadline, Sink& why);

// Does an HTTP server answer a GET with one of these codes, and with a body that has this text
// (empty: any)? No TLS, and no redirection is followed.
bool probe_http(const Url& url, const Statuses& statuses, std::string_view contains, Mono deadline,
                Sink& why);

// Is the file there, and was it written within the last `newer`? 0: whenever.
bool probe_file(std::string_view path, Duration newer, Sink& why);
// Does the file's first line name a process that is alive?
bool probe_pid(std::string_view path, Sink& why);

}  // namespace reeve
