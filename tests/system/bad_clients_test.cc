// Bad days: what comes in at the control socket, and what becomes of the socket itself.

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "catch.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char sleeps[] = "exec = sleep 1000\n";
constexpr char status_request[] = "reeve/1 status\n";

// A connection to reeve that says and reads what a test wants, when it wants.
class Caller {
  public:
    // Waits its turn where the listen queue is full.
    explicit Caller(const Reeve& reeve) {
        const std::string path = reeve.run_directory() + "/control";
        sockaddr_un address = {};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        connected_ = wait_until([&] {
            return connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
        });
    }
    Caller(Caller&& other) noexcept
        : fd_(std::exchange(other.fd_, -1)), connected_(other.connected_) {}
    ~Caller() { leave(); }

    bool connected() const { return connected_; }
    void leave() {
        if (fd_ >= 0) close(std::exchange(fd_, -1));
    }
    // How many bytes were taken.
    size_t say(std::string_view text) const {
        const ssize_t sent = send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
        return sent > 0 ? static_cast<size_t>(sent) : 0;
    }
    // Everything up to the end of the connection; what is missing at its end did not come in time.
    std::string hear(milliseconds limit = patience) {
        std::string text;
        wait_until([&] { return take(text); }, limit);
        return text;
    }
    // Has reeve ended the connection?
    bool over() {
        std::string ignored;
        return take(ignored);
    }

  private:
    bool take(std::string& text) {
        char bytes[4096];
        for (;;) {
            const ssize_t got = recv(fd_, bytes, sizeof bytes, 0);
            if (got <= 0) return got == 0 || errno != EAGAIN;
            text.append(bytes, static_cast<size_t>(got));
        }
    }

    int fd_ = -1;
    bool connected_ = false;
};

bool ends_with(const std::string& text, std::string_view end) {
    return text.size() >= end.size() &&
           text.compare(text.size() - end.size(), end.size(), end) == 0;
}

long resident_kilobytes(const Reeve& reeve) {
    return std::atol(status_field(reeve.pid(), "VmRSS").c_str());
}

int descriptors_of(const Reeve& reeve) {
    return count_lines(run({"ls", "/proc/" + std::to_string(reeve.pid()) + "/fd"}).out);
}

void start_with_one_service(Reeve& reeve) {
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
}

}  // namespace

// --- Clients -------------------------------------------------------------------------------------

TEST_CASE("two hundred clients at once are all answered") {
    Reeve reeve;
    start_with_one_service(reeve);
    std::vector<Caller> callers;
    // All are connected, or in the queue, before the first one speaks.
    reeve.signal(SIGSTOP);
    for (int i = 0; i < 100; ++i) callers.emplace_back(reeve);
    reeve.signal(SIGCONT);
    for (int i = 0; i < 100; ++i) callers.emplace_back(reeve);
    int answered = 0;
    for (const Caller& caller : callers) caller.say(status_request);
    for (Caller& caller : callers) {
        const std::string answer = caller.hear();
        answered += count(answer, "name=web\n") == 1 && ends_with(answer, "end 0\n") ? 1 : 0;
    }
    CHECK(answered == 200);
}

TEST_CASE("two hundred svctl at once that restart one service all get their answer") {
    Reeve reeve;
    reeve.service("web", "command = echo $$ >> {dir}/runs; exec sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    std::vector<std::unique_ptr<Process>> clients;
    for (int i = 0; i < 200; ++i)
        clients.push_back(std::make_unique<Process>(
            Launch{.arguments = {reeve_binary(), "svctl", "-r", reeve.run_directory(), "restart",
                                 "web"}}));
    int done = 0;
    for (const auto& client : clients) done += client->wait(seconds(60)) == 0 ? 1 : 0;
    CHECK(done == 200);
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(descendants_of(reeve.pid()).size() == 1);
}

TEST_CASE("two hundred clients that say nothing keep svctl waiting for no more than seconds") {
    Reeve reeve;
    start_with_one_service(reeve);
    std::vector<Caller> silent;
    for (int i = 0; i < 200; ++i) {
        silent.emplace_back(reeve);
        REQUIRE(silent.back().connected());
    }
    CHECK(reeve.svctl({"status", "web"}).status == 0);
    CHECK(reeve.svctl({"restart", "web"}).status == 0);
}

TEST_CASE("a hundred clients that wait for what does not come keep nobody from being served") {
    Reeve reeve;
    start_with_one_service(reeve);
    std::vector<Caller> waiting;
    for (int i = 0; i < 100; ++i) {
        waiting.emplace_back(reeve);
        waiting.back().say("reeve/1 wait state=failed timeout=3600000 web\n");
    }
    for (int i = 0; i < 5; ++i) CHECK(reeve.svctl({"restart", "web"}).status == 0);
    int over = 0;
    for (Caller& caller : waiting) over += caller.over() ? 1 : 0;
    CHECK(over == 0);
    CHECK(reeve.stop() == 0);
    for (Caller& caller : waiting) over += ends_with(caller.hear(), "\n") ? 1 : 0;
    CHECK(over == 100);
}

TEST_CASE("clients that end in the middle of things leave nothing behind") {
    Reeve reeve;
    reeve.service("slow", std::string(sleeps) + "ready = fd:3\nstart_timeout = 1h\nenabled = no\n");
    start_with_one_service(reeve);
    const int before = descriptors_of(reeve);
    for (int i = 0; i < 300; ++i) {
        Caller caller(reeve);
        if (i % 3 == 1) caller.say("reeve/1 sta");
        if (i % 3 == 2) caller.say("reeve/1 up timeout=3600000 slow\n");
    }
    CHECK(reeve.svctl({"down", "slow"}).status == 0);
    CHECK(wait_until([&] { return descriptors_of(reeve) <= before; }));
    CHECK(reeve.svctl({"restart", "web"}).status == 0);
}

TEST_CASE("garbage is answered with one line and the end of the connection") {
    Reeve reeve;
    start_with_one_service(reeve);
    const pid_t pid = reeve.pid_of("web");
    std::string noise;
    for (int i = 0; i < 4000; ++i) noise.push_back(static_cast<char>(i * 7919 >> 3));
    const std::string requests[] = {
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        std::string("\0\0\0\0\n", 5),
        "\n",
        " \n",
        "reeve/1\n",
        "reeve/2 status\n",
        "reeve/1 down\n",
        "reeve/1 signal number=9\n",
        "reeve/1 down timeout=99999999999999999999 web\n",
        "reeve/1 down web\x01\n",
        noise + "\n",
        std::string("reeve/1 down we\0b\n", 18),
    };
    for (const std::string& request : requests) {
        Caller caller(reeve);
        caller.say(request);
        const std::string answer = caller.hear();
        INFO(request << " gave " << answer);
        CHECK(answer.compare(0, 4, "end ") == 0);
        CHECK(answer.compare(0, 6, "end 0\n") != 0);
        CHECK(count_lines(answer) == 1);
    }
    CHECK(reeve.pid_of("web") == pid);
    CHECK(reeve.svctl({"status", "web"}).status == 0);
}

TEST_CASE("a megabyte without a newline is refused, and not kept") {
    Reeve reeve;
    start_with_one_service(reeve);
    const long before = resident_kilobytes(reeve);
    const std::string megabyte(1 << 20, 'x');
    for (int i = 0; i < 10; ++i) {
        Caller caller(reeve);
        size_t said = 0;
        wait_until([&] {
            const size_t now = caller.say(std::string_view(megabyte).substr(said));
            said += now;
            return said == megabyte.size() || caller.over();
        });
        CHECK(said < megabyte.size());
    }
    CHECK(reeve.svctl({"status", "web"}).status == 0);
    INFO("resident " << before << " KB before, " << resident_kilobytes(reeve) << " KB after");
    CHECK(resident_kilobytes(reeve) < before + 4096);  // of ten megabytes
}

TEST_CASE("clients that say nothing, or never read, cost a buffer at most, and are dropped") {
    Reeve reeve;
    for (int i = 0; i < 300; ++i)
        reeve.service("off" + std::to_string(i),
                      std::string(sleeps) +
                          "enabled = no\ndescription = " + std::string(2000, 'x') + "\n");
    start_with_one_service(reeve);
    const long before = resident_kilobytes(reeve);
    const Caller silent(reeve);
    std::vector<Caller> deaf;
    for (int i = 0; i < 20; ++i) {
        deaf.emplace_back(reeve);
        deaf.back().say(status_request);
    }
    const auto begin = Clock::now();
    CHECK(reeve.svctl({"restart", "web"}).status == 0);
    CHECK(Clock::now() - begin < seconds(4));
    INFO("resident " << before << " KB before, " << resident_kilobytes(reeve) << " KB after");
    CHECK(resident_kilobytes(reeve) < before + 2048);
    const int with_clients = descriptors_of(reeve);
    CHECK(wait_until([&] { return descriptors_of(reeve) <= with_clients - 21; }));
}

TEST_CASE("with hardly any descriptors clients are served in turn, and services restarted") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + "restart_delay = 10ms\nrestart_delay_max = 50ms\n");
    Launch launch = reeve.launch();
    launch.prepare = [] {
        const rlimit limit{20, 20};
        setrlimit(RLIMIT_NOFILE, &limit);
    };
    reeve.start(launch);
    REQUIRE(reeve.reaches("web", "running"));
    std::vector<Caller> silent;
    for (int i = 0; i < 12; ++i) silent.emplace_back(reeve);
    const pid_t pid = reeve.pid_of("web");
    kill(pid, SIGKILL);
    CHECK(reeve.runs_anew("web", pid));
    CHECK(wait_until([&] { return reeve.svctl({"status", "web"}).status == 0; }));
}

// --- The socket ----------------------------------------------------------------------------------

TEST_CASE("a control socket that is removed comes back by itself") {
    Reeve reeve;
    start_with_one_service(reeve);
    const std::string socket = reeve.run_directory() + "/control";
    for (int i = 0; i < 3; ++i) {
        REQUIRE(unlink(socket.c_str()) == 0);
        CHECK(wait_until([&] { return exists(socket); }));
        CHECK(reeve.svctl({"status", "web"}).status == 0);
    }
    REQUIRE(rename(socket.c_str(), reeve.file("away").c_str()) == 0);
    CHECK(wait_until([&] { return exists(socket); }));
    CHECK(reeve.svctl({"restart", "web"}).status == 0);
}

TEST_CASE("what stands in the control socket's place gives way at HUP") {
    Reeve reeve;
    start_with_one_service(reeve);
    const std::string socket = reeve.run_directory() + "/control";
    write_file(socket, "not a socket\n");
    reeve.signal(SIGHUP);
    CHECK(wait_until([&] { return reeve.svctl({"status", "web"}).status == 0; }));
}

TEST_CASE("a directory in the control socket's place is said, and the socket comes after it") {
    Reeve reeve;
    start_with_one_service(reeve);
    const std::string socket = reeve.run_directory() + "/control";
    make_directory(reeve.file("folder"));
    REQUIRE(rename(socket.c_str(), reeve.file("away").c_str()) == 0);
    // Which of the two is first does not matter: one of them is in the way of the other.
    REQUIRE(wait_until([&] {
        unlink(socket.c_str());
        return mkdir(socket.c_str(), 0755) == 0;
    }));
    reeve.signal(SIGHUP);
    const std::string complaint = "rename " + socket;
    CHECK(wait_until([&] { return count(reeve.process().err(), complaint) >= 1; }));
    const auto cpu_begin = cpu_time_of(reeve.pid());
    const auto begin = Clock::now();
    CHECK(reeve.comes_true([&] { return Clock::now() - begin > milliseconds(300); }));
    CHECK(cpu_time_of(reeve.pid()) - cpu_begin < milliseconds(50));
    CHECK(count(reeve.process().err(), complaint) < 5);
    REQUIRE(rmdir(socket.c_str()) == 0);
    CHECK(wait_until([&] { return reeve.svctl({"status", "web"}).status == 0; }));
}

TEST_CASE("a client that waits stays served when the socket is removed") {
    Reeve reeve;
    reeve.service("late", "command = while ! test -e {dir}/go; do sleep 0.05; done; echo >&3; "
                          "exec sleep 1000\nready = fd:3\nenabled = no\n");
    start_with_one_service(reeve);
    Process waits(
        {.arguments = {reeve_binary(), "svctl", "-r", reeve.run_directory(), "up", "late"}});
    REQUIRE(reeve.reaches("late", "starting"));
    unlink((reeve.run_directory() + "/control").c_str());
    write_file(reeve.file("go"), "");
    CHECK(waits.wait() == 0);
}
