// How services act on one another. Everything here is level-triggered: evaluate() looks at one
// service and its neighbours and sends it the event, if any, that brings it nearer to what is
// wanted. Whatever changes puts its neighbours on the worklist; the worklist ends because evaluate
// sends nothing to a service that is where it should be.
#include "core/supervisor.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/sort.h"
#include "base/spelling.h"
#include "core/health.h"
#include "core/takeover.h"

namespace reeve {

void Supervisor::configure(uint32_t spawn_slots, uint32_t max_starting) {
    spawn_slots_ = spawn_slots;
    max_starting_ = max_starting;
}

void Supervisor::up(std::span<const ServiceId> ids, Now now) {
    want_up(ids, true, now);
    settle(now);
}

void Supervisor::down(std::span<const ServiceId> ids, Now now) {
    for (ServiceId id : ids) {
        Service& service = at(id);
        service.want = Want::down;
        service.restart_for = ReasonCode::none;
        service.removed = service.removed || service.ad_hoc;
        set_timer(id, Basis::kept, now);
        if (Timer* timer = timetable_.find(id)) timer->owed = 0;
        // Past the shutdown's deadline nothing is begun any more.
        const bool is_over = shutting_down_ && kill_at_ == no_deadline;
        if (service.state == State::unknown || (service.undo_failed() && !is_over))
            apply_step(id, {.kind = EventKind::retry_now}, now);
        mark_changed(id);
        enqueue(id);
    }
    settle(now);
}

void Supervisor::restart(std::span<const ServiceId> ids, Now now) {
    want_up(ids, true, now);
    for (ServiceId id : ids) {
        Service& service = at(id);
        if (service.definition) service.restart_for = ReasonCode::restart_command;
        if (service.rests() && service.definition)
            apply_step(id, {.kind = EventKind::retry_now}, now);
        if (Timer* timer = timetable_.find(id);
            timer != nullptr && service.rests() && service.definition->has_schedule())
            timer->owed = std::max(timer->owed, 1u);
        enqueue_neighbours(id);
    }
    order_restarts(ids);
    settle(now);
}

// What they need is wanted too, each once. A oneshot that is done has done what it is needed for.
void Supervisor::want_up(std::span<const ServiceId> ids, bool named, Now now) {
    List<ServiceId> reached;
    const auto reach = [&](ServiceId id) {
        Service& service = at(id);
        if (!service.used() || service.reached) return;
        service.reached = true;
        reached.push_back(id);
    };
    for (ServiceId id : ids) reach(id);
    const size_t count = reached.size();
    for (size_t i = 0; i < reached.size(); ++i) {
        const ServiceId id = reached[i];
        Service& service = at(id);
        const bool was_wanted = service.want == Want::up;
        service.want = Want::up;
        if (service.ad_hoc) service.removed = false;
        if (!was_wanted) set_timer(id, Basis::now, now);
        mark_changed(id);
        const bool ended_daemon = service.state == State::done && service.definition &&
                                  service.policy().type == Type::daemon;
        const bool asks_anew = named && i < count;
        if (service.state == State::failed || service.state == State::backoff ||
            (asks_anew && (ended_daemon || service.state == State::unknown)))
            apply_step(id, {.kind = EventKind::retry_now}, now);
        // It ends of its own accord, or for its health: what comes of that is overruled.
        const bool ends_badly = service.state == State::stopping &&
                                service.verdict.code != ReasonCode::none &&
                                service.verdict.code != ReasonCode::stopped_on_request;
        if (asks_anew && ends_badly && service.definition && !service.restart_requested())
            service.restart_for = ReasonCode::restart_command;
        enqueue(id);
        enqueue_neighbours(id);
        if (service.definition)
            for (ServiceId need : graph_.needs(id)) reach(need);
    }
    for (ServiceId id : reached) at(id).reached = false;
}

void Supervisor::shut_down(Mono kill_at, Now now) {
    if (shutting_down_) return;
    shutting_down_ = true;
    kill_at_ = kill_at;
    for (const Timetable::Row& row : timetable_.rows()) index(row.id, at(row.id).reapable());
    enqueue_all();
    settle(now);
}

// Who writes down what the others say hears it last.
void Supervisor::hasten(Mono kill_at, Now now) {
    if (!shutting_down_ || kill_at_ == no_deadline) return;  // that has passed
    kill_at_ = std::min(kill_at_, kill_at);
    if (kill_at_ <= now.mono) return pass_deadlines(now);
    for (uint32_t i = 0; i < services_.size(); ++i)
        if (services_[i].active() && ServiceId{i} != log_writer_)
            apply_step(ServiceId{i}, {.kind = EventKind::hurry}, now);
    settle(now);
}

void Supervisor::handle(ServiceId id, const Event& event, Now now) {
    apply_step(id, event, now);
    settle(now);
}

void Supervisor::pass_deadlines(Now now) {
    // All first: one that a step sets has its turn in the next pass.
    while (const ServiceId id = deadlines_.take_due(now.mono)) due_.push_back(id);
    for (ServiceId id : due_) {
        if (at(id).deadline <= now.mono) apply_step(id, {.kind = EventKind::deadline}, now);
        if (!shutting_down_ && timetable_.next_tick(id, at(id)) <= now.mono) ring(id, now);
    }
    due_.clear();
    pass_moments(now);
    if (kill_at_ <= now.mono) {
        kill_at_ = no_deadline;
        // What they said last is still to be written: svlog has a stop_timeout of its own.
        for (uint32_t i = 0; i < services_.size(); ++i)
            if ((!services_[i].rests() || services_[i].hooks != 0) && ServiceId{i} != log_writer_)
                apply_step(ServiceId{i}, {.kind = EventKind::kill}, now);
    }
    settle(now);
}

Mono Supervisor::next_deadline(ServiceId other) const {
    const Mono next = deadlines_.next(other);
    return all_ended() ? next : std::min(next, kill_at_);
}

bool Supervisor::others_ended() const {
    const bool writes = log_writer_ && at(log_writer_).active();
    return tally_.active == (writes ? 1u : 0u) && tally_.hooks == 0 &&
           (tally_.in_place == 0 || !shutting_down_);
}

void Supervisor::index_names() {
    by_name_.clear();
    for (uint32_t i = 0; i < services_.size(); ++i)
        if (!services_[i].name.empty()) by_name_.push_back(ServiceId{i});
    sort(std::span(by_name_),
         [&](ServiceId a, ServiceId b) { return at(a).full_name() < at(b).full_name(); });
}

void Supervisor::select(std::string_view word, List<ServiceId>& into) const {
    const FullName full = FullName::split(word);
    if (word.ends_with('@')) return;  // nobody's name
    if (!full.name.empty()) {
        for (ServiceId id : instances_of(full.name))
            if (at(id).used() && (full.instance.empty() || at(id).instance == full.instance))
                into.push_back(id);
        return;
    }
    for (uint32_t i = 0; i < services_.size(); ++i) {
        const Definition* definition = services_[i].definition.get();
        const bool labelled = definition != nullptr && definition->groups.contains(full.instance);
        const bool own = definition != nullptr && definition->writes_logs;
        if (services_[i].used() && (labelled || (full.instance == "all" && !own)))
            into.push_back(ServiceId{i});
    }
}

std::string_view Supervisor::nearest(std::string_view name) const {
    Nearest nearest(name);
    for (const Service& service : services_)
        if (service.used()) nearest.offer(service.name);
    return nearest.found();
}

ServiceId Supervisor::id_of(const Service& service) const {
    const bool is_one = &service >= services_.begin() && &service < services_.end();
    return is_one ? ServiceId{static_cast<uint32_t>(&service - services_.begin())} : ServiceId{};
}

void Supervisor::mark_changed(ServiceId id) {
    at(id).looks_other = true;
    mark_recorded(id);
}

void Supervisor::mark_recorded(ServiceId id) {
    if (at(id).dirty) return;
    at(id).dirty = true;
    dirty_.push_back(id);
}

// No record is made of it: there may be many, and a reeve that takes over waits anew.
void Supervisor::keep_alive(ServiceId id, Now now) {
    Service& service = at(id);
    if (service.phase != Phase::up || service.keepalive_by() == no_deadline) return;
    service.keepalive_by() = now.mono + health_of(service)->watchdog;
    service.deadline = next_while_up(service);
    index(id, service.reapable());
}

void Supervisor::note_log(ServiceId id, std::string_view note) {
    if (at(id).log_note == note) return;
    at(id).log_note = note;
    mark_changed(id);
}

// The one way into step(): keeps the counts and the indexes, and tells the neighbours.
void Supervisor::apply_step(ServiceId id, const Event& event, Now now) {
    Service& service = at(id);
    const Tally before(service);
    const State state = service.state;
    const Phase phase = service.phase;
    const pid_t leader = service.leader.pid;
    const pid_t reapable = service.reapable();
    const Reason reason = service.reason;
    const Reason hook_failure = service.hook_failure;
    const Actions wanted = step(service, id, event, now);
    for (const Action& action : wanted) actions_.push_back(action);
    // A check that goes as the one before is on record, and shows nowhere.
    const bool is_silent = phase == Phase::up && service.phase == Phase::up &&
                           reason == service.reason && hook_failure == service.hook_failure &&
                           event.result == HookResult::succeeded &&
                           (event.kind == EventKind::deadline || event.hook == Hook::check);
    is_silent ? mark_recorded(id) : mark_changed(id);

    const Tally after(service);
    tally_ -= before;
    tally_ += after;
    follow_start(id, event, state);
    index(id, reapable);
    note_ended_run(id, phase, leader, now);
    const bool turned =
        phase == Phase::up && service.phase == Phase::up && reason.code != service.reason.code &&
        (reason.code == ReasonCode::unhealthy || service.reason.code == ReasonCode::unhealthy);
    if (state != service.state || turned) note_entry(id, state, now);
    if (is_silent || (state == service.state && before == after)) return;
    enqueue(id);
    enqueue_neighbours(id);
    if (shutting_down_ && log_writer_) enqueue(log_writer_);
}

// By what it may be looked for from now on. `reapable`: its child as it was before.
void Supervisor::index(ServiceId id, pid_t reapable) {
    const Service& service = at(id);
    const Mono tick = shutting_down_ ? no_deadline : timetable_.next_tick(id, service);
    deadlines_.set(id, std::min(service.deadline, tick));
    if (service.reapable() == reapable) return;
    leaders_.remove(id, reapable);
    leaders_.add(id, service.reapable());
}

void Supervisor::note_entry(ServiceId id, State from, Now now) {
    const Service& service = at(id);
    const Reason& reason = service.reason;
    const bool about_verdict = reason.code == ReasonCode::group_left;
    const bool is_invalid = reason.code == ReasonCode::definition_invalid;
    const bool is_well = reason.code == ReasonCode::ready || reason.code == ReasonCode::healthy;
    const Service* other = reason.other ? &at(reason.other) : nullptr;
    events_.add({.id = id,
                 .from = from,
                 .to = service.state,
                 .failures = static_cast<uint16_t>(std::min(service.failures, 65535u)),
                 .time = now.wall,
                 .reason = reason,
                 .end = about_verdict ? service.verdict : service.end,
                 .hook_failure = service.hook_failure,
                 .definition = service.definition,
                 .note = is_invalid ? service.problem
                         : is_well  ? service.status_text
                                    : service.end_note,
                 .other = other != nullptr ? other->name : Text(),
                 .other_instance = other != nullptr ? other->instance : Text()});
    boot_.note(id, service, now);
}

// Over is a run when nothing of its process group is left; or when it could not get a process. A
// fork that failed is none, and will be tried again.
void Supervisor::note_ended_run(ServiceId id, Phase phase, pid_t leader, Now now) {
    const Service& service = at(id);
    const bool lost_process = leader != 0 && !service.leader;
    const bool had_none = leader == 0 && (phase == Phase::pre_start || phase == Phase::executing) &&
                          (service.phase == Phase::idle || service.phase == Phase::post_stop);
    if (!lost_process && !had_none) return;
    const Reason& how = service.verdict.code != ReasonCode::none ? service.verdict : service.end;
    if (how.code == ReasonCode::fork_failed) return;
    ended_runs_.push_back({.id = id,
                           .pid = leader,
                           .start = service.started_wall,
                           .end = now.wall,
                           .exit = lost_process ? service.exit : ExitStatus{},
                           .how = how});
}

// Until all are where they should be. Who waits for a slot gets one at a time: it takes the slot,
// or has another reason to wait from then on.
void Supervisor::settle(Now now) {
    for (;;) {
        update_leaving();
        ServiceId id = queue_.take();
        while (!id && slot_free() && held_.size() > 0) {
            id = held_.take();
            if (at(id).state != State::waiting || at(id).reason.code != ReasonCode::start_slot)
                id = {};
        }
        if (!id) break;
        evaluate(id, now);
    }
    if (boot_.runs() && !comes_up()) boot_.stop();
}

// Is something starting, or waiting for one that runs (a oneshot) or is? Goes on from the last one
// that was found waiting so, which mostly still is.
bool Supervisor::comes_up() {
    if (tally_.starting > 0) return true;
    for (size_t left = services_.size(); left > 0; --left, ++comes_up_) {
        if (comes_up_ >= services_.size()) comes_up_ = 0;
        const Service& service = at(ServiceId{comes_up_});
        if (service.state == State::waiting && service.reason.other &&
            at(service.reason.other).active())
            return true;
    }
    return false;
}

// All of them before anything is decided: what starts on something that is about to go would be
// stopped at once.
void Supervisor::update_leaving() {
    while (const ServiceId id = unsure_.take()) {
        Service& service = at(id);
        const bool leaving = service.used() && reason_to_leave(id).code != ReasonCode::none;
        if (leaving == service.leaving) continue;
        service.leaving = leaving;
        enqueue_neighbours(id);
    }
}

void Supervisor::evaluate(ServiceId id, Now now) {
    Service& service = at(id);
    if (!service.used()) return;
    if (update_order(id)) enqueue_neighbours(id);
    const Reason leave = reason_to_leave(id);
    const bool is_to_go = service.leaving || (service.restart_requested() && !is_unread(service));
    if (!service.active() && !(service.in_place() && is_to_go))
        return evaluate_idle(id, leave, now);
    if (!is_to_go) return;
    const Reason why = service.leaving ? leave : Reason{.code = service.restart_for};
    if (service.state == State::stopping) {
        if (service.leaving && service.verdict.code == ReasonCode::stopped_on_request &&
            service.reason != why)
            apply_step(id, {.kind = EventKind::stop, .reason = why}, now);
        return;
    }
    // Past the shutdown's deadline nothing has a turn to wait for.
    if (service.hooks_over || may_stop(id))
        apply_step(id, {.kind = EventKind::stop, .reason = why}, now);
}

void Supervisor::evaluate_idle(ServiceId id, const Reason& leave, Now now) {
    Service& service = at(id);
    if (service.removed) {
        if (service.hooks == 0 && !has_busy_dependent(id)) return forget(id);
        if (service.state != State::stopped && service.state != State::unknown)
            apply_step(id, {.kind = EventKind::rest, .reason = leave}, now);
        return;
    }
    // Whatever its file says by now, a process may be its own. Who names it in a command decides.
    if (service.state == State::unknown) return;
    if (!can_begin(service)) {
        // A hook that still runs needs a definition until it has ended.
        if (service.hooks == 0) drop_definition(id);
        if (service.state != State::invalid) apply_step(id, {.kind = EventKind::invalidate}, now);
        return;
    }
    const bool ends = leave.code == ReasonCode::shutdown;
    if (ends || service.want == Want::down || service.policy().type == Type::fake) {
        // What has ended by itself keeps saying how while reeve ends.
        const bool ended = service.state == State::done || service.state == State::failed;
        if ((ends && ended) || service.undo_failed()) return;
        if (service.state != State::stopped || service.reason.code == ReasonCode::none)
            apply_step(id, {.kind = EventKind::rest, .reason = leave}, now);
        else if (service.refused && service.hooks == 0)
            drop_definition(id);
        if (!service.definition) enqueue(id);
        return;
    }
    switch (service.state) {
    case State::done:
        // A oneshot was to be undone first, and is none by now, or has nothing to undo it.
        if (service.restart_requested() && !is_unread(service) && may_stop(id)) {
            apply_step(id, {.kind = EventKind::retry_now}, now);
            return;
        }
        [[fallthrough]];
    case State::failed:
        if (!timetable_.recurs(id, service)) return;
        return evaluate_gates(id, now);
    case State::backoff:
        // A retry does not go past the next start.
        if (!timetable_.owes(id)) return;
        return evaluate_gates(id, now);
    case State::stopped:
    case State::waiting:
    case State::invalid: return evaluate_gates(id, now);
    case State::unknown:
    case State::starting:
    case State::running:
    case State::stopping: check(!"an active state in an idle phase");
    }
}

// Starts what is wanted and may start; what holds it back is its reason to wait.
void Supervisor::evaluate_gates(ServiceId id, Now now) {
    const Service& service = at(id);
    const Reason gate = closed_gate(id);
    if (gate.code == ReasonCode::start_slot) held_.add(id);
    if (gate.code == ReasonCode::none)
        apply_step(id, {.kind = EventKind::start}, now);
    else if (service.state != State::waiting || service.reason != gate)
        apply_step(id, {.kind = EventKind::hold, .reason = gate}, now);
}

Reason Supervisor::reason_to_leave(ServiceId id) const {
    const Service& service = at(id);
    // svlog is there as long as others have something to say: where it dies it is started again.
    if (shutting_down_ && (id != log_writer_ || others_ended()))
        return {.code = ReasonCode::shutdown};
    if (service.removed) return {.code = removal_of(service.name)};
    if (!service.definition) {
        const bool asked = service.known && service.want == Want::down;
        return {.code = asked ? ReasonCode::by_command : ReasonCode::none};
    }
    if (service.policy().type == Type::fake) return {.code = ReasonCode::withdrawn};
    if (service.want == Want::down) {
        const bool never_wanted = service.runs == 0 && !service.policy().enabled;
        return {.code = never_wanted ? ReasonCode::not_enabled : ReasonCode::by_command};
    }
    if (const Reason closed = timetable_.closed(id, service); closed.code != ReasonCode::none)
        return closed;
    for (ServiceId need : graph_.needs(id)) {
        const Service& other = at(need);
        if (other.leaving) return {.code = ReasonCode::dependency_down, .other = need};
        if (service.policy().cascade && !is_fresh(other) &&
            (!provides(other) || other.restart_requested()))
            return {.code = ReasonCode::dependency_lost, .other = need};
    }
    return {};
}

bool Supervisor::slot_free() const {
    return tally_.in_flight < spawn_slots_ &&
           (max_starting_ == 0 || tally_.starting < max_starting_);
}

void Supervisor::enqueue(ServiceId id) {
    unsure_.add(id);
    queue_.add(id);
}

void Supervisor::enqueue_neighbours(ServiceId id) {
    for (const auto& rows : {graph_.ahead(id), graph_.behind(id)})
        for (const auto& row : rows)
            for (ServiceId other : row) enqueue(other);
}

void Supervisor::enqueue_all() {
    for (uint32_t i = 0; i < services_.size(); ++i) enqueue(ServiceId{i});
}

}  // namespace reeve
