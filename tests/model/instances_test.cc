// What a definition says of each of its instances.
#include "catch.h"
#include "model/instances.h"
#include "support/definitions.h"

namespace {

using namespace reeve;

std::vector<std::string> list(const Words& words) {
    std::vector<std::string> all;
    for (const std::string_view word : words) all.emplace_back(word);
    return all;
}

}  // namespace

TEST_CASE("numbered instances are known as such, and others are not") {
    CHECK(list(numbered_instances(3)) == std::vector<std::string>{"1", "2", "3"});
    CHECK(are_numbered(numbered_instances(12)));
    CHECK(are_numbered(Words()));
    for (const std::vector<const char*>& others :
         {std::vector{"2"}, std::vector{"1", "3"}, std::vector{"01"}, std::vector{"1", "2", "x"}}) {
        Words words;
        for (const char* word : others) words.append(word);
        CHECK_FALSE(are_numbered(words));
    }
}

TEST_CASE("the instance stands in all that names it, and what is common stays so") {
    const auto common = test::define("web", [](Definition& definition, Policy& policy) {
        definition.names_instance = true;
        definition.exec.append("--port=80\xff\xff");
        definition.env.append("X=%i");
        definition.depends_on.append("db@\xff");
        definition.workdir = "/srv/\xff";
        policy.tty = "/dev/\xff";
    });
    const auto own = definition_of(common, "tty1");
    CHECK(list(own->exec) == std::vector<std::string>{"/bin/web", "--port=80tty1tty1"});
    CHECK(list(own->env) == std::vector<std::string>{"X=%i"});
    CHECK(list(own->depends_on) == std::vector<std::string>{"db@tty1"});
    CHECK(own->workdir == "/srv/tty1");
    CHECK(own->policy->tty == "/dev/tty1");
    CHECK(own->digest == common->digest);
    CHECK(common->workdir == "/srv/\xff");
    CHECK(common->policy->tty == "/dev/\xff");
    CHECK(definition_of(own, "other").get() == own.get());
}

TEST_CASE("what names no instance is one definition for all") {
    const auto common = test::define("web");
    CHECK(definition_of(common, "1").get() == common.get());
    const auto named = test::define("web", [](Definition& definition, Policy&) {
        definition.names_instance = true;
        definition.description = "of \xff";
    });
    CHECK(definition_of(named, "1")->policy.get() == named->policy.get());
    CHECK_FALSE(definition_of({}, "1"));
}
