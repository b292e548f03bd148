#include "model/endpoint.h"

#include <arpa/inet.h>

#include "base/format.h"
#include "base/parse.h"

namespace reeve {

namespace {

bool add_address(Endpoint& endpoint, std::string_view host, uint16_t port) {
    Buffer<INET6_ADDRSTRLEN + 1> text;
    text << host;
    Endpoint::Address& address = endpoint.addresses[endpoint.count];
    address = {};
    if (text.truncated()) return false;
    if (inet_pton(AF_INET, text.c_str(), &address.v4.sin_addr) == 1) {
        address.v4.sin_family = AF_INET;
        address.v4.sin_port = htons(port);
    } else if (inet_pton(AF_INET6, text.c_str(), &address.v6.sin6_addr) == 1) {
        address.v6.sin6_family = AF_INET6;
        address.v6.sin6_port = htons(port);
    } else {
        return false;
    }
    ++endpoint.count;
    return true;
}

}  // namespace

std::optional<Endpoint> parse_endpoint(std::string_view text, uint16_t default_port) {
    std::string_view host = text;
    std::string_view port;
    if (text.starts_with('[')) {
        const size_t end = text.find(']');
        if (end == text.npos) return std::nullopt;
        host = text.substr(1, end - 1);
        port = text.substr(end + 1);
        // Brackets are for addresses with colons.
        if (host.find(':') == host.npos) return std::nullopt;
    } else if (const size_t colon = text.find(':'); colon != text.npos) {
        host = text.substr(0, colon);
        port = text.substr(colon);
    }
    uint64_t number = default_port;
    if (!port.empty())
        number = port.front() == ':' ? parse_unsigned(port.substr(1), UINT16_MAX).value_or(0) : 0;
    if (number == 0) return std::nullopt;
    const auto port_number = static_cast<uint16_t>(number);
    Endpoint endpoint;
    const bool is_known = host == "localhost" ? add_address(endpoint, "127.0.0.1", port_number) &&
                                                    add_address(endpoint, "::1", port_number)
                                              : add_address(endpoint, host, port_number);
    if (!is_known) return std::nullopt;
    return endpoint;
}

}  // namespace reeve
