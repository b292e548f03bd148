#include <string>

#include "base/spelling.h"
#include "catch.h"

using namespace reeve;

TEST_CASE("the edit distance counts insertions, deletions and substitutions") {
    CHECK(edit_distance("", "") == 0);
    CHECK(edit_distance("", "abc") == 3);
    CHECK(edit_distance("abc", "") == 3);
    CHECK(edit_distance("dependson", "depends_on") == 1);
    CHECK(edit_distance("allways", "always") == 1);
    CHECK(edit_distance("kitten", "sitting") == 3);
    CHECK(edit_distance("wbe", "web") == 1);
    CHECK(edit_distance("restrat", "restart") == 1);
    CHECK(edit_distance("Depends-On", "depends_on") == 0);
    CHECK(edit_distance(std::string(64, 'a'), std::string(64, 'b')) == 64);
    CHECK(edit_distance(std::string(65, 'a'), std::string(65, 'a')) == 65);
}

TEST_CASE("the nearest name is that of the file, too, and none where there is little to go by") {
    const auto nearest = [](std::string_view wrong) {
        Nearest found(wrong);
        for (const char* name : {"web", "a", "database"}) found.offer(name);
        return found.found();
    };
    CHECK(nearest("wbe") == "web");
    CHECK(nearest("web.service") == "web");
    CHECK(nearest("/etc/reeve/web") == "web");
    CHECK(nearest("data_base") == "database");
    CHECK(nearest("*").empty());
    CHECK(nearest("A") == "a");
    CHECK(nearest("nosuch").empty());
    CHECK(nearest("").empty());
}

TEST_CASE("a foreign word is translated where it is known") {
    CHECK(translate("start up stop down", "stop") == "down");
    CHECK(translate("start up stop down", "up").empty());
    CHECK(translate("start up stop down", "").empty());
    CHECK(translate("", "start").empty());
}

TEST_CASE("names sort by the numbers in them") {
    const char* const sorted[] = {"a",     "web",  "web+v1", "web+v2", "web+v10", "web1",
                                  "web01", "web2", "web10",  "web10a", "web10b",  "webx"};
    for (size_t i = 0; i < std::size(sorted); ++i) {
        for (size_t j = 0; j < std::size(sorted); ++j) {
            INFO(sorted[i] << " " << sorted[j]);
            const bool same_number = std::string_view(sorted[i]).substr(0, 3) == "web" &&
                                     (i == 5 || i == 6) && (j == 5 || j == 6);
            if (!same_number) CHECK(is_before(sorted[i], sorted[j]) == (i < j));
        }
    }
    CHECK(is_before("web01", "web1"));
    CHECK_FALSE(is_before("web1", "web01"));
    CHECK(is_before("99999999999999999999998", "99999999999999999999999"));
}
