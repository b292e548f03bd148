// Idle costs nothing: without events no reeve process wakes up.

#include <filesystem>
#include <thread>

#include "catch.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

struct Figures {
    int processes = 0;
    long voluntary = 0;
    long involuntary = 0;
    friend bool operator==(const Figures&, const Figures&) = default;
};

// Of all processes that run the program under test.
Figures figures(const Reeve& reeve) {
    std::vector<pid_t> pids = descendants_of(reeve.pid());
    pids.push_back(reeve.pid());
    Figures sum;
    for (const pid_t pid : pids) {
        std::error_code none;
        const auto program =
            std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/exe", none);
        if (program != reeve_binary()) continue;
        ++sum.processes;
        sum.voluntary += std::atol(status_field(pid, "voluntary_ctxt_switches").c_str());
        sum.involuntary += std::atol(status_field(pid, "nonvoluntary_ctxt_switches").c_str());
    }
    return sum;
}

void expect_no_wake_up(std::chrono::seconds window) {
    Reeve reeve;
    const char* kinds[] = {
        "exec = sleep 1000\n",
        "command = echo >&3; exec sleep 1000\nready = fd:3\n",
        "command = {self} --helper notify READY=1; exec sleep 1000\nready = notify\n",
        "exec = sleep 1000\nready = after 10ms\nstart_check = true\n",
    };
    for (int i = 0; i < 20; ++i) reeve.service("idle" + std::to_string(i), kinds[i % 4]);
    reeve.start();
    for (int i = 0; i < 20; ++i) REQUIRE(reeve.reaches("idle" + std::to_string(i), "running"));
    // Who asks now is answered behind all that is still to be done.
    REQUIRE(reeve.svctl({"list"}).status == 0);
    // Quiet once two looks some time apart are the same.
    Figures before = figures(reeve);
    REQUIRE(wait_until([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        const Figures last = std::exchange(before, figures(reeve));
        return last == before;
    }));
    std::this_thread::sleep_for(window);
    const Figures after = figures(reeve);
    WARN("20 services, " << window.count() << " s: " << after.processes << " reeve process(es), "
                         << after.voluntary - before.voluntary << " voluntary and "
                         << after.involuntary - before.involuntary
                         << " involuntary context switches; resident "
                         << status_field(reeve.pid(), "VmRSS"));
    CHECK(before.processes >= 1);
    CHECK(before.voluntary > 0);
    CHECK(after == before);
}

}  // namespace

TEST_CASE("with twenty services running no reeve process wakes up") {
    if (cannot_run(exists("/proc/self/status"), "needs /proc")) return;
    expect_no_wake_up(std::chrono::seconds(5));
}

TEST_CASE("with twenty services running no reeve process wakes up in a minute", "[.long]") {
    if (cannot_run(exists("/proc/self/status"), "needs /proc")) return;
    expect_no_wake_up(std::chrono::seconds(60));
}
