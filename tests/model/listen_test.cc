#include <arpa/inet.h>
#include <string>

#include "catch.h"
#include "model/listen.h"

using namespace reeve;

namespace {

Listen parsed(std::string_view value) {
    Listen listen;
    Buffer<128> problem;
    INFO(std::string(value));
    CHECK(parse_listen(value, listen, problem));
    CHECK(problem.empty());
    return listen;
}

bool are_alike(std::string_view one, std::string_view other) {
    return parsed(one).is_like(parsed(other));
}

}  // namespace

TEST_CASE("an address of listen is one of IPv4, of IPv6, or all of both") {
    const Listen v4 = parsed("tcp:127.0.0.1:80");
    CHECK(v4.address.any.sa_family == AF_INET);
    CHECK(ntohs(v4.address.v4.sin_port) == 80);
    CHECK(ntohl(v4.address.v4.sin_addr.s_addr) == INADDR_LOOPBACK);
    CHECK_FALSE(v4.both);
    const Listen v6 = parsed("tcp:[::]:65535");
    CHECK(v6.address.any.sa_family == AF_INET6);
    CHECK_FALSE(v6.both);
    for (const char* all : {"tcp:*:80", "tcp::80"}) {
        const Listen listen = parsed(all);
        CHECK(listen.both);
        CHECK(listen.address.any.sa_family == AF_INET6);
        CHECK(listen.without_ipv6().address.any.sa_family == AF_INET);
        CHECK(ntohs(listen.without_ipv6().address.v4.sin_port) == 80);
    }
}

TEST_CASE("a Unix socket's options come in any order, and its mode is 666 without one") {
    const Listen plain = parsed("unix:/run/web.sock");
    CHECK(plain.path == "/run/web.sock");
    CHECK(plain.mode == 0666);
    const Listen listen = parsed("unix:/s,group=g,mode=0600,name=n,user=u");
    CHECK(listen.path == "/s");
    CHECK(listen.mode == 0600);
    CHECK(listen.user == "u");
    CHECK(listen.group == "g");
    CHECK(listen.name == "n");
}

TEST_CASE("a socket stays the same where only its name is another, or how it is written") {
    CHECK(are_alike("tcp:127.0.0.1:80", "tcp:127.0.0.1:80,name=http"));
    CHECK(are_alike("tcp::80", "tcp:*:80"));
    CHECK(are_alike("tcp:[0::1]:80", "tcp:[::1]:80"));
    CHECK(are_alike("unix:/s,mode=666", "unix:/s"));
    CHECK_FALSE(are_alike("tcp:*:80", "tcp:[::]:80"));
    CHECK_FALSE(are_alike("tcp:127.0.0.1:80", "tcp:127.0.0.1:81"));
    CHECK_FALSE(are_alike("tcp:127.0.0.1:80", "tcp:127.0.0.2:80"));
    CHECK_FALSE(are_alike("unix:/s", "unix:/s,mode=600"));
    CHECK_FALSE(are_alike("unix:/s", "unix:/s,user=www"));
    CHECK_FALSE(are_alike("unix:/s", "unix:/t"));
    CHECK(parsed("tcp:*:80").where() == parsed("tcp:[::]:80").where());
}
