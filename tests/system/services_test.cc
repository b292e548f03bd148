// What a service finds when it begins: its environment, its rights, its files.

#include <csignal>
#include <filesystem>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.h"
#include "support/procfs.h"
#include "support/pty.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

// Runs a shell line as a oneshot with these keys, and returns what it wrote.
std::string output_of(Reeve& reeve, const std::string& line, const std::string& keys = "") {
    reeve.service("probe", "type = oneshot\ncommand = " + line + "\n" + keys);
    Launch launch = reeve.launch();
    launch.prepare = [] {
        // One more group of reeve's own, which is no other user's.
        const gid_t group = 7777;
        if (is_root() && setgroups(1, &group) < 0) _exit(125);
    };
    reeve.start(launch);
    if (!reeve.reaches("probe", "done")) return "(" + reeve.state("probe") + ")";
    return reeve.log_of("probe");
}

}  // namespace

TEST_CASE("each run's output has a file of its own, and log_keep bounds how many stay") {
    Reeve reeve;
    reeve.service("talks",
                  "command = echo out; echo err >&2; sleep 1.1\ntype = oneshot\nlog_keep = 2\n");
    reeve.start();
    REQUIRE(reeve.reaches("talks", "done"));
    CHECK(reeve.log_of("talks") == "out\nerr\n");
    for (int i = 0; i < 3; ++i) CHECK(reeve.svctl({"restart", "talks"}).status == 0);
    const auto files = [&] {
        return std::distance(std::filesystem::directory_iterator(reeve.logs() + "/talks"), {});
    };
    CHECK(wait_until([&] { return files() <= 3; }));
    CHECK(files() >= 2);
}

TEST_CASE("log = null goes nowhere, log = inherit to reeve's own output") {
    Reeve reeve;
    reeve.service("silent",
                  "command = echo secret; echo done > {dir}/done\ntype = oneshot\nlog = null\n");
    reeve.service("loud", "command = echo loud; echo louder >&2\ntype = oneshot\nlog = inherit\n");
    reeve.start();
    REQUIRE(reeve.has_lines("done", 1));
    REQUIRE(reeve.reaches("loud", "done"));
    CHECK_FALSE(exists(reeve.logs() + "/silent"));
    CHECK(reeve.process().out().find("loud\n") != std::string::npos);
    CHECK(reeve.process().err().find("louder\n") != std::string::npos);
}

TEST_CASE("where the log directory cannot be written, services run all the same") {
    Reeve reeve;
    write_file(reeve.file("not-a-directory"), "");
    reeve.service("talks", "command = echo hello; echo up > {dir}/up; exec sleep 1000\n");
    reeve.start({"-l", "{dir}/not-a-directory"});
    CHECK(reeve.reaches("talks", "running"));
    CHECK(reeve.has_lines("up", 1));
    CHECK_FALSE(reeve.process().err().empty());
}

TEST_CASE("env beats env_file, which beats what is inherited; a missing -FILE is no error") {
    Reeve reeve;
    write_file(reeve.file("file.env"), "# comment\nFROM_FILE=file\nexport BOTH='from file'\n"
                                       "INHERITED=file\n");
    reeve.service("probe", "type = oneshot\nenv_file = {dir}/file.env\nenv_file = -{dir}/missing\n"
                           "env = BOTH=env\nenv = SPACES=a  b\n"
                           "command = echo \"$FROM_FILE,$BOTH,$SPACES,$INHERITED,$KEPT\"\n");
    Launch launch = reeve.launch();
    launch.environment = {"INHERITED=reeve", "KEPT=kept"};
    reeve.start(launch);
    REQUIRE(reeve.reaches("probe", "done"));
    CHECK(reeve.log_of("probe") == "file,env,a  b,file,kept\n");
}

TEST_CASE("env_clear leaves nothing of reeve's own environment but a PATH") {
    Reeve reeve;
    reeve.service("probe", "type = oneshot\nenv_clear = yes\nenv = ONE=1\ncommand = env | sort\n");
    Launch launch = reeve.launch();
    launch.environment = {"SECRET=hidden"};
    reeve.start(launch);
    REQUIRE(reeve.reaches("probe", "done"));
    const std::string text = reeve.log_of("probe");
    INFO(text);
    CHECK(text.find("SECRET") == std::string::npos);
    CHECK(text.find("ONE=1\n") != std::string::npos);
    CHECK(text.find("PATH=") != std::string::npos);
    CHECK(text.find("REEVE_SERVICE=probe\n") != std::string::npos);
    CHECK(text.find("REEVE_RUN=" + reeve.run_directory() + "\n") != std::string::npos);
}

TEST_CASE("svctl as a first word is found even where no link to it is installed") {
    Reeve reeve;
    make_directory(reeve.file("empty"));
    const std::string path = "env = PATH=" + reeve.file("empty") + ":/usr/bin:/bin\n";
    reeve.service("exec", "type = oneshot\nexec = svctl check {dir}/empty\n" + path);
    reeve.service("command", "type = oneshot\ncommand = svctl check {dir}/empty\n" + path);
    reeve.service("hook",
                  "type = oneshot\nexec = true\npre_start = svctl check {dir}/empty\n" + path);
    reeve.service("asks", "type = oneshot\nexec = svctl signal CONT target\n" + path);
    reeve.service("target", "exec = sleep 1000\n");
    reeve.start();
    CHECK(reeve.reaches("exec", "done"));
    CHECK(reeve.reaches("command", "done"));
    CHECK(reeve.reaches("hook", "done"));
    REQUIRE(reeve.reaches("target", "running"));
    CHECK(reeve.svctl({"restart", "asks"}).status == 0);  // it has found its own reeve
    CHECK(reeve.reaches("asks", "done"));
}

TEST_CASE("a file of secrets that others may read is refused at the start, and its values unseen") {
    Reeve reeve;
    const std::string secret = reeve.file("db.secret");
    write_file(secret, "PASSWORD=hunter2\n", 0644);
    reeve.service("probe",
                  "command = test $PASSWORD = hunter2 && echo yes > {dir}/yes; exec sleep 1000\n"
                  "env_file = {dir}/db.secret\nenv = TOKEN=topsecret\nrestart_delay = 1h\n"
                  "restart_delay_max = 1h\n");
    reeve.start();
    REQUIRE(reeve.reaches("probe", "backoff"));
    const std::string reason = reeve.field("probe", "reason");
    INFO(reason);
    CHECK(reason.find("db.secret") != std::string::npos);
    chmod(secret.c_str(), 0600);
    CHECK(reeve.svctl({"up", "probe"}).status == 0);
    CHECK(reeve.has_lines("yes", 1));
    std::string all = reeve.process().out() + reeve.process().err() +
                      read_file(reeve.run_directory() + "/journal") +
                      read_file(reeve.run_directory() + "/status/probe");
    for (const Strings& words : {Strings{"status", "probe"}, Strings{"--json", "status", "probe"},
                                 Strings{"why", "probe"}})
        all += reeve.svctl(words).out;
    CHECK(all.find("hunter2") == std::string::npos);
    CHECK(all.find("topsecret") == std::string::npos);
}

TEST_CASE("user: uid, gid, supplementary groups and the variables that go with them") {
    if (cannot_run(is_root(), "needs root")) return;
    Reeve reeve;
    const std::string named =
        output_of(reeve, "id -u; id -g; id -G; echo $HOME $USER $LOGNAME", "user = daemon\n");
    const std::string id = run({"id", "-G", "daemon"}).out;
    CHECK(named == run({"id", "-u", "daemon"}).out + run({"id", "-g", "daemon"}).out + id +
                       run({"sh", "-c", "getent passwd daemon | cut -d: -f6 | tr -d '\\n'"}).out +
                       " daemon daemon\n");
}

TEST_CASE("user: numbers do without an entry in /etc/passwd") {
    if (cannot_run(is_root(), "needs root")) return;
    Reeve reeve;
    CHECK(output_of(reeve, "id -u; id -g; id -G", "user = 54321:12345\n") ==
          "54321\n12345\n12345\n");
}

TEST_CASE("user: one that does not exist is said in the reason") {
    if (cannot_run(is_root(), "needs root")) return;
    Reeve reeve;
    reeve.service("probe", "exec = sleep 1000\nuser = nosuchuser\nrestart = never\n");
    reeve.start();
    REQUIRE(reeve.reaches("probe", "failed"));
    CHECK(reeve.field("probe", "reason").find("nosuchuser") != std::string::npos);
}

TEST_CASE("another user without the rights for it is said in the reason") {
    if (cannot_run(is_root(), "needs root to become an ordinary user")) return;
    Reeve reeve;
    reeve.service("probe", "exec = sleep 1000\nuser = daemon\nrestart = never\n");
    reeve.give_to(12345);
    Launch launch = reeve.launch();
    launch.uid = 12345;
    reeve.start(launch);
    REQUIRE(reeve.reaches("probe", "failed"));
    INFO(reeve.field("probe", "reason"));
    CHECK(reeve.field("probe", "reason").find("not permitted") != std::string::npos);
}

TEST_CASE("workdir is / where nothing else is said, and a missing one is said in the reason") {
    Reeve reeve;
    reeve.service("missing", "exec = sleep 1000\nworkdir = {dir}/nowhere\nrestart = never\n");
    reeve.service("other", "command = pwd\ntype = oneshot\nworkdir = {dir}\n");
    CHECK(output_of(reeve, "pwd") == "/\n");
    REQUIRE(reeve.reaches("other", "done"));
    CHECK(reeve.log_of("other") == reeve.directory() + "\n");
    REQUIRE(reeve.reaches("missing", "failed"));
    CHECK(reeve.field("missing", "reason") ==
          "chdir " + reeve.directory() + "/nowhere: No such file or directory, restart = never");
}

TEST_CASE("umask, nice and limits are as the definition says") {
    Reeve reeve;
    CHECK(output_of(reeve, "umask; nice; ulimit -Sn; ulimit -Hn; ulimit -c",
                    "umask = 0027\nnice = 7\nlimit = nofile 123:234\nlimit = core 0\n") ==
          "0027\n7\n123\n234\n0\n");
}

TEST_CASE("chroot: the directory is its root") {
    if (cannot_run(is_root() && run({"chroot", "/usr", "/bin/sh", "-c", ":"}).status == 0,
                   "needs root, and a /usr that holds all of /bin and /lib"))
        return;
    Reeve reeve;
    CHECK(output_of(reeve, "pwd; test -d /usr || test -d /bin && ls -d /share",
                    "chroot = /usr\n") == "/\n/share\n");
}

TEST_CASE("no_new_privs and oom_score_adj are set") {
    Reeve reeve;
    CHECK(output_of(reeve, "grep NoNewPrivs /proc/self/status; cat /proc/self/oom_score_adj",
                    "no_new_privs = yes\noom_score_adj = 321\n") == "NoNewPrivs:\t1\n321\n");
}

TEST_CASE("stdin is a path, or /dev/null") {
    Reeve reeve;
    write_file(reeve.file("input"), "one line\n");
    reeve.service("reads", "command = cat\ntype = oneshot\nstdin = {dir}/input\n");
    CHECK(output_of(reeve, "cat; readlink /proc/self/fd/0") == "/dev/null\n");
    REQUIRE(reeve.reaches("reads", "done"));
    CHECK(reeve.log_of("reads") == "one line\n");
}

TEST_CASE("tty becomes the controlling terminal and the standard descriptors") {
    if (cannot_run(has_terminals(), "there are no pseudo terminals")) return;
    Reeve reeve;
    Pty pty;
    reeve.service("getty", "command = tty; echo hello > /dev/tty; read line; echo got $line; "
                           "exec sleep 1000\ntty = " +
                               pty.path() + "\n");
    reeve.start();
    CHECK(wait_until([&] { return pty.screen().find("hello") != std::string::npos; }));
    CHECK(pty.screen().find(pty.path()) != std::string::npos);
    pty.type("typed\n");
    CHECK(wait_until([&] { return pty.screen().find("got typed") != std::string::npos; }));
    const pid_t pid = reeve.pid_of("getty");
    CHECK(facts_of(pid).session == pid);
    CHECK(facts_of(pid).foreground == pid);
}

TEST_CASE("a service has a session of its own, an empty mask and no descriptors but its own") {
    Reeve reeve;
    reeve.service("probe", "command = cat /proc/self/status; ls /proc/$$/fd; echo > {dir}/done; "
                           "exec sleep 1000\n");
    Launch launch = reeve.launch();
    launch.prepare = [] {
        signal(SIGPIPE, SIG_IGN);
        signal(SIGCHLD, SIG_IGN);
        sigset_t set;
        sigfillset(&set);
        sigprocmask(SIG_SETMASK, &set, nullptr);
        dup2(0, 9);
    };
    reeve.start(launch);
    REQUIRE(reeve.has_lines("done", 1));
    const std::string text = reeve.log_of("probe");
    INFO(text);
    for (int number = 1; number <= 31; ++number) {
        CHECK_FALSE(has_signal(text, "SigBlk", number));
        CHECK_FALSE(has_signal(text, "SigIgn", number));
    }
    const size_t last = text.rfind("voluntary_ctxt_switches");
    CHECK(text.substr(text.find('\n', last) + 1) == "0\n1\n2\n");
    const pid_t pid = reeve.pid_of("probe");
    CHECK(facts_of(pid).session == pid);
    CHECK(facts_of(pid).group == pid);
    CHECK(facts_of(pid).parent == reeve.pid());
}

TEST_CASE("an executable file is a service, its #reeve: lines are its keys") {
    Reeve reeve;
    reeve.script("greeter", "#!/bin/sh\n#reeve: env = WHO=world\n#reeve: type = oneshot\n"
                            "echo hello $WHO, I am $REEVE_SERVICE\n");
    reeve.service("notes", "#!/bin/sh\necho not a service\n");
    reeve.start();
    REQUIRE(reeve.reaches("greeter", "done"));
    CHECK(reeve.log_of("greeter") == "hello world, I am greeter\n");
    CHECK(reeve.svctl({"status", "notes"}).status == 4);
}

TEST_CASE("%n is the service's name in every value but shell lines") {
    Reeve reeve;
    reeve.service("named", "exec = echo %n 100%% sure\ntype = oneshot\n");
    reeve.service("shell", "command = echo %n $REEVE_SERVICE\ntype = oneshot\n");
    reeve.start();
    REQUIRE(reeve.reaches("named", "done"));
    REQUIRE(reeve.reaches("shell", "done"));
    CHECK(reeve.log_of("named") == "named 100% sure\n");
    CHECK(reeve.log_of("shell") == "%n shell\n");
}

TEST_CASE("words of exec are split as a shell does, and nothing in them is expanded") {
    Reeve reeve;
    reeve.service("words", "exec = printf '<%%s>' one 'two words' \"three $HOME\" four\\ five *\n"
                           "type = oneshot\n");
    reeve.start();
    REQUIRE(reeve.reaches("words", "done"));
    CHECK(reeve.log_of("words") == "<one><two words><three $HOME><four five><*>");
}

TEST_CASE("a word of exec without a slash is looked up in the service's own PATH") {
    Reeve reeve;
    make_directory(reeve.file("bin"));
    write_file(reeve.file("bin/tool"), "#!/bin/sh\necho found\n", 0755);
    reeve.service("tool", "exec = tool\ntype = oneshot\nenv = PATH={dir}/bin:/usr/bin:/bin\n");
    reeve.start();
    REQUIRE(reeve.reaches("tool", "done"));
    CHECK(reeve.log_of("tool") == "found\n");
}

TEST_CASE("a shell line that needs no shell runs without one") {
    Reeve reeve;
    reeve.service("direct", "command = sleep 1000\n");
    reeve.service("shell", "command = sleep 1000; true\n");
    reeve.start();
    REQUIRE(reeve.reaches("direct", "running"));
    REQUIRE(reeve.reaches("shell", "running"));
    const auto program_of = [&](const char* name) {
        const std::string line =
            read_file("/proc/" + std::to_string(reeve.pid_of(name)) + "/cmdline");
        return line.substr(0, line.find('\0'));
    };
    CHECK(wait_until([&] { return program_of("direct") == "sleep"; }));
    CHECK(program_of("shell") == "/bin/sh");
}

TEST_CASE("a file that others may write, or a stranger owns, is refused and harms no other") {
    Reeve reeve;
    reeve.service("good", "exec = sleep 1000\n");
    reeve.service("open", "exec = sleep 1000\n");
    chmod((reeve.services() + "/open").c_str(), 0666);
    if (is_root()) {
        reeve.service("foreign", "exec = sleep 1000\n");
        REQUIRE(chown((reeve.services() + "/foreign").c_str(), 12345, 12345) == 0);
    }
    reeve.start();
    CHECK(reeve.reaches("good", "running"));
    CHECK(reeve.reaches("open", "invalid"));
    CHECK(reeve.process().err().find(reeve.services() + "/open") != std::string::npos);
    if (is_root()) CHECK(reeve.reaches("foreign", "invalid"));
}

TEST_CASE("files with other names are not services") {
    Reeve reeve;
    for (const char* name : {"web.bak", "web~", ".web.swp", "web.dpkg-old", "#web#"})
        reeve.service(name, "exec = sleep 1000\n");
    reeve.service("web", "exec = sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    CHECK(std::distance(std::filesystem::directory_iterator(reeve.run_directory() + "/status"),
                        {}) == 1);
    CHECK(reeve.process().err().empty());
}

TEST_CASE("default.KEY in reeve.conf is the default of a key in every service") {
    Reeve reeve;
    reeve.service("reeve.conf", "log = run\ndefault.workdir = {dir}\ndefault.env = COLOUR=blue\n");
    reeve.service("other", "command = pwd\nworkdir = /usr\ntype = oneshot\n");
    CHECK(output_of(reeve, "pwd; echo $COLOUR") == reeve.directory() + "\nblue\n");
    REQUIRE(reeve.reaches("other", "done"));
    CHECK(reeve.log_of("other") == "/usr\n");
}

TEST_CASE("a FIFO as stdin waits for who writes, is told of, and a stop needs no KILL") {
    Reeve reeve;
    REQUIRE(mkfifo(reeve.file("pipe").c_str(), 0600) == 0);
    reeve.service("web", "command = read line; echo $line >>{dir}/got; exec sleep 1000\n"
                         "stdin = {dir}/pipe\nstop_timeout = 1m\nlog = null\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "starting"));
    CHECK(reeve.comes_true([&] {
        return reeve.field("web", "reason") ==
               "exec, once " + reeve.file("pipe") + " is open as its stdin";
    }));
    CHECK(reeve.svctl({"down", "web"}).status == 0);
    CHECK(reeve.field("web", "reason").find("KILL") == std::string::npos);
    REQUIRE(reeve.svctl({"-n", "up", "web"}).status == 0);
    REQUIRE(reeve.reaches("web", "starting"));
    write_file(reeve.file("words"), "hello\n");
    CHECK(run({"sh", "-c", "cat " + reeve.file("words") + " >" + reeve.file("pipe")}).status == 0);
    CHECK(reeve.has_lines("got", 1));
    CHECK(reeve.text_of("got") == "hello\n");
    CHECK(reeve.reaches("web", "running"));
}
