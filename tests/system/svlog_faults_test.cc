// What svlog and reeve make of it when logs cannot be written, nobody reads them, or somebody has
// taken away what they are written to.

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.h"
#include "support/logs.h"
#include "support/procfs.h"
#include "support/pty.h"
#include "support/skip.h"
#include "support/smalldisk.h"

using namespace reeve::test;

namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// svlog alone, with a plan of the test's own.
struct Alone {
    TempDir directory;
    std::unique_ptr<Process> process;

    Alone() {
        for (const char* name : {"pipes", "logs"}) make_directory(directory / name);
    }
    void plan(const Strings& names) const {
        std::string text = "svlog 1 1000000000\n";
        for (const std::string& name : names) text += name + " file 1000000 10 none\n";
        write_file(directory / "pipes/plan", text);
    }
    std::string pipe(const std::string& name) const {
        return directory / ("pipes/" + name + ".fifo");
    }
    std::string log(const std::string& name) const {
        return read_file(directory / ("logs/" + name + "/current"));
    }
    void start() {
        process = std::make_unique<Process>(Launch{
            .arguments = {reeve_binary(), "svlog", directory / "pipes", directory / "logs"}});
    }
};

// A service that has something to say every now and then.
void start_writing(Reeve& reeve) {
    reeve.service("web", std::string("command = while echo x; do sleep 0.02; done\n") + plain);
    reeve.start();
    REQUIRE(says(reeve, "web", "x\n"));
}

}  // namespace

TEST_CASE("svctl rotate answers when there is a new file, however much is written") {
    Reeve reeve;
    reeve.service("web", counts("web", 0) + "log_max_size = 1G\nlog_keep = 1000\n");
    reeve.start();
    REQUIRE(has_numbers(reeve, "web", 1000));
    for (size_t i = 1; i <= 5; ++i) {
        REQUIRE(reeve.svctl({"rotate", "web"}).status == 0);
        const Strings files = files_of(reeve, "web");
        CHECK(files.size() - (files.back() == "current" ? 1 : 0) == i);
        REQUIRE(reeve.comes_true([&] { return !current_of(reeve, "web").empty(); }));
    }
}

TEST_CASE("svctl rotate begins a new file for a service that has not run yet") {
    Reeve reeve;
    make_directory(reeve.logs() + "/web");
    write_file(reeve.logs() + "/web/current", "of an earlier life\n");
    reeve.service("web", std::string("exec = sleep 1000\nenabled = no\n") + plain);
    reeve.start();
    const Output output = reeve.svctl({"rotate", "web"});
    CHECK(output.status == 0);
    CHECK(output.err.empty());
    REQUIRE(files_of(reeve, "web").size() == 1);
    CHECK(files_of(reeve, "web").front().ends_with("Z.log"));
    CHECK(reeve.log_of("web") == "of an earlier life\n");
    CHECK(reeve.svctl({"rotate", "web"}).status == 0);
}

TEST_CASE("svctl rotate that does not come about says what it waits for") {
    Reeve reeve;
    reeve.service("web", std::string("command = printf half; sleep 1000\n") + plain);
    reeve.start();
    REQUIRE(says(reeve, "web", "half"));
    const Output output = reeve.svctl({"-t", "100ms", "rotate", "web"});
    CHECK(output.status == 5);
    CHECK(contains(output.err,
                   "running: svlog has not begun a new file yet: it may wait for the end of "));
}

TEST_CASE("a rotation that waits for the end of a line comes with it") {
    Reeve reeve;
    reeve.service("web", std::string("command = printf half; cat {dir}/go; sleep 1000\n") + plain);
    REQUIRE(mkfifo(reeve.file("go").c_str(), 0644) == 0);
    reeve.start();
    REQUIRE(says(reeve, "web", "half"));
    Process client(Launch{
        .arguments = {reeve_binary(), "svctl", "-r", reeve.run_directory(), "rotate", "web"}});
    CHECK(reeve.svctl({"-t", "100ms", "rotate", "web"}).status == 5);
    REQUIRE(reeve.svctl({"reexec"}).status == 0);
    CHECK(client.running());
    std::ofstream(reeve.file("go")) << " whole\n";
    CHECK(client.wait() == 0);
    CHECK(reeve.log_of("web") == "half whole\n");
    CHECK(current_of(reeve, "web").empty());
}

TEST_CASE("a rotation ends the line that a service left when the machine died") {
    Reeve reeve;
    make_directory(reeve.logs() + "/web");
    write_file(reeve.logs() + "/web/current", "half");
    reeve.service("web", std::string("exec = sleep 1000\nenabled = no\n") + plain);
    reeve.start();
    CHECK(reeve.svctl({"rotate", "web"}).status == 0);
    CHECK(reeve.log_of("web") == "half\n");
    CHECK(current_of(reeve, "web").empty());
}

TEST_CASE("a log directory that somebody took away is made again at HUP") {
    if (cannot_run(is_root(), "needs root")) return;
    Reeve reeve;
    reeve.service("reeve.conf", "log_user = 3000123:3000123\n");
    start_writing(reeve);
    REQUIRE(std::filesystem::remove_all(reeve.logs() + "/web") > 0);
    REQUIRE(complains(reeve, "its lines go to the console"));
    reeve.signal(SIGHUP);
    CHECK(says(reeve, "web", "x\n"));
}

TEST_CASE("status makes a log directory again, or says why there can be none") {
    if (cannot_run(is_root(), "needs root")) return;
    Reeve reeve;
    reeve.service("reeve.conf", "log_user = 3000123:3000123\n");
    start_writing(reeve);
    REQUIRE(std::filesystem::remove_all(reeve.logs() + "/web") > 0);
    write_file(reeve.logs() + "/web", "in the way");
    const Output output = reeve.svctl({"status", "web"});
    CHECK(contains(output.out, "console (chown " + reeve.logs() + "/web: Not a directory)"));
    REQUIRE(unlink((reeve.logs() + "/web").c_str()) == 0);
    CHECK(contains(reeve.svctl({"status", "web"}).out, "  " + reeve.logs() + "/web\n"));
    CHECK(says(reeve, "web", "x\n"));
}

TEST_CASE("while a file system is read-only lines go to the console, and to files afterwards") {
    if (cannot_run(is_root() && has_mounts(), "needs mounts of its own")) return;
    Reeve reeve;
    const SmallDisk disk(reeve.logs(), "size=1m,mode=755");
    const auto remount = [&](unsigned long flags) {
        return mount("none", reeve.logs().c_str(), "tmpfs", MS_REMOUNT | flags, nullptr) == 0;
    };
    REQUIRE(remount(MS_RDONLY));
    reeve.service("web", std::string("command = while echo x; do sleep 0.02; done\n") + plain);
    reeve.start();
    REQUIRE(reeve.comes_true([&] { return reeve.process().out().starts_with("web | x\n"); }));
    CHECK(reeve.field("web", "log") ==
          "console (mkdir " + reeve.logs() + "/web: Read-only file system)");
    REQUIRE(remount(0));
    REQUIRE(says(reeve, "web", "x\n"));
    CHECK(reeve.field("web", "log") == reeve.logs() + "/web");
}

TEST_CASE("where a file system becomes read-only lines go to the console until it is not") {
    if (cannot_run(is_root() && has_mounts(), "needs mounts of its own")) return;
    Reeve reeve;
    start_writing(reeve);
    const std::string place = reeve.logs() + "/web";
    {
        const SmallDisk disk(place, "size=64k,mode=755,ro");
        REQUIRE(complains(reeve, place + ": Read-only file system; its lines go to the console"));
        CHECK(reeve.comes_true([&] { return reeve.process().out().starts_with("web | x\n"); }));
        CHECK(contains(reeve.svctl({"status", "web"}).out,
                       "console (write to " + place + ": Read-only file system)"));
    }
    CHECK(grows(reeve, "web"));
    CHECK(reeve.comes_true([&] { return reeve.field("web", "log") == place; }));
}

TEST_CASE("a first line of eight bytes is told of like any other") {
    Reeve reeve;
    make_directory(reeve.logs() + "/web");
    make_directory(reeve.logs() + "/web/current");
    reeve.service("web", std::string("command = echo 1234567; sleep 1000\n") + plain);
    reeve.start();
    CHECK(complains(reeve, "/web: Is a directory; its lines go to the console"));
    CHECK(reeve.comes_true([&] { return reeve.process().out() == "web | 1234567\n"; }));
}

TEST_CASE("without svlog no service waits, and what is not recorded is counted and told") {
    Reeve reeve;
    reeve.service("web", counts("web", 0) + "log_max_size = 1G\n");
    reeve.start();
    REQUIRE(has_numbers(reeve, "web", 100));
    const pid_t service = reeve.pid_of("web");
    REQUIRE(reeve.svctl({"down", "svlog"}).status == 0);
    REQUIRE(complains(reeve, "web: svlog does not run: nothing is recorded (svctl status"));
    CHECK(reeve.field("web", "log") ==
          reeve.logs() + "/web (svlog does not run: nothing is recorded)");
    REQUIRE(reeve.svctl({"up", "svlog"}).status == 0);
    REQUIRE(complains(reeve, ": svlog did not run\n"));
    CHECK(reeve.field("web", "log") == reeve.logs() + "/web");
    CHECK(reeve.pid_of("web") == service);
    const size_t before = Numbers(reeve.log_of("web"), "web").whole;
    REQUIRE(has_numbers(reeve, "web", before + 100));
    REQUIRE(reeve.svctl({"down", "web"}).status == 0);
    REQUIRE(reeve.stop() == 0);
    const std::string err = reeve.process().err();
    const size_t told = err.find(" lines not recorded from 2");
    REQUIRE(told != std::string::npos);
    const long lost = std::atol(err.c_str() + err.rfind(' ', told - 1));
    // It stands in the log, too, where they would be.
    std::string log = reeve.log_of("web");
    const size_t place = log.find("reeve: " + std::to_string(lost) + " lines not recorded");
    REQUIRE(place != std::string::npos);
    log.erase(place, log.find('\n', place) + 1 - place);
    const Numbers numbers(log, "web");
    INFO(numbers << '\n' << err);
    CHECK(numbers.back == 0);
    CHECK(numbers.broken == 0);
    // A line that svlog had begun counts on both sides.
    CHECK(std::abs(lost - static_cast<long>(numbers.missing)) <= 2);
}

TEST_CASE("where svlog was told to be down megabytes are written as fast as ever") {
    Reeve reeve;
    reeve.service("web", "type = oneshot\nenabled = no\ncommand = head -c 5000000 /dev/zero | tr "
                         "'\\0' '\\n'\n" +
                             std::string(plain));
    reeve.start();
    REQUIRE(reeve.svctl({"down", "svlog"}).status == 0);
    REQUIRE(reeve.svctl({"up", "web"}).status == 0);
    CHECK(reeve.reaches("web", "done"));
    CHECK(reeve.reaches("svlog", "stopped"));
    REQUIRE(reeve.svctl({"up", "svlog"}).status == 0);
    CHECK(complains(reeve, "web: 5000000 lines not recorded from 2"));
}

TEST_CASE("where svlog cannot be started no service waits for long") {
    Reeve reeve;
    reeve.service("web", "type = oneshot\nenabled = no\ncommand = head -c 5000000 /dev/zero\n" +
                             std::string(plain));
    const std::string copy = reeve.file("copy");
    std::filesystem::copy_file(reeve_binary(), copy);
    Launch launch = reeve.launch();
    launch.arguments[0] = copy;
    reeve.start(launch);
    const pid_t writer = reeve.pid_of("svlog");
    std::filesystem::remove(copy);
    ::kill(writer, SIGKILL);
    REQUIRE(reeve.reaches("svlog", "backoff"));
    REQUIRE(reeve.svctl({"up", "web"}).status == 0);
    CHECK(reeve.reaches("web", "done"));
    CHECK(reeve.state("svlog") != "running");
}

TEST_CASE("what finds no room before the end is counted and told") {
    if (cannot_run(is_root() && has_mounts(), "needs mounts of its own")) return;
    Reeve reeve;
    const SmallDisk disk(reeve.logs(), "size=64k,mode=755");
    disk.fill_room();
    reeve.service(
        "web",
        std::string("command = echo first; cat {dir}/go; touch {dir}/gone; sleep 1000\n") + plain);
    REQUIRE(mkfifo(reeve.file("go").c_str(), 0644) == 0);
    reeve.start();
    REQUIRE(complains(reeve, "its newest lines wait"));
    std::ofstream(reeve.file("go")) << "second\nthird\n";
    REQUIRE(reeve.comes_true([&] { return exists(reeve.file("gone")); }));
    REQUIRE(reeve.stop() == 0);
    INFO(reeve.process().err());
    CHECK(contains(reeve.process().err(), "1 line lost"));
    CHECK(contains(reeve.process().err(), "reeve: web: 2 lines of its log lost: "));
}

TEST_CASE("a console that nobody reads does not keep reeve from ending") {
    Reeve reeve;
    reeve.service("loud", "command = yes\nlog = console\n");
    reeve.service(
        "quiet",
        std::string("command = exec 2>/dev/null; trap 'echo bye; exit' TERM; echo up; while :; do "
                    "sleep 0.05; done\n") +
            plain);
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    Launch launch = reeve.launch();
    launch.descriptors = {{ends[1], 1}};
    reeve.start(launch);
    REQUIRE(says(reeve, "quiet", "up\n"));
    // With the console full svlog reads no more of loud, and its pipe fills up.
    const int pipe_of_loud = open((reeve.run_directory() + "/log/loud.fifo").c_str(), O_RDWR);
    REQUIRE(reeve.comes_true([&] { return !takes_more(ends[1]) && !takes_more(pipe_of_loud); }));
    close(pipe_of_loud);
    CHECK(reeve.stop() == 0);
    CHECK(reeve.log_of("quiet") == "up\nbye\n");
    CHECK(contains(reeve.process().err(), "reeve: loud: "));
    close(ends[0]);
    close(ends[1]);
}

TEST_CASE("on a terminal each service has its colour, unless NO_COLOR says otherwise") {
    if (cannot_run(has_terminals(), "there are no pseudo terminals")) return;
    for (const bool colours : {true, false}) {
        INFO(colours);
        Reeve reeve;
        Pty terminal;
        reeve.service("web", "command = echo hello; sleep 1000\nlog = console\n");
        Launch launch = reeve.launch();
        launch.environment = {colours ? "NO_COLOR=" : "NO_COLOR=1"};
        launch.terminal = terminal.path();
        reeve.start(launch);
        REQUIRE(reeve.comes_true([&] { return contains(terminal.screen(), "hello"); }));
        const size_t at = terminal.screen().find("web");
        CHECK(contains(terminal.screen(), "\033[0mhello") == colours);
        CHECK((at >= 5 && terminal.screen().compare(at - 5, 3, "\033[3") == 0) == colours);
        CHECK(reeve.stop() == 0);
    }
}

TEST_CASE("console lines of two floods are whole, and a quiet service has its turn") {
    Reeve reeve;
    for (const char* name : {"one", "two"})
        reeve.service(name, "exec = {self} --helper lines " + std::string(name) +
                                " 5000 7\nlog = console\n");
    reeve.service("flood", counts("flood", 0) + "log_max_size = 1M\nlog_keep = 1\n");
    reeve.start();
    const std::string last = " 00004999 ";
    REQUIRE(reeve.comes_true([&] {
        const std::string out = reeve.process().out();
        return contains(out, "one" + last) && contains(out, "two" + last) && out.ends_with("\n");
    }));
    std::string one;
    std::string two;
    std::istringstream lines(reeve.process().out());
    for (std::string line; std::getline(lines, line);)
        (line.starts_with("one | ") ? one : two) += line.substr(6) + "\n";
    CHECK(Numbers(one, "one").are_whole());
    CHECK(Numbers(two, "two").are_whole());
}

TEST_CASE("a flood does not keep a quiet service's lines from its file") {
    Reeve reeve;
    reeve.service("flood", std::string("exec = yes\nlog_keep = 1\n") + plain);
    reeve.service("quiet", std::string("command = while read line; do echo $line; done <{dir}/go; "
                                       "sleep 1000\n") +
                               plain);
    REQUIRE(mkfifo(reeve.file("go").c_str(), 0644) == 0);
    reeve.start();
    std::ofstream go(reeve.file("go"));
    REQUIRE(says(reeve, "flood", "y\n"));
    for (const char* line : {"one\n", "two\n", "three\n"}) {
        const auto written = [&] { return status_field(reeve.pid_of("flood"), "State")[0]; };
        go << line << std::flush;
        CHECK(says(reeve, "quiet", line));
        CHECK(written() != 'T');
    }
}

TEST_CASE("svlog with a thousand pipes wakes up for none of them while they are silent") {
    if (cannot_run(exists("/proc/self/status"), "needs /proc")) return;
    Alone svlog;
    Strings names;
    for (int i = 0; i < 1000; ++i) {
        names.push_back("s" + std::to_string(i));
        REQUIRE(mkfifo(svlog.pipe(names.back()).c_str(), 0600) == 0);
    }
    svlog.plan(names);
    svlog.start();
    std::ofstream(svlog.pipe("s999")) << "line\n";
    REQUIRE(wait_until([&] { return svlog.log("s999") == "line\n"; }));
    const auto waits = [&] {
        return status_field(svlog.process->pid(), "voluntary_ctxt_switches");
    };
    CHECK(wait_until([&] {
        const std::string before = waits();
        usleep(500000);
        return waits() == before;
    }));
    svlog.process->signal(SIGTERM);
    CHECK(svlog.process->wait() == 0);
}

TEST_CASE("a pipe that svlog cannot open is tried again, and told of") {
    Alone svlog;
    REQUIRE(symlink("nowhere", svlog.pipe("web").c_str()) == 0);
    svlog.plan({"web"});
    svlog.start();
    REQUIRE(wait_until([&] { return contains(svlog.process->err(), "; it is tried again\n"); }));
    CHECK(contains(svlog.process->err(), "reeve: svlog: " + svlog.pipe("web") + ": "));
    REQUIRE(unlink(svlog.pipe("web").c_str()) == 0);
    REQUIRE(mkfifo(svlog.pipe("web").c_str(), 0600) == 0);
    std::ofstream(svlog.pipe("web")) << "line\n";
    CHECK(wait_until([&] { return svlog.log("web") == "line\n"; }));
}
