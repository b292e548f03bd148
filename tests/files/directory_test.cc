#include <sys/socket.h>
#include <sys/un.h>

#include "base/limits.h"
#include "catch.h"
#include "files/directory.h"
#include "support/kernel_fixture.h"

using namespace reeve;
using namespace reeve::test;

namespace {

std::vector<std::string> names_of(const List<SourceFile>& files) {
    std::vector<std::string> names;
    for (const SourceFile& file : files) names.emplace_back(file.path.name);
    return names;
}

}  // namespace

TEST_CASE("a service directory is read in order, other names are passed over") {
    TemporaryDirectory directory;
    directory.file("web", "exec = /bin/web\n", 0640);
    directory.file("db", "exec = /bin/db\n");
    directory.file("web+v2", "exec = /bin/web2\n");
    directory.file("reeve.conf", "watch = yes\n");
    for (const char* other : {"web~", ".db.swp", "web.bak", "a b", "web+", "reeve.conf.old"})
        directory.file(other, "?");
    auto files = read_directory(directory.path());
    REQUIRE(files);
    CHECK(names_of(*files) == std::vector<std::string>{"db", "reeve.conf", "web", "web+v2"});
    const SourceFile& web = (*files)[2];
    CHECK(web.path.text() == directory / "web");
    CHECK(web.text.view() == "exec = /bin/web\n");
    CHECK(web.mode == 0640);
    CHECK(web.owner == ::geteuid());
    CHECK(web.read_error == 0);
    CHECK(!web.too_large);
}

TEST_CASE("a slash at the end of a directory's name is not doubled") {
    TemporaryDirectory directory;
    directory.file("web", "");
    auto files = read_directory(directory.path() + "/");
    REQUIRE(files);
    REQUIRE(files->size() == 1);
    CHECK((*files)[0].path.text() == directory / "web");
}

TEST_CASE("a directory that is not there is an error, and so is a file in its place") {
    TemporaryDirectory directory;
    auto missing = read_directory(directory / "none");
    REQUIRE(!missing);
    CHECK(missing.error().code == ENOENT);
    CHECK(missing.error().path == directory / "none");
    directory.file("web", "");
    auto file = read_directory(directory / "web");
    REQUIRE(!file);
    CHECK(file.error().code == ENOTDIR);
}

TEST_CASE("what is no regular file is passed over and never waited for") {
    TemporaryDirectory directory;
    directory.file("web", "x");
    REQUIRE(::mkfifo((directory / "fifo").c_str(), 0644) == 0);
    REQUIRE(::mkdir((directory / "folder").c_str(), 0755) == 0);
    REQUIRE(::symlink("/dev/null", (directory / "device").c_str()) == 0);
    struct sockaddr_un address {};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "%s", (directory / "sock").c_str());
    Fd socket(sys::socket(AF_UNIX, SOCK_STREAM));
    REQUIRE(sys::bind(socket.get(), reinterpret_cast<struct sockaddr*>(&address), sizeof address) ==
            0);
    auto files = read_directory(directory.path());
    REQUIRE(files);
    CHECK(names_of(*files) == std::vector<std::string>{"web"});
}

TEST_CASE("a link is followed to its file, and one that leads nowhere is an error") {
    TemporaryDirectory directory;
    TemporaryDirectory elsewhere;
    std::string target = elsewhere.file("anything.at.all", "exec = /bin/x\n", 0600);
    REQUIRE(::symlink(target.c_str(), (directory / "linked").c_str()) == 0);
    REQUIRE(::symlink("/nonexistent", (directory / "lost").c_str()) == 0);
    auto files = read_directory(directory.path());
    REQUIRE(files);
    REQUIRE(names_of(*files) == std::vector<std::string>{"linked", "lost"});
    CHECK((*files)[0].text.view() == "exec = /bin/x\n");
    CHECK((*files)[0].mode == 0600);
    CHECK((*files)[1].read_error == ENOENT);
}

TEST_CASE("a file at the bound is read, one byte more is too large") {
    TemporaryDirectory directory;
    directory.file("a-full", std::string(service_file_max_bytes, '#'));
    directory.file("b-over", std::string(service_file_max_bytes + 1, '#'));
    auto files = read_directory(directory.path());
    REQUIRE(files);
    REQUIRE(files->size() == 2);
    CHECK(!(*files)[0].too_large);
    CHECK((*files)[0].text.size() == service_file_max_bytes);
    CHECK((*files)[1].too_large);
    CHECK((*files)[1].text.size() == service_file_max_bytes);
}

TEST_CASE("an executable file may be of any size, its beginning is read") {
    TemporaryDirectory directory;
    directory.file("program", "#!/bin/sh\n" + std::string(300000, 'x'), 0755);
    auto files = read_directory(directory.path());
    REQUIRE(files);
    REQUIRE(files->size() == 1);
    CHECK(!(*files)[0].too_large);
    CHECK((*files)[0].text.size() == executable_head_bytes);
}

TEST_CASE("a file that cannot be opened or read has its error and no text") {
    TemporaryDirectory directory;
    directory.file("web", std::string(10000, 'x'));
    {
        Fault fault(sys::Call::open, EACCES, 1);  // the directory's own open passes
        auto files = read_directory(directory.path());
        REQUIRE(files);
        REQUIRE(files->size() == 1);
        CHECK((*files)[0].read_error == EACCES);
        CHECK((*files)[0].mode == 0644);
    }
    Fault fault(sys::Call::read, EIO, 1);
    auto files = read_directory(directory.path());
    REQUIRE(files);
    CHECK((*files)[0].read_error == EIO);
    CHECK((*files)[0].text.empty());
}

TEST_CASE("a file that vanishes while the directory is read was never there") {
    TemporaryDirectory directory;
    directory.file("web", "x");
    Fault fault(sys::Call::open, ENOENT, 1);
    auto files = read_directory(directory.path());
    REQUIRE(files);
    CHECK(files->empty());
}
