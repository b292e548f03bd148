// Bad days: what stands in the service directory and is no good, what an earlier day left in the
// run directory, and more services than a person would write.

#include <csignal>
#include <cstring>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "catch.h"
#include "support/json.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char sleeps[] = "exec = sleep 1000\n";

uid_t stranger() { return 3000000 + static_cast<uid_t>(getpid()) % 1000000; }

// What reeve has said of the service's file.
int complaints(Reeve& reeve, const std::string& name) {
    return count(reeve.process().err(), reeve.services() + "/" + name + ":");
}

void make_socket(const std::string& path) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    close(fd);
}

}  // namespace

// --- Service files -------------------------------------------------------------------------------

TEST_CASE("service files that are no good are named with their fault, and harm no other") {
    Reeve reeve;
    const std::string megabyte(1 << 20, 'x');
    const struct {
        const char* name;
        std::string text;
        const char* fault;
    } files[] = {
        {"megabyte", sleeps + ("# " + megabyte + "\n"), "larger than 65536 bytes"},
        {"oneline", "description = " + megabyte, "larger than 65536 bytes"},
        {"longline", "description = " + megabyte.substr(0, 10000) + "\n",
         "the line is longer than 8192 bytes"},
        {"nul", std::string("exec = sleep\0 1000\n", 19), "NUL"},
        {"nuls", std::string(1000, '\0'), "NUL"},
        {"binary", read_file(find_program("true")).substr(0, 4096), ":1: "},
        {"empty", "", "exec"},
        {"comments", "# nothing\n\n   \n# at all\n", "exec"},
        {"json", "{ \"exec\": \"sleep 1000\" }\n", ":1: "},
        {"unit", "[Service]\nExecStart=/bin/sleep 1000\n", ":1: "},
    };
    for (const auto& file : files) reeve.service(file.name, file.text);
    reeve.service("good", sleeps);
    reeve.start();
    CHECK(reeve.reaches("good", "running"));
    for (const auto& file : files) {
        INFO(file.name << ": " << reeve.field(file.name, "reason"));
        CHECK(reeve.reaches(file.name, "invalid"));
        CHECK(reeve.field(file.name, "reason").find(file.fault) != std::string::npos);
        CHECK(complaints(reeve, file.name) >= 1);
    }
    // Once they are mended they run.
    for (const auto& file : files) reeve.service(file.name, sleeps);
    CHECK(reeve.svctl({"reload"}).status == 0);
    for (const auto& file : files) CHECK(reeve.reaches(file.name, "running"));
}

TEST_CASE("line ends of any kind, a byte order mark and a missing last newline change nothing") {
    Reeve reeve;
    const std::string text = "exec = sleep 1000\nenv = A=1\nworkdir = {dir}";
    std::string crlf;
    for (const char c : text) c == '\n' ? crlf += "\r\n" : crlf += c;
    reeve.service("crlf", crlf + "\r\n");
    reeve.service("cut", crlf);
    reeve.service("unended", text);
    reeve.service("marked", "\xef\xbb\xbf" + text + "\n");
    reeve.script("script", "#!/bin/sh\n#reeve: env = A=1\r\n#reeve: workdir = {dir}\r\n"
                           "exec sleep 1000");
    reeve.start();
    for (const char* name : {"crlf", "cut", "unended", "marked", "script"}) {
        INFO(name);
        REQUIRE(reeve.reaches(name, "running"));
        const std::string process = "/proc/" + std::to_string(reeve.pid_of(name));
        CHECK(run({"readlink", process + "/cwd"}).out == reeve.directory() + "\n");
        CHECK(read_file(process + "/environ").find(std::string("A=1\0", 4)) != std::string::npos);
    }
    CHECK(reeve.process().err().empty());
}

TEST_CASE("what is no regular file in a service directory is not waited for, and harms no other") {
    Reeve reeve;
    const std::string at = reeve.services() + "/";
    REQUIRE(mkfifo((at + "fifo").c_str(), 0644) == 0);
    REQUIRE(unlink((at + "reeve.conf").c_str()) == 0);
    REQUIRE(mkfifo((at + "reeve.conf").c_str(), 0644) == 0);
    REQUIRE(symlink("nowhere", (at + "dangling").c_str()) == 0);
    REQUIRE(symlink("loop", (at + "loop").c_str()) == 0);
    REQUIRE(symlink("/dev/zero", (at + "zero").c_str()) == 0);
    REQUIRE(symlink("good", (at + "link").c_str()) == 0);
    make_directory(at + "folder");
    make_socket(at + "socket");
    reeve.service("good", sleeps);
    reeve.start();
    CHECK(reeve.reaches("good", "running"));
    CHECK(reeve.reaches("link", "running"));
    CHECK(reeve.reaches("dangling", "invalid"));
    CHECK(reeve.reaches("loop", "invalid"));
    CHECK(complaints(reeve, "dangling") == 1);
    CHECK(complaints(reeve, "loop") == 1);
    CHECK(reeve.svctl({"reload"}).status == 1);
    CHECK(reeve.svctl({"check", reeve.services()}).status == 1);
    for (const char* name : {"fifo", "zero", "folder", "socket"})
        CHECK(reeve.svctl({"status", name}).status == 4);
}

TEST_CASE("files that reeve's user may not read are said so, and harm no other") {
    if (cannot_run(is_root(), "needs root to become an ordinary user")) return;
    Reeve reeve;
    reeve.service("good", sleeps);
    reeve.service("closed", sleeps);
    reeve.give_to(stranger());
    REQUIRE(chmod((reeve.services() + "/closed").c_str(), 0) == 0);
    Launch launch = reeve.launch();
    launch.uid = stranger();
    reeve.start(launch);
    CHECK(reeve.reaches("good", "running"));
    CHECK(reeve.reaches("closed", "invalid"));
    CHECK(reeve.field("closed", "reason").find("Permission denied") != std::string::npos);
    // The directory as a whole: nothing changes, and who asks is told.
    const pid_t pid = reeve.pid_of("good");
    REQUIRE(chmod(reeve.services().c_str(), 0) == 0);
    const Output output = reeve.svctl({"reload"});
    CHECK(output.status == 1);
    CHECK(output.err.find("Permission denied") != std::string::npos);
    CHECK(reeve.state("good") == "running");
    CHECK(reeve.pid_of("good") == pid);
    // And at the beginning there is nothing to begin with.
    reeve.stop();
    const Output begun = run(launch);
    CHECK(begun.status == 100);
    CHECK(begun.err.find(reeve.services()) != std::string::npos);
}

TEST_CASE("names at the bound are services, names beyond it and strange ones are not") {
    Reeve reeve;
    const std::string longest(63, 'n');
    reeve.service(longest, sleeps);
    for (const std::string& name :
         {std::string(64, 'n'), std::string(255 - 4, 'n'), std::string("new\nline"),
          std::string("\xff\xfe"), std::string("a b"), std::string("a@1")})
        reeve.service(name, sleeps);
    reeve.start();
    CHECK(reeve.reaches(longest, "running"));
    CHECK(reeve.svctl({"status", longest}).status == 0);
    INFO(reeve.svctl({"list"}).out);
    CHECK(count(reeve.svctl({"--json", "list"}).out, "\"pid\"") == 1);
}

TEST_CASE("a service that needs itself, and a ring of a hundred, are named and harm no other") {
    Reeve reeve;
    constexpr int ring = 100;
    const auto name = [](int i) { return "ring" + std::to_string(i % ring); };
    for (int i = 0; i < ring; ++i)
        reeve.service(name(i), std::string(sleeps) + "depends_on = " + name(i + 1) + "\n");
    reeve.service("self", std::string(sleeps) + "depends_on = self\n");
    reeve.service("needs", std::string(sleeps) + "depends_on = ring7\n");
    reeve.service("good", sleeps);
    reeve.start();
    CHECK(reeve.reaches("good", "running"));
    CHECK(reeve.reaches("self", "invalid"));
    CHECK(reeve.field("self", "reason").find("cannot wait for itself") != std::string::npos);
    for (int i = 0; i < ring; i += 20) CHECK(reeve.reaches(name(i), "invalid"));
    CHECK_FALSE(reeve.state("needs") == "running");
    // One link less, and all of it comes up in its order.
    reeve.service("ring99", sleeps);
    CHECK(reeve.svctl({"reload"}).status == 1);  // self
    CHECK(reeve.reaches("needs", "running"));
    CHECK(reeve.reaches("ring0", "running"));
    CHECK(reeve.stop() == 0);
}

TEST_CASE("a reeve.conf that is no good keeps nothing from running that does not depend on it") {
    Reeve reeve;
    reeve.service("reeve.conf", "max_starting = many\nexit_when_idle = perhaps\n");
    reeve.service("web", sleeps);
    reeve.start();
    CHECK(reeve.reaches("web", "running"));
    CHECK(complaints(reeve, "reeve.conf") == 2);
}

TEST_CASE("a service file that is replaced while it is read again and again is whole each time") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.pid_of("web");
    const std::string padding = "# " + std::string(5000, 'x') + "\n";
    for (int i = 0; i < 50; ++i) {
        reeve.service("web", i % 2 == 0 ? padding + sleeps : sleeps + padding);
        reeve.signal(SIGHUP);
    }
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.pid_of("web") == pid);
    CHECK(reeve.process().err().empty());
}

// --- The run directory ---------------------------------------------------------------------------

TEST_CASE("what an earlier day left in the run directory does not keep reeve from beginning") {
    const std::string journal =
        GENERATE(std::string("not a journal\n"), std::string(100000, '\0'),
                 std::string(100000, '\xff'), std::string("header\nchild web pid=1 start=1\n"),
                 std::string("service web pid=-1 #0000000000000000\n"), std::string());
    Reeve reeve;
    const std::string run_directory = reeve.run_directory() + "/";
    make_directory(run_directory + "status");
    write_file(run_directory + "journal", journal);
    write_file(run_directory + "pid", "1\n");
    write_file(run_directory + "control", "no socket\n");
    write_file(run_directory + "status/web", "name=web\nstate=running\npid=1\n");
    write_file(run_directory + "status/ghost", "name=ghost\nstate=running\npid=1\n");
    make_directory(run_directory + "fds");
    write_file(run_directory + "fds/web.ready", "no FIFO\n");
    reeve.service("web", "command = echo >&3; exec sleep 1000\nready = fd:3\n");
    reeve.start();
    REQUIRE(reeve.comes_true([&] { return reeve.pid_of("web") > 1; }));
    CHECK(reeve.reaches("web", "running"));
    CHECK_FALSE(exists(run_directory + "status/ghost"));
    CHECK(reeve.svctl({"status", "ghost"}).status == 4);
    CHECK(reeve.stop() == 0);
}

// --- Very many -----------------------------------------------------------------------------------

TEST_CASE("a thousand services in one directory come up, are listed, and none is left at the end") {
    Reeve reeve;
    constexpr int services = 1000;
    for (int i = 0; i < services; ++i)
        reeve.service("s" + std::to_string(i), std::string(sleeps) + "log = null\n");
    reeve.start();
    const auto all_run = [&] {
        const Output output = reeve.svctl({"--json", "list"});
        return count(output.out, "\"state\":\"running\"") == services ||
               count(output.out, "\"state\": \"running\"") == services;
    };
    CHECK(wait_until(all_run, seconds(60)));
    std::vector<pid_t> pids = children_of(reeve.pid());
    CHECK(pids.size() == services);
    CHECK(count_lines(reeve.svctl({"list"}).out) >= services);
    const pid_t pid = reeve.pid_of("s500");
    kill(pid, SIGKILL);
    CHECK(reeve.runs_anew("s500", pid));
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.svctl({"down", "s999"}).status == 0);
    reeve.signal(SIGTERM);
    CHECK(reeve.wait(seconds(60)) == 0);
    for (const pid_t each : pids) CHECK_FALSE(alive(each));
}

TEST_CASE("a chain of sixty services comes up in its order, and goes down in the other") {
    Reeve reeve;
    constexpr int links = 60;
    for (int i = 0; i < links; ++i) {
        const std::string name = std::to_string(i);
        reeve.service("s" + name,
                      "command = echo up " + name + " >> {dir}/order; trap 'echo down " + name +
                          " >> {dir}/order; exit' TERM; echo >&3; while :; do sleep 0.1 & wait; "
                          "done\nready = fd:3\nlog = null\n" +
                          (i > 0 ? "depends_on = s" + std::to_string(i - 1) + "\n" : ""));
    }
    reeve.service("reeve.conf", "stop_timeout_total = 1m\n");
    reeve.start();
    REQUIRE(reeve.has_lines("order", links));
    REQUIRE(reeve.reaches("s59", "running"));
    reeve.signal(SIGTERM);
    CHECK(reeve.wait(seconds(60)) == 0);
    std::string expected;
    for (int i = 0; i < links; ++i) expected += "up " + std::to_string(i) + "\n";
    for (int i = links; i-- > 0;) expected += "down " + std::to_string(i) + "\n";
    CHECK(reeve.text_of("order") == expected);
}
