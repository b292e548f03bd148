#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "catch.h"
#include "logs/run.h"
#include "support/kernel_fixture.h"

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
    Result<Fd> log = open_run_log(logs, started_at(1795180000), true);
    REQUIRE(log);
    REQUIRE(write(log->get(), "hello\n", 6) == 6);
    CHECK(reeve::test::read_file(logs + "/web/1795180000.log") == "hello\n");
}

TEST_CASE("runs within a second have a file each, and a run's hooks write to its own") {
    const TemporaryDirectory directory;
    const auto say = [&](int64_t ms, bool begins, const char* text) {
        Service service = started_at(0);
        service.started_wall = {ms};
        Result<Fd> log = open_run_log(directory.path(), service, begins);
        REQUIRE(log);
        REQUIRE(write(log->get(), text, 1) == 1);
    };
    const auto text_of = [&](const char* name) {
        return reeve::test::read_file(directory / (std::string("web/") + name));
    };
    say(5100, true, "a");
    say(5100, false, "b");
    say(5250, true, "c");
    say(5250, false, "d");
    say(5907, true, "e");
    say(6007, true, "f");
    // The clock was set back.
    say(5950, true, "g");
    say(5950, false, "h");
    CHECK(text_of("5.log") == "ab");
    CHECK(text_of("5_250.log") == "cd");
    CHECK(text_of("5_907.log") == "e");
    CHECK(text_of("6.log") == "f");
    CHECK(text_of("5_950.log") == "gh");
}

TEST_CASE("a run whose second's first file went already does not take its name") {
    const TemporaryDirectory directory;
    for (const int64_t ms : {5100, 5200, 5300}) {
        Service service = started_at(0);
        service.started_wall = {ms};
        REQUIRE(open_run_log(directory.path(), service, true));
        prune_run_logs(directory.path(), service, 1);
    }
    CHECK_FALSE(reeve::test::exists(directory / "web/5.log"));
    CHECK(reeve::test::exists(directory / "web/5_300.log"));
}

TEST_CASE("the name of a run's file tells when it began, and no other file has one") {
    for (const int64_t ms : {int64_t{0}, int64_t{5000}, int64_t{5007}, int64_t{1795180000999}}) {
        Buffer<48> name;
        append_run_name(name, ms);
        CHECK(run_time_ms(name.view()) == ms);
    }
    for (const char* name : {"5", ".log", "_1.log", "5_.log", "5_1.log", "5_000.log", "5_1000.log",
                             "x.log", "-5.log", "99999999999999999999.log"}) {
        INFO(name);
        CHECK_FALSE(run_time_ms(name));
    }
}

TEST_CASE("a run's log is a file of its own: no FIFO, no link, and writing to it may block") {
    const TemporaryDirectory directory;
    Result<Fd> log = open_run_log(directory.path(), started_at(1), true);
    REQUIRE(log);
    CHECK((fcntl(log->get(), F_GETFL) & (O_NONBLOCK | O_APPEND)) == O_APPEND);
    directory.file("secret", "root's");
    const auto refused = [&](int64_t time) {
        const Result<Fd> opened = open_run_log(directory.path(), started_at(time), false);
        return opened ? 0 : opened.error().code;
    };
    REQUIRE(link((directory / "secret").c_str(), (directory / "web/2.log").c_str()) == 0);
    CHECK(refused(2) == EEXIST);
    REQUIRE(symlink((directory / "secret").c_str(), (directory / "web/3.log").c_str()) == 0);
    CHECK(refused(3) == ELOOP);
    REQUIRE(mkfifo((directory / "web/4.log").c_str(), 0600) == 0);
    CHECK(refused(4) == ENXIO);
    const Fd reader(open((directory / "web/4.log").c_str(), O_RDONLY | O_NONBLOCK));
    CHECK(refused(4) == EEXIST);
    CHECK(reeve::test::read_file(directory / "secret") == "root's");
}

TEST_CASE("only the newest run logs are kept, and other files are left alone") {
    const TemporaryDirectory directory;
    for (const int64_t time : {9, 10, 8, 100})
        REQUIRE(open_run_log(directory.path(), started_at(time), false));
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

TEST_CASE("where far too many run logs are there, the oldest go first, a few at a time") {
    const TemporaryDirectory directory;
    constexpr int files = 3 * static_cast<int>(run_logs_pruned_max_count);
    for (int i = 0; i < files; ++i)
        REQUIRE(open_run_log(directory.path(), started_at(1000 + (i * 7) % files), false));
    const auto is_there = [&](int number) {
        return reeve::test::exists(directory / ("web/" + std::to_string(1000 + number) + ".log"));
    };
    for (int gone = 0; gone < files - 1;) {
        prune_run_logs(directory.path(), started_at(0), 1);
        gone = std::min(gone + static_cast<int>(run_logs_pruned_max_count), files - 1);
        CHECK_FALSE(is_there(gone - 1));
        CHECK(is_there(gone));
    }
}

TEST_CASE("a log directory that cannot be made is an error with its path") {
    const TemporaryDirectory directory;
    const std::string file = directory.file("plain", "");
    const Result<Fd> log = open_run_log(file, started_at(1), true);
    REQUIRE_FALSE(log);
    CHECK(log.error().code == ENOTDIR);
}
