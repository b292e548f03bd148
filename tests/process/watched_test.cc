#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.h"
#include "kernel/platform.h"
#include "kernel/sys.h"
#include "process/watched.h"

using namespace reeve;

namespace {

// A child that sleeps until it is killed. It is a zombie until it is reaped, as a process that is
// watched is until its parent reaps it.
struct Child {
    Child() : pid(fork()) {
        if (pid == 0) {
            setsid();
            for (;;) pause();
        }
        process = {pid, platform::start_time_of(pid)};
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() { end(); }
    void end() {
        kill(pid, SIGKILL);
        waitpid(pid, nullptr, 0);
    }
    pid_t pid;
    Process process;
};

// One turn of a loop, as long as it takes until somebody has ended.
std::optional<Watched::Ended> wait_for_end(Watched& watched) {
    for (int turns = 0; turns < 100; ++turns) {
        PollSet set;
        watched.watch(set);
        const Mono now = sys::mono_now();
        set.wait(std::min(watched.next_deadline(), now + milliseconds(100)), now);
        if (const auto ended = watched.take_ended(set, sys::mono_now())) return ended;
    }
    return std::nullopt;
}

}  // namespace

TEST_CASE("a process is known by pid and start time") {
    Child child;
    CHECK(fact_of(child.process) == Fact::alive);
    CHECK(fact_of({child.pid, child.process.start_time + 1}) == Fact::gone);
    CHECK(fact_of({child.pid, 0}) == Fact::unverified);
    CHECK(fact_of({1, 1}) == Fact::gone);
    kill(child.pid, SIGKILL);
    siginfo_t info;
    waitid(P_PID, static_cast<id_t>(child.pid), &info, WEXITED | WNOWAIT);
    CHECK(fact_of(child.process) == Fact::gone);  // a zombie is no process any more
    child.end();
    CHECK(fact_of(child.process) == Fact::gone);
}

TEST_CASE("the end of a watched process is told, with descriptors and without") {
    for (const size_t descriptors : {size_t{4}, size_t{0}}) {
        Child child;
        Watched watched;
        watched.limit(descriptors);
        watched.add(ServiceId{3}, child.process);
        CHECK(watched.is_leader(ServiceId{3}));
        CHECK_FALSE(watched.is_leader(ServiceId{4}));
        PollSet set;
        watched.watch(set);
        CHECK_FALSE(watched.take_ended(set, sys::mono_now()));
        CHECK((watched.next_deadline() == no_deadline) == (descriptors > 0));
        child.end();
        const auto ended = wait_for_end(watched);
        REQUIRE(ended);
        CHECK(ended->service == ServiceId{3});
        CHECK(ended->pid == child.pid);
        CHECK_FALSE(watched.is_leader(ServiceId{3}));
        CHECK_FALSE(watched.take_ended(PollSet(), sys::mono_now() + seconds(9)));
        CHECK(watched.next_deadline() == no_deadline);
    }
}

TEST_CASE("nothing is said of who is not watched any more") {
    Child child;
    Watched watched;
    watched.add(ServiceId{0}, child.process);
    watched.remove(ServiceId{0});
    child.end();
    PollSet set;
    watched.watch(set);
    CHECK_FALSE(watched.take_ended(set, sys::mono_now()));
}

TEST_CASE("a group whose leader has ended is left behind as long as a member lives") {
    int ready[2];
    REQUIRE(pipe(ready) == 0);
    const pid_t leader = fork();
    if (leader == 0) {
        setsid();
        const pid_t member = fork();
        if (member == 0)
            for (;;) pause();
        if (write(ready[1], &member, sizeof member) < 0) _exit(1);
        _exit(0);
    }
    pid_t member = 0;
    REQUIRE(read(ready[0], &member, sizeof member) == sizeof member);
    close(ready[0]);
    close(ready[1]);
    waitpid(leader, nullptr, 0);
    CHECK(left_behind(leader, {leader, 1}));
    kill(member, SIGKILL);
    for (int i = 0; i < 500 && left_behind(leader, {leader, 1}); ++i) sys::poll({}, 10);
    CHECK_FALSE(left_behind(leader, {leader, 1}));
    Child other;
    CHECK_FALSE(left_behind(other.pid, {other.pid, other.process.start_time + 1}));
}
