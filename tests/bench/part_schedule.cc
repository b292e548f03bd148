// What schedules cost: memory, wake-ups, the list of what is to come, how late many starts are that
// are due at one moment, and that beside Debian's cron. Its tables are where the machine's are: it
// gets mounts of its own.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/format.h"
#include "bench/parts.h"
#include "bench/session.h"
#include "support/procfs.h"

namespace reeve::bench {

namespace {

constexpr int service_count = 1000;
constexpr int due_count = 100;
constexpr int commands_per_round = 10;
constexpr double settle_ms = 2000;

double private_bytes_of(pid_t pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/smaps_rollup";
    const std::string text = test::read_file(path);
    const size_t place = text.find("Private_Dirty:");
    if (place == text.npos) throw Failure("no " + path);
    return std::atof(text.c_str() + place + sizeof "Private_Dirty:") * 1024;
}

// A reeve with so many oneshots, each with these lines in its file.
struct Scheduled {
    Scheduled(const Programs& ours, int count, const std::string& lines) : programs(ours) {
        for (const char* name : {"services", "run", "log", "state", "ran"})
            test::make_directory(directory / name);
        for (int i = 0; i < count; ++i) {
            const std::string number = std::to_string(i);
            test::write_file(directory / ("services/job" + number),
                             "type = oneshot\nlog = null\ncommand = : >" + directory.path() +
                                 "/ran/" + number + "\n" + lines);
        }
        reeve = std::make_unique<test::Process>(test::Launch{
            .arguments = {programs.reeve, "-d", directory / "services", "-r", directory / "run",
                          "-l", directory / "log", "-s", directory / "state"}});
        const auto answers = [&] { return test::run(command({"list"})).status != 7; };
        if (!test::wait_until(answers)) throw Failure("reeve does not answer");
        pause_for(settle_ms);
    }

    Strings command(Strings words) const {
        words.insert(words.begin(), {programs.svctl, "-r", directory / "run"});
        return words;
    }
    double private_bytes() const { return private_bytes_of(reeve->pid()); }
    double switches() const {
        return std::atof(test::status_field(reeve->pid(), "voluntary_ctxt_switches").c_str());
    }

    const Programs& programs;
    test::TempDir directory;
    std::unique_ptr<test::Process> reeve;
};

double wall_ms() {
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

void measure_cost(Bench& bench) {
    Table& memory = bench.report.table({.id = "schedule_memory",
                                        .title = "Private memory of a schedule, of 1000",
                                        .unit = "bytes",
                                        .notes = {"beside as many oneshots without one"},
                                        .goals = {{.of = Goal::Of::value, .at_most = 120}}});
    Table& wakeups = bench.report.table({.id = "schedule_wakeups",
                                         .title = "Voluntary context switches in " +
                                                  std::to_string(bench.options.idle_seconds) +
                                                  " seconds, 1000 schedules and none of them due",
                                         .unit = "count",
                                         .goals = {{.of = Goal::Of::value, .at_most = 0}}});
    Table& listing = bench.report.table({.id = "schedule_next",
                                         .title = "svctl next 1000 of 1000 schedules",
                                         .unit = "us",
                                         .notes = {"raw: svctl list of the same"},
                                         .goals = {{.at_most = 3}}});
    const Programs& programs = bench.options.programs;
    const Scheduled plain(programs, service_count, "enabled = no\n");
    const Scheduled scheduled(programs, service_count, "cron = 17 3 1 1 *\n");
    memory.add("reeve", (scheduled.private_bytes() - plain.private_bytes()) / service_count);
    const double before = scheduled.switches();
    pause_for(bench.options.idle_seconds * 1000.0);
    wakeups.add("reeve", scheduled.switches() - before);
    const auto add = [&](const std::string& name, const Strings& words) {
        for (const Timing& timing :
             time_command(programs, commands_per_round, scheduled.command(words)))
            listing.add(name, static_cast<double>(timing.end - timing.begin) / 1e3);
    };
    add("raw", {"list"});
    add("reeve", {"next", "1000"});
}

// They are due at a second that has not begun yet.
void measure_due(Bench& bench) {
    Table& late = bench.report.table({.id = "schedule_due",
                                      .title = "100 starts that are due at one moment, until the "
                                               "last has done its work",
                                      .unit = "ms"});
    constexpr double ahead_ms = 4000;
    const int64_t due_ms = (static_cast<int64_t>(wall_ms() + ahead_ms) / 1000 + 1) * 1000;
    Buffer<64> date;
    append_whole_time(date, Wall{due_ms});
    const Scheduled scheduled(bench.options.programs, due_count,
                              "at = " + std::string(date.view()) + "\n");
    const auto is_last_done = [&] {
        for (int i = 0; i < due_count; ++i)
            if (!test::exists(scheduled.directory / ("ran/" + std::to_string(i)))) return false;
        return true;
    };
    if (!test::wait_until(is_last_done)) throw Failure("a start that was due did not come");
    late.add("reeve", wall_ms() - static_cast<double>(due_ms));
}

// --- Beside cron ---------------------------------------------------------------------------------

constexpr double minute_ms = 60000;

// Of the process and of the children that it has waited for, and of theirs.
double cpu_ms_of(pid_t pid) {
    const std::string text = test::read_file("/proc/" + std::to_string(pid) + "/stat");
    const char* at = text.c_str() + std::min(text.rfind(')') + 1, text.size());
    // The state is the third field; utime, stime, cutime and cstime are the 14th and those after.
    for (int field = 3; field < 14 && *at != '\0'; ++field) at = std::strchr(at + 1, ' ');
    double ticks = 0;
    for (int i = 0; i < 4; ++i) ticks += std::strtod(at, const_cast<char**>(&at));
    return ticks * 1000 / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

// When each of the jobs has done its work, in milliseconds of the wall clock, the first first.
std::vector<double> times_of_jobs(const std::string& directory) {
    std::vector<double> times;
    for (int i = 0; i < due_count; ++i) {
        struct stat status {};
        const std::string path = directory + "/ran/" + std::to_string(i);
        if (::stat(path.c_str(), &status) < 0) return {};
        times.push_back(static_cast<double>(status.st_mtim.tv_sec) * 1e3 +
                        static_cast<double>(status.st_mtim.tv_nsec) / 1e6);
    }
    std::sort(times.begin(), times.end());
    return times;
}

struct Tables {
    Table& first;
    Table& last;
    Table& cpu;
    Table& memory;
};

// Waits for the minute at which all of its jobs are due.
void measure_minute(const std::string& name, pid_t pid, const std::string& directory,
                    const Tables& tables) {
    const double cpu_before = cpu_ms_of(pid);
    const double due_ms = (std::floor(wall_ms() / minute_ms) + 1) * minute_ms;
    pause_for(due_ms - wall_ms());
    std::vector<double> times;
    // Those of the minute before are there already, where it began then. The time of a file lags by
    // a tick of the kernel.
    const auto is_done = [&] {
        times = times_of_jobs(directory);
        return !times.empty() && times.front() > due_ms - 1000;
    };
    if (!test::wait_until(is_done)) throw Failure(name + " has not run its jobs");
    pause_for(settle_ms);  // until it has waited for the last of them
    tables.first.add(name, times.front() - due_ms);
    tables.last.add(name, times.back() - due_ms);
    tables.cpu.add(name, cpu_ms_of(pid) - cpu_before);
    tables.memory.add(name, private_bytes_of(pid) / 1024);
}

void measure_cron(Bench& bench, const Tables& tables) {
    const test::TempDir directory;
    test::make_directory(directory / "ran");
    std::string lines;
    for (int i = 0; i < due_count; ++i)
        lines += "* * * * * root : >" + directory.path() + "/ran/" + std::to_string(i) + "\n";
    test::write_file(directory / "crontab", lines);
    const std::string script =
        "mount -t tmpfs none /run && mount -t tmpfs none /etc/cron.d && "
        "mount -t tmpfs none /var/spool/cron && mkdir /var/spool/cron/crontabs && "
        "mount --bind " +
        (directory / "crontab") + " /etc/crontab && exec cron -f";
    test::Process cron({.arguments = {"unshare", "-m", "sh", "-c", script}});
    const auto runs = [&] {
        return test::read_file("/proc/" + std::to_string(cron.pid()) + "/comm") == "cron\n";
    };
    if (!test::wait_until(runs)) return bench.report.skip("cron gets no mounts of its own");
    pause_for(settle_ms);
    measure_minute("cron", cron.pid(), directory.path(), tables);
}

void measure_beside_cron(Bench& bench) {
    if (test::find_program("cron").empty() || ::geteuid() != 0)
        return bench.report.skip("cron is not installed, or this is not root");
    const auto table = [&](const char* id, const char* title, const char* unit, double at_most) {
        const std::vector<Goal> goals = {{.at_most = at_most, .peers = {"cron"}}};
        return std::ref(bench.report.table({.id = id,
                                            .title = title,
                                            .unit = unit,
                                            .goals = at_most > 0 ? goals : std::vector<Goal>()}));
    };
    const Tables tables = {
        table("cron_first", "100 jobs of each minute: the first has done its work", "ms", 0),
        table("cron_last", "100 jobs of each minute: the last has done its work", "ms", 0),
        table("cron_cpu", "100 jobs of each minute: processor time, the jobs' own included", "ms",
              0.3),
        table("cron_memory", "100 jobs of each minute: private memory of the daemon", "KB", 1)};
    measure_cron(bench, tables);
    const Scheduled scheduled(bench.options.programs, due_count, "cron = * * * * *\n");
    measure_minute("reeve", scheduled.reeve->pid(), scheduled.directory.path(), tables);
}

}  // namespace

void measure_schedules(Bench& bench) {
    if (!bench.wants("schedule")) return;
    measure_cost(bench);
    measure_due(bench);
    measure_beside_cron(bench);
}

}  // namespace reeve::bench
