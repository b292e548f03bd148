// The whole of reeve in a process of the test's own, with the real loop, journal and forks; only
// execve is the test's.

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.h"
#include "kernel/signals.h"
#include "reeve/options.h"
#include "reeve/program.h"
#include "support/allocations.h"
#include "support/kernel_fixture.h"

using namespace reeve;
using reeve::test::TempDir;

namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr int many = 500;  // a fork takes so much longer
#else
constexpr int many = 2000;
#endif

// What is counted, at the seam: forks, and the allocations between one fork and the last.
struct Count {
    int forks = 0;
    int warm_up = 0;  // this many forks may allocate
    size_t begin = 0;
    size_t end = 0;
} counted;

// Programs fail as soon as they begin.
int count_call(sys::Call call) {
    if (call == sys::Call::execve) _exit(1);
    if (call != sys::Call::fork) return 0;
    ++counted.forks;
    if (counted.forks == counted.warm_up) counted.begin = allocations_made();
    counted.end = allocations_made();
    return 0;
}

// In a child of the test, for there is one loop, one set of handlers and one waitpid() a process.
[[noreturn]] void supervise(const TempDir& directory, int report) {
    for (const int number : {1, 2}) dup2(open("/dev/null", O_WRONLY), number);
    signals::count(SIGCHLD);
    const char* environment[] = {"PATH=/usr/bin:/bin", nullptr};
    Options options;
    options.exit_when_idle = true;
    Setup setup;
    setup.run_directory = directory / "run";
    setup.logs.directory = directory / "log";
    setup.environment = environment;
    sys::fault = count_call;
    bool good = static_cast<bool>(signals::open());
    {
        Program program(options, std::move(setup), {directory / "services"}, true);
        good = good && program.begin() && program.run() == 1;  // a service has failed
    }
    good = good && write(report, &counted, sizeof counted) == sizeof counted;
    _exit(good ? 0 : 1);
}

}  // namespace

TEST_CASE("from the end of a service to its next run nothing is allocated, however often") {
    const auto [keys, restarts] = GENERATE(table<std::string, int>({
        {"log = null\n", many},
        {"log = run\nlog_keep = 1\n", many},
        {"log = null\nready = fd:3\n", many / 10},
        {"log = null\nready = notify\n", many / 10},
        {"log = null\nstdin = fifo\ninput_keep = yes\n", many / 10},
        {"log = run\npost_stop = true\n", many / 10},
    }));
    INFO(keys);
    const TempDir directory;
    for (const char* name : {"run", "run/status", "run/fds", "log", "services"})
        test::make_directory(directory / name);
    test::write_file(directory / "services/web",
                     "command = exec true\nrestart_delay = 0\nretries = " +
                         std::to_string(restarts) + "\n" + keys);
    test::write_file(directory / "services/calm", "command = exec true\nenabled = no\n");
    counted = {.warm_up = restarts / 5};
    int report[2];
    REQUIRE(pipe2(report, O_CLOEXEC) == 0);
    const pid_t child = fork();
    if (child == 0) supervise(directory, report[1]);
    REQUIRE(child > 0);
    close(report[1]);
    Count found;
    const bool whole = read(report[0], &found, sizeof found) == sizeof found;
    close(report[0]);
    int status = -1;
    waitpid(child, &status, 0);
    REQUIRE(whole);
    CHECK(status == 0);
    CHECK(found.forks >= restarts);
    CHECK(found.begin > 0);
    CHECK(found.end - found.begin == 0);
}
