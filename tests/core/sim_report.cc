// What the simulator prints: moves, and the state of its world.
#include "core/explain.h"
#include "core/sim_world.h"

namespace reeve::sim {

namespace {

const char* name_of(MoveKind kind) {
    switch (kind) {
    case MoveKind::up: return "up";
    case MoveKind::up_now: return "up_now";
    case MoveKind::down: return "down";
    case MoveKind::restart: return "restart";
    case MoveKind::reload_service: return "reload_service";
    case MoveKind::edit: return "edit";
    case MoveKind::reload: return "reload";
    case MoveKind::rewrite: return "rewrite";
    case MoveKind::shut_down: return "shut_down";
    case MoveKind::hasten: return "hasten";
    case MoveKind::limits: return "limits";
    case MoveKind::exec_done: return "exec_done";
    case MoveKind::exec_fail: return "exec_fail";
    case MoveKind::ready: return "ready";
    case MoveKind::announce_stop: return "announce_stop";
    case MoveKind::main_process: return "main_process";
    case MoveKind::exit: return "exit";
    case MoveKind::obey: return "obey";
    case MoveKind::fork_member: return "fork_member";
    case MoveKind::member_ends: return "member_ends";
    case MoveKind::reap: return "reap";
    case MoveKind::hook_ends: return "hook_ends";
    case MoveKind::wake: return "wake";
    case MoveKind::tick: return "tick";
    case MoveKind::jump: return "jump";
    case MoveKind::fail_forks: return "fail_forks";
    case MoveKind::fail_prepare: return "fail_prepare";
    case MoveKind::fail_hooks: return "fail_hooks";
    case MoveKind::rebirth: return "rebirth";
    case MoveKind::die_soon: return "die_soon";
    case MoveKind::die_writing: return "die_writing";
    case MoveKind::rebirth_damaged: return "rebirth_damaged";
    case MoveKind::rebirth_without_journal: return "rebirth_without_journal";
    case MoveKind::rebirth_blank: return "rebirth_blank";
    case MoveKind::rebirth_unsure: return "rebirth_unsure";
    case MoveKind::begin_again: return "begin_again";
    case MoveKind::converge: return "converge";
    case MoveKind::converge_all: return "converge_all";
    case MoveKind::end: return "end";
    }
    return "?";
}

const char* name_of(HookResult result) {
    constexpr const char* names[] = {"succeeded", "failed", "timed_out", "not_started"};
    return names[static_cast<size_t>(result)];
}

// FNV-1a over numbers.
class Digest {
  public:
    template <typename... Numbers>
    void add(Numbers... numbers) {
        (add_one(static_cast<uint64_t>(numbers)), ...);
    }
    uint64_t value() const { return value_; }

  private:
    void add_one(uint64_t number) {
        value_ = (value_ ^ number) * 1099511628211ull;
        value_ ^= value_ >> 29;
    }
    uint64_t value_ = 14695981039346656037ull;
};

void append_line(std::string& text, const World& world, uint32_t number) {
    const Service* s = world.service(number);
    text.append("  ").append(name_of_file(number)).append(" ");
    if (s == nullptr) {
        text.append("is no service\n");
        return;
    }
    Buffer<400> line;
    line << reeve::name_of(s->want) << ' ' << reeve::name_of(s->state) << '/'
         << reeve::name_of(s->phase) << " (";
    append_reason(line, world.supervisor, *s);
    line << ")";
    if (s->group != 0) line << " group " << int64_t{s->group};
    if (s->deadline != no_deadline) line << " deadline in " << (s->deadline - world.now.mono).ms;
    if (s->leaving) line << " leaving";
    if (s->removed) line << " removed";
    if (s->refused) line << " refused";
    if (s->restart_requested()) line << " restart_requested";
    for (size_t h = 0; h < hook_count; ++h)
        if (s->hook_runs(static_cast<Hook>(h)))
            line << " +" << reeve::name_of(static_cast<Hook>(h));
    text.append(line.view());
    if (world.unsure[number]) text.append("; kernel: what it was still runs");
    if (const auto& group = world.groups[number]) {
        constexpr const char* leaders[] = {"alive", "zombie", "reaped"};
        text.append("; kernel: group ").append(std::to_string(group->id));
        text.append(", leader ").append(leaders[static_cast<size_t>(group->state)]);
        text.append(", ").append(std::to_string(group->members)).append(" more");
    }
    text.append("\n");
}

}  // namespace

std::string describe(const Move& move) {
    std::string text(name_of(move.kind));
    switch (move.kind) {
    case MoveKind::reload:
    case MoveKind::shut_down:
    case MoveKind::wake:
    case MoveKind::converge:
    case MoveKind::converge_all: return text;
    case MoveKind::tick:
    case MoveKind::jump:
    case MoveKind::limits:
    case MoveKind::fail_forks:
    case MoveKind::fail_prepare:
    case MoveKind::fail_hooks:
    case MoveKind::rebirth:
    case MoveKind::die_soon:
    case MoveKind::die_writing:
    case MoveKind::rebirth_damaged:
    case MoveKind::rebirth_without_journal:
    case MoveKind::rebirth_blank:
    case MoveKind::rebirth_unsure:
    case MoveKind::begin_again:
    case MoveKind::end: return text.append(" ").append(std::to_string(move.value));
    default: break;
    }
    text.append(" ").append(name_of_file(move.number));
    const bool many =
        move.kind == MoveKind::up || move.kind == MoveKind::down || move.kind == MoveKind::restart;
    if (many && move.value > 0)
        text.append(" and ").append(std::to_string(move.value)).append(" more");
    if (move.kind == MoveKind::exit) text.append(" ").append(std::to_string(move.value));
    if (move.kind == MoveKind::obey && move.value != 0) text.append(" members too");
    if (move.kind == MoveKind::member_ends && move.value != 0) text.append(" and is reaped by us");
    if (move.kind == MoveKind::hook_ends) {
        text.append(" ").append(reeve::name_of(static_cast<Hook>(move.value / 4)));
        text.append(" ").append(name_of(static_cast<HookResult>(move.value % 4)));
    }
    if (move.kind == MoveKind::edit || move.kind == MoveKind::rewrite) {
        text.append(" ").append(name_of(static_cast<Edit>(move.value / 256)));
        if (static_cast<Edit>(move.value / 256) == Edit::depend)
            text.append(" ").append(name_of_file(move.value % 256));
    }
    return text;
}

std::string World::table() const {
    std::string text;
    for (uint32_t i = 0; i < files.size(); ++i)
        if (service(i) != nullptr || groups[i]) append_line(text, *this, i);
    return text;
}

uint64_t World::fingerprint() const {
    Digest digest;
    const auto left = [&](Mono time) {
        return time == no_deadline ? INT64_MAX : (time - now.mono).ms;
    };
    digest.add(fork_failures, prepare_failures, hook_failures, dies_after, dies_writing,
               left(kill_at), supervisor.shutting_down());
    for (uint32_t i = 0; i < files.size(); ++i) {
        const File& f = files[i];
        digest.add(f.present, f.broken, f.second, f.shape.type, f.shape.cascade, f.shape.enabled,
                   f.shape.on_change, f.shape.depends_on.size(), f.process_edits);
        if (const auto& g = groups[i])
            digest.add(1, g->leader == g->id, g->state, g->status.kind, g->status.value, g->members,
                       g->exec_pending, g->exec_failed, g->program_runs, g->leader_told,
                       g->members_told, g->orphaned);
        digest.add(unsure[i].has_value());
        for (const RunningHook& hook : hooks[i]) digest.add(hook.runs, hook.cancelled);
        const Service* s = service(i);
        digest.add(s != nullptr);
        if (s == nullptr) continue;
        if (const auto& client = asking[i])
            digest.add(client->goal.kind, s->runs - client->goal.runs_before,
                       good_ends[i] - client->good_ends);
        if (const Timer* timer = supervisor.timetable().find({slots[i]})) {
            const auto to = [&](Wall time) {
                return time == no_moment ? INT64_MAX : (time - now.wall).ms;
            };
            digest.add(to(timer->handled), to(timer->due), to(timer->forced_until),
                       left(timer->tick), timer->owed, timer->is_open, to(starts[i]));
        }
        digest.add(s->want, s->state, s->phase, s->removed, s->refused, s->known,
                   s->restart_requested(), s->restart_ahead.index, s->restart_behind, s->leaving,
                   s->killed, s->leader_gone, s->hooks, s->definition ? s->definition->digest : 0,
                   s->stale());
        digest.add(s->reason.code, s->reason.value, s->reason.other.index, s->verdict.code,
                   s->end.code, left(s->deadline), left(s->start_by), left(s->stop_by),
                   s->group_poll_ms, std::min(s->attempts, 3u), std::min(s->failures, 3u),
                   std::min<int64_t>((now.mono - s->started).ms / 1000, 10));
    }
    return digest.value();
}

}  // namespace reeve::sim
