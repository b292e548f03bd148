// The simulator's searches. REEVE_SIM_SEED and REEVE_SIM_STEPS make the random one start elsewhere,
// and go on longer; REEVE_SIM_DEPTH makes those of one service go so many moves deep.
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "catch.h"
#include "core/sim_dates.h"
#include "core/sim_search.h"

namespace {

using namespace reeve;
using namespace reeve::sim;

// How many moves the exhaustive searches go deep: one more takes eight times as long. They copy
// worlds all the time, which the address sanitizer makes ten times as dear.
#if defined(__SANITIZE_ADDRESS__)
constexpr int default_depth = 3;
constexpr int depth_for_two = 2;
constexpr uint64_t default_steps = 100000;
#else
constexpr int default_depth = 4;
constexpr int depth_for_two = 4;
constexpr uint64_t default_steps = 700000;
#endif

constexpr uint64_t default_seed = 1;

uint64_t number_from_environment(const char* name, uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

int depth_for_one() {
    return static_cast<int>(number_from_environment("REEVE_SIM_DEPTH", default_depth));
}

class Stopwatch {
  public:
    explicit Stopwatch(const char* what) : what_(what) {}
    void tell(const Totals& totals) const {
        const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - began_;
        std::printf("%s: %llu steps, %llu runs", what_,
                    static_cast<unsigned long long>(totals.steps),
                    static_cast<unsigned long long>(totals.runs));
        if (totals.seeds > 0)
            std::printf(", %llu seeds", static_cast<unsigned long long>(totals.seeds));
        std::printf(", %.1f s\n", spent.count());
    }

  private:
    const char* what_;
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

Scenario alone(Shape shape) {
    Scenario scenario;
    scenario.files.resize(1);
    scenario.files[0].shape = std::move(shape);
    return scenario;
}

// Policies that differ in what they do, one service each.
std::vector<Shape> shapes() {
    return {
        {},
        {.restart = Restart::never, .ready = ReadyKind::fd},
        {.enabled = false, .retries = 2, .ready = ReadyKind::notify, .on_fail = true},
        {.on_change = OnChange::restart, .restart_delay_ms = 0, .ready = ReadyKind::after},
        {.ready = ReadyKind::fd, .start_check = true, .stop_command = true},
        {.retries = 1, .pre_start = true, .post_stop = true},
        {.type = Type::oneshot},
        {.type = Type::oneshot, .restart = Restart::on_failure, .retries = 2, .pre_start = true},
        {.type = Type::oneshot, .restart = Restart::always, .post_stop = true},
        {.retries = 2, .ready = ReadyKind::fd, .post_start = true, .check = true},
        {.restart = Restart::on_failure, .fatal = true, .kill_mode = KillMode::process},
        {.ready = ReadyKind::notify,
         .start_check = true,
         .pre_start = true,
         .post_stop = true,
         .stop_command = true,
         .reload_command = true,
         .kill_mode = KillMode::process},
    };
}

// What can happen to a service and its processes.
void add_moves(std::vector<Move>& moves, uint8_t n) {
    for (MoveKind kind : {MoveKind::exec_done, MoveKind::ready, MoveKind::reap, MoveKind::down,
                          MoveKind::up, MoveKind::restart})
        moves.push_back({kind, n});
    moves.push_back({MoveKind::exit, n, 1});
    moves.push_back({MoveKind::obey, n, 1});
    for (uint32_t hook = 0; hook < hook_count; ++hook) {
        moves.push_back({MoveKind::hook_ends, n, hook * 4});
        moves.push_back({MoveKind::hook_ends, n, hook * 4 + 1});
    }
}

void add_rare_moves(std::vector<Move>& moves, uint8_t n) {
    for (MoveKind kind : {MoveKind::exec_fail, MoveKind::announce_stop, MoveKind::main_process,
                          MoveKind::member_ends, MoveKind::reload_service})
        moves.push_back({kind, n});
    moves.push_back({MoveKind::exit, n, 0});
    moves.push_back({MoveKind::exit, n, 3});
    moves.push_back({MoveKind::fork_member, n});
}

// reeve's own: nothing else happens meanwhile, or all that can; in or after the next action.
void add_deaths(std::vector<Move>& moves) {
    moves.push_back({MoveKind::rebirth, 0, 0});
    moves.push_back({MoveKind::rebirth, 0, UINT32_MAX});
    moves.push_back({MoveKind::die_soon, 0, 0});
    moves.push_back({MoveKind::die_soon, 0, 1});
}

void add_edits(std::vector<Move>& moves, uint8_t n, std::initializer_list<Edit> edits) {
    for (Edit edit : edits) moves.push_back({MoveKind::rewrite, n, edit_value(edit, 0)});
}

}  // namespace

TEST_CASE("one service keeps the rules, whatever short thing happens") {
    Totals totals;
    const Stopwatch watch("one service, exhaustive");
    std::vector<Move> moves{{MoveKind::wake}, {MoveKind::fail_forks, 0, 1}, {MoveKind::shut_down}};
    add_deaths(moves);
    add_moves(moves, 0);
    add_rare_moves(moves, 0);
    add_edits(moves, 0,
              {Edit::process, Edit::remove, Edit::restore, Edit::break_it, Edit::mend, Edit::second,
               Edit::second_fake, Edit::second_broken});
    for (const Shape& shape : shapes()) {
        const std::string found = search_all(alone(shape), moves, depth_for_one(), totals);
        INFO(found);
        REQUIRE(found.empty());
    }
    watch.tell(totals);
}

TEST_CASE("two services keep the rules, whatever short thing happens") {
    Totals totals;
    const Stopwatch watch("two services, exhaustive");
    std::vector<Move> moves{{MoveKind::wake}, {MoveKind::fail_forks, 0, 1}, {MoveKind::shut_down}};
    add_deaths(moves);
    add_moves(moves, 0);
    add_moves(moves, 1);
    add_edits(moves, 0, {Edit::remove, Edit::restore, Edit::break_it, Edit::second_fake});
    add_edits(moves, 1, {Edit::process, Edit::break_it, Edit::cascade, Edit::independent});
    const auto pair = [&](Shape first, Shape second, uint32_t max_starting = 0) {
        Scenario scenario;
        scenario.files.resize(2);
        scenario.files[0].shape = std::move(first);
        scenario.files[1].shape = std::move(second);
        scenario.max_starting = max_starting;
        const std::string found = search_all(scenario, moves, depth_for_two, totals);
        INFO(found);
        REQUIRE(found.empty());
    };
    pair({}, {.depends_on = {0}});
    pair({.ready = ReadyKind::fd}, {.cascade = true, .depends_on = {0}});
    pair({.type = Type::oneshot}, {.stop_command = true, .depends_on = {0}});
    pair({.restart = Restart::never, .post_stop = true}, {.cascade = true, .depends_on = {0}});
    pair({.ready = ReadyKind::notify}, {.pre_start = true, .after = {0}});
    pair({.ready = ReadyKind::fd, .pre_start = true}, {.ready = ReadyKind::fd}, 1);
    watch.tell(totals);
}

TEST_CASE("one service keeps the rules, whatever is left of its journal") {
    Totals totals;
    const Stopwatch watch("one service, damaged records");
    std::vector<Move> moves{{MoveKind::wake}, {MoveKind::fork_member}};
    add_deaths(moves);
    for (uint32_t luck : {0u, 1u, 0x10000u, 0x20001u, 0x50000u})
        moves.push_back({MoveKind::rebirth_damaged, 0, luck});
    for (uint32_t records : {0u, 1u, 2u}) moves.push_back({MoveKind::die_writing, 0, records});
    moves.push_back({MoveKind::rebirth_without_journal, 0, 0});
    moves.push_back({MoveKind::rebirth_blank, 0, 0});
    moves.push_back({MoveKind::rebirth_unsure, 0, 0});
    add_moves(moves, 0);
    add_edits(moves, 0, {Edit::process, Edit::remove, Edit::break_it});
    for (const Shape& shape : shapes()) {
        const std::string found = search_all(alone(shape), moves, depth_for_one() - 1, totals);
        INFO(found);
        REQUIRE(found.empty());
    }
    watch.tell(totals);
}

// What belongs to its clock, of services one at a time.
std::vector<Shape> clock_shapes() {
    return {
        {.when = When::minutely, .overlap = Overlap::queue},
        {.restart = Restart::on_failure, .when = When::hourly, .overlap = Overlap::kill},
        {.retries = 1, .on_fail = true, .when = When::interval, .max_runtime_s = 40},
        {.when = When::nightly, .catch_up = true, .jitter_s = 20, .zone = 1},
        {.stop_command = true, .hours = Hours::day},
        {.hours = Hours::night, .zone = 2},
    };
}

TEST_CASE("one service keeps the rules, whatever its clock shows") {
    Totals totals;
    const Stopwatch watch("one service, by the clock");
    std::vector<Move> moves{
        {MoveKind::wake},      {MoveKind::tick, 0, 1000},        {MoveKind::tick, 0, 600000},
        {MoveKind::shut_down}, {MoveKind::begin_again, 0, 2880}, {MoveKind::begin_again, 0, 61}};
    // Back by seconds, an hour and years, forwards by hours, to 1970, and to where it began.
    for (uint32_t value : {45000u, 146400u, 420000u, 160000u, 500001u, 600000u})
        moves.push_back({MoveKind::jump, 0, value});
    moves.push_back({MoveKind::rebirth, 0, 0});
    moves.push_back({MoveKind::die_soon, 0, 0});
    for (MoveKind kind : {MoveKind::exec_done, MoveKind::reap, MoveKind::down, MoveKind::up,
                          MoveKind::up_now, MoveKind::restart})
        moves.push_back({kind, 0});
    for (uint32_t code : {0u, 1u}) moves.push_back({MoveKind::exit, 0, code});
    moves.push_back({MoveKind::obey, 0, 1});
    for (const uint32_t when : {1u, 2u})
        moves.push_back({MoveKind::rewrite, 0, edit_value(Edit::when, when)});
    add_edits(moves, 0, {Edit::apply_on, Edit::break_it, Edit::mend});
    for (const Shape& shape : clock_shapes()) {
        Scenario scenario = alone(shape);
        scenario.start = Wall{(first_day_s + 25 * 3600 + 1790) * 1000};
        const std::string found = search_all(scenario, moves, depth_for_one() - 2, totals);
        INFO(found);
        REQUIRE(found.empty());
    }
    watch.tell(totals);
}

// The fake kernel has to say what the real one does: kill(2) on a group finds whoever is in it.
TEST_CASE("a main process that was named and is not on record is left of its group") {
    for (const bool was_recorded : {true, false}) {
        CAPTURE(was_recorded);  // that the program was executed
        World world(alone({.ready = ReadyKind::notify}));
        if (was_recorded) world.apply({MoveKind::exec_done});
        world.apply({MoveKind::fork_member});
        world.apply({MoveKind::exit, 0, 0});
        world.apply({MoveKind::die_writing, 0, 0});
        world.apply({MoveKind::main_process});
        INFO((world.failed() ? world.failure.rule : "all rules hold"));
        REQUIRE_FALSE(world.failed());
        REQUIRE(world.groups[0]);
        CHECK(world.groups[0]->members == 1);
        CHECK(world.groups[0]->members_told);
        CHECK(world.service(0)->state == State::stopping);
        CHECK(world.service(0)->reason.code == ReasonCode::group_left);
        world.apply({MoveKind::converge_all});
        CHECK_FALSE(world.failed());
        CHECK(world.service(0)->state == State::running);
    }
}

TEST_CASE("a service is forgotten by the first of several actions that find it gone") {
    World world(alone({}));
    for (MoveKind kind :
         {MoveKind::exec_done, MoveKind::fork_member, MoveKind::exit, MoveKind::reap})
        world.apply({kind});
    world.apply({MoveKind::rewrite, 0, edit_value(Edit::remove, 0)});
    world.apply({MoveKind::shut_down});
    while (!world.failed() && world.service(0)->phase != Phase::killing)
        world.apply({MoveKind::wake});
    world.apply({MoveKind::hasten});
    world.apply({MoveKind::tick, 0, 2000});  // its own deadline and the shutdown's, in one turn
    INFO((world.failed() ? world.failure.rule : "all rules hold"));
    CHECK_FALSE(world.failed());
    CHECK(world.service(0) == nullptr);
    CHECK_FALSE(world.groups[0]);
}

TEST_CASE("a start that nobody knows how to go on with is dropped, whoever still ends behind it") {
    Scenario scenario;
    scenario.files.resize(2);
    scenario.files[0].shape = {.restart_delay_ms = 0, .pre_start = true};
    scenario.files[1].shape = {.depends_on = {0}};
    World world(scenario);
    const Move pre_start_ends{MoveKind::hook_ends, 0,
                              hook_value(Hook::pre_start, HookResult::succeeded)};
    for (const Move& move : {pre_start_ends, Move{MoveKind::exec_done},
                             Move{MoveKind::exec_done, 1}, Move{MoveKind::exit},
                             Move{MoveKind::reap}, Move{MoveKind::wake}, Move{MoveKind::down, 1}})
        world.apply(move);
    REQUIRE(world.service(0)->phase == Phase::pre_start);
    REQUIRE(world.service(1)->state == State::stopping);
    world.apply({MoveKind::edit, 0, edit_value(Edit::depend_on_nothing, 0)});
    world.apply({MoveKind::rebirth});
    INFO((world.failed() ? world.failure.rule : "all rules hold"));
    CHECK_FALSE(world.failed());
    CHECK(world.service(0)->phase == Phase::cancelling);
    CHECK(world.service(1)->state == State::stopping);
    world.apply({MoveKind::converge});
    CHECK_FALSE(world.failed());
    CHECK(world.service(0)->state == State::invalid);
    CHECK(world.service(1)->state == State::stopped);
}

TEST_CASE("dozens of services keep the rules through thousands of random moves") {
    Totals totals;
    const Stopwatch watch("dozens of services, random");
    const uint64_t seed = number_from_environment("REEVE_SIM_SEED", default_seed);
    const uint64_t steps = number_from_environment("REEVE_SIM_STEPS", default_steps);
    const std::string found = search_random(seed, steps, totals);
    watch.tell(totals);
    INFO(found);
    REQUIRE(found.empty());
}
