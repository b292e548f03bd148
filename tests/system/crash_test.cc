// A fault that comes in the middle of a fault, one in a start, and one that comes back each time:
// reeve works again behind each of them, and ends when it is told to. Else a first start says why
// it ends.
#include <csignal>
#include <filesystem>
#include <sys/resource.h>
#include <unistd.h>

#include "catch.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/stepper.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

constexpr char sleeps[] = "exec = /bin/sleep 1000\nlog = null\n";
constexpr int faults[] = {SIGSEGV, SIGABRT, SIGBUS, SIGTRAP, SIGSYS, SIGILL, SIGFPE};

bool answers(const Reeve& reeve) {
    return reeve.comes_true([&] { return reeve.svctl({"list"}).status != 7; });
}

void crash(Reeve& reeve) {
    reeve.may_crash = true;
    reeve.signal(SIGSEGV);
    CHECK(answers(reeve));
}

bool starts_as_init() { return GENERATE(false, true); }

std::string warnings_of(const Reeve& reeve) { return reeve.svctl({"status"}).err; }

void limit_memory(pid_t pid, rlim_t bytes) {
    const rlimit limit{bytes, RLIM_INFINITY};
    REQUIRE(prlimit(pid, RLIMIT_AS, &limit, nullptr) == 0);
}

// So much that memory is short when all of it is read.
void write_large_services(const Reeve& reeve) {
    for (int i = 0; i < 40; ++i) {
        std::string text = "exec = /bin/true\nenabled = no\n";
        for (char name = 'A'; name < 'H'; ++name)
            text += std::string("env = ") + name + '=' + std::string(8000, 'x') + '\n';
        reeve.service("large" + std::to_string(i), text);
    }
}

}  // namespace

TEST_CASE("faults that follow one another at once, and into the pause after many, are survived") {
    const bool as_init = starts_as_init();
    if (as_init && cannot_run(has_namespaces(), "PID namespaces are not permitted")) return;
    Reeve reeve;
    reeve.service("web", sleeps);
    as_init ? reeve.start_as_pid_1() : reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t itself = reeve.pid();
    const pid_t web = reeve.pid_of("web");
    reeve.may_crash = true;
    for (int i = 0; i < 12; ++i) {
        for (const int number : faults) {
            ::kill(itself, number);
            usleep(static_cast<useconds_t>(1500 * i));
        }
    }
    CHECK(answers(reeve));
    CHECK(reeve.pid() == itself);
    CHECK(reeve.pid_of("web") == web);
    CHECK(reeve.stop() == 0);
}

TEST_CASE("a TERM among faults is heard") {
    const bool as_init = starts_as_init();
    if (as_init && cannot_run(has_namespaces(), "PID namespaces are not permitted")) return;
    Reeve reeve;
    reeve.service("web", sleeps);
    as_init ? reeve.start_as_pid_1() : reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    reeve.may_crash = true;
    const pid_t itself = reeve.pid();
    for (int i = 0; i < 5; ++i) {
        for (const int number : faults) ::kill(itself, number);
        usleep(2000);
    }
    ::kill(itself, SIGTERM);
    for (const int number : faults) ::kill(itself, number);
    CHECK(reeve.wait() == 0);
}

TEST_CASE("a PID 1 that its CMD sends one fault right behind the other ends with CMD's exit code") {
    if (cannot_run(has_namespaces(), "PID namespaces are not permitted")) return;
    Reeve reeve;
    reeve.may_crash = true;
    reeve.start_behind_unshare(
        {.arguments = {"unshare", "--pid", "--fork", "--mount-proc", "--kill-child", reeve_binary(),
                       "-r", reeve.run_directory(), "-l", reeve.logs(), "--", "sh", "-c",
                       "kill -SEGV 1; kill -ABRT 1; sleep .5; exit 21"}},
        false);
    CHECK(reeve.wait() == 21);
}

TEST_CASE("a PID 1 that cannot execute itself again still ends at a container's stop signal") {
    if (cannot_run(has_namespaces(), "PID namespaces are not permitted")) return;
    Reeve reeve;
    reeve.service("web", sleeps);
    const std::string program = reeve.file("program");
    std::filesystem::copy_file(reeve_binary(), program);
    reeve.start_behind_unshare(
        {.arguments = {"unshare", "--pid", "--fork", "--mount-proc", "--kill-child", program, "-d",
                       reeve.services(), "-r", reeve.run_directory(), "-l", reeve.logs()}},
        true);
    REQUIRE(reeve.reaches("web", "running"));
    reeve.may_crash = true;
    std::filesystem::permissions(program, std::filesystem::perms::none);
    reeve.signal(SIGSEGV);
    reeve.signal(SIGQUIT);
    CHECK(reeve.wait() == 0);
}

TEST_CASE("a first start for which memory is short says so and ends with 100, and tries no more") {
    if (cannot_run(!is_sanitized(), "the sanitizer needs all addresses")) return;
    Reeve reeve;
    for (int i = 0; i < 200; ++i) reeve.service("s" + std::to_string(i), sleeps);
    reeve.may_crash = true;
    int refused = 0;
    bool came_up = false;
    for (rlim_t bytes = 512 << 10; !came_up && bytes < (256 << 20); bytes += bytes / 16) {
        Launch launch = reeve.launch();
        launch.prepare = [bytes] {
            const rlimit limit{bytes, bytes};
            setrlimit(RLIMIT_AS, &limit);
        };
        Process process(launch);
        INFO(bytes);
        REQUIRE(wait_until([&] {
            came_up = reeve.svctl({"list"}).status == 0;
            return came_up || !process.running();
        }));
        if (came_up) {
            process.signal(SIGTERM);
            CHECK(process.wait() == 0);
        } else if (process.wait() == 100) {
            ++refused;
            CHECK(process.err() == "reeve: out of memory\nreeve: crashed (SIGABRT) in its first "
                                   "start, and ends: it would do so again at the next\n");
        } else {
            CHECK(process.err().find("reeve: ") == std::string::npos);  // it was not executed
        }
    }
    CHECK(came_up);
    CHECK(refused > 0);
}

TEST_CASE("what reeve crashes of when it reads definitions it does not read again unasked") {
    if (cannot_run(!is_sanitized(), "the sanitizer needs all addresses")) return;
    const bool as_init = starts_as_init();
    if (as_init && cannot_run(has_namespaces(), "PID namespaces are not permitted")) return;
    Reeve reeve;
    reeve.service("web", sleeps);
    as_init ? reeve.start_as_pid_1() : reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t web = reeve.pid_of("web");
    crash(reeve);
    write_large_services(reeve);
    const rlim_t in_use = std::stoull(status_field(reeve.pid(), "VmSize")) << 10;
    limit_memory(reeve.pid(), in_use + (512 << 10));
    const auto reads_none = [&] {
        return warnings_of(reeve).find("reads none before svctl reload") != std::string::npos;
    };
    CHECK_FALSE(reads_none());
    crash(reeve);
    CHECK(reads_none());
    CHECK(reeve.svctl({"reload"}).status == 7);  // another crash
    CHECK(answers(reeve));
    CHECK(reads_none());
    CHECK(reeve.pid_of("web") == web);
    limit_memory(reeve.pid(), RLIM_INFINITY);
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK_FALSE(reads_none());
    CHECK(reeve.state("large7") == "stopped");
    CHECK(reeve.svctl({"restart", "web"}).status == 0);
    CHECK(reeve.pid_of("web") != web);
    CHECK(reeve.stop() == 0);
}

TEST_CASE("where memory is too short to go on with after a crash it goes on once there is some") {
    if (cannot_run(!is_sanitized(), "the sanitizer needs all addresses")) return;
    Reeve reeve;
    reeve.service("web", sleeps);
    for (int i = 0; i < 1000; ++i)
        reeve.service("s" + std::to_string(i), std::string(sleeps) + "enabled = no\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t web = reeve.pid_of("web");
    const rlim_t in_use = std::stoull(status_field(reeve.pid(), "VmSize")) << 10;
    const auto tries = [&](int times) {
        const std::string err = reeve.process().err();
        for (size_t at = 0; times > 0 && (at = err.find("out of memory", at)) != err.npos; ++at)
            --times;
        return times == 0;
    };
    const bool is_told = GENERATE(false, true);
    limit_memory(reeve.pid(), in_use - (1000 << 10));
    reeve.may_crash = true;
    reeve.signal(SIGSEGV);
    REQUIRE(reeve.comes_true([&] { return tries(4); }));
    CHECK(reeve.process().running());
    if (is_told) {
        reeve.signal(SIGTERM);
        CHECK(reeve.wait() != 0);
        CHECK(alive(web));
        return;
    }
    limit_memory(reeve.pid(), RLIM_INFINITY);
    CHECK(answers(reeve));
    CHECK(reeve.pid_of("web") == web);
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.stop() == 0);
}

TEST_CASE("behind a crash without its service directory reeve goes on, and reads it once it can") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + "restart_delay = 0\n");
    reeve.service("job", "command = while test ! -e {dir}/go; do sleep 0.01; done; "
                         "echo x >>{dir}/runs\ntype = oneshot\nlog = null\n"
                         "post_stop = echo y >>{dir}/posts\n");
    reeve.service("third", sleeps);
    reeve.service("app", sleeps);
    reeve.service("talks", "exec = /bin/sleep 1000\nlog = file\nlog_keep = 77\n");
    reeve.start();
    for (const char* name : {"web", "job", "third", "app", "talks", "svlog"})
        REQUIRE(reeve.reaches(name, "running"));
    const pid_t web = reeve.pid_of("web");
    const pid_t app = reeve.pid_of("app");
    const std::string plan = read_file(reeve.run_directory() + "/log/plan");
    REQUIRE(plan.find("77") != std::string::npos);
    const std::string away = reeve.file("away");
    std::filesystem::rename(reeve.services(), away);
    crash(reeve);
    CHECK(warnings_of(reeve).find("the definitions cannot be read since") != std::string::npos);
    CHECK(reeve.pid_of("web") == web);
    write_file(reeve.file("go"), "");
    CHECK(reeve.reaches("job", "waiting"));
    CHECK(reeve.svctl({"why", "job"}).out.find("could not read its file") != std::string::npos);
    kill(web, SIGKILL);
    CHECK(reeve.reaches("web", "waiting"));
    CHECK(reeve.svctl({"down", "third"}).status == 0);
    CHECK(reeve.svctl({"-n", "restart", "app"}).status == 0);
    const pid_t svlog = reeve.pid_of("svlog");
    kill(svlog, SIGKILL);
    CHECK(reeve.runs_anew("svlog", svlog));
    crash(reeve);
    CHECK(reeve.state("job") == "waiting");
    CHECK(reeve.pid_of("app") == app);
    CHECK(read_file(reeve.run_directory() + "/log/plan") == plan);
    std::filesystem::rename(away, reeve.services());
    CHECK(reeve.reaches("job", "done"));
    CHECK(reeve.runs_anew("web", web));
    CHECK(reeve.runs_anew("app", app));
    CHECK(reeve.state("third") == "stopped");
    CHECK(reeve.text_of("runs") == "x\n");
    CHECK(reeve.text_of("posts") == "y\n");
    CHECK(warnings_of(reeve).find("cannot be read") == std::string::npos);
    CHECK(reeve.stop() == 0);
}

TEST_CASE("behind a crash without its service directory a TERM leads to the end as ever") {
    const bool as_init = starts_as_init();
    if (as_init && cannot_run(has_namespaces(), "PID namespaces are not permitted")) return;
    Reeve reeve;
    reeve.service("web", sleeps);
    as_init ? reeve.start_as_pid_1() : reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    std::filesystem::rename(reeve.services(), reeve.file("away"));
    crash(reeve);
    CHECK(reeve.stop() == 0);
}

TEST_CASE("a fault at any call of a short life ends a first start, or nothing") {
    if (cannot_run(!is_sanitized(), "the sanitizer's own calls are among them")) return;
    Reeve reeve;
    reeve.service("job", "command = echo x >>{dir}/runs\ntype = oneshot\nlog = null\n");
    const Strings words = {reeve_binary(),        "-d", reeve.services(), "-r",
                           reeve.run_directory(), "-l", reeve.logs(),     "--exit-when-idle"};
    uint64_t calls = 0;
    const auto live = [&](Death death) {
        std::filesystem::remove_all(reeve.run_directory());
        std::filesystem::remove(reeve.file("runs"));
        const Stepper stepper(words, reeve.file("out"), death);
        REQUIRE(wait_until([&] { return stepper.over(); }));
        calls = stepper.calls();
        return stepper.status();
    };
    REQUIRE(live({.call = Death::counts}) == 0);
    const uint64_t all = calls;
    // The first calls are those of the tracer's own child and of the loader.
    int status = 128 + SIGSEGV;
    int survived = 0;
    for (uint64_t call = 14; call <= all; call += 5) {
        INFO("call " << call << " of " << all);
        const int before = status;
        status = live({.call = call, .signal = SIGSEGV});
        const bool is_early = status == 100 || status == 128 + SIGSEGV;
        if (is_early) CHECK((before == status || before == 128 + SIGSEGV));
        if (!is_early) CHECK(status == 0);
        CHECK(reeve.text_of("runs") == (is_early ? "" : "x\n"));
        survived += is_early ? 0 : 1;
    }
    CHECK(survived > 10);
}
