// loopback: TCP on 127.0.0.1.
#pragma once

#include <optional>
#include <string>

namespace reeve::test {

// A port that was free just now.
int free_port();

// Connects to a port of 127.0.0.1, or to a Unix socket's path, and returns all that it is told;
// nothing where the connection is refused. Empty: nobody has said anything in time.
std::optional<std::string> ask_socket(const std::string& address);

// Connects, sends the request, and returns what comes back at once; empty where nobody answers.
std::string ask_loopback(int port, const std::string& request);

}  // namespace reeve::test
