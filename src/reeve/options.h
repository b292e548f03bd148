// options: reeve's command line.
#pragma once

#include <string_view>
#include <vector>

#include "base/list.h"
#include "base/text.h"

namespace reeve {

struct Options {
    List<Text> directories;    // -d
    List<Text> trusted;        // --trust
    Text run_directory;        // -r
    Text log_directory;        // -l
    Text state_directory;      // -s
    bool quiet = false;        // -q: a second instance is not an error
    bool whole_group = false;  // -g: signals go to the group of `-- CMD`
    bool exit_when_idle = false;
    bool strict = false;  // definitions with errors are a reason not to start
    enum class Machine : unsigned char { find_out, container, machine };
    Machine machine = Machine::find_out;
    bool help = false;
    bool version = false;
    const char* const* command = nullptr;  // what follows "--"; null: nothing
};

// True, or `problem` says in one line what is wrong.
bool parse_options(int argc, char** argv, Options& options, Text& problem);

extern const std::string_view reeve_usage;

}  // namespace reeve
