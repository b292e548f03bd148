// What is said to the commands that tell what happened, and what would: plan, events, boot, run.
#include <csignal>

#include "catch.h"
#include "ctl/server_fixture.h"

using namespace reeve;
using test::Bench;
using test::count;
using test::define;
using test::Peer;

namespace {

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

Ref<const Definition> oneshot(std::string_view name, Restart restart = Restart::by_type) {
    return define(name, [&](Definition&, Policy& p) {
        p.enabled = false;
        p.type = Type::oneshot;
        p.restart = restart;
    });
}

}  // namespace

TEST_CASE("plan tells what a reload would do, and carries out nothing") {
    Bench bench({define("web")});
    bench.controls.on_forecast = [] {
        Forecast forecast;
        forecast.steps.push_back({Planned::Kind::restart, "web", "its definition changed"});
        forecast.steps.push_back({Planned::Kind::add, "new@2", ""});
        return forecast;
    };
    CHECK(bench.ask("reeve/1 plan") == "name=web\naction=restart\nreason=its definition changed\n\n"
                                       "name=new@2\naction=add\nreason=\n\nend 0\n");
    CHECK(bench.controls.reloads == 0);
}

TEST_CASE("plan tells all problems first, and then ends with 1") {
    Bench bench({define("web")});
    bench.controls.on_forecast = [] {
        Forecast forecast;
        forecast.problems = {"/etc/reeve/bad:1: what\nis this", "/etc/reeve/bad:2: and this"};
        forecast.steps.push_back({Planned::Kind::refuse, "bad", "/etc/reeve/bad:1: what"});
        return forecast;
    };
    CHECK(bench.ask("reeve/1 plan") ==
          "warn /etc/reeve/bad:1: what\\x0ais this\nwarn /etc/reeve/bad:2: and this\n"
          "name=bad\naction=refuse\nreason=/etc/reeve/bad:1: what\n\nend 1\n");
}

TEST_CASE("a plan of nothing is nothing") {
    Bench bench({define("web")});
    CHECK(bench.ask("reeve/1 plan") == "end 0\n");
}

TEST_CASE("what takes no names says so") {
    Bench bench({define("web")});
    for (const char* command : {"plan", "events", "boot"})
        CHECK(bench.ask(std::string("reeve/1 ") + command + " web") == "end 2 it takes no names\n");
}

TEST_CASE("events are told oldest first, each with the reason of its own moment") {
    Bench bench({define("web")});
    bench.rig.run("web");
    bench.rig.now.wall.ms += 1500;
    bench.rig.exited("web", 3);
    CHECK(bench.ask("reeve/1 events") ==
          "time=2023-11-14T22:13:20.000Z\nname=web\ninstance=\nfrom=stopped\nto=starting\n"
          "reason=exec\n\n"
          "time=2023-11-14T22:13:20.000Z\nname=web\ninstance=\nfrom=starting\nto=running\n"
          "reason=ready\n\n"
          "time=2023-11-14T22:13:21.500Z\nname=web\ninstance=\nfrom=running\nto=backoff\n"
          "reason=exit 3, 1st failure\n\n"
          "end 0\n");
}

TEST_CASE("who follows hears of each event as it happens, and of no deadline") {
    Bench bench({define("web")});
    Peer peer(bench.path);
    peer.say("reeve/1 events follow=yes timeout=10\n");
    bench.turns(3);
    CHECK(count(peer.hear(), "to=starting\n") == 1);
    bench.pass(seconds(3600));
    CHECK(peer.hear().empty());
    CHECK_FALSE(peer.at_end);
    bench.rig.run("web");
    bench.turns(2);
    CHECK(
        mentions(peer.hear(), "name=web\ninstance=\nfrom=starting\nto=running\nreason=ready\n\n"));
    bench.rig.died("web", SIGSEGV);
    bench.turns(2);
    CHECK(mentions(peer.hear(), "from=running\nto=backoff\nreason=signal SEGV"));
}

TEST_CASE("the end of reeve is the end of the events") {
    Bench bench({define("web")});
    bench.rig.run("web");
    Peer peer(bench.path);
    peer.say("reeve/1 events follow=yes\n");
    bench.turns(3);
    peer.hear();
    bench.rig.shut_down(seconds(5));
    bench.rig.died("web", SIGTERM);
    bench.server.close();
    const std::string rest = peer.hear();
    CHECK(mentions(rest, "from=running\nto=stopping\n"));
    CHECK(mentions(rest, "to=stopped\nreason=reeve shuts down\n"));
    CHECK_FALSE(mentions(rest, "restart"));
    CHECK(bench.last_line(rest) == "end 0\n");
}

TEST_CASE("what was stopped for another's sake, or for its new file, says so while it waits") {
    const auto app = [](uint64_t process_digest) {
        return define("app", [&](Definition& d, Policy& p) {
            d.depends_on.append("db");
            d.digest = d.process_digest = process_digest;
            p.on_change = OnChange::restart;
        });
    };
    Bench bench({define("db"), app(1)});
    bench.rig.run("db");
    bench.rig.run("app");
    bench.rig.down("db");
    bench.rig.died("app", SIGTERM);
    CHECK(mentions(bench.ask("reeve/1 events"),
                   "name=app\ninstance=\nfrom=stopping\nto=waiting\nreason=goes down before db\n"));
    bench.rig.died("db", SIGTERM);
    bench.rig.up("app");
    bench.rig.run("db");
    bench.rig.run("app");
    CHECK(bench.rig.load({define("db"), app(2)}) == "restart app");
    bench.rig.died("app", SIGTERM);
    const std::string events = bench.ask("reeve/1 events");
    CHECK(mentions(events, "from=running\nto=stopping\nreason=its definition changed\n"));
    CHECK(mentions(events, "from=stopping\nto=waiting\nreason=its definition changed\n"));
    CHECK_FALSE(mentions(events, "restart asked for by svctl"));
}

TEST_CASE("who reads too slowly is told how many events were missed") {
    Bench bench({define("web", [](Definition&, Policy& p) { p.restart_delay = milliseconds(1); })});
    bench.rig.run("web");
    Peer peer(bench.path);
    peer.say("reeve/1 events follow=yes\n");
    bench.turns(3);
    peer.hear();
    // More at once than are kept, twice over: the server has no turn to tell them in.
    for (size_t i = 0; i < 2 * events_kept_max_count; ++i) {
        bench.rig.exited("web", 1);
        bench.rig.pass_to_deadline();
        bench.rig.run("web");
    }
    bench.rig.core.events().pass();
    std::string heard;
    for (int i = 0; i < 500; ++i) {
        bench.turn();
        heard += peer.hear();
    }
    const uint64_t all =
        bench.rig.core.events().first_number() + bench.rig.core.events().entries().size();
    const auto told = static_cast<uint64_t>(count(heard, "time="));
    CHECK(told >= events_kept_max_count);
    const uint64_t before = 2;  // starting, running
    CHECK(mentions(heard, "warn " + std::to_string(all - before - told) + " events were missed\n"));
    CHECK_FALSE(peer.at_end);
}

TEST_CASE("boot tells when each service started and was ready, since reeve's own start") {
    Bench bench({define("db"),
                 define("web",
                        [](Definition& d, Policy& p) {
                            d.depends_on.append("db");
                            p.ready.kind = ReadyKind::notify;
                        }),
                 define("off", [](Definition&, Policy& p) { p.enabled = false; })});
    bench.rig.pass(milliseconds(40));
    bench.rig.run("db");
    bench.rig.run("web");
    CHECK(bench.ask("reeve/1 boot") ==
          "name=db\nstate=running\nstart=2023-11-14T22:13:20.000Z\n"
          "ready=2023-11-14T22:13:20.040Z\nstart_ms=0\nready_ms=40\n\n"
          "name=web\nstate=starting\nstart=2023-11-14T22:13:20.040Z\nready=\n"
          "start_ms=40\nready_ms=\n\nend 0\n");
    bench.rig.pass(milliseconds(1500));
    bench.rig.ready("web");
    CHECK(mentions(bench.ask("reeve/1 boot"), "start_ms=40\nready_ms=1540\n"));
}

TEST_CASE("what is started once the bring-up is over is no part of it") {
    Bench bench({define("web"), oneshot("job")});
    bench.rig.run("web");
    bench.rig.restart("job");
    bench.rig.run("job");
    bench.rig.exited("web", 1);
    bench.rig.pass_to_deadline();
    bench.rig.run("web");
    const std::string answer = bench.ask("reeve/1 boot");
    CHECK(count(answer, "name=") == 1);
    CHECK(mentions(answer, "name=web\nstate=running\n"));
    CHECK(mentions(answer, "ready_ms=0\n"));
}

TEST_CASE("run ends with the run: 0 where it succeeds, 1 where it does not") {
    for (const uint8_t code : {uint8_t{0}, uint8_t{3}}) {
        Bench bench({oneshot("job")});
        Peer peer(bench.path);
        peer.say("reeve/1 run job\n");
        bench.turns(3);
        bench.rig.run("job");
        bench.turns(3);
        CHECK(peer.hear().empty());  // running is not the end of it
        bench.rig.exited("job", code);
        const std::string answer = bench.rest_of(peer);
        CHECK(mentions(answer, code == 0 ? "name=job\nstate=done\nreason=exit 0\nresult=0\n"
                                         : "reason=exit 3"));
        CHECK(bench.last_line(answer) == (code == 0 ? "end 0\n" : "end 1\n"));
    }
}

TEST_CASE("a run that fails is the answer also where it is tried again") {
    Bench bench({oneshot("job", Restart::on_failure)});
    Peer peer(bench.path);
    peer.say("reeve/1 run job\n");
    bench.turns(3);
    bench.rig.run("job");
    bench.rig.exited("job", 3);
    const std::string answer = bench.rest_of(peer);
    CHECK(mentions(answer, "state=backoff\nreason=exit 3, 1st failure, next try in 100ms\n"));
    CHECK(bench.last_line(answer) == "end 1\n");
}

TEST_CASE("a job that is done can be run again") {
    Bench bench({oneshot("job")});
    for (int runs = 1; runs <= 2; ++runs) {
        Peer peer(bench.path);
        peer.say("reeve/1 run job\n");
        bench.turns(3);
        bench.rig.run("job");
        bench.rig.exited("job", 0);
        CHECK(bench.last_line(bench.rest_of(peer)) == "end 0\n");
        CHECK(bench.rig["job"].runs == static_cast<uint32_t>(runs));
    }
}

TEST_CASE("a daemon is not run, nor what runs already; the others are all the same") {
    Bench bench({define("web", [](Definition&, Policy& p) { p.enabled = false; }), oneshot("busy"),
                 oneshot("job")});
    bench.rig.restart("busy");
    bench.rig.run("busy");
    Peer peer(bench.path);
    peer.say("reeve/1 run web busy job\n");
    bench.turns(3);
    CHECK(bench.rig.state("web") == State::stopped);
    CHECK(peer.hear() ==
          "name=web\nstate=stopped\nreason=it is a daemon: svctl up starts it\nresult=1\n\n"
          "name=busy\nstate=running\nreason=it runs already\nresult=1\n\n");
    bench.rig.run("job");
    bench.rig.exited("job", 0);
    const std::string answer = bench.rest_of(peer);
    CHECK(mentions(answer, "name=job\nstate=done\nreason=exit 0\nresult=0\n"));
    CHECK(bench.last_line(answer) == "end 1\n");
}

TEST_CASE("a run that takes too long is answered with 5, and goes on") {
    Bench bench({oneshot("job")});
    Peer peer(bench.path);
    peer.say("reeve/1 run timeout=300 job\n");
    bench.turns(3);
    bench.rig.run("job");
    bench.pass(milliseconds(300));
    const std::string answer = bench.rest_of(peer);
    CHECK(mentions(answer, "name=job\nstate=running\n"));
    CHECK(mentions(answer, "result=5\n\nend 5\n"));
    CHECK(bench.rig.state("job") == State::running);
    CHECK(bench.last_line(bench.ask("reeve/1 run wait=no job")) == "end 1\n");  // it runs already
}

TEST_CASE("run without waiting is done at once") {
    Bench bench({oneshot("job")});
    CHECK(bench.last_line(bench.ask("reeve/1 run wait=no job")) == "end 0\n");
    CHECK(bench.rig.state("job") == State::starting);
    CHECK(bench.last_line(bench.ask("reeve/1 run nosuch")) ==
          "end 4 no such service: nosuch (svctl reload reads new files)\n");
    CHECK(bench.ask("reeve/1 run") == "end 2 which service?\n");
}

TEST_CASE("rotate begins new files, of these services or of all") {
    Bench bench({define("db"), define("web")});
    CHECK(bench.last_line(bench.ask("reeve/1 rotate web")) == "end 0\n");
    CHECK(bench.controls.rotated == std::vector<uint32_t>{1});
    CHECK(bench.last_line(bench.ask("reeve/1 rotate")) == "end 0\n");
    CHECK(bench.controls.rotated == std::vector<uint32_t>{1, 0, 1});
    bench.controls.rotation_is_over = false;
    CHECK(bench.last_line(bench.ask("reeve/1 rotate wait=no web")) == "end 0\n");
    CHECK(bench.ask("reeve/1 rotate web") == "NO END: ");
    bench.controls.rotation_is_over = true;
    bench.controls.rotate_result = EINVAL;
    CHECK(mentions(bench.ask("reeve/1 rotate web"), "no files that are rotated"));
    CHECK(bench.last_line(bench.ask("reeve/1 rotate web")) == "end 1\n");
    bench.controls.rotate_result = ENOTDIR;
    CHECK(mentions(bench.ask("reeve/1 rotate web"), "its lines go to the console now"));
    CHECK(bench.ask("reeve/1 rotate") == "end 0\n");
}
