#include <csignal>
#include <sys/wait.h>

#include "catch.h"
#include "process/hooks.h"
#include "support/kernel_fixture.h"

using namespace reeve;

namespace {

// A child in a group of its own that sleeps, or exits with `code`.
pid_t child(int code) {
    const pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        if (code < 0)
            for (;;) pause();
        _exit(code);
    }
    REQUIRE(pid > 0);
    setpgid(pid, pid);
    return pid;
}

std::optional<HookEnd> wait_for(Hooks& hooks, pid_t pid) {
    int status = 0;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    return hooks.reaped(pid, exit_status_of(status));
}

}  // namespace

TEST_CASE("a hook's exit code says whether it succeeded") {
    Hooks hooks;
    for (const int code : {0, 1}) {
        const pid_t pid = child(code);
        hooks.add({3}, Hook::pre_start, {.pid = pid}, {1000000});
        const auto end = wait_for(hooks, pid);
        REQUIRE(end);
        CHECK(end->service == ServiceId{3});
        CHECK(end->hook == Hook::pre_start);
        CHECK(end->result == (code == 0 ? HookResult::succeeded : HookResult::failed));
    }
    CHECK(hooks.next_deadline() == no_deadline);
}

TEST_CASE("a hook that is past its deadline is killed with its group and has timed out") {
    Hooks hooks;
    const pid_t pid = child(-1);
    hooks.add({0}, Hook::start_check, {.pid = pid}, {100});
    CHECK(hooks.next_deadline() == Mono{100});
    hooks.pass_deadlines({99});
    CHECK(waitpid(pid, nullptr, WNOHANG) == 0);
    hooks.pass_deadlines({100});
    const auto end = wait_for(hooks, pid);
    REQUIRE(end);
    CHECK(end->result == HookResult::timed_out);
}

TEST_CASE("a hook that is cancelled ends as failed, and the others go on") {
    Hooks hooks;
    const pid_t cancelled = child(-1);
    const pid_t other = child(-1);
    hooks.add({1}, Hook::pre_start, {.pid = cancelled}, {1000});
    hooks.add({2}, Hook::pre_start, {.pid = other}, {1000});
    hooks.cancel({1}, Hook::pre_start);
    const auto end = wait_for(hooks, cancelled);
    REQUIRE(end);
    CHECK(end->result == HookResult::failed);
    CHECK(waitpid(other, nullptr, WNOHANG) == 0);
    hooks.cancel({2}, Hook::pre_start);
    CHECK(wait_for(hooks, other));
}

TEST_CASE("a child that is no hook is not taken for one") {
    Hooks hooks;
    CHECK_FALSE(hooks.reaped(4711, {ExitStatus::Kind::exited, 0}));
}

TEST_CASE("a hook that may be a stranger's process is not killed, and given up at its deadline") {
    const pid_t pid = child(-1);
    for (const bool is_cancelled : {false, true}) {
        Hooks hooks;
        hooks.take_over({2}, Hook::pre_start, {pid, 0}, {100});
        CHECK_FALSE(hooks.take_given_up());
        if (is_cancelled)
            hooks.cancel({2}, Hook::pre_start);
        else
            hooks.pass_deadlines({100});
        CHECK(hooks.next_deadline() == Mono{0});
        const auto end = hooks.take_given_up();
        REQUIRE(end);
        CHECK(end->service == ServiceId{2});
        CHECK(end->cancelled == is_cancelled);
        CHECK(end->result == HookResult::timed_out);
        CHECK_FALSE(hooks.take_given_up());
        CHECK(hooks.next_deadline() == no_deadline);
    }
    CHECK(waitpid(pid, nullptr, WNOHANG) == 0);
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
}
