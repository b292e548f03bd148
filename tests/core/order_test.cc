// The order of what is restarted or stopped together. What one service does to another is in
// supervisor_test.cc.
#include "catch.h"
#include "core/rig.h"

namespace {

using namespace reeve;
using test::define;
using test::Rig;
using File = Ref<const Definition>;

File needs(std::string_view name, std::string_view other, bool enabled = true) {
    return define(name, [&](Definition& definition, Policy& policy) {
        definition.depends_on.append(other);
        policy.enabled = enabled;
    });
}

File comes_after(std::string_view name, std::string_view other) {
    return define(name, [&](Definition& definition, Policy&) { definition.after.append(other); });
}

// A version of it that is started anew where it differs from the one before.
File version(std::string_view name, std::string_view other, uint64_t digest) {
    return define(name, [&](Definition& definition, Policy& policy) {
        if (!other.empty()) definition.depends_on.append(other);
        policy.on_change = OnChange::restart;
        definition.digest = definition.process_digest = digest;
    });
}

// All of them running, the first first.
Rig running(const std::vector<File>& files) {
    Rig rig(files);
    for (const File& file : files) rig.run(file->name.view());
    rig.asked();
    return rig;
}

}  // namespace

TEST_CASE("restarting dependency and dependent together keeps the order") {
    Rig rig = running({define("db"), needs("web", "db")});
    rig.restart("db web");
    CHECK(rig.asked() == "signal_group web 15");
    rig.exited("web", 0);
    CHECK(rig.state("web") == State::waiting);
    CHECK(rig.asked() == "end_run web, signal_group db 15");
    rig.exited("db", 0);
    CHECK(rig.asked() == "end_run db, spawn db");
    CHECK(rig.state("web") == State::waiting);
    rig.run("db");
    CHECK(rig.asked() == "spawn web");
}

TEST_CASE("a reload that restarts dependency and dependent keeps the order") {
    Rig rig = running({version("db", "", 1), version("web", "db", 1)});
    rig.load({version("db", "", 2), version("web", "db", 2)});
    CHECK(rig.asked() == "signal_group web 15");
    rig.exited("web", 0);
    CHECK(rig.asked() == "end_run web, signal_group db 15");
    rig.exited("db", 0);
    rig.run("db");
    CHECK(rig.state("web") == State::starting);
}

TEST_CASE("what is restarted or stopped together keeps the order of `after` too") {
    for (const bool restarts : {true, false}) {
        Rig rig = running({define("a"), comes_after("b", "a")});
        restarts ? rig.restart("a b") : rig.down("a b");
        CHECK(rig.asked() == "signal_group b 15");
        rig.exited("b", 0);
        CHECK(rig.asked() == "end_run b, signal_group a 15");
        rig.exited("a", 0);
        CHECK(rig.asked() == (restarts ? "end_run a, spawn a" : "end_run a"));
    }
}

TEST_CASE("what is restarted together keeps its order where something between them runs on") {
    for (const bool needed : {true, false}) {
        const auto on = [&](std::string_view name, std::string_view other) {
            return needed ? needs(name, other) : comes_after(name, other);
        };
        Rig rig = running({define("db"), on("app", "db"), on("proxy", "app"), on("web", "proxy")});
        rig.restart("db web");
        CHECK(rig.asked() == "signal_group web 15");
        rig.exited("web", 0);
        CHECK(rig.asked() == "end_run web, signal_group db 15");
        CHECK(rig.reason("web") == "after db");
        rig.exited("db", 0);
        CHECK(rig.asked() == "end_run db, spawn db");
        CHECK(rig.states() == "app running, db starting, proxy running, web waiting");
        rig.run("db");
        CHECK(rig.asked() == "spawn web");
        CHECK(rig["app"].runs + rig["proxy"].runs == 2);
    }
}

TEST_CASE("a restart of what is stopped waits for what is restarted before it") {
    Rig rig({define("db"), needs("app", "db"), needs("web", "app", false)});
    rig.run("db"), rig.run("app");
    rig.asked();
    rig.restart("db web");
    CHECK(rig.asked() == "signal_group db 15");
    CHECK(rig.reason("web") == "after db");
    rig.exited("db", 0);
    rig.run("db");
    CHECK(rig.state("web") == State::starting);
}

TEST_CASE("what waits for a restart before it waits no longer once that is over, or called off") {
    enum class End { fails, is_down, is_removed, is_alone };
    for (const End end : {End::fails, End::is_down, End::is_removed, End::is_alone}) {
        const File db = define("db");
        const File app = needs("app", "db");
        const File proxy = comes_after("proxy", "app");
        const File web = comes_after("web", "proxy");
        Rig rig = running({db, app, proxy, web});
        rig.restart("db web");
        rig.exited("web", 0);
        CHECK(rig.reason("web") == "after db");
        switch (end) {
        case End::fails:
            rig.exited("db", 0), rig.spawned("db"), rig.exited("db", 1);
            CHECK(rig.state("db") == State::backoff);
            break;
        case End::is_down: rig.down("db"); break;
        case End::is_removed:
            rig.load({db, app, web});
            rig.exited("proxy", 0);
            break;
        case End::is_alone: rig.load({db, app, proxy, define("web")}); break;
        }
        CAPTURE(static_cast<int>(end), rig.states());
        CHECK(rig.state("web") == State::starting);
    }
}

TEST_CASE("a restart waits no longer for one behind it once what is between them is forgotten") {
    const File db = define("db");
    const File proxy = comes_after("proxy", "db");
    const File web = comes_after("web", "proxy");
    Rig rig = running({db, proxy, web});
    rig.restart("db web");
    rig.load({db, web});
    rig.asked();
    rig.exited("proxy", 0);
    CHECK(rig.asked() == "end_run proxy, signal_group db 15");
}

TEST_CASE("what crashes while others are restarted does not wait for them") {
    Rig rig = running({define("db"), needs("app", "db"), needs("web", "app")});
    rig.restart("db");
    rig.exited("web", 1);
    rig.pass_to_deadline();
    CHECK(rig.state("web") == State::starting);
}

TEST_CASE("a reload keeps the order of what it restarts, and of what was restarted before it") {
    Rig rig = running({version("db", "", 1), version("app", "db", 1), version("web", "app", 1)});
    const std::vector<File> next = {version("db", "", 2), version("app", "db", 1),
                                    version("web", "app", 2)};
    rig.load(next);
    CHECK(rig.asked() == "signal_group web 15");
    rig.exited("web", 0);
    CHECK(rig.asked() == "end_run web, signal_group db 15");
    rig.exited("db", 0), rig.spawned("db");
    rig.load(next);
    CHECK(rig.state("web") == State::waiting);
    rig.exec_done("db");
    CHECK(rig.state("web") == State::starting);
}
