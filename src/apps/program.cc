#include "apps/program.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/definitions.h"
#include "base/limits.h"
#include "core/explain.h"
#include "host/complain.h"
#include "host/directory.h"
#include "host/platform.h"
#include "host/rundir.h"
#include "host/signals.h"
#include "host/statusfile.h"
#include "host/sys.h"
#include "model/signals.h"

namespace reeve {

namespace {

Now read_clocks() { return {sys::mono_now(), sys::wall_now()}; }

// A child on its way to exec takes a descriptor of ours; some must be left for everything else.
uint32_t spawn_slots() {
    rlimit limit = {};
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return 4;
    const uint64_t spare = limit.rlim_cur > 24 ? (limit.rlim_cur - 24) / 2 : 1;
    return static_cast<uint32_t>(std::clamp<uint64_t>(spare, 1, spawns_in_flight_max_count));
}

}  // namespace

Program::Program(const Options& options, Surroundings surroundings,
                 std::vector<std::string> directories, bool directories_were_named)
    : options_(options), surroundings_(std::move(surroundings)),
      directories_(std::move(directories)), directories_were_named_(directories_were_named),
      performer_(supervisor_, journal_, surroundings_), server_(supervisor_, *this) {
    is_init_ = getpid() == 1;
    is_machine_ =
        is_init_ && (options.machine == Options::Machine::machine ||
                     (options.machine == Options::Machine::find_out && !platform::in_container()));
    if (options.command != nullptr) main_definition_ = main_definition(options.command);
}

bool Program::begin() {
    std::vector<std::vector<SourceFile>> files;
    std::vector<std::string> problems;
    if (!read_files(files, problems)) {
        for (const std::string& problem : problems) complain(problem);
        return false;
    }
    if (!is_init_) platform::become_subreaper();  // without it orphans are init's, as ever
    if (is_machine_) platform::catch_ctrl_alt_del();
    const std::string& run = surroundings_.run_directory;
    if (!run.empty()) {
        if (const size_t count = end_leftovers(run, seconds(7)); count > 0) {
            Buffer<128> line;
            line << "ended " << count << " process group" << (count == 1 ? "" : "s")
                 << " that an earlier reeve left behind";
            complain(line.view());
        }
        if (const Status opened = server_.open(run + "/control"); !opened)
            complain(describe(opened.error()));
        if (const Status written = write_pid_file(run); !written)
            complain(describe(written.error()));
        removals_ = Fd(platform::watch_removals(run.c_str()));
        journal_.set_path(run + "/journal");
        performer_.renew_journal(read_clocks(), true);
        if (!journal_.whole()) complain("journal: no room in " + run + "; going on without");
    }
    const Now now = read_clocks();
    supervisor_.configure(spawn_slots(), 0);
    Reloaded first;
    put_in_force(std::move(files), now, first);
    if (!run.empty()) prune_status_files(run, supervisor_);
    return true;
}

// False where a directory cannot be read: what is in force then stays as it is.
bool Program::read_files(std::vector<std::vector<SourceFile>>& files,
                         std::vector<std::string>& problems) {
    for (const std::string& directory : directories_) {
        Result<std::vector<SourceFile>> read = read_directory(directory);
        if (read) {
            files.push_back(std::move(*read));
            continue;
        }
        // A container may run CMD as a user whose HOME is still root's.
        const bool there = read.error().code != ENOENT && read.error().code != EACCES;
        const bool may_be_missing = main_definition_ && !directories_were_named_;
        if (there || !may_be_missing) {
            std::string problem = describe(read.error());
            if (read.error().code == ENOENT)
                problem += " (make it, or name the service directory with -d)";
            problems.push_back(std::move(problem));
        }
    }
    return problems.empty();
}

void Program::apply_settings(const Settings& settings) {
    settings_ = settings;
    surroundings_.uid = settings.uid.view();
    supervisor_.configure(spawn_slots(), static_cast<uint32_t>(settings.max_starting));
}

Reloaded Program::reload(Now now) {
    Reloaded reloaded;
    std::vector<std::vector<SourceFile>> files;
    if (read_files(files, reloaded.problems)) {
        put_in_force(std::move(files), now, reloaded);
    } else {
        for (const std::string& problem : reloaded.problems) complain(problem);
    }
    return reloaded;
}

// What is wrong is told where reeve's output goes too: who asked may not be who has to know.
void Program::put_in_force(std::vector<std::vector<SourceFile>> files, Now now,
                           Reloaded& reloaded) {
    const LoadContext context{geteuid(), platform::has_oom_score_adj, platform::has_no_new_privs};
    const Catalog catalog = load(std::move(files), context);
    std::vector<Problem> problems = catalog.problems;
    const bool is_first = supervisor_.services().empty();
    if (is_first || problems.empty()) {
        apply_settings(catalog.settings);
        reloaded.changes =
            reeve::put_in_force(catalog, main_definition_, supervisor_, now, problems);
    }
    for (const Problem& problem : problems) reloaded.problems.push_back(describe(problem));
    // reeve.conf speaks for all services: what runs is not to lose what it was given.
    if (!is_first && !catalog.problems.empty())
        reloaded.problems.emplace_back("nothing was reloaded: all of it stays as it was");
    for (const std::string& problem : reloaded.problems) complain(problem);
    if (main_definition_ && !surroundings_.main) {
        std::vector<ServiceId> found;
        supervisor_.select("main", found);
        surroundings_.main = found.front();
    }
    performer_.carry_out(now);
}

int Program::signal(ServiceId id, int number) { return performer_.signal(id, number, false); }

void Program::end(int code, Now now) {
    if (supervisor_.shutting_down()) return;
    exit_code_ = code;
    const Duration total = settings_.stop_timeout_total;
    kill_at_ = now.mono + (total.ms > 0 ? total : seconds(8));
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
    report_failures();
    // Who is told that something is done finds it in the files as well.
    if (server_.client_count() > 0) performer_.write_status_files(now);
    server_.settle(now);
    performer_.renew_journal(now);
    look_for_end(now);
    if (finished()) return;

    set_.clear();
    signals::watch(set_);
    performer_.watch(set_);
    server_.watch(set_);
    removals_place_ = removals_ ? set_.add(removals_.get(), POLLIN) : SIZE_MAX;
    wait(now);

    now = read_clocks();
    signals::drain();
    handle_signals(now);
    if (removals_place_ != SIZE_MAX && set_.result(removals_place_) != 0) watch_control();
    performer_.serve(set_, now);
    performer_.pass_deadlines(now);
    server_.serve(set_, now);
    performer_.carry_out(now);
}

// Whoever cleans up /run may take the control socket with it.
void Program::watch_control() {
    char events[1024];
    while (sys::read(removals_.get(), events, sizeof events) > 0) {}
    struct stat state;
    if (sys::lstat((surroundings_.run_directory + "/control").c_str(), &state) == 0) return;
    if (const Status opened = server_.reopen(); !opened) complain(describe(opened.error()));
}

// Status files are for people: while much happens at once (a thousand services come up) they are
// written once it has, or after status_files_wait_max_ms.
void Program::wait(Now now) {
    if (performer_.status_files_are_stale()) {
        const bool busy = set_.wait(now.mono, now.mono);
        if (!busy || now.mono >= status_files_due_) {
            performer_.write_status_files(now);
            status_files_due_ = now.mono + milliseconds(status_files_wait_max_ms);
        }
        if (busy) return;
    }
    set_.wait(std::min(performer_.next_deadline(), server_.next_deadline()), sys::mono_now());
}

void Program::handle_signals(Now now) {
    if (signals::take(SIGCHLD) > 0) performer_.reap(now);
    if (main_definition_)
        forward_signals(now);
    else
        handle_own_signals(now);
}

// BEHAVIOUR section 7; as PID 1 of a machine BusyBox's conventions.
void Program::handle_own_signals(Now now) {
    if (signals::take(SIGHUP) > 0) {
        if (!surroundings_.run_directory.empty()) {
            if (const Status opened = server_.reopen(); !opened) complain(describe(opened.error()));
        }
        reload(now);
    }
    const bool term = signals::take(SIGTERM) > 0;
    const bool interrupt = signals::take(SIGINT) > 0;
    if (is_machine_) {
        if (signals::take(SIGUSR1) > 0) end_as(Finale::halt, 0, now);
        if (signals::take(SIGUSR2) > 0) end_as(Finale::poweroff, 0, now);
        if (term || interrupt) end_as(Finale::reboot, 0, now);
    } else if (term || interrupt) {
        end(0, now);
    }
}

// What comes before CMD has a process waits for it; what comes after its end is for nobody.
void Program::forward_signals(Now) {
    const Service& main = supervisor_.at(surroundings_.main);
    const bool ended =
        supervisor_.shutting_down() || main.state == State::done || main.state == State::failed;
    if (!ended && !main.leader) return;
    for (int number = 1; number <= signal_max; ++number) {
        if (number == SIGCHLD) continue;
        for (unsigned count = signals::take(number); count > 0; --count)
            performer_.signal(surroundings_.main, number, options_.whole_group);
    }
}

void Program::look_for_end(Now now) {
    EndRequest& request = performer_.end_request();
    if (request.on_end != OnEnd::nothing) {
        const Service& service = supervisor_.at(request.service);
        if (request.service == surroundings_.main) report_end(service);
        Finale finale = Finale::exit;
        if (request.on_end == OnEnd::reboot) finale = Finale::reboot;
        if (request.on_end == OnEnd::poweroff) finale = Finale::poweroff;
        end_as(finale, shell_code(request.status), now);
        request = {};
    }
    if (supervisor_.shutting_down()) return;
    if (main_definition_) {
        // Stopped by svctl: CMD has ended all the same.
        const Service& main = supervisor_.at(surroundings_.main);
        if (main.state == State::stopped) end(shell_code(main.exit), now);
    }
    if ((options_.exit_when_idle || settings_.exit_when_idle) && supervisor_.idle()) {
        idle_ = true;
        for (const Service& service : supervisor_.services())
            if (service.used() && service.state == State::failed) exit_code_ = 1;
    }
}

// What gave up is worth a line where the operator looks; CMD speaks for itself.
void Program::report_failures() {
    for (const Entry& entry : supervisor_.entries()) {
        const Service& service = supervisor_.at(entry.id);
        if (entry.to != State::failed || !service.used() || entry.id == surroundings_.main)
            continue;
        Buffer<1024> line;
        append_name(line, service);
        line << " failed: ";
        append_reason(line, supervisor_, service);
        complain(line.view());
    }
}

// A program that could not be started has no output of its own to say so.
void Program::report_end(const Service& service) {
    if (service.end.code != ReasonCode::exec_failed) return;
    Buffer<512> line;
    append_end(line, service, service.end);
    complain(line.view());
}

// What is left: as PID 1 every process, else the orphans that came to us. TERM, then KILL.
void Program::end_orphans() {
    const auto signal_all = [&](int number) {
        if (is_init_) {
            sys::kill(-1, number);
            return;
        }
        pid_t children[64];
        const size_t count = platform::children(children);
        for (size_t i = 0; i < count; ++i) sys::kill(children[i], number);
    };
    const auto none_left = [] {
        int status;
        pid_t pid;
        do pid = sys::waitpid(-1, &status, WNOHANG);
        while (pid > 0);
        return pid < 0;
    };
    if (none_left()) return;
    signal_all(SIGTERM);
    signal_all(SIGCONT);
    const Mono begin = sys::mono_now();
    const Mono kill_at = std::min(begin + milliseconds(leftover_grace_max_ms),
                                  std::max(kill_at_ == no_deadline ? begin : kill_at_, begin));
    const Mono give_up = kill_at + milliseconds(leftover_grace_max_ms);
    while (!none_left()) {
        const Mono now = sys::mono_now();
        if (now >= give_up) return;  // in the kernel's hands
        if (now >= kill_at) signal_all(SIGKILL);
        set_.clear();
        signals::watch(set_);
        set_.wait(now + milliseconds(now >= kill_at ? 20 : 100), now);
        signals::drain();
    }
}

int Program::last_words() {
    const Now now = read_clocks();
    performer_.carry_out(now);
    performer_.write_status_files(now);
    journal_.end();
    server_.close();
    const std::string& run = surroundings_.run_directory;
    if (!run.empty()) sys::unlink((run + "/pid").c_str());
    performer_.give_back_terminal();
    if (is_machine_) {
        switch (finale_) {
        case Finale::exit:
        case Finale::poweroff: platform::power(platform::PowerAction::poweroff); break;
        case Finale::reboot: platform::power(platform::PowerAction::reboot); break;
        case Finale::halt: platform::power(platform::PowerAction::halt); break;
        }
    }
    return exit_code_;
}

}  // namespace reeve
