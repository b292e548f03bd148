// The state machine of one service, driven through a supervisor that has no other. What several
// services do to one another is in supervisor_test.cc.
#include "catch.h"
#include "core/rig.h"

namespace {

using namespace reeve;
using test::define;
using test::Rig;

template <typename Change>
Rig rig_with(Change change) {
    return Rig({define("web", [&](Definition&, Policy& policy) { change(policy); })});
}

void set_ready(Policy& policy, ReadyKind kind) { policy.ready = {kind, 3, seconds(2)}; }

// A service that runs already.
template <typename Change>
Rig running_with(Change change) {
    Rig rig = rig_with(change);
    rig.run("web");
    rig.asked();
    return rig;
}
Rig running() {
    return running_with([](Policy&) {});
}

}  // namespace

// --- Starting ------------------------------------------------------------------------------------

TEST_CASE("a service is ready as soon as exec has succeeded") {
    Rig rig({define("web")});
    CHECK(rig.asked() == "spawn web");
    CHECK(rig.state("web") == State::starting);
    rig.spawned("web");
    CHECK(rig.state("web") == State::starting);
    rig.exec_done("web");
    CHECK(rig.state("web") == State::running);
    CHECK(rig.deadline("web") == -1);
    CHECK(rig["web"].runs == 1);
}

TEST_CASE("ready = after waits for its time") {
    Rig rig = rig_with([](Policy& policy) { set_ready(policy, ReadyKind::after); });
    rig.run("web");
    rig.pass(milliseconds(1999));
    CHECK(rig.state("web") == State::starting);
    rig.pass(milliseconds(1));
    CHECK(rig.state("web") == State::running);
}

TEST_CASE("ready = fd and ready = notify wait for the word") {
    for (ReadyKind kind : {ReadyKind::fd, ReadyKind::notify}) {
        Rig rig = rig_with([&](Policy& policy) { set_ready(policy, kind); });
        rig.run("web");
        CHECK(rig.state("web") == State::starting);
        rig.ready("web");
        CHECK(rig.state("web") == State::running);
        rig.ready("web");  // said twice
        CHECK(rig.state("web") == State::running);
    }
}

TEST_CASE("readiness that arrives before the end of exec is noticed counts") {
    Rig rig = rig_with([](Policy& policy) { set_ready(policy, ReadyKind::notify); });
    rig.spawned("web");
    rig.ready("web");
    CHECK(rig.state("web") == State::running);
    rig.exec_done("web");
    CHECK(rig.state("web") == State::running);
}

TEST_CASE("what is not ready within start_timeout is stopped, and the run has failed") {
    Rig rig = rig_with([](Policy& policy) { set_ready(policy, ReadyKind::fd); });
    rig.run("web");
    rig.asked();
    rig.pass(seconds(60));
    CHECK(rig.state("web") == State::stopping);
    CHECK(rig.asked() == "signal_group web 15");
    rig.exited("web", 0);
    CHECK(rig.state("web") == State::backoff);
    CHECK(rig["web"].end.code == ReasonCode::start_timed_out);
    CHECK(rig["web"].failures == 1);
}

TEST_CASE("readiness after start_timeout comes too late") {
    Rig rig = rig_with([](Policy& policy) { set_ready(policy, ReadyKind::fd); });
    rig.run("web");
    rig.pass(seconds(60));
    rig.ready("web");
    CHECK(rig.state("web") == State::stopping);
}

TEST_CASE("start_timeout also holds for an exec that does not end") {
    Rig rig({define("web")});
    rig.spawned("web");
    rig.pass(seconds(60));
    CHECK(rig.state("web") == State::stopping);
}

TEST_CASE("ready = after does not count against start_timeout") {
    Rig rig = rig_with([](Policy& policy) { policy.ready = {ReadyKind::after, 0, seconds(90)}; });
    rig.run("web");
    rig.pass_to_deadline();
    CHECK(rig.state("web") == State::running);
}

TEST_CASE("start_check must succeed before it counts as running") {
    Rig rig = rig_with([](Policy& policy) { policy.start_check = "probe"; });
    rig.asked();
    rig.run("web");
    CHECK(rig.asked() == "run_hook web start_check");
    CHECK(rig.state("web") == State::starting);
    rig.hook("web", Hook::start_check);
    CHECK(rig.state("web") == State::running);
}

TEST_CASE("a start_check that fails is tried again after start_check_interval") {
    Rig rig = rig_with([](Policy& policy) { policy.start_check = "probe"; });
    rig.run("web");
    rig.asked();
    rig.hook("web", Hook::start_check, HookResult::failed);
    CHECK(rig.deadline("web") == 1000);
    rig.pass(seconds(1));
    CHECK(rig.asked() == "run_hook web start_check");
    rig.hook("web", Hook::start_check, HookResult::timed_out);
    CHECK(rig.state("web") == State::starting);
}

TEST_CASE("a start_check that never succeeds ends with start_timeout") {
    Rig rig = rig_with([](Policy& policy) { policy.start_check = "probe"; });
    rig.run("web");
    int64_t tries = 0;
    for (; rig.state("web") == State::starting; ++tries) {
        rig.hook("web", Hook::start_check, HookResult::failed);
        rig.pass_to_deadline();
    }
    CHECK(tries == 60);
    CHECK(rig.state("web") == State::stopping);
}

TEST_CASE("start_check begins only when the service has said that it is ready") {
    Rig rig = rig_with([](Policy& policy) {
        set_ready(policy, ReadyKind::fd);
        policy.start_check = "probe";
    });
    rig.run("web");
    rig.asked();
    rig.ready("web");
    CHECK(rig.asked() == "run_hook web start_check");
}

TEST_CASE("start_timeout during a start_check cancels it, and stops the service") {
    Rig rig = rig_with([](Policy& policy) { policy.start_check = "probe"; });
    rig.run("web");
    rig.asked();
    rig.pass(seconds(60));
    CHECK(rig.asked() == "cancel_hook web start_check, signal_group web 15");
    rig.exited("web", 0);
    CHECK(rig.state("web") == State::stopping);  // the check that was killed has not ended
    rig.hook("web", Hook::start_check, HookResult::failed);
    CHECK(rig.state("web") == State::backoff);
}

TEST_CASE("a reload that changes ready does not touch the run that awaits it by the old one") {
    Rig rig = rig_with([](Policy& policy) { set_ready(policy, ReadyKind::after); });
    rig.run("web");
    rig.load({define("web", [](Definition& definition, Policy& policy) {
        set_ready(policy, ReadyKind::fd);
        definition.digest = definition.process_digest = 2;
    })});
    rig.pass(seconds(2));
    CHECK(rig.state("web") == State::running);
    CHECK(rig["web"].stale());
}

// --- Failing to start ----------------------------------------------------------------------------

TEST_CASE("an exec that fails is a failed run, with its step and errno") {
    Rig rig({define("web")});
    rig.spawned("web");
    rig.event("web", {.kind = EventKind::exec_failed,
                      .detail = static_cast<uint8_t>(SpawnStep::chdir),
                      .value = 2});
    CHECK(rig.state("web") == State::starting);  // until its exit is known
    rig.exited("web", 126);
    CHECK(rig.state("web") == State::backoff);
    CHECK(rig["web"].end == Reason{.code = ReasonCode::exec_failed,
                                   .detail = static_cast<uint8_t>(SpawnStep::chdir),
                                   .value = 2});
    CHECK(rig["web"].exit.value == 126);
}

TEST_CASE("a fork that fails is retried, and is no failed run") {
    Rig rig = rig_with([](Policy& policy) { policy.retries = 1; });
    for (int i = 0; i < 20; ++i) {
        rig.fork_fails("web", 11);
        REQUIRE(rig.state("web") == State::backoff);
        CHECK(rig["web"].failures == 0);
        rig.pass_to_deadline();
        REQUIRE(rig.state("web") == State::starting);
    }
    rig.run("web");
    CHECK(rig.state("web") == State::running);
}

TEST_CASE("a start that cannot be prepared is a failed run") {
    Rig rig = rig_with([](Policy& policy) { policy.retries = 1; });
    rig.event("web", {.kind = EventKind::spawn_failed,
                      .detail = static_cast<uint8_t>(SpawnStep::user),
                      .value = 1});
    CHECK(rig.state("web") == State::failed);
    CHECK(rig["web"].end.code == ReasonCode::exec_failed);
}

TEST_CASE("pre_start runs first, and the service only after its success") {
    Rig rig = rig_with([](Policy& policy) { policy.pre_start = "prepare"; });
    CHECK(rig.asked() == "run_hook web pre_start");
    CHECK(rig.state("web") == State::starting);
    rig.hook("web", Hook::pre_start);
    CHECK(rig.asked() == "spawn web");
}

TEST_CASE("a pre_start that does not succeed is a failed run") {
    for (HookResult result : {HookResult::failed, HookResult::timed_out, HookResult::not_started}) {
        Rig rig = rig_with([](Policy& policy) { policy.pre_start = "prepare"; });
        rig.asked();
        rig.hook("web", Hook::pre_start, result);
        CHECK(rig.asked().empty());
        CHECK(rig.state("web") == State::backoff);
        CHECK(rig["web"].end.code == ReasonCode::pre_start_failed);
        CHECK(rig["web"].failures == 1);
    }
}

TEST_CASE("a pre_start for which fork failed is tried again, and no failed run") {
    Rig rig = rig_with([](Policy& policy) {
        policy.pre_start = "prepare";
        policy.retries = 1;
    });
    rig.event("web", {.kind = EventKind::hook_ended,
                      .hook = Hook::pre_start,
                      .result = HookResult::not_started,
                      .detail = static_cast<uint8_t>(SpawnStep::fork),
                      .value = EAGAIN});
    CHECK(rig["web"].end.code == ReasonCode::fork_failed);
    CHECK(rig["web"].end.value == EAGAIN);
    CHECK(rig["web"].state == State::backoff);
    CHECK(rig["web"].failures == 0);
}

TEST_CASE("a stop during pre_start cancels it and starts nothing") {
    Rig rig = rig_with([](Policy& policy) { policy.pre_start = "prepare"; });
    rig.asked();
    rig.down("web");
    CHECK(rig.asked() == "cancel_hook web pre_start");
    CHECK(rig.state("web") == State::stopping);
    rig.hook("web", Hook::pre_start);  // it had just succeeded
    CHECK(rig.state("web") == State::stopped);
    CHECK(rig.asked().empty());
}

TEST_CASE("a stop before the fork drops the start") {
    Rig rig({define("web")});
    rig.down("web");
    CHECK(rig.state("web") == State::stopped);
    rig.up("web");
    CHECK(rig["web"].runs == 2);  // so that the first spawn, if it is still to come, is passed over
}

// --- Ending by itself ----------------------------------------------------------------------------

TEST_CASE("a daemon that exits is started again after restart_delay") {
    Rig rig = running();
    rig.exited("web", 1);
    CHECK(rig.state("web") == State::backoff);
    CHECK(rig.deadline("web") == 100);
    CHECK(rig.asked() == "end_run web");
    rig.pass(milliseconds(99));
    CHECK(rig.state("web") == State::backoff);
    rig.pass(milliseconds(1));
    CHECK(rig.state("web") == State::starting);
    CHECK(rig.asked() == "spawn web");
}

TEST_CASE("each consecutive failure doubles the delay") {
    Rig rig({define("web")});
    for (int64_t delay : {100, 200, 400, 800}) {
        rig.run("web");
        rig.exited("web", 1);
        CHECK(rig.deadline("web") == delay);
        rig.pass_to_deadline();
    }
}

TEST_CASE("a run of reset_after or longer starts the count anew") {
    Rig rig = rig_with([](Policy& policy) { policy.retries = 2; });
    rig.run("web");
    rig.exited("web", 1);
    rig.pass_to_deadline();
    rig.run("web");
    rig.pass(seconds(10));
    rig.exited("web", 1);
    CHECK(rig.state("web") == State::backoff);
    CHECK(rig.deadline("web") == 100);
    CHECK(rig["web"].failures == 1);
}

TEST_CASE("a run shorter than reset_after does not") {
    Rig rig = running();
    rig.exited("web", 1);
    rig.pass_to_deadline();
    rig.run("web");
    rig.pass(milliseconds(9999));
    rig.exited("web", 1);
    CHECK(rig.deadline("web") == 200);
}

TEST_CASE("success in between ends the count of failed runs, but not the growth of the delay") {
    Rig rig = rig_with([](Policy& policy) { policy.retries = 2; });
    for (uint8_t code : {1, 0, 1, 0}) {
        rig.run("web");
        rig.exited("web", code);
        REQUIRE(rig.state("web") == State::backoff);
        rig.pass_to_deadline();
    }
    CHECK(rig["web"].attempts == 4);
    CHECK(rig["web"].failures == 0);
}

TEST_CASE("without a delay it starts again at once") {
    Rig rig = running_with([](Policy& policy) { policy.restart_delay = {}; });
    rig.exited("web", 1);
    CHECK(rig.state("web") == State::starting);
    CHECK(rig.asked() == "end_run web, spawn web");
}

TEST_CASE("a oneshot that succeeds is done, and is not started again") {
    Rig rig = running_with([](Policy& policy) { policy.type = Type::oneshot; });
    rig.exited("web", 0);
    CHECK(rig.state("web") == State::done);
    CHECK(rig.core.idle());
}

TEST_CASE("a oneshot that fails is failed, and says how") {
    Rig rig = running_with([](Policy& policy) { policy.type = Type::oneshot; });
    rig.died("web", 11);
    CHECK(rig.state("web") == State::failed);
    CHECK(rig.reason("web") == "signal SEGV");
}

TEST_CASE("the last retry leads to failed, and on_fail runs") {
    Rig rig = rig_with([](Policy& policy) {
        policy.retries = 2;
        policy.on_fail = "alarm";
    });
    for (int i = 0; i < 2; ++i) {
        rig.pass(milliseconds(100));
        rig.run("web");
        rig.asked();
        rig.exited("web", 1);
    }
    CHECK(rig.state("web") == State::failed);
    CHECK(rig.asked() == "end_run web, run_hook web on_fail");
    CHECK_FALSE(rig.core.all_ended());
    rig.hook("web", Hook::on_fail);
    CHECK(rig.core.all_ended());
}

TEST_CASE("post_start runs each time that a service is running, and its failure changes nothing") {
    Rig rig = rig_with([](Policy& policy) {
        policy.post_start = "greet";
        policy.start_check = "check";
        policy.ready = {ReadyKind::fd, 3, {}};
    });
    rig.spawned("web");
    rig.exec_done("web");
    rig.ready("web");
    CHECK(rig.asked() == "spawn web, run_hook web start_check");
    rig.hook("web", Hook::start_check);
    CHECK(rig.state("web") == State::running);
    CHECK(rig.asked() == "run_hook web post_start");
    rig.hook("web", Hook::post_start, HookResult::failed);
    CHECK(rig.state("web") == State::running);
    CHECK(rig.reason("web").starts_with("ready; post_start: "));
    CHECK(rig.asked().empty());
}

TEST_CASE("a post_start that still runs is ended with its run, and waited for before the next") {
    Rig rig = running_with([](Policy& policy) { policy.post_start = "greet"; });
    SECTION("which is stopped") {
        rig.restart("web");
        CHECK(rig.asked() == "cancel_hook web post_start, signal_group web 15");
        rig.died("web", 15);
        CHECK(rig.asked() == "end_run web, cancel_hook web post_start");
    }
    SECTION("which ends by itself") {
        rig.died("web", 11);
        CHECK(rig.asked() == "end_run web, cancel_hook web post_start");
    }
    CHECK(rig.state("web") == State::stopping);
    rig.hook("web", Hook::post_start, HookResult::failed);
    rig.pass(milliseconds(200));
    CHECK(rig.asked() == "spawn web");
}

TEST_CASE("an exit that nobody saw counts as a failure") {
    Rig rig = running_with([](Policy& policy) { policy.restart = Restart::on_failure; });
    rig.event("web", {.kind = EventKind::exited, .status = {ExitStatus::Kind::unknown, 0}});
    CHECK(rig.state("web") == State::backoff);
    CHECK(rig["web"].end.code == ReasonCode::exit_unknown);
}

TEST_CASE("post_stop runs after each end, and holds the next start") {
    Rig rig = running_with([](Policy& policy) { policy.post_stop = "clean"; });
    rig.exited("web", 1);
    CHECK(rig.asked() == "end_run web, run_hook web post_stop");
    CHECK(rig.state("web") == State::stopping);
    rig.hook("web", Hook::post_stop, HookResult::failed);
    CHECK(rig.state("web") == State::backoff);
}

TEST_CASE("what the leader leaves behind is told to end, and then killed") {
    Rig rig = running();
    rig.exited("web", 0, true);
    CHECK(rig.state("web") == State::stopping);
    CHECK(rig.asked() == "signal_group web 15");
    rig.pass_to_deadline();
    CHECK(rig.asked() == "check_group web");
    rig.pass(seconds(7));
    CHECK(rig.asked() == "signal_group web 9");
    rig.pass_to_deadline();
    CHECK(rig.asked() == "signal_group web 9, check_group web");
    rig.group_empty("web");
    CHECK(rig.state("web") == State::backoff);
    CHECK(rig["web"].end == Reason{.code = ReasonCode::exited});
}

TEST_CASE("the looks at what is left become rarer") {
    Rig rig = running();
    rig.exited("web", 0, true);
    std::vector<int64_t> pauses;
    for (int i = 0; i < 9; ++i) {
        pauses.push_back(rig.deadline("web"));
        rig.pass_to_deadline();
    }
    CHECK(pauses == std::vector<int64_t>{10, 20, 40, 80, 160, 320, 640, 1000, 1000});
}

TEST_CASE("nobody looks at what is left of a control group, of which the kernel tells") {
    Rig rig({define("web", [](Definition&, Policy& policy) { policy.cgroup = "yes"; })});
    rig.up("web");
    rig.spawned("web");
    rig.exec_done("web");
    CHECK(rig["web"].in_control_group);
    rig.asked();
    rig.exited("web", 0, true);
    CHECK(rig.asked() == "signal_group web 15");
    CHECK(rig.deadline("web") == 7000);
    rig.pass_to_deadline();
    CHECK(rig.asked() == "signal_group web 9");
    CHECK(rig.deadline("web") == 1000);
    rig.pass_to_deadline();
    CHECK(rig.asked() == "signal_group web 9, check_group web");
    rig.group_empty("web");
    CHECK(rig.state("web") == State::backoff);
}

TEST_CASE("the end of a group is told twice, and counts once") {
    Rig rig = running();
    rig.exited("web", 0, true);
    rig.group_empty("web");
    rig.group_empty("web");
    CHECK(rig["web"].attempts == 1);
}

// --- Being stopped -------------------------------------------------------------------------------

TEST_CASE("a stop signals the group, and ends when nothing of it is left") {
    Rig rig = running();
    rig.down("web");
    CHECK(rig.asked() == "signal_group web 15");
    CHECK(rig.state("web") == State::stopping);
    CHECK(rig.deadline("web") == 7000);
    rig.died("web", 15);
    CHECK(rig.state("web") == State::stopped);
    CHECK(rig["web"].end == Reason{.code = ReasonCode::stopped_on_request});
    CHECK(rig.core.idle());
}

TEST_CASE("what ignores the stop signal is killed at stop_timeout, and again until it is gone") {
    Rig rig = running();
    rig.down("web");
    rig.asked();
    rig.pass(milliseconds(6999));
    CHECK(rig.asked().empty());
    rig.pass(milliseconds(1));
    CHECK(rig.asked() == "signal_group web 9");
    CHECK(rig.state("web") == State::stopping);
    rig.pass_to_deadline();
    CHECK(rig.asked() == "signal_group web 9, check_group web");
    rig.died("web", 9);
    CHECK(rig.state("web") == State::stopped);
    CHECK(rig.reason("web") == "asked for by svctl, KILL was needed");
}

TEST_CASE("stop_signal is what is sent") {
    Rig rig = running_with([](Policy& policy) { policy.stop_signal = 3; });
    rig.down("web");
    CHECK(rig.asked() == "signal_group web 3");
}

TEST_CASE("a stop signal counts as success, whatever code comes of it") {
    Rig rig = running_with([](Policy& policy) { policy.retries = 1; });
    rig.restart("web");
    rig.exited("web", 143);
    CHECK(rig.state("web") == State::starting);
    CHECK(rig["web"].failures == 0);
}

TEST_CASE("stop_command comes first, then the signal if something is left") {
    Rig rig = running_with([](Policy& policy) { policy.stop_command = "leave"; });
    rig.down("web");
    CHECK(rig.asked() == "run_hook web stop_command");
    rig.hook("web", Hook::stop_command);
    CHECK(rig.asked() == "signal_group web 15");
    rig.exited("web", 0);
    CHECK(rig.state("web") == State::stopped);
}

TEST_CASE("where stop_command has ended it, no signal follows") {
    Rig rig = running_with([](Policy& policy) { policy.stop_command = "leave"; });
    rig.down("web");
    rig.asked();
    rig.exited("web", 0);
    CHECK(rig.asked() == "end_run web, cancel_hook web stop_command");
    CHECK(rig.state("web") == State::stopping);
    rig.hook("web", Hook::stop_command);
    CHECK(rig.state("web") == State::stopped);
    CHECK(rig.asked().empty());
}

TEST_CASE("KILL comes at stop_timeout though stop_command still runs") {
    Rig rig = running_with([](Policy& policy) { policy.stop_command = "leave"; });
    rig.down("web");
    rig.asked();
    rig.pass(seconds(7));
    CHECK(rig.asked() == "cancel_hook web stop_command, signal_group web 9");
}

TEST_CASE("kill_mode = process spares what the leader leaves until the leader is gone") {
    Rig rig = running_with([](Policy& policy) { policy.kill_mode = KillMode::process; });
    rig.down("web");
    CHECK(rig.asked() == "signal_leader web 15");
    rig.died("web", 15, true);
    CHECK(rig.asked() == "signal_group web 15");
    CHECK(rig.state("web") == State::stopping);
    rig.group_empty("web");
    CHECK(rig.state("web") == State::stopped);
}

TEST_CASE("kill_mode = process kills the whole group in the end") {
    Rig rig = running_with([](Policy& policy) { policy.kill_mode = KillMode::process; });
    rig.down("web");
    rig.asked();
    rig.pass(seconds(7));
    CHECK(rig.asked() == "signal_group web 9");
}

TEST_CASE("a stop during backoff cancels the retry") {
    Rig rig = running();
    rig.exited("web", 1);
    rig.down("web");
    CHECK(rig.state("web") == State::stopped);
    CHECK(rig.deadline("web") == -1);
    rig.pass(seconds(3600));
    CHECK(rig.state("web") == State::stopped);
}

TEST_CASE("up during a stop starts it again once it is down") {
    Rig rig = running();
    rig.down("web");
    rig.up("web");
    CHECK(rig.state("web") == State::stopping);
    rig.asked();
    rig.exited("web", 0);
    CHECK(rig.state("web") == State::starting);
    CHECK(rig.asked() == "end_run web, spawn web");
}

TEST_CASE("down after restart is down") {
    Rig rig = running();
    rig.restart("web");
    rig.down("web");
    rig.exited("web", 0);
    CHECK(rig.state("web") == State::stopped);
}

TEST_CASE("a stop while exec is not done needs no stop_command, and loses no exit") {
    Rig rig = rig_with([](Policy& policy) { policy.stop_command = "leave"; });
    rig.spawned("web");
    rig.asked();
    rig.down("web");
    CHECK(rig.asked() == "signal_group web 15");
    rig.exec_done("web");
    CHECK(rig.state("web") == State::stopping);
    rig.died("web", 15);
    CHECK(rig.state("web") == State::stopped);
}

TEST_CASE("a service that crashes while it is being stopped is stopped") {
    Rig rig = running_with([](Policy& policy) { policy.on_fail = "alarm"; });
    rig.down("web");
    rig.died("web", 11);
    CHECK(rig.state("web") == State::stopped);
}

TEST_CASE("a stop is a stop though the program announced it was going") {
    Rig rig = running();
    rig.event("web", {.kind = EventKind::stop_announced});
    rig.down("web");
    rig.exited("web", 1);
    CHECK(rig.state("web") == State::stopped);
}

// --- Notifications -------------------------------------------------------------------------------

TEST_CASE("STOPPING=1 gives it stop_timeout to go by itself, without a signal") {
    Rig rig = running();
    rig.event("web", {.kind = EventKind::stop_announced});
    CHECK(rig.state("web") == State::stopping);
    CHECK(rig.asked().empty());
    CHECK(rig.deadline("web") == 7000);
    rig.exited("web", 0);
    CHECK(rig.state("web") == State::backoff);
    CHECK(rig["web"].end.code == ReasonCode::exited);
}

TEST_CASE("what announced its end and stays is killed, and that is no stop that was asked for") {
    Rig rig = running();
    rig.event("web", {.kind = EventKind::stop_announced});
    rig.pass(seconds(7));
    CHECK(rig.asked() == "signal_group web 9");
    rig.died("web", 9);
    CHECK(rig["web"].end.code == ReasonCode::signalled);
}

TEST_CASE("MAINPID names the leader whose end is the service's") {
    Rig rig = running_with([](Policy& policy) { set_ready(policy, ReadyKind::notify); });
    const pid_t group = rig["web"].group;
    rig.event("web", {.kind = EventKind::main_process, .process = {900, 7}});
    CHECK(rig["web"].group == group);
    CHECK(rig.core.find_leader(900));
    CHECK_FALSE(rig.core.find_leader(group));
    rig.exited("web", 0);
    CHECK(rig["web"].group == 0);
    CHECK_FALSE(rig["web"].active());
}

TEST_CASE("svctl reload sends reload_signal to the leader") {
    Rig rig = running();
    rig.event("web", {.kind = EventKind::reload});
    CHECK(rig.asked() == "signal_leader web 1");
    CHECK(rig.state("web") == State::running);
}

TEST_CASE("svctl reload runs reload_command, one at a time, and only while it runs") {
    Rig rig = running_with([](Policy& policy) { policy.reload_command = "reread"; });
    rig.event("web", {.kind = EventKind::reload});
    rig.event("web", {.kind = EventKind::reload});
    CHECK(rig.asked() == "run_hook web reload_command");
    rig.hook("web", Hook::reload_command, HookResult::failed);
    CHECK(rig.state("web") == State::running);
    rig.down("web");
    rig.asked();
    rig.event("web", {.kind = EventKind::reload});
    CHECK(rig.asked().empty());
}

TEST_CASE("on_end asks reeve to end once the service has ended for good") {
    Rig rig = running_with([](Policy& policy) {
        policy.type = Type::oneshot;
        policy.on_end = OnEnd::shutdown;
    });
    rig.exited("web", 7);
    CHECK(rig.asked() == "end_run web, end_reeve web");
}

TEST_CASE("on_end does nothing while the service is retried, or was stopped") {
    Rig rig = running_with([](Policy& policy) { policy.on_end = OnEnd::shutdown; });
    rig.exited("web", 1);
    CHECK(rig.asked() == "end_run web");
    rig.pass_to_deadline();
    rig.run("web");
    rig.down("web");
    rig.asked();
    rig.exited("web", 0);
    CHECK(rig.asked() == "end_run web");
}

TEST_CASE("a kill while every hook runs has room for all that it asks for") {
    Rig rig = running_with([](Policy& policy) { policy.on_end = OnEnd::shutdown; });
    Service service = rig["web"];
    service.hooks = (1 << hook_count) - 1;
    for (const Phase phase : {Phase::up, Phase::terminating, Phase::cancelling}) {
        Service one = service;
        one.phase = phase;
        one.state = phase == Phase::up ? State::running : State::stopping;
        if (phase == Phase::cancelling) one.group = 0, one.leader = {};
        size_t count = 0;
        for ([[maybe_unused]] const Action& action :
             step(one, ServiceId{0}, {.kind = EventKind::kill}, rig.now))
            ++count;
        CHECK(count >= hook_count);
    }
}
