// svctl top, on a terminal that tmux emulates.

#include <sys/stat.h>

#include "catch.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

constexpr char sleeps[] = "exec = sleep 1000\n";

// A window of tmux, 80 columns and 24 rows, with a shell.
class Window {
  public:
    explicit Window(const Reeve& reeve)
        : svctl_(reeve_binary() + " svctl -r " + reeve.run_directory() + " ") {
        CHECK(tmux({"-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "/bin/sh"}) ==
              0);
        type("PS1='prompt: '");
        waits_for("prompt:");
    }
    ~Window() { tmux({"kill-server"}); }
    Window(const Window&) = delete;
    Window& operator=(const Window&) = delete;

    // A line for the shell.
    void type(const std::string& line) const {
        CHECK(tmux({"send-keys", "-l", line}) == 0);
        press("Enter");
    }
    void show_top() const {
        type("clear; " + svctl_ + "top");
        CHECK(waits_for("q quit"));
    }
    // A key by the name that tmux has for it.
    void press(const std::string& key) const { CHECK(tmux({"send-keys", key}) == 0); }
    void resize(int columns, int rows) const {
        CHECK(tmux({"resize-window", "-x", std::to_string(columns), "-y", std::to_string(rows)}) ==
              0);
    }

    std::string shown() const { return ask({"capture-pane", "-p"}); }
    pid_t shell() const { return std::atoi(ask({"list-panes", "-F", "#{pane_pid}"}).c_str()); }

    bool waits_for(const std::string& text) const {
        return comes([&](const std::string& screen) { return screen.find(text) != screen.npos; });
    }
    bool comes(const std::function<bool(const std::string&)>& condition) const {
        std::string screen;
        const bool came = wait_until([&] { return condition(screen = shown()); });
        if (!came) UNSCOPED_INFO(screen);
        return came;
    }
    // Does the terminal show what is typed, and give it to programs by the line?
    bool is_as_it_was() const {
        type("clear; stty -a | tr ' ' '\\n' | grep -c -x -e icanon -e echo");
        return waits_for("2\nprompt:");
    }

  private:
    Strings with_socket(const Strings& words) const {
        Strings all = {"tmux", "-S", directory_ / "tmux"};
        all.insert(all.end(), words.begin(), words.end());
        return all;
    }
    Output make(const Strings& words) const {
        return run(
            {.arguments = with_socket(words), .environment = {"TERM=xterm", "LC_ALL=C.UTF-8"}});
    }
    int tmux(const Strings& words) const { return make(words).status; }
    std::string ask(const Strings& words) const { return make(words).out; }

    TempDir directory_;
    std::string svctl_;
};

bool lacks_tmux() { return cannot_run(has_terminals() && has_program("tmux"), "needs tmux"); }

// The line with the service's row.
std::string row_of(const std::string& screen, const std::string& name) {
    const size_t begin = screen.find("\n" + name + " ");
    if (begin == screen.npos) return "";
    return screen.substr(begin + 1, screen.find('\n', begin + 1) - begin - 1);
}

bool says(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("top shows the table as it changes, and q gives the terminal back as it was") {
    if (lacks_tmux()) return;
    Reeve reeve;
    reeve.service("db", sleeps);
    reeve.service("web", sleeps + std::string("enabled = no\n"));
    reeve.start();
    REQUIRE(reeve.reaches("db", "running"));
    const Window window(reeve);
    window.show_top();
    CHECK(window.waits_for("2 services: 1 stopped, 1 running"));
    const std::string screen = window.shown();
    INFO(screen);
    CHECK(says(row_of(screen, "db"), "running"));
    CHECK(says(screen, "PROCS"));
    CHECK(says(screen, "q quit"));
    CHECK(reeve.svctl({"up", "web"}).status == 0);
    CHECK(window.waits_for("2 services: 2 running"));
    window.press("q");
    CHECK(window.waits_for("prompt:"));
    CHECK_FALSE(says(window.shown(), "q quit"));
    CHECK(window.is_as_it_was());
}

TEST_CASE("top acts on the selected service once it was told yes, and only then") {
    if (lacks_tmux()) return;
    Reeve reeve;
    reeve.service("db", sleeps);
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const Window window(reeve);
    window.show_top();
    window.press("Down");
    CHECK(window.waits_for("web is running"));
    window.press("d");
    CHECK(window.waits_for("stop web? y: yes, any other key: no"));
    window.press("n");
    CHECK(window.waits_for("q quit"));
    CHECK(reeve.state("web") == "running");
    window.press("d");
    CHECK(window.waits_for("stop web?"));
    window.press("y");
    CHECK(window.comes([](const std::string& screen) {
        return says(row_of(screen, "web"), "stopped") && says(row_of(screen, "db"), "running");
    }));
    window.press("u");
    CHECK(window.waits_for("start web?"));
    window.press("y");
    CHECK(reeve.reaches("web", "running"));
    window.press("k");
    CHECK(window.waits_for("db is running"));
    const pid_t before = reeve.pid_of("db");
    window.press("r");
    CHECK(window.waits_for("restart db?"));
    window.press("y");
    CHECK(reeve.runs_anew("db", before));
    window.press("q");
    CHECK(window.is_as_it_was());
}

TEST_CASE("top shows what the selected service writes, until a key is typed") {
    if (lacks_tmux()) return;
    Reeve reeve;
    reeve.service("web", "command = echo first words; read word <{dir}/fifo; echo $word; "
                         "exec sleep 1000\nlog = run\n");
    REQUIRE(mkfifo(reeve.file("fifo").c_str(), 0600) == 0);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const Window window(reeve);
    window.show_top();
    window.press("l");
    CHECK(window.waits_for("log of web; any key goes back"));
    CHECK(window.waits_for("first words"));
    CHECK(run({"sh", "-c", "echo later words >" + reeve.file("fifo")}).status == 0);
    CHECK(window.waits_for("later words"));
    window.press("x");
    CHECK(window.waits_for("q quit"));
    CHECK_FALSE(says(window.shown(), "later words"));
    window.press("l");
    CHECK(window.waits_for("later words"));
    window.press("C-c");
    CHECK(window.waits_for("q quit"));
    CHECK(children_of(children_of(window.shell()).front()).empty());
    window.press("q");
    CHECK(window.is_as_it_was());
}

TEST_CASE("top fills the terminal that there is, and shows the selected service in a small one") {
    if (lacks_tmux()) return;
    Reeve reeve;
    for (int i = 1; i <= 40; ++i)
        reeve.service("web" + std::to_string(i), "type = fake\ndescription = some\n");
    reeve.start();
    const Window window(reeve);
    window.show_top();
    CHECK(window.waits_for("40 services"));
    CHECK(window.waits_for("\nweb20 "));
    CHECK_FALSE(says(window.shown(), "\nweb21 "));
    window.resize(100, 50);
    CHECK(window.waits_for("\nweb40 "));
    window.resize(60, 10);
    CHECK(window.comes([](const std::string& screen) {
        return says(screen, "\nweb6 ") && !says(screen, "\nweb7 ");
    }));
    window.press("End");
    CHECK(window.comes([](const std::string& screen) {
        return says(screen, "\nweb40 ") && !says(screen, "\nweb34 ") && says(screen, "web40 is");
    }));
    window.press("Home");
    CHECK(window.waits_for("\nweb1 "));
    window.press("q");
    CHECK(window.is_as_it_was());
}

TEST_CASE("top gives the terminal back whatever ends it, and takes it again when it goes on") {
    if (lacks_tmux()) return;
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    const Window window(reeve);
    for (const char* signal : {"TERM", "HUP", "QUIT", "INT"}) {
        INFO(signal);
        window.show_top();
        const std::vector<pid_t> below = children_of(window.shell());
        REQUIRE(below.size() == 1);
        CHECK(run({"kill", "-" + std::string(signal), std::to_string(below[0])}).status == 0);
        CHECK(window.waits_for("prompt:"));
        CHECK(window.is_as_it_was());
    }
    window.type("set -m");
    window.show_top();
    window.press("C-z");
    CHECK(window.waits_for("prompt:"));
    CHECK(window.is_as_it_was());
    window.type("fg");
    CHECK(window.waits_for("q quit"));
    window.press("q");
    CHECK(window.is_as_it_was());
}

TEST_CASE("top says that reeve is gone, keeps what it knew, and goes on with the next") {
    if (lacks_tmux()) return;
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    REQUIRE(reeve.reaches("web", "running"));
    const Window window(reeve);
    window.show_top();
    reeve.kill();
    CHECK(window.waits_for("reeve is not running"));
    CHECK(says(row_of(window.shown(), "web"), "running"));
    reeve.start();
    CHECK(window.waits_for("q quit"));
    CHECK(says(row_of(window.shown(), "web"), "running"));
    window.press("q");
    CHECK(window.is_as_it_was());
}

TEST_CASE("top shows what is used of a processor now, and not in the whole of a run") {
    Reeve reeve;
    // Some work, and then none.
    reeve.service("web", "command = i=0; while [ $i -lt 500000 ]; do i=$((i+1)); done; "
                         "echo done > {dir}/done; exec sleep 1000\n");
    reeve.start();
    REQUIRE(reeve.has_lines("done", 1));
    Process top({.arguments = {reeve_binary(), "svctl", "-r", reeve.run_directory(), "top"}});
    // The first table knows the whole of the run only.
    const auto share_of = [&](size_t table) {
        size_t at = 0;
        const std::string out = top.out();
        for (size_t i = 0; i <= table && at != out.npos; ++i) at = out.find("\nweb ", at + 1);
        if (at == out.npos) return std::string();
        const std::string row = out.substr(at, out.find('\n', at + 1) - at);
        const size_t end = row.find('%');
        return row.substr(row.rfind(' ', end) + 1, end - row.rfind(' ', end) - 1);
    };
    CHECK(wait_until([&] { return !share_of(1).empty(); }));
    INFO(top.out());
    CHECK(share_of(0) != "0.0");
    CHECK(share_of(1) == "0.0");
}

TEST_CASE("without a terminal top is one table after the other, as long as reeve is there") {
    Reeve reeve;
    reeve.service("web", sleeps);
    reeve.start();
    Process top({.arguments = {reeve_binary(), "svctl", "-r", reeve.run_directory(), "top"}});
    const auto tables = [&] {
        size_t count = 0;
        const std::string out = top.out();
        for (size_t at = 0; (at = out.find("1 service: 1 running", at)) != out.npos; ++at) ++count;
        return count;
    };
    CHECK(wait_until([&] { return tables() >= 2; }));
    CHECK_FALSE(says(top.out(), "\33"));
    CHECK(reeve.stop() == 0);
    CHECK(top.wait() == 7);
    CHECK(says(top.err(), "reeve is not running"));
    const Output absent = reeve.svctl({"top"});
    CHECK(absent.status == 7);
    CHECK(says(absent.err, "reeve is not running"));
}

TEST_CASE("top of a service that is none, or as JSON, ends at once and says why") {
    Reeve reeve;
    reeve.start();
    const Output none = reeve.svctl({"top", "web"});
    CHECK(none.status == 4);
    CHECK(says(none.err, "svctl: no such service: web"));
    const Output json = reeve.svctl({"--json", "top"});
    CHECK(json.status == 2);
    CHECK(json.err == "svctl: top has no JSON: svctl --json status\n");
}
