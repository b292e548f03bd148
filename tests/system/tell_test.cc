// svctl: the commands that tell what happened, and what would: plan, events, history, run, graph,
// boot, logs. In text and in JSON, alive and from the files of a reeve that was killed.

#include <algorithm>
#include <csignal>
#include <sstream>
#include <unistd.h>

#include "catch.h"
#include "support/json.h"
#include "support/procfs.h"
#include "support/pty.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

constexpr char sleeps[] = "exec = sleep 1000\n";
constexpr char utf8[] = "LC_ALL=C.UTF-8";
constexpr char ascii[] = "LC_ALL=C";

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

Strings lines_of(const std::string& text) {
    Strings lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

// The line that begins with these words; empty where there is none.
std::string line_with(const std::string& text, const std::string& start) {
    for (const std::string& line : lines_of(text))
        if (line.starts_with(start)) return line;
    return {};
}

// svctl as a process of its own, for what goes on until it is ended.
Process following(const Reeve& reeve, const Strings& words) {
    Launch launch{.arguments = {reeve_binary(), "svctl"}};
    launch.arguments.insert(launch.arguments.end(), words.begin(), words.end());
    launch.environment = {"REEVE_RUN=" + reeve.run_directory()};
    return Process(launch);
}

// What is to be seen on a terminal of that width.
std::string on_terminal(const Reeve& reeve, const Strings& words, int columns) {
    Pty pty;
    Launch launch{.arguments = {"sh", "-c", "stty cols $0 && exec \"$@\"", std::to_string(columns),
                                reeve_binary(), "svctl"}};
    launch.arguments.insert(launch.arguments.end(), words.begin(), words.end());
    launch.environment = {"REEVE_RUN=" + reeve.run_directory(), "NO_COLOR=1", utf8};
    launch.terminal = pty.path();
    run(launch);
    std::string screen = pty.screen();
    std::erase(screen, '\r');
    return screen;
}

// In characters: bytes 10xxxxxx begin none (UTF-8).
size_t widest_line(const std::string& text) {
    size_t widest = 0;
    for (const std::string& line : lines_of(text)) {
        const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
        widest =
            std::max(widest, static_cast<size_t>(std::count_if(line.begin(), line.end(), begins)));
    }
    return widest;
}

// web depends on app and cache, which both depend on db; web comes after job.
void write_shop(const Reeve& reeve) {
    reeve.service("db", std::string(sleeps) + "group = shop\n");
    reeve.service("cache", std::string(sleeps) + "depends_on = db\n");
    reeve.service("app", std::string(sleeps) + "depends_on = cache db\ngroup = shop\n");
    reeve.service("web", std::string(sleeps) + "depends_on = app cache\nafter = job\n");
    reeve.service("job", "exec = true\ntype = oneshot\n");
}

}  // namespace

TEST_CASE("plan tells what reload would do, and does nothing of it") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.service("same", sleeps);
    reeve.service("old", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("old", "running"));
    const Output nothing = reeve.svctl({"plan"});
    CHECK(nothing.status == 0);
    CHECK(nothing.out == "reload would change nothing\n");
    CHECK(reeve.svctl({"--json", "plan"}).out == "[]\n");

    const pid_t pid = reeve.pid_of("web");
    reeve.service("web", "exec = sleep 1001\non_change = restart\n");
    reeve.service("new", sleeps);
    REQUIRE(unlink((reeve.services() + "/old").c_str()) == 0);
    const Output plan = reeve.svctl({"plan"});
    INFO(plan.out << plan.err);
    CHECK(plan.status == 0);
    CHECK(plan.err.empty());
    CHECK(lines_of(plan.out) == Strings{"ACTION   NAME  REASON", "start    new",
                                        "stop     old   its file is gone",
                                        "restart  web   its definition changed"});
    const Output json = reeve.svctl({"--json", "plan"});
    CHECK(is_json(json.out));
    CHECK(mentions(json.out, "{\"name\": \"old\", \"action\": \"stop\", "
                             "\"reason\": \"its file is gone\"}"));
    CHECK(reeve.pid_of("web") == pid);
    CHECK(reeve.state("new").empty());
    CHECK(reeve.state("old") == "running");
    // What was said comes to pass.
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.pid_of("web") != pid);
    CHECK(reeve.reaches("new", "running"));
    CHECK(reeve.svctl({"plan"}).out == "reload would change nothing\n");
}

TEST_CASE("plan tells all errors, and exits 1") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    reeve.service("web", "exe = sleep 1000\nrestrat = never\n");
    for (const Strings& words : {Strings{"plan"}, Strings{"--json", "plan"}}) {
        const Output plan = reeve.svctl(words);
        INFO(plan.out << plan.err);
        CHECK(plan.status == 1);
        CHECK(mentions(plan.err, "web:1: unknown key 'exe' (did you mean exec?)\n"));
        CHECK(mentions(plan.err, "web:2: unknown key 'restrat' (did you mean restart?)\n"));
        CHECK(mentions(plan.out, "refuse"));
    }
    CHECK(reeve.state("web") == "running");
    CHECK(reeve.svctl({"plan", "web"}).status == 2);
    reeve.kill();
    CHECK(reeve.svctl({"plan"}).status == 7);
    CHECK(reeve.svctl({"--json", "plan"}).out.empty());
}

TEST_CASE("events are a line each, of all or of those that are named, also by label") {
    Reeve reeve;
    write_shop(reeve);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const Output all = reeve.svctl({"events"});
    INFO(all.out << all.err);
    CHECK(all.status == 0);
    CHECK(mentions(all.out, "Z web: stopped -> waiting: needs app\n"));
    CHECK(mentions(all.out, "Z web: starting -> running: ready\n"));
    CHECK(mentions(all.out, "Z job: running -> done: exit 0\n"));
    const Output label = reeve.svctl({"events", "@shop"});
    CHECK(label.status == 0);
    CHECK(mentions(label.out, " db: "));
    CHECK(mentions(label.out, " app: "));
    CHECK_FALSE(mentions(label.out, " web: "));
    const Output json = reeve.svctl({"--json", "events", "job"});
    const Strings objects = lines_of(json.out);
    REQUIRE(objects.size() >= 3);
    for (const std::string& object : objects) {
        CHECK(is_json(object));
        for (const char* key : {"time", "name", "instance", "from", "to", "reason"})
            CHECK(json_member(object, key));
        CHECK(json_member(object, "name") == "job");
    }
    CHECK(json_member(objects.back(), "to") == "done");
}

TEST_CASE("events of a name that nobody has are a mistake, and are not followed") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    const Output wrong = reeve.svctl({"events", "-f", "webb"});
    CHECK(wrong.status == 4);
    CHECK(wrong.err == "svctl: no such service: webb (did you mean web?)\n");
    CHECK(wrong.out.empty());
    const Output both = reeve.svctl({"events", "web", "nosuch"});
    CHECK(both.status == 4);
    CHECK(mentions(both.out, " web: "));
    reeve.kill();
    CHECK(reeve.svctl({"events"}).status == 7);
    CHECK(reeve.svctl({"events", "web"}).status == 7);
}

TEST_CASE("events -f tells each event as it happens, until reeve ends") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.service("other", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    Process events = following(reeve, {"events", "-f", "web"});
    Process json = following(reeve, {"--json", "events", "-f"});
    REQUIRE(wait_until([&] {
        return mentions(events.out(), "running: ready\n") && mentions(json.out(), "\"running\"");
    }));
    kill(reeve.pid_of("web"), SIGKILL);
    CHECK(wait_until([&] { return mentions(events.out(), "running -> backoff: signal KILL"); }));
    CHECK(wait_until([&] { return mentions(json.out(), "\"to\": \"backoff\""); }));
    CHECK(events.running());
    CHECK(reeve.svctl({"restart", "other"}).status == 0);
    CHECK_FALSE(mentions(events.out(), "other"));
    CHECK(reeve.stop() == 0);
    CHECK(events.wait() == 0);
    CHECK(json.wait() == 0);
    CHECK(mentions(events.out(), "-> stopped: reeve shuts down\n"));
    CHECK(events.err().empty());
    for (const std::string& line : lines_of(json.out())) CHECK(is_json(line));
}

TEST_CASE("history shows how long runs took beside one another, and which failed") {
    Reeve reeve;
    reeve.service("job", "command = read t c <{dir}/todo; sleep $t; exit $c\ntype = oneshot\n"
                         "enabled = no\nlog = null\n");
    reeve.start();
    for (const char* todo : {"0 0", "0.8 0", "0.8 1"}) {
        write_file(reeve.file("todo"), std::string(todo) + "\n");
        reeve.svctl({"run", "job"});
    }
    const Strings lines = lines_of(reeve.svctl({"history", "job"}).out);
    REQUIRE(lines.size() == 4);
    CHECK(mentions(lines[1], "  #  "));
    CHECK(mentions(lines[2], "  ########"));
    CHECK(mentions(lines[3], "  xxxxxxxx"));
    CHECK_FALSE(mentions(lines[0], "LOG"));
}

TEST_CASE("history has the runs that have ended: when, how long, how") {
    Reeve reeve;
    reeve.service("job", "command = sleep 0.3; exit 3\ntype = oneshot\nenabled = no\n");
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(reeve.svctl({"run", "job"}).status == 1);
    CHECK(reeve.svctl({"run", "job"}).status == 1);
    const Output history = reeve.svctl({"history", "job"});
    INFO(history.out << history.err);
    CHECK(history.status == 0);
    const Strings lines = lines_of(history.out);
    REQUIRE(lines.size() == 3);
    CHECK(lines[0].starts_with("START                 END                   TOOK "));
    CHECK(mentions(lines[1], " xxxxxxx"));
    CHECK(mentions(lines[1], ".log  "));
    CHECK(lines[1].size() > 50);
    CHECK(lines[1].ends_with("  exit 3"));
    CHECK_FALSE(mentions(lines[1], "Z  0"));  // at least 300 ms

    const Output none = reeve.svctl({"history", "web"});
    CHECK(none.status == 0);
    CHECK(none.out.empty());
    CHECK(none.err == "svctl: web: none of its runs has ended yet\n");
    const Output both = reeve.svctl({"history", "job", "web"});
    CHECK(lines_of(both.out).size() == 3);
    CHECK(lines_of(both.out)[1].starts_with("job   2"));
    CHECK(mentions(both.err, "web: none"));
    CHECK(reeve.svctl({"history"}).status == 2);
    CHECK(reeve.svctl({"history", "nosuch"}).status == 4);

    const Output json = reeve.svctl({"--json", "history", "job"});
    CHECK(is_json(json.out));
    for (const char* key :
         {"name", "instance", "start", "end", "took_ms", "pid", "exit", "signal", "reason"})
        CHECK(json_member(json.out, key));
    CHECK(json_member(json.out, "failed") == "true");
    CHECK(exists(reeve.logs() + "/job/" + json_member(json.out, "log").value_or("")));
    CHECK(json_member(json.out, "exit") == "3");
    CHECK(json_member(json.out, "signal") == "null");
    CHECK(std::stoi(*json_member(json.out, "took_ms")) >= 300);
    CHECK(reeve.svctl({"--json", "history", "web"}).out == "[]\n");
}

TEST_CASE("with reeve dead, history, graph and logs tell what is left of it, and exit 7") {
    Reeve reeve;
    write_shop(reeve);
    reeve.service("job", "exec = echo hello\ntype = oneshot\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    REQUIRE(reeve.reaches("job", "done"));
    const std::string alive = reeve.svctl({"history", "job"}).out;
    const std::string tree = reeve.svctl({"graph"}).out;
    reeve.kill();
    const struct {
        Strings words;
        std::string out;
    } cases[] = {{{"history", "job"}, alive}, {{"graph"}, tree}, {{"logs", "job"}, "hello\n"}};
    for (const auto& each : cases) {
        const Output output = reeve.svctl(each.words);
        INFO(each.words.front());
        CHECK(output.status == 7);
        CHECK(output.out == each.out);
        CHECK(output.err == "svctl: reeve is not running; this is what it last wrote\n");
        Strings json = each.words;
        json.insert(json.begin(), "--json");
        CHECK(is_json(reeve.svctl(json).out));
    }
    for (const char* command : {"boot", "events", "run"}) {
        const Output output = reeve.svctl({command, "job"});
        CHECK((output.status == 7 || (command == std::string("boot") && output.status == 2)));
        CHECK(output.out.empty());
    }
    CHECK(reeve.svctl({"boot"}).status == 7);
}

TEST_CASE("the next reeve goes on with the history") {
    Reeve reeve;
    reeve.service("job", "exec = true\ntype = oneshot\nenabled = no\n");
    reeve.start();
    CHECK(reeve.svctl({"run", "job"}).status == 0);
    CHECK(reeve.stop() == 0);
    reeve.start();
    CHECK(reeve.svctl({"run", "job"}).status == 0);
    CHECK(lines_of(reeve.svctl({"history", "job"}).out).size() == 3);
}

TEST_CASE("run starts a job and waits for its end; other services it refuses") {
    Reeve reeve;
    reeve.service("good", "exec = true\ntype = oneshot\nenabled = no\n");
    reeve.service("bad", "command = exit 9\ntype = oneshot\nenabled = no\n");
    reeve.service("slow", "exec = sleep 1000\ntype = oneshot\nenabled = no\n");
    reeve.service("web", std::string(sleeps) + "enabled = no\n");
    reeve.start();
    const Output good = reeve.svctl({"run", "good"});
    CHECK(good.status == 0);
    CHECK(good.out == "good: done\n");
    const Output bad = reeve.svctl({"run", "bad", "good"});
    CHECK(bad.status == 1);
    CHECK(bad.out == "good: done\n");
    CHECK(bad.err == "svctl: bad: failed: exit 9\n");
    const Output web = reeve.svctl({"run", "web"});
    CHECK(web.status == 1);
    CHECK(web.err == "svctl: web: stopped: it is a daemon: svctl up starts it\n");
    CHECK(reeve.state("web") == "stopped");
    CHECK(reeve.svctl({"-t", "300ms", "run", "slow"}).status == 5);
    const Output again = reeve.svctl({"run", "slow"});
    CHECK(again.status == 1);
    CHECK(again.err == "svctl: slow: running: it runs already\n");
    CHECK(reeve.svctl({"run", "nosuch"}).status == 4);
    CHECK(reeve.svctl({"run"}).status == 2);
    const Output json = reeve.svctl({"--json", "run", "good"});
    CHECK(json_member(json.out, "result") == "0");
    CHECK(json_member(json.out, "state") == "done");
}

TEST_CASE("graph is a tree: what is below was told before is not told again") {
    Reeve reeve;
    write_shop(reeve);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    REQUIRE(reeve.reaches("job", "done"));
    const Output plain = reeve.svctl({"graph"}, {ascii});
    CHECK(plain.status == 0);
    CHECK(plain.out == "job  done\n"
                       "web  running\n"
                       "|- app  running\n"
                       "|  |- cache  running\n"
                       "|  |  `- db  running\n"
                       "|  `- db  running\n"
                       "|- cache  running  (see above)\n"
                       "`- after job  done\n");
    const Output drawn = reeve.svctl({"graph", "web"}, {utf8});
    CHECK(drawn.out == "web  running\n"
                       "├─ app  running\n"
                       "│  ├─ cache  running\n"
                       "│  │  └─ db  running\n"
                       "│  └─ db  running\n"
                       "├─ cache  running  (see above)\n"
                       "└─ after job  done\n");
    CHECK(reeve.svctl({"graph", "web"}, {"LC_ALL=", "LC_CTYPE=", "LANG=de_DE.utf8"}).out ==
          drawn.out);
    const Output label = reeve.svctl({"graph", "@shop"}, {ascii});
    CHECK(label.out == "app  running\n|- cache  running\n|  `- db  running\n`- db  running\n"
                       "db  running\n");
}

TEST_CASE("graph has the reason of what is not well, and what a name needs in its objects") {
    if (cannot_run(has_terminals(), "there are no pseudo terminals")) return;
    Reeve reeve;
    write_shop(reeve);
    reeve.service("db", "exec = /no/such/program\nrestart = never\n");
    reeve.start();
    REQUIRE(reeve.reaches("db", "failed"));
    REQUIRE(reeve.reaches("job", "done"));
    const Output graph = reeve.svctl({"graph", "cache"}, {ascii});
    CHECK(graph.status == 0);
    CHECK(graph.out == "cache  waiting  needs db\n`- db  failed  exec /no/such/program: No such "
                       "file or directory, restart = never\n");
    const Output dot = reeve.svctl({"graph", "--dot", "cache"});
    CHECK(dot.out == "digraph services {\n"
                     "    \"cache\" [label=\"cache\\nwaiting\"];\n"
                     "    \"cache\" -> \"db\";\n"
                     "    \"db\" [label=\"db\\nfailed\"];\n"
                     "}\n");
    const Output all = reeve.svctl({"--dot", "graph"});
    CHECK(mentions(all.out, "    \"web\" -> \"job\" [style=dashed];\n"));
    const Output json = reeve.svctl({"--json", "graph", "cache"});
    CHECK(json.out ==
          "[{\"name\": \"cache\", \"state\": \"waiting\", \"depends_on\": [\"db\"], "
          "\"after\": []},\n"
          "{\"name\": \"db\", \"state\": \"failed\", \"depends_on\": [], \"after\": []}]\n");
    const Output wrong = reeve.svctl({"graph", "nosuch"});
    CHECK(wrong.status == 4);
    CHECK(wrong.out.empty());
    CHECK(wrong.err == "svctl: no such service: nosuch\n");
    CHECK(reeve.svctl({"--json", "graph", "nosuch"}).out == "[]\n");
    const std::string narrow = on_terminal(reeve, {"graph", "cache"}, 40);
    INFO(narrow);
    CHECK(widest_line(narrow) == 40);
    CHECK(mentions(narrow, "..."));
}

TEST_CASE("boot shows what the bring-up spent its time on") {
    if (cannot_run(has_terminals(), "there are no pseudo terminals")) return;
    Reeve reeve;
    reeve.service("quick", sleeps);
    reeve.service("slow", "command = sleep 0.7; echo >&3; exec sleep 1000\nready = fd:3\n");
    reeve.service("late", std::string(sleeps) + "depends_on = slow\n");
    reeve.service("off", std::string(sleeps) + "enabled = no\n");
    reeve.start();
    REQUIRE(reeve.reaches("late", "running"));
    const Output boot = reeve.svctl({"boot"}, {ascii});
    INFO(boot.out << boot.err);
    CHECK(boot.status == 0);
    const std::string slow = line_with(boot.out, "slow ");
    CHECK(count(slow, "#") > 40);
    const std::string quick = line_with(boot.out, "quick ");
    CHECK(count(quick, "#") >= 1);
    CHECK(count(quick, "#") < count(slow, "#"));
    const std::string late = line_with(boot.out, "late ");
    CHECK(late.find('#') > slow.find('#') + 40);
    CHECK(widest_line(boot.out) <= 80);
    CHECK(lines_of(boot.out).front().starts_with("NAME "));
    CHECK(lines_of(boot.out).back().starts_with("3 services ready after "));
    CHECK_FALSE(mentions(boot.out, "off"));
    CHECK(mentions(reeve.svctl({"boot"}, {utf8}).out, "████"));

    const Output json = reeve.svctl({"--json", "boot"});
    CHECK(is_json(json.out));
    for (const char* key : {"name", "state", "start", "ready", "start_ms", "ready_ms"})
        CHECK(json_member(json.out, key));
    CHECK(reeve.svctl({"boot", "slow"}).status == 2);
    CHECK(widest_line(on_terminal(reeve, {"boot"}, 50)) == 50);
    const std::string tiny = on_terminal(reeve, {"boot"}, 25);
    CHECK(widest_line(tiny.substr(0, tiny.rfind("3 services"))) <= 25);
}

TEST_CASE("boot tells what is not ready, and that nothing was started") {
    Reeve reeve;
    reeve.service("never", "exec = sleep 1000\nready = fd:3\n");
    reeve.service("broken", "exec = /no/such\nrestart = never\n");
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("broken", "failed"));
    REQUIRE(reeve.reaches("web", "running"));
    const Output boot = reeve.svctl({"boot"}, {ascii});
    INFO(boot.out);
    CHECK(mentions(line_with(boot.out, "never "), "  starting  ."));
    CHECK(mentions(line_with(boot.out, "broken "), "  failed  ."));
    CHECK(mentions(boot.out, "\n1 of 3 services ready after "));
    CHECK(mentions(reeve.svctl({"--json", "boot"}).out, "\"ready\": null"));

    Reeve empty;
    empty.start();
    const Output nothing = empty.svctl({"boot"});
    CHECK(nothing.status == 0);
    CHECK(nothing.out.empty());
    CHECK(
        nothing.err ==
        "svctl: this reeve has brought up nothing; what an earlier one has started is not shown\n");
    CHECK(empty.svctl({"--json", "boot"}).out == "[]\n");
    CHECK(empty.svctl({"graph"}).out.empty());
    CHECK(empty.svctl({"events"}).status == 0);
}

TEST_CASE("logs -n takes the last lines across runs, and the last line needs no end") {
    Reeve reeve;
    reeve.service("job", "command = echo $RUN one; echo $RUN two; printf '%s' three\n"
                         "type = oneshot\nenabled = no\nenv_file = {dir}/run.env\n");
    reeve.start();
    for (const char* run : {"1", "2"}) {
        write_file(reeve.file("run.env"), std::string("RUN=") + run + "\n", 0644);
        CHECK(reeve.svctl({"run", "job"}).status == 0);
        // A file a run is named by the second that it began in.
        const auto after = std::chrono::system_clock::now();
        wait_until([&] {
            return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) >
                   std::chrono::floor<std::chrono::seconds>(after);
        });
    }
    const std::string all = "1 one\n1 two\nthree\n2 one\n2 two\nthree\n";
    CHECK(reeve.svctl({"logs", "job"}).out == all);
    CHECK(reeve.svctl({"logs", "-n", "100", "job"}).out == all);
    CHECK(reeve.svctl({"logs", "-n", "6", "job"}).out == all);
    CHECK(reeve.svctl({"logs", "-n", "5", "job"}).out == all.substr(6));
    CHECK(reeve.svctl({"logs", "-n", "4", "job"}).out == "three\n2 one\n2 two\nthree\n");
    CHECK(reeve.svctl({"logs", "-n3", "job"}).out == "2 one\n2 two\nthree\n");
    CHECK(reeve.svctl({"logs", "job", "-n", "1"}).out == "three\n");
    const Output none = reeve.svctl({"logs", "-n", "0", "job"});
    CHECK(none.status == 0);
    CHECK(none.out.empty());
    CHECK(none.err.empty());
    CHECK(reeve.svctl({"--json", "logs", "-n", "2", "job"}).out ==
          "{\"time\": null, \"name\": \"job\", \"instance\": null, \"line\": \"2 two\"}\n"
          "{\"time\": null, \"name\": \"job\", \"instance\": null, \"line\": \"three\"}\n");
}

TEST_CASE("logs of several services bear their names") {
    Reeve reeve;
    reeve.service("one", "command = echo first; echo second\ntype = oneshot\ngroup = all\n");
    reeve.service("two", "command = echo third\ntype = oneshot\ngroup = all\n");
    reeve.service("mute", "exec = true\ntype = oneshot\n");
    reeve.start();
    for (const char* name : {"one", "two", "mute"}) REQUIRE(reeve.reaches(name, "done"));
    const std::string both = "one | first\none | second\ntwo | third\n";
    CHECK(reeve.svctl({"logs", "one", "two"}).out == both);
    CHECK(reeve.svctl({"logs", "@all"}).out == both);
    CHECK(reeve.svctl({"logs", "-n", "2", "@all"}).out == "one | second\ntwo | third\n");
    CHECK(reeve.svctl({"logs", "one"}).out == "first\nsecond\n");
    const Output mute = reeve.svctl({"logs", "mute"});
    CHECK(mute.status == 0);
    CHECK(mute.out.empty());
    CHECK(mute.err == "svctl: mute: it has written nothing\n");
    const Output some = reeve.svctl({"logs", "one", "nosuch"});
    CHECK(some.status == 4);
    CHECK(mentions(some.out, "first"));
    CHECK(mentions(some.err, "nosuch"));
}

TEST_CASE("logs of what keeps none say in one line why") {
    Reeve reeve;
    reeve.service("quiet", std::string(sleeps) + "log = null\n");
    reeve.service("loud", std::string(sleeps) + "log = inherit\n");
    reeve.service("broken", "exe = sleep\n");
    reeve.service("fine", "command = echo hello\ntype = oneshot\n");
    reeve.start();
    REQUIRE(reeve.reaches("fine", "done"));
    const std::pair<const char*, const char*> cases[] = {
        {"quiet", "its output is thrown away (log = null)"},
        {"loud", "its output goes where reeve's goes (log = inherit)"},
        {"broken", "it has never run: its file has errors (svctl check)"}};
    for (const auto& [name, why] : cases) {
        for (const Strings& words : {Strings{"logs", name}, Strings{"logs", "-f", name}}) {
            const Output output = reeve.svctl(words);
            CHECK(output.status == 1);
            CHECK(output.out.empty());
            CHECK(output.err == std::string("svctl: ") + name + ": " + why + "\n");
        }
    }
    const Output both = reeve.svctl({"logs", "quiet", "fine"});
    CHECK(both.status == 1);
    CHECK(mentions(both.out, "hello\n"));
}

TEST_CASE("logs -f goes on with what comes, through a restart") {
    Reeve reeve;
    reeve.service("web", "command = echo run $(cat {dir}/number); tail -n +1 -f {dir}/said\n");
    write_file(reeve.file("number"), "1");
    write_file(reeve.file("said"), "");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    REQUIRE(wait_until([&] { return mentions(reeve.log_of("web"), "run 1\n"); }));
    Process logs = following(reeve, {"logs", "-f", "web"});
    REQUIRE(wait_until([&] { return logs.out() == "run 1\n"; }));
    Process json = following(reeve, {"--json", "logs", "-f", "-n", "1", "web"});
    REQUIRE(wait_until([&] { return mentions(json.out(), "\"line\": \"run 1\"}\n"); }));
    write_file(reeve.file("number"), "2");
    CHECK(reeve.svctl({"restart", "web"}).status == 0);
    CHECK(wait_until([&] { return logs.out() == "run 1\nrun 2\n"; }));
    CHECK(wait_until([&] { return mentions(json.out(), "\"line\": \"run 2\"}\n"); }));
    run({"sh", "-c", "printf 'half a' >> " + reeve.file("said")});
    CHECK(wait_until([&] { return mentions(reeve.log_of("web"), "half a"); }));
    run({"sh", "-c", "echo ' line' >> " + reeve.file("said")});
    CHECK(wait_until([&] { return logs.out() == "run 1\nrun 2\nhalf a line\n"; }));
    CHECK(logs.running());
    CHECK(logs.err().empty());
}

TEST_CASE("on a narrow terminal the table keeps names, states and as much of the reason as fits") {
    if (cannot_run(has_terminals(), "there are no pseudo terminals")) return;
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.service("broken", "exec = /no/such/program/anywhere/at/all\nrestart = never\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    REQUIRE(reeve.reaches("broken", "failed"));
    const std::string narrow = on_terminal(reeve, {}, 44);
    INFO(narrow);
    const Strings lines = lines_of(narrow);
    REQUIRE(lines.size() == 4);
    CHECK(lines[0].starts_with("NAME    STATE    "));
    CHECK(lines[1].starts_with("broken  failed   "));
    CHECK(lines[1].ends_with("..."));
    CHECK(lines[1].size() == 44);
    CHECK(lines[2].starts_with("web     running  "));
    CHECK(lines[3].starts_with("1 of 2 is not well: 1 failed"));
}
