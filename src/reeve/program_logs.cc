// The program's second part: what it does for logs, and the descriptors that takes.
#include <algorithm>
#include <sys/resource.h>
#include <unistd.h>

#include "base/limits.h"
#include "kernel/complain.h"
#include "kernel/sys.h"
#include "kernel/users.h"
#include "process/resume.h"
#include "reeve/program.h"

namespace reeve {

namespace {

// Children on their way to exec.
uint32_t spawn_slots(size_t pipes) {
    return descriptors_for(24 + pipes, spawns_in_flight_max_count);
}

}  // namespace

uint32_t descriptors_for(uint64_t everything_else, uint64_t most) {
    rlimit limit = {};
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) limit.rlim_cur = 32;
    const uint64_t spare = limit.rlim_cur - std::min<uint64_t>(limit.rlim_cur, everything_else);
    return static_cast<uint32_t>(std::clamp<uint64_t>(spare / 2, 1, most));
}

void Program::apply_settings(const Settings& settings) {
    settings_ = settings;
    setup_.uid = settings.uid.view();
    setup_.reports = settings.report != Report::none;
    Sink told(resumption().log_user, sizeof resumption().log_user);
    told << settings.log_user.view();
    told.c_str();
    LogSettings& logs = setup_.logs;
    logs.max_total = settings.log_max_total;
    logs.owner = 0;
    logs.group = 0;
    if (settings.log_user.empty() || geteuid() != 0) return;
    Credentials user;
    Buffer<prepare_detail_max_bytes> problem;
    if (resolve_user(settings.log_user, user, problem) == 0) {
        logs.owner = user.uid;
        logs.group = user.gid;
        return;
    }
    complain("log_user: ", problem, "; svlog runs as root instead");
}

// How many services svlog is to serve.
size_t Program::count_pipes(const Catalog& catalog) const {
    const auto needs = [](const Ref<const Definition>& definition) {
        return definition && definition->policy->type != Type::fake &&
               goes_to_svlog(definition->policy->log);
    };
    size_t count = performer_.logs().count();
    for (const Loaded& loaded : catalog.services) count += needs(loaded.definition);
    // What keeps the definition that it has, for its file has errors.
    for (const Service& service : supervisor_.services())
        count += service.active() && needs(service.definition);
    return count;
}

// A pipe for each is more than most are allowed at first, and less than most may have. Of what is
// allowed the pipes get half.
void Program::make_room_for_pipes(size_t pipes) {
    constexpr rlim_t everything_else = 512;
    rlimit limit = {};
    const rlim_t wanted = 2 * pipes + everything_else;
    if (pipes > 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < wanted &&
        limit.rlim_cur < limit.rlim_max) {
        if (!setup_.nofile) {
            setup_.nofile = limit;
            resumption().nofile = limit.rlim_cur;
        }
        limit.rlim_cur = std::min(limit.rlim_max, wanted);
        sys::setrlimit(RLIMIT_NOFILE, &limit);
    }
    performer_.logs().limit(descriptors_for(64, services_max_count));
    supervisor_.configure(safe_mode_ ? 0 : spawn_slots(pipes),
                          static_cast<uint32_t>(settings_.max_starting));
}

List<Ref<const Definition>> Program::own_definitions(const Catalog& catalog) const {
    List<Ref<const Definition>> own;
    if (main_definition_) own.push_back(main_definition_);
    if (setup_.logs.pipes.empty() || count_pipes(catalog) == 0) return own;
    const Text& program = setup_.own_program;
    own.push_back(svlog_definition(program.empty() ? std::string_view(svlog_name) : program.view(),
                                   setup_.logs.pipes, setup_.logs.directory,
                                   setup_.logs.owner != 0 ? settings_.log_user : Text()));
    return own;
}

// An svlog that an earlier reeve started writes to that one's output.
void Program::renew_console(std::span<const PastService> past, Now now) {
    const ServiceId writer = supervisor_.log_writer();
    if (!writer || writer.index >= past.size() || past[writer.index].leader != Fact::alive) return;
    const auto is_on_console = [](const Service& service) {
        return service.definition && service.policy().log == Log::console;
    };
    const auto all = supervisor_.services();
    if (std::none_of(all.begin(), all.end(), is_on_console)) return;
    supervisor_.restart({&writer, 1}, now);
    performer_.carry_out(now);
}

}  // namespace reeve
