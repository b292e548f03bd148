// A supervisor on a bench: services are loaded from definitions, events are put in by hand, and
// what the core asks for comes out as text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/supervisor.h"
#include "support/definitions.h"

namespace reeve::test {

class Rig {
  public:
    explicit Rig(std::vector<Ref<const Definition>> definitions = {}) {
        if (!definitions.empty()) load(std::move(definitions));
    }

    // Puts the definitions in force, beside files with errors by the names in `broken`. The
    // changes.
    std::string load(std::vector<Ref<const Definition>> definitions,
                     std::vector<std::string_view> broken = {});

    // The same, as the supervisor tells them.
    List<Change> apply(std::vector<Ref<const Definition>> definitions,
                       std::vector<std::string_view> broken = {});

    // Commands
    void up(std::string_view name) { core.up(ids(name), now), note(); }
    void down(std::string_view name) { core.down(ids(name), now), note(); }
    void restart(std::string_view name) { core.restart(ids(name), now), note(); }
    void shut_down(Duration grace) { core.shut_down(now.mono + grace, now), note(); }

    // What the host says. `spawned` gives out pids 101, 102, ...
    void event(std::string_view name, const Event& event);
    void spawned(std::string_view name);
    void exec_done(std::string_view name) { event(name, {.kind = EventKind::exec_done}); }
    void ready(std::string_view name) { event(name, {.kind = EventKind::ready}); }
    void exited(std::string_view name, uint8_t code, bool group_left = false);
    void died(std::string_view name, uint8_t signal, bool group_left = false);
    void group_empty(std::string_view name) { event(name, {.kind = EventKind::group_empty}); }
    void hook(std::string_view name, Hook hook, HookResult result = HookResult::succeeded);
    void fork_fails(std::string_view name, int code);
    // spawned and exec_done: a service without other readiness runs then.
    void run(std::string_view name) { spawned(name), exec_done(name); }

    // Lets time pass in one piece, or from deadline to deadline.
    void pass(Duration duration);
    void pass_to_deadline() { pass(core.next_deadline() - now.mono); }

    // "spawn web, signal_group db 15": the actions asked for since the last time.
    std::string asked();
    // Since the last time.
    std::vector<EndedRun> ended_runs() { return std::exchange(ended_runs_, {}); }
    // "web running, db waiting"
    std::string states() const;
    Service& operator[](std::string_view name);
    State state(std::string_view name) { return (*this)[name].state; }
    std::string reason(std::string_view name);
    // Milliseconds until the service's deadline; -1: it has none.
    int64_t deadline(std::string_view name);

    Supervisor core;
    Now now{Mono{1000000}, Wall{1700000000000}};

  protected:
    void note();

  private:
    std::vector<ServiceId> ids(std::string_view name) const;
    ServiceId id(std::string_view name) const;

    std::string asked_;
    std::vector<EndedRun> ended_runs_;
    pid_t pid_ = 100;
};

}  // namespace reeve::test
