// How definitions come into force: Supervisor::apply, at the start and at a reload.
#include "base/limits.h"
#include "catch.h"
#include "core/rig.h"

namespace {

using namespace reeve;
using test::define;
using test::Rig;
using File = Ref<const Definition>;

// Digests tell a reload what changed: keys that apply at once, or those of a new process.
File edited(std::string_view name, uint64_t digest, uint64_t process_digest,
            void (*change)(Definition&, Policy&) = nullptr) {
    return define(name, [&](Definition& definition, Policy& policy) {
        definition.digest = digest;
        definition.process_digest = process_digest;
        if (change != nullptr) change(definition, policy);
    });
}

File needs(std::string_view name, std::string_view other, uint64_t digest = 1) {
    return define(name, [&](Definition& definition, Policy&) {
        definition.depends_on.append(other);
        definition.digest = digest;
    });
}

File version(std::string_view name, std::string_view of, Type type = Type::daemon) {
    return define(name, [&](Definition& definition, Policy& policy) {
        definition.version = of;
        definition.digest = definition.process_digest = 2;
        policy.type = type;
    });
}

void restarts(Definition&, Policy& policy) { policy.on_change = OnChange::restart; }

Rig running(std::vector<File> files) {
    Rig rig(std::move(files));
    for (const Service& service : rig.core.services())
        if (service.phase == Phase::executing) rig.run(service.name);
    rig.asked();
    return rig;
}

}  // namespace

// --- Changes -------------------------------------------------------------------------------------

TEST_CASE("the same definitions again change nothing") {
    Rig rig = running({define("web")});
    CHECK(rig.load({define("web")}).empty());
    CHECK(rig.asked().empty());
}

TEST_CASE("a key that applies at once does so without a word to the process") {
    Rig rig = running({define("web")});
    CHECK(rig.load({edited("web", 2, 1, [](Definition&, Policy& policy) {
        policy.stop_signal = 3;
    })}) == "update web");
    CHECK(rig.asked().empty());
    CHECK_FALSE(rig["web"].stale());
    rig.down("web");
    CHECK(rig.asked() == "signal_group web 3");
}

TEST_CASE("a key that only a new process can have makes it stale") {
    Rig rig = running({define("web")});
    CHECK(rig.load({edited("web", 2, 2)}) == "stale web");
    CHECK(rig.asked().empty());
    CHECK(rig["web"].stale());
    rig.restart("web");
    rig.exited("web", 0);
    rig.run("web");
    CHECK_FALSE(rig["web"].stale());
}

TEST_CASE("a change taken back makes it fresh again") {
    Rig rig = running({define("web")});
    rig.load({edited("web", 2, 2)});
    rig.load({define("web")});
    CHECK_FALSE(rig["web"].stale());
}

TEST_CASE("on_change = restart restarts it instead") {
    Rig rig = running({define("web")});
    CHECK(rig.load({edited("web", 2, 2, restarts)}) == "restart web");
    CHECK(rig.asked() == "signal_group web 15");
    rig.exited("web", 0);
    CHECK(rig.asked() == "end_run web, spawn web");
}

TEST_CASE("on_change = restart does not restart for a key that applies at once") {
    Rig rig = running({define("web")});
    CHECK(rig.load({edited("web", 2, 1, restarts)}) == "update web");
    CHECK(rig.asked().empty());
}

TEST_CASE("a changed definition gives what failed another try, and ends a backoff") {
    Rig rig = running(
        {edited("a", 1, 1, [](Definition&, Policy& policy) { policy.retries = 1; }), define("b")});
    rig.exited("a", 1), rig.exited("b", 1);
    CHECK(rig.states() == "a failed, b backoff");
    CHECK(rig.load({edited("a", 2, 2), edited("b", 2, 2)}) == "update a, update b");
    CHECK(rig.states() == "a starting, b starting");
    CHECK(rig["b"].attempts == 0);
}

TEST_CASE("an unchanged definition leaves failed and backoff alone") {
    Rig rig = running({define("b")});
    rig.exited("b", 1);
    rig.load({define("b")});
    CHECK(rig.state("b") == State::backoff);
}

TEST_CASE("what is asked for outlives a change of enabled") {
    Rig rig = running({define("web")});
    rig.load({edited("web", 2, 1, [](Definition&, Policy& policy) { policy.enabled = false; })});
    CHECK(rig.state("web") == State::running);
    rig.down("web");
    rig.exited("web", 0);
    rig.load({edited("web", 3, 1)});
    CHECK(rig.state("web") == State::stopped);
}

TEST_CASE("a new service starts, with what it needs") {
    Rig rig = running({define("db", [](Definition&, Policy& policy) { policy.enabled = false; })});
    CHECK(rig.load({define("db", [](Definition&, Policy& policy) { policy.enabled = false; }),
                    needs("web", "db")}) == "add web");
    CHECK(rig.asked() == "spawn db");
}

TEST_CASE("cascade that comes with a reload holds at once") {
    Rig rig = running({define("db"), needs("web", "db")});
    rig.exited("db", 1);
    rig.asked();
    rig.load({define("db"), define("web", [](Definition& definition, Policy& policy) {
                  definition.depends_on.append("db");
                  definition.digest = 2;
                  policy.cascade = true;
              })});
    CHECK(rig.asked() == "signal_group web 15");
}

// --- Removal -------------------------------------------------------------------------------------

TEST_CASE("a file that is gone stops its service, which is then forgotten") {
    Rig rig = running({define("db"), define("web")});
    CHECK(rig.load({define("db")}) == "remove web");
    CHECK(rig.asked() == "signal_group web 15");
    CHECK(rig.reason("web") == "its file is gone");
    rig.exited("web", 0);
    CHECK(rig.states() == "db running");
}

TEST_CASE("a file that is gone takes an idle service with it at once") {
    Rig rig(
        {define("a", [](Definition&, Policy& policy) { policy.enabled = false; }), define("b")});
    rig.load({define("b")});
    CHECK(rig.states() == "b starting");
}

TEST_CASE("a file that comes back while its service stops starts it again") {
    Rig rig = running({define("web")});
    rig.load({});
    CHECK(rig.load({define("web")}).empty());
    rig.asked();
    rig.exited("web", 0);
    CHECK(rig.asked() == "end_run web, spawn web");
}

TEST_CASE("a slot is used again, and no reason blames the wrong one") {
    Rig rig = running({define("db"), needs("web", "db")});
    rig.load({define("web", [](Definition& d, Policy&) { d.digest = 2; })});
    rig.asked();
    rig.exited("db", 0);  // nobody needs it any more
    CHECK(rig.load({define("new"), edited("web", 2, 1)}) == "add new");
    CHECK(rig.states() == "new starting, web running");
}

TEST_CASE("a service is forgotten only when its dependents have stopped") {
    Rig rig =
        running({define("db", [](Definition&, Policy& policy) { policy.type = Type::oneshot; }),
                 needs("web", "db")});
    rig.exited("db", 0);
    rig.run("web");
    rig.asked();
    rig.load({needs("web", "db")});  // its file is refused, and it needs what goes away
    CHECK(rig.asked() == "signal_group web 15");
    CHECK(rig.states() == "db stopped, web stopping");
    rig.exited("web", 0);
    CHECK(rig.states() == "web invalid");
}

TEST_CASE("a definition stays until the hook that was begun by it has ended") {
    Rig rig =
        running({define("db", [](Definition&, Policy& policy) { policy.restart = Restart::never; }),
                 define("web", [](Definition& definition, Policy& policy) {
                     definition.depends_on.append("db");
                     policy.retries = 1;
                     policy.post_stop = "clean";
                     policy.on_fail = "alarm";
                 })});
    rig.exited("db", 0);
    rig.exited("web", 1);
    rig.load({needs("web", "db")});
    rig.asked();
    rig.hook("web", Hook::post_stop);
    CHECK(rig.asked() == "run_hook web on_fail");
    CHECK(rig["web"].definition);
    CHECK(rig.states() == "db stopped, web failed");
    rig.hook("web", Hook::on_fail);
    CHECK(rig.states() == "web invalid");
}

// --- Files with errors ---------------------------------------------------------------------------

TEST_CASE("a broken file leaves what runs alone, and says so") {
    Rig rig = running({define("web")});
    CHECK(rig.load({}, {"web"}) == "refuse web");
    CHECK(rig.asked().empty());
    CHECK(rig.state("web") == State::running);
    CHECK(rig["web"].refused);
    CHECK(rig["web"].problem == "FILE:1: broken");
}

TEST_CASE("what runs under a definition whose file is broken is retried under it") {
    Rig rig = running({define("web")});
    rig.load({}, {"web"});
    rig.exited("web", 1);
    CHECK(rig.state("web") == State::backoff);
    rig.load({}, {"web"});
    rig.pass(milliseconds(100));
    CHECK(rig.state("web") == State::starting);
}

TEST_CASE("a broken file of what does not run makes it invalid") {
    Rig rig({define("a", [](Definition&, Policy& policy) { policy.enabled = false; })});
    rig.load({}, {"a", "b"});
    CHECK(rig.states() == "a invalid, b invalid");
    CHECK(rig.reason("a") == "FILE:1: broken");
    CHECK(rig.core.idle());
}

TEST_CASE("what runs under a broken file is invalid once it is down") {
    Rig rig = running({define("web")});
    rig.load({}, {"web"});
    rig.down("web");
    rig.exited("web", 0);
    CHECK(rig.state("web") == State::invalid);
    rig.up("web");
    CHECK(rig.state("web") == State::invalid);
}

TEST_CASE("a file that is mended brings the service back as it was wanted") {
    Rig rig({define("a", [](Definition&, Policy& policy) { policy.enabled = false; })});
    rig.load({}, {"a", "b"});
    rig.load({define("a"), define("b")});
    CHECK(rig.states() == "a stopped, b starting");
}

TEST_CASE("what was asked for while the file was broken holds once it is mended") {
    const auto off = [](Definition&, Policy& policy) { policy.enabled = false; };
    Rig rig;
    rig.load({needs("web", "db")}, {"db"});
    CHECK(rig.states() == "db invalid, web waiting");
    rig.load({define("db", off), needs("web", "db")});
    CHECK(rig.states() == "db starting, web waiting");
}

TEST_CASE("a file that breaks does not stop what runs on its service") {
    Rig rig = running({define("db"), needs("web", "db")});
    rig.load({needs("web", "db")}, {"db"});
    CHECK(rig.states() == "db running, web running");
}

TEST_CASE("down of an invalid service is down when the file is mended") {
    Rig rig({define("a")});
    rig.run("a");
    rig.load({}, {"a"});
    rig.down("a");
    rig.exited("a", 0);
    rig.load({define("a")});
    CHECK(rig.state("a") == State::stopped);
}

// --- Dependencies that cannot be -----------------------------------------------------------------

TEST_CASE("a dependency that does not exist makes it invalid until it does") {
    Rig rig({needs("web", "db")});
    CHECK(rig.state("web") == State::invalid);
    CHECK(rig.reason("web") == "/etc/reeve/web: depends_on: there is no service 'db'");
    CHECK(rig.load({define("db"), needs("web", "db")}) == "add web, add db");
    rig.run("db");
    CHECK(rig.state("web") == State::starting);
}

TEST_CASE("a misspelt dependency names the nearest service") {
    Rig rig({define("postgres"), needs("web", "postgers")});
    CHECK(rig.reason("web") ==
          "/etc/reeve/web: depends_on: there is no service 'postgers' (did you mean postgres?)");
}

TEST_CASE("of many misspelt dependencies the first are told what is near, and all are refused") {
    std::vector<File> files = {define("postgres")};
    for (int i = 0; i < 2 * hints_max_count; ++i)
        files.push_back(needs("web" + std::to_string(10 + i), "postgers"));
    Rig rig(files);
    for (int i = 0; i < 2 * hints_max_count; ++i) {
        const std::string name = "web" + std::to_string(10 + i);
        const std::string told =
            "/etc/reeve/" + name + ": depends_on: there is no service 'postgers'";
        CHECK(rig.state(name) == State::invalid);
        CHECK(rig.reason(name) == told + (i < hints_max_count ? " (did you mean postgres?)" : ""));
    }
}

TEST_CASE("what runs is left alone when its new file needs what does not exist") {
    Rig rig = running({define("web")});
    CHECK(rig.load({needs("web", "nothing", 2)}) == "refuse web");
    CHECK(rig.state("web") == State::running);
}

TEST_CASE("a dependency cycle is named in full, and all of it is invalid") {
    Rig rig({needs("a", "b"), needs("b", "c"), needs("c", "a"), define("d"), needs("e", "a")});
    CHECK(rig.states() == "a invalid, b invalid, c invalid, d starting, e waiting");
    CHECK(rig.reason("b") == "/etc/reeve/b: dependency cycle: a -> b -> c -> a");
}

TEST_CASE("a service that needs itself is a cycle") {
    Rig rig({needs("a", "a")});
    CHECK(rig.reason("a") == "/etc/reeve/a: dependency cycle: a -> a");
}

TEST_CASE("a cycle that comes with a reload leaves what runs alone") {
    Rig rig = running({define("a"), needs("b", "a")});
    CHECK(rig.load({needs("a", "b", 2), needs("b", "a")}) == "refuse a, refuse b");
    CHECK(rig.states() == "a running, b running");
    rig.load({define("a"), needs("b", "a")});
    CHECK_FALSE(rig["a"].refused);
    CHECK(rig["a"].problem.empty());
}

TEST_CASE("two cycles are both found") {
    Rig rig({needs("a", "b"), needs("b", "a"), needs("c", "d"), needs("d", "c")});
    CHECK(rig.states() == "a invalid, b invalid, c invalid, d invalid");
}

// --- Versions ------------------------------------------------------------------------------------

TEST_CASE("of several versions the last one is in force") {
    Rig rig({define("web"), version("web", "v2")});
    CHECK(rig.states() == "web starting");
    CHECK(rig["web"].definition->version == "v2");
}

TEST_CASE("a version that is withdrawn gives way to the one before") {
    Rig rig({define("web"), version("web", "v2", Type::fake)});
    CHECK(rig["web"].definition->version.empty());
}

TEST_CASE("a service whose versions are all fake is stopped") {
    Rig rig({version("web", "", Type::fake)});
    CHECK(rig.state("web") == State::stopped);
    CHECK(rig.reason("web") == "type = fake");
    rig.up("web");
    CHECK(rig.state("web") == State::stopped);
}

TEST_CASE(
    "at a switch of versions the old one is stopped, and the new one starts when it is gone") {
    Rig rig = running({define("web")});
    CHECK(rig.load({define("web"), version("web", "v2")}) == "restart web");
    CHECK(rig.asked() == "signal_group web 15");
    rig.exited("web", 0, true);
    CHECK(rig.state("web") == State::stopping);
    rig.asked();
    rig.group_empty("web");
    CHECK(rig.asked() == "end_run web, spawn web");
}

TEST_CASE("a running service that is withdrawn is stopped, dependents first") {
    Rig rig = running({define("db"), needs("web", "db")});
    rig.asked();
    rig.load({version("db", "", Type::fake), needs("web", "db")});
    CHECK(rig.asked() == "signal_group web 15");
    rig.exited("web", 0);
    rig.exited("db", 0);
    CHECK(rig.states() == "db stopped, web waiting");
    CHECK(rig.reason("db") == "type = fake");
}

TEST_CASE("a version with errors does not stand in the way of a good one") {
    const File good = define("web");
    const std::vector<Candidate> candidates{{"web", "", good, ""}, {"web", "v2", {}, "broken"}};
    const auto chosen = in_force(candidates, Wall{});
    REQUIRE(chosen.size() == 1);
    CHECK(chosen[0]->definition.get() == good.get());
}

TEST_CASE("a running version whose file is broken keeps running beside a good other version") {
    Rig rig({define("web"), version("web", "v2")});
    rig.run("web");
    rig.asked();
    const File v1 = define("web");
    const std::vector<Candidate> candidates{{"web", "", v1, ""}, {"web", "v2", {}, "web+v2:1: x"}};
    rig.core.apply(candidates, rig.now);
    CHECK(rig.asked().empty());
    CHECK(rig.state("web") == State::running);
    CHECK(rig["web"].definition->version == "v2");
    CHECK(rig["web"].problem == "web+v2:1: x");
    CHECK_FALSE(rig["web"].restart_requested());
}

TEST_CASE("a file that cannot be read for now changes nothing of its service") {
    Rig rig({define("job", [](Definition&, Policy& policy) { policy.type = Type::oneshot; }),
             define("web")});
    rig.run("job");
    rig.exited("job", 0);
    rig.run("web");
    rig.asked();
    REQUIRE(rig.states() == "job done, web running");
    std::vector<Candidate> candidates(2);
    candidates[0].name = "job";
    candidates[1].name = "web";
    for (Candidate& each : candidates) {
        each.unread = true;
        each.problem = "cannot be read: I/O error";
    }
    CHECK(rig.core.apply(candidates, rig.now).empty());
    CHECK(rig.states() == "job done, web running");
    CHECK(rig["job"].problem == "cannot be read: I/O error");
    rig.load({define("job", [](Definition&, Policy& policy) { policy.type = Type::oneshot; }),
              define("web")});
    CHECK(rig.asked().empty());
    CHECK(rig.states() == "job done, web running");
}
