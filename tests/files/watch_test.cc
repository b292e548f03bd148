#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <sys/stat.h>

#include "catch.h"
#include "files/directory.h"
#include "files/watch.h"
#include "support/kernel_fixture.h"

using namespace reeve;
using namespace reeve::test;

namespace {

constexpr Mono start{1000000};
constexpr Mono over{start.ms + watch_quiet_ms};

// A watch of one directory, which has not noticed anything yet.
class Watched {
  public:
    explicit Watched(const std::string& path) {
        directories_[0] = path;
        watch.turn(true, directories_, start);
        renew();
    }
    void renew() {
        watch.renew(directories_);
        if (auto files = read_directory(directories_[0])) {
            const List<SourceFile> read[] = {std::move(*files)};
            watch.follow_links(read);
        }
        watch.rest();
    }

    // Has it noticed anything since it was asked or renewed?
    bool noticed() {
        PollSet set;
        watch.watch(set);
        set.wait(start, start);
        watch.serve(set, false, start);
        const bool noticed = watch.next_look() == over;
        watch.rest();
        return noticed;
    }

    Watch watch;

  private:
    Text directories_[1];
};

bool cannot_watch() {
    const Fd watch(platform::open_watch());
    return cannot_run(static_cast<bool>(watch), "the system does not tell of changes");
}

}  // namespace

TEST_CASE("who begins to watch reads once more what changed since the first reading") {
    if (cannot_watch()) return;
    TemporaryDirectory directory;
    const Text directories[] = {directory.path()};
    Watch watch;
    CHECK(watch.next_look() == no_deadline);
    watch.renew(directories);
    CHECK_FALSE(watch.is_told());
    watch.turn(true, directories, start);
    CHECK(watch.is_told());
    CHECK(watch.next_look() == over);
    CHECK(watch.is_over(over, 0));
    CHECK(watch.next_look() == no_deadline);
    watch.turn(false, directories, start);
    CHECK_FALSE(watch.is_told());
}

TEST_CASE("files that can be services are noticed, and what editors leave is not") {
    if (cannot_watch()) return;
    TemporaryDirectory directory;
    Watched watched(directory.path());
    for (const char* name : {"web", "web+v2", "reeve.conf", "..data", "4913"}) {
        INFO(name);
        directory.file(name, "exec = true\n");
        CHECK(watched.noticed());
        ::unlink((directory / name).c_str());
        CHECK(watched.noticed());
    }
    for (const char* name : {"web~", ".web.swp", "#web#", ".web.new", "web.dpkg-new", "web.bak"}) {
        INFO(name);
        directory.file(name, "exec = true\n");
        ::unlink((directory / name).c_str());
        CHECK_FALSE(watched.noticed());
    }
    REQUIRE(::symlink("user@host.12345:678", (directory / ".#web").c_str()) == 0);
    CHECK_FALSE(watched.noticed());
}

TEST_CASE("a change of mode is noticed, of a file and of the directory; reading is not") {
    if (cannot_watch()) return;
    TemporaryDirectory directory;
    const std::string file = directory.file("web", "exec = true\n");
    Watched watched(directory.path());
    CHECK(read_file(file) == "exec = true\n");
    CHECK_FALSE(watched.noticed());
    ::chmod(file.c_str(), 0755);
    CHECK(watched.noticed());
    ::chmod(directory.path().c_str(), 0777);
    CHECK(watched.noticed());
}

TEST_CASE("what happens beside and above the directory is not noticed, but that it is moved is") {
    if (cannot_watch()) return;
    TemporaryDirectory above;
    make_directory(above / "a");
    make_directory(above / "a/services");
    Watched watched(above / "a/services");
    above.file("web", "");
    above.file("a/web", "");
    CHECK_FALSE(watched.noticed());
    REQUIRE(::rename((above / "a").c_str(), (above / "b").c_str()) == 0);
    CHECK(watched.noticed());
    // It is not there now, and waited for.
    watched.renew();
    above.file("db", "exec = true\n");
    CHECK(watched.noticed());
    watched.renew();
    std::ofstream(above / "db") << "exec = false\n";
    CHECK_FALSE(watched.noticed());
    REQUIRE(::mkdir((above / "a").c_str(), 0755) == 0);
    CHECK(watched.noticed());
    watched.renew();
    above.file("b/services/web", "");
    CHECK_FALSE(watched.noticed());
    REQUIRE(::mkdir((above / "a/services").c_str(), 0755) == 0);
    CHECK(watched.noticed());
    watched.renew();
    above.file("a/services/web", "");
    CHECK(watched.noticed());
}

TEST_CASE("a link on the way that leads elsewhere is noticed") {
    if (cannot_watch()) return;
    TemporaryDirectory above;
    make_directory(above / "v1");
    make_directory(above / "v2");
    REQUIRE(::symlink("v1", (above / "services").c_str()) == 0);
    Watched watched(above / "services");
    above.file("v2/web", "");
    CHECK_FALSE(watched.noticed());
    REQUIRE(::symlink("v2", (above / "new").c_str()) == 0);
    REQUIRE(::rename((above / "new").c_str(), (above / "services").c_str()) == 0);
    CHECK(watched.noticed());
    watched.renew();
    above.file("v2/web", "exec = true\n");
    CHECK(watched.noticed());
    above.file("v1/web", "exec = true\n");
    CHECK_FALSE(watched.noticed());
}

TEST_CASE("the file that a link leads to is watched too, and no directory is") {
    if (cannot_watch()) return;
    TemporaryDirectory directory;
    make_directory(directory / "services");
    make_directory(directory / "other");
    const std::string real = directory.file("real", "exec = true\n");
    REQUIRE(::symlink(real.c_str(), (directory / "services/web").c_str()) == 0);
    REQUIRE(::symlink("../other", (directory / "services/dir").c_str()) == 0);
    Watched watched(directory / "services");
    directory.file("other/web", "");
    CHECK_FALSE(watched.noticed());
    std::ofstream(real) << "exec = false\n";
    CHECK(watched.noticed());
    REQUIRE(::rename(directory.file("next", "exec = sleep 1\n").c_str(), real.c_str()) == 0);
    CHECK(watched.noticed());
    watched.renew();
    std::ofstream(real) << "exec = true\n";
    CHECK(watched.noticed());
}

TEST_CASE("a link of several to a file that leads elsewhere is noticed, and one that led nowhere") {
    if (cannot_watch()) return;
    TemporaryDirectory directory;
    for (const char* name : {"services", "v1", "v2"}) make_directory(directory / name);
    directory.file("v1/web", "exec = true\n");
    REQUIRE(::symlink("v1", (directory / "current").c_str()) == 0);
    REQUIRE(::symlink("../current/web", (directory / "services/web").c_str()) == 0);
    Watched watched(directory / "services");
    std::ofstream(directory / "v1/db") << "exec = true\n";
    CHECK_FALSE(watched.noticed());
    REQUIRE(::symlink("v2", (directory / "next").c_str()) == 0);
    REQUIRE(::rename((directory / "next").c_str(), (directory / "current").c_str()) == 0);
    CHECK(watched.noticed());
    watched.renew();
    std::ofstream(directory / "v2/web") << "exec = true\n";
    CHECK(watched.noticed());
    watched.renew();
    std::ofstream(directory / "v1/web") << "exec = false\n";
    CHECK_FALSE(watched.noticed());
    std::ofstream(directory / "v2/web") << "exec = false\n";
    CHECK(watched.noticed());
}

TEST_CASE("more than the system can keep is noticed, and nothing after that is missed") {
    if (cannot_watch()) return;
    TemporaryDirectory directory;
    Watched watched(directory.path());
    const std::string files[] = {directory.file(".a.swp", ""), directory.file(".b.swp", "")};
    CHECK_FALSE(watched.noticed());
    const int most = std::atoi(read_file("/proc/sys/fs/inotify/max_queued_events").c_str());
    if (cannot_run(most > 0 && most < 100000, "the queue of inotify is too long")) return;
    for (int i = 0; i <= most; ++i) ::chmod(files[i % 2].c_str(), 0644);
    CHECK(watched.noticed());
    watched.renew();
    CHECK_FALSE(watched.noticed());
    directory.file("web", "exec = true\n");
    CHECK(watched.noticed());
}

TEST_CASE("a file that is being written is waited for, and so is an edit of svctl's") {
    if (cannot_watch()) return;
    TemporaryDirectory directory;
    Watched watched(directory.path());
    const auto noticed_and_over = [&] {
        PollSet set;
        watched.watch.watch(set);
        set.wait(start, start);
        watched.watch.serve(set, false, start);
        REQUIRE(watched.watch.next_look() == over);
        return watched.watch.is_over(over, 0);
    };
    FILE* file = ::fopen((directory / "web").c_str(), "w");
    REQUIRE(::fputs("exec = ", file) >= 0);
    REQUIRE(::fflush(file) == 0);
    CHECK_FALSE(noticed_and_over());
    CHECK_FALSE(watched.watch.is_over({over.ms + watch_quiet_ms}, 0));
    ::fclose(file);
    CHECK_FALSE(watched.watch.is_over({over.ms + 2 * watch_quiet_ms}, 0));
    CHECK(watched.watch.is_over({over.ms + 3 * watch_quiet_ms}, 0));
    // svctl asks for a reload itself.
    const std::string fresh = directory.file(".web.new", "exec = true\n");
    REQUIRE(::rename(fresh.c_str(), (directory / "web").c_str()) == 0);
    CHECK_FALSE(noticed_and_over());
    CHECK_FALSE(watched.watch.is_over({over.ms + watch_quiet_ms}, 0));
    watched.renew();
    CHECK(watched.watch.next_look() == no_deadline);
    // One that has nothing to change, or is refused, leaves nothing to wait for.
    ::unlink(directory.file(".web.new", "").c_str());
    directory.file("web", "exec = true\n");
    CHECK(noticed_and_over());
}

TEST_CASE("where the system does not tell, two looks in a row that find the same end a burst") {
    Watch watch;
    CHECK_FALSE(watch.is_told());
    const auto look = [&](int64_t ms, uint64_t found) { return watch.is_over({ms}, found); };
    CHECK_FALSE(look(0, 7));
    CHECK(watch.next_look() == Mono{watch_quiet_ms});
    CHECK_FALSE(look(300, 8));
    CHECK(watch.next_look() == Mono{600});
    CHECK(look(600, 8));
    CHECK(watch.next_look() == Mono{600 + watch_look_ms});
    CHECK_FALSE(look(2600, 8));
    CHECK(watch.next_look() == Mono{2600 + watch_look_ms});
}
