// The program's other half: executing itself again, on request or after a crash.
#include <cerrno>
#include <csignal>
#include <unistd.h>
#include <utility>

#include "base/format.h"
#include "base/limits.h"
#include "kernel/complain.h"
#include "kernel/sys.h"
#include "model/signals.h"
#include "process/resume.h"
#include "reeve/program.h"

extern char** environ;

namespace reeve {

namespace {

constexpr char safe_mode_warning[] = "reeve has crashed too often: it keeps what runs, and starts "
                                     "nothing before svctl up, restart, run or reload";

}  // namespace

Text Program::begin_reexec(Now now) {
    if (supervisor_.shutting_down()) return "reeve is ending";
    if (setup_.own_program.empty()) return "where reeve's program is, is not known";
    if (!journal_.whole()) return journal_warning();
    if (sys::access(setup_.own_program.c_str(), X_OK) < 0)
        return Text::join({setup_.own_program, " cannot take over (", errno_text(errno),
                           "); the reeve that runs goes on"});
    List<List<SourceFile>> files;
    List<Text> problems;
    if (!read_files(files, problems)) return problems.front();
    if (trial_ != 0 || reexec_until_ != no_deadline) return {};
    reexec_failure_ = {};
    const char* const words[] = {setup_.own_program.c_str(), try_resume,
                                 setup_.run_directory.c_str(), nullptr};
    const auto become = [](const void* context) {
        const auto* command = static_cast<const char* const*>(context);
        sys::execve(command[0], command, environ);
        _exit(127);
    };
    trial_ = sys::fork(sys::Memory::copied, become, words);
    if (trial_ < 0) {
        trial_ = 0;
        return Text::join({"fork: ", errno_text(errno)});
    }
    performer_.expect(trial_);
    trial_until_ = now.mono + milliseconds(trial_max_ms);
    return {};
}

// The trial's end, then that of what is on its way to exec, then ours.
void Program::follow_reexec(Now now) {
    if (const auto end = performer_.take_trial_end()) {
        const bool good = end->kind == ExitStatus::Kind::exited && end->value == exit_can_resume;
        if (good) {
            reexec_until_ = now.mono + milliseconds(reexec_in_flight_max_ms);
        } else {
            Buffer<path_max_bytes + 128> line;
            line << setup_.own_program << " cannot take over (";
            if (trial_until_ == no_deadline)
                line << "no answer";
            else if (end->kind == ExitStatus::Kind::exited && end->value == 127)
                line << "exit 127: it cannot be executed";
            else if (end->kind == ExitStatus::Kind::exited)
                line << "exit " << static_cast<int>(end->value);
            else
                line << "killed by a signal";
            line << "); the reeve that runs goes on";
            reexec_failure_ = line.view();
            complain(line.view());
        }
        trial_ = 0;
        trial_until_ = no_deadline;
    }
    if (now.mono >= trial_until_) {
        trial_until_ = no_deadline;
        sys::kill(trial_, SIGKILL);
    }
    const bool due = reexec_until_ != no_deadline;
    if (due && (!performer_.in_flight() || now.mono >= reexec_until_)) reexec(now);
}

void Program::reexec(Now now) {
    reexec_until_ = no_deadline;
    performer_.carry_out(now);
    performer_.write_status_files(now);
    if (performer_.end_request().on_end != OnEnd::nothing) return;  // a shutdown comes first
    if (!journal_.whole()) {
        reexec_failure_ = journal_warning();
        return;
    }
    server_.hand_over(now);
    const int code = execute_again(setup_.own_program.c_str());
    reexec_failure_ = Text::join(
        {describe(Error{"execute", setup_.own_program, code}), "; the reeve that runs goes on"});
    complain(reexec_failure_);
}

// Before there are any services: none of them is to be started for it.
void Program::go_on_ending(Now now) {
    const Resumption& past = resumption();
    finale_ = static_cast<Finale>(past.finale);
    shut_down(past.exit_code, past.kill_at, now);
}

// What the journal does not tell.
void Program::resume() {
    setup_.kept.close();
    if (safe_mode_) complain(safe_mode_warning);
    if (definitions_read_)
        make_up_for_ends();
    else
        complain(warnings().back());
}

// A service may have ended for good without anybody having acted on it.
void Program::make_up_for_ends() {
    if (!std::exchange(resumption().by_fault, false) || resumption().ending) return;
    EndRequest& request = performer_.end_request();
    for (uint32_t i = 0; i < supervisor_.services().size(); ++i) {
        const Service& service = supervisor_.at(ServiceId{i});
        if (!service.used() || request.on_end != OnEnd::nothing) continue;
        if (service.state == State::done || service.state == State::failed)
            request = {on_end_of(service), ServiceId{i}, service.exit};
    }
}

void Program::leave_safe_mode() {
    if (!safe_mode_) return;
    safe_mode_ = resumption().safe_mode = false;
    performer_.set_safe_mode(false);
    resumption().recent = {};
    make_room_for_pipes(performer_.logs().count());
}

void Program::crash(int number) { raise(number); }

Text Program::journal_warning() const {
    return Text::join({setup_.run_directory, "/journal cannot be written: should reeve die "
                                             "now, what has changed since is lost"});
}

List<Text> Program::warnings() const {
    List<Text> warnings;
    const Resumption& past = resumption();
    if (past.crashes > 0) {
        LongText line;
        line << "reeve has crashed " << past.crashes << (past.crashes == 1 ? " time" : " times")
             << ", last with SIG";
        append_signal(line, past.signal);
        line << ' ';
        append_span(line, milliseconds(sys::wall_now().ms - past.crashed.ms));
        line << " ago; its services were not touched";
        warnings.emplace_back(line.view());
    }
    if (journal_.enabled() && !journal_.whole()) warnings.push_back(journal_warning());
    if (Text problem = performer_.status_warning(); !problem.empty())
        warnings.push_back(std::move(problem));
    if (safe_mode_) warnings.emplace_back(safe_mode_warning);
    if (!definitions_read_)
        warnings.emplace_back(
            past.reads_nothing
                ? "reeve has crashed while it read the definitions: it goes on with what it has, "
                  "and reads none before svctl reload"
                : "reeve has crashed, and the definitions cannot be read since: what runs goes on, "
                  "and begins anew once they can");
    return warnings;
}

}  // namespace reeve
