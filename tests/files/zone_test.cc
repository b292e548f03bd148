#include <string>
#include <vector>

#include "base/limits.h"
#include "catch.h"
#include "files/zone.h"
#include "support/kernel_fixture.h"
#include "support/zones.h"

using namespace reeve;
using namespace reeve::test;

namespace {

// A zoneinfo of the test's own, and a machine that is where it says.
class Zones : public TemporaryDirectory {
  public:
    Zones() {
        make_directory(*this / "zoneinfo");
        make_directory(*this / "zoneinfo/Europe");
    }
    // "UTC+S", the offset of January 2026; what is wrong behind it, or alone.
    std::string find(std::string_view name) const {
        Buffer<400> problem;
        const std::string local = *this / "localtime";
        const std::string directory = *this / "zoneinfo";
        const char* directories[] = {"/nonexistent", directory.c_str()};
        const auto zone = find_zone(name, problem, {directories, local.c_str()});
        std::string text = zone ? "UTC+" + std::to_string(zone->offset_at(1767225600)) : "";
        if (!problem.empty()) text += (zone ? " " : "") + std::string(problem.view());
        // Without this directory's own name.
        if (const size_t at = text.find(path()); at != std::string::npos)
            text.replace(at, path().size(), "DIR");
        return text;
    }
};

// The smallest file there is: version 1, one offset.
std::string fixed_zone(int hours) {
    const int offset = hours * 3600;
    std::string text = "TZif" + std::string(16 + 5 * 4 - 4, '\0');
    text += std::string("\0\0\0\0", 4);
    text.resize(44, '\0');
    text[39] = 1;  // a type
    text[43] = 4;  // characters
    text += {0,
             static_cast<char>(offset >> 16),
             static_cast<char>(offset >> 8),
             static_cast<char>(offset),
             0,
             0};
    return text + std::string("ABC\0", 4);
}

}  // namespace

TEST_CASE("a zone is found by its name, else it is a TZ string") {
    const LocalZone unused("UTC0");
    const Zones zones;
    zones.file("zoneinfo/Europe/Madrid", fixed_zone(1));
    zones.file("zoneinfo/EST5", fixed_zone(7));
    REQUIRE(::symlink("Europe/Madrid", (zones / "zoneinfo/Spain").c_str()) == 0);
    CHECK(zones.find("Europe/Madrid") == "UTC+3600");
    CHECK(zones.find("Spain") == "UTC+3600");
    CHECK(zones.find("EST5") == "UTC+25200");
    CHECK(zones.find("CET-1CEST,M3.5.0,M10.5.0/3") == "UTC+3600");
    CHECK(zones.find("<+0530>-5:30") == "UTC+19800");
    CHECK(zones.find("UTC") == "UTC+0");
    const std::string behind = " and it is no POSIX zone such as CET-1CEST,M3.5.0,M10.5.0/3";
    CHECK(zones.find("Europe/Nowhere") == "there is no zone Europe/Nowhere," + behind);
    CHECK(zones.find("Europe/Madrid/x") == "there is no zone Europe/Madrid/x," + behind);
    CHECK(zones.find("madrid") == "there is no zone madrid," + behind);
}

TEST_CASE("no name leads out of zoneinfo") {
    const Zones zones;
    zones.file("secret", fixed_zone(1));
    zones.file("zoneinfo/.hidden", fixed_zone(1));
    for (const std::string& name : std::vector<std::string>{
             "../secret", "Europe/../../secret", "../../etc/passwd", "/etc/localtime", "Europe/",
             "Europe//Madrid", "./Europe", ".hidden", "Europe/.", "Europe Madrid",
             std::string("Europe\0Madrid", 13), std::string(zone_name_max_bytes + 1, 'a'),
             "Europe/Madrid\n",
             "Espa\xC3\xB1"
             "a"}) {
        INFO(name);
        CHECK(zones.find(name).find(" is no name of a zone (such as Europe/Madrid)") !=
              std::string::npos);
    }
    CHECK(zones.find("\x1b[31m") == "\\x1b[31m is no name of a zone (such as Europe/Madrid)");
    CHECK(zones.find(std::string(zone_name_max_bytes, 'a')).starts_with("there is no zone aaa"));
}

TEST_CASE("what is no zone file is refused, and never waited for") {
    const Zones zones;
    const std::string whole = fixed_zone(1);
    zones.file("zoneinfo/Short", whole.substr(0, whole.size() - 1));
    zones.file("zoneinfo/Empty", "");
    zones.file("zoneinfo/Full", whole + std::string(zone_file_max_bytes - whole.size(), 'x'));
    zones.file("zoneinfo/Huge", whole + std::string(zone_file_max_bytes - whole.size() + 1, 'x'));
    REQUIRE(::mkfifo((zones / "zoneinfo/Fifo").c_str(), 0644) == 0);
    REQUIRE(::symlink("/etc/passwd", (zones / "zoneinfo/Out").c_str()) == 0);
    REQUIRE(::symlink("Loop", (zones / "zoneinfo/Loop").c_str()) == 0);
    REQUIRE(::symlink("/dev/zero", (zones / "zoneinfo/Device").c_str()) == 0);
    CHECK(zones.find("Short") == "DIR/zoneinfo/Short: it is cut off");
    CHECK(zones.find("Empty") == "DIR/zoneinfo/Empty: it is no zone file");
    CHECK(zones.find("Full") == "UTC+3600");
    CHECK(zones.find("Huge") == "DIR/zoneinfo/Huge: it is too large for a zone");
    CHECK(zones.find("Fifo") == "DIR/zoneinfo/Fifo: it is no regular file");
    CHECK(zones.find("Europe") == "DIR/zoneinfo/Europe: it is no regular file");
    CHECK(zones.find("Device") == "DIR/zoneinfo/Device: it is no regular file");
    CHECK(zones.find("Out") == "DIR/zoneinfo/Out: it is no zone file");
    CHECK(zones.find("Loop").starts_with("DIR/zoneinfo/Loop: Too many "));
    zones.file("zoneinfo/Good", whole);
    {
        const Fault fault(sys::Call::open, EMFILE, 1);  // the second directory's
        CHECK(zones.find("Good") == "DIR/zoneinfo/Good: Too many open files");
    }
    const Fault fault(sys::Call::read, EIO);
    CHECK(zones.find("Good").starts_with("DIR/zoneinfo/Good: Input/output error"));
}

TEST_CASE("where there is no zoneinfo a name gets a clear error, and a TZ string works") {
    Buffer<400> problem;
    const ZonePlaces nowhere = {{}, "/nonexistent"};
    CHECK_FALSE(find_zone("Europe/Madrid", problem, nowhere));
    CHECK(problem.view() ==
          "there is no zoneinfo on this machine: install tzdata, or write a POSIX "
          "zone such as CET-1CEST,M3.5.0,M10.5.0/3");
    problem.clear();
    CHECK(find_zone("CET-1", problem, nowhere));
    CHECK(find_zone("UTC", problem, nowhere));
    CHECK(problem.empty());
}

TEST_CASE("the machine's own zone is TZ's, else that of /etc/localtime, else UTC") {
    const Zones zones;
    zones.file("zoneinfo/Europe/Madrid", fixed_zone(1));
    {
        const LocalZone variable("Europe/Madrid");
        CHECK(zones.find("") == "UTC+3600");
    }
    {
        const LocalZone variable(":Europe/Madrid");
        CHECK(zones.find("") == "UTC+3600");
    }
    {
        const LocalZone variable("XST-5:30");
        CHECK(zones.find("") == "UTC+19800");
    }
    {
        const LocalZone variable(zones / "zoneinfo/Europe/Madrid");
        CHECK(zones.find("") == "UTC+3600");
    }
    for (const char* empty : {"", ":"}) {
        const LocalZone variable(empty);
        CHECK(zones.find("") == "UTC+0");
    }
    {
        const LocalZone variable("/nonexistent/zone");
        CHECK(zones.find("") == "UTC+0 /nonexistent/zone: No such file or directory (TZ)");
    }
    {
        const LocalZone variable("../secret");
        CHECK(zones.find("") ==
              "UTC+0 ../secret is no name of a zone (such as Europe/Madrid) (TZ)");
    }
    const LocalZone variable("");
    ::unsetenv("TZ");
    CHECK(zones.find("") == "UTC+0");
    zones.file("localtime", fixed_zone(2));
    CHECK(zones.find("") == "UTC+7200");
    zones.file("localtime", "nonsense");
    CHECK(zones.find("") == "UTC+0 DIR/localtime: it is no zone file");
}

TEST_CASE("services that name the same zone share it") {
    ZoneCache cache;
    Buffer<400> problem;
    const auto first = cache.find("CET-1CEST", problem);
    REQUIRE(first);
    CHECK(cache.find("CET-1CEST", problem).get() == first.get());
    CHECK(cache.find("CET-1", problem).get() != first.get());
    CHECK_FALSE(cache.find("..", problem));
    CHECK_FALSE(problem.empty());
    const LocalZone variable("XST-5:30");
    CHECK(cache.find("", problem).get() == cache.find("", problem).get());
}
