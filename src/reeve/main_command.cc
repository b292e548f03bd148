#include "reeve/main_command.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "base/limits.h"
#include "conf/load.h"
#include "conf/own.h"
#include "core/explain.h"
#include "kernel/complain.h"
#include "kernel/platform.h"
#include "kernel/signals.h"
#include "kernel/sys.h"
#include "model/signals.h"
#include "process/resume.h"
#include "process/watched.h"

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

MainCommand::MainCommand(const Options& options, Setup& setup, Supervisor& supervisor,
                         Performer& performer, Ending& ending)
    : options_(options), setup_(setup), supervisor_(supervisor), performer_(performer),
      ending_(ending) {
    if (options.command != nullptr) definition_ = main_definition(options.command);
}

bool MainCommand::take_over(List<PastService>& past) {
    if (!definition_) return true;
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
    if (is_what_is_asked_for(one, *definition_)) return true;
    const pid_t group = one.child ? one.child.pid : one.service.group;
    const pid_t leader = one.child ? one.child.pid : one.service.leader.pid;
    const bool may_end = sys::kill(group > 0 ? -group : leader, 0) == 0 || errno == ESRCH;
    LongText line;
    append(line, "the command of an earlier reeve on ", setup_.run_directory);
    if (one.leader == Fact::unverified || !may_end) {
        append(line, " may still run as pid ", static_cast<int64_t>(leader), ", and ",
               may_end ? "whether that is still the same process cannot be told here"
                       : "this user may not end it",
               ": end it, or name another run directory with -r");
        complain(line.view());
        return false;
    }
    append(line, one.leader == Fact::gone ? " has left something behind" : " still runs", " (pid ",
           static_cast<int64_t>(leader), "): it is ended first");
    complain(line.view());
    one.service.want = Want::up;
    old_run_ = one.service.runs;
    return true;
}

void MainCommand::resume(List<PastService>& past) const {
    const Resumption& told = resumption();
    const Process leader{told.main, 0};
    if (told.main <= 0 || fact_on_record(leader) != Fact::child) return;
    PastService& main = past.emplace_back();
    main.digest = definition_->digest;
    main.leader = Fact::child;
    main.service = {
        .name = "main",
        .want = Want::up,
        .known = true,
        .leader_gone = false,
        .reason = {.code = ReasonCode::ready},
        .group = told.main,
        .leader = leader,
        .run_digest = definition_->process_digest,
        .runs = 1,
    };
    restore(main.service, State::running, Phase::up);
}

void MainCommand::find_service(Now now) {
    if (!definition_ || setup_.main) return;
    List<ServiceId> found;
    supervisor_.select("main", found);
    setup_.main = found.front();
    if (old_run_ != 0) supervisor_.restart({&setup_.main, 1}, now);
}

void MainCommand::forward_signals(Now now) {
    const Service& main = service();
    const bool ended =
        supervisor_.shutting_down() || main.state == State::done || main.state == State::failed;
    const bool is_there = main.leader && main.runs != old_run_;
    if (!ended && !is_there) {
        // What cannot even be begun is not waited for against the user's will.
        if (main.end.code != ReasonCode::fork_failed && old_run_ == 0) return;
        for (const int number : {SIGTERM, SIGINT, SIGQUIT})
            if (signals::take(number) > 0)
                return ending_.begin(Finale::exit, signal_code + number, now);
        return;
    }
    // With CMD gone they are for what is left.
    if (supervisor_.shutting_down() && !main.leader) {
        ending_.count_as_told();
        ending_.hurry(Finale::exit, signals::take(SIGTERM) + signals::take(SIGINT), now);
    }
    for (int number = 1; number <= signal_max; ++number) {
        if (number == SIGCHLD || number == platform::removal_signal) continue;
        unsigned count = signals::take(number);
        if (count > 0 && number == SIGCONT && !ended && performer_.foreground().go_on()) continue;
        for (; count > 0; --count) performer_.signal(setup_.main, number, options_.whole_group);
    }
}

void MainCommand::follow_stop() {
    if (!definition_) return;
    const Service& main = service();
    if (main.leader && !main.leader_gone) performer_.foreground().follow(main.leader.pid);
}

void MainCommand::look_for_end(Now now) {
    if (!definition_ || supervisor_.shutting_down()) return;
    // Stopped by svctl, CMD has ended all the same.
    const Service& main = service();
    if (main.state == State::stopped) {
        tell_end_of_command(main);
        return ending_.begin(Finale::exit, shell_code(main.exit), now);
    }
    look_at_fork(now);
}

// No process can be had for CMD. Alone, there is nothing else to wait for: whoever started reeve is
// told. With services beside it, it is tried until there is one.
void MainCommand::look_at_fork(Now now) {
    const Service& main = service();
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
    append(line, definition_->exec.front(), " was not started: ");
    append_end(line, main, main.end);
    line << (gives_up ? "" : "; it is tried again");
    complain(line.view());
    if (gives_up) ending_.begin(Finale::exit, 1, now);
}

}  // namespace reeve
