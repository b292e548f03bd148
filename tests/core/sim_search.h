// How the simulator looks for trouble: all short lists of moves, and long random ones. What it
// finds is made short before it is told.
#pragma once

#include <string>
#include <vector>

#include "core/sim_world.h"

namespace reeve::sim {

// What was done so far, for the last line of the output.
struct Totals {
    uint64_t steps = 0;
    uint64_t runs = 0;
    uint64_t seeds = 0;
};

struct Run {
    Scenario scenario;
    std::vector<Move> moves;
};

// A run made anew; also what ends in check() or in a wild pointer comes back as a failure.
Failure replay(const Run& run);

// The run, shortened while the same rule is broken; then in words, with seed, files, moves, state.
std::string report(const Run& run, const Failure& failure);

// Every list of at most `depth` moves out of `moves`, but none twice from worlds that are alike;
// from the deepest worlds also whether they converge, and end. Empty, or the report of a failure.
std::string search_all(const Scenario& scenario, const std::vector<Move>& moves, int depth,
                       Totals& totals);

// Random scenarios and moves, a seed a run, until `steps` are made.
std::string search_random(uint64_t first_seed, uint64_t steps, Totals& totals);

}  // namespace reeve::sim
