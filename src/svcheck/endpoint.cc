#include "svcheck/endpoint.h"

#include <algorithm>

#include "base/parse.h"

namespace reeve {

std::optional<Url> parse_url(std::string_view text) {
    constexpr std::string_view scheme = "http://";
    constexpr uint16_t http_port = 80;
    if (!text.starts_with(scheme)) return std::nullopt;
    text.remove_prefix(scheme.size());
    const size_t slash = std::min(text.find('/'), text.size());
    Url url{{}, text.substr(0, slash), text.substr(slash)};
    // What is in the request line and its fields ends at no blank or newline of the caller's.
    for (const char c : text)
        if (c <= ' ' || c == '\x7F') return std::nullopt;
    const auto endpoint = parse_endpoint(url.host, http_port);
    if (!endpoint) return std::nullopt;
    url.endpoint = *endpoint;
    return url;
}

std::optional<Statuses> parse_statuses(std::string_view text) {
    constexpr uint64_t status_max = 999;
    const size_t dash = std::min(text.find('-'), text.size());
    const auto first = parse_unsigned(text.substr(0, dash), status_max);
    const auto last =
        dash == text.size() ? first : parse_unsigned(text.substr(dash + 1), status_max);
    if (!first || !last || *first > *last) return std::nullopt;
    return Statuses{static_cast<int>(*first), static_cast<int>(*last)};
}

std::optional<int> status_of(std::string_view reply) {
    const size_t end = reply.find('\n');
    std::string_view line = reply.substr(0, end);
    int code = 0;
    constexpr std::string_view version = "HTTP/1.x";
    if (end == reply.npos || !line.starts_with(version.substr(0, 7)) ||
        line.size() < version.size())
        return std::nullopt;
    line.remove_prefix(version.size());
    if (!take_char(line, ' ') || !take_number(line, 3, 999, code)) return std::nullopt;
    return code;
}

}  // namespace reeve
