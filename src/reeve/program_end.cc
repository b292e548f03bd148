// The program's end: what asks for it, what is said meanwhile, and what is left behind.
#include <algorithm>
#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "core/explain.h"
#include "kernel/complain.h"
#include "kernel/platform.h"
#include "kernel/signals.h"
#include "kernel/sys.h"
#include "process/resume.h"
#include "reeve/program.h"

namespace reeve {

// TERM and INT: the first one ends all, the second leaves a second to what is left, the third none.
void Program::told_to_end(Finale finale, unsigned times, Now now) {
    for (; times > 0; --times) {
        if (++times_told_ == 1) {
            end_as(finale, 0, now);
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

void Program::look_for_end(Now now) {
    EndRequest& request = performer_.end_request();
    if (request.on_end != OnEnd::nothing) {
        const Service& service = supervisor_.at(request.service);
        if (request.service == setup_.main) report_end(service);
        Finale finale = Finale::exit;
        if (request.on_end == OnEnd::reboot) finale = Finale::reboot;
        if (request.on_end == OnEnd::poweroff) finale = Finale::poweroff;
        const int code = shell_code(request.status);
        end_as(finale, request.on_end == OnEnd::shutdown_on_failure ? std::max(code, 1) : code,
               now);
        request = {};
    }
    if (supervisor_.shutting_down()) return;
    if (main_definition_) {
        // Stopped by svctl: CMD has ended all the same.
        const Service& main = supervisor_.at(setup_.main);
        if (main.state == State::stopped) {
            report_end(main);
            return end(shell_code(main.exit), now);
        }
        look_at_fork(now);
    }
    const bool may_idle = options_.exit_when_idle || settings_.exit_when_idle;
    if (may_idle && definitions_read_ && supervisor_.idle()) {
        int code = 0;
        for (const Service& service : supervisor_.services())
            if (service.used() && service.state == State::failed) code = 1;
        // svlog still has to write what the others said last.
        if (!supervisor_.all_ended()) return end(code, now);
        idle_ = true;
        exit_code_ = code;
    }
}

// The end's last changes are told by last_words().
void Program::tell_changes(Now now) {
    reports_.tell(supervisor_, settings_.report, setup_.main, now);
    if (supervisor_.shutting_down()) reports_.tell_shutdown(supervisor_, kill_at_, now.mono);
}

// What is left: as PID 1 every process, else the orphans that came to us. TERM, then KILL.
void Program::end_orphans() {
    const auto signal_all = [&](int number) {
        if (is_init_)
            sys::kill(-1, number);
        else
            platform::signal_children(number);
    };
    const auto none_left = [] {
        int status;
        pid_t pid;
        do pid = sys::waitpid(-1, &status, WNOHANG);
        while (pid > 0);
        return pid < 0;
    };
    if (none_left()) return;
    signal_all(SIGTERM);
    signal_all(SIGCONT);
    const Mono begin = sys::mono_now();
    Mono kill_at = std::min(begin + milliseconds(leftover_grace_max_ms),
                            std::max(kill_at_ == no_deadline ? begin : kill_at_, begin));
    const Mono give_up = kill_at + milliseconds(leftover_grace_max_ms);
    while (!none_left()) {
        const Mono now = sys::mono_now();
        if (now >= give_up) return;  // in the kernel's hands
        if (now >= kill_at) signal_all(SIGKILL);
        reports_.tell_leftovers(now);
        set_.clear();
        signals::watch(set_);
        set_.wait(now + milliseconds(now >= kill_at ? 20 : 100), now);
        signals::drain();
        if (signals::take(SIGTERM) + signals::take(SIGINT) > 0) kill_at = std::min(kill_at, now);
    }
}

// A fault from here on is to lead back here, whatever it was that ended it.
int Program::last_words() {
    const Now now{sys::mono_now(), sys::wall_now()};
    resumption().ending = true;
    resumption().exit_code = exit_code_;
    resumption().kill_at = std::min(kill_at_, now.mono);
    performer_.carry_out(now);
    tell_changes(now);
    journal_.end();
    performer_.logs().close();
    server_.close();
    const Text& run = setup_.run_directory;
    if (!run.empty()) sys::unlink(Text::join({run, "/pid"}).c_str());
    performer_.foreground().give_back();
    if (is_machine_) {
        switch (finale_) {
        case Finale::exit:
        case Finale::poweroff: platform::power(platform::PowerAction::poweroff); break;
        case Finale::reboot: platform::power(platform::PowerAction::reboot); break;
        case Finale::halt: platform::power(platform::PowerAction::halt); break;
        }
    }
    return exit_code_;
}

}  // namespace reeve
