// The simulator's world: the real core, and around it a fake disk, a fake kernel and a fake clock.
// Nothing in it is random: a scenario and a list of moves make a run, and make the same run again.
// After each event that the core was given, and each action that was carried out, the invariants of
// sim_invariants.cc are checked; the first one that does not hold is kept as the failure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/sim_files.h"
#include "core/supervisor.h"

namespace reeve::sim {

struct Scenario {
    std::vector<File> files;
    uint32_t spawn_slots = 64;
    uint32_t max_starting = 0;
    uint64_t seed = 0;  // what made it, for the report; 0: by hand
};

// What can happen. `number` is a file's, and so a service's; what a move means to nothing is passed
// over, so that every part of a list of moves is a list of moves.
enum class MoveKind : uint8_t {
    // Commands; value of the first three: how many services more, those that follow `number`
    up,
    down,
    restart,
    reload_service,
    edit,
    reload,
    rewrite,
    shut_down,
    limits,  // reeve.conf: value = max_starting * 256 + spawn slots
    // What processes do; value of exit: the code, 256 + the signal, or 512: nobody saw it
    exec_done,
    exec_fail,
    ready,
    announce_stop,
    main_process,
    exit,
    obey,
    fork_member,
    member_ends,
    reap,
    hook_ends,  // value = hook * 4 + result
    // Time: to the next deadline; by `value` ms; the wall clock alone by `value` s
    wake,
    tick,
    jump,
    // Faults: the next `value` starts of services fail in fork, or before; or those of hooks
    fail_forks,
    fail_prepare,
    fail_hooks,
    // Ends of runs: what must come about when no more goes wrong
    converge,      // everything does what it should: all is as wanted, or says why not
    converge_all,  // the same, all files restored, everything told `up`
    end,           // shutdown; value & 1: no process obeys; value & 2: no hook ends by itself
};

struct Move {
    MoveKind kind;
    uint8_t number = 0;
    uint32_t value = 0;
};
std::string describe(const Move& move);
constexpr uint32_t edit_value(Edit edit, uint32_t other) {
    return static_cast<uint32_t>(edit) * 256 + other;
}
constexpr uint32_t hook_value(Hook hook, HookResult result) {
    return static_cast<uint32_t>(hook) * 4 + static_cast<uint32_t>(result);
}

// A process group of a service, as the kernel knows it.
struct Group {
    enum class Leader : uint8_t { alive, zombie, reaped };
    pid_t id = 0;
    pid_t leader = 0;  // differs from id after MAINPID
    uint64_t start_time = 0;
    Leader state = Leader::alive;
    ExitStatus status;
    uint32_t members = 0;      // that are alive, the leader apart
    bool exec_pending = true;  // its end is not known yet
    bool exec_failed = false;
    bool program_runs = false;  // it has done something, so exec cannot have failed
    bool leader_told = false;   // got the stop signal
    bool members_told = false;
    bool empty() const { return state == Leader::reaped && members == 0; }
};

struct RunningHook {
    bool runs = false;
    bool cancelled = false;
    Mono give_up = no_deadline;
};

struct Failure {
    const char* rule = nullptr;  // the invariant that does not hold; nullptr: all hold
    std::string detail;
};

// Who waits for whom, from the definitions alone: the oracle's own, not core's Graph. By slot.
struct Edges {
    std::vector<std::vector<uint32_t>> needs, needed_by, after, before;
    std::vector<uint8_t> leave;  // must it end? filled in by check_invariants
};

struct World {
    explicit World(const Scenario& scenario);

    // False: the move means nothing here, and nothing has happened.
    bool apply(const Move& move);
    bool failed() const { return failure.rule != nullptr; }
    void fail(const char* rule, std::string detail);

    // Of what the state consists, times relative to now: worlds with the same one behave alike.
    uint64_t fingerprint() const;
    std::string table() const;

    const Service* service(uint32_t number) const;  // nullptr: it has none now
    std::string name(ServiceId id) const;

    Supervisor supervisor;
    Now now{Mono{1000000}, Wall{1700000000000}};
    std::vector<File> files;
    std::vector<std::optional<Group>> groups;                // by file
    std::vector<std::array<RunningHook, hook_count>> hooks;  // by file
    std::vector<uint32_t> slots;                             // by file; UINT32_MAX: none
    std::vector<File> first_files;                           // as the scenario had them
    Edges edges;
    uint32_t spawn_slots;
    uint32_t max_starting;
    uint32_t fork_failures = 0;
    uint32_t prepare_failures = 0;
    uint32_t hook_failures = 0;
    Mono kill_at = no_deadline;
    uint64_t steps = 0;
    Failure failure;

    // Of the core's last step, for the invariants.
    bool settled = true;            // no action is left to be carried out
    bool deadlines_passed = false;  // it was pass_deadlines
    std::vector<Entry> entered;
    std::vector<State> states;         // by slot, as the entries told them
    std::vector<std::string> records;  // by slot, as last recorded

  private:
    void load();
    void tell(uint32_t number, const Event& event);
    void deliver(uint32_t number, const Event& event);
    void pass_deadlines();
    void advance(int64_t ms);
    void after_core();
    void find_slots();
    void forget_names();

    void perform_all();
    void perform(const Action& action);
    void spawn(uint32_t number, const Action& action);
    void run_hook(uint32_t number, Hook hook);
    void signal(uint32_t number, const Action& action);
    void check_group(uint32_t number);

    bool command(const Move& move);
    bool process_move(const Move& move);
    bool obey(Group& group, bool members);
    bool promote_member(uint32_t number);
    bool reap(uint32_t number);
    bool end_hook(uint32_t number, Hook hook, HookResult result);
    void bury(uint32_t number);
    pid_t new_pid();

    // How the world is while it settles down.
    struct Manners {
        bool processes_obey = true;  // and do what they should
        bool hooks_end = true;       // by themselves, with success
    };
    bool behave(uint32_t number, Manners manners);
    bool behave_process(uint32_t number);
    void settle_down(Manners manners, Mono until);
    void converge(bool all);
    void restore_files();
    void check_converged(bool all);
    void end(uint32_t how);

    std::vector<pid_t> free_pids_;  // the last one freed is given out first
    pid_t next_pid_ = 2;
    uint64_t processes_ = 0;
    size_t actions_seen_ = 0;
};

// The invariants; see the .cc. The first that does not hold becomes world.failure.
void check_invariants(World& world);
void rebuild_edges(World& world);
// Is the service where others may start on it, by BEHAVIOUR section 2, depends_on?
bool is_there(const Service& service);
// Nothing of this service was left undone: it is up, or cannot be for a reason that stands.
bool has_converged(const World& world, const Service& service);

}  // namespace reeve::sim
