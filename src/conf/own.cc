#include "conf/own.h"

#include "conf/load.h"
#include "conf/schema.h"

namespace reeve {

Ref<const Definition> main_definition(const char* const* argv) {
    Draft draft;
    Definition& definition = *draft.definition;
    definition.name = "main";
    for (; *argv != nullptr; ++argv) definition.exec.append(*argv);
    definition.workdir = ".";
    draft.policy->log = Log::inherit;
    draft.policy->restart = Restart::never;
    draft.policy->on_end = OnEnd::shutdown;
    seal(draft);
    definition.policy = Ref<const Policy>(draft.policy.get());
    return Ref<const Definition>(&definition);
}

// While it is away everybody's output waits: it comes back at once, and always.
Ref<const Definition> svlog_definition(std::string_view program, std::string_view pipes,
                                       std::string_view logs, std::string_view user) {
    Draft draft;
    Definition& definition = *draft.definition;
    definition.name = svlog_name;
    definition.description = "writes the logs of all services";
    for (const std::string_view word : {program, std::string_view(svlog_name), pipes, logs})
        definition.exec.append(word);
    definition.writes_logs = true;
    Policy& policy = *draft.policy;
    policy.log = Log::inherit;
    policy.on_change = OnChange::restart;
    policy.user = user;
    policy.ready = {.kind = ReadyKind::fd, .fd = 3};
    policy.start_timeout = seconds(5);
    policy.stop_timeout = seconds(3);
    policy.restart_delay = milliseconds(10);
    policy.restart_delay_max = seconds(1);
    seal(draft);
    definition.policy = Ref<const Policy>(draft.policy.get());
    return Ref<const Definition>(&definition);
}

}  // namespace reeve
