#include "core/takeover.h"

#include <algorithm>
#include <cerrno>

#include "base/check.h"
#include "base/fields.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/parse.h"
#include "core/health.h"
#include "core/object.h"
#include "core/supervisor.h"
#include "model/record.h"

namespace reeve {

SameBoot compare_boots(std::string_view recorded, std::string_view present) {
    if (recorded.empty() || present.empty()) return SameBoot::unknown;
    const auto split = [](std::string_view id, std::string_view& container) {
        const size_t dot = id.find('.');
        container = dot == std::string_view::npos ? std::string_view() : id.substr(dot);
        return id.substr(0, dot);
    };
    std::string_view container, other_container;
    if (split(recorded, container) != split(present, other_container)) return SameBoot::no;
    if (container == other_container) return SameBoot::yes;
    return container == ".?" || other_container == ".?" ? SameBoot::unknown : SameBoot::no;
}

void doubt(PastService& was) {
    was.group_doubted = was.leader == Fact::gone && was.group_left;
    if (was.leader != Fact::gone) was.leader = Fact::unverified;
    // By the clock of another boot it might be due in years.
    if (was.service.state == State::backoff) was.service.deadline = Mono{1};
    for (Survivor& hook : was.hooks) {
        if (hook.fact == Fact::gone) continue;
        hook.fact = Fact::unverified;
        hook.process.start_time = 0;
    }
}

// Where in by_name_ the service is, or would be.
size_t Past::place_of(const FullName& name) const {
    const uint32_t* place = std::lower_bound(
        by_name_.begin(), by_name_.end(), name,
        [&](uint32_t i, const FullName& n) { return services_[i].service.full_name() < n; });
    return static_cast<size_t>(place - by_name_.begin());
}

PastService* Past::find(const FullName& name) {
    const size_t place = place_of(name);
    if (place == by_name_.size()) return nullptr;
    PastService& found = services_[by_name_[place]];
    return found.service.full_name() == name ? &found : nullptr;
}

PastService& Past::add(PastService&& was) {
    const size_t place = place_of(was.service.full_name());
    by_name_.push_back({});  // mostly that is its place
    std::copy_backward(by_name_.begin() + place, by_name_.end() - 1, by_name_.end());
    by_name_[place] = static_cast<uint32_t>(services_.size());
    services_.push_back(std::move(was));
    return services_.back();
}

// The last one takes its place.
void Past::remove(PastService& was) {
    const size_t place = place_of(was.service.full_name());
    by_name_[place_of(services_.back().service.full_name())] =
        static_cast<uint32_t>(&was - services_.data());
    by_name_.erase(by_name_.begin() + place);
    if (&was != &services_.back()) was = std::move(services_.back());
    services_.pop_back();
}

void Past::take(std::string_view line) {
    if (line.empty()) return;  // room that was reserved and not used
    Service service;
    const std::optional<Record> record = decode_record(line, service);
    if (!record) {
        torn_ = true;
        return;
    }
    corrupt_ = corrupt_ || torn_;
    ended_ = record->kind == RecordKind::end;
    PastService* known = find(FullName::split(record->name));
    switch (record->kind) {
    case RecordKind::end: return;
    case RecordKind::header:
        boot_ = record->header.boot;
        uid_ = record->header.uid;
        version_ = record->header.version;
        return;
    case RecordKind::note: return;
    case RecordKind::service:
        if (known == nullptr) known = &add({.service = service});
        // Where reeve could not read what the child itself had.
        if (service.leader.start_time == 0) {
            for (const Process process : {known->child, known->service.leader})
                if (service.leader.pid == process.pid)
                    service.leader.start_time = process.start_time;
        }
        // The service has begun a run, and its reeve may have died before it wrote of the timer.
        if (known->timer && known->timer->owed > 0 && service.runs > known->service.runs)
            --known->timer->owed;
        known->service = std::move(service);
        restore(known->service, record->state_then, record->phase_then);
        known->child = {};
        known->version = record->version;
        known->digest = record->digest;
        known->blamed = record->blamed;
        if (known->service.group == 0) known->control_group = {};
        return;
    case RecordKind::control_group:
        if (known != nullptr) known->control_group = record->text;
        return;
    case RecordKind::text:
        if (known != nullptr) known->service.*record->member = record->text;
        return;
    case RecordKind::timer:
        if (known != nullptr) known->timer = record->timer;
        return;
    case RecordKind::child:
        if (known == nullptr) return;
        known->child = record->process;
        return;
    case RecordKind::hook:
        if (known == nullptr) return;
        known->hooks[static_cast<size_t>(record->hook)].process = record->process;
        return;
    case RecordKind::gone:
        if (known != nullptr) remove(*known);
        return;
    }
}

namespace {

struct Resting {
    Phase phase = Phase::idle;
    ReasonCode reason = ReasonCode::none;
};

// Of what a state tells, the phase that it can be taken up from, and why it is so.
Resting resting_of(State state) {
    switch (state) {
    case State::starting: return {Phase::executing, ReasonCode::executing};
    case State::running: return {Phase::up, ReasonCode::ready};
    case State::stopping: return {Phase::terminating, ReasonCode::by_command};
    case State::stopped: return {Phase::idle, ReasonCode::by_command};
    case State::done: return {Phase::idle, ReasonCode::ended};
    case State::failed: return {Phase::idle, ReasonCode::no_restart};
    case State::invalid: return {Phase::idle, ReasonCode::definition_invalid};
    case State::unknown: return {Phase::idle, ReasonCode::unverified};
    case State::waiting:
    case State::backoff: break;
    }
    return {};
}

}  // namespace

// Neither hooks nor deadlines are in there, nor what a definition was: see Supervisor::complete().
void Past::take_status(std::string_view object) {
    const auto number = [&](std::string_view key, uint64_t most) {
        return parse_unsigned(find_field(object, key), most);
    };
    auto state = parse_state(find_field(object, "state"));
    const std::string_view want = find_field(object, "want");
    const std::string_view name = find_field(object, "name");
    const std::string_view instance = find_field(object, "instance");
    const bool is_named = is_name(name) && (instance.empty() || is_name(instance));
    if (!state || want.empty() || !is_named) return;  // none of ours
    Process leader{static_cast<pid_t>(number("pid", INT32_MAX).value_or(0)),
                   number("start_time", INT64_MAX).value_or(0)};
    if (leader.pid <= 1) leader = {};
    const bool has_process = resting_of(*state).phase != Phase::idle;
    // What has lost its process is to begin again, and what waits for a time begins at once.
    if ((has_process && !leader) || *state == State::backoff)
        state = want == "up" ? State::waiting : State::stopped;
    const Resting resting = resting_of(*state);
    const bool runs = resting.phase != Phase::idle;
    ExitStatus exit;
    Reason end{.code = ReasonCode::exit_unknown};
    if (const auto code = number("exit", UINT8_MAX)) {
        exit = {ExitStatus::Kind::exited, static_cast<uint8_t>(*code)};
        end = {.code = ReasonCode::exited, .value = exit.value};
    }
    const std::string_view words = find_field(object, "reason");
    const bool is_status =
        *state == State::running && words != "ready" && find_field(object, "healthy").empty();
    const std::string_view log = find_field(object, "log");
    PastService was;
    was.version = find_field(object, "version");
    was.service = {
        .name = name,
        .instance = instance,
        .status_text = is_status ? words : std::string_view(),
        .log_note = log.ends_with(')') ? log : std::string_view(),
        .want = want == "up" ? Want::up : Want::down,
        .known = true,
        .leader_gone = !runs,
        .exit = exit,
        .reason = {.code = resting.reason},
        .end = end,
        .group = runs ? leader.pid : 0,
        .leader = runs ? leader : Process{},
        .runs = static_cast<uint32_t>(number("restarts", INT32_MAX).value_or(0)) + 1,
    };
    restore(was.service, *state, resting.phase);
    add(std::move(was));
}

void Past::fill_in(Past&& damaged) {
    boot_ = damaged.boot_;
    uid_ = damaged.uid_;
    version_ = damaged.version_;
    for (PastService& each : damaged.services_) {
        PastService* known = find(each.service.full_name());
        if (known == nullptr)
            add(std::move(each));
        else if (each.lives() && !known->lives())
            *known = std::move(each);
    }
}

bool stands_in(const Definition& definition) {
    return definition.exec.empty() && definition.command.empty() &&
           definition.policy->type != Type::fake;
}

bool is_unread(const Service& service) {
    return !service.refused && !service.removed && stands_in(*service.definition);
}

bool can_begin(const Service& service) {
    return service.definition && !(service.refused && stands_in(*service.definition));
}

// The definition is not on record. Until its file is read it is this one; and where that cannot be
// (the file has errors now, or is gone) it stays so: what runs goes on, but does not begin again.
void Supervisor::add_past(const PastService& was, const Ref<const Policy>& defaults) {
    services_.push_back(was.service);
    Service& service = services_.back();
    auto* definition = new Definition;
    definition->name = service.name;
    definition->version = was.version;
    definition->policy = defaults;
    definition->digest = was.digest;
    // Not 0, which would stand for nothing that runs: it may be forked already.
    definition->process_digest = service.run_digest != 0 ? service.run_digest : 1;
    service.definition = Ref<const Definition>(definition);
    service.dirty = false;
    tally_ += Tally(service);
}

List<Change> Supervisor::take_over(std::span<const PastService> past,
                                   const Ref<const Policy>& defaults,
                                   std::span<const Candidate> candidates, Now now) {
    check(services_.empty());
    begins_ = false;
    for (const PastService& each : past) add_past(each, defaults);
    index_names();
    make_room();
    for (uint32_t i = 0; i < past.size(); ++i) {
        if (past[i].timer) timetable_.restore(ServiceId{i}, *past[i].timer);
        const FullName blamed = FullName::split(past[i].blamed);
        services_[i].reason.other = {};
        for (ServiceId other : instances_of(blamed.name))
            if (at(other).full_name() == blamed) services_[i].reason.other = other;
        index(ServiceId{i}, services_[i].reapable());
    }
    List<Change> changes;
    const List<ServiceId> fresh = put_in_force(candidates, changes, now);
    // Before anything is decided: what is gone is known to be gone.
    for (uint32_t i = 0; i < past.size(); ++i) {
        if (!services_[i].used()) continue;
        complete(services_[i], now);
        go_on(ServiceId{i}, past[i], now);
        index(ServiceId{i}, services_[i].reapable());
    }
    settle_all(fresh, now);
    return changes;
}

// What a status file does not tell of: as if it were just so.
void Supervisor::complete(Service& service, Now now) {
    if (service.since.ms != 0 || !service.definition) return;
    service.since = service.started_wall = now.wall;
    service.changed = service.started = now.mono;
    if (service.group > 0) service.run_digest = service.definition->process_digest;
    if (service.phase == Phase::executing)
        service.deadline = service.start_by = now.mono + service.policy().start_timeout;
    if (service.phase == Phase::terminating)
        service.deadline = service.stop_by = now.mono + service.policy().stop_timeout;
}

namespace {

bool has_command(const Service& service, Hook hook) {
    return service.definition && !stands_in(*service.definition) &&
           !shell_line_of(hook, *service.definition).empty();
}

}  // namespace

// What became of it while nobody was looking, as the events that reeve would have had.
void Supervisor::go_on(ServiceId id, const PastService& was, Now now) {
    const Service& service = at(id);
    mark_changed(id);
    if (was.child && service.phase == Phase::executing)
        apply_step(id, {.kind = EventKind::spawned, .process = was.child}, now);
    const bool is_unverified = was.leader == Fact::unverified || was.group_doubted;
    if (service.group > 0 && is_unverified) {
        // As kill(2) has it: what is left of a group has a negative number.
        const pid_t who = was.group_doubted ? -service.group : service.leader.pid;
        apply_step(id, {.kind = EventKind::unverified, .value = who}, now);
    } else if (service.leader && !service.leader_gone) {
        if (was.leader == Fact::gone)
            apply_step(id,
                       {.kind = EventKind::exited,
                        .group_left = was.group_left,
                        .status = {ExitStatus::Kind::unknown, 0}},
                       now);
        else if (service.phase == Phase::executing)
            apply_step(id, {.kind = EventKind::exec_done}, now);
        else if (service.phase == Phase::terminating)
            repeat_stop_signal(id);
    } else if (service.group > 0) {
        if (!was.group_left)
            apply_step(id, {.kind = EventKind::group_empty}, now);
        else if (service.phase == Phase::terminating)
            repeat_stop_signal(id);
    } else if (service.state == State::starting && stands_in(*service.definition)) {
        // On its way to a process that nobody knows how to start.
        const ReasonCode why =
            is_unread(service) ? ReasonCode::definition_unread : ReasonCode::definition_invalid;
        apply_step(id, {.kind = EventKind::stop, .reason = {why}}, now);
    } else if (service.phase == Phase::executing) {
        // It was to be forked, and was not.
        actions_.push_back({.kind = ActionKind::spawn,
                            .service = id,
                            .value = static_cast<int32_t>(service.runs)});
    }
    resume_readying(at(id), now);
    if (service.phase == Phase::up) {
        resume_health(at(id), id, now);
        follow_bound(id);
    }
    go_on_with_hooks(id, was, now);
}

void Supervisor::go_on_with_hooks(ServiceId id, const PastService& was, Now now) {
    const Service& service = at(id);
    for (size_t i = 0; i < hook_count; ++i) {
        const auto hook = static_cast<Hook>(i);
        if (!was.service.hook_runs(hook)) continue;  // begun by what came before
        if (was.hooks[i].fact != Fact::gone) {
            // It was on record that it was to be killed, not that it was. What a check says is
            // heard by nobody any more.
            const bool is_over = hook == Hook::check || service.phase == Phase::cancelling ||
                                 (service.state == State::stopping && belongs_to_run(hook));
            if (is_over && hook != Hook::on_fail && hook != Hook::reload_command)
                actions_.push_back({.kind = ActionKind::cancel_hook, .hook = hook, .service = id});
            continue;
        }
        const size_t asked = actions_.size();
        erase_if(actions_, [&](const Action& action) {  // it is over already
            return action.kind == ActionKind::cancel_hook && action.service == id &&
                   action.hook == hook;
        });
        const bool is_cancelled = actions_.size() != asked;
        if (!was.hooks[i].process && !is_cancelled && has_command(service, hook)) {
            actions_.push_back({.kind = ActionKind::run_hook, .hook = hook, .service = id});
            continue;  // it was to be run, and was not
        }
        apply_step(id,
                   {.kind = EventKind::hook_ended,
                    .hook = hook,
                    .result = HookResult::not_started,
                    .is_told = false,
                    .detail = static_cast<uint8_t>(SpawnStep::fork),
                    .value = EINTR},
                   now);
    }
}

void Supervisor::resume_readying(Service& service, Now now) {
    const bool checks = service.phase == Phase::readying || service.phase == Phase::checking ||
                        service.phase == Phase::check_pause;
    // Nobody was there to ask its start_check: there is time for that again.
    if (checks && !service.policy().start_check.empty()) {
        service.start_by = std::max(service.start_by, now.mono + service.policy().start_timeout);
        if (service.phase == Phase::checking) service.deadline = service.start_by;
    }
    // READY=1 went to a socket that nobody had: at start_timeout it counts as said.
    if (service.phase == Phase::readying &&
        service.reason.value == static_cast<int32_t>(ReadyKind::notify))
        service.reason.detail = 1;
}

// It was on record that it was to be sent, not that it was. What has announced its end itself
// (STOPPING=1) was to get none.
void Supervisor::repeat_stop_signal(ServiceId id) {
    if (at(id).reason.code == ReasonCode::announced) return;
    const Policy& policy = at(id).policy();
    const bool leader_only = policy.kill_mode == KillMode::process && !at(id).leader_gone;
    actions_.push_back({.kind = leader_only ? ActionKind::signal_leader : ActionKind::signal_group,
                        .service = id,
                        .value = policy.stop_signal});
}

}  // namespace reeve
