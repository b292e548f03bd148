// program: reeve itself. Brings its parts together, keeps the loop, and answers what the control
// socket asks of the program as a whole.
#pragma once

#include "base/list.h"
#include "conf/load.h"
#include "core/supervisor.h"
#include "ctl/controls.h"
#include "ctl/server.h"
#include "files/journal.h"
#include "kernel/alarm.h"
#include "process/performer.h"
#include "reeve/ending.h"
#include "reeve/log_service.h"
#include "reeve/main_command.h"
#include "reeve/options.h"
#include "reeve/reexecution.h"
#include "reeve/reports.h"
#include "reeve/run_directory.h"
#include "reeve/service_files.h"

namespace reeve {

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
    std::span<const Text> directories() const override { return files_.directories(); }
    bool trusts(const Text& directory) const override { return files_.trusts(directory); }
    int signal(ServiceId id, int number) override { return performer_.signal(id, number, false); }
    int rotate(ServiceId id, Rotation& rotation) override {
        return performer_.logs().rotate(id, rotation);
    }
    bool is_rotated(ServiceId id, Rotation& rotation) override {
        return performer_.logs().is_rotated(id, rotation);
    }
    void renew_log(ServiceId id) override { performer_.logs().renew_directory(id); }
    void end(int code, Now now) override { ending_.begin(Finale::exit, code, now); }
    Text begin_reexec(Now now) override;
    const Text& reexec_failure() const override { return reexecution_.failure(); }
    void make_room(size_t more) override {
        log_service_.make_room(performer_.logs().count() + more);
    }
    void leave_safe_mode() override;
    List<Text> warnings() const override;

  private:
    bool read_first_files(List<List<SourceFile>>& files);
    void set_clockwork();
    bool read_past_of(const Catalog& catalog, Past& past);
    void put_in_force(const Catalog& catalog, std::span<const PastService> past, Now now,
                      Reloaded& reloaded);
    void take_files(List<List<SourceFile>> files, Now now, Reloaded& reloaded);
    Reloaded read_again(Now now, bool is_asked);
    Mono next_reading() const;
    void read_late(Now now);
    List<Ref<const Definition>> own_definitions(const Catalog& catalog) const;
    void resume();
    void make_up_for_ends();

    void turn();
    void wait(Now now);
    void handle_signals(Now now);
    void look_for_end(Now now);
    void tell_changes(Now now);

    const Options& options_;
    const Role role_;
    Setup setup_;
    Settings settings_;

    Supervisor supervisor_;
    Journal journal_;
    Performer performer_;
    Server server_;
    Reports reports_;
    ServiceFiles files_;
    RunDirectory run_directory_;
    LogService log_service_;
    Ending ending_;
    MainCommand main_;
    Reexecution reexecution_;
    Mono status_files_due_ = no_deadline;  // at the latest, whatever else is to be done
    WallAlarm alarm_;
    PollSet set_;
};

}  // namespace reeve
