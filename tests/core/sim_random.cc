#include "core/sim_random.h"

#include "core/sim_dates.h"

namespace reeve::sim {

Player::Player(uint64_t seed) : random_(seed) {
    scenario_.seed = seed;
    const uint32_t sizes[] = {1, 2, 3, 5, 8, 12, 20, 36};
    const uint32_t count = sizes[random_.below(8)] + random_.below(3);
    scenario_.files.resize(count);
    is_timed_ = random_.percent(50);
    if (is_timed_) {
        scenario_.start = Wall{(first_day_s + random_.below(1u << 27)) * 1000};
        if (random_.percent(10)) scenario_.start = Wall{10000};
    }
    for (uint32_t i = 0; i < count; ++i) make_file(i, count);
    if (random_.percent(30)) scenario_.max_starting = 1 + random_.below(3);
    if (random_.percent(20)) scenario_.spawn_slots = 1 + random_.below(3);
    length_ = 50 + random_.below(600);
    time_ = 5 + random_.below(30);
    commands_ = random_.below(20);
    edits_ = random_.percent(60) ? random_.below(12) : 0;
    faults_ = random_.percent(50) ? random_.below(6) : 0;
    crashes_ = random_.below(40);
    deaths_ = random_.percent(50) ? random_.below(5) : 0;
    stubborn_ = random_.below(60);
    shut_down_at_ = random_.percent(30) ? random_.below(length_) : UINT32_MAX;
}

void Player::make_file(uint32_t number, uint32_t count) {
    Shape& shape = scenario_.files[number].shape;
    shape.type = random_.percent(25) ? Type::oneshot : Type::daemon;
    shape.enabled = random_.percent(85);
    shape.on_change = random_.percent(40) ? OnChange::restart : OnChange::keep;
    if (random_.percent(40)) {
        // A oneshot that always starts again is never done: nothing could ever need it.
        constexpr Restart choices[] = {Restart::never, Restart::on_failure, Restart::always};
        shape.restart = choices[random_.below(shape.type == Type::oneshot ? 2 : 3)];
    }
    if (random_.percent(40)) shape.retries = static_cast<int32_t>(1 + random_.below(4));
    shape.fatal = random_.percent(20);
    if (random_.percent(30)) shape.restart_delay_ms = random_.percent(50) ? 0 : 20000;
    shape.ready = static_cast<ReadyKind>(random_.below(4));
    shape.start_check = random_.percent(25);
    shape.pre_start = random_.percent(25);
    shape.post_start = random_.percent(25);
    shape.post_stop = random_.percent(25);
    shape.on_fail = random_.percent(25);
    shape.stop_command = random_.percent(25);
    shape.reload_command = random_.percent(25);
    shape.check = random_.percent(20);
    shape.check_action = static_cast<CheckAction>(random_.below(3));
    shape.kill_mode = random_.percent(30) ? KillMode::process : KillMode::group;
    shape.cascade = random_.percent(30);
    shape.control_group = number % 3 == 1;
    if (is_timed_) make_timing(scenario_.files[number]);
    // No cycles, but the numbers are in no order: i may depend on j where rank(i) > rank(j).
    const auto rank = [count](uint32_t i) { return (i * 7 + 3) % 101 * 1000 + i + count * 0; };
    for (uint32_t tries = random_.below(4); tries > 0; --tries) {
        const uint32_t other = random_.below(count);
        if (rank(other) >= rank(number)) continue;
        (random_.percent(70) ? shape.depends_on : shape.after).push_back(other);
    }
}

void Player::make_timing(File& file) {
    Shape& shape = file.shape;
    shape.zone = random_.below(zones_count);
    if (random_.percent(40)) {
        shape.when = static_cast<When>(1 + random_.below(when_count - 1));
        if (shape.restart == Restart::always) shape.restart = Restart::on_failure;
        shape.overlap = static_cast<Overlap>(random_.below(3));
        shape.catch_up = random_.percent(40);
        if (random_.percent(30)) shape.jitter_s = random_.percent(50) ? 20 : 500;
    }
    if (random_.percent(20)) shape.hours = static_cast<Hours>(random_.below(hours_count));
    if (random_.percent(20)) shape.max_runtime_s = 40;
    const auto date_s = [&] { return first_day_s + random_.below(1u << 28); };
    if (random_.percent(5)) shape.apply_on_s = date_s();
    if (!random_.percent(20)) return;
    file.second = Second::real;
    file.second_on_s = date_s();
}

bool Player::next_move(const World& world, Move& move) {
    const uint32_t turn = made_++;
    if (turn >= length_) {
        const uint32_t left = turn - length_;
        if (left == 0) move = {MoveKind::converge};
        if (left == 1) move = {MoveKind::converge_all};
        if (left == 2 && random_.percent(50)) {  // a little more disorder, so that the end is one
            length_ += 20 + random_.below(40);
            made_ = length_ - 20;
            return next_move(world, move);
        }
        if (left == 2) move = {MoveKind::end, 0, random_.below(4)};
        return left <= 2;
    }
    if (turn == shut_down_at_) {
        move = {MoveKind::shut_down};
        return true;
    }
    if (world.supervisor.shutting_down() && world.supervisor.all_ended() && random_.percent(20)) {
        move = {MoveKind::begin_again, 0, random_.below(20000) * 2};
    } else if (is_timed_ && random_.percent(deaths_) && random_.percent(20)) {
        move = {MoveKind::begin_again, 0, random_.below(20000) * 2 + 1};
    } else if (world.supervisor.shutting_down() && random_.percent(2)) {
        move = {MoveKind::hasten, 0, random_.below(2)};
    } else if (random_.percent(time_)) {
        const uint32_t which = random_.below(10);
        if (which < 7)
            move = {MoveKind::wake};
        else if (which < 9)
            move = {MoveKind::tick, 0, random_.below(random_.percent(20) ? 90000 : 900)};
        else
            move = {MoveKind::jump, 0, random_.below(700000)};
        if (which == 7 && is_timed_) move.value = random_.below(4000000000);
    } else if (random_.percent(commands_)) {
        move = command();
    } else if (random_.percent(edits_)) {
        move = edit();
    } else if (random_.percent(faults_)) {
        constexpr MoveKind kinds[] = {MoveKind::fail_forks, MoveKind::fail_prepare,
                                      MoveKind::fail_hooks};
        move = {kinds[random_.below(3)], 0, random_.below(4)};
    } else if (random_.percent(deaths_)) {
        constexpr MoveKind kinds[] = {MoveKind::rebirth,         MoveKind::rebirth,
                                      MoveKind::die_soon,        MoveKind::die_soon,
                                      MoveKind::die_writing,     MoveKind::rebirth_damaged,
                                      MoveKind::rebirth_damaged, MoveKind::rebirth_without_journal};
        move = {kinds[random_.below(8)], 0, random_.below(1u << 30)};
        if (random_.percent(3)) move.kind = MoveKind::rebirth_blank;
        if (random_.percent(10)) move.kind = MoveKind::rebirth_unsure;
        if (move.kind == MoveKind::die_soon || move.kind == MoveKind::die_writing) move.value %= 24;
    } else {
        move = kernel_move(world);
    }
    return true;
}

Move Player::command() {
    const auto number =
        static_cast<uint8_t>(random_.below(static_cast<uint32_t>(scenario_.files.size())));
    const uint32_t which = random_.below(10);
    const uint32_t more = random_.percent(20) ? random_.below(20) : 0;
    if (is_timed_ && random_.percent(10)) return {MoveKind::up_now, number, more};
    if (which < 4) return {MoveKind::up, number, more};
    if (which < 7) return {MoveKind::down, number, more};
    if (which < 9) return {MoveKind::restart, number, more};
    return {MoveKind::reload_service, number};
}

Move Player::edit() {
    const auto count = static_cast<uint32_t>(scenario_.files.size());
    const auto number = static_cast<uint8_t>(random_.below(count));
    const auto what = static_cast<Edit>(random_.below(edit_count));
    const MoveKind kind = random_.percent(50) ? MoveKind::rewrite : MoveKind::edit;
    if (random_.percent(30)) return {MoveKind::reload};
    if (random_.percent(5))
        return {MoveKind::limits, 0, random_.below(4) * 256 + 1 + random_.below(8)};
    return {kind, number, edit_value(what, random_.below(count))};
}

// Looks for a service with something going on.
Move Player::kernel_move(const World& world) {
    const auto count = static_cast<uint32_t>(scenario_.files.size());
    for (int tries = 0; tries < 12; ++tries) {
        const uint32_t number = random_.below(count);
        for (uint32_t h = 0; h < hook_count; ++h) {
            if (!world.hooks[number][h].runs || random_.percent(stubborn_)) continue;
            constexpr HookResult results[] = {HookResult::succeeded, HookResult::succeeded,
                                              HookResult::succeeded, HookResult::failed,
                                              HookResult::timed_out};
            const HookResult result = results[random_.below(5)];
            return {MoveKind::hook_ends, static_cast<uint8_t>(number),
                    hook_value(static_cast<Hook>(h), result)};
        }
        if (world.groups[number]) return process_move(world, number);
    }
    return {MoveKind::wake};
}

Move Player::process_move(const World& world, uint32_t index) {
    const Group& group = *world.groups[index];
    const auto number = static_cast<uint8_t>(index);
    const bool obeys = !random_.percent(stubborn_);
    if (group.state == Group::Leader::zombie && random_.percent(80))
        return {MoveKind::reap, number};
    if (group.exec_pending && random_.percent(70))
        return {random_.percent(90) ? MoveKind::exec_done : MoveKind::exec_fail, number};
    if (group.leader_told && obeys) return {MoveKind::obey, number, random_.below(2)};
    if (group.state == Group::Leader::reaped && group.members > 0 && obeys)
        return {MoveKind::member_ends, number, random_.below(2)};
    if (random_.percent(crashes_)) {
        constexpr uint32_t ends[] = {0, 0, 1, 3, 256 + 9, 256 + 15, 512};
        return {MoveKind::exit, number, ends[random_.below(7)]};
    }
    switch (random_.below(8)) {
    case 0: return {MoveKind::fork_member, number};
    case 1: return {MoveKind::member_ends, number, random_.below(2)};
    case 2: return {MoveKind::main_process, number};
    case 3: return {random_.percent(30) ? MoveKind::announce_stop : MoveKind::ready, number};
    default: return {MoveKind::ready, number};
    }
}

}  // namespace reeve::sim
