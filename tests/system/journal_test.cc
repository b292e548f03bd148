// What is under RUNDIR: journal, status files, lock, pid, control socket.

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.h"
#include "model/record.h"
#include "support/journal.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

constexpr char sleeps[] = "exec = sleep 1000\n";

std::string journal_path(const Reeve& reeve) { return reeve.run_directory() + "/journal"; }

// Calls `use` with every record of the journal; a line that is none fails the test.
template <typename Use>
void for_each_record(const Reeve& reeve, Use use) {
    const std::string text = journal_lines(journal_path(reeve));
    REQUIRE(!text.empty());
    std::string_view rest = text;
    while (!rest.empty()) {
        const size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.empty()) continue;
        reeve::Service service;
        const auto record = reeve::decode_record(line, service);
        INFO(line);
        REQUIRE(record);
        use(*record, service);
    }
}

mode_t mode_of(const std::string& path) {
    struct stat status = {};
    return stat(path.c_str(), &status) == 0 ? status.st_mode : 0;
}

}  // namespace

TEST_CASE("the journal is lines with checksums, headed by the boot it was written on") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.service("job", "command = exit 3\nrestart = never\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    REQUIRE(reeve.reaches("job", "failed"));
    int number = 0;
    bool web_runs = false;
    bool job_failed = false;
    pid_t child = 0;
    for_each_record(reeve, [&](const reeve::Record& record, const reeve::Service& service) {
        if (number++ == 0) {
            CHECK(record.kind == reeve::RecordKind::header);
            CHECK_FALSE(record.header.boot.empty());
        }
        if (record.kind == reeve::RecordKind::child && record.name == "web")
            child = record.process.pid;
        if (record.kind != reeve::RecordKind::service) return;
        if (record.name == "web") web_runs = record.state_then == reeve::State::running;
        if (record.name == "job")
            job_failed = record.state_then == reeve::State::failed && service.exit.value == 3;
    });
    CHECK(web_runs);
    CHECK(job_failed);
    CHECK(child == reeve.pid_of("web"));
}

TEST_CASE("the journal has all that a later reeve needs to know a process again") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.pid_of("web");
    reeve::Process recorded;
    uint64_t start_in_child_record = 0;
    for_each_record(reeve, [&](const reeve::Record& record, const reeve::Service& service) {
        if (record.kind == reeve::RecordKind::service && record.name == "web") {
            recorded = service.leader;
            CHECK((service.leader.pid == 0 || service.group == service.leader.pid));
        }
        if (record.kind == reeve::RecordKind::child && record.name == "web")
            start_in_child_record = record.process.start_time;
    });
    CHECK(recorded.pid == pid);
    CHECK(recorded.start_time != 0);
    CHECK(recorded.start_time == start_in_child_record);
}

TEST_CASE("a child's record is in the journal before its program's first instruction") {
    Reeve reeve;
    reeve.service("probe",
                  "type = oneshot\n"
                  "command = grep -a -c \"child probe pid=$$ \" {dir}/run/journal > {dir}/found\n");
    reeve.start();
    for (int i = 0; i < 10; ++i) {
        REQUIRE(reeve.reaches("probe", "done"));
        CHECK(std::atoi(reeve.text_of("found").c_str()) == 1);
        write_file(reeve.file("found"), "");
        CHECK(reeve.svctl({"restart", "probe"}).status == 0);
    }
}

TEST_CASE("a hook's record is in the journal before its first instruction too") {
    Reeve reeve;
    reeve.service("probe", std::string(sleeps) +
                               "pre_start = grep -a -c \"hook probe pre_start pid=$$ \" "
                               "{dir}/run/journal > {dir}/found\n");
    reeve.start();
    REQUIRE(reeve.reaches("probe", "running"));
    CHECK(reeve.text_of("found") == "1\n");
}

TEST_CASE("the write of a child's record comes before its exec, as strace sees it") {
    if (cannot_run(has_program("strace") && run({"strace", "-o", "/dev/null", "true"}).status == 0,
                   "strace is not installed, or may not trace"))
        return;
    Reeve reeve;
    reeve.service("probe", "exec = true\ntype = oneshot\n");
    Launch launch = reeve.launch({"--exit-when-idle"});
    const Strings tracer = {
        "strace", "-f", "-qq", "-e", "trace=execve,write,pwrite64", "-o", reeve.file("trace")};
    launch.arguments.insert(launch.arguments.begin(), tracer.begin(), tracer.end());
    launch.environment = {no_leak_check};
    CHECK(run(launch).status == 0);
    const std::string trace = reeve.text_of("trace");
    const size_t record = trace.find("\"child probe pid=");
    const size_t exec = trace.find("execve(\"/", trace.find('\n'));
    INFO(trace);
    CHECK(record != std::string::npos);
    CHECK(exec != std::string::npos);
    CHECK(record < exec);
}

TEST_CASE("an orderly end is on record") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(reeve.stop() == 0);
    if (!exists(journal_path(reeve))) return;
    reeve::RecordKind last = reeve::RecordKind::header;
    for_each_record(
        reeve, [&](const reeve::Record& record, const reeve::Service&) { last = record.kind; });
    CHECK(last == reeve::RecordKind::end);
}

TEST_CASE("the journal stays small however often services restart") {
    Reeve reeve;
    reeve.service("flaps", "exec = true\nrestart_delay = 1ms\nrestart_factor = 1\n");
    reeve.start();
    uintmax_t largest = 0;
    CHECK(wait_until(
        [&] {
            std::error_code none;
            const uintmax_t size = std::filesystem::file_size(journal_path(reeve), none);
            if (!none) largest = std::max(largest, size);
            return std::atoi(reeve.field("flaps", "restarts").c_str()) >= 400;
        },
        std::chrono::seconds(60)));
    INFO(largest << " bytes");
    CHECK(largest > 0);
    CHECK(largest <= 3 * 65536);
    for_each_record(reeve, [](const reeve::Record&, const reeve::Service&) {});
}

TEST_CASE("a child that never gets to its program does not keep the journal from being made anew") {
    Reeve reeve;
    mkfifo(reeve.file("fifo").c_str(), 0600);
    reeve.service("waits", "exec = sleep 1000\nstdin = {dir}/fifo\nlog = null\n");
    reeve.service("flaps", "exec = true\nrestart_delay = 0\nlog = null\n");
    reeve.start();
    REQUIRE(reeve.reaches("waits", "starting"));
    const auto identity = [&] {
        struct stat status = {};
        return stat(journal_path(reeve).c_str(), &status) == 0 ? status.st_ino : 0;
    };
    const ino_t before = identity();
    CHECK(wait_until([&] { return identity() != before; }));
    CHECK(reeve.state("waits") == "starting");
    const pid_t pid = reeve.pid_of("waits");
    reeve.kill();
    reeve.start();
    CHECK(reeve.pid_of("waits") == pid);
}

TEST_CASE("a status file has every field, and is replaced as a whole") {
    Reeve reeve;
    reeve.service("db", sleeps);
    reeve.service("web", std::string(sleeps) + "depends_on = db\ngroup = shop front\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const std::string path = reeve.run_directory() + "/status/web";
    const std::string text = "\n" + read_file(path);
    for (const char* key :
         {"name", "instance", "state", "want", "reason", "pid", "since", "restarts", "exit",
          "signal", "type", "enabled", "stale", "version", "group", "depends_on"}) {
        INFO(key << " in" << text);
        CHECK(count(text, "\n" + std::string(key) + "=") == 1);
    }
    CHECK(reeve.field("web", "name") == "web");
    CHECK(reeve.field("web", "instance").empty());
    CHECK(reeve.field("web", "want") == "up");
    CHECK(reeve.field("web", "type") == "daemon");
    CHECK(reeve.field("web", "enabled") == "yes");
    CHECK(reeve.field("web", "exit").empty());
    CHECK(reeve.field("web", "group") == "shop front");
    CHECK(reeve.field("web", "depends_on") == "db");
    CHECK(alive(reeve.pid_of("web")));
    const int old = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    REQUIRE(reeve.svctl({"down", "web"}).status == 0);
    struct stat before = {};
    struct stat now = {};
    REQUIRE(fstat(old, &before) == 0);
    REQUIRE(stat(path.c_str(), &now) == 0);
    close(old);
    CHECK(before.st_ino != now.st_ino);
    CHECK(reeve.field("web", "state") == "stopped");
    CHECK(reeve.field("web", "want") == "down");
    for (const auto& entry :
         std::filesystem::directory_iterator(reeve.run_directory() + "/status")) {
        const std::string name = entry.path().filename();
        CHECK((name == "web" || name == "db"));
    }
}

TEST_CASE("pid, lock and control: who it is, that it lives, and for whom it listens") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(std::atoi(read_file(reeve.run_directory() + "/pid").c_str()) == reeve.pid());
    CHECK(mode_of(reeve.run_directory() + "/control") == (S_IFSOCK | 0600));
    CHECK(mode_of(reeve.run_directory() + "/lock") == (S_IFREG | 0600));
    for (const char* name : {"pid", "journal", "status/web"})
        CHECK((mode_of(reeve.run_directory() + "/" + name) & 0777) == 0644);
    const int lock = open((reeve.run_directory() + "/lock").c_str(), O_RDWR | O_CLOEXEC);
    struct flock wanted = {};
    wanted.l_type = F_WRLCK;
    wanted.l_whence = SEEK_SET;
    REQUIRE(fcntl(lock, F_GETLK, &wanted) == 0);
    const bool held = wanted.l_type != F_UNLCK || flock(lock, LOCK_EX | LOCK_NB) != 0;
    CHECK(held);
    close(lock);
}

TEST_CASE("after an orderly end there is no socket and no pid file, and a new reeve begins anew") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.service("off", std::string(sleeps) + "enabled = no\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(reeve.svctl({"down", "web"}).status == 0);
    CHECK(reeve.svctl({"up", "off"}).status == 0);
    CHECK(reeve.stop() == 0);
    CHECK_FALSE(exists(reeve.run_directory() + "/control"));
    reeve.start();
    CHECK(reeve.reaches("web", "running"));
    CHECK(reeve.state("off") == "stopped");
}

TEST_CASE("a run directory without any room stops nobody from running or being stopped") {
    if (cannot_run(is_root() &&
                       run({"unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"}).status ==
                           0,
                   "mounts are not permitted"))
        return;
    Reeve reeve;
    reeve.service("web", "command = echo up >> {dir}/up; exec sleep 1000\n");
    Launch launch = reeve.launch();
    const std::string script = "mount -t tmpfs -o size=64k,mode=755 none $0 && "
                               "dd if=/dev/zero of=$0/ballast bs=4k 2>/dev/null; exec \"$@\"";
    const Strings before = {"unshare", "--mount", "sh", "-c", script, reeve.run_directory()};
    launch.arguments.insert(launch.arguments.begin(), before.begin(), before.end());
    launch.arguments.push_back("--");  // Reeve::start then does not wait for what it cannot see
    launch.arguments.insert(launch.arguments.end(), {"sleep", "1000"});
    reeve.start(launch);
    REQUIRE(reeve.has_lines("up", 1));
    reeve.signal(SIGTERM);
    CHECK(reeve.wait() == 128 + SIGTERM);
}
