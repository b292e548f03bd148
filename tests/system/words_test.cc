// What reeve says where the system refuses something: what, where, which limit, and what to do. The
// mistakes in service files are in mistakes_test.cc.

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/smalldisk.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

constexpr char sleeps[] = "exec = sleep 1000\n";
constexpr uid_t nobody = 65534;

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != text.npos;
}

std::string link_of(const std::string& path) {
    char target[4096];
    const ssize_t length = readlink(path.c_str(), target, sizeof target);
    return std::string(target, length > 0 ? static_cast<size_t>(length) : 0);
}

}  // namespace

TEST_CASE("a run directory whose sockets have no room in their path is refused") {
    Reeve reeve;
    reeve.service("web", sleeps);
    const std::string deep = reeve.file("run/" + std::string(100, 'd'));
    Launch launch = reeve.launch();
    launch.arguments[4] = deep;
    const Output output = run(launch);
    CHECK(output.status == 100);
    CHECK(output.err.starts_with("reeve: bind " + deep + "/control.new: "));
    CHECK(output.err.ends_with(" too long (a socket's path has at most 107 bytes: name a shorter "
                               "run directory with -r)\n"));
    CHECK_FALSE(exists(deep));
    const Output asked = run({reeve_binary(), "svctl", "-r", deep, "list"});
    CHECK(asked.status == 7);
    CHECK(asked.err == "svctl: no reeve can be at " + deep +
                           "/control (a socket's path has at most 107 bytes: name a shorter run "
                           "directory with -r)\n");
}

TEST_CASE("a program that is a link to nowhere is told as such") {
    Reeve reeve;
    REQUIRE(symlink("/no/such/program", reeve.file("program").c_str()) == 0);
    reeve.service("web", "exec = {dir}/program\nretries = 1\n");
    reeve.service("there", "exec = sleep 1\nworkdir = {dir}/program\nretries = 1\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "failed"));
    REQUIRE(reeve.reaches("there", "failed"));
    const std::string why = reeve.fill_in("{dir}/program: a link to /no/such/program, which is not "
                                          "there");
    CHECK(mentions(reeve.field("web", "reason"), "exec " + why));
    CHECK(mentions(reeve.field("there", "reason"), "chdir " + why));
    CHECK(mentions(reeve.svctl({"history", "web"}).out, why));
}

TEST_CASE("a directory of PATH that may not be searched has no program for us") {
    if (cannot_run(is_root(), "needs root")) return;
    Reeve reeve;
    make_directory(reeve.file("closed"), 0700);
    reeve.service("web", "exec = nosuch\nenv = PATH={dir}/closed:/usr/bin:/bin\nuser = 65534\n"
                         "retries = 1\n");
    reeve.service("db", "exec = sleep 1000\nenv = PATH={dir}/closed:/usr/bin:/bin\n"
                        "user = 65534\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "failed"));
    CHECK(mentions(reeve.field("web", "reason"),
                   "exec nosuch: No such file or directory (it is in no directory of PATH)"));
    CHECK(reeve.reaches("db", "running"));
}

TEST_CASE("status files that cannot be written are told of, and so is that they lag behind") {
    if (cannot_run(has_mounts(), "mounts are not permitted")) return;
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const SmallDisk disk(reeve.run_directory() + "/status", "size=4k,nr_inodes=2,mode=755");
    disk.fill_files();
    REQUIRE(reeve.svctl({"restart", "web"}).status == 0);
    const std::string warning =
        reeve.run_directory() + "/status cannot be written (No space left on device)";
    CHECK(reeve.comes_true([&] { return count(reeve.process().err(), warning) == 1; }));
    const Output output = reeve.svctl({"list"});
    CHECK(mentions(output.err, warning));
    REQUIRE(reeve.svctl({"restart", "web"}).status == 0);
    CHECK(count(reeve.process().err(), warning) == 1);
    disk.empty();
    CHECK(reeve.comes_true([&] { return reeve.svctl({"list"}).err.empty(); }));
}

TEST_CASE("reeve does not keep the directory that it was started in") {
    Reeve reeve;
    reeve.service("web", sleeps);
    make_directory(reeve.file("mount"));
    Launch launch = reeve.launch();
    launch.directory = reeve.file("mount");
    reeve.start(launch);
    REQUIRE(reeve.reaches("web", "running"));
    const std::string directory = "/proc/" + std::to_string(reeve.pid()) + "/cwd";
    CHECK(link_of(directory) == "/");
    CHECK(reeve.svctl({"reexec"}).status == 0);
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(link_of(directory) == "/");
}

TEST_CASE("reeve stays where a relative path on its command line, or CMD, has a meaning") {
    Reeve reeve;
    reeve.service("web", sleeps);
    Launch launch = reeve.launch();
    launch.arguments[2] = "services";
    launch.directory = reeve.directory();
    reeve.start(launch);
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(reeve.svctl({"reexec"}).status == 0);
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.state("web") == "running");
    CHECK(reeve.stop() == 0);

    launch = reeve.launch({"--", "pwd"});
    launch.directory = reeve.directory();
    CHECK(run(launch).out == reeve.directory() + "\n");
}

TEST_CASE("reexec of a program that is not there says what is missing") {
    Reeve reeve;
    const std::string program = reeve.file("reeve");
    REQUIRE(run({"cp", reeve_binary(), program}).status == 0);
    reeve.service("web", sleeps);
    Launch launch = reeve.launch();
    launch.arguments[0] = program;
    reeve.start(launch);
    REQUIRE(reeve.reaches("web", "running"));
    REQUIRE(unlink(program.c_str()) == 0);
    const Output gone = reeve.svctl({"reexec"});
    CHECK(gone.status == 1);
    CHECK(mentions(gone.err, program + " cannot take over (No such file or directory); the reeve "
                                       "that runs goes on"));
    write_file(program, "no program\n", 0755);
    const Output broken = reeve.svctl({"reexec"});
    CHECK(broken.status == 1);
    CHECK(mentions(broken.err, program + " cannot take over (exit 127: it cannot be executed)"));
    CHECK(reeve.state("web") == "running");
}

TEST_CASE("variables have dots in their names, and a byte order mark is in none") {
    Reeve reeve;
    write_file(reeve.file("env"), "\xEF\xBB\xBF"
                                  "FIRST=1\nsecond.name=2\n");
    // A shell may keep such names to itself.
    reeve.service("web", "type = oneshot\nexec = env\nenv_file = {dir}/env\n"
                         "env = discovery.type=single-node\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "done"));
    const std::string found = "\n" + reeve.log_of("web");
    INFO(found);
    for (const char* line : {"\nFIRST=1\n", "\nsecond.name=2\n", "\ndiscovery.type=single-node\n"})
        CHECK(mentions(found, line));
}

TEST_CASE("what is meant for reeve alone does not reach services") {
    Reeve reeve;
    reeve.service("web", "type = oneshot\ncommand = env > {dir}/found\n");
    Launch launch = reeve.launch();
    launch.environment = {"REEVE_DIR=" + reeve.services(), "REEVE_LOG=" + reeve.logs(),
                          "REEVE_STATE=/var/lib/reeve", "container=podman", "OTHER=1"};
    reeve.start(launch);
    REQUIRE(reeve.reaches("web", "done"));
    const std::string found = "\n" + reeve.text_of("found");
    for (const char* name : {"REEVE_DIR", "REEVE_LOG", "REEVE_STATE", "container"})
        CHECK_FALSE(mentions(found, "\n" + std::string(name) + "="));
    CHECK(mentions(found, "\nOTHER=1\n"));
    CHECK(mentions(found, "\nREEVE_RUN="));
}

TEST_CASE("nice holds against other sessions, where the system groups processes by them") {
    const std::string path = "/proc/self/autogroup";
    if (cannot_run(exists(path) && !read_file(path).empty(), "this kernel has no autogroups"))
        return;
    Reeve reeve;
    reeve.service("web", "exec = sleep 1000\nnice = 7\n");
    reeve.service("job", "exec = sleep 1000\nnice = 9\n");
    reeve.start();
    for (const char* name : {"web", "job"}) REQUIRE(reeve.reaches(name, "running"));
    const auto group_of = [&](const char* name) {
        return read_file("/proc/" + std::to_string(reeve.pid_of(name)) + "/autogroup");
    };
    CHECK(mentions(group_of("web"), "nice 7\n"));
    CHECK(mentions(group_of("job"), "nice 9\n"));
    CHECK(mentions(read_file("/proc/" + std::to_string(reeve.pid()) + "/autogroup"), "nice 0\n"));
}

TEST_CASE("an event is told as it was, whatever the service is by now") {
    Reeve reeve;
    reeve.service("web", "exec = {dir}/before\nretries = 1\nworkdir = /\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "failed"));
    const std::string then = reeve.fill_in("exec {dir}/before: No such file or directory");
    CHECK(mentions(reeve.svctl({"events", "web"}).out, then));
    reeve.service("web", "exec = {dir}/after\ntype = oneshot\nretries = 1\n");
    CHECK(reeve.svctl({"reload"}).status == 0);
    const std::string events = reeve.svctl({"events", "web"}).out;
    INFO(events);
    CHECK(mentions(events, then + ", given up after 1 failed run (retries)"));
    const size_t first = events.find(then);
    CHECK_FALSE(mentions(events.substr(0, first), "/after"));
}

TEST_CASE("rotate says what it has done") {
    Reeve reeve;
    write_file(reeve.services() + "/reeve.conf", "log = file\n");
    reeve.service("web", "command = echo up; exec sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(reeve.svctl({"rotate", "web"}).out == "web: a new file begins with the next line\n");
}

TEST_CASE("versions and instances are listed by the numbers in their names") {
    Reeve reeve;
    for (const char* version : {"web+v2", "web+v10", "web+v9"})
        reeve.service(version, std::string("exec = sleep 1000\ndescription = ") + version + "\n");
    for (const char* name : {"queue10", "queue9"}) reeve.service(name, sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(reeve.field("web", "version") == "v10");
    const std::string list = reeve.svctl({"list"}).out;
    CHECK(list.find("queue9 ") < list.find("queue10 "));
    const std::string shown = reeve.svctl({"show", "web"}).out;
    CHECK(shown.find("web+v2") < shown.find("web+v9"));
    CHECK(shown.find("web+v9") < shown.find("web+v10"));
}
