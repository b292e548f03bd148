#include "host/paths.h"

#include <string_view>

#include "base/text.h"

namespace reeve {

namespace {

std::string_view value_of(const char* const* environment, std::string_view name) {
    for (; environment != nullptr && *environment != nullptr; ++environment) {
        const std::string_view entry = *environment;
        if (entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name))
            return entry.substr(name.size() + 1);
    }
    return {};
}

// The directory that an XDG variable names, else `otherwise` in the home directory.
std::string home_directory(const char* const* environment, std::string_view variable,
                           std::string_view otherwise) {
    std::string path(value_of(environment, variable));
    if (path.starts_with('/')) return path += "/reeve";
    path = value_of(environment, "HOME");
    if (path == "/") path.clear();
    return path.append(otherwise).append("/reeve");
}

std::string runtime_directory(uid_t uid, const char* const* environment) {
    std::string path(value_of(environment, "XDG_RUNTIME_DIR"));
    if (path.starts_with('/')) return path += "/reeve";
    Buffer<32> fallback;
    fallback << "/tmp/reeve-" << static_cast<uint64_t>(uid);
    return std::string(fallback.view());
}

}  // namespace

Directories default_directories(uid_t uid, const char* const* environment, bool overrides) {
    const std::string home_state = home_directory(environment, "XDG_STATE_HOME", "/.local/state");
    Directories directories =
        uid == 0 ? Directories{"/etc/reeve", "/run/reeve", "/var/log/reeve", "/var/lib/reeve"}
                 : Directories{home_directory(environment, "XDG_CONFIG_HOME", "/.config"),
                               runtime_directory(uid, environment), home_state + "/log", home_state};
    if (!overrides) return directories;
    const struct {
        const char* variable;
        std::string& directory;
    } variables[] = {{"REEVE_DIR", directories.config},
                     {"REEVE_RUN", directories.run},
                     {"REEVE_LOG", directories.log},
                     {"REEVE_STATE", directories.state}};
    for (const auto& each : variables) {
        const std::string_view value = value_of(environment, each.variable);
        if (!value.empty()) each.directory = value;
    }
    return directories;
}

}  // namespace reeve
