#include "support/process.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <stdexcept>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "kernel/platform.h"
#include "support/guard.h"
#include "support/procfs.h"

extern "C" char** environ;

namespace reeve::test {

namespace {

using Clock = std::chrono::steady_clock;

// Those that have not been waited for, and how many objects there are.
std::vector<pid_t> started;
int objects = 0;

int open_output() {
    const char* parent = std::getenv("TMPDIR");
    std::string path = std::string(parent != nullptr ? parent : "/tmp") + "/reeve-output.XXXXXX";
    const int fd = mkostemp(path.data(), O_APPEND | O_CLOEXEC);
    if (fd < 0) throw std::runtime_error("mkostemp " + path + ": " + std::strerror(errno));
    fchmod(fd, 0666);  // another user may open /dev/stdout
    unlink(path.c_str());
    return fd;
}

// What tells a reeve or a service of another one around it is not passed on.
bool is_private(const std::string& entry) {
    for (const char* prefix : {"REEVE_", "XDG_", "LISTEN_", "NOTIFY_SOCKET=", "container="})
        if (entry.compare(0, std::strlen(prefix), prefix) == 0) return true;
    return false;
}

Strings environment_of(const Launch& launch) {
    Strings result;
    if (!launch.empty_environment) {
        for (char** entry = environ; *entry != nullptr; ++entry)
            if (!is_private(*entry)) result.emplace_back(*entry);
        result.push_back(guard_mark());
    }
    for (const std::string& entry : launch.environment) {
        const std::string name = entry.substr(0, entry.find('=') + 1);
        std::erase_if(result, [&](const std::string& other) {
            return other.compare(0, name.size(), name) == 0;
        });
        result.push_back(entry);
    }
    return result;
}

std::vector<char*> pointers_to(const Strings& strings) {
    std::vector<char*> pointers;
    for (const std::string& each : strings) pointers.push_back(const_cast<char*>(each.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

[[noreturn]] void fail_in_child(const char* what) {
    dprintf(2, "test support: %s: %s\n", what, std::strerror(errno));
    _exit(125);
}

// Between fork and exec.
[[noreturn]] void become(const Launch& launch, const std::string& program, int out, int err,
                         char** arguments, char** variables) {
    // Catch2 has handlers for some, and a tester's shell may ignore others.
    for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    setsid();
    // Numbers that are wanted may be those of files we still need.
    std::vector<std::pair<int, int>> moved;
    for (const auto& [from, to] : launch.descriptors)
        moved.emplace_back(fcntl(from, F_DUPFD_CLOEXEC, 100), to);
    if (!launch.terminal.empty()) {
        const int terminal = open(launch.terminal.c_str(), O_RDWR);
        if (terminal < 0) fail_in_child("open terminal");
        if (ioctl(terminal, TIOCSCTTY, 0) < 0) fail_in_child("TIOCSCTTY");
        for (int fd = 0; fd < 3; ++fd) dup2(terminal, fd);
        close(terminal);
    } else {
        const int input = open(launch.input.empty() ? "/dev/null" : launch.input.c_str(), O_RDONLY);
        if (input < 0) fail_in_child("open input");
        dup2(input, 0);
        if (input > 2) close(input);
        dup2(out, 1);
        dup2(err, 2);
    }
    for (const auto& [from, to] : moved)
        if (dup2(from, to) < 0) fail_in_child("dup2");
    if (!launch.directory.empty() && chdir(launch.directory.c_str()) < 0) fail_in_child("chdir");
    if (launch.uid) {
        const gid_t group = *launch.uid;
        if (setgroups(0, nullptr) < 0 || setgid(group) < 0 || setuid(*launch.uid) < 0)
            fail_in_child("setuid");
    }
    if (launch.prepare) launch.prepare();
    execve(program.c_str(), arguments, variables);
    fail_in_child(program.c_str());
}

void kill_all(const std::vector<pid_t>& pids) {
    for (const pid_t pid : pids) kill(pid, SIGKILL);
}

// Orphans of a reeve that was killed have become our children (see Process::Process).
std::vector<pid_t> orphans() {
    std::vector<pid_t> found = children_of(getpid());
    std::erase_if(found, [](pid_t pid) {
        return pid == start_guard() ||
               std::find(started.begin(), started.end(), pid) != started.end();
    });
    return found;
}

}  // namespace

bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
    const auto deadline = Clock::now() + limit;
    for (;;) {
        if (condition()) return true;
        if (Clock::now() >= deadline) return condition();
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

Process::Process(const Launch& launch) : out_(open_output()), err_(open_output()) {
    platform::become_subreaper();
    start_guard();
    std::string program = launch.arguments.front();
    if (program.find('/') == program.npos) program = find_program(program);
    const Strings environment = environment_of(launch);
    std::vector<char*> arguments = pointers_to(launch.arguments);
    std::vector<char*> variables = pointers_to(environment);
    int executed[2];  // closed by exec: what is seen of the process from then on is the program's
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_ = pipe2(executed, O_CLOEXEC) == 0 ? fork() : -1;
    if (pid_ == 0) become(launch, program, out_, err_, arguments.data(), variables.data());
    const int code = errno;
    sigprocmask(SIG_SETMASK, &before, nullptr);
    if (pid_ < 0) throw std::runtime_error(std::string("fork: ") + std::strerror(code));
    started.push_back(pid_);
    ++objects;
    close(executed[1]);
    char byte;
    while (read(executed[0], &byte, 1) < 0 && errno == EINTR) {}
    close(executed[0]);
}

Process::~Process() {
    if (!status_) {
        // Stopped, it cannot start what we do not see.
        signal(SIGSTOP);
        const std::vector<pid_t> descendants = descendants_of(pid_);
        signal(SIGKILL);
        kill_all(descendants);
        wait();
    }
    // What another has left behind may be what the test is about.
    if (--objects == 0) {
        for (int i = 0; i < 1000; ++i) {
            const std::vector<pid_t> left = orphans();
            if (left.empty()) break;
            for (const pid_t pid : left) kill_all(descendants_of(pid));
            kill_all(left);
            for (const pid_t pid : left) waitpid(pid, nullptr, 0);
        }
    }
    close(out_);
    close(err_);
}

void Process::signal(int number) const {
    if (!status_) kill(pid_, number);
}

std::optional<int> Process::wait(std::chrono::milliseconds limit) {
    wait_until(
        [&] {
            if (status_) return true;
            int status = 0;
            if (waitpid(pid_, &status, WNOHANG) != pid_) return false;
            status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            std::erase(started, pid_);
            return true;
        },
        limit);
    return status_;
}

std::string Process::read_from_start(int fd) {
    std::string text;
    char bytes[4096];
    for (ssize_t got; (got = pread(fd, bytes, sizeof bytes, static_cast<off_t>(text.size()))) > 0;)
        text.append(bytes, static_cast<size_t>(got));
    return text;
}

Output run(const Launch& launch, std::chrono::milliseconds limit) {
    Process process(launch);
    const int status = process.wait(limit).value_or(-1);
    return {status, process.out(), process.err()};
}

Output run(const Strings& arguments) { return run(Launch{.arguments = arguments}); }

std::string find_program(const std::string& name) {
    const char* path = std::getenv("PATH");
    std::string rest = std::string(path != nullptr ? path : "") + ":/usr/sbin:/sbin:/usr/bin:/bin:";
    for (size_t end; (end = rest.find(':')) != rest.npos; rest.erase(0, end + 1)) {
        const std::string program = rest.substr(0, end) + "/" + name;
        struct stat status;
        if (stat(program.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
            access(program.c_str(), X_OK) == 0)
            return program;
    }
    return {};
}

std::string own_program() {
    char path[4096];
    const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
    return size > 0 ? std::string(path, static_cast<size_t>(size)) : std::string();
}

}  // namespace reeve::test
