// A thousand services whose supervisor is killed, and started again.
#include "bench/parts.h"
#include "bench/session.h"

namespace reeve::bench {

namespace {

constexpr int service_count = 1000;

}  // namespace

// Of reeve alone: with the others services either die with their supervisor, or are watched by
// processes of their own that live on.
void measure_take_over(Bench& bench) {
    if (!bench.wants("takeover")) return;
    std::vector<const Contender*> able;
    for (const Contender* each : bench.supervisors)
        if (each->name == "reeve") able.push_back(each);
    Table& table = bench.report.table(
        {.id = "takeover",
         .title = "Take-over of 1000 services after a kill -9",
         .unit = "ms",
         .notes = {"from reeve's exec until svctl status has its answer: all are taken over"}});
    Table& again = bench.report.table(
        {.id = "reexec",
         .title = "Re-execution with 1000 services",
         .unit = "ms",
         .notes = {"the whole of svctl reexec: the trial of the program, then until the new one "
                   "answers"}});
    interleave(bench, "takeover", able, bench.options.repeat, [&](const Contender& contender, int) {
        Session session(bench.options.programs, contender, service_count);
        pause_for(300);
        table.add(contender.name, session.take_over_ms());
        again.add(contender.name, session.reexec_ms());
    });
}

}  // namespace reeve::bench
