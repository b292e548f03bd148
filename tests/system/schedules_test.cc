// Schedules, windows and versions as the program runs them: every second, at dates and windows that
// are seconds away.
#include <chrono>
#include <csignal>
#include <ctime>
#include <sstream>

#include "catch.h"
#include "support/json.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::string utc(int seconds_from_now, const char* format = "%Y-%m-%dT%H:%M:%SZ") {
    const std::time_t time = std::time(nullptr) + seconds_from_now;
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    char text[64];
    std::strftime(text, sizeof text, format, &parts);
    return text;
}

// A daily window, both ends seconds from now.
std::string window(int start, int stop) {
    return "timezone = UTC0\nstart_time = " + utc(start, "%T") +
           "\nstop_time = " + utc(stop, "%T") + "\n";
}

std::string next_of(const Reeve& reeve, const std::string& name) {
    const Output output = reeve.svctl({"--json", "next", "1", name});
    return json_member(output.out, "time").value_or(output.out);
}

bool history_tells(const Reeve& reeve, const std::string& name, const std::string& words) {
    return wait_until([&] { return mentions(reeve.svctl({"history", name}).out, words); });
}

constexpr char notes[] = "echo x >>{dir}/ran";

}  // namespace

TEST_CASE("a job runs every so often, and waits between its runs for its next start") {
    Reeve reeve;
    reeve.service("job", std::string("command = ") + notes + "\nevery = 1s\n");
    const auto begin = std::chrono::steady_clock::now();
    reeve.start();
    REQUIRE(reeve.has_lines("ran", 3));
    const auto took = std::chrono::steady_clock::now() - begin;
    CHECK(took >= std::chrono::milliseconds(2900));  // the first after one interval
    CHECK(reeve.reaches("job", "waiting"));
    CHECK(mentions(reeve.field("job", "reason"), "starts at "));
    CHECK(history_tells(reeve, "job", "exit 0"));
    CHECK(wait_until([&] { return reeve.svctl({"status", "job"}).status == 0; }));
}

TEST_CASE("a date brings one run, and one that has passed none") {
    Reeve reeve;
    reeve.service("soon", std::string("command = ") + notes + "\nat = " + utc(8) + "\n");
    reeve.service("gone", "command = echo x >>{dir}/gone\nat = " + utc(-60) + "\n");
    reeve.start();
    CHECK(mentions(reeve.svctl({"next"}).out, "soon"));
    REQUIRE(reeve.has_lines("ran", 1));
    CHECK(reeve.reaches("soon", "done"));
    CHECK(mentions(reeve.field("gone", "reason"), "its schedule has no start left"));
    CHECK_FALSE(exists(reeve.file("gone")));
    CHECK(reeve.svctl({"next"}).out == "nothing is scheduled\n");
    CHECK(reeve.svctl({"status", "soon", "gone"}).status == 0);
}

TEST_CASE("a daemon runs inside its window, and is stopped outside") {
    Reeve reeve;
    reeve.service("now", "exec = sleep 1000\n" + window(-3600, 5));
    reeve.service("later", "exec = sleep 1000\n" + window(3, 3600));
    reeve.start();
    CHECK(reeve.reaches("now", "running"));
    CHECK(reeve.reaches("later", "running"));
    CHECK(reeve.reaches("now", "waiting"));
    CHECK(mentions(reeve.field("now", "reason"), "out of its window, which opens at "));
    const Output why = reeve.svctl({"why", "now"});
    CHECK(mentions(why.out, "(in 22h"));  // nearly a day, less the hour that it was open before
    CHECK(reeve.svctl({"status", "now", "later"}).status == 0);
}

TEST_CASE("svctl up --now runs a daemon outside its window, until that opens or closes") {
    Reeve reeve;
    reeve.service("night", "exec = sleep 1000\n" + window(-7200, -3600));
    reeve.start();
    REQUIRE(reeve.reaches("night", "waiting"));
    const Output refused = reeve.svctl({"up", "night"});
    CHECK(refused.status == 1);
    CHECK(mentions(refused.err, "night: waiting: out of its window, which opens at "));
    CHECK(reeve.svctl({"up", "--now", "night"}).out == "night: running\n");
    // Another reeve knows it as well.
    const pid_t pid = reeve.pid_of("night");
    reeve.kill();
    reeve.start();
    CHECK(reeve.state("night") == "running");
    CHECK(reeve.pid_of("night") == pid);
    CHECK(reeve.svctl({"down", "night"}).status == 0);
    CHECK(reeve.svctl({"next"}).out == "nothing is scheduled\n");
}

TEST_CASE("a version that comes into force starts once the one before is gone") {
    Reeve reeve;
    reeve.service("web", "command = trap 'sleep 0.3; echo old is gone >>{dir}/ran; exit 0' TERM; "
                         "echo old >>{dir}/ran; while :; do sleep 0.1; done\n");
    reeve.service("web+v2",
                  "command = echo new >>{dir}/ran; exec sleep 1000\napply_on = " + utc(4) + "\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(reeve.field("web", "version") == "");
    CHECK(mentions(reeve.svctl({"next"}).out, "web   in force v2\n"));
    REQUIRE(reeve.has_lines("ran", 3));
    CHECK(reeve.text_of("ran") == "old\nold is gone\nnew\n");
    CHECK(reeve.reaches("web", "running"));
    CHECK(reeve.field("web", "version") == "v2");
    CHECK(reeve.svctl({"next"}).out == "nothing is scheduled\n");
}

TEST_CASE("a start that is due while the run before goes on is skipped, and told of") {
    Reeve reeve;
    reeve.service("job", "command = echo x >>{dir}/ran; while ! test -e {dir}/go; do sleep 0.1; "
                         "done\nevery = 1s\n");
    reeve.start();
    REQUIRE(reeve.has_lines("ran", 1));
    CHECK(history_tells(reeve, "job", "skipped: the run before has not ended (overlap)"));
    CHECK(reeve.text_of("ran") == "x\n");
    CHECK(mentions(reeve.svctl({"events", "job"}).out, "skipped"));
    write_file(reeve.file("go"), "");
    CHECK(reeve.has_lines("ran", 2));
}

TEST_CASE("overlap = queue runs once more when the run before has ended, however many were due") {
    Reeve reeve;
    reeve.service("job", "command = echo x >>{dir}/ran; while ! test -e {dir}/go; do sleep 0.1; "
                         "done\nat = " +
                             utc(2) + "\nat = " + utc(3) + "\nat = " + utc(4) +
                             "\noverlap = queue\n");
    reeve.start();
    REQUIRE(reeve.has_lines("ran", 1));
    REQUIRE(history_tells(reeve, "job", "skipped"));
    CHECK(reeve.text_of("ran") == "x\n");
    write_file(reeve.file("go"), "");
    REQUIRE(reeve.has_lines("ran", 2));
    CHECK(reeve.reaches("job", "done"));
    CHECK(reeve.text_of("ran") == "x\nx\n");
}

TEST_CASE("overlap = kill ends the run before") {
    Reeve reeve;
    reeve.service("job", "command = echo x >>{dir}/ran; exec sleep 1000\nevery = 1s\n"
                         "overlap = kill\n");
    reeve.start();
    CHECK(reeve.has_lines("ran", 3));
    CHECK(history_tells(reeve, "job", "stopped"));
}

TEST_CASE("a run that is longer than max_runtime is stopped, and has failed") {
    Reeve reeve;
    reeve.service("job",
                  "exec = sleep 1000\nat = " + utc(2) + "\ncron = @yearly\nmax_runtime = 500ms\n");
    reeve.start();
    CHECK(history_tells(reeve, "job", "ran longer than max_runtime"));
    CHECK(reeve.reaches("job", "waiting"));
    CHECK(reeve.svctl({"status", "job"}).status == 3);
    CHECK(mentions(reeve.svctl({"why"}).out, "job is waiting"));
}

TEST_CASE("a start that was missed while no reeve was there is made up for once") {
    Reeve reeve;
    reeve.service("job", std::string("command = ") + notes +
                             "\ncron = 0 0 1 1 *\ntimezone = UTC0\ncatch_up = yes\n");
    reeve.service("other", "command = echo x >>{dir}/other\ncron = 0 0 1 1 *\n");
    make_directory(reeve.file("state"));
    write_file(reeve.file("state/starts"), "job=2020-06-01T00:00:00.000Z\n"
                                           "gone=2020-06-01T00:00:00.000Z\n");
    reeve.start({"-s", "{dir}/state"});
    REQUIRE(reeve.has_lines("ran", 1));
    REQUIRE(history_tells(reeve, "job", "exit 0"));
    CHECK(reeve.stop() == 0);
    reeve.start({"-s", "{dir}/state"});
    CHECK(mentions(reeve.field("job", "reason"), "starts at "));
    CHECK(reeve.field("job", "started") == "");
    CHECK(reeve.text_of("ran") == "x\n");
    CHECK_FALSE(exists(reeve.file("other")));
}

TEST_CASE("svctl run runs a job now, and its schedule goes on as it was") {
    Reeve reeve;
    reeve.service("job", std::string("command = ") + notes + "\nevery = 1h\n");
    reeve.service("bad", "command = exit 3\ncron = @yearly\n");
    reeve.start();
    const std::string next = next_of(reeve, "job");
    const std::string next_year = next_of(reeve, "bad");
    CHECK(reeve.svctl({"run", "job"}).status == 0);
    CHECK(reeve.text_of("ran") == "x\n");
    const Output bad = reeve.svctl({"run", "bad"});
    CHECK(bad.status == 1);
    CHECK(mentions(bad.err, "exit 3"));
    CHECK(next_of(reeve, "bad") == next_year);
    // By the monotonic clock, which the other may move against by a little.
    CHECK(next_of(reeve, "job").substr(0, 16) == next.substr(0, 16));
}

TEST_CASE("a reeve that takes over goes on with the schedule of the one before") {
    Reeve reeve;
    reeve.service("job", std::string("command = ") + notes + "\nevery = 1h\njitter = 10m\n");
    reeve.start();
    const std::string next = next_of(reeve, "job");
    for (const char* how : {"killed", "reexec"}) {
        INFO(how);
        if (how == std::string("killed")) {
            reeve.kill();
            reeve.start();
        } else {
            CHECK(reeve.svctl({"reexec"}).status == 0);
        }
        CHECK(next_of(reeve, "job").substr(0, 16) == next.substr(0, 16));
    }
    CHECK_FALSE(exists(reeve.file("ran")));
}

TEST_CASE("what is wrong with a schedule is told with its file, line and column") {
    Reeve reeve;
    reeve.service("good", "exec = sleep 1000\n");
    reeve.service("cron", "exec = true\n\ncron = 0 25 * * *\n");
    reeve.service("at", "exec = true\nat = 2027-02-30T00:00\n");
    reeve.service("zone", "exec = true\ncron = @daily\ntimezone = ../../etc/passwd\n");
    reeve.service("day", "exec = true\nweek_days = mon-frx\n");
    reeve.service("time", "exec = true\nstart_time = 25:00\n");
    reeve.service("twin", "exec = sleep 1000\n");
    reeve.service("twin+a", "exec = true\napply_on = 2031-01-01T00:00Z\n");
    reeve.service("twin+b", "exec = true\napply_on = 2031-01-01T01:00+01:00\n");
    reeve.start();
    CHECK(reeve.state("good") == "running");
    const Output check = reeve.svctl({"check"});
    CHECK(check.status == 1);
    const std::string at = reeve.services() + "/";
    CHECK(mentions(check.out, at + "cron:3: cron = 0 25 * * *: column 3: '25': hours are 0-23\n"));
    CHECK(mentions(check.out, at + "at:2: at = 2027-02-30T00:00: column 9: expected a date"));
    CHECK(mentions(check.out, at + "zone:3: timezone = ../../etc/passwd: column 1: "));
    CHECK(mentions(check.out, at + "day:2: week_days = mon-frx: column 1: 'mon-frx' is no day"));
    CHECK(mentions(check.out, at + "time:2: start_time = 25:00: column 1: expected a time of day"));
    CHECK(mentions(check.out, at + "twin+a: apply_on: " + at + "twin+b has the same date\n"));
    CHECK(mentions(check.out, at + "twin+b: apply_on: " + at + "twin+a has the same date\n"));
    CHECK(reeve.state("cron") == "invalid");
    CHECK(reeve.state("twin") == "running");
}
