// program: reeve itself. Reads the definitions, keeps the loop, and ends when it is told or when
// nothing is left to do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apps/options.h"
#include "conf/load.h"
#include "core/supervisor.h"
#include "ctl/controls.h"
#include "ctl/server.h"
#include "host/journal.h"
#include "host/performer.h"

namespace reeve {

// What PID 1 of a real machine does once everything has ended.
enum class Finale : uint8_t { exit, reboot, poweroff, halt };

class Program final : public Controls {
  public:
    // directories_were_named: they are no defaults, and must be there even where there is a CMD.
    Program(const Options& options, Surroundings surroundings, std::vector<std::string> directories,
            bool directories_were_named);

    // Everything up to the first turn of the loop. False, with a line on descriptor 2: nothing was
    // started.
    bool begin();
    // Until the end; the exit status.
    int run();

    Reloaded reload(Now now) override;
    int signal(ServiceId id, int number) override;
    void end(int code, Now now) override;

  private:
    bool read_files(std::vector<std::vector<SourceFile>>& files,
                    std::vector<std::string>& problems);
    void put_in_force(std::vector<std::vector<SourceFile>> files, Now now, Reloaded& reloaded);
    void apply_settings(const Settings& settings);

    void turn();
    void wait(Now now);
    void watch_control();
    void handle_signals(Now now);
    void handle_own_signals(Now now);
    void forward_signals(Now now);
    void end_as(Finale finale, int code, Now now);
    void look_for_end(Now now);
    void report_end(const Service& service);
    void report_failures();
    bool finished() const;
    void end_orphans();
    int last_words();

    const Options& options_;
    Surroundings surroundings_;
    std::vector<std::string> directories_;
    bool directories_were_named_ = false;
    Settings settings_;
    Ref<const Definition> main_definition_;  // null without `-- CMD`
    bool is_init_ = false;                   // PID 1
    bool is_machine_ = false;                // PID 1 of a real machine
    bool idle_ = false;                      // --exit-when-idle has come true
    Finale finale_ = Finale::exit;
    int exit_code_ = 0;
    Mono kill_at_ = no_deadline;  // of the shutdown

    Supervisor supervisor_;
    Journal journal_;
    Performer performer_;
    Server server_;
    Fd removals_;  // readable when a file was taken out of the run directory
    size_t removals_place_ = SIZE_MAX;
    Mono status_files_due_{0};
    PollSet set_;
};

}  // namespace reeve
