// svctl: one run of it, as its commands see it.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/list.h"
#include "ctl/protocol.h"
#include "model/stamp.h"
#include "svctl/print.h"
#include "svctl/printer.h"

namespace reeve {

struct Invocation {
    std::string_view run_directory;      // -r
    std::string_view config_directory;   // the default one
    std::string_view log_directory;      // the default one, or logs -l
    bool reads_log_directory = false;    // logs -l
    List<std::string_view> directories;  // -d, else REEVE_DIR; empty: as reeve has them
    bool json = false;                   // --json
    bool waits = true;                   // no -n
    bool now = false;                    // --now
    bool rolling = false;                // restart --rolling
    bool follows = false;                // -f
    bool week = false;                   // next --week
    bool verbose = false;                // check -v
    bool dot = false;                    // --dot
    std::optional<size_t> lines;         // logs -n
    std::optional<Stamp> since;          // logs --since
    std::optional<Date> from;            // when --from
    std::string_view timezone;           // when --timezone; empty: the machine's
    size_t run = 0;                      // logs --run: 1 is the last; 0: of any
    Duration timeout = milliseconds(answer_wait_default_ms);  // -t
    std::optional<State> until;                               // --state
    bool help = false;
    bool version = false;
    List<std::string_view> words;  // the command and its arguments
};

// True, or `problem` says in one line what is wrong.
bool parse_invocation(int argc, char** argv, Invocation& invocation, Sink& problem);

// A row of the one table of options. Help and completions are made from it.
struct OptionRow {
    const char* name;
    const char* value;     // as help shows it; empty: it takes none
    const char* commands;  // that it belongs to, words; empty: to all
    const char* doc;
    // False: `problem` says what is wrong with the value.
    bool (*set)(Invocation& invocation, std::string_view value, Sink& problem);
};

struct CommandRow;
std::span<const CommandRow> command_rows();
std::span<const OptionRow> option_rows();

struct Session {
    const Invocation& invocation;
    const CommandRow& row;
    std::span<const std::string_view> arguments;  // behind the command
    Screen screen;
    Printer printer;
};

// A row of the one table of commands.
struct CommandRow {
    const char* name;
    const char* arguments;  // as help shows them
    const char* doc;
    Outcome (*run)(Session& session);
    uint8_t fewest;                     // arguments
    uint8_t most;                       // arguments; any_number
    Command command = Command::status;  // of the protocol, for those that are sent
};
constexpr uint8_t any_number = 255;

// Commands that ask the supervisor, or its files.
Outcome run_status(Session& session);
Outcome run_top(Session& session);
Outcome run_why(Session& session);
Outcome run_request(Session& session);
Outcome run_restart(Session& session);
Outcome run_scale(Session& session);
Outcome run_plan(Session& session);
Outcome run_events(Session& session);
Outcome run_boot(Session& session);
Outcome run_graph(Session& session);
Outcome run_history(Session& session);
Outcome run_next(Session& session);
Outcome run_logs(Session& session);
Outcome run_input(Session& session);
// Commands that need none.
Outcome run_check(Session& session);
Outcome run_keys(Session& session);
Outcome run_when(Session& session);
// Commands that change service files, and have reeve read them again.
Outcome run_add(Session& session);
Outcome run_set(Session& session);
Outcome run_enable(Session& session);
Outcome run_remove(Session& session);
Outcome run_show(Session& session);

}  // namespace reeve
