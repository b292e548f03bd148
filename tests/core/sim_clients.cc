// Who has asked for what in the simulator, and waits as svctl does. What they are told is held
// against what the fake kernel knows, and nobody may wait for what will not come.
#include <algorithm>

#include "core/explain.h"
#include "core/sim_world.h"

namespace reeve::sim {

namespace {

// Will it not come up before somebody asks for another thing?
bool is_held_down(const World& world, uint32_t slot) {
    const auto services = world.supervisor.services();
    const Service& s = services[slot];
    if (s.want == Want::down || s.removed || world.supervisor.shutting_down()) return true;
    if (is_closed(world, slot)) return false;  // that is told once it has stopped
    const auto& needs = world.edges.needs[slot];
    return !needs.empty() && std::all_of(needs.begin(), needs.end(), [&](uint32_t need) {
        return services[need].want == Want::down && world.edges.leave[need];
    });
}

}  // namespace

// As an answer does when it begins.
void World::ask(MoveKind kind, const List<ServiceId>& ids) {
    for (const ServiceId id : ids) {
        const Service& s = supervisor.at(id);
        const uint32_t number = number_of(s.name);
        Goal goal{.runs_before = s.runs};
        if (kind == MoveKind::down) goal.kind = Goal::Kind::down;
        if (kind == MoveKind::restart) goal.kind = Goal::Kind::restarted;
        if (kind == MoveKind::up && s.active() && s.state != State::stopping) --goal.runs_before;
        asking[number] = Asking{goal, good_ends[number]};
    }
}

// After each event: who is told something goes away.
void World::hear() {
    for (uint32_t n = 0; n < files.size() && !failed(); ++n) {
        if (!asking[n]) continue;
        const Service* s = service(n);
        if (s == nullptr) {
            asking[n].reset();
            continue;
        }
        const Goal& goal = asking[n]->goal;
        const bool down = goal.kind == Goal::Kind::down;
        const std::string who(name_of_file(n));
        const bool oneshot = s->definition && s->policy().type == Type::oneshot;
        switch (progress(supervisor, {slots[n]}, goal)) {
        case Progress::pending:
            if (down && s->want == Want::up && !s->removed && !supervisor.shutting_down())
                fail("a client waits for a stop that was taken back", who);
            if (!down && is_held_down(*this, slots[n]))
                fail("a client waits for what is to be down", who);
            continue;
        case Progress::reached: {
            const bool ended = s->state == State::done || good_ends[n] > asking[n]->good_ends ||
                               s->end.code == ReasonCode::exit_unknown;
            if (down && s->active()) fail("told to be down, and it is not", who);
            const bool is_at_work = is_held_by_clock(*s) ||
                                    (s->state == State::waiting && s->definition->has_schedule());
            if (is_at_work && goal.kind == Goal::Kind::up) break;
            if (!down && oneshot && !ended) fail("told to be done, and it has not ended", who);
            if (!down && !oneshot && s->state != State::running && s->state != State::done)
                fail("told to be up, and it is not", who);
            break;
        }
        case Progress::overtaken:
            if (down ? s->want == Want::down : !edges.leave[slots[n]])
                fail("told to be overtaken, and nobody has", who);
            break;
        case Progress::failed:
            if (down && !s->undo_failed()) fail("a stop that fails", who);
            break;
        }
        asking[n].reset();
    }
}

// Nothing more is to come, but for what runs until it is stopped.
void World::check_answered() {
    for (uint32_t n = 0; n < files.size(); ++n) {
        const Service* s = service(n);
        if (!asking[n] || s == nullptr) continue;
        const Service& root = supervisor.at(causes(supervisor, {slots[n]}).back());
        if (is_held_by_clock(root)) continue;
        if (!root.active() || root.policy().type != Type::oneshot)
            fail("a client waits for ever", std::string(name_of_file(n)));
    }
}

}  // namespace reeve::sim
