// resume: the program executes itself again, in the same process: because it was asked to (svctl
// reexec), or because it crashed. Children stay children, and signals that are pending stay so. Of
// the descriptors those stay open that are open for reading and writing: the lock, sockets, FIFOs.
// A pipe does not, and a child that is on its way to exec sees by that that it is nobody's. What is
// running the journal tells; what is not in there goes along as an argument.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"

namespace reeve {

// What a process tells what it becomes.
struct Resumption {
    bool resumed = false;   // it was reeve before
    bool by_fault = false;  // it crashed, and was not asked to
    bool careful = false;   // it had crashed too often, and nobody has asked for anything since
    uint32_t crashes = 0;   // since the process began
    int signal = 0;         // of the last one
    Wall crashed;           // when that was
    // When the latest ones were, newest first; 0: there were fewer.
    std::array<Mono, crashes_careful_count> recent{};

    // How many descriptors it may have (soft limit) by whoever started it, where it has allowed
    // itself more.
    std::optional<rlim_t> nofile;

    // A shutdown that is under way, as the program has it.
    bool ending = false;
    int exit_code = 0;
    int finale = 0;
    Mono kill_at;

    // Children that were reaped, and whose end is not on record yet.
    struct Ended {
        pid_t pid;
        int status;  // of waitpid
    };
    struct Reaped {
        std::array<Ended, reaped_at_once_max_count> ended;
        size_t count = 0;
    };
    Reaped reaped{};

    // It crashed crashes_careful_count times within crashes_careful_ms.
    bool crashes_often() const;
    // Is this child one of those that ended?
    bool has_ended(pid_t pid) const;
};

// How a program is asked, with the run directory, whether it could take over, and how it says yes.
constexpr char try_resume[] = "--try-resume";
constexpr int exit_can_resume = 42;

// The one of this process. What is in it is passed on.
Resumption& resumption();

// The first argument of a program that was executed by itself, and whether this is one.
void append_resumption(Sink& out, const Resumption& resumption);
bool parse_resumption(std::string_view argument, Resumption& resumption);

// To be called first of all: takes the resumption out of the arguments, keeps the others for the
// next time, and goes on after a fault (SEGV BUS ILL FPE ABRT) by executing the program again.
void catch_faults(int& argc, char** argv, char** environment);

// Between these a fault that somebody sends waits.
void hold_faults(bool held);

// Where the program is (empty: not known), once there is a journal to go on from. A fault executes
// what runs, even if another one is there by now.
void set_own_program(const char* path);

// Where there is nothing to come back to (no journal), or it fails: PID 1 goes on reaping until
// this child, of `-- CMD`, has ended, and then ends with its status. 0: for ever.
void set_last_child(pid_t pid);

// Executes the program at that path, as it is now. Returns only where that failed, with errno.
int execute_again(const char* program);

}  // namespace reeve
