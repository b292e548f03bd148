#include "ctl/answer.h"

#include <algorithm>
#include <cerrno>

#include "base/list.h"
#include "base/parse.h"
#include "base/result.h"
#include "core/object.h"
#include "kernel/platform.h"

namespace reeve {

void Answer::begin(const Request& request, Now now) {
    command_ = request.command;
    waits_ = request.waits;
    watches_ = request.watches;
    began_ = now.wall;
    deadline_ = now.mono + request.timeout;
    all_ = request.names.empty() &&
           (command_ == Command::status || command_ == Command::why || command_ == Command::next);
    again_ = request.again;
    definitions_ = command_ == Command::reload && request.names.empty();
    if (command_ != Command::scale || again_) resolve(request, now);
    act(request, now);
    follows_ = request.follows;
    if (follows_) deadline_ = no_deadline;
    open_ = subjects_.size();
    if (command_ == Command::wait && !waits_) decide_all(Outcome::timed_out);
}

void Answer::refuse(Outcome outcome, std::string_view why) {
    outcome_ = outcome;
    message_ << why;
}

// Each name once: a request has room for a thousand.
void Answer::resolve(const Request& request, Now now) {
    List<ServiceId> selected;
    List<uint8_t> seen;
    bool may_be_new = false;
    std::string_view rest = request.names;
    for (auto name = take_word(rest); !name.empty(); name = take_word(rest)) {
        selected.clear();
        supervisor_->select(name, selected);
        auto problem = InstanceProblem::no_such_service;
        if (selected.empty() && !request.again) problem = add_instance(name, now);
        if (problem == InstanceProblem::none) supervisor_->select(name, selected);
        seen.resize(supervisor_->services().size());
        for (const ServiceId id : selected) {
            if (seen[id.index]) continue;
            seen[id.index] = true;
            subjects_.push_back({.id = id, .goal = {}});
        }
        if (!selected.empty() || request.again) continue;  // removed, as was asked for
        outcome_ = Outcome::no_such_service;
        append(message_, message_.empty() ? "no such service: " : ", ", name);
        may_be_new = !advise_on(name, problem) || may_be_new;
    }
    if (may_be_new) message_ << " (svctl reload reads new files)";
}

// Who asks for an instance that no file lists gets it.
InstanceProblem Answer::add_instance(std::string_view name, Now now) {
    const FullName full = FullName::split(name);
    if (command_ != Command::up || !is_name(full.name) || !is_name(full.instance))
        return InstanceProblem::no_such_service;
    controls_->make_room(1);
    return supervisor_->add_instance(full, now);
}

namespace {

const char* words_of(InstanceProblem problem) {
    switch (problem) {
    case InstanceProblem::none:
    case InstanceProblem::no_such_service: return "has no such instance";
    case InstanceProblem::unread: return "has a file with errors, or that cannot be read now";
    case InstanceProblem::no_instances: return "has no instances";
    case InstanceProblem::named:
        return "has instances with names: its file says which (instances = NAME...)";
    case InstanceProblem::crowd: return "cannot have so many: there are 16384 services at most";
    }
    return "";
}
static_assert(services_max_count == 16384);  // in words

}  // namespace

// Those that come are waited for until they are up, those that go until they have ended; also those
// of a request before, which may have been this one, and cut.
void Answer::scale(const Request& request, Now now) {
    const FullName full = FullName::split(request.names);
    List<Change> changes;
    controls_->make_room(static_cast<size_t>(request.number));
    const InstanceProblem problem =
        full.instance.empty()
            ? supervisor_->scale(full.name, static_cast<uint32_t>(request.number), changes, now)
            : InstanceProblem::no_such_service;
    if (problem == InstanceProblem::no_such_service) {
        append(message_, "no such service: ", request.names);
        advise_on(request.names, problem);
        return refuse(Outcome::no_such_service, {});
    }
    if (problem != InstanceProblem::none)
        return refuse(Outcome::failed, Text::join(full.name, ' ', words_of(problem)));
    const auto add = [&](ServiceId id, bool goes) -> Subject& {
        const Service& service = supervisor_->at(id);
        Subject& subject = subjects_.emplace_back();
        subject.id = id;
        subject.goal.runs_before = service.runs - (service.active() ? 1u : 0u);
        if (goes) subject.goal.kind = Goal::Kind::down;
        return subject;
    };
    for (const Change& change : changes) {
        const bool is_refused = change.kind == Change::Kind::refuse;
        Subject& subject = add(change.id, change.kind == Change::Kind::remove);
        subject.decided = is_refused || (change.kind == Change::Kind::add &&
                                         supervisor_->at(change.id).want == Want::down);
        if (is_refused) subject.outcome = Outcome::failed;
    }
    for (const ServiceId id : supervisor_->instances_of(full.name)) {
        const Service& service = supervisor_->at(id);
        const bool is_told = std::any_of(changes.begin(), changes.end(),
                                         [&](const Change& each) { return each.id == id; });
        const bool is_on_its_way = service.removed ? !service.rests() : is_fresh(service);
        if (!is_told && service.used() && is_on_its_way) add(id, service.removed);
    }
}

// What a name that means nothing may have been meant to be; false: that is not known.
bool Answer::advise_on(std::string_view name, InstanceProblem problem) {
    const size_t at = name.find('@');
    const Text label = Text::join("@", name);
    List<ServiceId> selected;
    supervisor_->select(label, selected);
    const std::string_view near = supervisor_->nearest(name.substr(0, name.find('@', 1)));
    if (at == name.npos && !selected.empty())
        append(message_, " (did you mean ", label, "?)");
    else if (at > 0 && near == name.substr(0, at))
        append(message_, " (", near, ' ', words_of(problem), ')');
    else if (!near.empty())
        append(message_, " (did you mean ", near, "?)");
    else
        return false;
    return true;
}

void Answer::act(const Request& request, Now now) {
    List<ServiceId> ids;
    for (Subject& subject : subjects_) {
        ids.push_back(subject.id);
        subject.goal.runs_before = supervisor_->at(subject.id).runs;
    }
    // The run that is on its way is the one to wait for.
    const auto await_this_run = [&] {
        for (Subject& subject : subjects_) {
            const Service& service = supervisor_->at(subject.id);
            if (service.active() && service.state != State::stopping) --subject.goal.runs_before;
        }
    };
    const auto set_goals = [&](Goal::Kind kind) {
        for (Subject& subject : subjects_) subject.goal.kind = kind;
    };
    // What asks for nothing, or may be asked for once more, begins anew.
    if (again_ && command_ != Command::wait && command_ != Command::rotate) return go_on();
    switch (command_) {
    case Command::status: forecast_.problems = controls_->warnings(); return;
    case Command::why: return find_amiss();
    case Command::next:
    case Command::directories:
    case Command::boot: return;
    case Command::plan:
        forecast_ = controls_->forecast(now);
        if (!forecast_.problems.empty()) outcome_ = Outcome::failed;
        return;
    case Command::events: event_ = supervisor_->events().first_number(); return;
    case Command::run:
        set_goals(Goal::Kind::restarted);
        begin_run();
        ids.clear();
        for (const Subject& subject : subjects_)
            if (!subject.decided) ids.push_back(subject.id);
        controls_->leave_safe_mode();
        return supervisor_->restart(ids, now);
    case Command::up:
        await_this_run();
        controls_->leave_safe_mode();
        supervisor_->up(ids, now);
        if (request.now) supervisor_->force_open(ids, now);
        return;
    case Command::down: set_goals(Goal::Kind::down); return supervisor_->down(ids, now);
    case Command::restart:
        set_goals(Goal::Kind::restarted);
        controls_->leave_safe_mode();
        return supervisor_->restart(ids, now);
    case Command::scale: controls_->leave_safe_mode(); return scale(request, now);
    case Command::signal: return send_signals(request.number);
    case Command::rotate: return rotate(request.names.empty());
    case Command::reload:
        controls_->leave_safe_mode();
        return definitions_ ? reload_definitions(now) : reload_services(now);
    case Command::wait:
        await_this_run();
        for (Subject& subject : subjects_) {
            subject.goal.patient = true;
            if (request.until)
                subject.goal = {.kind = Goal::Kind::entered, .state_awaited = *request.until};
        }
        return;
    case Command::exit: return controls_->end(request.number, now);
    case Command::reexec:
        if (const Text why_not = controls_->begin_reexec(now); !why_not.empty())
            refuse(Outcome::failed, why_not);
        return;
    }
}

// It was begun before reeve executed itself again. A run that is on its way is the one that was
// asked for.
void Answer::go_on() {
    for (Subject& subject : subjects_) {
        const Service& service = supervisor_->at(subject.id);
        const bool is_to_come = service.restart_requested() || service.state == State::stopping ||
                                service.state == State::waiting || service.runs == 0;
        subject.goal = {.runs_before = service.runs - (is_to_come ? 0u : 1u)};
        const bool goes =
            service.removed && (command_ == Command::reload || command_ == Command::scale);
        if (command_ == Command::down || goes) subject.goal.kind = Goal::Kind::down;
        const bool anew = command_ == Command::reload && service.restart_requested();
        if (command_ == Command::run || command_ == Command::restart || anew)
            subject.goal.kind = Goal::Kind::restarted;
    }
}

// What cannot be run is told at once.
void Answer::begin_run() {
    for (Subject& subject : subjects_) {
        const Service& service = supervisor_->at(subject.id);
        if (service.active())
            subject.note = "it runs already";
        else if (service.definition && service.policy().type == Type::daemon)
            subject.note = "it is a daemon: svctl up starts it";
        else
            continue;
        subject.decided = true;
        subject.outcome = Outcome::failed;
    }
}

void Answer::find_amiss() {
    if (!all_) return;
    was_told_.resize(supervisor_->services().size());
    for (uint32_t i = 0; i < supervisor_->services().size(); ++i)
        if (is_amiss(supervisor_->at({i}))) subjects_.push_back({.id = {i}, .goal = {}});
}

void Answer::send_signals(int number) {
    for (Subject& subject : subjects_) {
        subject.decided = true;
        const int code = controls_->signal(subject.id, number);
        if (code == 0) continue;
        subject.code = static_cast<uint8_t>(code);
        subject.outcome = code == ESRCH   ? Outcome::not_running
                          : code == EPERM ? Outcome::not_permitted
                                          : Outcome::failed;
    }
}

// Of all: those that have such files.
void Answer::rotate(bool all) {
    for (uint32_t i = 0; all && i < supervisor_->services().size(); ++i) {
        Subject subject{.id = ServiceId{i}, .goal = {}};
        rotate(subject);
        if (!subject.decided) subjects_.push_back(subject);
    }
    for (Subject& subject : subjects_)
        if (!all) rotate(subject);
}

void Answer::rotate(Subject& subject) {
    const int code = controls_->rotate(subject.id, subject.rotation);
    if (code == EINVAL) subject.note = "its log has no files that are rotated (log = file)";
    if (code == ENOTDIR) subject.note = "its lines go to the console now (svctl status says why)";
    if (code == 0) return;
    subject.decided = true;
    subject.code = static_cast<uint8_t>(code);
    subject.outcome = Outcome::failed;
}

void Answer::reload_services(Now now) {
    for (Subject& subject : subjects_) {
        const Service& service = supervisor_->at(subject.id);
        if (service.state == State::running) {
            subject.goal.kind = Goal::Kind::reloaded;
            supervisor_->handle(subject.id, {.kind = EventKind::reload}, now);
        } else {
            subject.decided = true;
            subject.outcome = Outcome::not_running;
        }
    }
}

// In force once what is to be restarted or removed no longer runs under the old definition.
void Answer::reload_definitions(Now now) {
    reloaded_ = controls_->reload(now);
    if (!reloaded_.problems.empty()) outcome_ = Outcome::failed;
    for (const Change& change : reloaded_.changes) {
        Subject subject{.id = change.id, .goal = {}, .decided = true};
        if (change.kind == Change::Kind::restart) {
            subject.goal = {.kind = Goal::Kind::restarted,
                            .runs_before = supervisor_->at(change.id).runs};
            subject.decided = false;
        } else if (change.kind == Change::Kind::remove) {
            subject.goal.kind = Goal::Kind::down;
            subject.decided = false;
        } else if (change.kind == Change::Kind::refuse) {
            subject.outcome = Outcome::failed;
        } else if (watches_) {
            subject.decided = !await_start(subject, now);
        }
        subjects_.push_back(subject);
    }
}

// Did the reload bring it up? Then that run is the one to wait for.
bool Answer::await_start(Subject& subject, Now now) const {
    const Service& service = supervisor_->at(subject.id);
    const State state = service.state;
    if (service.want == Want::down || service.changed != now.mono) return false;
    subject.goal.runs_before = service.runs - (state == State::waiting ? 0u : 1u);
    return state == State::starting || state == State::waiting || state == State::running ||
           state == State::backoff || state == State::failed;
}

}  // namespace reeve
