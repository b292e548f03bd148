#include "support/guard.h"

#include <csignal>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>
#include <vector>

#include "support/procfs.h"
#include "support/tempdir.h"

namespace reeve::test {

namespace {

pid_t guarded = 0;  // the test program

std::vector<pid_t> marked() {
    std::vector<pid_t> found;
    DIR* directory = opendir("/proc");
    if (directory == nullptr) return found;
    while (const dirent* entry = readdir(directory)) {
        const pid_t pid = std::atoi(entry->d_name);
        const std::string environment = "/proc/" + std::string(entry->d_name) + "/environ";
        if (pid > 0 && pid != getpid() && count(read_file(environment), guard_mark()) > 0)
            found.push_back(pid);
    }
    closedir(directory);
    return found;
}

// Until nothing is left, for a supervisor may start something while we look.
[[noreturn]] void guard(int life_line) {
    setsid();  // timeout(1) kills our whole process group
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) signal(number, SIG_IGN);
    char byte;
    while (read(life_line, &byte, 1) < 0) {}
    for (int i = 0; i < 1000; ++i) {
        const std::vector<pid_t> left = marked();
        if (left.empty()) break;
        for (const pid_t pid : left) kill(pid, SIGSTOP);
        for (const pid_t pid : left) {
            for (const pid_t descendant : descendants_of(pid)) kill(descendant, SIGKILL);
            kill(pid, SIGKILL);
        }
        usleep(10000);
    }
    _exit(0);
}

}  // namespace

std::string guard_mark() { return "TESTED_BY=" + std::to_string(guarded); }

pid_t start_guard() {
    static pid_t pid = 0;
    if (pid != 0) return pid;
    guarded = getpid();
    // The other end is ours alone, and closes when we are no more.
    int ends[2];
    if (pipe(ends) < 0) return 0;
    for (const int fd : ends) fcntl(fd, F_SETFD, FD_CLOEXEC);
    pid = fork();
    if (pid == 0) {
        close(ends[1]);
        guard(ends[0]);
    }
    close(ends[0]);
    return pid;
}

}  // namespace reeve::test
