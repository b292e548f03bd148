#include "base/limits.h"
#include "catch.h"
#include "core/restart.h"
#include "support/definitions.h"

namespace {

using namespace reeve;

constexpr Reason exit_with(int code) { return {.code = ReasonCode::exited, .value = code}; }
constexpr Reason death_by(int signal) { return {.code = ReasonCode::signalled, .value = signal}; }
constexpr Reason fork_failure{.code = ReasonCode::fork_failed, .value = 11};

Policy policy_with(Restart restart) {
    Policy policy = test::default_policy();
    policy.restart = restart;
    return policy;
}

Verdict::Kind outcome(const Policy& policy, const Reason& end, uint32_t failures = 1) {
    return decide(policy, end, 0, failures).kind;
}

}  // namespace

TEST_CASE("exit code 0 is success, other codes and signals are not") {
    const Policy policy = test::default_policy();
    CHECK(succeeded(policy, exit_with(0)));
    CHECK_FALSE(succeeded(policy, exit_with(1)));
    CHECK_FALSE(succeeded(policy, death_by(15)));
    CHECK_FALSE(succeeded(policy, {.code = ReasonCode::exit_unknown}));
    CHECK_FALSE(succeeded(policy, {.code = ReasonCode::exec_failed}));
}

TEST_CASE("success names the codes and signals that are not failures") {
    Policy policy = test::default_policy();
    policy.success.add_code(255);
    policy.success.add_signal(64);
    CHECK(succeeded(policy, exit_with(255)));
    CHECK(succeeded(policy, death_by(64)));
    CHECK_FALSE(succeeded(policy, death_by(63)));
}

TEST_CASE("a stop that was asked for is success, KILL or not") {
    const Policy policy = test::default_policy();
    CHECK(succeeded(policy, {.code = ReasonCode::stopped_on_request}));
    CHECK(succeeded(policy, {.code = ReasonCode::stopped_on_request, .value = 1}));
}

TEST_CASE("each retry waits longer, up to restart_delay_max") {
    const Policy policy = test::default_policy();
    CHECK(restart_delay(policy, 0).ms == 100);
    CHECK(restart_delay(policy, 1).ms == 200);
    CHECK(restart_delay(policy, 3).ms == 800);
    CHECK(restart_delay(policy, 9).ms == 51200);
    CHECK(restart_delay(policy, 10).ms == 60000);
    CHECK(restart_delay(policy, UINT32_MAX).ms == 60000);
}

TEST_CASE("a factor of 1 keeps the delay, and a small one still grows") {
    Policy policy = test::default_policy();
    policy.restart_factor_percent = 100;
    CHECK(restart_delay(policy, UINT32_MAX).ms == 100);
    policy.restart_factor_percent = 101;
    policy.restart_delay = milliseconds(1);
    CHECK(restart_delay(policy, 1).ms == 2);
}

TEST_CASE("no delay stays none, and a delay above its maximum stays as it is") {
    Policy policy = test::default_policy();
    policy.restart_delay = {};
    CHECK(restart_delay(policy, 7).ms == 0);
    policy.restart_delay = seconds(90);
    CHECK(restart_delay(policy, 0).ms == 90000);
    CHECK(restart_delay(policy, 7).ms == 90000);
}

TEST_CASE("restart = always runs it again whatever happened") {
    const Policy policy = policy_with(Restart::always);
    CHECK(outcome(policy, exit_with(0)) == Verdict::Kind::again);
    CHECK(outcome(policy, exit_with(1)) == Verdict::Kind::again);
    CHECK(outcome(policy, death_by(9)) == Verdict::Kind::again);
}

TEST_CASE("restart = on-failure is content with success") {
    const Policy policy = policy_with(Restart::on_failure);
    CHECK(outcome(policy, exit_with(0)) == Verdict::Kind::done);
    CHECK(outcome(policy, exit_with(1)) == Verdict::Kind::again);
    CHECK(outcome(policy, {.code = ReasonCode::exit_unknown}) == Verdict::Kind::again);
}

TEST_CASE("restart = never ends in done or failed") {
    const Policy policy = policy_with(Restart::never);
    CHECK(outcome(policy, exit_with(0)) == Verdict::Kind::done);
    CHECK(outcome(policy, exit_with(1)) == Verdict::Kind::failed);
    CHECK(decide(policy, exit_with(1), 0, 1).reason.code == ReasonCode::no_restart);
}

TEST_CASE("by default a daemon is restarted and a oneshot is not") {
    Policy policy = test::default_policy();
    CHECK(outcome(policy, exit_with(0)) == Verdict::Kind::again);
    policy.type = Type::oneshot;
    CHECK(outcome(policy, exit_with(0)) == Verdict::Kind::done);
    CHECK(outcome(policy, exit_with(1)) == Verdict::Kind::failed);
}

TEST_CASE("an exit that nobody saw is a failure of a daemon, and all that a oneshot was to do") {
    Policy policy = test::default_policy();
    constexpr Reason unseen{.code = ReasonCode::exit_unknown};
    CHECK(outcome(policy, unseen) == Verdict::Kind::again);
    policy.type = Type::oneshot;
    CHECK(outcome(policy, unseen) == Verdict::Kind::done);
    policy.restart = Restart::on_failure;
    CHECK(outcome(policy, unseen) == Verdict::Kind::done);
    policy.restart = Restart::always;
    CHECK(outcome(policy, unseen) == Verdict::Kind::again);
}

TEST_CASE("an exit code of fatal is not retried") {
    Policy policy = policy_with(Restart::always);
    policy.fatal.add_code(100);
    const Verdict verdict = decide(policy, exit_with(100), 0, 1);
    CHECK(verdict.kind == Verdict::Kind::failed);
    CHECK(verdict.reason.code == ReasonCode::fatal_exit);
    CHECK(outcome(policy, exit_with(99)) == Verdict::Kind::again);
    CHECK(outcome(policy, death_by(100 - 64)) == Verdict::Kind::again);
}

TEST_CASE("after as many failed runs as retries allow it is failed") {
    Policy policy = policy_with(Restart::always);
    policy.retries = 3;
    CHECK(outcome(policy, exit_with(1), 2) == Verdict::Kind::again);
    const Verdict verdict = decide(policy, exit_with(1), 2, 3);
    CHECK(verdict.kind == Verdict::Kind::failed);
    CHECK(verdict.reason.code == ReasonCode::retries_used_up);
    CHECK(verdict.reason.value == 3);
    CHECK(outcome(policy, exit_with(0), 3) == Verdict::Kind::again);
}

TEST_CASE("a fork that fails is retried by every policy, and never at once") {
    Policy policy = policy_with(Restart::never);
    policy.retries = 1;
    policy.restart_delay = {};
    const Verdict verdict = decide(policy, fork_failure, 0, 5);
    CHECK(verdict.kind == Verdict::Kind::again);
    CHECK(verdict.delay.ms == spawn_retry_min_ms);
}

TEST_CASE("what cannot be executed is not tried again at once, even without a delay") {
    Policy policy = policy_with(Restart::always);
    policy.restart_delay = milliseconds(0);
    const Reason missing{.code = ReasonCode::exec_failed, .value = 2};
    CHECK(decide(policy, missing, 0, 1).delay == milliseconds(spawn_retry_min_ms));
    policy.restart_delay = seconds(2);
    CHECK(decide(policy, missing, 0, 1).delay == seconds(2));
}

TEST_CASE("a pre_start that cannot be started is not tried again at once, even without a delay") {
    Policy policy = policy_with(Restart::always);
    policy.restart_delay = milliseconds(0);
    const Reason not_started{.code = ReasonCode::pre_start_failed,
                             .detail = static_cast<uint8_t>(HookResult::not_started)};
    const Verdict verdict = decide(policy, not_started, 0, 1);
    CHECK(verdict.kind == Verdict::Kind::again);
    CHECK(verdict.delay == milliseconds(spawn_retry_min_ms));
    const Reason failed{.code = ReasonCode::pre_start_failed,
                        .detail = static_cast<uint8_t>(HookResult::failed)};
    CHECK(decide(policy, failed, 0, 1).delay == milliseconds(0));
}
