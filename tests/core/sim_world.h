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

#include "core/explain.h"
#include "core/progress.h"
#include "core/sim_files.h"
#include "core/supervisor.h"

namespace reeve::sim {

struct Scenario {
    std::vector<File> files;
    uint32_t spawn_slots = 64;
    uint32_t max_starting = 0;
    Wall start{1700000000000};
    uint64_t seed = 0;  // what made it, for the report; 0: by hand
};

// What can happen. `number` is a file's, and so a service's; what a move means to nothing is passed
// over, so that every part of a list of moves is a list of moves.
enum class MoveKind : uint8_t {
    // Commands; value of the first three: how many services more, those that follow `number`
    up,
    up_now,  // outside its window as well
    down,
    restart,
    reload_service,
    edit,
    reload,
    rewrite,
    shut_down,
    hasten,  // a shutdown; value: it is to be over at once
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
    // Time: to what is due next; by `value` ms; the wall clock alone, as sim_dates says
    wake,
    tick,
    jump,
    // Faults: the next `value` starts of services fail in fork, or before; or those of hooks
    fail_forks,
    fail_prepare,
    fail_hooks,
    // reeve is killed, at once or when it has carried out so many more actions, and another one
    // takes over; value: which services are unlucky meanwhile; how many actions * 2, or +1: in
    // the midst of the last one
    rebirth,
    die_soon,
    die_writing,  // in the midst of the record after so many more
    // The same, and what is found is damaged: a record in the middle (value / 2^16), and status
    // files of the unlucky that this record is not about; no journal at all; no status files either
    rebirth_damaged,
    rebirth_without_journal,
    rebirth_blank,
    rebirth_unsure,  // all is on record, but perhaps of another boot
    // The machine is off for value / 2 minutes, and begins anew; value & 1: without a shutdown
    begin_again,
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
    bool orphaned = false;      // not reeve's child: how it ends nobody sees
    bool leader_told = false;   // got the stop signal
    bool members_told = false;
    bool empty() const { return state == Leader::reaped && members == 0; }
};

struct RunningHook {
    bool runs = false;
    bool cancelled = false;
    Mono give_up = no_deadline;
};

// Who has asked for something and waits.
struct Asking {
    Goal goal;
    uint32_t good_ends;  // of the service when it was asked
};

// Of a service with a timer, as it was after the core's last step.
struct Clocked {
    Timer timer;
    Ref<const Definition> definition;
    Want want = Want::down;
};

// What its window and its date come to, which is dear to work out.
struct Season {
    Ref<const Timing> timing;
    Wall time;
    bool is_in_window = true;
    Wall before;  // the last moment at which its version is not in force
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
    std::vector<std::optional<Group>> groups;  // by file
    std::vector<std::optional<Group>> unsure;  // by file: runs, and reeve cannot tell whose it is
    std::vector<std::array<RunningHook, hook_count>> hooks;  // by file
    std::vector<uint8_t> in_place;                           // by file: done, and not undone
    mutable std::vector<Season> seasons;                     // by slot
    std::vector<std::optional<Clocked>> clocked;             // by file
    std::vector<Wall> starts;                   // by file: what outlives a reboot; 0: nothing
    std::vector<uint32_t> slots;                // by file; UINT32_MAX: none
    std::vector<std::optional<Asking>> asking;  // by file
    std::vector<uint32_t> good_ends;            // by file: runs that ended with 0
    std::vector<File> first_files;              // as the scenario had them
    Edges edges;
    uint32_t spawn_slots;
    uint32_t max_starting;
    uint32_t fork_failures = 0;
    uint32_t prepare_failures = 0;
    uint32_t hook_failures = 0;
    uint32_t dies_after = 0;  // actions; 0: it lives
    bool dies_amidst = false;
    uint32_t dies_writing = 0;  // records; 0: it lives
    bool is_torn = false;       // the last record is not whole, and nothing came after it
    Mono kill_at = no_deadline;
    bool is_hastened = false;  // the shutdown: nothing is in order any more
    Now seen{};                // by the core's last step
    // How far the wall clock has been set back since.
    Duration set_back() const { return seen.wall + (now.mono - seen.mono) - now.wall; }
    bool is_corrected = false;  // the clock was set back a little, so versions may be ahead
    uint64_t steps = 0;
    Failure failure;

    // Of the core's last step, for the invariants.
    bool settled = true;            // no action is left to be carried out
    bool deadlines_passed = false;  // it was pass_deadlines
    bool is_rebased = false;        // schedules may begin anew by it
    bool is_restart = false;        // it was a command that starts what waits for its schedule
    std::vector<Entry> entered;
    std::vector<State> states;  // by slot, as the entries told them
    // By slot, one step before: whether it was to be restarted, and could have been all the time.
    enum class Asked : uint8_t { none, steady, shaken };
    std::vector<Asked> asked;
    std::vector<std::string> records;  // by slot, as last recorded
    std::string journal;
    std::vector<std::string> forgotten;  // that is on record next

  private:
    void load();
    void tell(uint32_t number, const Event& event);
    void deliver(uint32_t number, const Event& event);
    void pass_deadlines();
    void advance(int64_t ms);
    bool wake();
    void save_starts();
    void check_timers();
    void check_timer(uint32_t number, const Clocked& was, const Timer& is);
    void check_due(uint32_t number, const Timer& timer);
    void begin_again(uint32_t value);
    void forget_reeve();
    void after_core();
    void find_slots();
    void find_in_place();
    void follow_in_place();
    void forget_names();

    void perform_all();
    void perform(const Action& action, bool dies);
    void spawn(uint32_t number, const Action& action, bool dies);
    void run_hook(uint32_t number, Hook hook);
    void signal(uint32_t number, const Action& action);
    void check_group(uint32_t number);
    void tell_of_empty(uint32_t number);

    void record();
    void append_to_journal(std::string_view line);
    void renew_journal();
    void check_replay(const Past& past);
    std::string damaged_journal(uint32_t which, uint32_t& number) const;
    Past read_status(uint32_t unlucky, uint32_t spared) const;
    void demote_leader(const PastService& was);
    void let_strays_go(const Past& past, bool knows_nothing);
    void hear_of_ended();
    void recognize(const Past& past);
    void lose_sight(const Past& past);
    void live_on(uint32_t number, bool unlucky);
    void find_facts(Past& past) const;
    void rebirth(MoveKind kind, uint32_t luck);

    bool command(const Move& move);
    void ask(MoveKind kind, const List<ServiceId>& ids);
    void hear();
    void check_answered();
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
    bool is_under_way() const;
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

// The process that a running hook is.
Process process_of(uint32_t number, Hook hook);

// The invariants; see the .cc. The first that does not hold becomes world.failure.
void check_invariants(World& world);
// Has the one, read from a record, all of the other that outlives reeve?
bool same_record(const Service& a, const Service& b);
void rebuild_edges(World& world);
// Does its window, its version or the clock let it not run now?
bool is_closed(const World& world, uint32_t slot);
// Is the service where others may start on it, by BEHAVIOUR section 2, depends_on?
bool is_there(const Service& service);
// Nothing of this service was left undone: it is up, or cannot be for a reason that stands.
bool has_converged(const World& world, const Service& service);

}  // namespace reeve::sim
