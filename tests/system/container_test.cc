// reeve as PID 1 of a container that runs a directory of services.

#include <csignal>
#include <unistd.h>

#include "catch.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::seconds;

bool no_containers() { return cannot_run(has_namespaces(), "PID namespaces are not permitted"); }

// A service that says in `order` when it is ready and, after a moment, when it has stopped.
std::string orderly(const std::string& name, const std::string& keys = "") {
    return "command = trap 'sleep 0.1; echo stop " + name + " >> {dir}/order; exit' TERM; " +
           "echo start " + name + " >> {dir}/order; echo >&3; while :; do sleep 0.05; done\n" +
           "ready = fd:3\n" + keys;
}

}  // namespace

TEST_CASE("TERM to PID 1 stops services in the order of their dependencies") {
    if (no_containers()) return;
    Reeve reeve;
    reeve.service("a-web", orderly("web", "depends_on = m-app\n"));
    reeve.service("m-app", orderly("app", "depends_on = z-db\n"));
    reeve.service("z-db", orderly("db"));
    reeve.start_as_pid_1();
    REQUIRE(reeve.has_lines("order", 3));
    CHECK(reeve.text_of("order") == "start db\nstart app\nstart web\n");
    CHECK(reeve.stop() == 0);
    CHECK(reeve.text_of("order") ==
          "start db\nstart app\nstart web\nstop web\nstop app\nstop db\n");
}

TEST_CASE("INT to PID 1 of a container stops all as TERM does") {
    if (no_containers()) return;
    Reeve reeve;
    reeve.service("one", orderly("one"));
    reeve.start_as_pid_1();
    REQUIRE(reeve.has_lines("order", 1));
    reeve.signal(SIGINT);
    CHECK(reeve.wait() == 0);
    CHECK(reeve.text_of("order") == "start one\nstop one\n");
}

TEST_CASE("services that nothing orders are stopped all at once") {
    if (no_containers()) return;
    Reeve reeve;
    for (int i = 0; i < 5; ++i) {
        const std::string name = "slow" + std::to_string(i);
        reeve.service(name,
                      "command = trap 'sleep 1; echo stop >> {dir}/order; exit' TERM; echo start "
                      ">> {dir}/order; while :; do sleep 0.05; done\n");
    }
    reeve.start_as_pid_1();
    REQUIRE(reeve.has_lines("order", 5));
    const auto begin = Clock::now();
    CHECK(reeve.stop() == 0);
    CHECK(Clock::now() - begin < seconds(4));
    CHECK(count(reeve.text_of("order"), "stop") == 5);
}

TEST_CASE("a service that ignores TERM is killed, within one deadline for the whole shutdown") {
    if (no_containers()) return;
    Reeve reeve;
    const std::string deaf =
        "command = trap '' TERM; echo up >> {dir}/up; while :; do sleep 0.1; done\n"
        "stop_timeout = 1h\n";
    reeve.service("deaf-a", deaf);
    reeve.service("deaf-b", deaf + "depends_on = deaf-a\n");
    reeve.service("deaf-c", deaf + "depends_on = deaf-b\n");
    reeve.service("reeve.conf", "stop_timeout_total = 1s\n");
    reeve.start_as_pid_1();
    REQUIRE(reeve.has_lines("up", 3));
    const auto begin = Clock::now();
    CHECK(reeve.stop() == 0);
    const auto took = Clock::now() - begin;
    CHECK(took >= std::chrono::milliseconds(900));
    CHECK(took < seconds(6));
}

TEST_CASE("by default a shutdown that has to kill ends before docker stop loses patience") {
    if (no_containers()) return;
    Reeve reeve;
    reeve.service("deaf",
                  "command = trap '' TERM; echo up >> {dir}/up; while :; do sleep 0.1; done\n");
    reeve.start_as_pid_1();
    REQUIRE(reeve.has_lines("up", 1));
    const auto begin = Clock::now();
    CHECK(reeve.stop() == 0);
    CHECK(Clock::now() - begin < seconds(10));
}

TEST_CASE("on_end = shutdown makes a service the container's main process") {
    if (no_containers()) return;
    Reeve reeve;
    reeve.service("other", orderly("other"));
    reeve.service("job", "command = while ! test -s {dir}/order; do sleep 0.05; done; exit 42\n"
                         "type = oneshot\non_end = shutdown\n");
    reeve.start_as_pid_1();
    CHECK(reeve.wait() == 42);
    CHECK(reeve.text_of("order") == "start other\nstop other\n");
}

TEST_CASE("on_end = shutdown gives 128 + N where signal N ended the service for good") {
    if (no_containers()) return;
    Reeve reeve;
    reeve.service("job", "command = kill -9 $$\nrestart = never\non_end = shutdown\n");
    reeve.start_as_pid_1();
    CHECK(reeve.wait() == 137);
}

TEST_CASE("on_end waits until the service has ended for good: retries come first") {
    if (no_containers()) return;
    Reeve reeve;
    reeve.service("flaky", "command = echo run >> {dir}/runs; exit 3\nretries = 3\n"
                           "restart_delay = 10ms\non_end = shutdown\n");
    reeve.start_as_pid_1();
    CHECK(reeve.wait() == 3);
    CHECK(reeve.text_of("runs") == "run\nrun\nrun\n");
}

TEST_CASE("PID 1 reaps the orphans of services, and stops those that got away at the end") {
    if (no_containers()) return;
    Reeve reeve;
    write_file(reeve.file("daemon"), "trap 'echo term >> $1/daemon.log; exit' TERM\n"
                                     "echo ready >> $1/daemon.log\nwhile :; do sleep 0.05; done\n");
    reeve.service("forks", "command = (setsid sleep 0.1 &); (setsid sh {dir}/daemon {dir} &); "
                           "exec sleep 1000\n");
    reeve.start_as_pid_1();
    REQUIRE(reeve.has_lines("daemon.log", 1));
    const pid_t pid = reeve.pid();
    CHECK(wait_until([&] { return children_of(pid).size() == 2; }));
    CHECK(reeve.stop() == 0);
    CHECK(reeve.text_of("daemon.log") == "ready\nterm\n");
}

TEST_CASE("PID 1 with nothing to run waits for what is to come") {
    if (no_containers()) return;
    Reeve reeve;
    reeve.start_as_pid_1();
    CHECK(reeve.svctl({"list"}).status == 0);
    reeve.service("late", orderly("late"));
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.has_lines("order", 1));
    CHECK(reeve.stop() == 0);
}

TEST_CASE("a shutdown preempts what is still starting") {
    if (no_containers()) return;
    Reeve reeve;
    reeve.service("never-ready", "command = echo up >> {dir}/up; exec sleep 1000\nready = fd:3\n");
    reeve.service("dependent", orderly("dependent", "depends_on = never-ready\n"));
    reeve.service("preparing",
                  "exec = sleep 1000\npre_start = echo up >> {dir}/up; exec sleep 1000\n");
    reeve.start_as_pid_1();
    REQUIRE(reeve.has_lines("up", 2));
    const auto begin = Clock::now();
    CHECK(reeve.stop() == 0);
    CHECK(Clock::now() - begin < seconds(6));
    CHECK(reeve.text_of("order").empty());
}

TEST_CASE("PID 1 of a container with a broken reeve.conf alone says both, and waits for services") {
    if (cannot_run(has_namespaces(), "PID namespaces are not permitted")) return;
    Reeve reeve;
    reeve.service("reeve.conf", "log = run\nreprot = all\n");
    reeve.start_as_pid_1();
    CHECK(reeve.svctl({"list"}).status == 0);
    const std::string err = reeve.process().err();
    CHECK(err.find("/reeve.conf:2: unknown key 'reprot'") != err.npos);
    CHECK(err.find("there are no services in ") != err.npos);
    CHECK(err.find("no service can run") == err.npos);
}

TEST_CASE("a run directory that is another user's link is refused as one") {
    if (cannot_run(is_root(), "needs root")) return;
    Reeve reeve;
    const std::string link = reeve.file("link");
    REQUIRE(symlink("nowhere", link.c_str()) == 0);
    REQUIRE(lchown(link.c_str(), 12345, 12345) == 0);
    const Output output = run({reeve_binary(), "-d", reeve.services(), "-r", link});
    CHECK(output.status == 100);
    CHECK(output.err == "reeve: " + link +
                            ": another user's link, which is not followed (name a "
                            "run directory with -r)\n");
}
