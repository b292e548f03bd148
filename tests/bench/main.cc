// bench: reeve beside its peers, on this machine, in one run. Markdown on stdout.
//
//   bench REEVE HELPERS JSON [repeat=N] [idle=SECONDS] [PART...]
//
// svctl is beside REEVE. HELPERS is the folder with the static programs raw, service, nothing
// and listener.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <sys/utsname.h>
#include <thread>
#include <unistd.h>

#include "bench/interrupt.h"
#include "bench/parts.h"
#include "bench/session.h"

namespace reeve::bench {

namespace {

// False where a word means nothing.
bool parse(int argc, char** argv, Options& options) {
    if (argc < 4) return false;
    const std::string reeve = argv[1];
    const std::string helpers = argv[2];
    options.programs = {reeve,
                        reeve.substr(0, reeve.rfind('/') + 1) + "svctl",
                        helpers + "/raw",
                        helpers + "/service",
                        helpers + "/nothing",
                        helpers + "/listener"};
    options.json = argv[3];
    for (int i = 4; i < argc; ++i) {
        const std::string word = argv[i];
        if (word.starts_with("repeat="))
            options.repeat = std::atoi(word.c_str() + 7);
        else if (word.starts_with("idle="))
            options.idle_seconds = std::atoi(word.c_str() + 5);
        else
            options.parts.push_back(word);
    }
    for (const std::string& part : options.parts) {
        bool known = false;
        for (const std::string& name : part_names()) known = known || name == part;
        if (!known) return false;
    }
    return options.repeat > 0 && options.idle_seconds > 0;
}

// What is not installed, or needs rights that we do not have, is told and left out.
std::vector<const Contender*> able(std::span<const Contender> contenders, const Options& options,
                                   Report& report) {
    std::vector<const Contender*> found;
    for (const Contender& contender : contenders) {
        std::string why;
        for (const std::string& program : contender.programs)
            if (why.empty() && resolve(options.programs, program).empty())
                why = contender.name + " is not installed (no " + program + ")";
        if (why.empty() && contender.kind != Contender::Kind::supervisor && geteuid() != 0)
            why = contender.name + " as PID 1: namespaces need root";
        if (why.empty())
            found.push_back(&contender);
        else
            report.skip(why);
    }
    return found;
}

void describe_machine(Report& report, const Options& options) {
    utsname system;
    double load[1] = {0};
    char date[64];
    const time_t seconds = time(nullptr);
    uname(&system);
    getloadavg(load, 1);
    strftime(date, sizeof date, "%Y-%m-%d %H:%M UTC", gmtime(&seconds));
    char line[512];
    std::snprintf(line, sizeof line, "%s, %s %s on %s, %u processors, load %.2f; %d rounds", date,
                  system.sysname, system.release, system.machine,
                  std::thread::hardware_concurrency(), load[0], options.repeat);
    report.remark(line);
}

int run(const Options& options) {
    Bench bench{options, {}};
    describe_machine(bench.report, options);
    bench.supervisors = able(supervisors(), options, bench.report);
    bench.entrypoints = able(entrypoints(), options, bench.report);
    measure_many(bench);
    measure_take_over(bench);
    measure_memory(bench);
    measure_restart(bench);
    measure_listen(bench);
    measure_busy(bench);
    measure_idle(bench);
    measure_init(bench);
    measure_reading(bench);
    measure_schedules(bench);
    measure_size(bench);
    measure_logs(bench);
    std::fputs(bench.report.markdown().c_str(), stdout);
    test::write_file(options.json, bench.report.json());
    return 0;
}

}  // namespace

}  // namespace reeve::bench

int main(int argc, char** argv) {
    using namespace reeve::bench;
    Options options;
    if (!parse(argc, argv, options)) {
        std::fprintf(stderr, "usage: bench REEVE HELPERS JSON [repeat=N] [idle=N] [PART...]\n"
                             "parts:");
        for (const std::string& name : part_names()) std::fprintf(stderr, " %s", name.c_str());
        std::fputs("\n", stderr);
        return 2;
    }
    // All that is written is in memory: directories, and what the programs say.
    if (access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 1);
    note_interrupts();
    try {
        return run(options);
    } catch (const Interrupted& interrupted) {
        return 128 + interrupted.number;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench: %s\n", error.what());
        return 1;
    }
}
