#include "reeve/ending.h"

#include <algorithm>
#include <csignal>

#include "base/limits.h"
#include "core/explain.h"
#include "kernel/complain.h"
#include "kernel/platform.h"
#include "kernel/signals.h"
#include "kernel/sys.h"
#include "process/resume.h"

namespace reeve {

void tell_end_of_command(const Service& main) {
    if (main.runs > 0 && main.exit.kind == ExitStatus::Kind::unknown)
        return complain(main.definition->exec.front(),
                        " has ended, how is not known: it was taken over from a reeve "
                        "that died, whose child it was (status 1)");
    if (main.end.code != ReasonCode::exec_failed) return;
    Buffer<512> line;
    append_end(line, main, main.end);
    complain(line.view());
}

namespace {

Finale finale_of(OnEnd on_end) {
    return on_end == OnEnd::reboot     ? Finale::reboot
           : on_end == OnEnd::poweroff ? Finale::poweroff
                                       : Finale::exit;
}

// Collects every child that has ended. True: there are no others.
bool none_left() {
    int status;
    pid_t pid;
    do pid = sys::waitpid(-1, &status, WNOHANG);
    while (pid > 0);
    return pid < 0;
}

}  // namespace

void Ending::begin(Finale finale, int code, Now now) {
    if (supervisor_.shutting_down()) return;
    finale_ = finale;
    const Duration total = settings_.stop_timeout_total;
    shut_down(code, now.mono + (total.ms > 0 ? total : seconds(8)), now);
}

// Begins it, on record for the case of a crash.
void Ending::shut_down(int code, Mono kill_at, Now now) {
    exit_code_ = code;
    kill_at_ = kill_at;
    Resumption& told = resumption();
    told.ending = true;
    told.exit_code = code;
    told.finale = static_cast<int>(finale_);
    told.kill_at = kill_at;
    reports_.begin_shutdown(now.mono);
    supervisor_.shut_down(kill_at_, now);
    performer_.carry_out(now);
}

void Ending::resume(Now now) {
    const Resumption& past = resumption();
    finale_ = static_cast<Finale>(past.finale);
    shut_down(past.exit_code, past.kill_at, now);
}

// BEHAVIOUR section 7; as PID 1 of a machine BusyBox's conventions.
void Ending::heed_signals(Now now) {
    unsigned times = signals::take(SIGTERM) + signals::take(SIGINT);
    if (role_ == Role::machine_init) {
        for (const int number : platform::container_stop_signals) signals::take(number);
        if (signals::take(SIGUSR1) > 0) begin(Finale::halt, 0, now);
        if (signals::take(SIGUSR2) > 0) begin(Finale::poweroff, 0, now);
        return hurry(Finale::reboot, times, now);
    }
    if (role_ == Role::container_init)
        for (const int number : platform::container_stop_signals) times += signals::take(number);
    hurry(Finale::exit, times, now);
}

void Ending::hurry(Finale finale, unsigned times, Now now) {
    for (; times > 0; --times) {
        if (++times_told_ == 1) {
            begin(finale, 0, now);
            continue;
        }
        const bool last = times_told_ > 2;
        kill_at_ = std::min(kill_at_, last ? now.mono : now.mono + milliseconds(shutdown_hurry_ms));
        resumption().kill_at = kill_at_;
        if (times_told_ <= 3)
            complain(last ? "told to end for the third time: what is left is killed"
                          : "told to end once more: what is left gets its stop signal again, and "
                            "one second");
        supervisor_.hasten(kill_at_, now);
        performer_.carry_out(now);
    }
}

void Ending::heed_request(Now now) {
    EndRequest& request = performer_.end_request();
    if (request.on_end == OnEnd::nothing) return;
    if (request.service == setup_.main) tell_end_of_command(supervisor_.at(request.service));
    const int code = shell_code(request.status);
    // Of what reeve itself ended (its check failed, say) the code is that of a stop.
    const Service& service = supervisor_.at(request.service);
    const bool was_ended = service.state == State::failed && service.end.code != ReasonCode::exited;
    const bool is_failure = request.on_end == OnEnd::shutdown_on_failure || was_ended;
    begin(finale_of(request.on_end), is_failure ? std::max(code, 1) : code, now);
    request = {};
}

void Ending::end_if_idle(Now now) {
    if (supervisor_.shutting_down() || !supervisor_.idle()) return;
    int code = 0;
    for (const Service& service : supervisor_.services())
        if (service.used() && service.state == State::failed) code = 1;
    // svlog still has to write what the others said last.
    if (!supervisor_.all_ended()) return begin(Finale::exit, code, now);
    idle_ = true;
    exit_code_ = code;
}

bool Ending::is_finished() const {
    return idle_ || (supervisor_.shutting_down() && supervisor_.all_ended());
}

void Ending::tell_waiting(Now now) {
    if (supervisor_.shutting_down()) reports_.tell_shutdown(supervisor_, kill_at_, now.mono);
}

// Ends what is left: as PID 1 every process, else the orphans that came to us. TERM, then KILL.
void Ending::end_orphans() {
    const auto signal_all = [&](int number) {
        if (role_ != Role::process)
            sys::kill(-1, number);
        else
            platform::signal_children(number);
    };
    if (none_left()) return;
    signal_all(SIGTERM);
    signal_all(SIGCONT);
    const Mono begin = sys::mono_now();
    Mono kill_at = std::min(begin + milliseconds(leftover_grace_max_ms),
                            std::max(kill_at_ == no_deadline ? begin : kill_at_, begin));
    const Mono give_up = kill_at + milliseconds(leftover_grace_max_ms);
    PollSet set;
    while (!none_left()) {
        const Mono now = sys::mono_now();
        if (now >= give_up) return;  // in the kernel's hands
        if (now >= kill_at) signal_all(SIGKILL);
        reports_.tell_leftovers(now);
        set.clear();
        signals::watch(set);
        set.wait(now + milliseconds(now >= kill_at ? 20 : 100), now);
        signals::drain();
        if (signals::take(SIGTERM) + signals::take(SIGINT) > 0) kill_at = std::min(kill_at, now);
    }
}

// A fault from here on leads back to here, whatever it was that ended it.
int Ending::conclude(Journal& journal, Server& server) {
    end_orphans();
    const Now now{sys::mono_now(), sys::wall_now()};
    resumption().ending = true;
    resumption().exit_code = exit_code_;
    resumption().kill_at = std::min(kill_at_, now.mono);
    performer_.carry_out(now);
    reports_.tell(supervisor_, settings_.report, setup_.main, now);
    journal.end();
    performer_.logs().close();
    performer_.sockets().close();
    server.close();
    const Text& run = setup_.run_directory;
    if (!run.empty()) sys::unlink(Text::join(run, "/pid").c_str());
    performer_.foreground().give_back();
    if (role_ == Role::machine_init) {
        using enum platform::PowerAction;
        platform::power(finale_ == Finale::reboot ? reboot
                        : finale_ == Finale::halt ? halt
                                                  : poweroff);
    }
    return exit_code_;
}

}  // namespace reeve
