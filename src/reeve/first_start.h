// first_start: what stands against a start, looked at before anything is begun. A resumed reeve was
// at work already, and asks none of this.
#pragma once

#include <span>

#include "conf/load.h"
#include "core/takeover.h"
#include "process/performer.h"

namespace reeve {

// What runs under another name (`uid` in reeve.conf) is not ours to touch, nor may it run twice.
// False, with a line: this is so.
bool may_take_over(const Past& past, std::string_view uid, const Text& run);

// A container in which nothing can ever run was built wrongly: it ends, and says all of why. One
// with no definitions waits for them. may_be_empty: this is no such container, or there is a CMD.
bool has_nothing_to_run(const Catalog& catalog, std::span<const Text> directories,
                        const Setup& setup, bool may_be_empty);

// Strict, it does not start with definitions that have errors; but what runs already is not left
// alone for that. True, with all of them told: it is not to start.
bool refuses_errors(const Catalog& catalog, std::span<const Ref<const Definition>> own,
                    const Past& past);

}  // namespace reeve
