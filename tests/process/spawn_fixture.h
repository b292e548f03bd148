// A service of the test's own making, its child, and what /proc says of that child.
#pragma once

#include <csignal>
#include <map>
#include <set>
#include <string>
#include <sys/wait.h>
#include <vector>

#include "kernel/platform.h"
#include "process/spawn.h"
#include "support/kernel_fixture.h"

extern char** environ;

// One service and one plan. Whatever the test has not reaped is killed in the end.
struct SpawnFixture {
    TemporaryDirectory directory;
    reeve::Policy* policy = new reeve::Policy;
    reeve::Definition* definition = new reeve::Definition;
    reeve::Service service;
    std::vector<reeve::Placement> placements;
    reeve::SpawnRequest request;
    reeve::SpawnPlan plan;
    reeve::Pace pace;
    reeve::PrepareError error;
    reeve::SpawnFailure failure;
    pid_t pid = 0;
    bool reaped = true;

    SpawnFixture() {
        // Whatever the tests were started with is not for their children, as in reeve itself.
        reeve::platform::seal_descriptors({});
        definition->policy = reeve::Ref<const reeve::Policy>(policy);
        service.name = "web";
        service.definition = reeve::Ref<const reeve::Definition>(definition);
        request.service = &service;
        request.environment = environ;
        set_output(reeve::null_device);
    }
    ~SpawnFixture() {
        if (reaped) return;
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
    }

    void set_exec(std::initializer_list<const char*> words) {
        definition->exec = reeve::Words();
        for (const char* word : words) definition->exec.append(word);
    }

    void set_output(int fd) { placements = {{fd, 1}, {fd, 2}}; }
    void inherit_output() { placements.clear(); }

    bool prepare() {
        request.descriptors = placements;
        return reeve::prepare(request, plan, error);
    }
    std::string detail() { return std::string(error.detail.view()); }

    // Prepares, forks, and waits until exec is done or has failed.
    reeve::ExecStatus start() {
        if (!prepare()) throw std::runtime_error("prepare: " + detail());
        auto spawned = reeve::spawn(plan, pace);
        if (!spawned) throw std::runtime_error(reeve::describe(spawned.error()).c_str());
        pid = spawned->pid;
        reaped = false;
        auto status = reeve::ExecStatus::pending;
        bool came = eventually([&] {
            status = reeve::follow(spawned->exec);
            return status != reeve::ExecStatus::pending;
        });
        failure = spawned->exec.failure;
        if (!came) throw std::runtime_error("exec stays silent");
        return status;
    }

    // The wait status of the child's end (or stop, with WUNTRACED); -1: none came.
    int wait(int options = 0) {
        int status = -1;
        bool came = eventually([&] { return ::waitpid(pid, &status, options | WNOHANG) == pid; });
        if (!came) return -1;
        if (!WIFSTOPPED(status)) reaped = true;
        return status;
    }
    int exit_code() {
        int status = wait();
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    // Starts a shell that runs `before` and stops itself, so that it can be looked at.
    bool start_stopped(const std::string& before = "") {
        std::string line = before + "kill -STOP $$";
        set_exec({"/bin/sh", "-c", line.c_str()});
        return start() == reeve::ExecStatus::done && WIFSTOPPED(wait(WUNTRACED));
    }

    // Runs a shell line with its output in a file, and returns that.
    std::string output_of(const std::string& line) {
        set_exec({"/bin/sh", "-c", line.c_str()});
        return output();
    }
    std::string output() {
        std::string path = directory / "output";
        reeve::Fd file(reeve::sys::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666));
        set_output(file.get());
        if (start() != reeve::ExecStatus::done) return "(exec failed)";
        wait();
        return reeve::test::read_file(path);
    }

    std::string proc(const std::string& name) const {
        return "/proc/" + std::to_string(pid) + "/" + name;
    }
    // A line "NAME:\tvalue" of /proc/PID/status.
    std::string status_line(const std::string& name) const {
        std::istringstream text(reeve::test::read_file(proc("status")));
        for (std::string line; std::getline(text, line);)
            if (line.starts_with(name + ":")) return line.substr(name.size() + 2);
        return "";
    }
    // Soft and hard of a line of /proc/PID/limits: "20 30".
    std::string limit(const std::string& name) const {
        std::istringstream text(reeve::test::read_file(proc("limits")));
        for (std::string line, soft, hard; std::getline(text, line);) {
            if (!line.starts_with(name)) continue;
            std::istringstream(line.substr(name.size())) >> soft >> hard;
            return soft + " " + hard;
        }
        return "";
    }
    std::string link(const std::string& name) const {
        std::error_code code;
        return std::filesystem::read_symlink(proc(name), code).string();
    }
    std::set<int> descriptors() const {
        std::set<int> numbers;
        for (const auto& entry : std::filesystem::directory_iterator(proc("fd")))
            numbers.insert(std::stoi(entry.path().filename().string()));
        return numbers;
    }
    // As exec had it.
    std::map<std::string, std::string> environment() const {
        std::map<std::string, std::string> variables;
        std::istringstream text(reeve::test::read_file(proc("environ")));
        for (std::string entry; std::getline(text, entry, '\0');)
            variables[entry.substr(0, entry.find('='))] = entry.substr(entry.find('=') + 1);
        return variables;
    }
};
