#include "catch.h"
#include "host/host_fixture.h"
#include "host/runlog.h"

using namespace reeve;

namespace {

Service started_at(int64_t unix_seconds) {
    Service service;
    service.name = "web";
    service.started_wall = {unix_seconds * 1000 + 5};
    return service;
}

}  // namespace

TEST_CASE("a run's log is LOGDIR/NAME/UNIXTIME.log, made with its directories") {
    const TemporaryDirectory directory;
    const std::string logs = directory / "a/b/log";
    Result<Fd> log = open_run_log(logs, started_at(1795180000));
    REQUIRE(log);
    REQUIRE(write(log->get(), "hello\n", 6) == 6);
    CHECK(reeve::test::read_file(logs + "/web/1795180000.log") == "hello\n");
}

TEST_CASE("a second run within a second appends to the first one's log") {
    const TemporaryDirectory directory;
    for (int i = 0; i < 2; ++i) {
        Result<Fd> log = open_run_log(directory.path(), started_at(5));
        REQUIRE(log);
        REQUIRE(write(log->get(), "x\n", 2) == 2);
    }
    CHECK(reeve::test::read_file(directory / "web/5.log") == "x\nx\n");
}

TEST_CASE("only the newest run logs are kept, and other files are left alone") {
    const TemporaryDirectory directory;
    for (const int64_t time : {9, 10, 8, 100})
        REQUIRE(open_run_log(directory.path(), started_at(time)));
    directory.file("web/notes.log", "mine");
    directory.file("web/7.txt", "mine");
    prune_run_logs(directory.path(), started_at(100), 2);
    CHECK_FALSE(reeve::test::exists(directory / "web/8.log"));
    CHECK_FALSE(reeve::test::exists(directory / "web/9.log"));
    CHECK(reeve::test::exists(directory / "web/10.log"));
    CHECK(reeve::test::exists(directory / "web/100.log"));
    CHECK(reeve::test::exists(directory / "web/notes.log"));
    CHECK(reeve::test::exists(directory / "web/7.txt"));
}

TEST_CASE("a log directory that cannot be made is an error with its path") {
    const TemporaryDirectory directory;
    const std::string file = directory.file("plain", "");
    const Result<Fd> log = open_run_log(file, started_at(1));
    REQUIRE_FALSE(log);
    CHECK(log.error().code == ENOTDIR);
}
