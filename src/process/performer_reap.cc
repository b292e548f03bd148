// What the performer does about children that have ended.
#include <sys/wait.h>
#include <utility>

#include "kernel/platform.h"
#include "kernel/signals.h"
#include "kernel/sys.h"
#include "process/performer.h"
#include "process/resume.h"

namespace reeve {

// Collects all that have ended, and then deals with their ends: what ended together is known to be
// gone together, and one write puts it on record.
void Performer::reap(Now now) {
    // What is in there goes along where what follows from it makes reeve crash.
    auto& [ended, count] = resumption().reaped;
    bool more = true;
    while (more) {
        hold_faults(true);
        while (count < ended.size()) {
            const pid_t pid = sys::waitpid(-1, &ended[count].status, WNOHANG);
            if (pid <= 0) break;
            ended[count++].pid = pid;
        }
        hold_faults(false);
        more = count == ended.size();
        strays_are_known_ = false;
        for (size_t i = 0; i < count; ++i) {
            if (ended[i].pid == resumption().main) resumption().main_end = ended[i];
            pass_end(ended[i].pid, exit_status_of(ended[i].status), now);
        }
        if (count > 0) check_groups(now);
        carry_out(now);
        count = 0;
    }
}

void Performer::pass_end(pid_t pid, ExitStatus status, Now now) {
    if (const auto hook = hooks_.reaped(pid, status)) {
        const Event event{.kind = EventKind::hook_ended,
                          .hook = hook->hook,
                          .result = hook->result,
                          .is_told = !hook->cancelled,
                          .detail = static_cast<uint8_t>(hook->failure.step),
                          .value = hook->failure.code,
                          .status = status};
        report_hook(hook->service, event, {}, pid, hook->began, now);
        return supervisor_.handle(hook->service, event, now);
    }
    if (pid == trial_) {
        trial_ = 0;
        trial_end_ = status;
    }
    const ServiceId id = supervisor_.find_leader(pid);
    if (!id) {  // an orphan
        // Whoever puts itself in the background does so in two steps.
        if (strays_.reaped(supervisor_, pid)) look_for_strays();
        return;
    }
    hear_out(id, now);
    if (supervisor_.find_leader(pid) != id) return;  // it has named another one
    const Service& service = supervisor_.at(id);
    const bool is_good = status.kind == ExitStatus::Kind::exited && status.value == 0;
    if (id != at_.main && (is_good || service.want == Want::down)) look_for_strays();
    const bool left = left_of(id) != Remains::none;
    supervisor_.handle(id, {.kind = EventKind::exited, .group_left = left, .status = status}, now);
}

// Once for all that have ended together; and not while all end, for those come last in any case.
void Performer::look_for_strays() {
    if (std::exchange(strays_are_known_, true) || supervisor_.shutting_down()) return;
    strays_.look(supervisor_, hooks_, trial_);
}

// An orphan that was reaped may have been the last of a group.
void Performer::check_groups(Now now) {
    for (uint32_t i = 0; i < supervisor_.services().size(); ++i) {
        const ServiceId id{i};
        const Service& service = supervisor_.at(id);
        if (service.group <= 0) continue;
        if (!service.leader_gone || left_of(id) != Remains::none) continue;
        look_for_strays();
        supervisor_.handle(id, {.kind = EventKind::group_empty}, now);
    }
}

}  // namespace reeve
