// What is said to each command, over a real socket.
#include <csignal>
#include <unistd.h>

#include "catch.h"
#include "ctl/server_fixture.h"
#include "support/tempdir.h"

using namespace reeve;
using test::Bench;
using test::count;
using test::define;
using test::Peer;

namespace {

Ref<const Definition> needs(std::string_view name, std::string_view other) {
    return define(name, [&](Definition& d, Policy&) { d.depends_on.append(other); });
}

Ref<const Definition> not_enabled(std::string_view name) {
    return define(name, [](Definition&, Policy& p) { p.enabled = false; });
}

Ref<const Definition> notifies(std::string_view name, Restart restart = Restart::by_type) {
    return define(name, [&](Definition&, Policy& p) {
        p.ready.kind = ReadyKind::notify;
        p.restart = restart;
    });
}

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("status tells of all services, and of those that are named") {
    Bench bench({define("db"), define("web")});
    bench.rig.run("db");
    const std::string all = bench.ask("reeve/1 status");
    CHECK(count(all, "name=") == 2);
    CHECK(mentions(all, "uptime_s=0\n"));
    CHECK(mentions(all, "memory_bytes="));
    CHECK(bench.last_line(all) == "end 0\n");
    const std::string one = bench.ask("reeve/1 status db");
    CHECK(count(one, "name=") == 1);
    CHECK(bench.last_line(one) == "end 0\n");
    CHECK(bench.last_line(bench.ask("reeve/1 status db web")) == "end 3\n");
    CHECK(count(bench.ask("reeve/1 status db db db"), "name=") == 1);
}

TEST_CASE("an unknown name is named in the end; the known ones are done all the same") {
    Bench bench({not_enabled("web")});
    const std::string answer = bench.ask("reeve/1 up wait=no nosuch web @label");
    CHECK(mentions(answer, "name=web\nstate=starting\n"));
    CHECK(bench.last_line(answer) ==
          "end 4 no such service: nosuch, @label (svctl reload reads new files)\n");
}

TEST_CASE("why is the chain, an object a link") {
    Bench bench({notifies("db"), needs("app", "db"), needs("web", "app")});
    bench.rig.run("db");
    bench.rig.exited("db", 1);
    CHECK(bench.ask("reeve/1 why web") ==
          "name=web\nstate=waiting\nreason=needs app\n\n"
          "name=app\nstate=waiting\nreason=needs db\n\n"
          "name=db\nstate=backoff\nreason=exit 1, 1st failure, next try in 100ms\n"
          "started=2023-11-14T22:13:20.000Z\nlog=/db\n\n"
          "end 0\n");
}

TEST_CASE("up is answered when it is ready") {
    Bench bench({define("web", [](Definition&, Policy& p) {
        p.enabled = false;
        p.ready.kind = ReadyKind::notify;
    })});
    Peer peer(bench.path);
    peer.say("reeve/1 up web\n");
    bench.turns(3);
    bench.rig.run("web");
    bench.turns(3);
    CHECK(peer.hear().empty());
    bench.rig.ready("web");
    CHECK(bench.rest_of(peer) == "name=web\nstate=running\nreason=ready\nresult=0\n\nend 0\n");
}

TEST_CASE("what is ready by exec alone is up as soon as exec has succeeded") {
    Bench bench({not_enabled("web")});
    Peer peer(bench.path);
    peer.say("reeve/1 up web\n");
    bench.turns(2);
    bench.rig.spawned("web");
    bench.turns(2);
    CHECK(peer.hear().empty());
    bench.rig.exec_done("web");
    CHECK(bench.last_line(bench.rest_of(peer)) == "end 0\n");
}

TEST_CASE("up of what waits for a failed dependency ends at once, with the chain in one line") {
    Bench bench({notifies("db", Restart::never), define("web", [](Definition& d, Policy& p) {
                     d.depends_on.append("db");
                     p.enabled = false;
                 })});
    bench.rig.run("db");
    bench.rig.exited("db", 3);
    Peer peer(bench.path);
    peer.say("reeve/1 up web\n");
    bench.turns(2);
    CHECK(peer.hear().empty());  // db is tried again
    bench.rig.run("db");
    bench.rig.exited("db", 3);
    const std::string answer = bench.rest_of(peer);
    CHECK(mentions(answer, "name=web\nstate=waiting\nreason=needs db; db is failed: exit 3"));
    CHECK(mentions(answer, "result=1\n\nend 1\n"));
}

TEST_CASE("up of a withdrawn service fails") {
    Bench bench({define("old", [](Definition&, Policy& p) { p.type = Type::fake; })});
    CHECK(mentions(bench.ask("reeve/1 up old"), "reason=type = fake\nresult=1\n\nend 1\n"));
}

TEST_CASE("down is answered when nothing of it is left") {
    Bench bench({define("web")});
    bench.rig.run("web");
    Peer peer(bench.path);
    peer.say("reeve/1 down web\n");
    bench.turns(3);
    CHECK(bench.rig.state("web") == State::stopping);
    CHECK(peer.hear().empty());
    bench.rig.died("web", SIGTERM);
    CHECK(mentions(bench.rest_of(peer), "state=stopped"));
}

TEST_CASE("up of a oneshot waits for its end and tells how that was") {
    for (const uint8_t code : {0, 3}) {
        Bench bench({define("job", [](Definition&, Policy& p) {
            p.type = Type::oneshot;
            p.enabled = false;
        })});
        Peer up(bench.path);
        up.say("reeve/1 up job\n");
        bench.turns(2);
        bench.rig.run("job");
        Peer wait(bench.path);
        Peer again(bench.path);
        wait.say("reeve/1 wait job\n");
        again.say("reeve/1 up job\n");
        bench.turns(3);
        for (Peer* peer : {&up, &wait, &again}) CHECK(peer->hear().empty());
        bench.rig.exited("job", code);
        for (Peer* peer : {&up, &wait, &again})
            CHECK(bench.last_line(bench.rest_of(*peer)) == (code == 0 ? "end 0\n" : "end 1\n"));
    }
}

TEST_CASE(
    "who waits for the contrary of what another client asks for is told at once, and by whom") {
    Bench bench({define("db"), needs("web", "db")});
    bench.rig.run("db");
    bench.rig.run("web");
    Peer down(bench.path);
    down.say("reeve/1 down db\n");
    bench.turns(3);
    CHECK(down.hear().empty());
    Peer up(bench.path);
    up.say("reeve/1 up web\n");
    bench.turns(3);
    const std::string told = down.hear();
    CHECK(mentions(told, "reason=overtaken by svctl up web, user " + std::to_string(geteuid())));
    CHECK(mentions(told, ", process " + std::to_string(getpid())));
    CHECK(mentions(told, "result=1\n\nend 1\n"));
    Peer last(bench.path);
    last.say("reeve/1 down web\n");
    bench.turns(3);
    CHECK(mentions(bench.rest_of(up), "name=web\nstate=stopping\nreason=overtaken by svctl down "
                                      "web, user "));
    bench.rig.died("web", SIGTERM);
    CHECK(bench.last_line(bench.rest_of(last)) == "end 0\n");
}

TEST_CASE("what an edit brings up is waited for, and seen not to end at once") {
    const auto reload = [](Bench& bench, Change::Kind kind) {
        bench.controls.on_reload = [&bench, kind] {
            Reloaded reloaded;
            bench.rig.restart("web");
            reloaded.changes = {{kind, {0}, "web"}};
            return reloaded;
        };
    };
    for (const bool lives : {true, false}) {
        Bench bench({not_enabled("web")});
        reload(bench, Change::Kind::add);
        Peer peer(bench.path);
        peer.say("reeve/1 reload watch=yes\n");
        bench.turns(3);
        bench.rig.run("web");
        bench.turns(3);
        CHECK(peer.hear().empty());
        if (lives)
            bench.pass(milliseconds(ends_at_once_ms));
        else
            bench.rig.exited("web", 1);
        const std::string answer = bench.rest_of(peer);
        CHECK(mentions(answer, "action=add\n"));
        CHECK(mentions(answer, lives ? "state=running\n"
                                     : "state=backoff\nreason=exit 1, 1st "
                                       "failure, next try in "));
        CHECK(bench.last_line(answer) == (lives ? "end 0\n" : "end 1\n"));
    }
    // Without that it is told what the definitions are, and not waited for.
    Bench bench({not_enabled("web")});
    reload(bench, Change::Kind::add);
    CHECK(mentions(bench.ask("reeve/1 reload"), "action=add\nstate=starting\n"));
}

TEST_CASE("nothing to do is done at once") {
    Bench bench({define("web"), not_enabled("off")});
    bench.rig.run("web");
    bench.rig.now.mono = bench.rig.now.mono + seconds(1);
    CHECK(bench.last_line(bench.ask("reeve/1 up web")) == "end 0\n");
    CHECK(bench.last_line(bench.ask("reeve/1 down off")) == "end 0\n");
    CHECK(bench.last_line(bench.ask("reeve/1 wait web")) == "end 0\n");
}

TEST_CASE("restart is answered by the next run") {
    Bench bench({define("web")});
    bench.rig.run("web");
    Peer peer(bench.path);
    peer.say("reeve/1 restart web\n");
    bench.turns(3);
    bench.rig.died("web", SIGTERM);
    bench.turns(1);
    CHECK(peer.hear().empty());
    bench.rig.run("web");
    CHECK(mentions(bench.rest_of(peer), "state=running\nreason=ready\nresult=0"));
    CHECK(bench.rig["web"].runs == 2);
}

TEST_CASE("past its timeout a request is answered with what is not there yet") {
    Bench bench({notifies("slow"), define("quick")});
    bench.rig.run("slow");
    bench.rig.run("quick");
    Peer peer(bench.path);
    peer.say("reeve/1 wait timeout=300 quick slow\n");
    bench.turns(3);
    CHECK(peer.hear() == "name=quick\nstate=running\nreason=ready\nresult=0\n\n");
    CHECK(bench.server.next_deadline() == bench.rig.now.mono + milliseconds(300));
    bench.pass(milliseconds(300));
    CHECK(bench.rest_of(peer) ==
          "name=slow\nstate=starting\nreason=awaiting READY=1\nresult=5\n\nend 5\n");
}

TEST_CASE("without waiting the answer is what is so right now") {
    Bench bench({notifies("web")});
    bench.rig.run("web");
    CHECK(bench.last_line(bench.ask("reeve/1 restart wait=no web")) == "end 0\n");
    CHECK(bench.last_line(bench.ask("reeve/1 wait wait=no web")) == "end 5\n");
}

TEST_CASE("wait for a state sees it however short it lasts") {
    Bench bench({define("web")});
    bench.rig.run("web");
    Peer peer(bench.path);
    peer.say("reeve/1 wait state=backoff web\n");
    bench.turns(2);
    CHECK(peer.hear().empty());
    bench.rig.exited("web", 1);
    bench.rig.pass_to_deadline();
    REQUIRE(bench.rig.state("web") != State::backoff);
    CHECK(mentions(bench.rest_of(peer), "result=0"));
}

TEST_CASE("wait for what is not wanted fails") {
    Bench bench({not_enabled("off")});
    CHECK(bench.last_line(bench.ask("reeve/1 wait off")) == "end 1\n");
}

TEST_CASE("a signal is sent; to what does not run it is not") {
    Bench bench({define("web")});
    CHECK(bench.last_line(bench.ask("reeve/1 signal number=10 web")) == "end 0\n");
    CHECK(bench.controls.signals == std::vector<std::pair<uint32_t, int>>{{0, 10}});
    bench.controls.signal_result = ESRCH;
    CHECK(bench.last_line(bench.ask("reeve/1 signal number=10 web")) == "end 3\n");
    bench.controls.signal_result = EPERM;
    CHECK(mentions(bench.ask("reeve/1 signal number=10 web"),
                   "reason=Operation not permitted\nresult=6\n\nend 6\n"));
}

TEST_CASE("reload of a service waits for its reload_command") {
    Bench bench({define("web", [](Definition&, Policy& p) { p.reload_command = "true"; }),
                 not_enabled("off")});
    bench.rig.run("web");
    Peer peer(bench.path);
    peer.say("reeve/1 reload web\n");
    bench.turns(3);
    CHECK(bench.rig["web"].hook_runs(Hook::reload_command));
    CHECK(peer.hear().empty());
    bench.rig.hook("web", Hook::reload_command);
    bench.turns(3);
    CHECK(peer.hear().empty());
    bench.pass(milliseconds(ends_at_once_ms));
    CHECK(bench.last_line(bench.rest_of(peer)) == "end 0\n");
    CHECK(bench.last_line(bench.ask("reeve/1 reload off")) == "end 3\n");
    CHECK(bench.controls.reloads == 0);
}

TEST_CASE("reload of a service that ends of the signal within a second has failed, and says so") {
    Bench bench({define("web")});
    bench.rig.run("web");
    Peer peer(bench.path);
    peer.say("reeve/1 reload web\n");
    bench.turns(3);
    CHECK(bench.server.next_deadline() == bench.rig.now.mono + milliseconds(ends_at_once_ms));
    bench.rig.died("web", SIGHUP);
    const std::string answer = bench.rest_of(peer);
    CHECK(mentions(answer, "state=backoff\nreason=it ended when it was told to reload: signal HUP, "
                           "1st failure"));
    CHECK(bench.last_line(answer) == "end 1\n");
}

TEST_CASE("reload without a name tells all problems and changes, and waits until they hold") {
    Bench bench({define("old"), define("web")});
    bench.rig.run("old");
    bench.rig.run("web");
    bench.controls.on_reload = [&] {
        List<ServiceId> ids;
        for (const char* name : {"old", "web"}) bench.rig.core.select(name, ids);
        bench.rig.down("old");
        Reloaded reloaded;
        reloaded.changes = {{Change::Kind::remove, ids[0], "old"},
                            {Change::Kind::stale, ids[1], "web"}};
        reloaded.problems = {"/etc/reeve/bad:1: what\nis this", "/etc/reeve/bad:2: and this"};
        return reloaded;
    };
    Peer peer(bench.path);
    peer.say("reeve/1 reload\n");
    bench.turns(3);
    CHECK(peer.hear() ==
          "warn /etc/reeve/bad:1: what\\x0ais this\nwarn /etc/reeve/bad:2: and this\n"
          "name=web\naction=stale\nstate=running\nreason=ready\nresult=0\n\n");
    bench.rig.died("old", SIGTERM);
    CHECK(bench.rest_of(peer) ==
          "name=old\naction=remove\nstate=stopped\nreason=asked for by svctl\nresult=0\n\nend 1\n");
}

TEST_CASE("directories are told in their order") {
    Bench bench({define("web")});
    CHECK(bench.ask("reeve/1 directories") ==
          "directory=/etc/reeve\n\ndirectory=/srv/own services\n\nend 0\n");
    bench.controls.trusted = "/etc/reeve";
    CHECK(bench.ask("reeve/1 directories") ==
          "directory=/etc/reeve\ntrusted=yes\n\ndirectory=/srv/own services\n\nend 0\n");
}

TEST_CASE("exit waits for the end of the connection, or of its time") {
    Bench bench({define("web")});
    Peer peer(bench.path);
    peer.say("reeve/1 exit number=42 timeout=1000\n");
    bench.turns(3);
    CHECK(bench.controls.end_code == 42);
    CHECK(peer.hear() == "ending\n");
    CHECK_FALSE(peer.at_end);
    bench.pass(seconds(1));
    CHECK(bench.rest_of(peer) == "end 5 reeve has not ended yet\n");
    CHECK(bench.ask("reeve/1 exit wait=no") == "end 0\n");
}

TEST_CASE(
    "at its end reeve answers who waits; who waits for the end hears of it by the process's") {
    Bench bench({define("web"), define("db")});
    bench.rig.run("web");
    bench.rig.run("db");
    Peer up(bench.path);
    Peer down(bench.path);
    Peer end(bench.path);
    Peer silent(bench.path);
    down.say("reeve/1 down db\n");
    up.say("reeve/1 wait state=backoff web\n");
    end.say("reeve/1 exit\n");
    bench.turns(3);
    bench.rig.shut_down(seconds(5));
    bench.rig.died("db", SIGTERM);
    bench.server.close();
    CHECK(mentions(down.hear(), "result=0\n\nend 0\n"));
    CHECK(mentions(up.hear(), "result=1\n\nend 1\n"));
    CHECK(end.hear() == "ending\n");
    CHECK_FALSE(end.at_end);
    silent.hear();
    CHECK(silent.at_end);
    CHECK_FALSE(test::exists(bench.path));
    CHECK(bench.server.client_count() == 0);
}
