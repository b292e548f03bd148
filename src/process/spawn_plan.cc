#include "process/spawn_plan.h"

#include <cerrno>
#include <cstring>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/parse.h"
#include "kernel/sys.h"
#include "process/spawn_environment.h"

namespace reeve {

namespace {

// What means something to a shell, at least in some places; '=' does in a first word alone, and no
// program that is found has one.
constexpr std::string_view shell_characters = "|&;<>()$`\\\"'*?[]#~!{}\n";

constexpr const char* shell = "/bin/sh";

bool too_large(PrepareError& error) {
    return error.fail(SpawnStep::prepare, E2BIG, "arguments and environment are too large");
}

// Whom the child becomes. plan.switch_user stays false where it is who we are already.
bool plan_user(const SpawnRequest& request, Credentials& user, SpawnPlan& plan,
               PrepareError& error) {
    plan.switch_user = false;
    if (plan.policy->user.empty()) return true;
    // Who we are needs no entry in /etc/passwd.
    if (parse_unsigned(plan.policy->user, UINT32_MAX) == uint64_t{::geteuid()}) return true;
    error.detail.clear();
    int code = resolve_user(plan.policy->user, user, error.detail, request.user_files);
    if (code != 0) {
        error.step = SpawnStep::user;
        error.code = code;
        return false;
    }
    if (user.uid == ::geteuid() && user.gid == ::getegid()) return true;
    plan.switch_user = true;
    plan.uid = user.uid;
    plan.gid = user.gid;
    plan.groups = user.groups;
    plan.group_count = user.group_count;
    return true;
}

// Fills plan.programs with the paths to try for a first word.
bool plan_programs(const SpawnRequest& request, const char* word, SpawnPlan& plan,
                   PrepareError& error) {
    plan.programs.clear();
    std::string_view name = word;
    if (name.find('/') != name.npos) {
        plan.programs.push_back(word);
        return true;
    }
    const char* value = find_value(plan.environment, "PATH");
    std::string_view rest = value != nullptr ? value : "/usr/local/bin:/bin:/usr/bin";
    for (bool more = true; more;) {
        size_t colon = rest.find(':');
        more = colon != rest.npos;
        std::string_view directory = rest.substr(0, colon);
        if (more) rest.remove_prefix(colon + 1);
        const char* path = directory.empty() ? plan.scratch.join({"./", name})
                                             : plan.scratch.join({directory, "/", name});
        if (path == nullptr) return too_large(error);
        plan.programs.push_back(path);
    }
    if (!request.own_program.empty() && (name == "svctl" || name == "svcheck")) {
        const char* path = plan.scratch.join({request.own_program});
        if (path == nullptr) return too_large(error);
        plan.programs.push_back(path);
    }
    return true;
}

// Is one of plan.programs an executable file, as the child will see it?
bool is_program_there(const SpawnPlan& plan) {
    for (const char* program : plan.programs) {
        if (program[0] != '/') continue;
        Buffer<path_max_bytes> path;
        append(path, plan.policy->chroot, program);
        struct stat status {};
        if (!path.truncated() && sys::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
            (status.st_mode & 0111) != 0) {
            return true;
        }
    }
    return false;
}

// A shell line is split and run directly where a shell would do no more than that.
bool plan_shell_line(const SpawnRequest& request, std::string_view line, SpawnPlan& plan,
                     PrepareError& error) {
    if (line.find_first_of(shell_characters) == line.npos) {
        std::string_view rest = line;
        for (auto word = take_word(rest); !word.empty(); word = take_word(rest)) {
            const char* copy = plan.scratch.join({word});
            if (copy == nullptr) return too_large(error);
            plan.arguments.push_back(copy);
        }
        if (!plan.arguments.empty()) {
            if (!plan_programs(request, plan.arguments.front(), plan, error)) return false;
            if (is_program_there(plan)) return true;
        }
    }
    const char* copy = plan.scratch.join({line});
    if (copy == nullptr) return too_large(error);
    plan.arguments.assign({shell, "-c", copy});
    plan.programs.assign({shell});
    return true;
}

bool plan_command(const SpawnRequest& request, SpawnPlan& plan, PrepareError& error) {
    plan.arguments.clear();
    const Definition& definition = *plan.definition;
    if (plan.mode == SpawnMode::hook)
        return plan_shell_line(request, request.shell_line, plan, error);
    if (!definition.command.empty())
        return plan_shell_line(request, definition.command, plan, error);
    for (std::string_view word : definition.exec) plan.arguments.push_back(word.data());
    if (plan.arguments.empty()) return error.fail(SpawnStep::exec, ENOENT, "there is no command");
    return plan_programs(request, plan.arguments.front(), plan, error);
}

size_t size_of(const char* entry) { return std::strlen(entry) + 1 + sizeof entry; }

// What came in with reeve's own arguments and environment is not bounded anew: the kernel did.
bool is_within_bounds(const SpawnRequest& request, const SpawnPlan& plan) {
    if (plan.mode == SpawnMode::main) return true;
    size_t bytes = 0;
    for (const Strings* strings : {&plan.arguments, &plan.environment})
        for (const char* each : *strings) bytes += size_of(each);
    size_t bound = arguments_max_bytes;
    for (const char* const* entry = request.environment; entry != nullptr && *entry != nullptr;)
        bound += size_of(*entry++);
    return bytes <= bound;
}

// A program in the foreground of our terminal hands it to CMD. A group that is gone, that of CMD's
// run before this one, counts as ours.
bool has_foreground() {
    pid_t group = ::tcgetpgrp(0);
    if (group < 0) return false;
    return group == ::getpgrp() || (group > 0 && sys::kill(-group, 0) < 0 && errno == ESRCH);
}

}  // namespace

char* Scratch::take(size_t count) {
    if (!bytes_) bytes_.reset(new char[spawn_scratch_bytes]);
    if (count > spawn_scratch_bytes - used_) return nullptr;
    char* place = bytes_.get() + used_;
    used_ += count;
    return place;
}

char* Scratch::join(std::initializer_list<std::string_view> parts) {
    size_t length = 0;
    for (std::string_view part : parts) length += part.size();
    char* place = take(length + 1);
    if (place == nullptr) return nullptr;
    char* at = place;
    for (std::string_view part : parts) {
        if (!part.empty()) std::memcpy(at, part.data(), part.size());
        at += part.size();
    }
    *at = '\0';
    return place;
}

bool prepare(const SpawnRequest& request, SpawnPlan& plan, PrepareError& error) {
    check(request.service != nullptr && request.service->definition);
    plan.mode = request.mode;
    plan.definition = request.service->definition.get();
    plan.policy = plan.definition->policy.get();
    check(request.descriptors.size() <= placements_max_count);
    plan.descriptors = request.descriptors;
    plan.record = request.record;
    if (plan.parent == 0) plan.parent = ::getpid();
    plan.nofile = request.nofile;
    plan.take_foreground = request.mode == SpawnMode::main && has_foreground();
    plan.scratch.clear();

    Credentials user;
    if (!plan_user(request, user, plan, error)) return false;
    if (!build_environment(request, plan.switch_user ? &user : nullptr, plan, error)) return false;
    if (!plan_command(request, plan, error)) return false;
    if (!is_within_bounds(request, plan)) return too_large(error);
    plan.arguments.push_back(nullptr);
    plan.environment.push_back(nullptr);
    return true;
}

}  // namespace reeve
