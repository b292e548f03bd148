#include "core/timetable.h"

#include "base/digest.h"
#include "base/sort.h"
#include "model/schedule.h"

namespace reeve {

namespace {

// Null: its definition has none, or is not there.
const Timing* timing_of(const Service& service) {
    return service.definition ? service.definition->timing.get() : nullptr;
}

// With catch_up, its last start outlasts reeve; beside cron and dates it is theirs that does.
bool remembers_interval(const Timing& timing) {
    return timing.catch_up && timing.every.ms > 0 && timing.cron.empty() && timing.at.empty();
}

bool has_timer(const Service& service) {
    const Timing* timing = timing_of(service);
    return timing != nullptr && service.used() &&
           (timing->has_schedule() || timing->has_window() || !timing->apply_on.empty());
}

}  // namespace

Mono first_tick(const Timing& timing, Mono tick, Now now) {
    if (now.wall < clock_set_from && timing.has_window()) return no_deadline;
    for (size_t i = 0; tick != no_deadline; ++i) {
        const Wall time = now.wall + (tick - now.mono);
        if (is_in_window(timing, seconds_of(time))) break;
        const auto edge = next_edge(timing, seconds_of(time));
        if (!edge || i == activations_passed_over_max_count) return no_deadline;
        const int64_t every = timing.every.ms;
        tick = tick + milliseconds(((wall_of(*edge) - time).ms + every - 1) / every * every);
    }
    return tick;
}

bool is_held_by_clock(const Service& service) {
    if (service.state != State::waiting) return false;
    switch (service.reason.code) {
    case ReasonCode::scheduled:
    case ReasonCode::no_start_left:
    case ReasonCode::clock_not_set:
    case ReasonCode::not_in_force:
    case ReasonCode::out_of_window: return true;
    default: return false;
    }
}

// The lowest whose id is not below this one.
Timetable::Row* Timetable::place_of(ServiceId id) {
    return std::lower_bound(timers_.begin(), timers_.end(), id,
                            [](const Row& row, ServiceId at) { return row.id.index < at.index; });
}

Timer* Timetable::find(ServiceId id) {
    Row* row = place_of(id);
    return row != timers_.end() && row->id == id ? row : nullptr;
}

void Timetable::restore(ServiceId id, const Timer& timer) {
    const auto place = place_of(id) - timers_.begin();
    timers_.push_back({});
    std::move_backward(timers_.begin() + place, timers_.end() - 1, timers_.end());
    timers_[place] = {timer, id};
    if (walls_.size() <= id.index) walls_.resize(id.index + 1);
}

void Timetable::remove(ServiceId id, const Service& service) {
    Row* row = place_of(id);
    if (row == timers_.end() || row->id != id) return;
    walls_.set(id, no_moment);
    if (row->handled >= clock_set_from) remember(service, row->handled);
    timers_.erase(row);
}

void Timetable::set_remembered(List<Remembered> remembered) {
    remembered_ = std::move(remembered);
    sort(std::span(remembered_),
         [](const Remembered& a, const Remembered& b) { return a.name.view() < b.name.view(); });
}

// The first whose name is not before that one.
Remembered* Timetable::remembered_place(std::string_view name) {
    return std::lower_bound(
        remembered_.begin(), remembered_.end(), name,
        [](const Remembered& each, std::string_view wanted) { return each.name.view() < wanted; });
}

void Timetable::remember(const Service& service, Wall time) {
    const FullNameText name(service.full_name());
    Remembered* place = remembered_place(name.view());
    if (place != remembered_.end() && place->name == name.view()) {
        place->time = time;
        return;
    }
    const auto index = place - remembered_.begin();
    remembered_.push_back({});
    place = remembered_.begin() + index;
    std::move_backward(place, remembered_.end() - 1, remembered_.end());
    *place = {name.view(), time};
}

void Timetable::set(ServiceId id, const Service& service, Basis basis, Now now) {
    if (!has_timer(service)) return remove(id, service);
    const bool is_new = find(id) == nullptr;
    if (is_new) restore(id, {});
    Row& row = *place_of(id);
    if (is_new) begin(row, service, now);
    if (basis == Basis::version || (basis == Basis::now && !is_new))
        rebase(row, *service.definition->timing, basis, now);
    arm(row, service, now);
}

// An interval that was missed in part goes on; one that is over, perhaps long since, is due now.
void Timetable::begin(Row& row, const Service& service, Now now) {
    const Timing& timing = *service.definition->timing;
    row.handled = last_start(service, now);
    if (!remembers_interval(timing)) return;
    const Duration left = std::max(timing.every - (now.wall - row.handled), Duration{});
    row.tick = std::min(row.tick, now.mono + left);
    // An interval that has not run by then is judged again once the clock is set.
    if (now.wall < clock_set_from) row.handled = {};
}

void Timetable::rebase(Row& row, const Timing& timing, Basis basis, Now now) {
    row.handled = now.wall;
    const auto from = force_begins(timing);
    if (basis == Basis::version && from && wall_of(*from) <= now.wall &&
        now.wall - wall_of(*from) <= milliseconds(start_late_max_ms))
        row.handled = Wall{*from * 1000 - 1};
    row.forced_until = {};
    row.tick = no_deadline;
}

// A timer that is on record may be of another schedule, or of clocks that showed another time: it
// would not be due for years, or never.
void Timetable::bound(Row& row, const Timing& timing, Now now) {
    row.tick = timing.every.ms > 0 ? std::min(row.tick, now.mono + timing.every) : no_deadline;
    const Duration ahead = row.handled - now.wall;
    if (ahead >= milliseconds(clock_correction_ms) ||
        (ahead >= milliseconds(clock_set_back_min_ms) && follows_clock(timing)))
        take_back(row, timing, now);
}

void Timetable::take_back(Row& row, const Timing& timing, Now now) {
    // One that is not set has nothing to be remembered.
    if (timing.catch_up && now.wall >= clock_set_from) has_started_ = true;
    row.handled = now.wall;
}

// Where starts that were missed count, its last one as far as it is known; else they count from now
// on, also over a reboot. One that lies in the future was written by a clock that was wrong.
Wall Timetable::last_start(const Service& service, Now now) {
    if (!service.definition->timing->catch_up) return now.wall;
    has_started_ = true;
    const FullNameText name(service.full_name());
    const Remembered* found = remembered_place(name.view());
    const bool is_known = found != remembered_.end() && found->name == name.view();
    if (is_known) return std::min(found->time, now.wall);
    // A date that has passed was missed, whoever knows of it; a schedule has missed nothing yet.
    const Timing& timing = *service.definition->timing;
    return timing.cron.empty() && !timing.at.empty() ? clock_set_from : now.wall;
}

// What is due next for it, and whether it may run now.
void Timetable::arm(Row& row, const Service& service, Now now) {
    const Timing& timing = *service.definition->timing;
    bound(row, timing, now);
    row.due = row.next = no_moment;
    row.brings_start = false;
    if (service.want == Want::down || service.removed) return walls_.set(row.id, no_moment);
    const int64_t now_s = seconds_of(now.wall);
    const auto from = force_begins(timing);
    if (now.wall < clock_set_from) {
        // What runs is not stopped by a clock that tells nothing.
        const bool goes_on = service.active() && !service.restart_requested();
        row.is_open = goes_on || !(timing.has_window() || from) || now.wall < row.forced_until;
        if (timing.has_window() || from || remembers_interval(timing) ||
            next_activation(timing, clock_set_from_s))
            row.due = clock_set_from;
    } else if (from && wall_of(*from) > now.wall) {
        row.is_open = false;
        row.due = row.next = wall_of(*from);
    } else if (timing.has_schedule()) {
        row.is_open = true;
        // Until it was set the clock did not tell since when starts count.
        if (row.handled < clock_set_from && row.handled.ms > 0 && remembers_interval(timing))
            row.handled = std::max(row.handled, now.wall + (row.tick - now.mono - timing.every));
        else if (row.handled < clock_set_from)
            begin(row, service, now);
        // What was due before it was in force was another version's, or nobody's.
        if (from) row.handled = std::max(row.handled, Wall{*from * 1000 - 1});
        if (const auto next = next_activation(timing, seconds_of(row.handled))) {
            row.due = row.next = wall_of(next->time_s) + jitter(service, next->time_s * 1000);
            row.brings_start = true;
        }
    } else {
        if (const auto edge = next_edge(timing, now_s)) row.due = row.next = wall_of(*edge);
        row.forced_until = std::min(row.forced_until, row.due);  // the clock may be set back
        row.is_open = is_in_window(timing, now_s) || now.wall < row.forced_until;
    }
    if (const Mono tick = first_tick(timing, row.tick, now); tick != no_deadline && row.is_open)
        row.next = std::min(row.next, now.wall + (tick + jitter(service, tick.ms) - now.mono));
    walls_.set(row.id, row.due);
}

Duration Timetable::jitter(const Service& service, int64_t start_ms) const {
    return drawn_jitter(service.full_name(), service.definition->timing->jitter, start_ms, seed_);
}

Duration drawn_jitter(const FullName& name, Duration most, int64_t start_ms, uint64_t seed) {
    if (most.ms == 0) return {};
    uint64_t drawn = digest(name.name, digest(name.instance, seed));
    for (int shift = 0; shift < 64; shift += 8) {
        const char byte = static_cast<char>(start_ms >> shift);
        drawn = digest({&byte, 1}, drawn);
    }
    return milliseconds(static_cast<int64_t>((drawn >> 11) % static_cast<uint64_t>(most.ms + 1)));
}

// The clock is set while reeve runs, or shows another time than it should when the machine comes
// up. There are four cases:
//
// Forwards, by little (start_late_max_ms, which a busy machine or a short suspension may take as
// well): what was jumped over is due, and is run once.
// Forwards, by more: what was jumped over is run once where catch_up is set; else it is told as
// missed. Either way the next start is the first one behind the new time: nothing storms.
// Backwards, by less than clock_correction_ms: a start at a fixed time is not repeated. Its
// schedule goes on once the clock has caught up with its last start. One whose minute or hour is
// `*` follows the clock, as cron(8) has it.
// Backwards, by more: the time before was wrong. All schedules go on from the new time.
Ring Timetable::ring(ServiceId id, const Service& service, Now now) {
    Ring ring;
    Row& row = *place_of(id);
    const Timing& timing = *service.definition->timing;
    if (next_tick(id, service) <= now.mono) {
        const int64_t every = timing.every.ms;
        const int64_t passed = std::max<int64_t>((now.mono - row.tick).ms, 0) / every;
        if (row.is_open && is_in_window(timing, seconds_of(now.wall + (row.tick - now.mono))))
            ring.starts = 1;
        row.tick = row.tick + milliseconds((passed + 1) * every);
        if (remembers_interval(timing)) {
            row.handled = std::max(row.handled, now.wall);
            has_started_ = true;
        }
    }
    const bool brings_start = row.brings_start && row.due <= now.wall;
    const auto next =
        brings_start ? next_activation(timing, seconds_of(row.handled)) : std::nullopt;
    if (next) {
        const bool is_late = now.wall - row.due > milliseconds(start_late_max_ms);
        if (is_late && !timing.catch_up)
            ring.missed = row.due;
        else
            ring.starts = std::max(ring.starts, next->count);
        // One whose jitter is not over yet is to come still.
        row.handled = std::max(wall_of(next->time_s), Wall{now.wall.ms - timing.jitter.ms});
        has_started_ = has_started_ || timing.catch_up;
    }
    arm(row, service, now);
    return ring;
}

void Timetable::begin_with_reeve(ServiceId id, const Service& service, Now now) {
    const Timing* timing = timing_of(service);
    if (timing == nullptr || service.want == Want::down) return;
    const auto is_reboot = [](std::string_view line) { return line == "@reboot"; };
    if (std::none_of(timing->cron.begin(), timing->cron.end(), is_reboot)) return;
    Row& row = *place_of(id);
    if (row.is_open && is_in_window(*timing, seconds_of(now.wall))) row.owed = 1;
}

// Between two looks both clocks go equally far, unless one is set.
Duration Timetable::see_clock(Now now) {
    back_ = latest_.wall + (now.mono - latest_.mono) - now.wall;
    latest_ = now;
    return back_;
}

void Timetable::follow_clock(ServiceId id, const Service& service, Now now) {
    const Timing* timing = timing_of(service);
    if (timing == nullptr) return;  // its file could not be read yet
    Row& row = *place_of(id);
    if (row.handled > now.wall && (was_wrong() || follows_clock(*timing)))
        take_back(row, *timing, now);
    const bool was_open = row.is_open;
    arm(row, service, now);
    // What is in force stays so while the clock is corrected.
    const bool waits_for_date = now.wall >= clock_set_from && !timing->apply_on.empty() &&
                                force_begins(*timing).value_or(0) > seconds_of(now.wall);
    if (waits_for_date && !was_wrong()) row.is_open = was_open;
}

Mono Timetable::next_tick(ServiceId id, const Service& service) const {
    const Timer* timer = find(id);
    if (timer == nullptr || timer->tick == no_deadline || timing_of(service) == nullptr ||
        service.want == Want::down || service.removed)
        return no_deadline;
    return timer->tick + jitter(service, timer->tick.ms);
}

Reason Timetable::gate(ServiceId id, const Service& service) const {
    const Timer* timer = find(id);
    const Timing* timing = timing_of(service);
    if (timer == nullptr || timing == nullptr) return {};
    const bool has_schedule = timing->has_schedule();
    if (timer->is_open && (!has_schedule || timer->owed > 0)) return {};
    if (!timer->is_open) return closed(*timer, *timing);
    if (timer->next != no_moment)
        return {.code = ReasonCode::scheduled, .value = value_of(timer->next)};
    return {.code =
                timer->due == no_moment ? ReasonCode::no_start_left : ReasonCode::clock_not_set};
}

// What keeps it from running is told by what would open it to it.
Reason Timetable::closed(const Timer& timer, const Timing& timing) {
    if (timer.next == no_moment && timer.due != no_moment)
        return {.code = ReasonCode::clock_not_set};
    const auto from = force_begins(timing);
    const bool is_of_date = from && wall_of(*from) == timer.next;
    return {.code = is_of_date ? ReasonCode::not_in_force : ReasonCode::out_of_window,
            .value = value_of(timer.next)};
}

Reason Timetable::closed(ServiceId id, const Service& service) const {
    const Timer* timer = find(id);
    const Timing* timing = timing_of(service);
    if (timer == nullptr || timing == nullptr || timer->is_open) return {};
    return closed(*timer, *timing);
}

bool Timetable::owes(ServiceId id) const {
    const Timer* timer = find(id);
    return timer != nullptr && timer->owed > 0;
}

bool Timetable::recurs(ServiceId id, const Service& service) const {
    const Timer* timer = find(id);
    const Timing* timing = timing_of(service);
    return timer != nullptr && timing != nullptr && timing->has_schedule() &&
           (timer->owed > 0 || timer->due != no_moment || timer->tick != no_deadline);
}

}  // namespace reeve
