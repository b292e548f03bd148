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

#include "base/format.h"
#include "base/limits.h"
#include "base/time.h"

namespace reeve {

// What a process tells what it becomes.
struct Resumption {
    bool resumed = false;   // it was reeve before
    bool begun = false;     // and had begun: there is something to go on with
    bool by_fault = false;  // it crashed, and was not asked to
    // It crashed before it had begun. What it reads may be what it crashes of: it reads no
    // definitions until it is asked to.
    bool reads_nothing = false;
    uint32_t stuck = 0;      // such crashes in a row
    bool safe_mode = false;  // it had crashed too often, and nobody has asked for anything since
    uint32_t crashes = 0;    // since the process began
    int signal = 0;          // of the last one
    Wall crashed;            // when that was
    // When the latest ones were, newest first; 0: there were fewer.
    std::array<Mono, crashes_safe_mode_count> recent{};

    // How many descriptors it may have (soft limit) by whoever started it, where it has allowed
    // itself more.
    std::optional<rlim_t> nofile;
    // reeve.conf's, without which svlog cannot be started; empty: none.
    char log_user[account_field_max_bytes + 1] = {};

    // `-- CMD` alone: no journal tells of its process. Nothing: that was not found out yet.
    std::optional<bool> stateless;
    pid_t main = 0;  // 0: it was not forked yet
    // The descriptors that CMD is to have and has not got yet; all that are open before `sealed`.
    bool sealed = false;
    struct Given {
        std::array<int, inherited_fds_max_count> fds;
        size_t count = 0;
    };
    Given given{};

    // A shutdown that is under way, as the program has it.
    bool ending = false;
    int exit_code = 0;
    int finale = 0;
    Mono kill_at;

    // How many processes the kernel had killed for want of memory; nothing: not known.
    std::optional<uint64_t> memory_kills;

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
    Ended main_end{};  // of CMD, where nothing else tells of it: pid 0 before that

    // It crashed crashes_safe_mode_count times within crashes_safe_mode_ms.
    bool crashes_often() const;
    // Is this child one of those that ended?
    bool has_ended(pid_t pid) const;
};

// How a program is asked, with the run directory, whether it could take over, and how it says yes.
constexpr char try_resume[] = "--try-resume";
constexpr int exit_can_resume = 42;
// reeve's own failure, apart from what CMD may exit with.
constexpr int exit_cannot_run = 100;

// The one of this process. What is in it is passed on.
Resumption& resumption();

// The first argument of a program that was executed by itself, and whether this is one.
void append_resumption(Sink& out, const Resumption& resumption);
bool parse_resumption(std::string_view argument, Resumption& resumption);

// To be called first of all: takes the resumption out of the arguments, keeps the others for the
// next time, and from then on answers faults (SEGV BUS ILL FPE ABRT TRAP SYS). A first start ends
// of one; what was resumed, or has begun, executes the program again. What others sent while it was
// being executed is answered by that.
void catch_faults(int& argc, char**& argv, char** environment);

// Around what a child writes of itself into the journal: no program takes its parent's place in
// between. False: one is about to, or has.
bool begin_record();
void end_record();

// Between these a fault that somebody sends waits.
void hold_faults(bool held);

// Where the program is (empty: not known). A fault executes what runs, even if another one is there
// by now.
void set_own_program(const char* path);

// PID 1 of a machine never ends: it goes on behind a fault in its first start as well.
void set_machine();

// All that a next one needs is on record from now on, if there is a record: else a fault has
// nothing to come back to.
void set_begun(bool is_on_record);

// The process of `-- CMD`, which has its descriptors by now. Where there is nothing to come back
// to, or that fails: PID 1 goes on reaping until it has ended, and then ends with its
// status. 0: until it is told to end.
void set_last_child(pid_t pid);

// Executes the program at that path, as it is now. Returns only where that failed, with errno.
int execute_again(const char* program);

}  // namespace reeve
