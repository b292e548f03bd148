// Definitions for tests: what a service file with one exec line gives, and what a test changes.
#pragma once

#include <string>
#include <string_view>

#include "model/definition.h"

namespace reeve::test {

// The keys' defaults (BEHAVIOUR section 2), as the schema has them.
inline Policy default_policy() {
    Policy policy;
    policy.success.add_code(0);
    policy.restart_delay = milliseconds(100);
    policy.restart_delay_max = seconds(60);
    policy.restart_factor_percent = 200;
    policy.reset_after = seconds(10);
    policy.stop_timeout = seconds(7);
    policy.start_check_timeout = seconds(10);
    policy.start_check_interval = seconds(1);
    policy.start_timeout = seconds(60);
    policy.hook_timeout = seconds(30);
    return policy;
}

// change(Definition&, Policy&) may set any key. Both digests are 1 unless it sets them.
template <typename Change>
Ref<const Definition> define(std::string_view name, Change change) {
    auto* definition = new Definition;
    auto* policy = new Policy(default_policy());
    definition->name = name;
    definition->file = {"/etc/reeve/", definition->name};
    definition->exec.append(std::string("/bin/").append(name));
    definition->digest = definition->process_digest = 1;
    change(*definition, *policy);
    definition->policy = Ref<const Policy>(policy);
    return Ref<const Definition>(definition);
}

inline Ref<const Definition> define(std::string_view name) {
    return define(name, [](Definition&, Policy&) {});
}

}  // namespace reeve::test
