// progress: what has become of what a client waits for.
#pragma once

#include "core/supervisor.h"

namespace reeve {

// What a client waits for. `up` of a oneshot: its end, and success.
struct Goal {
    enum class Kind : uint8_t {
        up,
        down,
        restarted,
        reloaded,  // it runs on, and its reload_command, if it has one, has succeeded
        entered,   // it has come into a state
    };
    Kind kind = Kind::up;
    State state_awaited = State::running;  // kind entered
    bool patient = false;                  // a run that fails is no answer where another follows
    // `runs` when it was asked for: a later run that fails is the answer. By default none is.
    // reloaded: the run that goes on.
    uint32_t runs_before = UINT32_MAX;
};
enum class Progress : uint8_t { pending, reached, failed, overtaken };

// Did reload_command fail when it last ran, in this run?
bool reload_failed(const Service& service);

// failed: it will not come about by itself: given up, invalid, or waiting for something that is.
// overtaken: the contrary is wanted by now.
Progress progress(const Supervisor& supervisor, ServiceId id, const Goal& goal);

}  // namespace reeve
