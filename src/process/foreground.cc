#include "process/foreground.h"

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/signals.h"
#include "kernel/sys.h"

namespace reeve {

void Foreground::begin(pid_t group, bool given) {
    group_ = group;
    wanted_ = given;
    terminal_ = -1;
    if (getpid() == 1) return;
    for (int fd = 2; fd >= 0; --fd)
        if (tcgetpgrp(fd) >= 0) terminal_ = fd;
    // In the background at first, it is to have it once a shell brings reeve to the foreground.
    if (terminal_ == 0) wanted_ = true;
}

// A shell sees reeve's group stop by the same signal. Where that group is orphaned nobody could
// ever continue it: the system does not stop it, and a ^Z is then as good as not typed.
void Foreground::follow(pid_t main) {
    siginfo_t info = {};
    if (terminal_ < 0 || waitid(P_PID, static_cast<id_t>(main), &info, WSTOPPED | WNOHANG) < 0 ||
        info.si_pid == 0)
        return;
    const int number = info.si_status;
    const bool wants_terminal = number == SIGTTIN || number == SIGTTOU;
    wanted_ = wanted_ || wants_terminal;
    if (wants_terminal && is_ours()) {
        go_on();
        return;
    }
    const bool continued = signals::stop_group(wants_terminal ? number : SIGTSTP);
    if (continued || number == SIGTSTP) go_on();
}

bool Foreground::go_on() {
    if (terminal_ < 0) return false;
    if (wanted_ && is_ours()) sys::tcsetpgrp(terminal_, group_);
    sys::kill(-group_, SIGCONT);
    return true;
}

void Foreground::give_back() {
    const int fd = terminal_ < 0 ? 0 : terminal_;
    if (group_ > 0 && tcgetpgrp(fd) == group_) sys::tcsetpgrp(fd, getpgrp());
}

bool Foreground::is_ours() const { return tcgetpgrp(terminal_) == getpgrp(); }

}  // namespace reeve
