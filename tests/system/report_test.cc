// What reeve says of its services on its own output: `report` in reeve.conf.

#include <csignal>

#include "catch.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

bool says(Reeve& reeve, const std::string& words) {
    return reeve.process().err().find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("a crash loop is told of on reeve's own output, once, and so is its end") {
    Reeve reeve;
    reeve.service("web",
                  "command = echo run >> {dir}/runs; test -e {dir}/go && exec sleep 1000; exit 3\n"
                  "restart_delay = 10ms\nrestart_delay_max = 10ms\nreset_after = 2s\n");
    reeve.start();
    REQUIRE(reeve.has_lines("runs", 5));
    CHECK(count(reeve.process().err(), "web is in backoff: exit 3, 1st failure, next try in") == 1);
    CHECK(count(reeve.process().err(), "web") == 1);
    write_file(reeve.file("go"), "");
    CHECK(reeve.comes_true([&] { return says(reeve, "web has recovered: it has run for"); }));
    CHECK(count(reeve.process().err(), "web") == 2);
}

TEST_CASE("a job that fails at each of its runs is told of once, not each time") {
    Reeve reeve;
    reeve.service("job", "command = echo run >> {dir}/runs; exit 3\nevery = 100ms\n");
    reeve.start();
    REQUIRE(reeve.has_lines("runs", 5));
    CHECK(reeve.stop() == 0);
    CHECK(count(reeve.process().err(), "job failed: exit 3") == 1);
    CHECK(count(reeve.process().err(), "job") == 1);
}

TEST_CASE("what gives up is told of, and what is asked for is not") {
    Reeve reeve;
    reeve.service("bad", "exec = false\nretries = 2\nrestart_delay = 10ms\n");
    reeve.service("good", "exec = sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.reaches("bad", "failed"));
    CHECK(reeve.svctl({"restart", "good"}).status == 0);
    CHECK(reeve.stop() == 0);
    CHECK(says(reeve, "bad failed: exit 1, given up after 2 failed runs (retries)"));
    CHECK_FALSE(says(reeve, "good"));
}

TEST_CASE("report = all tells every change, report = none nothing of any service") {
    for (const char* report : {"all", "none"}) {
        Reeve reeve;
        reeve.service("reeve.conf", std::string("log = run\nreport = ") + report + "\n");
        reeve.service("bad", "type = oneshot\nexec = false\npost_stop = false\n");
        reeve.start();
        REQUIRE(reeve.reaches("bad", "failed"));
        CHECK(reeve.stop() == 0);
        const bool all = report == std::string("all");
        CHECK(says(reeve, "bad: stopped -> starting: exec") == all);
        CHECK(says(reeve, "-> failed: exit 1") == all);
        CHECK((count(reeve.process().err(), "bad") > 0) == all);
    }
}

TEST_CASE("of the main of -- CMD nothing is said, as it ends for all to see") {
    Reeve reeve;
    reeve.start(reeve.launch({"--", "sh", "-c", "exit 3"}), false);
    CHECK(reeve.wait() == 3);
    CHECK(reeve.process().err().empty());
}
