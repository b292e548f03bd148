// endpoint: the address of a TCP socket, as it is written. Pure.
#pragma once

#include <cstdint>
#include <netinet/in.h>
#include <optional>
#include <string_view>

namespace reeve {

// "127.0.0.1:80", "[::1]:80"; "localhost:80" is both loopback addresses, that of IPv6 last.
struct Endpoint {
    union Address {
        sockaddr_in6 v6;  // the first, so that {} makes all of it 0
        sockaddr_in v4;
        sockaddr any;
    };
    Address addresses[2];
    uint8_t count = 0;
};

// A number from 1 up. `default_port` is that of a text without one; 0: there must be one.
std::optional<Endpoint> parse_endpoint(std::string_view text, uint16_t default_port);

}  // namespace reeve
