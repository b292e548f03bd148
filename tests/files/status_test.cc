#include "base/fields.h"
#include "catch.h"
#include "core/object.h"
#include "core/rig.h"
#include "files/status.h"
#include "support/kernel_fixture.h"

using namespace reeve;
using reeve::test::define;
using reeve::test::exists;
using reeve::test::read_file;
using reeve::test::Rig;

namespace {

struct Fixture {
    TemporaryDirectory directory;
    Rig rig{{define("web"), define("db")}};

    Fixture() { test::make_directory(directory / "status"); }
    bool write(std::string_view name) {
        return write_status_file(directory.path(), rig.core, rig[name], rig.now);
    }
    std::string text(const std::string& name) { return read_file(directory / ("status/" + name)); }
    std::vector<std::string> names_left() {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(directory / "status"))
            names.push_back(entry.path().filename());
        std::sort(names.begin(), names.end());
        return names;
    }
};

}  // namespace

TEST_CASE("a status file is the service's object, and is replaced whole") {
    Fixture f;
    f.rig.run("web");
    CHECK(f.write("web"));
    CHECK(find_field(f.text("web"), "state") == "running");
    const ino_t before = [&] {
        struct stat state {};
        stat((f.directory / "status/web").c_str(), &state);
        return state.st_ino;
    }();
    const int held = open((f.directory / "status/web").c_str(), O_RDONLY);
    f.rig.exited("web", 1);
    CHECK(f.write("web"));
    CHECK(find_field(f.text("web"), "state") == "backoff");
    struct stat state {};
    CHECK(stat((f.directory / "status/web").c_str(), &state) == 0);
    CHECK(state.st_ino != before);
    close(held);
    CHECK(f.names_left() == std::vector<std::string>{"web"});
}

TEST_CASE("an instance's file is named NAME@I") {
    Fixture f;
    f.rig["web"].instance = "2";
    CHECK(f.write("web"));
    CHECK(exists(f.directory / "status/web@2"));
}

TEST_CASE("where it cannot be written the old file stands, and nothing is left over") {
    Fixture f;
    CHECK(f.write("web"));
    const std::string before = f.text("web");
    f.rig.run("web");
    const auto call = GENERATE(sys::Call::open, sys::Call::write, sys::Call::rename);
    {
        Fault fault(call, ENOSPC);
        CHECK_FALSE(f.write("web"));
    }
    CHECK(f.text("web") == before);
    CHECK(f.names_left() == std::vector<std::string>{"web"});
}

TEST_CASE("a status directory that is gone is made again") {
    Fixture f;
    std::filesystem::remove_all(f.directory / "status");
    CHECK(f.write("web"));
    CHECK(exists(f.directory / "status/web"));
}

TEST_CASE("a link in the place of the new file is not followed") {
    Fixture f;
    const std::string victim = f.directory.file("victim", "precious");
    REQUIRE(symlink(victim.c_str(), (f.directory / "status/.new").c_str()) == 0);
    f.write("web");
    CHECK(read_file(victim) == "precious");
    CHECK(f.write("web"));  // the link is gone by now
}

TEST_CASE("status files are removed one by one, and all that nobody has") {
    Fixture f;
    CHECK(f.write("web"));
    CHECK(f.write("db"));
    f.directory.file("status/ghost", "name=ghost\n");
    prune_service_files(f.directory.path(), f.rig.core);
    CHECK(f.names_left() == std::vector<std::string>{"db", "web"});
    remove_status_file(f.directory.path(), "db");
    CHECK(f.names_left() == std::vector<std::string>{"web"});
    remove_status_file(f.directory.path(), "db");
}

TEST_CASE("files are read back; what is no status file is passed over") {
    Fixture f;
    CHECK(f.write("web"));
    CHECK(f.write("db"));
    f.directory.file("status/other", "something else\n");
    f.directory.file("status/.hidden", "name=hidden\n");
    f.directory.file("status/huge", "name=huge\n" + std::string(1 << 20, 'x'));
    REQUIRE(mkfifo((f.directory / "status/fifo").c_str(), 0644) == 0);
    List<Text> texts;
    CHECK(read_status_files(f.directory.path(), texts) == 0);
    CHECK(texts.size() == 2);
    CHECK(read_status_files(f.directory / "nowhere", texts) == ENOENT);
}
