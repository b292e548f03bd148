// loopback: TCP on 127.0.0.1.
#pragma once

#include <string>

namespace reeve::test {

// A port that was free just now.
int free_port();

// Connects, sends the request, and returns what comes back at once; empty where nobody answers.
std::string ask_loopback(int port, const std::string& request);

}  // namespace reeve::test
