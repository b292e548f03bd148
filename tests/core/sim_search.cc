#include "core/sim_search.h"

#include <csetjmp>
#include <csignal>
#include <fcntl.h>
#include <optional>
#include <unistd.h>
#include <unordered_map>

#include "core/sim_random.h"

namespace reeve::sim {

namespace {

// --- A failed check() ends in SIGABRT: back from there, to shrink what led to it -----------------

sigjmp_buf way_back;
volatile sig_atomic_t caught;

void catch_signal(int number) {
    caught = number;
    siglongjmp(way_back, 1);
}

// While one of these lives, the signals of a crash lead to `way_back`.
class CrashCatcher {
  public:
    CrashCatcher() {
        struct sigaction action = {};
        action.sa_handler = catch_signal;
        sigemptyset(&action.sa_mask);
        for (size_t i = 0; i < 2; ++i) sigaction(numbers_[i], &action, &before_[i]);
    }
    CrashCatcher(const CrashCatcher&) = delete;
    CrashCatcher& operator=(const CrashCatcher&) = delete;
    ~CrashCatcher() {
        for (size_t i = 0; i < 2; ++i) sigaction(numbers_[i], &before_[i], nullptr);
    }
    static Failure failure() {
        return {caught == SIGABRT ? "a check() of the program" : "a wild pointer", ""};
    }

  private:
    static constexpr int numbers_[2] = {SIGABRT, SIGSEGV};
    struct sigaction before_[2];
};

// Shrinking fails on purpose, hundreds of times: what check() says of that is not shown.
class Silence {
  public:
    Silence() : kept_(dup(2)) {
        const int nowhere = open("/dev/null", O_WRONLY);
        dup2(nowhere, 2);
        close(nowhere);
    }
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;
    ~Silence() {
        dup2(kept_, 2);
        close(kept_);
    }

  private:
    int kept_;
};

// The world of a replay stays when a crash jumps out of it; it is only looked at then.
World* replayed = nullptr;

Failure replay_in(World& world, const Run& run) {
    for (const Move& move : run.moves) {
        if (world.failed()) break;
        world.apply(move);
    }
    return world.failure;
}

bool still_fails(const Run& run, const Failure& failure) {
    const Failure found = replay(run);
    return found.rule != nullptr && std::string_view(found.rule) == failure.rule;
}

// Drops ever smaller pieces of the moves while the failure persists (delta debugging).
bool drop_moves(Run& run, const Failure& failure) {
    bool any = false;
    for (size_t piece = (run.moves.size() + 1) / 2; piece > 0; piece /= 2) {
        for (size_t at = 0; at < run.moves.size();) {
            Run shorter = run;
            const auto first = shorter.moves.begin() + static_cast<long>(at);
            shorter.moves.erase(first,
                                first + static_cast<long>(std::min(piece, run.moves.size() - at)));
            if (still_fails(shorter, failure)) {
                run = shorter;
                any = true;
            } else {
                at += piece;
            }
        }
    }
    return any;
}

// Takes whole services away, and then single keys.
bool simplify_files(Run& run, const Failure& failure) {
    bool any = false;
    const auto attempt = [&](auto change) {
        Run simpler = run;
        change(simpler);
        if (!still_fails(simpler, failure)) return;
        run = simpler;
        any = true;
    };
    for (size_t i = 0; i < run.scenario.files.size(); ++i) {
        const auto file = [i](Run& r) -> File& { return r.scenario.files[i]; };
        if (!file(run).present) continue;
        attempt([&](Run& r) { file(r).present = false; });
        if (!file(run).present) continue;
        const Shape& shape = file(run).shape;
        if (!shape.depends_on.empty()) attempt([&](Run& r) { file(r).shape.depends_on.clear(); });
        if (!shape.after.empty()) attempt([&](Run& r) { file(r).shape.after.clear(); });
        if (shape.cascade) attempt([&](Run& r) { file(r).shape.cascade = false; });
        if (shape.retries != 0) attempt([&](Run& r) { file(r).shape.retries = 0; });
        if (shape.ready != ReadyKind::exec)
            attempt([&](Run& r) { file(r).shape.ready = ReadyKind::exec; });
        for (bool Shape::*flag :
             {&Shape::start_check, &Shape::pre_start, &Shape::post_start, &Shape::post_stop,
              &Shape::on_fail, &Shape::stop_command, &Shape::reload_command, &Shape::check})
            if (shape.*flag) attempt([&](Run& r) { file(r).shape.*flag = false; });
    }
    if (run.scenario.max_starting != 0) attempt([](Run& r) { r.scenario.max_starting = 0; });
    return any;
}

}  // namespace

Failure replay(const Run& run) {
    delete replayed;
    replayed = nullptr;
    CrashCatcher catcher;
    if (sigsetjmp(way_back, 1) != 0) return CrashCatcher::failure();
    replayed = new World(run.scenario);
    return replay_in(*replayed, run);
}

std::string report(const Run& run, const Failure& failure) {
    Run shrunk = run;
    {
        const Silence silence;
        if (still_fails(run, failure))
            while (drop_moves(shrunk, failure) | simplify_files(shrunk, failure)) continue;
    }
    const Failure last = replay(shrunk);
    std::string text = "the simulator found: ";
    text.append(failure.rule).append(": ").append(last.rule ? last.detail : failure.detail);
    if (last.detail != failure.detail)
        text.append(" (at first: ").append(failure.detail).append(")");
    if (run.scenario.seed != 0)
        text.append("\nseed ")
            .append(std::to_string(run.scenario.seed))
            .append(" (make sim SEED=")
            .append(std::to_string(run.scenario.seed))
            .append(" STEPS=1)");
    text.append("\nfiles:\n");
    for (uint32_t i = 0; i < shrunk.scenario.files.size(); ++i)
        if (shrunk.scenario.files[i].present)
            text.append("  ").append(describe(shrunk.scenario.files[i], i)).append("\n");
    text.append("max_starting ").append(std::to_string(shrunk.scenario.max_starting));
    text.append(", spawn slots ").append(std::to_string(shrunk.scenario.spawn_slots));
    text.append("\nmoves (").append(std::to_string(shrunk.moves.size())).append(" of ");
    text.append(std::to_string(run.moves.size())).append("):\n");
    for (const Move& move : shrunk.moves) text.append("  ").append(describe(move)).append("\n");
    text.append("state:\n");
    if (replayed != nullptr) text.append(replayed->table());
    return text;
}

// --- All of them ---------------------------------------------------------------------------------

namespace {

class Search {
  public:
    Search(const Scenario& scenario, const std::vector<Move>& moves, Totals& totals)
        : moves_(moves), totals_(totals) {
        run_.scenario = scenario;
    }

    Failure failure() const { return failure_; }
    const Run& run() const { return run_; }

    // False: a failure was found, run() leads to it.
    bool descend(const World& world, int depth) {
        if (depth == 0) return finish(world);
        std::optional<World> next;  // a copy is dear: one that a move left alone serves the next
        for (const Move& move : moves_) {
            run_.moves.push_back(move);
            if (!next) next.emplace(world);
            if (next->apply(move)) {
                totals_.steps += next->steps - world.steps;
                failure_ = next->failure;
                if (next->failed()) return false;
                int& explored = seen_[next->fingerprint()];
                if (explored < depth) {
                    explored = depth;
                    if (!descend(*next, depth - 1)) return false;
                }
                next.reset();
            }
            run_.moves.pop_back();
        }
        return true;
    }

  private:
    // Ways to end take turns, for each takes many steps.
    bool finish(const World& world) {
        ++totals_.runs;
        const uint32_t turn = turns_++ % 8;
        const MoveKind kind = turn < 2   ? MoveKind::converge
                              : turn < 4 ? MoveKind::converge_all
                                         : MoveKind::end;
        return last(world, {kind, 0, turn % 4});
    }

    bool last(const World& world, const Move& move) {
        run_.moves.push_back(move);
        World next = world;
        next.apply(move);
        totals_.steps += next.steps - world.steps;
        failure_ = next.failure;
        if (next.failed()) return false;
        run_.moves.pop_back();
        return true;
    }

    const std::vector<Move>& moves_;
    Totals& totals_;
    Run run_;
    Failure failure_;
    uint32_t turns_ = 0;
    std::unordered_map<uint64_t, int> seen_;
};

// Where a crash happens, this is what led to it.
Run crashed;

// In a function of its own: nothing of it lives where the jump lands.
[[gnu::noinline]] Failure search_from(Search& search, const Scenario& scenario, int depth) {
    const World world(scenario);
    if (world.failed()) return world.failure;
    return search.descend(world, depth) ? Failure{} : search.failure();
}

Failure search_guarded(Search& search, const Scenario& scenario, int depth) {
    const CrashCatcher catcher;
    if (sigsetjmp(way_back, 1) != 0) return CrashCatcher::failure();
    return search_from(search, scenario, depth);
}

}  // namespace

std::string search_all(const Scenario& scenario, const std::vector<Move>& moves, int depth,
                       Totals& totals) {
    static Search* search;  // outlives a jump out of it
    search = new Search(scenario, moves, totals);
    const Failure failure = search_guarded(*search, scenario, depth);
    crashed = search->run();
    delete search;
    return failure.rule == nullptr ? std::string() : report(crashed, failure);
}

std::string search_random(uint64_t first_seed, uint64_t steps, Totals& totals) {
    static Run run;  // outlives a jump
    static uint64_t seed;
    static uint64_t made;
    Failure failure;
    {
        CrashCatcher catcher;
        made = 0;
        seed = first_seed;
        if (sigsetjmp(way_back, 1) != 0) failure = CrashCatcher::failure();
        for (; failure.rule == nullptr && made < steps; ++seed) {
            Player player(seed);
            run = {player.scenario(), {}};
            World world(run.scenario);
            for (Move move; !world.failed() && player.next_move(world, move);) {
                run.moves.push_back(move);
                world.apply(move);
            }
            failure = world.failure;
            made += world.steps;
            totals.steps += world.steps;
            ++totals.seeds;
            ++totals.runs;
        }
    }
    return failure.rule == nullptr ? std::string() : report(run, failure);
}

}  // namespace reeve::sim
