#include <cstdlib>

#include "bench/memory.h"
#include "bench/parts.h"
#include "support/tempdir.h"

namespace reeve::bench {

namespace {

double pss_kb(pid_t pid) {
    const std::string text = test::read_file("/proc/" + std::to_string(pid) + "/smaps_rollup");
    const size_t place = text.find("\nPss:");
    if (place == text.npos) throw Failure("no Pss in /proc/PID/smaps_rollup");
    return std::atof(text.c_str() + place + 5);
}

}  // namespace

Table memory_table(int services) {
    const bool one = services == 1;
    return {.id = "memory_" + std::to_string(services),
            .title = "Memory beside " + std::string(one ? "1 service" : "1000 services"),
            .unit = "KB",
            .notes = {"PSS of all processes that are no services"},
            .goals = {{.of = Goal::Of::value, .at_most = one ? 120.0 : 600.0}}};
}

double memory_kb(const Session& session) {
    double sum = 0;
    for (const pid_t pid : session.own_pids()) sum += pss_kb(pid);
    return sum;
}

void measure_memory(Bench& bench) {
    if (!bench.wants("memory")) return;
    Table& table = bench.report.table(memory_table(1));
    std::vector<const Contender*> contenders = bench.supervisors;
    contenders.insert(contenders.end(), bench.entrypoints.begin(), bench.entrypoints.end());
    interleave(bench, "memory", contenders, 1, [&](const Contender& contender, int) {
        if (contender.name == "raw") return;
        const Session session(bench.options.programs, contender, 1);
        pause_for(300);
        const bool other =
            contender.name == "reeve" && contender.kind != Contender::Kind::supervisor;
        table.add(contender.name + (other ? " -- CMD" : ""), memory_kb(session));
    });
}

}  // namespace reeve::bench
