#include "catch.h"
#include "files/paths.h"

using namespace reeve;

namespace {

Directories directories(uid_t uid, std::vector<const char*> environment, bool overrides = true) {
    environment.push_back(nullptr);
    return default_directories(uid, environment.data(), overrides);
}

}  // namespace

TEST_CASE("root has the system's directories, whatever its home is") {
    const Directories root = directories(0, {"HOME=/root", "XDG_RUNTIME_DIR=/run/user/0"});
    CHECK(root.config == "/etc/reeve");
    CHECK(root.run == "/run/reeve");
    CHECK(root.log == "/var/log/reeve");
    CHECK(root.state == "/var/lib/reeve");
}

TEST_CASE("anybody else has those of the XDG specification") {
    const Directories home = directories(1000, {"HOME=/home/ann"});
    CHECK(home.config == "/home/ann/.config/reeve");
    CHECK(home.run == "/tmp/reeve-1000");
    CHECK(home.log == "/home/ann/.local/state/reeve/log");
    CHECK(home.state == "/home/ann/.local/state/reeve");

    const Directories named =
        directories(1000, {"HOME=/home/ann", "XDG_CONFIG_HOME=/c", "XDG_RUNTIME_DIR=/run/user/1000",
                           "XDG_STATE_HOME=/s"});
    CHECK(named.config == "/c/reeve");
    CHECK(named.run == "/run/user/1000/reeve");
    CHECK(named.log == "/s/reeve/log");
    CHECK(named.state == "/s/reeve");
}

TEST_CASE("relative and empty XDG paths count as unset") {
    const Directories relative = directories(
        1000, {"HOME=/home/ann", "XDG_CONFIG_HOME=c", "XDG_RUNTIME_DIR=", "XDG_STATE_HOME=./s"});
    CHECK(relative.config == "/home/ann/.config/reeve");
    CHECK(relative.run == "/tmp/reeve-1000");
    CHECK(relative.state == "/home/ann/.local/state/reeve");
}

TEST_CASE("a user without a home is at home in /") {
    CHECK(directories(12345, {}).config == "/.config/reeve");
    CHECK(directories(12345, {"HOME=/"}).config == "/.config/reeve");
    CHECK(default_directories(12345, nullptr).run == "/tmp/reeve-12345");
}

TEST_CASE("REEVE_ variables come first, unless they are empty or not asked for") {
    const std::vector<const char*> environment = {"REEVE_DIR=/a", "REEVE_RUN=b", "REEVE_LOG=/c",
                                                  "REEVE_STATE="};
    const Directories overridden = directories(0, environment);
    CHECK(overridden.config == "/a");
    CHECK(overridden.run == "b");
    CHECK(overridden.log == "/c");
    CHECK(overridden.state == "/var/lib/reeve");
    CHECK(directories(0, environment, false).run == "/run/reeve");
}
