// answer: what is said to one request, piece by piece, as the client reads and as things come to
// pass. Knows no socket.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "core/explain.h"
#include "ctl/controls.h"
#include "ctl/protocol.h"

namespace reeve {

class Answer {
  public:
    Answer(Supervisor& supervisor, Controls& controls)
        : supervisor_(&supervisor), controls_(&controls) {}

    // Does what is asked for; next() tells what comes of it.
    void begin(const Request& request, Now now);
    // The answer to what was no request.
    void refuse(Outcome outcome, std::string_view why);

    enum class Step : uint8_t {
        more,    // something was said, and there may be more
        waits,   // nothing to say before something happens, or the deadline passes
        closed,  // the last line was said
    };
    // Appends at most one object or line.
    Step next(std::string& out, Now now);

    // States that were entered, however short they last.
    void entered(std::span<const Entry> entries);

    Mono next_deadline() const { return deadline_; }
    // Where the client's deadline has passed, what has not come about is told to be late.
    void pass_deadline(Now now);
    // reeve ends: what has not come about will not.
    void conclude() { settle_all(Outcome::failed); }
    // Is the end of reeve what the client waits for?
    bool awaits_end() const { return command_ == Command::exit && waits_ && !closed_; }

  private:
    // One service that the request is about, and what is to come of it.
    struct Target {
        ServiceId id;
        Goal goal;
        Outcome outcome = Outcome::done;
        uint8_t code = 0;      // the errno of a signal that could not be sent
        bool settled = false;  // `outcome` is known
        bool told = false;
    };

    void resolve(std::string_view names);
    void act(const Request& request, Now now);
    void send_signals(int number);
    void reload_services(Now now);
    void reload_definitions(Now now);

    Step next_service(std::string& out, Now now);
    Step next_cause(std::string& out, Now now);
    Step next_outcome(std::string& out, Now now);
    Progress progress_of(const Target& target) const;
    void settle(Target& target) const;
    void settle_now(Target& target, Outcome pending) const;
    void settle_all(Outcome pending);
    void tell_outcome(std::string& out, const Target& target, size_t place, Now now) const;
    Step end(std::string& out);

    Supervisor* supervisor_;
    Controls* controls_;
    Command command_ = Command::status;
    bool waits_ = false;
    bool all_ = false;          // status of every service; there are no targets
    bool definitions_ = false;  // reload without a name
    bool closed_ = false;
    Outcome outcome_ = Outcome::done;
    std::string message_;  // of the last line
    std::vector<Target> targets_;
    Reloaded reloaded_;            // its changes are the targets, place by place
    size_t warned_ = 0;            // how many of its problems have been told
    size_t cursor_ = 0;            // the next target to look at, or service
    ServiceId link_{};             // why: the next of the chain; none: begin the target's
    size_t links_ = 0;             // how many of it were told
    size_t open_ = 0;              // targets not told yet
    Mono deadline_ = no_deadline;  // the client's
};

}  // namespace reeve
