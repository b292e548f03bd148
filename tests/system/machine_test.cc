// reeve as PID 1 of a machine. reboot(2) in a PID namespace ends its init: by HUP where it asked
// for a reboot, by INT where it asked for power-off or halt (pid_namespaces(7)); unshare(1) dies of
// the same signal.

#include <csignal>

#include "catch.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

bool no_machines() { return cannot_run(has_namespaces(), "PID namespaces are not permitted"); }

// Ends in order and says so.
constexpr char orderly[] = "command = trap 'echo stopped >> {dir}/said; exit' TERM; "
                           "echo started >> {dir}/said; while :; do sleep 0.05; done\n";

}  // namespace

TEST_CASE("BusyBox's signals reboot, power off and halt a machine, services stopped before") {
    if (no_machines()) return;
    struct Meaning {
        int sent;
        int died_of;
    };
    const Meaning meaning = GENERATE(Meaning{SIGTERM, SIGHUP}, Meaning{SIGINT, SIGHUP},
                                     Meaning{SIGUSR2, SIGINT}, Meaning{SIGUSR1, SIGINT});
    INFO("signal " << meaning.sent);
    Reeve reeve;
    reeve.service("web", orderly);
    reeve.start_as_pid_1({"--machine"});
    REQUIRE(reeve.has_lines("said", 1));
    reeve.signal(meaning.sent);
    CHECK(reeve.wait() == 128 + meaning.died_of);
    CHECK(reeve.text_of("said") == "started\nstopped\n");
}

TEST_CASE("on_end reboots or powers off a machine, and ends a container") {
    if (no_machines()) return;
    struct Meaning {
        const char* on_end;
        const char* kind;
        int code;
    };
    const Meaning meaning = GENERATE(Meaning{"reboot", "--machine", 128 + SIGHUP},
                                     Meaning{"poweroff", "--machine", 128 + SIGINT},
                                     Meaning{"reboot", "--container", 7});
    INFO(meaning.on_end << ' ' << meaning.kind);
    Reeve reeve;
    reeve.service("web", orderly);
    reeve.service("last", std::string("command = until [ -e {dir}/go ]; do sleep 0.01; done; "
                                      "exit 7\nrestart = never\non_end = ") +
                              meaning.on_end + "\n");
    reeve.start_as_pid_1({meaning.kind});
    REQUIRE(reeve.has_lines("said", 1));
    write_file(reeve.file("go"), "");
    CHECK(reeve.wait() == meaning.code);
    CHECK(reeve.text_of("said") == "started\nstopped\n");
}
