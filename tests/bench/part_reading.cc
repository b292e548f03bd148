// Reading logs back: how long the whole command takes for little of much.
#include <fstream>

#include "bench/parts.h"
#include "bench/session.h"
#include "model/stamp.h"

namespace reeve::bench {

namespace {

constexpr int file_count = 10;
constexpr int lines_per_file = 100'000;
constexpr int commands_per_round = 20;
constexpr int commands_per_batch = 2;

Table last_table() {
    return {.id = "reading",
            .title = "The last 20 of a million lines, 100 MB, by the whole command",
            .unit = "us",
            .notes = {"svctl logs -n 20 of one service, which asks reeve where they are",
                      "raw: a static program that does nothing; tail: tail -n 20 of the last file"},
            .goals = {{.of = Goal::Of::value, .at_most = 5000}}};
}

Table since_table() {
    return {.id = "since",
            .title = "From a time on, 20 lines in the middle of the same, by the whole command",
            .unit = "us",
            .notes = {"svctl logs --since T, into a reader that ends it after these: the place is "
                      "found by names of files and by stamps",
                      "raw: a static program that does nothing, in the same pipe"},
            .goals = {{.at_most = 1.5}}};
}

// A service with that many lines of 100 bytes, each a millisecond after the one before.
struct Logs {
    explicit Logs(const Programs& ours) : programs(ours) {
        for (const char* name : {"services", "run", "log", "log/web"})
            test::make_directory(directory / name);
        test::write_file(directory / "services/web", "exec = sleep 1000\n");
        for (int file = 1; file <= file_count; ++file) {
            Buffer<64> name;
            append_stamp(name, stamp_of_line(file * lines_per_file - 1));
            const std::string base =
                file < file_count ? std::string(name.view()) + ".log" : "current";
            write_lines(directory / ("log/web/" + base), (file - 1) * lines_per_file);
        }
        reeve = std::make_unique<test::Process>(
            test::Launch{.arguments = {programs.reeve, "-d", directory / "services", "-r",
                                       directory / "run", "-l", directory / "log"}});
        const auto answers = [&] { return test::run(command({"status", "web"})).status == 0; };
        if (!test::wait_until(answers)) throw Failure("reeve does not answer");
    }

    static Stamp stamp_of_line(int line) { return {1795168800000000 + int64_t{line} * 1000}; }

    void write_lines(const std::string& path, int first) const {
        std::ofstream out(path, std::ios::binary);
        const std::string text(71, 'x');
        for (int line = first; line < first + lines_per_file; ++line) {
            Buffer<64> stamp;
            append_stamp(stamp, stamp_of_line(line));
            out << stamp.view() << ' ' << text << '\n';
        }
        if (!out.flush()) throw Failure("no room for 100 MB of logs");
    }

    Strings command(Strings words) const {
        words.insert(words.begin(), {programs.svctl, "-r", directory / "run"});
        return words;
    }

    const Programs& programs;
    test::TempDir directory;
    std::unique_ptr<test::Process> reeve;
};

}  // namespace

void measure_reading(Bench& bench) {
    if (!bench.wants("reading")) return;
    Table& last = bench.report.table(last_table());
    Table& since = bench.report.table(since_table());
    const Programs& programs = bench.options.programs;
    const Logs logs(programs);
    const auto add = [&](Table& table, const std::string& name, const Strings& command) {
        for (const Timing& timing : time_command(programs, commands_per_batch, command))
            table.add(name, static_cast<double>(timing.end - timing.begin) / 1e3);
    };
    const std::string head = "\"$@\" | head -n 20";
    const Strings from_the_middle =
        logs.command({"logs", "--since", "2026-11-20T10:08:20.0005Z", "web"});
    Strings piped = {"/bin/sh", "-c", head, "sh"};
    piped.insert(piped.end(), from_the_middle.begin(), from_the_middle.end());
    for (int i = 0; i < bench.options.repeat * commands_per_round / commands_per_batch; ++i) {
        add(last, "raw", {programs.nothing});
        add(last, "reeve", logs.command({"logs", "-n", "20", "web"}));
        add(last, "tail", {"tail", "-n", "20", logs.directory / "log/web/current"});
        add(since, "raw", {"/bin/sh", "-c", head, "sh", programs.nothing});
        add(since, "reeve", piped);
    }
}

}  // namespace reeve::bench
