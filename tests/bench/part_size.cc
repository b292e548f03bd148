// The files of the programs.
#include <set>
#include <sys/stat.h>

#include "bench/parts.h"
#include "bench/session.h"

namespace reeve::bench {

// A program of several names is one file.
void measure_size(Bench& bench) {
    if (!bench.wants("size")) return;
    Table& table = bench.report.table(
        {.id = "size",
         .title = "Size of the programs, as installed",
         .unit = "KB",
         .notes = {"the files that the other tables needed, summed; without shared libraries, "
                   "and without Python"},
         .goals = {{.of = Goal::Of::value, .at_most = 100}}});
    std::vector<const Contender*> contenders = bench.supervisors;
    contenders.insert(contenders.end(), bench.entrypoints.begin(), bench.entrypoints.end());
    for (const Contender* contender : contenders) {
        if (contender->name == "raw" || !table.row(contender->name).samples.empty()) continue;
        std::set<ino_t> seen;
        double bytes = 0;
        for (const std::string& program : contender->programs) {
            struct stat status;
            if (stat(resolve(bench.options.programs, program).c_str(), &status) < 0) continue;
            if (seen.insert(status.st_ino).second) bytes += static_cast<double>(status.st_size);
        }
        table.add(contender->name, bytes / 1000);
    }
}

}  // namespace reeve::bench
