// svctl changes service files: what is in them afterwards, what reeve does with it, and what a file
// is like when something has gone wrong.

#include <csignal>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.h"
#include "support/json.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

constexpr char sleeps[] = "exec = sleep 1000\n";

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::string path_of(const Reeve& reeve, const std::string& name) {
    return reeve.services() + "/" + name;
}

std::string file_of(const Reeve& reeve, const std::string& name) {
    return read_file(path_of(reeve, name));
}

struct stat status_of(const std::string& path) {
    struct stat status {};
    CHECK(lstat(path.c_str(), &status) == 0);
    return status;
}

// Runs svctl with no reeve to ask, on the files of `reeve`.
Output edit(const Reeve& reeve, Strings words) {
    words.insert(words.begin(), {"-d", reeve.services()});
    return reeve.svctl(words);
}

// The status that it has to be; what was said is shown where it is not.
void expect(const Output& output, int status) {
    INFO(output.out << output.err);
    CHECK(output.status == status);
}

// Nothing but these files is in the directory.
Strings files_in(const std::string& directory) {
    const Output output = run({"ls", "-A", directory});
    Strings names;
    for (size_t at = 0; at < output.out.size();) {
        const size_t end = output.out.find('\n', at);
        names.push_back(output.out.substr(at, end - at));
        if (names.back() == "reeve.conf") names.pop_back();  // the test's own
        at = end + 1;
    }
    return names;
}

}  // namespace

TEST_CASE("add writes a service file, and the service starts") {
    Reeve reeve;
    reeve.start();
    const Output output =
        reeve.svctl({"add", "web", "exec=sleep 1000", "env=A=b c", "env=B=2", "group=shop"});
    expect(output, 0);
    CHECK(output.err.empty());
    CHECK(mentions(output.out, "web: added"));
    CHECK(file_of(reeve, "web") == "exec = sleep 1000\nenv = A=b c\nenv = B=2\ngroup = shop\n");
    CHECK((status_of(path_of(reeve, "web")).st_mode & 07777) == 0644);
    CHECK(reeve.reaches("web", "running"));
    CHECK(files_in(reeve.services()) == Strings{"web"});
}

TEST_CASE("an edit that brings something up waits for the outcome, and tells it") {
    Reeve reeve;
    reeve.start();
    const struct {
        const char* name;
        Strings lines;
        const char* said;
    } mistakes[] = {
        {"none", {"exec=nosuch"}, "none: added, backoff: exec nosuch: No such file or directory"},
        {"place",
         {"exec=sleep 9", "workdir=/nonexistent"},
         "place: added, backoff: chdir /nonexistent: No such file or directory"},
        {"ends", {"exec=false"}, "ends: added, backoff: exit 1, 1st failure"},
        {"job", {"exec=false", "type=oneshot"}, "job: added, failed: exit 1"},
        {"needy",
         {"exec=sleep 1000", "depends_on=job"},
         "needy: added, waiting: needs job; job is failed: exit 1"},
    };
    for (const auto& mistake : mistakes) {
        Strings words = mistake.lines;
        words.insert(words.begin(), {"add", mistake.name});
        const Output output = reeve.svctl(words);
        INFO(mistake.name);
        expect(output, 1);
        CHECK(mentions(output.err, mistake.said));
    }
    const Output done = reeve.svctl({"add", "good", "command=sleep 0.3", "type=oneshot"});
    expect(done, 0);
    CHECK(done.out == "good: added, done\n");
    const Output mended = reeve.svctl({"set", "place", "exec=sleep 1000", "workdir="});
    expect(mended, 0);
    CHECK(mended.out == "place: updated, running\n");
    expect(reeve.svctl({"-n", "add", "later", "exec=nosuch"}), 0);
}

TEST_CASE("an edit that asks for no start starts nothing") {
    Reeve reeve;
    reeve.service("job", "command = echo run >> {dir}/runs; exit 3\ntype = oneshot\n");
    reeve.service("web", "command = echo run >> {dir}/runs; exit 3\nretries = 1\n");
    reeve.start();
    for (const char* name : {"job", "web"}) {
        INFO(name);
        REQUIRE(reeve.reaches(name, "failed"));
        expect(reeve.svctl({"set", name, "description=x"}), 0);
        const Output output = reeve.svctl({"disable", name});
        expect(output, 0);
        CHECK(output.out ==
              std::string(name) + ": updated, failed (svctl up " + name + " tries again)\n");
        expect(reeve.svctl({"enable", name}), 0);
        CHECK(reeve.state(name) == "failed");
    }
    CHECK(reeve.text_of("runs") == "run\nrun\n");
}

TEST_CASE("add refuses a name that exists, one that is none, and a file that would be wrong") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    const Output again = reeve.svctl({"add", "web", "exec=true"});
    expect(again, 1);
    CHECK(again.err ==
          "svctl: web exists already: " + path_of(reeve, "web") + "; svctl set changes it\n");
    CHECK(file_of(reeve, "web") == sleeps);
    const Output name = reeve.svctl({"add", "web.conf", "exec=true"});
    expect(name, 2);
    CHECK(mentions(name.err, "'web.conf' is no name for a service: at most 63 letters, digits"));
    const Output wrong = reeve.svctl({"add", "db", "exce=true", "restart=allways"});
    expect(wrong, 1);
    CHECK(wrong.err ==
          "svctl: " + path_of(reeve, "db") +
              ":1: unknown key 'exce' (did you mean exec?)\nsvctl: " + path_of(reeve, "db") +
              ":2: restart = allways: expected always, on-failure or never (did you "
              "mean always?)\nsvctl: nothing is changed\n");
    const Output needy = reeve.svctl({"add", "db", "exec=true", "depends_on=nosuch"});
    expect(needy, 1);
    CHECK(mentions(needy.err, "depends_on: there is no service 'nosuch'"));
    expect(reeve.svctl({"add", "db"}), 2);
    CHECK(files_in(reeve.services()) == Strings{"web"});
}

TEST_CASE("set changes what it is told to, keeps the rest, and reeve applies it") {
    Reeve reeve;
    reeve.service("db", sleeps);
    reeve.service("cache", sleeps);
    reeve.service("web", "# the shop\n\nexec        = sleep 1000\n# needs\ndepends_on  = db cache\n"
                         "on_change = restart\n# end");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.pid_of("web");
    const Output output = reeve.svctl(
        {"set", "web", "exec=sleep 1001", "depends_on-=db", "env+=A=1", "description=the shop"});
    expect(output, 0);
    CHECK(mentions(output.out, "web: "));
    CHECK(file_of(reeve, "web") ==
          "# the shop\n\nexec        = sleep 1001\n# needs\ndepends_on  = cache\n"
          "on_change = restart\n# end\nenv = A=1\ndescription = the shop\n");
    CHECK(reeve.pid_of("web") != pid);  // the outcome was waited for
    CHECK(reeve.state("web") == "running");
    const Output nothing = reeve.svctl({"set", "web", "description=the shop"});
    expect(nothing, 0);
    CHECK(nothing.out == "web: nothing changes\n");
}

TEST_CASE("a refused change leaves the file as it is, with the errors that check has") {
    Reeve reeve;
    const std::string text = "# web\nexec = sleep 1000\n\nenv = A=1";
    reeve.service("web", text);
    reeve.start();
    const std::string path = path_of(reeve, "web");
    const struct stat before = status_of(path);
    const Output wrong = reeve.svctl({"set", "web", "restat=always", "enabled=maybe", "env+=1"});
    expect(wrong, 1);
    const Output json = reeve.svctl({"--json", "set", "web", "restat=always"});
    expect(json, 1);
    CHECK(is_json(json.out));
    CHECK(json_member(json.out, "file") == path);
    CHECK(json_member(json.out, "line") == "5");
    CHECK(json_member(json.out, "error") == "unknown key 'restat' (did you mean restart?)");
    expect(reeve.svctl({"set", "web", "env-=B=2"}), 1);
    expect(reeve.svctl({"set", "web", "exec="}), 1);
    expect(reeve.svctl({"set", "web", "nice+=1"}), 2);
    expect(reeve.svctl({"set", "web", "nice"}), 2);
    expect(reeve.svctl({"set", "web", "env=A=1\nexec = rm"}), 2);
    expect(reeve.svctl({"set", "web", "depends_on=web2"}), 1);
    const struct stat after = status_of(path);
    CHECK(file_of(reeve, "web") == text);
    CHECK(after.st_ino == before.st_ino);
    CHECK(files_in(reeve.services()) == Strings{"web"});

    // Written by hand, check says the same.
    reeve.service("web", text + "\nrestat = always\nenabled = maybe\nenv = 1\n");
    std::string said;
    const Output check = reeve.svctl({"check"});
    CHECK(check.status == 1);
    for (size_t at = 0; at < check.out.size();) {
        const size_t end = check.out.find('\n', at) + 1;
        // The lines of one key are together: env's new one is behind its other one.
        said += "svctl: " + check.out.substr(at, end - at);
        at = end;
    }
    CHECK(mentions(said, path + ":5: unknown key 'restat' (did you mean restart?)\n"));
    CHECK(mentions(wrong.err, path + ":6: unknown key 'restat' (did you mean restart?)\n"));
    CHECK(mentions(wrong.err, path + ":7: enabled = maybe: expected yes or no\n"));
    CHECK(mentions(wrong.err, path + ":5: env: expected NAME=value\n"));
    CHECK(wrong.err.ends_with("svctl: nothing is changed\n"));
}

TEST_CASE("what is wrong with other files is no reason to refuse a change, but is said") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.service("broken", "nosuch = 1\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const Output output = reeve.svctl({"set", "web", "description=x"});
    expect(output, 1);  // as that of a reload
    CHECK(mentions(output.err, "broken:1: unknown key 'nosuch'"));
    CHECK(mentions(output.out, "web: "));
    CHECK(file_of(reeve, "web") == std::string(sleeps) + "description = x\n");
    CHECK(reeve.field("web", "description") == "x");
    expect(reeve.svctl({"set", "broken", "nosuch=", "exec=sleep 1000"}), 0);
    CHECK(reeve.reaches("broken", "running"));
}

TEST_CASE("enable and disable change the file, and with --now the service") {
    Reeve reeve;
    reeve.service("web", "# c\nexec = sleep 1000\nenabled = yes\n");
    reeve.service("db", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    REQUIRE(reeve.reaches("db", "running"));
    expect(reeve.svctl({"disable", "web"}), 0);
    CHECK(file_of(reeve, "web") == "# c\nexec = sleep 1000\nenabled = no\n");
    CHECK(reeve.state("web") == "running");
    expect(reeve.svctl({"disable", "--now", "web", "db"}), 0);
    CHECK(file_of(reeve, "db") == std::string(sleeps) + "enabled = no\n");
    CHECK(reeve.state("web") == "stopped");
    CHECK(reeve.state("db") == "stopped");
    expect(reeve.svctl({"enable", "web"}), 0);
    CHECK(file_of(reeve, "web") == "# c\nexec = sleep 1000\nenabled = yes\n");
    CHECK(reeve.state("web") == "stopped");
    expect(reeve.svctl({"enable", "--now", "web"}), 0);
    CHECK(reeve.state("web") == "running");
    expect(reeve.svctl({"set", "--now", "web", "nice=1"}), 2);
    // Where one name is wrong, nothing is done.
    const Output output = reeve.svctl({"enable", "webb", "db", "nosuch"});
    expect(output, 4);
    CHECK(output.err ==
          "svctl: no such service: webb (did you mean web?)\nsvctl: no such service: nosuch\n");
    CHECK(file_of(reeve, "db") == std::string(sleeps) + "enabled = no\n");
}

TEST_CASE("remove stops the service and waits until it is gone") {
    Reeve reeve;
    reeve.service("web", "exec = sh -c 'trap \"sleep 0.3; exit 0\" TERM; echo >{dir}/ready; "
                         "while :; do sleep 0.1; done'\n");
    reeve.start();
    REQUIRE(reeve.has_lines("ready", 1));
    REQUIRE(reeve.reaches("web", "running"));
    const pid_t pid = reeve.pid_of("web");
    const Output output = reeve.svctl({"remove", "web"});
    expect(output, 0);
    CHECK_FALSE(alive(pid));
    CHECK(files_in(reeve.services()).empty());
    CHECK(reeve.svctl({"status", "web"}).status == 4);
    const Output again = reeve.svctl({"remove", "web"});
    expect(again, 4);
}

TEST_CASE("remove takes all versions of a service, or the one that is named") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.service("web+v1", sleeps);
    reeve.service("web+v2", "type = fake\n");
    reeve.service("web2", sleeps);
    expect(edit(reeve, {"remove", "web+v2"}), 7);
    CHECK(files_in(reeve.services()) == Strings{"web", "web+v1", "web2"});
    expect(edit(reeve, {"remove", "web"}), 7);
    CHECK(files_in(reeve.services()) == Strings{"web2"});
}

TEST_CASE("what others need is not removed, unless they are removed too") {
    Reeve reeve;
    reeve.service("db", sleeps);
    reeve.service("web", std::string(sleeps) + "depends_on = db\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const Output output = reeve.svctl({"remove", "db"});
    expect(output, 1);
    CHECK(output.err == "svctl: " + path_of(reeve, "web") +
                            ": depends_on: there is no service 'db'\nsvctl: nothing is changed\n");
    CHECK(files_in(reeve.services()) == Strings{"db", "web"});
    expect(reeve.svctl({"remove", "db", "web"}), 0);
    CHECK(files_in(reeve.services()).empty());
}

TEST_CASE("a version is a file of its own") {
    Reeve reeve;
    reeve.service("web+v1", sleeps);
    const Output output = edit(reeve, {"set", "web", "nice=1"});
    expect(output, 4);
    CHECK(output.err == "svctl: web has no file of that name; name a version, such as web+v1\n");
    expect(edit(reeve, {"set", "web+v1", "nice=1"}), 7);
    expect(edit(reeve, {"add", "web+v2", "type=fake"}), 7);
    expect(edit(reeve, {"disable", "web"}), 7);
    CHECK(file_of(reeve, "web+v1") == std::string(sleeps) + "nice = 1\nenabled = no\n");
    CHECK(file_of(reeve, "web+v2") == "type = fake\nenabled = no\n");
}

TEST_CASE("show prints the files as they are") {
    Reeve reeve;
    reeve.service("web", "# c\nexec = sleep 1000\n\n  env=A=1 # b");
    reeve.service("web+v2", "type = fake\n");
    reeve.script("job", "#!/bin/sh\n#reeve: nice = 1\nexec sleep 1000\n");
    const Output output = edit(reeve, {"show", "web", "job"});
    expect(output, 0);
    CHECK(output.out ==
          "# " + path_of(reeve, "web") + "\n# c\nexec = sleep 1000\n\n  env=A=1 # b\n\n# " +
              path_of(reeve, "web+v2") + "\ntype = fake\n\n# " + path_of(reeve, "job") +
              "\n#!/bin/sh\n#reeve: nice = 1\nexec sleep 1000\n");
    const Output json = edit(reeve, {"--json", "show", "job"});
    CHECK(is_json(json.out));
    CHECK(json.out == "[{\"name\": \"job\", \"file\": \"" + path_of(reeve, "job") +
                          "\", \"line\": 2, \"key\": \"nice\", \"value\": \"1\"}]\n");
    const Output unknown = edit(reeve, {"show", "jobs"});
    expect(unknown, 4);
    CHECK(unknown.err == "svctl: no such service: jobs (did you mean job?)\n");
    const Output label = edit(reeve, {"show", "@shop"});
    expect(label, 4);
    CHECK(mentions(label.err, "no such service: @shop"));
}

TEST_CASE("the settings of an executable are edited in it, what runs is not") {
    Reeve reeve;
    const std::string text = "#!/bin/sh\n# a job\nexec sleep 1000\n";
    reeve.script("job", text);
    reeve.start();
    REQUIRE(reeve.reaches("job", "running"));
    expect(reeve.svctl({"set", "job", "description=a job", "env=A=1"}), 0);
    CHECK(file_of(reeve, "job") == "#!/bin/sh\n#reeve: description = a job\n#reeve: env = A=1\n"
                                   "# a job\nexec sleep 1000\n");
    CHECK((status_of(path_of(reeve, "job")).st_mode & 07777) == 0755);
    CHECK(reeve.field("job", "description") == "a job");
    const Output exec = reeve.svctl({"set", "job", "exec=true"});
    expect(exec, 1);
    CHECK(mentions(exec.err, "job:4: exec: what runs is this executable file itself"));
    expect(reeve.svctl({"set", "job", "description=", "env-=A=1"}), 0);
    CHECK(file_of(reeve, "job") == text);

    // A program has no lines; a script that is switched off is no service.
    write_file(path_of(reeve, "program"),
               std::string("\x7f"
                           "ELF\0\0",
                           6),
               0755);
    write_file(path_of(reeve, "off"), text, 0644);
    const Output program = reeve.svctl({"set", "program", "nice=1"});
    expect(program, 1);
    CHECK(mentions(program.err, "a program, not a script"));
    const Output off = reeve.svctl({"enable", "off"});
    expect(off, 1);
    CHECK(mentions(off.err, "chmod +x"));
    CHECK(file_of(reeve, "off") == text);
}

TEST_CASE("a link stays one: what it leads to is edited, and the link removed") {
    Reeve reeve;
    make_directory(reeve.file("real"));
    write_file(reeve.file("real/web.service"), sleeps);
    REQUIRE(symlink("../real/web.service", path_of(reeve, "web").c_str()) == 0);
    expect(edit(reeve, {"set", "web", "nice=1"}), 7);
    CHECK(S_ISLNK(status_of(path_of(reeve, "web")).st_mode));
    CHECK(reeve.text_of("real/web.service") == std::string(sleeps) + "nice = 1\n");
    CHECK(files_in(reeve.file("real")) == Strings{"web.service"});
    expect(edit(reeve, {"remove", "web"}), 7);
    CHECK(files_in(reeve.services()).empty());
    CHECK(reeve.text_of("real/web.service") == std::string(sleeps) + "nice = 1\n");
}

TEST_CASE("a link that leads nowhere is named, and can be removed") {
    Reeve reeve;
    REQUIRE(symlink("nowhere", path_of(reeve, "web").c_str()) == 0);
    const Output output = edit(reeve, {"set", "web", "exec=true"});
    expect(output, 1);
    CHECK(mentions(output.err, "No such file or directory"));
    expect(edit(reeve, {"add", "web", "exec=true"}), 1);
    expect(edit(reeve, {"remove", "web"}), 7);
    CHECK(files_in(reeve.services()).empty());
}

TEST_CASE("owner and mode of a file are kept") {
    if (cannot_run(is_root(), "needs root")) return;
    Reeve reeve;
    reeve.service("web", sleeps);
    REQUIRE(chmod(path_of(reeve, "web").c_str(), 0640) == 0);
    REQUIRE(chown(path_of(reeve, "web").c_str(), 0, 1234) == 0);
    expect(edit(reeve, {"set", "web", "nice=1"}), 7);
    const struct stat status = status_of(path_of(reeve, "web"));
    CHECK((status.st_mode & 07777) == 0640);
    CHECK(status.st_gid == 1234);
}

TEST_CASE("who may not write the file is told so, and it stands") {
    if (cannot_run(is_root(), "needs root")) return;
    Reeve reeve;
    reeve.service("web", sleeps);
    const Launch launch{.arguments = {reeve_binary(), "svctl", "-d", reeve.services(), "-r",
                                      reeve.file("none"), "set", "web", "nice=1"},
                        .uid = 1234};
    const Output output = run(launch);
    expect(output, 6);
    CHECK(output.err == "svctl: open " + reeve.services() + "/.web.new: Permission denied; " +
                            path_of(reeve, "web") + " is as it was\n");
    CHECK(file_of(reeve, "web") == sleeps);
    // Nor is a file of another user made his own.
    REQUIRE(chmod(reeve.services().c_str(), 0777) == 0);
    const Output stolen = run(launch);
    expect(stolen, 6);
    CHECK(mentions(stolen.err, "chmod go-w"));
    CHECK(status_of(path_of(reeve, "web")).st_uid == 0);
    CHECK(files_in(reeve.services()) == Strings{"web"});
}

TEST_CASE("a user edits the files of his own reeve") {
    if (cannot_run(is_root(), "needs root")) return;
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.give_to(1234);
    Launch launch = reeve.launch();
    launch.uid = 1234;
    reeve.start(launch);
    REQUIRE(reeve.reaches("web", "running"));
    expect(reeve.svctl({"set", "web", "description=x"}), 0);
    CHECK(status_of(path_of(reeve, "web")).st_uid == 1234);
    CHECK(reeve.field("web", "description") == "x");
    expect(reeve.svctl({"check"}), 0);
    expect(reeve.svctl({"add", "db", "exec=sleep 1000"}), 0);
    CHECK(reeve.reaches("db", "running"));
}

TEST_CASE("where reeve is not running the file is changed, and it says when that counts") {
    Reeve reeve;
    reeve.service("web", sleeps);
    const Output output = edit(reeve, {"set", "web", "nice=1"});
    expect(output, 7);
    CHECK(output.out.empty());
    CHECK(output.err == "svctl: reeve is not running: it takes effect when it starts\n");
    CHECK(file_of(reeve, "web") == std::string(sleeps) + "nice = 1\n");
    // REEVE_DIR stands in for -d; without either it is the default directory.
    const Output named = reeve.svctl({"set", "web", "nice=2"}, {"REEVE_DIR=" + reeve.services()});
    expect(named, 7);
    CHECK(file_of(reeve, "web") == std::string(sleeps) + "nice = 2\n");
    const Output both = reeve.svctl({"-d", reeve.services(), "enable", "--now", "web"},
                                    {"REEVE_DIR=/no/such/directory"});
    expect(both, 7);
    CHECK(file_of(reeve, "web") == std::string(sleeps) + "nice = 2\nenabled = yes\n");
    const Output missing = reeve.svctl({"add", "web", "exec=true"}, {"REEVE_DIR=/no/such/place"});
    expect(missing, 1);
    CHECK(missing.err ==
          "svctl: read directory /no/such/place: No such file or directory (make it, "
          "or name the service directory with -d)\n");
}

TEST_CASE("svctl finds the directories that reeve was started with") {
    Reeve reeve;
    make_directory(reeve.file("more"));
    reeve.service("web", sleeps);
    reeve.service("db", sleeps);
    write_file(reeve.file("more/db"), std::string(sleeps) + "# the later one\n");
    reeve.start({"-d", reeve.file("more")});
    REQUIRE(reeve.reaches("web", "running"));
    expect(reeve.svctl({"check"}), 0);
    expect(reeve.svctl({"set", "web", "description=x"}), 0);
    CHECK(reeve.field("web", "description") == "x");
    expect(reeve.svctl({"set", "db", "description=y"}), 0);
    CHECK(reeve.text_of("more/db") == std::string(sleeps) + "# the later one\ndescription = y\n");
    CHECK(file_of(reeve, "db") == sleeps);
    expect(reeve.svctl({"add", "new", "exec=sleep 1000"}), 0);
    CHECK(exists(reeve.file("more/new")));
    expect(reeve.svctl({"add", "web", "exec=true"}), 1);  // in whichever directory it is
    const Output output = reeve.svctl({"remove", "db"});  // nor does the earlier one come back
    expect(output, 0);
    CHECK_FALSE(exists(reeve.file("more/db")));
    CHECK_FALSE(exists(path_of(reeve, "db")));
    reeve.service("web", "nosuch = 1\n");
    const Output check = reeve.svctl({"check"});
    expect(check, 1);
    CHECK(mentions(check.out, path_of(reeve, "web") + ":1: unknown key 'nosuch'"));
}

TEST_CASE("json of a change is that of a reload") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const Output set = reeve.svctl({"--json", "set", "web", "description=x"});
    CHECK(is_json(set.out));
    CHECK(json_member(set.out, "name") == "web");
    CHECK(json_member(set.out, "action") == "update");
    CHECK(json_member(set.out, "result") == "0");
    const Output down = reeve.svctl({"--json", "disable", "--now", "web"});
    CHECK(is_json(down.out));
    CHECK(mentions(down.out, "stopped"));
    const Output same = reeve.svctl({"--json", "disable", "web"});
    CHECK(same.out == "[]\n");
}

TEST_CASE("changes at the same time are all made") {
    Reeve reeve;
    reeve.service("web", sleeps);
    std::vector<std::unique_ptr<Process>> running;
    constexpr int count = 20;
    for (int i = 0; i < count; ++i)
        running.push_back(std::make_unique<Process>(Launch{
            .arguments = {reeve_binary(), "svctl", "-d", reeve.services(), "-r", reeve.file("none"),
                          "set", "web", "env+=V" + std::to_string(i) + "=1"}}));
    for (const auto& process : running) {
        CHECK(process->wait() == 7);
        INFO(process->err());
    }
    const std::string text = file_of(reeve, "web");
    for (int i = 0; i < count; ++i) CHECK(mentions(text, "env = V" + std::to_string(i) + "=1\n"));
    CHECK(count_lines(text) == count + 1);
    CHECK(files_in(reeve.services()) == Strings{"web"});
    // Of those that add the same one, one does.
    running.clear();
    for (int i = 0; i < 8; ++i)
        running.push_back(std::make_unique<Process>(
            Launch{.arguments = {reeve_binary(), "svctl", "-d", reeve.services(), "-r",
                                 reeve.file("none"), "add", "new", "exec=true"}}));
    int made = 0;
    for (const auto& process : running) made += process->wait() == 7 ? 1 : 0;
    CHECK(made == 1);
}

TEST_CASE("killed in the middle, svctl leaves the old file or the new one, whole") {
    Reeve reeve;
    std::string text = sleeps;
    for (int i = 0; text.size() < 60000; ++i) text += "# line " + std::to_string(i) + "\n";
    reeve.service("web", text);
    int changed = 0;
    for (int i = 0; i < 60; ++i) {
        const std::string before = file_of(reeve, "web");
        const std::string word = "description=" + std::to_string(i);
        Process process(Launch{.arguments = {reeve_binary(), "svctl", "-d", reeve.services(), "-r",
                                             reeve.file("none"), "set", "web", word}});
        usleep(static_cast<useconds_t>(i) * 100);
        process.signal(SIGKILL);
        process.wait();
        const std::string after = file_of(reeve, "web");
        const bool is_new = after == text + "description = " + std::to_string(i) + "\n";
        CHECK((is_new || after == before));
        changed += is_new ? 1 : 0;
    }
    INFO(changed << " of 60 were changed");
    expect(edit(reeve, {"set", "web", "description=last"}), 7);
    CHECK(file_of(reeve, "web") == text + "description = last\n");
    CHECK(files_in(reeve.services()) == Strings{"web"});
}

TEST_CASE("on a full disk the old file stands, and one line says so") {
    if (cannot_run(is_root() &&
                       run({"unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"}).status ==
                           0,
                   "needs root and unshare(1)"))
        return;
    Reeve reeve;
    const std::string script =
        "mount -t tmpfs -o size=16k,mode=755 none $0 && printf 'exec = sleep 1000\\n' >$0/web && "
        "dd if=/dev/zero of=$0/.fill bs=4k 2>/dev/null; $1 svctl -d $0 -r /nowhere set web nice=1; "
        "echo $?; cat $0/web; ls -A $0";
    const Output output =
        run({"unshare", "--mount", "sh", "-c", script, reeve.services(), reeve_binary()});
    CHECK(output.out == "1\nexec = sleep 1000\n.fill\nweb\n");
    CHECK(output.err == "svctl: write " + reeve.services() +
                            "/.web.new: No space left on device; " + path_of(reeve, "web") +
                            " is as it was\n");
}

TEST_CASE("without waiting a change is made and its outcome left to come") {
    Reeve reeve;
    reeve.service("web", "exec = sh -c 'trap \"\" TERM; echo >{dir}/ready; while :; do sleep 0.1; "
                         "done'\nstop_timeout = 60s\n");
    reeve.start();
    REQUIRE(reeve.has_lines("ready", 1));
    const auto begin = std::chrono::steady_clock::now();
    expect(reeve.svctl({"-n", "remove", "web"}), 0);
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(30));
    CHECK(reeve.state("web") == "stopping");
    CHECK(files_in(reeve.services()).empty());
    reeve.kill();
}
