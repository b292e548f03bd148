// What users get wrong at the prompt, and what they are told: in the words that stand here. The
// mistakes in service files are in mistakes_test.cc.

#include <csignal>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

constexpr char sleeps[] = "exec = sleep 1000\n";

struct Mistake {
    const char* what;  // the user did wrong
    Strings words;     // typed
    int status;        // the exit status
    const char* said;  // on stderr, without the program's name and the last newline
};

// Of svctl, while reeve runs. None of them changes a thing.
const Mistake commands[] = {
    // The command.
    {"a misspelt command",
     {"statsu"},
     2,
     "unknown command statsu (did you mean status? svctl help lists them)"},
    {"systemctl's command",
     {"start", "web"},
     2,
     "unknown command start: here it is svctl up NAME..."},
    {"another one", {"stop", "web"}, 2, "unknown command stop: here it is svctl down NAME..."},
    {"ls", {"ls"}, 2, "unknown command ls: here it is svctl list [NAME]..."},
    {"ps", {"ps"}, 2, "unknown command ps: here it is svctl list [NAME]..."},
    {"another one",
     {"daemon-reload"},
     2,
     "unknown command daemon-reload: here it is svctl reload [NAME]..."},
    {"supervisorctl's command",
     {"tail", "web"},
     2,
     "unknown command tail: here it is svctl logs [NAME]..."},
    {"kill for signal",
     {"kill", "web"},
     2,
     "unknown command kill: here it is svctl signal SIG NAME..."},
    {"the name before the command",
     {"web", "restart"},
     2,
     "unknown command web (svctl help lists them)"},
    {"help for what is no command",
     {"help", "strat"},
     2,
     "unknown command strat (svctl help lists them)"},
    {"no name", {"up"}, 2, "usage: svctl up NAME..."},
    {"an empty name", {"up", ""}, 2, "which service?"},
    {"a name for what is about all", {"shutdown", "web"}, 2, "usage: svctl shutdown"},
    // The name.
    {"a misspelt name", {"up", "wbe"}, 4, "no such service: wbe (did you mean web?)"},
    {"the wrong case", {"up", "WEB"}, 4, "no such service: WEB (did you mean web?)"},
    {"a unit's name", {"up", "web.service"}, 4, "no such service: web.service (did you mean web?)"},
    {"the path of the file",
     {"up", "{dir}/services/web"},
     4,
     "no such service: {dir}/services/web (did you mean web?)"},
    {"a label without @", {"down", "shop"}, 4, "no such service: shop (did you mean @shop?)"},
    {"a label that nothing bears",
     {"down", "@blog"},
     4,
     "no such service: @blog (svctl reload reads new files)"},
    {"a service for a label", {"up", "@web"}, 4, "no such service: @web (did you mean web?)"},
    {"an instance of what has none",
     {"up", "web@1"},
     4,
     "no such service: web@1 (web has no instances)"},
    {"a new file that reeve has not read",
     {"up", "fresh"},
     4,
     "no such service: fresh (svctl reload reads new files)"},
    {"all", {"restart", "all"}, 4, "no such service: all (did you mean @all?)"},
    {"a pattern", {"restart", "*"}, 4, "no such service: * (svctl reload reads new files)"},
    {"why of a misspelt name", {"why", "wbe"}, 4, "no such service: wbe (did you mean web?)"},
    {"logs of a misspelt name", {"logs", "wbe"}, 4, "no such service: wbe (did you mean web?)"},
    // Options.
    {"an unknown option", {"-x", "up", "web"}, 2, "unknown option -x (svctl help lists them)"},
    {"a misspelt option", {"--jsn"}, 2, "unknown option --jsn (svctl help lists them)"},
    {"an option of another command", {"up", "-f", "web"}, 2, "-f is an option of: logs events"},
    {"no duration", {"-t", "soon", "up", "web"}, 2, "-t takes a duration: 500ms, 5s, 1m30s"},
    {"an option without its value", {"wait", "web", "-t"}, 2, "-t needs a value"},
    {"a number that is none", {"logs", "-n", "web"}, 2, "-n takes a number of lines"},
    {"a state that does not exist",
     {"wait", "--state", "up", "web"},
     2,
     "there is no such state: up (there are stopped waiting starting running stopping backoff done "
     "failed invalid unknown)"},
    // Signals and codes.
    {"a signal that does not exist",
     {"signal", "USR3", "web"},
     2,
     "there is no such signal: USR3 (svctl signal SIG NAME; SIG is such as HUP or 15)"},
    {"the name before the signal",
     {"signal", "web", "HUP"},
     2,
     "there is no such signal: web (svctl signal SIG NAME; SIG is such as HUP or 15)"},
    {"a signal to what does not run",
     {"signal", "HUP", "off"},
     3,
     "off: not running: stopped: No such process"},
    {"an exit code that there is not", {"exit", "256"}, 2, "no exit code from 0 to 255: 256"},
    // What cannot be done.
    {"up of what has errors",
     {"up", "broken"},
     1,
     "broken: invalid: {dir}/services/broken:1: unknown key 'exce' (did you mean exec?)"},
    {"up of what never runs", {"up", "withdrawn"}, 1, "withdrawn: stopped: type = fake"},
    {"up of what needs what has failed",
     {"up", "needy"},
     1,
     "needy: waiting: needs job; job is failed: exit 1"},
    {"run of a daemon", {"run", "off"}, 1, "off: stopped: it is a daemon: svctl up starts it"},
    {"run of what runs", {"run", "web"}, 1, "web: running: it runs already"},
    {"a wait for what has failed", {"wait", "job"}, 1, "job: failed: exit 1"},
    {"a wait for what nobody starts", {"wait", "off"}, 1, "off: stopped: enabled = no"},
    {"a wait for a state that does not come",
     {"-t", "50ms", "wait", "--state", "done", "web"},
     5,
     "web: not in time: running: ready"},
    {"a reload of what does not run",
     {"reload", "off"},
     3,
     "off: not running: stopped: enabled = no"},
    // Keys and files.
    {"a key that does not exist",
     {"keys", "restrat"},
     1,
     "there is no key restrat (did you mean restart? svctl keys lists them)"},
    {"a key of systemd",
     {"keys", "WorkingDirectory"},
     1,
     "there is no key WorkingDirectory (did you mean workdir? svctl keys lists them)"},
    {"check of a file",
     {"check", "{dir}/services/web"},
     1,
     "read directory {dir}/services/web: Not a directory (name the directory that it is in)"},
    {"set of reeve.conf",
     {"set", "reeve.conf", "report=all"},
     4,
     "reeve.conf is no service, but holds the settings of reeve itself: change it with an editor, "
     "then svctl reload"},
    {"set without =",
     {"set", "web", "restart", "never"},
     2,
     "expected KEY=VALUE, KEY+=VALUE or KEY-=VALUE, not 'restart'\n"
     "svctl: expected KEY=VALUE, KEY+=VALUE or KEY-=VALUE, not 'never'"},
    {"set of a misspelt key",
     {"set", "web", "restrat=never"},
     1,
     "{dir}/services/web:2: unknown key 'restrat' (did you mean restart?)\n"
     "svctl: nothing is changed"},
    {"set to a value that is none",
     {"set", "web", "restart=no"},
     1,
     "{dir}/services/web:2: restart = no: expected always, on-failure or never\n"
     "svctl: nothing is changed"},
    {"set that would close a circle",
     {"set", "web", "depends_on=shop1"},
     1,
     "{dir}/services/shop1: dependency cycle: shop1 -> web -> shop1\n"
     "svctl: {dir}/services/web: dependency cycle: shop1 -> web -> shop1\n"
     "svctl: nothing is changed"},
    {"set of a service that is misspelt",
     {"set", "wbe", "nice=1"},
     4,
     "no such service: wbe (did you mean web?)"},
    {"taking away what is not there",
     {"set", "web", "env-=A=1"},
     1,
     "{dir}/services/web: env: no line has the value that is to be taken away; nothing is changed"},
    {"adding a line to what has one",
     {"set", "web", "exec+=sleep 1"},
     2,
     "exec may not repeat: write exec=VALUE"},
    {"add of what exists",
     {"add", "web", "exec=sleep 1"},
     1,
     "web exists already: {dir}/services/web; svctl set changes it"},
    {"add with a suffix",
     {"add", "blog.service", "exec=sleep 1"},
     2,
     "'blog.service' is no name for a service: at most 63 letters, digits, _, - and :, and perhaps "
     "+VERSION"},
    {"remove of what is not there",
     {"remove", "wbe"},
     4,
     "no such service: wbe (did you mean web?)"},
};

}  // namespace

TEST_CASE("a mistake at svctl's prompt is told, and changes nothing") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.service("off", std::string(sleeps) + "enabled = no\n");
    reeve.service("shop1", std::string(sleeps) + "group = shop\ndepends_on = web\n");
    reeve.service("job", "exec = false\ntype = oneshot\n");
    reeve.service("needy", std::string(sleeps) + "depends_on = job\n");
    reeve.service("withdrawn", "type = fake\n");
    reeve.service("broken", "exce = sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.reaches("shop1", "running"));
    REQUIRE(reeve.reaches("job", "failed"));
    const pid_t pid = reeve.pid_of("web");
    for (const Mistake& mistake : commands) {
        std::string typed;
        for (const std::string& word : mistake.words) typed += " " + word;
        INFO(mistake.what << ": svctl" << typed);
        const Output output = reeve.svctl(mistake.words);
        CHECK(output.err == "svctl: " + reeve.fill_in(mistake.said) + "\n");
        CHECK(output.status == mistake.status);
        CHECK(output.out.empty());
    }
    CHECK(reeve.pid_of("web") == pid);
    CHECK(reeve.state("off") == "stopped");
    CHECK(reeve.state("shop1") == "running");
    CHECK(reeve.text_of("services/web") == sleeps);
}

TEST_CASE("a service that ends at once fails its restart, with the reason") {
    Reeve reeve;
    reeve.service("web", "exec = false\nready = after 1h\nstart_timeout = 2h\n"
                         "restart_delay = 1h\nrestart_delay_max = 1h\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "backoff"));
    for (const char* command : {"up", "restart"}) {
        const Output output = reeve.svctl({command, "web"});
        const std::string said = "svctl: web: backoff: exit 1, 1st failure, next try in ";
        CHECK(output.err.substr(0, said.size()) == said);  // 1h, or 59m59s
        CHECK(output.status == 1);
    }
}

TEST_CASE("where there are no services, svctl says how to come by one") {
    Reeve reeve;
    reeve.start();
    const Output output = reeve.svctl({});
    CHECK(output.err ==
          "svctl: there are no services (svctl add makes one; svctl check looks at the files)\n");
    CHECK(output.status == 0);
}

TEST_CASE("svctl where reeve is not running says so, and where it has looked") {
    Reeve reeve;
    const Mistake rows[] = {
        {"reeve is not running",
         {"up", "web"},
         7,
         "reeve is not running (no answer at {dir}/run/control; start it, or name its run "
         "directory with -r; reeve -- CMD alone hears nobody, with -r it does)"},
        {"the same, of the table",
         {},
         7,
         "reeve is not running (no answer at {dir}/run/control; start it, or name its run "
         "directory with -r; reeve -- CMD alone hears nobody, with -r it does)"},
        {"a run directory that does not exist",
         {"-r", "{dir}/rnu", "up", "web"},
         7,
         "reeve is not running (no answer at {dir}/rnu/control; start it, or name its run "
         "directory with -r; reeve -- CMD alone hears nobody, with -r it does)"},
        {"a file for the run directory",
         {"-r", "{dir}/file", "up", "web"},
         7,
         "reeve is not running (no answer at {dir}/file/control; start it, or name its run "
         "directory with -r; reeve -- CMD alone hears nobody, with -r it does)"},
        {"check of a directory that does not exist",
         {"check", "{dir}/nosuch"},
         1,
         "read directory {dir}/nosuch: No such file or directory (make it, or name the service "
         "directory with -d)"},
    };
    write_file(reeve.file("file"), "");
    for (const Mistake& mistake : rows) {
        INFO(mistake.what);
        const Output output = reeve.svctl(mistake.words);
        CHECK(output.err == "svctl: " + reeve.fill_in(mistake.said) + "\n");
        CHECK(output.status == mistake.status);
    }
}

TEST_CASE("svctl of another user is told whose reeve it is") {
    if (cannot_run(is_root(), "needs root")) return;
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const Output output = run(
        Launch{.arguments = {reeve_binary(), "svctl", "-r", reeve.run_directory(), "down", "web"},
               .uid = 65534});
    CHECK(output.err == "svctl: not permitted: only root and the user that reeve runs as may use " +
                            reeve.run_directory() + "/control\n");
    CHECK(output.status == 6);
    CHECK(reeve.state("web") == "running");
}

namespace {

// Of reeve itself.
const Mistake starts[] = {
    {"an unknown option",
     {"--daemon"},
     2,
     "unknown option --daemon (reeve --help shows what there is)"},
    {"an option of tini", {"-s", "--", "true"}, 2, "-s needs a directory"},
    {"no -- before the command",
     {"sleep", "5"},
     2,
     "unexpected word sleep (reeve -- CMD runs one; svctl controls services)"},
    {"a command of svctl",
     {"up", "web"},
     2,
     "unexpected word up (reeve -- CMD runs one; svctl controls services)"},
    {"-- without a command", {"--"}, 2, "no command after -- (reeve -- CMD ARG...)"},
    {"an option without its value", {"-d"}, 2, "-d needs a directory"},
    {"a service directory that does not exist",
     {"-d", "{dir}/nosuch"},
     100,
     "read directory {dir}/nosuch: No such file or directory (make it, or name the service "
     "directory with -d)"},
    {"a service file for the directory",
     {"-d", "{dir}/services/web"},
     100,
     "read directory {dir}/services/web: Not a directory (name the directory that it is in)"},
    {"a run directory that cannot be made",
     {"-r", "{dir}/services/web/run"},
     100,
     "mkdir {dir}/services/web/run: Not a directory (name a run directory with -r)"},
    {"a file for the run directory",
     {"-r", "{dir}/services/web"},
     100,
     "mkdir {dir}/services/web: Not a directory (name a run directory with -r)"},
    {"a command that is not there",
     {"--", "nosuch"},
     127,
     "exec nosuch: No such file or directory (it is in no directory of PATH)"},
    {"a path that is not there",
     {"--", "/no/such", "-x"},
     127,
     "exec /no/such: No such file or directory"},
    {"a command that is not executable",
     {"--", "{dir}/services/web"},
     126,
     "exec {dir}/services/web: Permission denied (is it executable, and may its user reach it?)"},
    {"command and arguments in one pair of quotes",
     {"--", "sleep 5"},
     127,
     "exec 'sleep 5': No such file or directory (it is in no directory of PATH)"},
};

}  // namespace

TEST_CASE("a mistake on reeve's command line is told, with what to do") {
    Reeve reeve;
    reeve.service("web", "exec = sleep 1000\nenabled = no\n");
    for (const Mistake& mistake : starts) {
        INFO(mistake.what);
        const Output output = run(reeve.launch(mistake.words));
        CHECK(output.err == "reeve: " + reeve.fill_in(mistake.said) + "\n");
        CHECK(output.status == mistake.status);
    }
}

TEST_CASE("a second reeve says who is there, and with -q nothing") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    const Output second = run(reeve.launch());
    CHECK(second.err == "reeve: another reeve holds " + reeve.run_directory() + ", pid " +
                            std::to_string(reeve.pid()) +
                            " (svctl talks to it; -r names another run directory)\n");
    CHECK(second.status == 100);
    const Output quiet = run(reeve.launch({"-q"}));
    CHECK(quiet.err.empty());
    CHECK(quiet.status == 0);
    CHECK(reeve.reaches("web", "running"));
}

TEST_CASE("a run directory of another user is not taken") {
    if (cannot_run(is_root(), "needs root")) return;
    Reeve reeve;
    REQUIRE(chown(reeve.run_directory().c_str(), 12345, 12345) == 0);
    const Output output = run(reeve.launch());
    CHECK(output.err == "reeve: " + reeve.run_directory() +
                            ": another user owns it (name a run directory with -r)\n");
    CHECK(output.status == 100);
}

TEST_CASE("without HOME the directory that is missing is named") {
    if (cannot_run(is_root(), "needs root")) return;
    Reeve reeve;
    reeve.give_to(65534);
    const Output output = run(Launch{.arguments = {reeve_binary(), "-r", reeve.run_directory()},
                                     .environment = {"PATH=/usr/bin:/bin"},
                                     .empty_environment = true,
                                     .uid = 65534});
    CHECK(output.err == "reeve: read directory /.config/reeve: No such file or directory (make it, "
                        "or name the service directory with -d)\n");
    CHECK(output.status == 100);
}

TEST_CASE("--container and --machine are about PID 1; the last of them counts") {
    Reeve reeve;
    const Output output = run(reeve.launch({"--machine", "--container", "--", "true"}));
    CHECK(output.err.empty());
    CHECK(output.status == 0);
}
