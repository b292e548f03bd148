// walk: the state machine at work, shared by transition.cc, which has its rules, conclusion.cc,
// where a run leads once nothing of it is left, and health.cc, what checks come to. Nothing else
// includes it.
#pragma once

#include "core/transition.h"

namespace reeve {

// One service on its way through one event.
class Walk {
  public:
    Walk(Service& service, ServiceId id, Now now) : s_(service), id_(id), now_(now) {}

    void take(const Event& event);
    const Actions& actions() const { return actions_; }

  private:
    // Events
    void begin_anew();
    void on_start();
    void on_rest(const Reason& reason);
    void on_stop(const Reason& reason);
    void on_kill();
    void on_hurry();
    void on_reload();
    void on_retry_now();
    void on_spawned(const Process& process);
    void on_exec_done();
    void on_ready();
    void on_stop_announced();
    void on_exited(const Event& event);
    void on_group_empty();
    void on_hook_ended(const Event& event);
    void note_hook_end(const Event& event);
    void judge(const Event& event);
    void end_as_failed(const Reason& why);
    void on_deadline();
    void on_deadline_while_up();

    // Moves
    void spawn();
    void became_ready();
    void run();
    void run_start_check();
    void begin_stop(const Reason& reason, const Reason& verdict);
    void drop_start(const Reason& reason, const Reason& verdict);
    void send_stop_signal();
    void kill_group();
    void watch_group();
    void forget_process();
    void finish();
    void conclude();
    void await_definition(uint8_t is_concluded);
    void begin_undo(const Reason& reason);
    void give_up_undo();
    void fail_undo();
    void enter(State state, Phase phase, const Reason& reason);
    // Does its stop_command undo what it did? There is no process then.
    bool undoes() const { return s_.phase == Phase::stop_command && s_.group == 0; }
    // Has it a process that nobody told to end yet?
    bool runs() const { return s_.leader && s_.phase >= Phase::executing && s_.phase <= Phase::up; }
    void act(ActionKind kind, int32_t value = 0) { actions_.add({kind, {}, {}, id_, value}); }
    void run_hook(Hook hook);
    void cancel_hook(Hook hook);
    void cancel_run_hooks();
    const Policy& policy() const { return s_.policy(); }

    Service& s_;
    ServiceId id_;
    Now now_;
    Actions actions_;
};

}  // namespace reeve
