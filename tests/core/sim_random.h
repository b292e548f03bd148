// Random scenarios and random moves. The same seed makes the same run on every machine.
#pragma once

#include <cstdint>

#include "core/sim_world.h"

namespace reeve::sim {

// splitmix64
class Random {
  public:
    explicit Random(uint64_t seed) : state_(seed) {}
    uint64_t next() {
        uint64_t z = state_ += 0x9e3779b97f4a7c15ull;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
        z = (z ^ z >> 27) * 0x94d049bb133111ebull;
        return z ^ z >> 31;
    }
    uint32_t below(uint32_t bound) { return static_cast<uint32_t>(next() % bound); }
    bool percent(uint32_t chance) { return below(100) < chance; }

  private:
    uint64_t state_;
};

// Makes up a scenario, and then one move after the other. Each seed has habits of its own: some
// runs crash much, some edit much, some hardly wait.
class Player {
  public:
    explicit Player(uint64_t seed);
    const Scenario& scenario() const { return scenario_; }
    // False: the run is over.
    bool next_move(const World& world, Move& move);

  private:
    void make_file(uint32_t number, uint32_t count);
    void make_timing(File& file);
    Move kernel_move(const World& world);
    Move process_move(const World& world, uint32_t number);
    Move command();
    Move edit();

    Random random_;
    Scenario scenario_;
    uint32_t length_;  // moves before the end
    uint32_t made_ = 0;
    uint32_t time_;  // chances in percent
    uint32_t deaths_;
    uint32_t commands_;
    uint32_t edits_;
    uint32_t faults_;
    uint32_t crashes_;   // of a process, when it is its turn
    uint32_t stubborn_;  // a hook or process does not do as it should
    uint32_t shut_down_at_;
    bool is_timed_ = false;
};

}  // namespace reeve::sim
