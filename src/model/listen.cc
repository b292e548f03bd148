#include "model/listen.h"

#include <algorithm>

#include "base/limits.h"
#include "base/parse.h"
#include "model/definition.h"

namespace reeve {

namespace {

constexpr std::string_view tcp = "tcp:";
constexpr std::string_view local = "unix:";

bool wrong(Sink& problem, const char* text) {
    problem << text;
    return false;
}

bool parse_address(std::string_view text, Listen& listen) {
    Buffer<sizeof "[::]:65535"> all;
    if (text.starts_with('*')) text.remove_prefix(1);
    if (text.starts_with(':')) {
        append(all, "[::]", text);
        listen.both = true;
        text = all.view();
    }
    const auto endpoint = parse_endpoint(text, 0);
    if (!endpoint || endpoint->count != 1 || all.truncated()) return false;
    listen.address = endpoint->addresses[0];
    return true;
}

bool parse_mode(std::string_view text, int& mode) {
    mode = 0;
    for (const char c : text) {
        if (c < '0' || c > '7' || mode > 0777) return false;
        mode = mode * 8 + (c - '0');
    }
    return !text.empty() && mode <= 0777;
}

bool parse_option(std::string_view option, Listen& listen) {
    const size_t equals = std::min(option.find('='), option.size() - 1) + 1;
    const std::string_view key = option.substr(0, equals);
    const std::string_view value = option.substr(equals);
    if (key == "name=") {
        listen.name = value;
        return is_name(value, false);
    }
    if (listen.path.empty()) return false;
    if (key == "mode=") return parse_mode(value, listen.mode);
    if (key != "user=" && key != "group=") return false;
    (key == "user=" ? listen.user : listen.group) = value;
    return !value.empty() && value.find_first_of(" \t:") == value.npos;
}

}  // namespace

std::string_view Listen::where() const {
    if (!path.empty()) return path;
    return {reinterpret_cast<const char*>(&address), sizeof address};
}

Listen Listen::without_ipv6() const {
    Listen listen = *this;
    listen.both = false;
    listen.address = {};
    listen.address.v4.sin_family = AF_INET;
    listen.address.v4.sin_port = address.v6.sin6_port;
    return listen;
}

bool parse_listen(std::string_view value, Listen& listen, Sink& problem) {
    listen = {};
    size_t comma = std::min(value.find(','), value.size());
    const std::string_view place = value.substr(0, comma);
    if (place.starts_with(tcp)) {
        if (!parse_address(place.substr(tcp.size()), listen))
            return wrong(problem, "expected tcp:ADDR:PORT with a numeric address, such as "
                                  "tcp:127.0.0.1:80 or tcp:[::1]:80, or tcp:*:80 for all");
    } else if (place.starts_with(local)) {
        listen.path = place.substr(local.size());
        if (!listen.path.starts_with('/') || listen.path.find_first_of(" \t") != listen.path.npos)
            return wrong(problem, "expected unix:PATH with a path that begins with /, and has no "
                                  "blank in it");
        if (listen.path.size() > socket_path_max_bytes) {
            append(problem, "a Unix socket's path has at most ", socket_path_max_bytes, " bytes");
            return false;
        }
    } else {
        return wrong(problem, "expected tcp:ADDR:PORT or unix:PATH");
    }
    while (comma < value.size()) {
        const size_t begin = comma + 1;
        comma = std::min(value.find(',', begin), value.size());
        const std::string_view option = value.substr(begin, comma - begin);
        if (option.empty() || !parse_option(option, listen))
            return wrong(problem, "behind a comma comes name=NAME, or of a Unix socket mode=660, "
                                  "user=USER or group=GROUP");
    }
    return true;
}

Listen listen_of(std::string_view value) {
    Listen listen;
    Buffer<64> problem;
    parse_listen(value, listen, problem);
    return listen;
}

}  // namespace reeve
