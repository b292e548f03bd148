#include "reeve/log_service.h"

#include <algorithm>
#include <unistd.h>

#include "base/limits.h"
#include "conf/own.h"
#include "kernel/complain.h"
#include "kernel/sys.h"
#include "kernel/users.h"
#include "process/resume.h"

namespace reeve {

uint32_t descriptors_for(uint64_t everything_else, uint64_t most) {
    rlimit limit = {};
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) limit.rlim_cur = 32;
    const uint64_t spare = limit.rlim_cur - std::min<uint64_t>(limit.rlim_cur, everything_else);
    return static_cast<uint32_t>(std::clamp<uint64_t>(spare / 2, 1, most));
}

void LogService::configure() {
    Sink told(resumption().log_user, sizeof resumption().log_user);
    told << settings_.log_user.view();
    told.c_str();
    LogSettings& logs = setup_.logs;
    logs.max_total = settings_.log_max_total;
    logs.owner = 0;
    logs.group = 0;
    if (settings_.log_user.empty() || geteuid() != 0) return;
    Credentials user;
    Buffer<prepare_detail_max_bytes> problem;
    if (resolve_user(settings_.log_user, user, problem) == 0) {
        logs.owner = user.uid;
        logs.group = user.gid;
        return;
    }
    complain("log_user: ", problem.view(), "; svlog runs as root instead");
}

size_t LogService::count_pipes(const Catalog& catalog) const {
    const auto needs = [](const Ref<const Definition>& definition) -> size_t {
        if (!definition || definition->policy->type == Type::fake ||
            !goes_to_svlog(definition->policy->log))
            return 0;
        return std::max<size_t>(definition->policy->instances.count(), 1);
    };
    size_t count = performer_.logs().count();
    for (const Loaded& loaded : catalog.services) count += needs(loaded.definition);
    // What keeps the definition that it has, for its file has errors.
    for (const Service& service : supervisor_.services())
        count += service.active() && needs(service.definition) > 0;
    return count;
}

// A pipe for each is more than most are allowed at first, and less than most may have. Of what is
// allowed the pipes get half.
void LogService::make_room(size_t pipes) {
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
    const uint32_t in_flight = descriptors_for(24 + pipes, spawns_in_flight_max_count);
    supervisor_.configure(performer_.safe_mode ? 0 : in_flight,
                          static_cast<uint32_t>(settings_.max_starting));
}

Ref<const Definition> LogService::definition(const Catalog& catalog) const {
    if (setup_.logs.pipes.empty() || count_pipes(catalog) == 0) return {};
    const Text& program = setup_.own_program;
    return svlog_definition(program.empty() ? std::string_view(svlog_name) : program.view(),
                            setup_.logs.pipes, setup_.logs.directory,
                            setup_.logs.owner != 0 ? settings_.log_user : Text());
}

void LogService::renew_console(std::span<const PastService> past, Now now) {
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
