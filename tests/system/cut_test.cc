// svctl, where reeve is killed while it answers. What listens on the control socket is the test: it
// says what it likes, and ends the connection when it likes.

#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "catch.h"
#include "kernel/sys.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// Stands in for a reeve with one service, web, whose status file it has written.
class Dying : public Reeve {
  public:
    Dying() : listener_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string path = run_directory() + "/control";
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        REQUIRE(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(listen(listener_, 8) == 0);
        make_directory(run_directory() + "/status");
        write_status("web");
    }
    ~Dying() { stop_listening(); }

    void write_status(const std::string& name) const {
        write_file(run_directory() + "/status/" + name, object(name));
    }
    // A service, as files and answers have it.
    std::string object(const std::string& name) const {
        return "name=" + name + "\ninstance=\nstate=running\nwant=up\nreason=\nlog=" + logs() +
               "/" + name + "\n";
    }
    void stop_listening() {
        if (listener_ >= 0) close(std::exchange(listener_, -1));
    }
    // Waits for svctl to ask.
    bool is_asked() {
        pollfd poll{listener_, POLLIN, 0};
        if (::poll(&poll, 1, std::chrono::milliseconds(patience).count()) <= 0) return false;
        peer_ = accept(listener_, nullptr, nullptr);
        asked_.clear();
        for (char byte = 0; byte != '\n'; asked_ += byte)
            if (read(peer_, &byte, 1) != 1) return false;
        return true;
    }
    const std::string& asked() const { return asked_; }
    // Says it, whole answer or not, and ends the connection.
    void say(std::string_view text) {
        CHECK(write(peer_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
        close(std::exchange(peer_, -1));
    }

    Launch command(const Strings& words) const {
        Launch launch{.arguments = {reeve_binary(), "svctl"}};
        launch.environment = {"REEVE_RUN=" + run_directory(), "REEVE_LOG=" + logs()};
        launch.arguments.insert(launch.arguments.end(), words.begin(), words.end());
        return launch;
    }

  private:
    int listener_ = -1;
    int peer_ = -1;
    std::string asked_;
};

constexpr char remains[] = "svctl: reeve is not running; this is what it last wrote\n";

}  // namespace

TEST_CASE("where reeve dies while it tells, its files tell instead, and nothing twice") {
    for (const bool listens : {true, false}) {
        for (const Strings& words :
             {Strings{"list"}, Strings{"status", "web"}, Strings{"why", "web"}}) {
            Dying reeve;
            Process svctl(reeve.command(words));
            REQUIRE(reeve.is_asked());
            if (!listens) reeve.stop_listening();
            reeve.say(reeve.object("half") + "\n");
            if (listens) {
                REQUIRE(reeve.is_asked());
                reeve.say(reeve.object("half") + "\nname=w");
            }
            CHECK(svctl.wait() == 7);
            INFO(words[0] << ": " << svctl.out() << svctl.err());
            CHECK(svctl.err() == remains);
            CHECK(count(svctl.out(), "web") >= 1);
            CHECK_FALSE(mentions(svctl.out(), "half"));
        }
    }
}

TEST_CASE("what only reeve can tell is asked for twice, and then it is not running") {
    Dying reeve;
    Process svctl(reeve.command({"plan"}));
    for (int i = 0; i < 2; ++i) {
        REQUIRE(reeve.is_asked());
        reeve.say("name=web\naction=start\nreason=\n\n");
    }
    CHECK(svctl.wait() == 7);
    CHECK(svctl.out().empty());
    CHECK(mentions(svctl.err(), "svctl: reeve is not running (no answer at "));
}

TEST_CASE("events asked for once more are still of those that were named") {
    Dying reeve;
    Process svctl(reeve.command({"events", "web"}));
    REQUIRE(reeve.is_asked());
    reeve.say(reeve.object("web") + "\nend 0\n");
    REQUIRE(reeve.is_asked());
    reeve.say("again\n");
    REQUIRE(reeve.is_asked());
    const std::string event = "\ninstance=\nfrom=stopped\nto=running\nreason=\n\n";
    reeve.say("time=T\nname=db" + event + "time=T\nname=web" + event + "end 0\n");
    CHECK(svctl.wait() == 0);
    CHECK(svctl.out() == "T web: stopped -> running\n");
}

TEST_CASE("add does not take the default directory for that of a reeve that has just died") {
    for (const bool listens : {true, false}) {
        Dying reeve;
        Process svctl(reeve.command({"add", "reeve-cut-test", "exec=true"}));
        REQUIRE(reeve.is_asked());
        CHECK(mentions(reeve.asked(), " directories "));
        if (!listens) reeve.stop_listening();
        reeve.say("directory=" + reeve.services() + "\n\n");
        if (listens) {
            REQUIRE(reeve.is_asked());
            reeve.say("directory=");
        }
        CHECK(svctl.wait() == 7);
        CHECK(svctl.err() == "svctl: reeve ended before it had answered\n");
        CHECK_FALSE(exists(reeve.services() + "/reeve-cut-test"));
    }
}

TEST_CASE("logs that follow begin when they were asked for, not when reeve has answered") {
    Dying reeve;
    make_directory(reeve.logs() + "/web");
    write_file(reeve.logs() + "/web/current", "");
    Process svctl(reeve.command({"logs"}));
    REQUIRE(reeve.is_asked());
    // What comes now is not in the answer. An answer takes a moment: the next second is awaited.
    const int64_t now = reeve::sys::wall_now_us();
    const std::string line = std::to_string(now / 1000000) + ".999999 first\n";
    make_directory(reeve.logs() + "/new");
    write_file(reeve.logs() + "/new/current", line);
    reeve.write_status("new");
    REQUIRE(wait_until([&] { return reeve::sys::wall_now_us() / 1000000 > now / 1000000; }));
    reeve.say(reeve.object("web") + "\nend 0\n");
    CHECK(wait_until([&] { return svctl.out() == "new | " + line; }));
    CHECK(svctl.err().empty());
}
