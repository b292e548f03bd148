// endpoint: what a probe of HTTP connects to, and what it takes for an answer. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "model/endpoint.h"

namespace reeve {

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
