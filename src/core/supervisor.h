// supervisor: all services together. Opens and closes their gates (dependencies, order, start
// slots), stops in order, shuts down. Decides only; what is to be done comes out as Actions.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/graph.h"
#include "core/transition.h"
#include "model/service.h"

namespace reeve {

// What the files say of one version of one service.
struct Candidate {
    std::string_view name;
    std::string_view version;
    Ref<const Definition> definition;  // null: the file has errors
    std::string_view problem;          // the first of them, as FILE:LINE: text
};

// What a reload does to a service.
struct Change {
    enum class Kind : uint8_t { add, update, stale, restart, remove, refuse };
    Kind kind;
    ServiceId id;
    Text name;  // the slot of a service that was removed may be another's by now
};

const char* name_of(Change::Kind kind);

// A state that was entered, for events and waiting clients.
struct Entry {
    ServiceId id;
    State from;
    State to;
};

// Services to be looked at, in order, each listed once at a time. Grows while it is walked.
class Worklist {
  public:
    void resize(size_t services);
    void add(ServiceId id);
    bool take(ServiceId& id);  // false: none is left
    bool empty() const { return next_ == ids_.size(); }

  private:
    std::vector<ServiceId> ids_;
    size_t next_ = 0;
    std::vector<uint8_t> listed_;  // by index; std::vector<bool> is much more code
};

class Supervisor {
  public:
    // spawn_slots: how many may be forked and not yet through exec (descriptors are scarce);
    // max_starting: how many may be `starting`, 0 for any number.
    void configure(uint32_t spawn_slots, uint32_t max_starting);

    // Puts the definitions in force, at the start and at each reload. `candidates` are sorted by
    // name. A candidate that cannot be (errors, a missing dependency, a cycle) leaves what runs as
    // it is; a service that does not run becomes `invalid`.
    std::vector<Change> apply(std::span<const Candidate> candidates, Now now);

    // Commands. `up` brings up what they depend on as well.
    void up(std::span<const ServiceId> ids, Now now);
    void down(std::span<const ServiceId> ids, Now now);
    void restart(std::span<const ServiceId> ids, Now now);

    // Stops everything, dependents first; what is left at `kill_at` is killed. Nothing starts any
    // more. Asked again it changes nothing.
    void shut_down(Mono kill_at, Now now);
    bool shutting_down() const { return shutting_down_; }

    // Something happened to one service.
    void handle(ServiceId id, const Event& event, Now now);
    // Deadlines that have passed become events.
    void pass_deadlines(Now now);
    // no_deadline: nothing will happen by itself.
    Mono next_deadline() const;

    // What came of it, in order; the caller empties them. Dirty services are put on record first,
    // then the actions are carried out: what is about to be done is known before it is done.
    std::vector<ServiceId>& dirty() { return dirty_; }
    std::vector<Action>& actions() { return actions_; }
    std::vector<Entry>& entries() { return entries_; }
    // Names of services that are no more, their files gone and everything of theirs ended.
    std::vector<Text>& forgotten() { return forgotten_; }

    std::span<Service> services() { return services_; }
    std::span<const Service> services() const { return services_; }
    // To be recorded, for a change that no event brought about.
    void touch(ServiceId id);
    Service& at(ServiceId id) { return services_[id.index]; }
    const Service& at(ServiceId id) const { return services_[id.index]; }
    const Graph& graph() const { return graph_; }

    // Adds what "NAME", "NAME@I" or "@label" means; nothing where there is no such service.
    void select(std::string_view word, std::vector<ServiceId>& into) const;
    // The name that was perhaps meant; empty where none is near.
    std::string_view nearest(std::string_view name) const;
    ServiceId find_leader(pid_t pid) const;  // whose leader, not yet reaped, it is

    // Nothing of any service or hook is left: a shutdown is complete.
    bool all_ended() const { return active_ == 0 && hooks_running_ == 0; }
    // Nothing runs, and nothing will by itself.
    bool idle() const { return all_ended() && next_deadline() == no_deadline; }

  private:
    struct Draft;  // of a reload, in supervisor_apply.cc
    void choose(Draft& draft, std::span<const Candidate> candidates);
    void build_graph(const Draft& draft);
    void refuse_missing(Draft& draft);
    void refuse_cycles(Draft& draft);
    void commit(const Draft& draft, ServiceId id, std::vector<Change>& changes, Now now);
    void forget(ServiceId id);

    void want_up(ServiceId id, bool named, Now now);
    void apply_step(ServiceId id, const Event& event, Now now);
    void settle(Now now);
    void update_leaving();
    void evaluate(ServiceId id, Now now);
    void evaluate_idle(ServiceId id, const Reason& leave, Now now);
    Reason reason_to_leave(ServiceId id) const;
    bool may_stop(ServiceId id) const;
    bool has_busy_dependent(ServiceId id) const;
    Reason closed_gate(ServiceId id) const;
    bool slot_free() const;
    void enqueue(ServiceId id);
    void enqueue_neighbours(ServiceId id);
    void enqueue_all();
    void enqueue_held_by_slot();

    std::vector<Service> services_;
    Graph graph_;
    std::vector<ServiceId> dirty_;  // each once: Service::dirty
    std::vector<Action> actions_;
    std::vector<Entry> entries_;
    std::vector<Text> forgotten_;
    Worklist unsure_;  // may have to leave now, or no more
    Worklist queue_;   // to be evaluated
    uint32_t spawn_slots_ = 64;
    uint32_t max_starting_ = 0;
    uint32_t starting_ = 0;   // services in State::starting
    uint32_t in_flight_ = 0;  // services on their way to exec
    uint32_t active_ = 0;
    uint32_t hooks_running_ = 0;
    uint32_t held_by_slot_ = 0;  // waiting, reason start_slot
    bool shutting_down_ = false;
    Mono kill_at_ = no_deadline;
};

// The versions that are in force: one candidate a name. Of those whose date has come and whose type
// is not fake the latest; a name whose versions are all fake has a fake one in force.
std::vector<const Candidate*> in_force(std::span<const Candidate> candidates);

// Is it there for those that need it: running, or a oneshot that is done?
bool provides(const Service& service);

}  // namespace reeve
