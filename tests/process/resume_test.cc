#include <algorithm>
#include <csignal>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.h"
#include "kernel/inherited.h"
#include "kernel/sys.h"
#include "process/resume.h"
#include "support/kernel_fixture.h"

using namespace reeve;

namespace {

std::string line_of(const Resumption& resumption) {
    Buffer<4096> out;
    append_resumption(out, resumption);
    CHECK_FALSE(out.truncated());
    return std::string(out.view());
}

Resumption read(const std::string& line) {
    Resumption resumption;
    CHECK(parse_resumption(line, resumption));
    return resumption;
}

}  // namespace

TEST_CASE("what a reeve tells what it becomes goes there and back, however much it is") {
    Resumption told;
    told.begun = true;
    told.reads_nothing = true;
    told.stuck = 3;
    std::fill_n(told.log_user, account_field_max_bytes, 'u');
    told.crashes = 7;
    told.signal = SIGBUS;
    told.crashed = Wall{1795253385434};
    told.recent = {Mono{400}, Mono{300}, Mono{200}};
    told.memory_kills = 0;
    told.ending = true;
    told.exit_code = 3;
    told.finale = 2;
    told.kill_at = Mono{INT64_MAX};
    for (auto& each : told.reaped.ended) each = {INT32_MAX, 0xff7f};
    told.reaped.count = told.reaped.ended.size();
    const Resumption heard = read(line_of(told));
    CHECK(heard.resumed);
    CHECK(heard.begun);
    CHECK(heard.reads_nothing);
    CHECK(heard.stuck == 3);
    CHECK(std::string_view(heard.log_user) == told.log_user);
    CHECK(heard.crashes == 7);
    CHECK(heard.signal == SIGBUS);
    CHECK(heard.crashed == told.crashed);
    CHECK(heard.recent == told.recent);
    CHECK(heard.memory_kills == 0u);
    CHECK(heard.ending);
    CHECK(heard.exit_code == 3);
    CHECK(heard.finale == 2);
    CHECK(heard.kill_at == told.kill_at);
    REQUIRE(heard.reaped.count == told.reaped.count);
    CHECK(heard.reaped.ended.back().pid == INT32_MAX);
    CHECK(heard.reaped.ended.back().status == 0xff7f);
    CHECK(heard.has_ended(INT32_MAX));
    CHECK_FALSE(heard.has_ended(1));
}

TEST_CASE("of what another version would say the rest is understood") {
    const Resumption heard = read("--resume= colour=red crashes=2 = signal=x code");
    CHECK(heard.crashes == 2);
    CHECK(heard.signal == 0);
    CHECK_FALSE(heard.ending);
    CHECK(read("--resume=").crashes == 0);
    Resumption none;
    CHECK_FALSE(parse_resumption("--quiet", none));
    CHECK_FALSE(none.resumed);
}

TEST_CASE("four crashes within a minute are too many, and four in two minutes are not") {
    Resumption told;
    told.recent = {Mono{60999}, Mono{2000}, Mono{1000}};
    CHECK_FALSE(told.crashes_often());
    told.recent = {Mono{60999}, Mono{60000}, Mono{2000}, Mono{1000}};
    CHECK(told.crashes_often());
    told.recent.front() = Mono{61000};
    CHECK_FALSE(told.crashes_often());
}

TEST_CASE("a descriptor is known by what it is open on, and what nobody takes is closed") {
    const TemporaryDirectory directory;
    const std::string lock = directory / "lock";
    const std::string fifo = directory / "a.ready";
    const std::string socket = directory / "control.new";
    Fd file(sys::open(lock.c_str(), O_RDWR | O_CREAT, 0600));
    REQUIRE(sys::mkfifo(fifo.c_str(), 0600) == 0);
    Fd pipe(sys::open(fifo.c_str(), O_RDWR | O_NONBLOCK));
    Fd listener(sys::socket(AF_UNIX, SOCK_STREAM));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket.copy(address.sun_path, sizeof address.sun_path - 1);
    const auto* name = reinterpret_cast<const sockaddr*>(&address);
    REQUIRE(sys::bind(listener.get(), name, sizeof address) == 0);
    REQUIRE(sys::listen(listener.get(), 1) == 0);
    Fd peer(sys::socket(AF_UNIX, SOCK_STREAM));
    REQUIRE(sys::connect(peer.get(), name, sizeof address) == 0);
    Fd client(sys::accept(listener.get()));
    REQUIRE(client);
    const int numbers[] = {client.release(), pipe.release(), file.release(), listener.release()};
    Inherited kept;
    kept.take_over(numbers);
    CHECK(kept.take_socket(socket).get() == numbers[3]);  // the client's has the same address
    CHECK_FALSE(kept.take_socket(socket));
    CHECK(kept.take_file(lock.c_str()).get() == numbers[2]);
    CHECK_FALSE(kept.take_file(lock.c_str()));
    CHECK_FALSE(kept.take_file((directory / "none").c_str()));
    CHECK(kept.take_file(fifo.c_str()).get() == numbers[1]);
    kept.close();
    CHECK(sys::fcntl(numbers[0], F_GETFD) == -1);
}
