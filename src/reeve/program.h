// program: reeve itself. Reads the definitions, keeps the loop, and ends when it is told or when
// nothing is left to do.
#pragma once

#include <cstdint>

#include "base/list.h"
#include "conf/load.h"
#include "core/supervisor.h"
#include "ctl/controls.h"
#include "ctl/server.h"
#include "files/journal.h"
#include "process/performer.h"
#include "reeve/options.h"
#include "reeve/reports.h"

namespace reeve {

// What PID 1 of a real machine does once everything has ended.
enum class Finale : uint8_t { exit, reboot, poweroff, halt };

// How many that need a descriptor of ours each there may be at a time, `most` at most: half of
// those that are not needed for everything else.
uint32_t descriptors_for(uint64_t everything_else, uint64_t most);

class Program final : public Controls {
  public:
    // directories_were_named: they are no defaults, and must be there even where there is a CMD.
    Program(const Options& options, Setup setup, List<Text> directories,
            bool directories_were_named);

    // Everything up to the first turn of the loop. False, with a line on descriptor 2: nothing was
    // started.
    bool begin();
    // Until the end; the exit status.
    int run();

    Reloaded reload(Now now) override;
    Forecast forecast(Now now) override;
    std::span<const Text> directories() const override { return directories_; }
    bool trusts(const Text& directory) const override;
    int signal(ServiceId id, int number) override;
    int rotate(ServiceId id, Rotation& rotation) override {
        return performer_.logs().rotate(id, rotation);
    }
    bool is_rotated(ServiceId id, Rotation& rotation) override {
        return performer_.logs().is_rotated(id, rotation);
    }
    void renew_log(ServiceId id) override { performer_.logs().renew_directory(id); }
    void end(int code, Now now) override;
    Text begin_reexec(Now now) override;
    const Text& reexec_failure() const override { return reexec_failure_; }
    void leave_safe_mode() override;
    List<Text> warnings() const override;

  private:
    bool refuses(const Catalog& catalog, const Past& past) const;
    bool take_over_main(List<PastService>& past);
    void add_past_main(List<PastService>& past);
    void follow_main();
    void look_at_fork(Now now);
    void watch_removals();
    bool read_first_files(List<List<SourceFile>>& files);
    void take_files(List<List<SourceFile>> files, Now now, Reloaded& reloaded);
    void expect_files(std::span<const List<SourceFile>> files, Now now);
    void read_late(Now now);
    bool read_files(List<List<SourceFile>>& files, List<Text>& problems);
    bool has_nothing_to_run(const Catalog& catalog) const;
    void open_run_files();
    void renew_console(std::span<const PastService> past, Now now);
    Catalog load_files(List<List<SourceFile>> files) const;
    void put_in_force(const Catalog& catalog, std::span<const PastService> past, Now now,
                      Reloaded& reloaded);
    void apply_settings(const Settings& settings);
    List<Ref<const Definition>> own_definitions(const Catalog& catalog) const;
    size_t count_pipes(const Catalog& catalog) const;
    void make_room_for_pipes(size_t pipes);

    void shut_down(int code, Mono kill_at, Now now);
    void go_on_ending(Now now);
    void resume();
    void make_up_for_ends();
    void follow_reexec(Now now);
    void reexec(Now now);
    Text journal_warning() const;

    void turn();
    void wait(Now now);
    void restore_run_directory(Now now);
    bool take_run_directory_again(Now now);
    void handle_signals(Now now);
    void handle_own_signals(Now now);
    void forward_signals(Now now);
    void end_as(Finale finale, int code, Now now);
    void told_to_end(Finale finale, unsigned times, Now now);
    void look_for_end(Now now);
    void tell_changes(Now now);
    void report_end(const Service& service);
    bool finished() const;
    void end_orphans();
    int last_words();

    const Options& options_;
    Setup setup_;
    List<Text> directories_;
    List<Text> trusted_;  // of the directories, and others
    bool directories_were_named_ = false;
    Settings settings_;
    Ref<const Definition> main_definition_;  // null without `-- CMD`
    bool is_alone_ = false;                  // `-- CMD`, and no directory was there
    uint32_t old_main_run_ = 0;              // main's run that another reeve began, and that ends
    Mono fork_until_ = no_deadline;          // CMD cannot be forked, and is given up then
    bool fork_failure_said_ = false;
    bool is_init_ = false;     // PID 1
    bool is_machine_ = false;  // PID 1 of a real machine
    bool idle_ = false;        // --exit-when-idle has come true
    Finale finale_ = Finale::exit;
    int exit_code_ = 0;
    Mono kill_at_ = no_deadline;  // of the shutdown
    unsigned times_told_ = 0;     // to end, by signals
    Reports reports_;

    bool safe_mode_ = false;           // it crashes too often: nothing is begun
    pid_t trial_ = 0;                  // a child that is the program to be executed
    Mono trial_until_ = no_deadline;   // and when it is killed
    Mono reexec_until_ = no_deadline;  // what is on its way to exec is waited for
    Text reexec_failure_;
    // Behind a crash they may have to wait, for a reload at the latest.
    bool definitions_read_ = false;
    Mono definitions_due_ = no_deadline;  // what could not be read is tried again

    Supervisor supervisor_;
    Journal journal_;
    Performer performer_;
    Server server_;
    Text lock_trouble_;  // that was told: why the run directory cannot be taken again
    Fd mounts_;          // readable when something was mounted, or is so no longer
    Fd removals_;        // while it is open, platform::removal_signal comes
    Mono status_files_due_ = no_deadline;  // at the latest, whatever else is to be done
    PollSet set_;
};

}  // namespace reeve
