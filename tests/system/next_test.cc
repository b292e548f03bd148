// svctl next: what is to come, in order.
#include <algorithm>
#include <ctime>
#include <sstream>

#include "catch.h"
#include "support/json.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

constexpr char sleeps[] = "exec = sleep 1000\n";

Strings lines_of(const std::string& text) {
    Strings lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

Output next(const Reeve& reeve, Strings words) {
    words.insert(words.begin(), "next");
    return reeve.svctl(words, {"TZ=UTC0"});
}

// Of each line that member of its object.
Strings members(const Output& output, const char* name) {
    Strings found;
    for (const std::string& line : lines_of(output.out))
        found.push_back(json_member(line, name).value_or("?"));
    return found;
}

}  // namespace

TEST_CASE("svctl next shows what is to come of all services, in the order of its time") {
    Reeve reeve;
    reeve.service("daily", "exec = true\ncron = 0 3 * * *\ncron = 0 4 * * *\ntimezone = UTC0\n");
    reeve.service("hourly", "exec = true\nevery = 1h\n");
    reeve.service("office", std::string(sleeps) + "start_time = 03:30\nstop_time = 03:45\n"
                                                  "timezone = UTC0\n");
    reeve.service("web", sleeps);
    reeve.service("off", "exec = true\nevery = 1s\nenabled = no\n");
    reeve.start();
    const Output ten = next(reeve, {});
    CHECK(ten.status == 0);
    CHECK(ten.err == "");
    const Strings lines = lines_of(ten.out);
    REQUIRE(lines.size() == 11);
    CHECK(lines[0].starts_with("TIME"));
    CHECK(lines[0].ends_with("NAME    WHAT"));
    CHECK(std::is_sorted(lines.begin() + 1, lines.end()));
    for (size_t i = 1; i < lines.size(); ++i) {
        CHECK(lines[i].find("+00:00  in ") == 19);
        CHECK(lines[i].find(" off ") == std::string::npos);
        CHECK(lines[i].find(" web ") == std::string::npos);
    }
    const Output json = next(reeve, {"--json", "60"});
    CHECK(is_json(json.out));
    const Strings times = members(json, "time");
    REQUIRE(times.size() == 60);
    CHECK(std::is_sorted(times.begin(), times.end()));
    const Strings names = members(json, "name");
    CHECK(std::count(names.begin(), names.end(), "daily") >= 4);
    CHECK(std::count(names.begin(), names.end(), "hourly") >= 48);
    const Output office = next(reeve, {"--json", "4", "office"});
    CHECK(members(office, "name") == Strings(4, "office"));
    Strings what = members(office, "what");
    std::sort(what.begin(), what.end());
    CHECK(what == Strings{"start", "start", "stop", "stop"});
    CHECK(members(next(reeve, {"--json", "2", "daily"}), "time")[0].ends_with(":00:00.000Z"));
}

TEST_CASE("svctl next says the same as the reason, jitter and all") {
    Reeve reeve;
    for (const char* name : {"a", "b", "c"})
        reeve.service(name, "exec = true\ncron = @daily\nevery = 5h\njitter = 2h\n");
    reeve.start();
    for (const char* name : {"a", "b", "c"}) {
        const Strings times = members(next(reeve, {"--json", "9", name}), "time");
        REQUIRE(times.size() == 9);
        CHECK(std::is_sorted(times.begin(), times.end()));
        CHECK("starts at " + times[0].substr(0, 19) + "Z" == reeve.field(name, "reason"));
    }
}

TEST_CASE("svctl next shows when versions come into force, and what comes of them") {
    Reeve reeve;
    reeve.service("job", "exec = true\ncron = 0 0 1 * *\ntimezone = UTC0\n");
    reeve.service("job+new", "exec = true\ncron = 30 12 31 12 *\ntimezone = UTC0\n"
                             "apply_on = 2098-06-15T00:00Z\n");
    reeve.service("job+fake", "type = fake\napply_on = 2098-06-16T00:00Z\n");
    reeve.service("job+last", "exec = true\napply_on = 2099-02-01T00:00Z\n");
    reeve.service("young", std::string(sleeps) + "apply_on = 2098-07-01T00:00Z\n");
    reeve.start();
    const Output all = next(reeve, {"--json", "100000"});
    const Strings lines = lines_of(all.out);
    REQUIRE(lines.size() > 5);
    const Strings last(lines.end() - 5, lines.end());
    CHECK(last[0].find("2098-06-01T00:00:00.000Z") != std::string::npos);
    CHECK(json_member(last[1], "what") == "in force new");
    CHECK(json_member(last[1], "time") == "2098-06-15T00:00:00.000Z");
    CHECK(json_member(last[2], "name") == "young");
    CHECK(json_member(last[2], "what") == "in force");
    CHECK(json_member(last[3], "time") == "2098-12-31T12:30:00.000Z");
    CHECK(json_member(last[4], "what") == "in force last");
    CHECK(next(reeve, {"young"}).out.find("young  in force\n") != std::string::npos);
}

TEST_CASE("svctl next says what is wrong with its words, and who does not answer") {
    Reeve reeve;
    reeve.service("web", sleeps);
    CHECK(next(reeve, {}).status == 7);
    reeve.start();
    CHECK(next(reeve, {"0"}).status == 2);
    CHECK(next(reeve, {"webb"}).status == 4);
    CHECK(next(reeve, {"webb"}).err.find("did you mean web?") != std::string::npos);
    CHECK(next(reeve, {}).out == "nothing is scheduled\n");
    CHECK(next(reeve, {"--json", "web"}).out == "[]\n");
}

TEST_CASE("svctl next --week is a calendar of seven days in 80 columns") {
    Reeve reeve;
    reeve.service("a-job-with-a-name-that-is-long", "exec = true\ncron = 30 4 * * *\n"
                                                    "timezone = UTC0\n");
    reeve.service("four", "exec = true\ncron = 0,15,30,45 12 * * *\ntimezone = UTC0\n");
    reeve.service("often", "exec = true\nevery = 10s\n");
    reeve.service("night", std::string(sleeps) + "start_time = 21:00\nstop_time = 06:30\n"
                                                 "timezone = UTC0\n");
    reeve.service("web", sleeps);
    reeve.start();
    const Output week = next(reeve, {"--week"});
    CHECK(week.status == 0);
    INFO(week.out);
    const Strings lines = lines_of(week.out);
    REQUIRE(lines.size() == 7);
    for (const std::string& line : lines) CHECK(line.size() <= 80);
    CHECK(std::count(lines[0].begin(), lines[0].end(), '|') == 7);
    CHECK(lines[1].find("|0   12  |0   12  |") != std::string::npos);
    CHECK(lines[2].starts_with("a-job-with-a-nam "));
    CHECK(lines[2].find("| *      | *      |") != std::string::npos);
    CHECK(lines[3].starts_with("four "));
    CHECK(lines[3].find("|    4   |    4   |") != std::string::npos);
    CHECK(lines[4].starts_with("night "));
    CHECK(lines[4].find("|==-    =|==-    =|") != std::string::npos);
    CHECK(lines[5].find("|########|########|") != std::string::npos);
    CHECK(lines[6].starts_with("*, 2 to 9: starts"));
    const Output json = next(reeve, {"--json", "--week", "four"});
    CHECK(members(json, "what") == Strings(28, "start"));
    CHECK(next(reeve, {"--week", "3"}).status == 2);
}

TEST_CASE("svctl check -v shows what the files come to, without a reeve") {
    Reeve reeve;
    reeve.service("job", "exec = true\ncron = 0 3 * * *\ntimezone = UTC0\n");
    reeve.service("office", std::string(sleeps) + "start_time = 08:00\nstop_time = 18:00\n");
    reeve.service("web", sleeps);
    reeve.service("web+v2", std::string(sleeps) + "apply_on = 2099-01-01T00:00Z\n");
    reeve.service("gone", "exec = true\nat = 2001-01-01T00:00Z\n");
    const Output check = reeve.svctl({"check", "-v", reeve.services()}, {"TZ=UTC0"});
    CHECK(check.status == 0);
    const Strings lines = lines_of(check.out);
    REQUIRE(lines.size() == 8);
    for (size_t i = 1; i < 4; ++i) {
        CHECK(lines[i].find("T03:00:00+00:00  in ") == 10);
        CHECK(lines[i].ends_with("  job     start"));
    }
    for (size_t i = 4; i < 7; ++i) CHECK(lines[i].find("  office  st") != std::string::npos);
    CHECK(lines[7].starts_with("2099-01-01T00:00:00+00:00  in "));
    CHECK(lines[7].ends_with("  web+v2  in force v2"));
    CHECK(reeve.svctl({"check", reeve.services()}).out == "");
    const Output json = reeve.svctl({"--json", "check", "-v", reeve.services()});
    CHECK(is_json(json.out));
    CHECK(members(json, "what").size() == 7);
}
