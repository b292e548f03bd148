#include "reeve/reports.h"

#include <algorithm>

#include "base/fields.h"
#include "base/format.h"
#include "base/limits.h"
#include "core/explain.h"
#include "core/health.h"
#include "core/object.h"
#include "kernel/complain.h"

namespace reeve {

namespace {

using Line = Buffer<1024>;

// A change of state as it happened.
void tell_change(const Supervisor& supervisor, const Entry& entry) {
    Line line;
    Buffer<reason_max_bytes> reason;
    line << supervisor.at(entry.id).full_name();
    append(line, ": ", name_of(entry.from), " -> ", name_of(entry.to));
    append_reason(reason, entry);
    if (!reason.empty()) append(line, ": ", reason.view());
    complain(line.view());
}

// "web is in backoff: exit 1, 1st failure"
void append_entry(Sink& line, const Supervisor& supervisor, const Entry& entry) {
    const FullNameText name(supervisor.at(entry.id).full_name());
    Buffer<reason_max_bytes> reason;
    append_reason(reason, entry);
    append_sentence(line, name.view(), name_of(entry.to), reason.view());
}

// Of runs that failed.
void append_untold(Sink& line, uint32_t count) {
    if (count > 0) append(line, " (", count, " more since the last line about it)");
}

// What is being ended, and by what means.
void append_ending(Sink& out, const Service& service) {
    out << service.full_name();
    switch (service.phase) {
    case Phase::stop_command: out << " (its stop_command)"; return;
    case Phase::post_stop: out << " (its post_stop)"; return;
    case Phase::killing: out << " (killed)"; return;
    default: return;
    }
}

}  // namespace

void Reports::tell(const Supervisor& supervisor, Report report, ServiceId main, Now now) {
    troubles_.resize(supervisor.services().size());
    for (const Entry& entry : supervisor.events().fresh()) {
        if (!entry.id || entry.id == main || !supervisor.at(entry.id).used()) continue;
        if (report == Report::all) tell_change(supervisor, entry);
        if (report == Report::failures) tell_failure(supervisor, entry, now);
    }
    if (now.mono >= recovery_due_) tell_recovered(supervisor, now);
}

void Reports::tell_failure(const Supervisor& supervisor, const Entry& entry, Now now) {
    Trouble& trouble = troubles_[entry.id.index];
    const Service& service = supervisor.at(entry.id);
    const bool is_new = entry.to == State::starting && service.runs <= 1;
    if (is_new || entry.to == State::stopped) trouble = {.may_recover = trouble.may_recover};
    if (entry.to == State::starting) trouble.is_unhealthy = false;
    if (entry.reason.code == ReasonCode::retry) return tell_retry(supervisor, entry, trouble, now);
    if (entry.from == State::running && entry.to == State::running)
        return tell_health(supervisor, entry, trouble, now);
    if (entry.to == State::running && trouble.is_there) {
        if (!std::exchange(trouble.may_recover, true)) recovering_.push_back(entry.id);
        recovery_due_ = std::min(recovery_due_, now.mono + service.policy().reset_after);
    }
    const bool cut_off = entry.to == State::stopped &&
                         entry.end.code == ReasonCode::stopped_on_request && entry.end.value == 2;
    const bool recovered = entry.to == State::done && trouble.is_there;
    if (entry.to != State::failed && entry.to != State::unknown && !cut_off && !recovered) return;
    const bool is_early =
        trouble.told != Mono{} && now.mono - trouble.told < milliseconds(report_pause_ms);
    const bool is_failure = entry.to == State::failed;
    if (is_early && (is_failure || recovered) && supervisor.timetable().recurs(entry.id, service)) {
        trouble.untold += is_failure;
        return;
    }
    Line line;
    line << service.full_name();
    if (cut_off) {
        line << " was killed: the shutdown's time was over (stop_timeout_total), and its "
                "stop_timeout is ";
        append_span(line, service.policy().stop_timeout);
    } else if (recovered) {
        line << " has recovered: ";
        append_reason(line, entry);
    } else if (entry.to == State::failed) {
        line << " failed: ";
        append_reason(line, entry);
    } else {
        line.clear();
        append_entry(line, supervisor, entry);
    }
    append_untold(line, trouble.untold);
    trouble = {.told = now.mono,
               .is_there = entry.to == State::failed,
               .may_recover = trouble.may_recover};
    complain(line.view());
}

// What is unhealthy, and stays as it is (check_action = none); at most once a minute.
void Reports::tell_health(const Supervisor& supervisor, const Entry& entry, Trouble& trouble,
                          Now now) {
    const bool is_well = entry.reason.code == ReasonCode::healthy;
    if (!is_well && entry.reason.code != ReasonCode::unhealthy) return;
    const bool is_early =
        trouble.told != Mono{} && now.mono - trouble.told < milliseconds(report_pause_ms);
    if (is_well != trouble.is_unhealthy || (!is_well && is_early)) return;
    trouble.is_unhealthy = !is_well;
    if (!is_well) trouble.told = now.mono;
    Line line;
    line << supervisor.at(entry.id).full_name();
    line << (is_well ? " is healthy again" : " is ");
    if (!is_well) append_reason(line, entry);
    complain(line.view());
}

// The first time, and then at most once a minute.
void Reports::tell_retry(const Supervisor& supervisor, const Entry& entry, Trouble& trouble,
                         Now now) {
    ++trouble.ends;
    ++trouble.untold;
    if (trouble.is_there && now.mono - trouble.told < milliseconds(report_pause_ms)) return;
    Line line;
    append_entry(line, supervisor, entry);
    // Of the whole pause: the line may come when most of it is over.
    const Service& service = supervisor.at(entry.id);
    append_countdown(line, service, service.changed);
    append_untold(line, trouble.untold - 1);
    complain(line.view());
    trouble.is_there = true;
    trouble.told = now.mono;
    trouble.untold = 0;
}

// What has run for reset_after has; a loop runs for moments as well.
void Reports::tell_recovered(const Supervisor& supervisor, Now now) {
    recovery_due_ = no_deadline;
    size_t kept = 0;
    for (const ServiceId id : recovering_) {
        const Service& service = supervisor.at(id);
        Trouble& trouble = troubles_[id.index];
        trouble.may_recover = false;
        if (service.state != State::running || !trouble.is_there) continue;
        // One that has a check is well once that says so.
        const HealthRules* rules = health_of(service);
        const bool is_unsure =
            rules != nullptr && !rules->check.empty() && service.reason.code != ReasonCode::healthy;
        const Mono due = is_unsure ? now.mono + rules->check_interval
                                   : service.changed + service.policy().reset_after;
        if (due > now.mono) {
            recovery_due_ = std::min(recovery_due_, due);
            recovering_[kept++] = id;
            trouble.may_recover = true;
            continue;
        }
        Line line;
        line << service.full_name();
        line << " has recovered: it has run for ";
        append_span(line, now.mono - service.changed);
        if (trouble.ends > 0)
            append(line, ", after ", trouble.ends, " end", trouble.ends == 1 ? "" : "s");
        complain(line.view());
        trouble = {};
    }
    recovering_.resize(kept);
}

void Reports::begin_shutdown(Mono now) {
    shutdown_line_due_ = now + milliseconds(shutdown_line_ms);
}

// Looked at once a second, for a thousand services may be ending.
void Reports::tell_shutdown(const Supervisor& supervisor, Mono kill_at, Mono now) {
    if (now < shutdown_line_due_) return;
    shutdown_line_due_ = now + milliseconds(shutdown_line_ms);
    constexpr size_t named_max_count = 8;
    Line names;
    size_t count = 0;
    for (const Service& service : supervisor.services()) {
        if (service.state != State::stopping && service.hooks == 0) continue;
        if (++count > named_max_count) continue;
        if (count > 1) names << ", ";
        append_ending(names, service);
    }
    if (count > named_max_count)
        append(names, " and ", static_cast<uint64_t>(count - named_max_count), " more");
    if (count == 0 || waited_for_ == names.view()) return;
    waited_for_ = names.view();
    Line line;
    append(line, "the shutdown waits for ", names.view());
    if (kill_at > now) {
        line << ", for ";
        append_span(line, kill_at - now);
        line << " at most";
    }
    complain(line.view());
}

void Reports::tell_leftovers(Mono now) {
    if (now < shutdown_line_due_) return;
    shutdown_line_due_ = no_deadline;
    complain("the shutdown waits for processes that services have left behind");
}

Mono Reports::next_deadline() const { return std::min(recovery_due_, shutdown_line_due_); }

}  // namespace reeve
