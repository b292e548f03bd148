// What a changed service directory does to what runs.

#include <csignal>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.h"
#include "support/procfs.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

constexpr char sleeps[] = "exec = sleep 1000\n";

void remove_service(const Reeve& reeve, const std::string& name) {
    unlink((reeve.services() + "/" + name).c_str());
}

// By either way; with HUP the change is seen when it is there.
void reload(const Reeve& reeve, bool by_signal) {
    if (by_signal)
        reeve.signal(SIGHUP);
    else
        CHECK(reeve.svctl({"reload"}).status == 0);
}

}  // namespace

TEST_CASE("a reload starts what is new, stops what is gone, and touches nothing else") {
    const bool by_signal = GENERATE(false, true);
    Reeve reeve;
    reeve.service("stays", sleeps);
    reeve.service("goes", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("stays", "running"));
    REQUIRE(reeve.reaches("goes", "running"));
    const pid_t stays = reeve.pid_of("stays");
    const pid_t goes = reeve.pid_of("goes");
    remove_service(reeve, "goes");
    reeve.service("comes", sleeps);
    reload(reeve, by_signal);
    CHECK(reeve.reaches("comes", "running"));
    CHECK(wait_until([&] { return !alive(goes); }));
    CHECK(wait_until([&] { return reeve.svctl({"status", "goes"}).status == 4; }));
    CHECK_FALSE(exists(reeve.run_directory() + "/status/goes"));
    CHECK(reeve.pid_of("stays") == stays);
    CHECK(alive(stays));
}

TEST_CASE("svctl reload waits until the definitions are in force") {
    Reeve reeve;
    reeve.start();
    for (int i = 0; i < 5; ++i) {
        const std::string name = "new" + std::to_string(i);
        reeve.service(name, sleeps);
        CHECK(reeve.svctl({"reload"}).status == 0);
        const int status = reeve.svctl({"status", name}).status;
        CHECK((status == 0 || status == 3));
    }
}

TEST_CASE("live keys apply at once, to the process that runs") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.pid_of("web");
    reeve.service("web", std::string(sleeps) +
                             "description = changed\nstop_command = echo stopped > "
                             "{dir}/stopped\ngroup = label\n");
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.pid_of("web") == pid);
    CHECK(reeve.field("web", "stale") == "no");
    CHECK(reeve.svctl({"status", "@label"}).status == 0);
    CHECK(reeve.svctl({"down", "web"}).status == 0);
    CHECK(reeve.text_of("stopped") == "stopped\n");
}

TEST_CASE("a change that needs a new process marks the service stale until it is restarted") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(reeve.field("web", "stale") == "no");
    const pid_t pid = reeve.pid_of("web");
    reeve.service("web", "exec = sleep 1001\n");
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(wait_until([&] { return reeve.field("web", "stale") == "yes"; }));
    CHECK(reeve.pid_of("web") == pid);
    CHECK(reeve.svctl({"restart", "web"}).status == 0);
    CHECK(reeve.field("web", "stale") == "no");
    CHECK(read_file("/proc/" + std::to_string(reeve.pid_of("web")) + "/cmdline").find("1001") !=
          std::string::npos);
}

TEST_CASE("a change that is taken back is no longer stale") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    reeve.service("web", "exec = sleep 1001\n");
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(wait_until([&] { return reeve.field("web", "stale") == "yes"; }));
    reeve.service("web", sleeps);
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(wait_until([&] { return reeve.field("web", "stale") == "no"; }));
}

TEST_CASE("on_change = restart restarts it at the reload") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + "on_change = restart\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.pid_of("web");
    reeve.service("web", "exec = sleep 1001\non_change = restart\n");
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.runs_anew("web", pid));
    CHECK(reeve.field("web", "stale") == "no");
}

TEST_CASE("a broken file leaves the running service alone, and every error is told as FILE:LINE") {
    const bool by_signal = GENERATE(false, true);
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.pid_of("web");
    reeve.service("web", "# comment\nexce = sleep 1001\nrestart = sometimes\n");
    const std::string path = reeve.services() + "/web";
    std::string said;
    if (by_signal) {
        reeve.signal(SIGHUP);
        CHECK(wait_until([&] {
            said = reeve.process().err();
            return said.find(path + ":3: ") != std::string::npos;
        }));
    } else {
        const Output output = reeve.svctl({"reload"});
        CHECK(output.status == 1);
        said = output.err;
    }
    INFO(said);
    CHECK(said.find(path + ":2: ") != std::string::npos);
    CHECK(said.find(path + ":3: ") != std::string::npos);
    CHECK(said.find("did you mean exec?") != std::string::npos);
    CHECK(reeve.pid_of("web") == pid);
    CHECK(alive(pid));
    CHECK(reeve.state("web") == "running");
    // It keeps its definition: killed, it comes back.
    kill(pid, SIGKILL);
    CHECK(reeve.runs_anew("web", pid));
    reeve.service("web", "exec = sleep 1002\n");
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(wait_until([&] { return reeve.field("web", "stale") == "yes"; }));
}

TEST_CASE("a file that was broken from the start is invalid until it is mended") {
    Reeve reeve;
    reeve.service("web", "exec = sleep 1000\nnonsense = yes\n");
    reeve.service("other", sleeps);
    reeve.start();
    CHECK(reeve.reaches("web", "invalid"));
    CHECK(reeve.reaches("other", "running"));
    const std::string path = reeve.services() + "/web:2: ";
    CHECK(reeve.field("web", "reason").find(path) == 0);
    CHECK(reeve.process().err().find(path) != std::string::npos);
    CHECK(reeve.svctl({"up", "web"}).status == 1);
    reeve.service("web", sleeps);
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.reaches("web", "running"));
}

TEST_CASE("taking the execute bit away stops the service, giving it back starts it") {
    Reeve reeve;
    reeve.script("tool", "#!/bin/sh\nexec sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.reaches("tool", "running"));
    const pid_t pid = reeve.pid_of("tool");
    chmod((reeve.services() + "/tool").c_str(), 0644);
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(wait_until([&] { return !alive(pid); }));
    chmod((reeve.services() + "/tool").c_str(), 0755);
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.runs_anew("tool", pid));
}

TEST_CASE("a dependency cycle is named in full, and harms those in it alone") {
    Reeve reeve;
    reeve.service("a", std::string(sleeps) + "depends_on = b\n");
    reeve.service("b", std::string(sleeps) + "depends_on = c\n");
    reeve.service("c", std::string(sleeps) + "depends_on = a\n");
    reeve.service("free", sleeps);
    reeve.start();
    CHECK(reeve.reaches("free", "running"));
    for (const char* name : {"a", "b", "c"}) CHECK(reeve.reaches(name, "invalid"));
    const std::string said = reeve.process().err();
    INFO(said);
    CHECK(said.find("a -> b -> c -> a") != std::string::npos);
    CHECK(reeve.svctl({"check", reeve.services()}).status == 1);
    reeve.service("c", sleeps);
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.reaches("a", "running"));
}

TEST_CASE("a reload that would close a cycle leaves what runs as it is") {
    Reeve reeve;
    reeve.service("a", std::string(sleeps) + "depends_on = b\n");
    reeve.service("b", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("a", "running"));
    const pid_t a = reeve.pid_of("a");
    const pid_t b = reeve.pid_of("b");
    reeve.service("b", std::string(sleeps) + "depends_on = a\n");
    const Output output = reeve.svctl({"reload"});
    INFO(output.out << output.err);
    CHECK(output.status == 1);
    CHECK((output.out + output.err).find(" -> ") != std::string::npos);
    CHECK(reeve.pid_of("a") == a);
    CHECK(reeve.pid_of("b") == b);
    CHECK(reeve.state("a") == "running");
    CHECK(reeve.state("b") == "running");
}

TEST_CASE("a dependency that does not exist makes the service invalid until it does") {
    Reeve reeve;
    reeve.service("web", std::string(sleeps) + "depends_on = databse\n");
    reeve.service("database", sleeps);
    reeve.start();
    CHECK(reeve.reaches("web", "invalid"));
    const std::string reason = reeve.field("web", "reason");
    INFO(reason);
    CHECK(reason.find("databse") != std::string::npos);
    CHECK(reason.find("did you mean database?") != std::string::npos);
    reeve.service("databse", sleeps);
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.reaches("web", "running"));
}

TEST_CASE("what was stopped by hand stays so through a reload") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(reeve.svctl({"down", "web"}).status == 0);
    reeve.service("web", "exec = sleep 1001\n");
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.state("web") == "stopped");
    CHECK(reeve.field("web", "want") == "down");
}

TEST_CASE("what failed under the old definition is tried again under the new one") {
    Reeve reeve;
    reeve.service("web", "command = exit 1\nretries = 1\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "failed"));
    reeve.service("web", sleeps);
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.reaches("web", "running"));
}

TEST_CASE("a withdrawn version gives way, a later one takes over") {
    Reeve reeve;
    reeve.service("web", "command = echo one > {dir}/version; exec sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.has_lines("version", 1));
    REQUIRE(reeve.reaches("web", "running"));
    pid_t pid = reeve.pid_of("web");
    reeve.service("web+v2", "command = echo two > {dir}/version; exec sleep 1000\n");
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(wait_until([&] { return reeve.text_of("version") == "two\n"; }));
    REQUIRE(reeve.runs_anew("web", pid));
    CHECK(reeve.field("web", "version") == "v2");
    pid = reeve.pid_of("web");
    reeve.service("web+v2", "type = fake\n");
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(wait_until([&] { return reeve.text_of("version") == "one\n"; }));
    CHECK(reeve.runs_anew("web", pid));
}

TEST_CASE("a service directory that has vanished harms nothing that runs") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.pid_of("web");
    const std::string elsewhere = reeve.file("elsewhere");
    REQUIRE(rename(reeve.services().c_str(), elsewhere.c_str()) == 0);
    const Output output = reeve.svctl({"reload"});
    INFO(output.out << output.err);
    CHECK(output.status == 1);
    CHECK((output.out + output.err).find(reeve.services()) != std::string::npos);
    CHECK(reeve.pid_of("web") == pid);
    CHECK(alive(pid));
}
