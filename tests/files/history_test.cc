#include <csignal>
#include <sys/resource.h>

#include "base/fields.h"
#include "base/limits.h"
#include "catch.h"
#include "core/object.h"
#include "core/rig.h"
#include "files/history.h"
#include "files/status.h"
#include "support/kernel_fixture.h"

using namespace reeve;
using test::define;
using test::exists;
using test::read_file;
using test::Rig;

namespace {

struct Fixture {
    TemporaryDirectory directory;
    Rig rig{{define("web"), define("db")}};

    Fixture() { test::make_directory(directory / "history"); }
    // A run of web that is known by its exit code.
    void append(uint8_t code) {
        rig.run("web");
        rig.now.wall.ms += 1234;
        rig.exited("web", code);
        for (const EndedRun& run : rig.ended_runs())
            append_history(directory.path(), rig.core, run);
        rig.pass_to_deadline();
    }
    std::string path() const { return directory / "history/web"; }
    std::string text() const { return read_file(path()); }
    std::string read(std::string_view name, size_t capacity = 2 * history_file_max_bytes) {
        std::string place(capacity, '\0');
        return std::string(read_history(directory.path(), name, place.data(), capacity));
    }
    bool is_whole() const {
        const std::string all = text();
        return all.empty() || (all.starts_with("start=") && all.ends_with('\n') &&
                               test::count(all, "start=") == test::count_lines(all));
    }
};

// Files of this process may not grow beyond so many bytes while it lives: a full disk.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(rlim_t bytes) {
        handler_ = std::signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit now{bytes, before_.rlim_max};
        setrlimit(RLIMIT_FSIZE, &now);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;
    ~FileSizeLimit() {
        setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }

  private:
    rlimit before_{};
    void (*handler_)(int) = nullptr;
};

}  // namespace

TEST_CASE("a run is a line of RUNDIR/history/NAME, the oldest first") {
    Fixture f;
    f.append(3);
    f.append(0);
    CHECK(f.text() == "start=2023-11-14T22:13:20.000Z end=2023-11-14T22:13:21.234Z took_ms=1234 "
                      "pid=101 exit=3 signal= failed=yes reason=exit 3\n"
                      "start=2023-11-14T22:13:21.334Z end=2023-11-14T22:13:22.568Z took_ms=1234 "
                      "pid=102 exit=0 signal= failed=no reason=exit 0\n");
    CHECK(f.read("web") == f.text());
    CHECK(f.read("db").empty());
}

TEST_CASE("a clock that went back makes no run of less than no time") {
    Fixture f;
    f.rig.run("web");
    f.rig.now.wall.ms -= 5000;
    f.rig.exited("web", 0);
    for (const EndedRun& run : f.rig.ended_runs())
        append_history(f.directory.path(), f.rig.core, run);
    CHECK(f.text().find(" took_ms=0 ") != std::string::npos);
}

TEST_CASE("the history's directory is made where it is missing") {
    Fixture f;
    std::filesystem::remove(f.directory / "history");
    f.append(1);
    CHECK(test::count_lines(f.text()) == 1);
}

TEST_CASE("beyond its bound a history loses its older half, at the end of a line") {
    Fixture f;
    size_t longest = 0;
    bool dropped = false;
    for (int i = 0; i < 200; ++i) {
        const size_t before = f.text().size();
        f.append(static_cast<uint8_t>(i));
        const std::string text = f.text();
        longest = std::max(longest, text.size());
        CHECK(f.is_whole());
        CHECK(find_field(text.substr(text.rfind("exit=", text.size() - 20)), "exit")
                  .starts_with(std::to_string(i)));  // the newest is there
        if (text.size() > before) continue;
        dropped = true;
        CHECK(text.size() > history_file_max_bytes / 3);
    }
    CHECK(dropped);
    CHECK(longest <= history_file_max_bytes);
    CHECK_FALSE(exists(f.directory / "history/.new"));
}

TEST_CASE("a line that the disk has no room for leaves whole lines") {
    Fixture f;
    f.append(1);
    const std::string before = f.text();
    {
        const FileSizeLimit limit(before.size() + 20);
        f.append(2);
    }
    CHECK(f.text() == before);
    {
        const Fault fault(sys::Call::write, ENOSPC);
        f.append(3);
    }
    CHECK(f.text() == before);
    f.append(4);
    CHECK(test::count_lines(f.text()) == 2);
    CHECK(f.is_whole());
}

TEST_CASE("where there is no room to drop the older half, no more is added") {
    Fixture f;
    while (f.text().size() < history_file_max_bytes - 90) f.append(1);
    const std::string before = f.text();
    {
        const Fault fault(sys::Call::rename, ENOSPC);
        for (uint8_t code = 2; code < 20; ++code) f.append(code);
    }
    CHECK(f.text() == before);
    CHECK_FALSE(exists(f.directory / "history/.new"));
    f.append(99);
    CHECK(f.text().find("exit=99 ") != std::string::npos);
    CHECK(f.text().size() < before.size());
    CHECK(f.is_whole());
}

TEST_CASE("of a history that is no plain file nothing is read") {
    Fixture f;
    f.directory.file("secret", "start=no\n");
    REQUIRE(symlink((f.directory / "secret").c_str(), f.path().c_str()) == 0);
    CHECK(f.read("web").empty());
    f.append(1);
    CHECK(read_file(f.directory / "secret") == "start=no\n");
    REQUIRE(unlink(f.path().c_str()) == 0);
    REQUIRE(mkfifo(f.path().c_str(), 0600) == 0);
    f.append(2);  // and nothing waits for a reader
    CHECK(f.read("web").empty());
}

TEST_CASE("the histories of services that are no more are removed, the others kept") {
    Fixture f;
    f.append(1);
    f.directory.file("history/gone", "start=x\n");
    test::make_directory(f.directory / "status");
    f.directory.file("status/gone", "name=gone\n");
    prune_service_files(f.directory.path(), f.rig.core);
    CHECK(exists(f.path()));
    CHECK_FALSE(exists(f.directory / "history/gone"));
    CHECK_FALSE(exists(f.directory / "status/gone"));
    remove_history(f.directory.path(), "web");
    CHECK_FALSE(exists(f.path()));
}
