// svctl: from the command line to the command.
#include "svctl/svctl.h"

#include <cstdlib>
#include <unistd.h>

#include "base/format.h"
#include "base/spelling.h"
#include "base/version.h"
#include "conf/schema.h"
#include "files/paths.h"
#include "files/trust.h"

extern char** environ;

namespace reeve {

namespace {

Outcome run_help(Session& session);

// Every command. Help is printed from it.
constexpr CommandRow rows[] = {
    {"status", "[NAME]...", "everything about these; without a name the table", run_status, 0,
     any_number},
    {"list", "[NAME]...", "the table", run_status, 0, any_number},
    {"top", "[NAME]...", "the table, live, with keys to act on it", run_top, 0, any_number},
    {"why", "[NAME]...", "the chain of causes of its state; without a name of all that is amiss",
     run_why, 0, any_number, Command::why},
    {"up", "NAME...", "start, with what it depends on", run_request, 1, any_number, Command::up},
    {"down", "NAME...", "stop, what depends on it first", run_request, 1, any_number,
     Command::down},
    {"restart", "NAME...", "stop and start", run_restart, 1, any_number, Command::restart},
    {"scale", "NAME N", "have N instances of it", run_scale, 2, 2, Command::scale},
    {"run", "NAME...", "run a oneshot now, and wait for its end", run_request, 1, any_number,
     Command::run},
    {"signal", "SIG NAME...", "send a signal", run_request, 2, any_number, Command::signal},
    {"reload", "[NAME]...", "read the service files again; NAME: its own reload", run_request, 0,
     any_number, Command::reload},
    {"plan", "", "what reload would do", run_plan, 0, 0, Command::plan},
    {"wait", "NAME...", "until it is running or done, or in the --state", run_request, 1,
     any_number, Command::wait},
    {"next", "[N] [NAME]...", "the N coming starts, stops and versions (10)", run_next, 0,
     any_number, Command::next},
    {"logs", "[NAME]...", "what it has written; without a name all, as it comes", run_logs, 0,
     any_number},
    {"input", "NAME [TEXT]...", "a line, or standard input, to stdin = fifo", run_input, 1,
     any_number},
    {"rotate", "[NAME]...", "begin a new log file", run_request, 0, any_number, Command::rotate},
    {"events", "[NAME]...", "the latest changes of state", run_events, 0, any_number,
     Command::events},
    {"history", "NAME...", "its past runs, and how they ended", run_history, 1, any_number},
    {"graph", "[NAME]...", "the tree of dependencies", run_graph, 0, any_number},
    {"boot", "", "what the bring-up spent its time on", run_boot, 0, 0, Command::boot},
    {"show", "NAME...", "its service files, as they are", run_show, 1, any_number},
    {"add", "NAME KEY=VALUE...", "a new service file", run_add, 2, any_number},
    {"set", "NAME KEY=VALUE...", "change it; KEY+=VALUE, KEY-=VALUE: one line of several", run_set,
     2, any_number},
    {"enable", "NAME...", "start it when reeve starts", run_enable, 1, any_number},
    {"disable", "NAME...", "do not start it", run_enable, 1, any_number},
    {"remove", "NAME...", "delete its service files, and stop it", run_remove, 1, any_number},
    {"check", "[DIR]...", "the errors in service files", run_check, 0, directories_max_count},
    {"when", "EXPR [N]", "the next N dates (5) of a cron expression in quotes, an interval, a date",
     run_when, 1, 2},
    {"keys", "[KEY]", "the keys of service files", run_keys, 0, 1},
    {"shutdown", "", "stop everything; reeve exits with 0", run_request, 0, 0, Command::exit},
    {"exit", "[CODE]", "stop everything; reeve exits with CODE", run_request, 0, 1, Command::exit},
    {"reexec", "", "execute reeve's program again, with all that runs", run_request, 0, 0,
     Command::reexec},
    {"help", "[COMMAND]", "this list", run_help, 0, 1},
};

void print_help_line(Printer& printer, const char* name, const char* arguments,
                     const char* commands, const char* doc) {
    Buffer<64> line;
    append(line, "  ", name, *arguments != '\0' ? " " : "", arguments);
    printer << line.view();
    printer.blanks(line.size() < 26 ? 26 - line.size() : 1);
    if (*commands != '\0') append(printer, commands, ": ");
    append(printer, doc, '\n');
}

const CommandRow* find_row(std::string_view name) {
    for (const CommandRow& row : rows)
        if (name == row.name) return &row;
    return nullptr;
}

// As others call them: systemctl, supervisorctl, sv.
constexpr std::string_view foreign_commands =
    "start up stop down kill signal once run log logs tail logs journal logs ps list ls list "
    "cat show edit set rm remove daemon-reload reload reread reload update reload "
    "is-active status poweroff shutdown halt shutdown quit shutdown";

void explain_unknown(std::string_view name) {
    Buffer<shown_max_bytes + 4> shown;
    append_shown(shown, name);
    if (const CommandRow* row = find_row(translate(foreign_commands, name)))
        return warn("unknown command ", shown, ": here it is svctl ", row->name,
                    *row->arguments != '\0' ? " " : "", row->arguments);
    Nearest nearest(name);
    for (const CommandRow& row : rows) nearest.offer(row.name);
    const std::string_view near = nearest.found();
    warn("unknown command ", shown, near.empty() ? " (" : " (did you mean ", near,
         near.empty() ? "" : "? ", "svctl help lists them)");
}

Outcome run_help(Session& session) {
    Printer& printer = session.printer;
    if (!session.arguments.empty()) {
        const CommandRow* row = find_row(session.arguments[0]);
        if (row == nullptr) {
            explain_unknown(session.arguments[0]);
            return Outcome::usage;
        }
        print_help_line(printer, row->name, row->arguments, "", row->doc);
        printer.flush();
        return Outcome::done;
    }
    printer << "usage: svctl [OPTION]... [COMMAND [ARG]...]\n\n";
    for (const CommandRow& row : rows)
        print_help_line(printer, row.name, row.arguments, "", row.doc);
    printer << '\n';
    for (const OptionRow& row : option_rows())
        print_help_line(printer, row.name, row.value, row.commands, row.doc);
    printer << "\nNAME: a service, NAME@INSTANCE, or @LABEL for all that bear the label, @all for "
               "all. See svctl(1).\n";
    printer.flush();
    return Outcome::done;
}

// POSIX XBD 8.2: the first of these that is not empty decides.
bool locale_is_utf8() {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        const char* value = getenv(name);
        if (value == nullptr || *value == '\0') continue;
        const std::string_view locale = value;
        const std::string_view set = locale.substr(std::min(locale.find('.'), locale.size()));
        return set.starts_with(".UTF-8") || set.starts_with(".utf8") || set.starts_with(".utf-8");
    }
    return false;
}

Screen screen_of(int fd) {
    Screen screen;
    screen.terminal = isatty(fd) == 1;
    screen.colour = wants_colour(fd);
    screen.unicode = locale_is_utf8();
    if (screen.terminal) screen.width = screen_size(fd).columns;
    return screen;
}

}  // namespace

std::span<const CommandRow> command_rows() { return rows; }

namespace {

Outcome run(const Invocation& invocation) {
    std::string_view name = invocation.words.empty() ? "status" : invocation.words.front();
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
        warn("usage: svctl ", row->name, *row->arguments != '\0' ? " " : "", row->arguments);
        return Outcome::usage;
    }
    Session session{invocation, *row, arguments, screen_of(1), {}};
    session.printer.for_terminal = session.screen.terminal;
    const Outcome outcome = row->run(session);
    return session.printer.failed() ? worse(outcome, Outcome::failed) : outcome;
}

}  // namespace

int svctl_main(int argc, char** argv) {
    const Directories defaults = default_directories(geteuid(), environ);
    const Directories builtin = default_directories(geteuid(), environ, false);
    const bool is_own = defaults.config == builtin.config;
    const Text config = is_own ? config_directory_in_use(defaults.config) : defaults.config;
    Invocation invocation;
    invocation.config_directory = config;
    invocation.log_directory = defaults.log;
    Buffer<256> problem;
    if (!parse_invocation(argc, argv, invocation, problem)) {
        warn(problem);
        return static_cast<int>(Outcome::usage);
    }
    Text run_directory;
    if (!invocation.run_directory.empty())
        run_directory = private_run_directory(invocation.run_directory);
    else if (!(defaults.run == builtin.run))
        run_directory = private_run_directory(defaults.run);
    else
        run_directory = run_directory_in_use(run_directory_candidates(geteuid(), environ));
    invocation.run_directory = run_directory;
    const char* directory = getenv("REEVE_DIR");
    if (invocation.directories.empty() && directory != nullptr && *directory != '\0')
        invocation.directories.push_back(invocation.config_directory);
    if (invocation.version) {
        write_all(1, "svctl " REEVE_VERSION "\n");
        return 0;
    }
    return static_cast<int>(run(invocation));
}

}  // namespace reeve
