// How services act on one another. Everything here is level-triggered: evaluate() looks at one
// service and its neighbours and sends it the event, if any, that brings it nearer to what is
// wanted. Whatever changes puts its neighbours on the worklist; the worklist ends because evaluate
// sends nothing to a service that is where it should be.
#include "core/supervisor.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"
#include "base/spelling.h"
#include "core/takeover.h"

namespace reeve {

void Supervisor::configure(uint32_t spawn_slots, uint32_t max_starting) {
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
        if (service.state == State::unknown || service.undo_failed())
            apply_step(id, {.kind = EventKind::retry_now}, now);
        mark_changed(id);
        enqueue(id);
    }
    settle(now);
}

void Supervisor::restart(std::span<const ServiceId> ids, Now now) {
    for (ServiceId id : ids) {
        want_up(id, true, now);
        Service& service = at(id);
        if (!service.rests())
            service.restart_requested = true;
        else if (service.definition)
            apply_step(id, {.kind = EventKind::retry_now}, now);
        enqueue_neighbours(id);
    }
    settle(now);
}

// What it needs is wanted too. A oneshot that is done has done what it is needed for.
void Supervisor::want_up(ServiceId root, bool named, Now now) {
    List<ServiceId> pending{root};
    List<uint8_t> seen;  // by index; most need nothing
    while (!pending.empty()) {
        const ServiceId id = pending.back();
        pending.pop_back();
        Service& service = at(id);
        service.want = Want::up;
        mark_changed(id);
        const bool ended_daemon = service.state == State::done && service.definition &&
                                  service.policy().type == Type::daemon;
        const bool asks_anew = named && id == root;
        if (service.state == State::failed || service.state == State::backoff ||
            (asks_anew && (ended_daemon || service.state == State::unknown)))
            apply_step(id, {.kind = EventKind::retry_now}, now);
        enqueue(id);
        enqueue_neighbours(id);
        for (ServiceId need : graph_.needs(id)) {
            seen.resize(services_.size());
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
    for (uint32_t i = 0; i < services_.size(); ++i)
        if (services_[i].deadline <= now.mono)
            apply_step(ServiceId{i}, {.kind = EventKind::deadline}, now);
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
    Mono next = all_ended() ? no_deadline : kill_at_;
    for (uint32_t i = 0; i < services_.size(); ++i)
        if (services_[i].deadline < next && ServiceId{i} != other) next = services_[i].deadline;
    return next;
}

bool Supervisor::others_ended() const {
    const bool writes = log_writer_ && at(log_writer_).active();
    return active_ == (writes ? 1u : 0u) && hooks_running_ == 0 &&
           (in_place_ == 0 || !shutting_down_);
}

void Supervisor::select(std::string_view word, List<ServiceId>& into) const {
    const size_t at_sign = word.find('@');
    const std::string_view name = word.substr(0, at_sign);
    const std::string_view rest =
        at_sign == std::string_view::npos ? std::string_view() : word.substr(at_sign + 1);
    for (uint32_t i = 0; i < services_.size(); ++i) {
        const Service& service = services_[i];
        if (!service.used()) continue;
        const bool labelled = service.definition && service.definition->groups.contains(rest);
        const bool own = service.definition && service.definition->writes_logs;
        const bool match = name.empty()
                               ? labelled || (rest == "all" && !own)
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

void Supervisor::mark_changed(ServiceId id) {
    if (at(id).dirty) return;
    at(id).dirty = true;
    dirty_.push_back(id);
}

void Supervisor::note_log(ServiceId id, std::string_view note) {
    if (at(id).log_note == note) return;
    at(id).log_note = note;
    mark_changed(id);
}

// From its start on, though pre_start comes first: nobody may take the slot meanwhile.
static bool holds_spawn_slot(const Service& service) {
    return service.phase == Phase::pre_start || service.phase == Phase::executing;
}

Supervisor::Before::Before(const Service& service)
    : state(service.state), phase(service.phase), active(service.active()),
      in_place(service.in_place()),
      held(service.state == State::waiting && service.reason.code == ReasonCode::start_slot),
      in_flight(holds_spawn_slot(service)), hooks(__builtin_popcount(service.hooks)),
      leader(service.leader.pid) {}

// The one way into step(): keeps the counts, and tells the neighbours.
void Supervisor::apply_step(ServiceId id, const Event& event, Now now) {
    Service& service = at(id);
    const Before before(service);
    const Actions wanted = step(service, id, event, now);
    for (const Action& action : wanted) actions_.push_back(action);
    mark_changed(id);

    const Before after(service);
    held_by_slot_ += static_cast<uint32_t>(after.held) - static_cast<uint32_t>(before.held);
    in_flight_ += static_cast<uint32_t>(after.in_flight) - static_cast<uint32_t>(before.in_flight);
    active_ += static_cast<uint32_t>(after.active) - static_cast<uint32_t>(before.active);
    in_place_ += static_cast<uint32_t>(after.in_place) - static_cast<uint32_t>(before.in_place);
    starting_ += static_cast<uint32_t>(after.state == State::starting) -
                 static_cast<uint32_t>(before.state == State::starting);
    hooks_running_ += static_cast<uint32_t>(after.hooks - before.hooks);

    note_ended_run(id, before, now);
    if (before.state != after.state) note_entry(id, before.state, now);
    const bool same = before.state == after.state && before.active == after.active &&
                      before.in_flight == after.in_flight && before.hooks == after.hooks;
    if (same) return;
    enqueue(id);
    enqueue_neighbours(id);
    if (shutting_down_ && log_writer_) enqueue(log_writer_);
}

void Supervisor::note_entry(ServiceId id, State from, Now now) {
    const Service& service = at(id);
    const Reason& reason = service.reason;
    const bool about_verdict = reason.code == ReasonCode::group_left;
    const bool is_invalid = reason.code == ReasonCode::definition_invalid;
    const Service* other = reason.other ? &at(reason.other) : nullptr;
    entries_.push_back({.id = id,
                        .from = from,
                        .to = service.state,
                        .failures = static_cast<uint16_t>(std::min(service.failures, 65535u)),
                        .time = now.wall,
                        .reason = reason,
                        .end = about_verdict ? service.verdict : service.end,
                        .hook_failure = service.hook_failure,
                        .definition = service.definition,
                        .note = is_invalid                         ? service.problem
                                : reason.code == ReasonCode::ready ? service.status_text
                                                                   : service.end_note,
                        .other = other != nullptr ? other->name : Text(),
                        .other_instance = other != nullptr ? other->instance : Text()});
    if (!brings_up_) return;
    BootTimes& times = boot_times_[id.index];
    const auto elapsed = static_cast<uint32_t>((now.mono - began_.mono).ms);
    if (service.state == State::starting && times.start_ms == BootTimes::none)
        times.start_ms = elapsed;
    if (provides(service) && times.ready_ms == BootTimes::none) times.ready_ms = elapsed;
}

// Over is a run when nothing of its process group is left; or when it could not get a process. A
// fork that failed is none, and will be tried again.
void Supervisor::note_ended_run(ServiceId id, const Before& before, Now now) {
    const Service& service = at(id);
    const bool lost_process = before.leader != 0 && !service.leader;
    const bool had_none = before.leader == 0 &&
                          (before.phase == Phase::pre_start || before.phase == Phase::executing) &&
                          (service.phase == Phase::idle || service.phase == Phase::post_stop);
    if (!lost_process && !had_none) return;
    const Reason& how = service.verdict.code != ReasonCode::none ? service.verdict : service.end;
    if (how.code == ReasonCode::fork_failed) return;
    ended_runs_.push_back({.id = id,
                           .pid = before.leader,
                           .start = service.started_wall,
                           .end = now.wall,
                           .exit = lost_process ? service.exit : ExitStatus{},
                           .how = how});
}

std::span<const Entry> Supervisor::new_entries() const {
    return std::span(entries_).subspan(passed_entries_);
}

void Supervisor::pass_entries() {
    if (entries_.size() > 2 * events_kept_max_count) {
        const size_t dropped = entries_.size() - events_kept_max_count;
        entries_.erase(entries_.begin(), entries_.begin() + static_cast<long>(dropped));
        first_entry_ += dropped;
    }
    passed_entries_ = entries_.size();
}

void Supervisor::append_name_of(Sink& out, ServiceId id) const {
    if (at(id).used()) return append_name(out, at(id));
    for (const Ghost& ghost : ghosts_)
        if (ghost.id == id) out << ghost.name;
}

void Supervisor::settle(Now now) {
    ServiceId id;
    for (;;) {
        update_leaving();
        if (queue_.take(id)) {
            evaluate(id, now);
            continue;
        }
        if (held_by_slot_ != 0 && slot_free()) {
            enqueue_next_held_by_slot();
            if (!queue_.empty()) continue;
        }
        brings_up_ = brings_up_ && comes_up();
        return;
    }
}

// Is something starting, or waiting for one that runs (a oneshot) or is?
bool Supervisor::comes_up() const {
    if (starting_ > 0) return true;
    for (const Service& service : services_)
        if (service.state == State::waiting && service.reason.other &&
            at(service.reason.other).active())
            return true;
    return false;
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
    const bool is_to_go = service.leaving || (service.restart_requested && !is_unread(service));
    if (!service.active() && !(service.in_place() && is_to_go))
        return evaluate_idle(id, leave, now);
    if (!is_to_go) return;
    const bool changed = service.stale() && service.policy().on_change == OnChange::restart;
    const Reason why = service.leaving ? leave
                       : changed       ? Reason{.code = ReasonCode::definition_changed}
                                       : Reason{.code = ReasonCode::restart_command};
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
        if (service.hooks == 0) service.definition = {};
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
            service.definition = {};  // nothing of it runs, and its file has errors
        if (!service.definition) enqueue(id);
        return;
    }
    switch (service.state) {
    case State::done:
        // A oneshot was to be undone first, and is none by now, or has nothing to undo it.
        if (service.restart_requested && !is_unread(service) && may_stop(id))
            apply_step(id, {.kind = EventKind::retry_now}, now);
        return;
    case State::failed:
    case State::backoff: return;
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
    case State::unknown:
    case State::starting:
    case State::running:
    case State::stopping: check(!"an active state in an idle phase");
    }
}

Reason Supervisor::reason_to_leave(ServiceId id) const {
    const Service& service = at(id);
    // svlog is there as long as others have something to say: where it dies it is started again.
    if (shutting_down_ && (id != log_writer_ || others_ended()))
        return {.code = ReasonCode::shutdown};
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
        if (!at(dependent).rests() || at(dependent).hooks != 0) return true;
    return false;
}

// Dependents that have to go when this one goes are to be gone first, and what is restarted or goes
// as well: a command that is about several keeps their order. In a shutdown all go.
bool Supervisor::may_stop(ServiceId id) const {
    const Service& service = at(id);
    const auto goes = [](const Service& other) { return other.leaving || other.restart_requested; };
    for (ServiceId dependent : graph_.needed_by(id)) {
        const Service& other = at(dependent);
        if (!other.rests() && (service.leaving || other.policy().cascade || goes(other)))
            return false;
    }
    // Told to end before it can hear that, it would leave unread what others have written.
    if (shutting_down_ && id == log_writer_)
        return others_ended() && service.state != State::starting;
    for (ServiceId later : graph_.before(id))
        if (!at(later).rests() && (shutting_down_ || goes(at(later)))) return false;
    return true;
}

bool provides(const Service& service) {
    if (!service.definition) return false;
    const bool oneshot = service.policy().type == Type::oneshot;
    return service.state == (oneshot ? State::done : State::running);
}

// What holds a wanted service back, or none.
Reason Supervisor::closed_gate(ServiceId id) const {
    if (is_unread(at(id))) {
        const bool is_told = at(id).reason.code == ReasonCode::definition_unread;
        return is_told ? at(id).reason : Reason{.code = ReasonCode::definition_unread};
    }
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
        const bool may_settle = other.active() || can_begin(other);
        if (other.want == Want::up && may_settle && !other.leaving && !settled)
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

// One at a time: it takes the slot, or has another reason to wait from now on.
void Supervisor::enqueue_next_held_by_slot() {
    for (uint32_t i = 0; i < services_.size(); ++i)
        if (services_[i].state == State::waiting &&
            services_[i].reason.code == ReasonCode::start_slot)
            return enqueue(ServiceId{i});
}

}  // namespace reeve
