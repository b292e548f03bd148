// svctl logs: what services have written, in all the forms that a log directory can have: files of
// svlog with every stamp, old and present ones, files of runs; merged, cut, followed. Also the last
// lines that why and status show. Most directories are made by hand, and read with no reeve at all.

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.h"
#include "support/json.h"
#include "support/pty.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

constexpr time_t ten_o_clock = 1795168800;  // 2026-11-20T10:00Z

// On that day at ten o'clock and so many seconds, UTC.
std::string at(const std::string& seconds) { return "2026-11-20T10:00:" + seconds + ".000000Z"; }
std::string line(const std::string& seconds, const std::string& text) {
    return at(seconds) + " " + text + "\n";
}

void append(const std::string& path, const std::string& text) {
    const int fd = open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT, 0644);
    REQUIRE(write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    close(fd);
}

// A log directory, and nothing that runs.
struct Logs : Reeve {
    void write(const std::string& service, const std::string& name, const std::string& text) const {
        const std::string directory = logs() + "/" + service;
        if (!exists(directory)) make_directory(directory);
        write_file(directory + "/" + name, text);
    }
    // When the file was written to last: at ten o'clock and so many seconds.
    void written(const std::string& service, const std::string& name, time_t second) const {
        const timespec times[] = {{ten_o_clock + second, 0}, {ten_o_clock + second, 0}};
        const std::string path = logs() + "/" + service + "/" + name;
        REQUIRE(utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
    }
    std::string current(const std::string& service) const {
        return logs() + "/" + service + "/current";
    }
    Output read(Strings words, const Strings& environment = {}) const {
        words.insert(words.begin(), {"logs", "-l", logs()});
        return svctl(words, environment);
    }
    Process follow(Strings words) const {
        words.insert(words.begin(), {reeve_binary(), "svctl", "logs", "-l", logs()});
        return Process({.arguments = words});
    }
    // As svlog does it: whoever looks in between finds no `current`.
    void rotate(const std::string& service, const std::string& seconds) const {
        const std::string old = logs() + "/" + service + "/" + at(seconds) + ".log";
        REQUIRE(rename(current(service).c_str(), old.c_str()) == 0);
        write_file(current(service), "");
    }
};

// web has all three stamps and none, db@1 one form, db@2 a run's file.
void write_shop(const Logs& logs) {
    logs.write("web", at("03") + ".log", line("00", "one") + line("02", "two") + "more of two\n");
    logs.written("web", at("03") + ".log", 2);
    logs.write("web", "current",
               "2026-11-20T12:00:04.000000+02:00 three\n1795168805.000000 four\n");
    logs.write("db@1", "current", line("01", "a") + line("04", "b") + line("06", "c"));
    logs.write("db@2", "1795168802.log", "run\nend");
}

constexpr char stamp_of_three[] = "2026-11-20T12:00:04.000000+02:00";

}  // namespace

TEST_CASE("logs of a service go through its old files to the present one") {
    Logs logs;
    write_shop(logs);
    const Output web = logs.read({"web"});
    CHECK(web.status == 0);
    CHECK(web.err.empty());
    CHECK(web.out == line("00", "one") + line("02", "two") + "more of two\n" + stamp_of_three +
                         " three\n1795168805.000000 four\n");
    CHECK(logs.read({"-n", "1", "web"}).out == "1795168805.000000 four\n");
    CHECK(logs.read({"-n", "3", "web"}).out ==
          std::string("more of two\n") + stamp_of_three + " three\n1795168805.000000 four\n");
    CHECK(logs.read({"-n", "99", "web"}).out == web.out);
    CHECK(logs.read({"db@2"}).out == "run\nend\n");
    // However the directory is named.
    Launch launch{.arguments = {reeve_binary(), "svctl", "logs", "-llog", "db@2"}};
    launch.directory = logs.directory();
    CHECK(run(launch).out == "run\nend\n");
    // A directory that has both forms.
    logs.write("web", "1795168700.log", "once a file a run\n");
    logs.write("web", "1795168900.log", "and again\n");
    CHECK(logs.read({"web"}).out == "once a file a run\n" + web.out + "and again\n");
}

TEST_CASE("logs of instances and services are merged by time, and -n counts what is merged") {
    Logs logs;
    write_shop(logs);
    const std::string merged = "web | " + line("00", "one") + "db@1 | " + line("01", "a") +
                               "db@2 | run\ndb@2 | end\n" + "web | " + line("02", "two") +
                               "web | more of two\n" + "db@1 | " + line("04", "b") + "web | " +
                               stamp_of_three + " three\nweb | 1795168805.000000 four\n" +
                               "db@1 | " + line("06", "c");
    CHECK(logs.read({"web", "db"}).out == merged);
    const std::string last = "web | 1795168805.000000 four\ndb@1 | " + line("06", "c");
    CHECK(logs.read({"-n", "2", "web", "db"}).out == last);
    CHECK(logs.read({"-n", "2", "db", "web"}).out == last);
    CHECK(logs.read({"-n", "100", "web", "db"}).out == merged);
    CHECK(logs.read({"-n", "2", "db"}).out ==
          "db@1 | " + line("04", "b") + "db@1 | " + line("06", "c"));
    CHECK(logs.read({"-n", "1", "db@1"}).out == line("06", "c"));
    // Of all: a question with bounds has an end.
    CHECK(logs.read({"-n", "2"}).out == last);
    CHECK(logs.read({"--since", "2026-11-20T10:00:05Z", "web", "db@1"}).out == last);
}

TEST_CASE("logs --json has a line's time in UTC, and the line without it") {
    Logs logs;
    write_shop(logs);
    logs.write("db@2", "1795168803.log", "2026-11-20T10:00:00.000000Z its own\n\"q\" \\ \x01\n");
    const Output json = logs.read({"--json", "web", "db@2"});
    CHECK(json.status == 0);
    const auto object = [](const std::string& time, const std::string& instance,
                           const std::string& text) {
        return "{\"time\": " + (time.empty() ? "null" : "\"" + at(time) + "\"") + ", \"name\": \"" +
               (instance.empty() ? "web" : "db") +
               "\", \"instance\": " + (instance.empty() ? "null" : "\"" + instance + "\"") +
               ", \"line\": \"" + text + "\"}\n";
    };
    CHECK(json.out == object("00", "", "one") + object("", "2", "run") + object("", "2", "end") +
                          object("02", "", "two") + object("", "", "more of two") +
                          object("", "2", "2026-11-20T10:00:00.000000Z its own") +
                          object("", "2", "\\\"q\\\" \\\\ \\u0001") + object("04", "", "three") +
                          object("05", "", "four"));
    std::string rest = json.out;
    for (size_t end; (end = rest.find('\n')) != rest.npos; rest.erase(0, end + 1))
        CHECK(is_json(rest.substr(0, end)));
}

TEST_CASE("logs --since takes a date, in our zone where it names none, or a duration") {
    Logs logs;
    write_shop(logs);
    const std::string from_three = std::string(stamp_of_three) + " three\n1795168805.000000 four\n";
    for (const char* since : {"2026-11-20T10:00:03Z", "2026-11-20T10:00:03.5Z",
                              "2026-11-20T11:00:04+01:00", "2026-11-20T05:00:04-05:00"}) {
        INFO(since);
        CHECK(logs.read({"--since", since, "web"}).out == from_three);
    }
    CHECK(logs.read({"--since=2026-11-20T12:00:03", "web"}, {"TZ=EET-2"}).out == from_three);
    CHECK(logs.read({"--since=2026-11-20T07:00:03", "web"}, {"TZ=EST5"}).out ==
          logs.read({"--since=2026-11-20T12:00:03Z", "web"}).out);
    CHECK(logs.read({"--since", "2026-11-20T10:00Z", "-n", "1", "web"}).out ==
          "1795168805.000000 four\n");
    CHECK(logs.read({"--since", "2026-11-20T10:00:05Z", "-n", "9", "web"}).out ==
          "1795168805.000000 four\n");
    // In the middle of an old file.
    CHECK(logs.read({"--since", "2026-11-20T10:00:01Z", "web"}).out ==
          line("02", "two") + "more of two\n" + from_three);
    const Output late = logs.read({"--since", "2126-01-01T00:00", "web"});
    CHECK(late.status == 0);
    CHECK(late.out.empty());
    CHECK(late.err == "svctl: web: it has written nothing since then\n");
    const auto now = std::to_string(time(nullptr));
    logs.write("new", "current", "1795168805.000000 old\n" + now + ".000000 new\n");
    // The day of these tests is later than that, or the clock is wrong.
    if (std::stoll(now) > 1795168805 + 3600)
        CHECK(logs.read({"--since", "1h", "new"}).out == now + ".000000 new\n");
    CHECK(mentions(logs.read({"--since", "100d", "new"}).out, "new\n"));
}

TEST_CASE("of lines without stamps --since and --run show the files that may hold what is meant") {
    Logs logs;
    logs.write("web", at("10") + ".log", "one\n");
    logs.write("web", at("20") + ".log", "two\n");
    logs.write("web", "current", "three\nfour\n");
    logs.written("web", at("10") + ".log", 10);
    logs.written("web", at("20") + ".log", 20);
    logs.written("web", "current", 30);
    logs.write("job", "1795168810.log", "a\n");
    logs.written("job", "1795168810.log", 20);
    const std::string perhaps = ": its lines have no stamps (log_time = none, or log = run): whole "
                                "files are shown\n";
    const auto since = [&](const char* second, const char* service) {
        const std::string date = std::string("2026-11-20T10:00:") + second + "Z";
        const Output output = logs.read({"--since", date, service});
        CHECK(output.status == 0);
        return output.out + output.err;
    };
    CHECK(since("15", "web") == "two\nthree\nfour\nsvctl: web" + perhaps);
    CHECK(since("25", "web") == "three\nfour\nsvctl: web" + perhaps);
    CHECK(since("31", "web") == "svctl: web: it has written nothing since then\n");
    CHECK(since("10", "job") == "a\n");
    CHECK(since("15", "job") == "a\nsvctl: job" + perhaps);
    CHECK(since("21", "job") == "svctl: job: it has written nothing since then\n");
    make_directory(logs.run_directory() + "/history");
    for (const char* service : {"web", "job"})
        write_file(logs.run_directory() + "/history/" + service,
                   "start=2026-11-20T10:00:05.000Z end=2026-11-20T10:00:09.500Z exit=1\n"
                   "start=2026-11-20T10:00:10.000Z end=2026-11-20T10:00:25.000Z exit=1\n");
    const Output last = logs.read({"--run", "last", "web"});
    CHECK(last.out == "one\ntwo\nthree\nfour\n");
    CHECK(last.err == "svctl: web" + perhaps);
    const Output before = logs.read({"--run", "2", "web"});
    CHECK(before.out == "one\n");
    CHECK(before.err == "svctl: web" + perhaps);
    // A run's own file needs none.
    const Output own = logs.read({"--run", "last", "job"});
    CHECK(own.out == "a\n");
    CHECK(own.err.empty());
}

TEST_CASE("a date of --since means the zone as it was then, on both sides of a change") {
    Logs logs;
    // Summer time in Berlin began at the second of these, and ended at the fifth.
    const Strings times = {"2026-03-29T00:30:00", "2026-03-29T01:00:00", "2026-03-29T01:30:00",
                           "2026-10-24T23:30:00", "2026-10-25T01:00:00", "2026-10-25T01:30:00"};
    std::string lines;
    for (const std::string& time : times) lines += time + ".000000Z x\n";
    logs.write("web", "current", lines);
    const auto first = [&](const char* since) {
        return logs.read({"--since", since, "web"}, {"TZ=CET-1CEST,M3.5.0,M10.5.0/3"})
            .out.substr(0, times[0].size());
    };
    CHECK(first("2026-03-29T01:30") == times[0]);
    CHECK(first("2026-03-29T01:59") == times[1]);
    CHECK(first("2026-03-29T03:00") == times[1]);
    CHECK(first("2026-03-29T03:30") == times[2]);
    CHECK(first("2026-10-25T01:30") == times[3]);
    CHECK(first("2026-10-25T01:31") == times[4]);
    // It comes twice, and is the first of both: nothing is left out that may be meant.
    CHECK(first("2026-10-25T02:30") == times[4]);
    CHECK(first("2026-10-25T03:00").empty());
}

TEST_CASE("the place of --since in old files is found among many megabytes") {
    Logs logs;
    std::string lines[4];
    for (int i = 0; i < 80000; ++i) {
        char text[64];
        std::snprintf(text, sizeof text, "17951688%02d.%06d line %d\n", i / 1000, i % 1000, i);
        lines[i / 20000] += text;
    }
    logs.write("web", at("19") + ".log", lines[0]);
    logs.write("web", at("39") + ".log", lines[1]);
    logs.write("web", at("59") + ".log", lines[2]);
    logs.write("web", "current", lines[3]);
    const auto first = [&](const char* since) {
        const std::string out = logs.read({"--since", since, "web"}).out;
        return out.substr(0, out.find('\n')) + " of " + std::to_string(count_lines(out));
    };
    CHECK(first("2026-11-20T10:00:30Z") == "1795168830.000000 line 30000 of 50000");
    CHECK(first("2026-11-20T10:00:30.000001Z") == "1795168830.000001 line 30001 of 49999");
    CHECK(first("2026-11-20T10:01:19.000999Z") == "1795168879.000999 line 79999 of 1");
    CHECK(first("2026-11-20T10:00:00Z") == "1795168800.000000 line 0 of 80000");
}

TEST_CASE("logs --run counts runs back from the last") {
    Logs logs;
    write_shop(logs);
    make_directory(logs.run_directory() + "/history");
    write_file(logs.run_directory() + "/history/web",
               "start=2026-11-20T10:00:00.000Z end=2026-11-20T10:00:01.000Z took_ms=1000 pid=1 "
               "exit=1 signal= reason=exit 1\n"
               "start=2026-11-20T10:00:01.900Z end=2026-11-20T10:00:02.100Z took_ms=200 pid=2 "
               "exit=1 signal= reason=exit 1\n"
               "start=2026-11-20T10:00:03.500Z end=2026-11-20T10:00:09.000Z took_ms=5500 pid=3 "
               "exit=1 signal= reason=exit 1\n");
    const std::string third = std::string(stamp_of_three) + " three\n1795168805.000000 four\n";
    CHECK(logs.read({"--run", "last", "web"}).out == third);
    CHECK(logs.read({"--run", "1", "web"}).out == third);
    CHECK(logs.read({"--run=2", "web"}).out == line("02", "two") + "more of two\n");
    CHECK(logs.read({"--run=2", "-n", "1", "web"}).out == "more of two\n");
    // It is over: there is nothing to wait for.
    CHECK(logs.read({"--run=3", "-f", "web"}).out == line("00", "one"));
    const Output none = logs.read({"--run", "4", "web"});
    CHECK(none.status == 1);
    CHECK(none.err == "svctl: web: there is no such run (3 are known)\n");
    CHECK(logs.read({"--run", "last", "db@2"}).out == "run\nend\n");
    CHECK(logs.read({"--run", "last", "--since", "1h", "web"}).status == 2);
}

TEST_CASE("logs --run last of a service that runs is the present run, of files of runs its file") {
    Reeve reeve;
    reeve.service("job", "command = echo $RUN one; echo $RUN two\ntype = oneshot\nenabled = no\n"
                         "env_file = {dir}/run.env\n");
    reeve.start();
    time_t before = 0;
    for (const char* run : {"1", "2"}) {
        // A file a run is named by its second.
        wait_until([&] { return time(nullptr) > before; });
        write_file(reeve.file("run.env"), std::string("RUN=") + run + "\n", 0644);
        CHECK(reeve.svctl({"run", "job"}).status == 0);
        before = time(nullptr);
    }
    CHECK(reeve.svctl({"logs", "--run", "last", "job"}).out == "2 one\n2 two\n");
    CHECK(reeve.svctl({"logs", "--run", "2", "job"}).out == "1 one\n1 two\n");
    CHECK(reeve.svctl({"logs", "--run", "2", "-n", "1", "job"}).out == "1 two\n");
    CHECK(reeve.svctl({"logs", "--run", "3", "job"}).status == 1);
    reeve.kill();
    CHECK(reeve.svctl({"logs", "--run", "1", "job"}).out == "2 one\n2 two\n");
}

TEST_CASE("logs -f goes through rotations, removals and growth, and doubles nothing") {
    Logs logs;
    logs.write("web", "current", line("00", "0"));
    Process follow = logs.follow({"-f", "web"});
    std::string all = line("00", "0");
    const auto reaches = [&] { return wait_until([&] { return follow.out() == all; }); };
    REQUIRE(reaches());
    for (const char* second : {"01", "02", "03", "04"}) {
        // Written on both sides of the rename, and half a line where it is not.
        append(logs.current("web"), line(second, "before"));
        logs.rotate("web", second);
        append(logs.current("web"), at(second) + " ha");
        append(logs.current("web"), "lf\n");
        all += line(second, "before") + line(second, "half");
        if (second[1] == '2') CHECK(reaches());
    }
    CHECK(reaches());
    unlink(logs.current("web").c_str());
    append(logs.current("web"), line("05", "anew"));
    all += line("05", "anew");
    CHECK(reaches());
    // Its log was changed to a file a run.
    logs.write("web", "1795168809.log", "a run\n");
    all += "a run\n";
    CHECK(reaches());
    append(logs.current("web"), line("10", "and back"));
    all += line("10", "and back");
    CHECK(reaches());
    CHECK(follow.err().empty());
    follow.signal(SIGINT);
    CHECK(follow.wait() == 130);
}

TEST_CASE("logs without a name follows all services, each line behind its name") {
    Logs logs;
    write_shop(logs);
    Process all = logs.follow({});
    Process some = logs.follow({"-f", "-n", "1", "web", "late"});
    REQUIRE(wait_until([&] { return mentions(all.out(), "db@1 | " + line("06", "c")); }));
    REQUIRE(wait_until([&] { return some.out() == "1795168805.000000 four\n"; }));
    CHECK(mentions(all.out(), "web | " + line("00", "one")));
    append(logs.current("web"), line("07", "five"));
    append(logs.current("db@1"), line("08", "d"));
    CHECK(wait_until([&] {
        return mentions(all.out(), "web | " + line("07", "five")) &&
               mentions(all.out(), "db@1 | " + line("08", "d"));
    }));
    // Of the two that were named one is not there.
    CHECK(
        wait_until([&] { return some.out() == "1795168805.000000 four\n" + line("07", "five"); }));
    CHECK(some.err() == "svctl: no such service: late\n");
}

TEST_CASE("logs that follow take in what gets its first log later, without reeve") {
    Logs logs;
    // From now on, for what was there before has been told.
    const auto new_line = [](const std::string& text) {
        return std::to_string(time(nullptr) + 1) + ".000000 " + text + "\n";
    };
    Process all = logs.follow({});
    Process web = logs.follow({"-f", "web", "db@1"});
    CHECK(web.wait() == 4);
    REQUIRE(wait_until([&] { return !all.err().empty(); }));
    CHECK(all.err() == "svctl: there is no service whose output could be read yet\n");
    const std::string one = new_line("one");
    logs.write("web", "current", line("00", "long ago") + one);
    REQUIRE(wait_until([&] { return all.out() == "web | " + one; }));
    // Of one that was named also the instances; it stands behind its name once there are several.
    Process named = logs.follow({"-f", "-n", "1", "web"});
    REQUIRE(wait_until([&] { return named.out() == one; }));
    const std::string two = new_line("two");
    logs.write("web@2", "current", two);
    logs.write("other", "current", "");
    REQUIRE(wait_until([&] { return named.out() == one + "web@2 | " + two; }));
    REQUIRE(wait_until([&] { return all.out() == "web | " + one + "web@2 | " + two; }));
    // All of it is gone: what comes instead is gone on with.
    REQUIRE(std::filesystem::remove_all(logs.logs()) > 0);
    make_directory(logs.logs());
    const std::string three = new_line("three");
    logs.write("other", "current", three);
    CHECK(wait_until([&] { return mentions(all.out(), "other | " + three); }));
    CHECK_FALSE(mentions(named.out(), "other"));
    CHECK(all.running());
    CHECK(named.err().empty());
}

TEST_CASE("logs that follow take in services that are added or log to files now, with reeve") {
    Reeve reeve;
    reeve.service("web", "command = echo up; exec sleep 1000\ngroup = shop\n");
    reeve.service("late", "command = echo late; exec sleep 1000\nlog = null\n");
    reeve.start();
    const auto follow = [&](const Strings& words) {
        Strings all = {reeve_binary(), "svctl", "-r", reeve.run_directory(), "logs"};
        all.insert(all.end(), words.begin(), words.end());
        return Process({.arguments = all});
    };
    Process all = follow({});
    Process shop = follow({"-f", "@shop"});
    REQUIRE(wait_until([&] { return all.out() == "web | up\n" && shop.out() == "up\n"; }));
    reeve.service("db", "command = echo two; exec sleep 1000\ngroup = shop\n");
    reeve.service("new", "command = echo new; exec sleep 1000\n");
    reeve.service("late", "command = echo late; exec sleep 1000\nlog = run\n");
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(wait_until(
        [&] { return mentions(all.out(), "new | new\n") && mentions(all.out(), "db | two\n"); }));
    CHECK(wait_until([&] { return shop.out() == "up\ndb | two\n"; }));
    // It was known all the time, and had no log.
    CHECK_FALSE(mentions(all.out(), "late"));
    CHECK(reeve.svctl({"restart", "late"}).status == 0);
    CHECK(wait_until([&] { return mentions(all.out(), "late | late\n"); }));
    // What goes away goes quietly.
    unlink((reeve.services() + "/new").c_str());
    CHECK(reeve.svctl({"reload"}).status == 0);
    REQUIRE(wait_until([&] { return reeve.state("new").empty(); }));
    CHECK(reeve.svctl({"restart", "late"}).status == 0);
    CHECK(wait_until([&] { return count_lines(all.out()) == 5; }));
    CHECK(all.err().empty());
    CHECK(shop.err().empty());
    CHECK(all.running());
}

TEST_CASE("logs -f ends when nobody reads any more") {
    Logs logs;
    write_shop(logs);
    for (const bool ignores_pipe : {false, true}) {
        int ends[2];
        REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
        Launch launch{
            .arguments = {reeve_binary(), "svctl", "logs", "-l", logs.logs(), "-f", "web"}};
        launch.prepare = [&] {
            dup2(ends[1], 1);
            if (ignores_pipe) signal(SIGPIPE, SIG_IGN);
        };
        Process follow(launch);
        close(ends[1]);
        char byte;
        CHECK(read(ends[0], &byte, 1) == 1);
        CHECK(follow.running());
        close(ends[0]);
        CHECK(follow.wait() == 0);
    }
}

TEST_CASE("logs that cannot be written where they are to go fail, and follow no more") {
    if (cannot_run(exists("/dev/full"), "needs /dev/full")) return;
    Logs logs;
    write_shop(logs);
    for (const char* option : {"-n1", "-f", "--json"}) {
        Launch launch{
            .arguments = {reeve_binary(), "svctl", "logs", "-l", logs.logs(), option, "web"}};
        launch.prepare = [] { dup2(open("/dev/full", O_WRONLY), 1); };
        const Output output = run(launch);
        CHECK(output.status == 1);
        CHECK(output.err == "svctl: write to standard output: No space left on device\n");
    }
    // Whose turn never came is not said to have written nothing.
    std::string many;
    for (int i = 0; i < 10000; ++i) many += line("00", "x");
    logs.write("web", "current", many);
    logs.write("db", "current", line("59", "y"));
    Launch launch{.arguments = {reeve_binary(), "svctl", "logs", "-l", logs.logs(), "web", "db"}};
    launch.prepare = [] { dup2(open("/dev/full", O_WRONLY), 1); };
    CHECK(run(launch).err == "svctl: write to standard output: No space left on device\n");
}

TEST_CASE("logs on a terminal has a colour for each service, but with NO_COLOR") {
    if (cannot_run(has_terminals(), "there are no pseudo terminals")) return;
    Logs logs;
    write_shop(logs);
    for (const bool colour : {true, false}) {
        Pty pty;
        Launch launch{.arguments = {reeve_binary(), "svctl", "logs", "-l", logs.logs(), "-n", "2",
                                    "web", "db"}};
        if (!colour) launch.environment = {"NO_COLOR=1"};
        launch.terminal = pty.path();
        run(launch);
        std::string screen = pty.screen();
        std::erase(screen, '\r');
        CHECK(mentions(screen, colour ? "\33[32mweb | \33[0m1795168805.000000 four\n"
                                      : "web | 1795168805.000000 four\n"));
        CHECK(mentions(screen, colour ? "\33[35mdb@1 | \33[0m2026" : "db@1 | 2026"));
    }
}

TEST_CASE("what logs cannot do it says in one line") {
    Logs logs;
    write_shop(logs);
    const struct {
        Strings words;
        int status;
        std::string error;
    } cases[] = {
        {{"nosuch"}, 4, "no such service: nosuch"},
        {{"-n", "-1", "web"}, 2, "-n takes a number of lines"},
        {{"--since", "yesterday", "web"},
         2,
         "--since takes a duration back from now (10m) or a date (2026-11-20T10:00, "
         "2026-11-20T10:00:00Z)"},
        {{"--since", "2026-02-30T10:00", "web"},
         2,
         "--since takes a duration back from now (10m) or a date (2026-11-20T10:00, "
         "2026-11-20T10:00:00Z)"},
        {{"--run", "first", "web"},
         2,
         "--run takes last, or a number: 1 is the last run, 2 that before"},
        {{"--run", "0", "web"},
         2,
         "--run takes last, or a number: 1 is the last run, 2 that before"},
    };
    for (const auto& each : cases) {
        const Output output = logs.read(each.words);
        CHECK(output.status == each.status);
        CHECK(output.out.empty());
        CHECK(output.err == "svctl: " + each.error + "\n");
    }
    const Output some = logs.read({"nosuch", "db@2"});
    CHECK(some.status == 4);
    CHECK(some.out == "run\nend\n");
    logs.write("mute", "current", "");
    CHECK(logs.read({"mute"}).err == "svctl: mute: it has written nothing\n");
    CHECK(logs.read({"mute"}).status == 0);
    Logs empty;
    const Output nothing = empty.read({"-n", "1"});
    CHECK(nothing.status == 1);
    CHECK(nothing.err == "svctl: there is no service whose output could be read\n");
    CHECK(empty.svctl({"-l", "x", "list"}).err == "svctl: -l is an option of: logs\n");
}

TEST_CASE("with nothing left of reeve, logs are found by the names of their directories") {
    Logs logs;
    write_shop(logs);
    logs.write("not.a.name", "current", "no\n");
    write_file(logs.logs() + "/file", "no\n");
    const std::string variable = "REEVE_LOG=" + logs.logs();
    const Output web = logs.svctl({"logs", "-n", "1", "web"}, {variable});
    CHECK(web.status == 7);
    CHECK(web.out == "1795168805.000000 four\n");
    CHECK(web.err == "svctl: reeve is not running; this is what it last wrote\n");
    CHECK(logs.svctl({"logs", "-n", "99"}, {variable}).out == logs.read({"-n", "99"}).out);
    CHECK_FALSE(mentions(logs.read({"-n", "99"}).out, "no\n"));
    // Other commands have nothing to go by.
    CHECK(
        mentions(logs.svctl({"status", "web"}, {variable}).err, "reeve is not running (no answer"));
}

TEST_CASE("logs that must not be read are told of, and exit 6") {
    if (cannot_run(is_root(), "needs root, to be somebody else")) return;
    Logs logs;
    write_shop(logs);
    Launch launch{.arguments = {reeve_binary(), "svctl", "logs", "-l", logs.logs(), "web", "db@1"}};
    launch.uid = 65534;
    REQUIRE(chmod(logs.current("web").c_str(), 0600) == 0);
    const Output file = run(launch);
    CHECK(file.status == 6);
    CHECK(file.err == "svctl: open " + logs.logs() + "/web: Permission denied\n");
    CHECK(mentions(file.out, "db@1 | " + line("06", "c")));
    REQUIRE(chmod((logs.logs() + "/web").c_str(), 0700) == 0);
    CHECK(run(launch).status == 6);
}

TEST_CASE("why and status show the last lines of what failed") {
    Reeve reeve;
    reeve.service("bad", "command = for i in 1 2 3 4 5 6; do echo line $i; done; "
                         "printf '\\033[1mtab\\there'; exit 3\ntype = oneshot\n");
    reeve.service("web", "exec = sleep 1000\ndepends_on = bad\n");
    reeve.service("quiet", "exec = false\nrestart = never\nlog = null\n");
    reeve.start();
    REQUIRE(reeve.reaches("bad", "failed"));
    REQUIRE(reeve.reaches("quiet", "failed"));
    const Output why = reeve.svctl({"why", "web"});
    INFO(why.out);
    const std::string lines = "  line 3\n  line 4\n  line 5\n  line 6\n  \\x1b[1mtab here\n";
    CHECK(mentions(why.out, "web is waiting: needs bad\nbad is failed: exit 3"));
    CHECK(why.out.ends_with("\n" + lines));
    CHECK_FALSE(mentions(why.out, "line 2"));
    const std::string list =
        R"("last_lines": ["line 3", "line 4", "line 5", "line 6", "\\x1b[1mtab here"]})";
    const Output json = reeve.svctl({"--json", "why", "web"});
    CHECK(is_json(json.out));
    CHECK(mentions(json.out, list));
    CHECK_FALSE(mentions(json.out, "\"log\""));
    const Output status = reeve.svctl({"status", "bad"});
    CHECK(status.out.ends_with("\nlast lines\n" + lines));
    CHECK(mentions(reeve.svctl({"--json", "status", "bad"}).out, list));
    CHECK_FALSE(mentions(reeve.svctl({"--json", "list", "bad"}).out, "last_lines"));
    CHECK(reeve.svctl({"why", "quiet"}).out == "quiet is failed: exit 1, restart = never\n");
    CHECK(mentions(reeve.svctl({"--json", "status", "quiet"}).out, "\"last_lines\": []"));
    // The same from its files; and where these cannot be read there is nothing to show.
    reeve.kill();
    CHECK(reeve.svctl({"why", "web"}).out == why.out);
    CHECK(mentions(reeve.svctl({"--json", "why", "web"}).out, list));
    REQUIRE(rename((reeve.logs() + "/bad").c_str(), (reeve.logs() + "/other").c_str()) == 0);
    write_file(reeve.logs() + "/bad", "");
    CHECK(reeve.svctl({"why", "bad"}).out ==
          why.out.substr(why.out.find("bad is"), why.out.find("  line") - why.out.find("bad is")));
}

TEST_CASE("why shows lines of the last run only, status of any") {
    Reeve reeve;
    make_directory(reeve.run_directory() + "/status");
    const std::string log = reeve.logs() + "/web";
    make_directory(log);
    write_file(log + "/" + at("03") + ".log", line("01", "first run") + line("02", "so it ended"));
    write_file(log + "/current", line("05", "second run"));
    write_file(reeve.run_directory() + "/status/web",
               "name=web\ninstance=\nstate=failed\nwant=up\nreason=exit 1\nlog=" + log +
                   "\nstarted=2026-11-20T10:00:04.500Z\n");
    CHECK(reeve.svctl({"why", "web"}).out ==
          "web is failed: exit 1\n  " + line("05", "second run"));
    CHECK(reeve.svctl({"status", "web"})
              .out.ends_with("last lines\n  " + line("01", "first run") + "  " +
                             line("02", "so it ended") + "  " + line("05", "second run")));
    // Nor is the directory another one while svlog is away.
    write_file(reeve.run_directory() + "/status/web",
               "name=web\ninstance=\nstate=failed\nwant=up\nreason=exit 1\nlog=" + log +
                   " (svlog does not run: nothing is recorded)"
                   "\nstarted=2026-11-20T10:00:04.500Z\n");
    CHECK(reeve.svctl({"why", "web"}).out ==
          "web is failed: exit 1\n  " + line("05", "second run"));
    CHECK(reeve.svctl({"logs", "-n1", "web"}).out == line("05", "second run"));
    // What runs has nothing to explain.
    write_file(reeve.run_directory() + "/status/web",
               "name=web\ninstance=\nstate=running\nwant=up\nreason=\nlog=" + log +
                   "\nstarted=2026-11-20T10:00:04.500Z\n");
    CHECK(reeve.svctl({"why", "web"}).out == "web is running\n");
    // Its output goes elsewhere now.
    write_file(reeve.run_directory() + "/status/web", "name=web\ninstance=\nstate=running\n"
                                                      "want=up\nreason=\nlog=console\n");
    const Output console = reeve.svctl({"logs", "web"});
    CHECK(console.err == "svctl: reeve is not running; this is what it last wrote\n"
                         "svctl: web: its output goes where reeve's goes (log = console)\n");
}
