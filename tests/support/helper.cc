#include "support/helper.h"

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

#include "support/loopback.h"

namespace reeve::test {

namespace {

// A socket that is connected to NOTIFY_SOCKET; -1: there is none.
int connect_to_reeve() {
    const char* path = std::getenv("NOTIFY_SOCKET");
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    if (path == nullptr || std::strlen(path) >= sizeof address.sun_path) return -1;
    std::strcpy(address.sun_path, path);
    if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(path));
    return connect(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0 ? fd : -1;
}

int notify(int argc, char** argv) {
    const int fd = connect_to_reeve();
    if (fd < 0) return 2;
    std::string message;
    for (int i = 0; i < argc; ++i) message.append(argv[i]).append("\n");
    const ssize_t sent = send(fd, message.data(), message.size(), MSG_NOSIGNAL);
    return sent == static_cast<ssize_t>(message.size()) ? 0 : 1;
}

// The rights of a user; then as notify(), and it stays.
int notify_as(uid_t uid, int argc, char** argv) {
    if (uid != getuid() && setuid(uid) != 0) return 3;
    const int code = notify(argc, argv);
    if (code != 0) return code;
    for (;;) pause();
}

int notify_flood(const char* text) {
    const int fd = connect_to_reeve();
    if (fd < 0) return 2;
    while (send(fd, text, std::strlen(text), MSG_NOSIGNAL) >= 0) {}
    return 1;
}

int ready_flood(int fd) {
    const std::string bytes(4096, 'x');
    while (write(fd, bytes.data(), bytes.size()) > 0) {}
    return 1;
}

int lines(const std::string& word, int count, int batch) {
    for (int number = 0; count == 0 || number < count;) {
        std::string text;
        for (int end = number + batch; number < end && (count == 0 || number < count); ++number) {
            std::string digits = std::to_string(number);
            std::string line = word + ' ' + std::string(8 - digits.size(), '0') + digits + ' ';
            text += line + std::string(99 - line.size(), '.') + '\n';
        }
        if (write(1, text.data(), text.size()) != static_cast<ssize_t>(text.size())) return 1;
        if (count == 0) poll(nullptr, 0, 1);
    }
    for (;;) pause();
}

int fork_chain(const char* path) {
    signal(SIGTERM, SIG_IGN);
    const int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fork() != 0)
        for (;;) pause();
    while (write(fd, "x", 1) == 1) {
        poll(nullptr, 0, 1);
        if (fork() != 0) break;
    }
    _exit(0);
}

int record = -1;

extern "C" void record_signal(int number) {
    const int saved = errno;
    char line[4] = {static_cast<char>('0' + number / 10), static_cast<char>('0' + number % 10),
                    '\n'};
    [[maybe_unused]] const ssize_t written = write(record, line, 3);
    errno = saved;
}

int record_signals(const char* path) {
    record = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (record < 0) return 1;
    struct sigaction action = {};
    action.sa_handler = record_signal;
    for (int number = 1; number <= SIGRTMAX; ++number)
        if (number != SIGSEGV && number != SIGBUS) sigaction(number, &action, nullptr);
    [[maybe_unused]] const ssize_t written = write(record, "ready\n", 6);
    for (;;) pause();
}

int ready_fd(int fd) {
    for (int i = 0; i < 2; ++i)
        if (write(fd, "\n", 1) != 1) return 1;
    for (;;) pause();
}

int http_ok(int port) {
    const std::string answer = ask_loopback(port, "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n");
    return answer.find(" 200 ") == 8 ? 0 : 1;
}

int listened_fds() {
    const char* pid = std::getenv("LISTEN_PID");
    const char* count = std::getenv("LISTEN_FDS");
    const bool is_ours = pid != nullptr && count != nullptr && std::atoi(pid) == getpid();
    return is_ours ? std::atoi(count) : 0;
}

std::string kind_of(int fd) {
    sockaddr_storage address = {};
    socklen_t size = sizeof address;
    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    const char* family = address.ss_family == AF_INET    ? "v4"
                         : address.ss_family == AF_INET6 ? "v6"
                         : address.ss_family == AF_UNIX  ? "unix"
                                                         : "none";
    const bool blocks = (fcntl(fd, F_GETFL) & O_NONBLOCK) == 0;
    return std::string(" ") + family + (blocks ? "" : "-nonblocking");
}

extern "C" void end_at_once(int) { _exit(0); }

int serve(const char* path) {
    std::vector<pollfd> sockets(static_cast<size_t>(listened_fds()));
    const char* names = std::getenv("LISTEN_FDNAMES");
    std::string line = std::to_string(sockets.size()) + " " + (names != nullptr ? names : "-");
    for (size_t i = 0; i < sockets.size(); ++i) {
        sockets[i] = {static_cast<int>(3 + i), POLLIN, 0};
        line += kind_of(sockets[i].fd);
        fcntl(sockets[i].fd, F_SETFL, O_NONBLOCK);  // what it makes of it is its own business
    }
    line += "\n";
    const int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (write(file, line.data(), line.size()) < 0) return 1;
    const std::string answer = std::to_string(getpid()) + "\n";
    signal(SIGTERM, end_at_once);
    sigset_t term;
    sigset_t none;
    sigemptyset(&none);
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, nullptr);
    for (;;) {
        if (ppoll(sockets.data(), sockets.size(), nullptr, &none) < 0) continue;
        for (const pollfd& each : sockets) {
            const int client = accept(each.fd, nullptr, nullptr);
            if (client < 0) continue;
            send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
            close(client);
        }
    }
}

volatile sig_atomic_t told_to_end = 0;

extern "C" void note_end(int) { told_to_end = 1; }

int ask(const std::string& address) {
    signal(SIGTERM, note_end);
    int asked = 0;
    int refused = 0;
    int broken = 0;
    std::puts("asking");
    std::fflush(stdout);
    for (; told_to_end == 0; ++asked) {
        const std::optional<std::string> answer = ask_socket(address);
        refused += !answer;
        broken += answer && answer->empty();
    }
    std::printf("%d asked, %d refused, %d broken\n", asked, refused, broken);
    return 0;
}

}  // namespace

int run_helper(int argc, char** argv) {
    if (argc < 4 || std::strcmp(argv[1], "--helper") != 0) return -1;
    const std::string what = argv[2];
    if (what == "notify") return notify(argc - 3, argv + 3);
    if (what == "notify-as" && argc > 4)
        return notify_as(static_cast<uid_t>(std::atoi(argv[3])), argc - 4, argv + 4);
    if (what == "signals") return record_signals(argv[3]);
    if (what == "ready-fd") return ready_fd(std::atoi(argv[3]));
    if (what == "ready-flood") return ready_flood(std::atoi(argv[3]));
    if (what == "notify-flood") return notify_flood(argv[3]);
    if (what == "lines" && argc > 4)
        return lines(argv[3], std::atoi(argv[4]), argc > 5 ? std::atoi(argv[5]) : 40);
    if (what == "fork-chain") return fork_chain(argv[3]);
    if (what == "http-ok") return http_ok(std::atoi(argv[3]));
    if (what == "serve") return serve(argv[3]);
    if (what == "ask") return ask(argv[3]);
    return 2;
}

}  // namespace reeve::test
