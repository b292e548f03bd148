// What clients may do to the server, and what it then does.
#include <list>
#include <sys/socket.h>

#include "catch.h"
#include "ctl/server_fixture.h"

using namespace reeve;
using test::Bench;
using test::count;
using test::define;
using test::Peer;

namespace {

std::vector<Ref<const Definition>> many(int number) {
    std::vector<Ref<const Definition>> definitions;
    for (int i = 0; i < number; ++i) {
        const std::string digits = std::to_string(i);
        definitions.push_back(define("s" + std::string(5 - digits.size(), '0') + digits));
    }
    return definitions;
}

mode_t mode_of(const std::string& path) {
    struct stat state {};
    REQUIRE(lstat(path.c_str(), &state) == 0);
    return state.st_mode & 07777;
}

}  // namespace

TEST_CASE("the socket is its owner's alone, whatever the umask is") {
    const mode_t before = umask(0);
    {
        Bench bench;
        CHECK(mode_of(bench.path) == 0600);
    }
    umask(0777);
    {
        TemporaryDirectory directory;
        umask(before);
        chmod(directory.path().c_str(), 0700);
        umask(0777);
        test::Rig rig;
        test::FakeControls controls;
        Server server(rig.core, controls);
        CHECK(server.open(directory / "control"));
        CHECK(mode_of(directory / "control") == 0600);
    }
    umask(before);
}

TEST_CASE("a socket that an earlier reeve left is replaced") {
    TemporaryDirectory directory;
    test::Rig rig;
    test::FakeControls controls;
    const std::string path = directory.file("control", "not even a socket");
    Server server(rig.core, controls);
    CHECK(server.open(path));
    CHECK(Peer(path).connected());
    CHECK_FALSE(test::exists(path + ".new"));
}

TEST_CASE("a socket that vanished is made again, and its clients stay connected") {
    Bench bench({define("web")});
    Peer old(bench.path);
    bench.turn();
    struct stat before {};
    REQUIRE(lstat(bench.path.c_str(), &before) == 0);
    REQUIRE(bench.server.reopen());
    struct stat same {};
    REQUIRE(lstat(bench.path.c_str(), &same) == 0);
    CHECK(same.st_ino == before.st_ino);

    REQUIRE(unlink(bench.path.c_str()) == 0);
    REQUIRE(bench.server.reopen());
    CHECK(count(bench.ask("reeve/1 status"), "name=") == 1);
    old.say("reeve/1 status\n");
    CHECK(count(bench.rest_of(old), "name=") == 1);
}

TEST_CASE("a path that is too long for a socket is an error") {
    test::Rig rig;
    test::FakeControls controls;
    Server server(rig.core, controls);
    const Status opened = server.open("/tmp/" + std::string(200, 'x'));
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == ENAMETOOLONG);
}

TEST_CASE("each call that opens the socket may fail") {
    const auto call = GENERATE(sys::Call::socket, sys::Call::bind, sys::Call::chmod,
                               sys::Call::listen, sys::Call::lstat, sys::Call::rename);
    TemporaryDirectory directory;
    test::Rig rig;
    test::FakeControls controls;
    Server server(rig.core, controls);
    Fault fault(call, EACCES);
    const Status opened = server.open(directory / "control");
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == EACCES);
}

TEST_CASE("two hundred clients at once are all served, some of them in turn") {
    Bench bench(many(3));
    std::list<Peer> peers;
    for (int i = 0; i < 200; ++i) {
        if (i < 100) peers.emplace_back(bench.path).say("reeve/1 status\n");
    }
    bench.turn();
    CHECK(bench.server.client_count() <= clients_max_count);
    for (int i = 0; i < 100; ++i) {
        bench.turns(2);
        peers.emplace_back(bench.path).say("reeve/1 status\n");
    }
    int served = 0;
    for (Peer& peer : peers) served += count(bench.rest_of(peer), "end 0\n");
    CHECK(served == 200);
    bench.turn();
    CHECK(bench.server.client_count() == 0);
}

TEST_CASE("while all places are taken others wait, and get theirs") {
    Bench bench({define("web")});
    std::list<Peer> silent;
    for (size_t i = 0; i < clients_max_count; ++i) silent.emplace_back(bench.path);
    bench.turns(3);
    Peer late(bench.path);
    late.say("reeve/1 status\n");
    bench.turns(3);
    CHECK(late.hear().empty());
    silent.front().leave();
    CHECK(count(bench.rest_of(late), "name=web") == 1);
}

TEST_CASE("however many wait for a service, reeve can still be asked") {
    constexpr size_t most = clients_max_count - clients_spare_count;
    Bench bench({define("web")});
    std::list<Peer> waiting;
    for (size_t i = 0; i < most; ++i)
        waiting.emplace_back(bench.path).say("reeve/1 wait state=failed web\n");
    bench.turns(3);
    CHECK(count(bench.ask("reeve/1 status"), "name=web") == 1);
    const std::string why = "end 1 no place for another client that waits, besides " +
                            std::to_string(most) + ": try again later; what was begun goes on\n";
    for (const char* request : {"wait state=failed web", "up web", "events follow=yes"}) {
        Peer late(bench.path);
        late.say(std::string("reeve/1 ") + request + "\n");
        CHECK_THAT(bench.rest_of(late), Catch::Matchers::EndsWith(why));
    }
    CHECK(bench.rig.core.at(ServiceId{0}).want == Want::up);
    CHECK(bench.server.client_count() == most);
    waiting.front().leave();
    bench.turns(2);
    waiting.emplace_back(bench.path).say("reeve/1 wait state=failed web\n");
    bench.turns(2);
    CHECK(bench.server.client_count() == most);
}

TEST_CASE("of two places one is for who waits") {
    Bench bench({define("web")});
    bench.server.limit_clients(2);
    Peer waiting(bench.path);
    waiting.say("reeve/1 wait state=failed web\n");
    bench.turns(2);
    CHECK(bench.server.client_count() == 1);
    CHECK(count(bench.ask("reeve/1 wait state=failed web"), "besides 1: try again") == 1);
}

TEST_CASE("a client that says nothing is dropped after a while, one that waits is not") {
    Bench bench({define("web")});
    Peer silent(bench.path);
    Peer slow(bench.path);
    Peer waiting(bench.path);
    waiting.say("reeve/1 wait state=failed timeout=3600000 web\n");
    bench.turns(2);
    CHECK(bench.server.next_deadline() == bench.rig.now.mono + milliseconds(client_idle_max_ms));
    bench.pass(milliseconds(client_idle_max_ms - 1));
    slow.say("reeve/1 st");
    bench.turn();
    CHECK(bench.server.client_count() == 3);
    bench.pass(milliseconds(1));
    CHECK(bench.server.client_count() == 1);
    silent.hear();
    slow.hear();
    CHECK(silent.at_end);
    CHECK(slow.at_end);
    bench.pass(seconds(1000));
    CHECK(bench.server.client_count() == 1);
}

TEST_CASE("while all places are taken who says nothing has less time") {
    Bench bench({define("web")});
    std::list<Peer> silent;
    for (size_t i = 0; i < clients_max_count; ++i) {
        silent.emplace_back(bench.path);
        if (i % 64 == 63) bench.turn();
    }
    bench.turn();
    CHECK(bench.server.client_count() == clients_max_count);
    Peer late(bench.path);
    late.say("reeve/1 status\n");
    CHECK(bench.server.next_deadline() ==
          bench.rig.now.mono + milliseconds(client_idle_crowded_max_ms));
    bench.pass(milliseconds(client_idle_crowded_max_ms));
    CHECK(count(bench.rest_of(late), "name=web") == 1);
}

TEST_CASE("a client that goes away while it waits leaves nothing behind") {
    Bench bench({define("web")});
    Peer peer(bench.path);
    peer.say("reeve/1 wait state=failed web\n");
    bench.turns(2);
    CHECK(bench.server.client_count() == 1);
    peer.leave();
    bench.turns(2);
    CHECK(bench.server.client_count() == 0);
    CHECK(bench.server.next_deadline() == no_deadline);
}

TEST_CASE("a client that talks out of turn is dropped") {
    Bench bench({define("web")});
    Peer peer(bench.path);
    peer.say("reeve/1 wait state=failed web\n");
    bench.turns(2);
    peer.say("and another thing\n");
    bench.turns(2);
    CHECK(bench.server.client_count() == 0);
}

TEST_CASE("garbage is answered with a usage error") {
    Bench bench({define("web")});
    for (const std::string& garbage : {std::string("\0\1\2\3", 4), std::string("GET / HTTP/1.1\r"),
                                       std::string(), std::string("reeve/1 up \xff\xfe=\xfd")}) {
        const std::string answer = bench.ask(garbage);
        INFO(answer);
        CHECK(answer.substr(0, 6) == "end 2 ");
        CHECK(count(answer, "\n") == 1);
    }
}

TEST_CASE("a request may come in pieces") {
    Bench bench({define("web")});
    Peer peer(bench.path);
    for (const char c : std::string_view("reeve/1 status web\n")) {
        peer.say(std::string_view(&c, 1));
        bench.turns(2);
    }
    CHECK(count(bench.rest_of(peer), "name=web") == 1);
}

TEST_CASE("a megabyte without a newline is refused at the first few kilobytes") {
    Bench bench({define("web")});
    Peer peer(bench.path);
    const std::string megabyte(1 << 20, 'x');
    size_t said = 0;
    std::string answer;
    for (int i = 0; i < 1000 && !peer.at_end; ++i) {
        const ssize_t now = peer.say(std::string_view(megabyte).substr(said));
        if (now > 0) said += static_cast<size_t>(now);
        bench.turn();
        answer += peer.hear();
    }
    CHECK(peer.at_end);
    CHECK(answer == "end 2 the request is too long\n");
    CHECK(said < megabyte.size());
    CHECK(bench.server.client_count() == 0);
}

TEST_CASE("a request may be as long as it may be, and no longer") {
    Bench bench({define("web")});
    std::string request = "reeve/1 status";
    while (request.size() + 4 <= request_max_bytes - 1) request += " web";
    request.resize(request_max_bytes - 1, ' ');
    CHECK(count(bench.ask(request), "name=web") == 1);
    CHECK(bench.ask(request + " ") == "end 2 the request is too long\n");
}

TEST_CASE("a slow reader of a thousand services costs one buffer, and gets them all") {
    Bench bench(many(1000));
    Peer peer(bench.path);
    int small = 4096;
    setsockopt(peer.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    peer.say("reeve/1 status\n");
    std::string answer;
    for (int i = 0; i < 100000 && !peer.at_end; ++i) {
        bench.turn();
        answer += peer.hear(700);
    }
    CHECK(count(answer, "name=s") == 1000);
    CHECK(bench.last_line(answer) == "end 0\n");
}

TEST_CASE("a fast reader does not keep the others waiting") {
    Bench bench(many(2000));
    Peer fast(bench.path);
    fast.say("reeve/1 status\n");
    bench.turns(2);
    const std::string first = fast.hear();
    CHECK(first.size() < 3 * reply_buffer_max_bytes);
    Peer other(bench.path);
    other.say("reeve/1 status s00000\n");
    bench.turns(3);
    CHECK(count(other.hear(), "end 3\n") == 1);
    CHECK(count(first + bench.rest_of(fast), "name=s") == 2000);
}

TEST_CASE("who does not read is dropped") {
    Bench bench(many(2000));
    Peer peer(bench.path);
    peer.say("reeve/1 status\n");
    bench.turns(100);
    CHECK(bench.server.client_count() == 1);
    bench.pass(milliseconds(client_idle_max_ms));
    CHECK(bench.server.client_count() == 0);
}

TEST_CASE("services that go away while they are listed do no harm") {
    Bench bench(many(500));
    Peer peer(bench.path);
    peer.say("reeve/1 status\n");
    bench.turns(2);
    const std::string first = peer.hear();
    auto left = many(1);
    bench.rig.load(left);
    const std::string answer = first + bench.rest_of(peer);
    CHECK(bench.last_line(answer) == "end 0\n");
}

TEST_CASE("out of descriptors, the listener is left alone for a while") {
    Bench bench({define("web")});
    Peer peer(bench.path);
    peer.say("reeve/1 status\n");
    {
        Fault fault(sys::Call::accept, EMFILE);
        bench.turn();
    }
    CHECK(bench.server.next_deadline() == bench.rig.now.mono + milliseconds(accept_pause_ms));
    bench.turn();
    CHECK(bench.server.client_count() == 0);
    bench.pass(milliseconds(accept_pause_ms));
    CHECK(count(bench.rest_of(peer), "name=web") == 1);
}

TEST_CASE("out of descriptors, who says nothing has less time") {
    Bench bench({define("web")});
    Peer silent(bench.path);
    bench.turn();
    Peer late(bench.path);
    late.say("reeve/1 status\n");
    {
        Fault fault(sys::Call::accept, EMFILE);
        bench.turn();
        for (int64_t passed = 0; passed < client_idle_crowded_max_ms; passed += accept_pause_ms)
            bench.pass(milliseconds(accept_pause_ms));
    }
    CHECK(bench.server.client_count() == 0);
    bench.pass(milliseconds(accept_pause_ms));
    CHECK(count(bench.rest_of(late), "name=web") == 1);
}

TEST_CASE("a connection that fails costs its client alone") {
    Bench bench({define("web")});
    Peer peer(bench.path);
    peer.say("reeve/1 status\n");
    {
        Fault fault(sys::Call::sendto, EPIPE);
        bench.turns(3);
    }
    CHECK(bench.server.client_count() == 0);
    CHECK(count(bench.ask("reeve/1 status"), "name=web") == 1);
}

TEST_CASE("with nobody there, there is nothing to wake up for") {
    Bench bench({define("web")});
    CHECK(bench.server.next_deadline() == no_deadline);
    CHECK(count(bench.ask("reeve/1 status"), "name=web") == 1);
    bench.turn();
    CHECK(bench.server.next_deadline() == no_deadline);
}

TEST_CASE("what the supervisor enters is taken, with or without a client") {
    Bench bench({define("web")});
    bench.rig.down("web");
    REQUIRE_FALSE(bench.rig.core.events().fresh().empty());
    bench.turn();
    CHECK(bench.rig.core.events().fresh().empty());
}

// --- reeve executes itself again -----------------------------------------------------------------

TEST_CASE("at a hand-over nothing is begun any more, and what was begun is to be asked for again") {
    Bench bench({define("web"), define("db")});
    Peer silent(bench.path);
    Peer unread(bench.path);
    Peer waits(bench.path);
    waits.say("reeve/1 wait timeout=1000 web db\n");
    bench.turns(3);
    unread.say("reeve/1 reload\n");
    bench.server.hand_over(bench.rig.now);
    CHECK(silent.hear() == "again\n");
    CHECK(unread.hear() == "again\n");
    CHECK(bench.controls.reloads == 0);
    CHECK(waits.hear() == "begun 0 web db\n");
    CHECK(bench.server.client_count() == 0);
    Peer later(bench.path);
    later.say("reeve/1 reload again=yes web\n");
    bench.turns(3);
    CHECK(bench.controls.reloads == 0);
}

TEST_CASE("a refused re-execution says why, and one that was done says nothing") {
    Bench bench({define("web")});
    bench.controls.why_no_reexec = "reeve is ending";
    Peer refused(bench.path);
    refused.say("reeve/1 reexec\n");
    bench.turns(3);
    CHECK(refused.hear() == "end 1 reeve is ending\n");
    bench.controls.why_no_reexec = {};
    Peer fails(bench.path);
    fails.say("reeve/1 reexec\n");
    bench.turns(3);
    CHECK(fails.hear().empty());
    bench.controls.failure = "no such program";
    bench.turns(2);
    CHECK(fails.hear() == "end 1 no such program\n");
    bench.controls.failure = {};
    Peer done(bench.path);
    done.say("reeve/1 reexec again=yes\n");
    bench.turns(3);
    CHECK(done.hear() == "end 0\n");
}
