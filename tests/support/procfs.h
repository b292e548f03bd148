// procfs: what the system says of a process.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace reeve::test {

// Is this the platform that reads /proc, and is there one?
bool has_proc();

struct ProcessFacts {
    char state = 0;  // as in /proc/PID/stat; 0: there is no such process
    pid_t parent = 0;
    pid_t group = 0;
    pid_t session = 0;
    pid_t foreground = 0;  // process group in the foreground of its terminal
};
ProcessFacts facts_of(pid_t pid);

// There, and no zombie.
bool alive(pid_t pid);

std::vector<pid_t> children_of(pid_t parent);
// Children, their children, and so on.
std::vector<pid_t> descendants_of(pid_t ancestor);

// The value of "NAME:" in /proc/PID/status.
std::string status_field(pid_t pid, std::string_view name);

// What it has used of a processor so far; its children's time is their own.
std::chrono::nanoseconds cpu_time_of(pid_t pid);

// The signal set NAME (SigBlk, SigIgn, SigCgt) of a text like /proc/PID/status has this signal.
bool has_signal(std::string_view status_text, std::string_view name, int number);

}  // namespace reeve::test
