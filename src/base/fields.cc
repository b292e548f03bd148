#include "base/fields.h"

#include "base/escape.h"

namespace reeve {

void append_field(Sink& out, std::string_view key, std::string_view value) {
    append(out, key, '=');
    append_escaped(out, value);
    out << '\n';
}

std::string_view find_field(std::string_view lines, std::string_view key) {
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(line.size() < lines.size() ? line.size() + 1 : line.size());
        if (line.size() > key.size() && line[key.size()] == '=' && line.starts_with(key))
            return line.substr(key.size() + 1);
    }
    return {};
}

void append_sentence(Sink& out, std::string_view name, std::string_view state,
                     std::string_view reason) {
    append(out, name, state == "backoff" ? " is in " : " is ", state);
    if (!reason.empty()) append(out, ": ", reason);
}

}  // namespace reeve
