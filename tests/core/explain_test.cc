#include <cerrno>

#include "catch.h"
#include "core/explain.h"
#include "core/progress.h"
#include "core/rig.h"

namespace {

using namespace reeve;
using test::define;
using test::Rig;

Ref<const Definition> needs(std::string_view name, std::string_view other) {
    return define(name, [&](Definition& d, Policy&) { d.depends_on.append(other); });
}

// As svctl why tells it.
std::string chain(Rig& rig, std::string_view name) {
    List<ServiceId> start;
    rig.core.select(name, start);
    std::string text;
    for (ServiceId id : causes(rig.core, start.front())) {
        const Service& service = rig.core.at(id);
        Buffer<200> words;
        append_reason(words, rig.core, service);
        append_countdown(words, service, rig.now.mono);
        if (!text.empty()) text.append("; ");
        text.append(service.name.view()).append(" is ").append(name_of(service.state)).append(": ");
        text.append(words.view());
    }
    return text;
}

Progress progress_of(Rig& rig, std::string_view name, const Goal& goal = {}) {
    List<ServiceId> start;
    rig.core.select(name, start);
    return progress(rig.core, start.front(), goal);
}

}  // namespace

TEST_CASE("why is told down to the root") {
    Rig rig({define("db"), needs("cache", "db"), needs("web", "cache")});
    for (int i = 0; i < 4; ++i) {
        rig.pass(milliseconds(400));
        rig.spawned("db");  // and it ends before anybody could start on it
        rig.exited("db", 1);
    }
    rig.pass(milliseconds(50));
    CHECK(chain(rig, "web") == "web is waiting: needs cache; cache is waiting: needs db; "
                               "db is backoff: exit 1, 4th failure, next try in 750ms");
}

TEST_CASE("a chain ends where a service blames nobody") {
    Rig rig({define("db")});
    CHECK(chain(rig, "db") == "db is starting: exec");
    rig.run("db");
    CHECK(chain(rig, "db") == "db is running: ready");
}

TEST_CASE("a running service says what it said of itself") {
    Rig rig({define("db")});
    rig.run("db");
    rig["db"].status_text = "3 connections";
    CHECK(rig.reason("db") == "3 connections");
}

TEST_CASE("each way to end has its words") {
    Rig rig({define("db", [](Definition& d, Policy& policy) {
        d.workdir = "/srv/x";
        policy.retries = 1;
        policy.fatal.add_code(7);
    })});
    rig.run("db");
    rig.died("db", 9);
    CHECK(rig.reason("db") == "signal KILL, given up after 1 failed run (retries)");
    rig.up("db");
    rig.run("db");
    rig.exited("db", 7);
    CHECK(rig.reason("db") == "exit 7, which is fatal");
    rig.up("db");
    rig.spawned("db");
    rig.event("db", {.kind = EventKind::exec_failed,
                     .detail = static_cast<uint8_t>(SpawnStep::chdir),
                     .value = 2});
    rig.exited("db", 126);
    CHECK(rig.reason("db") ==
          "chdir /srv/x: No such file or directory, given up after 1 failed run (retries)");
    rig.up("db");
    rig.fork_fails("db", 11);
    CHECK(rig.reason("db") == "fork: Resource temporarily unavailable");
}

TEST_CASE("a failed start says what may be done, where errno does not") {
    const struct {
        const char* program;
        SpawnStep step;
        int code;
        const char* reason;
    } failures[] = {
        {"db", SpawnStep::exec, ENOENT,
         "exec db: No such file or directory (it is in no directory of PATH)"},
        {"/bin/db", SpawnStep::exec, ENOENT, "exec /bin/db: No such file or directory"},
        {"db x", SpawnStep::exec, ENOENT,
         "exec 'db x': No such file or directory (it is in no directory of PATH)"},
        {"~/db", SpawnStep::exec, ENOENT,
         "exec ~/db: No such file or directory (exec has no shell; command has one)"},
        {"db", SpawnStep::exec, EACCES,
         "exec db: Permission denied (is it executable, and may its user reach it?)"},
        {"db", SpawnStep::exec, EAGAIN,
         "exec db: Resource temporarily unavailable (its user has as many processes as ulimit -u "
         "lets it)"},
        {"", SpawnStep::exec, ENOENT,
         "exec db | x: No such file or directory (nor is there a "
         "/bin/sh)"},
        {"db", SpawnStep::nice, EACCES,
         "nice: Permission denied (only root may, on Linux with CAP_SYS_NICE)"},
        {"db", SpawnStep::limit, EPERM,
         "limit: Operation not permitted (above the hard limit; see ulimit -Ha)"},
        {"db", SpawnStep::limit, EINVAL, "limit: Invalid argument"},
    };
    for (const auto& each : failures) {
        Rig rig({define("db", [&](Definition& d, Policy& policy) {
            d.exec = {};
            if (*each.program != '\0')
                d.exec.append(each.program);
            else
                d.command = "db | x";
            policy.restart = Restart::never;
        })});
        rig.spawned("db");
        rig.event("db", {.kind = EventKind::exec_failed,
                         .detail = static_cast<uint8_t>(each.step),
                         .value = each.code});
        rig.exited("db", 127);
        CHECK(rig.reason("db") == std::string(each.reason) + ", restart = never");
    }
}

TEST_CASE("an exit that a shell would have prevented says so") {
    Rig rig({define("db", [](Definition& d, Policy& policy) {
        for (const char* word : {"db", "$HOME/x", "sh -c 'a | b'"}) d.exec.append(word);
        policy.restart = Restart::never;
    })});
    rig.run("db");
    rig.exited("db", 2);
    CHECK(rig.reason("db") == "exit 2 (exec has no shell, and passes on $HOME/x as it is; command "
                              "has one), restart = never");
}

TEST_CASE("what awaits readiness says which") {
    Rig rig({define("db", [](Definition&, Policy& policy) {
        policy.ready.kind = ReadyKind::notify;
        policy.start_check = "probe";
    })});
    rig.run("db");
    CHECK(rig.reason("db") == "awaiting READY=1");
    rig.ready("db");
    CHECK(rig.reason("db") == "start_check has not succeeded yet");
    rig.pass(seconds(60));
    CHECK(rig.reason("db") == "not ready within start_timeout");
}

TEST_CASE("a countdown does not go below zero") {
    Rig rig({define("db")});
    rig.run("db");
    rig.exited("db", 1);
    Buffer<64> words;
    append_countdown(words, rig["db"], rig.now.mono + seconds(9));
    CHECK(words.view() == ", next try in 0s");
}

TEST_CASE("up is reached by running, and by a oneshot that is done") {
    Rig rig({define("db")});
    CHECK(progress_of(rig, "db") == Progress::pending);
    rig.run("db");
    CHECK(progress_of(rig, "db") == Progress::reached);
    rig.exited("db", 1);
    CHECK(progress_of(rig, "db") == Progress::pending);
}

TEST_CASE("up of a oneshot is reached by the end of its run, and by nothing less") {
    const auto job = [](Restart restart) {
        return define("job", [=](Definition&, Policy& policy) {
            policy.type = Type::oneshot;
            policy.restart = restart;
        });
    };
    for (const Restart restart : {Restart::never, Restart::on_failure, Restart::always}) {
        for (const uint8_t code : {0, 3}) {
            Rig rig({job(restart)});
            const Goal goal{.runs_before = 0};
            const Goal patient{.patient = true, .runs_before = 0};
            rig.run("job");
            REQUIRE(rig.state("job") == State::running);
            CHECK(progress_of(rig, "job", goal) == Progress::pending);
            CHECK(progress_of(rig, "job", patient) == Progress::pending);
            rig.exited("job", code);
            const Progress end = code == 0 ? Progress::reached : Progress::failed;
            const bool goes_on = code != 0 && restart != Restart::never;
            CHECK(progress_of(rig, "job", goal) == end);
            CHECK(progress_of(rig, "job", patient) == (goes_on ? Progress::pending : end));
            if (!goes_on) continue;
            // The answer stays so when the next run has begun.
            rig.pass_to_deadline();
            rig.run("job");
            CHECK(progress_of(rig, "job", goal) == end);
        }
    }
}

TEST_CASE("a run that was stopped to begin anew is no answer about a oneshot") {
    Rig rig({define("job", [](Definition&, Policy& policy) { policy.type = Type::oneshot; })});
    const Goal goal{.runs_before = 0};
    rig.run("job");
    rig.restart("job");
    rig.died("job", 15);
    rig.run("job");
    CHECK(progress_of(rig, "job", goal) == Progress::pending);
    rig.exited("job", 0);
    CHECK(progress_of(rig, "job", goal) == Progress::reached);
}

TEST_CASE("down is overtaken by what wants it up, up by what takes it or its dependency down") {
    Rig rig({define("db"), needs("app", "db"), needs("web", "app")});
    rig.run("db"), rig.run("app"), rig.run("web");
    const Goal down{.kind = Goal::Kind::down};
    rig.down("db");
    CHECK(progress_of(rig, "db", down) == Progress::pending);
    CHECK(progress_of(rig, "web") == Progress::overtaken);
    rig.up("web");
    CHECK(progress_of(rig, "db", down) == Progress::overtaken);
    CHECK(progress_of(rig, "web") == Progress::pending);
    rig.shut_down(seconds(5));
    CHECK(progress_of(rig, "web") == Progress::overtaken);
    CHECK(progress_of(rig, "db", down) == Progress::pending);
}

TEST_CASE("up goes on where it is stopped by a cascade: that comes back") {
    Rig rig({define("db"),
             define("app",
                    [](Definition& d, Policy& policy) {
                        d.depends_on.append("db");
                        policy.cascade = true;
                    }),
             needs("web", "app")});
    rig.run("db"), rig.run("app"), rig.run("web");
    rig.restart("db");
    CHECK(rig.state("web") == State::stopping);
    CHECK(progress_of(rig, "web") == Progress::pending);
    CHECK(progress_of(rig, "app") == Progress::pending);
}

TEST_CASE("a reload is reached while the same run goes on and its command has ended") {
    Rig rig({define("web", [](Definition&, Policy& policy) { policy.reload_command = "true"; })});
    rig.run("web");
    const Goal goal{.kind = Goal::Kind::reloaded, .runs_before = rig["web"].runs};
    rig.event("web", {.kind = EventKind::reload});
    CHECK(progress_of(rig, "web", goal) == Progress::pending);
    rig.hook("web", Hook::reload_command, HookResult::failed);
    CHECK(progress_of(rig, "web", goal) == Progress::failed);
    rig.event("web", {.kind = EventKind::reload});
    CHECK(progress_of(rig, "web", goal) == Progress::pending);
    rig.hook("web", Hook::reload_command);
    CHECK(progress_of(rig, "web", goal) == Progress::reached);
    rig.died("web", 1);
    CHECK(progress_of(rig, "web", goal) == Progress::failed);
    rig.pass_to_deadline();
    rig.run("web");
    CHECK(progress_of(rig, "web", goal) == Progress::failed);
}

TEST_CASE("up has failed where it was given up, is invalid, or waits for such a one") {
    Rig rig({define("db", [](Definition&, Policy& policy) { policy.retries = 1; }),
             needs("web", "db"), needs("x", "nothing")});
    CHECK(progress_of(rig, "web") == Progress::pending);
    rig.run("db");
    rig.down("web");
    rig.exited("db", 1);
    rig.core.at({1}).want = Want::up;
    CHECK(progress_of(rig, "db") == Progress::failed);
    CHECK(progress_of(rig, "x") == Progress::failed);
}

TEST_CASE("up of what waits for a failed one has failed") {
    Rig rig({define("db", [](Definition&, Policy& policy) { policy.type = Type::oneshot; }),
             needs("web", "db")});
    rig.run("db");
    rig.exited("db", 1);
    CHECK(progress_of(rig, "web") == Progress::failed);
    rig.up("web");
    CHECK(progress_of(rig, "web") == Progress::pending);
}

TEST_CASE("down is reached when nothing of it is left") {
    Rig rig({define("db")});
    rig.run("db");
    rig.down("db");
    CHECK(progress_of(rig, "db", {.kind = Goal::Kind::down}) == Progress::pending);
    rig.exited("db", 0);
    CHECK(progress_of(rig, "db", {.kind = Goal::Kind::down}) == Progress::reached);
}

TEST_CASE("a restart is reached by a new run only") {
    Rig rig({define("db")});
    rig.run("db");
    const Goal goal{.kind = Goal::Kind::restarted, .runs_before = rig["db"].runs};
    rig.restart("db");
    CHECK(progress_of(rig, "db", goal) == Progress::pending);
    rig.exited("db", 0);
    CHECK(progress_of(rig, "db", goal) == Progress::pending);
    rig.run("db");
    CHECK(progress_of(rig, "db", goal) == Progress::reached);
}

TEST_CASE("a state is reached when it is that") {
    Rig rig({define("db")});
    const Goal goal{.kind = Goal::Kind::entered, .state_awaited = State::backoff};
    rig.run("db");
    CHECK(progress_of(rig, "db", goal) == Progress::pending);
    rig.exited("db", 1);
    CHECK(progress_of(rig, "db", goal) == Progress::reached);
}

TEST_CASE("every state and reason has words, or none on purpose") {
    Rig rig({define("db")});
    for (int code = 1; code <= static_cast<int>(ReasonCode::start_timed_out); ++code) {
        Service& service = rig["db"];
        service.reason = {.code = static_cast<ReasonCode>(code)};
        service.problem = "FILE:1: broken";
        service.end = service.verdict = {.code = ReasonCode::exited, .value = 1};
        INFO(code);
        CHECK_FALSE(rig.reason("db").empty());
    }
}
