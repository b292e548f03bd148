#include "svctl/coming.h"

#include <algorithm>

#include "base/digest.h"
#include "base/fields.h"
#include "base/limits.h"
#include "base/parse.h"
#include "base/sort.h"
#include "conf/schema.h"
#include "core/deadlines.h"
#include "core/timetable.h"
#include "model/full_name.h"
#include "model/schedule.h"
#include "process/past.h"
#include "svctl/print.h"

namespace reeve {

namespace {

// Starts of a schedule: at their times, and every so often.
void advance_schedule(Outlook& at, Now now) {
    const Timing& timing = *at.timing;
    const uint64_t seed = digest(boot_id());
    const std::string_view name = at.name.view().substr(0, at.name.view().find('+'));
    const auto jitter = [&](int64_t start_ms) {
        return drawn_jitter(FullName::split(name), timing.jitter, start_ms, seed);
    };
    const bool is_clock_set = now.wall >= clock_set_from;
    if (at.left == 0 && is_clock_set) {
        if (const auto next = next_activation(timing, at.after_s)) {
            at.after_s = next->time_s;
            at.left = next->count;
        }
    }
    const Wall start = at.left > 0 ? wall_of(at.after_s) + jitter(at.after_s * 1000) : no_moment;
    at.tick = first_tick(timing, at.tick, now);
    if (at.tick != no_deadline) at.next = now.wall + (at.tick + jitter(at.tick.ms) - now.mono);
    if (start <= at.next) {
        at.next = start;
        if (at.left > 0) --at.left;
    } else {
        at.tick = at.tick + timing.every;
    }
}

}  // namespace

void Outlook::advance(Now now) {
    next = no_moment;
    if (is_to_come) {
        const int64_t from_s = from.ms / 1000;
        is_to_come = false;
        next = from;
        what = What::in_force;
        after_s = from_s - 1;  // what is due at that moment is its own already
        runs = is_in_window(*timing, from_s);
        return;
    }
    what = What::start;
    if (timing->has_schedule()) {
        advance_schedule(*this, now);
    } else {
        // One that was started out of its window runs on when that opens.
        for (auto edge = next_edge(*timing, after_s); edge; edge = next_edge(*timing, after_s)) {
            after_s = *edge;
            const bool is_open = is_in_window(*timing, after_s);
            if (is_open == runs) continue;
            runs = is_open;
            next = wall_of(after_s);
            what = runs ? What::start : What::stop;
            break;
        }
    }
    if (next >= until) next = no_moment;
}

Outlook outlook_of(std::string_view name, std::string_view version, const Ref<const Timing>& timing,
                   Now now) {
    Outlook outlook;
    outlook.name = name;
    outlook.version = version;
    outlook.timing = timing;
    outlook.after_s = now.wall.ms / 1000;
    const Wall from{force_begins(*timing).value_or(0) * 1000};
    outlook.is_to_come = from > now.wall;
    if (outlook.is_to_come) outlook.from = from;
    outlook.runs = is_in_window(*timing, outlook.after_s);
    if (timing->every.ms == 0) return outlook;
    outlook.tick = now.mono + timing->every;
    if (from > now.wall) outlook.tick = outlook.tick + (from - now.wall);
    return outlook;
}

namespace {

// The keys of time as append_coming() has written them.
Ref<const Timing> read_timing(std::string_view object, Draft& draft, ZoneCache& zones) {
    draft.timing = Ref<Timing>(new Timing);
    Buffer<reason_max_bytes> problem;
    for (const Key& key : service_keys) {
        if (key.owner != Owner::timing) continue;
        std::string_view rest = find_field(object, key.name);
        while (!rest.empty()) {
            const auto value = rest.substr(0, key.repeats ? rest.find(';') : rest.npos);
            set_value(key, value, Origin::own, draft, problem);
            rest.remove_prefix(std::min(value.size() + 1, rest.size()));
        }
    }
    Timing& timing = *draft.timing;
    timing.zone = zones.find(timing.timezone, problem);
    if (!timing.zone) timing.zone = Ref(new const Zone);
    return Ref<const Timing>(&timing);
}

int64_t number_of(std::string_view object, std::string_view key, int64_t absent) {
    return parse_integer(find_field(object, key), INT64_MIN, INT64_MAX).value_or(absent);
}

Outlook read_outlook(std::string_view object, Draft& draft, ZoneCache& zones, Now now) {
    const FullNameText name(full_name_of(object));
    const std::string_view active = find_field(object, "active");
    const Ref<const Timing> timing = read_timing(object, draft, zones);
    Outlook outlook = outlook_of(name.view(), find_field(object, "version"), timing, now);
    outlook.is_later = active.empty();
    outlook.runs = outlook.runs || active == "yes";
    if (!timing->has_schedule()) return outlook;
    outlook.after_s = number_of(object, "handled_ms", now.wall.ms) / 1000;
    outlook.tick.ms = number_of(object, "tick_ms", outlook.tick.ms);
    return outlook;
}

}  // namespace

List<Outlook> read_outlooks(const List<Text>& objects, Now now) {
    Draft draft;
    ZoneCache zones;
    List<Outlook> all;
    for (const Text& object : objects) all.push_back(read_outlook(object, draft, zones, now));
    sort(std::span(all), [](const Outlook& a, const Outlook& b) {
        if (!(a.name == b.name)) return a.name.view() < b.name.view();
        return a.is_later != b.is_later ? b.is_later : a.from < b.from;
    });
    List<Outlook> outlooks;
    for (Outlook& each : all) {
        Outlook* before = outlooks.empty() ? nullptr : &outlooks.back();
        if (each.is_later) {
            // One that is down has nothing to come; the first to come stands for its service.
            if (before == nullptr || !(before->name == each.name) || before->from >= each.from)
                continue;
            before->until = each.from;
        }
        outlooks.push_back(std::move(each));
    }
    return outlooks;
}

void drop_idle(List<Outlook>& outlooks) {
    erase_if(outlooks, [](const Outlook& at) {
        return !at.timing->has_schedule() && !at.timing->has_window() && at.from.ms == 0 &&
               at.until == no_moment;
    });
}

List<Coming> take_coming(List<Outlook>& outlooks, size_t count, Wall until, Now now) {
    Deadlines<Wall> order;
    order.resize(outlooks.size());
    for (uint32_t i = 0; i < outlooks.size(); ++i) {
        outlooks[i].advance(now);
        order.set({i}, outlooks[i].next);
    }
    List<Coming> coming;
    while (coming.size() < count) {
        const ServiceId id = order.take_due(until);
        if (!id) break;
        Outlook& outlook = outlooks[id.index];
        coming.push_back({outlook.next, outlook.what, id.index});
        outlook.advance(now);
        order.set(id, outlook.next);
    }
    // A jitter that is longer than what lies between two starts may change their order.
    sort(std::span(coming), [](const Coming& a, const Coming& b) {
        return a.time != b.time ? a.time < b.time : a.outlook < b.outlook;
    });
    return coming;
}

}  // namespace reeve
