// The simulator's fake disk: service files that are written, broken and removed at will.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/supervisor.h"

namespace reeve::sim {

constexpr uint32_t files_max_count = 100;

// When a service runs; most are lines of cron.
enum class When : uint8_t {
    always,
    minutely,
    hourly,
    nightly,    // at a time that some zones skip and repeat
    by_thirds,  // the same, several times a night
    by_clock,   // its fields begin with *
    monthly,
    yearly,
    leap_years,
    reboot,
    interval,
    dates,
};
constexpr uint32_t when_count = static_cast<uint32_t>(When::dates) + 1;

enum class Hours : uint8_t { all, day, night, weekdays, from_noon };
constexpr uint32_t hours_count = static_cast<uint32_t>(Hours::from_noon) + 1;
constexpr uint32_t zones_count = 5;

// The keys that matter to the core. Exit code 3 is fatal where `fatal`; the rest is as usual.
struct Shape {
    Type type = Type::daemon;
    bool enabled = true;
    OnChange on_change = OnChange::keep;
    Restart restart = Restart::by_type;
    int32_t retries = 0;
    bool fatal = false;
    int64_t restart_delay_ms = 100;
    ReadyKind ready = ReadyKind::exec;
    bool start_check = false;
    bool pre_start = false;
    bool post_start = false;
    bool post_stop = false;
    bool on_fail = false;
    bool stop_command = false;
    bool reload_command = false;
    bool check = false;
    CheckAction check_action = CheckAction::restart;
    KillMode kill_mode = KillMode::group;
    bool cascade = false;
    bool control_group = false;
    When when = When::always;
    Hours hours = Hours::all;
    Overlap overlap = Overlap::skip;
    bool catch_up = false;
    int32_t jitter_s = 0;
    int32_t max_runtime_s = 0;
    uint32_t zone = 0;
    int64_t apply_on_s = 0;            // 0: none
    std::vector<uint32_t> depends_on;  // numbers of files; one past the last: no such service
    std::vector<uint32_t> after;
};

enum class Second : uint8_t { none, real, fake, broken };  // is there NAME+v2 as well?

struct File {
    Shape shape;
    bool present = true;
    bool broken = false;
    Second second = Second::none;
    int64_t second_on_s = 0;     // its apply_on
    uint32_t live_edits = 0;     // of keys that apply at once
    uint32_t process_edits = 0;  // of keys that only a new process can have
};

// What can be done to a file. `other` is another file's number, where one is needed.
enum class Edit : uint8_t {
    remove,
    restore,
    break_it,
    mend,
    live,
    process,
    on_change,
    depend,
    depend_on_nothing,
    independent,
    second,
    second_fake,
    second_broken,
    no_second,
    type,
    enabled,
    cascade,
    when,
    hours,
    catch_up,
    apply_on,  // of the second version
};
constexpr uint32_t edit_count = static_cast<uint32_t>(Edit::apply_on) + 1;
const char* name_of(Edit edit);
void apply_edit(std::vector<File>& files, uint32_t number, Edit edit, uint32_t other);

std::string_view name_of_file(uint32_t number);  // "s07"
uint32_t number_of(std::string_view name);

// What reading the disk gives: sorted by name, then by version.
std::vector<Candidate> read_files(const std::vector<File>& files);

// A file in a line, for the report of a failure.
std::string describe(const File& file, uint32_t number);

}  // namespace reeve::sim
