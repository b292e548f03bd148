// endpoint: what a probe connects to, as it is written. Pure.
#pragma once

#include <cstdint>
#include <netinet/in.h>
#include <optional>
#include <span>
#include <string_view>
#include <sys/socket.h>

namespace reeve {

// "127.0.0.1:80", "[::1]:80"; "localhost:80" is both loopback addresses, that of IPv6 last.
struct Endpoint {
    union Address {
        sockaddr any;
        sockaddr_in v4;
        sockaddr_in6 v6;
    };
    Address addresses[2];
    uint8_t count = 0;
};

// A number from 1 up. `default_port` is that of a text without one; 0: there must be one.
std::optional<Endpoint> parse_endpoint(std::string_view text, uint16_t default_port);

// "http://ADDR[:PORT][/PATH]". A view is into the text.
struct Url {
    Endpoint endpoint;
    std::string_view host;  // as the Host field has it (RFC 9110, 7.2)
    std::string_view path;  // begins with a slash, or is empty
};
std::optional<Url> parse_url(std::string_view text);

// "200-399", or one number: which status codes are an answer that is well.
struct Statuses {
    int first = 200;
    int last = 399;
};
std::optional<Statuses> parse_statuses(std::string_view text);

// The code of the status line (RFC 9112, 4) that a reply begins with; none: it is none, or not
// there whole yet.
std::optional<int> status_of(std::string_view reply);

}  // namespace reeve
