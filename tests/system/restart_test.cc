// How services end: restarts, hooks, the ways to stop.

#include <csignal>

#include "catch.h"
#include "support/procfs.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char sleeps[] = "exec = sleep 1000\n";
constexpr char loops[] = "while :; do sleep 0.05; done\n";

pid_t number_in(const Reeve& reeve, std::string_view file) {
    return std::atoi(reeve.text_of(file).c_str());
}

}  // namespace

TEST_CASE("a daemon is started again however it ended") {
    Reeve reeve;
    reeve.service("exits", "command = echo run >> {dir}/exits; exit 0\nrestart_delay = 10ms\n"
                           "restart_factor = 1\n");
    reeve.service("killed", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("killed", "running"));
    const pid_t pid = reeve.pid_of("killed");
    kill(pid, SIGKILL);
    CHECK(reeve.runs_anew("killed", pid));
    CHECK(reeve.field("killed", "signal") == "KILL");
    CHECK(reeve.has_lines("exits", 3));
}

TEST_CASE("restart = on-failure ends at a success, which `success` may widen") {
    Reeve reeve;
    reeve.service("fails", "command = echo run >> {dir}/fails; test $(wc -l < {dir}/fails) -ge 3\n"
                           "restart = on-failure\nrestart_delay = 10ms\n");
    reeve.service("codes", "command = exit 4\nrestart = on-failure\nsuccess = 4 USR1\n");
    reeve.service("signal", "command = kill -USR1 $$\nrestart = on-failure\nsuccess = 4 USR1\n");
    reeve.start();
    CHECK(reeve.reaches("fails", "done"));
    CHECK(reeve.text_of("fails") == "run\nrun\nrun\n");
    CHECK(reeve.reaches("codes", "done"));
    CHECK(reeve.field("codes", "exit") == "4");
    CHECK(reeve.reaches("signal", "done"));
    CHECK(reeve.field("signal", "signal") == "USR1");
}

TEST_CASE("restart = never: done after a success, failed after a failure") {
    Reeve reeve;
    reeve.service("good", "command = exit 0\nrestart = never\n");
    reeve.service("bad", "command = exit 9\nrestart = never\n");
    reeve.start();
    CHECK(reeve.reaches("good", "done"));
    CHECK(reeve.reaches("bad", "failed"));
    CHECK(reeve.field("bad", "exit") == "9");
    CHECK(reeve.field("bad", "reason").find("exit 9") == 0);
}

TEST_CASE("the delay before a retry grows by its factor up to its maximum") {
    Reeve reeve;
    reeve.service("flaky", "command = date +%s%3N >> {dir}/times; exit 1\nrestart_delay = 100ms\n"
                           "restart_factor = 2\nrestart_delay_max = 300ms\nretries = 6\n");
    reeve.start();
    REQUIRE(reeve.reaches("flaky", "failed"));
    std::vector<int64_t> times;
    std::string text = reeve.text_of("times");
    for (size_t end; (end = text.find('\n')) != text.npos; text.erase(0, end + 1))
        times.push_back(std::atoll(text.substr(0, end).c_str()));
    REQUIRE(times.size() == 6);
    const long least[] = {100, 200, 300, 300, 300};
    for (size_t i = 0; i < 5; ++i) {
        INFO("pause " << i);
        CHECK(times[i + 1] - times[i] >= least[i] - 5);
        CHECK(times[i + 1] - times[i] < least[i] + 3000);
    }
}

TEST_CASE("after `retries` failed runs in a row it is failed, and on_fail runs") {
    Reeve reeve;
    reeve.service("flaky", "command = echo run >> {dir}/runs; exit 3\nready = fd:3\nretries = 3\n"
                           "restart_delay = 10ms\non_fail = echo $REEVE_SERVICE >> {dir}/failed\n");
    reeve.start();
    REQUIRE(reeve.reaches("flaky", "failed"));
    REQUIRE(reeve.has_lines("failed", 1));
    CHECK(reeve.text_of("failed") == "flaky\n");
    CHECK(reeve.text_of("runs") == "run\nrun\nrun\n");
    const std::string reason = reeve.field("flaky", "reason");
    INFO(reason);
    CHECK(reason.find("exit 3") == 0);
    CHECK(reason.find("3 failed runs") != std::string::npos);
    // Asked for again it gets as many tries again.
    CHECK(reeve.svctl({"up", "flaky"}).status == 1);
    CHECK(reeve.has_lines("runs", 6));
}

TEST_CASE("an exit code of `fatal` is not retried") {
    Reeve reeve;
    reeve.service("picky", "command = echo run >> {dir}/runs; exit 78\nfatal = 77 78\n"
                           "restart_delay = 10ms\n");
    reeve.start();
    REQUIRE(reeve.reaches("picky", "failed"));
    CHECK(reeve.text_of("runs") == "run\n");
    CHECK(reeve.field("picky", "reason").find("fatal") != std::string::npos);
}

TEST_CASE("a stop during backoff cancels the retry") {
    Reeve reeve;
    reeve.service("flaky", "command = echo run >> {dir}/runs; exit 1\nrestart_delay = 500ms\n");
    reeve.start();
    REQUIRE(reeve.reaches("flaky", "backoff"));
    CHECK(reeve.svctl({"down", "flaky"}).status == 0);
    CHECK(reeve.state("flaky") == "stopped");
    const std::string runs = reeve.text_of("runs");
    // What would have come within the delay has not come by the end of a longer one.
    reeve.service("later", std::string(sleeps) + "ready = after 1s\n");
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.svctl({"wait", "later"}).status == 0);
    CHECK(reeve.text_of("runs") == runs);
    CHECK(reeve.state("flaky") == "stopped");
}

TEST_CASE("pre_start runs before each start, and its failure is a failed run") {
    Reeve reeve;
    reeve.service("good", "pre_start = echo pre >> {dir}/order\n"
                          "command = echo main >> {dir}/order; exec sleep 1000\n");
    reeve.service("bad", "pre_start = exit 1\ncommand = echo started >> {dir}/bad\nretries = 2\n"
                         "restart_delay = 10ms\n");
    reeve.start();
    REQUIRE(reeve.has_lines("order", 2));
    CHECK(reeve.text_of("order") == "pre\nmain\n");
    CHECK(reeve.svctl({"restart", "good"}).status == 0);
    CHECK(reeve.has_lines("order", 4));
    CHECK(reeve.text_of("order") == "pre\nmain\npre\nmain\n");
    REQUIRE(reeve.reaches("bad", "failed"));
    CHECK(reeve.field("bad", "reason").find("pre_start: exit 1") == 0);
    CHECK_FALSE(exists(reeve.file("bad")));
}

TEST_CASE("a hook past hook_timeout is killed with all its processes") {
    Reeve reeve;
    reeve.service("slow", std::string(sleeps) +
                              "pre_start = sleep 998 & echo $! > {dir}/child; sleep 999\n"
                              "hook_timeout = 200ms\nretries = 1\n");
    reeve.start();
    REQUIRE(reeve.reaches("slow", "failed"));
    CHECK(reeve.field("slow", "reason").find("pre_start: timed out (hook_timeout)") == 0);
    const pid_t child = number_in(reeve, "child");
    REQUIRE(child > 0);
    CHECK(wait_until([&] { return !alive(child); }));
}

TEST_CASE("post_stop runs after each end and is told how that was") {
    Reeve reeve;
    const std::string tells =
        "post_stop = echo exit=$REEVE_EXIT signal=$REEVE_SIGNAL >> {dir}/%n\n";
    const auto named = [&](std::string name) {
        std::string text = tells;
        return text.replace(text.find("%n"), 2, name);
    };
    reeve.service("exits", "command = exit 5\nrestart = never\n" + named("exits.end"));
    reeve.service("dies", "command = kill -USR2 $$\nrestart = never\n" + named("dies.end"));
    reeve.service("stops", std::string(sleeps) + named("stops.end"));
    reeve.start();
    REQUIRE(reeve.has_lines("exits.end", 1));
    REQUIRE(reeve.has_lines("dies.end", 1));
    CHECK(reeve.text_of("exits.end") == "exit=5 signal=\n");
    CHECK(reeve.text_of("dies.end") == "exit= signal=USR2\n");
    REQUIRE(reeve.reaches("stops", "running"));
    CHECK(reeve.svctl({"down", "stops"}).status == 0);
    CHECK(reeve.text_of("stops.end") == "exit= signal=TERM\n");
}

TEST_CASE("hooks have the service's environment, directory and name") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) +
                             "workdir = {dir}\nenv = COLOUR=blue\n"
                             "pre_start = echo $REEVE_SERVICE $COLOUR $(pwd) > {dir}/hook\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(reeve.text_of("hook") == "web blue " + reeve.directory() + "\n");
}

TEST_CASE("stop_signal is what asks it to end") {
    Reeve reeve;
    reeve.service("picky", "command = trap 'echo usr1 >> {dir}/got; exit' USR1; "
                           "trap 'echo term >> {dir}/got' TERM; echo up > {dir}/up; " +
                               std::string(loops) + "stop_signal = USR1\n");
    reeve.start();
    REQUIRE(reeve.has_lines("up", 1));
    CHECK(reeve.svctl({"down", "picky"}).status == 0);
    CHECK(reeve.text_of("got") == "usr1\n");
}

TEST_CASE("what does not stop within stop_timeout is killed, and that is said") {
    Reeve reeve;
    reeve.service("deaf", "command = trap '' TERM; echo up > {dir}/up; " + std::string(loops) +
                              "stop_timeout = 300ms\n");
    reeve.start();
    REQUIRE(reeve.has_lines("up", 1));
    const auto begin = Clock::now();
    CHECK(reeve.svctl({"down", "deaf"}).status == 0);
    CHECK(Clock::now() - begin >= milliseconds(300));
    CHECK(Clock::now() - begin < seconds(5));
    CHECK(reeve.state("deaf") == "stopped");
    CHECK(reeve.field("deaf", "reason").find("KILL") != std::string::npos);
}

TEST_CASE("a stop reaches the whole process group, however deep") {
    Reeve reeve;
    reeve.service("tree",
                  "command = (sleep 997 & sleep 998 & wait) & sleep 999 & echo up > {dir}/up; "
                  "wait\n");
    reeve.start();
    REQUIRE(reeve.has_lines("up", 1));
    const pid_t leader = reeve.pid_of("tree");
    std::vector<pid_t> tree;
    CHECK(wait_until([&] { return (tree = descendants_of(leader)).size() == 4; }));
    CHECK(reeve.svctl({"down", "tree"}).status == 0);
    for (const pid_t pid : tree) CHECK_FALSE(alive(pid));
}

TEST_CASE("kill_mode = process signals the leader, and the rest only once the leader has gone") {
    Reeve reeve;
    write_file(reeve.file("child"),
               "trap 'echo child >> $1/order; exit' TERM\necho $$ > $1/child.pid\n"
               "while :; do sleep 0.05; done\n");
    reeve.service("polite", "command = sh {dir}/child {dir} & "
                            "trap 'sleep 0.5; echo leader >> {dir}/order; exit' TERM; "
                            "echo x > {dir}/ready; " +
                                std::string(loops) + "kill_mode = process\n");
    reeve.start();
    REQUIRE(reeve.has_lines("child.pid", 1));
    REQUIRE(reeve.has_lines("ready", 1));
    CHECK(reeve.svctl({"down", "polite"}).status == 0);
    CHECK(reeve.text_of("order") == "leader\nchild\n");
    CHECK_FALSE(alive(number_in(reeve, "child.pid")));
}

TEST_CASE("stop_command comes first, with REEVE_PID, and then no signal if nothing is left") {
    Reeve reeve;
    reeve.service("asked",
                  "command = trap 'echo usr1 >> {dir}/got; exit' USR1; "
                  "trap 'echo term >> {dir}/got; exit' TERM; echo $$ > {dir}/pid; " +
                      std::string(loops) +
                      "stop_command = echo $REEVE_PID > {dir}/told; kill -USR1 $REEVE_PID; "
                      "while kill -0 $REEVE_PID 2>/dev/null; do sleep 0.05; done\n"
                      "stop_timeout = 3s\n");
    reeve.start();
    REQUIRE(reeve.has_lines("pid", 1));
    CHECK(reeve.svctl({"down", "asked"}).status == 0);
    CHECK(reeve.text_of("told") == reeve.text_of("pid"));
    CHECK(reeve.text_of("got") == "usr1\n");
    CHECK(reeve.field("asked", "reason").find("KILL") == std::string::npos);
}

TEST_CASE("where stop_command leaves something, the stop signal follows") {
    Reeve reeve;
    reeve.service("asked",
                  "command = trap 'echo term >> {dir}/got; exit' TERM; echo up > {dir}/up; " +
                      std::string(loops) + "stop_command = echo asked >> {dir}/got\n");
    reeve.start();
    REQUIRE(reeve.has_lines("up", 1));
    CHECK(reeve.svctl({"down", "asked"}).status == 0);
    CHECK(reeve.text_of("got") == "asked\nterm\n");
}

TEST_CASE("a leader that ends and leaves processes: they are stopped before it runs again") {
    Reeve reeve;
    reeve.service("leaves", "command = sleep 999 & echo $! >> {dir}/children; exit 1\n"
                            "restart_delay = 10ms\nretries = 3\n");
    reeve.start();
    REQUIRE(reeve.reaches("leaves", "failed"));
    std::string text = reeve.text_of("children");
    CHECK(count_lines(text) == 3);
    for (size_t end; (end = text.find('\n')) != text.npos; text.erase(0, end + 1))
        CHECK_FALSE(alive(std::atoi(text.substr(0, end).c_str())));
}

TEST_CASE("a stop ends pre_start and what it waits for") {
    Reeve reeve;
    reeve.service("slow",
                  std::string(sleeps) + "pre_start = echo $$ > {dir}/hook; exec sleep 999\n");
    reeve.start();
    REQUIRE(reeve.has_lines("hook", 1));
    CHECK(reeve.svctl({"down", "slow"}).status == 0);
    CHECK(reeve.state("slow") == "stopped");
    CHECK_FALSE(alive(number_in(reeve, "hook")));
}

TEST_CASE("the status file has the end of the last run") {
    Reeve reeve;
    reeve.service("dies", "command = kill -9 $$\nrestart = never\n");
    reeve.start();
    REQUIRE(reeve.reaches("dies", "failed"));
    CHECK(reeve.field("dies", "exit").empty());
    CHECK(reeve.field("dies", "signal") == "KILL");
    CHECK(reeve.field("dies", "reason").find("signal KILL") == 0);
    CHECK(reeve.field("dies", "pid").empty());
}
