#include "process/strays.h"

#include <algorithm>
#include <unistd.h>

#include "base/limits.h"
#include "base/sort.h"
#include "kernel/platform.h"

namespace reeve {

namespace {

// The value of NAME= among strings that each end with a NUL; empty where it is not there.
std::string_view value_of(std::string_view environment, std::string_view name) {
    while (!environment.empty()) {
        const std::string_view entry = environment.substr(0, environment.find('\0'));
        environment.remove_prefix(std::min(entry.size() + 1, environment.size()));
        if (entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name))
            return entry.substr(name.size() + 1);
    }
    return {};
}

// Whose process it is by its environment. A program may have written something else there, and
// then it is nobody's.
ServiceId service_of(const Supervisor& supervisor, pid_t pid) {
    static char place[environment_read_max_bytes];
    const ssize_t got = platform::environment_of(pid, place);
    const std::string_view environment(place, got > 0 ? static_cast<size_t>(got) : 0);
    const std::string_view name = value_of(environment, "REEVE_SERVICE");
    if (name.empty()) return {};
    List<ServiceId> found;
    supervisor.select(name, found);
    for (const ServiceId id : found)
        if (supervisor.at(id).instance == value_of(environment, "REEVE_INSTANCE")) return id;
    return {};
}

}  // namespace

void Strays::look(Supervisor& supervisor, const Hooks& hooks, pid_t trial) {
    List<pid_t>& known = known_;
    known.clear();
    known.push_back(trial);
    for (const Stray& stray : strays_) known.push_back(stray.pid);
    hooks.each([&](ServiceId, Hook, Process process) { known.push_back(process.pid); });
    for (const pid_t group : hooks.killed_groups()) known.push_back(group);
    for (const Service& service : supervisor.services()) {
        if (service.group > 0) known.push_back(service.group);
        if (service.leader && service.leader.pid != service.group)
            known.push_back(service.leader.pid);
    }
    sort(std::span(known), [](pid_t a, pid_t b) { return a < b; });
    const auto is_known = [&](pid_t pid) {
        return std::binary_search(known.begin(), known.end(), pid);
    };
    const auto see = [&](pid_t pid) {
        if (is_known(pid) || is_known(getpgid(pid))) return;
        const ServiceId id = service_of(supervisor, pid);
        // What has a control group to itself has not got away.
        if (!id || supervisor.at(id).in_control_group) return;
        strays_.push_back({id, supervisor.at(id).name, pid});
        note(supervisor, id);
    };
    children_.resize(known.size() + strays_max_count);
    children_.resize(platform::children_of_self(children_));
    for (const pid_t pid : children_) see(pid);
}

bool Strays::reaped(Supervisor& supervisor, pid_t pid) {
    const auto place = std::find_if(strays_.begin(), strays_.end(),
                                    [&](const Stray& stray) { return stray.pid == pid; });
    if (place == strays_.end()) return false;
    const ServiceId id = place->service;
    strays_.erase(place);
    note(supervisor, id);
    return true;
}

void Strays::note(Supervisor& supervisor, ServiceId id) const {
    Service& service = supervisor.at(id);
    Buffer<128> pids;
    for (const Stray& stray : strays_)
        if (stray.service == id && stray.name == service.name &&
            pids.capacity() - pids.size() > 11)  // no number is cut
            append(pids, pids.empty() ? "" : " ", int64_t{stray.pid});
    if (!service.used() || service.strays == pids.view()) return;
    service.strays = pids.view();
    supervisor.mark_changed(id);
}

}  // namespace reeve
