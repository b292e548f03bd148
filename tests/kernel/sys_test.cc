#include <csignal>
#include <cstring>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "catch.h"
#include "kernel/sys.h"
#include "support/kernel_fixture.h"

using namespace reeve;
using namespace reeve::test;

TEST_CASE("a call that a test lets fail is not made and sets errno") {
    TemporaryDirectory directory;
    std::string path = directory / "made";
    {
        Fault fault(sys::Call::mkdir, ENOSPC);
        REQUIRE(sys::mkdir(path.c_str(), 0755) == -1);
        REQUIRE(errno == ENOSPC);
    }
    REQUIRE(::access(path.c_str(), F_OK) == -1);
    REQUIRE(sys::mkdir(path.c_str(), 0755) == 0);
}

TEST_CASE("a fault can spare the first calls") {
    TemporaryDirectory directory;
    Fault fault(sys::Call::mkdir, EIO, 1);
    CHECK(sys::mkdir((directory / "a").c_str(), 0755) == 0);
    CHECK(sys::mkdir((directory / "b").c_str(), 0755) == -1);
}

TEST_CASE("what is opened is close-on-exec") {
    Fd fd(sys::open("/dev/null", O_RDONLY));
    REQUIRE(fd);
    CHECK((::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("a pipe is close-on-exec and does not block") {
    Fd read_end;
    Fd write_end;
    REQUIRE(sys::pipe(read_end, write_end) == 0);
    for (int fd : {read_end.get(), write_end.get()}) {
        CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
        CHECK((::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    }
    char c = 0;
    CHECK(sys::read(read_end.get(), &c, 1) == -1);
    CHECK(errno == EAGAIN);
    CHECK(sys::write(write_end.get(), "x", 1) == 1);
    CHECK(sys::read(read_end.get(), &c, 1) == 1);
    CHECK(c == 'x');
}

TEST_CASE("a pipe that fails leaves both ends empty") {
    Fault fault(sys::Call::pipe, EMFILE);
    Fd read_end;
    Fd write_end;
    REQUIRE(sys::pipe(read_end, write_end) == -1);
    CHECK(errno == EMFILE);
    CHECK(!read_end);
    CHECK(!write_end);
}

TEST_CASE("a read that a signal interrupts is made again") {
    struct sigaction action {};
    struct sigaction before {};
    action.sa_handler = [](int) {};  // without SA_RESTART
    ::sigaction(SIGALRM, &action, &before);
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    pid_t pid = ::fork();
    if (pid == 0) {
        // Writes once the parent has had its interruptions.
        ::poll(nullptr, 0, 100);
        ::_exit(::write(ends[1], "y", 1) == 1 ? 0 : 1);
    }
    struct itimerval often {
        {0, 5000}, { 0, 5000 }
    };
    struct itimerval off {};
    ::setitimer(ITIMER_REAL, &often, nullptr);
    char c = 0;
    ssize_t count = sys::read(ends[0], &c, 1);
    ::setitimer(ITIMER_REAL, &off, nullptr);
    ::sigaction(SIGALRM, &before, nullptr);
    CHECK(count == 1);
    CHECK(c == 'y');
    ::waitpid(pid, nullptr, 0);
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST_CASE("a poll that a signal interrupts comes back") {
    struct sigaction action {};
    struct sigaction before {};
    action.sa_handler = [](int) {};
    ::sigaction(SIGALRM, &action, &before);
    struct itimerval often {
        {0, 5000}, { 0, 5000 }
    };
    struct itimerval off {};
    ::setitimer(ITIMER_REAL, &often, nullptr);
    int answer = sys::poll({}, 10000);
    int code = errno;
    ::setitimer(ITIMER_REAL, &off, nullptr);
    ::sigaction(SIGALRM, &before, nullptr);
    CHECK(answer == -1);
    CHECK(code == EINTR);
}

TEST_CASE("room that was reserved belongs to the file") {
    TemporaryDirectory directory;
    Fd fd(sys::open((directory / "journal").c_str(), O_RDWR | O_CREAT, 0600));
    REQUIRE(fd);
    REQUIRE(sys::write(fd.get(), "begin", 5) == 5);
    REQUIRE(sys::fallocate(fd.get(), 0, 10000) == 0);
    struct stat status {};
    REQUIRE(sys::fstat(fd.get(), &status) == 0);
    CHECK(status.st_size == 10000);
    char text[8] = {};
    CHECK(sys::pread(fd.get(), text, 7, 0) == 7);
    CHECK(std::memcmp(text, "begin\0\0", 7) == 0);
}

TEST_CASE("where the file system cannot reserve room, zeros are written") {
    TemporaryDirectory directory;
    Fd fd(sys::open((directory / "journal").c_str(), O_RDWR | O_CREAT, 0600));
    REQUIRE(sys::write(fd.get(), "begin", 5) == 5);
    Fault fault(sys::Call::fallocate, EOPNOTSUPP);
    REQUIRE(sys::fallocate(fd.get(), 100, 1900) == 0);
    struct stat status {};
    REQUIRE(sys::fstat(fd.get(), &status) == 0);
    CHECK(status.st_size == 2000);
    char text[6] = {};
    CHECK(sys::pread(fd.get(), text, 5, 0) == 5);
    CHECK(std::string(text) == "begin");
}

TEST_CASE("a full disk shows when room is reserved") {
    TemporaryDirectory directory;
    Fd fd(sys::open((directory / "journal").c_str(), O_RDWR | O_CREAT, 0600));
    Fault fault(sys::Call::fallocate, ENOSPC);
    CHECK(sys::fallocate(fd.get(), 0, 4096) == -1);
    CHECK(errno == ENOSPC);
}

TEST_CASE("sockets are close-on-exec and do not block, on both sides") {
    TemporaryDirectory directory;
    struct sockaddr_un address {};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, (directory / "s").c_str());
    auto* name = reinterpret_cast<struct sockaddr*>(&address);
    Fd server(sys::socket(AF_UNIX, SOCK_STREAM));
    REQUIRE(sys::bind(server.get(), name, sizeof address) == 0);
    REQUIRE(sys::listen(server.get(), 4) == 0);
    CHECK(sys::accept(server.get()) == -1);
    CHECK(errno == EAGAIN);
    Fd client(sys::socket(AF_UNIX, SOCK_STREAM));
    REQUIRE(sys::connect(client.get(), name, sizeof address) == 0);
    Fd accepted(sys::accept(server.get()));
    REQUIRE(accepted);
    for (int fd : {server.get(), client.get(), accepted.get()}) {
        CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
        CHECK((::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    }
}

TEST_CASE("the clocks agree with the system's") {
    Mono before = sys::mono_now();
    ::poll(nullptr, 0, 20);
    CHECK((sys::mono_now() - before).ms >= 19);
    CHECK(std::abs(sys::wall_now().ms / 1000 - static_cast<int64_t>(::time(nullptr))) <= 1);
}
