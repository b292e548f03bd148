// Services that are killed, and how soon the next process is there.
#include <memory>
#include <vector>

#include "bench/parts.h"
#include "bench/session.h"

namespace reeve::bench {

namespace {

// Each is killed once a round: several supervisors wait where a service has run for less than a
// second. One that always waits restarts as many as it can in its share of a round's time.
constexpr int service_count = 50;
constexpr double round_share_ms = 1000;
constexpr double between_rounds_ms = 1100;
constexpr double between_kills_ms = 1;
constexpr int rounds_per_repeat = 2;

Table restart_table() {
    return {.id = "restart",
            .title = "Restart of a service that was killed",
            .unit = "us",
            .notes = {"from kill -9 to the new process's first instruction; restart_delay = 0",
                      "every service had run for a second: runit, daemontools and nitro wait "
                      "where it had not, s6 always",
                      "raw: a loop of waitpid, vfork and exec"},
            .tail = true,
            .goals = {{.at_most = 1.25}, {.of = Goal::Of::tail_ratio, .at_most = 2}}};
}

struct Victim {
    std::unique_ptr<Session> session;
    std::vector<pid_t> services{};
    double used_ms = 0;  // in this round
};

void kill_one(Bench& bench, Table& table, Victim& victim, size_t place) {
    const std::string& name = victim.session->contender().name;
    if (victim.used_ms > round_share_ms || place >= victim.services.size()) return;
    try {
        const double microseconds = victim.session->restart_us(victim.services[place]);
        table.add(name, microseconds);
        victim.used_ms += microseconds / 1000;
    } catch (const Failure& failure) {
        bench.report.skip(name + " from here on: " + failure.what());
        victim.session.reset();
    }
    pause_for(between_kills_ms);
}

}  // namespace

// All run at the same time, each with services of its own; who is not being measured sleeps.
void measure_restart(Bench& bench) {
    if (!bench.wants("restart")) return;
    Table& table = bench.report.table(restart_table());
    std::vector<Victim> victims;
    interleave(bench, "restart", bench.supervisors, 1, [&](const Contender& contender, int) {
        victims.push_back(
            {std::make_unique<Session>(bench.options.programs, contender, service_count)});
    });
    for (int round = 0; round < bench.options.repeat * rounds_per_repeat; ++round) {
        pause_for(between_rounds_ms);
        for (Victim& victim : victims) {
            victim.services = victim.session->service_pids();
            victim.used_ms = 0;
        }
        for (size_t place = 0; place < service_count; ++place) {
            for (Victim& victim : victims) kill_one(bench, table, victim, place);
            std::erase_if(victims, [](const Victim& victim) { return !victim.session; });
        }
    }
}

}  // namespace reeve::bench
