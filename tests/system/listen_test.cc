// listen: sockets that reeve opens for a service, and what becomes of who connects while the
// service, reeve or its file goes away.
#include <csignal>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "catch.h"
#include "support/json.h"
#include "support/loopback.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

// Says its pid to who connects, and what it has to {dir}/has at each start.
constexpr char serves[] = "exec = {self} --helper serve {dir}/has\nlog = null\n"
                          "restart_delay = 10ms\nrestart_delay_max = 100ms\n";

std::string tcp(int port) { return "listen = tcp:127.0.0.1:" + std::to_string(port) + "\n"; }

// What it says; "refused" where nobody listens.
std::string answer_at(const std::string& address) {
    return ask_socket(address).value_or("refused");
}
std::string answer_at(int port) { return answer_at(std::to_string(port)); }

bool is_served_by(const std::string& address, pid_t pid) {
    return answer_at(address) == std::to_string(pid) + "\n";
}

// "socket:[INODE]", of a descriptor.
std::string socket_of(pid_t pid, int fd) {
    char target[64];
    const std::string path = "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd);
    const ssize_t size = readlink(path.c_str(), target, sizeof target);
    return size < 0 ? "" : std::string(target, static_cast<size_t>(size));
}

bool is_socket(const std::string& path) {
    struct stat state;
    return lstat(path.c_str(), &state) == 0 && S_ISSOCK(state.st_mode);
}

// A Unix socket of the test's own; not listening: as one that somebody has left.
class Stranger {
  public:
    explicit Stranger(const std::string& path, bool listens) {
        sockaddr_un address = {};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        REQUIRE(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        if (listens) REQUIRE(listen(fd_, 5) == 0);
    }
    ~Stranger() { close(fd_); }

  private:
    int fd_;
};

// Connects without a pause, as `--helper ask` does.
class Load {
  public:
    explicit Load(const std::string& address)
        : process_({.arguments = {own_program(), "--helper", "ask", address}}) {
        CHECK(wait_until([&] { return process_.out() == "asking\n"; }));
    }

    // Ends it, and has all that asked been answered?
    bool was_answered() {
        process_.signal(SIGTERM);
        CHECK(process_.wait(std::chrono::seconds(60)) == 0);
        INFO(process_.out());
        const bool good = process_.out().find(" asked, 0 refused, 0 broken\n") != std::string::npos;
        CHECK(good);
        return good && process_.out().find("\n0 ") == std::string::npos;
    }

  private:
    Process process_;
};

// May a descriptor of a child be copied by who is its parent no more?
bool can_copy_descriptors() {
    return is_root() || read_file("/proc/sys/kernel/yama/ptrace_scope").starts_with("0");
}

}  // namespace

TEST_CASE("a service has its sockets from descriptor 3 on, as sd_listen_fds(3) wants them") {
    Reeve reeve;
    const std::string path = reeve.file("socket");
    const int port = free_port();
    reeve.service("we:b", std::string(serves) + tcp(port) + "listen = unix:" + path +
                              ",name=local\nlisten = tcp:[::1]:" + std::to_string(port) +
                              ",name=six\nenv = LISTEN_FDS=9\npre_start = env >{dir}/hook\n"
                              "ready = fd:6\nstart_timeout = 20s\n");
    if (cannot_run(exists("/proc/net/if_inet6"), "there is no IPv6")) return;
    reeve.start();
    CHECK(reeve.has_lines("has", 1));
    CHECK(reeve.text_of("has") == "3 we_b:local:six v4 unix v6\n");
    CHECK(reeve.text_of("hook").find("LISTEN_PID") == std::string::npos);
    const pid_t pid = reeve.pid_of("we:b");
    CHECK(is_served_by(std::to_string(port), pid));
    CHECK(is_served_by(path, pid));
    // 3 to 5 are sockets, 6 is for readiness, 7 its own file.
    CHECK(socket_of(pid, 5).starts_with("socket:"));
    CHECK_FALSE(socket_of(pid, 6).starts_with("socket:"));
    // What it has made of them is not for its next run.
    kill(pid, SIGKILL);
    CHECK(reeve.has_lines("has", 2));
    CHECK(reeve.text_of("has") == "3 we_b:local:six v4 unix v6\n3 we_b:local:six v4 unix v6\n");
}

TEST_CASE("100 restarts of a service under a steady load refuse no connection") {
    Reeve reeve;
    const int port = free_port();
    const std::string path = reeve.file("socket");
    reeve.service("web", std::string(serves) + tcp(port) + "listen = unix:" + path + "\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    REQUIRE(is_served_by(path, reeve.pid_of("web")));
    Load remote(std::to_string(port));
    Load local(path);
    for (int i = 1; i <= 100; ++i) {
        CHECK(reeve.svctl({"restart", "web"}).status == 0);
        // One that begins slower than it is restarted, as with the sanitizers, serves nobody.
        if (i % 10 == 0) CHECK(is_served_by(path, reeve.pid_of("web")));
    }
    CHECK(remote.was_answered());
    CHECK(local.was_answered());
    CHECK(reeve.field("web", "restarts") == "100");
}

TEST_CASE("whatever becomes of reeve, restarts go on to refuse no connection") {
    const int way = GENERATE(0, SIGSEGV, SIGKILL);
    if (way == SIGKILL && cannot_run(can_copy_descriptors(), "descriptors cannot be copied"))
        return;
    Reeve reeve;
    const int port = free_port();
    const std::string path = reeve.file("socket");
    reeve.service("web", std::string(serves) + tcp(port) + "listen = unix:" + path + "\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.first_pid_of("web");
    REQUIRE(is_served_by(path, pid));
    const std::string socket = socket_of(pid, 3);
    Load remote(std::to_string(port));
    Load local(path);
    for (int i = 0; i < 3; ++i) {
        const pid_t before = reeve.pid_of("web");
        reeve.go_on(way);
        CHECK(reeve.pid_of("web") == before);
        CHECK(reeve.svctl({"restart", "web"}).status == 0);
        CHECK(socket_of(reeve.pid_of("web"), 3) == socket);
    }
    CHECK(remote.was_answered());
    CHECK(local.was_answered());
    CHECK(reeve.stop() == 0);
    CHECK_FALSE(exists(path));
}

TEST_CASE("behind a crash and a file that has errors the socket is still the service's") {
    Reeve reeve;
    const int port = free_port();
    reeve.service("web", std::string(serves) + tcp(port));
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.first_pid_of("web");
    const std::string socket = socket_of(pid, 3);
    reeve.service("web", std::string(serves) + "nonsense\n");
    reeve.go_on(GENERATE(0, SIGSEGV));
    reeve.service("web", std::string(serves) + tcp(port));
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.pid_of("web") == pid);
    Load load(std::to_string(port));
    CHECK(reeve.svctl({"restart", "web"}).status == 0);
    CHECK(load.was_answered());
    CHECK(socket_of(reeve.pid_of("web"), 3) == socket);
}

TEST_CASE("a killed reeve whose successor may copy nothing opens the sockets anew at a restart") {
    Reeve reeve;
    const int port = free_port();
    const std::string path = reeve.file("socket");
    reeve.service("web", std::string(serves) + tcp(port) + "listen = unix:" + path + "\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.first_pid_of("web");
    reeve.kill();
    // What is no process group's leader any more cannot be asked.
    kill(pid, SIGKILL);
    REQUIRE(wait_until([&] { return !alive(pid); }));
    CHECK(is_socket(path));
    CHECK(answer_at(path) == "refused");
    reeve.start();
    CHECK(reeve.runs_anew("web", pid));
    CHECK(is_served_by(std::to_string(port), reeve.pid_of("web")));
    CHECK(is_served_by(path, reeve.pid_of("web")));
}

TEST_CASE("who connects while nothing runs waits for the next run, until the service is down") {
    Reeve reeve;
    const int port = free_port();
    const std::string path = reeve.file("socket");
    reeve.service("web", std::string(serves) + tcp(port) + "listen = unix:" + path +
                             "\npre_start = test -e {dir}/go || test ! -e {dir}/has\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    REQUIRE(reeve.has_lines("has", 1));
    kill(reeve.first_pid_of("web"), SIGKILL);
    REQUIRE(reeve.reaches("web", "backoff"));
    Load waits(std::to_string(port));
    write_file(reeve.file("go"), "");
    CHECK(reeve.reaches("web", "running"));
    CHECK(is_served_by(path, reeve.pid_of("web")));
    CHECK(waits.was_answered());
    CHECK(reeve.svctl({"down", "web"}).status == 0);
    CHECK(answer_at(port) == "refused");
    CHECK_FALSE(exists(path));
    CHECK(reeve.svctl({"up", "web"}).status == 0);
    CHECK(is_served_by(std::to_string(port), reeve.pid_of("web")));
    CHECK(is_served_by(path, reeve.pid_of("web")));
    CHECK(reeve.svctl({"remove", "web"}).status == 0);
    CHECK(answer_at(port) == "refused");
    CHECK_FALSE(exists(path));
}

TEST_CASE("a port in use is tried again, and the reason names it and who has it") {
    Reeve reeve;
    const int port = free_port();
    reeve.service("other", std::string(serves) + tcp(port));
    reeve.start();
    REQUIRE(reeve.reaches("other", "running"));
    const pid_t holder = reeve.first_pid_of("other");
    Reeve second;
    second.service("web", std::string(serves) + "listen = tcp:*:" + std::to_string(port) + "\n");
    second.start();
    CHECK(second.reaches("web", "backoff"));
    const std::string reason = second.field("web", "reason");
    INFO(reason);
    CHECK(reason.starts_with("listen tcp:*:" + std::to_string(port) + ": Address "));
    if (has_proc()) CHECK(reason.find(" (process ") != std::string::npos);
    CHECK(reeve.svctl({"down", "other"}).status == 0);
    CHECK(second.reaches("web", "running"));
    CHECK(is_served_by(std::to_string(port), second.first_pid_of("web")));
    CHECK(holder != 0);
}

TEST_CASE("two services cannot have one address, which is told, and one at a time can") {
    Reeve reeve;
    const int port = free_port();
    reeve.service("one", std::string(serves) + tcp(port));
    reeve.service("two", std::string(serves) + tcp(port) + "enabled = no\n");
    reeve.start();
    REQUIRE(reeve.reaches("one", "running"));
    const std::string value = "tcp:127.0.0.1:" + std::to_string(port);
    CHECK(reeve.process().err().find("/two: listen = " + value +
                                     ": one has the same, and only one ") != std::string::npos);
    reeve.svctl({"-n", "up", "two"});
    CHECK(reeve.comes_true([&] {
        return reeve.field("two", "reason").find(" (by the service one)") != std::string::npos;
    }));
    CHECK(reeve.svctl({"down", "one"}).status == 0);
    CHECK(reeve.reaches("two", "running"));
    CHECK(is_served_by(std::to_string(port), reeve.first_pid_of("two")));
}

TEST_CASE("what is in the place of a Unix socket goes where it is a dead one, and else is told") {
    Reeve reeve;
    const std::string path = reeve.file("socket");
    reeve.service("web", std::string(serves) + "enabled = no\nlisten = unix:" + path + "\n");
    reeve.start();
    const auto refuses = [&](const std::string& why) {
        reeve.svctl({"-n", "up", "web"});
        CHECK(reeve.comes_true([&] {
            return reeve.field("web", "reason").starts_with("listen unix:" + path + ": " + why);
        }));
        INFO(reeve.field("web", "reason"));
        CHECK(reeve.svctl({"down", "web"}).status == 0);
    };
    make_directory(path);
    refuses("File exists and is no socket: remove it, or name another path");
    rmdir(path.c_str());
    write_file(path, "kept");
    refuses("File exists and is no socket");
    CHECK(read_file(path) == "kept");
    unlink(path.c_str());
    REQUIRE(symlink("/nowhere", path.c_str()) == 0);
    refuses("File exists and is no socket");
    unlink(path.c_str());
    {
        const Stranger alive(path, true);
        refuses("Address ");
        CHECK(is_socket(path));
    }
    CHECK(reeve.svctl({"up", "web"}).status == 0);  // it is dead by now
    CHECK(is_served_by(path, reeve.pid_of("web")));
    // Somebody has taken it away: the next run has another one.
    unlink(path.c_str());
    CHECK(reeve.svctl({"restart", "web"}).status == 0);
    CHECK(is_served_by(path, reeve.pid_of("web")));
    // Or has put his own there, which is not taken away.
    unlink(path.c_str());
    const Stranger other(path, true);
    CHECK(reeve.svctl({"down", "web"}).status == 0);
    CHECK(is_socket(path));
}

TEST_CASE("a Unix socket has the mode that its file says, whatever the umask") {
    Reeve reeve;
    reeve.service("web", std::string(serves) + "listen = unix:{dir}/open\n"
                                               "listen = unix:{dir}/closed,mode=600\n");
    Launch launch = reeve.launch();
    launch.prepare = [] { umask(077); };
    reeve.start(launch);
    REQUIRE(reeve.reaches("web", "running"));
    struct stat state;
    REQUIRE(stat(reeve.file("open").c_str(), &state) == 0);
    CHECK((state.st_mode & 07777) == 0666);
    REQUIRE(stat(reeve.file("closed").c_str(), &state) == 0);
    CHECK((state.st_mode & 07777) == 0600);
    // Another mode makes it another socket.
    reeve.service("web", std::string(serves) + "listen = unix:{dir}/open,mode=640\n");
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.svctl({"restart", "web"}).status == 0);
    REQUIRE(stat(reeve.file("open").c_str(), &state) == 0);
    CHECK((state.st_mode & 07777) == 0640);
    CHECK_FALSE(exists(reeve.file("closed")));
}

TEST_CASE(
    "root's reeve gives a Unix socket to its user, and a low port to a service without rights") {
    if (cannot_run(is_root(), "needs root")) return;
    Reeve reeve;
    const std::string path = reeve.file("socket");
    // Of 127.0.0.0/8 the last one, so that no server of this machine is in the way.
    reeve.service("web", std::string(serves) + "user = 12345:12345\nlisten = unix:" + path +
                             ",mode=660,user=12346,group=12347\nlisten = tcp:127.255.255.254:7\n");
    write_file(reeve.file("has"), "", 0666);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(reeve.has_lines("has", 1));
    CHECK(reeve.text_of("has") == "2 web:web unix v4\n");
    struct stat state;
    REQUIRE(stat(path.c_str(), &state) == 0);
    CHECK(state.st_uid == 12346);
    CHECK(state.st_gid == 12347);
    CHECK((state.st_mode & 07777) == 0660);
    // One that its own user has left is no reason not to begin.
    reeve.kill();
    const pid_t pid = reeve.pid_of("web");
    kill(pid, SIGKILL);
    REQUIRE(wait_until([&] { return !alive(pid); }));
    reeve.start();
    CHECK(reeve.runs_anew("web", pid));
    CHECK(reeve.svctl({"down", "web"}).status == 0);
    {
        const Stranger left(path, false);
        REQUIRE(chown(path.c_str(), 23456, 23456) == 0);
    }
    reeve.svctl({"-n", "up", "web"});
    CHECK(reeve.comes_true([&] {
        return reeve.field("web", "reason").find(": File exists, another user's: ") !=
               std::string::npos;
    }));
    REQUIRE(chown(path.c_str(), 12345, 12345) == 0);
    CHECK(reeve.reaches("web", "running"));
}

TEST_CASE("a user who is not there is told, and so is a directory that is not") {
    Reeve reeve;
    reeve.service("user", std::string(serves) + "listen = unix:{dir}/socket,user=nobody-at-all\n");
    reeve.service("place", std::string(serves) + "listen = unix:{dir}/none/socket\n");
    reeve.start();
    CHECK(reeve.reaches("user", "backoff"));
    CHECK(reeve.reaches("place", "backoff"));
    CHECK(reeve.field("user", "reason")
              .find("user=nobody-at-all: user 'nobody-at-all' is not in /etc/passwd") !=
          std::string::npos);
    CHECK(reeve.field("place", "reason").find("/none/socket: No such file or directory") !=
          std::string::npos);
    make_directory(reeve.file("none"));
    CHECK(reeve.reaches("place", "running"));
}

TEST_CASE("another listen applies at the next start, and what stays is never closed") {
    Reeve reeve;
    const int first = free_port();
    reeve.service("web", std::string(serves) + tcp(first) + "listen = unix:{dir}/socket\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.first_pid_of("web");
    const std::string kept = socket_of(pid, 4);
    const int second = free_port();
    reeve.service("web", std::string(serves) + "listen = unix:{dir}/socket,name=x\n" + tcp(second));
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.field("web", "stale") == "yes");
    CHECK(answer_at(second) == "refused");
    CHECK(is_served_by(std::to_string(first), pid));
    Load load(reeve.file("socket"));
    CHECK(reeve.svctl({"restart", "web"}).status == 0);
    CHECK(load.was_answered());
    const pid_t now = reeve.pid_of("web");
    CHECK(socket_of(now, 3) == kept);
    CHECK(is_served_by(std::to_string(second), now));
    CHECK(answer_at(first) == "refused");
    reeve.service("web", serves);
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.svctl({"restart", "web"}).status == 0);
    CHECK(answer_at(second) == "refused");
    CHECK_FALSE(exists(reeve.file("socket")));
    CHECK(reeve.comes_true([&] { return reeve.text_of("has").ends_with("0 -\n"); }));
}

TEST_CASE("svctl tells what a service listens on") {
    Reeve reeve;
    const int port = free_port();
    const std::string value = "tcp:127.0.0.1:" + std::to_string(port);
    reeve.service("web", std::string(serves) + tcp(port) + "listen = unix:{dir}/socket,mode=600\n");
    reeve.service("deaf", serves);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(reeve.svctl({"status", "web"}).out.find("\nlisten       " + value + " unix:") !=
          std::string::npos);
    const std::string json = reeve.svctl({"--json", "status", "web"}).out;
    CHECK(is_json(json));
    CHECK(json.find("\"listen\": [\"" + value + "\", \"unix:" + reeve.file("socket") +
                    ",mode=600\"]") != std::string::npos);
    CHECK(reeve.svctl({"status", "deaf"}).out.find("listen") == std::string::npos);
    CHECK(reeve.svctl({"show", "web"}).out.find("unix:") != std::string::npos);
    CHECK(reeve.stop() == 0);
    CHECK_FALSE(exists(reeve.file("socket")));
}
