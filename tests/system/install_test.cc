// What `make install` puts where, and that the completions of bash complete.

#include <algorithm>
#include <filesystem>
#include <unistd.h>

#include "catch.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

constexpr char completion[] = "contrib/completions/svctl.bash";

// Everything under a directory but directories, by its path there.
Strings files_in(const std::string& directory) {
    Strings files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory))
        if (entry.is_symlink() || !entry.is_directory())
            files.push_back(entry.path().lexically_relative(directory));
    std::sort(files.begin(), files.end());
    return files;
}

// make, with the program under test as what has been built.
Output make(const Strings& words) {
    const std::string build = std::filesystem::path(reeve_binary()).parent_path();
    Launch launch{.arguments = {has_program("gmake") ? "gmake" : "make", "BUILD=" + build}};
    launch.arguments.insert(launch.arguments.end(), words.begin(), words.end());
    // Not those of a make that has started the tests.
    launch.environment = {"MAKEFLAGS=", "MAKELEVEL=", "MFLAGS="};
    return run(launch);
}

bool in_top_folder() { return exists("Makefile") && exists(completion); }

// What bash would be told to complete the last word to, sorted. `line` is what stands in the
// terminal, where that is more than the words with a blank between them.
Strings completed(const Strings& words, const Strings& environment, const std::string& line = "") {
    Launch launch{.arguments = {"bash", "--norc", "-c",
                                "set -u; source \"$1\"; COMP_LINE=$2; shift 2; COMP_WORDS=(\"$@\");"
                                " COMP_CWORD=$(($# - 1)); _$1; "
                                "((${#COMPREPLY[@]} == 0)) || printf '%s\\n' \"${COMPREPLY[@]}\"",
                                "bash", completion, line}};
    launch.arguments.insert(launch.arguments.end(), words.begin(), words.end());
    launch.environment = environment;
    const Output output = run(launch);
    INFO(output.err);
    CHECK(output.err.empty());
    Strings replies;
    std::string rest = output.out;
    while (!rest.empty()) {
        const size_t end = rest.find('\n');
        replies.push_back(rest.substr(0, end));
        rest.erase(0, end + 1);
    }
    std::sort(replies.begin(), replies.end());
    return replies;
}

bool has(const Strings& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

// Status files of a reeve that need not run.
struct RunDirectory {
    TempDir directory;
    RunDirectory() {
        make_directory(directory / "status");
        write_file(directory / "status/web", "name=web\ngroup=shop front\n");
        write_file(directory / "status/worker@1", "name=worker\ngroup=shop\n");
        write_file(directory / "status/worker@two", "name=worker\ngroup=\n");
        write_file(directory / "status/a:b", "name=a:b\n");
        // What somebody else might leave there, to be run or to be read as an option.
        write_file(directory / "status/$(touch pwned)", "group=$(touch${IFS}pwned) `x` *\n");
        write_file(directory / "status/.new", "name=web\ngroup=half\n");
    }
    Strings environment() const { return {"REEVE_RUN=" + directory.path()}; }
};

}  // namespace

TEST_CASE("make install puts the files where distributions expect them, make uninstall removes "
          "them") {
    if (cannot_run(in_top_folder(), "not run from the top folder")) return;
    if (cannot_run(has_program("make") || has_program("gmake"), "make is not installed")) return;
    const TempDir temporary;
    const std::string root = temporary / "a package";
    const Strings where = {"DESTDIR=" + root, "PREFIX=/usr"};
    const auto with = [&](const char* target) {
        Strings words = where;
        words.push_back(target);
        const Output output = make(words);
        INFO(output.out << output.err);
        CHECK(output.status == 0);
    };
    with("install");
    CHECK(files_in(root) ==
          Strings{"usr/bin/reeve", "usr/bin/svcheck", "usr/bin/svctl", "usr/bin/svlog",
                  "usr/share/bash-completion/completions/reeve",
                  "usr/share/bash-completion/completions/svctl",
                  "usr/share/fish/vendor_completions.d/reeve.fish",
                  "usr/share/fish/vendor_completions.d/svctl.fish", "usr/share/man/man1/svctl.1",
                  "usr/share/man/man5/reeve-service.5", "usr/share/man/man8/reeve.8",
                  "usr/share/man/man8/svcheck.8", "usr/share/man/man8/svlog.8",
                  "usr/share/zsh/site-functions/_svctl"});
    const Output version = run({root + "/usr/bin/reeve", "--version"});
    CHECK(version.status == 0);
    CHECK(version.out.starts_with("reeve "));
    const Output svctl = run({root + "/usr/bin/svctl", "--version"});
    CHECK(svctl.status == 0);
    CHECK(svctl.out.starts_with("svctl "));
    CHECK(std::filesystem::read_symlink(root + "/usr/bin/svctl") == "reeve");

    write_file(root + "/usr/share/man/man1/other.1", "somebody else's");
    with("install");  // over itself
    with("uninstall");
    CHECK(files_in(root) == Strings{"usr/share/man/man1/other.1"});
    CHECK(exists(root + "/usr/bin"));
    with("uninstall");  // of nothing
}

TEST_CASE("make install installs what was built, whatever it was built with") {
    if (cannot_run(in_top_folder(), "not run from the top folder")) return;
    if (cannot_run(has_program("make") || has_program("gmake"), "make is not installed")) return;
    const TempDir root;
    const Output output = make({"install", "DESTDIR=" + root.path(), "PREFIX=", "CXXFLAGS=-DOTHER",
                                "CXX=/no/such/compiler"});
    INFO(output.out << output.err);
    CHECK(output.status == 0);
    CHECK_FALSE(output.out.find("C++") != output.out.npos);
    CHECK(read_file(root / "bin/reeve") == read_file(reeve_binary()));
    // Where nothing is built yet, it is.
    const TempDir empty;
    Strings words = {"-n", "install", "BUILD=" + empty.path(), "DESTDIR=" + root.path()};
    CHECK(make(words).out.find("C++") != std::string::npos);
}

TEST_CASE("symbols are stripped unless STRIP is empty") {
    if (cannot_run(in_top_folder(), "not run from the top folder")) return;
    if (cannot_run(has_program("make") || has_program("gmake"), "make is not installed")) return;
    const TempDir empty;
    const auto strips = [&](const Strings& words) {
        Strings all = {"-n", "BUILD=" + empty.path(), empty / "reeve"};
        all.insert(all.end(), words.begin(), words.end());
        const std::string out = make(all).out;
        const size_t link = out.find("LINK");
        CHECK(link != out.npos);
        return link != out.npos && out.find(" -s ", link) != out.npos;
    };
    CHECK(strips({}));
    CHECK(strips({"STRIP=strip"}));
    CHECK_FALSE(strips({"STRIP="}));
}

TEST_CASE("every link that is installed is a program of the binary") {
    if (cannot_run(in_top_folder(), "not run from the top folder")) return;
    if (cannot_run(has_program("make") || has_program("gmake"), "make is not installed")) return;
    const TempDir root;
    REQUIRE(make({"install", "DESTDIR=" + root.path(), "PREFIX="}).status == 0);
    for (const auto& entry : std::filesystem::directory_iterator(root / "bin")) {
        const std::string name = entry.path().filename();
        const Output output = run({entry.path(), "--version"});
        CHECK(output.out.starts_with(name + " "));
    }
}

TEST_CASE("svctl(1) has every command and every option of svctl help") {
    if (cannot_run(in_top_folder(), "not run from the top folder")) return;
    const std::string page = read_file("man/svctl.1");
    const Output help = run({reeve_binary(), "svctl", "help"});
    int told = 0;
    for (size_t at = 0; (at = help.out.find("\n  ", at)) != help.out.npos; ++at) {
        const size_t start = at + 3;
        const std::string word =
            help.out.substr(start, help.out.find_first_of(" \n", start) - start);
        INFO(word);
        ++told;
        // ".Fl -json", "Fl f".
        if (word.starts_with('-'))
            CHECK(page.find("Fl " + word.substr(1)) != page.npos);
        else
            CHECK(page.find("\n.It Cm " + word) != page.npos);
    }
    CHECK(told > 25);
}

TEST_CASE("bash completes commands, and options where they belong") {
    if (cannot_run(in_top_folder(), "not run from the top folder")) return;
    if (cannot_run(has_program("bash"), "bash is not installed")) return;
    const RunDirectory none;
    const auto complete = [&](const Strings& words) {
        return completed(words, none.environment());
    };
    CHECK(complete({"svctl", "re"}) == Strings{"reexec", "reload", "remove", "restart"});
    CHECK(complete({"svctl", "--json", "hi"}) == Strings{"history"});
    CHECK(complete({"svctl", "-t", "5s", "hi"}) == Strings{"history"});
    CHECK(complete({"svctl", "--"}) == Strings{"--help", "--json", "--version"});
    CHECK(has(complete({"svctl", "logs", "-"}), "-f"));
    CHECK_FALSE(has(complete({"svctl", "list", "-"}), "-f"));
    CHECK(complete({"svctl", "graph", "--d"}) == Strings{"--dot"});
    CHECK(complete({"svctl", "list", "--d"}).empty());
    CHECK(complete({"svctl", "wait", "--st"}) == Strings{"--state"});
    CHECK(complete({"svctl", "wait", "--state", "fai"}) == Strings{"failed"});
    CHECK(complete({"svctl", "wait", "--state=fai"}) == Strings{"failed"});
    CHECK(complete({"svctl", "-t", ""}).empty());
    CHECK(complete({"svctl", "exit", ""}).empty());
    CHECK(complete({"svctl", "plan", ""}).empty());
    CHECK(complete({"svctl", "keys", "depends"}) == Strings{"depends_on"});
    CHECK(complete({"svctl", "keys", "depends_on", ""}).empty());
    CHECK(complete({"svctl", "signal", "USR"}) == Strings{"USR1", "USR2"});
    CHECK(complete({"svctl", "check", "contrib/comp"}) == Strings{"contrib/completions"});
}

TEST_CASE("bash completes the values of keys") {
    if (cannot_run(in_top_folder(), "not run from the top folder")) return;
    if (cannot_run(has_program("bash"), "bash is not installed")) return;
    const RunDirectory run_directory;
    const auto complete = [&](const std::string& word) {
        return completed({"svctl", "set", "web", word}, run_directory.environment());
    };
    CHECK(complete("restart_d") == Strings{"restart_delay=", "restart_delay_max="});
    // bash takes what follows the = for the word.
    CHECK(complete("restart=") == Strings{"always", "never", "on-failure"});
    CHECK(complete("restart=on") == Strings{"on-failure"});
    CHECK(complete("enabled=") == Strings{"no", "yes"});
    CHECK(complete("depends_on=w") == Strings{"web", "worker", "worker@1", "worker@two"});
    CHECK(complete("after+=a") == Strings{"a:b"});
    CHECK(complete("stop_signal=USR") == Strings{"USR1", "USR2"});
    CHECK(complete("ready=n") == Strings{"notify"});
    CHECK(complete("workdir=contrib/comp") == Strings{"contrib/completions"});
    CHECK(complete("description=").empty());
}

TEST_CASE("bash completes reeve's options, and what follows them") {
    if (cannot_run(in_top_folder(), "not run from the top folder")) return;
    if (cannot_run(has_program("bash"), "bash is not installed")) return;
    const RunDirectory run_directory;
    const auto complete = [&](const Strings& words, const std::string& line = "") {
        return completed(words, run_directory.environment(), line);
    };
    CHECK(has(complete({"reeve", "-"}), "-d"));
    CHECK(has(complete({"reeve", "-"}), "--"));
    CHECK(complete({"reeve", "-q", "--exit"}) == Strings{"--exit-when-idle"});
    CHECK(complete({"reeve", "-d", "contrib/comp"}) == Strings{"contrib/completions"});
    CHECK(complete({"reeve", "s"}) == Strings{"svctl"});
    CHECK(has(complete({"reeve", "--", "cat"}), "cat"));
    CHECK(complete({"reeve", "--", "cat", "contrib/comp"}) == Strings{"contrib/completions"});
    CHECK(complete({"reeve", "svctl", "up", "we"}) == Strings{"web"});
    CHECK(complete({"reeve", "svctl", "hi"}, "reeve svctl hi") == Strings{"history"});
    // Every option of its usage is there.
    const Output help = run({reeve_binary(), "--help"});
    for (size_t at = 0; (at = help.out.find("\n  -", at)) != help.out.npos; ++at) {
        const size_t start = at + 3;
        const std::string word =
            help.out.substr(start, help.out.find_first_of(" ,\n", start) - start);
        INFO(word);
        CHECK(has(complete({"reeve", word}), word));
    }
}

TEST_CASE("bash completes services and labels from the run directory") {
    if (cannot_run(in_top_folder(), "not run from the top folder")) return;
    if (cannot_run(has_program("bash"), "bash is not installed")) return;
    const RunDirectory run_directory;
    const RunDirectory empty;
    std::filesystem::remove_all(empty.directory / "status");
    const auto complete = [&](const Strings& words, const std::string& line = "") {
        return completed(words, run_directory.environment(), line);
    };
    CHECK(complete({"svctl", "up", ""}) ==
          Strings{"@front", "@shop", "a:b", "web", "worker", "worker@1", "worker@two"});
    CHECK_FALSE(exists("pwned"));
    CHECK(complete({"svctl", "up", "we"}) == Strings{"web"});
    CHECK(complete({"svctl", "up", "web", "wor"}) == Strings{"worker", "worker@1", "worker@two"});
    CHECK(complete({"svctl", "signal", "HUP", "we"}) == Strings{"web"});
    CHECK(complete({"svctl", "logs", "-n", "5", "we"}) == Strings{"web"});
    CHECK(complete({"svctl", "list", "-n", "we"}) == Strings{"web"});
    CHECK(complete({"svctl", "up", "--", "we"}) == Strings{"web"});
    CHECK(complete({"svctl", "up", "@s"}) == Strings{"@shop"});
    // As bash breaks words, with the cursor behind them: what it puts in stands for the last one.
    CHECK(complete({"svctl", "up", "worker", "@t"}, "svctl up worker@t") == Strings{"@two"});
    CHECK(complete({"svctl", "up", "worker", "@sh"}, "svctl up worker @sh") == Strings{"@shop"});
    CHECK(complete({"svctl", "up", "a", ":"}, "svctl up a:") == Strings{"b"});
    CHECK(complete({"svctl", "wait", "--state", "=", "do"}, "svctl wait --state=do") ==
          Strings{"done"});
    // Which run directory: -r, REEVE_RUN, and the default.
    const std::string& other = run_directory.directory.path();
    CHECK(completed({"svctl", "up", "w"}, empty.environment()).empty());
    CHECK(completed({"svctl", "-r", other, "up", "we"}, empty.environment()) == Strings{"web"});
    CHECK(completed({"svctl", "up", "-r" + other, "we"}, empty.environment()) == Strings{"web"});
    CHECK(complete({"svctl", "-r", empty.directory.path(), "up", ""}).empty());
    const TempDir session;
    REQUIRE(symlink(other.c_str(), (session / "reeve").c_str()) == 0);
    if (is_root()) return;  // whose default is /run/reeve
    CHECK(completed({"svctl", "up", "we"}, {"REEVE_RUN=", "XDG_RUNTIME_DIR=" + session.path()}) ==
          Strings{"web"});
}
