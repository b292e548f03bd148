// What services do to one another: gates, ordered stops, slots, shutdown. How definitions come into
// force is in reload_test.cc.
#include "base/limits.h"
#include "catch.h"
#include "core/explain.h"
#include "core/rig.h"

namespace {

using namespace reeve;
using test::define;
using test::Rig;
using File = Ref<const Definition>;

File needs(std::string_view name, std::initializer_list<std::string_view> others,
           void (*change)(Policy&) = nullptr) {
    return define(name, [&](Definition& definition, Policy& policy) {
        for (std::string_view other : others) definition.depends_on.append(other);
        if (change != nullptr) change(policy);
    });
}

File comes_after(std::string_view name, std::string_view other) {
    return define(name, [&](Definition& definition, Policy&) { definition.after.append(other); });
}

File plain(std::string_view name, void (*change)(Policy&)) { return needs(name, {}, change); }

void disabled(Policy& policy) { policy.enabled = false; }
void oneshot(Policy& policy) { policy.type = Type::oneshot; }
void cascade(Policy& policy) { policy.cascade = true; }
void slow(Policy& policy) { policy.ready = {ReadyKind::fd, 3, {}}; }
void once(Policy& policy) { policy.retries = 1; }

// db, and web which needs it, both running.
Rig web_on_db(void (*change)(Policy&) = nullptr) {
    Rig rig({define("db"), needs("web", {"db"}, change)});
    rig.run("db");
    rig.run("web");
    rig.asked();
    return rig;
}

}  // namespace

// --- Gates ---------------------------------------------------------------------------------------

TEST_CASE("enabled services start, others wait for a command") {
    Rig rig({define("a"), plain("b", disabled)});
    CHECK(rig.asked() == "spawn a");
    CHECK(rig.states() == "a starting, b stopped");
    CHECK(rig.reason("b") == "enabled = no");
    rig.up("b");
    CHECK(rig.asked() == "spawn b");
}

TEST_CASE("a dependent waits until its dependency is ready") {
    Rig rig({plain("db", slow), needs("web", {"db"})});
    CHECK(rig.asked() == "spawn db");
    CHECK(rig.reason("web") == "needs db");
    rig.run("db");
    CHECK(rig.asked().empty());
    rig.ready("db");
    CHECK(rig.asked() == "spawn web");
}

TEST_CASE("a dependent waits until a oneshot is done, running is not enough") {
    Rig rig({plain("prepare", oneshot), needs("web", {"prepare"})});
    rig.run("prepare");
    CHECK(rig.state("prepare") == State::running);
    CHECK(rig.state("web") == State::waiting);
    rig.exited("prepare", 0);
    CHECK(rig.states() == "prepare done, web starting");
}

TEST_CASE("a dependent of a oneshot that failed waits for ever") {
    Rig rig({plain("prepare", oneshot), needs("web", {"prepare"})});
    rig.run("prepare");
    rig.exited("prepare", 1);
    CHECK(rig.states() == "prepare failed, web waiting");
    CHECK(rig.core.idle());
}

TEST_CASE("all dependencies have to be there") {
    Rig rig({define("a"), define("b"), needs("web", {"a", "b"})});
    rig.run("a");
    CHECK(rig.reason("web") == "needs b");
    rig.run("b");
    CHECK(rig.state("web") == State::starting);
}

TEST_CASE("up brings up what is needed, however deep") {
    Rig rig({plain("a", disabled), needs("b", {"a"}, disabled), needs("c", {"b"}, disabled)});
    CHECK(rig.asked().empty());
    rig.up("c");
    CHECK(rig.states() == "a starting, b waiting, c waiting");
    rig.run("a");
    rig.run("b");
    rig.run("c");
    CHECK(rig.states() == "a running, b running, c running");
}

TEST_CASE("what an enabled service needs is brought up with it") {
    Rig rig({plain("db", disabled), needs("web", {"db"})});
    CHECK(rig.asked() == "spawn db");
}

TEST_CASE("up of a service resets what it needs from failed, and from backoff") {
    Rig rig({plain("a", once), define("b"), needs("web", {"a", "b"})});
    rig.run("a"), rig.run("b");
    rig.run("web");
    rig.down("web");
    rig.exited("web", 0);
    rig.exited("a", 1), rig.exited("b", 1);
    CHECK(rig.states() == "a failed, b backoff, web stopped");
    rig.up("web");
    CHECK(rig.states() == "a starting, b starting, web waiting");
}

TEST_CASE("up of what runs already does nothing") {
    Rig rig = web_on_db();
    rig.up("web");
    CHECK(rig.asked().empty());
    CHECK(rig["web"].runs == 1);
}

TEST_CASE("up starts a daemon that is done again, but not a oneshot") {
    Rig rig(
        {plain("a", [](Policy& policy) { policy.restart = Restart::never; }), plain("b", oneshot)});
    rig.run("a"), rig.run("b");
    rig.exited("a", 0), rig.exited("b", 0);
    rig.asked();
    rig.up("a b");
    CHECK(rig.asked() == "spawn a");
}

TEST_CASE("after waits while the other is on its way") {
    Rig rig({define("a"), comes_after("b", "a")});
    CHECK(rig.asked() == "spawn a");
    CHECK(rig.reason("b") == "after a");
    rig.run("a");
    CHECK(rig.asked() == "spawn b");
}

TEST_CASE("after is satisfied by failed and done, and by what is not wanted") {
    Rig failed({plain("a", once), comes_after("b", "a")});
    failed.fork_fails("a", 11);
    CHECK(failed.state("b") == State::waiting);
    failed.pass_to_deadline();
    failed.run("a");
    CHECK(failed.state("b") == State::starting);

    Rig done({plain("a", oneshot), comes_after("b", "a")});
    done.spawned("a");
    done.exited("a", 1);
    CHECK(done.states() == "a failed, b starting");

    Rig unwanted({plain("a", disabled), comes_after("b", "a")});
    CHECK(unwanted.state("b") == State::starting);
}

TEST_CASE("after does not bring the other up, nor down") {
    Rig rig({plain("a", disabled), comes_after("b", "a")});
    CHECK(rig.state("a") == State::stopped);
    rig.run("b");
    rig.up("a");
    rig.run("a");
    rig.down("a");
    CHECK(rig.states() == "a stopping, b running");
}

// --- Ordered stop --------------------------------------------------------------------------------

TEST_CASE("down of a dependency stops its dependents first, which then wait for it") {
    Rig rig = web_on_db();
    rig.down("db");
    CHECK(rig.asked() == "signal_group web 15");
    CHECK(rig.reason("web") == "goes down before db");
    CHECK(rig.state("db") == State::running);
    rig.exited("web", 0);
    CHECK(rig.asked() == "end_run web, signal_group db 15");
    CHECK(rig.state("web") == State::waiting);
    CHECK(rig.reason("web") == "needs db");
    rig.exited("db", 0);
    CHECK(rig.states() == "db stopped, web waiting");
    CHECK(rig.core.idle());
    rig.up("db");
    rig.run("db");
    CHECK(rig.state("web") == State::starting);
}

TEST_CASE("a dependency waits for its dependents' group, and for their post_stop") {
    Rig rig = web_on_db([](Policy& policy) { policy.post_stop = "clean"; });
    rig.down("db");
    rig.asked();
    rig.exited("web", 0, true);
    CHECK(rig.asked().empty());  // they were told already
    rig.group_empty("web");
    CHECK(rig.asked() == "end_run web, run_hook web post_stop");
    rig.hook("web", Hook::post_stop);
    CHECK(rig.asked() == "signal_group db 15");
}

TEST_CASE("up of the dependency in time spares it") {
    Rig rig = web_on_db();
    rig.down("db");
    rig.up("db");
    rig.asked();
    rig.exited("web", 0);
    CHECK(rig.asked() == "end_run web, spawn web");
    CHECK(rig.state("db") == State::running);
}

TEST_CASE("up of a dependent brings back the dependency that went down") {
    Rig rig = web_on_db();
    rig.down("db");
    rig.exited("web", 0);
    rig.exited("db", 0);
    rig.asked();
    rig.up("web");
    CHECK(rig.asked() == "spawn db");
}

TEST_CASE("a stop goes down a chain from its end") {
    Rig rig({define("a"), needs("b", {"a"}), needs("c", {"b"})});
    rig.run("a"), rig.run("b"), rig.run("c");
    rig.asked();
    rig.down("a");
    CHECK(rig.asked() == "signal_group c 15");
    rig.exited("c", 0);
    CHECK(rig.asked() == "end_run c, signal_group b 15");
    rig.exited("b", 0);
    CHECK(rig.asked() == "end_run b, signal_group a 15");
}

TEST_CASE("a dependent that is starting is stopped too, and one in backoff waits") {
    Rig rig({define("db"), needs("x", {"db"}), needs("y", {"db"})});
    rig.run("db");
    rig.spawned("x");
    rig.run("y");
    rig.exited("y", 1);
    rig.asked();
    rig.down("db");
    CHECK(rig.asked() == "signal_group x 15");
    rig.exited("x", 0);
    CHECK(rig.asked() == "end_run x, signal_group db 15");
    rig.exited("db", 0);
    rig.pass(seconds(60));
    CHECK(rig.states() == "db stopped, x waiting, y waiting");
}

TEST_CASE("a dependency that crashes does not take its dependents with it") {
    Rig rig = web_on_db();
    rig.exited("db", 1);
    CHECK(rig.states() == "db backoff, web running");
}

TEST_CASE("a dependent that ends while its dependency is away waits for it") {
    Rig rig = web_on_db();
    rig.exited("db", 1);
    rig.exited("web", 1);
    rig.pass(milliseconds(100));
    CHECK(rig.states() == "db starting, web waiting");
    rig.run("db");
    CHECK(rig.state("web") == State::starting);
}

TEST_CASE("cascade stops it while a dependency is not running, and starts it again with it") {
    Rig rig = web_on_db(cascade);
    rig.exited("db", 1);
    CHECK(rig.asked() == "end_run db, signal_group web 15");
    CHECK(rig.reason("web") == "cascade: lost db");
    rig.exited("web", 0);
    CHECK(rig.state("web") == State::waiting);
    rig.pass(milliseconds(100));
    rig.run("db");
    CHECK(rig.state("web") == State::starting);
}

TEST_CASE("restart of a dependency lets its dependents run") {
    Rig rig = web_on_db();
    rig.restart("db");
    CHECK(rig.asked() == "signal_group db 15");
    rig.exited("db", 0);
    CHECK(rig.asked() == "end_run db, spawn db");
    CHECK(rig.state("web") == State::running);
}

TEST_CASE("restart of a dependency restarts dependents that cascade, in order") {
    Rig rig = web_on_db(cascade);
    rig.restart("db");
    CHECK(rig.asked() == "signal_group web 15");
    rig.exited("web", 0);
    CHECK(rig.asked() == "end_run web, signal_group db 15");
    rig.exited("db", 0);
    CHECK(rig.asked() == "end_run db, spawn db");
    rig.run("db");
    CHECK(rig.asked() == "spawn web");
}

TEST_CASE("restart starts what is stopped, failed or done") {
    Rig rig({plain("a", disabled), plain("b", once), plain("c", oneshot)});
    rig.run("b"), rig.run("c");
    rig.exited("b", 1), rig.exited("c", 0);
    CHECK(rig.states() == "a stopped, b failed, c done");
    rig.restart("a b c");
    CHECK(rig.states() == "a starting, b starting, c starting");
}

TEST_CASE("restart during a stop for a retry starts at once, with the failures forgotten") {
    Rig rig({define("web")});
    rig.run("web");
    rig.exited("web", 1);
    rig.restart("web");
    CHECK(rig.state("web") == State::starting);
    CHECK(rig["web"].attempts == 0);
}

// --- Slots ---------------------------------------------------------------------------------------

TEST_CASE("no more than max_starting are starting at once") {
    Rig rig;
    rig.core.configure(64, 1);
    rig.load({plain("a", slow), plain("b", slow)});
    CHECK(rig.states() == "a starting, b waiting");
    CHECK(rig.reason("b") == "a start slot (max_starting)");
    rig.run("a");
    CHECK(rig.state("b") == State::waiting);
    rig.ready("a");
    CHECK(rig.state("b") == State::starting);
}

TEST_CASE("a slot is free again when a start fails, or is stopped") {
    Rig rig;
    rig.core.configure(64, 1);
    rig.load({plain("a", slow), plain("b", slow), plain("c", slow)});
    rig.spawned("a");
    rig.exited("a", 1);
    CHECK(rig.states() == "a backoff, b starting, c waiting");
    rig.spawned("b");
    rig.down("b");
    CHECK(rig.states() == "a backoff, b stopping, c starting");
}

TEST_CASE("spawn slots are held until exec is done, from pre_start on") {
    Rig rig;
    rig.core.configure(1, 0);
    rig.load({plain("a", [](Policy& policy) { policy.pre_start = "prepare"; }), plain("b", slow)});
    CHECK(rig.asked() == "run_hook a pre_start");
    rig.hook("a", Hook::pre_start);
    CHECK(rig.asked() == "spawn a");
    rig.spawned("a");
    CHECK(rig.asked().empty());
    rig.exec_done("a");
    CHECK(rig.asked() == "spawn b");
}

TEST_CASE("a larger max_starting lets the held ones go with the next reload") {
    Rig rig;
    rig.core.configure(64, 1);
    const std::vector<File> files{plain("a", slow), plain("b", slow), plain("c", slow)};
    rig.load(files);
    rig.core.configure(64, 2);
    rig.load(files);
    CHECK(rig.states() == "a starting, b starting, c waiting");
}

// --- Shutdown ------------------------------------------------------------------------------------

TEST_CASE("a shutdown stops dependents before dependencies, and the rest at once") {
    Rig rig({define("db"), needs("web", {"db"}), define("x"), comes_after("y", "x")});
    rig.run("db"), rig.run("web"), rig.run("x"), rig.run("y");
    rig.asked();
    rig.shut_down(seconds(8));
    CHECK(rig.asked() == "signal_group web 15, signal_group y 15");
    rig.exited("web", 0), rig.exited("y", 0);
    CHECK(rig.asked() == "end_run web, signal_group db 15, end_run y, signal_group x 15");
    rig.exited("db", 0);
    CHECK_FALSE(rig.core.all_ended());
    rig.exited("x", 0);
    CHECK(rig.core.all_ended());
    CHECK(rig.core.idle());
    CHECK(rig.reason("web") == "reeve shuts down");
}

TEST_CASE("a shutdown preempts what is starting, waiting and retrying") {
    Rig rig({plain("a", slow), needs("b", {"a"}), define("c"),
             plain("d", [](Policy& policy) { policy.pre_start = "prepare"; })});
    rig.run("a");
    rig.run("c");
    rig.exited("c", 1);
    rig.asked();
    rig.shut_down(seconds(8));
    CHECK(rig.asked() == "signal_group a 15, cancel_hook d pre_start");
    CHECK(rig.states() == "a stopping, b stopped, c stopped, d stopping");
}

TEST_CASE("at the shutdown's deadline all that is left is killed, in any order") {
    Rig rig = web_on_db();
    rig.shut_down(seconds(5));
    rig.asked();
    rig.pass(seconds(5));
    CHECK(rig.asked() == "signal_group db 9, signal_group web 9");
    rig.died("db", 9), rig.died("web", 9);
    CHECK(rig.core.all_ended());
}

TEST_CASE("past the shutdown's deadline hooks are cancelled, and none is begun") {
    Rig rig({plain("a", [](Policy& policy) { policy.post_stop = "clean"; }),
             plain("b", [](Policy& policy) { policy.post_stop = "clean"; })});
    rig.run("a"), rig.run("b");
    rig.shut_down(seconds(5));
    rig.exited("a", 0);
    rig.asked();
    rig.pass(seconds(5));
    CHECK(rig.asked() == "cancel_hook a post_stop, signal_group b 9");
    rig.died("b", 9);
    CHECK(rig.asked() == "end_run b");
    CHECK_FALSE(rig.core.all_ended());
    rig.hook("a", Hook::post_stop, HookResult::failed);
    CHECK(rig.core.all_ended());
}

TEST_CASE("nothing starts in a shutdown, whoever asks") {
    Rig rig({define("a"), plain("b", disabled)});
    rig.run("a");
    rig.shut_down(seconds(8));
    rig.exited("a", 1);
    rig.asked();
    rig.up("a b");
    rig.restart("a");
    rig.load({define("a"), define("c")});
    rig.pass(seconds(60));
    CHECK(rig.asked().empty());
    CHECK(rig.core.idle());
}

TEST_CASE("a second shutdown does not move the deadline") {
    Rig rig({define("a")});
    rig.run("a");
    rig.shut_down(seconds(5));
    rig.asked();
    rig.shut_down(seconds(1));
    rig.pass(seconds(1));
    CHECK(rig.asked().empty());
}

TEST_CASE("a shutdown leaves what had ended by itself as it was") {
    Rig rig({plain("a", once), plain("b", oneshot)});
    rig.run("a"), rig.run("b");
    rig.exited("a", 1), rig.exited("b", 0);
    rig.shut_down(seconds(8));
    CHECK(rig.states() == "a failed, b done");
    CHECK(rig.core.all_ended());
}

// --- The rest ------------------------------------------------------------------------------------

TEST_CASE("idle means that nothing runs and nothing will by itself") {
    Rig rig({plain("a", oneshot), needs("b", {"nothing"}), plain("c", disabled)});
    CHECK_FALSE(rig.core.idle());
    rig.run("a");
    CHECK_FALSE(rig.core.idle());
    rig.exited("a", 0);
    CHECK(rig.states() == "a done, b invalid, c stopped");
    CHECK(rig.core.idle());
}

TEST_CASE("a service in backoff is not idle, though nothing of it is there") {
    Rig rig({define("a")});
    rig.run("a");
    rig.exited("a", 1);
    CHECK(rig.core.all_ended());
    CHECK_FALSE(rig.core.idle());
    CHECK(rig.core.next_deadline() == rig.now.mono + milliseconds(100));
}

TEST_CASE("select means a service by name, and all that bear a label") {
    Rig rig({define("a", [](Definition& d, Policy&) { d.groups.append("blue"); }), define("b"),
             define("c", [](Definition& d, Policy&) { d.groups.append("blue"); })});
    List<ServiceId> found;
    rig.core.select("b", found);
    CHECK(found == List<ServiceId>{{1}});
    rig.core.select("@blue", found);
    CHECK(found == List<ServiceId>{{1}, {0}, {2}});
    found.clear();
    rig.core.select("nobody", found);
    rig.core.select("@red", found);
    rig.core.select("b@2", found);
    CHECK(found.empty());
}

TEST_CASE("a change of state is told once, with where it came from") {
    Supervisor core;
    const File a = define("a");
    const std::vector<Candidate> candidates{{"a", "", a, ""}};
    core.apply(candidates, {});
    REQUIRE(core.events().fresh().size() == 1);
    CHECK(core.events().fresh()[0].from == State::stopped);
    CHECK(core.events().fresh()[0].to == State::starting);
}

TEST_CASE("what was touched is to be recorded once") {
    Supervisor core;
    const File a = define("a");
    const std::vector<Candidate> candidates{{"a", "", a, ""}};
    core.apply(candidates, {});
    core.mark_changed({0});
    CHECK(core.dirty().size() == 1);
    CHECK(core.at({0}).dirty);
}

TEST_CASE("since is when the state was entered, and not its phases") {
    Rig rig = Rig({plain("a", slow)});
    const Wall began = rig.now.wall;
    rig.pass(seconds(1));
    rig.run("a");
    CHECK(rig["a"].since == began);
    rig.ready("a");
    CHECK(rig["a"].since == rig.now.wall);
}

// --- What is told of it --------------------------------------------------------------------------

TEST_CASE("a run that has ended is told with its times, its pid and how it ended") {
    Rig rig({define("web")});
    rig.run("web");
    const Wall start = rig.now.wall;
    rig.pass(seconds(5));
    rig.exited("web", 3);
    const std::vector<EndedRun> ended = rig.ended_runs();
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].pid == 101);
    CHECK(ended[0].start == start);
    CHECK(ended[0].end == rig.now.wall);
    CHECK(ended[0].exit == ExitStatus{ExitStatus::Kind::exited, 3});
    CHECK(ended[0].how.code == ReasonCode::exited);
}

TEST_CASE("a run is over when its process is gone, though post_stop still runs") {
    Rig rig({define("web", [](Definition&, Policy& policy) { policy.post_stop = "true"; })});
    rig.run("web");
    rig.died("web", 9);
    CHECK(rig.ended_runs().size() == 1);
    rig.pass(seconds(2));
    rig.hook("web", Hook::post_stop);
    CHECK(rig.ended_runs().empty());
}

TEST_CASE("a run that got no process is told without one, a fork that failed is no run") {
    Rig rig({define("web", [](Definition&, Policy& policy) { policy.pre_start = "false"; })});
    rig.hook("web", Hook::pre_start, HookResult::failed);
    const std::vector<EndedRun> ended = rig.ended_runs();
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].pid == 0);
    CHECK(ended[0].exit == ExitStatus{});
    CHECK(ended[0].how.code == ReasonCode::pre_start_failed);
    Rig other({define("web")});
    other.fork_fails("web", 11);
    CHECK(other.ended_runs().empty());
}

TEST_CASE("the newest entries are kept, and numbered from the first one on") {
    Rig rig({define("web")});
    rig.core.events().pass();
    CHECK(rig.core.events().first_number() == 0);
    size_t entered = rig.core.events().entries().size();
    while (entered <= 2 * events_kept_max_count) {
        rig.restart("web");
        rig.run("web");
        rig.exited("web", 0);
        entered = rig.core.events().first_number() + rig.core.events().entries().size();
    }
    CHECK(rig.core.events().first_number() == 0);
    CHECK_FALSE(rig.core.events().fresh().empty());
    rig.core.events().pass();
    CHECK(rig.core.events().fresh().empty());
    CHECK(rig.core.events().entries().size() == events_kept_max_count);
    CHECK(rig.core.events().first_number() == entered - events_kept_max_count);
}

TEST_CASE("an entry keeps the reason of its own moment") {
    Rig rig({define("web")});
    rig.run("web");
    rig.exited("web", 3);
    rig.pass_to_deadline();
    std::string told;
    for (const Entry& entry : rig.core.events().entries()) {
        Buffer<256> words;
        append_reason(words, entry);
        told.append(words.view()).append("; ");
    }
    CHECK(told == "exec; ready; exit 3, 1st failure; exit 3, 1st failure; exec; ");
}

TEST_CASE("a service that is no more keeps its name until another has its place") {
    Rig rig({define("web")});
    rig.run("web");
    rig.load({});
    rig.exited("web", 0);
    const auto name = [&] {
        const ServiceId id = rig.core.events().entries().front().id;
        return std::string(FullNameText(rig.core.at(id).full_name()).view());
    };
    REQUIRE_FALSE(rig.core.services()[0].used());
    CHECK(name() == "web");
    rig.load({define("db")});
    CHECK_FALSE(rig.core.events().entries().front().id);
}

TEST_CASE("the bring-up is over when nothing is starting, nor waits for what runs") {
    const auto job = define("job", [](Definition&, Policy& p) { p.type = Type::oneshot; });
    const auto after_job = [](std::string_view name) {
        return define(name, [](Definition& d, Policy&) { d.depends_on.append("job"); });
    };
    const auto late = define("late", [](Definition&, Policy& p) { p.enabled = false; });
    Rig rig({job, late, after_job("web")});
    const auto times = [&](uint32_t i) { return rig.core.boot().times(ServiceId{i}); };
    rig.run("job");
    CHECK(times(0).ready_ms == BootTimes::none);  // of a oneshot the end counts
    rig.pass(milliseconds(30));
    rig.exited("job", 0);
    rig.pass(milliseconds(12));
    rig.run("web");
    CHECK(times(0).start_ms == 0);
    CHECK(times(0).ready_ms == 30);
    CHECK(times(2).start_ms == 30);
    CHECK(times(2).ready_ms == 42);
    rig.up("late");
    rig.run("late");
    CHECK(times(1).start_ms == BootTimes::none);
}

TEST_CASE("a restart runs a oneshot that is done once more") {
    Rig rig({define("job", [](Definition&, Policy& policy) { policy.type = Type::oneshot; })});
    rig.run("job");
    rig.exited("job", 0);
    REQUIRE(rig.state("job") == State::done);
    rig.up("job");
    CHECK(rig.state("job") == State::done);
    rig.restart("job");
    CHECK(rig.state("job") == State::starting);
    CHECK(rig["job"].runs == 2);
}

namespace {

// svlog, as the supervisor sees it.
File writer() {
    return define("svlog", [](Definition& definition, Policy& policy) {
        definition.writes_logs = true;
        policy.ready = {ReadyKind::fd, 3, {}};
    });
}

}  // namespace

TEST_CASE("svlog starts first, and is stopped once all others have ended") {
    Rig rig({define("db"), writer(), needs("web", {"db"})});
    CHECK(rig.asked() == "spawn svlog, spawn db");
    rig.run("svlog");
    rig.ready("svlog");
    rig.run("db");
    rig.run("web");
    rig.asked();
    rig.shut_down(seconds(8));
    CHECK(rig.asked() == "signal_group web 15");
    rig.died("web", 15);
    CHECK(rig.asked() == "end_run web, signal_group db 15");
    rig.died("db", 15);
    CHECK(rig.asked() == "end_run db, signal_group svlog 15");
    rig.exited("svlog", 0);
    CHECK(rig.core.all_ended());
}

TEST_CASE("the deadline of a shutdown is not svlog's, which has to write what was said last") {
    Rig rig({define("db"), writer()});
    rig.run("svlog");
    rig.ready("svlog");
    rig.run("db");
    rig.asked();
    rig.shut_down(seconds(2));
    CHECK(rig.asked() == "signal_group db 15");
    rig.pass(seconds(2));
    CHECK(rig.asked() == "signal_group db 9");
    rig.died("db", 9);
    CHECK(rig.asked() == "end_run db, signal_group svlog 15");
}

TEST_CASE("svlog that dies in a shutdown is started again, and stopped after all others") {
    Rig rig({define("db"), writer()});
    rig.run("svlog");
    rig.ready("svlog");
    rig.run("db");
    rig.asked();
    rig.shut_down(seconds(8));
    CHECK(rig.asked() == "signal_group db 15");
    rig.died("svlog", 9);
    CHECK(rig.asked() == "end_run svlog");
    rig.pass(seconds(1));
    CHECK(rig.asked() == "spawn svlog");
    rig.run("svlog");
    rig.ready("svlog");
    rig.asked();
    rig.died("db", 15);
    CHECK(rig.asked() == "end_run db, signal_group svlog 15");
    rig.exited("svlog", 0);
    CHECK(rig.core.all_ended());
}

TEST_CASE("svlog is not stopped before it can hear of it, and alone is nothing to wait for") {
    Rig rig({plain("job", oneshot), writer()});
    rig.run("svlog");
    rig.run("job");
    CHECK_FALSE(rig.core.idle());
    rig.exited("job", 0);
    CHECK(rig.core.idle());
    CHECK_FALSE(rig.core.all_ended());
    rig.asked();
    rig.shut_down(seconds(8));
    CHECK(rig.asked().empty());
    rig.ready("svlog");
    CHECK(rig.asked() == "signal_group svlog 15");
}
