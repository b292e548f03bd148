// reeve: from the command line to the loop.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/version.h"
#include "files/definitions.h"
#include "files/paths.h"
#include "files/rundir.h"
#include "files/trust.h"
#include "kernel/complain.h"
#include "kernel/platform.h"
#include "kernel/signals.h"
#include "kernel/sys.h"
#include "model/signals.h"
#include "process/past.h"
#include "process/resume.h"
#include "reeve/options.h"
#include "reeve/program.h"

extern char** environ;

namespace reeve {

namespace {

constexpr int exit_usage = 2;

void print(std::string_view text) {
    [[maybe_unused]] const ssize_t written = sys::write(1, text.data(), text.size());
}

// A new identifier for `uid` in reeve.conf.
int print_uid() {
    unsigned char bytes[8];
    const Fd source(sys::open("/dev/urandom", O_RDONLY));
    if (!source || sys::read(source.get(), bytes, sizeof bytes) != sizeof bytes) {
        complain("read /dev/urandom failed");
        return exit_cannot_run;
    }
    Buffer<32> line;
    for (unsigned char byte : bytes)
        append(line, "0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]);
    line << '\n';
    print(line.view());
    return 0;
}

// Asked by a reeve that is about to become this program.
int try_to_resume(const char* run_directory) {
    return can_read_past(run_directory) ? exit_can_resume : exit_cannot_run;
}

// Before anything else: PID 1 is not sent what it does not catch, and others die of it.
void catch_signals(bool forwards) {
    if (!forwards) {
        for (int number : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) signals::count(number);
        if (platform::removal_signal != 0) signals::count(platform::removal_signal);
        if (getpid() == 1) {
            for (int number : {SIGUSR1, SIGUSR2}) signals::count(number);
            for (int number : platform::container_stop_signals) signals::count(number);
        }
        if (getpid() != 1)
            for (int number : {SIGUSR1, SIGUSR2}) signals::ignore(number);
        for (int number : {SIGPIPE, SIGALRM, SIGXFSZ, SIGTTIN, SIGTTOU}) signals::ignore(number);
        return;
    }
    for (int number = 1; number <= signal_max; ++number)
        if (!signals::is_fault(number) && number != SIGKILL && number != SIGSTOP)
            signals::count(number);
    for (int number : {SIGTTIN, SIGTTOU}) signals::ignore(number);
}

// Descriptors 0 to 2 must be something, or the next files to be opened would be taken for them.
void open_standard_descriptors() {
    for (int number = 0; number <= 2; ++number) {
        if (sys::fcntl(number, F_GETFD) >= 0) continue;
        Fd null(sys::open("/dev/null", O_RDWR));
        if (null.get() == number) null.release();
        if (sys::fcntl(number, F_GETFD) >= 0) sys::fcntl(number, F_SETFD, 0);
    }
}

// What reeve was given: before `-- CMD` runs it is for CMD, and else in a resumed reeve its own.
void take_descriptors(const Options& options, Setup& setup) {
    // One that crashed before it came this far has them all still.
    const bool resumed = resumption().resumed && (resumption().sealed || !resumption().by_fault);
    List<int>& found = setup.inherited;
    found.resize(resumed ? descriptors_searched_max_count : inherited_fds_max_count);
    found.resize(platform::seal_descriptors(found));
    Resumption::Given& given = resumption().given;
    if (!resumed) {
        if (options.command == nullptr) found = {};
        given.count = found.size();
        std::copy(found.begin(), found.end(), given.fds.begin());
        resumption().sealed = true;
        return;
    }
    const auto is_given = [&](int fd) {
        return std::find(given.fds.begin(), given.fds.begin() + given.count, fd) !=
               given.fds.begin() + given.count;
    };
    erase_if(found, is_given);
    setup.kept.take_over(found);
    found = List<int>(std::span<const int>(given.fds.data(), given.count));
}

// What stays true when a child has another working directory.
Text absolute(const Text& path) {
    char directory[path_max_bytes];
    if (path.view().starts_with('/') || platform::get_directory(directory) < 0) return path;
    return Text::join(directory, "/", path);
}

// Would something on the command line, which is read again after a crash, or in the environment
// mean another file in another directory?
bool depends_on_directory(int argc, char** argv, const Directories& directories) {
    const std::string_view program = argv[0] == nullptr ? "" : argv[0];
    if (program.find('/') != program.npos && program.front() != '/') return true;
    for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; ++i) {
        std::string_view word = argv[i];
        if (word.starts_with("--"))
            word = word.substr(std::min(word.find('='), word.size() - 1) + 1);
        else if (word.starts_with('-'))
            word.remove_prefix(std::min(word.size(), size_t{2}));
        if (!word.empty() && word.front() != '/') return true;
    }
    for (const Text& each :
         {directories.config, directories.run, directories.log, directories.state})
        if (!each.view().starts_with('/')) return true;
    return false;
}

// argv[0] as the program can be found again whatever the directory; empty: not known.
Text own_program(const char* name) {
    const std::string_view given = name == nullptr ? "" : name;
    Text path = given;
    if (given.find('/') == std::string_view::npos) {
        path = {};
        const char* search = getenv("PATH");
        std::string_view rest = search == nullptr ? "" : search;
        while (!rest.empty() && path.empty()) {
            const size_t colon = rest.find(':');
            path = Text::join(rest.substr(0, colon), "/", given);
            if (sys::access(path.c_str(), X_OK) < 0) path = {};
            rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
        }
    }
    return path.empty() ? path : absolute(path);
}

// Did the environment name what an option could have named?
bool is_set(const char* variable) {
    const char* value = getenv(variable);
    return value != nullptr && value[0] != '\0';
}

// `-- CMD` and no service directory, and nobody named a place to keep state in: then none is kept,
// as tini keeps none. Such a reeve nests, and takes nothing for its past.
bool is_stateless(const Options& options, const Text& config) {
    if (resumption().stateless || (resumption().resumed && !resumption().by_fault))
        return resumption().stateless.value_or(false);
    if (options.command == nullptr || options.quiet || !options.run_directory.empty() ||
        !options.directories.empty() || is_set("REEVE_RUN") || is_set("REEVE_DIR"))
        return false;
    struct stat there;
    return sys::stat(config.c_str(), &there) < 0 && (errno == ENOENT || errno == EACCES);
}

// Whoever may rename what is above the run directory could put another in its place.
bool may_be_above(const Text& path, Setup& setup) {
    setup.flaw_told = find_flaw_above(path);
    if (setup.flaw_told.empty() || geteuid() != 0 || setup.in_container) return true;
    complain(setup.flaw_told);
    return false;
}

// The one that a resumed reeve had, where it still is in its place.
bool take_inherited_run_directory(const List<Text>& places, Setup& setup) {
    for (const Text& place : places) {
        const Text path = private_run_directory(place);
        setup.lock = setup.kept.take_file(Text::join(path, "/lock").c_str());
        if (!setup.lock) continue;
        setup.run_directory = path;
        return true;
    }
    return false;
}

enum class Taken : uint8_t {
    yes,      // or there is none to be had, which is told
    is_held,  // by another reeve, and CMD goes on without
    no,       // the place is another's, or is not to be believed
};

// Takes the first of these places that a run directory can be had at. `exit_code` is what comes of
// it where that is not so.
Taken take_run_directory(const Options& options, const List<Text>& places, bool was_named,
                         Setup& setup, int& exit_code) {
    LongText failures;
    exit_code = exit_cannot_run;
    for (const Text& place : places) {
        const Text path = private_run_directory(place);
        if (!may_be_above(path, setup)) return Taken::no;
        RunDirectoryRefusal refusal;
        Result<Fd> opened = open_run_directory(path, setup.in_container, refusal);
        if (opened) {
            setup.lock = std::move(*opened);
            setup.run_directory = path;
            if (!(path == place))
                complain(place,
                         " is a mount that others may write to: the run "
                         "directory is ",
                         path);
            if (!setup.flaw_told.empty()) complain(setup.flaw_told);
            return Taken::yes;
        }
        const Error& error = opened.error();
        const bool is_held = error.code == EWOULDBLOCK;
        if (is_held && options.quiet) return exit_code = 0, Taken::no;
        const Text why = why_not_taken(path, error, refusal);
        if (is_held && options.command != nullptr && options.run_directory.empty()) {
            complain(why, ": this one runs its command without a run directory");
            return Taken::is_held;
        }
        if (is_held || !refusal.flaw.empty() || was_named) return complain(why), Taken::no;
        append(failures, failures.empty() ? "" : "; ", describe(error));
    }
    complain("no run directory can be made (", failures,
             "): svctl cannot reach "
             "this reeve, and it keeps no logs (-r names a run directory)");
    return Taken::yes;
}

// Says once which directories are taken as they are.
void take_trusted(Options& options, const List<Text>& directories) {
    for (Text& trusted : options.trusted) {
        trusted = absolute(trusted);
        const bool known = is_one_of({directories.data(), directories.size()}, trusted);
        complain(known ? Text::join("--trust: the files of ", trusted,
                                    " are taken whatever their mode and owner")
                       : Text::join("--trust ", trusted,
                                    ": no service directory has this path "
                                    "(-d names one)"));
    }
}

// Where everything is by options, environment and defaults, in this order.
struct Places {
    Directories defaults;
    Text config;  // the service directory, where only one is read
    bool config_was_named = false;
    List<Text> run;  // where the run directory may be, best first
    bool run_was_named = false;
    Text default_run;
};

Places find_places(const Options& options) {
    const Directories builtin = default_directories(geteuid(), environ, false);
    Places places{.defaults = default_directories(geteuid(), environ),
                  .run = run_directory_candidates(geteuid(), environ),
                  .default_run = builtin.run};
    const Directories& defaults = places.defaults;
    const bool is_default = options.directories.empty() && defaults.config == builtin.config;
    places.config_was_named = !is_default;
    places.config = !options.directories.empty() ? options.directories.front()
                    : is_default                 ? config_directory_in_use(defaults.config)
                                                 : defaults.config;
    places.run_was_named = !options.run_directory.empty() || !(defaults.run == builtin.run);
    if (places.run_was_named)
        places.run = {
            absolute(options.run_directory.empty() ? defaults.run : options.run_directory)};
    return places;
}

// Takes the run directory, where there is to be one. False: reeve ends with `exit_code`.
bool find_run_directory(const Options& options, const Places& places, Setup& setup,
                        int& exit_code) {
    setup.stateless = is_stateless(options, places.config);
    if (!setup.stateless && !take_inherited_run_directory(places.run, setup)) {
        const Taken taken =
            take_run_directory(options, places.run, places.run_was_named, setup, exit_code);
        if (taken == Taken::no) return false;
        // The default directory's services are those of the reeve that holds the run directory.
        setup.stateless = taken == Taken::is_held && !places.config_was_named;
    }
    resumption().stateless = setup.stateless;
    const Text& run = setup.run_directory;
    if (!run.empty()) setup.logs.pipes = Text::join(run, "/log");
    if (!run.empty() && !(run == places.default_run)) setup.run_variable = run;
    return true;
}

// From what was asked for to the loop, and to the end; the exit status.
int start(Options& options, int argc, char** argv, Setup setup) {
    take_descriptors(options, setup);
    if (const Status opened = signals::open(); !opened) {
        complain(describe(opened.error()));
        return exit_cannot_run;
    }
    setup.in_container =
        options.machine == Options::Machine::container ||
        (options.machine == Options::Machine::find_out && platform::in_container());
    const Places places = find_places(options);
    int exit_code = 0;
    if (!find_run_directory(options, places, setup, exit_code)) return exit_code;
    setup.logs.directory =
        absolute(options.log_directory.empty() ? places.defaults.log : options.log_directory);
    if (!setup.stateless)
        setup.state_directory = absolute(options.state_directory.empty() ? places.defaults.state
                                                                         : options.state_directory);
    setup.environment = environ;
    if (rlimit limit; resumption().nofile && getrlimit(RLIMIT_NOFILE, &limit) == 0)
        setup.nofile = rlimit{*resumption().nofile, limit.rlim_max};

    List<Text> directories = options.directories;
    if (directories.empty() && !setup.stateless) directories.push_back(places.config);
    for (Text& directory : directories) directory = absolute(directory);
    take_trusted(options, directories);
    // What reeve was started in can be unmounted. CMD is to be there.
    if (options.command == nullptr && !depends_on_directory(argc, argv, places.defaults))
        sys::chdir("/");
    Program program(options, std::move(setup), std::move(directories), places.config_was_named);
    if (!program.begin()) return exit_cannot_run;
    return program.run();
}

}  // namespace

int reeve_main(int argc, char** argv) {
    catch_faults(argc, argv, environ);
    if (argc == 2 && std::string_view(argv[1]) == "uid") return print_uid();
    if (argc == 3 && std::string_view(argv[1]) == try_resume) return try_to_resume(argv[2]);
    Setup setup;
    setup.own_program = own_program(argv[0]);
    set_own_program(setup.own_program.c_str());
    Options options;
    Text problem;
    const bool understood = parse_options(argc, argv, options, problem);
    catch_signals(options.command != nullptr);
    open_standard_descriptors();
    if (!understood) {
        complain(problem);
        return exit_usage;
    }
    if (options.help || options.version) {
        print(options.help ? reeve_usage : "reeve " REEVE_VERSION "\n");
        return 0;
    }
    return start(options, argc, argv, std::move(setup));
}

}  // namespace reeve
