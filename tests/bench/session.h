// session: one supervisor that runs, its services, and what is measured of it from outside.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <sys/types.h>
#include <vector>

#include "bench/contender.h"
#include "bench/mark.h"
#include "bench/statistics.h"
#include "support/process.h"
#include "support/tempdir.h"

namespace reeve::bench {

// A contender did not do what it was started for. The next one may.
struct Failure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// CLOCK_MONOTONIC, in nanoseconds.
int64_t now();

// Sleeps. Throws Interrupted where a signal came.
void pause_for(double milliseconds);

// The file that marks are appended to; see mark.h.
class Marks {
  public:
    explicit Marks(std::string path);
    const std::string& path() const { return path_; }
    size_t count() const;
    Mark at(size_t place) const;
    // Waits until there are that many. False where they do not come in time.
    bool reach(size_t wanted, double milliseconds) const;

  private:
    std::string path_;
};

// The path of a program, one of ours or one in PATH; empty where there is none.
std::string resolve(const Programs& programs, const std::string& name);

// Runs a command that often, one after another, with the static helper as its parent.
struct Timing {
    int64_t begin = 0;
    int64_t end = 0;
};
std::vector<Timing> time_command(const Programs& programs, int times, const Strings& command,
                                 const Strings& environment = {});

class Session {
  public:
    // Configures and starts the contender, and waits until all of its services have begun.
    Session(const Programs& programs, const Contender& contender, int services);
    // Nothing of it is left afterwards, whatever it was doing.
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    const Contender& contender() const { return contender_; }
    const Site& site() const { return site_; }
    const Marks& marks() const { return marks_; }
    Strings environment() const;

    // From the supervisor's exec to the last service's first instruction, in milliseconds.
    double bring_up_ms() const;
    std::vector<pid_t> service_pids() const;
    // All that is neither a service nor ours.
    std::vector<pid_t> own_pids() const;
    // From the signal until the supervisor and all that it had started is gone, in milliseconds.
    double shut_down_ms();
    // From the exec of the supervisor, which was killed before, until it tells of a service.
    double take_over_ms();
    // Of svctl reexec as a whole, in milliseconds.
    double reexec_ms();
    // From the kill of a service to its successor's first instruction, in microseconds.
    double restart_us(pid_t service);
    // From the contender's command to restart a service to its successor's first instruction.
    double command_us(const std::string& service);

  private:
    bool is_service(pid_t pid) const;
    pid_t supervisor() const;

    const Programs& programs_;
    const Contender& contender_;
    test::TempDir directory_;
    Site site_;
    Marks marks_;
    Strings words_;
    std::unique_ptr<test::Process> process_;
};

}  // namespace reeve::bench
