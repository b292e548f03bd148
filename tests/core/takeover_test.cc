// What is read from the journal of an earlier reeve. What is made of it the simulator tries, and
// tests/system/takeover_test.
#include <csignal>
#include <memory>

#include "base/limits.h"
#include "catch.h"
#include "core/rig.h"
#include "core/takeover.h"
#include "model/record.h"

namespace {

using namespace reeve;
using test::define;
using test::Rig;

std::string line_of(const Sink& record) {
    return std::string(record.view().substr(0, record.view().size() - 1));
}

std::string header() {
    Buffer<record_max_bytes> line;
    append_header_record(line, {"the-boot", "the-uid"});
    return line_of(line);
}

std::string record_of(const Service& service) {
    Buffer<record_max_bytes> line;
    append_service_record(line, service, {});
    return line_of(line);
}

std::string child(std::string_view name, std::optional<Hook> hook, Process process) {
    Buffer<record_max_bytes> line;
    append_process_record(line, name, hook, process);
    return line_of(line);
}

Past recollect(const std::vector<std::string>& lines) {
    Past past;
    for (const std::string& line : lines) past.take(line);
    return past;
}

// What the next reeve has of the one before: all services as they are on record, and no process.
struct Next : Rig {
    Next(Rig& before, std::vector<PastService> past, std::vector<Candidate> candidates,
         bool unread = false) {
        core.set_unread(unread);
        for (size_t i = 0; i < past.size(); ++i) past[i].service = before.core.services()[i];
        const Ref<const Policy> defaults(new Policy(test::default_policy()));
        core.take_over(past, defaults, candidates, before.now);
        now = before.now;
        note();
    }
};

}  // namespace

TEST_CASE("of each service the last record counts") {
    Rig rig({define("web")});
    const std::string starting = record_of(rig["web"]);
    rig.run("web");
    const Past past = recollect({header(), starting, "", record_of(rig["web"])});
    CHECK(past.boot() == "the-boot");
    CHECK(past.uid() == "the-uid");
    REQUIRE(past.services().size() == 1);
    CHECK(past.services()[0].service.state == State::running);
    CHECK(past.services()[0].service.leader == Process{101, 101});
    CHECK(past.services()[0].digest == 1);
    CHECK_FALSE(past.corrupt());
    CHECK_FALSE(past.ended());
}

TEST_CASE("a child's own record tells of it before reeve could, and no longer") {
    Rig rig({define("web")});
    const std::string starting = record_of(rig["web"]);
    const Process process{4711, 12};
    const std::string born = child("web", std::nullopt, process);
    CHECK(recollect({header(), starting, born}).services()[0].child == process);
    rig.run("web");
    CHECK_FALSE(recollect({header(), starting, born, record_of(rig["web"])}).services()[0].child);
    CHECK(recollect({header(), born}).empty());
}

TEST_CASE("what the child could read of itself counts where reeve could not") {
    Rig rig({define("web")});
    const std::string starting = record_of(rig["web"]);
    rig.run("web");
    const Process process = rig["web"].leader;
    Service unread = rig["web"];
    unread.leader.start_time = 0;
    const std::string born = child("web", std::nullopt, process);
    const Past past = recollect({header(), starting, born, record_of(unread), record_of(unread)});
    CHECK(past.services()[0].service.leader == process);
}

TEST_CASE("what is not known is no other boot") {
    CHECK(compare_boots("one", "one") == SameBoot::yes);
    CHECK(compare_boots("one.7", "one.7") == SameBoot::yes);
    CHECK(compare_boots("one.?", "one.?") == SameBoot::yes);
    CHECK(compare_boots("one", "two") == SameBoot::no);
    CHECK(compare_boots("one.7", "two.7") == SameBoot::no);
    CHECK(compare_boots("one.7", "one.8") == SameBoot::no);
    CHECK(compare_boots("one.7", "one") == SameBoot::no);
    CHECK(compare_boots("", "one") == SameBoot::unknown);
    CHECK(compare_boots("one.7", "") == SameBoot::unknown);
    CHECK(compare_boots("", "") == SameBoot::unknown);
    CHECK(compare_boots("one.?", "one") == SameBoot::unknown);
    CHECK(compare_boots("one.7", "one.?") == SameBoot::unknown);
    CHECK(compare_boots("one.?", "two") == SameBoot::no);
}

TEST_CASE("words on record belong to the service's last record") {
    Service web;
    web.name = "web";
    web.status_text = "serving";
    Buffer<record_max_bytes> line;
    append_text_record(line, web, 0);
    const std::string words = line_of(line);
    const Past past = recollect({header(), record_of(web), words});
    CHECK(past.services()[0].service.status_text == "serving");
    const Past later = recollect({header(), record_of(web), words, record_of(web)});
    CHECK(later.services()[0].service.status_text.empty());
    CHECK(recollect({header(), words}).empty());
}

TEST_CASE("a hook's own record tells which process it is") {
    Rig rig({define("web", [](Definition&, Policy& policy) { policy.pre_start = "true"; })});
    const Process process{4711, 12};
    const Past past =
        recollect({header(), record_of(rig["web"]), child("web", Hook::pre_start, process)});
    CHECK(past.services()[0].hooks[0].process == process);
}

TEST_CASE("what is gone is not remembered, and nothing is after an orderly end") {
    Rig rig({define("db"), define("web")});
    Buffer<64> gone;
    append_gone_record(gone, "db");
    Buffer<64> end;
    append_end_record(end);
    const Past past =
        recollect({header(), record_of(rig["db"]), record_of(rig["web"]), line_of(gone)});
    REQUIRE(past.services().size() == 1);
    CHECK(past.services()[0].service.name == "web");
    CHECK(recollect({header(), record_of(rig["web"]), line_of(end)}).ended());
}

TEST_CASE("who is gone takes nobody along, wherever in the journal either is") {
    constexpr std::string_view names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    for (std::string_view gone : names) {
        for (std::string_view last : names) {
            CAPTURE(gone, last);
            std::vector<std::string> records;
            std::string record_of_last;
            for (std::string_view name : names) {
                Service service;
                service.name = name;
                (name == last ? record_of_last : records.emplace_back()) = record_of(service);
            }
            records.push_back(record_of_last);
            std::vector<std::string> journal{header()};
            journal.insert(journal.end(), records.begin(), records.end());
            Buffer<64> line;
            append_gone_record(line, gone);
            journal.push_back(line_of(line));
            CHECK(recollect(journal).services().size() == std::size(names) - 1);
            // What is put on record after that is found again, and not known twice.
            journal.insert(journal.end(), records.begin(), records.end());
            CHECK(recollect(journal).services().size() == std::size(names));
        }
    }
}

TEST_CASE("a torn end is cut off, damage before it makes the journal corrupt") {
    Rig rig({define("web")});
    const std::string whole = record_of(rig["web"]);
    for (size_t length = 1; length < whole.size(); length += 7) {
        const std::string torn = whole.substr(0, length);
        const Past past = recollect({header(), whole, torn});
        CHECK_FALSE(past.corrupt());
        CHECK(past.services().size() == 1);
        CHECK(recollect({header(), torn, whole}).corrupt());
    }
}

TEST_CASE("a status file tells what it knows, and a service goes on from that") {
    const Ref<const Definition> file =
        define("web", [](Definition& definition, Policy&) { definition.digest = 7; });
    const std::vector<Candidate> candidates{{"web", "", file, ""}};
    const auto status = [](const char* state, const char* want, const char* more) {
        Past past;
        past.take_status(std::string("name=web\ninstance=\nstate=") + state + "\nwant=" + want +
                         "\nrestarts=2\nversion=\n" + more);
        REQUIRE(past.services().size() == 1);
        std::vector<PastService> found{past.services()[0]};
        if (found[0].service.leader) found[0].leader = Fact::alive;
        return found;
    };
    constexpr char alive[] = "pid=4711\nstart_time=12\n";
    const auto recovered = [&](const std::vector<PastService>& past) {
        auto next = std::make_unique<Rig>();
        const Ref<const Policy> defaults(new Policy(test::default_policy()));
        next->core.take_over(past, defaults, candidates, next->now);
        return next;
    };
    const auto running = recovered(status("running", "up", alive));
    CHECK((*running)["web"].leader == Process{4711, 12});
    CHECK((*running)["web"].runs == 3);
    CHECK_FALSE((*running)["web"].stale());
    CHECK(running->state("web") == State::running);
    CHECK(recovered(status("stopped", "down", ""))->state("web") == State::stopped);
    CHECK(recovered(status("failed", "up", "exit=1\n"))->state("web") == State::failed);
    CHECK(recovered(status("done", "up", "exit=0\n"))->state("web") == State::done);
    for (const char* idle : {"backoff", "waiting", "running"})
        CHECK(recovered(status(idle, "up", ""))->state("web") == State::starting);
    const auto stopping = recovered(status("stopping", "down", alive));
    CHECK(stopping->state("web") == State::stopping);
    CHECK(stopping->deadline("web") == 7000);
}

TEST_CASE("what a damaged journal still knows of a process counts where the status does not") {
    Past status;
    status.take_status("name=web\nstate=waiting\nwant=up\n");
    status.take_status("name=db\nstate=running\nwant=up\npid=5\nstart_time=5\n");
    status.services()[1].leader = Fact::alive;
    Rig rig({define("web"), define("db"), define("new")});
    rig.run("web");
    Past damaged =
        recollect({header(), record_of(rig["web"]), record_of(rig["db"]), record_of(rig["new"])});
    damaged.services()[0].leader = Fact::alive;
    status.fill_in(std::move(damaged));
    CHECK(status.uid() == "the-uid");
    REQUIRE(status.services().size() == 3);
    CHECK(status.services()[0].service.state == State::running);
    CHECK(status.services()[1].service.leader == Process{5, 5});
    CHECK(status.services()[2].service.name == "new");
}

TEST_CASE("the journal of a later reeve is known for one") {
    Buffer<record_max_bytes> line;
    append_header_record(line, {"the-boot", "the-uid", record_version + 1});
    CHECK(recollect({line_of(line)}).of_later_version());
    CHECK_FALSE(recollect({header()}).of_later_version());
    CHECK_FALSE(recollect({}).has_header());
}

TEST_CASE("a process that cannot be verified makes its service unknown, until it is asked for") {
    Rig rig({define("web")});
    rig.run("web");
    std::vector<PastService> past(1);
    past[0].service = rig["web"];
    past[0].digest = 1;
    std::string words = "process 101 may be its own";
    SECTION("itself") { past[0].leader = Fact::unverified; }
    SECTION("what is left of its group") {
        past[0].group_doubted = true;
        words = "process group 101 may be its own";
    }
    const bool is_broken = GENERATE(false, true);
    const Ref<const Definition> file = is_broken ? Ref<const Definition>() : define("web");
    const std::vector<Candidate> candidates{{"web", "", file, is_broken ? "it is broken" : ""}};
    const Ref<const Policy> defaults(new Policy(test::default_policy()));
    Rig next;
    next.core.take_over(past, defaults, candidates, next.now);
    CHECK(next.state("web") == State::unknown);
    CHECK_FALSE(next["web"].leader);
    CHECK(next.reason("web").find(words) == 0);
    if (is_broken) return;  // it stays so: once it is mended nothing is started beside it
    next.down("web");
    CHECK(next.asked().empty());
    next.up("web");
    CHECK(next.asked() == "spawn web");
}

TEST_CASE("what was to be forked, and was not, is so by the next reeve, at once") {
    const Ref<const Definition> file = define("web");
    Rig rig({file});
    REQUIRE(rig.asked() == "spawn web");
    Next next(rig, std::vector<PastService>(1), {{"web", "", file, ""}});
    CHECK(next.asked() == "spawn web");
    CHECK(next.state("web") == State::starting);
    next.run("web");
    CHECK(next["web"].runs == 1);
}

TEST_CASE("a hook that was to be run, and was not, is so by the next reeve; else it is over") {
    const Ref<const Definition> file =
        define("web", [](Definition&, Policy& policy) { policy.post_stop = "clean"; });
    Rig rig({file});
    rig.run("web");
    rig.down("web");
    rig.died("web", 15);
    REQUIRE(rig.asked().find("run_hook web post_stop") != std::string::npos);
    std::vector<PastService> past(1);
    CHECK(Next(rig, past, {{"web", "", file, ""}}).asked() == "run_hook web post_stop");
    past[0].hooks[static_cast<size_t>(Hook::post_stop)].process = {4711, 12};
    Next knows(rig, past, {{"web", "", file, ""}});
    CHECK(knows.asked().empty());
    CHECK(knows.state("web") == State::stopped);
}

TEST_CASE("a start_check has its time, though reeve was away until past start_timeout") {
    const ReadyKind kind = GENERATE(ReadyKind::exec, ReadyKind::fd, ReadyKind::notify);
    const bool runs = GENERATE(false, true);
    const Ref<const Definition> file = define("web", [&](Definition&, Policy& policy) {
        policy.ready = {.kind = kind, .fd = 3};
        policy.start_check = "ask";
        policy.start_timeout = seconds(20);
        policy.start_check_interval = seconds(15);
    });
    Rig rig({file});
    rig.run("web");
    if (kind != ReadyKind::exec && runs) rig.ready("web");
    std::vector<PastService> past(1);
    past[0].leader = Fact::alive;
    past[0].hooks[static_cast<size_t>(Hook::start_check)] = {{4711, 12}, Fact::gone};
    rig.now.mono = rig.now.mono + seconds(300);
    Next next(rig, past, {{"web", "", file, ""}});
    if (next["web"].phase == Phase::readying) {
        // What was said by notify is lost, and counts as said once start_timeout has passed.
        if (kind == ReadyKind::notify)
            next.pass(milliseconds(0));
        else
            next.ready("web");
    } else {
        next.pass_to_deadline();
    }
    REQUIRE(next["web"].phase == Phase::checking);
    next.pass(milliseconds(4900));
    next.hook("web", Hook::start_check);
    CHECK(next.state("web") == State::running);
}

TEST_CASE("a hook of a failed service whose file is broken by now needs no definition") {
    const bool runs = GENERATE(false, true);
    Rig rig({define("web")});
    std::vector<PastService> past(1);
    past[0].service = rig["web"];
    Service& service = past[0].service;
    service.state = State::failed;
    service.phase = Phase::idle;
    service.reason = {.code = ReasonCode::no_restart};
    service.hooks = 1 << static_cast<unsigned>(Hook::on_fail);
    if (runs) past[0].hooks[static_cast<size_t>(Hook::on_fail)] = {{4711, 12}, Fact::alive};
    const std::vector<Candidate> candidates{{"web", "", {}, "it is broken"}};
    const Ref<const Policy> defaults(new Policy(test::default_policy()));
    Rig next;
    next.core.take_over(past, defaults, candidates, next.now);
    CHECK(next.asked().empty());
    CHECK(next.state("web") == State::invalid);
    CHECK((next["web"].hooks != 0) == runs);
}

TEST_CASE("nobody comes after the hook of what has no definition to begin by") {
    const auto after_db = [](Definition& definition, Policy&) { definition.after.append("db"); };
    const Ref<const Definition> web = define("web", after_db);
    Rig before({define("db"), web});
    before.spawned("db");
    before["db"].hooks = 1 << static_cast<unsigned>(Hook::on_fail);  // of the run before this one
    std::vector<PastService> past(2);
    past[0].leader = Fact::alive;
    past[0].hooks[static_cast<size_t>(Hook::on_fail)] = {{4711, 12}, Fact::alive};
    before.down("web");
    Next next(before, past, {{"db", "", {}, "it is broken"}, {"web", "", web, ""}});
    next.exited("db", 1);
    REQUIRE(next.states() == "db invalid, web stopped");
    REQUIRE(next["db"].hooks != 0);
    next.up("web");
    CHECK(next.state("web") == State::starting);
}

TEST_CASE("what runs goes on while its file is broken, and is not started from nothing") {
    Rig rig({define("web")});
    rig.run("web");
    const std::vector<Candidate> broken{{"web", "", {}, "FILE:1: broken"}};
    std::vector<PastService> past(1);
    SECTION("it has ended meanwhile") { past[0].leader = Fact::gone; }
    SECTION("it ends later") { past[0].leader = Fact::alive; }
    SECTION("it was about to be retried") { rig.exited("web", 1); }
    Next next(rig, past, broken);
    if (next["web"].leader) {
        CHECK(next.state("web") == State::running);
        next.exited("web", 1);
    }
    CHECK(next.state("web") == State::invalid);
    CHECK(next.asked().find("spawn") == std::string::npos);
    next.load({define("web")});
    CHECK(next.asked() == "spawn web");
}

TEST_CASE("how a run ended whose definition could not be read yet is judged once it is") {
    const auto definitions = [] {
        return std::vector{define("job",
                                  [](Definition&, Policy& policy) {
                                      policy.type = Type::oneshot;
                                      policy.post_stop = "true";
                                  }),
                           define("web")};
    };
    Rig before(definitions());
    before.run("job");
    before.run("web");
    std::vector<PastService> past(2);
    for (PastService& each : past) each.leader = Fact::child;
    Next next(before, past, {}, true);
    CHECK(next.states() == "job running, web running");
    next.exited("job", 0);
    next.died("web", SIGKILL);
    CHECK(next.asked() == "end_run job, end_run web");
    CHECK(next.states() == "job waiting, web waiting");
    CHECK(next["web"].reason.code == ReasonCode::definition_unread);
    next.up("web");
    next.pass(seconds(100));
    CHECK(next.asked().empty());
    CHECK(next.states() == "job waiting, web waiting");
    next.core.set_unread(false);
    next.load(definitions());
    CHECK(next.asked() == "run_hook job post_stop");
    CHECK(next.state("web") == State::backoff);
    next.hook("job", Hook::post_stop);
    CHECK(next.state("job") == State::done);
    CHECK(next["job"].runs == 1);
}

TEST_CASE("what was to begin when its definition could not be read begins once it can be") {
    Rig before({define("web")});
    CHECK(before.asked() == "spawn web");  // and was not
    Next next(before, std::vector<PastService>(1), {}, true);
    CHECK(next.states() == "web waiting");
    next.asked();
    next.core.set_unread(false);
    next.load({define("web")});
    CHECK(next.asked() == "spawn web");
}

TEST_CASE("with definitions that cannot be read nothing is restarted, and what is to stop stops") {
    Rig before({define("db"), define("web")});
    before.run("db");
    before.run("web");
    std::vector<PastService> past(2);
    for (PastService& each : past) each.leader = Fact::child;
    Next next(before, past, {}, true);
    next.restart("web");
    CHECK(next.asked().empty());
    next.down("db");
    CHECK(next.asked() == "signal_group db 15");
    next.died("db", SIGTERM);
    CHECK(next.states() == "db stopped, web running");
    next.core.set_unread(false);
    next.asked();
    next.load({define("db"), define("web")});
    CHECK(next.asked() == "signal_group web 15");
    CHECK(next.state("db") == State::stopped);
}
