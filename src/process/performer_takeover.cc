// The performer's third part: taking over what an earlier reeve left running.
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

#include "kernel/sys.h"
#include "process/performer.h"
#include "process/resume.h"

namespace reeve {

namespace {

// Of a hook whose service has no definition any more: its file broke meanwhile.
constexpr int64_t unknown_timeout_ms = 30000;

// What became of a readiness FIFO that an earlier reeve read.
enum class Left : uint8_t {
    spoken,  // the newline is there; or was read, or lost when the service closed its end after it
    silent,  // the service has it open, and has not said anything
};

// Nobody but reeve takes its name away, and that only when it has read the newline, or was about to
// find out whether it had. Nobody but the service has it open, and that only until it has spoken.
Left look_at_ready_channel(const char* path) {
    Fd fifo;
    const int code = sys::persist([&] {
        fifo = Fd(sys::open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW));
        return fifo ? 0 : errno;
    });
    if (!fifo) return code == ENOENT ? Left::spoken : Left::silent;
    char byte;
    for (;;) {
        const ssize_t got = sys::read(fifo.get(), &byte, 1);
        if (got < 0) return Left::silent;
        if (got == 0 || byte == '\n') return Left::spoken;
    }
}

}  // namespace

void Performer::take_over(std::span<const PastService> past, Now now) {
    for (uint32_t i = 0; i < past.size(); ++i) {
        const ServiceId id{i};
        const Service& service = supervisor_.at(id);
        if (past[i].leader == Fact::alive && service.leader) watched_.add(id, service.leader);
        // Also what an earlier reeve could not verify.
        if (service.state == State::unknown && service.reason.value != 0)
            watched_.add(id, {service.reason.value, 0});
        if (id == at_.main && past[i].leader == Fact::child) {
            set_last_child(service.leader.pid);
            foreground_.begin(service.group, tcgetpgrp(0) == service.group);
        }
        for (size_t k = 0; k < hook_count; ++k) {
            const auto hook = static_cast<Hook>(k);
            const Fact fact = past[i].hooks[k].fact;
            if (!service.hook_runs(hook) || fact == Fact::gone) continue;
            const Process process = past[i].hooks[k].process;
            const Duration most = service.definition ? timeout_of(hook, service.policy())
                                                     : Duration{unknown_timeout_ms};
            const Mono deadline = now.mono + most;
            hooks_.take_over(id, hook, process, deadline, fact == Fact::child, now.wall);
            if (fact != Fact::child) watched_.add({}, process);
        }
    }
    // The earlier journal stands until this one has all that it told.
    renew_journal(now, true);
    set_begun(journal_.enabled() || at_.stateless);
    for (uint32_t i = 0; i < past.size(); ++i)
        if (past[i].leader == Fact::alive || past[i].leader == Fact::child)
            reopen_channels(ServiceId{i}, now);
    carry_out(now);
    if (!resumption().resumed) return;
    strays_.look(supervisor_, hooks_, trial_);
    reap(now);
}

// By what the run waits for, not by what the definition says now.
void Performer::reopen_channels(ServiceId id, Now now) {
    const Service& service = supervisor_.at(id);
    if (!service.leader || service.state == State::stopping) return;
    const bool readying = service.phase == Phase::readying;
    ChannelPath path;
    if (readying && service.reason.value == static_cast<int32_t>(ReadyKind::fd)) {
        const char* fifo = channel_path(path, service, ".ready");
        Run run;
        run.id = id;
        run.ready = at_.kept.take_file(fifo);
        const bool spoken = !run.ready && look_at_ready_channel(fifo) == Left::spoken;
        // Its end closes it as well.
        if (spoken && !platform::is_ending(service.leader.pid)) {
            sys::unlink(fifo);
            return deliver(id, {.kind = EventKind::ready}, now);
        }
        if (!run.ready) {
            sys::persist([&] {
                run.ready = Fd(sys::open(fifo, O_RDWR | O_NONBLOCK | O_NOFOLLOW));
                return run.ready ? 0 : errno;
            });
        }
        runs_.push_back(std::move(run));
    }
    if (service.policy().ready.kind == ReadyKind::notify) {
        Run run;
        run.id = id;
        PrepareError error;
        run.notify = at_.kept.take_socket(channel_path(path, service, ".notify"));
        if (run.notify) {
            run.user = user_of(service);
            platform::ask_for_senders(run.notify.get());
        } else {
            sys::persist([&] {
                error.detail.clear();
                return open_notify_channel(service, run, path, error) ? 0 : error.code;
            });
        }
        if (run.notify) runs_.push_back(std::move(run));
    }
}

// How it ended nobody can tell us.
void Performer::end_watched(const PollSet& set, Now now) {
    constexpr ExitStatus unseen{ExitStatus::Kind::unknown, 0};
    while (const auto ended = watched_.take_ended(set, now.mono)) {
        if (const auto hook = hooks_.reaped(ended->pid, unseen)) {
            // Whether it did what it was to do is not known: no failure of the service's.
            const bool is_late = hook->result == HookResult::timed_out;
            deliver(hook->service,
                    {.kind = EventKind::hook_ended,
                     .hook = hook->hook,
                     .result = is_late ? hook->result : HookResult::not_started,
                     .is_told = is_late,
                     .detail = static_cast<uint8_t>(is_late ? SpawnStep::record : SpawnStep::fork),
                     .value = EINTR},
                    now);
            continue;
        }
        if (!ended->service) continue;
        const Service& service = supervisor_.at(ended->service);
        hear_out(ended->service, now);
        if (service.state == State::unknown) {
            deliver(ended->service, {.kind = EventKind::retry_now}, now);
        } else if (service.leader.pid == ended->pid && !service.leader_gone) {
            const bool left =
                leftovers_.look(ended->service, service.group, service.leader) != Remains::none;
            deliver(ended->service,
                    {.kind = EventKind::exited, .group_left = left, .status = unseen}, now);
        }
    }
}

}  // namespace reeve
