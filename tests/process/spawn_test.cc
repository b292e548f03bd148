// What a child has made of itself once it executes its program, and what comes back where it fails.
#include <fcntl.h>
#include <sys/resource.h>

#include "catch.h"
#include "kernel/platform.h"
#include "process/spawn.h"
#include "spawn_fixture.h"

using namespace reeve;
using namespace reeve::test;

namespace {

// An environment of a test's own, null at its end.
using Environment = std::vector<const char*>;

}  // namespace

TEST_CASE("a child starts with default dispositions and an empty mask") {
    SpawnFixture child;
    auto ignored_before = ::signal(SIGUSR1, SIG_IGN);
    auto child_before = ::signal(SIGCHLD, SIG_IGN);
    auto pipe_before = ::signal(SIGPIPE, SIG_IGN);
    sigset_t blocked;
    sigset_t before;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGUSR2);
    ::sigaddset(&blocked, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &blocked, &before);
    child.set_exec({"/bin/cat", "/proc/self/status"});
    std::string text;
    {
        SpawnFixture& self = child;
        ::signal(SIGCHLD, SIG_DFL);  // waitpid needs it; TERM and USR2 stay blocked
        text = self.output();
    }
    sigset_t after;
    ::sigprocmask(SIG_SETMASK, &before, &after);
    CHECK(::sigismember(&after, SIGUSR2) == 1);  // the parent's mask is as it was
    CHECK(::sigismember(&after, SIGHUP) == 0);
    ::signal(SIGUSR1, ignored_before);
    ::signal(SIGCHLD, child_before);
    ::signal(SIGPIPE, pipe_before);
    CHECK(text.find("SigBlk:\t0000000000000000") != std::string::npos);
    CHECK(text.find("SigIgn:\t0000000000000000") != std::string::npos);
    CHECK(text.find("SigCgt:\t0000000000000000") != std::string::npos);
}

TEST_CASE("a child has descriptors 0 to 2 and nothing else") {
    SpawnFixture child;
    REQUIRE(child.start_stopped());
    CHECK(child.descriptors() == std::set<int>{0, 1, 2});
    for (const char* name : {"fd/0", "fd/1", "fd/2"}) CHECK(child.link(name) == "/dev/null");
}

TEST_CASE("a service leads a session and a group of its own, without a terminal") {
    SpawnFixture child;
    REQUIRE(child.start_stopped());
    CHECK(::getsid(child.pid) == child.pid);
    CHECK(::getpgid(child.pid) == child.pid);
}

TEST_CASE("a service runs in / unless it names a directory") {
    SpawnFixture child;
    REQUIRE(child.start_stopped());
    CHECK(child.link("cwd") == "/");
    SpawnFixture other;
    other.definition->workdir = other.directory.path();
    REQUIRE(other.start_stopped());
    CHECK(other.link("cwd") == other.directory.path());
}

TEST_CASE("the output goes to the descriptor that is given, the input comes from a file") {
    SpawnFixture child;
    child.policy->input = child.directory.file("input", "hello\n");
    CHECK(child.output_of("cat; echo error >&2") == "hello\nerror\n");
}

TEST_CASE("with stdin = fifo the input is the descriptor that is given; a hook has none of it") {
    SpawnFixture child;
    child.policy->input = "fifo";
    Fd read_end;
    Fd write_end;
    REQUIRE(sys::pipe(read_end, write_end) == 0);
    REQUIRE(sys::write(write_end.get(), "hello\n", 6) == 6);
    child.set_exec({"/bin/sh", "-c", "read -r line; test \"$line\" = hello"});
    child.placements.push_back({read_end.get(), 0});
    REQUIRE(child.prepare());
    auto spawned = spawn(child.plan, child.pace);
    REQUIRE(spawned);
    child.pid = spawned->pid;
    child.reaped = false;
    // No file of the user's is opened: the start is waited for, as without a stdin.
    CHECK((spawned->exec.status == ExecStatus::done || !platform::can_share_memory));
    CHECK(child.exit_code() == 0);
    child.set_output(null_device);
    child.request.mode = SpawnMode::hook;
    child.request.shell_line = "test \"$(readlink /proc/$$/fd/0)\" = /dev/null";
    CHECK(child.start() == ExecStatus::done);
    CHECK(child.exit_code() == 0);
}

TEST_CASE("inherited output is reeve's own") {
    SpawnFixture child;
    child.inherit_output();
    REQUIRE(child.start_stopped());
    std::error_code code;
    CHECK(child.link("fd/1") == std::filesystem::read_symlink("/proc/self/fd/1", code).string());
    CHECK(child.link("fd/0") == "/dev/null");
}

TEST_CASE("a readiness descriptor has its number, whatever stands in its way") {
    for (int number : {3, 4, 5, 6, 7, 8, 9, 20}) {
        CAPTURE(number);
        SpawnFixture child;
        Fd read_end;
        Fd write_end;
        Fd output(sys::open((child.directory / "out").c_str(), O_WRONLY | O_CREAT, 0600));
        REQUIRE(sys::pipe(read_end, write_end) == 0);
        child.set_output(output.get());
        child.placements.push_back({write_end.get(), number});
        std::string line = "echo out; eval 'echo ready >&" + std::to_string(number) + "'; ";
        // A shell may know one digit only as a descriptor: /dev/fd knows them all.
        if (number > 9) line = "echo out; echo ready >/dev/fd/" + std::to_string(number) + "; ";
        REQUIRE(child.start_stopped(line));
        CHECK(child.descriptors() == std::set<int>{0, 1, 2, number});
        char text[16] = {};
        CHECK(sys::read(read_end.get(), text, sizeof text - 1) == 6);
        CHECK(std::string(text) == "ready\n");
        CHECK(read_file(child.directory / "out") == "out\n");
    }
}

TEST_CASE("a readiness descriptor may even be one of 0 to 2") {
    SpawnFixture child;
    Fd read_end;
    Fd write_end;
    REQUIRE(sys::pipe(read_end, write_end) == 0);
    child.placements.push_back({write_end.get(), 1});
    REQUIRE(child.start_stopped("echo ready; "));
    char text[16] = {};
    CHECK(sys::read(read_end.get(), text, sizeof text - 1) == 6);
    CHECK(child.descriptors() == std::set<int>{0, 1, 2});
}

TEST_CASE("limits, nice, umask and oom_score_adj are what the definition says") {
    SpawnFixture child;
    auto limit = [&](LimitName name) -> Limit& {
        return child.policy->limits[static_cast<size_t>(name)];
    };
    limit(LimitName::nofile) = {true, 20, 30};
    limit(LimitName::core) = {true, 0, 0};
    limit(LimitName::fsize) = {true, 4096, unlimited};
    child.policy->nice = static_cast<int8_t>(7);
    child.policy->umask = 027;
    if (platform::has_oom_score_adj) child.policy->oom_score_adj = static_cast<int16_t>(300);
    struct rlimit own {};
    ::getrlimit(RLIMIT_FSIZE, &own);
    if (own.rlim_max != RLIM_INFINITY) limit(LimitName::fsize) = {true, 4096, 4096};
    REQUIRE(child.start_stopped());
    CHECK(child.limit("Max open files") == "20 30");
    CHECK(child.limit("Max core file size") == "0 0");
    CHECK(child.limit("Max file size") ==
          (own.rlim_max == RLIM_INFINITY ? "4096 unlimited" : "4096 4096"));
    CHECK(::getpriority(PRIO_PROCESS, static_cast<id_t>(child.pid)) == 7);
    CHECK(child.status_line("Umask") == "0027");
    if (platform::has_oom_score_adj) CHECK(read_file(child.proc("oom_score_adj")) == "300\n");
}

TEST_CASE("a limit of three descriptors is no hindrance to the set-up") {
    SpawnFixture child;
    Fd read_end;
    Fd write_end;
    REQUIRE(sys::pipe(read_end, write_end) == 0);
    child.placements.push_back({write_end.get(), 40});
    child.policy->limits[static_cast<size_t>(LimitName::nofile)] = {true, 3, 3};
    child.set_exec({"/bin/true"});
    // The dynamic linker wants a descriptor: exec itself is what counts.
    CHECK(child.start() == ExecStatus::done);
    child.wait();
}

TEST_CASE("no_new_privs holds in the child") {
    if (cannot_run(platform::has_no_new_privs, "not on this platform")) return;
    SpawnFixture child;
    child.policy->no_new_privs = true;
    REQUIRE(child.start_stopped());
    CHECK(child.status_line("NoNewPrivs") == "1");
}

TEST_CASE("the user one already is needs no rights") {
    SpawnFixture child;
    Fault fault(sys::Call::setgroups, EPERM);
    std::string self = std::to_string(::geteuid()) + ":" + std::to_string(::getegid());
    child.policy->user = self;
    CHECK(child.start_stopped());
}

TEST_CASE("a service runs as its user, with that user's groups and home") {
    if (cannot_run(is_root(), "not root")) return;
    SpawnFixture child;
    std::string passwd = child.directory.file("passwd", "www:x:4321:4322::/srv/www:/bin/false\n");
    std::string group = child.directory.file("group", "logs:x:4400:www\nmore:x:4401:other,www\n");
    child.request.user_files = {passwd.c_str(), group.c_str()};
    child.policy->user = "www";
    child.definition->env.append("HOME=/elsewhere");
    REQUIRE(child.start_stopped());
    CHECK(child.status_line("Uid") == "4321\t4321\t4321\t4321");
    CHECK(child.status_line("Gid") == "4322\t4322\t4322\t4322");
    CHECK(child.status_line("Groups") == "4322 4400 4401 ");
    auto environment = child.environment();
    CHECK(environment["USER"] == "www");
    CHECK(environment["LOGNAME"] == "www");
    CHECK(environment["SHELL"] == "/bin/false");
    CHECK(environment["HOME"] == "/elsewhere");  // env beats it
}

TEST_CASE("a number without an entry loses reeve's groups") {
    if (cannot_run(is_root(), "not root")) return;
    SpawnFixture child;
    child.policy->user = "54321:54322";
    REQUIRE(child.start_stopped());
    CHECK(child.status_line("Uid") == "54321\t54321\t54321\t54321");
    CHECK(child.status_line("Groups") == "54322 ");
}

TEST_CASE("the directory is entered with the service's rights") {
    if (cannot_run(is_root(), "not root")) return;
    SpawnFixture child;
    std::string secret = child.directory / "secret";
    REQUIRE(::mkdir(secret.c_str(), 0700) == 0);
    child.definition->workdir = secret;
    child.policy->user = "54321:54322";
    child.set_exec({"/bin/true"});
    CHECK(child.start() == ExecStatus::failed);
    CHECK(child.failure.step == SpawnStep::chdir);
    CHECK(child.failure.code == EACCES);
}

TEST_CASE("a new root is entered, and programs are looked for inside") {
    if (cannot_run(is_root(), "not root")) return;
    SpawnFixture child;
    child.policy->chroot = child.directory.path();
    child.set_exec({"/bin/sh", "-c", "exit 0"});
    CHECK(child.start() == ExecStatus::failed);
    CHECK(child.failure.step == SpawnStep::exec);
    CHECK(child.failure.code == ENOENT);
    CHECK(child.exit_code() == 127);
    // A shell line is not run directly for a program that is outside alone.
    child.definition->exec = Words();
    child.definition->command = "sleep 1";
    REQUIRE(child.prepare());
    CHECK(std::string(child.plan.programs[0]) == "/bin/sh");
    std::filesystem::create_directories(child.directory / "usr/bin");
    child.directory.file("usr/bin/sleep", "", 0755);
    child.definition->env.append("PATH=/usr/bin");
    REQUIRE(child.prepare());
    CHECK(std::string(child.plan.programs[0]) == "/usr/bin/sleep");
}

TEST_CASE("each step's failure comes back with its name and errno") {
    struct Case {
        sys::Call call;
        SpawnStep step;
    };
    const Case cases[] = {
        {sys::Call::pwrite, SpawnStep::record},    {sys::Call::setsid, SpawnStep::session},
        {sys::Call::open, SpawnStep::input},       {sys::Call::dup2, SpawnStep::input},
        {sys::Call::setpriority, SpawnStep::nice}, {sys::Call::setrlimit, SpawnStep::limit},
        {sys::Call::chroot, SpawnStep::chroot},    {sys::Call::setgroups, SpawnStep::user},
        {sys::Call::setgid, SpawnStep::user},      {sys::Call::setuid, SpawnStep::user},
        {sys::Call::chdir, SpawnStep::chdir},      {sys::Call::execve, SpawnStep::exec},
    };
    for (const Case& each : cases) {
        if (!is_root() && each.step == SpawnStep::user) continue;  // setgroups comes first
        CAPTURE(static_cast<int>(each.step));
        SpawnFixture child;
        Fd journal(sys::open((child.directory / "j").c_str(), O_RDWR | O_CREAT, 0600));
        child.request.record = {
            journal.get(), 0,
            [](char*, size_t, const void*, pid_t, uint64_t) -> size_t { return 1; }, nullptr};
        child.policy->nice = static_cast<int8_t>(3);
        child.policy->limits[static_cast<size_t>(LimitName::core)] = {true, 0, 0};
        if (each.step == SpawnStep::chroot) child.policy->chroot = "/";
        if (each.step == SpawnStep::user) child.policy->user = "7654:7654";
        child.set_exec({"/bin/true"});
        REQUIRE(child.prepare());
        Fault fault(each.call, ENOMEM);
        auto spawned = spawn(child.plan, child.pace);
        REQUIRE(spawned);
        child.pid = spawned->pid;
        child.reaped = false;
        CHECK(child.exit_code() == 126);
        sys::fault = nullptr;
        CHECK(follow(spawned->exec) == ExecStatus::failed);
        CHECK(spawned->exec.failure.step == each.step);
        CHECK(spawned->exec.failure.code == ENOMEM);
    }
}

TEST_CASE("a file that is not there fails the step that wants it") {
    SpawnFixture child;
    child.set_exec({"/bin/true"});
    child.policy->input = child.directory / "none";
    CHECK(child.start() == ExecStatus::failed);
    CHECK(child.failure.step == SpawnStep::input);
    CHECK(child.failure.code == ENOENT);
    CHECK(child.exit_code() == 126);
    child.policy->input = Text();
    child.definition->workdir = child.directory / "none";
    CHECK(child.start() == ExecStatus::failed);
    CHECK(child.failure.step == SpawnStep::chdir);
    CHECK(child.exit_code() == 126);
}

TEST_CASE("a fork that fails is told by the parent, and leaves its mask alone") {
    SpawnFixture child;
    child.set_exec({"/bin/true"});
    child.policy->input = "/dev/null";  // so that there is a pipe
    REQUIRE(child.prepare());
    sigset_t before;
    sigset_t after;
    ::sigprocmask(SIG_SETMASK, nullptr, &before);
    for (auto call : {sys::Call::fork, sys::Call::pipe}) {
        Fault fault(call, EAGAIN);
        auto spawned = spawn(child.plan, child.pace);
        REQUIRE(!spawned);
        CHECK(spawned.error().code == EAGAIN);
    }
    ::sigprocmask(SIG_SETMASK, nullptr, &after);
    for (int number = 1; number < 32; ++number)
        CHECK(::sigismember(&before, number) == ::sigismember(&after, number));
}

TEST_CASE("what nothing can keep has been executed, or has failed, when spawn returns") {
    SpawnFixture child;
    child.set_exec({"/bin/true"});
    REQUIRE(child.prepare());
    auto spawned = spawn(child.plan, child.pace);
    REQUIRE(spawned);
    child.pid = spawned->pid;
    child.reaped = false;
    if (cannot_run(platform::can_share_memory, "no vfork here")) return;
    CHECK(spawned->exec.status == ExecStatus::done);
    CHECK(child.exit_code() == 0);
    child.set_exec({"/nowhere/true"});
    REQUIRE(child.prepare());
    child.pace = {};
    spawned = spawn(child.plan, child.pace);
    REQUIRE(spawned);
    child.pid = spawned->pid;
    child.reaped = false;
    CHECK(spawned->exec.status == ExecStatus::failed);
    CHECK(spawned->exec.failure.step == SpawnStep::exec);
    CHECK(spawned->exec.failure.code == ENOENT);
    CHECK(child.exit_code() == 127);
}

TEST_CASE("on a busy machine nobody waits for exec") {
    SpawnFixture child;
    child.set_exec({"/bin/true"});
    REQUIRE(child.prepare());
    child.pace.busy_until = no_deadline;
    auto spawned = spawn(child.plan, child.pace);
    REQUIRE(spawned);
    child.pid = spawned->pid;
    child.reaped = false;
    CHECK(spawned->exec.status == ExecStatus::pending);
    CHECK(eventually([&] { return follow(spawned->exec) == ExecStatus::done; }));
    CHECK(child.exit_code() == 0);
}

TEST_CASE("a child with a memory of its own reports the step that failed as well") {
    SpawnFixture child;
    child.set_exec({"/nowhere/true"});
    child.policy->input = "/dev/null";
    CHECK(child.start() == ExecStatus::failed);
    CHECK(child.failure.step == SpawnStep::exec);
    CHECK(child.failure.code == ENOENT);
    CHECK(child.exit_code() == 127);
}

TEST_CASE("exec is pending until exec, and closed by it") {
    SpawnFixture child;
    std::string fifo = child.directory / "fifo";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    child.policy->input = fifo;  // the child waits here for a writer
    child.set_exec({"/bin/true"});
    REQUIRE(child.prepare());
    auto spawned = spawn(child.plan, child.pace);
    REQUIRE(spawned);
    child.pid = spawned->pid;
    child.reaped = false;
    CHECK(follow(spawned->exec) == ExecStatus::pending);
    Fd writer(sys::open(fifo.c_str(), O_WRONLY));
    CHECK(child.exit_code() == 0);
    CHECK(follow(spawned->exec) == ExecStatus::done);
}

TEST_CASE("a signal ends a child that waits for who writes into its FIFO") {
    SpawnFixture child;
    std::string fifo = child.directory / "fifo";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    child.policy->input = fifo;
    child.set_exec({"/bin/sleep", "60"});
    REQUIRE(child.prepare());
    auto handler_before = ::signal(SIGTERM, [](int) { ::_exit(99); });  // reeve's, not the child's
    auto spawned = spawn(child.plan, child.pace);
    REQUIRE(spawned);
    child.pid = spawned->pid;
    child.reaped = false;
    REQUIRE(::kill(child.pid, SIGTERM) == 0);
    siginfo_t info{};
    CHECK(eventually([&] {
        return ::waitid(P_PID, static_cast<id_t>(child.pid), &info, WEXITED | WNOHANG | WNOWAIT) ==
                   0 &&
               info.si_pid == child.pid;
    }));
    ::kill(child.pid, SIGKILL);
    int status = child.wait();
    ::signal(SIGTERM, handler_before);
    REQUIRE(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGTERM);
    CHECK(follow(spawned->exec) == ExecStatus::done);
}

TEST_CASE("the record is in the journal before the program runs") {
    SpawnFixture child;
    std::string path = child.directory.file("journal", "0123456789");
    Fd journal(sys::open(path.c_str(), O_RDWR));
    child.request.record.fd = journal.get();
    child.request.record.offset = 4;
    const char word[] = "web";
    child.request.record.context = word;
    child.request.record.format = [](char* out, size_t capacity, const void* context, pid_t pid,
                                     uint64_t start_time) {
        Sink text(out, capacity);
        text << static_cast<const char*>(context) << ' ' << pid << ' ' << start_time << '\n';
        return text.size();
    };
    std::string line = "test \"$(cut -c 5-7 " + path + ")\" = web";
    child.set_exec({"/bin/sh", "-c", line.c_str()});
    // The start time is asked for while the child is there.
    REQUIRE(child.start() == ExecStatus::done);
    uint64_t start_time = platform::start_time_of(child.pid);
    CHECK(child.exit_code() == 0);
    CHECK(read_file(path) ==
          "0123web " + std::to_string(child.pid) + " " + std::to_string(start_time) + "\n");
}

TEST_CASE("a child on record goes on where its reeve does not hear its report any more") {
    SpawnFixture child;
    static std::string recorded;  // files that say so
    static std::string unheard;
    recorded = child.directory / "recorded";
    unheard = child.directory / "unheard";
    child.policy->input = "/dev/null";  // a memory of its own, and a report on the way
    Fd journal(sys::open(child.directory.file("journal", "0123456789").c_str(), O_RDWR));
    child.request.record = {journal.get(), 0,
                            [](char* out, size_t, const void*, pid_t, uint64_t) {
                                *out = 'x';
                                return size_t{1};
                            },
                            nullptr};
    child.set_exec({"/bin/sh", "-c", "exit 7"});
    REQUIRE(child.prepare());
    sys::fault = [](sys::Call call) {
        if (call != sys::Call::setsid) return 0;
        ::close(::open(recorded.c_str(), O_WRONLY | O_CREAT, 0600));
        while (::access(unheard.c_str(), F_OK) < 0) {}
        return 0;
    };
    auto spawned = spawn(child.plan, child.pace);
    sys::fault = nullptr;
    REQUIRE(spawned);
    child.pid = spawned->pid;
    child.reaped = false;
    REQUIRE(eventually([&] { return ::access(recorded.c_str(), F_OK) == 0; }));
    spawned->exec.fd.reset();
    child.directory.file("unheard", "");
    CHECK(child.exit_code() == 7);
}

TEST_CASE("a program whose record cannot be written does not run") {
    SpawnFixture child;
    Fd full(sys::open("/dev/full", O_RDWR));
    if (cannot_run(bool(full), "no /dev/full")) return;
    child.request.record = {full.get(), 0,
                            [](char*, size_t, const void*, pid_t, uint64_t) -> size_t { return 8; },
                            nullptr};
    std::string mark = child.directory / "ran";
    child.set_exec({"/bin/sh", "-c", ("touch " + mark).c_str()});
    CHECK(child.start() == ExecStatus::failed);
    CHECK(child.failure.step == SpawnStep::record);
    CHECK(child.failure.code == ENOSPC);
    CHECK(child.exit_code() == 126);
    CHECK(::access(mark.c_str(), F_OK) == -1);
}

TEST_CASE(
    "a child whose reeve is gone before its record was written takes it back, and never runs") {
    SpawnFixture child;
    struct Context {
        bool is_replaced;
        std::string begun;
    };
    const Context context{GENERATE(false, true), child.directory / "begun"};
    INFO((context.is_replaced ? "executed another program" : "killed"));
    const std::string path = child.directory.file("journal", std::string(80, '0'));
    const std::string mark = child.directory / "ran";
    child.set_exec({"/bin/sh", "-c", ("touch " + mark).c_str()});
    child.policy->input = "/dev/null";  // a memory of its own
    Fd journal(sys::open(path.c_str(), O_RDWR));
    // It was somebody's when it began to write.
    const auto format = [](char* out, size_t, const void* given, pid_t, uint64_t) {
        const auto& told = *static_cast<const Context*>(given);
        const pid_t parent = ::getppid();
        // The kernel closes what is not kept as the last thing, when all else is another program's:
        // that one has run once it sleeps.
        const std::string facts = "/proc/" + std::to_string(parent) + "/stat";
        Fd begun(sys::open(told.begun.c_str(), O_WRONLY | O_CREAT, 0600));
        if (!told.is_replaced) ::kill(parent, SIGKILL);
        while (::getppid() == parent && read_file(facts).find("(sleep) S") == std::string::npos) {}
        std::fill_n(out, 8, 'x');
        return size_t{8};
    };
    child.request.record = {journal.get(), 4, format, &context};
    const pid_t reeve = ::fork();
    if (reeve == 0) {
        if (!child.prepare()) ::_exit(1);
        const Result<Spawned> spawned = spawn(child.plan, child.pace);
        while (::access(context.begun.c_str(), F_OK) < 0) {}
        ::execl("/bin/sleep", "sleep", "1000", static_cast<char*>(nullptr));
        ::_exit(1);
    }
    const std::string expected = "0000" + std::string(8, '\0') + std::string(68, '0');
    CHECK(eventually([&] { return read_file(path) == expected; }));
    ::kill(reeve, SIGKILL);
    ::waitpid(reeve, nullptr, 0);
    CHECK(::access(mark.c_str(), F_OK) == -1);
}

TEST_CASE("a hook runs with the service's user, directory and limits, in a session of its own") {
    SpawnFixture child;
    child.request.mode = SpawnMode::hook;
    child.request.shell_line = "kill -STOP $$; true";
    child.set_exec({"/nonexistent"});
    child.policy->tty = "/nonexistent";
    child.inherit_output();
    child.policy->input = "/nonexistent";
    child.definition->workdir = child.directory.path();
    child.policy->limits[static_cast<size_t>(LimitName::nofile)] = {true, 20, 30};
    if (is_root()) child.policy->user = "54321:54322";
    REQUIRE(child.start() == ExecStatus::done);
    REQUIRE(WIFSTOPPED(child.wait(WUNTRACED)));
    CHECK(::getsid(child.pid) == child.pid);
    CHECK(child.link("cwd") == child.directory.path());
    CHECK(child.descriptors() == std::set<int>{0, 1, 2});
    CHECK(child.limit("Max open files") == "20 30");
    if (is_root()) CHECK(child.status_line("Uid").starts_with("54321\t"));
}

TEST_CASE("main keeps reeve's stdio, directory and descriptors, and has its own group") {
    SpawnFixture child;
    child.request.mode = SpawnMode::main;
    child.inherit_output();
    Fd handed(sys::open(child.directory.file("handed", "x").c_str(), O_RDONLY));
    Fd kept(sys::open("/dev/null", O_RDONLY));
    child.placements.push_back({handed.get(), handed.get()});
    REQUIRE(child.start_stopped());
    CHECK(child.descriptors() == std::set<int>{0, 1, 2, handed.get()});
    std::error_code code;
    for (int fd : {0, 1, 2}) {
        std::string name = "fd/" + std::to_string(fd);
        CHECK(child.link(name) == std::filesystem::read_symlink("/proc/self/" + name, code));
    }
    CHECK(child.link("cwd") == std::filesystem::current_path().string());
    CHECK(::getpgid(child.pid) == child.pid);
    CHECK(::getsid(child.pid) == ::getsid(0));
    CHECK((::fcntl(handed.get(), F_GETFD) & FD_CLOEXEC) != 0);  // in the parent it stays so
}

TEST_CASE("LISTEN_PID names main where it named reeve, and nobody else") {
    std::string own = "LISTEN_PID=" + std::to_string(::getpid());
    {
        SpawnFixture child;
        Environment environment{"PATH=/bin", own.c_str(), "LISTEN_FDS=1", nullptr};
        child.request.mode = SpawnMode::main;
        child.request.environment = environment.data();
        REQUIRE(child.start_stopped());
        CHECK(child.environment()["LISTEN_PID"] == std::to_string(child.pid));
        CHECK(child.environment()["LISTEN_FDS"] == "1");
    }
    {
        SpawnFixture child;
        Environment environment{"PATH=/bin", "LISTEN_PID=1", nullptr};
        child.request.mode = SpawnMode::main;
        child.request.environment = environment.data();
        REQUIRE(child.start_stopped());
        CHECK(child.environment()["LISTEN_PID"] == "1");
    }
    SpawnFixture child;
    Environment environment{"PATH=/bin", own.c_str(), "LISTEN_FDS=1", nullptr};
    child.request.environment = environment.data();
    REQUIRE(child.start_stopped());
    CHECK(child.environment().count("LISTEN_PID") == 0);  // a service is handed nothing
    CHECK(child.environment().count("LISTEN_FDS") == 0);
}

TEST_CASE("a terminal becomes the service's own, with stdio on it") {
    Fd control(::posix_openpt(O_RDWR | O_NOCTTY));
    if (cannot_run(bool(control), "no pty")) return;
    REQUIRE(::grantpt(control.get()) == 0);
    REQUIRE(::unlockpt(control.get()) == 0);
    const char* name = ::ptsname(control.get());
    SpawnFixture child;
    child.policy->tty = name;
    child.inherit_output();
    REQUIRE(child.start_stopped("echo hello >/dev/tty; "));
    for (const char* fd : {"fd/0", "fd/1", "fd/2"}) CHECK(child.link(fd) == name);
    CHECK(child.descriptors() == std::set<int>{0, 1, 2});
    CHECK(::getsid(child.pid) == child.pid);
    char text[16] = {};
    CHECK(sys::read(control.get(), text, 5) == 5);
    CHECK(std::string(text) == "hello");
    std::string flags = read_file(child.proc("fdinfo/0"));
    auto at = flags.find("flags:");
    REQUIRE(at != std::string::npos);
    CHECK((std::stoul(flags.substr(at + 6), nullptr, 8) & O_NONBLOCK) == 0);
}

TEST_CASE("what is no terminal fails the terminal step") {
    SpawnFixture child;
    child.policy->tty = "/dev/null";
    child.inherit_output();
    child.set_exec({"/bin/true"});
    CHECK(child.start() == ExecStatus::failed);
    CHECK(child.failure.step == SpawnStep::terminal);
    CHECK(child.failure.code == ENOTTY);
}

TEST_CASE("main gets the foreground of reeve's terminal") {
    Fd control(::posix_openpt(O_RDWR | O_NOCTTY));
    if (cannot_run(bool(control), "no pty")) return;
    REQUIRE(::grantpt(control.get()) == 0);
    REQUIRE(::unlockpt(control.get()) == 0);
    std::string name = ::ptsname(control.get());
    // A reeve of its own in a session on that terminal; it exits 0 where all was right.
    pid_t reeve = ::fork();
    if (reeve == 0) {
        ::setsid();
        int terminal = ::open(name.c_str(), O_RDWR);
        for (int fd : {0, 1, 2}) ::dup2(terminal, fd);
        bool right = true;
        {
            SpawnFixture child;
            child.request.mode = SpawnMode::main;
            child.inherit_output();
            // The second time, the foreground still names the group of the first run.
            for (int run = 0; run < 2; ++run) {
                right = right && child.start_stopped() && ::tcgetpgrp(0) == child.pid;
                ::kill(child.pid, SIGKILL);
                child.wait();
            }
        }
        ::_exit(right ? 0 : 1);
    }
    int status = -1;
    CHECK(eventually([&] { return ::waitpid(reeve, &status, WNOHANG) == reeve; }));
    CHECK(status == 0);
}
