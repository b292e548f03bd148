// timetable: what the clock has in store for services: starts (cron, at, every), daily windows, the
// date that a version waits for. Pure: decides what is due; who runs it is the supervisor's matter.
// A service that names none of these has no timer.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

#include "base/limits.h"
#include "base/list.h"
#include "core/deadlines.h"
#include "model/service.h"
#include "model/timer.h"

namespace reeve {

// A clock that shows less was never set: no machine ran this program then.
constexpr Wall clock_set_from = wall_of(clock_set_from_s);

// Up to when starts of a service were handled, as it is known where there is no timer for it: from
// before the last boot, or since its file has errors.
struct Remembered {
    Text name;  // NAME or NAME@I
    Wall time;
};

// What has become due for a service.
struct Ring {
    uint32_t starts = 0;      // several after a gap of its zone
    Wall missed = no_moment;  // a start that came about too late to be run; no_moment: none
};

// How much later than it is due a start is, at most `most`. Drawn from what start it is, so that
// whoever asks is told the same; `seed` is the machine's.
Duration drawn_jitter(const FullName& name, Duration most, int64_t start_ms, uint64_t seed);

// The first of the ticks of `every`, from this one on, that the window lets through.
Mono first_tick(const Timing& timing, Mono tick, Now now);

// Does it wait for the clock alone?
bool is_held_by_clock(const Service& service);

// What a timer counts from.
enum class Basis : uint8_t {
    kept,    // what it counted from before, where it is not new
    now,     // what was due before passes
    version  // the same, but for what is due since its version came into force, just now
};

class Timetable {
  public:
    // What jitter is drawn from: machines with one configuration are to draw differently.
    void set_seed(uint64_t seed) { seed_ = seed; }
    void set_remembered(List<Remembered> remembered);
    std::span<const Remembered> remembered() const {
        return {remembered_.data(), remembered_.size()};
    }
    // Is what is remembered of one with catch_up another since this was asked last?
    bool take_started() { return std::exchange(has_started_, false); }

    bool empty() const { return timers_.empty(); }
    // Null: it has none.
    Timer* find(ServiceId id);
    const Timer* find(ServiceId id) const { return const_cast<Timetable*>(this)->find(id); }
    // Its timer as it is on record. To be followed by set().
    void restore(ServiceId id, const Timer& timer);
    // Makes, sets or removes its timer, by its definition and what is wanted of it by now.
    void set(ServiceId id, const Service& service, Basis basis, Now now);
    void remove(ServiceId id, const Service& service);
    // Of one that has a timer: @reboot.
    void begin_with_reeve(ServiceId id, const Service& service, Now now);

    // What the clocks show when the first definitions come into force.
    void begin_clock(Now now) {
        if (latest_.wall.ms == 0) latest_ = now;
    }
    // How far the wall clock has been set back since the last call; negative: forwards. Where it
    // was set all timers are to follow it.
    Duration see_clock(Now now);
    // So far back that what it showed before was wrong?
    bool was_wrong() const { return back_.ms >= clock_correction_ms; }
    void follow_clock(ServiceId id, const Service& service, Now now);
    // The next moment of the wall clock at which something is due; no_moment: none.
    Wall next() const { return walls_.next(); }
    // The service whose moment has come; none: nothing is due by the wall clock.
    ServiceId take_due(Wall now) { return walls_.take_due(now); }
    // When `every` is due, jitter included; no_deadline: never.
    Mono next_tick(ServiceId id, const Service& service) const;
    // Takes what is due for it, and sets its timer for what comes after that.
    Ring ring(ServiceId id, const Service& service, Now now);

    // Why its schedule, window or version lets it not run now; none: they do.
    Reason gate(ServiceId id, const Service& service) const;
    // Why its window or its version lets it not run, for which also a run that goes on is ended.
    Reason closed(ServiceId id, const Service& service) const;
    // Is a run of it due, so that what it has done before does not count any more?
    bool owes(ServiceId id) const;
    // Will a schedule start it again by itself, or is a run owed?
    bool recurs(ServiceId id, const Service& service) const;

    // All that have one, in the order of their ids.
    struct Row : Timer {
        ServiceId id;
    };
    std::span<const Row> rows() const { return {timers_.begin(), timers_.size()}; }

  private:
    void arm(Row& row, const Service& service, Now now);
    void begin(Row& row, const Service& service, Now now);
    static void rebase(Row& row, const Timing& timing, Basis basis, Now now);
    static Reason closed(const Timer& timer, const Timing& timing);
    void take_back(Row& row, const Timing& timing, Now now);
    void bound(Row& row, const Timing& timing, Now now);
    Wall last_start(const Service& service, Now now);
    Remembered* remembered_place(std::string_view name);
    void remember(const Service& service, Wall time);
    Duration jitter(const Service& service, int64_t start_ms) const;
    Row* place_of(ServiceId id);

    List<Row> timers_;
    Deadlines<Wall> walls_;
    List<Remembered> remembered_;  // in the order of their names
    uint64_t seed_ = 0;
    bool has_started_ = false;
    Now latest_{};  // what the clocks showed when they were asked last
    Duration back_{};
};

}  // namespace reeve
