#include <sys/un.h>
#include <thread>

#include "base/limits.h"
#include "catch.h"
#include "ctl/client.h"
#include "support/kernel_fixture.h"

using namespace reeve;

namespace {

Mono soon() { return sys::mono_now() + seconds(10); }

// A listening socket that does with each connection what the test says.
class Listener {
  public:
    Listener() : path_(directory_ / "control"), socket_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path_.copy(address.sun_path, sizeof address.sun_path - 1);
        REQUIRE(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(listen(socket_.get(), 1) == 0);
    }
    const char* path() const { return path_.c_str(); }
    Fd accept() { return Fd(::accept(socket_.get(), nullptr, nullptr)); }
    void stop_listening() { socket_.reset(); }

  private:
    TemporaryDirectory directory_;
    std::string path_;
    Fd socket_;
};

void say(const Fd& peer, std::string_view text) {
    REQUIRE(::write(peer.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

}  // namespace

TEST_CASE("where nobody listens, that is what the client says") {
    TemporaryDirectory directory;
    CHECK(Client().connect((directory / "control").c_str(), soon()) == ENOENT);
    CHECK(Client().connect((directory / std::string(200, 'x')).c_str(), soon()) == ENAMETOOLONG);
    Listener listener;
    listener.stop_listening();
    CHECK(Client().connect(listener.path(), soon()) == ECONNREFUSED);
}

TEST_CASE("a socket that is not permitted is said to be so") {
    Listener listener;
    Fault fault(sys::Call::connect, EACCES);
    CHECK(Client().connect(listener.path(), soon()) == EACCES);
}

TEST_CASE("where the listen queue is full the client waits its turn, to its deadline") {
    Listener listener;
    {
        Fault fault(sys::Call::connect, EAGAIN);
        CHECK(Client().connect(listener.path(), sys::mono_now() + milliseconds(50)) == ETIMEDOUT);
    }
    std::vector<Client> clients(4);
    std::thread server([&] {
        for (size_t i = 0; i < clients.size(); ++i) {
            ::poll(nullptr, 0, 30);
            listener.accept();
        }
    });
    for (Client& client : clients) CHECK(client.connect(listener.path(), soon()) == 0);
    server.join();
}

TEST_CASE("lines come one by one, however they are cut") {
    Listener listener;
    Client client;
    REQUIRE(client.connect(listener.path(), soon()) == 0);
    const Fd peer = listener.accept();
    std::string_view line;
    say(peer, "one\ntwo\n\nthr");
    REQUIRE(client.read_line(line, soon()) == Client::Got::line);
    CHECK(line == "one");
    REQUIRE(client.read_line(line, soon()) == Client::Got::line);
    CHECK(line == "two");
    REQUIRE(client.read_line(line, soon()) == Client::Got::line);
    CHECK(line.empty());
    CHECK(client.read_line(line, sys::mono_now()) == Client::Got::too_late);
    say(peer, "ee\n");
    REQUIRE(client.read_line(line, soon()) == Client::Got::line);
    CHECK(line == "three");
}

TEST_CASE(
    "a server that says nothing, goes away, or never ends its line does not keep the client") {
    Listener listener;
    Client client;
    REQUIRE(client.connect(listener.path(), soon()) == 0);
    Fd peer = listener.accept();
    std::string_view line;
    SECTION("says nothing") {
        CHECK(client.read_line(line, sys::mono_now() + milliseconds(20)) == Client::Got::too_late);
    }
    SECTION("goes away in the middle of a line") {
        say(peer, "half a li");
        peer.reset();
        CHECK(client.read_line(line, soon()) == Client::Got::nothing_more);
        CHECK_FALSE(client.send("more\n", soon()));
    }
    SECTION("never ends its line") {
        std::thread flood([&] {
            const std::string block(65536, 'x');
            while (::send(peer.get(), block.data(), block.size(), MSG_NOSIGNAL) > 0) continue;
        });
        CHECK(client.read_line(line, soon()) == Client::Got::nothing_more);
        client = Client();
        flood.join();
    }
}

TEST_CASE("a request goes out whole, or by its deadline not at all") {
    Listener listener;
    Client client;
    REQUIRE(client.connect(listener.path(), soon()) == 0);
    const Fd peer = listener.accept();
    CHECK(client.send("reeve/1 status\n", soon()));
    char bytes[64];
    CHECK(::read(peer.get(), bytes, sizeof bytes) == 15);
    CHECK_FALSE(client.send(std::string(8 << 20, 'x'), sys::mono_now() + milliseconds(20)));
}
