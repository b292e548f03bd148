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

constexpr size_t any_number = SIZE_MAX;

Outcome run_help(Session& session);

// Every command. Help is printed from it.
constexpr CommandRow rows[] = {
    {"status", "[NAME]...", "everything about these; without a name the table", 0, any_number,
     run_status, Command::status},
    {"list", "[NAME]...", "the table", 0, any_number, run_status, Command::status},
    {"why", "NAME...", "the chain of causes of its state", 1, any_number, run_why, Command::why},
    {"up", "NAME...", "start, with what it depends on", 1, any_number, run_request, Command::up},
    {"down", "NAME...", "stop, what depends on it first", 1, any_number, run_request,
     Command::down},
    {"restart", "NAME...", "stop and start", 1, any_number, run_request, Command::restart},
    {"signal", "SIG NAME...", "send a signal", 2, any_number, run_request, Command::signal},
    {"reload", "[NAME]...", "read the service files again; NAME: its own reload", 0, any_number,
     run_request, Command::reload},
    {"wait", "[--state S] NAME...", "until it is running or done, or S", 1, any_number,
     run_request, Command::wait},
    {"check", "[DIR]...", "the errors in service files", 0, directories_max_count, run_check},
    {"keys", "[KEY]", "the keys of service files", 0, 1, run_keys},
    {"shutdown", "", "stop everything; reeve exits with 0", 0, 0, run_request, Command::exit},
    {"exit", "[CODE]", "the same with CODE", 0, 1, run_request, Command::exit},
    {"help", "", "this list", 0, 0, run_help},
};

Outcome run_help(Session& session) {
    std::string text = "usage: svctl [-r RUNDIR] [--json] [-t TIMEOUT] [-n] [COMMAND [ARG...]]\n\n";
    for (const CommandRow& row : rows) {
        std::string line = "  ";
        line.append(row.name).append(" ").append(row.arguments);
        line.resize(std::max<size_t>(line.size() + 2, 30), ' ');
        text.append(line).append(row.doc).append("\n");
    }
    text += "\nNAME: a service, NAME@INSTANCE, or @LABEL for all that bear the label.\n"
            "-t: how long to wait for the outcome, 1m. -n: not at all. See svctl(1).\n";
    session.printer.text(text);
    session.printer.flush();
    return Outcome::done;
}

const CommandRow* find_row(std::string_view name) {
    for (const CommandRow& row : rows)
        if (name == row.name) return &row;
    return nullptr;
}

Outcome unknown_command(std::string_view name) {
    Nearest nearest(name);
    for (const CommandRow& row : rows) nearest.offer(row.name);
    std::string problem = "unknown command ";
    problem.append(name.substr(0, shown_max_bytes)).append(" (");
    if (!nearest.found().empty()) problem.append("did you mean ").append(nearest.found()) += "? ";
    return usage_error(problem += "svctl help lists them)");
}

bool is_set(const char* variable) {
    const char* value = getenv(variable);
    return value != nullptr && *value != '\0';
}

Screen screen_of(int fd) {
    Screen screen;
    screen.terminal = isatty(fd) == 1;
    screen.colour = screen.terminal && !is_set("NO_COLOR");
    winsize size = {};
    if (screen.terminal && ioctl(fd, TIOCGWINSZ, &size) == 0) screen.width = size.ws_col;
    return screen;
}

// The option that takes a value: its letter, or its whole name.
bool set_value(Invocation& invocation, std::string_view option, std::string_view value,
               std::string& problem) {
    const auto bad = [&](const char* what) {
        problem.append(option).append(" ").append(value.substr(0, shown_max_bytes)) += what;
        return false;
    };
    if (option == "-r") {
        invocation.run_directory = value;
    } else if (option == "-t") {
        const auto timeout = parse_duration(value);
        if (!timeout) return bad(": a duration is like 500ms, 5s or 1m30s");
        invocation.timeout = *timeout;
    } else {
        invocation.until = parse_state(value);
        if (!invocation.until) return bad(": there is no such state");
    }
    return true;
}

bool set_flag(Invocation& invocation, std::string_view word) {
    if (word == "--json") return invocation.json = true;
    if (word == "-n") return invocation.waits = false, true;
    if (word == "-h" || word == "--help") return invocation.help = true;
    if (word == "-V" || word == "--version") return invocation.version = true;
    return false;
}

}  // namespace

void warn(std::string_view text) {
    std::string line = "svctl: ";
    write_all(2, line.append(text).append("\n"));
}

Outcome usage_error(std::string_view text) {
    warn(text);
    return Outcome::usage;
}

// Options stand before or behind the command, as people type them; what follows "--" is none.
bool parse_invocation(int argc, char** argv, Invocation& invocation, std::string& problem) {
    bool options_end = false;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (options_end || word.size() < 2 || word[0] != '-') {
            invocation.words.push_back(word);
            continue;
        }
        if (word == "--") {
            options_end = true;
            continue;
        }
        if (set_flag(invocation, word)) continue;
        std::string_view option = word.substr(0, word[1] == '-' ? word.find('=') : 2);
        if (option != "-r" && option != "-t" && option != "--state") {
            problem.append("unknown option ").append(word.substr(0, shown_max_bytes));
            problem += " (svctl help lists what there is)";
            return false;
        }
        std::string_view value = word.substr(option.size());
        if (option == "--state" && value.starts_with('=')) value.remove_prefix(1);
        if (value.empty() && i + 1 < argc) value = argv[++i];
        if (value.empty()) {
            problem.append(option).append(" needs a value");
            return false;
        }
        if (!set_value(invocation, option, value, problem)) return false;
    }
    return true;
}

namespace {

Outcome run(Invocation& invocation) {
    std::string_view name = "status";
    if (!invocation.words.empty()) name = invocation.words.front();
    if (invocation.help) name = "help";
    const CommandRow* row = find_row(name);
    if (row == nullptr) return unknown_command(name);
    Session session{invocation, *row, {}, screen_of(1), Printer(invocation.json)};
    for (size_t i = 1; i < invocation.words.size(); ++i)
        session.arguments.push_back(invocation.words[i]);
    if (invocation.help) return row->run(session);
    const size_t count = session.arguments.size();
    if (count < row->fewest || count > row->most) {
        std::string problem = "usage: svctl ";
        return usage_error(problem.append(row->name).append(" ").append(row->arguments));
    }
    if (invocation.until && row->command != Command::wait)
        return usage_error("--state belongs to wait");
    return row->run(session);
}

}  // namespace

int svctl_main(int argc, char** argv) {
    const Directories defaults = default_directories(geteuid(), environ);
    Invocation invocation;
    invocation.run_directory = defaults.run;
    invocation.config_directory = defaults.config;
    std::string problem;
    if (!parse_invocation(argc, argv, invocation, problem))
        return static_cast<int>(usage_error(problem));
    if (invocation.version) {
        write_all(1, "svctl " REEVE_VERSION "\n");
        return 0;
    }
    return static_cast<int>(run(invocation));
}

}  // namespace reeve
