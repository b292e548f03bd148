// What other users of the machine can do to reeve and svctl, by what they own or may write to; and
// the directories of containers, which are open to all and are to work all the same.

#include <csignal>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

constexpr uid_t stranger = 65534;
constexpr char sleeps[] = "exec = sleep 1000\n";

bool cannot_play_two() { return cannot_run(is_root(), "needs root to play two users"); }

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

mode_t mode_of(const std::string& path) {
    struct stat status = {};
    return lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

void give(const std::string& path) {
    if (lchown(path.c_str(), stranger, stranger) < 0) throw std::runtime_error("chown " + path);
}

void open_to_all(const std::string& path, mode_t mode = 0777) {
    if (chmod(path.c_str(), mode) < 0) throw std::runtime_error("chmod " + path);
}

// What a stranger does in a process of his own, which stays until this goes.
class Stranger {
  public:
    explicit Stranger(const std::function<bool()>& deed) {
        int ends[2];
        if (pipe(ends) < 0) throw std::runtime_error("pipe");
        pid_ = fork();
        if (pid_ == 0) {
            const bool good = setgid(stranger) == 0 && setuid(stranger) == 0 && deed();
            const char answer = good ? 'y' : 'n';
            if (write(ends[1], &answer, 1) != 1) _exit(1);
            for (;;) pause();
        }
        close(ends[1]);
        char answer = 'n';
        succeeded = read(ends[0], &answer, 1) == 1 && answer == 'y';
        close(ends[0]);
    }
    ~Stranger() {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    Stranger(const Stranger&) = delete;
    Stranger& operator=(const Stranger&) = delete;

    bool succeeded = false;

  private:
    pid_t pid_ = 0;
};

bool hold_shared(const std::string& lock) {
    const int fd = open(lock.c_str(), O_RDONLY);
    struct flock request = {};
    request.l_type = F_RDLCK;
    request.l_whence = SEEK_SET;
    return fd >= 0 && fcntl(fd, F_SETLK, &request) == 0;
}

// A socket that anybody may connect to, and that answers nothing.
bool listen_at(const std::string& path) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    return fd >= 0 && bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
           chmod(path.c_str(), 0777) == 0 && listen(fd, 8) == 0;
}

Output svctl_at(const std::string& run_directory, const Strings& words,
                std::optional<uid_t> uid = {}) {
    Launch launch{.arguments = {reeve_binary(), "svctl", "-r", run_directory}};
    launch.arguments.insert(launch.arguments.end(), words.begin(), words.end());
    launch.uid = uid;
    return run(launch);
}

}  // namespace

// --- The lock --------------------

TEST_CASE("a stranger cannot open the lock, and so cannot hold it") {
    if (cannot_play_two()) return;
    Reeve reeve;
    reeve.start();
    const std::string lock = reeve.run_directory() + "/lock";
    CHECK(mode_of(lock) == 0600);
    CHECK_FALSE(Stranger([&] { return hold_shared(lock); }).succeeded);
}

TEST_CASE("a lock of an earlier version that a stranger holds keeps no reeve from starting") {
    if (cannot_play_two()) return;
    Reeve reeve;
    const std::string lock = reeve.run_directory() + "/lock";
    write_file(lock, "");
    const Stranger holder([&] { return hold_shared(lock); });
    REQUIRE(holder.succeeded);
    reeve.service("web", sleeps);
    reeve.start();
    CHECK(reeve.reaches("web", "running"));
    CHECK(mode_of(lock) == 0600);
    CHECK(run(reeve.launch()).status == 100);
}

TEST_CASE("the lock of an earlier version is mended at the next start") {
    Reeve reeve;
    write_file(reeve.run_directory() + "/lock", "");
    reeve.start();
    CHECK(mode_of(reeve.run_directory() + "/lock") == 0600);
}

// --- Directories that others may write to --------------------

TEST_CASE("a run directory that group or others may write to is refused, with what mends it") {
    const mode_t mode = GENERATE(mode_t{0777}, mode_t{0775}, mode_t{01777}, mode_t{02775});
    Reeve reeve;
    open_to_all(reeve.run_directory(), mode);
    const Output output = run(reeve.launch());
    CHECK(output.status == 100);
    CHECK(output.err == "reeve: " + reeve.run_directory() +
                            ": group or others may write to it: chmod go-w " +
                            reeve.run_directory() + "\n");
    CHECK_FALSE(exists(reeve.run_directory() + "/lock"));
}

TEST_CASE("a service directory that group or others may write to is refused, with what mends it") {
    Reeve reeve;
    reeve.service("web", sleeps);
    open_to_all(reeve.services());
    const Output output = run(reeve.launch());
    CHECK(output.status == 100);
    INFO(output.err);
    CHECK(mentions(output.err, reeve.services() + ": group or others may write to it: chmod go-w " +
                                   reeve.services() + " "));
    CHECK(mentions(output.err, "COPY --chmod=go-w"));
    CHECK(mentions(output.err, "--trust DIR"));
}

TEST_CASE("a service directory that a third user owns is refused") {
    if (cannot_play_two()) return;
    Reeve reeve;
    reeve.service("web", sleeps);
    give(reeve.services());
    const Output output = run(reeve.launch());
    CHECK(output.status == 100);
    INFO(output.err);
    CHECK(mentions(output.err, reeve.services() + ": owned by uid 65534; chown it to root"));
}

TEST_CASE("a directory that others may write to by now is not read again, and all stays as it is") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    open_to_all(reeve.services());
    reeve.service("evil", sleeps);
    const Output reload = reeve.svctl({"reload"});
    CHECK(reload.status == 1);
    CHECK(mentions(reload.err, "chmod go-w " + reeve.services()));
    CHECK(reeve.svctl({"status", "evil"}).status == 4);
    CHECK(reeve.state("web") == "running");
    CHECK(reeve.svctl({"add", "other", "exec=sleep 1"}).status == 6);
    CHECK_FALSE(exists(reeve.services() + "/other"));
    open_to_all(reeve.services(), 0755);
    CHECK(reeve.svctl({"reload"}).status == 0);
}

TEST_CASE("what is above them and others may rename is refused for root's reeve on a machine") {
    if (cannot_play_two()) return;
    Reeve reeve;
    reeve.service("web", sleeps);
    open_to_all(reeve.directory());
    const Output output = run(reeve.launch({"--machine"}));
    CHECK(output.status == 100);
    INFO(output.err);
    CHECK(mentions(output.err, reeve.directory() +
                                   ": group or others may rename what is in it: "
                                   "chmod go-w " +
                                   reeve.directory()));
    CHECK_FALSE(exists(reeve.run_directory() + "/lock"));

    // A sticky bit keeps others from that.
    open_to_all(reeve.directory(), 01777);
    reeve.start({"--machine"});
    CHECK(reeve.reaches("web", "running"));
    CHECK(reeve.process().err().empty());
}

TEST_CASE("in a container, or for an ordinary user, that is told once") {
    if (cannot_play_two()) return;
    const bool is_user = GENERATE(false, true);
    Reeve reeve;
    reeve.service("web", sleeps);
    if (is_user) reeve.give_to(12345);
    open_to_all(reeve.directory());
    Launch launch = reeve.launch({is_user ? "--machine" : "--container"});
    if (is_user) launch.uid = 12345;
    reeve.start(launch, false);
    REQUIRE(wait_until([&] { return exists(reeve.run_directory() + "/status/web"); }));
    kill(reeve.pid(), SIGHUP);
    kill(reeve.pid(), SIGTERM);
    CHECK(reeve.wait() == 0);
    CHECK(count(reeve.process().err(), "may rename what is in it") == 1);
}

TEST_CASE("a link of another user on the way to the service directory is refused") {
    if (cannot_play_two()) return;
    Reeve reeve;
    open_to_all(reeve.directory(), 01777);
    REQUIRE(symlink(reeve.services().c_str(), reeve.file("link").c_str()) == 0);
    const Strings words = {reeve_binary(),        "-d", reeve.file("link"), "-r",
                           reeve.run_directory(), "-l", reeve.logs(),       "--machine",
                           "--exit-when-idle"};
    CHECK(run(words).status == 0);
    give(reeve.file("link"));
    const Output output = run(words);
    CHECK(output.status == 100);
    CHECK(mentions(output.err, reeve.file("link") + ": another user's link"));
}

TEST_CASE("what a stranger has put into the run directory is set aside, and not believed") {
    if (cannot_play_two()) return;
    Reeve reeve;
    reeve.service("web", sleeps);
    const std::string run = reeve.run_directory();
    write_file(run + "/journal", "forged\n");
    make_directory(run + "/status");
    write_file(run + "/status/forged", "name=forged\nstate=running\npid=1\n");
    REQUIRE(symlink("/etc/passwd", (run + "/pid").c_str()) == 0);
    for (const char* name : {"/journal", "/status", "/status/forged", "/pid"}) give(run + name);
    const std::string passwd = read_file("/etc/passwd");
    reeve.start();
    CHECK(reeve.reaches("web", "running"));
    const std::string err = reeve.process().err();
    for (const char* name : {"/journal", "/status", "/pid"}) {
        CHECK(mentions(err, run + name + " is another user's"));
        CHECK(mentions(err, run + name + ".bad"));
    }
    CHECK_FALSE(exists(run + "/status/forged"));
    CHECK(read_file(run + "/pid") == std::to_string(reeve.pid()) + "\n");
    CHECK(read_file("/etc/passwd") == passwd);
    CHECK_FALSE(mentions(reeve.svctl({"list"}).out, "forged"));
}

TEST_CASE("what is not reeve's stays as it is in a run directory that is used for more") {
    if (cannot_play_two()) return;
    Reeve reeve;
    const std::string run = reeve.run_directory();
    make_directory(run + "/postgresql");
    give(run + "/postgresql");
    REQUIRE(symlink("/nowhere", (run + "/link").c_str()) == 0);
    CHECK(reeve::test::run(reeve.launch({"--exit-when-idle"})).status == 0);
    CHECK(exists(run + "/postgresql"));
    CHECK_FALSE(exists(run + "/postgresql.bad"));
    struct stat link = {};
    CHECK(lstat((run + "/link").c_str(), &link) == 0);
}

TEST_CASE("a directory such as /run or /var, with a lock or log of its own, is no run directory") {
    Reeve reeve;
    const std::string run = reeve.run_directory();
    const char* name = GENERATE("/lock", "/log");
    make_directory(run + name);
    open_to_all(run + name, 01777);
    const Output output = reeve::test::run(reeve.launch());
    CHECK(output.status == 100);
    CHECK(mentions(output.err, run + name + ": not made by reeve"));
    CHECK(mentions(output.err, "-r"));
    CHECK(exists(run + name));
}

// --- svctl --------------------

TEST_CASE("svctl asks no stranger's reeve and shows none of his files, whoever asks") {
    if (cannot_play_two()) return;
    const std::optional<uid_t> asker =
        GENERATE(std::optional<uid_t>{}, std::optional<uid_t>{12345});
    TempDir place;
    open_to_all(place.path());
    const std::string run = place / "run";
    make_directory(run);
    make_directory(run + "/status");
    write_file(run + "/status/web", "name=web\nstate=running\nreason=forged\n");
    for (const char* name : {"", "/status", "/status/web"}) give(run + name);
    const Stranger liar([&] { return listen_at(run + "/control"); });
    REQUIRE(liar.succeeded);
    for (const Strings& words : {Strings{"list"}, Strings{"up", "web"}, Strings{"why", "web"},
                                 Strings{"shutdown"}, Strings{"history", "web"}}) {
        const Output output = svctl_at(run, words, asker);
        INFO(words[0] << output.out << output.err);
        CHECK(output.status == 6);
        CHECK_FALSE(mentions(output.out, "running"));
        CHECK(mentions(output.err, run + "/control is another user's"));
    }
    // Where there is no socket it is the directory.
    REQUIRE(unlink((run + "/control").c_str()) == 0);
    CHECK(mentions(svctl_at(run, {"list"}, asker).err, run + " is another user's"));
}

TEST_CASE("a stranger's files in a directory of root's are not shown") {
    if (cannot_play_two()) return;
    TempDir place;
    make_directory(place / "status");
    write_file(place / "status/web", "name=web\nstate=running\nreason=forged\n");
    give(place / "status/web");
    const Output output = svctl_at(place.path(), {"list"});
    CHECK(output.status == 7);
    CHECK(output.out.empty());
}

TEST_CASE("a user's reeve cannot make root's svctl write or remove files") {
    if (cannot_play_two()) return;
    Reeve reeve;
    TempDir etc;
    write_file(etc / "web", "exec = sleep 1000\n");
    const std::string victim = read_file(etc / "web");
    reeve.give_to(stranger);
    Launch launch = reeve.launch();
    launch.arguments[2] = etc.path();
    launch.uid = stranger;
    reeve.start(launch, false);
    REQUIRE(wait_until([&] { return exists(reeve.run_directory() + "/control"); }));
    for (const Strings& words : {Strings{"set", "web", "user=nobody"}, Strings{"remove", "web"},
                                 Strings{"add", "evil", "exec=true"}, Strings{"disable", "web"}}) {
        const Output output = svctl_at(reeve.run_directory(), words);
        INFO(words[0] << output.out << output.err);
        CHECK(output.status == 6);
        CHECK(mentions(output.err, reeve.run_directory() + "/control is another user's"));
    }
    CHECK(read_file(etc / "web") == victim);
    CHECK_FALSE(exists(etc / "evil"));
}

// --- Log directories -----------------------------------------------------------------------------

TEST_CASE("a link in the place of a log directory makes root neither write nor prune elsewhere") {
    if (cannot_play_two()) return;
    const std::string log = GENERATE("run", "file");
    Reeve reeve;
    make_directory(reeve.file("precious"));
    for (const char* name : {"1.log", "2.log", "current", "2026-01-01T00:00:00.000001Z.log"})
        write_file(reeve.file("precious/") + name, "precious\n");
    give(reeve.logs());
    REQUIRE(symlink(reeve.file("precious").c_str(), (reeve.logs() + "/web").c_str()) == 0);
    give(reeve.logs() + "/web");
    reeve.service("reeve.conf", "log_user = 65534:65534\nlog_max_total = 1\n");
    reeve.service("web", "command = echo hello; echo up > {dir}/up; exec sleep 1000\nlog = " + log +
                             "\nlog_keep = 1\n");
    reeve.start();
    CHECK(reeve.comes_true([&] {
        const std::string state = reeve.state("web");
        return state == "running" || state == "backoff" || state == "failed";
    }));
    reeve.svctl({"restart", "web"});
    reeve.svctl({"rotate", "web"});
    CHECK(reeve.stop() == 0);
    for (const char* name : {"1.log", "2.log", "current", "2026-01-01T00:00:00.000001Z.log"})
        CHECK(reeve.text_of(std::string("precious/") + name) == "precious\n");
    CHECK(run({"ls", reeve.file("precious")}).out ==
          "1.log\n2.log\n2026-01-01T00:00:00.000001Z.log\ncurrent\n");
}

// --- The directories of containers --------------------

namespace {

constexpr char mount_job[] =
    "command = echo ran as $(id -u) >> {dir}/ran; {reeve} svctl list > {dir}/list\n"
    "type = oneshot\n";

// Runs a script as root in a mount namespace of its own: $1 is the test's directory, $2 reeve. The
// script ends with a reeve that runs the service `job`, and itself ends when that has.
struct Container {
    Reeve reeve;
    Output output;

    static bool cannot_be() {
        return cannot_run(
            is_root() &&
                run({"unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"}).status == 0,
            "needs root and mounts");
    }
    Container() {
        open_to_all(reeve.directory(), 01777);
        reeve.service("job", mount_job);
    }
    // `mounts`, then reeve with these words.
    const Output& start(const std::string& mounts, const std::string& words) {
        const std::string script = "set -e; cd $1; " + mounts + "\nexec $2 --container " + words +
                                   " -l $1/log --exit-when-idle";
        output = run(
            {"unshare", "--mount", "sh", "-c", script, "sh", reeve.directory(), reeve_binary()});
        return output;
    }
    bool ran() const { return reeve.text_of("ran") == "ran as 0\n"; }
    bool svctl_answered() const { return mentions(reeve.text_of("list"), "job"); }
};

}  // namespace

TEST_CASE("a Kubernetes ConfigMap is a service directory: links into ..data, mounted read-only") {
    if (Container::cannot_be()) return;
    const std::string mode = GENERATE("0644", "0777");  // defaultMode
    const std::string root = GENERATE("0777", "2777");  // with fsGroup
    Container container;
    // As kubelet leaves it, which also takes the execute bits away where the mode has none.
    container.start("mount -t tmpfs -o mode=" + root +
                        " none services\n"
                        "mkdir services/..2026_11_30\n"
                        "printf 'command = echo ran as $(id -u) >> %s/ran\\ntype = oneshot\\n' $1 "
                        "> services/..2026_11_30/job\n"
                        "chmod " +
                        mode +
                        " services/..2026_11_30/job; "
                        "chmod a-x services/..2026_11_30/job\n"
                        "ln -s ..2026_11_30 services/..data; ln -s ..data/job services/job\n"
                        "mount -o remount,ro services",
                    "-d $1/services -r $1/run");
    CHECK(container.output.err.empty());
    CHECK(container.output.status == 0);
    CHECK(container.ran());
}

TEST_CASE("a Docker volume of mode 0777 is a service directory, and its files are looked at") {
    if (Container::cannot_be()) return;
    const std::string mode = GENERATE("0777", "1777", "2777");
    Container container;
    container.start(
        "cp services/job services/reeve.conf .\n"
        "mount -t tmpfs -o mode=" +
            mode +
            " none services\n"
            "mv job reeve.conf services; echo 'exec = touch {dir}/evil' > services/evil\n"
            "chown 65534 services/evil; ln -s /bin/true services/link\n"
            "chown -h 65534 services/link",
        "-d $1/services -r $1/run");
    INFO(container.output.err);
    CHECK(container.ran());
    CHECK(container.svctl_answered());
    CHECK(count(container.output.err, "services: group or others may write to it") == 1);
    CHECK(count(container.output.err, "services/evil: owned by uid 65534") == 1);
    CHECK(count(container.output.err, "services/link: owned by uid 65534") == 1);
}

TEST_CASE("an emptyDir as /run holds the run directory, with and without fsGroup, sticky or not") {
    if (Container::cannot_be()) return;
    const std::string mode = GENERATE("0777", "1777", "2777,gid=2000");
    Container container;
    container.start("mkdir volume; mount -t tmpfs -o mode=" + mode + " none volume",
                    "-d $1/services -r $1/volume/reeve");
    INFO(container.output.err);
    CHECK(container.output.status == 0);
    CHECK(container.ran());
    CHECK(container.svctl_answered());
    const bool sticky = mode == "1777";
    CHECK(count(container.output.err, "volume: group or others may rename what is in it") ==
          (sticky ? 0 : 1));
}

TEST_CASE("an emptyDir that is the run directory gets a private one in it, which svctl finds") {
    if (Container::cannot_be()) return;
    const std::string mode = GENERATE("0777", "1777", "2777,gid=2000");
    Container container;
    container.reeve.service("job", "command = echo ran as $(id -u) >> {dir}/ran; "
                                   "{reeve} svctl -r {dir}/run list > {dir}/list; "
                                   "ls -ldn {dir}/run/reeve-0 > {dir}/mode\ntype = oneshot\n");
    container.start("mount -t tmpfs -o mode=" + mode + " none run", "-d $1/services -r $1/run");
    INFO(container.output.err);
    CHECK(container.output.status == 0);
    CHECK(container.ran());
    CHECK(container.svctl_answered());
    CHECK(mentions(container.reeve.text_of("mode"), "drwxr-"));
    CHECK(count(container.output.err, "run is a mount that others may write to") == 1);
}

TEST_CASE("an emptyDir with fsGroup serves a user who is no root, as /run and as run directory") {
    if (Container::cannot_be()) return;
    if (cannot_run(has_program("setpriv"), "there is no setpriv")) return;
    const std::string run = GENERATE("volume", "volume/reeve");
    Container container;
    open_to_all(container.reeve.logs(), 01777);
    const std::string script =
        "set -e; cd $1; mkdir volume; mount -t tmpfs -o mode=2777,gid=2000 none volume\n"
        "exec setpriv --reuid 12345 --regid 12345 --groups 2000 $2 --container -d $1/services "
        "-r $1/" +
        run + " -l $1/log --exit-when-idle";
    const Output output = reeve::test::run({"unshare", "--mount", "sh", "-c", script, "sh",
                                            container.reeve.directory(), reeve_binary()});
    INFO(output.err);
    CHECK(output.status == 0);
    CHECK(container.reeve.text_of("ran") == "ran as 12345\n");
    CHECK(container.svctl_answered());
}

TEST_CASE("a run directory that a volume's fsGroup has opened to a group is closed again") {
    if (Container::cannot_be()) return;
    Container container;
    const std::string again = "$2 --container -d $1/services -r $1/volume/reeve -l $1/log "
                              "--exit-when-idle; cd volume/reeve\n";
    // As kubelet does at the start of each pod, behind what somebody of the group has left.
    container.start("mkdir volume; mount -t tmpfs -o mode=2777,gid=2000 none volume\n" + again +
                        "rm -f control; echo evil > control; echo evil > status/evil\n"
                        "chown 65534 control status/evil\n"
                        "find . -exec chgrp 2000 {} +; find . -type d -exec chmod g+rwxs {} +\n"
                        "find . -type f -exec chmod g+rw {} +; cd ../..; rm ran",
                    "-d $1/services -r $1/volume/reeve");
    INFO(container.output.err);
    CHECK(container.output.status == 0);
    CHECK(container.ran());
    CHECK(container.svctl_answered());
    const std::string run = container.reeve.directory() + "/volume/reeve";
    CHECK(count(container.output.err,
                run + ": group or others could write to it: its mode is go-w again\n") == 1);
    CHECK(count(container.output.err, run + "/control is another user's") == 1);
    CHECK(count(container.output.err, ".bad") == 1);
}

TEST_CASE("--trust takes the files of a mount that shows everything as 0777, and says so once") {
    Reeve reeve;
    const bool by_file = GENERATE(false, true);
    make_directory(reeve.file("shared"));
    write_file(reeve.file("shared/web"), sleeps, 0666);
    open_to_all(reeve.file("shared"));
    CHECK(run(reeve.launch({"-d", "{dir}/shared"})).status == 100);
    if (by_file) {
        reeve.service("reeve.conf", "trust = {dir}/shared\n");
        reeve.start({"-d", "{dir}/shared"});
    } else {
        reeve.start({"-d", "{dir}/shared", "--trust", "{dir}/shared/"});
    }
    CHECK(reeve.reaches("web", "running"));
    CHECK(count(reeve.process().err(), "whatever their mode and owner") == (by_file ? 0 : 1));
    CHECK(reeve.svctl({"set", "web", "description=edited"}).status == 0);
    CHECK(mentions(read_file(reeve.file("shared/web")), "edited"));
    CHECK(reeve.svctl({"check"}).status == 0);
}

TEST_CASE("of trusted files that all show as executable the text tells definitions from programs") {
    Reeve reeve;
    make_directory(reeve.file("shared"));
    write_file(reeve.file("shared/web"), sleeps, 0777);
    write_file(reeve.file("shared/script"), "#!/bin/sh\nexec sleep 1000\n", 0777);
    open_to_all(reeve.file("shared"));
    reeve.start({"-d", "{dir}/shared", "--trust", "{dir}/shared"});
    CHECK(reeve.reaches("web", "running"));
    CHECK(reeve.reaches("script", "running"));
    CHECK(reeve.svctl({"check"}).status == 0);
    CHECK(reeve.svctl({"set", "web", "description=edited"}).status == 0);
    CHECK(mentions(read_file(reeve.file("shared/web")), "\ndescription = edited"));
    CHECK(reeve.svctl({"set", "script", "description=edited"}).status == 0);
    CHECK(mentions(read_file(reeve.file("shared/script")), "\n#reeve: description = edited"));
}

TEST_CASE("a directory cannot trust itself, nor an earlier one") {
    Reeve reeve;
    make_directory(reeve.file("shared"));
    write_file(reeve.file("shared/web"), sleeps, 0666);
    write_file(reeve.file("shared/reeve.conf"), reeve.fill_in("trust = {dir}/shared\n"));
    const Output itself = run(reeve.launch({"-d", "{dir}/shared", "--exit-when-idle"}));
    CHECK(mentions(itself.err, "shared/web: writable by others"));
    Launch launch = reeve.launch({"-d", "{dir}/services", "--exit-when-idle"});
    launch.arguments[2] = reeve.file("shared");
    reeve.service("reeve.conf", "trust = {dir}/shared\n");
    CHECK(mentions(run(launch).err, "shared/web: writable by others"));
}

// --- What a container's first process says --------------------

namespace {

// As PID 1 of a container, to its end.
Output as_pid_1(const Reeve& reeve, const Strings& words = {}) {
    Launch launch{.arguments = {"unshare", "--pid", "--fork", "--mount-proc", "--kill-child"}};
    const Launch inner = reeve.launch(words);
    launch.arguments.insert(launch.arguments.end(), inner.arguments.begin(), inner.arguments.end());
    return run(launch);
}

bool no_containers() { return cannot_run(has_namespaces(), "PID namespaces are not permitted"); }

}  // namespace

TEST_CASE("PID 1 of a container whose files are all refused says all of it and ends with 100") {
    if (no_containers()) return;
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.service("db", sleeps);
    for (const char* name : {"/web", "/db"}) open_to_all(reeve.services() + name, 0664);
    const Output output = as_pid_1(reeve);
    INFO(output.err);
    CHECK(output.status == 100);
    for (const char* name : {"/web", "/db"})
        CHECK(mentions(output.err, reeve.services() + name + ": writable by others: chmod go-w"));
    CHECK(count(output.err, "COPY --chmod=go-w") == 1);
    CHECK(count(output.err, "reeve --trust DIR") == 1);
    CHECK(count(output.err, "no service can run") == 1);
    CHECK_FALSE(exists(reeve.run_directory() + "/control"));
    // Taken as they are they do run.
    reeve.start_as_pid_1({"--trust", reeve.services()});
    CHECK(reeve.reaches("web", "running"));
}

TEST_CASE("PID 1 of a container whose definitions all have errors ends with 100, and says them") {
    if (no_containers()) return;
    Reeve reeve;
    reeve.service("web", "exex = sleep 1000\n");
    reeve.service("db", std::string(sleeps) + "depends_on = nosuch\n");
    const Output output = as_pid_1(reeve);
    INFO(output.err);
    CHECK(output.status == 100);
    CHECK(mentions(output.err, "/web:1: unknown key 'exex'"));
    CHECK(mentions(output.err, "/db: "));
    // One that is right is enough to go on; and with a CMD there is something to run.
    CHECK(as_pid_1(reeve, {"--", "sh", "-c", "exit 7"}).status == 7);
    reeve.service("good", sleeps);
    reeve.start_as_pid_1();
    CHECK(reeve.reaches("good", "running"));
}

TEST_CASE("PID 1 of a container with an empty directory says so in one line, and goes on") {
    if (no_containers()) return;
    Reeve reeve;
    run({"rm", "-f", reeve.services() + "/reeve.conf"});
    reeve.start_as_pid_1();
    CHECK(reeve.svctl({"list"}).status == 0);
    CHECK(reeve.process().err() == "reeve: there are no services in " + reeve.services() +
                                       ": waiting for some (svctl add makes one, svctl reload "
                                       "reads them)\n");
    CHECK(reeve.svctl({"add", "late", "exec=sleep 1000"}).status == 0);
    CHECK(reeve.reaches("late", "running"));
}

TEST_CASE(
    "a user that is not there, or that an ordinary user may not become, is an error of check") {
    Reeve reeve;
    reeve.service("web", "exec = sleep 1000\nuser = nosuch-user\n");
    const Output output = run({reeve_binary(), "svctl", "check", reeve.services()});
    CHECK(output.status == 1);
    CHECK(output.out ==
          reeve.services() + "/web:2: user: user 'nosuch-user' is not in /etc/passwd\n");
    if (cannot_play_two()) return;
    reeve.service("web", "exec = sleep 1000\nuser = 0:0\n");
    CHECK(run({reeve_binary(), "svctl", "check", reeve.services()}).status == 0);
    const Output other =
        run({.arguments = {reeve_binary(), "svctl", "check", reeve.services()}, .uid = 12345});
    CHECK(other.status == 1);
    CHECK(mentions(other.out, "/web:2: user: only root may become '0:0', and this is uid 12345"));
}

// --- Where little can be written to --------------------

namespace {

// `mounts` in a mount namespace, with an /etc of its own; then reeve, with nothing named, as a user
// who has no home. Its service `job` asks svctl, which finds it the same way. `command` is what
// stands behind reeve's name, where $2 is the program.
Output as_homeless(const Reeve& reeve, const std::string& mounts,
                   const std::string& command = "--exit-when-idle") {
    const std::string script =
        "set -e; dir=$1; cd /; mount -t tmpfs none /etc; mkdir /etc/reeve\n"
        "cp $2 /etc/program; set -- $1 /etc/program\n"  // it may be under /tmp, which goes
        "echo 'log = inherit' > /etc/reeve/reeve.conf\n"
        "printf 'type = oneshot\\ncommand = %s svctl list; echo ran\\n' $2 > /etc/reeve/job\n" +
        mounts + "\nexec setpriv --reuid 12345 --regid 12345 --clear-groups $2 " + command;
    return run({.arguments = {"unshare", "--mount", "sh", "-c", script, "sh", reeve.directory(),
                              reeve_binary()},
                .environment = {"HOME=/", "PATH=/usr/bin:/bin:/usr/sbin:/sbin"}});
}

bool cannot_be_homeless() {
    return Container::cannot_be() || cannot_run(has_program("setpriv"), "there is no setpriv");
}

}  // namespace

TEST_CASE("who has no service directory of his own is given root's, and a run directory in /tmp") {
    if (cannot_be_homeless()) return;
    Reeve reeve;
    const Output output = as_homeless(reeve, "mount -t tmpfs -o mode=1777 none /tmp");
    INFO(output.err);
    CHECK(output.status == 0);
    CHECK(mentions(output.out, "running"));
    CHECK(mentions(output.out, "ran"));
    CHECK(output.err.empty());
}

TEST_CASE("where /tmp is read-only the run directory is in /dev/shm, and svctl finds it") {
    if (cannot_be_homeless()) return;
    Reeve reeve;
    const Output output = as_homeless(reeve, "mount -t tmpfs -o ro none /tmp; mkdir -p /dev/shm\n"
                                             "mount -t tmpfs -o mode=1777 none /dev/shm");
    INFO(output.err);
    CHECK(output.status == 0);
    CHECK(mentions(output.out, "running"));
    CHECK(output.err.empty());
}

TEST_CASE("a CMD beside services is given the first run directory that can be made, as they are") {
    if (cannot_be_homeless()) return;
    Reeve reeve;
    const bool is_any = GENERATE(true, false);
    const Output output =
        as_homeless(reeve,
                    "mount -t tmpfs -o ro none /tmp; mkdir -p /dev/shm\n"
                    "mount -t tmpfs -o " +
                        std::string(is_any ? "mode=1777" : "ro") + " none /dev/shm",
                    "-- sh -c \"$2 svctl status main; exit 5\"");
    INFO(output.err << output.out);
    CHECK(output.status == 5);
    CHECK(mentions(output.out, "name         main\nstate        running") == is_any);
    CHECK(count(output.err, "no run directory can be made") == (is_any ? 0 : 1));
}

TEST_CASE("where no run directory can be made services run, and what that costs is said") {
    if (cannot_be_homeless()) return;
    Reeve reeve;
    const Output output = as_homeless(reeve, "mount -t tmpfs -o ro none /tmp; mkdir -p /dev/shm\n"
                                             "mount -t tmpfs -o ro none /dev/shm");
    INFO(output.err << output.out);
    CHECK(output.status == 0);
    CHECK(output.out == "ran\n");
    CHECK(count(output.err, "no run directory can be made (mkdir /tmp/reeve-12345: Read-only") ==
          1);
    CHECK(count(output.err, "svctl cannot reach this reeve") == 1);
}

// --- What is mounted over the run directory --------------------

TEST_CASE("a tmpfs over /run is noticed: svctl finds reeve, and no second one can start there") {
    if (Container::cannot_be()) return;
    if (cannot_run(has_program("nsenter"), "there is no nsenter")) return;
    Reeve reeve;
    make_directory(reeve.file("var"));
    make_directory(reeve.file("var/run"));
    reeve.service("web", sleeps);
    reeve.service("late", "command = echo up; exec sleep 1000\nenabled = no\nlog = file\n");
    const Strings own = {reeve_binary(),        "-d", reeve.services(), "-r",
                         reeve.file("var/run"), "-l", reeve.logs()};
    Launch launch{.arguments = {"unshare", "--mount"}};
    launch.arguments.insert(launch.arguments.end(), own.begin(), own.end());
    reeve.start(launch, false);
    const pid_t pid = reeve.pid();
    const auto inside = [&](const Strings& words) {
        Strings all = {"nsenter", "--mount", "--target", std::to_string(pid)};
        all.insert(all.end(), words.begin(), words.end());
        return run(all);
    };
    const auto svctl = [&](const Strings& words) {
        Strings all = {reeve_binary(), "svctl", "-r", reeve.file("var/run")};
        all.insert(all.end(), words.begin(), words.end());
        return inside(all);
    };
    REQUIRE(wait_until([&] { return svctl({"status", "web"}).status == 0; }));
    const std::string before = svctl({"--json", "list", "web"}).out;
    REQUIRE(inside({"mount", "-t", "tmpfs", "none", reeve.file("var")}).status == 0);
    REQUIRE(wait_until([&] { return svctl({"status", "web"}).status == 0; }));
    CHECK(mentions(svctl({"list", "web"}).out, "running"));
    const Output second = inside(own);
    CHECK(second.status == 100);
    CHECK(mentions(second.err, "another reeve holds " + reeve.file("var/run")));
    for (const char* name : {"journal", "pid", "status/web", "lock"})
        CHECK(inside({"test", "-s", reeve.file("var/run/") + name}).status ==
              (std::string(name) == "lock" ? 1 : 0));
    CHECK(svctl({"up", "late"}).status == 0);
    CHECK(wait_until([&] { return count(reeve.log_of("late"), "up") == 1; }));
    // And back.
    REQUIRE(inside({"umount", "-l", reeve.file("var")}).status == 0);
    REQUIRE(wait_until([&] { return svctl({"status", "late"}).status == 0; }));
    CHECK(inside(own).status == 100);
    kill(pid, SIGTERM);
    CHECK(reeve.wait() == 0);
}
