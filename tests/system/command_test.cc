// A `-- CMD` is the call's own: it always runs, whatever an earlier reeve has left on record.

#include <csignal>
#include <unistd.h>

#include "catch.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

int ends_with(Reeve& reeve) {
    const int status = reeve.wait().value_or(-1);
    UNSCOPED_INFO("status " << status << "\n" << reeve.describe());
    return status;
}

// Starts it and waits for its answer: the files that a killed reeve has left tell of its own time.
pid_t start_main(Reeve& reeve, const Strings& words) {
    reeve.start(words);
    REQUIRE(reeve.comes_true([&] { return reeve.svctl({"status", "main"}).status == 0; }));
    return reeve.pid_of("main");
}

}  // namespace

TEST_CASE("a CMD runs where that of a killed reeve has ended") {
    Reeve reeve;
    const pid_t old = start_main(reeve, {"--", "sleep", "1000"});
    reeve.kill();
    kill(old, SIGKILL);
    REQUIRE(wait_until([&] { return !alive(old); }));
    const bool same = GENERATE(false, true);
    if (same) {
        CHECK(alive(start_main(reeve, {"--", "sleep", "1000"})));
        CHECK(reeve.stop() == 128 + SIGTERM);
    } else {
        reeve.start({"--", "sh", "-c", "exit 3"});
        CHECK(ends_with(reeve) == 3);
    }
}

TEST_CASE("a CMD that still runs is taken over by a reeve with the same one") {
    Reeve reeve;
    const pid_t old = start_main(reeve, {"--", "sleep", "1000"});
    reeve.kill();
    CHECK(start_main(reeve, {"--", "sleep", "1000"}) == old);
    CHECK(alive(old));
}

TEST_CASE("a CMD that was taken over ends with status 1, and a line says why") {
    Reeve reeve;
    const bool is_stopped = GENERATE(false, true);
    const pid_t main = start_main(reeve, {"--", "sleep", "1000"});
    reeve.kill();
    REQUIRE(start_main(reeve, {"--", "sleep", "1000"}) == main);
    if (is_stopped)
        reeve.svctl({"down", "main"});
    else
        kill(main, SIGKILL);
    CHECK(ends_with(reeve) == 1);
    CHECK(reeve.process().err() == "reeve: sleep has ended, how is not known: it was taken over "
                                   "from a reeve that died, whose child it was (status 1)\n");
}

TEST_CASE("another CMD that still runs is ended first, and named") {
    Reeve reeve;
    const bool stubborn = GENERATE(false, true);
    const std::string trap = stubborn ? "trap '' TERM; " : "";
    const pid_t old = start_main(reeve, {"--", "sh", "-c", trap + "while :; do sleep 0.05; done"});
    reeve.kill();
    reeve.start(
        {"--", "sh", "-c",
         "grep -q '^State:.[RSD]' /proc/" + std::to_string(old) + "/status && exit 1; exit 3"});
    CHECK(ends_with(reeve) == 3);
    CHECK_FALSE(alive(old));
    CHECK(count(reeve.process().err(),
                "still runs (pid " + std::to_string(old) + "): it is ended first") == 1);
}

TEST_CASE("what a CMD that has ended left in its group is ended before the next CMD") {
    Reeve reeve;
    reeve.start({"--", "sh", "-c", "sleep 999 & echo $! > {dir}/left; exec sleep 1000"});
    REQUIRE(reeve.has_lines("left", 1));
    REQUIRE(reeve.reaches("main", "running"));
    const pid_t old = reeve.pid_of("main");
    reeve.kill();
    kill(old, SIGKILL);
    REQUIRE(wait_until([&] { return !alive(old); }));
    reeve.start({"--", "sh", "-c", "exit 3"});
    CHECK(ends_with(reeve) == 3);
    CHECK_FALSE(alive(std::atoi(reeve.text_of("left").c_str())));
}

TEST_CASE("a CMD that was told to be down runs all the same in the next call") {
    Reeve reeve;
    const pid_t old =
        start_main(reeve, {"--", "sh", "-c", "trap '' TERM; while :; do sleep 0.05; done"});
    CHECK(reeve.svctl({"-n", "down", "main"}).status == 0);
    REQUIRE(reeve.reaches("main", "stopping"));
    reeve.kill();
    const pid_t next =
        start_main(reeve, {"--", "sh", "-c", "trap '' TERM; while :; do sleep 0.05; done"});
    CHECK(next != old);
    CHECK_FALSE(alive(old));
}

TEST_CASE("TERM ends a reeve that waits for another CMD's end") {
    Reeve reeve;
    start_main(reeve, {"--", "sh", "-c", "trap '' TERM; while :; do sleep 0.05; done"});
    reeve.kill();
    reeve.start({"--", "sh", "-c", "echo ran > {dir}/ran"});
    REQUIRE(reeve.comes_true([&] { return count(reeve.process().err(), "ended first") == 1; }));
    REQUIRE(reeve.reaches("main", "stopping"));
    reeve.signal(SIGTERM);
    CHECK(ends_with(reeve) == 128 + SIGTERM);
    CHECK_FALSE(exists(reeve.file("ran")));
}

TEST_CASE("a CMD that this user may not end keeps the next from running, with a reason") {
    if (cannot_run(is_root(), "needs root to become another user")) return;
    Reeve reeve;
    const uid_t uid = 4000000 + static_cast<uid_t>(getpid()) % 1000000;
    const pid_t old = start_main(reeve, {"--", "sleep", "1000"});
    reeve.kill();
    reeve.give_to(uid);
    Launch launch = reeve.launch({"--", "sh", "-c", "echo ran > {dir}/ran"});
    launch.uid = uid;
    const Output output = run(launch);
    CHECK(output.status == 100);
    INFO(output.err);
    CHECK(count(output.err, "this user may not end it") == 1);
    CHECK(count(output.err, std::to_string(old)) == 1);
    kill(old, SIGKILL);
}

TEST_CASE("a reeve that begins as PID 1 takes nothing over, and what was down is as at a reboot") {
    if (cannot_run(has_namespaces(), "PID namespaces are not permitted")) return;
    Reeve reeve;
    reeve.service("web", "exec = sleep 1000\n");
    reeve.service("off", "exec = sleep 1000\n");
    // In one namespace, as if a new container had the number of the one before.
    std::string words;
    for (const std::string& word : reeve.launch().arguments) words += word + " ";
    const std::string line =
        words + "& while ! " + reeve_binary() +
        " svctl -r {dir}/run down off; do sleep 0.05; "
        "done; kill -9 $!; wait; cat /proc/sys/kernel/random/boot_id > {dir}/killed; exec " +
        words;
    Launch launch{.arguments = {"unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "sh",
                                "-c", reeve.fill_in(line)}};
    reeve.start_behind_unshare(launch, false);
    REQUIRE(reeve.has_lines("killed", 1));
    REQUIRE(reeve.comes_true([&] { return reeve.svctl({"status"}).status == 0; }));
    CHECK(reeve.reaches("web", "running"));
    CHECK(reeve.reaches("off", "running"));
    CHECK(reeve.field("web", "restarts") == "0");
}

TEST_CASE("with -g a forwarded TERM is the only one that the rest of the group gets") {
    Reeve reeve;
    write_file(reeve.file("rest"), "trap 'told=1; echo term >> $1/rest.log' TERM\n"
                                   "echo ready >> $1/rest.log\n"
                                   "left=10\n"
                                   "while [ $left -gt 0 ]; do sleep 0.05\n"
                                   "[ -n \"$told\" ] && left=$((left - 1)); done\n");
    reeve.start({"-g", "--", "sh", "-c",
                 "sh {dir}/rest {dir} & trap 'exit 3' TERM; while ! test -s {dir}/rest.log; do "
                 "sleep 0.05; done; echo > {dir}/started; while :; do sleep 0.05; done"});
    REQUIRE(reeve.has_lines("started", 1));
    reeve.signal(SIGTERM);
    CHECK(ends_with(reeve) == 3);
    CHECK(reeve.text_of("rest.log") == "ready\nterm\n");
}

TEST_CASE("a stop says TERM once to each of a process group") {
    Reeve reeve;
    write_file(reeve.file("rest"), "trap 'told=1; echo term >> $1/rest.log' TERM\n"
                                   "echo ready >> $1/rest.log\n"
                                   "left=10\n"
                                   "while [ $left -gt 0 ]; do sleep 0.05\n"
                                   "[ -n \"$told\" ] && left=$((left - 1)); done\n");
    reeve.service("web", "command = sh {dir}/rest {dir} & exec sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.has_lines("rest.log", 1));
    CHECK(reeve.svctl({"down", "web"}).status == 0);
    CHECK(reeve.text_of("rest.log") == "ready\nterm\n");
}

TEST_CASE("QUIT, PWR and RTMIN+3 end PID 1 of a container as TERM does") {
    if (cannot_run(has_namespaces(), "PID namespaces are not permitted")) return;
    const int number = GENERATE(SIGQUIT, SIGPWR, 37, 38, 39);
    Reeve reeve;
    reeve.service("web", "command = trap 'echo down > {dir}/down; exit' TERM; echo > {dir}/up; "
                         "while :; do sleep 0.05; done\n");
    reeve.start_as_pid_1();
    REQUIRE(reeve.has_lines("up", 1));
    reeve.signal(number);
    CHECK(ends_with(reeve) == 0);
    CHECK(reeve.text_of("down") == "down\n");
}

TEST_CASE("the end of reeve waits for nothing in the kernel") {
    // An inotify descriptor takes some 20 ms to close.
    Reeve reeve;
    reeve.start();
    const std::string fds = "/proc/" + std::to_string(reeve.pid()) + "/fd";
    CHECK(run({"ls", "-l", fds}).out.find("inotify") == std::string::npos);
    CHECK(reeve.stop() == 0);
}
