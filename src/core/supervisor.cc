// How services act on one another. Everything here is level-triggered: evaluate() looks at one
// service and its neighbours and sends it the event, if any, that brings it nearer to what is
// wanted. Whatever changes puts its neighbours on the worklist; the worklist ends because evaluate
// sends nothing to a service that is where it should be.
#include "core/supervisor.h"

#include "base/check.h"

namespace reeve {

void Worklist::resize(size_t services) {
    listed_.resize(services);
    ids_.reserve(services);
}

void Worklist::add(ServiceId id) {
    if (listed_[id.index]) return;
    listed_[id.index] = true;
    ids_.push_back(id);
}

bool Worklist::take(ServiceId& id) {
    if (next_ == ids_.size()) {
        ids_.clear();
        next_ = 0;
        return false;
    }
    id = ids_[next_++];
    listed_[id.index] = false;
    return true;
}

void Supervisor::configure(uint32_t spawn_slots, uint32_t max_starting) {
    check(spawn_slots > 0);
    spawn_slots_ = spawn_slots;
    max_starting_ = max_starting;
}

void Supervisor::up(std::span<const ServiceId> ids, Now now) {
    for (ServiceId id : ids) want_up(id, true, now);
    settle(now);
}

void Supervisor::down(std::span<const ServiceId> ids, Now now) {
    for (ServiceId id : ids) {
        Service& service = at(id);
        service.want = Want::down;
        service.restart_requested = false;
        touch(id);
        enqueue(id);
    }
    settle(now);
}

void Supervisor::restart(std::span<const ServiceId> ids, Now now) {
    for (ServiceId id : ids) {
        want_up(id, true, now);
        Service& service = at(id);
        if (service.active())
            service.restart_requested = true;
        else if (service.definition)
            apply_step(id, {.kind = EventKind::retry_now}, now);
        enqueue_neighbours(id);
    }
    settle(now);
}

// What it needs is wanted too. A oneshot that is done has done what it is needed for.
void Supervisor::want_up(ServiceId root, bool named, Now now) {
    std::vector<ServiceId> pending{root};
    std::vector<uint8_t> seen(services_.size());
    seen[root.index] = true;
    while (!pending.empty()) {
        const ServiceId id = pending.back();
        pending.pop_back();
        Service& service = at(id);
        service.want = Want::up;
        touch(id);
        const bool ended_daemon = service.state == State::done && service.definition &&
                                  service.policy().type == Type::daemon;
        if (service.state == State::failed || service.state == State::backoff ||
            (named && id == root && ended_daemon))
            apply_step(id, {.kind = EventKind::retry_now}, now);
        enqueue(id);
        enqueue_neighbours(id);
        for (ServiceId need : graph_.needs(id)) {
            if (seen[need.index]) continue;
            seen[need.index] = true;
            pending.push_back(need);
        }
    }
}

void Supervisor::shut_down(Mono kill_at, Now now) {
    if (shutting_down_) return;
    shutting_down_ = true;
    kill_at_ = kill_at;
    enqueue_all();
    settle(now);
}

void Supervisor::handle(ServiceId id, const Event& event, Now now) {
    apply_step(id, event, now);
    settle(now);
}

void Supervisor::pass_deadlines(Now now) {
    for (uint32_t i = 0; i < services_.size(); ++i)
        if (services_[i].deadline <= now.mono)
            apply_step(ServiceId{i}, {.kind = EventKind::deadline}, now);
    if (kill_at_ <= now.mono) {
        kill_at_ = no_deadline;
        for (uint32_t i = 0; i < services_.size(); ++i)
            if (services_[i].active() || services_[i].hooks != 0)
                apply_step(ServiceId{i}, {.kind = EventKind::kill}, now);
    }
    settle(now);
}

Mono Supervisor::next_deadline() const {
    Mono next = all_ended() ? no_deadline : kill_at_;
    for (const Service& service : services_)
        if (service.deadline < next) next = service.deadline;
    return next;
}

void Supervisor::select(std::string_view word, std::vector<ServiceId>& into) const {
    const size_t at_sign = word.find('@');
    const std::string_view name = word.substr(0, at_sign);
    const std::string_view rest =
        at_sign == std::string_view::npos ? std::string_view() : word.substr(at_sign + 1);
    for (uint32_t i = 0; i < services_.size(); ++i) {
        const Service& service = services_[i];
        if (!service.used()) continue;
        const bool match = name.empty()
                               ? service.definition && service.definition->groups.contains(rest)
                               : service.name == name && (rest.empty() || service.instance == rest);
        if (match) into.push_back(ServiceId{i});
    }
}

std::string_view Supervisor::nearest(std::string_view name) const {
    Nearest nearest(name);
    for (const Service& service : services_)
        if (service.used()) nearest.offer(service.name);
    return nearest.found();
}

ServiceId Supervisor::find_leader(pid_t pid) const {
    for (uint32_t i = 0; i < services_.size(); ++i)
        if (services_[i].leader.pid == pid && !services_[i].leader_gone) return ServiceId{i};
    return {};
}

void Supervisor::touch(ServiceId id) {
    if (at(id).dirty) return;
    at(id).dirty = true;
    dirty_.push_back(id);
}

// From its start on, though pre_start comes first: nobody may take the slot meanwhile.
static bool holds_spawn_slot(const Service& service) {
    return service.phase == Phase::pre_start || service.phase == Phase::executing;
}

// The one way into step(): keeps the counts, and tells the neighbours.
void Supervisor::apply_step(ServiceId id, const Event& event, Now now) {
    Service& service = at(id);
    const State from = service.state;
    const bool was_active = service.active();
    const bool was_held = from == State::waiting && service.reason.code == ReasonCode::start_slot;
    const bool was_in_flight = holds_spawn_slot(service);
    const int hooks_before = __builtin_popcount(service.hooks);

    const Actions wanted = step(service, id, event, now);
    for (const Action& action : wanted) actions_.push_back(action);
    touch(id);

    const bool held =
        service.state == State::waiting && service.reason.code == ReasonCode::start_slot;
    const bool in_flight = holds_spawn_slot(service);
    held_by_slot_ += static_cast<uint32_t>(held) - static_cast<uint32_t>(was_held);
    in_flight_ += static_cast<uint32_t>(in_flight) - static_cast<uint32_t>(was_in_flight);
    active_ += static_cast<uint32_t>(service.active()) - static_cast<uint32_t>(was_active);
    starting_ += static_cast<uint32_t>(service.state == State::starting) -
                 static_cast<uint32_t>(from == State::starting);
    hooks_running_ += static_cast<uint32_t>(__builtin_popcount(service.hooks) - hooks_before);

    const bool same = from == service.state && was_active == service.active() &&
                      was_in_flight == in_flight &&
                      hooks_before == __builtin_popcount(service.hooks);
    if (same) return;
    if (from != service.state) entries_.push_back({id, from, service.state});
    enqueue(id);
    enqueue_neighbours(id);
}

void Supervisor::settle(Now now) {
    ServiceId id;
    for (;;) {
        update_leaving();
        if (queue_.take(id)) {
            evaluate(id, now);
            continue;
        }
        if (held_by_slot_ == 0 || !slot_free()) return;
        enqueue_held_by_slot();
        if (queue_.empty()) return;
    }
}

// All of them before anything is decided: what starts on something that is about to go would be
// stopped at once.
void Supervisor::update_leaving() {
    ServiceId id;
    while (unsure_.take(id)) {
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
    const Reason leave = reason_to_leave(id);
    if (!service.active()) return evaluate_idle(id, leave, now);
    if (!service.leaving && !service.restart_requested) return;
    const Reason why = service.leaving ? leave : Reason{.code = ReasonCode::restart_command};
    if (service.state == State::stopping) {
        if (service.leaving && service.verdict.code == ReasonCode::stopped_on_request &&
            service.reason != why)
            apply_step(id, {.kind = EventKind::stop, .reason = why}, now);
        return;
    }
    if (may_stop(id)) apply_step(id, {.kind = EventKind::stop, .reason = why}, now);
}

void Supervisor::evaluate_idle(ServiceId id, const Reason& leave, Now now) {
    Service& service = at(id);
    if (service.removed) {
        if (service.hooks == 0 && !has_busy_dependent(id)) return forget(id);
        if (service.state != State::stopped)
            apply_step(id, {.kind = EventKind::rest, .reason = leave}, now);
        return;
    }
    if (!service.definition) {
        if (service.state != State::invalid) apply_step(id, {.kind = EventKind::invalidate}, now);
        return;
    }
    if (shutting_down_ || service.want == Want::down || service.policy().type == Type::fake) {
        // What has ended by itself keeps saying how while reeve ends.
        const bool ended = service.state == State::done || service.state == State::failed;
        if (shutting_down_ && ended) return;
        if (service.state != State::stopped || service.reason.code == ReasonCode::none)
            apply_step(id, {.kind = EventKind::rest, .reason = leave}, now);
        else if (service.refused && service.hooks == 0)
            service.definition = {};  // nothing of it runs, and its file has errors
        if (!service.definition) enqueue(id);
        return;
    }
    switch (service.state) {
    case State::done:
    case State::failed:
    case State::backoff:
    case State::unknown: return;
    case State::stopped:
    case State::waiting:
    case State::invalid: {
        const Reason gate = closed_gate(id);
        if (gate.code == ReasonCode::none)
            apply_step(id, {.kind = EventKind::start}, now);
        else if (service.state != State::waiting || service.reason != gate)
            apply_step(id, {.kind = EventKind::hold, .reason = gate}, now);
        return;
    }
    case State::starting:
    case State::running:
    case State::stopping: check(!"an active state in an idle phase");
    }
}

// Why it may not run, or none: reeve ends, its file is gone, it is not wanted, or something that it
// needs is leaving.
Reason Supervisor::reason_to_leave(ServiceId id) const {
    const Service& service = at(id);
    if (shutting_down_) return {.code = ReasonCode::shutdown};
    if (service.removed) return {.code = ReasonCode::definition_removed};
    if (!service.definition) {
        const bool asked = service.known && service.want == Want::down;
        return {.code = asked ? ReasonCode::by_command : ReasonCode::none};
    }
    if (service.policy().type == Type::fake) return {.code = ReasonCode::withdrawn};
    if (service.want == Want::down) {
        const bool never_wanted = service.runs == 0 && !service.policy().enabled;
        return {.code = never_wanted ? ReasonCode::not_enabled : ReasonCode::by_command};
    }
    for (ServiceId need : graph_.needs(id)) {
        const Service& other = at(need);
        if (other.leaving) return {.code = ReasonCode::dependency_down, .other = need};
        if (service.policy().cascade && (!provides(other) || other.restart_requested))
            return {.code = ReasonCode::dependency_lost, .other = need};
    }
    return {};
}

// One that runs, or whose hooks do, which have their command from its definition.
bool Supervisor::has_busy_dependent(ServiceId id) const {
    for (ServiceId dependent : graph_.needed_by(id))
        if (at(dependent).active() || at(dependent).hooks != 0) return true;
    return false;
}

// Dependents that have to go when this one goes are to be gone first. In a shutdown so are those
// that come after it.
bool Supervisor::may_stop(ServiceId id) const {
    const Service& service = at(id);
    for (ServiceId dependent : graph_.needed_by(id)) {
        const Service& other = at(dependent);
        if (other.active() && (service.leaving || other.policy().cascade)) return false;
    }
    if (!shutting_down_) return true;
    for (ServiceId later : graph_.before(id))
        if (at(later).active()) return false;
    return true;
}

bool provides(const Service& service) {
    if (!service.definition) return false;
    const bool oneshot = service.policy().type == Type::oneshot;
    return service.state == (oneshot ? State::done : State::running);
}

// What holds a wanted service back, or none.
Reason Supervisor::closed_gate(ServiceId id) const {
    for (ServiceId need : graph_.needs(id)) {
        const Service& other = at(need);
        if (!provides(other) || other.leaving || other.restart_requested)
            return {.code = ReasonCode::needs, .other = need};
    }
    for (ServiceId earlier : graph_.after(id)) {
        const Service& other = at(earlier);
        const bool settled = !other.restart_requested &&
                             (other.state == State::running || other.state == State::done ||
                              other.state == State::failed || other.state == State::unknown);
        if (other.want == Want::up && other.definition && !other.leaving && !settled)
            return {.code = ReasonCode::after, .other = earlier};
    }
    if (!slot_free()) return {.code = ReasonCode::start_slot};
    return {};
}

bool Supervisor::slot_free() const {
    return in_flight_ < spawn_slots_ && (max_starting_ == 0 || starting_ < max_starting_);
}

void Supervisor::enqueue(ServiceId id) {
    unsure_.add(id);
    queue_.add(id);
}

void Supervisor::enqueue_neighbours(ServiceId id) {
    for (ServiceId other : graph_.needs(id)) enqueue(other);
    for (ServiceId other : graph_.needed_by(id)) enqueue(other);
    for (ServiceId other : graph_.after(id)) enqueue(other);
    for (ServiceId other : graph_.before(id)) enqueue(other);
}

void Supervisor::enqueue_all() {
    for (uint32_t i = 0; i < services_.size(); ++i) enqueue(ServiceId{i});
}

void Supervisor::enqueue_held_by_slot() {
    for (uint32_t i = 0; i < services_.size(); ++i)
        if (services_[i].state == State::waiting &&
            services_[i].reason.code == ReasonCode::start_slot)
            enqueue(ServiceId{i});
}

}  // namespace reeve
