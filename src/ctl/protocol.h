// protocol: what svctl and reeve say to each other on RUNDIR/control. Text, pure, bounded; this is
// the one place that says how.
//
//   request  = version " " command *(" " option) *(" " name) LF        at most request_max_bytes
//   version  = "reeve/1"                  another one is answered with `end`, which all can read
//   command  = "status" | "why" | "up" | "down" | "restart" | "run" | "signal" | "reload" | "wait"
//            | "plan" | "events" | "boot" | "directories" | "rotate" | "exit"
//            | "reexec" | "next" | "scale"
//   option   = "timeout=" MILLISECONDS    how long the outcome is waited for
//            | "wait=no"                  it is not waited for
//            | "watch=yes"                up, restart, reload: what it brings up is waited for, and
//                                         for a second more where it is ready by exec alone
//            | "follow=yes"               events: those to come as well
//            | "now=yes"                  up: outside its window as well
//            | "state=" STATE             wait: until that state
//            | "number=" N                signal: which one; exit: reeve's exit code; scale:
//                                         to how many
//            | "again=yes"                it was begun before: nothing is done, only told
//   name     = NAME | NAME@INSTANCE | @LABEL
//
//   reply    = *(object | warning | ending) (end | again)
//   object   = 1*(key "=" value LF) LF    key: lower-case letters and "_"; core/object.h
//   warning  = "warn " TEXT LF            for people; the reply goes on
//   ending   = "ending" LF                reeve ends: that the connection ends too is the answer
//   again    = "again" LF                 reeve executes itself again: ask once more
//            | "begun " OUTCOME *(" " name) LF      ask once more, with again=yes and these names;
//                                                   the outcome of what has been told
//   end      = "end " OUTCOME [" " TEXT] LF         the last line; OUTCOME: svctl's exit status
//
// A connection is for one request. What an object holds depends on the command:
//   status   the service (core/object.h), uptime_s cpu_percent cpu_ms memory_bytes processes; where
//            reeve's control group is bounded memory_limit cpu_limit pids_limit
//   why      name state reason; the services of the chain one after another, and without names of
//            all that are not as they should be, each told once. Of those that are
//            failed or in backoff also started and log: where their last output is
//   reload without a name    name action reason result, for each service that changes
//   plan     name action reason, for each service that a reload would change
//   events   time name instance from to reason, oldest first
//   boot     name state start ready start_ms ready_ms, of each service that came up with reeve; the
//            last two since reeve's own start
//   next     name instance active, and what the clock has in store for it (core/object.h), of each
//            service that is wanted up; then the same of versions that come into force later
//   directories             directory trusted; one after another, in the order of -d
//   else     name state reason result, for each service, once it is known. Of a reload that failed
//            also started and log: where to find what was said meanwhile
// `name` is NAME[@INSTANCE] there, `result` an outcome.
#pragma once

#include <optional>
#include <string_view>

#include "base/format.h"
#include "base/limits.h"
#include "model/outcome.h"
#include "model/service.h"

namespace reeve {

enum class Command : uint8_t {
    status,
    why,
    up,
    down,
    restart,
    run,
    signal,
    reload,
    wait,
    plan,
    events,
    boot,
    directories,
    rotate,
    exit,
    reexec,
    next,
    scale,
};
constexpr size_t command_count = 18;
const char* name_of(Command command);

struct Request {
    Command command = Command::status;
    Duration timeout = milliseconds(answer_wait_default_ms);
    bool waits = true;
    bool watches = false;
    bool follows = false;
    bool now = false;
    bool again = false;
    int number = 0;
    std::optional<State> until;  // state=
    std::string_view names;      // words, for take_word()
};

// A line without its newline. nullopt: `problem` says what is wrong with it.
std::optional<Request> parse_request(std::string_view line, Sink& problem);

// The line, its newline included.
void append_request(Sink& out, const Request& request);

struct ReplyLine {
    enum class Kind : uint8_t { field, gap, warning, ending, again, begun, end };
    Kind kind = Kind::gap;
    Outcome outcome = Outcome::done;  // begun, end
    std::string_view text{};          // warning, end; begun: names; field: the whole line
};

// A line without its newline. nullopt: it is none of the protocol's.
std::optional<ReplyLine> parse_reply_line(std::string_view line);

void append_end(Sink& out, Outcome outcome, std::string_view text);

}  // namespace reeve
