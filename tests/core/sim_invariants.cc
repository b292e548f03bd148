// What must hold after every step (DESIGN.md, "Core contract"), worked out from BEHAVIOUR.md and
// from what the fake kernel knows, not from what the core keeps for itself.
#include <algorithm>

#include "base/limits.h"
#include "core/explain.h"
#include "core/restart.h"
#include "core/sim_world.h"
#include "model/record.h"

namespace reeve::sim {

namespace {

bool is_fake(const Service& s) { return s.definition && s.policy().type == Type::fake; }

// Whom "NAME" means, by slot.
std::vector<uint32_t> resolve(const World& world, const Words& names) {
    std::vector<uint32_t> found;
    const auto services = world.supervisor.services();
    for (std::string_view name : names)
        for (uint32_t i = 0; i < services.size(); ++i)
            if (services[i].used() && services[i].name == name) found.push_back(i);
    return found;
}

// Must the service end, or stay down? A dependency that must, takes with it what needs it.
void find_leaving(World& world) {
    const auto services = world.supervisor.services();
    std::vector<uint8_t>& leave = world.edges.leave;
    leave.assign(services.size(), 0);
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t i = 0; i < services.size(); ++i) {
            const Service& s = services[i];
            if (!s.used() || leave[i]) continue;
            bool must = world.supervisor.shutting_down() || s.removed;
            must = must || is_closed(world, i);
            if (!s.definition && s.known && s.want == Want::down) must = true;
            if (s.definition && !must) {
                must = s.want == Want::down || is_fake(s);
                for (uint32_t need : world.edges.needs[i]) {
                    const Service& other = services[need];
                    must = must || leave[need] ||
                           (s.policy().cascade && (!is_there(other) || other.restart_requested()));
                }
            }
            if (must) leave[i] = changed = true;
        }
    }
}

class Check {
  public:
    explicit Check(World& world)
        : world_(world), edges_(world.edges), services_(world.supervisor.services()) {}

    void all() {
        entries();
        for (uint32_t i = 0; i < services_.size() && !world_.failed(); ++i) {
            if (!services_[i].used()) continue;
            leaving(i);
            const bool is_to_go = edges_.leave[i] || services_[i].restart_requested();
            if (services_[i].active() || (services_[i].in_place() && is_to_go))
                running(i);
            else
                idle(i);
            phase(i);
            if (world_.settled) processes(i);
        }
        counts();
        if (world_.settled) kernel();
        using Asked = World::Asked;
        world_.asked.resize(services_.size(), Asked::none);
        for (uint32_t i = 0; i < services_.size(); ++i) {
            Asked& asked = world_.asked[i];
            // (overlap = kill restarts one service, whatever else is to be restarted.)
            const bool is_killed = world_.supervisor.timetable().owes({i});
            const bool is_steady = asked != Asked::shaken && is_restarting(i) && !is_killed;
            asked = !services_[i].restart_requested() ? Asked::none
                    : is_steady                       ? Asked::steady
                                                      : Asked::shaken;
        }
    }

  private:
    void fail(const char* rule, uint32_t slot) { world_.fail(rule, world_.name(ServiceId{slot})); }

    bool has_active(const std::vector<uint32_t>& slots) const {
        return std::any_of(slots.begin(), slots.end(),
                           [&](uint32_t i) { return !services_[i].rests(); });
    }

    // The entries tell every change of state; a start had its dependencies, and an ordered stop has
    // no dependents left.
    void entries() {
        world_.states.resize(services_.size(), State::stopped);
        for (const Entry& entry : world_.entered) {
            const uint32_t i = entry.id.index;
            if (entry.from != world_.states[i]) fail("an entry leaves a state it was not in", i);
            world_.states[i] = entry.to;
        }
        for (uint32_t i = 0; i < services_.size(); ++i) {
            if (!services_[i].used()) world_.states[i] = State::stopped;
            if (services_[i].state != world_.states[i]) fail("a state nobody was told of", i);
        }
        for (const Entry& entry : world_.entered) {
            if (world_.failed()) return;
            if (entry.from == entry.to) continue;  // it tells of a start that came to nothing
            if (entry.to == State::starting) started(entry.id.index);
            if (entry.to == State::stopping) stopping(entry);
        }
    }

    void started(uint32_t i) {
        if (services_[i].state != State::starting) {
            // (A job that is due in the same step takes itself away from what cascades.)
            const bool is_cascade = edges_.leave[i] && any_job_starts();
            return is_cascade ? void() : fail("started and dropped at once", i);
        }
        if (edges_.leave[i]) fail("started though it is to be down", i);
        for (uint32_t need : edges_.needs[i])
            if (!is_there(services_[need])) fail("started before a dependency", i);
        for (uint32_t earlier : edges_.after[i]) {
            const Service& other = services_[earlier];
            const bool on_its_way = (other.state == State::waiting && !is_held_by_clock(other)) ||
                                    other.state == State::backoff ||
                                    other.state == State::starting ||
                                    other.state == State::stopping;
            // (A job that begins to wait provides what its last run did: what cascades was lost
            // until then.)
            const auto& needs = edges_.needs[earlier];
            const bool was_lost = other.definition && other.policy().cascade &&
                                  std::any_of(needs.begin(), needs.end(), [&](uint32_t need) {
                                      const Service& job = services_[need];
                                      return job.state == State::waiting && is_there(job);
                                  });
            if (on_its_way && other.want == Want::up && !edges_.leave[earlier] && !was_lost)
                fail("started before what it comes after", i);
        }
        using Asked = World::Asked;
        if (i >= world_.asked.size() || world_.asked[i] == Asked::none) return;
        if (any_far(i, edges_.needs, edges_.after, [&](uint32_t far) {
                return services_[far].restart_requested() && is_restarting(far) &&
                       far < world_.asked.size() && world_.asked[far] == Asked::steady;
            }))
            fail("started before what is restarted with it, and far ahead", i);
    }

    // Is there one for which it holds among all that these edges lead to, from one to the next?
    template <typename Condition>
    bool any_far(uint32_t from, const std::vector<std::vector<uint32_t>>& one,
                 const std::vector<std::vector<uint32_t>>& other, Condition condition) const {
        std::vector<uint8_t> seen(services_.size());
        std::vector<uint32_t> reached{from};
        for (size_t i = 0; i < reached.size(); ++i) {
            for (const auto* edges : {&one, &other}) {
                for (uint32_t to : (*edges)[reached[i]]) {
                    if (condition(to)) return true;
                    if (!std::exchange(seen[to], 1)) reached.push_back(to);
                }
            }
        }
        return false;
    }

    // Is it to be restarted, or starting, and will that come to an end?
    bool is_restarting(uint32_t i) const {
        const Service& s = services_[i];
        return s.used() && s.want == Want::up && !edges_.leave[i] && s.definition &&
               (s.restart_requested() || s.state == State::starting);
    }

    // (A start that a take-over drops, for want of a definition to go on by, is no stop: nothing
    // ran yet that others could need.)
    void stopping(const Entry& entry) {
        const uint32_t i = entry.id.index;
        const Service& s = services_[i];
        if (entry.reason.code == ReasonCode::definition_invalid && s.group == 0) return;
        const bool asked = s.verdict.code == ReasonCode::stopped_on_request;
        if (!asked || world_.is_hastened || world_.now.mono >= world_.kill_at) return;
        // (Before a job that was due with it took away what it needs, or what needs it.)
        if (s.restart_requested() && world_.deadlines_passed && any_job_starts()) return;
        if (s.restart_requested() && world_.supervisor.timetable().owes({i})) return;
        for (uint32_t dependent : edges_.needed_by[i]) {
            const Service& other = services_[dependent];
            if (!other.rests() && (edges_.leave[i] || other.policy().cascade || goes(dependent)))
                fail("stopped before its dependents", i);
        }
        if (has_later(i)) fail("stopped before what comes after it and goes too", i);
        if (s.restart_requested() && any_far(i, edges_.needed_by, edges_.before, [&](uint32_t far) {
                return !services_[far].rests() && services_[far].restart_requested() &&
                       !world_.supervisor.timetable().owes({far});  // overlap = kill
            }))
            fail("stopped before what is restarted with it, and far behind", i);
    }

    bool any_job_starts() const {
        return std::any_of(world_.entered.begin(), world_.entered.end(), [&](const Entry& entry) {
            const Service& other = services_[entry.id.index];
            return entry.to == State::starting && other.definition &&
                   other.definition->has_schedule();
        });
    }

    // Is it to end, by now or to begin again?
    bool goes(uint32_t i) const { return edges_.leave[i] || services_[i].restart_requested(); }

    // Does something run that comes after it, and is to go?
    bool has_later(uint32_t i) const {
        return std::any_of(edges_.before[i].begin(), edges_.before[i].end(), [&](uint32_t later) {
            return !services_[later].rests() && goes(later);
        });
    }

    void leaving(uint32_t i) {
        if (services_[i].leaving != (edges_.leave[i] != 0)) fail("`leaving` is out of date", i);
    }

    // It is to be restarted, and something far behind it is to go first.
    bool awaits_far(uint32_t i) const {
        return services_[i].restart_requested() &&
               any_far(i, edges_.needed_by, edges_.before,
                       [&](uint32_t far) { return !services_[far].rests() && goes(far); });
    }

    // Active: wanted, or on its way to stop, or awaiting its dependents.
    void running(uint32_t i) {
        const Service& s = services_[i];
        if (!s.definition) return fail("active without a definition", i);
        if (s.state == State::stopping) return;
        if (edges_.leave[i]) {
            if (world_.now.mono >= world_.kill_at) return fail("runs past the shutdown", i);
            if (!has_active(edges_.needed_by[i]) && !has_later(i) && !awaits_far(i))
                fail("runs though nothing wants it", i);
        } else if (s.restart_requested()) {
            bool awaits = has_later(i);
            for (uint32_t dependent : edges_.needed_by[i])
                awaits = awaits || (!services_[dependent].rests() &&
                                    (services_[dependent].policy().cascade || goes(dependent)));
            if (!awaits && !awaits_far(i)) fail("is not restarted though nothing is in the way", i);
        }
    }

    void idle(uint32_t i) {
        const Service& s = services_[i];
        if (s.removed) {
            bool held = s.hooks != 0 || has_active(edges_.needed_by[i]);
            for (uint32_t j : edges_.needed_by[i]) held = held || services_[j].hooks != 0;
            if (!held) fail("is not forgotten though nothing of it is left", i);
            return;
        }
        const bool down = s.want == Want::down || is_fake(s);
        if (s.state == State::unknown) return;
        if (!s.definition) {
            if (s.state != State::invalid) fail("has no definition and is not invalid", i);
            return;
        }
        if (s.state == State::invalid && s.refused && s.hooks != 0) return;
        if (s.state == State::invalid) return fail("is invalid but has a definition", i);
        if (s.undo_failed()) return;
        if (world_.supervisor.shutting_down()) {
            const bool ended = s.state == State::done || s.state == State::failed;
            if (s.state != State::stopped && !ended) fail("is not stopped in a shutdown", i);
            return;
        }
        if (down != (s.state == State::stopped)) return fail("stopped, and wanted otherwise", i);
        if (s.state == State::waiting) waiting(i);
        const bool rests = s.state == State::done || s.state == State::failed;
        if (rests && world_.supervisor.timetable().recurs({i}, s))
            fail("does not wait for its next start", i);
    }

    // What waits, waits for something that is so.
    void waiting(uint32_t i) {
        const Service& s = services_[i];
        const uint32_t other = s.reason.other.index;
        const auto among = [&](const std::vector<uint32_t>& slots) {
            return std::find(slots.begin(), slots.end(), other) != slots.end();
        };
        switch (s.reason.code) {
        case ReasonCode::needs:
            if (!among(edges_.needs[i])) return fail("waits for what it does not need", i);
            if (is_there(services_[other]) && !edges_.leave[other] &&
                !services_[other].restart_requested() &&
                !world_.supervisor.timetable().owes({other}))
                fail("waits for a dependency that is there", i);
            return;
        case ReasonCode::after: {
            const bool is_far =
                s.restart_requested() && is_restarting(other) &&
                any_far(i, edges_.needs, edges_.after, [&](uint32_t far) { return far == other; });
            if (is_far) return;
            if (!among(edges_.after[i])) return fail("waits for what it does not come after", i);
            const State state = services_[other].state;
            const bool settled = state == State::running || state == State::done ||
                                 state == State::failed || state == State::invalid ||
                                 is_held_by_clock(services_[other]);
            if (services_[other].restart_requested()) return;
            if (settled || services_[other].want == Want::down)
                fail("waits to come after what is settled", i);
            return;
        }
        case ReasonCode::start_slot:
            if (slots_free()) fail("waits for a start slot while one is free", i);
            return;
        case ReasonCode::scheduled:
        case ReasonCode::no_start_left:
        case ReasonCode::clock_not_set:
        case ReasonCode::not_in_force:
        case ReasonCode::out_of_window: return waiting_for_clock(i);
        default: return fail("waits for nothing", i);
        }
    }

    // There is a moment, or an interval, that ends it; or nothing will.
    void waiting_for_clock(uint32_t i) {
        const Service& s = services_[i];
        const Timer* timer = world_.supervisor.timetable().find({i});
        if (timer == nullptr) return fail("waits for a clock that is not there", i);
        const bool is_set = world_.now.wall.ms >= clock_set_from_s * 1000;
        const bool comes = timer->due != no_moment || timer->tick != no_deadline;
        const auto value =
            static_cast<int32_t>(std::min<int64_t>(timer->next.ms / 1000, UINT32_MAX));
        const bool is_of_schedule = s.definition->has_schedule();
        const bool names_next = s.reason.value == value && timer->next != no_moment;
        switch (s.reason.code) {
        case ReasonCode::scheduled:
            if (!is_of_schedule || !comes || !names_next) fail("waits for no start", i);
            if (timer->owed > 0) fail("waits for a start though one is due", i);
            return;
        case ReasonCode::no_start_left:
            if (!is_of_schedule || comes) fail("has a start left", i);
            return;
        case ReasonCode::clock_not_set:
            if (is_set || timer->due.ms != clock_set_from_s * 1000) fail("the clock is set", i);
            return;
        case ReasonCode::not_in_force:
            if (timer->is_open || !names_next) fail("is in force", i);
            return;
        default:
            if (timer->is_open || is_of_schedule || !comes) fail("is in its window", i);
            return;
        }
    }

    bool slots_free() const {
        uint32_t starting = 0, executing = 0;
        for (const Service& s : services_) {
            starting += s.state == State::starting;
            executing += s.phase == Phase::pre_start || s.phase == Phase::executing;
        }
        return executing < world_.spawn_slots &&
               (world_.max_starting == 0 || starting < world_.max_starting);
    }

    // State matches phase, and every phase has what it waits for.
    void phase(uint32_t i) {
        const Service& s = services_[i];
        const bool deadline = s.deadline != no_deadline;
        const bool group = s.group > 0;
        State state = State::starting;
        bool holds = true;
        switch (s.phase) {
        case Phase::idle:
            if (s.state == State::starting || s.state == State::running ||
                s.state == State::stopping)
                fail("state does not match phase", i);
            state = s.state;
            holds = !group && !s.leader && deadline == (s.state == State::backoff) &&
                    s.start_by == no_deadline && s.stop_by == no_deadline;
            break;
        case Phase::pre_start: holds = s.hook_runs(Hook::pre_start) && !group; break;
        case Phase::executing: holds = !group || deadline; break;
        case Phase::readying: holds = group && deadline && !s.leader_gone; break;
        case Phase::checking:
            holds = group && deadline && !s.leader_gone && s.hook_runs(Hook::start_check);
            break;
        case Phase::check_pause: holds = group && deadline && !s.leader_gone; break;
        case Phase::up:
            state = State::running;
            holds = group && !s.leader_gone &&
                    (!deadline || s.definition->health ||
                     world_.files[number_of(s.name)].shape.max_runtime_s > 0);
            break;
        case Phase::stop_command:
            state = State::stopping;
            holds = group == deadline && s.hook_runs(Hook::stop_command);
            break;
        case Phase::terminating:
        case Phase::killing:
            state = State::stopping;
            holds = group && deadline;
            break;
        case Phase::cancelling:
            state = State::stopping;
            holds = !group && (s.hook_runs(Hook::pre_start) || s.hook_runs(Hook::start_check) ||
                               s.hook_runs(Hook::post_start) || s.hook_runs(Hook::check) ||
                               s.hook_runs(Hook::stop_command));
            break;
        case Phase::post_stop:
            state = State::stopping;
            holds = !group && s.hook_runs(Hook::post_stop);
            break;
        }
        if (s.state != state) fail("state does not match phase", i);
        if (!holds) fail("a phase without what it waits for", i);
        if (s.reason.code == ReasonCode::none) fail("a state without a reason", i);
        if ((s.run_digest != 0) != group) fail("run_digest without a group, or the reverse", i);
        // (A late wake-up may find start_timeout over when the check begins, and max_runtime when
        // it is up: one turn more.)
        const bool is_fresh = s.deadline == s.start_by || s.changed == world_.now.mono;
        if (world_.deadlines_passed && s.deadline <= world_.now.mono && !is_fresh)
            fail("a deadline that has passed stays", i);
    }

    // The core and the kernel agree on what is there.
    void processes(uint32_t i) {
        const Service& s = services_[i];
        const uint32_t number = number_of(s.name);
        const std::optional<Group>& group = world_.groups[number];
        if (s.phase == Phase::executing && s.group == 0) fail("a spawn without an answer", i);
        if (!group) {
            if (s.group != 0) fail("a group that is not there", i);
        } else {
            if (s.group != group->id) return fail("a group the core does not know", i);
            if (s.leader.pid != group->leader || s.leader.start_time != group->start_time)
                return fail("another leader than the kernel has", i);
            if (s.leader_gone != (group->state == Group::Leader::reaped))
                return fail("the leader's exit was lost, or made up", i);
            // (With STOPPING=1 it goes of its own accord; there is no verdict then.)
            const bool asked = s.verdict.code != ReasonCode::none;
            const bool told = s.leader_gone ? group->members_told : group->leader_told;
            if (s.phase == Phase::terminating && asked && !told &&
                group->state != Group::Leader::zombie)
                return fail("awaits the end of what it did not tell to end", i);
        }
        for (size_t h = 0; h < hook_count; ++h)
            if (s.hook_runs(static_cast<Hook>(h)) != world_.hooks[number][h].runs)
                return fail("a hook's end was lost, or made up", i);
    }

    void counts() {
        bool ended = true;
        bool undone = true;
        uint32_t starting = 0, executing = 0;
        Mono next = no_deadline;
        for (const Service& s : services_) {
            ended = ended && !s.active() && s.hooks == 0;
            undone = undone && !s.in_place();
            starting += s.state == State::starting;
            executing += s.phase == Phase::pre_start || s.phase == Phase::executing;
            next = std::min(next, s.deadline);
        }
        const Timetable& timetable = world_.supervisor.timetable();
        if (!world_.supervisor.shutting_down())
            for (const Timetable::Row& row : timetable.rows())
                next = std::min(next, timetable.next_tick(row.id, services_[row.id.index]));
        const bool over = ended && undone;
        if (world_.supervisor.all_ended() != over) world_.fail("all_ended() is wrong", "");
        const bool idle = (world_.supervisor.shutting_down() ? over : ended) &&
                          next == no_deadline && world_.supervisor.next_moment() == no_moment;
        const bool due = world_.kill_at <= world_.now.mono;
        if (world_.supervisor.idle() != idle) world_.fail("idle() is wrong", "");
        if (!over && !due) next = std::min(next, world_.kill_at);
        const Mono told = world_.supervisor.next_deadline();
        if (told != next && !(due && told == world_.kill_at))
            world_.fail("next_deadline() is another", "");
        bool any_started = false;  // what runs already may be more, after the limits were changed
        for (const Entry& entry : world_.entered)
            any_started = any_started || (entry.to == State::starting && entry.from != entry.to);
        if (any_started && executing > world_.spawn_slots)
            world_.fail("more in flight than spawn slots", "");
        if (any_started && world_.max_starting > 0 && starting > world_.max_starting)
            world_.fail("more are starting than max_starting", "");
    }

    // Nothing is there that no service answers for.
    void kernel() {
        for (uint32_t n = 0; n < world_.files.size(); ++n) {
            if (world_.service(n) != nullptr) continue;
            if (world_.groups[n]) world_.fail("a group of nobody's", std::string(name_of_file(n)));
        }
    }

    World& world_;
    const Edges& edges_;
    std::span<const Service> services_;
};

}  // namespace

bool same_record(const Service& a, const Service& b) {
    const auto reason = [](const Reason& x, const Reason& y) {
        return x.code == y.code && x.detail == y.detail && x.value == y.value;
    };
    return a.name == b.name && a.instance == b.instance && a.want == b.want && a.state == b.state &&
           a.phase == b.phase && a.known == b.known && a.restart_for == b.restart_for &&
           a.killed == b.killed && a.in_control_group == b.in_control_group &&
           a.leader_gone == b.leader_gone && a.hooks == b.hooks && a.leader == b.leader &&
           a.group == b.group && a.run_digest == b.run_digest && a.since == b.since &&
           a.changed == b.changed && a.started == b.started && a.started_wall == b.started_wall &&
           a.deadline == b.deadline && a.start_by == b.start_by && a.stop_by == b.stop_by &&
           a.runs == b.runs && a.check_failures == b.check_failures && a.attempts == b.attempts &&
           a.failures == b.failures && a.exit == b.exit && reason(a.reason, b.reason) &&
           reason(a.verdict, b.verdict) && reason(a.end, b.end) &&
           reason(a.hook_failure, b.hook_failure);
}

namespace {

// What changes without a record being due is lost.
void check_records(World& world) {
    const std::span<Service> services = world.supervisor.services();
    world.records.resize(services.size());
    for (uint32_t i = 0; i < services.size(); ++i) {
        const Service& s = services[i];
        if (!s.used() || s.dirty) continue;
        Buffer<2 * record_max_bytes> line;
        const ServiceId other = s.reason.other;
        append_service_record(line, s, {other ? world.supervisor.at(other).name.view() : ""});
        if (const Timer* timer = world.supervisor.timetable().find({i}))
            append_timer_record(line, s.name, *timer);
        if (line.view() != world.records[i])
            return world.fail("changed without being marked for the record", world.records[i]);
    }
}

// Every state can be told in words, and the chain of causes ends.
void check_words(World& world) {
    const auto services = world.supervisor.services();
    if (services.empty()) return;
    const auto slot = static_cast<uint32_t>(world.steps % services.size());
    const Service& s = services[slot];
    if (!s.used()) return;
    Buffer<256> words;
    append_reason(words, world.supervisor, s);
    append_countdown(words, s, world.now.mono);
    if (words.view().empty() && !s.problem.empty()) world.fail("no words for a state", "");
    const List<ServiceId> chain = causes(world.supervisor, {slot});
    if (chain.size() > services.size()) world.fail("causes go round in a circle", "");
    progress(world.supervisor, {slot}, {});
}

}  // namespace

bool is_there(const Service& s) {
    if (!s.definition || s.policy().type == Type::fake) return false;
    if (s.definition->has_schedule() && s.state == State::waiting)
        return s.runs > 0 && s.end.code != ReasonCode::stopped_on_request &&
               succeeded(s.policy(), s.end);
    return s.state == (s.policy().type == Type::oneshot ? State::done : State::running);
}

void rebuild_edges(World& world) {
    const auto services = world.supervisor.services();
    Edges& edges = world.edges;
    edges = {};
    edges.needs.resize(services.size());
    edges.needed_by.resize(services.size());
    edges.after.resize(services.size());
    edges.before.resize(services.size());
    for (uint32_t i = 0; i < services.size(); ++i) {
        if (!services[i].definition) continue;
        edges.needs[i] = resolve(world, services[i].definition->depends_on);
        edges.after[i] = resolve(world, services[i].definition->after);
        for (uint32_t to : edges.needs[i]) edges.needed_by[to].push_back(i);
        for (uint32_t to : edges.after[i]) edges.before[to].push_back(i);
    }
}

void check_invariants(World& world) {
    if (world.failed()) return;
    find_leaving(world);
    Check(world).all();
    // Records are dear: where there are many services, not at each step.
    const bool few = world.supervisor.services().size() <= 2;
    if (!world.failed() && (few || world.steps % 64 == 0)) check_records(world);
    if (!world.failed() && world.steps % 16 == 0) check_words(world);
}

bool has_converged(const World& world, const Service& s) {
    if (world.supervisor.shutting_down()) return s.rests();
    if (s.undo_failed()) return true;
    // A status file does not tell which process it was.
    if (s.state == State::unknown) return s.reason.value == 0;
    if (!s.definition) return s.state == State::invalid;
    if (s.want == Want::down || is_fake(s)) return s.state == State::stopped;
    switch (s.state) {
    case State::running:
    case State::done:
    case State::failed: return true;
    case State::waiting:  // whether that stands was checked; so was the other one
        return s.reason.code == ReasonCode::needs || s.reason.code == ReasonCode::after ||
               is_held_by_clock(s);
    default: return false;
    }
}

}  // namespace reeve::sim
