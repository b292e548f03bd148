#include "core/sim_world.h"

#include <algorithm>
#include <csignal>

#include "base/limits.h"
#include "core/explain.h"
#include "core/sim_dates.h"
#include "model/record.h"

namespace reeve::sim {

namespace {

constexpr uint32_t no_slot = UINT32_MAX;
constexpr int errno_of_fork = 11;  // EAGAIN
constexpr int errno_of_exec = 2;   // ENOENT
constexpr uint32_t members_max_count = 3;

Duration timeout_of(Hook hook, const Policy& policy) {
    if (hook == Hook::start_check) return policy.start_check_timeout;
    if (hook == Hook::stop_command) return policy.stop_timeout;
    return policy.hook_timeout;
}

// Checks of what runs never end.
bool has_more_to_come(const Service& s) {
    return s.deadline != no_deadline && !(s.phase == Phase::up && s.deadline == s.check_at());
}

ExitStatus status_of(uint32_t value) {
    if (value >= 512) return {ExitStatus::Kind::unknown, 0};
    const auto kind = value < 256 ? ExitStatus::Kind::exited : ExitStatus::Kind::signalled;
    return {kind, static_cast<uint8_t>(value % 256)};
}

}  // namespace

World::World(const Scenario& scenario)
    : files(scenario.files), first_files(scenario.files), spawn_slots(scenario.spawn_slots),
      max_starting(scenario.max_starting) {
    now.wall = scenario.start;
    seen = now;
    clocked.resize(files.size());
    starts.resize(files.size());
    groups.resize(files.size());
    unsure.resize(files.size());
    hooks.resize(files.size());
    in_place.resize(files.size());
    slots.assign(files.size(), no_slot);
    asking.resize(files.size());
    good_ends.resize(files.size());
    supervisor.configure(spawn_slots, max_starting);
    load();
    renew_journal();
    perform_all();
}

void World::fail(const char* rule, std::string detail) {
    if (failure.rule == nullptr) failure = {rule, std::move(detail)};
}

const Service* World::service(uint32_t number) const {
    return slots[number] == no_slot ? nullptr : &supervisor.at(ServiceId{slots[number]});
}

std::string World::name(ServiceId id) const {
    if (!id || id.index >= supervisor.services().size()) return "(nobody)";
    return std::string(supervisor.at(id).name.view());
}

bool World::apply(const Move& move) {
    if (move.number >= files.size()) return false;
    switch (move.kind) {
    case MoveKind::up:
    case MoveKind::up_now:
    case MoveKind::down:
    case MoveKind::restart:
    case MoveKind::reload_service:
    case MoveKind::edit:
    case MoveKind::reload:
    case MoveKind::rewrite:
    case MoveKind::shut_down:
    case MoveKind::hasten:
    case MoveKind::limits: return command(move);
    case MoveKind::exec_done:
    case MoveKind::exec_fail:
    case MoveKind::ready:
    case MoveKind::announce_stop:
    case MoveKind::main_process:
    case MoveKind::exit:
    case MoveKind::obey:
    case MoveKind::fork_member:
    case MoveKind::member_ends:
    case MoveKind::reap:
    case MoveKind::hook_ends: return process_move(move);
    case MoveKind::wake: return wake();
    case MoveKind::tick:
        advance(move.value);
        pass_deadlines();
        return true;
    case MoveKind::jump:
        now.wall = jump(move.value, now.wall);
        pass_deadlines();
        return true;
    case MoveKind::fail_forks: fork_failures = move.value; return true;
    case MoveKind::fail_prepare: prepare_failures = move.value; return true;
    case MoveKind::fail_hooks: hook_failures = move.value; return true;
    case MoveKind::rebirth:
    case MoveKind::rebirth_damaged:
    case MoveKind::rebirth_without_journal:
    case MoveKind::rebirth_blank:
    case MoveKind::rebirth_unsure: rebirth(move.kind, move.value); return true;
    case MoveKind::begin_again:
        if (move.value % 2 == 0 && !(supervisor.shutting_down() && supervisor.all_ended()))
            return false;
        begin_again(move.value);
        return true;
    case MoveKind::die_writing: dies_writing = move.value + 1; return true;
    case MoveKind::die_soon:
        dies_after = move.value / 2 + 1;
        dies_amidst = move.value % 2 != 0;
        return true;
    case MoveKind::converge: converge(false); return true;
    case MoveKind::converge_all: converge(true); return true;
    case MoveKind::end: end(move.value); return true;
    }
    return false;
}

bool World::command(const Move& move) {
    if (move.kind == MoveKind::shut_down) {
        if (supervisor.shutting_down()) return false;
        kill_at = now.mono + seconds(8);
        supervisor.shut_down(kill_at, now);
        after_core();
        perform_all();
        return true;
    }
    if (move.kind == MoveKind::hasten) {
        if (!supervisor.shutting_down()) return false;
        const Mono latest = move.value != 0 ? now.mono : now.mono + seconds(1);
        kill_at = std::min(kill_at, latest);
        is_hastened = true;
        supervisor.hasten(latest, now);
        after_core();
        perform_all();
        return true;
    }
    if (move.kind == MoveKind::edit || move.kind == MoveKind::rewrite)
        apply_edit(files, move.number, static_cast<Edit>(move.value / 256), move.value % 256);
    if (move.kind == MoveKind::edit) return true;
    if (move.kind == MoveKind::limits) {
        max_starting = move.value / 256;
        spawn_slots = move.value % 256;
        supervisor.configure(spawn_slots, max_starting);
    }
    if (move.kind == MoveKind::reload || move.kind == MoveKind::rewrite ||
        move.kind == MoveKind::limits) {
        load();
        perform_all();
        return true;
    }
    if (service(move.number) == nullptr) return false;
    List<ServiceId> ids;
    for (uint32_t n = move.number; n < files.size() && n <= move.number + move.value; ++n)
        if (slots[n] != no_slot) ids.push_back(ServiceId{slots[n]});
    // Whoever says what is to become of it has looked.
    if (move.kind != MoveKind::reload_service)
        for (const ServiceId id : ids) unsure[number_of(supervisor.at(id).name)].reset();
    if (move.kind != MoveKind::reload_service) ask(move.kind, ids);
    is_rebased = move.kind != MoveKind::reload_service;
    is_restart = move.kind == MoveKind::restart;
    if (move.kind == MoveKind::up || move.kind == MoveKind::up_now) supervisor.up(ids, now);
    if (move.kind == MoveKind::up_now) {
        after_core();
        is_rebased = true;
        supervisor.force_open(ids, now);
    }
    if (move.kind == MoveKind::down) supervisor.down(ids, now);
    if (move.kind == MoveKind::restart) supervisor.restart(ids, now);
    if (move.kind == MoveKind::reload_service)
        supervisor.handle(ids.front(), {.kind = EventKind::reload}, now);
    after_core();
    perform_all();
    return true;
}

// Reads the definitions, as at the start and at HUP.
void World::load() {
    const std::vector<Candidate> candidates = read_files(files);
    supervisor.apply(candidates, now);
    is_rebased = true;
    is_corrected = false;
    find_slots();
    rebuild_edges(*this);
    find_in_place();
    after_core();
}

// By the definitions of now: a service may not be a oneshot any more.
void World::find_in_place() {
    for (uint32_t number = 0; number < files.size(); ++number)
        in_place[number] = service(number) != nullptr && service(number)->in_place() &&
                           !service(number)->definition->has_schedule();
}

// What a oneshot did is not done again before it was undone.
void World::follow_in_place() {
    for (const Entry& entry : entered) {
        const Service& s = supervisor.at(entry.id);
        if (!s.used()) continue;
        uint8_t& is_there = in_place[number_of(s.name)];
        if (entry.to == State::starting && entry.from != entry.to && is_there)
            fail("started though what it did is in place", name(entry.id));
        // What runs by a schedule runs anew without being undone.
        if (entry.to == State::done) is_there = s.in_place() && !s.definition->has_schedule();
    }
}

void World::find_slots() {
    std::fill(slots.begin(), slots.end(), no_slot);
    const auto services = supervisor.services();
    for (uint32_t i = 0; i < services.size(); ++i) {
        if (!services[i].used()) continue;
        uint32_t& slot = slots[number_of(services[i].name)];
        if (slot != no_slot) fail("two services of one name", std::string(services[i].name.view()));
        slot = i;
    }
}

void World::tell(uint32_t number, const Event& event) {
    if (service(number) == nullptr)
        return fail("forgotten while something of it was left", std::string(name_of_file(number)));
    supervisor.handle(ServiceId{slots[number]}, event, now);
    after_core();
}

void World::deliver(uint32_t number, const Event& event) {
    tell(number, event);
    perform_all();
}

void World::advance(int64_t ms) {
    now.mono.ms += ms;
    now.wall.ms += ms;
}

// Until nothing is due by the wall clock: one turn of the loop for each start that is.
void World::pass_deadlines() {
    constexpr int turns_max_count = 100;
    for (int turns = 0; !failed(); ++turns) {
        supervisor.pass_deadlines(now);
        deadlines_passed = true;
        after_core();
        deadlines_passed = false;
        perform_all();
        if (supervisor.next_moment() > now.wall) return;
        if (turns == turns_max_count) fail("next_moment() stays in the past", "");
    }
}

void World::after_core() {
    ++steps;
    settled = false;
    entered.assign(supervisor.events().fresh().begin(), supervisor.events().fresh().end());
    supervisor.events().pass();
    supervisor.ended_runs().clear();
    follow_in_place();
    if (!supervisor.forgotten().empty()) forget_names();
    // (The core may only learn from what comes first in the same list that the group is gone.)
    const List<Action>& actions = supervisor.actions();
    for (; actions_seen_ < actions.size(); ++actions_seen_) {
        const Action& action = actions[actions_seen_];
        const bool signals =
            action.kind == ActionKind::signal_group || action.kind == ActionKind::signal_leader;
        if (signals && supervisor.at(action.service).group == 0)
            fail("a signal to no group", name(action.service));
    }
    // Another version may need other services.
    if (deadlines_passed && !supervisor.versions().empty()) rebuild_edges(*this);
    check_timers();
    check_invariants(*this);
    hear();
    is_rebased = is_restart = false;
    seen = now;
}

void World::forget_names() {
    for (const Text& gone : supervisor.forgotten()) {
        const uint32_t number = number_of(gone);
        bool left = groups[number].has_value();
        for (const RunningHook& hook : hooks[number]) left = left || hook.runs;
        if (left) fail("forgotten while something of it is left", std::string(gone.view()));
        unsure[number].reset();
        forgotten.emplace_back(gone.view());
    }
    supervisor.forgotten().clear();
    find_slots();
    rebuild_edges(*this);
}

// As the host does: in order, and what comes of it behind.
void World::perform_all() {
    List<Action>& actions = supervisor.actions();
    const auto luck = static_cast<uint32_t>(steps);
    record();
    for (size_t i = 0; i < actions.size() && !failed() && !is_torn; ++i) {
        const Action action = actions[i];
        const bool dies = dies_after > 0 && --dies_after == 0;
        if (!dies || dies_amidst) perform(action, dies);
        if (dies) return rebirth(MoveKind::rebirth, luck);
        record();
    }
    if (is_torn) return rebirth(MoveKind::rebirth, luck);
    actions.clear();
    actions_seen_ = 0;
    settled = true;
    entered.clear();
    check_invariants(*this);
}

// `dies`: reeve does not live to hear of a process that was begun.
void World::perform(const Action& action, bool dies) {
    const Service& service = supervisor.at(action.service);
    if (!service.used()) {
        // What comes before it in the list found the group empty, and that was the end of it.
        const bool begins = action.kind == ActionKind::spawn || action.kind == ActionKind::run_hook;
        if (begins || action.kind == ActionKind::cancel_hook) fail("an action for nobody", "");
        return;
    }
    const uint32_t number = number_of(service.name);
    switch (action.kind) {
    case ActionKind::spawn: return spawn(number, action, dies);
    case ActionKind::run_hook: return run_hook(number, action.hook);
    case ActionKind::listen:
    case ActionKind::measure: return;
    case ActionKind::cancel_hook: {
        RunningHook& hook = hooks[number][static_cast<size_t>(action.hook)];
        hook.cancelled = hook.runs;
        return;
    }
    case ActionKind::signal_group:
    case ActionKind::signal_leader: return signal(number, action);
    case ActionKind::check_group: return check_group(number);
    case ActionKind::end_run:
    case ActionKind::end_reeve: return;
    }
}

void World::spawn(uint32_t number, const Action& action, bool dies) {
    const Service& s = *service(number);
    if (s.phase != Phase::executing || s.group != 0 ||
        s.runs != static_cast<uint32_t>(action.value))
        return;
    if (groups[number] || unsure[number])
        return fail("two process groups of one service", std::string(name_of_file(number)));
    if (!s.definition) return fail("started without a definition", std::string(s.name.view()));
    if (stands_in(*s.definition))
        return fail("started by no definition", std::string(s.name.view()));
    if (fork_failures > 0 || prepare_failures > 0) {
        const SpawnStep step = fork_failures > 0 ? SpawnStep::fork : SpawnStep::prepare;
        --(fork_failures > 0 ? fork_failures : prepare_failures);
        return tell(number, {.kind = EventKind::spawn_failed,
                             .detail = static_cast<uint8_t>(step),
                             .value = errno_of_fork,
                             .status = {ExitStatus::Kind::exited, 126}});
    }
    Group group;
    group.id = group.leader = new_pid();
    group.start_time = ++processes_;
    groups[number] = group;
    Buffer<child_record_max_bytes> line;
    append_process_record(line, s.name, std::nullopt, {group.leader, group.start_time});
    journal.append(line.view());
    if (dies) return;
    tell(number, {.kind = EventKind::spawned, .process = {group.leader, group.start_time}});
}

void World::run_hook(uint32_t number, Hook hook) {
    RunningHook& running = hooks[number][static_cast<size_t>(hook)];
    const Service& s = *service(number);
    if (running.runs) return fail("two of one hook at a time", name_of(hook));
    if (!s.definition) return fail("a hook without a definition", name_of(hook));
    if (hook_failures > 0) {
        --hook_failures;
        if (hook == Hook::stop_command) in_place[number] = false;
        return tell(
            number,
            {.kind = EventKind::hook_ended, .hook = hook, .result = HookResult::not_started});
    }
    running = {true, false, now.mono + timeout_of(hook, s.policy())};
    Buffer<child_record_max_bytes> line;
    append_process_record(line, s.name, hook, process_of(number, hook));
    journal.append(line.view());
}

// The fake kernel gives a number out again as soon as nothing bears it and the core knows; a signal
// to one that is not ours any more would hit a stranger.
void World::signal(uint32_t number, const Action& action) {
    const Service& s = *service(number);
    std::optional<Group>& group = groups[number];
    if (s.group == 0) return;  // what was asked for before it found the group empty; as the host
    if (!group || s.group != group->id)
        return fail("a signal to a group that is not ours", std::string(s.name.view()));
    if (action.kind == ActionKind::signal_leader) {
        if (group->state == Group::Leader::reaped || s.leader.pid != group->leader)
            return fail("a signal to a leader that is not ours", std::string(s.name.view()));
        if (s.state == State::stopping) group->leader_told = true;
        return;
    }
    // (An earlier reeve's shutdown may have been the reason; this one knows nothing of it.)
    const bool resumed = group->orphaned && s.phase == Phase::killing;
    if (action.value == SIGKILL && now.mono < s.stop_by && now.mono < kill_at && !resumed)
        return fail("KILL before stop_timeout", std::string(s.name.view()));
    if (action.value != SIGKILL) {
        group->leader_told = group->members_told = true;
        return;
    }
    group->members = 0;
    if (group->state != Group::Leader::alive) return;
    group->state = Group::Leader::zombie;
    group->status = {ExitStatus::Kind::signalled, SIGKILL};
}

void World::check_group(uint32_t number) {
    if (!groups[number] || !groups[number]->empty()) return;
    bury(number);
    tell(number, {.kind = EventKind::group_empty});
}

// Of a control group the kernel says when it is empty.
void World::tell_of_empty(uint32_t number) {
    const Service* whose = service(number);
    if (whose == nullptr || !whose->in_control_group) return;
    check_group(number);
    perform_all();
}

void World::bury(uint32_t number) {
    free_pids_.push_back(groups[number]->id);
    groups[number].reset();
}

pid_t World::new_pid() {
    if (free_pids_.empty()) return next_pid_++;
    const pid_t pid = free_pids_.back();
    free_pids_.pop_back();
    return pid;
}

bool World::process_move(const Move& move) {
    const uint32_t number = move.number;
    if (move.kind == MoveKind::hook_ends) {
        if (move.value / 4 >= hook_count) return false;
        return end_hook(number, static_cast<Hook>(move.value / 4),
                        static_cast<HookResult>(move.value % 4));
    }
    if (!groups[number]) return false;
    Group& group = *groups[number];
    const bool alive = group.state == Group::Leader::alive;
    const Service* s = service(number);
    const bool notify =
        s != nullptr && s->definition && s->policy().ready.kind == ReadyKind::notify;
    const bool program = move.kind == MoveKind::ready || move.kind == MoveKind::announce_stop ||
                         move.kind == MoveKind::main_process || move.kind == MoveKind::fork_member;
    if (program && group.exec_failed) return false;
    switch (move.kind) {
    case MoveKind::exec_done:
        if (!group.exec_pending) return false;
        group.exec_pending = false;
        deliver(number, {.kind = EventKind::exec_done});
        return true;
    case MoveKind::exec_fail:
        if (!group.exec_pending || !alive || group.program_runs) return false;
        group.exec_pending = false;
        group.exec_failed = true;
        group.state = Group::Leader::zombie;
        group.status = {ExitStatus::Kind::exited, 127};
        deliver(number, {.kind = EventKind::exec_failed,
                         .detail = static_cast<uint8_t>(SpawnStep::exec),
                         .value = errno_of_exec});
        return true;
    case MoveKind::ready:
        if (s == nullptr || s->state != State::starting || !s->definition) return false;
        if (!notify && s->policy().ready.kind != ReadyKind::fd) return false;
        group.program_runs = true;
        deliver(number, {.kind = EventKind::ready});
        return true;
    case MoveKind::announce_stop:
        if (!notify) return false;
        group.program_runs = true;
        deliver(number, {.kind = EventKind::stop_announced});
        return true;
    case MoveKind::main_process: return notify && promote_member(number);
    case MoveKind::exit:
        if (!alive) return false;
        group.state = Group::Leader::zombie;
        group.status = status_of(move.value);
        return true;
    case MoveKind::obey:
        if (!obey(group, move.value != 0)) return false;
        tell_of_empty(number);
        return true;
    case MoveKind::fork_member:
        if (group.members == members_max_count || (!alive && group.members == 0)) return false;
        ++group.members;
        group.program_runs = true;
        return true;
    case MoveKind::member_ends:  // value: it was our child by then, so we hear of it
        if (group.members == 0) return false;
        --group.members;
        if (move.value != 0) check_group(number), perform_all();
        tell_of_empty(number);
        return true;
    case MoveKind::reap: return reap(number);
    default: return false;
    }
}

bool World::obey(Group& group, bool members) {
    bool any = false;
    if (group.leader_told && group.state == Group::Leader::alive) {
        group.state = Group::Leader::zombie;
        group.status = {ExitStatus::Kind::signalled, SIGTERM};
        any = true;
    }
    if (members && group.members_told && group.members > 0) {
        group.members = 0;
        any = true;
    }
    return any;
}

// MAINPID=: a member takes the leader's place.
bool World::promote_member(uint32_t number) {
    Group& group = *groups[number];
    if (group.state == Group::Leader::reaped || group.members == 0) return false;
    if (group.leader != group.id) free_pids_.push_back(group.leader);
    if (group.state == Group::Leader::zombie) --group.members;  // reaped unnoticed by the core
    group.leader = new_pid();
    group.state = Group::Leader::alive;
    group.start_time = ++processes_;
    deliver(number, {.kind = EventKind::main_process, .process = {group.leader, group.start_time}});
    return true;
}

bool World::reap(uint32_t number) {
    Group& group = *groups[number];
    if (group.state != Group::Leader::zombie) return false;
    if (supervisor.find_leader(group.leader).index != slots[number]) {
        fail("an exit that finds no service", std::string(name_of_file(number)));
        return true;
    }
    group.state = Group::Leader::reaped;
    if (group.leader != group.id) free_pids_.push_back(group.leader);
    if (group.orphaned) group.status = {ExitStatus::Kind::unknown, 0};
    const bool failed_run =
        group.status.kind == ExitStatus::Kind::signalled || group.status.value != 0;
    good_ends[number] += !failed_run;
    const bool is_killed = group.status == ExitStatus{ExitStatus::Kind::signalled, SIGKILL};
    const auto cause = static_cast<OutOfMemory>(is_killed ? group.id % 3 : 0);
    const Event event{.kind = EventKind::exited,
                      .group_left = group.members > 0,
                      .detail = static_cast<uint8_t>(cause),
                      .status = group.status};
    if (group.empty()) bury(number);
    deliver(number, event);
    return true;
}

bool World::end_hook(uint32_t number, Hook hook, HookResult result) {
    RunningHook& running = hooks[number][static_cast<size_t>(hook)];
    if (!running.runs) return false;
    const bool is_told = !running.cancelled;
    running = {};
    if (hook == Hook::stop_command) in_place[number] = false;
    deliver(number,
            {.kind = EventKind::hook_ended, .hook = hook, .result = result, .is_told = is_told});
    return true;
}

// --- The end of a run: no more goes wrong, so all must come right --------------------------------

void World::settle_down(Manners manners, Mono until) {
    while (!failed()) {
        bool any = false;
        for (uint32_t i = 0; i < files.size() && !failed(); ++i)
            if (behave(i, manners)) any = true;
        if (any) continue;
        Mono next = supervisor.next_deadline();
        if (const Wall moment = supervisor.next_moment(); moment != no_moment)
            next = std::min(next, now.mono + (moment - now.wall));
        for (const auto& row : hooks)
            for (const RunningHook& hook : row)
                if (hook.runs) next = std::min(next, hook.give_up);
        // (A schedule may start something at the very end.)
        const Duration late = is_under_way() ? seconds(600) : Duration{};
        if (next == no_deadline || next > until + late) return;
        if (next > now.mono) advance((next - now.mono).ms);
        pass_deadlines();
    }
}

bool World::is_under_way() const {
    const auto services = supervisor.services();
    return !supervisor.shutting_down() &&
           std::any_of(services.begin(), services.end(),
                       [](const Service& s) { return has_more_to_come(s); });
}

// True where something was done.
bool World::behave(uint32_t number, Manners manners) {
    for (size_t i = 0; i < hook_count; ++i) {
        const RunningHook& hook = hooks[number][i];
        if (!hook.runs) continue;
        if (hook.cancelled) return end_hook(number, static_cast<Hook>(i), HookResult::failed);
        if (manners.hooks_end) return end_hook(number, static_cast<Hook>(i), HookResult::succeeded);
        if (hook.give_up <= now.mono)
            return end_hook(number, static_cast<Hook>(i), HookResult::timed_out);
    }
    if (unsure[number] && manners.processes_obey) {
        unsure[number].reset();
        const Service* s = service(number);
        if (s != nullptr && s->state == State::unknown && s->reason.value != 0)
            deliver(number, {.kind = EventKind::retry_now});
        return true;
    }
    if (!groups[number]) return false;
    if (groups[number]->state == Group::Leader::zombie) return reap(number);
    return manners.processes_obey && behave_process(number);
}

bool World::behave_process(uint32_t number) {
    Group& group = *groups[number];
    if (group.exec_pending)
        return process_move({MoveKind::exec_done, static_cast<uint8_t>(number)});
    if (obey(group, true)) {
        tell_of_empty(number);
        return true;
    }
    const Service* s = service(number);
    if (s == nullptr || !s->definition) return false;
    if (s->phase == Phase::readying && s->reason.value != static_cast<int>(ReadyKind::after)) {
        deliver(number, {.kind = EventKind::ready});
        return true;
    }
    const bool ends = s->policy().type == Type::oneshot && s->state == State::running &&
                      restart_of(s->policy()) != Restart::always;
    if (!ends || group.state != Group::Leader::alive) return false;
    group.state = Group::Leader::zombie;
    group.status = {ExitStatus::Kind::exited, 0};
    group.members = 0;
    return true;
}

void World::converge(bool all) {
    fork_failures = prepare_failures = hook_failures = dies_after = dies_writing = 0;
    const Manners good;
    if (all) restore_files();
    load();
    perform_all();
    settle_down(good, now.mono + seconds(3600));
    if (all) {
        List<ServiceId> ids;
        for (uint32_t slot : slots)
            if (slot != no_slot) ids.push_back(ServiceId{slot});
        for (auto& group : unsure) group.reset();
        supervisor.up(ids, now);
        is_rebased = true;
        after_core();
        perform_all();
        settle_down(good, now.mono + seconds(3600));
    }
    if (!failed()) check_converged(all);
    if (!failed()) check_answered();
}

void World::restore_files() {
    for (size_t i = 0; i < files.size(); ++i) {
        const File edited = files[i];
        files[i] = first_files[i];
        files[i].live_edits = edited.live_edits + 1;
        files[i].process_edits = edited.process_edits;
    }
}

void World::check_converged(bool all) {
    for (const Service& s : supervisor.services())
        if (has_more_to_come(s) && !supervisor.shutting_down())
            return fail("does not settle within an hour", std::string(s.name.view()));
    for (uint32_t i = 0; i < files.size(); ++i) {
        const Service* s = service(i);
        const std::string who(name_of_file(i));
        if (s == nullptr) {
            if (files[i].present) return fail("a file without a service", who);
            continue;
        }
        if (!files[i].present) return fail("a service whose file is gone stays", who);
        if (!has_converged(*this, *s)) return fail("does not converge", who);
        if (!all || supervisor.shutting_down()) continue;
        if (s->state == State::invalid) return fail("is invalid though all is restored", who);
        const Service& root = supervisor.at(causes(supervisor, {slots[i]}).back());
        if (is_held_by_clock(root) || edges.leave[supervisor.id_of(root).index]) continue;
        if (s->state != State::running && !(s->state == State::done && is_there(*s)))
            return fail("is not up though nothing is in its way",
                        who + ", for " + std::string(root.name.view()) + " is " +
                            name_of(root.state));
    }
}

void World::end(uint32_t how) {
    dies_after = dies_writing = 0;
    command({MoveKind::shut_down});
    const Manners manners{(how & 1) == 0, (how & 2) == 0};
    const Mono latest = kill_at + seconds(2);
    settle_down(manners, latest);
    if (failed()) return;
    if (!supervisor.all_ended()) return fail("a shutdown outlasts its deadline", "");
    if (!supervisor.idle()) return fail("not idle after a shutdown", "");
    for (uint32_t i = 0; i < files.size(); ++i) {
        bool left = groups[i].has_value();
        for (const RunningHook& hook : hooks[i]) left = left || hook.runs;
        if (left) return fail("all_ended, but not all has ended", std::string(name_of_file(i)));
    }
}

}  // namespace reeve::sim
