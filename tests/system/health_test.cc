// check and watchdog with real processes: what runs beside a service, and what ends it.

#include <csignal>
#include <sstream>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "catch.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

constexpr char sleeps[] = "exec = sleep 1000\nrestart_delay = 10ms\nrestart_delay_max = 10ms\n";
constexpr char often[] = "check_interval = 100ms\n";

// A check that succeeds while there is no file `sick`.
std::string well_unless_sick() {
    return std::string(sleeps) + often +
           "check = echo checking; test ! -e {dir}/sick || { echo it is sick; exit 4; }\n";
}

bool gives_reason(const Reeve& reeve, const std::string& service, const std::string& words) {
    const bool there = reeve.comes_true([&] { return reeve.field(service, "reason") == words; });
    if (!there) UNSCOPED_INFO(reeve.field(service, "reason") << reeve.describe());
    return there;
}

}  // namespace

TEST_CASE("a check that fails three times in a row has its service started anew, and says why") {
    Reeve reeve;
    reeve.service("web", well_unless_sick() + "reset_after = 0\n");
    reeve.start();
    REQUIRE(gives_reason(reeve, "web", "healthy"));
    CHECK(reeve.field("web", "healthy") == "yes");
    const pid_t pid = reeve.pid_of("web");
    write_file(reeve.file("sick"), "");
    REQUIRE(reeve.comes_true([&] { return !alive(pid); }));
    REQUIRE(unlink(reeve.file("sick").c_str()) == 0);
    CHECK(reeve.runs_anew("web", pid));
    CHECK(gives_reason(reeve, "web", "healthy"));
    CHECK(reeve.process().err().find("web is in backoff: unhealthy: check: exit 4: it is sick") !=
          std::string::npos);
    const Output history = reeve.svctl({"history", "web"});
    CHECK(history.out.find("unhealthy: check: exit 4") != std::string::npos);
}

TEST_CASE("check_action = none leaves what is unhealthy as it is, and tells when it turns") {
    Reeve reeve;
    reeve.service("web", well_unless_sick() + "check_action = none\ncheck_retries = 2\n");
    write_file(reeve.file("sick"), "");
    reeve.start();
    REQUIRE(gives_reason(reeve, "web", "unhealthy: check: exit 4: it is sick"));
    const pid_t pid = reeve.pid_of("web");
    CHECK(reeve.field("web", "healthy") == "no");
    const Output json = reeve.svctl({"--json", "status", "web"});
    CHECK(json.out.find("\"healthy\": false") != std::string::npos);
    CHECK(reeve.svctl({"why", "web"}).out.find("exit 4: it is sick") != std::string::npos);
    REQUIRE(unlink(reeve.file("sick").c_str()) == 0);
    REQUIRE(gives_reason(reeve, "web", "healthy"));
    CHECK(reeve.pid_of("web") == pid);
    CHECK(reeve.comes_true([&] {
        return reeve.process().err() ==
               "reeve: web is unhealthy: check: exit 4: it is sick\nreeve: web is healthy again\n";
    }));
}

TEST_CASE("check_action = stop gives up what is unhealthy") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + often + "check = false\ncheck_action = stop\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "failed"));
    CHECK(reeve.field("web", "reason") == "unhealthy: check: exit 1, check_action = stop");
    CHECK(reeve.svctl({"up", "web"}).status == 0);
}

TEST_CASE("a check that hangs is killed with all that it began, and has failed") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + often +
                             "check_timeout = 200ms\ncheck_retries = 1\ncheck_action = none\n"
                             "check = sleep 999 & echo $! >>{dir}/began; echo $$ >>{dir}/began; "
                             "wait\n");
    reeve.start();
    REQUIRE(gives_reason(reeve, "web", "unhealthy: check: timed out (check_timeout)"));
    // One may have been killed before it wrote anything.
    REQUIRE(reeve.has_lines("began", 2));
    std::istringstream began(reeve.text_of("began"));
    for (pid_t pid = 0; began >> pid;) CHECK(wait_until([&] { return !alive(pid); }));
}

TEST_CASE("a check runs as its service does: user, environment and directory") {
    if (cannot_run(is_root(), "needs root")) return;
    Reeve reeve;
    chmod(reeve.directory().c_str(), 0711);
    write_file(reeve.file("seen"), "");
    chmod(reeve.file("seen").c_str(), 0666);
    reeve.service("web", std::string(sleeps) + often +
                             "user = 3000456:3000456\nenv = COLOUR=blue\nworkdir = /usr\n"
                             "check = echo $(id -u) $COLOUR $PWD $REEVE_SERVICE >>{dir}/seen; "
                             "test $REEVE_PID -gt 1\n");
    reeve.start();
    REQUIRE(gives_reason(reeve, "web", "healthy"));
    CHECK(reeve.text_of("seen").starts_with("3000456 blue /usr web\n"));
}

TEST_CASE("a check may print a megabyte: its last line is kept, and it is not held up") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + often +
                             "check_action = none\ncheck_retries = 1\ncheck_timeout = 15s\n"
                             "check = head -c 1000000 /dev/zero | tr '\\000' x; echo; "
                             "printf 'the \\033end\\n\\n'; exit 9\n");
    reeve.start();
    CHECK(gives_reason(reeve, "web", "unhealthy: check: exit 9: the \\x1bend"));
}

TEST_CASE("a check that is missing is told in the status, and ends nothing") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + often +
                             "check_retries = 1\ncheck = echo x >>{dir}/checks; /no/such/check\n");
    reeve.start();
    REQUIRE(reeve.has_lines("checks", 4));
    CHECK(reeve.field("web", "reason").starts_with("ready; check: exit 127: "));
    CHECK(reeve.field("web", "reason").ends_with("not found"));
    CHECK(reeve.field("web", "healthy").empty());
    CHECK(reeve.field("web", "restarts") == "0");
    CHECK(reeve.process().err().find("web: check: ") != std::string::npos);
    CHECK(count(reeve.process().err(), "not found") == 1);
    CHECK(reeve.svctl({"why"}).out.find("web is running: ready; check: exit 127") !=
          std::string::npos);
}

TEST_CASE("a check that kills its service is the end of a run like any other") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + often + "check = kill -9 $REEVE_PID; sleep 999\n");
    reeve.start();
    CHECK(reeve.comes_true([&] { return std::atoi(reeve.field("web", "restarts").c_str()) > 2; }));
    CHECK(reeve.svctl({"down", "web"}).status == 0);
    CHECK(reeve.svctl({"history", "web"}).out.find("signal KILL") != std::string::npos);
}

TEST_CASE("what a check leaves behind is ended with it, and is no stray of its service") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + often +
                             "check = sleep 1000 & echo $! >>{dir}/left; exit 0\n");
    reeve.start();
    REQUIRE(reeve.has_lines("left", 3));
    const pid_t first = std::atoi(reeve.text_of("left").c_str());
    CHECK(wait_until([&] { return !alive(first); }));
    const Output down = reeve.svctl({"down", "web"});
    CHECK(down.status == 0);
    CHECK(down.out == "web: stopped\n");
}

TEST_CASE("a watchdog hears what was said while reeve was stopped") {
    Reeve reeve;
    reeve.service("web", "ready = notify\nwatchdog = 2s\ncommand = {self} --helper notify READY=1; "
                         "while :; do {self} --helper notify WATCHDOG=1; sleep 0.1; done\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.pid_of("web");
    for (int i = 0; i < 2; ++i) {
        reeve.signal(SIGSTOP);
        std::this_thread::sleep_for(std::chrono::milliseconds(2500));
        reeve.signal(SIGCONT);
        CHECK(reeve.svctl({"status", "web"}).status == 0);
    }
    CHECK(reeve.pid_of("web") == pid);
    CHECK(reeve.field("web", "restarts") == "0");
}

TEST_CASE("a stop ends a check that runs, and does not wait for its timeout") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + often +
                             "check_timeout = 1h\n"
                             "check = echo $$ >>{dir}/check; exec sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.has_lines("check", 1));
    const pid_t check = std::atoi(reeve.text_of("check").c_str());
    CHECK(reeve.svctl({"down", "web"}).status == 0);
    CHECK_FALSE(alive(check));
    CHECK(count_lines(reeve.text_of("check")) == 1);
}

TEST_CASE(
    "checks go on over a re-execution, a crash and a take-over, and cost no service its run") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + often +
                             "check_timeout = 15s\ncheck = echo x >>{dir}/checks; sleep 0.1; "
                             "echo fine\ncheck_retries = 1\n");
    reeve.start();
    REQUIRE(gives_reason(reeve, "web", "healthy"));
    const pid_t pid = reeve.pid_of("web");
    const auto goes_on = [&] {
        const int before = count_lines(reeve.text_of("checks"));
        return reeve.has_lines("checks", before + 3) && reeve.state("web") == "running" &&
               reeve.pid_of("web") == pid;
    };
    CHECK(reeve.svctl({"reexec"}).status == 0);
    CHECK(goes_on());
    reeve.signal(SIGSEGV);
    CHECK(goes_on());
    reeve.kill();
    reeve.start();
    CHECK(goes_on());
    CHECK(reeve.field("web", "restarts") == "0");
}

TEST_CASE("a service that stops saying WATCHDOG=1 is started anew; one that says it stays") {
    Reeve reeve;
    const std::string says = "{self} --helper notify ";
    reeve.service("lives", "ready = notify\nwatchdog = 5s\nrestart_delay = 10ms\ncommand = " +
                               says + "READY=1; echo $WATCHDOG_USEC >{dir}/usec; while :; do " +
                               says + "WATCHDOG=1; sleep 0.1; done\n");
    reeve.service("hangs", "ready = notify\nwatchdog = 500ms\nrestart_delay = 10ms\ncommand = " +
                               says + "READY=1; exec sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.reaches("lives", "running"));
    const pid_t lives = reeve.pid_of("lives");
    REQUIRE(reeve.has_lines("usec", 1));
    CHECK(reeve.text_of("usec") == "5000000\n");
    CHECK(
        reeve.comes_true([&] { return std::atoi(reeve.field("hangs", "restarts").c_str()) >= 2; }));
    CHECK(reeve.svctl({"history", "hangs"}).out.find("no WATCHDOG=1 within its watchdog") !=
          std::string::npos);
    CHECK(reeve.pid_of("lives") == lives);
}

TEST_CASE("WATCHDOG=trigger has a service started anew at once") {
    Reeve reeve;
    reeve.service("web", "ready = notify\nrestart_delay = 10ms\ncommand = {self} --helper notify "
                         "READY=1; test -e {dir}/asked || { echo >{dir}/asked; {self} --helper "
                         "notify WATCHDOG=trigger; }; exec sleep 1000\n");
    reeve.start();
    CHECK(reeve.comes_true([&] { return reeve.field("web", "restarts") == "1"; }));
    CHECK(reeve.svctl({"history", "web"}).out.find("WATCHDOG=trigger") != std::string::npos);
}

TEST_CASE(
    "what holds more memory than it may, with all its processes, is ended and says how much") {
    if (cannot_run(has_proc(), "no /proc")) return;
    Reeve reeve;
    // tail keeps it all until its input ends, and then cannot get rid of it.
    reeve.service("eats", "command = head -c 60000000 /dev/zero | tail -n 1 | sleep 1000\n"
                          "max_memory = 20M\nmax_for = 0s\nretries = 2\nreset_after = 1h\n"
                          "restart_delay = 10ms\nstop_timeout = 100ms\n");
    reeve.service("small", std::string(sleeps) + "max_memory = 50M\nmax_for = 0s\n");
    reeve.start();
    REQUIRE(reeve.reaches("eats", "failed"));
    const std::string reason = reeve.field("eats", "reason");
    INFO(reason);
    CHECK(reason.starts_with("memory "));
    CHECK(reason.find("M, above max_memory for max_for, given up after 2 failed runs") !=
          std::string::npos);
    CHECK(reeve.state("small") == "running");
    CHECK(reeve.field("small", "restarts") == "0");
}

TEST_CASE("what burns more processor time than it may is ended once it has for max_for") {
    if (cannot_run(has_proc(), "no /proc")) return;
    Reeve reeve;
    reeve.service("burns", "command = (while :; do :; done) & wait\nmax_cpu = 5\nmax_for = 1s\n"
                           "limit_action = stop\n");
    reeve.service("waits", std::string(sleeps) + "max_cpu = 5\nmax_for = 1s\n");
    reeve.start();
    REQUIRE(reeve.reaches("burns", "failed"));
    CHECK(reeve.field("burns", "reason").starts_with("CPU "));
    CHECK(reeve.field("burns", "reason")
              .ends_with("%, above max_cpu for max_for, limit_action = "
                         "stop"));
    CHECK(reeve.state("waits") == "running");
}

TEST_CASE("status counts the processes of a service, and what all of them use") {
    if (cannot_run(has_proc(), "no /proc")) return;
    Reeve reeve;
    reeve.service("three", "command = sleep 1000 & sleep 1000 & wait\n");
    reeve.start();
    CHECK(reeve.comes_true([&] {
        return reeve.svctl({"--json", "status", "three"}).out.find("\"processes\": 3") !=
               std::string::npos;
    }));
}

TEST_CASE("what is said of a check or a watchdog that cannot be has its line") {
    Reeve reeve;
    reeve.service("deaf", std::string(sleeps) + "watchdog = 5s\n");
    reeve.service("none", std::string(sleeps) + "check_retries = 300\n");
    reeve.service("idle", std::string(sleeps) + "check_interval = 5s\n");
    const Output output = reeve.svctl({"check", reeve.services()});
    CHECK(output.status == 1);
    const std::string all = output.out + output.err;
    INFO(all);
    CHECK(all.find("deaf:4: watchdog: WATCHDOG=1 is heard only with ready = notify") !=
          std::string::npos);
    CHECK(all.find("none:4: check_retries = 300: ") != std::string::npos);
    CHECK(all.find("idle:4: check_interval means nothing without check") != std::string::npos);
}
