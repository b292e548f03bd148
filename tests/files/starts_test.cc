#include <unistd.h>

#include "catch.h"
#include "core/timed.h"
#include "files/starts.h"
#include "kernel/sys.h"
#include "support/tempdir.h"

namespace {

using namespace reeve;
using namespace reeve::test;

struct StateDirectory {
    TempDir directory;
    Text path{directory.path()};
    Text complaint;

    List<Remembered> read() {
        complaint = {};
        return read_starts(path, complaint);
    }
    std::string file() const { return read_file(directory / "starts"); }
    void write(std::string_view text) { write_file(directory / "starts", text); }
};

Ref<const Definition> caught_up(std::string_view name) {
    return timed(name, [](Timing& timing, Policy&, Definition&) {
        timing.cron.append("0 3 * * *");
        timing.catch_up = true;
    });
}

}  // namespace

TEST_CASE("what was started is remembered, of services with catch_up") {
    StateDirectory state;
    TimedRig rig("2026-12-05T02:00:00Z",
                 {caught_up("backup"), caught_up("mail"), cron_job("other", "0 3 * * *")});
    REQUIRE(write_starts(state.path, rig.core));
    CHECK(state.file() == "backup=2026-12-05T02:00:00Z\nmail=2026-12-05T02:00:00Z\n");
    rig.pass_until("2026-12-05T03:00:00Z");
    REQUIRE(write_starts(state.path, rig.core));
    CHECK(state.file() == "backup=2026-12-05T03:00:00Z\nmail=2026-12-05T03:00:00Z\n");
    const List<Remembered> read = state.read();
    CHECK(state.complaint.empty());
    REQUIRE(read.size() == 2);
    CHECK(read[0].name == "backup");
    CHECK(read[0].time == wall_at("2026-12-05T03:00:00Z"));
}

TEST_CASE("what has errors, or waits for the clock, keeps what is remembered of it; what is gone "
          "does not") {
    StateDirectory state;
    state.write(
        "backup=2026-12-01T03:00:00Z\ngone=2026-12-02T03:00:00Z\nmail=2026-12-03T03:00:00Z\n");
    TimedRig rig("1970-01-01T00:00:10Z");
    rig.core.timetable().set_remembered(state.read());
    rig.load({caught_up("mail")}, {"backup"});
    REQUIRE(write_starts(state.path, rig.core));
    CHECK(state.file() == "backup=2026-12-01T03:00:00Z\nmail=2026-12-03T03:00:00Z\n");
}

TEST_CASE("where nothing was remembered there is nothing to complain of") {
    StateDirectory state;
    CHECK(state.read().empty());
    CHECK(state.complaint.empty());
    state.path = Text(state.directory / "not/there");
    CHECK(state.read().empty());
    CHECK(state.complaint.empty());
}

TEST_CASE("of a damaged file of starts what is whole counts, and it is told") {
    StateDirectory state;
    state.write("backup=2026-12-01T03:00:00Z\nmail=2026-13-01T03:00:00Z\n=2026-12-01T03:00:00Z\n"
                "cut "
                "off\nno-zone=2026-12-01T03:00:00\n../"
                "etc=2026-12-01T03:00:00Z\nweb@1=2026-12-01T03:00:00+01:00\nlast=2026-12-");
    const List<Remembered> read = state.read();
    REQUIRE(read.size() == 2);
    CHECK(read[0].name == "backup");
    CHECK(read[1].name == "web@1");
    CHECK(read[1].time == wall_at("2026-12-01T02:00:00Z"));
    CHECK(
        state.complaint ==
        Text::join(state.path,
                   "/starts: it is damaged in part; starts that were missed are not made up for"));
    state.write(std::string(100, '\0'));
    CHECK(state.read().empty());
    CHECK_FALSE(state.complaint.empty());
}

TEST_CASE("what is no file of reeve's is not believed") {
    StateDirectory state;
    SECTION("a directory") { make_directory(state.directory / "starts"); }
    SECTION("a link that leads elsewhere") {
        write_file(state.directory / "elsewhere", "backup=2026-12-01T03:00:00Z\n");
        REQUIRE(symlink("elsewhere", (state.directory / "starts").c_str()) == 0);
    }
    SECTION("larger than any that reeve writes") {
        std::string text;
        while (text.size() <= remembered_max_bytes) text.append("backup=2026-12-01T03:00:00Z\n");
        state.write(text);
    }
    CHECK(state.read().empty());
    CHECK_FALSE(state.complaint.empty());
}

TEST_CASE("what was planted in the way of the new file neither keeps reeve nor is written to") {
    StateDirectory state;
    const std::string planted = state.directory / "starts.new";
    SECTION("a FIFO") { REQUIRE(mkfifo(planted.c_str(), 0666) == 0); }
    SECTION("another name of a file that matters") {
        write_file(state.directory / "precious", "precious\n");
        REQUIRE(link((state.directory / "precious").c_str(), planted.c_str()) == 0);
    }
    SECTION("a link to one") {
        write_file(state.directory / "precious", "precious\n");
        REQUIRE(symlink("precious", planted.c_str()) == 0);
    }
    TimedRig rig("2026-12-05T02:00:00Z", {caught_up("backup")});
    REQUIRE(write_starts(state.path, rig.core));
    CHECK(state.file() == "backup=2026-12-05T02:00:00Z\n");
    if (exists(state.directory / "precious"))
        CHECK(read_file(state.directory / "precious") == "precious\n");
}

TEST_CASE("starts that cannot be written are an error that names the file") {
    StateDirectory state;
    TimedRig rig("2026-12-05T02:00:00Z", {caught_up("backup")});
    state.write("kept\n");
    make_directory(state.directory / "starts.new");
    const Status written = write_starts(state.path, rig.core);
    REQUIRE_FALSE(written);
    CHECK(state.file() == "kept\n");
    state.path = Text(state.directory / "starts/below");
    CHECK_FALSE(write_starts(state.path, rig.core));
}

TEST_CASE("the state directory is made where it is missing") {
    StateDirectory state;
    TimedRig rig("2026-12-05T02:00:00Z", {caught_up("backup")});
    state.path = Text(state.directory / "a/b");
    REQUIRE(write_starts(state.path, rig.core));
    CHECK(read_file(state.directory / "a/b/starts") == "backup=2026-12-05T02:00:00Z\n");
}
