// Definition: what a service file says, as plain data. Made by conf, read by core and host,
// compared by its digests. Nothing in it changes after it was loaded.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/ref.h"
#include "base/text.h"
#include "base/time.h"
#include "model/health.h"
#include "model/timing.h"

namespace reeve {

enum class Type : uint8_t { daemon, oneshot, fake };
enum class OnChange : uint8_t { keep, restart };
enum class OnEnd : uint8_t { nothing, shutdown, shutdown_on_failure, reboot, poweroff };
enum class Report : uint8_t { failures, all, none };
enum class Restart : uint8_t { by_type, always, on_failure, never };  // by_type: see restart_of
enum class KillMode : uint8_t { group, process };
enum class Log : uint8_t { file, run, console, inherit, null };
enum class LogTime : uint8_t { utc, local, epoch, none };
enum class ReadyKind : uint8_t { exec, after, fd, notify };

struct Ready {
    ReadyKind kind = ReadyKind::exec;
    int32_t fd = 0;    // kind fd: the descriptor's number in the child
    Duration delay{};  // kind after
    friend bool operator==(const Ready&, const Ready&) = default;
};

// The ways of ending that count as success, or as final: exit codes 0-255, signals 1-64.
struct EndSet {
    std::array<uint64_t, 4> codes{};
    uint64_t signals = 0;  // bit N-1: signal N

    void add_code(int code) { codes[code / 64u] |= uint64_t{1} << (code % 64u); }
    void add_signal(int number) { signals |= uint64_t{1} << (number - 1); }
    bool has_code(int code) const { return (codes[code / 64u] >> (code % 64u) & 1) != 0; }
    bool has_signal(int number) const { return (signals >> (number - 1) & 1) != 0; }
    friend bool operator==(const EndSet&, const EndSet&) = default;
};

// Of `listen`, in the child: SD_LISTEN_FDS_START.
constexpr int first_listen_fd = 3;

enum class LimitName : uint8_t { nofile, core, as, data, stack, cpu, fsize, nproc, memlock };
constexpr size_t limit_count = 9;
constexpr uint64_t unlimited = UINT64_MAX;

struct Limit {
    bool set = false;
    uint64_t soft = 0;  // bytes, seconds or a count, as setrlimit(2) takes it; or `unlimited`
    uint64_t hard = 0;
    friend bool operator==(const Limit&, const Limit&) = default;
};

// How a service is treated. Services that are treated alike share one of these.
struct Policy {
    Type type = Type::daemon;
    bool enabled = true;
    OnChange on_change = OnChange::keep;
    OnEnd on_end = OnEnd::nothing;

    Text user;                   // "name[:group]" as written; resolved at each start
    int32_t umask = -1;          // -1: reeve's own
    std::optional<int8_t> nice;  // absolute, -20..19; none: reeve's own
    Text chroot;
    bool env_clear = false;
    std::array<Limit, limit_count> limits{};  // by LimitName
    std::optional<int16_t> oom_score_adj;     // -1000..1000
    bool no_new_privs = false;
    std::optional<uint16_t> io_priority;   // as model/confinement has them
    std::optional<uint16_t> scheduler;     // the same
    std::optional<uint64_t> capabilities;  // the same; none: reeve's own, as its user has them
    Text cgroup;                           // "yes", or a path; empty: it has none of its own
    Words cgroup_set;                      // FILE VALUE
    Text input;                            // `stdin`: a path, or "fifo"; empty: /dev/null
    Text tty;                              // a terminal that becomes the controlling one
    bool input_keep = false;
    Words listen;     // as model/listen has it
    Words instances;  // their names; empty: it is one by itself

    Restart restart = Restart::by_type;
    EndSet success;
    EndSet fatal;  // exit codes only
    Duration restart_delay{};
    Duration restart_delay_max{};
    int32_t restart_factor_percent = 200;  // 200: each delay is twice the one before
    Duration reset_after{};
    int32_t retries = 0;  // consecutive failed runs; 0: unlimited

    int32_t stop_signal = 15;
    Duration stop_timeout{};
    KillMode kill_mode = KillMode::group;
    Text stop_command;
    int32_t reload_signal = 1;
    Text reload_command;
    bool cascade = false;

    Ready ready;
    Text start_check;
    Duration start_check_timeout{};
    Duration start_check_interval{};
    Duration start_timeout{};

    Text pre_start;
    Text post_start;
    Text post_stop;
    Text on_fail;
    Duration hook_timeout{};

    Log log = Log::file;
    LogTime log_time = LogTime::utc;
    int32_t log_keep = 10;
    uint64_t log_max_size = 0;  // bytes

    mutable uint32_t owners = 0;

    // A file of the user's, which may keep who opens it waiting.
    bool opens_input() const { return input.view().starts_with('/'); }
    // RUNDIR/input/NAME, which reeve makes.
    bool reads_fifo() const { return !input.empty() && !opens_input() && tty.empty(); }
};

// What a service is: its identity, its command, and what it hangs together with.
struct Definition {
    Text name;
    Text version;   // of the file "web+v2": "v2"; empty for "web"
    FilePath file;  // what it was read from; empty for the service of `-- CMD`
    Text description;
    Words exec;        // argv; empty where `command` is set. From an executable file: its path
    Text command;      // a shell line; empty where `exec` is set
    Text workdir;      // empty: "/"
    Words env;         // NAME=value
    Words env_file;    // PATH or -PATH
    Words groups;      // labels
    Words depends_on;  // NAME or NAME@I
    Words after;
    Ref<const Policy> policy;
    Ref<const Timing> timing;       // null: it names none of the keys for that
    Ref<const HealthRules> health;  // null: it names none of those

    uint64_t digest = 0;          // over all keys
    uint64_t process_digest = 0;  // over those that only a new process can have
    mutable uint32_t owners = 0;
    bool writes_logs = false;     // svlog's: it outlasts all others
    bool names_instance = false;  // has the mark of model/instances in it

    bool has_schedule() const { return timing && timing->has_schedule(); }
};

// `restart` where the file does not say: always, or never for a oneshot.
constexpr Restart restart_of(const Policy& policy) {
    if (policy.restart != Restart::by_type) return policy.restart;
    return policy.type == Type::oneshot ? Restart::never : Restart::always;
}

// Letters, digits, '_', '-', and ':' where `colon`; 1 to name_max_bytes of them.
bool is_name(std::string_view text, bool colon = true);

// reeve.conf: the settings of reeve itself.
struct Settings {
    Text uid;                  // an identifier; empty: none
    int32_t max_starting = 0;  // 0: unlimited
    Duration stop_timeout_total{};
    bool exit_when_idle = false;
    bool strict = false;
    bool watch = false;
    Report report = Report::failures;
    Text log_user;               // "name[:group]"; empty: reeve's own
    uint64_t log_max_total = 0;  // bytes
};

// Does svlog write what such a service says?
constexpr bool goes_to_svlog(Log log) { return log == Log::file || log == Log::console; }

}  // namespace reeve
