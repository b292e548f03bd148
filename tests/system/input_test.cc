// stdin = fifo and svctl input: what is said to a service, and what becomes of it when the service,
// reeve or the run directory goes away meanwhile.
#include <csignal>
#include <fcntl.h>
#include <map>
#include <memory>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "catch.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/smalldisk.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

// Each line that it reads is in {dir}/got, and the end of all lines would be, too.
constexpr char listens[] = "command = while read -r line; do echo \"$line\" >>{dir}/got; done; "
                           "echo EOF >>{dir}/got; exec sleep 1000\nstdin = fifo\nlog = null\n";
// The same, but nothing is read before {dir}/go is there.
constexpr char listens_later[] = "command = while test ! -e {dir}/go; do sleep 0.02; done; "
                                 "while read -r line; do echo \"$line\" >>{dir}/got; done; "
                                 "echo EOF >>{dir}/got\nstdin = fifo\nlog = null\n";

std::string fifo_of(const Reeve& reeve, const std::string& name) {
    return reeve.run_directory() + "/input/" + name;
}

bool got(const Reeve& reeve, const std::string& text) {
    const bool is_there = reeve.comes_true([&] { return reeve.text_of("got") == text; });
    INFO(reeve.text_of("got"));
    CHECK(reeve.text_of("got") == text);
    return is_there;
}

// svctl with a file as its standard input.
Output say_file(const Reeve& reeve, const std::string& name, const std::string& path,
                const Strings& options = {}) {
    Launch launch{.arguments = {reeve_binary(), "svctl", "-r", reeve.run_directory()},
                  .input = path};
    launch.arguments.insert(launch.arguments.end(), options.begin(), options.end());
    launch.arguments.insert(launch.arguments.end(), {"input", name});
    return run(launch);
}

bool is_fifo(const std::string& path) {
    struct stat state;
    return lstat(path.c_str(), &state) == 0 && S_ISFIFO(state.st_mode);
}

}  // namespace

TEST_CASE("svctl input writes its words as a line, or what it reads to its end") {
    Reeve reeve;
    reeve.service("web", listens);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const Output said = reeve.svctl({"input", "web", "say", "hello  world"});
    CHECK(said.status == 0);
    CHECK(said.out.empty());
    CHECK(said.err.empty());
    CHECK(reeve.svctl({"input", "web", ""}).status == 0);
    CHECK(reeve.svctl({"input", "web", "--", "-x"}).status == 0);
    write_file(reeve.file("lines"), "one\ntwo\nthr");
    CHECK(say_file(reeve, "web", reeve.file("lines")).status == 0);
    CHECK(reeve.svctl({"input", "web", "ee"}).status == 0);
    CHECK(got(reeve, "say hello  world\n\n-x\none\ntwo\nthree\n"));
    CHECK(reeve.svctl({"status", "web"}).out.find("\nstdin        fifo\n") != std::string::npos);
    struct stat state;
    REQUIRE(stat(fifo_of(reeve, "web").c_str(), &state) == 0);
    CHECK((state.st_mode & 07777) == 0600);
    CHECK(state.st_uid == geteuid());
    CHECK(reeve.state("web") == "running");
}

TEST_CASE("a megabyte goes through svctl input whole") {
    Reeve reeve;
    reeve.service("web", "command = exec cat >>{dir}/got\nstdin = fifo\nlog = null\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    std::string text;
    for (int i = 0; text.size() < 1 << 20; ++i)
        text += std::to_string(i) + std::string(static_cast<size_t>(i * 7919 % 9000), 'x') + "\n";
    write_file(reeve.file("large"), text);
    CHECK(say_file(reeve, "web", reeve.file("large")).status == 0);
    CHECK(reeve.comes_true([&] { return reeve.text_of("got").size() >= text.size(); }));
    CHECK((reeve.text_of("got") == text));
}

TEST_CASE("the lines of two that write at once stay whole") {
    Reeve reeve;
    reeve.service("web", "command = exec cat >>{dir}/got\nstdin = fifo\nlog = null\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    constexpr int lines = 4000;
    std::vector<std::unique_ptr<Process>> writers;
    for (const std::string word : {"a", "b", "c"}) {
        std::string text;
        for (int i = 0; i < lines; ++i)
            text += std::string(static_cast<size_t>(1 + i % 200), word[0]) + "\n";
        write_file(reeve.file(word), text);
        writers.push_back(std::make_unique<Process>(Launch{
            .arguments = {reeve_binary(), "svctl", "-r", reeve.run_directory(), "input", "web"},
            .input = reeve.file(word)}));
    }
    for (const auto& writer : writers) CHECK(writer->wait() == 0);
    CHECK(reeve.has_lines("got", 3 * lines));
    std::map<char, int> next;
    int broken = 0;
    std::istringstream text(reeve.text_of("got"));
    for (std::string line; std::getline(text, line);) {
        const size_t wanted = line.empty() ? 0 : static_cast<size_t>(1 + next[line[0]]++ % 200);
        broken += line.empty() || line != std::string(wanted, line[0]);
    }
    CHECK(broken == 0);
}

TEST_CASE("what is unread is dropped at a restart, unless input_keep says otherwise") {
    const bool keeps = GENERATE(false, true);
    Reeve reeve;
    reeve.service("web", std::string(listens_later) + (keeps ? "input_keep = yes\n" : ""));
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(reeve.svctl({"input", "web", "old"}).status == 0);
    // Somebody who has it open keeps what is in it.
    const int fd =
        GENERATE(false, true) ? open(fifo_of(reeve, "web").c_str(), O_RDWR | O_CLOEXEC) : -1;
    CHECK(reeve.svctl({"restart", "web"}).status == 0);
    close(fd);
    CHECK(reeve.svctl({"input", "web", "new"}).status == 0);
    write_file(reeve.file("go"), "");
    CHECK(got(reeve, keeps ? "old\nnew\n" : "new\n"));
}

TEST_CASE("with input_keep what is said while nothing runs waits for the next run") {
    Reeve reeve;
    reeve.service("web", std::string(listens) + "input_keep = yes\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(reeve.svctl({"down", "web"}).status == 0);
    CHECK(reeve.svctl({"input", "web", "meanwhile"}).status == 0);
    const int way = GENERATE(0, SIGSEGV);
    reeve.go_on(way);
    CHECK(reeve.svctl({"input", "web", "since"}).status == 0);
    CHECK_FALSE(exists(reeve.file("got")));
    CHECK(reeve.svctl({"up", "web"}).status == 0);
    CHECK(got(reeve, "meanwhile\nsince\n"));
}

TEST_CASE("a service hears what is said whatever becomes of reeve, and sees no end of file") {
    const int way = GENERATE(0, SIGSEGV, SIGKILL);
    Reeve reeve;
    reeve.service("web", listens);
    reeve.service("keeps", "command = while test ! -e {dir}/go; do sleep 0.02; done; "
                           "exec cat >>{dir}/kept\nstdin = fifo\ninput_keep = yes\nlog = null\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    REQUIRE(reeve.reaches("keeps", "running"));
    const pid_t pid = reeve.pid_of("web");
    CHECK(reeve.svctl({"input", "web", "before"}).status == 0);
    CHECK(reeve.svctl({"input", "keeps", "before"}).status == 0);
    reeve.go_on(way);
    CHECK(reeve.svctl({"input", "web", "after"}).status == 0);
    CHECK(got(reeve, "before\nafter\n"));
    CHECK(reeve.pid_of("web") == pid);
    // Of the next reeve's own, too.
    CHECK(reeve.svctl({"restart", "keeps"}).status == 0);
    write_file(reeve.file("go"), "");
    CHECK(reeve.has_lines("kept", 1));
    CHECK(reeve.text_of("kept") == "before\n");
}

TEST_CASE("svctl input needs no reeve") {
    Reeve reeve;
    reeve.service("web", listens);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    reeve.kill();
    const Output said = reeve.svctl({"input", "web", "alone"});
    CHECK(said.status == 0);
    CHECK(said.err.empty());
    CHECK(wait_until([&] { return reeve.text_of("got") == "alone\n"; }));
    CHECK(reeve.svctl({"input", "other", "x"}).status == 7);
    reeve.start();
    CHECK(reeve.svctl({"input", "web", "together"}).status == 0);
    CHECK(got(reeve, "alone\ntogether\n"));
}

TEST_CASE("who does not read in time is told of, and how much went in") {
    Reeve reeve;
    reeve.service("deaf", "exec = sleep 1000\nstdin = fifo\nlog = null\n");
    reeve.start();
    REQUIRE(reeve.reaches("deaf", "running"));
    write_file(reeve.file("large"), std::string(300000, 'x') + "\n");
    const Output said = say_file(reeve, "deaf", reeve.file("large"), {"-t", "300ms"});
    CHECK(said.status == 5);
    CHECK(said.err == "svctl: deaf: not in time: it does not read; 65536 bytes were written\n");
    const Output full = reeve.svctl({"-n", "input", "deaf", "more"});
    CHECK(full.status == 5);
    CHECK(full.err == "svctl: deaf: not in time: it does not read; 0 bytes were written\n");
}

TEST_CASE("who ends while it is written to is told of") {
    Reeve reeve;
    reeve.service("web", "command = read line; exit 0\nstdin = fifo\ntype = oneshot\nlog = null\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    write_file(reeve.file("large"), std::string(300000, 'x') + "\n" + std::string(300000, 'x'));
    const Output said = say_file(reeve, "web", reeve.file("large"));
    CHECK(said.status == 3);
    CHECK(said.err.starts_with("svctl: web: it reads no more; "));
}

TEST_CASE("why nobody hears what is said") {
    Reeve reeve;
    reeve.service("plain", "exec = sleep 1000\nlog = null\n");
    reeve.service("path", "exec = sleep 1000\nlog = null\nstdin = /dev/zero\n");
    reeve.service("down", std::string(listens) + "enabled = no\n");
    reeve.service("closed", "command = exec <&-; sleep 1000\nstdin = fifo\nlog = null\n");
    reeve.start();
    REQUIRE(reeve.reaches("closed", "running"));
    const auto refuses = [&](const Strings& words, int status, const std::string& words_of_it) {
        Strings command = {"input"};
        command.insert(command.end(), words.begin(), words.end());
        const Output said = reeve.svctl(command);
        CHECK(said.status == status);
        CHECK(said.err == "svctl: " + words_of_it + "\n");
    };
    for (const std::string name : {"plain", "path"})
        refuses({name, "x"}, 3,
                name + ": running: it has no stdin = fifo (svctl set NAME stdin=fifo, then svctl "
                       "restart NAME)");
    refuses({"down", "x"}, 3, "down: stopped: enabled = no");
    CHECK(reeve.comes_true([&] { return reeve.svctl({"input", "closed", "x"}).status == 3; }));
    refuses({"closed", "x"}, 3,
            "closed: running: its input is closed or gone, or it began without stdin = fifo (svctl "
            "restart NAME)");
    for (const std::string name : {"elsewhere", "../../pid"})
        refuses({name, "x"}, 4, "no such service: " + name + " (svctl reload reads new files)");
    refuses({}, 2, "usage: svctl input NAME [TEXT]...");
}

TEST_CASE("all that bear a label hear what is said to it") {
    Reeve reeve;
    for (const std::string name : {"one", "two"})
        reeve.service(name, "command = exec cat >>{dir}/" + name +
                                ".got\nstdin = fifo\ngroup = crowd\nlog = null\n");
    reeve.service("other", "exec = sleep 1000\ngroup = crowd\nlog = null\n");
    reeve.start();
    REQUIRE(reeve.reaches("one", "running"));
    REQUIRE(reeve.reaches("two", "running"));
    CHECK(reeve.svctl({"input", "@crowd", "hello"}).status == 3);  // `other` does not
    write_file(reeve.file("lines"), "a\nb\n");
    CHECK(say_file(reeve, "@crowd", reeve.file("lines")).status == 3);
    for (const char* name : {"one.got", "two.got"}) {
        CHECK(reeve.has_lines(name, 3));
        CHECK(reeve.text_of(name) == "hello\na\nb\n");
    }
}

TEST_CASE("who writes for long goes on behind a restart, and who waits for a start gets it") {
    Reeve reeve;
    reeve.service("web", listens);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const std::string path = fifo_of(reeve, "web");
    const int fd = open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    REQUIRE(fd >= 0);
    CHECK(write(fd, "one\n", 4) == 4);
    REQUIRE(got(reeve, "one\n"));
    CHECK(reeve.svctl({"restart", "web"}).status == 0);
    CHECK(write(fd, "two\n", 4) == 4);
    CHECK(got(reeve, "one\ntwo\n"));
    close(fd);
    CHECK(reeve.svctl({"down", "web"}).status == 0);
    Process writer({.arguments = {"sh", "-c", "echo three >" + path}});
    CHECK(wait_until([&] { return status_field(writer.pid(), "State").starts_with("S"); }));
    CHECK(reeve.svctl({"up", "web"}).status == 0);
    CHECK(writer.wait() == 0);
    CHECK(got(reeve, "one\ntwo\nthree\n"));
}

TEST_CASE("the FIFO comes and goes with what the file says of it") {
    Reeve reeve;
    reeve.service("web", "exec = sleep 1000\nlog = null\n");
    reeve.service("gone", std::string(listens) + "input_keep = yes\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    REQUIRE(reeve.reaches("gone", "running"));
    CHECK_FALSE(exists(fifo_of(reeve, "web")));
    reeve.service("web", listens);
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.field("web", "stale") == "yes");
    CHECK(reeve.svctl({"input", "web", "x"}).err.find("began without stdin = fifo") !=
          std::string::npos);
    CHECK(reeve.svctl({"restart", "web"}).status == 0);
    CHECK(reeve.svctl({"input", "web", "hello"}).status == 0);
    CHECK(got(reeve, "hello\n"));
    reeve.service("web", "exec = sleep 1000\nlog = null\n");
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(is_fifo(fifo_of(reeve, "web")));  // what runs has it
    CHECK(reeve.svctl({"restart", "web"}).status == 0);
    CHECK_FALSE(exists(fifo_of(reeve, "web")));
    REQUIRE(is_fifo(fifo_of(reeve, "gone")));
    CHECK(reeve.svctl({"remove", "gone"}).status == 0);
    CHECK_FALSE(exists(fifo_of(reeve, "gone")));
    // Of one that is removed while no reeve is there.
    reeve.service("web", listens);
    CHECK(reeve.svctl({"reload"}).status == 0);
    CHECK(reeve.svctl({"restart", "web"}).status == 0);
    const pid_t pid = reeve.pid_of("web");
    reeve.kill();
    kill(pid, SIGKILL);
    unlink((reeve.services() + "/web").c_str());
    REQUIRE(is_fifo(fifo_of(reeve, "web")));
    reeve.start();
    CHECK_FALSE(exists(fifo_of(reeve, "web")));
}

TEST_CASE("what is in the place of the FIFO is replaced, or is the reason that it does not start") {
    Reeve reeve;
    const std::string path = fifo_of(reeve, "web");
    reeve.service("web", std::string(listens) + "restart_delay = 10ms\nretries = 2\n");
    reeve.service("other", listens);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const auto replaced = [&] {
        CHECK(reeve.svctl({"input", "web", "x"}).status == 3);
        CHECK(reeve.svctl({"restart", "web"}).status == 0);
        CHECK(is_fifo(path));
    };
    unlink(path.c_str());
    write_file(path, "not one");
    replaced();
    unlink(path.c_str());
    write_file(reeve.file("target"), "kept");
    REQUIRE(symlink(reeve.file("target").c_str(), path.c_str()) == 0);
    replaced();
    CHECK(reeve.text_of("target") == "kept");
    unlink(path.c_str());
    make_directory(path);
    replaced();
    unlink(path.c_str());
    make_directory(path);
    write_file(path + "/kept", "");
    CHECK(reeve.svctl({"restart", "web"}).status == 1);
    CHECK(reeve.reaches("web", "failed"));
    CHECK(reeve.field("web", "reason").starts_with("stdin " + path + ": File exists"));
    CHECK(run({"rm", "-rf", reeve.run_directory() + "/input"}).status == 0);
    CHECK(reeve.svctl({"up", "web"}).status == 0);
    CHECK(reeve.svctl({"input", "web", "again"}).status == 0);
    CHECK(got(reeve, "again\n"));
    // A running one cannot get the name back; its next start does.
    CHECK(reeve.svctl({"input", "other", "x"}).status == 3);
    CHECK(reeve.svctl({"restart", "other"}).status == 0);
    CHECK(reeve.svctl({"input", "other", "too"}).status == 0);
    CHECK(got(reeve, "again\ntoo\n"));
}

TEST_CASE("by a label as by a name: an empty name is nobody, and who is heard needs no reeve") {
    Reeve reeve;
    reeve.service("web", std::string(listens) + "group = talks\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const Output none = reeve.svctl({"input", "", "x"});
    CHECK(none.status == 2);
    CHECK(none.err == "svctl: input: which service?\n");
    reeve.kill();
    CHECK(reeve.svctl({"input", "@talks", "one"}).status == 0);
    CHECK(reeve.svctl({"input", "web", "two"}).status == 0);
    CHECK(got(reeve, "one\ntwo\n"));
    reeve.start();
}

TEST_CASE("where there is no room for the FIFO the start is tried again, and says why") {
    if (cannot_run(has_mounts(), "mounts are not permitted")) return;
    Reeve reeve;
    const SmallDisk disk(reeve.run_directory(), "size=1m,nr_inodes=40,mode=755");
    reeve.service("web", std::string(listens) + "enabled = no\nrestart_delay_max = 100ms\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "stopped"));
    disk.fill_files();
    reeve.svctl({"-n", "up", "web"});
    CHECK(reeve.comes_true([&] {
        const std::string why = reeve.svctl({"why", "web"}).out;
        return why.starts_with("web is in backoff: stdin " + reeve.run_directory() +
                               "/input/: " + "No space left on device, next try in ");
    }));
    disk.empty();
    CHECK(reeve.reaches("web", "running"));
    CHECK(reeve.svctl({"input", "web", "room"}).status == 0);
    CHECK(got(reeve, "room\n"));
}

TEST_CASE("the FIFO is its user's, who opens /dev/stdin, and nobody else's") {
    if (cannot_run(is_root(), "needs root")) return;
    Reeve reeve;
    reeve.service("web", "command = while read -r line; do echo \"$line\"; done </dev/stdin\n"
                         "stdin = fifo\nuser = 12345:12345\ninput_keep = yes\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    struct stat state;
    REQUIRE(stat(fifo_of(reeve, "web").c_str(), &state) == 0);
    CHECK(state.st_uid == 12345);
    CHECK((state.st_mode & 07777) == 0660);
    const auto said_by = [&](uid_t uid) {
        return run({.arguments = {reeve_binary(), "svctl", "-r", reeve.run_directory(), "input",
                                  "web", "hello"},
                    .uid = uid});
    };
    CHECK(said_by(12345).status == 0);
    CHECK(reeve.comes_true([&] { return reeve.log_of("web") == "hello\n"; }));
    const Output refused = said_by(12346);
    CHECK(refused.status == 6);
    CHECK(refused.err == "svctl: not permitted: only root, and the owner and group of " +
                             fifo_of(reeve, "web") + "\n");
    // What the user before has open is not the next one's.
    const int fd = open(fifo_of(reeve, "web").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    REQUIRE(fd >= 0);
    CHECK(reeve.svctl({"set", "web", "user=12346:12346", "on_change=restart"}).status == 0);
    REQUIRE(stat(fifo_of(reeve, "web").c_str(), &state) == 0);
    CHECK(state.st_uid == 12346);
    signal(SIGPIPE, SIG_IGN);
    CHECK(wait_until([&] { return write(fd, "x\n", 2) < 0 && errno == EPIPE; }));
    close(fd);
}

TEST_CASE("a console program is told to end by its own word for that, and has time to") {
    Reeve reeve;
    reeve.service("web", "command = while read -r line; do test \"$line\" = stop && break; done; "
                         "while test ! -e {dir}/go; do sleep 0.02; done; echo saved >>{dir}/got\n"
                         "stdin = fifo\nlog = null\nstop_command = svctl input web stop\n"
                         "stop_signal = CONT\nstop_timeout = 1m\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(reeve.svctl({"-n", "down", "web"}).status == 0);
    REQUIRE(reeve.reaches("web", "stopping"));
    CHECK_FALSE(exists(reeve.file("got")));
    write_file(reeve.file("go"), "");
    CHECK(reeve.reaches("web", "stopped"));
    CHECK(reeve.text_of("got") == "saved\n");
    CHECK(reeve.field("web", "exit") == "0");
}

TEST_CASE("hooks do not read what is for the program") {
    Reeve reeve;
    reeve.service("web", std::string(listens) +
                             "pre_start = cat; echo pre >>{dir}/hooks\n"
                             "post_stop = cat; echo post >>{dir}/hooks\ninput_keep = yes\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(reeve.svctl({"down", "web"}).status == 0);
    CHECK(reeve.svctl({"input", "web", "mine"}).status == 0);
    CHECK(reeve.svctl({"up", "web"}).status == 0);
    CHECK(got(reeve, "mine\n"));
    CHECK(reeve.text_of("hooks") == "pre\npost\npre\n");
}

TEST_CASE("stdin = fifo is one of the service's own ways to read, and no other word is") {
    Reeve reeve;
    reeve.service("both", "exec = cat\nstdin = fifo\ntty = /dev/tty9\n");
    reeve.service("word", "exec = cat\nstdin = pipe\n");
    reeve.start();
    REQUIRE(reeve.reaches("both", "invalid"));
    CHECK(reeve.reaches("word", "invalid"));
    const std::string said = reeve.process().err();
    CHECK(said.find("both:3: tty: stdin is set at line 2, and only one of them may be") !=
          std::string::npos);
    CHECK(said.find("word:2: stdin = pipe: expected fifo, or a path that begins with /") !=
          std::string::npos);
}

TEST_CASE("Python is talked to as at its prompt") {
    if (cannot_run(has_program("python3"), "there is no python3")) return;
    Reeve reeve;
    reeve.service("calc", "exec = python3 -i -q -u\nstdin = fifo\n");
    reeve.start();
    REQUIRE(reeve.reaches("calc", "running"));
    CHECK(reeve.svctl({"input", "calc", "x = 6"}).status == 0);
    CHECK(reeve.svctl({"input", "calc", "print(x * 7, 'is the answer')"}).status == 0);
    CHECK(reeve.comes_true(
        [&] { return reeve.log_of("calc").find("42 is the answer") != std::string::npos; }));
    CHECK(reeve.svctl({"input", "calc", "exit(0)"}).status == 0);
    CHECK(reeve.comes_true([&] { return reeve.field("calc", "restarts") == "1"; }));
}
