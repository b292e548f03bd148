// When a service counts as running, and what waits for that.

#include <csignal>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr char sleeps[] = "exec = sleep 1000\n";

}  // namespace

TEST_CASE("ready = exec: it runs as soon as exec has succeeded, and not where exec fails") {
    Reeve reeve;
    reeve.service("good", sleeps);
    reeve.service("bad", "exec = /no/such/program\nrestart_delay = 1h\nrestart_delay_max = 1h\n");
    reeve.service("dependent", std::string(sleeps) + "depends_on = bad\n");
    reeve.start();
    CHECK(reeve.reaches("good", "running"));
    CHECK(reeve.reaches("bad", "backoff"));
    const std::string reason = reeve.field("bad", "reason");
    INFO(reason);
    CHECK(reason.find("/no/such/program: No such file or directory") != std::string::npos);
    CHECK(reeve.state("dependent") == "waiting");
}

TEST_CASE("ready = after: it runs that long after exec") {
    Reeve reeve;
    reeve.service("slow", std::string(sleeps) + "ready = after 700ms\n");
    reeve.service("dependent",
                  "depends_on = slow\ncommand = echo up > {dir}/up; exec sleep 1000\n");
    const auto begin = Clock::now();
    reeve.start();
    REQUIRE(reeve.has_lines("up", 1));
    CHECK(Clock::now() - begin >= milliseconds(700));
    CHECK(reeve.svctl({"events", "slow"}).out.find("starting -> running") != std::string::npos);
}

TEST_CASE("ready = fd:N: it runs once there is a newline on the descriptor") {
    Reeve reeve;
    reeve.service("slow",
                  "ready = fd:7\ncommand = printf abc >&7; echo spoke > {dir}/spoke; "
                  "while ! test -e {dir}/go; do sleep 0.02; done; echo >&7; exec sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.has_lines("spoke", 1));
    CHECK(reeve.state("slow") == "starting");
    write_file(reeve.file("go"), "");
    CHECK(reeve.reaches("slow", "running"));
}

TEST_CASE("ready = fd:N never costs the service a SIGPIPE") {
    Reeve reeve;
    reeve.service("twice", "ready = fd:5\nexec = {self} --helper ready-fd 5\n");
    reeve.start();
    REQUIRE(reeve.reaches("twice", "running"));
    const pid_t pid = reeve.pid_of("twice");
    reeve.service("other", sleeps);
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.reaches("other", "running"));
    CHECK(reeve.pid_of("twice") == pid);
    CHECK(alive(pid));
}

TEST_CASE("ready = notify: READY=1 makes it run, STATUS= is shown") {
    Reeve reeve;
    reeve.service(
        "speaker",
        "ready = notify\ncommand = {self} --helper notify STATUS=thinking; "
        "while ! test -e {dir}/go; do sleep 0.02; done; "
        "{self} --helper notify READY=1 STATUS=serving; echo > {dir}/said; exec sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.reaches("speaker", "starting"));
    write_file(reeve.file("go"), "");
    REQUIRE(reeve.has_lines("said", 1));
    CHECK(reeve.reaches("speaker", "running"));
    CHECK(wait_until([&] {
        return reeve.svctl({"status", "speaker"}).out.find("serving") != std::string::npos;
    }));
}

TEST_CASE("sd_notify: MAINPID= names another process of the group, STOPPING=1 begins the end") {
    Reeve reeve;
    reeve.service(
        "forker",
        "ready = notify\nstop_timeout = 5s\n"
        "command = sleep 999 & {self} --helper notify READY=1 MAINPID=$!; echo $! > {dir}/pid; "
        "while ! test -e {dir}/go; do sleep 0.02; done; {self} --helper notify STOPPING=1; "
        "echo > {dir}/said; wait\n");
    reeve.start();
    REQUIRE(reeve.has_lines("pid", 1));
    REQUIRE(reeve.reaches("forker", "running"));
    const pid_t named = std::atoi(reeve.text_of("pid").c_str());
    CHECK(wait_until([&] { return reeve.pid_of("forker") == named; }));
    write_file(reeve.file("go"), "");
    REQUIRE(reeve.has_lines("said", 1));
    CHECK(reeve.reaches("forker", "stopping"));
}

// mosquitto, unbound and rsyslogd do, with Debian's own Type=notify.
TEST_CASE("a program that gives up its rights after the start can still say that it is ready") {
    if (cannot_run(is_root(), "needs root")) return;
    Reeve reeve;
    chmod(reeve.directory().c_str(), 0711);
    reeve.service("lowers",
                  "ready = notify\nexec = {self} --helper notify-as 3000456 READY=1 STATUS=low\n");
    reeve.start();
    CHECK(reeve.reaches("lowers", "running"));
    CHECK(reeve.field("lowers", "reason") == "low");
    CHECK(reeve.field("lowers", "restarts") == "0");
}

TEST_CASE("what a service started may speak for it from a session of its own") {
    if (cannot_run(has_program("setsid"), "setsid is not installed")) return;
    Reeve reeve;
    const std::string user = std::to_string(getuid());
    reeve.service("away", "ready = notify\ncommand = (setsid {self} --helper notify-as " + user +
                              " READY=1; true) & wait\n");
    reeve.start();
    CHECK(reeve.reaches("away", "running"));
}

TEST_CASE("who is no process of the service cannot speak for it, and the reason says who tried") {
    Reeve reeve;
    chmod(reeve.directory().c_str(), 0711);
    reeve.service("web", "ready = notify\ncommand = while ! test -e {dir}/go; do sleep 0.02; done; "
                         "{self} --helper notify STATUS=mine READY=1; exec sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "starting"));
    const std::string main_pid = "MAINPID=" + std::to_string(getpid());
    Launch launch{.arguments = {own_program(), "--helper", "notify-as", std::to_string(getuid()),
                                "STATUS=stranger's", "READY=1", main_pid}};
    launch.environment = {"NOTIFY_SOCKET=" + reeve.run_directory() + "/fds/web.notify"};
    const Process stranger(launch);
    const std::string refused = "awaiting READY=1 (refused what process " +
                                std::to_string(stranger.pid()) + " sent: it is neither of ";
    REQUIRE(wait_until([&] { return reeve.field("web", "reason").find(refused) == 0; }));
    CHECK(reeve.state("web") == "starting");
    if (is_root()) {
        // Nor one that has gone by the time that it is heard.
        launch.arguments = {own_program(), "--helper", "notify", "STATUS=gone", "READY=1"};
        launch.uid = 3000456;
        kill(reeve.pid(), SIGSTOP);
        CHECK(run(launch).status == 0);
        kill(reeve.pid(), SIGCONT);
    }
    const pid_t pid = reeve.pid_of("web");
    CHECK(reeve.svctl({"status", "web"}).out.find(refused) != std::string::npos);
    write_file(reeve.file("go"), "");
    CHECK(reeve.reaches("web", "running"));
    CHECK(reeve.field("web", "reason") == "mine");
    CHECK(reeve.pid_of("web") == pid);
}

TEST_CASE("what a run has said is read before its end is judged: MAINPID and READY=1") {
    Reeve reeve;
    reeve.service("forks", "ready = notify\nrestart = never\n"
                           "command = while ! test -e {dir}/go; do sleep 0.02; done; sleep 1000 & "
                           "echo $! >{dir}/child; {self} --helper notify MAINPID=$! READY=1\n");
    reeve.service("short", "ready = fd:3\nrestart = never\n"
                           "command = while ! test -e {dir}/go; do sleep 0.02; done; echo >&3\n");
    reeve.start();
    REQUIRE(reeve.reaches("forks", "starting"));
    REQUIRE(reeve.reaches("short", "starting"));
    const Strings ended = {std::to_string(reeve.first_pid_of("forks")),
                           std::to_string(reeve.first_pid_of("short"))};
    kill(reeve.pid(), SIGSTOP);
    write_file(reeve.file("go"), "");
    for (const std::string& pid : ended)
        REQUIRE(wait_until(
            [&] { return read_file("/proc/" + pid + "/stat").find(") Z ") != std::string::npos; }));
    kill(reeve.pid(), SIGCONT);
    REQUIRE(reeve.reaches("forks", "running"));
    CHECK(reeve.pid_of("forks") == std::atoi(reeve.text_of("child").c_str()));
    CHECK(alive(reeve.pid_of("forks")));
    CHECK(reeve.svctl({"events", "short"}).out.find("running") != std::string::npos);
    kill(reeve.pid_of("forks"), SIGTERM);
    CHECK(wait_until([&] { return reeve.field("forks", "signal") == "TERM"; }));
}

TEST_CASE("NOTIFY_SOCKET is for services with ready = notify alone, and works for another user") {
    Reeve reeve;
    reeve.service("plain", "command = echo ${NOTIFY_SOCKET-none} > {dir}/plain; exec sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.has_lines("plain", 1));
    CHECK(reeve.text_of("plain") == "none\n");
}

TEST_CASE("start_check: it runs only once the command has succeeded") {
    Reeve reeve;
    reeve.service("checked", std::string(sleeps) +
                                 "start_check = echo try >> {dir}/tries; test -e {dir}/go\n"
                                 "start_check_interval = 50ms\n");
    reeve.service("dependent", std::string(sleeps) + "depends_on = checked\n");
    reeve.start();
    REQUIRE(reeve.has_lines("tries", 3));
    CHECK(reeve.state("checked") == "starting");
    CHECK(reeve.state("dependent") == "waiting");
    write_file(reeve.file("go"), "");
    CHECK(reeve.reaches("checked", "running"));
    CHECK(reeve.reaches("dependent", "running"));
    CHECK(reeve.field("checked", "restarts") == "0");
}

TEST_CASE("a start_check that hangs is killed at its timeout and tried again") {
    Reeve reeve;
    reeve.service("checked",
                  std::string(sleeps) +
                      "start_check = echo $$ >> {dir}/tries; test -e {dir}/go || sleep 999\n"
                      "start_check_timeout = 100ms\nstart_check_interval = 10ms\n");
    reeve.start();
    REQUIRE(reeve.has_lines("tries", 2));
    const pid_t first = std::atoi(reeve.text_of("tries").c_str());
    CHECK(wait_until([&] { return !alive(first); }));
    write_file(reeve.file("go"), "");
    CHECK(reeve.reaches("checked", "running"));
}

TEST_CASE("past start_timeout it is stopped, and the run counts as failed") {
    Reeve reeve;
    reeve.service("mute", std::string(sleeps) + "ready = fd:3\nstart_timeout = 300ms\nretries = 2\n"
                                                "restart_delay = 10ms\n");
    reeve.start();
    CHECK(reeve.reaches("mute", "failed"));
    const std::string reason = reeve.field("mute", "reason");
    INFO(reason);
    CHECK(reason.find("start_timeout") != std::string::npos);
    CHECK(reeve.field("mute", "restarts") == "1");
    CHECK(reeve.pid_of("mute") == 0);
}

TEST_CASE("a start_check that never succeeds runs into start_timeout as well") {
    Reeve reeve;
    reeve.service("checked", std::string(sleeps) +
                                 "start_check = false\nstart_check_interval = 20ms\n"
                                 "start_timeout = 200ms\nretries = 1\n");
    reeve.start();
    CHECK(reeve.reaches("checked", "failed"));
}

TEST_CASE("a oneshot counts for its dependents once it is done, and not where it has failed") {
    Reeve reeve;
    reeve.service("prepare", "type = oneshot\ncommand = sleep 0.3; echo prepared >> {dir}/order\n");
    reeve.service("web",
                  "depends_on = prepare\ncommand = echo web >> {dir}/order; exec sleep 1000\n");
    reeve.service("broken", "type = oneshot\ncommand = exit 1\n");
    reeve.service("orphan", std::string(sleeps) + "depends_on = broken\n");
    reeve.start();
    REQUIRE(reeve.has_lines("order", 2));
    CHECK(reeve.text_of("order") == "prepared\nweb\n");
    CHECK(reeve.state("prepare") == "done");
    CHECK(reeve.reaches("broken", "failed"));
    CHECK(reeve.reaches("orphan", "waiting"));
    CHECK(reeve.field("orphan", "reason") == "needs broken");
}

TEST_CASE("after orders the start of what is wanted, and asks for nothing") {
    Reeve reeve;
    reeve.service("first",
                  "ready = after 300ms\ncommand = echo first >> {dir}/order; exec sleep 1000\n");
    reeve.service("second", "after = first absent off\n"
                            "command = echo second >> {dir}/order; exec sleep 1000\n");
    reeve.service("off", std::string(sleeps) + "enabled = no\n");
    const auto begin = Clock::now();
    reeve.start();
    REQUIRE(reeve.has_lines("order", 2));
    CHECK(Clock::now() - begin >= milliseconds(300));
    CHECK(reeve.text_of("order") == "first\nsecond\n");
    CHECK(reeve.state("off") == "stopped");
}

TEST_CASE("after waits no longer for what has failed") {
    Reeve reeve;
    reeve.service("broken", "command = exit 1\nrestart = never\n");
    reeve.service("second", std::string(sleeps) + "after = broken\n");
    reeve.start();
    CHECK(reeve.reaches("second", "running"));
    CHECK(reeve.state("broken") == "failed");
}

TEST_CASE("a dependency that is not enabled is brought up by the service that needs it") {
    Reeve reeve;
    reeve.service("db", std::string(sleeps) + "enabled = no\n");
    reeve.service("web", std::string(sleeps) + "depends_on = db\n");
    reeve.start();
    CHECK(reeve.reaches("web", "running"));
    CHECK(reeve.state("db") == "running");
}

TEST_CASE("cascade: a dependent is stopped while what it needs is away, and comes back with it") {
    Reeve reeve;
    reeve.service("db", std::string(sleeps) + "restart_delay = 500ms\n");
    reeve.service("with", std::string(sleeps) + "depends_on = db\ncascade = yes\n");
    reeve.service("without", std::string(sleeps) + "depends_on = db\n");
    reeve.start();
    REQUIRE(reeve.reaches("with", "running"));
    REQUIRE(reeve.reaches("without", "running"));
    const pid_t with = reeve.pid_of("with");
    const pid_t without = reeve.pid_of("without");
    kill(reeve.pid_of("db"), SIGKILL);
    CHECK(wait_until([&] { return !alive(with); }));
    CHECK(reeve.runs_anew("with", with));
    CHECK(reeve.state("db") == "running");
    CHECK(reeve.pid_of("without") == without);
    CHECK(alive(without));
}

TEST_CASE("post_start runs each time that a service is running, and its failure is only told") {
    Reeve reeve;
    reeve.service("web",
                  "exec = sleep 1000\npost_start = echo $REEVE_PID >>{dir}/greeted; exit 3\n");
    reeve.service("never", "exec = sleep 1000\nready = fd:3\npost_start = echo x >>{dir}/never\n");
    reeve.start();
    REQUIRE(reeve.has_lines("greeted", 1));
    const pid_t first = reeve.pid_of("web");
    CHECK(reeve.text_of("greeted") == std::to_string(first) + "\n");
    CHECK(reeve.comes_true(
        [&] { return reeve.field("web", "reason") == "ready; post_start: exit 3"; }));
    CHECK(reeve.field("web", "state") == "running");
    CHECK(reeve.process().err().find("web: post_start: exit 3") != std::string::npos);
    CHECK(reeve.svctl({"restart", "web"}).status == 0);
    CHECK(reeve.has_lines("greeted", 2));
    CHECK_FALSE(exists(reeve.file("never")));
}

TEST_CASE("a post_start that still runs is ended with its service") {
    Reeve reeve;
    reeve.service("web", "exec = sleep 1000\npost_start = echo $$ >{dir}/hook; exec sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.has_lines("hook", 1));
    const pid_t hook = std::atoi(reeve.text_of("hook").c_str());
    CHECK(alive(hook));
    CHECK(reeve.state("web") == "running");
    CHECK(reeve.svctl({"down", "web"}).status == 0);
    CHECK_FALSE(alive(hook));
    CHECK(reeve.process().err().empty());
}

TEST_CASE("max_starting bounds how many are starting at once") {
    Reeve reeve;
    reeve.service("reeve.conf", "max_starting = 2\n");
    for (int i = 0; i < 6; ++i) {
        const std::string mark = "{dir}/starting" + std::to_string(i);
        reeve.service("s" + std::to_string(i), "ready = fd:3\ncommand = touch " + mark +
                                                   "; ls {dir} | grep -c starting >> "
                                                   "{dir}/counts; sleep 0.2; rm " +
                                                   mark + "; echo >&3; exec sleep 1000\n");
    }
    reeve.start();
    for (int i = 0; i < 6; ++i) CHECK(reeve.reaches("s" + std::to_string(i), "running"));
    const std::string counts = reeve.text_of("counts");
    INFO(counts);
    CHECK(count_lines(counts) == 6);
    CHECK(counts.find_first_not_of("12\n") == std::string::npos);
    CHECK(counts.find('2') != std::string::npos);
}
