// svctl: one run of it, as its commands see it.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "apps/printer.h"
#include "apps/svctl_print.h"
#include "ctl/protocol.h"

namespace reeve {

struct Invocation {
    std::string_view run_directory;     // -r
    std::string_view config_directory;  // where `check` looks if it is not told
    bool json = false;                  // --json
    bool waits = true;                  // no -n
    Duration timeout = milliseconds(answer_wait_default_ms);  // -t
    std::optional<State> until;                               // --state
    bool help = false;
    bool version = false;
    std::vector<std::string_view> words;  // the command and its arguments
};

// True, or `problem` says in one line what is wrong.
bool parse_invocation(int argc, char** argv, Invocation& invocation, Sink& problem);

struct CommandRow;

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
    uint8_t most;                       // the same; any_number
    Command command = Command::status;  // of the protocol, for those that are sent
};
constexpr uint8_t any_number = 255;

// Commands that ask the supervisor, or its files.
Outcome run_status(Session& session);
Outcome run_why(Session& session);
Outcome run_request(Session& session);
// Commands that need none.
Outcome run_check(Session& session);
Outcome run_keys(Session& session);

}  // namespace reeve
