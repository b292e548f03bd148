// svctl when: expressions and dates without a supervisor.
#include "catch.h"
#include "support/skip.h"
#include "support/supervisor.h"
#include "support/tempdir.h"

using namespace reeve::test;

namespace {

constexpr char madrid[] = "CET-1CEST,M3.5.0,M10.5.0/3";

// No reeve is there, nor any directory of one.
Output when(Strings words, const Strings& environment = {}) {
    const TempDir directory;
    Launch launch;
    launch.arguments = {directory / "svctl", "when"};
    REQUIRE(::symlink(reeve_binary().c_str(), launch.arguments[0].c_str()) == 0);
    launch.arguments.insert(launch.arguments.end(), words.begin(), words.end());
    launch.environment = {"HOME=/nonexistent", "REEVE_RUN=/nonexistent/run",
                          "REEVE_DIR=/nonexistent/services", "TZ=UTC0"};
    launch.environment.insert(launch.environment.end(), environment.begin(), environment.end());
    return run(launch);
}

std::string from_in_madrid(const std::string& expression, const std::string& count,
                           const std::string& from) {
    const Output output = when({expression, count, "--from", from, "--timezone", madrid});
    CHECK(output.status == 0);
    CHECK(output.err == "");
    return output.out;
}

}  // namespace

TEST_CASE("svctl when shows the next dates of an expression, without a supervisor") {
    CHECK(from_in_madrid("0 8 * * mon-fri", "3", "2026-11-27T07:00") ==
          "2026-11-27T08:00:00+01:00\n"
          "2026-11-30T08:00:00+01:00\n"
          "2026-12-01T08:00:00+01:00\n");
    CHECK(from_in_madrid("@yearly", "1", "2026-11-27T07:00:00Z") == "2027-01-01T00:00:00+01:00\n");
    const Output five = when({"*/10 * * * *", "--from=2026-11-30T23:59:30-05:00"});
    CHECK(five.out == "2026-12-01T05:00:00+00:00\n"
                      "2026-12-01T05:10:00+00:00\n"
                      "2026-12-01T05:20:00+00:00\n"
                      "2026-12-01T05:30:00+00:00\n"
                      "2026-12-01T05:40:00+00:00\n");
    const Output now = when({"* * * * *"});
    CHECK(now.status == 0);
    CHECK(count_lines(now.out) == 5);
    const Output many = when({"0 0 29 2 *", "100000", "--from", "2026-01-01T00:00"});
    CHECK(many.status == 0);
    CHECK(count_lines(many.out) > 1900);  // up to the year 9999
    CHECK(many.err == "svctl: when: there is no later one up to the year 9999\n");
}

TEST_CASE("svctl when says so where there are fewer dates than were asked for") {
    const auto fewer = [](const Strings& words, const std::string& dates) {
        const Output output = when(words);
        CHECK(output.status == 0);
        CHECK(output.out == dates);
        CHECK(output.err == "svctl: when: there is no later one up to the year 9999\n");
    };
    fewer({"0 0 1 6 *", "2", "--from", "9999-01-01T00:00"}, "9999-06-01T00:00:00+00:00\n");
    fewer({"* * * * *", "1", "--from", "9999-12-31T23:59"}, "");
    fewer({"3650d", "100000", "--from", "9985-01-01T00:00"}, "9994-12-30T00:00:00+00:00\n");
    const Output all = when({"0 0 1 6 *", "1", "--from", "9999-01-01T00:00"});
    CHECK(all.out == "9999-06-01T00:00:00+00:00\n");
    CHECK(all.err == "");
}

TEST_CASE("svctl when follows a zone through its changes") {
    CHECK(from_in_madrid("0,30 2 * * *", "4", "2026-03-28T12:00") == "2026-03-29T03:00:00+02:00\n"
                                                                     "2026-03-29T03:00:00+02:00\n"
                                                                     "2026-03-30T02:00:00+02:00\n"
                                                                     "2026-03-30T02:30:00+02:00\n");
    CHECK(from_in_madrid("0,30 2 * * *", "1", "2026-03-28T12:00") == "2026-03-29T03:00:00+02:00\n");
    CHECK(from_in_madrid("30 2 * * *", "2", "2026-10-24T12:00") == "2026-10-25T02:30:00+02:00\n"
                                                                   "2026-10-26T02:30:00+01:00\n");
    CHECK(from_in_madrid("@hourly", "3", "2026-10-25T01:30") == "2026-10-25T02:00:00+02:00\n"
                                                                "2026-10-25T02:00:00+01:00\n"
                                                                "2026-10-25T03:00:00+01:00\n");
    // The machine's own zone, where none is named.
    const Output own = when({"0 8 * * *", "1", "--from", "2026-11-30T07:00"}, {"TZ=XST-5:30"});
    CHECK(own.out == "2026-11-30T08:00:00+05:30\n");
    const Output named =
        when({"0 8 * * *", "1", "--from", "2026-11-30T07:00"}, {"TZ=:America/Sao_Paulo"});
    if (cannot_run(exists("/usr/share/zoneinfo/America/Sao_Paulo"), "no zoneinfo")) return;
    CHECK(named.out == "2026-11-30T08:00:00-03:00\n");
}

TEST_CASE("svctl when knows intervals, dates and @reboot") {
    CHECK(from_in_madrid("90m", "3", "2026-03-29T00:00") == "2026-03-29T01:30:00+01:00\n"
                                                            "2026-03-29T04:00:00+02:00\n"
                                                            "2026-03-29T05:30:00+02:00\n");
    CHECK(from_in_madrid("2026-03-29T02:30", "5", "2026-01-01T00:00") ==
          "2026-03-29T03:00:00+02:00\n");
    const Output past = when({"2026-03-29T02:30", "--from", "2026-03-29T02:30"});
    CHECK(past.status == 0);
    CHECK(past.out == "");
    CHECK(past.err == "svctl: when: that date has passed\n");
    const Output reboot = when({"@reboot"});
    CHECK(reboot.status == 0);
    CHECK(reboot.out == "");
    CHECK(reboot.err == "svctl: when: @reboot: when reeve starts\n");
}

TEST_CASE("svctl when tells what is wrong, and where") {
    const auto problem = [](const std::string& expression) {
        const Output output = when({expression});
        CHECK(output.status == 1);
        CHECK(output.out == "");
        return output.err;
    };
    CHECK(problem("5-3 * * * *") == "svctl: when: 5-3 * * * *: column 1: '5-3': a range goes "
                                    "upwards; write 3-5, or 5-59,0-3\n");
    CHECK(problem("0 0 30 2 *") ==
          "svctl: when: 0 0 30 2 *: column 5: there is no day 30 in month 2\n");
    CHECK(problem("") == "svctl: when: : column 1: five fields are needed: minute hour day month "
                         "weekday\n");
    CHECK(problem("2027-02-30T08:00") ==
          "svctl: when: 2027-02-30T08:00: column 9: neither an interval (90m, 1h30m) nor a date in "
          "the calendar (2026-12-01T08:00)\n");
    CHECK(problem("2027x").find(": column 1: neither an interval") != std::string::npos);
    CHECK(problem("0s").find("neither an interval") != std::string::npos);
    CHECK(problem("\x1b[31m * * * *").find('\x1b') == std::string::npos);
    CHECK(problem(std::string(100000, ',')).size() < 200);

    const Output zone = when({"* * * * *", "--timezone", "../../etc/passwd"});
    CHECK(zone.status == 1);
    CHECK(zone.err ==
          "svctl: when: ../../etc/passwd is no name of a zone (such as Europe/Madrid)\n");
    // A TZ that is none is told, and is UTC.
    const Output garbage = when({"0 8 * * *", "1", "--from", "2026-11-30T07:00"}, {"TZ=garbage"});
    CHECK(garbage.status == 0);
    CHECK(garbage.out == "2026-11-30T08:00:00+00:00\n");
    CHECK(garbage.err.ends_with("(TZ)\n"));
    for (const char* count : {"0", "100001", "x", "-1"}) {
        INFO(count);
        CHECK(when({"* * * * *", "--", count}).status == 2);
    }
    CHECK(when({"* * * * *", "--from", "2027-02-30T08:00"}).status == 2);
    CHECK(when({"*", "*", "*", "*", "*"}).status == 2);
    CHECK(when({}).status == 2);
}

TEST_CASE("svctl when speaks JSON as well") {
    const Output output =
        when({"--json", "0 8 * * *", "2", "--from", "2026-11-30T07:00", "--timezone", "UTC"});
    CHECK(output.out == "[{\"time\": \"2026-11-30T08:00:00+00:00\"},\n"
                        "{\"time\": \"2026-12-01T08:00:00+00:00\"}]\n");
    CHECK(when({"--json", "2026-03-29T02:30"}).out == "[]\n");
}
