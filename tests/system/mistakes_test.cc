// What users get wrong in service files, and what they are told: in the words that stand here. The
// mistakes at the prompt are in mistyped_test.cc, those of single values in conf/mistakes_test.cc.

#include <span>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

constexpr char sleeps[] = "exec = sleep 1000\n";

struct Mistake {
    const char* what;     // the user did wrong
    const char* text;     // of the file `web`
    const char* message;  // every line of it; "{web}" is the file
};

// The new text of a service that runs.
const Mistake texts[] = {
    {"a key is misspelt", "exec = sleep 1\nrestrat = never\n",
     "{web}:2: unknown key 'restrat' (did you mean restart?)\n"},
    {"a key has the wrong case", "Exec = sleep 1\n",
     "{web}:1: unknown key 'Exec' (did you mean exec?)\n"},
    {"a key has - for _", "exec = sleep 1\ndepends-on = db\n",
     "{web}:2: unknown key 'depends-on' (did you mean depends_on?)\n"},
    {"a key that reeve does not have", "exec = sleep 1\npidfile = /run/web.pid\n",
     "{web}:2: unknown key 'pidfile'\n"},
    {"a systemd unit",
     "[Unit]\nDescription=the shop\nAfter=db\n[Service]\nType=simple\nExecStart=/usr/bin/shop\n"
     "WorkingDirectory=/srv\nUser=shop\nGroup=shop\nRestart=on-failure\nRestartSec=5\n"
     "EnvironmentFile=/etc/shop\n",
     "{web}:1: there are no sections: a service is a file of its own\n"
     "{web}:2: unknown key 'Description' (did you mean description?)\n"
     "{web}:3: unknown key 'After' (did you mean after?)\n"
     "{web}:4: there are no sections: a service is a file of its own\n"
     "{web}:5: unknown key 'Type' (did you mean type?)\n"
     "{web}:6: unknown key 'ExecStart' (did you mean exec?)\n"
     "{web}:7: unknown key 'WorkingDirectory' (did you mean workdir?)\n"
     "{web}:8: unknown key 'User' (did you mean user?)\n"
     "{web}:9: unknown key 'Group' (did you mean user?)\n"
     "{web}:10: unknown key 'Restart' (did you mean restart?)\n"
     "{web}:11: unknown key 'RestartSec' (did you mean restart_delay?)\n"
     "{web}:12: unknown key 'EnvironmentFile' (did you mean env_file?)\n"},
    {"a section of supervisord",
     "[program:web]\ncommand=/usr/bin/shop\ndirectory=/srv\nautostart=true\nautorestart=true\n"
     "environment=A=1\nstdout_logfile=/var/log/web\n",
     "{web}:1: there are no sections: a service is a file of its own\n"
     "{web}:3: unknown key 'directory' (did you mean workdir?)\n"
     "{web}:4: unknown key 'autostart' (did you mean enabled?)\n"
     "{web}:5: unknown key 'autorestart' (did you mean restart?)\n"
     "{web}:6: unknown key 'environment' (did you mean env?)\n"
     "{web}:7: unknown key 'stdout_logfile' (did you mean log?)\n"},
    {"a service of dinit", "type = process\ncommand = /usr/bin/shop\nlogfile = /var/log/web\n",
     "{web}:1: type = process: expected daemon, oneshot or fake\n"
     "{web}:3: unknown key 'logfile' (did you mean log?)\n"},
    {"systemd's type of a daemon that goes to the background", "type = forking\nexec = sleep 1\n",
     "{web}:1: type = forking: expected daemon, oneshot or fake\n"},
    {"a runit run script, pasted without its first line", "exec 2>&1\nexec sleep 1\n",
     "{web}:1: expected key = value\n{web}:2: expected key = value\n"
     "{web}: neither exec nor command is set\n"},
    {"a colon for the equals sign", "exec: sleep 1\n",
     "{web}:1: expected key = value\n{web}: neither exec nor command is set\n"},
    {"nothing that runs", "description = the shop\n", "{web}: neither exec nor command is set\n"},
    {"an empty file", "", "{web}: neither exec nor command is set\n"},
    {"both exec and command", "exec = sleep 1\ncommand = sleep 2\n",
     "{web}:2: command: exec is set at line 1, and only one of them may be\n"},
    {"a key twice", "exec = sleep 1\nrestart = never\nrestart = always\n",
     "{web}:3: restart is set already at line 2\n"},
    {"a key without a value", "exec = sleep 1\nuser =\n", "{web}:2: user: the value is missing\n"},
    {"a quote is not closed", "exec = sh -c 'sleep 1\n", "{web}:1: exec: a ' is not closed\n"},
    {"a line goes on behind a backslash", "exec = sleep \\\n    1000\n",
     "{web}:1: exec: a \\ at the end does not continue the line\n"
     "{web}:2: expected key = value\n"},
    {"a comment behind a value", "exec = sleep 1\nrestart = never # it may end\n",
     "{web}:2: restart = never # it may end: expected always, on-failure or never (a comment is a "
     "line of its own)\n"},
    {"a misspelt value", "exec = sleep 1\nrestart = on_failure\n",
     "{web}:2: restart = on_failure: expected always, on-failure or never (did you mean "
     "on-failure?)\n"},
    {"compose's word for it", "exec = sleep 1\nrestart = unless-stopped\n",
     "{web}:2: restart = unless-stopped: expected always, on-failure or never\n"},
    {"true for yes", "exec = sleep 1\nenabled = true\n",
     "{web}:2: enabled = true: expected yes or no\n"},
    {"a unit that durations do not have", "exec = sleep 1\nstop_timeout = 5 sec\n",
     "{web}:2: stop_timeout = 5 sec: expected a duration from 0s to 3650d, such as 250ms, 5s or "
     "1h30m\n"},
    {"a value in quotes", "exec = sleep 1\nstop_timeout = \"5s\"\n",
     "{web}:2: stop_timeout = \"5s\": expected a duration from 0s to 3650d, such as 250ms, 5s or "
     "1h30m\n"},
    {"no retries at all", "exec = sleep 1\nretries = 0\n",
     "{web}:2: retries = 0: to run it once only, write restart = never\n"},
    {"a signal that there is not", "exec = sleep 1\nstop_signal = SIGQUITT\n",
     "{web}:2: stop_signal = SIGQUITT: expected a signal, such as TERM, USR1 or 15\n"},
    {"a file for the log", "exec = sleep 1\nlog = /var/log/web.log\n",
     "{web}:2: log = /var/log/web.log: expected file, run, console, inherit "
     "or null\n"},
    {"a limit as ulimit and systemd write it", "exec = sleep 1\nlimit = nofile=1024\n",
     "{web}:2: limit = nofile=1024: expected NAME SOFT[:HARD], numbers, sizes such as 512K, or "
     "unlimited\n"},
    {"a path in the user's home", "exec = sleep 1\nworkdir = ~/shop\n",
     "{web}:2: workdir = ~/shop: expected a path that begins with /\n"},
    {"a percent sign, as in a format", "exec = sh -c 'date +%F'\n",
     "{web}:1: exec: '%F' is not known; write %% for a percent sign\n"},
    {"a percent word of systemd", "exec = sleep 1\nworkdir = %h/shop\n",
     "{web}:2: workdir = %h/shop: '%h' is not known; write %% for a percent sign\n"},
    {"an instance, where there are none", "exec = sleep %i\n",
     "{web}:1: exec: '%i' has no meaning here: the service has no instances\n"},
    {"export before a variable", "exec = sleep 1\nenv = export A=1\n",
     "{web}:2: env: column 1: 'export A' is no variable's name: letters, digits, _ and dots, no "
     "digit or dot "
     "first\n"},
    {"names of services apart by commas", "exec = sleep 1\ndepends_on = db, cache\n",
     "{web}:2: depends_on = db, cache: column 1: 'db,' is no name: at most 63 letters, digits, _, "
     "- and :\n"},
    {"a unit's name for a service's", "exec = sleep 1\ndepends_on = db.service\n",
     "{web}:2: depends_on = db.service: column 1: 'db.service' is no name: at most 63 letters, "
     "digits, _, - "
     "and :\n"},
    {"it depends on a service that is misspelt", "exec = sleep 1\ndepends_on = bd\n",
     "{web}: depends_on: there is no service 'bd' (did you mean db?)\n"},
    {"it depends on a service that is not there", "exec = sleep 1\ndepends_on = postgres\n",
     "{web}: depends_on: there is no service 'postgres'\n"},
    {"it depends on itself", "exec = sleep 1\ndepends_on = web\n",
     "{web}:2: depends_on = web: column 1: a service cannot wait for itself\n"},
};

}  // namespace

TEST_CASE("a mistake in the file of a service that runs is told, and the service runs on") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.service("db", sleeps);
    reeve.service("shop", std::string(sleeps) + "depends_on = web\n");
    reeve.start();
    REQUIRE(reeve.reaches("shop", "running"));
    const std::string web = reeve.services() + "/web";
    const pid_t pid = reeve.pid_of("web");
    for (const Mistake& mistake : texts) {
        INFO(mistake.what);
        reeve.service("web", mistake.text);
        std::string expected = mistake.message;
        for (size_t at = 0; (at = expected.find("{web}", at)) != expected.npos;)
            expected.replace(at, 5, at == 0 || expected[at - 1] == '\n' ? "svctl: " + web : web);
        const Output output = reeve.svctl({"reload"});
        CHECK(output.err ==
              expected + "svctl: web: refused: it keeps its earlier definition, running\n");
        CHECK(output.status == 1);
        const Output check = reeve.svctl({"check"});
        CHECK(count_lines(check.out) == count_lines(expected));
        CHECK(check.status == 1);
        CHECK(reeve.pid_of("web") == pid);
        CHECK(reeve.state("web") == "running");
        CHECK(reeve.state("shop") == "running");
    }
}

TEST_CASE("a circle of dependencies is named in full, and all of it runs on") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.service("shop", std::string(sleeps) + "depends_on = web\n");
    reeve.start();
    REQUIRE(reeve.reaches("shop", "running"));
    reeve.service("web", std::string(sleeps) + "depends_on = shop\n");
    const Output output = reeve.svctl({"reload"});
    CHECK(output.err ==
          reeve.fill_in("svctl: {dir}/services/shop: dependency cycle: shop -> web -> shop\n"
                        "svctl: {dir}/services/web: dependency cycle: shop -> web -> shop\n"
                        "svctl: shop: refused: it keeps its earlier definition, running\n"
                        "svctl: web: refused: it keeps its earlier definition, running\n"));
    CHECK(output.status == 1);
    CHECK(reeve.state("web") == "running");
    CHECK(reeve.state("shop") == "running");
}

TEST_CASE("a file that cannot be trusted or read is told of, with what to do") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const std::string web = reeve.services() + "/web";
    const auto says = [&](const std::string& what) {
        const Output output = reeve.svctl({"reload"});
        CHECK(output.err ==
              "svctl: " + web + ": " + what +
                  "\nsvctl: web: refused: it keeps its earlier definition, running\n");
        CHECK(output.status == 1);
        CHECK(reeve.state("web") == "running");
    };
    chmod(web.c_str(), 0666);
    says("writable by others: chmod go-w " + web);
    chmod(web.c_str(), 0644);
    if (is_root()) {
        REQUIRE(chown(web.c_str(), 12345, 12345) == 0);
        says("owned by uid 12345; chown it to root");
    }
    unlink(web.c_str());
    REQUIRE(symlink("/no/such/file", web.c_str()) == 0);
    says("a link to /no/such/file, which is not there");
}

TEST_CASE("a definition that may be executed is told to lose that right") {
    Reeve reeve;
    reeve.script("web", "# the shop\nexec = sleep 1000\n");
    reeve.script("job", "#!/bin/sh\nexec = a\n");  // a script, if a strange one
    const Output output = reeve.svctl({"check", reeve.services()});
    CHECK(output.out ==
          reeve.fill_in("{dir}/services/web: key = value, and yet executable, as only "
                        "programs are: chmod -x {dir}/services/web\n"));
    CHECK(output.status == 1);
    REQUIRE(chmod((reeve.services() + "/web").c_str(), 0644) == 0);
    CHECK(reeve.svctl({"check", reeve.services()}).status == 0);
}

TEST_CASE("quotes that become part of a variable are worth a word, and no more") {
    Reeve reeve;
    reeve.service("web", "command = echo \"<$A>\"; sleep 1000\nenv = A=\"b c\"\n");
    const Output output = reeve.svctl({"check", reeve.services()});
    CHECK(output.status == 0);
    CHECK(output.out.empty());
    const std::string said = reeve.fill_in(
        "{dir}/services/web:2: env: the quotes are part of the value of A; blanks need none\n");
    CHECK(output.err == "svctl: " + said);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(reeve.process().err() == "reeve: " + said);
    CHECK(wait_until([&] { return reeve.log_of("web") == "<\"b c\">\n"; }));
    const Output set = reeve.svctl({"set", "web", "env=B='x'"});
    CHECK(set.status == 0);
    CHECK(set.err == reeve.fill_in("svctl: {dir}/services/web:2: env: the quotes are part of the "
                                   "value of B; blanks need none\n"));
}

TEST_CASE("check tells of files that are passed over") {
    Reeve reeve;
    reeve.service("web.service", sleeps);
    reeve.service("db", sleeps);
    reeve.service("db.bak", sleeps);   // what an editor leaves is not worth a line,
    reeve.service("db~", sleeps);      // nor is this,
    reeve.service(".db.swp", sleeps);  // nor this
    make_directory(reeve.services() + "/shop");
    reeve.service("job", "#!/bin/sh\nexec sleep 1000\n");
    reeve.service("my shop", sleeps);
    reeve.service("queue@1", sleeps);
    const std::string longest(63, 'n');
    reeve.service(longest + "more", sleeps);
    reeve.service("+v2", sleeps);
    REQUIRE(mkfifo((reeve.services() + "/pipe").c_str(), 0600) == 0);
    const Output output = reeve.svctl({"check", reeve.services()});
    CHECK(output.out.empty());
    CHECK(output.status == 0);
    const std::string place = "svctl: " + reeve.services();
    for (const char* line : {"/web.service is ignored: no name for a service (did you mean web?)\n",
                             "/shop is ignored: a directory, and a service is one file\n",
                             "/job is ignored: a script that is not executable (chmod +x)\n",
                             "/my shop is ignored: no name for a service (did you mean my_shop?)\n",
                             "/queue@1 is ignored: no name for a service (did you mean queue?)\n",
                             "/+v2 is ignored: no name for a service (did you mean _v2?)\n",
                             "/pipe is ignored: no regular file\n"}) {
        INFO(line);
        CHECK(output.err.find(place + line) != std::string::npos);
    }
    CHECK(output.err.find("more is ignored: no name for a service (did you mean " + longest +
                          "?)\n") != std::string::npos);
    CHECK(count_lines(output.err) == 8);
}

namespace {

struct Failure {
    const char* what;    // the user did wrong
    const char* text;    // of the service file; `restart = never` follows
    const char* reason;  // that it failed for
};

// Mistakes that show only when the service is started.
const Failure failures[] = {
    {"the program is not there", "exec = /usr/bin/nosuch\n",
     "exec /usr/bin/nosuch: No such file or directory"},
    {"the program is not on PATH", "exec = nosuch --port 80\n",
     "exec nosuch: No such file or directory (it is in no directory of PATH)"},
    {"program and arguments in one pair of quotes", "exec = \"sleep 1000\"\n",
     "exec 'sleep 1000': No such file or directory (it is in no directory of PATH)"},
    {"a variable before the program, as for a shell", "exec = A=1 sleep 1000\n",
     "exec A=1: No such file or directory (it is in no directory of PATH)"},
    {"a command that the shell has built in", "exec = export A=1\n",
     "exec export: No such file or directory (it is in no directory of PATH)"},
    {"a program in the user's home", "exec = ~/bin/shop\n",
     "exec ~/bin/shop: No such file or directory (exec has no shell; command has one)"},
    {"&& in exec", "exec = sleep 1 && sleep 2\n",
     "exit 1 (exec has no shell, and passes on && as it is; command has one)"},
    {"a pipe in exec", "exec = sleep 1000 | cat\n",
     "exit 1 (exec has no shell, and passes on | as it is; command has one)"},
    {"a variable in exec", "exec = cat $HOME/file\n",
     "exit 1 (exec has no shell, and passes on $HOME/file as it is; command has one)"},
    {"output to a file in exec", "exec = cat /no/such 2>&1\n",
     "exit 1 (exec has no shell, and passes on 2>&1 as it is; command has one)"},
    {"a shell line whose program is not there", "command = cd / && nosuch\n",
     "exit 127 (of the shell: no such program; see its log)"},
    {"a script that is not executable", "exec = {dir}/plain\n",
     "exec {dir}/plain: Permission denied (is it executable, and may its user reach it?)"},
    {"a directory for the program", "exec = {dir}\n", "exec {dir}: Is a directory"},
    {"a script without #!", "exec = {dir}/bare\n",
     "exec {dir}/bare: Exec format error (no #! in front, or not built for this machine)"},
    {"a blank before #!", "exec = {dir}/blank\n",
     "exec {dir}/blank: Exec format error (no #! in front, or not built for this machine)"},
    {"a script with the line ends of DOS", "exec = {dir}/dos\n",
     "exec {dir}/dos: the interpreter that it names is not there (#! line, in which a CR counts; "
     "or a program's loader)"},
    {"the working directory is missing", "exec = sleep 1000\nworkdir = /no/such\n",
     "chdir /no/such: No such file or directory"},
    {"the working directory is a file", "exec = sleep 1000\nworkdir = {dir}/plain\n",
     "chdir {dir}/plain: Not a directory"},
    {"the env_file is missing", "exec = sleep 1000\nenv_file = {dir}/nosuch\n",
     "env_file {dir}/nosuch: No such file or directory"},
    {"the env_file is a script", "exec = sleep 1000\nenv_file = {dir}/plain\n",
     "{dir}/plain:2: this is not NAME=value"},
    {"others may read the secrets", "exec = sleep 1000\nenv_file = {dir}/web.secret\n",
     "{dir}/web.secret: it holds secrets, and others may read it: chmod 600"},
    {"the terminal is not there", "exec = sleep 1000\ntty = /dev/ttyNOSUCH\n",
     "tty /dev/ttyNOSUCH: No such file or directory"},
    {"a file for the terminal", "exec = sleep 1000\ntty = {dir}/plain\n",
     "tty {dir}/plain: Not a tty"},
    {"stdin is not there", "exec = sleep 1000\nstdin = {dir}/nosuch\n",
     "stdin {dir}/nosuch: No such file or directory"},
    {"the user is unknown", "exec = sleep 1000\nuser = nosuch\n",
     "user 'nosuch' is not in /etc/passwd"},
    {"the user is in quotes", "exec = sleep 1000\nuser = \"root\"\n",
     "user '\"root\"' is not in /etc/passwd"},
    {"the group is unknown", "exec = sleep 1000\nuser = root:nosuch\n",
     "group 'nosuch' is not in /etc/group"},
    {"what comes first fails", "exec = sleep 1000\npre_start = false\n", "pre_start: exit 1"},
    {"it does not speak sd_notify", "exec = sleep 1000\nready = notify\nstart_timeout = 200ms\n",
     "not ready within start_timeout"},
    {"it does not use its descriptor", "exec = sleep 1000\nready = fd:3\nstart_timeout = 200ms\n",
     "not ready within start_timeout"},
    {"the start_check is not there",
     "exec = sleep 1000\nstart_check = nosuch\nstart_timeout = 200ms\n",
     "not ready within start_timeout; start_check: exit 127 (of the shell: no such program; see "
     "its log)"},
};

void write_programs(const Reeve& reeve) {
    write_file(reeve.file("plain"), "#!/bin/sh\nsleep 1000\n", 0644);
    write_file(reeve.file("bare"), "sleep 1000\n", 0755);
    write_file(reeve.file("blank"), " #!/bin/sh\nsleep 1000\n", 0755);
    write_file(reeve.file("dos"), "#!/bin/sh\r\nsleep 1000\r\n", 0755);
    write_file(reeve.file("web.secret"), "KEY=1\n", 0644);
}

// libcs have words of their own for ENOTTY; the table has musl's.
std::string in_words_of_musl(std::string text) {
    const std::string glibc = "Inappropriate ioctl for device";
    const size_t at = text.find(glibc);
    return at == text.npos ? text : text.replace(at, glibc.size(), "Not a tty");
}

// Each as a service `bad`, one after the other.
void check_failures(const Reeve& reeve, std::span<const Failure> rows) {
    for (const Failure& failure : rows) {
        INFO(failure.what);
        reeve.service("bad", std::string(failure.text) + "restart = never\nenabled = no\n");
        CHECK(reeve.svctl({"reload"}).err.empty());
        const std::string reason = reeve.fill_in(failure.reason);
        reeve.svctl({"up", "bad"});
        REQUIRE(reeve.reaches("bad", "failed"));
        const Output output = reeve.svctl({"wait", "bad"});
        CHECK(in_words_of_musl(output.err) ==
              "svctl: bad: failed: " + reason + ", restart = never\n");
        CHECK(output.status == 1);
        const Output why = reeve.svctl({"why", "bad"});
        // Behind it is what it wrote, or another run within the same second, which has its file.
        const std::string sentence = in_words_of_musl(why.out.substr(0, why.out.find("\n  ") + 1));
        CHECK((sentence.empty() ? in_words_of_musl(why.out) : sentence) ==
              "bad is failed: " + reason + ", restart = never\n");
        CHECK(reeve.svctl({"down", "bad"}).status == 0);
    }
}

}  // namespace

TEST_CASE("a mistake that shows at the start is the reason of the failure") {
    Reeve reeve;
    write_programs(reeve);
    reeve.service("web", sleeps);
    reeve.start();
    check_failures(reeve, failures);
    CHECK(reeve.state("web") == "running");
}

TEST_CASE("what takes root's rights is told to everybody else") {
    if (cannot_run(is_root(), "needs root")) return;
    constexpr uid_t nobody = 65534;
    rlimit files{};
    REQUIRE(getrlimit(RLIMIT_NOFILE, &files) == 0);
    const std::string above_hard_limit =
        "limit nofile 99999999: Operation not permitted (the hard limit is " +
        std::to_string(files.rlim_max) +
        "; raise it where reeve is started: ulimit -H, or on Linux CAP_SYS_RESOURCE)";
    const Failure rows[] = {
        {"another user", "exec = sleep 1000\nuser = 0:0\n",
         "user 0:0: Operation not permitted (only root may, on Linux with CAP_SETUID and "
         "CAP_SETGID)"},
        {"a better priority", "exec = sleep 1000\nnice = -5\n",
         "nice: Permission denied (only root may, on Linux with CAP_SYS_NICE)"},
        {"another root", "exec = sleep 1000\nchroot = /\n",
         "chroot /: Operation not permitted (only root may, on Linux with CAP_SYS_CHROOT)"},
        {"a limit above the hard one", "exec = sleep 1000\nlimit = nofile 99999999\n",
         above_hard_limit.c_str()},
        {"a program that others keep to themselves", "exec = {dir}/mine/program\n",
         "exec {dir}/mine/program: Permission denied (is it executable, and may its user reach "
         "it?)"},
        {"a directory that others keep to themselves", "exec = sleep 1000\nworkdir = {dir}/mine\n",
         "chdir {dir}/mine: Permission denied"},
    };
    Reeve reeve;
    reeve.give_to(nobody);
    make_directory(reeve.file("mine"), 0700);
    Launch launch = reeve.launch();
    launch.uid = nobody;
    reeve.start(launch);
    check_failures(reeve, rows);
}

TEST_CASE("a daemon that goes to the background is told where it belongs") {
    Reeve reeve;
    reeve.service("web", "command = sleep 1000 & exit 0\nrestart_delay = 1h\n"
                         "restart_delay_max = 1h\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "backoff"));
    const Output why = reeve.svctl({"why", "web"});
    CHECK(why.out.starts_with("web is in backoff: exit 0 (a daemon stays in the foreground; what "
                              "ends is type = oneshot), next try in "));
}

TEST_CASE("what a program says of a port below 1024, or of its own settings, is in its log") {
    Reeve reeve;
    reeve.service("web", "command = echo 'bind to port 80: Permission denied'; exit 1\n"
                         "restart = never\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "failed"));
    CHECK(reeve.svctl({"why", "web"}).out ==
          "web is failed: exit 1, restart = never\n  bind to port 80: Permission denied\n");
    CHECK(reeve.svctl({"logs", "web"}).out.find("bind to port 80: Permission denied\n") !=
          std::string::npos);
}

TEST_CASE("a log directory that cannot be written costs a line, and no service") {
    Reeve reeve;
    reeve.service("web", sleeps);
    write_file(reeve.file("taken"), "");
    Launch launch = reeve.launch();
    launch.arguments = {reeve_binary(),        "-d", reeve.services(),   "-r",
                        reeve.run_directory(), "-l", reeve.file("taken")};
    reeve.start(launch);
    REQUIRE(reeve.reaches("web", "running"));
    const std::string said = reeve.process().err();
    INFO(said);
    CHECK(said == "reeve: open " + reeve.file("taken/web") +
                      ": Not a directory; services with log = run write to reeve's output "
                      "instead\n");
}
