// What the clock brings: starts that are due, windows that open and close, versions whose date has
// come.
#include <algorithm>

#include "base/limits.h"
#include "core/supervisor.h"
#include "model/schedule.h"

namespace reeve {

// Its file has errors, or what it needs is gone, and nothing of it runs.
void Supervisor::drop_definition(ServiceId id) {
    at(id).definition = {};
    timetable_.remove(id, at(id));
    index(id, at(id).reapable());
}

// To be called once its definition, or what is wanted of it, has changed.
void Supervisor::set_timer(ServiceId id, Basis basis, Now now) {
    const Service& service = at(id);
    if (timetable_.find(id) == nullptr && !(service.definition && service.definition->timing))
        return;
    const Timer before = timetable_.find(id) != nullptr ? *timetable_.find(id) : Timer();
    timetable_.set(id, service, basis, now);
    const Timer* timer = timetable_.find(id);
    if (timer != nullptr && !is_same_on_record(*timer, before)) mark_changed(id);
    index(id, service.reapable());
    enqueue(id);
}

// What is due by the wall clock, and what has become of all timers where it was set.
void Supervisor::pass_moments(Now now) {
    if (shutting_down_) return;
    const Duration back = timetable_.see_clock(now);
    if (back.ms > clock_set_back_min_ms) follow_clock(now);
    const bool is_to_choose = timetable_.was_wrong() && !versions_.empty();
    // What was due before another version comes into force is still the business of this one.
    ring_due(std::min(now.wall, Wall{switch_at_.ms - 1}), now);
    if (switch_at_ <= now.wall || is_to_choose) switch_versions(now);
    // What a jump forwards makes due comes first, in its order.
    if (back.ms < -clock_set_back_min_ms) follow_clock(now);
}

void Supervisor::follow_clock(Now now) {
    for (const Timetable::Row& row : timetable_.rows()) {
        timetable_.follow_clock(row.id, at(row.id), now);
        mark_changed(row.id);
        enqueue(row.id);
    }
}

// Those by the wall clock whose moment is not behind `until`.
void Supervisor::ring_due(Wall until, Now now) {
    while (const ServiceId id = timetable_.take_due(until)) due_.push_back(id);
    for (ServiceId id : due_) ring(id, now);
    due_.clear();
}

void Supervisor::ring(ServiceId id, Now now) {
    const Ring ring = timetable_.ring(id, at(id), now);
    if (ring.missed != no_moment)
        note_unstarted(id, {.code = ReasonCode::missed, .value = value_of(ring.missed)}, now);
    if (ring.starts > 0) owe(id, ring.starts, now);
    index(id, at(id).reapable());
    mark_changed(id);
    enqueue(id);
}

// So many starts are due. While the run before goes on, or has not begun, `overlap` decides. A run
// of the version before, which is about to end, is none of this one's.
void Supervisor::owe(ServiceId id, uint32_t starts, Now now) {
    Service& service = at(id);
    Timer& timer = *timetable_.find(id);
    const bool runs = service.active() && service.restart_for != ReasonCode::version_changed;
    if (!runs && timer.owed == 0) {
        timer.owed = std::min(starts, runs_owed_max_count);
        return;
    }
    const Overlap overlap = service.definition->timing->overlap;
    if (overlap == Overlap::skip || timer.owed > 0)
        return note_unstarted(id, {.code = ReasonCode::overlapped}, now);
    timer.owed = 1;
    if (overlap == Overlap::kill) service.restart_for = ReasonCode::start_due;
}

// A start that came to nothing: among the events, and in the history as a run that got no process.
void Supervisor::note_unstarted(ServiceId id, const Reason& why, Now now) {
    const Service& service = at(id);
    events_.add({.id = id,
                 .from = service.state,
                 .to = service.state,
                 .time = now.wall,
                 .reason = why,
                 .definition = service.definition});
    ended_runs_.push_back({.id = id, .start = now.wall, .end = now.wall, .how = why});
}

// What a step means for the runs that are owed. One that was cut short, or is to be tried again, is
// owed once more, unless that was the version before: this one is not started before its own time.
void Supervisor::follow_start(ServiceId id, const Event& event, State before) {
    if (timetable_.empty()) return;
    Timer* timer = timetable_.find(id);
    if (timer == nullptr) return;
    if (event.kind == EventKind::start && timer->owed > 0) --timer->owed;
    const bool is_tried = event.kind != EventKind::retry_now || before == State::backoff;
    const bool goes_on = at(id).state == State::waiting && before != State::waiting &&
                         event.kind != EventKind::hold && is_tried &&
                         at(id).reason.code != ReasonCode::version_changed;
    if (goes_on && timer->owed == 0 && at(id).definition->has_schedule()) timer->owed = 1;
}

void Supervisor::force_open(std::span<const ServiceId> ids, Now now) {
    for (ServiceId id : ids) {
        Timer* timer = timetable_.find(id);
        if (timer == nullptr || !at(id).definition->timing || at(id).definition->has_schedule())
            continue;
        const auto edge = next_edge(*at(id).definition->timing, now.wall.ms / 1000);
        if (!edge) continue;  // it has no window
        timer->forced_until = wall_of(*edge);
        mark_changed(id);
        set_timer(id, Basis::kept, now);
    }
    settle(now);
}

// The files of later versions were read with the others.
void Supervisor::switch_versions(Now now) { choose_again(now); }

// From what was read last. Whatever else has changed on disk since waits for a reload.
List<Change> Supervisor::choose_again(Now now) {
    List<Candidate> candidates;
    size_t next = 0;  // of versions_: both are in order
    for (ServiceId id : by_name_) {
        const Service& service = at(id);
        if (!service.used() || service.removed) continue;
        if (!candidates.empty() && candidates.back().name == service.name) continue;
        while (next < versions_.size() && versions_[next].name.view() < service.name.view()) ++next;
        if (next < versions_.size() && versions_[next].name == service.name) {
            for (; next < versions_.size() && versions_[next].name == service.name; ++next)
                candidates.push_back(versions_[next]);
            continue;
        }
        Candidate& same = candidates.emplace_back();
        same.name = service.name;
        same.problem = service.problem;
        same.definition = service.definition;
        if (service.definition) same.version = service.definition->version;
    }
    List<Change> changes;
    const List<ServiceId> fresh =
        put_in_force({candidates.data(), candidates.size()}, changes, now);
    ring_due(now.wall, now);  // before anything is decided, for what is due keeps its order
    settle_all(fresh, now);
    return changes;
}

}  // namespace reeve
