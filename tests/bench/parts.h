// parts: the measures, in groups that share what has to be started for them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench/contender.h"
#include "bench/report.h"

namespace reeve::bench {

struct Options {
    int repeat = 5;  // rounds
    int idle_seconds = 10;
    Strings parts{};     // names of measures; none: all of them
    std::string json{};  // a path
    Programs programs{};
};

struct Bench {
    Options options;
    Report report;
    // Those that can run here.
    std::vector<const Contender*> supervisors{};
    std::vector<const Contender*> entrypoints{};

    bool wants(const std::string& part) const;
};

// The names that Options::parts may have.
Strings part_names();

// A thousand services: bringup, status, command, shutdown; memory, also with a single one.
void measure_many(Bench& bench);
void measure_memory(Bench& bench);
// A thousand services that outlive their supervisor.
void measure_take_over(Bench& bench);
// A service that is killed.
void measure_restart(Bench& bench);
// A server that is killed, and its clients: listen.
void measure_listen(Bench& bench);
// The first three once more, beside other work: busy.
void measure_busy(Bench& bench);
// A hundred services, and nothing to do.
void measure_idle(Bench& bench);
// PID 1 of a container with one program: entrypoint, orphans.
void measure_init(Bench& bench);
// What services have written, read back: reading.
void measure_reading(Bench& bench);
// Lines of a service on their way to files: logs, crowd.
void measure_logs(Bench& bench);
// Services that the clock starts: schedule.
void measure_schedules(Bench& bench);
// The programs' files.
void measure_size(Bench& bench);

// One round after another, and in each all contenders in turn: A B A B. One that fails is left out
// from then on, and so is one that has taken its share of the time. `part` is for who looks on.
void interleave(Bench& bench, const std::string& part,
                const std::vector<const Contender*>& contenders, int rounds,
                const std::function<void(const Contender&, int round)>& measure);

}  // namespace reeve::bench
