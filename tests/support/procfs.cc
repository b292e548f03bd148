#include "support/procfs.h"

#include <cstdlib>
#include <ctime>
#include <dirent.h>
#include <map>
#include <sstream>
#include <unistd.h>

#include "kernel/platform.h"
#include "support/tempdir.h"

namespace reeve::test {

bool has_proc() { return platform::has_oom_score_adj && access("/proc/self/stat", R_OK) == 0; }

namespace {

std::string value_of(std::string_view text, std::string_view name) {
    const std::string label = std::string(name) + ":";
    size_t at = 0;
    while (at < text.size()) {
        const size_t end = std::min(text.find('\n', at), text.size());
        const std::string_view line = text.substr(at, end - at);
        if (line.substr(0, label.size()) == label) {
            const size_t value = line.find_first_not_of(" \t", label.size());
            return value == line.npos ? std::string() : std::string(line.substr(value));
        }
        at = end + 1;
    }
    return {};
}

// Every process's children, as one look at all of them finds them.
std::map<pid_t, std::vector<pid_t>> families() {
    std::map<pid_t, std::vector<pid_t>> found;
    DIR* directory = opendir("/proc");
    if (directory == nullptr) return found;
    while (const dirent* entry = readdir(directory)) {
        const pid_t pid = std::atoi(entry->d_name);
        if (pid > 0) found[facts_of(pid).parent].push_back(pid);
    }
    closedir(directory);
    return found;
}

}  // namespace

ProcessFacts facts_of(pid_t pid) {
    ProcessFacts facts;
    const std::string text = read_file("/proc/" + std::to_string(pid) + "/stat");
    const size_t name_end = text.rfind(')');  // a name may hold anything
    if (name_end == text.npos) return facts;
    std::istringstream fields(text.substr(name_end + 1));
    int terminal = 0;
    fields >> facts.state >> facts.parent >> facts.group >> facts.session >> terminal >>
        facts.foreground;
    return facts;
}

bool alive(pid_t pid) {
    const char state = facts_of(pid).state;
    return pid > 0 && state != 0 && state != 'Z' && state != 'X';
}

std::vector<pid_t> children_of(pid_t parent) { return families()[parent]; }

std::vector<pid_t> descendants_of(pid_t ancestor) {
    std::map<pid_t, std::vector<pid_t>> all = families();
    std::vector<pid_t> found = all[ancestor];
    for (size_t i = 0; i < found.size(); ++i) {
        const std::vector<pid_t>& children = all[found[i]];
        found.insert(found.end(), children.begin(), children.end());
    }
    return found;
}

std::string status_field(pid_t pid, std::string_view name) {
    return value_of(read_file("/proc/" + std::to_string(pid) + "/status"), name);
}

std::chrono::nanoseconds cpu_time_of(pid_t pid) {
    clockid_t clock;
    timespec time = {};
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0) return {};
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

bool has_signal(std::string_view status_text, std::string_view name, int number) {
    const std::string mask = value_of(status_text, name);
    return (std::strtoull(mask.c_str(), nullptr, 16) >> (number - 1) & 1) != 0;
}

}  // namespace reeve::test
