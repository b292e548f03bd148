// What has to share its processors: bring-up, restart and command while each processor has a loop
// to run, which other sessions than the supervisor's have begun.
#include <thread>
#include <vector>

#include "bench/parts.h"
#include "bench/session.h"

namespace reeve::bench {

namespace {

constexpr int service_count = 1000;
constexpr int samples_per_round = 10;

// The raw loop makes no sessions, and its services wait for nobody.
const std::vector<Goal> goals = {
    {.at_most = 1.2, .peers = {"runit", "s6", "dinit"}},
};

Table bring_up_table() {
    return {.id = "busy-bringup",
            .title = "Bring-up of 1000 services beside a busy loop a processor",
            .unit = "ms",
            .notes = {"as above, under the scheduler as it is: not for chrt"},
            .goals = goals};
}

Table restart_table() {
    return {
        .id = "busy-restart",
        .title = "Restart of a service that was killed, beside a busy loop a processor",
        .unit = "us",
        .notes = {"a session's first share of the processors comes after a slice of the others': "
                  "reeve and dinit make one for each service, runit makes none"},
        .goals = goals};
}

Table command_table() {
    return {.id = "busy-command",
            .title = "Restart of one of 1000 services by command, beside a busy loop a processor",
            .unit = "us",
            .goals = goals};
}

// A loop a processor, each in a session of its own, for as long as this lives.
class Load {
  public:
    explicit Load(const Programs& programs) {
        for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i)
            loops_.push_back(std::make_unique<test::Process>(
                test::Launch{.arguments = {programs.raw, "loop", "600"}}));
    }

  private:
    std::vector<std::unique_ptr<test::Process>> loops_;
};

}  // namespace

void measure_busy(Bench& bench) {
    if (!bench.wants("busy")) return;
    Table& bring_up = bench.report.table(bring_up_table());
    Table& restart = bench.report.table(restart_table());
    Table& command = bench.report.table(command_table());
    const Programs& programs = bench.options.programs;
    const Load load(programs);
    interleave(bench, "busy", bench.supervisors, bench.options.repeat,
               [&](const Contender& contender, int) {
                   Session session(programs, contender, service_count);
                   bring_up.add(contender.name, session.bring_up_ms());
                   pause_for(1200);
                   const std::vector<pid_t> services = session.service_pids();
                   for (size_t i = 0; i < samples_per_round && i < services.size(); ++i)
                       restart.add(contender.name, session.restart_us(services[i]));
                   for (int i = 0; contender.restart != nullptr && i < samples_per_round; ++i)
                       command.add(contender.name,
                                   session.command_us(service_name(service_count / 2 + i)));
               });
}

}  // namespace reeve::bench
