// reeve dies at every single point of a busy life, and the next one makes the best of it. A point
// is a system call of reeve's, or of a child's that has not executed its program yet. Right after a
// call is right before the next one, so each is tried once.
//
// A trial is a directory, a life that ends at its point, and the lives that follow until all is as
// it was wanted. Most of it is waiting, so several go on side by side, each in a lane: a process
// that becomes the parent of whatever is left behind.
//
// The same life is also led by a reeve of whose system calls one fails (strace makes it), at each
// of their places in turn; it is not even to end of that, but for its first start.
//
//   REEVE_POINTS=1     all points; 10: every tenth alone
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.h"
#include "core/takeover.h"
#include "ctl/client.h"
#include "kernel/platform.h"
#include "kernel/sys.h"
#include "support/guard.h"
#include "support/journal.h"
#include "support/procfs.h"
#include "support/skip.h"
#include "support/stepper.h"
#include "support/supervisor.h"

using namespace reeve::test;

namespace {

using std::chrono::steady_clock;

constexpr int lanes = 4;
constexpr int problems_max = 5;  // then it is not tried any further

// Says who it is, and who of its kind runs at the same time, which nobody should. One that has
// ended, and that the kernel has not done with yet, does not run.
constexpr char script[] = R"(dir=${0%/*}
echo $$ $VERSION >>$dir/pids.$1
n=0
while read pid rest; do
    n=$((n + 1))
    [ $pid = $$ ] && continue
    { read -r number name state rest </proc/$pid/stat; } 2>/dev/null || continue
    case $state in Z | X) ;; *) echo "$1: $pid ($state) and $$" >>$dir/doubles ;; esac
done <$dir/pids.$1
case $2 in
once) exit 0 ;;
flaky) [ $n -gt 1 ] || exit 1 ;;
deaf) trap '' TERM ;;
esac
[ $2 = silent ] || echo >&3
exec 9<>$dir/fifo
read line <&9
)";

struct Point {
    Death first;
    Death second;  // of the life that takes over
    // The first life is led under strace, with these options.
    Strings traced{};
};

// The error that each call of reeve's has in its turn, of those that a healthy program can have.
struct CallFault {
    const char* call;
    const char* error;
};
constexpr CallFault call_faults[] = {
    {"accept", "EMFILE"},
    {"accept4", "EMFILE"},
    {"access", "EIO"},
    {"bind", "EADDRINUSE"},
    {"chdir", "EACCES"},
    {"chmod", "EPERM"},
    {"clone", "EAGAIN"},
    {"connect", "EAGAIN"},
    {"faccessat", "EIO"},
    {"faccessat2", "EIO"},
    {"fallocate", "ENOSPC"},
    {"fchmod", "EPERM"},
    {"fchmodat", "EPERM"},
    {"fchown", "EPERM"},
    {"fcntl", "ENOLCK"},
    {"fork", "EAGAIN"},
    {"fstat", "EIO"},
    {"fstatfs", "EIO"},
    {"ftruncate", "EIO"},
    {"getcwd", "ENOENT"},
    {"getdents64", "EIO"},
    {"getpgid", "EPERM"},
    {"getsockopt", "ENOBUFS"},
    {"inotify_add_watch", "ENOSPC"},
    {"inotify_init1", "EMFILE"},
    {"ioctl", "EIO"},
    {"kill", "EPERM"},
    {"listen", "EADDRINUSE"},
    {"lseek", "EIO"},
    {"lstat", "EIO"},
    {"mkdir", "ENOSPC"},
    {"mkdirat", "ENOSPC"},
    {"mknod", "ENOSPC"},
    {"mknodat", "ENOSPC"},
    {"mmap", "ENOMEM"},
    {"newfstatat", "EIO"},
    {"open", "ENFILE"},
    {"openat", "ENFILE"},
    {"pidfd_open", "EMFILE"},
    {"pipe2", "EMFILE"},
    {"poll", "ENOMEM"},
    {"ppoll", "ENOMEM"},
    {"prctl", "EPERM"},
    {"prlimit64", "EPERM"},
    {"pwrite64", "ENOSPC"},
    {"read", "EIO"},
    {"readlink", "EIO"},
    {"readlinkat", "EIO"},
    {"recvfrom", "ENOBUFS"},
    {"recvmsg", "ENOBUFS"},
    {"rename", "ENOSPC"},
    {"renameat", "ENOSPC"},
    {"renameat2", "ENOSPC"},
    {"sendmsg", "ENOBUFS"},
    {"sendto", "ENOBUFS"},
    {"setsockopt", "ENOBUFS"},
    {"socket", "EMFILE"},
    {"stat", "EIO"},
    {"statfs", "EIO"},
    {"statx", "EIO"},
    {"unlink", "EBUSY"},
    {"unlinkat", "EBUSY"},
    {"vfork", "EAGAIN"},
    {"wait4", "EINTR"},
    {"write", "ENOSPC"},
};
// Those that fail only where the program is wrong, or that do not come back.
constexpr const char* sure_calls[] = {
    "arch_prctl",      "brk",           "clock_gettime",
    "close",           "execve",        "exit_group",
    "getegid",         "geteuid",       "getgid",
    "getpgrp",         "getpid",        "getppid",
    "getrandom",       "getuid",        "getrlimit",
    "madvise",         "mprotect",      "munmap",
    "rt_sigaction",    "rt_sigpending", "rt_sigprocmask",
    "rt_sigreturn",    "rseq",          "set_robust_list",
    "set_tid_address", "sigaltstack",   "setrlimit",
    "umask",           "uname",         "futex",
    "getpriority",     "setpriority",   "sched_getaffinity",
    "restart_syscall", "gettid",        "membarrier",
};

struct Manner {
    const char* name;
    bool is_crash = false;  // the same process executes the program again
    bool as_init = false;
    bool crosses_renewal = false;  // calls count while the journal is made anew
};

// What all lanes share.
struct Shared {
    std::atomic<size_t> next;
    std::atomic<int> tried;
    std::atomic<int> problems;
};

class Trial {
  public:
    Trial(const Manner& manner, const Point& point) : manner_(manner), point_(point) {}

    // Empty, or what went wrong.
    std::string run() {
        lay_out();
        begin_life();
        if (manner_.is_crash) {  // with no journal yet there is nothing to come back to
            wait_until([&] { return exists(path("run-files/journal")) || reeve_->over(); });
            reeve_->begin_counting();
        }
        if (manner_.crosses_renewal) fill_journal();
        expect("wait web app flaky deaf shape leaver");
        expect("wait state=done once");
        expect("down wait=no deaf");
        change_files();
        expect("reload");
        expect("wait state=stopped deaf");
        expect("restart app");
        expect("wait web app flaky shape late");
        check_services();
        end();
        check_traces();
        return problem_;
    }

    bool died() const { return deaths_ > 0 || reeve_->has_died(); }
    uint64_t calls() const { return calls_; }

  private:
    std::string path(std::string_view name) const { return directory_ / name; }

    void service(const std::string& name, const std::string& keys, const char* mode) const {
        write_file(path("services/" + name), "log = null\nexec = /bin/sh " + path("run") + ' ' +
                                                 name + ' ' + mode + '\n' + keys);
    }

    void lay_out() const {
        for (const char* name : {"services", "log"}) make_directory(path(name));
        write_file(path("run"), script);
        write_file(path("empty"), "");
        mkfifo(path("fifo").c_str(), 0600);
        service("web", "ready = fd:3\n", "serve");
        service("app", "ready = fd:3\ndepends_on = web\nstdin = fifo\ninput_keep = yes\n", "serve");
        service("flaky", "ready = fd:3\nrestart_delay = 3ms\nstdin = fifo\n", "flaky");
        service("deaf",
                "ready = fd:3\nstop_timeout = 20ms\npost_stop = echo x >>" + path("posts") + '\n',
                "deaf");
        service("once", "type = oneshot\nafter = web\n", "once");
        service("shape",
                "ready = fd:3\non_change = restart\nenv = VERSION=1\npre_start = echo x >>" +
                    path("pres") + '\n',
                "serve");
        // With an input of its own it is started by a plain fork.
        service("leaver", "ready = fd:3\nstdin = " + path("empty") + '\n', "serve");
    }

    void change_files() const {
        service("shape",
                "ready = fd:3\non_change = restart\nenv = VERSION=2\npre_start = echo x >>" +
                    path("pres") + '\n',
                "serve");
        std::filesystem::remove(path("services/leaver"));
        service("late", "stdin = " + path("empty") + '\n', "silent");
    }

    void fail(const std::string& what) {
        if (problem_.empty()) problem_ = what + "\n" + describe();
    }

    std::string describe() const {
        std::string text = "reeve said:\n" + read_file(path("out"));
        std::error_code none;
        for (const auto& entry :
             std::filesystem::directory_iterator(path("run-files/status"), none))
            text += read_file(entry.path()).substr(0, 120) + "\n";
        for (const auto& entry : std::filesystem::directory_iterator(directory_.path(), none))
            if (entry.path().filename().string().starts_with("pids."))
                text += entry.path().filename().string() + ": " + read_file(entry.path());
        std::string journal = read_file(path("run-files/journal"));
        std::erase(journal, '\0');
        return text + "journal:\n" + journal;
    }

    void begin_life() {
        Death death;
        if (lives_ == 0) death = point_.first;
        if (lives_ == 1) death = point_.second;
        ++lives_;
        reeve_.reset();
        Strings words{reeve_binary(),    "-d", path("services"), "-r",
                      path("run-files"), "-l", path("log")};
        if (lives_ == 1) words.insert(words.begin(), point_.traced.begin(), point_.traced.end());
        reeve_ = std::make_unique<Stepper>(words, path("out"), death, manner_.as_init);
    }

    // What ended by our hand is followed by another; anything else is none of the plan.
    void follow_up() {
        const bool may_refuse = !point_.traced.empty() || manner_.is_crash;
        if (may_refuse && lives_ == 1 && reeve_->status() == 100 && nothing_ran())
            return begin_life();  // of a first start that has not begun nothing is to be lost
        const bool was_killed = reeve_->has_died() && !manner_.is_crash;
        if (!was_killed) return fail("reeve has ended, status " + std::to_string(reeve_->status()));
        ++deaths_;
        begun_anew_ = begun_anew_ || has_ended_in_order();
        begin_life();
    }

    bool has_ended_in_order() const {
        const std::string text = journal_lines(path("run-files/journal"));
        reeve::Past past;
        std::string_view rest = text;
        while (!rest.empty()) {
            const size_t end = std::min(rest.find('\n'), rest.size() - 1);
            past.take(rest.substr(0, end));
            rest.remove_prefix(end + 1);
        }
        return past.ended();
    }

    enum class Said : uint8_t { yes, no, nothing };

    // One request; nothing: there was nobody to answer it, or not long enough.
    Said ask(const std::string& request, std::string& reply) const {
        reeve::Client client;
        const reeve::Mono deadline = reeve::sys::mono_now() + reeve::seconds(30);
        if (client.connect(path("run-files/control").c_str(), deadline) != 0) return Said::nothing;
        client.send("reeve/1 " + request + '\n', deadline);
        reply.clear();
        for (;;) {
            std::string_view line;
            const auto got = client.read_line(line, deadline);
            if (got == reeve::Client::Got::nothing_more) return Said::nothing;
            if (got == reeve::Client::Got::too_late) {
                reply = "no answer in 30 s";
                return Said::no;
            }
            reply.append(line).append("\n");
            if (line.starts_with("end ")) return line == "end 0" ? Said::yes : Said::no;
        }
    }

    // Says it until there is an answer, by whichever reeve.
    std::string expect(const std::string& request) {
        std::string reply;
        const auto patience_ends = steady_clock::now() + patience;
        for (int turn = 0; problem_.empty(); ++turn) {
            if (reeve_->over()) follow_up();
            const Said said = ask(request, reply);
            if (said == Said::yes) break;
            // Who is told that something failed asks for it again.
            if (said == Said::no && point_.traced.empty()) fail(request + ": " + reply);
            if (steady_clock::now() > patience_ends) fail(request + ": nobody answers");
            usleep(300);
        }
        return reply;
    }

    // Until no more than this is left of room in the journal's first chunk.
    void fill_journal() {
        expect("wait web app flaky deaf shape leaver");
        while (problem_.empty() && used_of_journal() < 65536 - 6000)
            expect("up web app flaky deaf shape leaver once");
        reeve_->begin_counting();
        // How much one of these writes depends on how far the others have got.
        for (int i = 0; problem_.empty() && i < 40 && (i < 4 || used_of_journal() > 30000); ++i)
            expect("up web app flaky deaf shape leaver once");
        calls_ = reeve_->calls();
        if (used_of_journal() > 30000) fail("the journal was not made anew");
    }

    size_t used_of_journal() const {
        const std::string text = read_file(path("run-files/journal"));
        return text.find_last_not_of('\0') + 1;
    }

    // Whoever runs is who began, and reeve knows.
    void check_services() {
        wait_until([&] { return runs_of("late") > 0; });
        const std::string reply = expect("status");
        for (const char* name : {"web", "app", "flaky", "shape", "late"}) {
            const std::string object = object_of(reply, name);
            if (object.find("\nstate=running\n") == object.npos)
                fail(std::string(name) + " does not run:\n" + object);
            if (object.find("\npid=" + last_pid(name) + "\n") == object.npos)
                fail(std::string(name) + " runs as another process:\n" + object);
        }
        if (object_of(reply, "deaf").find("\nstate=stopped\n") == std::string::npos)
            fail("deaf is not stopped:\n" + reply);
        if (object_of(reply, "once").find("\nstate=done\n") == std::string::npos)
            fail("once is not done:\n" + reply);
        if (!object_of(reply, "leaver").empty()) fail("leaver is still there:\n" + reply);
        const int app_runs = runs_of("app");
        if (app_runs < 2 || app_runs > 2 + (died() ? 1 : 0))
            fail("app: runs " + std::to_string(app_runs));
        for (const auto& [name, runs] : {std::pair("web", 1),
                                         {"flaky", 2},
                                         {"deaf", 1},
                                         {"once", 1},
                                         {"shape", 2},
                                         {"leaver", 1},
                                         {"late", 1}})
            if (runs_of(name) != runs)
                fail(std::string(name) + ": runs " + std::to_string(runs_of(name)));
        const std::string shape = read_file(path("pids.shape"));
        if (!shape.ends_with(" 2\n")) fail("shape is not as its file has it");
        if (count_lines(read_file(path("pres"))) < 2) fail("pre_start did not run");
        const bool is_told =
            read_file(path("out")).find("deaf: post_stop: fork: ") != std::string::npos;
        if (!exists(path("posts")) && !is_told) fail("post_stop did not run");
    }

    static std::string object_of(const std::string& reply, const std::string& name) {
        const size_t at = ("\n" + reply).find("\nname=" + name + "\n");
        return at == reply.npos ? "" : reply.substr(at, reply.find("\n\n", at) + 1 - at);
    }

    bool nothing_ran() const {
        for (const char* name : {"web", "flaky", "deaf", "shape", "leaver"})
            if (runs_of(name) > 0) return false;
        return true;
    }

    int runs_of(const std::string& name) const {
        return count_lines(read_file(path("pids." + name)));
    }

    std::string last_pid(const std::string& name) const {
        std::string text = read_file(path("pids." + name));
        if (!text.empty()) text.pop_back();
        text.erase(0, text.rfind('\n') + 1);
        return text.substr(0, text.find(' '));
    }

    // One that is killed meanwhile has told nobody that it was to end: what was wanted still is.
    void end() {
        const auto patience_ends = steady_clock::now() + patience;
        for (std::string reply; problem_.empty();) {
            const bool is_over = reeve_->over();  // it may be so only the next moment
            if (is_over && reeve_->status() == 0) break;
            if (is_over) {
                follow_up();
                expect("wait web app flaky shape late");
            }
            if (ask("exit number=0", reply) == Said::no && point_.traced.empty())
                fail("exit: " + reply);
            if (steady_clock::now() > patience_ends) fail("exit: it does not end");
            usleep(300);
        }
        if (calls_ == 0) calls_ = reeve_->calls();
        const int runs = begun_anew_ ? 2 : 1;
        if (runs_of("once") > runs) fail("once ran " + std::to_string(runs_of("once")) + " times");
    }

    void check_traces() {
        const std::string doubles = read_file(path("doubles"));
        if (!doubles.empty()) fail("ran twice at a time: " + doubles);
        // Ours is what is left behind (SIGCHLD is ignored: who ends is no more).
        const bool none =
            wait_until([] { return waitpid(-1, nullptr, WNOHANG) < 0; }, std::chrono::seconds(2));
        if (none) return;
        std::string left;
        for (const pid_t pid : descendants_of(getpid())) {
            std::string words = read_file("/proc/" + std::to_string(pid) + "/cmdline");
            std::replace(words.begin(), words.end(), '\0', ' ');
            left += std::to_string(pid) + ' ' + facts_of(pid).state + ' ' + words + '\n';
        }
        fail("something is left over:\n" + left);
    }

    const Manner& manner_;
    Point point_;
    TempDir directory_;
    std::unique_ptr<Stepper> reeve_;
    int lives_ = 0;
    int deaths_ = 0;
    bool begun_anew_ = false;
    uint64_t calls_ = 0;
    std::string problem_;
};

std::string describe(const Point& point) {
    if (!point.traced.empty()) return point.traced.back();
    std::string text = "call " + std::to_string(point.first.call);
    if (point.second.call != Death::never)
        text += ", then call " + std::to_string(point.second.call);
    return text;
}

// In a lane: tries one point after the other until none is left.
[[noreturn]] void try_points(const Manner& manner, const std::vector<Point>& points, Shared& shared,
                             const std::string& report) {
    reeve::platform::become_subreaper();
    signal(SIGCHLD, SIG_IGN);
    static std::string mark = guard_mark();
    putenv(mark.data());
    for (size_t i; (i = shared.next++) < points.size();) {
        if (shared.problems >= problems_max) break;
        Trial trial(manner, points[i]);
        const std::string problem = trial.run();
        if (trial.died() || !points[i].traced.empty()) ++shared.tried;
        if (problem.empty()) continue;
        ++shared.problems;
        for (const pid_t pid : descendants_of(getpid())) kill(pid, SIGKILL);
        const int file = open(report.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
        const std::string text = "--- " + describe(points[i]) + ": " + problem + "\n";
        if (write(file, text.data(), text.size()) < 0) std::abort();
        close(file);
    }
    _exit(0);
}

// Every how manieth of `all` points is tried, for about `tried` of them. A busy machine makes more
// calls of one life, which must not make more lives.
uint64_t stride(uint64_t all, uint64_t tried) {
    const char* given = std::getenv("REEVE_POINTS");
    return std::max<uint64_t>(given ? std::strtoull(given, nullptr, 10) : all / tried, 1);
}

// All points side by side; what went wrong.
std::string try_all(const Manner& manner, const std::vector<Point>& points) {
    start_guard();
    const auto began = steady_clock::now();
    const TempDir directory;
    const std::string report = directory / "report";
    void* place =
        mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(place != MAP_FAILED);
    auto& shared = *new (place) Shared{};
    std::vector<pid_t> pids;
    for (int i = 0; i < lanes; ++i) {
        pids.push_back(fork());
        if (pids.back() == 0) try_points(manner, points, shared, report);
    }
    for (const pid_t pid : pids) waitpid(pid, nullptr, 0);
    const std::chrono::duration<double> spent = steady_clock::now() - began;
    std::printf("%s: %d points tried, %.1f s\n", manner.name, shared.tried.load(), spent.count());
    munmap(place, sizeof(Shared));
    return read_file(report);
}

// How many calls a life takes that nothing disturbs; `after`: one that follows on such a death.
uint64_t count_calls(const Manner& manner, Death after = {}) {
    start_guard();
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const pid_t pid = fork();
    if (pid == 0) {
        reeve::platform::become_subreaper();
        signal(SIGCHLD, SIG_IGN);
        const bool is_awaited = manner.crosses_renewal || manner.is_crash;
        const Death counts{.call = Death::counts, .is_awaited = is_awaited};
        const bool is_second = after.call != Death::never;
        uint64_t calls = 0;
        {
            Trial trial(manner, is_second ? Point{after, counts} : Point{counts, {}});
            const std::string problem = trial.run();
            if (problem.empty()) calls = trial.calls();
            if (!problem.empty()) std::fprintf(stderr, "%s\n", problem.c_str());
        }
        if (write(ends[1], &calls, sizeof calls) < 0) std::abort();
        _exit(0);
    }
    close(ends[1]);
    uint64_t calls = 0;
    if (read(ends[0], &calls, sizeof calls) < 0) calls = 0;
    close(ends[0]);
    waitpid(pid, nullptr, 0);
    return calls;
}

void check_all(const Manner& manner, const std::vector<Point>& points) {
    const std::string problems = try_all(manner, points);
    INFO(problems);
    CHECK(problems.empty());
}

// How often reeve makes each call in a life that nothing disturbs.
std::map<std::string, uint64_t> list_calls() {
    start_guard();
    const TempDir directory;
    const std::string trace = directory / "trace";
    const pid_t pid = fork();
    if (pid == 0) {
        reeve::platform::become_subreaper();
        signal(SIGCHLD, SIG_IGN);
        const Manner manner{.name = "traced"};
        std::string problem;
        {
            Trial trial(manner, {{}, {}, {find_program("strace"), "-qq", "-o", trace}});
            problem = trial.run();
        }
        if (!problem.empty()) std::fprintf(stderr, "%s\n", problem.c_str());
        _exit(0);
    }
    waitpid(pid, nullptr, 0);
    std::map<std::string, uint64_t> calls;
    std::istringstream lines(read_file(trace));
    for (std::string line; std::getline(lines, line);) {
        const size_t end = line.find('(');
        if (end != line.npos && line[0] >= 'a' && line[0] <= 'z') ++calls[line.substr(0, end)];
    }
    return calls;
}

std::vector<Point> points_of_first_life(uint64_t calls, Death death, uint64_t tried) {
    std::vector<Point> points;
    for (death.call = 1; death.call <= calls; death.call += stride(calls, tried))
        points.push_back({death, {}});
    return points;
}

}  // namespace

TEST_CASE("killed right before any of its system calls, reeve is followed by one that knows all") {
    const Manner manner{.name = "killed"};
    const uint64_t calls = count_calls(manner);
    REQUIRE(calls > 300);
    check_all(manner, points_of_first_life(calls, {}, 100));
}

TEST_CASE("killed once more right before any call of a take-over, it is followed as well") {
    const Manner manner{.name = "killed in a take-over"};
    // Where much is under way: a stop, a restart, hooks, what was removed and what is new.
    const uint64_t calls = count_calls(manner);
    REQUIRE(calls > 300);
    const Death first{.call = calls * 6 / 10};
    const uint64_t more = count_calls(manner, first);
    REQUIRE(more > 100);
    std::vector<Point> points;
    for (uint64_t call = 1; call <= more; call += stride(more, 100))
        points.push_back({first, {.call = call}});
    check_all(manner, points);
}

TEST_CASE("killed right before any call while the journal is made anew, nothing is lost") {
    const Manner manner{.name = "killed while the journal is made anew", .crosses_renewal = true};
    const uint64_t calls = count_calls(manner);
    REQUIRE(calls > 50);
    check_all(manner, points_of_first_life(calls, {.is_awaited = true}, 40));
}

TEST_CASE("a crash right after any of its system calls is no end of reeve") {
    const Manner manner{.name = "crashed", .is_crash = true};
    const uint64_t calls = count_calls(manner);
    REQUIRE(calls > 300);
    check_all(manner, points_of_first_life(calls, {.signal = SIGSEGV, .is_awaited = true}, 70));
}

TEST_CASE("a crash right after any of its system calls is no end of PID 1") {
    if (cannot_run(is_root() && has_namespaces(), "PID namespaces are not permitted")) return;
    const Manner manner{.name = "crashed as PID 1", .is_crash = true, .as_init = true};
    const uint64_t calls = count_calls(manner);
    REQUIRE(calls > 300);
    check_all(manner, points_of_first_life(calls, {.signal = SIGSEGV, .is_awaited = true}, 70));
}

TEST_CASE("a system call that fails, whichever and wherever, costs no service anything") {
    if (cannot_run(!is_sanitized(), "the sanitizer's own calls would be made to fail")) return;
    if (cannot_run(has_program("strace") && run({"strace", "-o", "/dev/null", "true"}).status == 0,
                   "strace is not installed, or may not trace"))
        return;
    const auto calls = list_calls();
    REQUIRE(calls.size() > 20);
    std::vector<Point> points;
    for (const auto& [call, count] : calls) {
        INFO(call);
        const auto* row = std::find_if(std::begin(call_faults), std::end(call_faults),
                                       [&](const CallFault& fault) { return call == fault.call; });
        if (row == std::end(call_faults)) {
            CHECK(std::find(std::begin(sure_calls), std::end(sure_calls), call) !=
                  std::end(sure_calls));
            continue;
        }
        for (uint64_t place = 1; place <= count; ++place)
            points.push_back(
                {{},
                 {},
                 {find_program("strace"), "-qq", "-o", "/dev/null", "-e",
                  "inject=" + call + ":error=" + row->error + ":when=" + std::to_string(place)}});
    }
    std::vector<Point> some;
    const uint64_t each = stride(points.size(), 60);
    for (size_t i = 0; i < points.size(); i += each) some.push_back(points[i]);
    check_all({.name = "a call failed"}, some);
}
