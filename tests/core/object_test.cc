#include "base/fields.h"
#include "base/limits.h"
#include "catch.h"
#include "core/object.h"
#include "core/rig.h"

using namespace reeve;
using test::define;
using test::Rig;

namespace {

std::string object(Rig& rig, std::string_view name, Reader reader = Reader::file) {
    static char place[object_max_bytes];
    Sink text(place, sizeof place);
    append_object(text, rig.core, rig[name], reader, rig.now);
    return std::string(text.view());
}

std::string field(Rig& rig, std::string_view name, std::string_view key,
                  Reader reader = Reader::file) {
    return std::string(find_field(object(rig, name, reader), key));
}

}  // namespace

TEST_CASE("a running service is told in full") {
    Rig rig({define("db"), define("web", [](Definition& d, Policy&) {
                 d.depends_on.append("db");
                 d.groups.append("shop");
                 d.groups.append("front");
                 d.description = "the shop";
                 d.version = "v2";
             })});
    rig.run("db");
    rig.run("web");
    CHECK(object(rig, "web") ==
          "name=web\ninstance=\nstate=running\nwant=up\nreason=ready\n"
          "pid=102\nstart_time=102\nsince=2023-11-14T22:13:20.000Z\n"
          "started=2023-11-14T22:13:20.000Z\nrestarts=0\nexit=\nsignal=\nstrays=\nstale="
          "no\nhealthy=\n"
          "next=\nblames=\nproblem=\ntype=daemon\nenabled=yes\nversion=v2\n"
          "group=shop front\ndepends_on=db\nafter=\nlog=/web\ndescription=the "
          "shop\nfile=/etc/reeve/web\n");
}

TEST_CASE("the end of the last run is an exit code or a signal") {
    Rig rig({define("a"), define("b")});
    rig.run("a");
    rig.run("b");
    rig.exited("a", 3);
    rig.died("b", 9);
    CHECK(field(rig, "a", "exit") == "3");
    CHECK(field(rig, "a", "signal").empty());
    CHECK(field(rig, "a", "pid").empty());
    CHECK(field(rig, "b", "exit").empty());
    CHECK(field(rig, "b", "signal") == "KILL");
}

TEST_CASE("backoff says when it goes on; only a client is told how long that is") {
    Rig rig({define("web", [](Definition&, Policy& p) { p.restart_delay = seconds(5); })});
    rig.run("web");
    rig.exited("web", 1);
    CHECK(field(rig, "web", "next") == "2023-11-14T22:13:25.000Z");
    CHECK(field(rig, "web", "reason") == "exit 1, 1st failure");
    CHECK(field(rig, "web", "reason", Reader::client) == "exit 1, 1st failure, next try in 5s");
}

TEST_CASE("who waits names whom it waits for") {
    Rig rig(
        {define("db"), define("web", [](Definition& d, Policy&) { d.depends_on.append("db"); })});
    CHECK(field(rig, "web", "blames") == "db");
    CHECK(field(rig, "web", "reason") == "needs db");
    CHECK(field(rig, "db", "blames").empty());
}

TEST_CASE("a service without a definition has its problem and little else") {
    Rig rig;
    rig.load({}, {"web"});
    CHECK(field(rig, "web", "state") == "invalid");
    CHECK(field(rig, "web", "type").empty());
    CHECK_FALSE(field(rig, "web", "problem").empty());
}

TEST_CASE("no value can end its line, or reach a terminal as more than text") {
    Rig rig({define("web", [](Definition& d, Policy&) { d.description = "a\nb\33[31m\177"; })});
    rig.run("web");
    rig["web"].status_text = "one\ntwo\rpid=1";
    CHECK(field(rig, "web", "description") == R"(a\x0ab\x1b[31m\x7f)");
    CHECK(field(rig, "web", "reason") == R"(one\x0atwo\x0dpid=1)");
    CHECK(field(rig, "web", "pid") == "101");
}

TEST_CASE("a reason is cut where it is longer than any can be") {
    Rig rig({define("web")});
    rig.run("web");
    rig["web"].status_text = std::string(5000, 'x');
    CHECK(field(rig, "web", "reason").size() == reason_max_bytes);
}

TEST_CASE("a field is found by its whole key only") {
    CHECK(find_field("surname=b\nname=a\n", "name") == "a");
    CHECK(find_field("name=a=b", "name") == "a=b");
    CHECK(find_field("names=a\n", "name").empty());
    CHECK(find_field("", "name").empty());
}
