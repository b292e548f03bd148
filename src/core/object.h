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
// healthy next blames problem type enabled version group depends_on after log description file, a
// line each. `strays` are the pids of its processes that have left its group;
// `log` is the directory of its output, or "console", "inherit" or "null"; where there can be no
// files, "console" and why in parentheses; `started` is when the last run began, `start_time` the
// process's own, as the system counts it. A client is told the keys of time as well, where there
// are any: cron every at (those that repeat with ';' between) jitter timezone apply_on window_start
// window_stop week_days. Behind the log both are told stdin and listen, where there are any.
void append_object(Sink& out, const Supervisor& supervisor, const Service& service, Reader reader,
                   Now now);

// What the clock has in store is worked out from this: name instance active handled_ms tick_ms
// version and the keys of time, a line each. `active`: it runs. Starts up to `handled` were run or
// passed over; `tick` is when `every` is due next, by the monotonic clock.
void append_coming(Sink& out, const Supervisor& supervisor, const Service& service);
// name version and the keys of time, of a version that comes into force later than now; of others
// nothing.
void append_coming(Sink& out, const Candidate& version, Wall now);

// started log, a line each: where the output of its last run is found, or what came from `since`
// on. Nothing of a service without a definition.
void append_trail(Sink& out, const Supervisor& supervisor, const Service& service, Wall since = {});

// time name instance from to reason, a line each. The entry's service has a name (its id is one).
void append_event(Sink& out, const Supervisor& supervisor, const Entry& entry);

// A run as one line, its newline included: start= end= took_ms= pid= exit= signal= failed= reason=,
// the last one to the end of the line.
void append_run(Sink& out, const Supervisor& supervisor, const EndedRun& run);

// The reason of its state, escaped, with the countdown for a client.
void append_words(Sink& out, const Supervisor& supervisor, const Service& service, Reader reader,
                  Now now);

}  // namespace reeve
