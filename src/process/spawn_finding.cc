#include "process/spawn_finding.h"

#include <algorithm>
#include <cerrno>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/parse.h"
#include "base/result.h"
#include "conf/schema.h"
#include "kernel/platform.h"
#include "kernel/sys.h"
#include "model/confinement.h"

namespace reeve {

namespace {

void append_bound(Sink& out, uint64_t bound) {
    if (bound >= std::min(unlimited, uint64_t{RLIM_INFINITY}))
        out << "unlimited";
    else
        out << bound;
}

std::string_view name_of_limit(size_t place) {
    std::string_view words = find_key(service_keys, "limit")->words;
    for (; place > 0; --place) take_word(words);
    return take_word(words);
}

// The child has the hard limits that we have, and only raising them is forbidden.
void append_limit(Sink& out, int code, const Policy& policy) {
    for (size_t i = 0; i < limit_count; ++i) {
        const Limit& limit = policy.limits[i];
        struct rlimit ours {};
        if (!limit.set || ::getrlimit(resource_of(static_cast<LimitName>(i)), &ours) < 0) continue;
        const bool is_above = ours.rlim_max != RLIM_INFINITY &&
                              (limit.hard == unlimited || limit.hard > uint64_t{ours.rlim_max});
        if (!is_above) continue;
        append(out, "limit ", name_of_limit(i), ' ');
        append_bound(out, limit.hard);
        append(out, ": ", errno_text(code), " (the hard limit is ");
        append_bound(out, uint64_t{ours.rlim_max});
        out << "; raise it where reeve is started: ulimit -H, or on Linux CAP_SYS_RESOURCE)";
        return;
    }
}

// Nobody can give what he has not; and it takes a right to give up what one could have.
void append_capabilities_missing(Sink& out, int code, uint64_t wanted) {
    constexpr unsigned setpcap = 8;
    const uint64_t missing = wanted & ~platform::own_capabilities();
    append(out, "capabilities: ", errno_text(code), " (");
    if (code == EINVAL) {
        out << "the kernel does not know all of them)";
        return;
    }
    out << "reeve itself lacks ";
    append_capabilities(out, missing != 0 ? missing : uint64_t{1} << setpcap);
    out << ')';
}

// "exec /srv/x: a link to /nowhere, which is not there".
void append_link(Sink& out, SpawnStep step, const Policy& policy, std::string_view object) {
    if (!object.starts_with('/')) return;
    Buffer<path_max_bytes> path;
    append(path, policy.chroot, object);
    struct stat status {};
    if (path.truncated() || sys::lstat(path.c_str(), &status) < 0 || !S_ISLNK(status.st_mode))
        return;
    char target[path_max_bytes];
    const ssize_t length = sys::readlink(path.c_str(), target, sizeof target);
    if (length < 0) return;
    append(out, name_of(step), ' ', object, ": a link to ",
           std::string_view(target, static_cast<size_t>(length)), ", which is not there");
}

// "exec /srv: Is a directory", of which the kernel says that it is not permitted.
void append_directory(Sink& out, const Policy& policy, std::string_view object) {
    Buffer<path_max_bytes> path;
    path << policy.chroot.view() << object;
    struct stat status {};
    if (object.starts_with('/') && sys::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode))
        out << name_of(SpawnStep::exec) << ' ' << object << ": " << errno_text(EISDIR);
}

}  // namespace

// The kernel counts the user's processes against the one, root's excepted, the group's against the
// other.
void append_process_limit(Sink& out) {
    struct rlimit limit {};
    if (const auto most = platform::full_group_limit())
        append(out, " (pids.max of its cgroup: ", *most, ')');
    else if (getuid() != 0 && ::getrlimit(RLIMIT_NPROC, &limit) == 0 &&
             limit.rlim_cur != RLIM_INFINITY)
        append(out, " (ulimit -u: ", uint64_t{limit.rlim_cur}, ')');
}

int resource_of(LimitName name) {
    switch (name) {
    case LimitName::nofile: return RLIMIT_NOFILE;
    case LimitName::core: return RLIMIT_CORE;
    case LimitName::as: return RLIMIT_AS;
    case LimitName::data: return RLIMIT_DATA;
    case LimitName::stack: return RLIMIT_STACK;
    case LimitName::cpu: return RLIMIT_CPU;
    case LimitName::fsize: return RLIMIT_FSIZE;
    case LimitName::nproc: return RLIMIT_NPROC;
    case LimitName::memlock: return RLIMIT_MEMLOCK;
    }
    return -1;
}

void append_finding(Sink& out, SpawnStep step, int code, const Definition& definition) {
    const Policy& policy = *definition.policy;
    const bool is_absent = code == ENOENT;
    switch (step) {
    case SpawnStep::limit:
        if (code == EPERM) append_limit(out, code, policy);
        return;
    case SpawnStep::capabilities:
        return append_capabilities_missing(out, code, policy.capabilities.value_or(0));
    case SpawnStep::cgroup:
        append(out, "cgroup: ", errno_text(code), " (cgroup.procs, of its group or reeve's own)");
        return;
    case SpawnStep::exec:
        if (definition.exec.empty()) return;
        if (is_absent) append_link(out, step, policy, definition.exec.front());
        if (code == EACCES) append_directory(out, policy, definition.exec.front());
        return;
    case SpawnStep::chdir:
        if (is_absent) append_link(out, step, policy, definition.workdir);
        return;
    case SpawnStep::input:
        if (is_absent) append_link(out, step, policy, policy.input);
        return;
    case SpawnStep::terminal:
        if (is_absent) append_link(out, step, policy, policy.tty);
        return;
    default: return;
    }
}

}  // namespace reeve
