// object: a service as lines of key=value, the one rendering that status files, the control socket
// and svctl share. Lists are separated by blanks, times are RFC 3339 in UTC, flags yes or no; what
// is absent has an empty value. No value holds a newline or another control character.
#pragma once

#include <string_view>

#include "core/supervisor.h"

namespace reeve {

// Who reads it: the next one to open the file, or somebody who waits for it now. Only now does it
// make sense to say how long the next try is off.
enum class Reader : uint8_t { file, client };

// name instance state want reason pid start_time since started restarts exit signal strays stale
// next blames problem type enabled version group depends_on after log description file, a line
// each. `strays` are the pids of its processes that have left its group;
// `log` is the directory of its output, or "console", "inherit" or "null"; where there can be no
// files, "console" and why in parentheses; `started` is when the last run began, `start_time` the
// process's own, as the system counts it.
void append_object(Sink& out, const Supervisor& supervisor, const Service& service, Reader reader,
                   Now now);

// started log, a line each: where the output of its last run is found, or what came from `since`
// on. Nothing of a service without a definition.
void append_trail(Sink& out, const Supervisor& supervisor, const Service& service, Wall since = {});

// time name instance from to reason, a line each. The entry's service has a name (its id is one).
void append_event(Sink& out, const Supervisor& supervisor, const Entry& entry);

// A run as one line, its newline included: start= end= took_ms= pid= exit= signal= reason=, the
// last one to the end of the line.
void append_run(Sink& out, const Supervisor& supervisor, const EndedRun& run);

// The reason of its state, escaped, with the countdown for a client.
void append_words(Sink& out, const Supervisor& supervisor, const Service& service, Reader reader,
                  Now now);

}  // namespace reeve
