// Services with schedules, windows and dates on a Rig whose wall clock is set.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "base/parse.h"
#include "core/rig.h"
#include "model/calendar.h"
#include "model/record.h"

namespace reeve::test {

// UTC where the date names no zone.
inline Wall wall_at(std::string_view date) {
    const auto parsed = parse_date(date);
    return Wall{parsed ? instant_of(*parsed, Zone()) * 1000 : 0};
}

inline Ref<const Zone> zone_named(std::string_view text) {
    Buffer<200> problem;
    return text.empty() ? Ref<const Zone>(new Zone) : parse_posix_zone(text, problem);
}

// change(Timing&, Policy&, Definition&) says when it runs; a oneshot, unless that says otherwise.
// Its zone is UTC, or the TZ string in `timezone`.
template <typename Change>
Ref<const Definition> timed(std::string_view name, Change change) {
    return define(name, [&](Definition& definition, Policy& policy) {
        auto* timing = new Timing;
        policy.type = Type::oneshot;
        change(*timing, policy, definition);
        timing->zone = zone_named(timing->timezone);
        definition.timing = Ref<const Timing>(timing);
    });
}

inline Ref<const Definition> cron_job(std::string_view name, std::string_view line) {
    return timed(name, [&](Timing& timing, Policy&, Definition&) { timing.cron.append(line); });
}

inline Ref<const Definition> every_job(std::string_view name, Duration every) {
    return timed(name, [&](Timing& timing, Policy&, Definition&) { timing.every = every; });
}

// A daemon that runs from the one hour of each day to the other.
inline Ref<const Definition> office_daemon(std::string_view name, int from_hour, int to_hour) {
    return timed(name, [&](Timing& timing, Policy& policy, Definition&) {
        policy.type = Type::daemon;
        timing.start_s = from_hour * 3600;
        timing.stop_s = to_hour * 3600;
    });
}

class TimedRig : public Rig {
  public:
    explicit TimedRig(std::string_view date = "2026-12-01T00:00:00Z",
                      std::vector<Ref<const Definition>> definitions = {}) {
        now.wall = wall_at(date);
        if (!definitions.empty()) load(std::move(definitions));
    }

    // The clock is set, and nothing else.
    void set_clock(std::string_view date) {
        now.wall = wall_at(date);
        core.pass_deadlines(now);
        note();
    }
    // Lets time pass until then, from one deadline or moment to the next.
    void pass_until(std::string_view date) {
        const Wall until = wall_at(date);
        while (now.wall < until) {
            const Duration to_deadline = core.next_deadline() - now.mono;
            const Duration to_moment = core.next_moment() - now.wall;
            const Duration step = std::min({until - now.wall, to_deadline, to_moment});
            pass(std::max(step, milliseconds(1)));
        }
    }
    // Of a oneshot that was asked to start: begins, and ends so.
    void do_run(std::string_view name, uint8_t code = 0) {
        run(name);
        exited(name, code);
    }
    // Events that left a service in its state, since the last time: "overlapped s, missed s".
    std::string told() {
        std::string text;
        for (const Entry& entry : core.events().fresh()) {
            if (entry.from != entry.to) continue;
            const bool overlapped = entry.reason.code == ReasonCode::overlapped;
            text.append(text.empty() ? "" : ", ").append(overlapped ? "overlapped " : "missed ");
            text.append(core.at(entry.id).name.view());
        }
        core.events().pass();
        return text;
    }
    Timer& timer(std::string_view name) {
        return *core.timetable().find(core.id_of((*this)[name]));
    }
    // Another reeve takes over, from what this one has on record of the service and its timer.
    // Those that have a process have it still.
    void take_over_into(TimedRig& other, std::vector<Ref<const Definition>> definitions) {
        List<PastService> past;
        for (const Service& service : core.services()) {
            if (!service.used()) continue;
            PastService& was = past.emplace_back();
            was.service = service;
            was.service.definition = {};
            if (service.definition) was.digest = service.definition->digest;
            if (const Timer* timer = core.timetable().find(core.id_of(service))) {
                Buffer<record_max_bytes> line;
                append_timer_record(line, service.name, *timer);
                Service none;
                was.timer = decode_record(line.view().substr(0, line.size() - 1), none)->timer;
            }
            if (service.leader) was.leader = Fact::alive;
        }
        other.now = now;
        other.take_over(past, std::move(definitions));
    }
    void take_over(const List<PastService>& past, std::vector<Ref<const Definition>> definitions) {
        std::vector<Candidate> candidates;
        for (const auto& definition : definitions)
            candidates.push_back({definition->name, definition->version, definition, ""});
        core.set_unread(definitions.empty());
        core.take_over({past.data(), past.size()}, Ref<const Policy>(new Policy(default_policy())),
                       candidates, now);
        note();
    }
};

}  // namespace reeve::test
