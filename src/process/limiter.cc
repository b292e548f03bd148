#include "process/limiter.h"

#include <algorithm>
#include <cerrno>

#include "base/limits.h"
#include "base/result.h"
#include "core/health.h"
#include "kernel/complain.h"

namespace reeve {

void Limiter::add(ServiceId id, Now now) {
    is_listed_.resize(supervisor_.services().size());
    if (!std::exchange(is_listed_[id.index], true)) bounded_.push_back({id});
    plan_look(id, now);
}

// It runs, and a reload has not taken its bound away.
bool Limiter::is_bounded(ServiceId id) const {
    const Service& service = supervisor_.at(id);
    return service.phase == Phase::up && has_bound(health_of(service));
}

void Limiter::pass_deadline(Now now) {
    if (now.mono < next_) return;
    next_ = no_deadline;
    erase_if(bounded_, [&](const Bounded& each) {
        is_listed_[each.id.index] = is_bounded(each.id);
        return !is_listed_[each.id.index];
    });
    List<GroupUse> uses;
    for (Bounded& each : bounded_) {
        const pid_t group = supervisor_.at(each.id).group;
        if (each.group != group) each = {each.id, group};
        add_groups(uses, supervisor_.at(each.id));
    }
    const bool is_told = measure(std::span(uses));
    if (!is_told && !std::exchange(is_blind_, true))
        complain("max_memory and max_cpu: what services use cannot be read: /proc: ",
                 errno_text(errno));
    for (Bounded& each : bounded_) {
        plan_look(each.id, now);
        if (is_told) judge(each, find_use(std::span(uses), each.group)->usage, now);
    }
}

void Limiter::judge(Bounded& bounded, const platform::Usage& usage, Now now) {
    const HealthRules& rules = *health_of(supervisor_.at(bounded.id));
    const Mono looked_at = std::exchange(bounded.looked_at, now.mono);
    const uint64_t cpu_ms = std::exchange(bounded.cpu_ms, usage.cpu_ms);
    const int64_t passed_ms = std::max<int64_t>((now.mono - looked_at).ms, 1);
    const uint64_t spent_ms =
        looked_at.ms != 0 && usage.cpu_ms > cpu_ms ? usage.cpu_ms - cpu_ms : 0;
    const auto percent = static_cast<int32_t>(spent_ms * 100 / static_cast<uint64_t>(passed_ms));
    const auto kilobytes =
        static_cast<int32_t>(std::min<uint64_t>(usage.resident_bytes / 1024, INT32_MAX));

    const bool eats = rules.max_memory > 0 && usage.resident_bytes > rules.max_memory;
    const bool burns = rules.max_cpu > 0 && percent > rules.max_cpu;
    if (!eats) bounded.memory_above = no_deadline;
    if (eats) bounded.memory_above = std::min(bounded.memory_above, now.mono);
    if (!burns) bounded.cpu_above = no_deadline;
    if (burns) bounded.cpu_above = std::min(bounded.cpu_above, looked_at);
    const Mono long_ago{now.mono.ms - rules.max_for.ms};
    if (bounded.memory_above <= long_ago)
        supervisor_.handle(bounded.id, {.kind = EventKind::over_limit, .value = kilobytes}, now);
    else if (bounded.cpu_above <= long_ago)
        supervisor_.handle(bounded.id,
                           {.kind = EventKind::over_limit, .detail = 1, .value = percent}, now);
}

// Often enough for the shortest max_for to mean something.
void Limiter::plan_look(ServiceId id, Now now) {
    const int64_t part_ms = health_of(supervisor_.at(id))->max_for.ms / 4;
    next_ = std::min(next_,
                     now.mono + milliseconds(std::clamp(part_ms, measure_min_ms, measure_max_ms)));
}

}  // namespace reeve
