#include "support/loopback.h"

#include <arpa/inet.h>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace reeve::test {

namespace {

sockaddr_in loopback(int port) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int open_socket() {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
}

}  // namespace

int free_port() {
    const int fd = open_socket();
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    const bool good = bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    close(fd);
    if (!good) throw std::runtime_error("no free port");
    return ntohs(address.sin_port);
}

std::optional<std::string> ask_socket(const std::string& address) {
    sockaddr_un local = {};
    local.sun_family = AF_UNIX;
    address.copy(local.sun_path, sizeof local.sun_path - 1);
    const bool is_local = address.starts_with('/');
    const sockaddr_in remote = loopback(std::atoi(address.c_str()));
    const auto* any = is_local ? reinterpret_cast<const sockaddr*>(&local)
                               : reinterpret_cast<const sockaddr*>(&remote);
    const socklen_t size = is_local ? sizeof local : sizeof remote;
    const int fd = socket(any->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    timeval limit = {};
    limit.tv_sec = 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    // Interrupted, it is under way all the same.
    bool refused = connect(fd, any, size) < 0;
    while (refused && (errno == EINTR || errno == EALREADY)) refused = connect(fd, any, size) < 0;
    if (refused && errno == EISCONN) refused = false;
    std::string answer;
    char bytes[256];
    while (!refused) {
        const ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        answer.append(bytes, static_cast<size_t>(got));
    }
    close(fd);
    if (refused) return std::nullopt;
    return answer;
}

std::string ask_loopback(int port, const std::string& request) {
    const int fd = open_socket();
    timeval limit = {};
    limit.tv_sec = 5;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    const sockaddr_in address = loopback(port);
    std::string answer;
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
        send(fd, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
        char bytes[4096];
        const ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        if (got > 0) answer.assign(bytes, static_cast<size_t>(got));
    }
    close(fd);
    return answer;
}

}  // namespace reeve::test
