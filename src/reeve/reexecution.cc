#include "reeve/reexecution.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <unistd.h>

#include "base/limits.h"
#include "kernel/complain.h"
#include "kernel/sys.h"
#include "process/resume.h"

extern char** environ;

namespace reeve {

Text Reexecution::journal_warning() const {
    return Text::join(setup_.run_directory, "/journal cannot be written: should reeve die "
                                            "now, what has changed since is lost");
}

Text Reexecution::why_not() const {
    if (supervisor_.shutting_down()) return "reeve is ending";
    if (setup_.own_program.empty()) return "where reeve's program is, is not known";
    if (!journal_.whole()) return journal_warning();
    if (sys::access(setup_.own_program.c_str(), X_OK) < 0)
        return Text::join(setup_.own_program, " cannot take over (", errno_text(errno),
                          "); the reeve that runs goes on");
    return {};
}

Text Reexecution::begin(Now now) {
    if (trial_ != 0 || execute_by_ != no_deadline) return {};
    failure_ = {};
    const char* const words[] = {setup_.own_program.c_str(), try_resume,
                                 setup_.run_directory.c_str(), nullptr};
    const auto become = [](const void* context) {
        const auto* command = static_cast<const char* const*>(context);
        sys::execve(command[0], command, environ);
        _exit(127);
    };
    const pid_t child = sys::fork(sys::Memory::copied, become, words);
    if (child < 0) return Text::join("fork: ", errno_text(errno));
    trial_ = child;
    performer_.expect(child);
    trial_until_ = now.mono + milliseconds(trial_max_ms);
    return {};
}

void Reexecution::follow(Now now) {
    if (const auto end = performer_.take_trial_end()) end_trial(*end, now);
    if (now.mono >= trial_until_) {
        trial_until_ = no_deadline;
        sys::kill(trial_, SIGKILL);
    }
    const bool due = execute_by_ != no_deadline;
    if (due && (!performer_.in_flight() || now.mono >= execute_by_)) execute(now);
}

// Heeds what the trial came to. One that was killed for its silence has no deadline any more.
void Reexecution::end_trial(ExitStatus end, Now now) {
    const bool was_silent = trial_until_ == no_deadline;
    const bool has_exited = end.kind == ExitStatus::Kind::exited;
    trial_ = 0;
    trial_until_ = no_deadline;
    if (has_exited && end.value == exit_can_resume) {
        execute_by_ = now.mono + milliseconds(reexec_in_flight_max_ms);
        return;
    }
    Buffer<path_max_bytes + 128> line;
    append(line, setup_.own_program, " cannot take over (");
    if (was_silent)
        line << "no answer";
    else if (!has_exited)
        line << "killed by a signal";
    else
        append(line, "exit ", static_cast<int>(end.value),
               end.value == 127 ? ": it cannot be executed" : "");
    line << "); the reeve that runs goes on";
    fail(line.view());
}

// The last step: what is on record by now is all that the next program knows.
void Reexecution::execute(Now now) {
    execute_by_ = no_deadline;
    performer_.carry_out(now);
    performer_.write_status_files(now);
    if (performer_.end_request().on_end != OnEnd::nothing) return;  // a shutdown comes first
    if (!journal_.whole()) {
        failure_ = journal_warning();
        return;
    }
    server_.hand_over(now);
    const int code = execute_again(setup_.own_program.c_str());
    fail(Text::join(describe(Error{"execute", setup_.own_program, code}),
                    "; the reeve that runs goes on"));
}

void Reexecution::fail(std::string_view why) {
    failure_ = why;
    complain(why);
}

Mono Reexecution::next_deadline() const { return std::min(trial_until_, execute_by_); }

}  // namespace reeve
