#include "reeve/options.h"

#include "base/limits.h"

namespace reeve {

const std::string_view reeve_usage =
    "usage: reeve [-d DIR]... [-r RUNDIR] [-l LOGDIR] [-s STATEDIR] [-q] [-g]\n"
    "             [--strict] [--exit-when-idle] [--trust DIR]... [--container | --machine]\n"
    "             [-- CMD ARG...]\n"
    "       reeve svctl ARG...\n"
    "       reeve uid\n"
    "\n"
    "  -d DIR            a directory of service files; a later one's files replace\n"
    "                    an earlier one's of the same name\n"
    "  -r RUNDIR         state and control socket\n"
    "  -l LOGDIR         output of services\n"
    "  -s STATEDIR       what is remembered over a reboot: starts of schedules\n"
    "  -q                exit 0 silently where another reeve has RUNDIR\n"
    "  -g                with CMD: send signals to its whole process group\n"
    "  --strict          do not start where a definition has errors\n"
    "  --trust DIR       take the files of this service directory whatever their mode\n"
    "                    and owner\n"
    "  --exit-when-idle  end once nothing runs, is wanted or is scheduled\n"
    "  --container, --machine\n"
    "                    as PID 1: which of the two this is\n"
    "  -- CMD ARG...     run CMD as the service `main`; end when it ends, with its\n"
    "                    exit code\n"
    "\n"
    "See reeve(8), reeve-service(5), svctl(1).\n";

namespace {

constexpr std::string_view trust_option = "--trust";
constexpr std::string_view trust_prefix = "--trust=";

bool set_flag(std::string_view word, Options& options) {
    using enum Options::Machine;
    if (word == "-q") return options.quiet = true;
    if (word == "-g") return options.whole_group = true;
    if (word == "--exit-when-idle") return options.exit_when_idle = true;
    if (word == "--strict") return options.strict = true;
    if (word == "-h" || word == "--help") return options.help = true;
    if (word == "-V" || word == "--version") return options.version = true;
    if (word == "--container") return options.machine = container, true;
    if (word == "--machine") return options.machine = machine, true;
    return false;
}

}  // namespace

bool parse_options(int argc, char** argv, Options& options, Text& problem) {
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--") {
            if (i + 1 == argc) {
                problem = "no command after -- (reeve -- CMD ARG...)";
                return false;
            }
            options.command = argv + i + 1;
            if (*options.command[0] == '\0')
                problem = "the command after -- is an empty word (reeve -- CMD ARG...)";
            return problem.empty();
        }
        if (set_flag(word, options)) continue;
        const bool trusts = word == trust_option || word.starts_with(trust_prefix);
        const bool takes_path = word.size() >= 2 && word[0] == '-' &&
                                std::string_view("drls").find(word[1]) != word.npos;
        if (!takes_path && !trusts) {
            const bool option = word.starts_with('-');
            problem = Text::join(option ? "unknown option " : "unexpected word ", word,
                                 option ? " (reeve --help shows what there is)"
                                        : " (reeve -- CMD runs one; svctl controls services)");
            return false;
        }
        std::string_view path = word.substr(trusts ? trust_option.size() : 2);
        if (trusts && !path.empty()) path.remove_prefix(1);
        if (path.empty() && i + 1 < argc) path = argv[++i];
        if (path.empty() || path == "--") {
            problem = Text::join(word, " needs a directory");
            return false;
        }
        if (trusts) {
            options.trusted.emplace_back(path);
            continue;
        }
        if (word[1] == 'r') options.run_directory = path;
        if (word[1] == 'l') options.log_directory = path;
        if (word[1] == 's') options.state_directory = path;
        if (word[1] != 'd') continue;
        if (options.directories.size() == directories_max_count) {
            problem = "more than 16 directories";
            return false;
        }
        options.directories.emplace_back(path);
    }
    return true;
}

}  // namespace reeve
