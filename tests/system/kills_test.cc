// reeve is killed again and again at random moments, while much goes on and nginx serves a load.
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <random>
#include <thread>

#include "catch.h"
#include "support/loopback.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

const int kills = is_sanitized() ? 20 : 200;

// Each run appends a line, and says where another one of its kind holds the lock.
constexpr char guarded[] = R"(echo x >>$1/runs.$2
exec 9>>$1/lock.$2
flock -n 9 || echo $2 >>$1/doubles
)";

void write_nginx(const Reeve& reeve, int port) {
    make_directory(reeve.file("nginx"));
    std::string text = "pid {dir}/pid;\nerror_log stderr;\nworker_processes 1;\n"
                       "events { worker_connections 64; }\nhttp {\n  access_log off;\n";
    for (const char* name : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
        text += std::string("  ") + name + "_temp_path {dir}/" + name + ";\n";
    text +=
        "  server { listen 127.0.0.1:" + std::to_string(port) + "; return 200 'hello\\n'; }\n}\n";
    for (size_t at = 0; (at = text.find("{dir}", at)) != text.npos;)
        text.replace(at, 5, reeve.file("nginx"));
    write_file(reeve.file("nginx/nginx.conf"), text);
    reeve.service("nginx", "exec = nginx -c {dir}/nginx/nginx.conf -e stderr -g 'daemon off;'\n"
                           "log = null\nstop_signal = QUIT\nstart_check_interval = 50ms\n"
                           "start_check = {self} --helper http-ok " +
                               std::to_string(port) + "\n");
}

// The number behind the word; 0: it is not there.
long number_after(const std::string& text, const std::string& word) {
    const size_t at = text.find(word);
    return at == text.npos ? 0 : std::atol(text.c_str() + at + word.size());
}

}  // namespace

TEST_CASE("killed 200 times at random, reeve costs nginx not one request, and nothing runs twice") {
    if (cannot_run(has_program("nginx") && has_program("wrk"), "nginx or wrk is not installed"))
        return;
    const auto began = std::chrono::steady_clock::now();
    Reeve reeve;
    const int port = free_port();
    write_nginx(reeve, port);
    const std::string shell = "log = null\nrestart_factor = 1\nrestart_delay = 5ms\n";
    write_file(reeve.file("crashes"),
               std::string("set -- $1 crashes\n") + guarded + "sleep 0.01; exit 1\n");
    write_file(reeve.file("steady"), std::string("set -- $1 steady\n") + guarded + "sleep 1000\n");
    write_file(reeve.file("once"), std::string("set -- $1 once\n") + guarded);
    reeve.service("crashes", shell + "exec = /bin/sh {dir}/crashes {dir}\n");
    reeve.service("steady", shell + "exec = /bin/sh {dir}/steady {dir}\n");
    reeve.service("once", "type = oneshot\nlog = null\nexec = /bin/sh {dir}/once {dir}\n");
    reeve.service("every", "type = oneshot\nrestart = always\nrestart_delay = 20ms\n"
                           "restart_factor = 1\nlog = null\nexec = /bin/true\n");
    reeve.service("stops", "log = null\nenabled = no\nstop_timeout = 20ms\n"
                           "command = trap '' TERM; while :; do sleep 0.01; done\n");
    reeve.start();
    REQUIRE(reeve.reaches("nginx", "running"));
    REQUIRE(reeve.reaches("once", "done"));
    const pid_t nginx = reeve.pid_of("nginx");
    const pid_t steady = reeve.pid_of("steady");

    Process load(Launch{.arguments = {"wrk", "-t1", "-c4", "-d1h", "--timeout", "20s",
                                      "http://127.0.0.1:" + std::to_string(port) + "/"}});
    std::mt19937 random(20);
    for (int round = 0; round < kills; ++round) {
        const auto pause = std::chrono::microseconds(random() % 30000);
        if (round % 4 == 0) {
            Process client(Launch{.arguments = {reeve_binary(), "svctl", "-n",
                                                round % 8 == 0 ? "up" : "down", "stops"},
                                  .environment = {"REEVE_RUN=" + reeve.run_directory()}});
            std::this_thread::sleep_for(pause);
            reeve.kill();
        } else {
            std::this_thread::sleep_for(pause);
            reeve.kill();
        }
        reeve.start(reeve.launch(), false);
    }
    REQUIRE(wait_until([&] { return reeve.svctl({"list"}).status != 7; }));
    load.signal(SIGINT);
    REQUIRE(load.wait());
    const std::string said = load.out();
    INFO(said);
    CHECK(said.find("Socket errors") == said.npos);
    CHECK(said.find("Non-2xx") == said.npos);
    CHECK(number_after(said, "Requests/sec:") > 0);
    CHECK(reeve.pid_of("nginx") == nginx);
    CHECK(reeve.field("nginx", "restarts") == "0");
    CHECK(reeve.pid_of("steady") == steady);
    CHECK(reeve.text_of("runs.steady") == "x\n");
    CHECK(reeve.text_of("runs.once") == "x\n");
    CHECK(reeve.text_of("doubles").empty());
    CHECK(wait_until([&] { return count_lines(reeve.text_of("runs.crashes")) > 5; }));
    CHECK(reeve.stop() == 0);
    CHECK_FALSE(alive(nginx));
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - began;
    std::printf("killed %d times, nginx under load: %.1f s\n", kills, spent.count());
}
