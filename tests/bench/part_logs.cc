// What it takes to write down what services say.
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <sstream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/parts.h"
#include "bench/session.h"
#include "support/procfs.h"
#include "support/tempdir.h"

namespace reeve::bench {

namespace {

constexpr int line_count = 2000000;
constexpr int small_count = 500000;  // of one line a write
constexpr double line_bytes = 100;
constexpr int file_bytes = 10 * 1000 * 1000;

struct Cost {
    double seconds = 0;
    double cpu_s = 0;  // the logger's alone
};

uintmax_t size_of(const std::string& directory) {
    uintmax_t sum = 0;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(directory, none))
        if (const uintmax_t size = entry.file_size(none); !none) sum += size;
    return sum;
}

Strings logger_words(const Contender& contender, const Programs& programs,
                     const std::string& directory) {
    const std::string size = std::to_string(file_bytes);
    if (contender.name == "raw") return {programs.raw, "copy", size, directory};
    if (contender.name == "s6-log") return {"s6-log", "n1000", "s" + size, directory};
    if (contender.name == "s6-log T") return {"s6-log", "n1000", "s" + size, "T", directory};
    if (contender.name == "multilog") return {"multilog", "s" + size, "n1000", directory};
    test::write_file(directory + "/config", "s" + size + "\nn1000\n");
    return {"svlogd", directory};
}

pid_t start(const Strings& words, int input, int output) {
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const pid_t pid = fork();
    if (pid != 0) return pid;
    if (input >= 0) dup2(input, 0);
    if (output >= 0) dup2(output, 1);
    execvp(arguments[0], arguments.data());
    _exit(127);
}

Cost of_pipeline(const Contender& contender, const Programs& programs, int lines, int batch) {
    const test::TempDir directory;
    const std::string logs = directory / "log";
    test::make_directory(logs);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) throw Failure("pipe");
    const int64_t begin = now();
    const pid_t logger = start(logger_words(contender, programs, logs), ends[0], -1);
    const pid_t writer =
        start({programs.raw, "lines", std::to_string(lines), std::to_string(batch)}, -1, ends[1]);
    close(ends[0]);
    close(ends[1]);
    int status = 0;
    rusage usage{};
    waitpid(writer, nullptr, 0);
    wait4(logger, &status, 0, &usage);
    const double seconds = static_cast<double>(now() - begin) / 1e9;
    if (status != 0) throw Failure("it exits with " + std::to_string(status));
    if (size_of(logs) < static_cast<uintmax_t>(lines * line_bytes)) throw Failure("lines are lost");
    const auto s = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return {seconds, s(usage.ru_utime) + s(usage.ru_stime)};
}

// A reeve of its own, with these service files.
class Logging {
  public:
    explicit Logging(const Programs& programs) : programs_(programs) {
        for (const char* name : {"services", "run", "log"}) test::make_directory(directory_ / name);
    }
    ~Logging() {
        if (pid_ <= 0) return;
        kill(pid_, SIGTERM);
        waitpid(pid_, nullptr, 0);
    }
    void service(const std::string& name, const std::string& text) const {
        test::write_file(directory_ / ("services/" + name), text);
    }
    void begin() {
        pid_ = bench::start({programs_.reeve, "-d", directory_ / "services", "-r",
                             directory_ / "run", "-l", directory_ / "log"},
                            -1, -1);
        const auto up = [&] { return field("svlog", "state") == "running"; };
        if (!test::wait_until(up)) throw Failure("svlog does not start");
    }
    void svctl(const std::string& command, const std::string& name) const {
        const pid_t pid =
            bench::start({programs_.svctl, "-r", directory_ / "run", "-n", command, name}, -1, -1);
        waitpid(pid, nullptr, 0);
    }
    std::string field(const std::string& service, const std::string& key) const {
        std::istringstream lines(read("run/status/" + service));
        for (std::string line; std::getline(lines, line);)
            if (line.starts_with(key + "=")) return line.substr(key.size() + 1);
        return {};
    }
    std::string read(const std::string& name) const { return test::read_file(directory_ / name); }
    std::string logs(const std::string& name) const { return directory_ / ("log/" + name); }
    pid_t svlog() const { return std::atoi(field("svlog", "pid").c_str()); }

  private:
    const Programs& programs_;
    test::TempDir directory_;
    pid_t pid_ = 0;
};

Cost of_reeve(const Programs& programs, const std::string& keys, int stamp, int lines, int batch) {
    Logging logging(programs);
    logging.service("reeve.conf", "log_max_total = 2G\n");
    logging.service("w", "exec = " + programs.raw + " lines " + std::to_string(lines) + " " +
                             std::to_string(batch) + "\ntype = oneshot\nenabled = no\n" + keys +
                             "log_keep = 1000\nlog_max_size = " + std::to_string(file_bytes) +
                             "\n");
    logging.begin();
    const pid_t svlog = logging.svlog();
    const auto cpu = test::cpu_time_of(svlog);
    const auto wanted = static_cast<uintmax_t>(lines) * static_cast<uintmax_t>(line_bytes + stamp);
    const int64_t begin = now();
    logging.svctl("up", "w");
    while (size_of(logging.logs("w")) < wanted) {
        pause_for(2);
        if (now() - begin > int64_t{60} * 1000000000) throw Failure("lines are lost");
    }
    const double seconds = static_cast<double>(now() - begin) / 1e9;
    if (size_of(logging.logs("w")) != wanted) throw Failure("lines are doubled");
    return {seconds, static_cast<double>((test::cpu_time_of(svlog) - cpu).count()) / 1e9};
}

Cost cost_of(const Contender& contender, const Programs& programs, int lines, int batch) {
    if (contender.name == "reeve") return of_reeve(programs, "log_time = none\n", 0, lines, batch);
    if (contender.name == "reeve utc") return of_reeve(programs, "", 28, lines, batch);
    return of_pipeline(contender, programs, lines, batch);
}

// Does the bench's own table of supervisors know of these? They are loggers.
std::vector<Contender> loggers(const Programs& programs, Report& report) {
    std::vector<Contender> found;
    const auto add = [&](const std::string& name, const std::string& program) {
        if (resolve(programs, program).empty()) return report.skip(name + " is not installed");
        found.emplace_back();
        found.back().name = name;
    };
    add("raw", programs.raw);
    add("reeve", programs.reeve);
    add("reeve utc", programs.reeve);
    add("s6-log", "s6-log");
    add("s6-log T", "s6-log");
    add("svlogd", "svlogd");
    add("multilog", "multilog");
    return found;
}

void measure_copying(Bench& bench) {
    const Programs& programs = bench.options.programs;
    const std::vector<Contender> all = loggers(programs, bench.report);
    std::vector<const Contender*> contenders;
    for (const Contender& contender : all) contenders.push_back(&contender);
    Table& time = bench.report.table(
        {.id = "logs_time",
         .title = "200 MB of 100-byte lines to files of 10 MB, the writer sending 40 at a time",
         .unit = "ms",
         .notes = {"from the writer's start until all is in the files"},
         .goals = {{.at_most = 1 / 0.6}}});
    Table& cpu = bench.report.table({.id = "logs_cpu",
                                     .title = "The logger's CPU time for it",
                                     .unit = "s per GB",
                                     .goals = {{.of = Goal::Of::value, .at_most = 1}}});
    Table& single = bench.report.table({.id = "logs_single",
                                        .title = "50 MB, the writer sending one line at a time",
                                        .unit = "ms",
                                        .goals = {{.at_most = 1}}});
    interleave(bench, "logs", contenders, bench.options.repeat,
               [&](const Contender& contender, int) {
                   const Cost whole = cost_of(contender, programs, line_count, 40);
                   time.add(contender.name, whole.seconds * 1e3);
                   cpu.add(contender.name, whole.cpu_s * 1e9 / (line_count * line_bytes));
                   const Cost small = cost_of(contender, programs, small_count, 1);
                   single.add(contender.name, small.seconds * 1e3);
               });
}

// How long after they were written the lines of a service were read, in milliseconds.
void add_delays(const std::string& text, double since, Samples& delays) {
    std::istringstream lines(text);
    double read = 0;
    double written = 0;
    while (lines >> read >> written)
        if (written > since) delays.push_back((read - written) * 1e3);
}

// A thousand that speak once a second, and ten that never stop.
void measure_crowd(Bench& bench) {
    const Programs& programs = bench.options.programs;
    Logging logging(programs);
    constexpr int quiet = 1000;
    for (int i = 0; i < quiet; ++i)
        logging.service("q" + std::to_string(i),
                        "exec = " + programs.raw + " tick 1000\nlog_time = unix\n");
    for (int i = 0; i < 10; ++i)
        logging.service("f" + std::to_string(i), "exec = " + programs.raw +
                                                     " lines 2000000000 40\nenabled = no\n"
                                                     "group = flood\nlog_keep = 2\n");
    logging.service("reeve.conf", "max_starting = 50\n");
    logging.begin();
    const auto last = "q" + std::to_string(quiet - 1);
    if (!test::wait_until([&] { return !logging.read("log/" + last + "/current").empty(); }))
        throw Failure("it does not come up");
    const std::string name = "reeve";
    pause_for(3000);
    Table& memory = bench.report.table({.id = "crowd_memory",
                                        .title = "svlog's PSS with 1000 services",
                                        .unit = "KB",
                                        .goals = {{.of = Goal::Of::value, .at_most = 400}}});
    const std::string facts =
        test::read_file("/proc/" + std::to_string(logging.svlog()) + "/smaps_rollup");
    memory.add(name, std::atof(facts.c_str() + facts.find("\nPss:") + 5));
    const auto since = static_cast<double>(std::time(nullptr));
    logging.svctl("up", "@flood");
    pause_for(5000);
    logging.svctl("down", "@flood");
    Table& delays = bench.report.table(
        {.id = "crowd_delay",
         .title = "From the write of a quiet service's line to its being read, beside ten floods",
         .unit = "ms",
         .tail = true,
         .goals = {{.of = Goal::Of::value, .at_most = 100}}});
    for (int i = 0; i < quiet; ++i)
        add_delays(logging.read("log/q" + std::to_string(i) + "/current"), since,
                   delays.row(name).samples);
    Table& worst = bench.report.table({.id = "crowd_worst",
                                       .title = "The longest of these",
                                       .unit = "ms",
                                       .goals = {{.of = Goal::Of::value, .at_most = 100}}});
    double most = 0;
    for (const double delay : delays.row(name).samples) most = std::max(most, delay);
    worst.add(name, most);
}

}  // namespace

void measure_logs(Bench& bench) {
    if (bench.wants("logs")) measure_copying(bench);
    if (!bench.wants("crowd")) return;
    try {
        measure_crowd(bench);
    } catch (const Failure& failure) {
        bench.report.skip(std::string("crowd: ") + failure.what());
    }
}

}  // namespace reeve::bench
