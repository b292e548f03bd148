// svctl: from the command line to the command.
#include "apps/svctl.h"

#include <cstdlib>
#include <sys/ioctl.h>
#include <unistd.h>

#include "apps/apps.h"
#include "base/text.h"
#include "conf/schema.h"
#include "host/paths.h"

extern char** environ;

namespace reeve {

namespace {

Outcome run_help(Session& session);

// Every command. Help is printed from it.
constexpr CommandRow rows[] = {
    {"status", "[NAME]...", "everything about these; without a name the table", run_status, 0,
     any_number},
    {"list", "[NAME]...", "the table", run_status, 0, any_number},
    {"why", "NAME...", "the chain of causes of its state", run_why, 1, any_number, Command::why},
    {"up", "NAME...", "start, with what it depends on", run_request, 1, any_number, Command::up},
    {"down", "NAME...", "stop, what depends on it first", run_request, 1, any_number,
     Command::down},
    {"restart", "NAME...", "stop and start", run_request, 1, any_number, Command::restart},
    {"signal", "SIG NAME...", "send a signal", run_request, 2, any_number, Command::signal},
    {"reload", "[NAME]...", "read the service files again; NAME: its own reload", run_request, 0,
     any_number, Command::reload},
    {"wait", "[--state S] NAME...", "until it is running or done, or S", run_request, 1, any_number,
     Command::wait},
    {"check", "[DIR]...", "the errors in service files", run_check, 0, directories_max_count},
    {"keys", "[KEY]", "the keys of service files", run_keys, 0, 1},
    {"shutdown", "", "stop everything; reeve exits with 0", run_request, 0, 0, Command::exit},
    {"exit", "[CODE]", "the same with CODE", run_request, 0, 1, Command::exit},
    {"help", "", "this list", run_help, 0, 0},
};

Outcome run_help(Session& session) {
    Printer& printer = session.printer;
    printer << "usage: svctl [-r RUNDIR] [--json] [-t TIMEOUT] [-n] [COMMAND [ARG...]]\n\n";
    for (const CommandRow& row : rows) {
        Buffer<64> line;
        line << "  " << row.name << ' ' << row.arguments;
        printer << line.view();
        printer.blanks(30 - line.size());
        printer << row.doc << '\n';
    }
    printer << "\nNAME: a service, NAME@INSTANCE, or @LABEL for all that bear the label.\n"
               "-t: how long to wait for the outcome, 1m. -n: not at all. See svctl(1).\n";
    printer.flush();
    return Outcome::done;
}

const CommandRow* find_row(std::string_view name) {
    for (const CommandRow& row : rows)
        if (name == row.name) return &row;
    return nullptr;
}

void explain_unknown(std::string_view name) {
    Nearest nearest(name);
    for (const CommandRow& row : rows) nearest.offer(row.name);
    Buffer<shown_max_bytes> shown;
    append_shown(shown, name);
    const bool near = !nearest.found().empty();
    warn({"unknown command ", shown.view(), near ? "; did you mean " : "", nearest.found(),
          near ? "?" : "", " (svctl help lists them)"});
}

Screen screen_of(int fd) {
    Screen screen;
    screen.terminal = isatty(fd) == 1;
    const char* no_colour = getenv("NO_COLOR");
    screen.colour = screen.terminal && (no_colour == nullptr || *no_colour == '\0');
    winsize size = {};
    if (screen.terminal && ioctl(fd, TIOCGWINSZ, &size) == 0) screen.width = size.ws_col;
    return screen;
}

// An option that takes a value.
bool set_value(Invocation& invocation, std::string_view option, std::string_view value,
               Sink& problem) {
    if (value.empty()) {
        problem << option << " needs a value";
        return false;
    }
    if (option == "-r") {
        invocation.run_directory = value;
        return true;
    }
    if (option == "-t") {
        const auto timeout = parse_duration(value);
        if (!timeout) problem << "-t takes a duration: 500ms, 5s, 1m30s";
        invocation.timeout = timeout.value_or(Duration{});
        return timeout.has_value();
    }
    invocation.until = parse_state(value);
    if (!invocation.until) problem << "there is no such state";
    return invocation.until.has_value();
}

bool set_flag(Invocation& invocation, std::string_view word) {
    if (word == "--json") return invocation.json = true;
    if (word == "-n") return invocation.waits = false, true;
    if (word == "-h" || word == "--help") return invocation.help = true;
    if (word == "-V" || word == "--version") return invocation.version = true;
    return false;
}

}  // namespace

// Options stand before or behind the command, as people type them; what follows "--" is none.
bool parse_invocation(int argc, char** argv, Invocation& invocation, Sink& problem) {
    bool options_end = false;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (options_end || word.size() < 2 || word[0] != '-') {
            invocation.words.push_back(word);
            continue;
        }
        options_end = word == "--";
        if (options_end || set_flag(invocation, word)) continue;
        const std::string_view option = word.substr(0, word[1] == '-' ? word.find('=') : 2);
        if (option != "-r" && option != "-t" && option != "--state") {
            problem << "unknown option ";
            append_shown(problem, word);
            problem << " (svctl help lists them)";
            return false;
        }
        std::string_view value = word.substr(option.size());
        if (option[1] == '-' && !value.empty()) value.remove_prefix(1);
        if (value.empty() && i + 1 < argc) value = argv[++i];
        if (!set_value(invocation, option, value, problem)) return false;
    }
    return true;
}

namespace {

Outcome run(const Invocation& invocation) {
    std::string_view name = "status";
    if (!invocation.words.empty()) name = invocation.words.front();
    if (invocation.help) name = "help";
    const CommandRow* row = find_row(name);
    if (row == nullptr) {
        explain_unknown(name);
        return Outcome::usage;
    }
    std::span<const std::string_view> arguments = invocation.words;
    if (!arguments.empty()) arguments = arguments.subspan(1);
    if (invocation.help) arguments = {};
    const size_t most = row->most == any_number ? SIZE_MAX : row->most;
    if (arguments.size() < row->fewest || arguments.size() > most) {
        warn({"usage: svctl ", row->name, " ", row->arguments});
        return Outcome::usage;
    }
    if (invocation.until && row->command != Command::wait) {
        warn({"--state belongs to wait"});
        return Outcome::usage;
    }
    Session session{invocation, *row, arguments, screen_of(1), {}};
    return row->run(session);
}

}  // namespace

int svctl_main(int argc, char** argv) {
    const Directories defaults = default_directories(geteuid(), environ);
    Invocation invocation;
    invocation.run_directory = defaults.run;
    invocation.config_directory = defaults.config;
    Buffer<256> problem;
    if (!parse_invocation(argc, argv, invocation, problem)) {
        warn({problem.view()});
        return static_cast<int>(Outcome::usage);
    }
    if (invocation.version) {
        write_all(1, "svctl " REEVE_VERSION "\n");
        return 0;
    }
    return static_cast<int>(run(invocation));
}

}  // namespace reeve
