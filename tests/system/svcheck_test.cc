// svcheck: probes of servers that this test is itself, and of files.
#include <arpa/inet.h>
#include <csignal>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "catch.h"
#include "support/skip.h"
#include "support/supervisor.h"
#include "support/tempdir.h"

using namespace reeve::test;

namespace {

Strings svcheck(Strings words) {
    words.insert(words.begin(), {reeve_binary(), "svcheck"});
    return words;
}

// Exit status and what it says, without its name.
std::string outcome(const Output& output) {
    CHECK(output.out == "");
    constexpr std::string_view name = "svcheck: ";
    const std::string said =
        output.err.starts_with(name) ? output.err.substr(name.size()) : output.err;
    return std::to_string(output.status) + " " + said.substr(0, said.find('\n'));
}

std::string probe(const Strings& words) { return outcome(run(svcheck(words))); }

// A server on the loopback interface whose queue has room for a few.
class Server {
  public:
    explicit Server(int family = AF_INET)
        : socket_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in v4 = {};
        v4.sin_family = AF_INET;
        v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        sockaddr_in6 v6 = {};
        v6.sin6_family = AF_INET6;
        v6.sin6_addr = in6addr_loopback;
        const bool is_v4 = family == AF_INET;
        const auto* address =
            is_v4 ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<const sockaddr*>(&v6);
        if (::bind(socket_.get(), address, is_v4 ? sizeof v4 : sizeof v6) < 0 ||
            ::listen(socket_.get(), 8) < 0) {
            socket_.reset();
            return;
        }
        sockaddr_in6 bound = {};
        socklen_t length = sizeof bound;
        ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&bound), &length);
        // The port stands at the same place in both.
        port_ = std::to_string(ntohs(bound.sin6_port));
    }
    bool is_there() const { return static_cast<bool>(socket_); }
    const std::string& port() const { return port_; }
    // The guard of this test's processes has a copy.
    void close() {
        (void)::shutdown(socket_.get(), SHUT_RDWR);
        socket_.reset();
    }

    // Takes one connection, reads its request up to the empty line, answers and closes.
    std::string answer(const std::string& reply) const {
        pollfd poll{socket_.get(), POLLIN, 0};
        REQUIRE(::poll(&poll, 1, 20000) == 1);
        const reeve::Fd client(::accept(socket_.get(), nullptr, nullptr));
        REQUIRE(client);
        std::string request;
        char block[512];
        while (request.find("\r\n\r\n") == request.npos) {
            const ssize_t count = ::read(client.get(), block, sizeof block);
            if (count <= 0) break;
            request.append(block, static_cast<size_t>(count));
        }
        for (size_t sent = 0; sent < reply.size();) {
            const ssize_t count =
                ::send(client.get(), reply.data() + sent, reply.size() - sent, MSG_NOSIGNAL);
            if (count <= 0) break;
            sent += static_cast<size_t>(count);
        }
        return request;
    }

  private:
    reeve::Fd socket_;
    std::string port_;
};

// What svcheck says to this reply.
std::string told_of(const std::string& reply, const Strings& options = {}) {
    const Server server;
    Strings words = svcheck({"http://127.0.0.1:" + server.port() + "/health"});
    words.insert(words.end(), options.begin(), options.end());
    Process process({.arguments = words});
    server.answer(reply);
    const int status = process.wait().value_or(-1);
    const std::string said = outcome({status, process.out(), process.err()});
    const size_t url = said.find("/health: ");
    return url == said.npos ? said : said.substr(0, 2) + said.substr(url + 9);
}

}  // namespace

TEST_CASE("svcheck tcp: somebody accepts connections, or nobody does") {
    Server server;
    CHECK(probe({"tcp", "127.0.0.1:" + server.port()}) == "0 ");
    CHECK(probe({"tcp", "localhost:" + server.port()}) == "0 ");
    CHECK(run({reeve_binary(), "svcheck", "-t1s", "tcp", "127.0.0.1:" + server.port()}).status ==
          0);
    server.close();
    CHECK(probe({"tcp", "127.0.0.1:" + server.port()}) ==
          "1 tcp 127.0.0.1:" + server.port() + ": connect: Connection refused");
}

TEST_CASE("svcheck tcp: localhost is the loopback address of IPv6 as well") {
    const Server server(AF_INET6);
    if (cannot_run(server.is_there(), "there is no IPv6 here")) return;
    CHECK(probe({"tcp", "[::1]:" + server.port()}) == "0 ");
    CHECK(probe({"tcp", "localhost:" + server.port()}) == "0 ");
}

TEST_CASE("svcheck unix: a socket that is listened at, and one that nobody listens at any more") {
    const TempDir directory;
    const std::string path = directory / "socket";
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    reeve::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(socket.get(), 0) == 0);
    CHECK(probe({"unix", path}) == "0 ");
    // The queue is full: that is waited for, and then no connection.
    std::vector<reeve::Fd> waiting;
    for (int i = 0; i < 4; ++i) {
        waiting.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        (void)::connect(waiting.back().get(), reinterpret_cast<const sockaddr*>(&address),
                        sizeof address);
    }
    CHECK(probe({"-t", "300ms", "unix", path}) == "1 unix " + path + ": no connection in time");
    socket.reset();
    CHECK(probe({"unix", path}) == "1 unix " + path + ": connect: Connection refused");
    CHECK(probe({"unix", directory / "none"}) ==
          "1 unix " + (directory / "none") + ": connect: No such file or directory");
    CHECK(probe({"unix", "/" + std::string(200, 'x')}).ends_with("(107 bytes)"));
}

TEST_CASE("svcheck http: status codes and text are what was hoped for, or what came is told") {
    CHECK(told_of("HTTP/1.1 200 OK\r\n\r\nok") == "0 ");
    CHECK(told_of("HTTP/1.1 302 Found\r\n\r\n") == "0 ");
    CHECK(told_of("HTTP/1.1 503 Service Unavailable\r\n\r\n") == "1 answered 503");
    CHECK(told_of("HTTP/1.1 200 OK\r\n\r\n", {"--status", "204"}) == "1 answered 200");
    CHECK(told_of("HTTP/1.1 404 Not Found\r\n\r\n", {"--status=400-499"}) == "0 ");
    const std::string page = "HTTP/1.1 200 OK\r\nX-State: bad\r\n\r\n{\"state\":\"green\"}";
    CHECK(told_of(page, {"--contains", "\"green\""}) == "0 ");
    CHECK(told_of(page, {"--contains", "red"}) == "1 its body has no red");
    CHECK(told_of(page, {"--contains", "bad"}) == "1 its body has no bad");
    const std::string far = "HTTP/1.0 200 OK\n\n" + std::string(300000, '.') + "green";
    CHECK(told_of(far, {"--contains", "green"}) == "0 ");
    const std::string endless = "HTTP/1.0 200 OK\n\n" + std::string(3000000, '.') + "green";
    CHECK(told_of(endless, {"--contains", "green"}) ==
          "1 its body has no green in its first 1048576 bytes");
    CHECK(told_of("") == "1 the connection was closed without an answer");
    CHECK(told_of("SSH-2.0-OpenSSH\x1b[2J\r\n") == "1 no HTTP answer: SSH-2.0-OpenSSH\\x1b[2J");
}

TEST_CASE("svcheck http: the request is one that any server knows") {
    const Server server;
    Process process({.arguments = svcheck({"http://localhost:" + server.port() + "/a?b=c"})});
    const std::string request = server.answer("HTTP/1.1 200 OK\r\n\r\n");
    CHECK(request == "GET /a?b=c HTTP/1.0\r\nHost: localhost:" + server.port() +
                         "\r\nUser-Agent: svcheck\r\nAccept: */*\r\nConnection: close\r\n\r\n");
    CHECK(process.wait() == 0);
}

TEST_CASE("svcheck http: who says nothing is not waited for longer than the timeout") {
    const Server server;
    CHECK(probe({"-t", "200ms", "http://127.0.0.1:" + server.port()}) ==
          "1 http://127.0.0.1:" + server.port() + ": no answer in time");
}

TEST_CASE("svcheck file: it is there, and young enough") {
    const TempDir directory;
    const std::string path = directory / "done";
    CHECK(probe({"file", path}) == "1 file " + path + ": No such file or directory");
    write_file(path, "");
    CHECK(probe({"file", path}) == "0 ");
    CHECK(probe({"file", path, "--newer", "5m"}) == "0 ");
    timespec times[2] = {};
    times[0].tv_sec = times[1].tv_sec = ::time(nullptr) - 7200;
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
    CHECK(probe({"--newer", "3h", "file", path}) == "0 ");
    CHECK(probe({"file", path, "--newer=5m"}) == "1 file " + path + ": last written 2h ago");
    CHECK(probe({"file", "--", path}) == "0 ");
}

TEST_CASE("svcheck pid: the process is alive, has ended, or was never named") {
    const TempDir directory;
    const std::string path = directory / "pid";
    write_file(path, std::to_string(::getpid()) + "\nmore\n");
    CHECK(probe({"pid", path}) == "0 ");
    // Ended, and not waited for yet.
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    siginfo_t info = {};
    REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) == 0);
    write_file(path, " " + std::to_string(child) + " ");
    CHECK(probe({"pid", path}) ==
          "1 pid " + path + ": process " + std::to_string(child) + " has ended");
    CHECK(wait_until([&] { return ::waitpid(child, nullptr, 0) < 0; }));
    CHECK(probe({"pid", path}) ==
          "1 pid " + path + ": process " + std::to_string(child) + " is not there");
    for (const char* text : {"", "x", "0", "-1", "99999999999", "\n12"}) {
        CAPTURE(text);
        write_file(path, text);
        CHECK(probe({"pid", path}) == "1 pid " + path + ": it names no process");
    }
    REQUIRE(::unlink(path.c_str()) == 0);
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    CHECK(probe({"pid", path}) == "1 pid " + path + ": it names no process");
    CHECK(probe({"pid", directory.path()}) == "1 pid " + directory.path() + ": Is a directory");
}

TEST_CASE("svcheck: what is typed wrong is told, with status 2") {
    CHECK(probe({}) == "2 what is to be looked at? (svcheck -h)");
    CHECK(probe({"tcp"}) == "2 tcp: what is to be looked at? (svcheck -h)");
    CHECK(probe({"tcp", "127.0.0.1:1", "x"}) == "2 x: one word too many (svcheck -h)");
    CHECK(probe({"http://127.0.0.1:1", "x"}) ==
          "2 http://127.0.0.1:1: one word too many (svcheck -h)");
    CHECK(probe({"udp", "127.0.0.1:1"}) == "2 udp: no probe: tcp, unix, http://..., file or pid");
    CHECK(probe({"tcp", "example.org:80"})
              .starts_with("2 example.org:80: no address and port that svcheck knows"));
    CHECK(probe({"https://127.0.0.1/"}).starts_with("2 https://127.0.0.1/: svcheck knows no TLS"));
    CHECK(probe({"http://example.org/"}).starts_with("2 http://example.org/: no address"));
    CHECK(probe({"-t", "0", "tcp", "127.0.0.1:1"}).starts_with("2 -t: -t takes a duration"));
    CHECK(probe({"--status", "x", "http://127.0.0.1:1"}).starts_with("2 --status: "));
    CHECK(probe({"--status", "200", "tcp", "127.0.0.1:1"}) ==
          "2 tcp: --status and --contains are for http://");
    CHECK(probe({"--newer", "5m", "pid", "x"}) == "2 pid: --newer is for file");
    CHECK(probe({"--contains", "", "http://127.0.0.1:1"}).starts_with("2 --contains: "));
    CHECK(probe({"--statuses", "200", "http://127.0.0.1:1"}).starts_with("2 --statuses: there is"));
    const Output help = run(svcheck({"-h"}));
    CHECK(help.status == 0);
    CHECK(help.out.starts_with("usage: svcheck "));
}

TEST_CASE("a service is running once svcheck says so, though no link to it is installed") {
    Server server;
    Reeve reeve;
    reeve.service("web", "command = sleep 1000\nstart_check = svcheck tcp 127.0.0.1:" +
                             server.port() + "\nstart_check_interval = 50ms\n");
    reeve.service("late", "command = sleep 1000\nstart_timeout = 3s\nretries = 1\n"
                          "start_check = svcheck file {dir}/none\nstart_check_interval = 50ms\n");
    reeve.start();
    CHECK(reeve.reaches("web", "running"));
    CHECK(reeve.reaches("late", "failed"));
    CHECK(reeve.field("late", "reason").find("start_check: exit 1") != std::string::npos);
}
