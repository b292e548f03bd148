// The rows of the schema, in the order in which they are shown.

#include <type_traits>

#include "base/limits.h"
#include "conf/schema.h"

namespace reeve {

namespace {

template <auto member, typename Object>
const void* place_in(const void* owner) {
    return &(static_cast<const Object*>(owner)->*member);
}

struct Options {
    int32_t min = 0;
    int32_t max = 0;
    const char* words = "";
    Needs needs = Needs::nothing;
    bool repeats = false;
};

// How the kinds call the type of a member.
template <typename T>
using HeldAs = std::conditional_t<std::is_enum_v<T> && sizeof(T) == 1, Choice, T>;

template <auto member, typename Object, typename T>
consteval Key row_of(T Object::*, const char* name, const KindOf<HeldAs<T>>& kind, Applies applies,
                     const char* default_text, const char* doc, Options options) {
    const Owner owner = std::is_same_v<Object, Definition>    ? Owner::definition
                        : std::is_same_v<Object, Policy>      ? Owner::policy
                        : std::is_same_v<Object, Timing>      ? Owner::timing
                        : std::is_same_v<Object, HealthRules> ? Owner::health
                                                              : Owner::settings;
    return {.name = name,
            .default_text = default_text,
            .doc = doc,
            .words = options.words,
            .place = place_in<member, Object>,
            .kind = &kind,
            .min = options.min,
            .max = options.max,
            .owner = owner,
            .applies = applies,
            .needs = options.needs,
            .repeats = options.repeats};
}

template <auto member, typename KindOfMember>
consteval Key row(const char* name, const KindOfMember& kind, Applies applies,
                  const char* default_text, const char* doc, Options options = {}) {
    return row_of<member>(member, name, kind, applies, default_text, doc, options);
}

// Of a key whose value is held nowhere.
consteval Key unheld_row(const char* name, const KindOf<void>& kind, const char* default_text,
                         const char* doc, bool repeats = false) {
    return {.name = name,
            .default_text = default_text,
            .doc = doc,
            .words = "",
            .place = nullptr,
            .kind = &kind,
            .min = 0,
            .max = 0,
            .owner = Owner::nobody,
            .applies = Applies::live,
            .needs = Needs::nothing,
            .repeats = repeats};
}

constexpr Applies live = Applies::live;
constexpr Applies next_start = Applies::next_start;
using D = Definition;
using P = Policy;
using T = Timing;
using H = HealthRules;

constexpr char log_words[] = "file run console inherit null";

// clang-format off
constexpr Key rows[] = {
    row<&D::description>("description", kind::text, live, "",
        "What the service is, in one line."),
    row<&D::exec>("exec", kind::argv, next_start, "",
        "What runs, as words, without a shell. Exactly one of exec and command is set."),
    row<&D::command>("command", kind::shell_line, next_start, "",
        "What runs, as a shell line. Exactly one of exec and command is set."),
    row<&P::type>("type", kind::choice, next_start, "daemon",
        "daemon is kept running, oneshot (the default with cron, every and at) runs to its end, "
        "fake never runs.",
        {.words = "daemon oneshot fake"}),
    row<&P::instances>("instances", kind::instances, live, "",
        "How many of it there are, as NAME@1 and so on, or the names behind the @; %i stands for "
        "it in what is set."),
    row<&P::enabled>("enabled", kind::flag, live, "yes",
        "Start it when reeve starts."),
    row<&D::groups>("group", kind::labels, live, "",
        "Labels; svctl up @label addresses all services that bear one.", {.repeats = true}),
    row<&T::apply_on>("apply_on", kind::date, live, "",
        "From when on this version of the service is in force."),
    row<&P::on_change>("on_change", kind::choice, live, "keep",
        "Whether a reload that needs a new process keeps it, marked stale, or restarts it.",
        {.words = "keep restart"}),
    row<&P::on_end>("on_end", kind::choice, live, "nothing",
        "What reeve does when it has ended for good.",
        {.words = "nothing shutdown shutdown-on-failure reboot poweroff"}),

    row<&P::user>("user", kind::user, next_start, "",
        "The user, and group, it runs as, by name or number; reeve's own where it is not set."),
    row<&D::workdir>("workdir", kind::path, next_start, "/",
        "The directory it starts in."),
    row<&P::umask>("umask", kind::umask, next_start, "",
        "Permissions that files it makes do not get; reeve's own where it is not set."),
    row<&P::nice>("nice", kind::nice, next_start, "",
        "Scheduling priority; reeve's own where it is not set.", {.min = -20, .max = 19}),
    row<&P::chroot>("chroot", kind::path, next_start, "",
        "The directory that becomes its root."),
    row<&D::env>("env", kind::variable, next_start, "",
        "A variable of its environment; beats env_file, which beats what is inherited.",
        {.repeats = true}),
    row<&D::env_file>("env_file", kind::variable_file, next_start, "",
        "A file of NAME=value lines, read at each start; with - before it, it may be missing.",
        {.repeats = true}),
    row<&P::env_clear>("env_clear", kind::flag, next_start, "no",
        "Inherit nothing of reeve's own environment."),
    row<&P::limits>("limit", kind::limit, next_start, "",
        "A resource limit; a number, a size or unlimited; one value sets both soft and hard.",
        {.words = "nofile core as data stack cpu fsize nproc memlock", .repeats = true}),
    row<&P::oom_score_adj>("oom_score_adj", kind::score, next_start, "",
        "Bias of the kernel's choice when memory runs out. Linux only.",
        {.min = -1000, .max = 1000, .needs = Needs::oom_score_adj}),
    row<&P::no_new_privs>("no_new_privs", kind::flag, next_start, "no",
        "Neither it nor its children gain rights by set-user-ID programs. Linux only.",
        {.needs = Needs::no_new_privs}),
    row<&P::capabilities>("capabilities", kind::capabilities, next_start, "",
        "The rights of root's that it keeps as its user, and can ever have; - for none. Linux "
        "only.", {.needs = Needs::confinement}),
    row<&P::io_priority>("ioprio", kind::io_priority, next_start, "",
        "Its turn at the disks: realtime, best-effort, either with :0 (first) to :7, idle or none. "
        "Linux only.", {.needs = Needs::confinement}),
    row<&P::scheduler>("sched", kind::scheduler, next_start, "",
        "Its turn at the processors: other, batch, idle, or fifo:N and rr:N, N from 1 to 99. Linux "
        "only.", {.needs = Needs::confinement}),
    row<&P::cgroup>("cgroup", kind::cgroup, next_start, "no",
        "A control group (v2) of each run's own, in which a stop ends all: below reeve's, or of "
        "this path there, or with a / from the top of the hierarchy. Linux only.",
        {.needs = Needs::confinement}),
    row<&P::cgroup_set>("cgroup_set", kind::cgroup_set, next_start, "",
        "What is written into a file of its control group, such as memory.max 200M. Linux only.",
        {.needs = Needs::confinement, .repeats = true}),
    row<&P::input>("stdin", kind::input, next_start, "/dev/null",
        "What it reads as standard input: a path, a FIFO once somebody writes into it; or fifo, "
        "for svctl input."),
    row<&P::input_keep>("input_keep", kind::flag, next_start, "no",
        "With stdin = fifo: what a run has not read is kept for the next one."),
    row<&P::listen>("listen", kind::listen, next_start, "",
        "A socket that reeve opens before its first start, keeps open over restarts, and passes on "
        "as LISTEN_FDS.",
        {.repeats = true}),
    row<&P::tty>("tty", kind::path, next_start, "",
        "A terminal that becomes its controlling one and its standard input, output and error."),

    row<&P::restart>("restart", kind::choice, live, "",
        "When it runs again after it has ended.", {.words = "- always on-failure never"}),
    row<&P::success>("success", kind::ends, live, "0",
        "The exit codes and signals that are not failures."),
    row<&P::fatal>("fatal", kind::codes, live, "",
        "The exit codes after which it is not tried again."),
    row<&P::restart_delay>("restart_delay", kind::duration, live, "100ms",
        "How long reeve waits before the first retry."),
    row<&P::restart_delay_max>("restart_delay_max", kind::duration, live, "1m",
        "The longest delay before a retry."),
    row<&P::restart_factor_percent>("restart_factor", kind::factor, live, "2",
        "By how much each delay is longer than the one before.",
        {.min = 100, .max = restart_factor_max_percent}),
    row<&P::reset_after>("reset_after", kind::duration, live, "10s",
        "A run of this length or longer starts delays and retries anew."),
    row<&P::retries>("retries", kind::retries, live, "unlimited",
        "After how many failed runs in a row it is failed.", {.min = 1, .max = retries_max_count}),

    row<&P::stop_signal>("stop_signal", kind::signal, live, "TERM",
        "The signal that asks it to end."),
    row<&P::stop_timeout>("stop_timeout", kind::duration, live, "7s",
        "How long it may take to stop before it is killed."),
    row<&P::kill_mode>("kill_mode", kind::choice, live, "group",
        "Whom the stop signal goes to: the process group, or at first its leader alone.",
        {.words = "group process"}),
    row<&P::stop_command>("stop_command", kind::shell_line, live, "",
        "A shell line that asks it to end, and undoes a oneshot that is done."),
    row<&P::reload_signal>("reload_signal", kind::signal, live, "HUP",
        "The signal that svctl reload NAME sends."),
    row<&P::reload_command>("reload_command", kind::shell_line, live, "",
        "A shell line that svctl reload NAME runs instead of sending reload_signal."),

    row<&D::depends_on>("depends_on", kind::services, live, "",
        "Services that must be running (a oneshot: done) before it starts.", {.repeats = true}),
    row<&D::after>("after", kind::services, live, "",
        "Services it starts after where they are wanted too; order only.", {.repeats = true}),
    row<&P::cascade>("cascade", kind::flag, live, "no",
        "Stop it while a service it depends on is not running, and start it again with it."),

    row<&P::ready>("ready", kind::ready, next_start, "exec",
        "When it counts as running."),
    row<&P::start_check>("start_check", kind::shell_line, live, "",
        "A shell line; it counts as running only once this has succeeded."),
    row<&P::start_check_timeout>("start_check_timeout", kind::duration, live, "10s",
        "How long one start_check may take.", {.min = 1}),
    row<&P::start_check_interval>("start_check_interval", kind::duration, live, "1s",
        "How long after a start_check that failed the next one follows.",
        {.min = check_interval_min_ms}),
    row<&P::start_timeout>("start_timeout", kind::duration, live, "1m",
        "If it is not running by then, it is stopped and the run counts as failed.", {.min = 1}),

    row<&H::check>("check", kind::shell_line, live, "",
        "A shell line run at intervals while it is running; where it fails the service is not "
        "well."),
    row<&H::check_interval>("check_interval", kind::duration, live, "30s",
        "How long it is from the beginning of one check to that of the next.",
        {.min = check_interval_min_ms}),
    row<&H::check_timeout>("check_timeout", kind::duration, live, "10s",
        "How long one check may take; then it is killed, and has failed.", {.min = 1}),
    row<&H::check_retries>("check_retries", kind::number, live, "3",
        "After how many failures in a row it is unhealthy.",
        {.min = 1, .max = check_retries_max_count}),
    row<&H::check_action>("check_action", kind::choice, live, "restart",
        "What becomes of what is unhealthy: it is stopped, and the run counts as failed; the same, "
        "for good; or it is only told.",
        {.words = "restart stop none"}),
    row<&H::watchdog>("watchdog", kind::duration, next_start, "0s",
        "With ready = notify: within what time it says WATCHDOG=1 again, or is stopped, and the "
        "run counts as failed; 0s is never."),
    row<&H::max_memory>("max_memory", kind::bytes, live, "",
        "How much memory its process group may hold, resident; above that for max_for it is ended.",
        {.needs = Needs::usage}),
    row<&H::max_cpu>("max_cpu", kind::number, live, "0",
        "How much its process group may use of one processor, in percent; 0 is unlimited.",
        {.max = max_cpu_max_percent, .needs = Needs::usage}),
    row<&H::max_for>("max_for", kind::duration, live, "30s",
        "For how long it may be above max_memory or max_cpu."),
    row<&H::limit_action>("limit_action", kind::choice, live, "restart",
        "What becomes of what was above: it is stopped, and the run counts as failed; or the same, "
        "for good.",
        {.words = "restart stop"}),

    row<&P::pre_start>("pre_start", kind::shell_line, live, "",
        "A shell line run before each start; if it fails, so has the run."),
    row<&P::post_start>("post_start", kind::shell_line, live, "",
        "A shell line run each time that it is running; if it fails, that is told, and no more."),
    row<&P::post_stop>("post_stop", kind::shell_line, live, "",
        "A shell line run after each end, with REEVE_EXIT and REEVE_SIGNAL."),
    row<&P::on_fail>("on_fail", kind::shell_line, live, "",
        "A shell line run when it becomes failed."),
    row<&P::hook_timeout>("hook_timeout", kind::duration, live, "30s",
        "How long pre_start, post_start, post_stop and on_fail may each take.", {.min = 1}),

    row<&T::cron>("cron", kind::cron, live, "",
        "When it runs: minute, hour, day of month, month and day of week, or @hourly and its like.",
        {.repeats = true}),
    row<&T::every>("every", kind::duration, live, "0s",
        "It runs that often, for the first time one such interval after it was loaded."),
    row<&T::at>("at", kind::dates, live, "",
        "A date at which it runs.", {.repeats = true}),
    row<&T::overlap>("overlap", kind::choice, live, "skip",
        "What becomes of a start that is due while the last run has not ended.",
        {.words = "skip queue kill"}),
    row<&T::catch_up>("catch_up", kind::flag, live, "no",
        "Make up for starts that were missed, with one run."),
    row<&T::jitter>("jitter", kind::duration, live, "0s",
        "Each start by the clock is put off by a random time up to this."),
    row<&T::timezone>("timezone", kind::timezone, live, "",
        "The zone of cron, dates and windows; the machine's where it is not set."),
    row<&T::max_runtime>("max_runtime", kind::duration, live, "0s",
        "How long a oneshot may run before it is stopped and counts as failed; 0s is without end."),
    row<&T::start_s>("start_time", kind::time_of_day, live, "",
        "The time of day from which on it runs."),
    row<&T::stop_s>("stop_time", kind::time_of_day, live, "",
        "The time of day from which on it does not; past midnight where it is before start_time."),
    row<&T::week_days>("week_days", kind::week_days, live, "all",
        "The days on which it runs: those on which its window begins."),

    row<&P::log>("log", kind::choice, next_start, "file",
        "Where its output goes.",
        {.words = log_words}),
    row<&P::log_max_size>("log_max_size", kind::bytes, live, "1M",
        "With log = file: at what size a new file is begun."),
    row<&P::log_keep>("log_keep", kind::number, live, "10",
        "How many old files are kept, or files of earlier runs.", {.max = log_keep_max_count}),
    row<&P::log_time>("log_time", kind::choice, live, "utc",
        "With log = file: the time that each line begins with; unix is in seconds.",
        {.words = "utc local unix none"}),

    // reeve.conf's, of which `uid` is the first.
    row<&Settings::uid>("uid", kind::identifier, next_start, "",
        "Names this reeve; a run directory that another uid left is not taken over."),
    unheld_row("format", kind::format, "1",
        "The format of the files; there is only one so far."),
    row<&P::log>("log", kind::choice, next_start, "file",
        "The same as default.log.", {.words = log_words}),
    unheld_row("trust", kind::directory, "",
        "A later service directory, whose files are taken whatever their mode and owner.", true),
    unheld_row("default.KEY", kind::any, "",
        "The default of any key of service files but exec and command."),
    row<&Settings::watch>("watch", kind::flag, live, "no",
        "Apply changes of the service directories without being told to."),
    row<&Settings::max_starting>("max_starting", kind::number, live, "0",
        "How many services may be starting at once; 0 is unlimited.",
        {.max = max_starting_max_count}),
    row<&Settings::stop_timeout_total>("stop_timeout_total", kind::duration, live, "8s",
        "One deadline for the whole shutdown; what is left then is killed."),
    row<&Settings::exit_when_idle>("exit_when_idle", kind::flag, live, "no",
        "End reeve once nothing runs, is wanted or is scheduled."),
    row<&Settings::strict>("strict", kind::flag, live, "no",
        "Do not start at all where a definition has errors."),
    row<&Settings::report>("report", kind::choice, live, "failures",
        "Which changes of services reeve tells of on its own output.",
        {.words = "failures all none"}),
    row<&Settings::log_user>("log_user", kind::user, live, "",
        "Whom svlog(8) runs as, where reeve is root; reeve's own user where it is not set."),
    row<&Settings::log_max_total>("log_max_total", kind::bytes, live, "100M",
        "How much all files of log = file may hold together; the oldest old ones go first."),
};
// clang-format on

static_assert(std::size(rows) <= keys_max_count);

constexpr size_t count_service_rows() {
    size_t n = 0;
    while (rows[n].name != std::string_view("uid")) ++n;
    return n;
}
constexpr size_t service_count = count_service_rows();

}  // namespace

constinit const std::span<const Key> service_keys = std::span(rows).first<service_count>();
constinit const std::span<const Key> settings_keys = std::span(rows).subspan<service_count>();

}  // namespace reeve
