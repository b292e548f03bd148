#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <unistd.h>

#include "base/limits.h"
#include "catch.h"
#include "kernel/sys.h"
#include "logs/file.h"
#include "support/process.h"
#include "support/tempdir.h"

using namespace reeve;
using reeve::test::read_file;
using reeve::test::TempDir;

namespace {

constexpr LogFile::Rules rules{10, 100};

std::vector<std::string> names_in(const std::string& directory) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory))
        names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
}

std::string all_of(const std::string& directory) {
    std::string text;
    for (const std::string& name : names_in(directory)) text += read_file(directory + "/" + name);
    return text;
}

// The calls of one kind that are to fail.
struct Fault {
    sys::Call call;
    int code;
    int after;  // so many go well
} failing;

bool failing_once = false;

int fail_call(sys::Call call) {
    if (failing_once && failing.after < 0) return 0;
    return call == failing.call && failing.after-- <= 0 ? failing.code : 0;
}

struct FailingCalls {
    explicit FailingCalls(Fault fault) {
        failing = fault;
        sys::fault = fail_call;
    }
    ~FailingCalls() { sys::fault = nullptr; }
};

}  // namespace

TEST_CASE("names of old files never go backwards, though the clock does") {
    const TempDir directory;
    std::filesystem::create_directory(directory / "web");
    const std::string newest = "2126-01-01T00:00:00.000009Z.log";
    reeve::test::write_file(directory / ("web/" + newest), "first\n");
    LogFolder folder(directory.path());
    LogFile file;
    const std::string text = "second\nthird\nfourth\n";
    CHECK(file.append(folder, "web", text, rules) == text.size());
    CHECK(names_in(directory / "web") ==
          std::vector<std::string>{newest, "2126-01-01T00:00:00.000010Z.log",
                                   "2126-01-01T00:00:00.000011Z.log", "current"});
    CHECK(all_of(directory / "web") == "first\n" + text);
}

TEST_CASE("for want of room to make a file the oldest one goes as well") {
    const TempDir directory;
    LogFolder folder(directory.path());
    {
        LogFile file;
        CHECK(file.append(folder, "old", "first\nsecond\n", rules) == 13);
    }
    REQUIRE(names_in(directory / "old").size() == 2);
    std::filesystem::create_directory(directory / "web");
    LogFile file;
    {
        const FailingCalls full({sys::Call::open, ENOSPC, 0});
        failing_once = true;
        CHECK(file.append(folder, "web", "line\n", rules) == 5);
    }
    failing_once = false;
    CHECK(names_in(directory / "old") == std::vector<std::string>{"current"});
}

TEST_CASE("a log file is begun anew at its size, at the end of a line") {
    const TempDir directory;
    LogFolder folder(directory.path());
    LogFile file;
    const std::string text = "abc\ndefg\nhi\nj";
    CHECK(file.append(folder, "web", text, rules) == text.size());
    CHECK(names_in(directory / "web").size() == 2);
    CHECK(read_file(directory / "web/current") == "hi\nj");
    CHECK(file.in_mid_line());
    CHECK(file.append(folder, "web", "k", rules) == 1);
    CHECK(all_of(directory / "web") == text + "k");
}

TEST_CASE("a line that is longer than a file may be is not split") {
    const TempDir directory;
    LogFolder folder(directory.path());
    LogFile file;
    const std::string text = "ab\n01234567890123456789\ncd\n";
    CHECK(file.append(folder, "web", text, rules) == text.size());
    CHECK(names_in(directory / "web").size() == 3);
    CHECK(all_of(directory / "web") == text);
}

TEST_CASE("a new writer goes on where the last one was killed") {
    const TempDir directory;
    LogFolder folder(directory.path());
    for (const char* text : {"abc", "def\n", "ghi\n", "x\n"}) {
        LogFile file;
        CHECK(file.append(folder, "web", text, rules) == std::string_view(text).size());
    }
    CHECK(all_of(directory / "web") == "abcdef\nghi\nx\n");
    CHECK(names_in(directory / "web").size() == 2);
    // Killed between the rename and the new file.
    std::filesystem::rename(directory / "web/current",
                            directory / "web/2099-01-01T00:00:00.000000Z.log");
    LogFile file;
    CHECK(file.append(folder, "web", "y\n", rules) == 2);
    CHECK(read_file(directory / "web/current") == "y\n");
}

TEST_CASE("a rename that fails costs no line, and is tried again") {
    const TempDir directory;
    LogFolder folder(directory.path());
    LogFile file;
    {
        const FailingCalls calls({sys::Call::rename, EACCES, 0});
        CHECK(file.append(folder, "web", "abc\ndefg\nhi\njk\n", rules) == 15);
    }
    CHECK(names_in(directory / "web").size() == 1);
    CHECK(file.append(folder, "web", "lm\n", rules) == 3);
    CHECK(names_in(directory / "web").size() == 2);
    CHECK(all_of(directory / "web") == "abc\ndefg\nhi\njk\nlm\n");
}

TEST_CASE("what cannot be written is left, with the reason") {
    const TempDir directory;
    LogFolder folder(directory.path());
    LogFile file;
    CHECK(file.append(folder, "web", "abc\n", rules) == 4);
    const FailingCalls calls({sys::Call::write, ENOSPC, 0});
    CHECK(file.append(folder, "web", "def\n", rules) == 0);
    CHECK(errno == ENOSPC);
}

TEST_CASE("where there is no room the oldest file of anybody's goes") {
    const TempDir directory;
    LogFolder folder(directory.path());
    LogFile file;
    test::make_directory(directory / "old");
    const std::string oldest = directory / "old/2020-01-01T00:00:00.000000Z.log";
    test::write_file(oldest, "old\n");
    test::write_file(directory / "old/notes", "mine\n");
    CHECK(file.append(folder, "web", "abc\ndefg\nhi\n", rules) == 12);
    const FailingCalls calls({sys::Call::write, ENOSPC, 0});
    CHECK(file.append(folder, "web", "def\n", rules) == 0);
    CHECK_FALSE(test::exists(oldest));
    CHECK(test::exists(directory / "old/notes"));
    CHECK(names_in(directory / "web") == std::vector<std::string>{"current"});
}

TEST_CASE("of a service's old files the newest are kept, and of all as many as the bound allows") {
    const TempDir directory;
    LogFolder folder(directory.path());
    LogFile file;
    for (int i = 0; i < 50; ++i)
        file.append(folder, "web", std::to_string(100000000 + i) + "\n", {10, 3});
    CHECK(names_in(directory / "web").size() == 4);
    CHECK(all_of(directory / "web") == "100000046\n100000047\n100000048\n100000049\n");
    LogFile other;
    for (int i = 0; i < 100; ++i) other.append(folder, "db", "012345678\n", {10, 1000});
    folder.set_bound(500);
    folder.keep_bound();
    CHECK(names_in(directory / "web") == std::vector<std::string>{"current"});
    CHECK(all_of(directory / "web").size() + all_of(directory / "db").size() == 500);
}

TEST_CASE("what others have taken away makes room within the bound") {
    const TempDir directory;
    LogFolder folder(directory.path());
    folder.keep_bound();
    LogFile file;
    for (int i = 0; i < 50; ++i) file.append(folder, "web", "012345678\n", {10, 1000});
    folder.set_bound(500);
    for (const std::string& name : names_in(directory / "web"))
        if (name != "current") REQUIRE(unlink((directory / ("web/" + name)).c_str()) == 0);
    const int64_t then = sys::wall_now_us();
    REQUIRE(test::wait_until([&] { return sys::wall_now_us() > then + log_look_us; }));
    for (int i = 0; i < 10; ++i) file.append(folder, "web", "012345678\n", {10, 1000});
    CHECK(names_in(directory / "web").size() == 11);
}

TEST_CASE("a file that others have cut is not begun anew before it has grown again") {
    const TempDir directory;
    LogFolder folder(directory.path());
    LogFile file;
    CHECK(file.append(folder, "web", "abc\ndef\n", rules) == 8);
    std::filesystem::resize_file(directory / "web/current", 0);
    CHECK(file.append(folder, "web", "ghi\n", rules) == 4);
    CHECK(file.append(folder, "web", "jkl\n", rules) == 4);
    CHECK(names_in(directory / "web") == std::vector<std::string>{"current"});
    CHECK(read_file(directory / "web/current") == "ghi\njkl\n");
}

TEST_CASE("a file that lost its name is left, and what it got last is written again") {
    const TempDir directory;
    LogFolder folder(directory.path());
    LogFile file;
    const std::string current = directory / "web/current";
    CHECK(file.append(folder, "web", "abc\n", {1000, 1}) == 4);
    REQUIRE(unlink(current.c_str()) == 0);
    CHECK(file.append(folder, "web", "def\n", {1000, 1}) == 4);
    CHECK(read_file(current) == "def\n");
    REQUIRE(rename(current.c_str(), (current + ".1").c_str()) == 0);
    file.check_place(folder, "web");
    CHECK(file.append(folder, "web", "ghi\n", {1000, 1}) == 4);
    CHECK(read_file(current) == "ghi\n");
    file.check_place(folder, "web");
    CHECK(file.append(folder, "web", "jkl\n", {1000, 1}) == 4);
    CHECK(read_file(current) == "ghi\njkl\n");
}

TEST_CASE("rotate waits for the end of the line, and leaves an empty file alone") {
    const TempDir directory;
    LogFolder folder(directory.path());
    LogFile file;
    file.rotate(folder, "web", {1000, 5});
    CHECK_FALSE(test::exists(directory / "web"));
    file.append(folder, "web", "ab", {1000, 5});
    file.rotate(folder, "web", {1000, 5});
    CHECK(names_in(directory / "web").size() == 1);
    file.append(folder, "web", "cd\nef\n", {1000, 5});
    CHECK(names_in(directory / "web").size() == 2);
    CHECK(read_file(directory / "web/current") == "ef\n");
}
