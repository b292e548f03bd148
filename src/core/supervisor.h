// supervisor: all services together. Opens and closes their gates (dependencies, order, start
// slots), stops in order, shuts down. Decides only; what is to be done comes out as Actions.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "base/list.h"
#include "core/boot_clock.h"
#include "core/deadlines.h"
#include "core/event_log.h"
#include "core/graph.h"
#include "core/leaders.h"
#include "core/takeover.h"
#include "core/tally.h"
#include "core/timetable.h"
#include "core/transition.h"
#include "core/worklist.h"
#include "model/service.h"

namespace reeve {

// What the files say of one version of one service.
struct Candidate {
    Text name;
    Text version;
    Ref<const Definition> definition;  // null: the file has errors
    Text problem;                      // the first of them, as FILE:LINE: text
    bool unread = false;  // what it says is not known: the definition before stays in force
};

// What a reload does to a service.
struct Change {
    enum class Kind : uint8_t { add, update, stale, restart, remove, refuse };
    Kind kind;
    ServiceId id;
    Text name;  // NAME[@I]: the slot of a service that was removed may be another's by now
};

const char* name_of(Change::Kind kind);

// Why a service does not get other instances.
enum class InstanceProblem : uint8_t {
    none,
    no_such_service,
    unread,        // its file cannot be read now, or has errors
    no_instances,  // it is one by itself
    named,         // they have names, and no number
    crowd,         // there would be too many services
};

// Is it an instance that is on its way up for the first time? Who needs all of them has not lost
// it.
bool is_fresh(const Service& service);

// A run that is over.
struct EndedRun {
    ServiceId id;
    pid_t pid = 0;  // 0: it got no process
    Wall start{};
    Wall end{};
    ExitStatus exit{};  // of its process
    Reason how{};
};

class Supervisor {
  public:
    // spawn_slots: how many may be forked and not yet through exec (descriptors are scarce), 0 for
    // none at all; max_starting: how many may be `starting`, 0 for any number.
    void configure(uint32_t spawn_slots, uint32_t max_starting);

    // Where the output of services goes, for those who ask.
    void set_log_directory(std::string_view path) { log_directory_ = path; }
    const Text& log_directory() const { return log_directory_; }

    // Puts the definitions in force, at the start and at each reload. `candidates` are sorted by
    // name. A candidate that cannot be (errors, a missing dependency, a cycle) leaves what runs as
    // it is; a service that does not run becomes `invalid`.
    List<Change> apply(std::span<const Candidate> candidates, Now now);

    // apply() for a reeve that goes on where an earlier one was cut off. What is on record of a
    // service whose file is not in force any more is treated by `defaults`.
    List<Change> take_over(std::span<const PastService> past, const Ref<const Policy>& defaults,
                           std::span<const Candidate> candidates, Now now);

    // No file can be read for now: what is known goes on without it (is_unread() of core/takeover),
    // and nothing is removed because no file lists it. To be said before apply() or take_over().
    void set_unread(bool unread) { unread_ = unread; }
    bool unread() const { return unread_; }

    // What is drawn and remembered for its schedules.
    Timetable& timetable() { return timetable_; }
    const Timetable& timetable() const { return timetable_; }

    // Commands. `up` brings up what they depend on as well. `restart` of what does not run starts
    // it, a oneshot that is done once more.
    void up(std::span<const ServiceId> ids, Now now);
    void down(std::span<const ServiceId> ids, Now now);
    void restart(std::span<const ServiceId> ids, Now now);
    // Lets them run outside their windows as well, until those open or close next.
    void force_open(std::span<const ServiceId> ids, Now now);

    // Makes NAME@I, which NAME's file does not list: until it is taken down.
    InstanceProblem add_instance(const FullName& name, Now now);
    // NAME has the instances 1 to `count` from now on, until its file says another number than now.
    // What was there and stays is not touched; `changes` are those that come and go, those of them
    // that cannot be, and others that need what goes and so cannot be any more.
    InstanceProblem scale(std::string_view name, uint32_t count, List<Change>& changes, Now now);

    // Stops everything, dependents first; what is left at `kill_at` is killed. Nothing starts any
    // more. Asked again it changes nothing.
    void shut_down(Mono kill_at, Now now);
    bool shutting_down() const { return shutting_down_; }
    // Tells what is left of a shutdown to end now, in no order, and kills it at `kill_at`.
    void hasten(Mono kill_at, Now now);

    // The service has said WATCHDOG=1, and has a whole watchdog's time for the next one.
    void keep_alive(ServiceId id, Now now);
    // Something happened to one service.
    void handle(ServiceId id, const Event& event, Now now);
    // Deadlines that have passed become events, by either clock.
    void pass_deadlines(Now now);
    // no_deadline: nothing will happen by itself; but for `other`, or by the wall clock, perhaps.
    Mono next_deadline(ServiceId other = {}) const;
    // The next moment of the wall clock at which something happens. Once that clock is set,
    // pass_deadlines() is to be called in any case.
    Wall next_moment() const {
        return shutting_down_ ? no_moment : std::min(timetable_.next(), switch_at_);
    }

    // What came of it, in order; the caller empties them. Dirty services are put on record first,
    // then the actions are carried out: what is about to be done is known before it is done.
    List<ServiceId>& dirty() { return dirty_; }
    List<Action>& actions() { return actions_; }
    List<EndedRun>& ended_runs() { return ended_runs_; }
    // Names of services that are no more, their files gone and everything of theirs ended.
    List<Text>& forgotten() { return forgotten_; }

    EventLog& events() { return events_; }
    const EventLog& events() const { return events_; }
    const BootClock& boot() const { return boot_; }

    std::span<Service> services() { return services_; }
    std::span<const Service> services() const { return services_; }
    // The place of one of them; none: it is a copy.
    ServiceId id_of(const Service& service) const;
    // What there is to choose from of services that have several versions, or instances; sorted.
    std::span<const Candidate> versions() const { return {versions_.data(), versions_.size()}; }
    // To be recorded, and shown, for a change that no event brought about.
    void mark_changed(ServiceId id);
    // To be recorded alone.
    void mark_recorded(ServiceId id);
    // Service::log_note.
    void note_log(ServiceId id, std::string_view note);
    Service& at(ServiceId id) { return look(), services_[id.index]; }
    const Service& at(ServiceId id) const { return look(), services_[id.index]; }
#ifdef _GLIBCXX_ASSERTIONS  // in tests: how often a service has been looked at
    uint64_t looks() const { return looks_; }
#endif
    const Graph& graph() const { return graph_; }
    // All that bear the name, in the order of their instances; former ones too.
    std::span<const ServiceId> instances_of(std::string_view name) const;
    // How many of those there are, and are to be.
    uint32_t count_instances(std::string_view name) const;
    // Why one of that name is no more: its file is gone, or it is none of the instances.
    ReasonCode removal_of(std::string_view name) const;
    // Why it may not run, or none: reeve ends, its file is gone, it is not wanted, or something
    // that it needs is leaving.
    Reason reason_to_leave(ServiceId id) const;

    // Adds what "NAME", "NAME@I" or "@label" means; nothing where there is no such service. All but
    // reeve's own bear the label "all".
    void select(std::string_view word, List<ServiceId>& into) const;
    // The name that was perhaps meant; empty where none is near.
    std::string_view nearest(std::string_view name) const;
    // Whose leader, not yet reaped, it is.
    ServiceId find_leader(pid_t pid) const { return leaders_.find(services_, pid); }

    // svlog, which outlasts all others; none: it is not needed.
    ServiceId log_writer() const { return log_writer_; }

    // Nothing of any service or hook is left: a shutdown is complete.
    bool all_ended() const {
        return tally_.active == 0 && tally_.hooks == 0 && tally_.in_place == 0;
    }
    // Nothing but svlog runs, and nothing will by itself.
    bool idle() const {
        return others_ended() && next_deadline(log_writer_) == no_deadline &&
               next_moment() == no_moment;
    }

  private:
    struct Draft;  // of a reload, in supervisor_apply.cc
    // One that is to be: what it is in force by, and as which instance.
    struct Listed {
        const Candidate* candidate;
        std::string_view instance;  // empty: it is one by itself

        FullName full_name() const { return {candidate->name, instance}; }
    };
    List<ServiceId> put_in_force(std::span<const Candidate> candidates, List<Change>& changes,
                                 Now now);
    void settle_all(std::span<const ServiceId> fresh, Now now);
    void choose(Draft& draft, std::span<const Candidate> candidates, Now now);
    List<Change> choose_again(Now now);
    List<Listed> list_instances(std::span<const Candidate> candidates, Wall now,
                                List<Words>& scaled);
    void add_instances(const Candidate& candidate, List<Listed>& listed, List<Words>& scaled);
    const Words& scaled_instances(const Candidate& candidate, List<Words>& scaled);
    InstanceProblem has_instances(std::string_view name, const Words*& instances) const;
    void keep_instances(Draft& draft);
    bool is_wanted_as_new(ServiceId id) const;
    void keep_versions(std::span<const Candidate> candidates, Wall now);
    void put(Draft& draft, ServiceId id, std::span<const Candidate> candidates,
             const Listed& listed);
    void make_room();
    void build_graph(const Draft& draft);
    void refuse_missing(Draft& draft);
    void refuse_cycles(Draft& draft);
    void commit(const Draft& draft, ServiceId id, List<Change>& changes, Now now);
    void follow_health(ServiceId id, const Definition& before, Now now);
    void follow_bound(ServiceId id);
    void index_names();
    ServiceId find(const FullName& name) const;
    void forget(ServiceId id);
    void disown(const Draft& draft);

    void add_past(const PastService& was, const Ref<const Policy>& defaults);
    void go_on(ServiceId id, const PastService& was, Now now);
    static void complete(Service& service, Now now);
    static void resume_readying(Service& service, Now now);
    void go_on_with_hooks(ServiceId id, const PastService& was, Now now);
    void repeat_stop_signal(ServiceId id);

    void want_up(std::span<const ServiceId> ids, bool named, Now now);
    void apply_step(ServiceId id, const Event& event, Now now);
    void index(ServiceId id, pid_t reapable);
    void settle(Now now);
    bool comes_up();
    void update_leaving();
    void evaluate(ServiceId id, Now now);
    void evaluate_idle(ServiceId id, const Reason& leave, Now now);
    void note_entry(ServiceId id, State from, Now now);
    void note_ended_run(ServiceId id, Phase phase, pid_t leader, Now now);
    void drop_definition(ServiceId id);
    void set_timer(ServiceId id, Basis basis, Now now);
    void pass_moments(Now now);
    void ring_due(Wall until, Now now);
    void follow_clock(Now now);
    void ring(ServiceId id, Now now);
    void owe(ServiceId id, uint32_t starts, Now now);
    void note_unstarted(ServiceId id, const Reason& why, Now now);
    void follow_start(ServiceId id, const Event& event, State before);
    void switch_versions(Now now);
    bool others_ended() const;
    bool may_stop(ServiceId id);
    bool has_busy_dependent(ServiceId id);
    template <typename Condition>
    bool any_behind(ServiceId id, Condition condition);
    void evaluate_gates(ServiceId id, Now now);
    Reason closed_gate(ServiceId id) const;
    void order_restarts(std::span<const ServiceId> ids);
    bool update_order(ServiceId id);
    ServiceId restarted_ahead(ServiceId id) const;
    bool is_coming(ServiceId id) const;
    bool is_restarting(ServiceId id) const;
    bool slot_free() const;
    void enqueue(ServiceId id);
    void enqueue_neighbours(ServiceId id);
    void enqueue_all();

#ifdef _GLIBCXX_ASSERTIONS
    void look() const { ++looks_; }
    mutable uint64_t looks_ = 0;
#else
    void look() const {}
#endif

    List<Service> services_;
    List<ServiceId> by_name_;  // all slots that have a name, also one of before
    Graph graph_;
    Deadlines<Mono> deadlines_;
    List<ServiceId> due_;  // of a pass, empty otherwise
    Timetable timetable_;
    List<Candidate> versions_;    // of services that have several, or instances
    FullName made_;               // the instance that add_instance() is making
    Wall switch_at_ = no_moment;  // when the next of them comes into force
    bool begins_ = true;          // until the first definitions are in force
    Leaders leaders_;
    List<uint32_t> behind_;  // by index: where any_behind() goes on
    List<ServiceId> dirty_;  // each once: Service::dirty
    List<Action> actions_;
    EventLog events_;
    BootClock boot_;
    List<EndedRun> ended_runs_;
    List<Text> forgotten_;
    uint32_t comes_up_ = 0;  // where comes_up() goes on
    Worklist unsure_;        // may have to leave now, or no more
    Worklist queue_;         // to be evaluated
    Worklist held_;          // by the lack of a slot, unless something has become of them since
    Text log_directory_;
    ServiceId log_writer_;
    uint32_t spawn_slots_ = 64;
    uint32_t max_starting_ = 0;
    Tally tally_;
    bool shutting_down_ = false;
    bool unread_ = false;
    Mono kill_at_ = no_deadline;
};

// The versions that are in force: one candidate a name. Of those whose date has come and whose type
// is not fake the latest, by date and then by version; where no date has come, the first to come; a
// name whose versions are all fake has a fake one in force.
List<const Candidate*> in_force(std::span<const Candidate> candidates, Wall now);

}  // namespace reeve
