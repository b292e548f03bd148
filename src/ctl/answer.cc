#include "ctl/answer.h"

#include <algorithm>
#include <cerrno>

#include "base/result.h"
#include "core/object.h"
#include "host/platform.h"

namespace reeve {

namespace {

// Where objects are put together; touched only as far as it is used.
char scratch[object_max_bytes];

// What its process uses right now. CPU as ps has it: the share of one core over its whole life.
void append_measured(Sink& out, const Service& service, Now now) {
    const bool runs = service.leader && !service.leader_gone;
    const int64_t age_ms = std::max<int64_t>((now.mono - service.started).ms, 0);
    out << "uptime_s=";
    if (runs) out << age_ms / 1000;
    const auto usage = runs ? platform::usage_of(service.leader.pid) : std::nullopt;
    out << "\ncpu_percent=";
    if (usage) {
        const uint64_t tenths = usage->cpu_ms * 1000 / static_cast<uint64_t>(age_ms + 1);
        out << tenths / 10 << '.' << tenths % 10;
    }
    out << "\nmemory_bytes=";
    if (usage) out << usage->resident_bytes;
    out << '\n';
}

bool is_there(const Service& service) {
    return service.state == State::running || service.state == State::done;
}

void append_head(Sink& out, const Service& service) {
    out << "name=";
    append_name(out, service);
    out << "\nstate=" << reeve::name_of(service.state) << '\n';
}

}  // namespace

void Answer::begin(const Request& request, Now now) {
    command_ = request.command;
    waits_ = request.waits;
    deadline_ = now.mono + request.timeout;
    all_ = command_ == Command::status && request.names.empty();
    definitions_ = command_ == Command::reload && request.names.empty();
    resolve(request.names);
    act(request, now);
    open_ = targets_.size();
    if (command_ == Command::wait && !waits_) settle_all(Outcome::timed_out);
}

void Answer::refuse(Outcome outcome, std::string_view why) {
    outcome_ = outcome;
    message_ = why;
}

// Each name once: a request has room for a thousand.
void Answer::resolve(std::string_view names) {
    std::vector<ServiceId> selected;
    std::vector<uint8_t> seen(supervisor_->services().size());
    std::string_view rest = names;
    for (auto name = take_word(rest); !name.empty(); name = take_word(rest)) {
        selected.clear();
        supervisor_->select(name, selected);
        for (const ServiceId id : selected) {
            if (seen[id.index]) continue;
            seen[id.index] = true;
            targets_.push_back({.id = id, .goal = {}});
        }
        if (!selected.empty()) continue;
        outcome_ = Outcome::no_such_service;
        message_.append(message_.empty() ? "no such service: " : ", ").append(name);
    }
}

void Answer::act(const Request& request, Now now) {
    std::vector<ServiceId> ids;
    for (Target& target : targets_) {
        ids.push_back(target.id);
        target.goal.runs_before = supervisor_->at(target.id).runs;
    }
    const auto set_goals = [&](Goal::Kind kind) {
        for (Target& target : targets_) target.goal.kind = kind;
    };
    switch (command_) {
    case Command::status:
    case Command::why: return;
    case Command::up: return supervisor_->up(ids, now);
    case Command::down: set_goals(Goal::Kind::down); return supervisor_->down(ids, now);
    case Command::restart: set_goals(Goal::Kind::restarted); return supervisor_->restart(ids, now);
    case Command::signal: return send_signals(request.number);
    case Command::reload: return definitions_ ? reload_definitions(now) : reload_services(now);
    case Command::wait:
        // A run that fails is none of its business: it was asked for no run.
        for (Target& target : targets_) {
            target.goal = {};
            if (request.until) target.goal = {.kind = Goal::Kind::state, .state = *request.until};
        }
        return;
    case Command::exit: return controls_->end(request.number, now);
    }
}

void Answer::send_signals(int number) {
    for (Target& target : targets_) {
        target.settled = true;
        const int code = controls_->signal(target.id, number);
        if (code == 0) continue;
        target.code = static_cast<uint8_t>(code);
        target.outcome = code == ESRCH   ? Outcome::not_running
                         : code == EPERM ? Outcome::not_permitted
                                         : Outcome::failed;
    }
}

void Answer::reload_services(Now now) {
    for (Target& target : targets_) {
        const Service& service = supervisor_->at(target.id);
        if (service.state == State::running) {
            supervisor_->handle(target.id, {.kind = EventKind::reload}, now);
        } else {
            target.settled = true;
            target.outcome = Outcome::not_running;
        }
    }
}

// In force once what is to be restarted or removed no longer runs under the old definition.
void Answer::reload_definitions(Now now) {
    reloaded_ = controls_->reload(now);
    if (!reloaded_.problems.empty()) outcome_ = Outcome::failed;
    for (const Change& change : reloaded_.changes) {
        Target target{.id = change.id, .goal = {}, .settled = true};
        if (change.kind == Change::Kind::restart) {
            target.goal = {.kind = Goal::Kind::restarted,
                           .runs_before = supervisor_->at(change.id).runs};
            target.settled = false;
        } else if (change.kind == Change::Kind::remove) {
            target.goal.kind = Goal::Kind::down;
            target.settled = false;
        } else if (change.kind == Change::Kind::refuse) {
            target.outcome = Outcome::failed;
        }
        targets_.push_back(target);
    }
}

Answer::Step Answer::next(std::string& out, Now now) {
    if (closed_) return Step::closed;
    if (warned_ < reloaded_.problems.size()) {
        Sink line(scratch, sizeof scratch - 1);
        line << "warn ";
        append_clean(line, reloaded_.problems[warned_++]);
        out.append(line.view()).append("\n");
        return Step::more;
    }
    switch (command_) {
    case Command::status: return next_service(out, now);
    case Command::why: return next_cause(out, now);
    case Command::exit:
        if (!waits_) return end(out);
        if (cursor_++ > 0) return Step::waits;
        out += "ending\n";
        return Step::more;
    case Command::up:
    case Command::down:
    case Command::restart:
    case Command::signal:
    case Command::reload:
    case Command::wait: return next_outcome(out, now);
    }
    return end(out);
}

Answer::Step Answer::next_service(std::string& out, Now now) {
    const size_t count = all_ ? supervisor_->services().size() : targets_.size();
    while (cursor_ < count) {
        const ServiceId id =
            all_ ? ServiceId{static_cast<uint32_t>(cursor_)} : targets_[cursor_].id;
        ++cursor_;
        const Service& service = supervisor_->at(id);
        if (!service.used()) continue;
        if (!all_ && !is_there(service)) outcome_ = worse(outcome_, Outcome::not_running);
        Sink object(scratch, sizeof scratch);
        append_object(object, *supervisor_, service, Reader::client, now);
        append_measured(object, service, now);
        out.append(object.view()).append("\n");
        return Step::more;
    }
    return end(out);
}

Answer::Step Answer::next_cause(std::string& out, Now now) {
    if (!link_) {
        if (cursor_ == targets_.size()) return end(out);
        link_ = targets_[cursor_++].id;
        links_ = 0;
    }
    const Service& service = supervisor_->at(link_);
    // The chain may change while the client reads it: it ends all the same.
    link_ =
        ++links_ < supervisor_->services().size() ? cause_of(*supervisor_, service) : ServiceId{};
    if (!service.used()) return Step::more;
    Sink object(scratch, sizeof scratch);
    append_head(object, service);
    object << "reason=";
    append_words(object, *supervisor_, service, Reader::client, now);
    out.append(object.view()).append("\n\n");
    return Step::more;
}

Answer::Step Answer::next_outcome(std::string& out, Now now) {
    while (cursor_ < targets_.size()) {
        const size_t place = cursor_++;
        Target& target = targets_[place];
        if (target.told) continue;
        if (!target.settled) settle(target);
        if (!target.settled) continue;
        target.told = true;
        --open_;
        outcome_ = worse(outcome_, target.outcome);
        tell_outcome(out, target, place, now);
        return Step::more;
    }
    cursor_ = 0;
    return open_ == 0 ? end(out) : Step::waits;
}

Progress Answer::progress_of(const Target& target) const {
    if (command_ != Command::reload || definitions_)
        return progress(*supervisor_, target.id, target.goal);
    const bool runs = supervisor_->at(target.id).hook_runs(Hook::reload_command);
    return runs ? Progress::pending : Progress::reached;
}

void Answer::settle(Target& target) const {
    if (!waits_) return settle_now(target, Outcome::done);
    if (progress_of(target) != Progress::pending) settle_now(target, Outcome::done);
}

// `pending`: its outcome where nothing has come about yet.
void Answer::settle_now(Target& target, Outcome pending) const {
    if (target.settled) return;
    target.settled = true;
    switch (progress_of(target)) {
    case Progress::pending: target.outcome = pending; return;
    case Progress::reached: return;
    case Progress::failed: target.outcome = Outcome::failed; return;
    }
}

void Answer::settle_all(Outcome pending) {
    for (Target& target : targets_) settle_now(target, pending);
}

// The reason of what went wrong is the whole chain, in one line.
void Answer::tell_outcome(std::string& out, const Target& target, size_t place, Now now) const {
    const Service& service = supervisor_->at(target.id);
    Sink object(scratch, sizeof scratch);
    if (definitions_) {
        const Change& change = reloaded_.changes[place];
        append_field(object, "name", change.name);
        append_field(object, "action", name_of(change.kind));
        if (service.used()) append_field(object, "state", reeve::name_of(service.state));
    } else {
        append_head(object, service);
    }
    object << "reason=";
    if (target.code != 0) {
        object << errno_text(target.code);
    } else if (service.used()) {
        append_words(object, *supervisor_, service, Reader::client, now);
        ServiceId link = cause_of(*supervisor_, service);
        for (size_t left = 16; target.outcome != Outcome::done && link && left > 0; --left) {
            const Service& cause = supervisor_->at(link);
            Buffer<2 * name_max_bytes + 1> name;
            append_name(name, cause);
            object << "; ";
            append_sentence(object, name.view(), reeve::name_of(cause.state), {});
            object << ": ";
            append_words(object, *supervisor_, cause, Reader::client, now);
            link = cause_of(*supervisor_, cause);
        }
    }
    object << "\nresult=" << static_cast<int>(target.outcome) << '\n';
    out.append(object.view()).append("\n");
}

Answer::Step Answer::end(std::string& out) {
    closed_ = true;
    Sink line(scratch, sizeof scratch);
    append_end(line, outcome_, message_);
    out.append(line.view());
    return Step::more;
}

void Answer::entered(std::span<const Entry> entries) {
    if (command_ != Command::wait) return;
    for (Target& target : targets_) {
        if (target.settled || target.goal.kind != Goal::Kind::state) continue;
        for (const Entry& entry : entries)
            if (entry.id == target.id && entry.to == target.goal.state) target.settled = true;
    }
}

void Answer::pass_deadline(Now now) {
    if (now.mono < deadline_) return;
    deadline_ = no_deadline;
    settle_all(Outcome::timed_out);
    if (command_ != Command::exit) return;
    waits_ = false;
    refuse(Outcome::timed_out, "reeve has not ended yet");
}

}  // namespace reeve
