#include "reeve/program.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/list.h"
#include "core/explain.h"
#include "files/definitions.h"
#include "files/directory.h"
#include "files/history.h"
#include "files/place.h"
#include "files/rundir.h"
#include "files/status.h"
#include "kernel/complain.h"
#include "kernel/platform.h"
#include "kernel/signals.h"
#include "kernel/sys.h"
#include "logs/file.h"
#include "model/signals.h"
#include "process/past.h"
#include "process/resume.h"

namespace reeve {

namespace {

constexpr char nothing_reloaded[] = "nothing is reloaded: all of it stays as it is";

Now read_clocks() { return {sys::mono_now(), sys::wall_now()}; }

// Services of which something is alive.
size_t count_survivors(const Past& past) {
    size_t count = 0;
    for (const PastService& each : past.services())
        if (each.lives()) ++count;
    return count;
}

// What runs under another name is not ours to touch, nor may it run twice.
bool may_take_over(const Past& past, std::string_view uid, const Text& run) {
    if (past.uid() == uid || past.empty() || !past.has_header()) return true;
    const size_t count = count_survivors(past);
    if (count == 0) return true;
    Buffer<path_max_bytes + 256> line;
    line << run << ": " << count << " service" << (count == 1 ? "" : "s")
         << " of the reeve with uid = '" << past.uid() << "' still run, this one's is '" << uid
         << "'; start that one again, or name another run directory with -r";
    complain(line.view());
    return false;
}

}  // namespace

Program::Program(const Options& options, Setup setup, List<Text> directories,
                 bool directories_were_named)
    : options_(options), setup_(std::move(setup)), directories_(std::move(directories)),
      directories_were_named_(directories_were_named), performer_(supervisor_, journal_, setup_),
      server_(supervisor_, *this) {
    is_init_ = getpid() == 1;
    is_machine_ =
        is_init_ && (options.machine == Options::Machine::machine ||
                     (options.machine == Options::Machine::find_out && !platform::in_container()));
    if (options.command != nullptr) main_definition_ = main_definition(options.command);
}

bool Program::begin() {
    if (is_machine_) set_machine();
    const bool resumed = resumption().resumed;
    List<List<SourceFile>> files;
    definitions_read_ = read_first_files(files);
    if (!definitions_read_ && !resumed) return false;
    if (!definitions_read_) files = {};
    is_alone_ = main_definition_ && files.empty();
    const Text& run = setup_.run_directory;
    Catalog catalog = load_files(std::move(files));
    if (!resumed && has_nothing_to_run(catalog)) return false;
    // With nothing but CMD there is nobody to ask for more, and its end is all there is to tell.
    safe_mode_ = resumption().safe_mode =
        !setup_.stateless && (resumption().safe_mode || resumption().crashes_often());
    // What was done about an end may be what it crashes of.
    if (safe_mode_) resumption().reaped.count = 0;
    Past past;
    if (!run.empty()) {
        Text complaint;
        past = read_past(run, complaint);
        if (!complaint.empty()) complain(complaint);
        setup_.journal_note = std::move(complaint);
        if (!resumed && !may_take_over(past, catalog.settings.uid, run)) return false;
        if (!resumed && !take_over_main(past.services())) return false;
    }
    if (!resumed && refuses(catalog, past)) return false;
    if (setup_.stateless && resumed) add_past_main(past.services());
    if (!definitions_read_) {  // what is needed of reeve.conf meanwhile
        catalog.settings.uid = past.uid();
        catalog.settings.log_user = resumption().log_user;
    }
    if (!is_init_) platform::become_subreaper();  // without it orphans are init's, as ever
    if (is_machine_) platform::catch_ctrl_alt_del();
    if (!run.empty()) open_run_files();
    performer_.set_safe_mode(safe_mode_);
    if (!setup_.stateless) make_room_for_pipes(count_pipes(catalog));
    if (!run.empty()) performer_.logs().take_over(setup_.kept);
    supervisor_.set_log_directory(setup_.logs.directory);
    performer_.limit_watched(descriptors_for(48, services_max_count));
    server_.limit_clients(descriptors_for(16, clients_max_count));
    const Now now = read_clocks();
    if (resumption().ending) go_on_ending(now);
    Reloaded first;
    put_in_force(catalog, past.services(), now, first);
    if (old_main_run_ != 0) supervisor_.restart({&setup_.main, 1}, now);
    // Where memory is short a first start ends of it here, and not again and again later on.
    // (A new-expression the compiler would leave out.)
    const size_t count = supervisor_.services().size();
    if (!resumed)
        ::operator delete(::operator new(memory_spare_bytes + memory_a_service_bytes * count));
    // Before the journal is made anew, which does not know of what is gone.
    if (!run.empty()) prune_service_files(run, supervisor_);
    performer_.take_over(past.services(), now);
    renew_console(past.services(), now);
    if (resumed) resume();
    return true;
}

// Strict, it does not start with definitions that have errors; but what runs already is not left
// alone for that.
bool Program::refuses(const Catalog& catalog, const Past& past) const {
    if (!(options_.strict || catalog.settings.strict) || count_survivors(past) > 0) return false;
    List<Problem> problems = catalog.problems;
    Supervisor trial;
    const List<Ref<const Definition>> own = own_definitions(catalog);
    reeve::put_in_force(catalog, {own.data(), own.size()}, {}, trial, read_clocks(), problems);
    if (problems.empty()) return false;
    for (const Problem& problem : problems) complain(describe(problem));
    complain("nothing was started, for these definitions have errors (strict)");
    return true;
}

// A reeve that was at work goes on with it: where its files cannot be read now, they follow.
bool Program::read_first_files(List<List<SourceFile>>& files) {
    if (resumption().reads_nothing) return false;
    List<Text> problems;
    if (read_files(files, problems)) {
        expect_files(files, {sys::mono_now(), {}});
        return true;
    }
    for (const Text& problem : problems) complain(problem);
    definitions_due_ = sys::mono_now() + milliseconds(definitions_retry_ms);
    return false;
}

void Program::open_run_files() {
    const Text& run = setup_.run_directory;
    const Text control = Text::join({run, "/control"});
    server_.take(control, setup_.kept.take_socket(Text::join({control, ".new"})));
    if (const Status opened = server_.reopen(); !opened) complain(describe(opened.error()));
    if (const Status written = write_pid_file(run); !written) complain(describe(written.error()));
    setup_.keeps_history = has_room_for_histories(run);
    watch_removals();
    mounts_ = Fd(platform::watch_mounts());
    journal_.set_path(Text::join({run, "/journal"}));
}

void Program::watch_removals() {
    if (platform::removal_signal != 0) signals::count(platform::removal_signal);
    removals_ = Fd(platform::watch_removals(setup_.run_directory.c_str()));
}

Catalog Program::load_files(List<List<SourceFile>> files) const {
    const LoadContext context{geteuid(), platform::has_oom_score_adj, platform::has_no_new_privs};
    return load(std::move(files), context);
}

Reloaded Program::reload(Now now) {
    Reloaded reloaded;
    List<List<SourceFile>> files;
    if (read_files(files, reloaded.problems)) {
        take_files(std::move(files), now, reloaded);
    } else {
        for (const Text& problem : reloaded.problems) complain(problem);
    }
    return reloaded;
}

void Program::take_files(List<List<SourceFile>> files, Now now, Reloaded& reloaded) {
    const bool was_read = std::exchange(definitions_read_, true);
    expect_files(files, now);
    put_in_force(load_files(std::move(files)), {}, now, reloaded);
    resumption().reads_nothing = false;
    if (!was_read) make_up_for_ends();
    performer_.carry_out(now);
}

// A file that could not be read for want of something is neither gone nor wrong: it is tried again.
void Program::expect_files(std::span<const List<SourceFile>> files, Now now) {
    const bool is_whole = !may_be_read_later(files);
    definitions_due_ = is_whole ? no_deadline : now.mono + milliseconds(definitions_retry_ms);
}

// What could not be read, at a start or at a reload, is tried again.
void Program::read_late(Now now) {
    if (now.mono < definitions_due_) return;
    definitions_due_ = now.mono + milliseconds(definitions_retry_ms);
    List<List<SourceFile>> files;
    List<Text> problems;
    if (supervisor_.shutting_down() || !read_files(files, problems) || may_be_read_later(files))
        return;
    complain("the definitions can be read again");
    Reloaded reloaded;
    take_files(std::move(files), now, reloaded);
}

// Done to a copy, which is then forgotten: deciding has no effects of its own.
Forecast Program::forecast(Now now) {
    Forecast forecast;
    List<List<SourceFile>> files;
    if (!read_files(files, forecast.problems)) return forecast;
    const Catalog catalog = load_files(std::move(files));
    List<Problem> problems = catalog.problems;
    if (problems.empty()) {
        Supervisor copy = supervisor_;
        copy.set_unread(false);
        const List<Ref<const Definition>> own = own_definitions(catalog);
        const List<Change> changes =
            reeve::put_in_force(catalog, {own.data(), own.size()}, {}, copy, now, problems);
        forecast.steps = plan(supervisor_, copy, changes);
    }
    for (const Problem& problem : problems) forecast.problems.push_back(describe(problem));
    if (!catalog.problems.empty()) forecast.problems.emplace_back(nothing_reloaded);
    return forecast;
}

// What is wrong is told where reeve's output goes too: who asked may not be who has to know.
void Program::put_in_force(const Catalog& catalog, std::span<const PastService> past, Now now,
                           Reloaded& reloaded) {
    List<Problem> problems = catalog.problems;
    const bool is_first = supervisor_.services().empty() || supervisor_.unread();
    supervisor_.set_unread(!definitions_read_);
    if (is_first || problems.empty()) {
        apply_settings(catalog.settings);
        make_room_for_pipes(count_pipes(catalog));
        const List<Ref<const Definition>> own = own_definitions(catalog);
        reloaded.changes = reeve::put_in_force(catalog, {own.data(), own.size()}, past, supervisor_,
                                               now, problems);
        performer_.logs().mark_changed();
    }
    for (const Problem& problem : problems) reloaded.problems.push_back(describe(problem));
    // reeve.conf speaks for all services: what runs is not to lose what it was given.
    if (!is_first && !catalog.problems.empty()) reloaded.problems.emplace_back(nothing_reloaded);
    for (const Text& problem : reloaded.problems) complain(problem);
    for (const Problem& warning : catalog.warnings) complain(describe(warning));
    if (main_definition_ && !setup_.main) {
        List<ServiceId> found;
        supervisor_.select("main", found);
        setup_.main = found.front();
    }
}

int Program::signal(ServiceId id, int number) { return performer_.signal(id, number, false); }

void Program::end(int code, Now now) {
    const Duration total = settings_.stop_timeout_total;
    if (!supervisor_.shutting_down())
        shut_down(code, now.mono + (total.ms > 0 ? total : seconds(8)), now);
}

void Program::shut_down(int code, Mono kill_at, Now now) {
    exit_code_ = code;
    kill_at_ = kill_at;
    Resumption& told = resumption();
    told.ending = true;
    told.exit_code = code;
    told.finale = static_cast<int>(finale_);
    told.kill_at = kill_at;
    reports_.begin_shutdown(now.mono);
    supervisor_.shut_down(kill_at_, now);
    performer_.carry_out(now);
}

void Program::end_as(Finale finale, int code, Now now) {
    if (!supervisor_.shutting_down()) finale_ = finale;
    end(code, now);
}

int Program::run() {
    while (!finished()) turn();
    end_orphans();
    return last_words();
}

bool Program::finished() const {
    return idle_ || (supervisor_.shutting_down() && supervisor_.all_ended());
}

void Program::turn() {
    Now now = read_clocks();
    tell_changes(now);
    read_late(now);
    follow_reexec(now);
    // Who is told that something is done finds it in the files as well.
    if (server_.client_count() > 0) performer_.write_status_files(now);
    server_.settle(now);
    if (performer_.renew_journal(now)) restore_run_directory(now);
    look_for_end(now);
    if (finished()) return;

    set_.clear();
    signals::watch(set_);
    performer_.watch(set_);
    server_.watch(set_);
    const size_t mounts_place = mounts_ ? set_.add(mounts_.get(), POLLPRI) : SIZE_MAX;
    wait(now);

    now = read_clocks();
    signals::drain();
    handle_signals(now);
    const bool mounted = mounts_place != SIZE_MAX && set_.result(mounts_place) != 0;
    if (signals::take(platform::removal_signal) > 0 || mounted) restore_run_directory(now);
    performer_.serve(set_, now);
    performer_.pass_deadlines(now);
    server_.serve(set_, now);
    performer_.carry_out(now);
}

// Whoever cleans up /run may take our files with it, or mount something over it, and another reeve
// could then take our place.
// What is there is left alone: to take something away would call for this again.
void Program::restore_run_directory(Now now) {
    const Text& run = setup_.run_directory;
    if (run.empty()) return;
    const auto size_of = [&](const char* name) -> int64_t {
        Buffer<path_max_bytes> path;
        path << run << name;
        struct stat state;
        if (sys::lstat(path.c_str(), &state) == 0) return state.st_size;
        return errno == ENOENT ? -1 : 1;  // it is there for all that is known
    };
    const auto tell = [](const Status& status) {
        if (!status) complain(describe(status.error()));
    };
    Buffer<path_max_bytes> lock;
    lock << run << "/lock";
    if (!is_still_at(setup_.lock.get(), lock.c_str()) && !take_run_directory_again(now)) return;
    if (size_of("/fds") < 0) tell(make_directory_in(run, "/fds"));
    if (size_of("/pid") <= 0) tell(write_pid_file(run));
    if (size_of("/journal") < 0 && journal_.whole()) performer_.rewrite_files(now);
    if (size_of("/control") < 0) tell(server_.reopen());
}

// Status files are for people: while much happens at once (a thousand services come up, or end)
// they are written once it has, or status_files_wait_max_ms after the first.
void Program::wait(Now now) {
    if (performer_.status_files_are_due(now)) {
        const bool busy = set_.wait(now.mono, now.mono) || performer_.knows_more();
        if (status_files_due_ == no_deadline)
            status_files_due_ = now.mono + milliseconds(status_files_wait_max_ms);
        if (!busy || now.mono >= status_files_due_) {
            performer_.write_status_files(now);
            status_files_due_ = no_deadline;
        }
        if (busy) return;
    }
    set_.wait(std::min({performer_.next_deadline(), server_.next_deadline(), trial_until_,
                        reexec_until_, definitions_due_, fork_until_, reports_.next_deadline()}),
              sys::mono_now());
}

void Program::handle_signals(Now now) {
    if (signals::take(SIGCHLD) > 0) {
        if (main_definition_) follow_main();
        performer_.reap(now);
    }
    if (main_definition_)
        forward_signals(now);
    else
        handle_own_signals(now);
}

// BEHAVIOUR section 7; as PID 1 of a machine BusyBox's conventions.
void Program::handle_own_signals(Now now) {
    if (signals::take(SIGHUP) > 0) {
        restore_run_directory(now);
        if (const Status opened = server_.reopen(); !opened) complain(describe(opened.error()));
        reload(now);
        performer_.logs().renew();
    }
    unsigned ends = signals::take(SIGTERM) + signals::take(SIGINT);
    if (is_init_) {
        for (const int number : platform::container_stop_signals) {
            const unsigned count = signals::take(number);
            if (!is_machine_) ends += count;
        }
    }
    if (is_machine_) {
        if (signals::take(SIGUSR1) > 0) end_as(Finale::halt, 0, now);
        if (signals::take(SIGUSR2) > 0) end_as(Finale::poweroff, 0, now);
        told_to_end(Finale::reboot, ends, now);
    } else {
        told_to_end(Finale::exit, ends, now);
    }
}

}  // namespace reeve
