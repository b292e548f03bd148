#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "catch.h"
#include "kernel/sys.h"
#include "logs/stream.h"
#include "support/skip.h"
#include "support/tempdir.h"

using namespace reeve;
using Form = LogStream::Form;
using test::TempDir;

namespace {

constexpr int64_t ten_o_clock_us = 1795168800000000;  // 2026-11-20T10:00Z

// So many seconds after ten o'clock.
Stamp at(double seconds) { return {ten_o_clock_us + static_cast<int64_t>(seconds * 1e6)}; }

std::string name_at(double seconds) {
    Buffer<64> out;
    append_stamp(out, at(seconds));
    return std::string(out.view());
}

std::string line_at(double seconds, const std::string& text) {
    return name_at(seconds) + " " + text + "\n";
}

// The directory of a service's logs.
struct Logs {
    void write(const std::string& name, const std::string& text) {
        test::write_file(directory / name, text);
    }
    void append(const std::string& name, const std::string& text) {
        const int fd = open((directory / name).c_str(), O_WRONLY | O_APPEND | O_CREAT, 0644);
        REQUIRE(::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
        close(fd);
    }
    // As svlog does it.
    void rotate(double seconds) {
        REQUIRE(rename((directory / "current").c_str(), old(seconds).c_str()) == 0);
        write("current", "");
    }
    // When the file was written to last.
    void written(const std::string& name, double seconds) const {
        const timespec time{static_cast<time_t>(at(seconds).us / 1000000), 0};
        const timespec times[] = {time, time};
        REQUIRE(utimensat(AT_FDCWD, (directory / name).c_str(), times, 0) == 0);
    }
    std::string old(double seconds) const { return directory / (name_at(seconds) + ".log"); }
    LogStream stream(Form form = Form::svlog) const {
        LogStream stream(directory.path(), form);
        REQUIRE(stream.open() == 0);
        return stream;
    }
    LogStream from_start() const {
        LogStream all = stream();
        all.seek_begin();
        return all;
    }

    TempDir directory;
};

// All lines that there are now, without their stamps, a blank behind each.
std::string rest_of(LogStream& stream, bool to_the_end = false) {
    std::string text;
    for (; stream.load(to_the_end); stream.pass()) {
        std::string_view line = stream.line();
        take_stamp(line);
        text.append(line).append(" ");
    }
    return text;
}

std::string last_of(const Logs& logs, size_t lines, Form form = Form::svlog) {
    LogStream stream = logs.stream(form);
    stream.end_here();
    const size_t found = stream.seek_back(lines);
    return std::to_string(found) + ": " + rest_of(stream, true);
}

std::string since(const Logs& logs, Stamp stamp, Form form = Form::svlog) {
    LogStream stream = logs.stream(form);
    stream.begin_at(stamp);
    stream.end_here();
    stream.seek_begin();
    return rest_of(stream, true);
}

// Three files of two lines each.
void write_three(Logs& logs) {
    logs.write("current", line_at(1, "a") + line_at(2, "b"));
    logs.rotate(2.5);
    logs.write("current", line_at(3, "c") + line_at(4, "d"));
    logs.rotate(4);
    logs.write("current", line_at(5, "e") + line_at(6, "f"));
}

size_t blocks_read = 0;
int count_reads(sys::Call call) {
    if (call == sys::Call::pread) ++blocks_read;
    return 0;
}

struct CountingReads {
    CountingReads() { blocks_read = 0, sys::fault = count_reads; }
    ~CountingReads() { sys::fault = nullptr; }
};

}  // namespace

TEST_CASE("old files come before the present one, in the order of their names") {
    Logs logs;
    write_three(logs);
    logs.write("README", "x\n");
    logs.write("2026-11-20T10:00:02.500000Z.log.gz", "x\n");
    logs.write("1795168800.log", "a run\n");
    LogStream stream = logs.from_start();
    CHECK(rest_of(stream) == "a b c d e f ");
    CHECK(last_of(logs, 1) == "1: f ");
    CHECK(last_of(logs, 2) == "2: e f ");
    CHECK(last_of(logs, 3) == "3: d e f ");
    CHECK(last_of(logs, 6) == "6: a b c d e f ");
    CHECK(last_of(logs, 100) == "6: a b c d e f ");
    CHECK(last_of(logs, 0) == "0: ");
    CHECK(last_of(logs, 5, Form::runs) == "1: a run ");
}

TEST_CASE("where there is nothing, nothing is read, and that is no error") {
    Logs logs;
    CHECK(last_of(logs, 5).starts_with("0: "));
    CHECK(last_of(logs, 5, Form::runs) == "0: ");
    CHECK(since(logs, at(0)).empty());
    CHECK(since(logs, at(0), Form::runs).empty());
    LogStream missing(logs.directory / "nosuch", Form::svlog);
    CHECK(missing.open() == 0);
    missing.seek_begin();
    CHECK_FALSE(missing.load(true));
    logs.write("current", "");
    CHECK(last_of(logs, 5) == "0: ");
    logs.rotate(1);
    unlink((logs.directory / "current").c_str());
    CHECK(last_of(logs, 5) == "0: ");
    logs.write("file", "");
    CHECK(LogStream(logs.directory / "file", Form::svlog).open() == ENOTDIR);
}

TEST_CASE("the place of a time is found in whatever file it is, by stamps of every form") {
    Logs logs;
    write_three(logs);
    CHECK(since(logs, at(-100)) == "a b c d e f ");
    CHECK(since(logs, at(1)) == "a b c d e f ");
    CHECK(since(logs, at(1.5)) == "b c d e f ");
    CHECK(since(logs, at(2.2)) == "c d e f ");
    CHECK(since(logs, at(4)) == "d e f ");
    CHECK(since(logs, at(4.000001)) == "e f ");
    CHECK(since(logs, at(6)) == "f ");
    CHECK(since(logs, at(7)).empty());
    logs.append("current", "1795168807.000000 g\nmore of g\n");
    logs.append("current", "2026-11-20T12:00:08.000000+02:00 h\n2026-11-20T10:00:09.000000Z i\n");
    CHECK(since(logs, at(6.5)) == "g more of g h i ");
    CHECK(since(logs, at(7.5)) == "h i ");
    CHECK(since(logs, at(8)) == "h i ");
    CHECK(since(logs, at(8.5)) == "i ");
}

TEST_CASE("lines without stamps go with the file that they are in, or the line before them") {
    Logs logs;
    logs.write("current", "a\nb\n");
    logs.rotate(10);
    logs.write("current", "c\nd\n");
    logs.rotate(20);
    logs.write("current", "e\n" + line_at(25, "f") + "g\n" + line_at(30, "h"));
    logs.written(name_at(10) + ".log", 9);
    logs.written(name_at(20) + ".log", 16);
    CHECK(since(logs, at(5)) == "a b c d e f g h ");
    CHECK(since(logs, at(9)) == "a b c d e f g h ");
    CHECK(since(logs, at(15)) == "c d e f g h ");
    // What was set aside only later had been written to its end before.
    CHECK(since(logs, at(17)) == "f g h ");
    CHECK(since(logs, at(22)) == "f g h ");
    CHECK(since(logs, at(26)) == "h ");
    LogStream stream = logs.from_start();
    std::string times;
    for (; stream.load(true); stream.pass()) {
        const Stamp time = stream.time();
        times += time < at(0) ? "- " : std::to_string((time.us - at(0).us) / 1000000) + " ";
    }
    CHECK(times == "- - 10 10 20 25 25 30 ");
}

TEST_CASE("lines behind all that have stamps go by when their file was written to last") {
    Logs logs;
    logs.write("current", line_at(1, "a") + "b\nc\n");
    const auto since_when = [&](double begin) {
        LogStream stream = logs.stream();
        stream.begin_at(at(begin));
        stream.seek_begin();
        return rest_of(stream) + (stream.guesses() ? "perhaps" : "");
    };
    const auto until_when = [&](double end) {
        LogStream stream = logs.stream();
        stream.end_at(at(end));
        stream.seek_begin();
        return rest_of(stream) + (stream.guesses() ? "perhaps" : "");
    };
    logs.written("current", 9);
    CHECK(since_when(1) == "a b c ");
    CHECK(since_when(5) == "b c perhaps");
    CHECK(since_when(9.5) == "b c perhaps");  // the file's time is in seconds
    CHECK(since_when(10).empty());
    CHECK(until_when(1).empty());
    CHECK(until_when(5) == "a b c perhaps");
    CHECK(until_when(10) == "a b c ");
    // Of more than is looked at in one go, that bears none at all.
    std::string lines;
    for (int i = 0; i < 100000; ++i) lines += "x\n";
    logs.write("current", line_at(1, "a") + lines + "y\n");
    logs.written("current", 9);
    CHECK(since_when(5).size() == lines.size() + std::string("y perhaps").size());
    CHECK(since_when(10).empty());
}

TEST_CASE("a range ends where its first later line begins") {
    Logs logs;
    write_three(logs);
    const auto between = [&](double from, double to, size_t lines) {
        LogStream stream = logs.stream();
        stream.begin_at(at(from));
        stream.end_at(at(to));
        const size_t found = stream.seek_back(lines);
        return std::to_string(found) + ": " + rest_of(stream, true);
    };
    CHECK(between(1.5, 3.5, 9) == "2: b c ");
    CHECK(between(1.5, 5, 9) == "3: b c d ");
    CHECK(between(1.5, 5, 2) == "2: c d ");
    CHECK(between(2.2, 2.4, 9) == "0: ");
    CHECK(between(5, 100, 9) == "2: e f ");
    CHECK(between(0, 1, 9) == "0: ");
    // It is the same file by whatever name it has.
    LogStream stream = logs.stream();
    stream.begin_at(at(1));
    stream.end_here();
    stream.seek_begin();
    logs.append("current", line_at(7, "late"));
    logs.rotate(8);
    logs.append("current", line_at(9, "later"));
    CHECK(rest_of(stream, true) == "a b c d e f ");
}

TEST_CASE("runs are files of their own: all of those that were written to since then, or one") {
    Logs logs;
    const auto write_run = [&](int second, double written, const std::string& text) {
        const std::string name = std::to_string(ten_o_clock_us / 1000000 + second) + ".log";
        logs.write(name, text);
        logs.written(name, written);
    };
    write_run(0, 5, "a\nb");
    write_run(10, 15, "c\nd\n");
    write_run(9, 9, "nine\n");
    CHECK(since(logs, at(0), Form::runs) == "a b nine c d ");
    CHECK(since(logs, at(6), Form::runs) == "nine c d ");
    CHECK(since(logs, at(12), Form::runs) == "c d ");
    const auto guesses = [&](double since) {
        LogStream stream = logs.stream(Form::runs);
        stream.begin_at(at(since));
        return stream.guesses();
    };
    CHECK(guesses(12));
    CHECK_FALSE(guesses(0));
    CHECK_FALSE(guesses(6));  // that run began later, and so did all it wrote
    CHECK_FALSE(guesses(16));
    CHECK(since(logs, at(16), Form::runs).empty());
    const auto run_at = [&](double start) {
        LogStream stream = logs.stream(Form::runs);
        stream.only_run(at(start));
        stream.end_here();
        stream.seek_begin();
        return rest_of(stream, true);
    };
    CHECK(run_at(0.7) == "a b ");
    CHECK(run_at(9) == "nine ");
    CHECK(run_at(10.999) == "c d ");
    CHECK(run_at(4).empty());
    LogStream stream = logs.stream(Form::runs);
    stream.seek_back(1);
    REQUIRE(stream.load(false));
    CHECK(stream.time() == at(10));
    stream.pass();
    // The next run's file is gone on with; what has no end there has one then.
    logs.append("1795168810.log", "half");
    CHECK(rest_of(stream).empty());
    write_run(20, 20, "e\n");
    CHECK(rest_of(stream) == "half e ");
}

TEST_CASE("a rotation in the middle of following costs no line and doubles none") {
    Logs logs;
    logs.write("current", line_at(1, "a"));
    LogStream stream = logs.from_start();
    CHECK(rest_of(stream) == "a ");
    logs.append("current", line_at(2, "b"));
    CHECK(rest_of(stream) == "b ");
    // What was written before the rename is in the file that we have open.
    logs.append("current", line_at(3, "c"));
    logs.rotate(3);
    logs.append("current", line_at(4, "d"));
    CHECK(rest_of(stream) == "c d ");
    // Several at once.
    logs.append("current", line_at(5, "e"));
    for (int second = 6; second < 9; ++second) {
        logs.rotate(second);
        logs.append("current", line_at(second, std::to_string(second)));
    }
    CHECK(rest_of(stream) == "e 6 7 8 ");
    CHECK(rest_of(stream).empty());
    // Between the rename and the new file.
    REQUIRE(rename((logs.directory / "current").c_str(), logs.old(9).c_str()) == 0);
    CHECK(rest_of(stream).empty());
    logs.write("current", line_at(10, "10"));
    CHECK(rest_of(stream) == "10 ");
}

TEST_CASE("files that are removed or emptied by others are gone on without") {
    Logs logs;
    logs.write("current", line_at(1, "a"));
    LogStream stream = logs.from_start();
    CHECK(rest_of(stream) == "a ");
    unlink((logs.directory / "current").c_str());
    CHECK(rest_of(stream).empty());
    logs.write("current", line_at(2, "b"));
    CHECK(rest_of(stream) == "b ");
    REQUIRE(truncate((logs.directory / "current").c_str(), 0) == 0);
    CHECK(rest_of(stream).empty());
    logs.append("current", line_at(3, "c"));
    CHECK(rest_of(stream) == "c ");
    // Renamed, and thrown away at once: the new one is all there is.
    logs.append("current", line_at(4, "d"));
    logs.rotate(4);
    unlink(logs.old(4).c_str());
    logs.append("current", line_at(5, "e"));
    CHECK(rest_of(stream) == "d e ");
    unlink((logs.directory / "current").c_str());
    REQUIRE(rmdir(logs.directory.path().c_str()) == 0);
    CHECK(rest_of(stream).empty());
    test::make_directory(logs.directory.path());
    logs.write("current", line_at(6, "f"));
    CHECK(rest_of(stream) == "f ");
}

TEST_CASE("a change that falls within a second of a look at the directory is found") {
    Logs logs;
    logs.write("current", line_at(1, "a"));
    LogStream stream = logs.from_start();
    for (int second = 2; second < 300; ++second) {
        rest_of(stream);
        logs.rotate(second);
        logs.append("current", line_at(second, std::to_string(second)));
        REQUIRE(rest_of(stream) == std::to_string(second) + " ");
    }
}

TEST_CASE("a line that has no end is read once it has, or at the end") {
    Logs logs;
    logs.write("current", "ha");
    LogStream stream = logs.from_start();
    CHECK_FALSE(stream.load(false));
    logs.append("current", "lf");
    CHECK_FALSE(stream.load(false));
    logs.append("current", " a line\nand");
    CHECK(rest_of(stream) == "half a line ");
    CHECK(rest_of(stream, true) == "and ");
    CHECK(last_of(logs, 1) == "1: and ");
    CHECK(last_of(logs, 2) == "2: half a line and ");
    // Lines are longer than what is read at a time.
    const std::string longer(100000, 'x');
    logs.append("current", "\n" + longer + "\nend\n");
    CHECK(last_of(logs, 2) == "2: " + longer + " end ");
}

TEST_CASE("a line that is longer than a megabyte is read in pieces") {
    Logs logs;
    const std::string longest(3 * log_piece_max_bytes, 'x');
    logs.write("current", longest + "\nend\n");
    LogStream stream = logs.from_start();
    std::string text;
    size_t pieces = 0;
    for (; stream.load(false) && stream.line() != "end"; stream.pass(), ++pieces) {
        CHECK(stream.line().size() < 2 * log_piece_max_bytes);
        text += stream.line();
    }
    CHECK(text == longest);
    CHECK(pieces >= 2);
    CHECK(last_of(logs, 1) == "1: end ");
}

TEST_CASE("of a hundred megabytes little is read: the last lines, or those since a time") {
    Logs logs;
    // A hole in front: what was read of it would show.
    const auto write_large = [&](const std::string& name, double second) {
        logs.write(name, "");
        REQUIRE(truncate((logs.directory / name).c_str(), 10 << 20) == 0);
        logs.append(name, "\n" + line_at(second, "x") + line_at(second + 1, "y"));
    };
    for (int file = 0; file < 9; ++file)
        write_large(name_at(10 * file + 5) + ".log", 10 * file + 2);
    std::string lines;
    for (int i = 0; i < 100000; ++i) lines += line_at(1000 + i * 0.01, "line " + std::to_string(i));
    logs.write("current", lines);
    REQUIRE(lines.size() > 3500000);
    const CountingReads counting;
    CHECK(last_of(logs, 2) == "2: line 99998 line 99999 ");
    CHECK(blocks_read <= 6);
    blocks_read = 0;
    CHECK(since(logs, at(1999.985)) == "line 99999 ");
    CHECK(blocks_read <= 20);
    blocks_read = 0;
    LogStream stream = logs.stream();
    stream.begin_at(at(1500.005));
    stream.seek_begin();
    REQUIRE(stream.load(false));
    CHECK(stream.line().ends_with(" line 50001"));
    CHECK(blocks_read <= 20);
    // In the middle of an old file, of which most is nothing that bears a stamp.
    blocks_read = 0;
    LogStream old = logs.stream();
    old.begin_at(at(43));
    old.seek_begin();
    REQUIRE(old.load(false));
    CHECK(blocks_read <= 100);
}
