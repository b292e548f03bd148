// Control groups of hierarchies that are files of the test's own.

#include <filesystem>

#include "catch.h"
#include "kernel/control_group.h"
#include "support/kernel_fixture.h"
#include "support/skip.h"

using namespace reeve;
using namespace reeve::test;

namespace {

// /proc/PID/cgroup and /proc/PID/mountinfo in their own words; "{dir}" is the directory.
struct Hierarchy {
    TemporaryDirectory directory;
    std::string groups;
    std::string mounts;

    std::string filled(std::string text) const {
        for (size_t at = 0; (at = text.find("{dir}", at)) != std::string::npos;)
            text.replace(at, 5, directory.path());
        return text;
    }
    Hierarchy(const std::string& group_lines, const std::string& mount_lines)
        : groups(directory.file("cgroup", group_lines)),
          mounts(directory.file("mountinfo", filled(mount_lines))) {}
    GroupSources sources() const { return {groups.c_str(), mounts.c_str()}; }
    void add(const std::string& path, const std::string& text) const {
        const std::string whole = directory / path;
        std::filesystem::create_directories(std::filesystem::path(whole).parent_path());
        write_file(whole, text);
    }
    // Where it is, without the directory; "-": nowhere.
    std::string place(std::string_view controller) const {
        ControlGroup group;
        if (!find_group(sources(), controller, group)) return "-";
        CHECK(group.directory.view().starts_with(directory.path()));
        return std::string(group.directory.view().substr(directory.path().size()));
    }
    std::string limits() const {
        const platform::GroupLimits found = limits_of_group(sources());
        return std::to_string(found.memory_bytes) + " " + std::to_string(found.cpu_percent) + " " +
               std::to_string(found.processes);
    }
};

const std::string other_mounts = "21 1 0:20 / /proc rw,nosuid - proc proc rw\n"
                                 "22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw,memory\n";

}  // namespace

TEST_CASE("the limits of version 2 are the smallest of the group's and of those above it") {
    if (cannot_run(platform::has_confinement, "no control groups here")) return;
    const Hierarchy all("0::/pod/web\n",
                        other_mounts +
                            "30 22 0:27 / {dir}/cg rw - cgroup2 cgroup2 rw,nsdelegate\n");
    CHECK(all.place("memory") == "/cg/pod/web");
    CHECK(all.limits() == "0 0 0");
    all.add("cg/pod/web/memory.max", "max\n");
    all.add("cg/pod/web/cpu.max", "max 100000\n");
    all.add("cg/pod/web/pids.max", "512\n");
    CHECK(all.limits() == "0 0 512");
    all.add("cg/pod/memory.max", "536870912\n");
    all.add("cg/pod/cpu.max", "150000 100000\n");
    all.add("cg/pod/pids.max", "max\n");
    CHECK(all.limits() == "536870912 150 512");
    all.add("cg/pod/web/memory.max", "1048576\n");
    all.add("cg/pod/web/cpu.max", "500 100000\n");
    all.add("cg/memory.max", "4096\n");
    CHECK(all.limits() == "4096 1 512");
}

TEST_CASE("version 1 has a hierarchy for each controller, or for several") {
    if (cannot_run(platform::has_confinement, "no control groups here")) return;
    const Hierarchy all("5:memory:/a\n4:cpu,cpuacct:/b/c\n3:pids:/\n1:name=systemd:/d\n0::/e\n",
                        other_mounts +
                            "31 30 0:28 / {dir}/cpu rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
                            "32 30 0:29 / {dir}/memory rw - cgroup cgroup rw,memory\n"
                            "33 30 0:30 / {dir}/pids rw - cgroup cgroup rw,pids\n"
                            "34 30 0:31 / {dir}/unified rw - cgroup2 cgroup2 rw\n");
    CHECK(all.place("memory") == "/memory/a");
    CHECK(all.place("cpu") == "/cpu/b/c");
    CHECK(all.place("pids") == "/pids");
    CHECK(all.place("io") == "/unified/e");  // a controller of the other version
    all.add("memory/a/memory.limit_in_bytes", "9223372036854771712\n");
    all.add("cpu/b/c/cpu.cfs_quota_us", "-1\n");
    all.add("cpu/b/c/cpu.cfs_period_us", "100000\n");
    CHECK(all.limits() == "0 0 0");
    all.add("memory/a/memory.limit_in_bytes", "104857600\n");
    all.add("cpu/b/cpu.cfs_quota_us", "50000\n");
    all.add("cpu/b/cpu.cfs_period_us", "200000\n");
    all.add("pids/pids.max", "64\n");
    CHECK(all.limits() == "104857600 25 64");
}

TEST_CASE("a container that sees its own part of a hierarchy finds its group there") {
    if (cannot_run(platform::has_confinement, "no control groups here")) return;
    const std::string mount = " {dir}/memory ro - cgroup cgroup rw,memory\n";
    const std::string group = "4:memory:/docker/4f1c\n";
    CHECK(Hierarchy(group, "32 30 0:29 /docker/4f1c" + mount).place("memory") == "/memory");
    CHECK(Hierarchy(group, "32 30 0:29 /docker" + mount).place("memory") == "/memory/4f1c");
    // Of the part that is to be seen it is none, or it lies above that.
    CHECK(Hierarchy(group, "32 30 0:29 /docker/4f" + mount).place("memory") == "-");
    CHECK(Hierarchy("4:memory:/../x\n", "32 30 0:29 /" + mount).place("memory") == "-");
    CHECK(Hierarchy(group, other_mounts).place("memory") == "-");
    CHECK(Hierarchy("", "32 30 0:29 /" + mount).place("memory") == "-");
    CHECK(Hierarchy("nonsense\n:\n", "32 30\n - \n\n").place("memory") == "-");
}

TEST_CASE("a mount behind more of them than fit into one read is found") {
    if (cannot_run(platform::has_confinement, "no control groups here")) return;
    std::string mounts;
    for (int i = 0; i < 500; ++i) mounts += other_mounts;
    mounts += "9 1 0:1 / /" + std::string(5000, 'x') + " rw - tmpfs tmpfs rw\n";
    const Hierarchy all("0::/\n", mounts + "30 22 0:27 / {dir}/cg rw - cgroup2 cgroup2 rw\n");
    CHECK(all.place("memory") == "/cg");
}

TEST_CASE("the kernel's count of those killed for want of memory is read in either version") {
    if (cannot_run(platform::has_confinement, "no control groups here")) return;
    const Hierarchy second("0::/web\n", "30 22 0:27 / {dir}/cg rw - cgroup2 cgroup2 rw\n");
    CHECK_FALSE(memory_kills_in_group(second.sources()));
    second.add("cg/web/memory.events", "low 0\nhigh 2\nmax 31\noom 4\noom_kill 3\n"
                                       "oom_group_kill 1\n");
    CHECK(memory_kills_in_group(second.sources()) == 3u);
    const Hierarchy first("4:memory:/web\n", "32 30 0:29 / {dir}/m rw - cgroup cgroup rw,memory\n");
    first.add("m/web/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n");
    CHECK_FALSE(memory_kills_in_group(first.sources()));  // before Linux 4.13
    first.add("m/web/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 7\n");
    CHECK(memory_kills_in_group(first.sources()) == 7u);
}
