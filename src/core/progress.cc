#include "core/progress.h"

#include "core/explain.h"
#include "core/restart.h"

namespace reeve {

namespace {

// The last of causes(), for what asks in every turn.
const Service& root_cause(const Supervisor& supervisor, const Service& service) {
    const Service* root = &service;
    for (size_t steps = supervisor.services().size(); steps > 0; --steps) {
        const ServiceId other = cause_of(supervisor, *root);
        if (!other) break;
        root = &supervisor.at(other);
    }
    return *root;
}

// Its window or its version lets it not run now.
bool is_of_clock(ReasonCode code) {
    return code == ReasonCode::out_of_window || code == ReasonCode::not_in_force ||
           code == ReasonCode::clock_not_set;
}

// Is it to be down, or something that it needs, until somebody asks for another thing? What a
// cascade stops comes back by itself.
bool is_taken_down(const Supervisor& supervisor, ServiceId id) {
    for (size_t steps = supervisor.services().size(); steps > 0; --steps) {
        const Reason leave = supervisor.reason_to_leave(id);
        if (leave.code != ReasonCode::dependency_down)
            return leave.code != ReasonCode::none && leave.code != ReasonCode::dependency_lost &&
                   !is_of_clock(leave.code);
        id = leave.other;
    }
    return true;
}

// Held back by what will not come by itself.
bool is_hopeless(const Supervisor& supervisor, const Service& service) {
    if (service.state != State::waiting) return false;
    const Service& root = root_cause(supervisor, service);
    return root.state == State::failed || root.state == State::invalid ||
           root.state == State::unknown || root.state == State::stopped ||
           root.state == State::done;
}

Progress progress_down(const Supervisor& supervisor, const Service& service) {
    if (service.used() && service.undo_failed()) return Progress::failed;
    if (!service.used() || service.rests()) return Progress::reached;
    const bool wanted = service.want == Want::up && !service.removed && !supervisor.shutting_down();
    return wanted ? Progress::overtaken : Progress::pending;
}

// A oneshot is there once it has ended as it should; and where its policy is to run it again, a run
// that was waited for has ended all the same. A run of its own that failed is the answer, though
// more may follow.
Progress progress_up(const Supervisor& supervisor, ServiceId id, const Goal& goal) {
    const Service& service = supervisor.at(id);
    if (!service.used()) return Progress::failed;
    if (is_taken_down(supervisor, id)) return Progress::overtaken;
    const bool tried = service.runs > goal.runs_before;
    const ReasonCode why = service.state == State::waiting ? service.reason.code : ReasonCode::none;
    // A job is up where its schedule is at work.
    const bool is_at_work = why == ReasonCode::scheduled || (why == ReasonCode::clock_not_set &&
                                                             service.definition->has_schedule());
    if (is_at_work && goal.kind == Goal::Kind::up) return Progress::reached;
    const bool ended = tried && (!service.active() || service.runs - 1 > goal.runs_before) &&
                       service.end.code != ReasonCode::stopped_on_request && service.definition;
    const bool good = ended && succeeded(service.policy(), service.end);
    if (ended && !good && !goal.patient) return Progress::failed;
    if (good && service.policy().type == Type::oneshot) return Progress::reached;
    // Outside its window nothing but that brings it up.
    const bool new_run = goal.kind == Goal::Kind::up || tried;
    if (is_of_clock(why) || why == ReasonCode::no_start_left) return Progress::failed;
    const bool stays = service.rests() || (!service.leaving && !service.restart_requested());
    if (new_run && stays && (service.state == State::done || provides(service)))
        return Progress::reached;
    if ((new_run && service.state == State::failed) || service.undo_failed())
        return Progress::failed;
    if (tried && service.state == State::backoff && !goal.patient) return Progress::failed;
    if (service.state == State::invalid || service.state == State::unknown) return Progress::failed;
    // Wanted, and yet stopped: it is withdrawn, or reeve ends.
    if (service.state == State::stopped) return Progress::failed;
    return is_hopeless(supervisor, service) ? Progress::failed : Progress::pending;
}

Progress progress_reload(const Supervisor& supervisor, ServiceId id, const Goal& goal) {
    const Service& service = supervisor.at(id);
    if (service.used() && is_taken_down(supervisor, id)) return Progress::overtaken;
    if (service.state != State::running || service.runs != goal.runs_before)
        return Progress::failed;
    if (service.hook_runs(Hook::reload_command)) return Progress::pending;
    return reload_failed(service) ? Progress::failed : Progress::reached;
}

}  // namespace

bool reload_failed(const Service& service) {
    const Reason& failure = service.hook_failure;
    return failure.code == ReasonCode::hook_failed &&
           hook_failure_of(failure).hook == Hook::reload_command;
}

Progress progress(const Supervisor& supervisor, ServiceId id, const Goal& goal) {
    const Service& service = supervisor.at(id);
    switch (goal.kind) {
    case Goal::Kind::down: return progress_down(supervisor, service);
    case Goal::Kind::entered:
        if (!service.used()) return Progress::failed;
        return service.state == goal.state_awaited ? Progress::reached : Progress::pending;
    case Goal::Kind::up:
    case Goal::Kind::restarted: return progress_up(supervisor, id, goal);
    case Goal::Kind::reloaded: return progress_reload(supervisor, id, goal);
    }
    return Progress::failed;
}

}  // namespace reeve
