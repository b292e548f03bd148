// Logs that lose nothing: log = file and console, rotation, and svlog, reeve, services and disks
// that go away in the middle of a line.

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.h"
#include "support/logs.h"
#include "support/procfs.h"
#include "support/pty.h"
#include "support/skip.h"
#include "support/smalldisk.h"
#include "support/supervisor.h"

using namespace reeve::test;

TEST_CASE("without a word about it output is in current, each line with the time") {
    Reeve reeve;
    reeve.service("reeve.conf", "");
    reeve.service("web", "command = echo out; echo err >&2; sleep 1000");
    reeve.service("zone", "command = echo out; sleep 1000\nlog_time = local");
    reeve.service("unix", "command = echo out; sleep 1000\nlog_time = unix");
    reeve.service("bare", "command = echo out; sleep 1000\nlog_time = none");
    Launch launch = reeve.launch();
    launch.environment = {"TZ=XST-5:30"};
    reeve.start(launch);
    REQUIRE(says(reeve, "web", "err\n"));
    for (const char* name : {"zone", "unix", "bare"}) REQUIRE(says(reeve, name, "out\n"));
    const std::string time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}";
    CHECK(std::regex_match(current_of(reeve, "web"),
                           std::regex(time + "Z out\n" + time + "Z err\n")));
    CHECK(std::regex_match(current_of(reeve, "zone"), std::regex(time + "\\+05:30 out\n")));
    CHECK(std::regex_match(current_of(reeve, "unix"), std::regex("\\d{10}\\.\\d{6} out\n")));
    CHECK(current_of(reeve, "bare") == "out\n");
    CHECK(reeve.field("web", "log") == reeve.logs() + "/web");
    CHECK(reeve.reaches("svlog", "running"));
    CHECK(reeve.stop() == 0);
    CHECK(reeve.process().err().empty());
}

TEST_CASE("files are rotated under load, and no line is lost, doubled or split") {
    Reeve reeve;
    reeve.service("web", counts("web", 30000) + "log_max_size = 50000\nlog_keep = 1000\n");
    reeve.start();
    REQUIRE(has_numbers(reeve, "web", 30000));
    CHECK(Numbers(reeve.log_of("web"), "web").are_whole());
    const Strings files = files_of(reeve, "web");
    CHECK(files.size() == 60);
    for (const std::string& name : files) {
        const std::string text = read_file(reeve.logs() + "/web/" + name);
        CHECK(text.size() == 50000);
        CHECK(text.ends_with("\n"));
        if (name == files.back()) continue;
        CHECK(std::regex_match(
            name, std::regex("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z\\.log")));
    }
}

TEST_CASE("log_keep old files are kept, and all together no more than log_max_total") {
    Reeve reeve;
    reeve.service("reeve.conf", "log_max_total = 100000\n");
    reeve.service("kept", counts("kept", 1000) + "log_max_size = 10000\nlog_keep = 3\n");
    reeve.start();
    REQUIRE(says(reeve, "kept", "kept 00000999"));
    CHECK(files_of(reeve, "kept").size() == 4);
    reeve.service("many", counts("many", 3000) + "log_max_size = 10000\nlog_keep = 1000\n");
    REQUIRE(reeve.svctl({"reload"}).status == 0);
    REQUIRE(says(reeve, "many", "many 00002999"));
    // The oldest were the other's; what is written to now never goes.
    CHECK(files_of(reeve, "kept") == Strings{"current"});
    CHECK(reeve.log_of("many").size() + reeve.log_of("kept").size() <= 100000);
    CHECK(reeve.log_of("many").size() >= 70000);
    reeve.service("many", counts("many", 3000) + "log_max_size = 10000\nlog_keep = 1\n");
    REQUIRE(reeve.svctl({"reload"}).status == 0);
    const pid_t before = reeve.pid_of("many");
    REQUIRE(reeve.svctl({"restart", "many"}).status == 0);
    CHECK(reeve.runs_anew("many", before));
    CHECK(reeve.comes_true([&] { return files_of(reeve, "many").size() == 2; }));
}

TEST_CASE("svctl rotate begins a new file, of those that have one") {
    Reeve reeve;
    reeve.service("web", std::string("command = echo 1; echo 2; sleep 1000\n") + plain);
    reeve.service("silent", std::string("exec = sleep 1000\n") + plain);
    reeve.service("other", "exec = sleep 1000\nlog = run\n");
    reeve.start();
    REQUIRE(says(reeve, "web", "2\n"));
    const Output output = reeve.svctl({"rotate", "web"});
    CHECK(output.status == 0);
    CHECK(output.err.empty());
    CHECK(reeve.comes_true([&] { return files_of(reeve, "web").size() == 1; }));
    CHECK(files_of(reeve, "web").front().ends_with("Z.log"));
    CHECK(reeve.log_of("web") == "1\n2\n");
    CHECK(reeve.svctl({"rotate"}).status == 0);
    const Output refused = reeve.svctl({"rotate", "other"});
    CHECK(refused.status == 1);
    CHECK(refused.err.find("its log has no files that are rotated") != std::string::npos);
    CHECK(files_of(reeve, "silent").empty());
}

TEST_CASE("a line that has no end when its service has gets one before the next run's") {
    Reeve reeve;
    reeve.service("web", std::string("command = echo begin; printf half; test -e {dir}/again && "
                                     "sleep 1000; touch {dir}/again\n") +
                             plain);
    reeve.start();
    CHECK(says(reeve, "web", "begin\nhalf\nbegin\nhalf"));
    CHECK(reeve.log_of("web") == "begin\nhalf\nbegin\nhalf");
    CHECK(reeve.stop() == 0);
    CHECK(reeve.log_of("web") == "begin\nhalf\nbegin\nhalf\n");
}

TEST_CASE("a hook does not break the line that its service is in the middle of") {
    Reeve reeve;
    REQUIRE(mkfifo(reeve.file("go").c_str(), 0644) == 0);
    reeve.service("web", std::string("command = printf a; cat {dir}/go; sleep 1000\n"
                                     "start_check = echo >>{dir}/checks; test -e {dir}/up\n"
                                     "start_check_interval = 20ms\n") +
                             plain);
    reeve.start();
    REQUIRE(says(reeve, "web", "a"));
    const int checks = count_lines(reeve.text_of("checks"));
    REQUIRE(reeve.has_lines("checks", checks + 2));
    std::ofstream(reeve.file("go")) << "b\n";
    CHECK(says(reeve, "web", "ab\n"));
    write_file(reeve.file("up"), "");
    CHECK(reeve.reaches("web", "running"));
    CHECK(reeve.log_of("web") == "ab\n");
}

TEST_CASE("a hook of a service that runs takes no pipe's place, though that is gone") {
    Reeve reeve;
    reeve.service("web", std::string("command = while echo x; do sleep 0.02; done\n"
                                     "reload_command = echo reloaded\n") +
                             plain);
    reeve.start();
    REQUIRE(says(reeve, "web", "x\n"));
    const pid_t service = reeve.pid_of("web");
    const std::string fifo = reeve.run_directory() + "/log/web.fifo";
    REQUIRE(unlink(fifo.c_str()) == 0);
    REQUIRE(reeve.svctl({"reload", "web"}).status == 0);
    CHECK(reeve.comes_true([&] { return reeve.process().out() == "reloaded\n"; }));
    CHECK_FALSE(exists(fifo));
    CHECK(grows(reeve, "web"));
    CHECK(reeve.pid_of("web") == service);
}

TEST_CASE("small writes, one right behind the other, gather in the pipe") {
    Reeve reeve;
    constexpr int count = 30000;
    reeve.service("web", "exec = {self} --helper lines web " + std::to_string(count) + " 1\n" +
                             plain + "enabled = no\n");
    reeve.start();
    REQUIRE(reeve.reaches("svlog", "running"));
    REQUIRE(reeve.svctl({"up", "web"}).status == 0);
    REQUIRE(has_numbers(reeve, "web", count));
    CHECK(Numbers(reeve.log_of("web"), "web").are_whole());
    const std::string waits = status_field(reeve.pid_of("svlog"), "voluntary_ctxt_switches");
    CHECK(std::atol(waits.c_str()) < count / 20);
}

TEST_CASE("lines of more than 8 KB are split, with a mark") {
    Reeve reeve;
    reeve.service("web",
                  std::string("command = head -c 20000 /dev/zero | tr '\\0' x; echo; head -c 8192 "
                              "/dev/zero | tr '\\0' y; echo; echo end; sleep 1000\n") +
                      plain);
    reeve.start();
    REQUIRE(says(reeve, "web", "end\n"));
    const std::string part = std::string(8192, 'x') + " \\\n";
    CHECK(reeve.log_of("web") == part + part + std::string(20000 - 2 * 8192, 'x') + "\n" +
                                     std::string(8192, 'y') + "\nend\n");
}

TEST_CASE("svlog killed in a flood costs no more than what it had in its hands") {
    Reeve reeve;
    reeve.service("web", counts("web", 0) + "log_max_size = 1G\n");
    reeve.start();
    constexpr size_t kills = 5;
    size_t before = 0;
    for (size_t i = 0; i < kills; ++i) {
        REQUIRE(has_numbers(reeve, "web", before + 5000));
        before = Numbers(reeve.log_of("web"), "web").whole;
        const pid_t writer = reeve.pid_of("svlog");
        ::kill(writer, SIGKILL);
        REQUIRE(reeve.runs_anew("svlog", writer));
    }
    REQUIRE(has_numbers(reeve, "web", before + 5000));
    const pid_t service = reeve.pid_of("web");
    CHECK(reeve.field("web", "restarts") == "0");
    REQUIRE(reeve.svctl({"down", "web"}).status == 0);
    CHECK_FALSE(alive(service));
    REQUIRE(reeve.stop() == 0);
    const Numbers numbers(reeve.log_of("web"), "web");
    INFO(numbers);
    CHECK(numbers.back == 0);
    // Where a gap is, the line before it and the one behind it are one; TERM may cut the last.
    CHECK(numbers.broken <= kills + 1);
    CHECK(numbers.gaps <= kills);
    CHECK(numbers.missing <= kills * (65536 / 100 + 2));
}

TEST_CASE("reeve killed in a flood and started again costs no line") {
    Reeve reeve;
    reeve.service("web", counts("web", 0) + "log_max_size = 1G\nstop_signal = KILL\n");
    reeve.service("ends", std::string("command = printf last; sleep 0.1; exit 1\n") + plain);
    reeve.start();
    size_t before = 0;
    pid_t service = 0;
    for (int i = 0; i < 3; ++i) {
        REQUIRE(has_numbers(reeve, "web", before + 3000));
        before = Numbers(reeve.log_of("web"), "web").whole;
        service = reeve.pid_of("web");
        const pid_t writer = reeve.pid_of("svlog");
        reeve.kill();
        // Nobody is needed for what runs.
        REQUIRE(
            wait_until([&] { return Numbers(reeve.log_of("web"), "web").whole >= before + 3000; }));
        reeve.start();
        CHECK(reeve.pid_of("web") == service);
        CHECK(reeve.pid_of("svlog") == writer);
    }
    CHECK(alive(service));
    REQUIRE(reeve.stop() == 0);
    const Numbers numbers(reeve.log_of("web"), "web");
    INFO(numbers);
    CHECK(numbers.back == 0);
    CHECK(numbers.gaps == 0);
    CHECK(numbers.broken <= 1);
    const std::string ends = reeve.log_of("ends");
    CHECK(count(ends, "last\n") == count(ends, "last"));
}

TEST_CASE("both killed at once, no service gets a SIGPIPE, and what it wrote is there later") {
    Reeve reeve;
    const std::string writes = "while :; do echo x; echo x >>{dir}/alive; sleep 0.01; done";
    reeve.service("web", "command = " + writes + "\n" + plain);
    reeve.service("shown", "command = " + writes + "\nlog = console\n");
    reeve.service("hooked", "reload_command = " + writes + "\nexec = sleep 1000\n" + plain);
    reeve.start();
    REQUIRE(says(reeve, "web", "x\n"));
    REQUIRE(reeve.svctl({"reload", "hooked", "-n"}).status == 0);
    REQUIRE(says(reeve, "hooked", "x\n"));
    const pid_t writer = reeve.pid_of("svlog");
    const Strings names = {"web", "shown", "hooked"};
    std::vector<pid_t> pids;
    for (const std::string& name : names) pids.push_back(reeve.pid_of(name));
    // Neither has a moment to see what becomes of the other.
    for (const pid_t pid : {reeve.pid(), writer}) ::kill(pid, SIGSTOP);
    ::kill(writer, SIGKILL);
    reeve.kill();
    const size_t before = reeve.text_of("alive").size();
    CHECK(wait_until([&] { return reeve.text_of("alive").size() > before + 200; }));
    reeve.start();
    REQUIRE(reeve.runs_anew("svlog", writer));
    CHECK(grows(reeve, "web"));
    CHECK(grows(reeve, "hooked"));
    for (size_t i = 0; i < names.size(); ++i) CHECK(reeve.pid_of(names[i]) == pids[i]);
}

TEST_CASE("a file that was removed is made again at the next line, one that was renamed soon") {
    Reeve reeve;
    reeve.service("web", std::string("command = i=0; while :; do i=$((i+1)); echo $i; sleep 0.02; "
                                     "done\n") +
                             plain);
    reeve.start();
    REQUIRE(says(reeve, "web", "1\n"));
    const std::string path = reeve.logs() + "/web/current";
    REQUIRE(unlink(path.c_str()) == 0);
    REQUIRE(reeve.comes_true([&] { return count_lines(current_of(reeve, "web")) > 2; }));
    const int first = std::atoi(current_of(reeve, "web").c_str());
    REQUIRE(rename(path.c_str(), (path + ".mine").c_str()) == 0);
    REQUIRE(reeve.comes_true([&] { return count_lines(current_of(reeve, "web")) > 2; }));
    REQUIRE(reeve.stop() == 0);
    const std::string all = read_file(path + ".mine") + current_of(reeve, "web");
    std::string expected;
    const int lines = count_lines(all);
    for (int i = 0; i < lines; ++i) expected += std::to_string(first + i) + "\n";
    CHECK(all == expected);
}

TEST_CASE("HUP to reeve makes the files again that were renamed") {
    Reeve reeve;
    reeve.service("web", std::string("command = echo 1; cat {dir}/go; sleep 1000\n") + plain);
    REQUIRE(mkfifo(reeve.file("go").c_str(), 0644) == 0);
    reeve.start();
    REQUIRE(says(reeve, "web", "1\n"));
    const std::string path = reeve.logs() + "/web/current";
    REQUIRE(rename(path.c_str(), (path + ".1").c_str()) == 0);
    reeve.signal(SIGHUP);
    std::ofstream go(reeve.file("go"));
    CHECK(reeve.comes_true([&] {
        go << "2\n" << std::flush;
        return exists(path);
    }));
    go.close();
    CHECK(says(reeve, "web", "2\n"));
}

TEST_CASE("on a full disk the oldest files go first, and nothing else is lost") {
    if (cannot_run(is_root() && has_mounts(), "needs mounts of its own")) return;
    Reeve reeve;
    const SmallDisk disk(reeve.logs(), "size=256k,mode=755");
    reeve.service("web", counts("web", 6000) + "log_max_size = 16K\nlog_keep = 1000\n");
    reeve.start();
    REQUIRE(says(reeve, "web", "web 00005999"));
    const std::string text = reeve.log_of("web");
    const Numbers numbers(text, "web");
    INFO(numbers);
    CHECK(numbers.broken == 0);
    CHECK(numbers.gaps == 1);  // the beginning
    CHECK(numbers.whole > 1600);
    CHECK(reeve.process().err().empty());
}

TEST_CASE("on a full disk the newest lines wait, and what is lost is counted and told") {
    if (cannot_run(is_root() && has_mounts(), "needs mounts of its own")) return;
    Reeve reeve;
    // Has more room, once it is empty, than a pipe that svlog has enlarged: what waits there fits.
    const SmallDisk disk(reeve.logs(), "size=2m,mode=755");
    disk.fill_room();
    reeve.service("web", counts("web", 0) + "log_max_size = 1G\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t service = reeve.pid_of("web");
    REQUIRE(reeve.comes_true(
        [&] { return reeve.process().err().find("its newest lines wait") != std::string::npos; }));
    // It goes on, though nobody keeps what it writes: what wakes it once its pipe is full is room.
    const int pipe = open((reeve.run_directory() + "/log/web.fifo").c_str(), O_WRONLY | O_NONBLOCK);
    REQUIRE(pipe >= 0);
    const bool fills = reeve.comes_true([&] { return !takes_more(pipe); });
    close(pipe);
    REQUIRE(fills);
    const auto woken = [&] {
        return std::atol(status_field(service, "voluntary_ctxt_switches").c_str());
    };
    const long before = woken();
    REQUIRE(reeve.comes_true([&] { return woken() > before + 2; }));
    disk.empty();
    REQUIRE(says(reeve, "web", " lines lost: No space left on device\nweb "));
    CHECK(reeve.pid_of("web") == service);
    CHECK(reeve.field("web", "restarts") == "0");
    const std::string text = reeve.log_of("web");
    const size_t told = text.find("svlog: ");
    const long lost = std::atol(text.c_str() + told + 7);
    const Numbers numbers(text.substr(0, text.rfind('\n') + 1), "web");
    INFO(numbers);
    CHECK(numbers.broken <= 2);  // that line, and one that the loss began in
    CHECK(std::abs(lost - static_cast<long>(numbers.missing)) <= 1);
}

TEST_CASE("where there can be no files the lines go to the console, and status says why") {
    Reeve reeve;
    write_file(reeve.logs() + "/web", "in the way");
    reeve.service("web", std::string("command = while echo hello; do sleep 0.02; done\n") + plain);
    reeve.start();
    REQUIRE(reeve.comes_true(
        [&] { return reeve.process().out().starts_with("web | hello\nweb | hello\n"); }));
    CHECK(reeve.field("web", "log") ==
          "console (write to " + reeve.logs() + "/web: Not a directory)");
    REQUIRE(unlink((reeve.logs() + "/web").c_str()) == 0);
    REQUIRE(reeve.svctl({"restart", "web"}).status == 0);
    CHECK(says(reeve, "web", "hello\n"));
    CHECK(reeve.field("web", "log") == reeve.logs() + "/web");
}

TEST_CASE("console lines are whole, bear the service's name, and go to reeve's output") {
    Reeve reeve;
    for (const char* name : {"one", "two"})
        reeve.service(
            name, std::string("command = for i in 1 2 3 4 5; do printf \"$REEVE_SERVICE \"; sleep "
                              "0.01; printf 'line\\n'; done; printf end; sleep 0.1\n") +
                      "log = console\ntype = oneshot\n");
    reeve.start({"--exit-when-idle"});
    CHECK(reeve.wait() == 0);
    std::string one;
    std::string two;
    const std::string all = reeve.process().out();
    for (size_t at = 0; at < all.size();) {
        const size_t end = all.find('\n', at);
        (all.compare(at, 3, "one") == 0 ? one : two) += all.substr(at, end + 1 - at);
        at = end + 1;
    }
    std::string expected;
    for (int i = 0; i < 5; ++i) expected += "one | one line\n";
    CHECK(one == expected + "one | end\n");
    CHECK(two == std::regex_replace(expected, std::regex("one"), "two") + "two | end\n");
}

TEST_CASE("at shutdown svlog ends last, with all that the others said when they were told to end") {
    Reeve reeve;
    for (int i = 0; i < 5; ++i)
        reeve.service(
            "s" + std::to_string(i),
            std::string(
                "command = exec 2>/dev/null; trap 'seq 1000; printf bye; exit' TERM; echo up; "
                "while :; do sleep 0.05; done\n") +
                plain);
    reeve.service("quick", std::string("command = echo done\ntype = oneshot\n") + plain);
    reeve.start();
    for (int i = 0; i < 5; ++i) REQUIRE(says(reeve, "s" + std::to_string(i), "up\n"));
    REQUIRE(reeve.stop() == 0);
    std::string expected = "up\n";
    for (int i = 1; i <= 1000; ++i) expected += std::to_string(i) + "\n";
    for (int i = 0; i < 5; ++i) CHECK(reeve.log_of("s" + std::to_string(i)) == expected + "bye\n");
    CHECK(reeve.log_of("quick") == "done\n");
    CHECK_FALSE(exists(reeve.run_directory() + "/log/quick.fifo"));
}

TEST_CASE("what a oneshot says is written before reeve ends for want of work") {
    for (int i = 0; i < 3; ++i) {
        Reeve reeve;
        reeve.service("once", std::string("command = printf said\ntype = oneshot\n") + plain);
        reeve.start(reeve.launch({"--exit-when-idle"}), false);
        CHECK(reeve.wait() == 0);
        CHECK(reeve.log_of("once") == "said\n");
    }
}

TEST_CASE("a hundred services have a file each, with fewer descriptors allowed than they need") {
    Reeve reeve;
    for (int i = 0; i < 100; ++i)
        reeve.service("s" + std::to_string(i),
                      std::string("command = echo $REEVE_SERVICE $(ulimit -n); sleep 1000\n") +
                          plain);
    Launch launch = reeve.launch();
    launch.prepare = [] {
        const rlimit limit{50, 4096};
        setrlimit(RLIMIT_NOFILE, &limit);
    };
    reeve.start(launch);
    for (int i = 0; i < 100; ++i) {
        const std::string name = "s" + std::to_string(i);
        REQUIRE(says(reeve, name, "\n"));
        CHECK(reeve.log_of(name) == name + " 50\n");
    }
    CHECK(reeve.process().err().empty());
    // With nothing to do nobody wakes up.
    const auto switches = [&] {
        return status_field(reeve.pid_of("svlog"), "voluntary_ctxt_switches");
    };
    CHECK(wait_until([&] {
        const std::string before = switches();
        usleep(500000);
        return switches() == before;
    }));
}

TEST_CASE("six hundred services have a log each, with a thousand descriptors at first") {
    Reeve reeve;
    for (int i = 0; i < 600; ++i)
        reeve.service("s" + std::to_string(i),
                      std::string("exec = echo hello\ntype = oneshot\n") + plain);
    Launch launch = reeve.launch();
    launch.prepare = [] {
        const rlimit limit{1024, 4096};
        setrlimit(RLIMIT_NOFILE, &limit);
    };
    reeve.start(launch);
    for (int i = 0; i < 600; ++i) REQUIRE(says(reeve, "s" + std::to_string(i), "hello\n"));
    CHECK(reeve.process().err().empty());
}

TEST_CASE("where there is no pipe to be had the lines go to reeve's output, and status says so") {
    Reeve reeve;
    write_file(reeve.run_directory() + "/log", "in the way");
    reeve.service("web", std::string("command = echo hello; sleep 1000\n") + plain);
    reeve.start();
    REQUIRE(reeve.comes_true([&] { return reeve.process().out() == "hello\n"; }));
    CHECK(reeve.field("web", "log").starts_with("reeve's output (no pipe to svlog: "));
    CHECK(reeve.svctl({"logs", "web"}).err ==
          "svctl: web: its output goes where reeve's goes (svctl status says why)\n");
}

TEST_CASE("svlog is there for those who need it, and its pipes as long as they are needed") {
    Reeve reeve;
    reeve.service("web", "exec = sleep 1000\nlog = null\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(reeve.state("svlog").empty());
    reeve.service("loud", std::string("command = echo hi; sleep 1000\n") + plain);
    REQUIRE(reeve.svctl({"reload"}).status == 0);
    REQUIRE(says(reeve, "loud", "hi\n"));
    CHECK(reeve.reaches("svlog", "running"));
    const std::string fifo = reeve.run_directory() + "/log/loud.fifo";
    CHECK(exists(fifo));
    REQUIRE(unlink((reeve.services() + "/loud").c_str()) == 0);
    REQUIRE(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.comes_true([&] { return !exists(fifo); }));
    REQUIRE(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.comes_true([&] { return reeve.state("svlog").empty(); }));
}

TEST_CASE("a pipe that somebody took away is made again for the next run") {
    Reeve reeve;
    reeve.service("web", std::string("command = echo run; sleep 1000\n") + plain);
    reeve.start();
    REQUIRE(says(reeve, "web", "run\n"));
    REQUIRE(std::filesystem::remove_all(reeve.run_directory() + "/log") > 0);
    REQUIRE(reeve.svctl({"restart", "web"}).status == 0);
    CHECK(says(reeve, "web", "run\nrun\n"));
}

TEST_CASE("no service file may have svlog's name") {
    Reeve reeve;
    reeve.service("svlog", "exec = sleep 1000\n");
    reeve.service("web", std::string("command = echo hi; sleep 1000\n") + plain);
    reeve.start();
    CHECK(says(reeve, "web", "hi\n"));
    CHECK(reeve.process().err() ==
          "reeve: " + reeve.services() +
              "/svlog: the name svlog is taken: it is reeve's own log writer's\n");
    CHECK(reeve.svctl({"check", "{dir}/services"}).status == 1);
}

TEST_CASE("svlog runs as log_user") {
    if (cannot_run(is_root(), "needs root")) return;
    Reeve reeve;
    reeve.service("reeve.conf", "log_user = 3000123:3000123\n");
    reeve.service("web", std::string("command = id -u; sleep 1000\n") + plain);
    make_directory(reeve.logs() + "/web");
    write_file(reeve.logs() + "/web/current", "root's\n", 0600);
    reeve.start();
    REQUIRE(says(reeve, "web", "root's\n0\n"));
    CHECK(status_field(reeve.pid_of("svlog"), "Uid").starts_with("3000123\t3000123"));
    struct stat file {};
    REQUIRE(stat((reeve.logs() + "/web/current").c_str(), &file) == 0);
    CHECK(file.st_uid == 3000123);
    const pid_t writer = reeve.pid_of("svlog");
    ::kill(writer, SIGKILL);
    CHECK(reeve.runs_anew("svlog", writer));
}

// nginx does, where it is told to log to /dev/stdout; a pipe of another user it may not open.
TEST_CASE("a service with a user of its own may open its output by path") {
    if (cannot_run(is_root(), "needs root")) return;
    const char* settings = GENERATE("", "log_user = 3000123:3000123\n");
    INFO(settings);
    Reeve reeve;
    reeve.service("reeve.conf", settings);
    reeve.service("web", std::string("user = 3000456:3000456\ncommand = echo by path "
                                     ">/dev/stdout; echo error >/dev/stderr; sleep 1000\n") +
                             plain);
    reeve.start();
    CHECK(says(reeve, "web", "by path\nerror\n"));
    const pid_t writer = reeve.pid_of("svlog");
    ::kill(writer, SIGKILL);
    REQUIRE(reeve.runs_anew("svlog", writer));
    CHECK(reeve.svctl({"restart", "web"}).status == 0);
    CHECK(says(reeve, "web", "by path\nerror\nby path\nerror\n"));
}

TEST_CASE("so may one with log = run, and its truncating the file makes no hole") {
    if (cannot_run(is_root(), "needs root")) return;
    Reeve reeve;
    reeve.service("reeve.conf", "log = run\n");
    reeve.service("web", "user = 3000456:3000456\npre_start = echo hook >/dev/stdout\n"
                         "command = echo first; echo by path >/dev/stdout; echo error "
                         ">>/dev/stderr; echo last; sleep 1000\n");
    reeve.start();
    CHECK(reeve.comes_true([&] { return reeve.log_of("web") == "by path\nerror\nlast\n"; }));
}

TEST_CASE("with log = run each of many runs within a second has a file of its own") {
    Reeve reeve;
    reeve.service("reeve.conf", "log = run\ndefault.log_keep = 100\n");
    reeve.service("job", "type = oneshot\nrestart = always\nrestart_delay = 100ms\n"
                         "restart_factor = 1\n"
                         "pre_start = echo before\n"
                         "command = echo run; echo x >>{dir}/runs; "
                         "[ $(wc -l <{dir}/runs) -lt 12 ] || exec sleep 1000\n");
    reeve.start();
    constexpr size_t runs = 12;
    REQUIRE(reeve.has_lines("runs", runs));
    REQUIRE(reeve.comes_true([&] { return count_lines(reeve.log_of("job")) == 2 * runs; }));
    size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(reeve.logs() + "/job")) {
        ++files;
        INFO(entry.path());
        CHECK(read_file(entry.path()) == "before\nrun\n");
    }
    CHECK(files == runs);
    CHECK(reeve.svctl({"logs", "--run", "2", "job"}).out == "before\nrun\n");
    CHECK(reeve.svctl({"logs", "--run", std::to_string(runs), "job"}).out == "before\nrun\n");
}

TEST_CASE("so may its hooks, and nobody who is not its user any more") {
    if (cannot_run(is_root(), "needs root")) return;
    Reeve reeve;
    const std::string rest =
        std::string("pre_start = echo hook >/dev/stdout\nexec = sleep 1000\n") + plain;
    reeve.service("web", "user = 3000456:3000456\n" + rest);
    reeve.start();
    CHECK(says(reeve, "web", "hook\n"));
    const auto owner = [&] {
        struct stat file {};
        REQUIRE(stat((reeve.run_directory() + "/log/web.fifo").c_str(), &file) == 0);
        return file.st_uid;
    };
    CHECK(owner() == 3000456);
    reeve.service("web", rest);
    REQUIRE(reeve.svctl({"reload"}).status == 0);
    REQUIRE(reeve.svctl({"restart", "web"}).status == 0);
    CHECK(owner() == 0);
}

TEST_CASE("a reload that changes log_user cuts off no log, there and back") {
    if (cannot_run(is_root(), "needs root")) return;
    Reeve reeve;
    reeve.service("web", std::string("command = i=0; while :; do i=$((i+1)); echo $i; sleep 0.02; "
                                     "done\n") +
                             plain);
    reeve.start();
    REQUIRE(says(reeve, "web", "1\n"));
    for (const char* user : {"3000123:3000123", "root"}) {
        INFO(user);
        const pid_t writer = reeve.pid_of("svlog");
        reeve.service("reeve.conf", std::string("log = run\nlog_user = ") + user + "\n");
        REQUIRE(reeve.svctl({"reload"}).status == 0);
        REQUIRE(reeve.runs_anew("svlog", writer));
        CHECK(grows(reeve, "web"));
        const uid_t owner = user[0] == '3' ? 3000123 : 0;
        struct stat file {};
        REQUIRE(stat((reeve.logs() + "/web").c_str(), &file) == 0);
        CHECK(file.st_uid == owner);
        REQUIRE(stat((reeve.run_directory() + "/log/web.fifo").c_str(), &file) == 0);
        CHECK(file.st_uid == 0);
        CHECK(file.st_gid == owner);
    }
    REQUIRE(reeve.stop() == 0);
    std::string expected;
    const std::string all = reeve.log_of("web");
    for (int i = 1; i <= count_lines(all); ++i) expected += std::to_string(i) + "\n";
    CHECK(all == expected);
    CHECK(reeve.process().err().empty());
}
