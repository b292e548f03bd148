#include "files/paths.h"

#include <string_view>

#include "base/format.h"
#include "base/limits.h"
#include "files/trust.h"
#include "kernel/sys.h"

namespace reeve {

namespace {

constexpr char system_config_directory[] = "/etc/reeve";

std::string_view value_of(const char* const* environment, std::string_view name) {
    for (; environment != nullptr && *environment != nullptr; ++environment) {
        const std::string_view entry = *environment;
        if (entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name))
            return entry.substr(name.size() + 1);
    }
    return {};
}

// Where one of the directories is.
struct Rule {
    const char* own_variable;
    const char* of_root;
    const char* xdg_variable;
    const char* in_home;  // where that is not set; null: in /tmp
    const char* suffix;   // behind either
};

constexpr Rule config_rule = {"REEVE_DIR", system_config_directory, "XDG_CONFIG_HOME", "/.config",
                              "/reeve"};
constexpr Rule run_rule = {"REEVE_RUN", "/run/reeve", "XDG_RUNTIME_DIR", nullptr, "/reeve"};
constexpr Rule log_rule = {"REEVE_LOG", "/var/log/reeve", "XDG_STATE_HOME", "/.local/state",
                           "/reeve/log"};
constexpr Rule state_rule = {"REEVE_STATE", "/var/lib/reeve", "XDG_STATE_HOME", "/.local/state",
                             "/reeve"};

[[gnu::noinline]] Text directory_by(const Rule& rule, uid_t uid, const char* const* environment,
                                    bool overrides) {
    Buffer<path_max_bytes> path;
    if (overrides) path << value_of(environment, rule.own_variable);
    if (!path.empty()) return path.view();
    const std::string_view named = value_of(environment, rule.xdg_variable);
    const std::string_view home = value_of(environment, "HOME");
    if (uid == 0)
        path << rule.of_root;
    else if (named.starts_with('/'))
        append(path, named, rule.suffix);
    else if (rule.in_home != nullptr)
        append(path, home == "/" ? "" : home, rule.in_home, rule.suffix);
    else
        append(path, "/tmp/reeve-", static_cast<uint64_t>(uid));
    return path.view();
}

}  // namespace

Directories default_directories(uid_t uid, const char* const* environment, bool overrides) {
    return {directory_by(config_rule, uid, environment, overrides),
            directory_by(run_rule, uid, environment, overrides),
            directory_by(log_rule, uid, environment, overrides),
            directory_by(state_rule, uid, environment, overrides)};
}

List<Text> run_directory_candidates(uid_t uid, const char* const* environment) {
    List<Text> candidates;
    candidates.push_back(directory_by(run_rule, uid, environment, false));
    for (const char* where : {"/tmp", "/dev/shm"}) {
        Buffer<48> path;
        append(path, where, "/reeve-", static_cast<uint64_t>(uid));
        if (!(candidates.front() == path.view())) candidates.push_back(path.view());
    }
    return candidates;
}

Text run_directory_in_use(const List<Text>& candidates) {
    for (const char* sign : {"/control", "/lock"}) {
        for (const Text& candidate : candidates) {
            Text path = private_run_directory(candidate);
            struct stat status {};
            const Text file = Text::join(path, sign);
            if (sys::lstat(file.c_str(), &status) == 0 && is_trusted_owner(status.st_uid))
                return path;
        }
    }
    return private_run_directory(candidates.front());
}

Text config_directory_in_use(const Text& own) {
    struct stat status {};
    const bool goes_to_system =
        sys::stat(own.c_str(), &status) < 0 && sys::stat(system_config_directory, &status) == 0;
    return goes_to_system ? Text(system_config_directory) : own;
}

}  // namespace reeve
