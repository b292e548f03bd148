// reeve -- CMD: what tini and dumb-init do, and what they leave to their users.

#include <csignal>
#include <fcntl.h>
#include <unistd.h>

#include "catch.h"
#include "support/procfs.h"
#include "support/pty.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

// Runs as a child and as PID 1 of a container, whichever the test is at.
void start(Reeve& reeve, bool as_pid_1, const Strings& words) {
    if (as_pid_1)
        reeve.start_as_pid_1(words);
    else
        reeve.start(words);
}

bool cannot_be_pid_1(bool as_pid_1) {
    return as_pid_1 && cannot_run(has_namespaces(), "PID namespaces are not permitted");
}

// What became of reeve, and what it says, when a test fails.
int ends_with(Reeve& reeve) {
    const int status = reeve.wait().value_or(-1);
    UNSCOPED_INFO("status " << status << "\n" << reeve.describe());
    return status;
}

// The signals in the record of `--helper signals`.
bool was_recorded(const Reeve& reeve, std::string_view file, int number) {
    const std::string line =
        "\n" + std::string(number < 10 ? "0" : "") + std::to_string(number) + "\n";
    return reeve.comes_true([&] { return reeve.text_of(file).find(line) != std::string::npos; });
}

pid_t pid_in(const Reeve& reeve, std::string_view file) {
    if (!reeve.has_lines(file, 1)) return 0;
    return std::atoi(reeve.text_of(file).c_str());
}

// A user without an entry in /etc/passwd, and not that of another copy of this test.
uid_t stranger() { return 2000000 + static_cast<uid_t>(getpid()) % 1000000; }

}  // namespace

TEST_CASE("the exit code of CMD is reeve's") {
    const bool as_pid_1 = GENERATE(false, true);
    if (cannot_be_pid_1(as_pid_1)) return;
    const int code = GENERATE(0, 7, 255);
    Reeve reeve;
    start(reeve, as_pid_1, {"--", "sh", "-c", "exit " + std::to_string(code)});
    CHECK(ends_with(reeve) == code);
    CHECK(reeve.process().err().empty());
}

TEST_CASE("a CMD that signal N killed gives 128 + N") {
    const bool as_pid_1 = GENERATE(false, true);
    if (cannot_be_pid_1(as_pid_1)) return;
    const int number = GENERATE(SIGKILL, SIGTERM, SIGUSR1);
    Reeve reeve;
    start(reeve, as_pid_1, {"--", "sh", "-c", "kill -" + std::to_string(number) + " $$"});
    CHECK(ends_with(reeve) == 128 + number);
}

TEST_CASE("a CMD that is not found gives 127, one that cannot be executed 126") {
    Reeve reeve;
    const std::string plain = reeve.file("plain");
    write_file(plain, "no program\n", 0644);
    const auto status_of = [&](const std::string& command) {
        Launch launch = reeve.launch({"--", command});
        launch.environment = {"PATH=/usr/bin:/bin"};  // no directory that is closed to us
        const Output output = run(launch);
        INFO(command << ": " << output.err);
        CHECK(output.err.find(command) != std::string::npos);
        return output.status;
    };
    CHECK(status_of("no-such-program-anywhere") == 127);
    CHECK(status_of("/no/such/program") == 127);
    CHECK(status_of(plain) == 126);
    CHECK(status_of("/etc") == 126);
}

TEST_CASE("every signal that can be caught is forwarded to CMD") {
    const bool as_pid_1 = GENERATE(false, true);
    if (cannot_be_pid_1(as_pid_1)) return;
    Reeve reeve;
    start(reeve, as_pid_1, {"--", "{self}", "--helper", "signals", "{dir}/signals"});
    REQUIRE(reeve.has_lines("signals", 1));
    for (int number = 1; number <= SIGRTMAX; ++number) {
        const bool fault = number == SIGSEGV || number == SIGBUS || number == SIGILL ||
                           number == SIGFPE || number == SIGABRT || number == SIGTRAP ||
                           number == SIGSYS;
        const bool excepted = number == SIGCHLD || number == SIGTTIN || number == SIGTTOU;
        const bool uncatchable = number == SIGKILL || number == SIGSTOP;
        const bool of_libc = number > 31 && number < SIGRTMIN;
        if (fault || excepted || uncatchable || of_libc) continue;
        reeve.signal(number);
        INFO("signal " << number << "\n" << reeve.text_of("signals"));
        CHECK(was_recorded(reeve, "signals", number));
    }
}

TEST_CASE("CHLD, TTIN and TTOU are reeve's own and do not reach CMD") {
    Reeve reeve;
    reeve.start({"--", "{self}", "--helper", "signals", "{dir}/signals"});
    REQUIRE(reeve.has_lines("signals", 1));
    for (const int number : {SIGCHLD, SIGTTIN, SIGTTOU}) reeve.signal(number);
    reeve.signal(SIGUSR1);
    REQUIRE(was_recorded(reeve, "signals", SIGUSR1));
    CHECK(reeve.text_of("signals") == "ready\n10\n");
}

TEST_CASE("a signal that was pending before reeve began is forwarded") {
    Reeve reeve;
    Launch launch = reeve.launch({"--", "sleep", "1000"});
    launch.prepare = [] {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigprocmask(SIG_BLOCK, &set, nullptr);
        raise(SIGTERM);
    };
    reeve.start(launch);
    CHECK(ends_with(reeve) == 128 + SIGTERM);
}

TEST_CASE("a signal that comes as soon as reeve can catch it is not lost") {
    const bool as_pid_1 = GENERATE(false, true);
    if (cannot_be_pid_1(as_pid_1)) return;
    for (int i = 0; i < 20; ++i) {
        Reeve reeve;
        start(reeve, as_pid_1, {"--", "sleep", "1000"});
        const pid_t pid = reeve.pid();
        REQUIRE(pid > 0);
        const std::string status = "/proc/" + std::to_string(pid) + "/status";
        while (reeve.process().running() && !has_signal(read_file(status), "SigCgt", SIGTERM)) {}
        kill(pid, SIGTERM);
        REQUIRE(ends_with(reeve) == 128 + SIGTERM);
    }
}

TEST_CASE("a signal goes to CMD alone, and with -g to its whole group") {
    const bool group = GENERATE(false, true);
    Reeve reeve;
    Strings words = {
        "--", "sh", "-c",
        "{self} --helper signals {dir}/child & exec {self} --helper signals {dir}/cmd"};
    if (group) words.insert(words.begin(), "-g");
    reeve.start(words);
    REQUIRE(reeve.has_lines("child", 1));
    REQUIRE(reeve.has_lines("cmd", 1));
    reeve.signal(SIGUSR1);
    REQUIRE(was_recorded(reeve, "cmd", SIGUSR1));
    if (group)
        CHECK(was_recorded(reeve, "child", SIGUSR1));
    else
        CHECK(reeve.text_of("child") == "ready\n");
}

TEST_CASE("CMD has reeve's standard input, output, error and working directory") {
    Reeve reeve;
    write_file(reeve.file("input"), "from input\n");
    Launch launch = reeve.launch({"--", "sh", "-c", "cat; pwd; echo complaint >&2"});
    launch.input = reeve.file("input");
    launch.directory = reeve.directory();
    const Output output = run(launch);
    CHECK(output.status == 0);
    CHECK(output.out == "from input\n" + reeve.directory() + "\n");
    CHECK(output.err == "complaint\n");
}

TEST_CASE("an inherited descriptor is CMD's, and reeve does not keep it open") {
    Reeve reeve;
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    Launch launch = reeve.launch(
        {"--", "sh", "-c", "echo given >&5; exec 5>&-; echo done > {dir}/done; exec sleep 1000"});
    launch.descriptors = {{ends[1], 5}};
    reeve.start(launch);
    close(ends[1]);
    REQUIRE(reeve.has_lines("done", 1));
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    // The end of the file comes when nobody has the other end open.
    std::string text;
    const bool ended = wait_until([&] {
        char bytes[64];
        const ssize_t got = read(ends[0], bytes, sizeof bytes);
        if (got > 0) text.append(bytes, static_cast<size_t>(got));
        return got == 0;
    });
    CHECK(text == "given\n");
    CHECK(ended);
    CHECK(reeve.process().running());
    close(ends[0]);
}

TEST_CASE("LISTEN_PID that names reeve names CMD") {
    Reeve reeve;
    std::string line = "LISTEN_FDS=1 LISTEN_PID=$$ exec";
    const Launch inner = reeve.launch({"--", "sh", "-c", "'echo $LISTEN_PID $$ $LISTEN_FDS'"});
    for (const std::string& word : inner.arguments) line += " " + word;
    const Output output = run({"sh", "-c", line});
    REQUIRE(output.status == 0);
    const size_t blank = output.out.find(' ');
    const std::string pid = output.out.substr(0, blank);
    CHECK(output.out == pid + " " + pid + " 1\n");
}

TEST_CASE("CMD has an empty signal mask and default dispositions, whatever reeve was given") {
    Reeve reeve;
    Launch launch = reeve.launch({"--", "sh", "-c", "cat /proc/self/status; exit 7"});
    launch.prepare = [] {
        for (const int number : {SIGCHLD, SIGPIPE, SIGHUP, SIGTTOU, SIGRTMIN})
            signal(number, SIG_IGN);
        sigset_t set;
        sigfillset(&set);
        sigprocmask(SIG_SETMASK, &set, nullptr);
    };
    const Output output = run(launch);
    CHECK(output.status == 7);
    INFO(output.out << output.err);
    REQUIRE(output.out.find("SigBlk:") != std::string::npos);
    for (int number = 1; number <= SIGRTMAX; ++number) {
        if (number > 31 && number < SIGRTMIN) continue;
        INFO("signal " << number);
        CHECK_FALSE(has_signal(output.out, "SigBlk", number));
        CHECK_FALSE(has_signal(output.out, "SigIgn", number));
    }
}

TEST_CASE("CMD leads a process group of its own in reeve's session") {
    Reeve reeve;
    reeve.start({"--", "sh", "-c", "echo $$ > {dir}/pid; exec sleep 1000"});
    const pid_t pid = pid_in(reeve, "pid");
    REQUIRE(pid > 0);
    const ProcessFacts facts = facts_of(pid);
    CHECK(facts.parent == reeve.pid());
    CHECK(facts.group == pid);
    CHECK(facts.session == facts_of(reeve.pid()).session);
}

TEST_CASE("CMD is in the foreground of the terminal: it reads from it, and ctrl-C is for it") {
    if (cannot_run(has_terminals(), "there are no pseudo terminals")) return;
    Reeve reeve;
    Pty pty;
    Launch launch = reeve.launch({"--", "sh", "-c", "echo $$ > {dir}/pid; exec cat"});
    launch.terminal = pty.path();
    reeve.start(launch);
    const pid_t pid = pid_in(reeve, "pid");
    REQUIRE(pid > 0);
    CHECK(facts_of(pid).foreground == pid);
    pty.type("hello\n");
    CHECK(wait_until([&] { return count(pty.screen(), "hello") == 2; }));  // the echo, and cat's
    pty.type("\003");
    CHECK(ends_with(reeve) == 128 + SIGINT);
}

TEST_CASE("the terminal's foreground goes back to where it was when CMD has ended") {
    if (cannot_run(has_terminals(), "there are no pseudo terminals")) return;
    Reeve reeve;
    Pty pty;
    std::string line;
    for (const std::string& word : reeve.launch({"--", "true"}).arguments) line += word + " ";
    Launch launch{.arguments = {"sh", "-c", line + "; echo ended; read word; echo got $word"}};
    launch.terminal = pty.path();
    Process shell(launch);
    CHECK(wait_until([&] { return count(pty.screen(), "ended") == 1; }));
    pty.type("typed\n");
    CHECK(wait_until([&] { return count(pty.screen(), "got typed") == 1; }));
    CHECK(shell.wait() == 0);
}

TEST_CASE("reeve in the background of a terminal does not take its foreground") {
    if (cannot_run(has_terminals(), "there are no pseudo terminals")) return;
    Reeve reeve;
    Pty pty;
    std::string line = "set -m; ";
    for (const std::string& word : reeve.launch({"--", "sleep", "1000"}).arguments)
        line += word + " ";
    Launch launch{.arguments = {"sh", "-c", line + "& read word; echo got $word; kill %1"}};
    launch.terminal = pty.path();
    Process shell(launch);
    REQUIRE(wait_until([&] { return reeve.state("main") == "running"; }));
    CHECK(facts_of(shell.pid()).foreground == facts_of(shell.pid()).group);
    pty.type("typed\n");
    CHECK(wait_until([&] { return count(pty.screen(), "got typed") == 1; }));
    CHECK(shell.wait() == 0);
}

namespace {

// A shell with job control on a terminal, where reeve -- CMD is typed.
struct Shell {
    Shell() : process(launch()) {
        pty.type("PS1='ready> '; echo begun\n");
        REQUIRE(shows("begun\nready> "));
    }
    Launch launch() {
        Launch launch{.arguments = {"bash", "--norc", "--noprofile", "--noediting", "-i"}};
        launch.terminal = pty.path();
        return launch;
    }
    void type(const std::string& text) { pty.type(text); }
    bool shows(const std::string& text, int times = 1) {
        const bool shown = wait_until([&] {
            std::string screen = pty.screen();
            std::erase(screen, '\r');
            return count(screen, text) >= times;
        });
        if (!shown) UNSCOPED_INFO("the terminal shows:\n" << pty.screen());
        return shown;
    }

    Pty pty;
    Process process;
};

bool has_no_bash() { return cannot_run(has_program("bash"), "bash is not installed"); }

// Waits until this process group has the foreground of the terminal that `pid` is on.
bool is_in_front(pid_t pid, pid_t group) {
    return wait_until([&] { return facts_of(pid).foreground == group; });
}

std::string command_line(const Reeve& reeve, const Strings& words) {
    std::string line;
    for (const std::string& word : reeve.launch(words).arguments) line += word + " ";
    return line;
}

}  // namespace

TEST_CASE("^Z stops CMD and reeve: the shell has its terminal back, and fg goes on") {
    if (has_no_bash()) return;
    Reeve reeve;
    Shell shell;
    shell.type(command_line(reeve, {"--", "sh", "-c", "'echo $$ > {dir}/pid; exec cat'"}) + "\n");
    REQUIRE(wait_until([&] { return count(reeve.text_of("pid"), "\n") == 1; }));
    const pid_t cat = std::atoi(reeve.text_of("pid").c_str());
    for (int i = 1; i <= 2; ++i) {
        REQUIRE(is_in_front(cat, cat));
        const std::string word = "word" + std::to_string(i);
        shell.type(word + "\n");
        REQUIRE(shell.shows(word, 2));  // the echo, and cat's
        shell.type("\032");
        REQUIRE(shell.shows("Stopped", i));
        REQUIRE(is_in_front(cat, shell.process.pid()));
        CHECK(facts_of(cat).state == 'T');
        shell.type("fg\n");
    }
    REQUIRE(is_in_front(cat, cat));
    shell.type("\004");
    REQUIRE(is_in_front(shell.process.pid(), shell.process.pid()));
    shell.type("echo status $?\n");
    CHECK(shell.shows("\nstatus 0"));
}

TEST_CASE("reeve -- CMD that was stopped goes on in the background, and comes to the foreground") {
    if (has_no_bash()) return;
    Reeve reeve;
    Shell shell;
    // It starts nothing: a shell that waits for its vfork cannot stop while the child does.
    const std::string loop = "'echo $$ > {dir}/pid; while :; do i=$((i + 1)); [ $((i % 5000)) != 0 "
                             "] || echo >> {dir}/ticks; done'";
    shell.type(command_line(reeve, {"--", "sh", "-c", loop}) + "\n");
    REQUIRE(wait_until([&] { return exists(reeve.file("ticks")); }));
    const pid_t pid = std::atoi(reeve.text_of("pid").c_str());
    REQUIRE(is_in_front(pid, pid));
    shell.type("\032");
    REQUIRE(shell.shows("Stopped"));
    REQUIRE(is_in_front(pid, shell.process.pid()));
    const size_t before = reeve.text_of("ticks").size();
    shell.type("bg\n");
    REQUIRE(wait_until([&] { return reeve.text_of("ticks").size() > before + 3; }));
    CHECK(is_in_front(pid, shell.process.pid()));
    shell.type("fg\n");
    // A shell does not continue what runs already: reeve is in front, and passes ^C on.
    REQUIRE(wait_until([&] { return facts_of(pid).foreground != shell.process.pid(); }));
    shell.type("\003");
    REQUIRE(is_in_front(shell.process.pid(), shell.process.pid()));
    shell.type("echo status $?\n");
    CHECK(shell.shows("\nstatus 130"));
}

TEST_CASE("a CMD in the background that reads from the terminal stops, and reeve with it") {
    if (has_no_bash()) return;
    Reeve reeve;
    Shell shell;
    shell.type(command_line(reeve, {"--", "sh", "-c", "'echo $$ > {dir}/pid; exec cat'"}) + "&\n");
    REQUIRE(wait_until([&] { return count(reeve.text_of("pid"), "\n") == 1; }));
    const pid_t cat = std::atoi(reeve.text_of("pid").c_str());
    const pid_t its_reeve = facts_of(cat).parent;
    REQUIRE(wait_until([&] { return facts_of(its_reeve).state == 'T'; }));
    CHECK(facts_of(cat).state == 'T');
    shell.type("fg\n");
    REQUIRE(is_in_front(cat, cat));
    shell.type("typed\n");
    REQUIRE(shell.shows("typed", 2));
    shell.type("\003");
    REQUIRE(is_in_front(shell.process.pid(), shell.process.pid()));
    shell.type("echo status $?\n");
    CHECK(shell.shows("\nstatus 130"));
}

TEST_CASE("^Z of a CMD whose terminal has no shell is as good as not typed") {
    Reeve reeve;
    Pty pty;
    Launch launch = reeve.launch({"--", "sh", "-c", "echo $$ > {dir}/pid; exec cat"});
    launch.terminal = pty.path();
    reeve.start(launch);
    REQUIRE(pid_in(reeve, "pid") > 0);
    pty.type("\032");
    pty.type("hello\n");
    CHECK(wait_until([&] { return count(pty.screen(), "hello") == 2; }));
    pty.type("\003");
    CHECK(ends_with(reeve) == 128 + SIGINT);
}

TEST_CASE("orphans become reeve's children and are reaped") {
    const bool as_pid_1 = GENERATE(false, true);
    if (cannot_be_pid_1(as_pid_1)) return;
    Reeve reeve;
    // Of each pair of brackets the shell in between ends at once.
    start(reeve, as_pid_1,
          {"--", "sh", "-c",
           "for i in 1 2 3 4 5; do (sleep 0.05 &); done; (exec sleep 999 &); echo > {dir}/started; "
           "exec sleep 1000"});
    REQUIRE(reeve.has_lines("started", 1));
    const pid_t pid = reeve.pid();
    CHECK(wait_until([&] { return children_of(pid).size() == 2; }));
    for (const pid_t child : children_of(pid)) CHECK(facts_of(child).state != 'Z');
    for (const pid_t child : children_of(pid))
        if (count(read_file("/proc/" + std::to_string(child) + "/cmdline"), "999") > 0)
            kill(child, SIGKILL);
    CHECK(wait_until([&] { return children_of(pid).size() == 1; }));
    CHECK(reeve.process().running());
}

TEST_CASE("when CMD ends, what it leaves behind gets TERM, and then reeve ends with CMD's code") {
    const bool as_pid_1 = GENERATE(false, true);
    if (cannot_be_pid_1(as_pid_1)) return;
    Reeve reeve;
    write_file(reeve.file("orphan"), "trap 'echo term >> $1/orphan.log; exit' TERM\n"
                                     "echo ready >> $1/orphan.log\n"
                                     "while :; do sleep 0.05; done\n");
    start(reeve, as_pid_1,
          {"--", "sh", "-c",
           "setsid sh {dir}/orphan {dir} & while ! test -s {dir}/orphan.log; do sleep 0.05; done; "
           "exit 3"});
    CHECK(ends_with(reeve) == 3);
    CHECK(reeve.text_of("orphan.log") == "ready\nterm\n");
}

TEST_CASE("an orphan that ignores TERM is killed before reeve ends") {
    Reeve reeve;
    write_file(reeve.file("orphan"),
               "trap '' TERM\necho $$ > $1/orphan.pid\nwhile :; do sleep 0.05; done\n");
    reeve.start({"--", "sh", "-c",
                 "setsid sh {dir}/orphan {dir} & while ! test -s {dir}/orphan.pid; do sleep 0.05; "
                 "done; exit 3"});
    CHECK(ends_with(reeve) == 3);
    const pid_t orphan = pid_in(reeve, "orphan.pid");
    REQUIRE(orphan > 0);
    CHECK_FALSE(alive(orphan));
}

TEST_CASE("what CMD leaves in its process group is stopped too") {
    Reeve reeve;
    reeve.start({"--", "sh", "-c", "sleep 1000 & echo $! > {dir}/pid; exit 5"});
    CHECK(ends_with(reeve) == 5);
    const pid_t left = pid_in(reeve, "pid");
    REQUIRE(left > 0);
    CHECK_FALSE(alive(left));
}

TEST_CASE("it works for a user without a passwd entry, a home or any environment") {
    if (cannot_run(is_root(), "needs root to become another user")) return;
    const uid_t uid = stranger();
    Launch launch{.arguments = {reeve_binary(), "--", "/bin/sh", "-c", "/usr/bin/id -u; exit 6"},
                  .empty_environment = true,
                  .uid = uid,
                  .directory = "/"};
    const Output output = run(launch);
    INFO(output.err);
    CHECK(output.status == 6);
    CHECK(output.out == std::to_string(uid) + "\n");
    CHECK(output.err.empty());
    run({"rm", "-rf", "/tmp/reeve-" + std::to_string(uid)});
}

TEST_CASE("it works on a read-only root, as root and as a user that nobody knows") {
    if (cannot_run(is_root() && has_program("unshare"), "needs root and unshare(1)")) return;
    const std::string user = GENERATE("0:0", "12345:12345");
    Reeve reeve;
    make_directory(reeve.file("root"));
    const std::string script = "set -e; mount --bind / $1; mount -o remount,bind,ro $1\n"
                               "mount --bind /dev $1/dev; mount --bind /proc $1/proc\n"
                               "chroot --userspec=$2 $1 $3 -- "
                               "sh -c 'touch /probe /tmp/probe 2>/dev/null && exit 1; exit 5'";
    Launch launch{.arguments = {"unshare", "--mount", "sh", "-c", script, "sh", reeve.file("root"),
                                user, reeve_binary()}};
    if (cannot_run(run({"unshare", "--mount", "sh", "-c", "mount --bind / $1 && test -x $1$2", "sh",
                        reeve.file("root"), reeve_binary()})
                           .status == 0,
                   "mounts are not permitted, or reeve is not on the root file system"))
        return;
    const Output output = run(launch);
    INFO(output.err);
    CHECK(output.status == 5);
}

TEST_CASE("standard descriptors that are closed at the start are CMD's /dev/null") {
    Reeve reeve;
    Launch launch = reeve.launch({"--", "sh", "-c",
                                  "for i in 0 1 2; do link=$(readlink /proc/$$/fd/$i); echo $link "
                                  ">> {dir}/links; done; exit 7"});
    launch.prepare = [] {
        for (int fd = 0; fd < 3; ++fd) close(fd);
    };
    reeve.start(launch);
    CHECK(ends_with(reeve) == 7);
    CHECK(reeve.text_of("links") == "/dev/null\n/dev/null\n/dev/null\n");
}

TEST_CASE("services of the service directory run beside CMD and are stopped after it") {
    Reeve reeve;
    reeve.service("helper",
                  "command = echo up >> {dir}/helper; trap 'echo down >> {dir}/helper; exit' "
                  "TERM; while :; do sleep 0.05; done\n");
    reeve.start({"--", "sh", "-c", "while ! test -s {dir}/helper; do sleep 0.05; done; exit 4"});
    CHECK(ends_with(reeve) == 4);
    CHECK(reeve.text_of("helper") == "up\ndown\n");
}

TEST_CASE("CMD can be looked at and stopped with svctl, as the service main") {
    Reeve reeve;
    reeve.start({"--", "sleep", "1000"});
    REQUIRE(reeve.reaches("main", "running"));
    CHECK(reeve.svctl({"status", "main"}).status == 0);
    CHECK(reeve.svctl({"-n", "exit", "9"}).status == 0);
    CHECK(ends_with(reeve) == 9);
}

TEST_CASE("CMD that svctl stops ends reeve as if it had ended by itself") {
    Reeve reeve;
    reeve.start({"--", "sleep", "1000"});
    REQUIRE(reeve.reaches("main", "running"));
    CHECK(reeve.svctl({"-n", "down", "main"}).status == 0);
    CHECK(ends_with(reeve) == 128 + SIGTERM);
}
