#include "catch.h"
#include "kernel/users.h"
#include "support/allocations.h"
#include "support/kernel_fixture.h"

using namespace reeve;
using namespace reeve::test;

namespace {

struct Accounts {
    TemporaryDirectory directory;
    std::string passwd;
    std::string group;
    Credentials user;
    Buffer<200> problem;

    Accounts(const std::string& users, const std::string& groups)
        : passwd(directory.file("passwd", users)), group(directory.file("group", groups)) {}

    int resolve(const char* text) {
        problem.clear();
        return resolve_user(text, user, problem, {passwd.c_str(), group.c_str()});
    }
    std::string why() { return std::string(problem.view()); }
    std::vector<gid_t> groups() { return {user.all_groups().begin(), user.all_groups().end()}; }
};

const char* const users = "root:x:0:0:root:/root:/bin/sh\n"
                          "www:x:33:44:The, Web:/srv/www:/bin/false\n"
                          "# a comment: no account\n"
                          "broken:x:notanumber:1::/:/bin/sh\n"
                          "\n"
                          "1234:x:77:78::/home/digits:/bin/sh\n"
                          "last:x:90:91::/:";

const char* const groups = "root:x:0:\n"
                           "www:x:44:\n"
                           "logs:x:50:backup,www,nobody\n"
                           "logs2:x:51:wwww,ww\n"
                           "media:x:52:www\n"
                           "twice:x:44:www\n"
                           "staff:x:60:root";

}  // namespace

TEST_CASE("a user's name gives number, group, supplementary groups and home") {
    Accounts accounts(users, groups);
    REQUIRE(accounts.resolve("www") == 0);
    CHECK(accounts.user.uid == 33);
    CHECK(accounts.user.gid == 44);
    CHECK(accounts.groups() == std::vector<gid_t>{44, 50, 52});
    CHECK(accounts.user.name.view() == "www");
    CHECK(accounts.user.home.view() == "/srv/www");
    CHECK(accounts.user.shell.view() == "/bin/false");
}

TEST_CASE("a user's number finds the entry that has it") {
    Accounts accounts(users, groups);
    REQUIRE(accounts.resolve("33") == 0);
    CHECK(accounts.user.name.view() == "www");
    CHECK(accounts.user.gid == 44);
}

TEST_CASE("a name of digits goes before a number") {
    Accounts accounts(users, groups);
    REQUIRE(accounts.resolve("1234") == 0);
    CHECK(accounts.user.uid == 77);
}

TEST_CASE("a group that is given stands in for the user's own") {
    Accounts accounts(users, groups);
    REQUIRE(accounts.resolve("www:staff") == 0);
    CHECK(accounts.user.gid == 60);
    CHECK(accounts.groups() == std::vector<gid_t>{60, 50, 52, 44});
    REQUIRE(accounts.resolve("www:9999") == 0);
    CHECK(accounts.user.gid == 9999);
}

TEST_CASE("a number without an entry needs its group") {
    Accounts accounts(users, groups);
    CHECK(accounts.resolve("5555") == EINVAL);
    CHECK(accounts.why() ==
          "user '5555' is not in " + accounts.passwd + ": give the group as well, as in UID:GID");
    REQUIRE(accounts.resolve("5555:66") == 0);
    CHECK(accounts.user.uid == 5555);
    CHECK(accounts.groups() == std::vector<gid_t>{66});
    CHECK(accounts.user.name.size() == 0);
    CHECK(accounts.user.home.size() == 0);
}

TEST_CASE("users and groups that are not there are named with their file") {
    Accounts accounts(users, groups);
    CHECK(accounts.resolve("ghost") == EINVAL);
    CHECK(accounts.why() == "user 'ghost' is not in " + accounts.passwd);
    CHECK(accounts.resolve("www:ghosts") == EINVAL);
    CHECK(accounts.why() == "group 'ghosts' is not in " + accounts.group);
    CHECK(accounts.resolve("broken") == EINVAL);
    CHECK(accounts.resolve("ww") == EINVAL);
}

TEST_CASE("half a user is no user") {
    Accounts accounts(users, groups);
    for (const char* text : {"", ":", ":staff", "www:"}) {
        CAPTURE(text);
        CHECK(accounts.resolve(text) == EINVAL);
        CHECK(accounts.why().find("is not USER or USER:GROUP") != std::string::npos);
    }
}

TEST_CASE("no number reaches the one that means nobody at all") {
    Accounts accounts(users, groups);
    CHECK(accounts.resolve("4294967295:1") == EINVAL);
    CHECK(accounts.resolve("1:4294967295") == EINVAL);
    CHECK(accounts.resolve("4294967294:1") == 0);
}

TEST_CASE("the last line needs no end, not even a last field") {
    Accounts accounts(users, groups);
    REQUIRE(accounts.resolve("last") == 0);
    CHECK(accounts.user.uid == 90);
    CHECK(accounts.user.shell.size() == 0);
    REQUIRE(accounts.resolve("root") == 0);
    CHECK(accounts.groups() == std::vector<gid_t>{0, 60});
}

TEST_CASE("files that do not exist are empty") {
    Credentials user;
    Buffer<200> problem;
    UserFiles none{"/nonexistent/passwd", "/nonexistent/group"};
    CHECK(resolve_user("12345:12345", user, problem, none) == 0);
    CHECK(resolve_user("www", user, problem, none) == EINVAL);
    CHECK(problem.view() == "user 'www' is not in /nonexistent/passwd");
}

TEST_CASE("a file that cannot be read is not taken for an empty one") {
    Accounts accounts(users, groups);
    {
        Fault fault(sys::Call::open, EACCES);
        CHECK(accounts.resolve("www") == EACCES);
        CHECK(accounts.why() == "read " + accounts.passwd + ": Permission denied");
        CHECK(accounts.resolve("7:8") == 0);
    }
    Fault fault(sys::Call::read, EIO, 1);
    CHECK(accounts.resolve("www") == EIO);
    CHECK(accounts.why().starts_with("read " + accounts.group));
}

TEST_CASE("a group of a thousand members and fields of any length are read") {
    std::string many = "big:x:70:";
    for (int i = 0; i < 1000; ++i) many += "member" + std::to_string(i) + ",";
    many += "www\n" + std::string(5000, 'a') + ":x:71:www\n";
    Accounts accounts(std::string(5000, 'b') + ":x:1:1::/:/bin/sh\n" + users, many);
    REQUIRE(accounts.resolve("www") == 0);
    CHECK(accounts.groups() == std::vector<gid_t>{44, 70, 71});
}

TEST_CASE("a user in as many groups as there may be is taken, one more is refused") {
    std::string lines;
    for (size_t i = 1; i < groups_max_count; ++i)
        lines += "g" + std::to_string(i) + ":x:" + std::to_string(1000 + i) + ":www\n";
    Accounts most(users, lines);
    CHECK(most.resolve("www") == 0);
    CHECK(most.user.group_count == groups_max_count);
    Accounts over(users, lines + "more:x:2000:www\n");
    CHECK(over.resolve("www") == E2BIG);
    CHECK(over.why() == "user 'www' is in too many groups");
}

TEST_CASE("users are resolved without allocation") {
    Accounts accounts(users, groups);
    size_t before = allocations_made();
    int code = accounts.resolve("www:staff");
    size_t after = allocations_made();
    CHECK(code == 0);
    CHECK(after == before);
}
