// A server that is killed while clients come: one whose socket reeve holds, and the same one with a
// socket of its own.
#include <arpa/inet.h>
#include <memory>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "bench/parts.h"
#include "bench/session.h"
#include "support/loopback.h"
#include "support/tempdir.h"

namespace reeve::bench {

namespace {

constexpr int kills_per_repeat = 40;
constexpr double between_kills_ms = 5;
constexpr int64_t patience_ns = 10'000'000'000;

// Each has a port of its own. (A contender's functions know nothing but its site.)
int held_port = 0;
int own_port = 0;

void write_server(const Site& site, int port, bool is_held) {
    test::make_directory(site / "services");
    const std::string number = std::to_string(port);
    std::string text =
        "exec = " + site.programs->listener + " " + number + "\nlog = null\nrestart_delay = 0\n";
    if (is_held) text += "listen = tcp:127.0.0.1:" + number + "\n";
    test::write_file(site / "services/server", text);
}

Contender server(const std::string& name, void (*configure)(const Site&)) {
    for (const Contender& each : supervisors()) {
        if (each.name != "reeve") continue;
        Contender contender = each;
        contender.name = name;
        contender.configure = configure;
        return contender;
    }
    throw Failure("reeve is no contender");
}

// What becomes of a client. The kill may cut off one whose connection the server has taken already.
enum class Client { greeted, refused, cut_off };

Client connect_to(int port) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    timeval limit = {};
    limit.tv_sec = 5;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    char byte;
    Client client = Client::refused;
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
        client = recv(fd, &byte, 1, 0) == 1 ? Client::greeted : Client::cut_off;
    close(fd);
    return client;
}

// Kills the server and has a client come at once, and again until it is greeted. From the kill to
// that, in microseconds.
double restart_us(const Session& session, int port, double& refused) {
    const pid_t server = session.marks().at(session.marks().count() - 1).pid;
    const int64_t begin = now();
    kill(server, SIGKILL);
    for (Client client; (client = connect_to(port)) != Client::greeted;) {
        refused += client == Client::refused;
        if (now() - begin > patience_ns) throw Failure("the server does not come back");
    }
    const double taken = static_cast<double>(now() - begin) / 1e3;
    pause_for(between_kills_ms);
    return taken;
}

}  // namespace

void measure_listen(Bench& bench) {
    if (!bench.wants("listen")) return;
    Table& first = bench.report.table(
        {.id = "listen",
         .title = "First connection behind the kill of a server",
         .unit = "us",
         .notes = {"from kill -9 to the greeting of a client that comes at once, and again for as "
                   "long as it is refused or cut off; restart_delay = 0",
                   "reeve: with listen; own socket: the same server under reeve, which binds for "
                   "itself"},
         .tail = true});
    Table& refusals = bench.report.table({.id = "listen_refused",
                                          .title = "Refused connections in a row of such restarts",
                                          .unit = "count",
                                          .notes = {std::to_string(kills_per_repeat) + " restarts"},
                                          .goals = {{.of = Goal::Of::value, .at_most = 0}}});
    held_port = test::free_port();
    own_port = test::free_port();
    const Contender held =
        server("reeve", [](const Site& site) { write_server(site, held_port, true); });
    const Contender own =
        server("own socket", [](const Site& site) { write_server(site, own_port, false); });
    const std::vector<const Contender*> both = {&held, &own};
    interleave(bench, "listen", both, bench.options.repeat, [&](const Contender& each, int) {
        const Session session(bench.options.programs, each, 1);
        const int port = &each == &held ? held_port : own_port;
        while (connect_to(port) != Client::greeted) pause_for(1);
        double refused = 0;
        for (int i = 0; i < kills_per_repeat; ++i)
            first.add(each.name, restart_us(session, port, refused));
        refusals.add(each.name, refused);
    });
}

}  // namespace reeve::bench
