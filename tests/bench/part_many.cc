// A thousand services: what it takes to start them, to ask for one, to end them all.
#include <algorithm>
#include <unistd.h>

#include "bench/memory.h"
#include "bench/parts.h"
#include "bench/session.h"

namespace reeve::bench {

namespace {

constexpr int service_count = 1000;
constexpr int commands_per_round = 20;
constexpr int commands_per_batch = 2;
constexpr double command_share_ms = 2000;

struct Tables {
    Table* bring_up = nullptr;
    Table* status = nullptr;
    Table* command = nullptr;
    Table* shut_down = nullptr;
    Table* memory = nullptr;
};

Table bring_up_table() {
    return {.id = "bringup",
            .title = "Bring-up of 1000 services",
            .unit = "ms",
            .notes = {"from the supervisor's exec to the first instruction of the last service",
                      "raw: a loop of vfork and exec"},
            .goals = {{.at_most = 1.3}}};
}

Table status_table() {
    return {.id = "status",
            .title = "Status of one of 1000 services, by the whole command",
            .unit = "us",
            .notes = {"svctl status, sv status, s6-svstat, svstat, supervisorctl status, dinitctl "
                      "status, nitroctl check",
                      "raw: a static program that does nothing"},
            .goals = {{.at_most = 2.5}}};
}

Table command_table() {
    return {.id = "command",
            .title = "Restart of one of 1000 services, from the command to the new process",
            .unit = "us",
            .notes = {"svctl restart, sv restart, s6-svc -r, svc -t, supervisorctl restart, "
                      "dinitctl restart, nitroctl restart; to the service's first instruction"},
            .goals = {{.of = Goal::Of::value, .at_most = 800}}};
}

Table shut_down_table() {
    return {.id = "shutdown",
            .title = "Shutdown of 1000 services that die at TERM",
            .unit = "ms",
            .notes = {"from the signal to the supervisor until all of it is gone",
                      "raw: a loop of kill, and one of waitpid"},
            .goals = {{.at_most = 1.3}}};
}

// The raw loop's row is what starting the least program takes, measured between the commands.
void measure_status(Tables& tables, const Session& session) {
    const Contender& contender = session.contender();
    if (tables.status == nullptr || contender.status == nullptr) return;
    const Programs& programs = *session.site().programs;
    const auto add = [&](const std::string& name, const std::vector<Timing>& timings) {
        for (const Timing& timing : timings)
            tables.status->add(name, static_cast<double>(timing.end - timing.begin) / 1e3);
    };
    const int64_t begin = now();
    for (int i = 0; i < commands_per_round; i += commands_per_batch) {
        if (static_cast<double>(now() - begin) / 1e6 > command_share_ms) break;
        const Strings command = contender.status(session.site(), service_name(service_count / 2));
        add("raw", time_command(programs, commands_per_batch, {programs.nothing}));
        add(contender.name,
            time_command(programs, commands_per_batch, command, session.environment()));
    }
}

// Each time another service, for some are not restarted within a second of their last start.
void measure_command(Tables& tables, Session& session) {
    const Contender& contender = session.contender();
    if (tables.command == nullptr || contender.restart == nullptr) return;
    pause_for(1200);
    const int64_t begin = now();
    for (int i = 1; i <= commands_per_round; ++i) {
        if (static_cast<double>(now() - begin) / 1e6 > command_share_ms) break;
        tables.command->add(contender.name, session.command_us(service_name(i * 10)));
    }
}

}  // namespace

void measure_many(Bench& bench) {
    Tables tables;
    Report& report = bench.report;
    if (bench.wants("bringup")) tables.bring_up = &report.table(bring_up_table());
    if (bench.wants("status")) tables.status = &report.table(status_table());
    if (bench.wants("command")) tables.command = &report.table(command_table());
    if (bench.wants("shutdown")) tables.shut_down = &report.table(shut_down_table());
    if (bench.wants("memory")) tables.memory = &report.table(memory_table(service_count));
    const bool commands = tables.status != nullptr || tables.command != nullptr;
    if (!commands && tables.bring_up == nullptr && tables.shut_down == nullptr &&
        tables.memory == nullptr)
        return;
    interleave(bench, "many", bench.supervisors, bench.options.repeat,
               [&](const Contender& contender, int round) {
                   Session session(bench.options.programs, contender, service_count);
                   if (tables.bring_up != nullptr)
                       tables.bring_up->add(contender.name, session.bring_up_ms());
                   pause_for(300);
                   if (tables.memory != nullptr && round == 0 && contender.name != "raw")
                       tables.memory->add(contender.name, memory_kb(session));
                   measure_status(tables, session);
                   measure_command(tables, session);
                   if (tables.shut_down != nullptr && contender.end_signal != 0)
                       tables.shut_down->add(contender.name, session.shut_down_ms());
               });
}

}  // namespace reeve::bench
