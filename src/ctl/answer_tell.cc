// An answer's other half: telling what came of the request.
#include "base/escape.h"
#include "base/fields.h"
#include "base/format.h"
#include "base/list.h"
#include "base/result.h"
#include "core/object.h"
#include "ctl/answer.h"
#include "process/usage.h"

namespace reeve {

namespace {

// Where objects are put together; touched only as far as it is used.
char scratch[object_max_bytes];

// What its process group uses right now; null: that is not known. CPU as ps has it: the share of
// one core over its whole life.
void append_measured(Sink& out, const Service& service, const GroupUse* use, Now now) {
    const bool runs = service.leader && !service.leader_gone;
    const int64_t age_ms = std::max<int64_t>((now.mono - service.started).ms, 0);
    out << "uptime_s=";
    if (runs) out << age_ms / 1000;
    out << "\ncpu_percent=";
    if (use != nullptr) {
        const uint64_t tenths = use->usage.cpu_ms * 1000 / static_cast<uint64_t>(age_ms + 1);
        append(out, tenths / 10, '.', tenths % 10);
    }
    out << "\ncpu_ms=";
    if (use != nullptr) out << use->usage.cpu_ms;
    out << "\nmemory_bytes=";
    if (use != nullptr) out << use->usage.resident_bytes;
    out << "\nprocesses=";
    if (use != nullptr) out << use->processes;
    out << '\n';
}

// What the system lets all services have together, where it bounds that.
void append_limits(Sink& out, const platform::GroupLimits& limits) {
    if (limits.memory_bytes != 0) append(out, "memory_limit=", limits.memory_bytes, '\n');
    if (limits.cpu_percent != 0) append(out, "cpu_limit=", limits.cpu_percent, '\n');
    if (limits.processes != 0) append(out, "pids_limit=", limits.processes, '\n');
}

void append_head(Sink& out, const Service& service) {
    out << "name=";
    out << service.full_name();
    append(out, "\nstate=", reeve::name_of(service.state), '\n');
}

// What its file has to do with it, where it runs under an earlier definition.
void append_file_words(Sink& out, const Service& service) {
    if (service.refused && service.definition) {
        out << "; its file has errors: ";
        append_escaped(out, service.problem);
    }
    if (!service.stale()) return;
    out << "; stale: restart it to apply (svctl restart ";
    out << service.full_name();
    out << ')';
}

}  // namespace

Answer::Step Answer::next(Sink& out, Now now) {
    if (closed_) return Step::closed;
    const auto& problems = command_ == Command::reload ? reloaded_.problems : forecast_.problems;
    if (warned_ < problems.size()) {
        Sink line(scratch, sizeof scratch - 1);
        line << "warn ";
        append_escaped(line, problems[warned_++]);
        append(out, line, '\n');
        return Step::more;
    }
    switch (command_) {
    case Command::status: return next_service(out, now);
    case Command::why: return next_cause(out, now);
    case Command::plan: return next_planned(out);
    case Command::next: return next_coming(out, now);
    case Command::events: return next_event(out);
    case Command::boot: return next_boot(out);
    case Command::directories: return next_directory(out);
    case Command::exit:
        if (!waits_) return end(out);
        if (cursor_++ > 0) return Step::waits;
        out << "ending\n";
        return Step::more;
    case Command::reexec: return next_of_reexec(out);
    case Command::up:
    case Command::down:
    case Command::restart:
    case Command::run:
    case Command::signal:
    case Command::reload:
    case Command::rotate:
    case Command::scale:
    case Command::wait: return next_outcome(out, now);
    }
    return end(out);
}

Answer::Step Answer::next_service(Sink& out, Now now) {
    const size_t count = all_ ? supervisor_->services().size() : subjects_.size();
    while (cursor_ < count) {
        const ServiceId id =
            all_ ? ServiceId{static_cast<uint32_t>(cursor_)} : subjects_[cursor_].id;
        ++cursor_;
        const Service& service = supervisor_->at(id);
        if (!service.used()) continue;
        if (!all_) controls_->renew_log(id);
        if (!all_ && !is_at_work(service)) outcome_ = worse(outcome_, Outcome::not_running);
        Sink object(scratch, sizeof scratch);
        append_object(object, *supervisor_, service, Reader::client, now);
        append_measured(object, service, use_of(service), now);
        if (!limits_) limits_ = platform::group_limits();
        append_limits(object, *limits_);
        return tell(out, object);
    }
    return end(out);
}

// Of all that are asked for, by one look.
const GroupUse* Answer::use_of(const Service& service) {
    if (service.group <= 0) return nullptr;
    if (uses_.empty()) {
        const auto add = [&](const Service& each) {
            if (each.group > 0) add_groups(uses_, each);
        };
        if (all_)
            for (const Service& each : supervisor_->services()) add(each);
        for (const Subject& subject : subjects_) add(supervisor_->at(subject.id));
        measure(std::span(uses_));  // where the system does not tell none has a process
    }
    const GroupUse* use = find_use(std::span(uses_), service.group);
    return use != nullptr && use->processes > 0 ? use : nullptr;
}

Answer::Step Answer::tell(Sink& out, const Sink& object) const {
    append(out, object, '\n');
    return Step::more;
}

Answer::Step Answer::next_planned(Sink& out) {
    if (cursor_ == forecast_.steps.size()) return end(out);
    const Planned& planned = forecast_.steps[cursor_++];
    Sink object(scratch, sizeof scratch);
    append_field(object, "name", planned.name);
    append_field(object, "action", name_of(planned.kind));
    append_field(object, "reason", planned.reason);
    return tell(out, object);
}

// First the services, then what comes into force later, whose services the client looks for.
Answer::Step Answer::next_coming(Sink& out, Now now) {
    const size_t count = all_ ? supervisor_->services().size() : subjects_.size();
    Sink object(scratch, sizeof scratch);
    while (cursor_ < count && object.empty()) {
        const ServiceId id =
            all_ ? ServiceId{static_cast<uint32_t>(cursor_)} : subjects_[cursor_].id;
        ++cursor_;
        const Service& service = supervisor_->at(id);
        if (service.used() && service.want == Want::up && !service.removed)
            append_coming(object, *supervisor_, service);
    }
    const std::span<const Candidate> versions = supervisor_->versions();
    while (object.empty() && cursor_ - count < versions.size())
        append_coming(object, versions[cursor_++ - count], now.wall);
    return object.empty() ? end(out) : tell(out, object);
}

// Who reads too slowly misses what has been dropped meanwhile, and is told.
Answer::Step Answer::next_event(Sink& out) {
    const uint64_t first = supervisor_->events().first_number();
    if (event_ < first) {
        Sink line(scratch, sizeof scratch);
        append(line, "warn ", first - event_, " events were missed\n");
        event_ = first;
        out << line.view();
        return Step::more;
    }
    while (event_ - first < supervisor_->events().entries().size()) {
        const Entry& entry = supervisor_->events().entries()[event_++ - first];
        if (!entry.id) continue;
        Sink object(scratch, sizeof scratch);
        append_event(object, *supervisor_, entry);
        return tell(out, object);
    }
    return follows_ ? Step::waits : end(out);
}

Answer::Step Answer::next_boot(Sink& out) {
    while (cursor_ < supervisor_->services().size()) {
        const ServiceId id{static_cast<uint32_t>(cursor_++)};
        const BootTimes times = supervisor_->boot().times(id);
        const bool ready = times.ready_ms != BootTimes::none;
        if (times.start_ms == BootTimes::none || !supervisor_->at(id).used()) continue;
        const Wall began = supervisor_->boot().began().wall;
        Sink object(scratch, sizeof scratch);
        append_head(object, supervisor_->at(id));
        object << "start=";
        append_time(object, Wall{began.ms + times.start_ms});
        object << "\nready=";
        if (ready) append_time(object, Wall{began.ms + times.ready_ms});
        append(object, "\nstart_ms=", times.start_ms, "\nready_ms=");
        if (ready) object << times.ready_ms;
        object << '\n';
        return tell(out, object);
    }
    return end(out);
}

Answer::Step Answer::next_cause(Sink& out, Now now) {
    if (!link_) {
        if (cursor_ == subjects_.size()) return end(out);
        link_ = subjects_[cursor_++].id;
        links_ = 0;
    }
    const Service& service = supervisor_->at(link_);
    const bool was_told = all_ && std::exchange(was_told_[link_.index], true);
    // The chain may change while the client reads it: it ends all the same.
    link_ =
        ++links_ < supervisor_->services().size() ? cause_of(*supervisor_, service) : ServiceId{};
    if (was_told) link_ = {};
    if (was_told || !service.used()) return Step::more;
    Sink object(scratch, sizeof scratch);
    append_head(object, service);
    object << "reason=";
    append_words(object, *supervisor_, service, Reader::client, now);
    append_file_words(object, service);
    object << '\n';
    if (service.state == State::failed || service.state == State::backoff)
        append_trail(object, *supervisor_, service);
    return tell(out, object);
}

Answer::Step Answer::next_directory(Sink& out) {
    const std::span<const Text> directories = controls_->directories();
    if (cursor_ == directories.size()) return end(out);
    Sink object(scratch, sizeof scratch);
    const Text& directory = directories[cursor_++];
    append_field(object, "directory", directory);
    if (controls_->trusts(directory)) append_field(object, "trusted", "yes");
    return tell(out, object);
}

Answer::Step Answer::next_outcome(Sink& out, Now now) {
    if (cursor_ == 0) look_at_ = no_deadline;
    while (cursor_ < subjects_.size()) {
        const size_t place = cursor_++;
        Subject& subject = subjects_[place];
        if (subject.told) continue;
        if (!subject.decided) judge(subject, now);
        if (!subject.decided) continue;
        subject.told = true;
        --open_;
        outcome_ = worse(outcome_, subject.outcome);
        tell_outcome(out, subject, place, now);
        return Step::more;
    }
    cursor_ = 0;
    if (command_ == Command::rotate) look_at_ = now.mono + milliseconds(log_rotated_look_ms);
    return open_ == 0 ? end(out) : Step::waits;
}

// That it has come about is for what comes after to tell.
Answer::Step Answer::next_of_reexec(Sink& out) {
    const Text& failure = controls_->reexec_failure();
    if (!failure.empty()) refuse(Outcome::failed, failure);
    return outcome_ != Outcome::done || again_ || !waits_ ? end(out) : Step::waits;
}

Progress Answer::progress_of(Subject& subject) const {
    if (command_ == Command::rotate)
        return controls_->is_rotated(subject.id, subject.rotation) ? Progress::reached
                                                                   : Progress::pending;
    // After a new beginning nothing tells a service's own reload from one of the definitions.
    if (again_ && supervisor_->at(subject.id).hook_runs(Hook::reload_command))
        return Progress::pending;
    return progress(*supervisor_, subject.id, subject.goal);
}

// May it be there and end at once? A signal is no answer, nor is it one that exec has succeeded.
bool Answer::is_watched(const Subject& subject) const {
    if (subject.goal.kind == Goal::Kind::reloaded) return true;
    const Service& service = supervisor_->at(subject.id);
    const bool brought_up =
        subject.goal.kind == Goal::Kind::up || subject.goal.kind == Goal::Kind::restarted;
    return watches_ && brought_up && service.state == State::running &&
           service.policy().ready.kind == ReadyKind::exec && service.policy().start_check.empty();
}

void Answer::judge(Subject& subject, Now now) {
    if (!waits_) return decide(subject, Outcome::done);
    const Progress progress = progress_of(subject);
    if (progress == Progress::pending) return;
    if (progress == Progress::reached && is_watched(subject)) {
        if (subject.watch_until == no_deadline)
            subject.watch_until = now.mono + milliseconds(ends_at_once_ms);
        look_at_ = std::min(look_at_, subject.watch_until);
        if (now.mono < subject.watch_until) return;
    }
    decide(subject, Outcome::done);
}

// `pending`: its outcome where nothing has come about yet.
void Answer::decide(Subject& subject, Outcome pending) const {
    if (subject.decided) return;
    subject.decided = true;
    switch (progress_of(subject)) {
    case Progress::pending: subject.outcome = pending; return;
    case Progress::reached: return;
    case Progress::overtaken: subject.overtaken = true; [[fallthrough]];
    case Progress::failed: subject.outcome = Outcome::failed; return;
    }
}

void Answer::note_overtaker(std::string_view who) {
    for (Subject& subject : subjects_) {
        if (subject.decided || progress_of(subject) != Progress::overtaken) continue;
        decide(subject, Outcome::failed);
        overtaker_ = who;
    }
}

void Answer::decide_all(Outcome pending) {
    for (Subject& subject : subjects_) decide(subject, pending);
}

// The reason of what went wrong is the whole chain, in one line.
void Answer::append_outcome_words(Sink& out, const Subject& subject, Now now) const {
    const Service& service = supervisor_->at(subject.id);
    const bool failed = subject.outcome == Outcome::failed;
    if (command_ == Command::rotate && subject.outcome == Outcome::timed_out) {
        out << "svlog has not begun a new file yet: it may wait for the end of a line, or for "
               "room on the disk";
        return;
    }
    if (subject.note != nullptr) {
        out << subject.note;
        return;
    }
    if (subject.code != 0) {
        out << errno_text(subject.code);
        return;
    }
    if (subject.overtaken && !overtaker_.empty()) {
        append(out, "overtaken by ", overtaker_);
        return;
    }
    if (!service.used()) return;
    if (subject.goal.kind == Goal::Kind::reloaded && failed && !subject.overtaken &&
        !reload_failed(service)) {
        out << "it ended when it was told to reload: ";
        if (service.active()) return append_end(out, service, service.end);
    }
    append_words(out, *supervisor_, service, Reader::client, now);
    ServiceId link = cause_of(*supervisor_, service);
    for (size_t left = 16; subject.outcome != Outcome::done && link && left > 0; --left) {
        const Service& cause = supervisor_->at(link);
        const FullNameText name(cause.full_name());
        out << "; ";
        append_sentence(out, name.view(), reeve::name_of(cause.state), {});
        out << ": ";
        append_words(out, *supervisor_, cause, Reader::client, now);
        link = cause_of(*supervisor_, cause);
    }
}

void Answer::tell_outcome(Sink& out, const Subject& subject, size_t place, Now now) const {
    const Service& service = supervisor_->at(subject.id);
    Sink object(scratch, sizeof scratch);
    if (definitions_) {
        const Change& change = reloaded_.changes[place];
        append_field(object, "name", change.name);
        append_field(object, "action", name_of(change.kind));
        if (service.used()) append_field(object, "state", reeve::name_of(service.state));
    } else {
        append_head(object, service);
        if (!service.strays.empty()) append_field(object, "strays", service.strays);
    }
    object << "reason=";
    append_outcome_words(object, subject, now);
    append(object, "\nresult=", static_cast<int>(subject.outcome), '\n');
    if (subject.goal.kind == Goal::Kind::reloaded && subject.outcome == Outcome::failed)
        append_trail(object, *supervisor_, service, began_);
    tell(out, object);
}

Answer::Step Answer::end(Sink& out) {
    closed_ = true;
    Sink line(scratch, sizeof scratch);
    append_end(line, outcome_, message_);
    out << line.view();
    return Step::more;
}

void Answer::entered(std::span<const Entry> entries) {
    if (command_ != Command::wait) return;
    for (Subject& subject : subjects_) {
        if (subject.decided || subject.goal.kind != Goal::Kind::entered) continue;
        for (const Entry& entry : entries)
            if (entry.id == subject.id && entry.to == subject.goal.state_awaited)
                subject.decided = true;
    }
}

void Answer::append_handover(Sink& out) const {
    if (closed_) return;
    const bool only_looks =
        command_ == Command::status || command_ == Command::why || command_ == Command::next;
    if (only_looks || (subjects_.empty() && command_ != Command::reexec)) {
        out << "again\n";
        return;
    }
    append(out, "begun ", static_cast<int>(outcome_));
    for (const Subject& subject : subjects_) {
        if (subject.told || !supervisor_->at(subject.id).used()) continue;
        out << ' ';
        out << supervisor_->at(subject.id).full_name();
    }
    out << '\n';
}

void Answer::conclude() {
    follows_ = false;
    decide_all(Outcome::failed);
}

void Answer::stop_waiting(std::string_view why) {
    conclude();
    waits_ = false;
    refuse(Outcome::failed, why);
}

void Answer::pass_deadline(Now now) {
    if (now.mono < deadline_) return;
    deadline_ = no_deadline;
    decide_all(Outcome::timed_out);
    if (command_ != Command::exit && command_ != Command::reexec) return;
    waits_ = false;
    refuse(Outcome::timed_out, command_ == Command::exit ? "reeve has not ended yet"
                                                         : "the new program has not answered yet");
}

}  // namespace reeve
