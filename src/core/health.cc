#include "core/health.h"

#include <algorithm>

#include "base/limits.h"
#include "core/takeover.h"
#include "core/walk.h"

namespace reeve {

namespace {

// One interval from now at most. The golden ratio's multiples never come close to one another.
Mono first_check(ServiceId id, Duration interval, Now now) {
    constexpr uint32_t golden_ratio = 2654435769;
    const auto part = static_cast<int64_t>(id.index * golden_ratio >> 12);  // of 2^20
    return now.mono + milliseconds(interval.ms - (interval.ms * part >> 20));
}

std::string_view check_of(const HealthRules* rules) {
    return rules != nullptr ? rules->check.view() : std::string_view();
}

// Within what time WATCHDOG=1 is due; 0: it is not listened to.
Duration watchdog_of(const HealthRules* rules) {
    return rules != nullptr ? rules->watchdog : Duration{};
}

void begin_checks(Service& service, ServiceId id, Now now) {
    const HealthRules* rules = health_of(service);
    service.check_at() =
        check_of(rules).empty() ? no_deadline : first_check(id, rules->check_interval, now);
}

void begin_watchdog(Service& service, Now now) {
    const Duration watchdog = watchdog_of(health_of(service));
    const bool is_heard = service.policy().ready.kind == ReadyKind::notify && watchdog.ms > 0;
    service.keepalive_by() = is_heard ? now.mono + watchdog : no_deadline;
}

}  // namespace

void begin_health(Service& service, ServiceId id, Now now) {
    begin_checks(service, id, now);
    begin_watchdog(service, now);
    service.check_failures = 0;
    service.deadline = next_while_up(service);
}

void resume_health(Service& service, ServiceId id, Now now) {
    begin_checks(service, id, now);
    if (service.keepalive_by() != no_deadline) begin_watchdog(service, now);
    service.deadline = next_while_up(service);
}

bool change_health(Service& service, ServiceId id, const Definition& before, Now now) {
    const HealthRules* old = before.health.get();
    const HealthRules* rules = health_of(service);
    const bool was_read = !stands_in(before);
    const bool other_check = check_of(old) != check_of(rules);
    const bool other_interval =
        old != nullptr && rules != nullptr && old->check_interval != rules->check_interval;
    if (other_check || other_interval) begin_checks(service, id, now);
    if (other_check && was_read) {
        service.check_failures = 0;
        service.reason = {.code = ReasonCode::ready};
        if (hook_failure_of(service.hook_failure).hook == Hook::check) service.hook_failure = {};
    }
    if (watchdog_of(old) != watchdog_of(rules) && was_read) service.keepalive_by() = no_deadline;
    service.deadline = next_while_up(service);
    return other_check && was_read;
}

Duration time_ill(const Service& service) {
    const HealthRules* rules = health_of(service);
    if (rules == nullptr) return {};
    switch (service.verdict.code) {
    case ReasonCode::unhealthy:
        return milliseconds(rules->check_interval.ms * service.check_failures +
                            rules->check_timeout.ms);
    case ReasonCode::watchdog: return rules->watchdog;
    case ReasonCode::over_limit: return milliseconds(rules->max_for.ms + measure_max_ms);
    default: return {};
    }
}

Mono next_check(const Service& service, Now now) {
    const Duration interval = health_of(service)->check_interval;
    const Mono next = service.check_at() + interval;
    return next > now.mono ? next : now.mono + interval;
}

Mono next_while_up(const Service& service) {
    return std::min({service.check_at(), service.keepalive_by(), end_of_runtime(service)});
}

Mono end_of_runtime(const Service& service) {
    const Timing* timing = service.definition ? service.definition->timing.get() : nullptr;
    const bool has_end =
        timing != nullptr && timing->max_runtime.ms > 0 && service.policy().type == Type::oneshot;
    return has_end ? service.started + timing->max_runtime : no_deadline;
}

// As a shell has it where a program could not be started (POSIX XCU 2.8.2).
bool tells_of_health(const Event& end) {
    const bool is_of_shell = end.status.kind == ExitStatus::Kind::exited &&
                             (end.status.value == 126 || end.status.value == 127);
    return end.result != HookResult::not_started && !is_of_shell;
}

void Walk::judge(const Event& event) {
    if (!tells_of_health(event)) return;
    if (event.result == HookResult::succeeded) {
        s_.check_failures = 0;
        s_.reason = {.code = ReasonCode::healthy};
        return;
    }
    const HealthRules* rules = health_of(s_);
    if (rules == nullptr) return;  // a reload has taken the check away
    if (s_.check_failures < check_retries_max_count) ++s_.check_failures;
    if (s_.check_failures < rules->check_retries) return;
    Reason why = s_.hook_failure;
    why.code = ReasonCode::unhealthy;
    s_.reason = why;
    if (rules->check_action != CheckAction::none) end_as_failed(why);
}

// What has come to be known too late changes nothing.
void Walk::end_as_failed(const Reason& why) {
    if (s_.phase == Phase::up) begin_stop(why, why);
}

// Of what has run for too long its health does not matter any more.
void Walk::on_deadline_while_up() {
    if (end_of_runtime(s_) <= now_.mono) return end_as_failed({.code = ReasonCode::ran_too_long});
    // It may have spoken while reeve itself was held up.
    if (s_.keepalive_by() <= now_.mono) {
        act(ActionKind::listen);
        begin_watchdog(s_, now_);
    }
    if (s_.check_at() <= now_.mono) {
        run_hook(Hook::check);
        s_.check_at() = next_check(s_, now_);
    }
    s_.deadline = next_while_up(s_);
}

}  // namespace reeve
