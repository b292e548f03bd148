// Real programs under reeve: nginx, redis, PostgreSQL, mosquitto, on loopback, their data in the
// test's own directory.

#include <csignal>
#include <filesystem>
#include <sys/stat.h>

#include "catch.h"
#include "support/loopback.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

bool lacks(const std::string& program) {
    return cannot_run(has_program(program), program + " is not installed");
}

std::string get(int port) {
    return ask_loopback(port, "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n");
}

std::string redis(int port, const std::string& command) {
    return ask_loopback(port, command + "\r\n");
}

// An nginx that answers on `port`, in the foreground, with all its files in the test's directory.
std::string nginx_service(const Reeve& reeve, int port) {
    make_directory(reeve.file("nginx"));
    write_file(reeve.file("nginx/nginx.conf"),
               "pid " + reeve.file("nginx/pid") +
                   ";\nerror_log stderr;\nworker_processes 2;\n"
                   "events { worker_connections 64; }\nhttp {\n  access_log off;\n"
                   "  client_body_temp_path " +
                   reeve.file("nginx/body") +
                   ";\n"
                   "  proxy_temp_path " +
                   reeve.file("nginx/proxy") +
                   ";\n"
                   "  fastcgi_temp_path " +
                   reeve.file("nginx/fastcgi") +
                   ";\n"
                   "  uwsgi_temp_path " +
                   reeve.file("nginx/uwsgi") +
                   ";\n"
                   "  scgi_temp_path " +
                   reeve.file("nginx/scgi") +
                   ";\n"
                   "  server { listen 127.0.0.1:" +
                   std::to_string(port) + "; return 200 'hello from nginx\\n'; }\n}\n");
    return "exec = nginx -c {dir}/nginx/nginx.conf -e stderr -g 'daemon off;'\nstop_signal = "
           "QUIT\n";
}

std::string redis_command(const Reeve& reeve, int port) {
    make_directory(reeve.file("redis"));
    return "redis-server --port " + std::to_string(port) +
           " --bind 127.0.0.1 --dir {dir}/redis --dbfilename dump.rdb --save 3600 1";
}

// Debian keeps the server's programs out of PATH.
std::string postgres_directory() {
    std::string newest;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", none))
        if (exists(entry.path() / "bin/postgres")) newest = std::max(newest, entry.path().string());
    return newest.empty() ? newest : newest + "/bin";
}

// PostgreSQL does not run as root; the package made a user for it.
struct Postgres {
    std::string programs = postgres_directory();
    int port = free_port();
    Output made;

    explicit Postgres(const Reeve& reeve) {
        if (programs.empty()) return;
        make_directory(reeve.file("pg"), 0700);
        if (is_root()) run({"chown", "-R", "postgres:", reeve.file("pg")});
        Strings words = {
            programs + "/initdb", "-D",        reeve.file("pg/data"), "-A", "trust", "-U", "tester",
            "--no-sync",          "--locale=C"};
        if (is_root()) {
            const Strings as_user = {"setpriv", "--reuid=postgres", "--regid=postgres",
                                     "--clear-groups"};
            words.insert(words.begin(), as_user.begin(), as_user.end());
        }
        made = run(Launch{.arguments = words, .directory = "/"}, std::chrono::seconds(60));
    }
    std::string service() const {
        return "exec = " + programs + "/postgres -D {dir}/pg/data -p " + std::to_string(port) +
               " -k {dir}/pg -c listen_addresses=127.0.0.1 -c fsync=off -c "
               "log_destination=stderr\n" +
               (is_root() ? "user = postgres\n" : "") +
               "stop_signal = INT\nstart_check = " + client("select 1") +
               " >/dev/null 2>&1\nstart_check_interval = 100ms\n";
    }
    std::string client(const std::string& query) const {
        return programs + "/psql -h 127.0.0.1 -p " + std::to_string(port) +
               " -U tester -d postgres -Atc '" + query + "'";
    }
    std::string ask_for(const std::string& query) const {
        return run({"sh", "-c", client(query)}).out;
    }
};

}  // namespace

TEST_CASE("nginx serves, comes back after kill -9, and stops cleanly") {
    if (lacks("nginx")) return;
    Reeve reeve;
    const int port = free_port();
    const std::string check = "{self} --helper http-ok " + std::to_string(port);
    reeve.service("nginx", nginx_service(reeve, port) + "start_check = " + check +
                               "\nstart_check_interval = 50ms\n");
    reeve.service("client", "depends_on = nginx\ntype = oneshot\ncommand = " + check +
                                " && echo served >> {dir}/served\n");
    reeve.start();
    REQUIRE(reeve.reaches("nginx", "running"));
    CHECK(get(port).find("hello from nginx") != std::string::npos);
    REQUIRE(reeve.reaches("client", "done"));
    CHECK(reeve.text_of("served") == "served\n");

    const pid_t master = reeve.pid_of("nginx");
    const std::vector<pid_t> workers = descendants_of(master);
    CHECK(workers.size() == 2);
    kill(master, SIGKILL);
    REQUIRE(reeve.runs_anew("nginx", master));
    for (const pid_t worker : workers) CHECK_FALSE(alive(worker));
    CHECK(get(port).find("hello from nginx") != std::string::npos);

    const pid_t second = reeve.pid_of("nginx");
    CHECK(reeve.svctl({"down", "nginx"}).status == 0);
    CHECK_FALSE(alive(second));
    CHECK(get(port).empty());
    CHECK_FALSE(exists(reeve.file("nginx/pid")));  // it has ended in order, not by KILL
    CHECK(reeve.field("nginx", "exit") == "0");
    CHECK(reeve.stop() == 0);
}

TEST_CASE("redis-server gates its dependent, saves at a stop, and has its data after kill -9") {
    if (lacks("redis-server") || lacks("redis-cli")) return;
    Reeve reeve;
    const int port = free_port();
    const std::string client = "redis-cli -p " + std::to_string(port);
    reeve.service("redis", "exec = " + redis_command(reeve, port) + "\nstart_check = " + client +
                               " ping | grep -q PONG\nstart_check_interval = 50ms\n");
    reeve.service("worker", "depends_on = redis\ncascade = yes\ncommand = " + client +
                                " incr started >> {dir}/started; exec sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.has_lines("started", 1));
    CHECK(reeve.text_of("started") == "1\n");
    CHECK(redis(port, "SET colour blue") == "+OK\r\n");
    CHECK(redis(port, "SAVE") == "+OK\r\n");

    const pid_t pid = reeve.pid_of("redis");
    kill(pid, SIGKILL);
    REQUIRE(reeve.runs_anew("redis", pid));
    REQUIRE(reeve.has_lines("started", 2));  // cascade: the worker went and came with it
    CHECK(redis(port, "GET colour") == "$4\r\nblue\r\n");

    CHECK(redis(port, "SET colour green") == "+OK\r\n");
    CHECK(reeve.svctl({"down", "redis"}).status == 0);
    CHECK(reeve.field("redis", "exit") == "0");
    CHECK(reeve.log_of("redis").find("DB saved on disk") != std::string::npos);
    CHECK(reeve.svctl({"up", "redis"}).status == 0);
    CHECK(redis(port, "GET colour") == "$5\r\ngreen\r\n");
    CHECK(reeve.stop() == 0);
}

TEST_CASE("redis-server as a container's command: TERM saves, and the exit code is 0") {
    if (lacks("redis-server")) return;
    Reeve reeve;
    const int port = free_port();
    Launch launch = reeve.launch({"--", "sh", "-c", "exec " + redis_command(reeve, port)});
    reeve.start(launch);
    REQUIRE(wait_until([&] { return redis(port, "SET a b") == "+OK\r\n"; }));
    CHECK(reeve.stop() == 0);
    CHECK(exists(reeve.file("redis/dump.rdb")));
}

TEST_CASE("redis-server with on_end = shutdown gives the container its exit code") {
    if (lacks("redis-server")) return;
    Reeve reeve;
    const int port = free_port();
    reeve.service("redis", "exec = " + redis_command(reeve, port) +
                               "\nrestart = never\non_end = shutdown\n");
    reeve.start();
    REQUIRE(wait_until([&] { return redis(port, "PING") == "+PONG\r\n"; }));
    const bool orderly = GENERATE(true, false);
    if (orderly)
        redis(port, "SHUTDOWN NOSAVE");
    else
        kill(reeve.pid_of("redis"), SIGKILL);
    CHECK(reeve.wait() == (orderly ? 0 : 137));
}

TEST_CASE("postgres gates its dependent, comes back after kill -9, and is stopped in order") {
    Reeve reeve;
    Postgres postgres(reeve);
    if (cannot_run(!postgres.programs.empty(), "postgres is not installed")) return;
    INFO(postgres.made.out << postgres.made.err);
    REQUIRE(postgres.made.status == 0);
    reeve.service("postgres", postgres.service());
    reeve.service("schema",
                  "type = oneshot\ndepends_on = postgres\ncommand = " +
                      postgres.client("create table t (n int); insert into t values (7)"));
    reeve.start();
    REQUIRE(reeve.reaches("schema", "done"));
    CHECK(postgres.ask_for("select n from t") == "7\n");

    const pid_t pid = reeve.pid_of("postgres");
    const std::vector<pid_t> backends = descendants_of(pid);
    CHECK_FALSE(backends.empty());
    kill(pid, SIGKILL);
    REQUIRE(reeve.runs_anew("postgres", pid));
    for (const pid_t backend : backends) CHECK_FALSE(alive(backend));
    CHECK(postgres.ask_for("select n from t") == "7\n");
    CHECK(count(reeve.log_of("postgres"), "database system was not properly shut down") == 1);

    CHECK(reeve.svctl({"down", "postgres"}).status == 0);
    CHECK(reeve.field("postgres", "exit") == "0");
    CHECK(count(reeve.log_of("postgres"), "received fast shutdown request") == 1);
    CHECK(count(reeve.log_of("postgres"), "database system is shut down") == 1);
    CHECK(reeve.svctl({"up", "postgres"}).status == 0);
    CHECK(postgres.ask_for("select n from t") == "7\n");
    CHECK(count(reeve.log_of("postgres"), "database system was not properly shut down") == 1);
    CHECK(reeve.stop() == 0);
    CHECK(count(reeve.log_of("postgres"), "received fast shutdown request") == 2);
}

// As Debian's unit has it: Type=notify, and it gives up root's rights before it says READY=1.
TEST_CASE("mosquitto says itself that it is ready, also with lowered rights") {
    if (lacks("mosquitto")) return;
    Reeve reeve;
    chmod(reeve.directory().c_str(), 0711);
    make_directory(reeve.file("mosquitto"));
    if (is_root()) run({"chown", "mosquitto:", reeve.file("mosquitto")});
    const int port = free_port();
    write_file(reeve.file("mosquitto.conf"), "listener " + std::to_string(port) +
                                                 " 127.0.0.1\nallow_anonymous true\npersistence "
                                                 "true\npersistence_location " +
                                                 reeve.file("mosquitto/") + "\n");
    reeve.service("mosquitto", "exec = mosquitto -c {dir}/mosquitto.conf\nready = notify\n"
                               "start_timeout = 15s\nreload_signal = HUP\n");
    reeve.service("app", "depends_on = mosquitto\nexec = sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.reaches("app", "running"));
    CHECK(reeve.field("mosquitto", "restarts") == "0");
    const std::string connect("\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0", 14);
    const std::string accepted("\x20\x02\0\0", 4);
    CHECK(ask_loopback(port, connect) == accepted);
    const pid_t pid = reeve.pid_of("mosquitto");
    kill(pid, SIGKILL);
    REQUIRE(reeve.runs_anew("mosquitto", pid));
    CHECK(ask_loopback(port, connect) == accepted);
    CHECK(reeve.svctl({"reload", "mosquitto"}).status == 0);
    CHECK(reeve.stop() == 0);
    CHECK(exists(reeve.file("mosquitto/mosquitto.db")));
}

TEST_CASE("an application waits for redis, nginx and postgres, and all stop within one deadline") {
    if (lacks("nginx") || lacks("redis-server") || lacks("redis-cli")) return;
    Reeve reeve;
    Postgres postgres(reeve);
    if (cannot_run(!postgres.programs.empty(), "postgres is not installed")) return;
    const int web_port = free_port();
    const int redis_port = free_port();
    reeve.service("nginx", nginx_service(reeve, web_port) +
                               "start_check_interval = 50ms\n"
                               "start_check = {self} --helper http-ok " +
                               std::to_string(web_port) + "\n");
    reeve.service("redis", "exec = " + redis_command(reeve, redis_port) +
                               "\nstart_check_interval = 50ms\nstart_check = redis-cli -p " +
                               std::to_string(redis_port) + " ping | grep -q PONG\n");
    reeve.service("postgres", postgres.service());
    reeve.service("app", "depends_on = nginx redis postgres\ncommand = " +
                             postgres.client("select 1") + " >> {dir}/app; exec sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.has_lines("app", 1));
    CHECK(reeve.text_of("app") == "1\n");
    const auto begin = std::chrono::steady_clock::now();
    CHECK(reeve.stop() == 0);
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));
    CHECK(count(reeve.log_of("postgres"), "database system is shut down") == 1);
    CHECK(exists(reeve.file("redis/dump.rdb")));
}
