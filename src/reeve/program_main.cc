// The program's part for `-- CMD`: its signals, its start that fails, and what an earlier reeve has
// left of such a command.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "base/limits.h"
#include "core/explain.h"
#include "kernel/complain.h"
#include "kernel/platform.h"
#include "kernel/signals.h"
#include "kernel/sys.h"
#include "model/signals.h"
#include "process/resume.h"
#include "process/watched.h"
#include "reeve/program.h"

namespace reeve {

namespace {

// As a shell has it.
constexpr int signal_code = 128;

// May a program that an earlier reeve started stay as the one that is asked for now?
bool is_what_is_asked_for(const PastService& one, const Definition& definition) {
    const Service& service = one.service;
    const bool is_same = service.run_digest != 0 ? service.run_digest == definition.process_digest
                                                 : one.digest == definition.digest;
    const bool goes_on = service.state == State::starting || service.state == State::running;
    return is_same && goes_on && service.want == Want::up && one.leader == Fact::alive;
}

}  // namespace

// A command is this call's own: it always runs. What has ended is forgotten; the same one goes on;
// any other is ended first. False, with a line: it cannot be.
bool Program::take_over_main(List<PastService>& past) {
    if (!main_definition_) return true;
    const auto place = std::find_if(past.begin(), past.end(), [](const PastService& one) {
        return one.service.name == "main" && one.service.instance.empty();
    });
    if (place == past.end()) return true;
    PastService& one = *place;
    if (one.leader == Fact::gone && !one.group_left) {
        if (&one != &past.back()) std::swap(one, past.back());
        past.pop_back();
        return true;
    }
    if (is_what_is_asked_for(one, *main_definition_)) return true;
    const pid_t group = one.child ? one.child.pid : one.service.group;
    const pid_t leader = one.child ? one.child.pid : one.service.leader.pid;
    const bool may_end = sys::kill(group > 0 ? -group : leader, 0) == 0 || errno == ESRCH;
    LongText line;
    line << "the command of an earlier reeve on " << setup_.run_directory;
    if (one.leader == Fact::unverified || !may_end) {
        line << " may still run as pid " << static_cast<int64_t>(leader) << ", and "
             << (may_end ? "whether that is still the same process cannot be told here"
                         : "this user may not end it")
             << ": end it, or name another run directory with -r";
        complain(line.view());
        return false;
    }
    line << (one.leader == Fact::gone ? " has left something behind" : " still runs") << " (pid "
         << static_cast<int64_t>(leader) << "): it is ended first";
    complain(line.view());
    one.service.want = Want::up;
    old_main_run_ = one.service.runs;
    return true;
}

// Without a journal: that CMD runs, the process it was before has told.
void Program::add_past_main(List<PastService>& past) {
    const Resumption& told = resumption();
    const Process leader{told.main, 0};
    if (told.main <= 0 || fact_on_record(leader) != Fact::child) return;
    PastService& main = past.emplace_back();
    main.digest = main_definition_->digest;
    main.leader = Fact::child;
    main.service = {
        .name = "main",
        .want = Want::up,
        .state = State::running,
        .phase = Phase::up,
        .known = true,
        .leader_gone = false,
        .reason = {.code = ReasonCode::ready},
        .group = told.main,
        .leader = leader,
        .run_digest = main_definition_->process_digest,
        .runs = 1,
    };
}

// What comes before CMD has a process waits for it; what comes after its end is for nobody.
void Program::forward_signals(Now now) {
    const Service& main = supervisor_.at(setup_.main);
    const bool ended =
        supervisor_.shutting_down() || main.state == State::done || main.state == State::failed;
    const bool is_there = main.leader && main.runs != old_main_run_;
    if (!ended && !is_there) {
        // What cannot even be begun is not waited for against the user's will.
        if (main.end.code != ReasonCode::fork_failed && old_main_run_ == 0) return;
        for (const int number : {SIGTERM, SIGINT, SIGQUIT})
            if (signals::take(number) > 0) return end(signal_code + number, now);
        return;
    }
    // With CMD gone they are for what is left.
    if (supervisor_.shutting_down() && !main.leader) {
        times_told_ = std::max(times_told_, 1u);
        told_to_end(Finale::exit, signals::take(SIGTERM) + signals::take(SIGINT), now);
    }
    for (int number = 1; number <= signal_max; ++number) {
        if (number == SIGCHLD || number == platform::removal_signal) continue;
        unsigned count = signals::take(number);
        if (count > 0 && number == SIGCONT && !ended && performer_.foreground().go_on()) continue;
        for (; count > 0; --count) performer_.signal(setup_.main, number, options_.whole_group);
    }
}

// Where CMD has stopped, whoever typed that wants the terminal back.
void Program::follow_main() {
    const Service& main = supervisor_.at(setup_.main);
    if (main.leader && !main.leader_gone) performer_.foreground().follow(main.leader.pid);
}

// No process can be had for CMD. Alone, there is nothing else to wait for: whoever started reeve is
// told. With services beside it, it is tried until there is one.
void Program::look_at_fork(Now now) {
    const Service& main = supervisor_.at(setup_.main);
    const bool fails = !main.leader && main.end.code == ReasonCode::fork_failed;
    if (!fails) {
        fork_until_ = no_deadline;
        fork_failure_said_ = false;
        return;
    }
    const bool gives_up = is_alone_ && now.mono >= fork_until_;
    if (is_alone_ && fork_until_ == no_deadline)
        fork_until_ = now.mono + milliseconds(main_fork_max_ms);
    if (!gives_up && (is_alone_ || std::exchange(fork_failure_said_, true))) return;
    LongText line;
    line << main_definition_->exec.front() << " was not started: ";
    append_end(line, main, main.end);
    line << (gives_up ? "" : "; it is tried again");
    complain(line.view());
    if (gives_up) end(1, now);
}

// A program that could not be started has no output of its own to say so. The end of what another
// reeve began is nobody's to tell, and status 1 does not stand for it by itself.
void Program::report_end(const Service& service) {
    if (service.runs > 0 && service.exit.kind == ExitStatus::Kind::unknown)
        return complain(Text::join({main_definition_->exec.front(),
                                    " has ended, how is not known: it was taken over from a reeve "
                                    "that died, whose child it was (status 1)"}));
    if (service.end.code != ReasonCode::exec_failed) return;
    Buffer<512> line;
    append_end(line, service, service.end);
    complain(line.view());
}

}  // namespace reeve
