#include <arpa/inet.h>
#include <string>

#include "catch.h"
#include "svcheck/endpoint.h"

namespace {

using namespace reeve;

// "127.0.0.1 80, ::1 80"; empty: it is no endpoint.
std::string shown(std::string_view text, uint16_t default_port = 0) {
    const auto endpoint = parse_endpoint(text, default_port);
    std::string out;
    for (uint8_t i = 0; endpoint && i < endpoint->count; ++i) {
        const Endpoint::Address& address = endpoint->addresses[i];
        const bool is_v4 = address.any.sa_family == AF_INET;
        char name[INET6_ADDRSTRLEN] = {};
        const void* place =
            is_v4 ? static_cast<const void*>(&address.v4.sin_addr) : &address.v6.sin6_addr;
        inet_ntop(address.any.sa_family, place, name, sizeof name);
        const int port = ntohs(is_v4 ? address.v4.sin_port : address.v6.sin6_port);
        out += (i > 0 ? ", " : "") + std::string(name) + " " + std::to_string(port);
    }
    return out;
}

}  // namespace

TEST_CASE("an endpoint is a number and a port, or localhost, which is two") {
    CHECK(shown("127.0.0.1:80") == "127.0.0.1 80");
    CHECK(shown("[::1]:8080") == "::1 8080");
    CHECK(shown("[fe80::1:2]:1") == "fe80::1:2 1");
    CHECK(shown("localhost:65535") == "127.0.0.1 65535, ::1 65535");
    CHECK(shown("10.0.0.1", 80) == "10.0.0.1 80");
    CHECK(shown("[::1]", 80) == "::1 80");
}

TEST_CASE("what is no endpoint is none") {
    for (const char* text : {"",
                             ":",
                             ":80",
                             "127.0.0.1",
                             "127.0.0.1:",
                             "127.0.0.1:0",
                             "127.0.0.1:65536",
                             "127.0.0.1:80x",
                             "127.0.0.1: 80",
                             "127.0.0.1:-1",
                             "::1:80",
                             "[::1",
                             "[::1]80",
                             "[]:80",
                             "[127.0.0.1]:80",
                             "example.org:80",
                             "1.2.3:80",
                             "1.2.3.4.5:80",
                             "1.2.3.256:80",
                             "[::1::2]:80",
                             "[::1%eth0]:80",
                             "localhost",
                             "LOCALHOST:80",
                             "localhost:http",
                             "1111111111111111111111111111111111111111111111111111111111:80"}) {
        CAPTURE(text);
        CHECK(shown(text).empty());
    }
}

TEST_CASE("a URL has an address, and perhaps a port and a path") {
    const auto url = parse_url("http://127.0.0.1:8080/health?full=1");
    REQUIRE(url);
    CHECK(url->host == "127.0.0.1:8080");
    CHECK(url->path == "/health?full=1");
    const auto bare = parse_url("http://[::1]");
    REQUIRE(bare);
    CHECK(ntohs(bare->endpoint.addresses[0].v6.sin6_port) == 80);
    CHECK(bare->path.empty());
    for (const char* text :
         {"http://", "http:///", "https://127.0.0.1/", "127.0.0.1/", "http://127.0.0.1:/x",
          "http://127.0.0.1/a b", "http://127.0.0.1/\r\nx", "http://user@127.0.0.1/",
          "http://127.0.0.1?x"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_url(text));
    }
}

TEST_CASE("status codes are one, or a range that goes up") {
    CHECK(parse_statuses("204")->first == 204);
    CHECK(parse_statuses("204")->last == 204);
    CHECK(parse_statuses("200-299")->last == 299);
    for (const char* text : {"", "-", "200-", "-299", "299-200", "2xx", "1000", "200-299-399"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_statuses(text));
    }
}

TEST_CASE("a reply's status is that of a whole status line") {
    CHECK(status_of("HTTP/1.1 200 OK\r\n") == 200);
    CHECK(status_of("HTTP/1.0 503\n") == 503);
    CHECK(status_of("HTTP/1.1 404 Not Found\r\nServer: x\r\n\r\n") == 404);
    for (const char* text :
         {"", "HTTP/1.1 200 OK", "HTTP/1.", "HTTP/1.\n", "HTTP/1.1\n", "HTTP/1.1 20\n",
          "HTTP/1.1 x00\n", "HTTP/2 200\n", "SSH-2.0-x\r\n", "\n"}) {
        CAPTURE(text);
        CHECK_FALSE(status_of(text));
    }
}
