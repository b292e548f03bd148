// What the simulator's clock brings, and what must hold of it: each start is made once at most,
// none is lost without a word, and nobody is woken up without a reason.
#include <algorithm>

#include "base/limits.h"
#include "core/sim_world.h"
#include "core/takeover.h"
#include "model/schedule.h"

namespace reeve::sim {

namespace {

// Of one service in the last step.
struct Steps {
    int64_t begun = 0;  // its runs
    int64_t owed = 0;   // runs that were cut short, or are to be tried again
    int64_t noted = 0;  // starts that came to nothing
};

Steps steps_of(const World& world, ServiceId id) {
    Steps steps;
    for (const Entry& entry : world.entered) {
        if (entry.id != id) continue;
        const bool was_under_way = entry.from == State::stopping || entry.from == State::backoff ||
                                   entry.from == State::starting || entry.from == State::running;
        if (entry.from == entry.to)
            steps.noted += entry.reason.code == ReasonCode::overlapped ||
                           entry.reason.code == ReasonCode::missed;
        else if (entry.to == State::starting)
            ++steps.begun;
        else if (entry.to == State::waiting && was_under_way)
            ++steps.owed;
    }
    return steps;
}

// What is due before is not its version's.
Wall latest_before(const Timing& timing) {
    const auto from = force_begins(timing);
    return from ? Wall{*from * 1000 - 1} : Wall{INT64_MIN};
}

std::string words_of(uint32_t number, const Timer& was, const Timer& is, Wall seen, Wall now) {
    Buffer<300> words;
    append(words, name_of_file(number), ": handled ");
    append_time(words, was.handled);
    words << " to ";
    append_time(words, is.handled);
    append(words, ", owed ", int64_t{was.owed}, " to ", int64_t{is.owed}, ", clock ");
    append_time(words, seen);
    words << " to ";
    append_time(words, now);
    return std::string(words.view());
}

}  // namespace

// To what is due first, by either clock.
bool World::wake() {
    const Mono next = supervisor.next_deadline();
    const Wall moment = supervisor.next_moment();
    if (next == no_deadline && moment == no_moment) return false;
    const int64_t to_deadline = next == no_deadline ? INT64_MAX : (next - now.mono).ms;
    const int64_t to_moment = moment == no_moment ? INT64_MAX : (moment - now.wall).ms;
    advance(std::max<int64_t>(std::min(to_deadline, to_moment), 0));
    pass_deadlines();
    return true;
}

// As the host does, before anything is begun.
void World::save_starts() {
    if (!supervisor.timetable().take_started()) return;
    for (uint32_t number = 0; number < files.size(); ++number) {
        const Service* s = service(number);
        if (s == nullptr || !s->definition || !s->definition->timing) continue;
        const Timer* timer = supervisor.timetable().find({slots[number]});
        if (timer == nullptr || !s->definition->timing->catch_up) continue;
        if (timer->handled >= clock_set_from) starts[number] = timer->handled;
    }
}

void World::check_timers() {
    save_starts();
    const Duration back = set_back();
    if (back.ms > 0 && back.ms < clock_correction_ms) is_corrected = true;
    for (uint32_t number = 0; number < files.size(); ++number) {
        const Service* s = service(number);
        const Timer* timer = s == nullptr ? nullptr : supervisor.timetable().find({slots[number]});
        std::optional<Clocked>& was = clocked[number];
        if (timer == nullptr) {
            was.reset();
            continue;
        }
        const std::string who(name_of_file(number));
        if (!s->definition) return fail("a timer without a definition", who);
        if (!s->definition->timing) {
            if (!stands_in(*s->definition)) return fail("a timer of nothing", who);
            was.reset();
            continue;
        }
        const bool same =
            was && was->definition.get() == s->definition.get() && was->want == s->want;
        if (same && !is_rebased && s->definition->has_schedule()) check_timer(number, *was, *timer);
        if (!was || was->timer.due != timer->due) check_due(number, *timer);
        was = Clocked{*timer, s->definition, s->want};
    }
}

void World::check_timer(uint32_t number, const Clocked& was, const Timer& is) {
    const Timing& timing = *was.definition->timing;
    const Steps made = steps_of(*this, {slots[number]});
    const bool runs_by_it = service(number)->want == Want::up && !supervisor.shutting_down();
    if (is.handled - now.wall >= milliseconds(clock_correction_ms) && runs_by_it &&
        deadlines_passed)
        return fail("a timer is stuck in the future", std::string(name_of_file(number)));
    if (is_same_on_record(was.timer, is) && made.begun == 0 && made.noted == 0) return;
    const std::string who = words_of(number, was.timer, is, seen.wall, now.wall);
    const Wall before = std::max(was.timer.handled, latest_before(timing));
    // Around a switch of versions a pass looks twice for what is due.
    int64_t due = 0;
    int64_t moments = 0;
    const bool was_set = was.timer.handled >= clock_set_from;
    for (Wall time = before; was_set && is.handled > before && moments < 2; ++moments) {
        const auto next = next_activation(timing, seconds_of(time));
        if (!next || Wall{next->time_s * 1000} > is.handled) break;
        due += next->count;
        time = Wall{next->time_s * 1000};
    }
    if (is.handled < was.timer.handled) {
        const Duration back = set_back();
        if (back <= milliseconds(clock_set_back_min_ms))
            return fail("a schedule goes back though the clock does not", who);
        const bool was_wrong =
            std::max(back, was.timer.handled - now.wall) >= milliseconds(clock_correction_ms);
        if (!was_wrong && !follows_clock(timing))
            return fail("a start at a fixed time is repeated", who);
    }
    const bool ticked = is.tick != was.timer.tick && is.tick != no_deadline;
    const int64_t gained = made.begun + is.owed - was.timer.owed;
    const bool is_judged = !was_set && timing.catch_up;  // once the clock is set
    if (gained > due + ticked + made.owed + is_judged)
        return fail("a run that nothing has brought", who);
    if (gained < 0) return fail("a run that was owed is lost", who);
    const bool comes =
        due > 0 || (ticked && !is_judged && !timing.has_window() && was.timer.is_open);
    if (comes && gained + made.noted == 0) fail("a start is lost without a word", who);
    if (made.noted > moments + ticked + is_judged) fail("told of a start that was not due", who);
    if (due > 0 && gained > 0 && timing.catch_up && starts[number] < is.handled)
        fail("a start was made that nobody will remember", who);
}

// The wall clock wakes us up for a start, an edge, a date, or to be set.
void World::check_due(uint32_t number, const Timer& timer) {
    if (timer.due == no_moment || timer.due == clock_set_from) return;
    const Timing& timing = *service(number)->definition->timing;
    const std::string who(name_of_file(number));
    const Wall before = std::max(timer.handled, latest_before(timing));
    if (timer.due == latest_before(timing) + milliseconds(1)) return;
    if (timing.has_schedule()) {
        const auto next = next_activation(timing, seconds_of(before));
        const bool is_due = next && timer.due >= Wall{next->time_s * 1000} &&
                            timer.due <= Wall{next->time_s * 1000} + timing.jitter;
        if (!is_due) fail("a moment at which nothing starts", who);
        return;
    }
    const int64_t due_s = seconds_of(timer.due);
    if (is_in_window(timing, due_s) == is_in_window(timing, due_s - 1))
        fail("a moment at which no window opens or closes", who);
}

namespace {

const Season& season_of(const World& world, uint32_t slot, const Ref<const Timing>& timing) {
    if (world.seasons.size() <= slot) world.seasons.resize(slot + 1);
    Season& season = world.seasons[slot];
    if (season.timing.get() != timing.get())
        season = {timing, Wall{-1}, true, latest_before(*timing)};
    if (season.time != world.now.wall) {
        season.time = world.now.wall;
        season.is_in_window = is_in_window(*timing, seconds_of(world.now.wall));
    }
    return season;
}

}  // namespace

bool is_closed(const World& world, uint32_t slot) {
    const Service& s = world.supervisor.services()[slot];
    const Timer* timer = world.supervisor.timetable().find({slot});
    const Timing* timing = s.definition ? s.definition->timing.get() : nullptr;
    if (timer == nullptr || timing == nullptr || s.want == Want::down || s.removed) return false;
    // What runs then is not stopped; so it depends on what was before.
    if (world.now.wall < clock_set_from) return !timer->is_open;
    const Season& season = season_of(world, slot, s.definition->timing);
    if (season.before >= world.now.wall) return !timer->is_open;
    if (timing->has_schedule() || world.supervisor.shutting_down()) return false;
    return !season.is_in_window && world.now.wall >= timer->forced_until;
}

}  // namespace reeve::sim
