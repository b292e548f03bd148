// A file replaced: whole or not at all, with the owner and mode it had, one writer at a time.

#include <csignal>
#include <sys/wait.h>

#include "catch.h"
#include "files/replace.h"
#include "support/kernel_fixture.h"

using namespace reeve;
using test::exists;
using test::is_root;
using test::read_file;

namespace {

struct Fixture {
    TemporaryDirectory directory;
    std::string path = directory.file("web", "old\n", 0640);

    // What the writing came to: 0, or an errno.
    int write(std::string_view text, const std::string& where, bool follows = true) const {
        Replacement replacement;
        if (const Status begun = begin(replacement, where, follows); !begun)
            return begun.error().code;
        const Status written = replacement.write(text);
        return written ? 0 : written.error().code;
    }
    static Status begin(Replacement& replacement, const std::string& where, bool follows = true,
                        Duration patience = milliseconds(300)) {
        return replacement.begin(where, follows, sys::mono_now() + patience);
    }
    std::vector<std::string> names() const {
        std::vector<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator(directory.path()))
            found.push_back(entry.path().filename());
        std::sort(found.begin(), found.end());
        return found;
    }
    mode_t mode() const {
        struct stat state {};
        stat(path.c_str(), &state);
        return state.st_mode & 07777;
    }
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a file is replaced, keeps its mode, and nothing is left beside it") {
    Fixture f;
    CHECK(f.write("new\n", f.path) == 0);
    CHECK(read_file(f.path) == "new\n");
    CHECK(f.mode() == 0640);
    CHECK(f.names() == Names{"web"});
}

TEST_CASE("a new file has mode 0644 whatever the umask is") {
    Fixture f;
    const mode_t before = umask(077);
    CHECK(f.write("new\n", f.directory / "fresh") == 0);
    umask(before);
    struct stat state {};
    REQUIRE(stat((f.directory / "fresh").c_str(), &state) == 0);
    CHECK((state.st_mode & 07777) == 0644);
}

TEST_CASE("a file keeps its owner and its group") {
    if (test::cannot_run(is_root(), "needs root")) return;
    Fixture f;
    REQUIRE(chown(f.path.c_str(), 1234, 5678) == 0);
    CHECK(f.write("new\n", f.path) == 0);
    struct stat state {};
    REQUIRE(stat(f.path.c_str(), &state) == 0);
    CHECK(state.st_uid == 1234);
    CHECK(state.st_gid == 5678);
    CHECK(f.mode() == 0640);
}

TEST_CASE("what a link leads to is replaced, through as many links as there are") {
    Fixture f;
    test::make_directory(f.directory / "other");
    const std::string target = f.directory.file("other/real", "old\n");
    REQUIRE(symlink("../other/real", (f.directory / "other/near").c_str()) == 0);
    REQUIRE(symlink("other/near", (f.directory / "link").c_str()) == 0);
    CHECK(f.write("new\n", f.directory / "link") == 0);
    CHECK(read_file(target) == "new\n");
    struct stat state {};
    REQUIRE(lstat((f.directory / "link").c_str(), &state) == 0);
    CHECK(S_ISLNK(state.st_mode));
    REQUIRE(symlink(target.c_str(), (f.directory / "absolute").c_str()) == 0);
    CHECK(f.write("newer\n", f.directory / "absolute") == 0);
    CHECK(read_file(target) == "newer\n");
}

TEST_CASE("a link that leads in a circle is an error") {
    Fixture f;
    REQUIRE(symlink("circle", (f.directory / "circle").c_str()) == 0);
    CHECK(f.write("new\n", f.directory / "circle") == ELOOP);
    CHECK(f.names() == Names{"circle", "web"});
}

TEST_CASE("a link is removed, not what it leads to") {
    Fixture f;
    REQUIRE(symlink("web", (f.directory / "link").c_str()) == 0);
    {
        Replacement replacement;
        REQUIRE(Fixture::begin(replacement, f.directory / "link", false));
        CHECK(replacement.remove());
    }
    CHECK(f.names() == Names{"web"});
    CHECK(read_file(f.path) == "old\n");
}

TEST_CASE("whatever fails, the old file stands and nothing is left beside it") {
    using sys::Call;
    const std::pair<Call, int> faults[] = {{Call::ftruncate, EIO}, {Call::write, ENOSPC},
                                           {Call::fstat, EIO},     {Call::fchmod, EPERM},
                                           {Call::fsync, EIO},     {Call::rename, EROFS}};
    for (const auto& [call, code] : faults) {
        Fixture f;
        INFO(static_cast<int>(call));
        Replacement replacement;
        REQUIRE(Fixture::begin(replacement, f.path));
        {
            Fault fault(call, code);
            const Status written = replacement.write("new\n");
            REQUIRE_FALSE(written);
            CHECK(written.error().code == code);
        }
        CHECK(read_file(f.path) == "old\n");
        { const Replacement done = std::move(replacement); }
        CHECK(f.names() == Names{"web"});
    }
}

TEST_CASE("an owner that cannot be kept is an error") {
    if (test::cannot_run(is_root(), "needs root")) return;
    Fixture f;
    REQUIRE(chown(f.path.c_str(), 1234, 5678) == 0);
    Fault fault(sys::Call::fchown, EPERM);
    CHECK(f.write("new\n", f.path) == EPERM);
    CHECK(read_file(f.path) == "old\n");
}

TEST_CASE("a file system that cannot sync a directory is no error") {
    Fixture f;
    Fault fault(sys::Call::fsync, EINVAL, 1);
    CHECK(f.write("new\n", f.path) == 0);
    CHECK(read_file(f.path) == "new\n");
}

TEST_CASE("a second writer waits for the first, and no longer than it is told to") {
    Fixture f;
    int ready[2];
    REQUIRE(pipe(ready) == 0);
    const pid_t first = fork();
    if (first == 0) {
        Replacement replacement;
        const bool begun = static_cast<bool>(Fixture::begin(replacement, f.path));
        [[maybe_unused]] const ssize_t told = write(ready[1], begun ? "y" : "n", 1);
        poll(nullptr, 0, 300);
        const bool written = static_cast<bool>(replacement.write("first\n"));
        _exit(written ? 0 : 1);
    }
    char answer = 0;
    REQUIRE(read(ready[0], &answer, 1) == 1);
    CHECK(answer == 'y');
    Replacement hasty;
    const Status refused = Fixture::begin(hasty, f.path);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == EBUSY);
    Replacement second;
    REQUIRE(Fixture::begin(second, f.path, true, seconds(20)));
    CHECK(read_file(f.path) == "first\n");
    CHECK(second.write("second\n"));
    CHECK(read_file(f.path) == "second\n");
    int status = -1;
    waitpid(first, &status, 0);
    CHECK(status == 0);
    CHECK(f.names() == Names{"web"});
    ::close(ready[0]);
    ::close(ready[1]);
}

TEST_CASE("what a writer that was killed left behind is in nobody's way") {
    Fixture f;
    f.directory.file(".web.new", std::string(100000, 'x'), 0600);
    CHECK(f.write("new\n", f.path) == 0);
    CHECK(read_file(f.path) == "new\n");
    CHECK(f.names() == Names{"web"});
}

TEST_CASE("a file that somebody has put in the way is not written to") {
    Fixture f;
    const std::string precious = f.directory.file("precious", "precious\n", 0600);
    SECTION("as a hard link") {
        REQUIRE(link(precious.c_str(), (f.directory / ".web.new").c_str()) == 0);
        CHECK(f.write("new\n", f.path) == 0);
    }
    SECTION("as a symbolic link") {
        REQUIRE(symlink("precious", (f.directory / ".web.new").c_str()) == 0);
        CHECK(f.write("new\n", f.path) == ELOOP);
        CHECK(read_file(f.path) == "old\n");
    }
    SECTION("as a FIFO") {
        REQUIRE(mkfifo((f.directory / ".web.new").c_str(), 0600) == 0);
        CHECK(f.write("new\n", f.path) == 0);
        CHECK(read_file(f.path) == "new\n");
    }
    SECTION("as another user's") {
        if (test::cannot_run(is_root(), "needs root")) return;
        f.directory.file(".web.new", "theirs");
        REQUIRE(chown((f.directory / ".web.new").c_str(), 1234, 1234) == 0);
        CHECK(f.write("new\n", f.path) == 0);
        CHECK(read_file(f.path) == "new\n");
    }
    CHECK(read_file(precious) == "precious\n");
}
