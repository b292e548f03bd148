#include <array>
#include <csignal>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "catch.h"
#include "kernel/platform.h"
#include "support/kernel_fixture.h"
#include "support/procfs.h"

using namespace reeve;
using namespace reeve::test;

namespace {

// A child in a process group of its own that waits to be killed.
pid_t fork_waiting() {
    pid_t pid = ::fork();
    if (pid == 0) {
        ::setpgid(0, 0);
        for (;;) ::pause();
    }
    ::setpgid(pid, pid);
    return pid;
}

// It is a zombie then, not reaped.
bool await_end(pid_t pid) {
    siginfo_t info{};
    return eventually([&] {
        return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
               info.si_pid == pid;
    });
}

}  // namespace

TEST_CASE("what has ended is ending, and what runs is not") {
    CHECK_FALSE(platform::is_ending(::getpid()));
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    siginfo_t info;
    REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) == 0);
    CHECK(platform::is_ending(child));
    REQUIRE(::waitpid(child, nullptr, 0) == child);
    CHECK(platform::is_ending(child));
}

TEST_CASE("a process knows its own start time as others know it") {
    if (cannot_run(has_proc(), "no /proc")) return;
    CHECK(platform::own_start_time() != 0);
    CHECK(platform::own_start_time() == platform::start_time_of(::getpid()));
}

TEST_CASE("the start time of a child is known by the clock as /proc has it") {
    if (cannot_run(has_proc(), "no /proc")) return;
    for (int i = 0; i < 50; ++i) {
        const uint64_t before = platform::start_time_now();
        const pid_t pid = fork_waiting();
        const uint64_t since = platform::start_time_since(before, pid);
        CHECK(since == platform::start_time_of(pid));
        CHECK(since != 0);
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
    }
}

TEST_CASE("the start time of a child does not change when it becomes a zombie") {
    if (cannot_run(has_proc(), "no /proc")) return;
    pid_t pid = fork_waiting();
    uint64_t before = platform::start_time_of(pid);
    CHECK(before >= platform::own_start_time());
    ::kill(pid, SIGKILL);
    REQUIRE(await_end(pid));
    CHECK(platform::start_time_of(pid) == before);
    ::waitpid(pid, nullptr, 0);
    CHECK(platform::start_time_of(pid) == 0);
}

TEST_CASE("a program's name may hold blanks and parentheses without harm to its start time") {
    if (cannot_run(has_proc(), "no /proc")) return;
    TemporaryDirectory directory;
    std::string program = directory / "a) S 1 (b";
    std::filesystem::copy_file("/bin/sleep", program);
    pid_t pid = ::fork();
    if (pid == 0) {
        ::execl(program.c_str(), program.c_str(), "60", static_cast<char*>(nullptr));
        ::_exit(1);
    }
    uint64_t start = platform::start_time_of(pid);
    std::string comm = "/proc/" + std::to_string(pid) + "/comm";
    CHECK(eventually([&] { return read_file(comm) == "a) S 1 (b\n"; }));
    CHECK(platform::start_time_of(pid) == start);
    CHECK(start != 0);
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
}

TEST_CASE("the boot id is the same twice and a line without its end") {
    Buffer<64> first;
    Buffer<64> second;
    platform::append_boot_id(first);
    platform::append_boot_id(second);
    CHECK(first.view() == second.view());
    CHECK(first.view().find('\n') == std::string_view::npos);
}

TEST_CASE("a group lives while a member does, and a zombie is none") {
    if (cannot_run(has_proc(), "no /proc")) return;
    pid_t pid = fork_waiting();
    CHECK(platform::group_has_live_members(pid));
    ::kill(pid, SIGKILL);
    REQUIRE(await_end(pid));
    CHECK(!platform::group_has_live_members(pid));
    ::waitpid(pid, nullptr, 0);
    CHECK(!platform::group_has_live_members(pid));
}

TEST_CASE("a group lives on after its leader") {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    pid_t leader = ::fork();
    if (leader == 0) {
        ::setpgid(0, 0);
        pid_t member = ::fork();
        if (member == 0) {
            char c = 0;
            ::close(ends[1]);
            (void)!::read(ends[0], &c, 1);  // until the test lets go
            ::_exit(0);
        }
        ::_exit(0);
    }
    ::setpgid(leader, leader);
    ::close(ends[0]);
    ::waitpid(leader, nullptr, 0);
    CHECK(platform::group_has_live_members(leader));
    ::close(ends[1]);
    CHECK(eventually([&] { return !platform::group_has_live_members(leader); }));
}

TEST_CASE("inherited descriptors are found and sealed, those sealed before are not named") {
    // In a child: the descriptors of the tests must stay as they are.
    pid_t pid = ::fork();
    if (pid == 0) {
        std::array<int, 64> ignored;
        platform::seal_descriptors(ignored);
        int open_one = ::dup2(0, 40);
        int sealed_one = ::fcntl(0, F_DUPFD_CLOEXEC, 50);
        std::array<int, 64> found{};
        size_t count = platform::seal_descriptors(found);
        bool right = count == 1 && found[0] == 40 && sealed_one >= 50 &&
                     (::fcntl(open_one, F_GETFD) & FD_CLOEXEC) != 0 &&
                     (::fcntl(0, F_GETFD) & FD_CLOEXEC) == 0;
        ::_exit(right ? 0 : 1);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    CHECK(status == 0);
}

TEST_CASE("more inherited descriptors than there is room for are sealed all the same") {
    pid_t pid = ::fork();
    if (pid == 0) {
        std::array<int, 64> ignored;
        platform::seal_descriptors(ignored);
        for (int fd = 100; fd < 110; ++fd) ::dup2(0, fd);
        ::dup2(0, 700);
        std::array<int, 4> found{};
        bool right = platform::seal_descriptors(found) == 4 && found[3] == 103;
        for (int fd : {100, 109, 700}) right = right && (::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
        ::_exit(right ? 0 : 1);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    CHECK(status == 0);
}

TEST_CASE("the other end of a Unix socket has a user") {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    auto user = platform::peer_uid(ends[0]);
    REQUIRE(user);
    CHECK(*user == ::geteuid());
    ::close(ends[0]);
    ::close(ends[1]);
    Fd no_socket(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    CHECK(!platform::peer_uid(no_socket.get()));
}

TEST_CASE("oom_score_adj and no_new_privs are set where the platform says it has them") {
    pid_t pid = ::fork();
    if (pid == 0) {
        int adjusted = platform::set_oom_score_adj(500);
        int adjusted_code = errno;
        bool right = platform::has_oom_score_adj
                         ? adjusted == 0 && read_file("/proc/self/oom_score_adj") == "500\n"
                         : adjusted == -1 && adjusted_code == ENOTSUP;
        int given_up = platform::set_no_new_privs();
        right = right && (given_up == 0) == platform::has_no_new_privs;
        ::_exit(right ? 0 : 1);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    CHECK(status == 0);
}

TEST_CASE("the environment can say that this is a container") {
    pid_t pid = ::fork();
    if (pid == 0) {
        ::setenv("container", "podman", 1);
        ::_exit(platform::in_container() ? 0 : 1);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    CHECK(status == 0);
}
