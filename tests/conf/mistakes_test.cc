// Every mistake that a user can make in a file, and the exact words about it.

#include "base/limits.h"
#include "catch.h"
#include "conf/files.h"
#include "conf/schema.h"

using namespace reeve;

namespace {

struct Mistake {
    std::string line;
    std::string message;
};

// Lines of a service file, which is right but for them.
const Mistake mistakes[] = {
    // The form of the line.
    {"abc", "expected key = value"},
    {"= abc", "expected key = value"},
    {"nosuchkey = 1", "unknown key 'nosuchkey'"},
    {"dependson = db", "unknown key 'dependson' (did you mean depends_on?)"},
    {"Restart = always", "unknown key 'Restart' (did you mean restart?)"},
    {"stop_timout = 5s", "unknown key 'stop_timout' (did you mean stop_timeout?)"},
    {"umsk = 022", "unknown key 'umsk' (did you mean umask?)"},
    {"a\x1b[31mb = 1", R"(unknown key 'a\x1b[31mb')"},
    {std::string(70, 'k') + " = 1", "unknown key '" + std::string(60, 'k') + "...'"},
    {"user =", "user: the value is missing"},
    {"env =", "env: the value is missing"},
    // Words that are to be chosen from.
    {"type = deamon", "type = deamon: expected daemon, oneshot or fake (did you mean daemon?)"},
    {"enabled = true", "enabled = true: expected yes or no"},
    {"enabled = Yes", "enabled = Yes: expected yes or no (did you mean yes?)"},
    {"cascade = on", "cascade = on: expected yes or no"},
    {"on_change = reload", "on_change = reload: expected keep or restart"},
    {"on_end = power_off", "on_end = power_off: expected nothing, shutdown, shutdown-on-failure, "
                           "reboot or poweroff (did you mean poweroff?)"},
    {"restart = allways",
     "restart = allways: expected always, on-failure or never (did you mean always?)"},
    {"restart = on_failure",
     "restart = on_failure: expected always, on-failure or never (did you mean on-failure?)"},
    {"restart = -", "restart = -: expected always, on-failure or never"},
    {"kill_mode = all", "kill_mode = all: expected group or process"},
    {"log = syslog", "log = syslog: expected file, run, console, inherit or null"},
    {"log_time = never", "log_time = never: expected utc, local, unix or none"},
    {"log_max_size = 0", "log_max_size = 0: expected a size, such as 512K, 20M or 1G"},
    {"log_max_size = 1MB", "log_max_size = 1MB: expected a size, such as 512K, 20M or 1G"},
    // Words and names.
    {"group = a b/c",
     "group = a b/c: column 3: 'b/c' is no name: at most 63 letters, digits, _, - and :"},
    {"depends_on = db, cache",
     "depends_on = db, cache: column 1: 'db,' is no name: at most 63 letters, digits, _, - and :"},
    {"depends_on = db+v2",
     "depends_on = db+v2: column 1: 'db+v2' is no name: at most 63 letters, digits, _, - and :"},
    {"depends_on = db@",
     "depends_on = db@: column 1: 'db@' is no name: at most 63 letters, digits, _, - "
     "and :"},
    {"after = " + std::string(64, 'n'),
     "after = " + std::string(60, 'n') + "...: column 1: '" + std::string(60, 'n') +
         "...' is no name: at most 63 letters, digits, _, - and :"},
    {"depends_on = db web", "depends_on = db web: column 4: a service cannot wait for itself"},
    {"after = %n", "after = %n: a service cannot wait for itself"},
    // User, paths and environment.
    {"user = :www", "user = :www: expected USER or USER:GROUP, names or numbers"},
    {"user = www:", "user = www:: expected USER or USER:GROUP, names or numbers"},
    {"user = a:b:c", "user = a:b:c: expected USER or USER:GROUP, names or numbers"},
    {"user = www data", "user = www data: expected USER or USER:GROUP, names or numbers"},
    {"workdir = srv", "workdir = srv: expected a path that begins with /"},
    {"chroot = ~/jail", "chroot = ~/jail: expected a path that begins with /"},
    {"stdin = input", "stdin = input: expected fifo, or a path that begins with /"},
    {"tty = tty1", "tty = tty1: expected a path that begins with /"},
    {"umask = 888", "umask = 888: expected an octal number from 000 to 777"},
    {"umask = 1000", "umask = 1000: expected an octal number from 000 to 777"},
    {"umask = -1", "umask = -1: expected an octal number from 000 to 777"},
    {"nice = 20", "nice = 20: expected a number from -20 to 19"},
    {"nice = -21", "nice = -21: expected a number from -20 to 19"},
    {"oom_score_adj = 1001", "oom_score_adj = 1001: expected a number from -1000 to 1000"},
    {"oom_score_adj = -1001", "oom_score_adj = -1001: expected a number from -1000 to 1000"},
    {"capabilities = net_bind", "capabilities = net_bind: column 1: 'net_bind' is no capability of "
                                "Linux's, such as net_bind_service"},
    {"capabilities = chown sys_nyce",
     "capabilities = chown sys_nyce: column 7: 'sys_nyce' is no capability of Linux's, such as "
     "net_bind_service (did you mean sys_nice?)"},
    {"capabilities = chown,kill", "capabilities = chown,kill: column 1: 'chown,kill' is no "
                                  "capability of Linux's, such as net_bind_service"},
    {"capabilities = chown -", "capabilities = chown -: column 7: '-' is no capability of Linux's, "
                               "such as net_bind_service"},
    {"ioprio = low", "ioprio = low: expected realtime or best-effort, either with :0 to :7, idle "
                     "or none"},
    {"ioprio = best-effort:8", "ioprio = best-effort:8: expected realtime or best-effort, either "
                               "with :0 to :7, idle or none"},
    {"ioprio = idle:1", "ioprio = idle:1: expected realtime or best-effort, either with :0 to :7, "
                        "idle or none"},
    {"sched = fifo",
     "sched = fifo: expected other, batch, idle, or fifo:N or rr:N, N from 1 to 99"},
    {"sched = rr:100",
     "sched = rr:100: expected other, batch, idle, or fifo:N or rr:N, N from 1 to 99"},
    {"sched = batch:1",
     "sched = batch:1: expected other, batch, idle, or fifo:N or rr:N, N from 1 to 99"},
    {"env = secret", "env: expected NAME=value"},
    {"env = =secret", "env: expected NAME=value"},
    {"env = 1A=secret", "env: column 1: '1A' is no variable's name: letters, digits, _ and dots, "
                        "no digit or dot first"},
    {"env = A B=secret", "env: column 1: 'A B' is no variable's name: letters, digits, _ and dots, "
                         "no digit or dot first"},
    {"env = A-B=secret", "env: column 1: 'A-B' is no variable's name: letters, digits, _ and dots, "
                         "no digit or dot first"},
    {"env_file = web.env",
     "env_file = web.env: expected a path that begins with /, or with -/ where "
     "it may be missing"},
    {"env_file = -web.env", "env_file = -web.env: expected a path that begins with /, or with -/ "
                            "where it may be missing"},
    {"limit = files 10", "limit = files 10: expected nofile, core, as, data, stack, cpu, fsize, "
                         "nproc or memlock"},
    {"limit = nofile", "limit = nofile: expected NAME SOFT[:HARD], numbers, sizes such as 512K, or "
                       "unlimited"},
    {"limit = nofile -1", "limit = nofile -1: expected NAME SOFT[:HARD], numbers, sizes such as "
                          "512K, or unlimited"},
    {"limit = nofile 1 2", "limit = nofile 1 2: expected NAME SOFT[:HARD], numbers, sizes such as "
                           "512K, or unlimited"},
    {"limit = nofile 1:", "limit = nofile 1:: expected NAME SOFT[:HARD], numbers, sizes such as "
                          "512K, or unlimited"},
    {"limit = nofile 20:10", "limit = nofile 20:10: the soft limit is above the hard one"},
    {"limit = core unlimited:1G",
     "limit = core unlimited:1G: the soft limit is above the hard one"},
    // Sockets.
    {"listen = 80", "listen = 80: expected tcp:ADDR:PORT or unix:PATH"},
    {"listen = tcp:80", "listen = tcp:80: expected tcp:ADDR:PORT with a numeric address, such as "
                        "tcp:127.0.0.1:80 or tcp:[::1]:80, or tcp:*:80 for all"},
    {"listen = tcp:localhost:80",
     "listen = tcp:localhost:80: expected tcp:ADDR:PORT with a numeric address, such as "
     "tcp:127.0.0.1:80 or tcp:[::1]:80, or tcp:*:80 for all"},
    {"listen = tcp:*:65536",
     "listen = tcp:*:65536: expected tcp:ADDR:PORT with a numeric address, such as "
     "tcp:127.0.0.1:80 or tcp:[::1]:80, or tcp:*:80 for all"},
    {"listen = unix:web.sock", "listen = unix:web.sock: expected unix:PATH with a path that begins "
                               "with /, and has no blank in it"},
    {"listen = unix:/run/" + std::string(103, 's'),
     "listen = unix:/run/" + std::string(50, 's') +
         "...: a Unix socket's path has at most 107 bytes"},
    {"listen = unix:/s,mode=888", "listen = unix:/s,mode=888: behind a comma comes name=NAME, or "
                                  "of a Unix socket mode=660, user=USER or group=GROUP"},
    {"listen = unix:/s,mode=", "listen = unix:/s,mode=: behind a comma comes name=NAME, or of a "
                               "Unix socket mode=660, user=USER or group=GROUP"},
    {"listen = unix:/s,owner=www", "listen = unix:/s,owner=www: behind a comma comes name=NAME, or "
                                   "of a Unix socket mode=660, user=USER or group=GROUP"},
    {"listen = unix:/s,user=", "listen = unix:/s,user=: behind a comma comes name=NAME, or of a "
                               "Unix socket mode=660, user=USER or group=GROUP"},
    {"listen = unix:/s,", "listen = unix:/s,: behind a comma comes name=NAME, or of a Unix socket "
                          "mode=660, user=USER or group=GROUP"},
    {"listen = unix:/s,user", "listen = unix:/s,user: behind a comma comes name=NAME, or of a Unix "
                              "socket mode=660, user=USER or group=GROUP"},
    {"listen = tcp:*:80,mode=660", "listen = tcp:*:80,mode=660: behind a comma comes name=NAME, or "
                                   "of a Unix socket mode=660, user=USER or group=GROUP"},
    {"listen = tcp:*:80,backlog=5", "listen = tcp:*:80,backlog=5: behind a comma comes name=NAME, "
                                    "or of a Unix socket mode=660, user=USER or group=GROUP"},
    {"listen = tcp:*:80,name=a:b", "listen = tcp:*:80,name=a:b: behind a comma comes name=NAME, or "
                                   "of a Unix socket mode=660, user=USER or group=GROUP"},
    // Ends, and numbers.
    {"success = 0 256",
     "success = 0 256: column 3: '256' is neither an exit code (0 to 255) nor a signal's name"},
    {"success = TREM",
     "success = TREM: column 1: 'TREM' is neither an exit code (0 to 255) nor a signal's name"},
    {"success = 0,1",
     "success = 0,1: column 1: '0,1' is neither an exit code (0 to 255) nor a signal's name"},
    {"fatal = TERM", "fatal = TERM: column 1: 'TERM' is no exit code (0 to 255)"},
    {"fatal = 1 -2", "fatal = 1 -2: column 3: '-2' is no exit code (0 to 255)"},
    {"restart_delay = fast",
     "restart_delay = fast: expected a duration from 0s to 3650d, such as 250ms, 5s or 1h30m"},
    {"stop_timeout = -1s",
     "stop_timeout = -1s: expected a duration from 0s to 3650d, such as 250ms, 5s or 1h30m"},
    {"stop_timeout = 3651d",
     "stop_timeout = 3651d: expected a duration from 0s to 3650d, such as 250ms, 5s or 1h30m"},
    {"start_timeout = 0",
     "start_timeout = 0: expected a duration from 1ms to 3650d, such as 250ms, 5s or 1h30m"},
    {"start_check_interval = 9ms", "start_check_interval = 9ms: expected a duration from 10ms to "
                                   "3650d, such as 250ms, 5s or 1h30m"},
    {"restart_factor = 0.9", "restart_factor = 0.9: expected a factor from 1 to 100, such as 2 or "
                             "1.5"},
    {"restart_factor = 100.01", "restart_factor = 100.01: expected a factor from 1 to 100, such as "
                                "2 or 1.5"},
    {"restart_factor = 1.555", "restart_factor = 1.555: expected a factor from 1 to 100, such as 2 "
                               "or 1.5"},
    {"restart_factor = 2.", "restart_factor = 2.: expected a factor from 1 to 100, such as 2 or "
                            "1.5"},
    {"restart_factor = 1,5", "restart_factor = 1,5: expected a factor from 1 to 100, such as 2 or "
                             "1.5"},
    {"retries = 0", "retries = 0: to run it once only, write restart = never"},
    {"retries = -1", "retries = -1: expected a number from 1 to 1000000, or unlimited"},
    {"retries = 1000001", "retries = 1000001: expected a number from 1 to 1000000, or unlimited"},
    {"stop_signal = TREM", "stop_signal = TREM: expected a signal, such as TERM, USR1 or 15"},
    {"reload_signal = 65", "reload_signal = 65: expected a signal, such as TERM, USR1 or 15"},
    {"log_keep = many", "log_keep = many: expected a number from 0 to 100000"},
    {"log_keep = 100001", "log_keep = 100001: expected a number from 0 to 100000"},
    // Readiness.
    {"ready = yes", "ready = yes: expected exec, after DURATION, fd:N or notify"},
    {"ready = after", "ready = after: expected exec, after DURATION, fd:N or notify"},
    {"ready = after lunch", "ready = after lunch: expected after DURATION, such as after 2s"},
    {"ready = fd:2", "ready = fd:2: descriptors 0 to 2 are the service's stdin, stdout and stderr"},
    {"ready = fd:64", "ready = fd:64: expected a descriptor from 3 to 63"},
    {"ready = fd:", "ready = fd:: expected a descriptor from 3 to 63"},
    {"ready = fd 3", "ready = fd 3: expected exec, after DURATION, fd:N or notify"},
    {"ready = fd:3 4", "ready = fd:3 4: expected exec, after DURATION, fd:N or notify"},
    // Schedules, windows and versions.
    {"cron = 5-3 * * * *",
     "cron = 5-3 * * * *: column 1: '5-3': a range goes upwards; write 3-5, or 5-59,0-3"},
    {"cron = 5/15 * * * *",
     "cron = 5/15 * * * *: column 1: '5/15': a step needs a range; write 5-59/15"},
    {"cron = 1,,2 * * * *", "cron = 1,,2 * * * *: column 3: a value is missing here"},
    {"cron = 0 0 30 2 *", "cron = 0 0 30 2 *: column 5: there is no day 30 in month 2"},
    {"cron = * * * *",
     "cron = * * * *: column 8: five fields are needed: minute hour day month weekday"},
    {"cron = 0 0 * * * root", "cron = 0 0 * * * root: column 11: 'root': is one too many; the "
                              "fields are minute hour day month weekday"},
    {"cron = @dayly", "cron = @dayly: column 1: '@dayly': write @daily"},
    {"cron = 60 * * * *", "cron = 60 * * * *: column 1: '60': minutes are 0-59"},
    {"cron = 0 24 * * *", "cron = 0 24 * * *: column 3: '24': hours are 0-23"},
    {"cron = 0 0 0 * *", "cron = 0 0 0 * *: column 5: '0': days of the month are 1-31"},
    {"cron = 0 0 * foo *", "cron = 0 0 * foo *: column 7: 'foo': months are 1-12 or jan-dec"},
    {"cron = 0 0 * * 8", "cron = 0 0 * * 8: column 9: '8': days of the week are 0-7 or sun-sat"},
    {"cron = */0 * * * *", "cron = */0 * * * *: column 1: '*/0': a step is a number from 1 on"},
    {"every = daily",
     "every = daily: expected a duration from 0s to 3650d, such as 250ms, 5s or 1h30m"},
    {"at = 2027-02-30T00:00",
     "at = 2027-02-30T00:00: column 9: expected a date of the calendar, such "
     "as 2027-01-31T08:00, 2027-01-31T08:00Z or 2027-01-31T08:00+01:00"},
    {"at = 2027-01-31T08:00 x",
     "at = 2027-01-31T08:00 x: column 17: expected a date of the calendar, such as "
     "2027-01-31T08:00, 2027-01-31T08:00Z or 2027-01-31T08:00+01:00"},
    {"at = 2027-00-31T08:00",
     "at = 2027-00-31T08:00: column 6: expected a date of the calendar, such as 2027-01-31T08:00, "
     "2027-01-31T08:00Z or 2027-01-31T08:00+01:00"},
    {"at = 2027-01-31T08:00+25:00",
     "at = 2027-01-31T08:00+25:00: column 18: expected a date of the calendar, such as "
     "2027-01-31T08:00, 2027-01-31T08:00Z or 2027-01-31T08:00+01:00"},
    {"at = tomorrow",
     "at = tomorrow: column 1: expected a date of the calendar, such as 2027-01-31T08:00, "
     "2027-01-31T08:00Z or 2027-01-31T08:00+01:00"},
    {"apply_on = 2027-13-01T00:00", "apply_on = 2027-13-01T00:00: column 6: expected a date of the "
                                    "calendar, such as 2027-01-31T08:00, "
                                    "2027-01-31T08:00Z or 2027-01-31T08:00+01:00"},
    {"overlap = wait", "overlap = wait: expected skip, queue or kill"},
    {"catch_up = 1", "catch_up = 1: expected yes or no"},
    {"jitter = -1s",
     "jitter = -1s: expected a duration from 0s to 3650d, such as 250ms, 5s or 1h30m"},
    {"max_runtime = long",
     "max_runtime = long: expected a duration from 0s to 3650d, such as 250ms, 5s or 1h30m"},
    {"start_time = 24:00",
     "start_time = 24:00: column 1: a day ends at 00:00, which is the next one's start"},
    {"stop_time = 8", "stop_time = 8: column 1: expected a time of day, such as 08:00 or 17:30:15"},
    {"start_time = 08:61",
     "start_time = 08:61: column 4: expected a time of day, such as 08:00 or 17:30:15"},
    {"start_time = 08:00Z",
     "start_time = 08:00Z: column 6: expected a time of day, such as 08:00 or 17:30:15"},
    {"stop_time = 08:00:60",
     "stop_time = 08:00:60: column 7: expected a time of day, such as 08:00 or 17:30:15"},
    {"week_days = mon-fry",
     "week_days = mon-fry: column 1: 'mon-fry' is no day of the week: expected days "
     "such as mon-fri, mon wed, or all"},
    {"week_days = monday",
     "week_days = monday: column 1: 'monday' is no day of the week: expected days such "
     "as mon-fri, mon wed, or all"},
    {"week_days = mon,wed",
     "week_days = mon,wed: column 1: 'mon,wed' is no day of the week: expected days "
     "such as mon-fri, mon wed, or all"},
    {"week_days = mon sat-xyz", "week_days = mon sat-xyz: column 5: 'sat-xyz' is no day of the "
                                "week: expected days such as mon-fri, mon wed, or all"},
    // Percent signs. A column would be that of another text than is shown.
    {"group = %n-a b/c",
     "group = %n-a b/c: 'b/c' is no name: at most 63 letters, digits, _, - and :"},
    {"nice = %i", "nice = %i: '%i' has no meaning here: it is the same for all instances"},
    {"workdir = /srv/%x", "workdir = /srv/%x: '%x' is not known; write %% for a percent sign"},
    {"description = 100%", "description: '%' is not known; write %% for a percent sign"},
    {"env = A=%d", "env: '%d' is not known; write %% for a percent sign"},
};

std::string problem_at(int line, const std::string& message) {
    return "/etc/reeve/web:" + std::to_string(line) + ": " + message;
}

}  // namespace

TEST_CASE("every mistake in a line is told in exact words") {
    for (const Mistake& mistake : mistakes) {
        INFO(mistake.line);
        CHECK(problems_of("exec = /bin/true\n" + mistake.line + "\n") ==
              problem_at(2, mistake.message));
    }
}

TEST_CASE("every mistake in a line is the same in a #reeve: line") {
    for (const Mistake& mistake : mistakes) {
        INFO(mistake.line);
        const Catalog catalog =
            load_files({file_of("web", "#!/bin/sh\n#reeve: " + mistake.line + "\n", 0755)});
        CHECK(problems_of(catalog) == problem_at(2, mistake.message));
    }
}

TEST_CASE("every mistake in a default is told of reeve.conf") {
    for (const Mistake& mistake : mistakes) {
        const size_t colon = mistake.message.find(": a service cannot wait for itself");
        const size_t equals = mistake.line.find('=');
        if (equals == std::string::npos || equals == 0 || colon != std::string::npos) continue;
        if (mistake.message.starts_with("unknown key")) continue;
        INFO(mistake.line);
        const Catalog catalog =
            load_files({file_of("reeve.conf", "default." + mistake.line + "\n")});
        CHECK(problems_of(catalog) == "/etc/reeve/reeve.conf:1: default." + mistake.message);
    }
}

TEST_CASE("mistakes in what runs are told in exact words") {
    const Mistake files[] = {
        {"", "/etc/reeve/web: neither exec nor command is set"},
        {"# exec = a\n", "/etc/reeve/web: neither exec nor command is set"},
        {"type = oneshot\n", "/etc/reeve/web: neither exec nor command is set"},
        {"exec = a\ncommand = b\n",
         "/etc/reeve/web:2: command: exec is set at line 1, and only one of them may be"},
        {"command = b\n\nexec = a\n",
         "/etc/reeve/web:3: exec: command is set at line 1, and only one of them may be"},
        {"exec = a\nstdin = /a\ntty = /b\n",
         "/etc/reeve/web:3: tty: stdin is set at line 2, and only one of them may be"},
        {"exec = a 'b\n", "/etc/reeve/web:1: exec: a ' is not closed"},
        {"exec = a \"b\n", "/etc/reeve/web:1: exec: a \" is not closed"},
        {"exec = ''\n", "/etc/reeve/web:1: exec: the first word is empty"},
        {"exec =\n", "/etc/reeve/web:1: exec: the value is missing"},
        {"exec = a \\\n  b\n",
         "/etc/reeve/web:1: exec: a \\ at the end does not continue the line\n"
         "/etc/reeve/web:2: expected key = value"},
        {"exec = a %i\n",
         "/etc/reeve/web:1: exec: '%i' has no meaning here: the service has no instances"},
        {"workdir = /srv/%i\nexec = a\n",
         "/etc/reeve/web:1: workdir: '%i' has no meaning here: the service has no instances"},
        {"exec = a\ninstances = 2\nlisten = unix:/x/%i\n",
         "/etc/reeve/web:3: listen = unix:/x/%i: '%i' has no meaning here: it is the same for all "
         "instances"},
        {"exec = a\ninstances = 0\n",
         "/etc/reeve/web:2: instances = 0: expected a number from 1 to 4096, or names"},
        {"exec = a\ninstances = 4097\n",
         "/etc/reeve/web:2: instances = 4097: expected a number from 1 to 4096, or names"},
        {"exec = a\ninstances = a b a\n",
         "/etc/reeve/web:2: instances = a b a: column 5: 'a' is there twice"},
        {"exec = a\ninstances = tty1 tty/2\n",
         "/etc/reeve/web:2: instances = tty1 tty/2: column 6: 'tty/2' is no name: at most 63 "
         "letters, digits, _, - and :"},
        {"exec = a\nexec = b\n", "/etc/reeve/web:2: exec is set already at line 1"},
        {"exec = a\nuser = a\n\nuser = b\nuser = c\n",
         "/etc/reeve/web:4: user is set already at line 2\n"
         "/etc/reeve/web:5: user is set already at line 2"},
    };
    for (const Mistake& file : files) {
        INFO(file.line);
        CHECK(problems_of(file.line) == file.message);
    }
}

TEST_CASE("all of a file's mistakes are told at once, in the order of lines") {
    CHECK(problems_of("nice = 99\nabc\nuser = a\nuser = b\n\nrestart = x\n") ==
          "/etc/reeve/web:1: nice = 99: expected a number from -20 to 19\n"
          "/etc/reeve/web:2: expected key = value\n"
          "/etc/reeve/web:4: user is set already at line 3\n"
          "/etc/reeve/web:6: restart = x: expected always, on-failure or never\n"
          "/etc/reeve/web: neither exec nor command is set");
}

TEST_CASE("a file has at most so many errors, and then their number") {
    std::string text = "exec = a\n";
    for (size_t i = 0; i < errors_per_file_max_count; ++i) text += "x\n";
    CHECK(load_files({file_of("web", text)}).services[0].problems.size() ==
          errors_per_file_max_count);
    const auto problems = load_files({file_of("web", text + "x\nx\n")}).services[0].problems;
    REQUIRE(problems.size() == errors_per_file_max_count + 1);
    CHECK(describe(problems[errors_per_file_max_count - 1]) ==
          "/etc/reeve/web:65: expected key = value");
    CHECK(describe(problems.back()) == "/etc/reeve/web: 2 more errors");
}

TEST_CASE("an executable's command is the file itself") {
    const std::string text = "#!/bin/sh\n#reeve: exec = a\n#reeve: command = b\n";
    CHECK(problems_of(load_files({file_of("web", text, 0755)})) ==
          "/etc/reeve/web:2: exec: what runs is this executable file itself\n"
          "/etc/reeve/web:3: command: what runs is this executable file itself");
}

TEST_CASE("files that cannot be trusted or read are refused as a whole") {
    const LoadContext context{.self = 1000};
    SourceFile file = file_of("web", "nonsense\n");
    const auto problem = [&] { return problems_of(load_files({file}, context)); };

    file.mode = 0664;
    CHECK(problem() == "/etc/reeve/web: writable by others: chmod go-w /etc/reeve/web");
    file.mode = 0646;
    CHECK(problem() == "/etc/reeve/web: writable by others: chmod go-w /etc/reeve/web");
    file.mode = 0775;
    CHECK(problem() == "/etc/reeve/web: writable by others: chmod go-w /etc/reeve/web");
    file.mode = 0644;
    file.owner = 33;
    CHECK(problem() == "/etc/reeve/web: owned by uid 33; chown it to root or to uid 1000");
    file.mode = 0666;
    CHECK(problem() == "/etc/reeve/web: writable by others: chmod go-w /etc/reeve/web\n"
                       "/etc/reeve/web: owned by uid 33; chown it to root or to uid 1000");
    file.mode = 0644;
    CHECK(problems_of(load_files({file})) == "/etc/reeve/web: owned by uid 33; chown it to root");
    file.owner = 1000;
    file.too_large = true;
    CHECK(problem() == "/etc/reeve/web: larger than 65536 bytes");
    file.read_error = EACCES;
    CHECK(problem() == "/etc/reeve/web: cannot be read: Permission denied");

    SourceFile conf = file_of("reeve.conf", "nonsense\n", 0666);
    CHECK(problems_of(load_files({conf})) ==
          "/etc/reeve/reeve.conf: writable by others: chmod go-w /etc/reeve/reeve.conf");
}

TEST_CASE("what the system lacks is an error where a file asks for it") {
    const LoadContext context{
        .has_oom_score_adj = false, .has_no_new_privs = false, .has_confinement = false};
    const auto file =
        file_of("web", "exec = a\noom_score_adj = 1\nno_new_privs = yes\n"
                       "capabilities = -\nioprio = idle\nsched = batch\ncgroup = yes\n"
                       "cgroup_set = pids.max 9\n");
    CHECK(problems_of(load_files({file}, context)) ==
          "/etc/reeve/web:2: oom_score_adj: not supported on this system\n"
          "/etc/reeve/web:3: no_new_privs: not supported on this system\n"
          "/etc/reeve/web:4: capabilities: not supported on this system\n"
          "/etc/reeve/web:5: ioprio: not supported on this system\n"
          "/etc/reeve/web:6: sched: not supported on this system\n"
          "/etc/reeve/web:7: cgroup: not supported on this system\n"
          "/etc/reeve/web:8: cgroup_set: not supported on this system");
    const auto conf = file_of("reeve.conf", "default.no_new_privs = no\n");
    CHECK(problems_of(load_files({conf}, context)) ==
          "/etc/reeve/reeve.conf:1: default.no_new_privs: not supported on this system");
}

TEST_CASE("mistakes in reeve.conf are told in exact words") {
    const Mistake lines[] = {
        {"format = 2", "format = 2: this reeve understands format 1"},
        {"format = one", "format = one: this reeve understands format 1"},
        {"uid = a b", "uid = a b: expected at most 63 letters, digits, _ and -"},
        {"uid = a:b", "uid = a:b: expected at most 63 letters, digits, _ and -"},
        {"uid = " + std::string(64, 'u'),
         "uid = " + std::string(60, 'u') + "...: expected at most 63 letters, digits, _ and -"},
        {"log = all", "log = all: expected file, run, console, inherit or null"},
        {"max_starting = -1", "max_starting = -1: expected a number from 0 to 10000"},
        {"max_starting = 10001", "max_starting = 10001: expected a number from 0 to 10000"},
        {"stop_timeout_total = x", "stop_timeout_total = x: expected a duration from 0s to 3650d, "
                                   "such as 250ms, 5s or 1h30m"},
        {"exit_when_idle = maybe", "exit_when_idle = maybe: expected yes or no"},
        {"max_startin = 1", "unknown key 'max_startin' (did you mean max_starting?)"},
        {"restart = never", "unknown key 'restart' (did you mean default.restart?)"},
        {"default.dependson = db",
         "unknown key 'default.dependson' (did you mean default.depends_on?)"},
        {"default. = db", "unknown key 'default.'"},
        {"default.KEY = 1", "unknown key 'default.KEY'"},
        {"default.exec = a", "default.exec: what runs has no default; each service sets its own"},
        {"default.command = a",
         "default.command: what runs has no default; each service sets its own"},
        {"uid", "expected key = value"},
    };
    for (const Mistake& mistake : lines) {
        INFO(mistake.line);
        CHECK(problems_of(load_files({file_of("reeve.conf", mistake.line + "\n")})) ==
              "/etc/reeve/reeve.conf:1: " + mistake.message);
    }
    CHECK(problems_of(load_files({file_of("reeve.conf", "log = run\ndefault.log = null\n")})) ==
          "/etc/reeve/reeve.conf:2: default.log is set already at line 1");
}

TEST_CASE("keys of time that do not go together are told of") {
    CHECK(problems_of("exec = a\ntype = daemon\nevery = 1m\n") ==
          problem_at(2,
                     "type = daemon: what cron, every or at start runs to its end; a daemon has a "
                     "window (start_time, stop_time)"));
    CHECK(problems_of("exec = a\nmax_runtime = 1m\n") ==
          problem_at(2, "max_runtime: only a oneshot ends"));
    CHECK(problems_of("exec = a\nstop_time = 08:00\nstart_time = 08:00\n") ==
          problem_at(3, "start_time and stop_time are the same; the whole day needs neither"));
    CHECK(problems_of("exec = a\ncron = @daily\ntimezone = Europe/Madird\n") ==
          problem_at(3, "timezone = Europe/Madird: column 1: no POSIX zone such as "
                        "CET-1CEST,M3.5.0,M10.5.0/3"));
    CHECK(problems_of("exec = a\ncron = @daily\ntimezone = CET-1CEST,M13.5.0,M10.5.0\n") ==
          problem_at(3, "timezone = CET-1CEST,M13.5.0,M10.5.0: column 12: no POSIX zone such as "
                        "CET-1CEST,M3.5.0,M10.5.0/3"));
}

namespace {

// The warnings about the file "web" with these lines behind its first, a line each.
std::string warnings_of(const std::string& lines, const std::string& conf = "") {
    List<SourceFile> files{file_of("web", "exec = a\n" + lines)};
    if (!conf.empty()) files.push_back(file_of("reeve.conf", conf));
    const Catalog catalog = load_files(std::move(files));
    CHECK(problems_of(catalog).empty());
    std::string text;
    for (const Problem& warning : catalog.warnings) text.append(describe(warning).view()) += '\n';
    return text;
}

std::string warning_at(int line, const std::string& message) {
    return problem_at(line, message) + "\n";
}

}  // namespace

TEST_CASE("a jitter that is no shorter than the time between two starts is told of") {
    const auto too_long = [](int line, const std::string& jitter, const std::string& gap) {
        return warning_at(line, "jitter (" + jitter +
                                    ") is not below the time between two starts (" + gap +
                                    "): some are lost; make it shorter");
    };
    CHECK(warnings_of("every = 5m\njitter = 5m\n") == too_long(3, "5m", "5m"));
    CHECK(warnings_of("jitter = 10m\ncron = 0,5 3 * * *\n") == too_long(2, "10m", "5m"));
    CHECK(warnings_of("jitter = 10m\ncron = 0 3 * * *\ncron = 5 3 * * *\n") ==
          too_long(2, "10m", "5m"));
    CHECK(warnings_of("jitter = 2h\ncron = 0 3 * * *\nevery = 1h\n") == too_long(2, "2h", "1h"));
    CHECK(warnings_of("jitter = 1d\nat = 2030-01-01T00:00\nat = 2030-01-01T12:00\n") ==
          too_long(2, "1d", "12h"));
    CHECK(warnings_of("every = 5m\njitter = 299s\n") == "");
    CHECK(warnings_of("cron = 0,5 3 * * *\njitter = 299s\n") == "");
    CHECK(warnings_of("at = 2030-01-01T00:00\njitter = 1d\n") == "");
    CHECK(warnings_of("cron = @reboot\njitter = 1d\n") == "");
    // What its window leaves out is no start.
    CHECK(warnings_of("cron = @hourly\njitter = 2h\nstart_time = 03:00\nstop_time = 03:30\n") ==
          "");
}

TEST_CASE("a window that lets no start through is told of") {
    const char* told = "no start of cron or at is in the window of start_time, stop_time and "
                       "week_days, so none is run: change one of them";
    CHECK(warnings_of("start_time = 08:00\ncron = 0 3 * * *\n") == warning_at(2, told));
    CHECK(warnings_of("week_days = mon-fri\nstop_time = 04:00\ncron = 0 3 * * sun\n") ==
          warning_at(3, told));
    CHECK(warnings_of("at = 2030-01-01T00:00\nweek_days = mon\n") == warning_at(3, told));
    CHECK(warnings_of("start_time = 08:00\ncron = 0 3 * * *\ncron = 0 9 1 1 *\n") == "");
    CHECK(warnings_of("cron = @reboot\nweek_days = mon\n") == "");
    CHECK(warnings_of("every = 1d\nweek_days = mon\n") == "");
    CHECK(warnings_of("week_days = mon\n") == "");
    CHECK(warnings_of("type = fake\nstart_time = 08:00\ncron = 0 3 * * *\n") == "");
    CHECK(warnings_of("cron = 0 3 * * *\n", "default.start_time = 08:00\n") ==
          "/etc/reeve/web: " + std::string(told) + "\n");
}

TEST_CASE("what means nothing without a schedule is told of where a file sets it") {
    const auto idle = [](int line, const std::string& key) {
        return warning_at(line,
                          key + " means nothing without cron, every or at: set one, or drop it");
    };
    CHECK(warnings_of("jitter = 1m\n") == idle(2, "jitter"));
    CHECK(warnings_of("catch_up = yes\noverlap = kill\nstart_time = 08:00\n") ==
          idle(3, "overlap") + idle(2, "catch_up"));
    CHECK(warnings_of("catch_up = yes\noverlap = kill\njitter = 1m\nevery = 1h\n") == "");
    CHECK(warnings_of("type = oneshot\nmax_runtime = 1m\n") == "");
    CHECK(warnings_of("", "default.catch_up = yes\ndefault.jitter = 1m\n") == "");
}
