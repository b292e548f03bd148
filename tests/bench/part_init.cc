// PID 1 of a container with one program.
#include <algorithm>

#include "bench/parts.h"
#include "bench/session.h"

namespace reeve::bench {

namespace {

constexpr int rounds_per_repeat = 10;
constexpr int orphan_count = 20'000;
constexpr int orphan_rounds_max = 3;

// The whole of it, the namespace's beginning and end included, in nanoseconds. Every container is
// a new one: nothing is left of a run before.
double time_as_init(const Bench& bench, const Contender& contender, const Strings& command) {
    const Programs& programs = bench.options.programs;
    const test::TempDir directory;
    const Marks marks(directory / "marks");
    const Site site{directory.path(), &programs, 1};
    Strings words = {"raw", "namespace", "-", resolve(programs, contender.programs.front())};
    for (const std::string& word : contender.arguments(site)) words.push_back(word);
    words.insert(words.end(), command.begin(), command.end());
    const Timing timing =
        time_command(programs, 1, words, {BENCH_MARKS "=" + marks.path()}).front();
    return static_cast<double>(timing.end - timing.begin);
}

Table entrypoint_table() {
    return {.id = "entrypoint",
            .title = "/bin/true as the program of PID 1, in a new PID namespace",
            .unit = "us",
            .notes = {"clone, mount of /proc, exec, and all of it gone",
                      "raw: the least that can be PID 1, a vfork and a loop of waitpid"},
            .goals = {{.at_most = 1.1, .peers = {"tini"}},
                      {.of = Goal::Of::quartile_ratio, .at_most = 1.1, .peers = {"tini"}}}};
}

Table orphan_table() {
    return {.id = "orphans",
            .title = "20000 orphans that PID 1 reaps",
            .unit = "ms",
            .notes = {"forked one by one, and none left"},
            .goals = {{.at_most = 1.1, .peers = {"tini", "dumb-init", "catatonit"}}}};
}

}  // namespace

void measure_init(Bench& bench) {
    const Programs& programs = bench.options.programs;
    const int repeat = bench.options.repeat;
    if (bench.wants("entrypoint")) {
        Table& table = bench.report.table(entrypoint_table());
        interleave(bench, "entrypoint", bench.entrypoints, repeat * rounds_per_repeat,
                   [&](const Contender& contender, int) {
                       table.add(contender.name,
                                 time_as_init(bench, contender, {"/bin/true"}) / 1e3);
                   });
    }
    if (bench.wants("orphans")) {
        Table& table = bench.report.table(orphan_table());
        const Strings command = {programs.raw, "orphans", std::to_string(orphan_count)};
        interleave(bench, "orphans", bench.entrypoints, std::min(repeat, orphan_rounds_max),
                   [&](const Contender& contender, int) {
                       table.add(contender.name, time_as_init(bench, contender, command) / 1e6);
                   });
    }
}

}  // namespace reeve::bench
