// answer: what is said to one request, piece by piece, as the client reads and as things come to
// pass. It holds at most one object at a time, and knows no socket.
#pragma once

#include <algorithm>
#include <span>

#include "base/list.h"
#include "core/explain.h"
#include "core/progress.h"
#include "ctl/controls.h"
#include "ctl/protocol.h"
#include "process/usage.h"

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
    Step next(Sink& out, Now now);

    // Notes states that services have entered: one that lasts a moment counts for who waits for it.
    void entered(std::span<const Entry> entries);

    Mono next_deadline() const { return std::min(deadline_, look_at_); }
    // Where the client's deadline has passed, what has not come about is told to be late.
    void pass_deadline(Now now);
    // Another client, `who`, has asked for something: where that is the contrary of what is waited
    // for here, the wait is over.
    void note_overtaker(std::string_view who);
    // reeve executes itself again: the line that tells how to go on from here.
    void append_handover(Sink& out) const;
    // reeve ends: what has not come about will not.
    void conclude();
    // There is no place for a client that waits: it is told so, and what was begun goes on.
    void stop_waiting(std::string_view why);
    // Is the end of reeve what the client waits for?
    bool awaits_end() const { return command_ == Command::exit && waits_ && !closed_; }

  private:
    // One service that the request is about, and what is to come of it.
    struct Subject {
        ServiceId id;
        Goal goal;
        Outcome outcome = Outcome::done;
        uint8_t code = 0;            // the errno of a signal that could not be sent
        const char* note = nullptr;  // why it cannot be done, where the state does not say it
        Rotation rotation;
        Mono watch_until = no_deadline;  // it is there, and seen to stay so until then
        bool decided = false;            // `outcome` is known
        bool told = false;
        bool overtaken = false;  // by another command
    };

    void resolve(const Request& request, Now now);
    InstanceProblem add_instance(std::string_view name, Now now);
    bool advise_on(std::string_view name, InstanceProblem problem);
    void scale(const Request& request, Now now);
    void act(const Request& request, Now now);
    void send_signals(int number);
    void find_amiss();
    void rotate(bool all);
    void rotate(Subject& subject);
    void reload_services(Now now);
    void reload_definitions(Now now);
    bool await_start(Subject& subject, Now now) const;
    void begin_run();
    void go_on();

    Step next_service(Sink& out, Now now);
    const GroupUse* use_of(const Service& service);
    Step next_cause(Sink& out, Now now);
    Step next_directory(Sink& out);
    Step next_outcome(Sink& out, Now now);
    Step next_of_reexec(Sink& out);
    Step next_planned(Sink& out);
    Step next_coming(Sink& out, Now now);
    Step next_event(Sink& out);
    Step next_boot(Sink& out);
    Step tell(Sink& out, const Sink& object) const;
    Progress progress_of(Subject& subject) const;
    bool is_watched(const Subject& subject) const;
    void judge(Subject& subject, Now now);
    void decide(Subject& subject, Outcome pending) const;
    void decide_all(Outcome pending);
    void tell_outcome(Sink& out, const Subject& subject, size_t place, Now now) const;
    void append_outcome_words(Sink& out, const Subject& subject, Now now) const;
    Step end(Sink& out);

    Supervisor* supervisor_;
    Controls* controls_;
    Command command_ = Command::status;
    bool waits_ = false;
    bool watches_ = false;  // what it brings up
    bool all_ = false;      // status, next of every service, and there are no subjects; why of many
    bool definitions_ = false;  // reload without a name
    bool follows_ = false;      // events
    bool again_ = false;        // begun before reeve executed itself again
    bool closed_ = false;
    Outcome outcome_ = Outcome::done;
    LongText message_;  // of the last line
    Text overtaker_;    // who has asked for the contrary
    List<Subject> subjects_;
    List<GroupUse> uses_;  // of their process groups, once one was asked for
    std::optional<platform::GroupLimits> limits_;  // the same, of reeve's control group
    Reloaded reloaded_;                            // its changes are the subjects, place by place
    Forecast forecast_;
    size_t warned_ = 0;            // how many problems, of one of the two, have been told
    uint64_t event_ = 0;           // the number of the next one
    size_t cursor_ = 0;            // the next subject to look at, or service
    ServiceId link_{};             // why: the next of the chain; none: begin the subject's
    size_t links_ = 0;             // how many of it were told
    List<uint8_t> was_told_;       // why of many, by index: each once
    size_t open_ = 0;              // subjects not told yet
    Wall began_{};                 // when it was asked
    Mono deadline_ = no_deadline;  // the client's
    Mono look_at_ = no_deadline;   // nothing else tells of a rotation, or that it stays there
};

}  // namespace reeve
