#include "bench/parts.h"

#include <algorithm>
#include <cstdio>

#include "bench/session.h"

namespace reeve::bench {

namespace {

// Seconds for all rounds of one contender. Those that take minutes have fewer rounds, at least one.
constexpr double share_s = 10;

}  // namespace

Strings part_names() {
    return {"bringup", "restart",    "status",  "command",  "shutdown", "memory",
            "size",    "entrypoint", "orphans", "idle",     "takeover", "reading",
            "logs",    "crowd",      "busy",    "schedule", "listen"};
}

bool Bench::wants(const std::string& part) const {
    const Strings& wanted = options.parts;
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), part) != wanted.end();
}

void interleave(Bench& bench, const std::string& part,
                const std::vector<const Contender*>& contenders, int rounds,
                const std::function<void(const Contender&, int round)>& measure) {
    std::vector<double> used(contenders.size(), 0);
    for (int round = 0; round < rounds; ++round) {
        for (size_t i = 0; i < contenders.size(); ++i) {
            const Contender& contender = *contenders[i];
            if (used[i] > share_s) continue;
            const int64_t begin = now();
            try {
                measure(contender, round);
                const double seconds = static_cast<double>(now() - begin) / 1e9;
                used[i] += seconds;
                std::fprintf(stderr, "  BENCH %s, round %d of %d: %s: %.1f s\n", part.c_str(),
                             round + 1, rounds, contender.name.c_str(), seconds);
            } catch (const Failure& failure) {
                bench.report.skip(contender.name + " from here on: " + failure.what());
                used[i] = share_s + 1;
            }
        }
    }
}

}  // namespace reeve::bench
