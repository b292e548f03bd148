#include "reeve/program.h"

#include <algorithm>
#include <csignal>
#include <new>
#include <unistd.h>
#include <utility>

#include "base/digest.h"
#include "base/format.h"
#include "base/limits.h"
#include "core/explain.h"
#include "files/definitions.h"
#include "files/directory.h"
#include "files/starts.h"
#include "files/status.h"
#include "files/trust.h"
#include "kernel/complain.h"
#include "kernel/platform.h"
#include "kernel/signals.h"
#include "kernel/sys.h"
#include "model/signals.h"
#include "process/past.h"
#include "process/resume.h"
#include "reeve/first_start.h"

namespace reeve {

namespace {

constexpr char nothing_reloaded[] = "nothing is reloaded: all of it stays as it is";
constexpr char safe_mode_warning[] = "reeve has crashed too often: it keeps what runs, and starts "
                                     "nothing before svctl up, restart, run or reload";

Now read_clocks() { return {sys::mono_now(), sys::wall_now()}; }

Role find_role(const Options& options) {
    if (getpid() != 1) return Role::process;
    const bool is_machine =
        options.machine == Options::Machine::machine ||
        (options.machine == Options::Machine::find_out && !platform::in_container());
    return is_machine ? Role::machine_init : Role::container_init;
}

}  // namespace

Program::Program(const Options& options, Setup setup, List<Text> directories,
                 bool directories_were_named)
    : options_(options), role_(find_role(options)), setup_(std::move(setup)),
      performer_(supervisor_, journal_, setup_), server_(supervisor_, *this),
      files_(options, setup_, std::move(directories), directories_were_named),
      run_directory_(setup_, journal_, performer_, server_),
      log_service_(setup_, settings_, supervisor_, performer_),
      ending_(role_, setup_, settings_, supervisor_, performer_, reports_),
      main_(options, setup_, supervisor_, performer_, ending_),
      reexecution_(setup_, supervisor_, journal_, performer_, server_) {
    // A restart is not to allocate, and whether its child is waited for depends on the machine.
    set_.make_room(spawns_in_flight_max_count);
}

bool Program::begin() {
    const bool is_machine = role_ == Role::machine_init;
    if (is_machine) set_machine();
    const bool resumed = resumption().resumed;
    List<List<SourceFile>> files;
    if (!read_first_files(files) && !resumed) return false;
    main_.set_alone(main_ && files.empty());
    Catalog catalog = load_catalog(std::move(files));
    const bool may_be_empty = main_ || role_ != Role::container_init;
    if (!resumed && has_nothing_to_run(catalog, directories(), setup_, may_be_empty)) return false;
    // With nothing but CMD there is nobody to ask for more, and its end is all there is to tell.
    performer_.safe_mode = resumption().safe_mode =
        !setup_.stateless && (resumption().safe_mode || resumption().crashes_often());
    // What was done about an end may be what it crashes of.
    if (performer_.safe_mode) resumption().reaped.count = 0;
    Past past;
    if (!read_past_of(catalog, past)) return false;
    if (!files_.are_read()) {  // what is needed of reeve.conf meanwhile
        catalog.settings.uid = past.uid();
        catalog.settings.log_user = resumption().log_user;
    }
    if (role_ == Role::process) platform::become_subreaper();  // else orphans are init's, as ever
    if (is_machine) platform::catch_ctrl_alt_del();
    run_directory_.open();
    if (!setup_.stateless) log_service_.make_room(log_service_.count_pipes(catalog));
    const bool has_run_directory = !setup_.run_directory.empty();
    if (has_run_directory) performer_.logs().take_over(setup_.kept);
    supervisor_.set_log_directory(setup_.logs.directory);
    performer_.limit_watched(descriptors_for(48, services_max_count));
    server_.limit_clients(descriptors_for(16, clients_max_count));
    const Now now = read_clocks();
    if (resumption().ending) ending_.resume(now);
    set_clockwork();
    Reloaded first;
    put_in_force(catalog, past.services(), now, first);
    // Where memory is short a first start ends of it here, and not again and again later on.
    // (A new-expression the compiler would leave out.)
    const size_t count = supervisor_.services().size();
    if (!resumed)
        ::operator delete(::operator new(memory_spare_bytes + memory_a_service_bytes * count));
    // Before the journal is made anew, which does not know of what is gone.
    if (has_run_directory) prune_service_files(setup_.run_directory, supervisor_);
    performer_.take_over(past.services(), now);
    log_service_.renew_console(past.services(), now);
    performer_.sockets().settle(supervisor_);
    if (resumed) resume();
    return true;
}

// What schedules need to know beside their definitions.
void Program::set_clockwork() {
    supervisor_.timetable().set_seed(digest(boot_id()));
    if (setup_.state_directory.empty()) return;
    Text complaint = find_flaw(setup_.state_directory);
    if (!complaint.empty()) {
        complain(Text::join(complaint, "; until then catch_up remembers nothing"));
        setup_.state_directory = {};
        return;
    }
    supervisor_.timetable().set_remembered(read_starts(setup_.state_directory, complaint));
    if (!complaint.empty()) complain(complaint);
}

// What an earlier reeve has left, or this one has been, and what is to become of it. False, with a
// line: it stands against a start.
bool Program::read_past_of(const Catalog& catalog, Past& past) {
    const bool resumed = resumption().resumed;
    const Text& run = setup_.run_directory;
    if (!run.empty()) {
        Text complaint;
        past = read_past(run, complaint);
        if (!complaint.empty()) complain(complaint);
        setup_.journal_note = std::move(complaint);
    }
    if (resumed) {
        if (setup_.stateless) main_.resume(past.services());
        return true;
    }
    if (!run.empty() && !may_take_over(past, catalog.settings.uid, run)) return false;
    if (!run.empty() && !main_.take_over(past.services())) return false;
    if (!options_.strict && !catalog.settings.strict) return true;
    const List<Ref<const Definition>> own = own_definitions(catalog);
    return !refuses_errors(catalog, {own.data(), own.size()}, past);
}

// A reeve that was at work goes on with it: where its files cannot be read now, they follow.
bool Program::read_first_files(List<List<SourceFile>>& files) {
    if (resumption().reads_nothing) return false;
    const Mono now = sys::mono_now();
    List<Text> problems;
    if (files_.read(files, problems)) {
        files_.note_read(files, now);
        return true;
    }
    for (const Text& problem : problems) files_.tell(problem);
    files_.retry_later(now);
    return false;
}

Reloaded Program::reload(Now now) { return read_again(now, true); }

// Somebody has asked for it, or with `watch = yes` files have changed.
Reloaded Program::read_again(Now now, bool is_asked) {
    Reloaded reloaded;
    List<List<SourceFile>> files;
    if (files_.read_again(files, reloaded.problems, now.mono, is_asked))
        take_files(std::move(files), now, reloaded);
    return reloaded;
}

// Puts in force what was read. Behind a crash, ends that nobody has acted on are acted on now that
// it is known what was wanted.
void Program::take_files(List<List<SourceFile>> files, Now now, Reloaded& reloaded) {
    const bool is_first = files_.note_read(files, now.mono);
    put_in_force(load_catalog(std::move(files)), {}, now, reloaded);
    resumption().reads_nothing = false;
    performer_.sockets().settle(supervisor_);
    if (is_first) make_up_for_ends();
    performer_.carry_out(now);
}

// What could not be read, at a start or at a reload, is tried again.
void Program::read_late(Now now) {
    if (now.mono < files_.next_retry()) return;
    files_.retry_later(now.mono);
    List<List<SourceFile>> files;
    List<Text> problems;
    if (supervisor_.shutting_down() || !files_.read(files, problems) || may_be_read_later(files))
        return;
    complain("the definitions can be read again");
    Reloaded reloaded;
    take_files(std::move(files), now, reloaded);
}

// Done to a copy, which is then forgotten: deciding has no effects of its own.
Forecast Program::forecast(Now now) {
    Forecast forecast;
    List<List<SourceFile>> files;
    if (!files_.read(files, forecast.problems)) return forecast;
    const Catalog catalog = load_catalog(std::move(files));
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
    supervisor_.set_unread(!files_.are_read());
    if (is_first || problems.empty()) {
        settings_ = catalog.settings;
        setup_.uid = settings_.uid.view();
        setup_.reports = settings_.report != Report::none;
        log_service_.configure();
        log_service_.make_room(log_service_.count_pipes(catalog));
        const List<Ref<const Definition>> own = own_definitions(catalog);
        reloaded.changes = reeve::put_in_force(catalog, {own.data(), own.size()}, past, supervisor_,
                                               now, problems);
        performer_.logs().mark_changed();
        files_.set_watched(settings_.watch, now.mono);
    }
    for (const Problem& problem : problems) reloaded.problems.push_back(describe(problem));
    // reeve.conf speaks for all services: what runs is not to lose what it was given.
    if (!is_first && !catalog.problems.empty()) reloaded.problems.emplace_back(nothing_reloaded);
    for (const Text& problem : reloaded.problems) files_.tell(problem);
    for (const Problem& warning : catalog.warnings) files_.tell(describe(warning));
    main_.find_service(now);
}

List<Ref<const Definition>> Program::own_definitions(const Catalog& catalog) const {
    List<Ref<const Definition>> own;
    if (main_) own.push_back(main_.definition());
    if (Ref<const Definition> svlog = log_service_.definition(catalog))
        own.push_back(std::move(svlog));
    return own;
}

// A resumed reeve knows by now all that the journal does not tell.
void Program::resume() {
    if (performer_.safe_mode) complain(safe_mode_warning);
    if (files_.are_read())
        make_up_for_ends();
    else
        complain(warnings().back());
}

// A service may have ended for good without anybody having acted on it.
void Program::make_up_for_ends() {
    if (!std::exchange(resumption().by_fault, false) || resumption().ending) return;
    EndRequest& request = performer_.end_request();
    for (uint32_t i = 0; i < supervisor_.services().size(); ++i) {
        const Service& service = supervisor_.at(ServiceId{i});
        if (!service.used() || request.on_end != OnEnd::nothing) continue;
        if (service.state == State::done || service.state == State::failed)
            request = {on_end_of(service), ServiceId{i}, service.exit};
    }
}

void Program::leave_safe_mode() {
    if (!performer_.safe_mode) return;
    performer_.safe_mode = resumption().safe_mode = false;
    resumption().recent = {};
    log_service_.make_room(performer_.logs().count());
}

// The definitions are to be read after a re-execution: where they cannot be, there is none.
Text Program::begin_reexec(Now now) {
    if (Text why = reexecution_.why_not(); !why.empty()) return why;
    List<List<SourceFile>> files;
    List<Text> problems;
    if (!files_.read(files, problems)) return problems.front();
    return reexecution_.begin(now);
}

List<Text> Program::warnings() const {
    List<Text> warnings;
    const Resumption& past = resumption();
    if (past.crashes > 0) {
        LongText line;
        append(line, "reeve has crashed ", past.crashes, past.crashes == 1 ? " time" : " times",
               ", last with SIG");
        append_signal(line, past.signal);
        line << ' ';
        append_span(line, milliseconds(sys::wall_now().ms - past.crashed.ms));
        line << " ago; its services were not touched";
        warnings.emplace_back(line.view());
    }
    if (journal_.enabled() && !journal_.whole()) warnings.push_back(reexecution_.journal_warning());
    if (Text problem = performer_.status_warning(); !problem.empty())
        warnings.push_back(std::move(problem));
    if (performer_.safe_mode) warnings.emplace_back(safe_mode_warning);
    if (!files_.are_read())
        warnings.emplace_back(
            past.reads_nothing
                ? "reeve has crashed while it read the definitions: it goes on with what it has, "
                  "and reads none before svctl reload"
                : "reeve has crashed, and the definitions cannot be read since: what runs goes on, "
                  "and begins anew once they can");
    return warnings;
}

int Program::run() {
    while (!ending_.is_finished()) turn();
    return ending_.conclude(journal_, server_);
}

// One turn of the loop: what is due, the wait, and what has come of it.
void Program::turn() {
    Now now = read_clocks();
    tell_changes(now);
    if (supervisor_.shutting_down())
        files_.rest_watch();
    else if (!performer_.safe_mode)
        read_again(now, false);
    read_late(now);
    reexecution_.follow(now);
    // Who is told that something is done finds it in the files as well.
    if (server_.client_count() > 0) performer_.write_status_files(now);
    server_.settle(now);
    if (performer_.renew_journal(now)) run_directory_.restore(now);
    look_for_end(now);
    if (ending_.is_finished()) return;

    set_.clear();
    signals::watch(set_);
    performer_.watch(set_);
    server_.watch(set_);
    run_directory_.watch(set_);
    files_.watch(set_);
    alarm_.set(supervisor_.next_moment());
    alarm_.watch(set_);
    wait(now);

    now = read_clocks();
    signals::drain();
    alarm_.serve(set_);
    handle_signals(now);
    if (run_directory_.may_have_changed(set_)) run_directory_.restore(now);
    files_.serve(set_, run_directory_.mounts_changed(set_), now.mono);
    performer_.serve(set_, now);
    performer_.pass_deadlines(now);
    server_.serve(set_, now);
    performer_.carry_out(now);
}

// When the service files are to be looked at. What a change would stop could not be started behind
// too many crashes: it waits, and is not waited for.
Mono Program::next_reading() const {
    return performer_.safe_mode ? files_.next_retry() : files_.next_deadline();
}

// Waits until a descriptor speaks, a signal comes or a deadline passes.
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
    performer_.use_leisure();
    set_.wait(std::min({performer_.next_deadline(), server_.next_deadline(),
                        reexecution_.next_deadline(), next_reading(), main_.next_deadline(),
                        reports_.next_deadline(), alarm_.next_look(now)}),
              sys::mono_now());
}

// What `-- CMD` is not there to get is for reeve itself.
void Program::handle_signals(Now now) {
    if (signals::take(SIGCHLD) > 0) {
        main_.follow_stop();
        performer_.reap(now);
    }
    if (main_) return main_.forward_signals(now);
    if (signals::take(SIGHUP) > 0) {
        run_directory_.restore(now);
        run_directory_.reopen_socket();
        leave_safe_mode();
        reload(now);
        performer_.logs().renew();
    }
    ending_.heed_signals(now);
}

void Program::look_for_end(Now now) {
    ending_.heed_request(now);
    main_.look_for_end(now);
    const bool may_idle = options_.exit_when_idle || settings_.exit_when_idle;
    if (may_idle && files_.are_read()) ending_.end_if_idle(now);
}

// What happens after the last turn Ending::conclude() tells.
void Program::tell_changes(Now now) {
    reports_.tell(supervisor_, settings_.report, setup_.main, now);
    ending_.tell_waiting(now);
}

}  // namespace reeve
