// What a supervisor does while there is nothing to do.
#include <cstdlib>
#include <memory>
#include <sstream>

#include "bench/parts.h"
#include "bench/session.h"
#include "support/procfs.h"

namespace reeve::bench {

namespace {

constexpr int service_count = 100;
constexpr double settle_ms = 2000;

struct Work {
    double switches = 0;  // voluntary context switches
    double ticks = 0;     // of the CPU
};

// utime and stime are the 14th and 15th field of /proc/PID/stat, the name being the second.
double ticks_of(pid_t pid) {
    const std::string text = test::read_file("/proc/" + std::to_string(pid) + "/stat");
    const size_t name_end = text.rfind(')');
    if (name_end == text.npos) return 0;
    std::istringstream fields(text.substr(name_end + 1));
    std::string skipped;
    for (int i = 3; i < 14; ++i) fields >> skipped;
    double user = 0;
    double system = 0;
    fields >> user >> system;
    return user + system;
}

Work work_of(const std::vector<pid_t>& pids) {
    Work work;
    for (const pid_t pid : pids) {
        work.switches += std::atof(test::status_field(pid, "voluntary_ctxt_switches").c_str());
        work.ticks += ticks_of(pid);
    }
    return work;
}

Table idle_table(const std::string& id, const std::string& what, int seconds) {
    return {.id = id,
            .title = what + " in " + std::to_string(seconds) + " idle seconds, 100 services",
            .unit = "count",
            .goals = {{.of = Goal::Of::value, .at_most = 0}}};
}

struct Watched {
    std::unique_ptr<Session> session;
    std::vector<pid_t> pids{};
    Work before{};
};

}  // namespace

// All at the same time: sleepers do not disturb each other.
void measure_idle(Bench& bench) {
    if (!bench.wants("idle")) return;
    const int seconds = bench.options.idle_seconds;
    Table& switches =
        bench.report.table(idle_table("idle_switches", "Voluntary context switches", seconds));
    Table& ticks = bench.report.table(idle_table("idle_ticks", "CPU ticks", seconds));
    std::vector<Watched> watched;
    interleave(bench, "idle", bench.supervisors, 1, [&](const Contender& contender, int) {
        if (contender.name == "raw") return;
        watched.push_back(
            {std::make_unique<Session>(bench.options.programs, contender, service_count)});
    });
    pause_for(settle_ms);
    for (Watched& each : watched) {
        each.pids = each.session->own_pids();
        each.before = work_of(each.pids);
    }
    pause_for(seconds * 1000.0);
    for (const Watched& each : watched) {
        const Work after = work_of(each.pids);
        const std::string& name = each.session->contender().name;
        switches.add(name, after.switches - each.before.switches);
        ticks.add(name, after.ticks - each.before.ticks);
    }
}

}  // namespace reeve::bench
