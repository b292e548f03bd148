// A server: greets everybody who connects with one byte. It takes the socket that it was given
// (LISTEN_FDS), or makes one of its own at a port of 127.0.0.1.
//
//   listener PORT
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/helper.h"
#include "bench/mark.h"

static int open_own(int port) {
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr*)&address, sizeof address) < 0 || listen(fd, 1024) < 0) _exit(98);
    return fd;
}

int main(int argc, char** argv) {
    const char* pid = getenv("LISTEN_PID");
    leave_mark(mark_service);
    int fd = pid != NULL && atoi(pid) == getpid() ? 3 : open_own(argc > 1 ? atoi(argv[1]) : 0);
    for (;;) {
        int client = accept(fd, NULL, NULL);
        if (client < 0) _exit(97);
        if (write(client, "x", 1) != 1) _exit(96);
        close(client);
    }
}
