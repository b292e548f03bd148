// What a terminal is shown, and what becomes of one.

#include <signal.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "catch.h"
#include "support/pty.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != text.npos;
}

// What svctl shows on a terminal of that width, without the CR that the terminal adds.
std::string on_terminal(const Reeve& reeve, const Strings& words, unsigned short width = 200) {
    Pty pty;
    pty.set_width(width);
    Launch launch{.arguments = {reeve_binary(), "svctl", "-r", reeve.run_directory()},
                  .environment = {"TERM=xterm", "LANG=C.UTF-8"},
                  .terminal = pty.path()};
    launch.arguments.insert(launch.arguments.end(), words.begin(), words.end());
    Process svctl(launch);
    wait_until([&] {
        pty.screen();
        return !svctl.running();
    });
    std::string shown = pty.screen();
    std::erase(shown, '\r');
    return shown;
}

size_t longest_line(const std::string& text) {
    size_t longest = 0;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size());
        longest = std::max(longest, end - at);
        at = end + 1;
    }
    return longest;
}

}  // namespace

TEST_CASE("what a service writes does nothing to a terminal but colour its line") {
    if (cannot_run(has_terminals(), "there are no pseudo terminals")) return;
    Reeve reeve;
    reeve.service("web", "command = printf '\\033[31mred\\033]0;title\\007\\302\\2332J"
                         "\\342\\200\\256txt\\177\\n\\tplain\\n'; exit 3\nretries = 1\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "failed"));
    const std::string escaped = R"(red\x1b]0;title\x07\u009b2J\u202etxt\x7f)";
    const std::string logs = on_terminal(reeve, {"logs", "web"});
    CHECK(mentions(logs, "\33[31m" + escaped + "\33[0m\n"));
    CHECK(mentions(logs, "plain\n"));
    // What is no terminal gets the bytes.
    CHECK(mentions(reeve.svctl({"logs", "web"}).out,
                   "\33[31mred\33]0;title\7\302\2332J\342\200\256txt\177\n"));
    for (const Strings& words : {Strings{"why", "web"}, Strings{"status", "web"}}) {
        const std::string shown = on_terminal(reeve, words);
        INFO(shown);
        CHECK(mentions(shown, R"(\x1b[31m)" + escaped));
        CHECK_FALSE(mentions(shown, "\33[31mred"));
    }
}

TEST_CASE("what files under the run directory say does nothing to a terminal") {
    if (cannot_run(has_terminals(), "there are no pseudo terminals")) return;
    Reeve reeve;
    make_directory(reeve.run_directory());
    make_directory(reeve.run_directory() + "/status");
    write_file(reeve.run_directory() + "/status/web",
               "name=web\ninstance=\nstate=run\33[2Jning\nreason=\302\2332J\342\200\256x\ngroup=\n"
               "description=\33]0;x\7\n");
    for (const Strings& words : {Strings{"list"}, Strings{"status", "web"}, Strings{"why", "web"},
                                 Strings{"graph"}, Strings{"--json", "status", "web"}}) {
        const std::string shown = on_terminal(reeve, words);
        INFO(words.back() << ": " << shown);
        for (const char* harmful : {"\33[2J", "\302\233", "\342\200\256", "\33]", "\7"})
            CHECK_FALSE(mentions(shown, harmful));
    }
    CHECK(mentions(on_terminal(reeve, {"--json", "status", "web"}),
                   R"("reason": "\u009b2J\u202ex")"));
}

TEST_CASE("what a service says of itself is escaped on a pipe too, from reeve and from its files") {
    Reeve reeve;
    reeve.service("web", "ready = notify\ndescription = \342\200\256x\n"
                         "command = {self} --helper notify READY=1 "
                         "\"$(printf 'STATUS=low \\033[2J\\302\\233')\"; exec sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const auto check_words = [&] {
        for (const Strings& words : {Strings{"list"}, Strings{"status", "web"},
                                     Strings{"why", "web"}, Strings{"--json", "list"}}) {
            const std::string shown = reeve.svctl(words).out;
            INFO(words.front() << ": " << shown);
            CHECK(mentions(shown, "low "));
            for (const char* harmful : {"\33", "\302\233", "\342\200\256"})
                CHECK_FALSE(mentions(shown, harmful));
        }
        CHECK(mentions(reeve.svctl({"list"}).out, R"(low \x1b[2J\u009b)"));
        CHECK(mentions(reeve.svctl({"status", "web"}).out, "\\u202ex\n"));
    };
    check_words();
    reeve.kill();
    check_words();
}

TEST_CASE("a service file is shown to a terminal without what it would do there") {
    if (cannot_run(has_terminals(), "there are no pseudo terminals")) return;
    Reeve reeve;
    reeve.service("web", "# \33[2J\nexec = sleep 1000\ndescription = \342\200\256x\n");
    reeve.start();
    const std::string shown = on_terminal(reeve, {"show", "web"});
    CHECK(mentions(shown, "# \\x1b[2J\nexec = sleep 1000\ndescription = \\u202ex\n"));
    CHECK(mentions(reeve.svctl({"show", "web"}).out, "# \33[2J\n"));
    // In an answer, and where reeve's own output goes.
    CHECK(mentions(reeve.svctl({"status", "web"}).out, "\\u202ex\n"));
    reeve.service("bad", "ex\33[2Jec = 1\n");
    reeve.svctl({"reload"});
    CHECK(mentions(reeve.process().err(), "unknown key 'ex\\x1b[2Jec'"));
}

TEST_CASE("why goes on in the next line where one is not enough") {
    if (cannot_run(has_terminals(), "there are no pseudo terminals")) return;
    Reeve reeve;
    const std::string words = "twelve words that are more than forty columns can hold in one line";
    reeve.service("bad", "type = oneshot\ncommand = echo '" + words + "'; exit 3\n");
    reeve.service("web", "exec = sleep 1000\ndepends_on = bad\n");
    reeve.start();
    REQUIRE(reeve.reaches("bad", "failed"));
    const std::string shown = on_terminal(reeve, {"why", "web"}, 40);
    INFO(shown);
    CHECK(longest_line(shown) <= 40);
    CHECK_FALSE(mentions(shown, "..."));
    std::string joined;
    for (const char c : shown)
        if (!(c == ' ' && joined.ends_with(' '))) joined += c == '\n' ? ' ' : c;
    for (size_t at = 0; (at = joined.find("  ")) != joined.npos;) joined.erase(at, 1);
    CHECK(mentions(joined, words));
    CHECK(longest_line(on_terminal(reeve, {"status", "bad"}, 40)) > 0);
}

TEST_CASE("columns that say nothing go before a reason is cut") {
    if (cannot_run(has_terminals(), "there are no pseudo terminals")) return;
    Reeve reeve;
    const std::string reason = "neither here nor there, and not where it was either";
    for (const char* name : {"db", "web"})
        reeve.service(name, std::string("command = exit ") + (name[0] == 'd' ? "3" : "4") +
                                "\nretries = 1\ndescription = x\n");
    reeve.start();
    REQUIRE(reeve.reaches("db", "failed"));
    REQUIRE(reeve.reaches("web", "failed"));
    const std::string wide = on_terminal(reeve, {"list"});
    INFO(wide);
    CHECK(mentions(wide, "PID"));
    CHECK(mentions(wide, "RESTARTS"));
    const std::string narrow = on_terminal(reeve, {"list"}, 60);
    INFO(narrow);
    CHECK_FALSE(mentions(narrow, "PID"));
    CHECK_FALSE(mentions(narrow, "RESTARTS"));
    CHECK_FALSE(mentions(narrow, "..."));
    CHECK(mentions(narrow, "given up after 1 failed run (retries)"));
}

TEST_CASE("people are shown the date at which a process was started") {
    Reeve reeve;
    reeve.service("web", "exec = sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const std::string shown = reeve.svctl({"status", "web"}).out;
    CHECK(mentions(shown, "\nstart_time   " + reeve.field("web", "started") + "\n"));
    CHECK(mentions(reeve.field("web", "started"), "T"));
    CHECK_FALSE(mentions(reeve.field("web", "start_time"), "T"));  // for programs
}

TEST_CASE("a terminal is sane again when the next program gets it") {
    if (cannot_run(has_terminals(), "there are no pseudo terminals")) return;
    Reeve reeve;
    Pty pty;
    reeve.service("login", "tty = " + pty.path() +
                               "\ncommand = stty -a > {dir}/found; stty raw -echo intr x; "
                               "echo x >> {dir}/runs; sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.has_lines("runs", 1));
    REQUIRE(reeve.svctl({"restart", "login"}).status == 0);
    REQUIRE(reeve.has_lines("runs", 2));
    const std::string found = reeve.text_of("found");
    INFO(found);
    for (const char* word : {"intr = ^C", " icanon ", " echo ", "\nopost ", " icrnl ", "\nisig "})
        CHECK(mentions(found, word));
}
