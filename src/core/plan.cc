#include "core/plan.h"

#include "base/limits.h"
#include "base/list.h"
#include "core/explain.h"

namespace reeve {

namespace {

using Kind = Planned::Kind;

bool starts(const Service& before, const Service& after) {
    if (before.active() || before.state == State::waiting || after.restart_requested())
        return false;
    return after.active() || after.state == State::waiting;
}

// What becomes of a service that is not in the changes itself: it hangs together with one that is.
std::optional<Kind> consequence(const Supervisor& after, ServiceId id, const Service& before,
                                const Reason& leave) {
    if (!before.active())
        return starts(before, after.at(id)) ? std::optional(Kind::start) : std::nullopt;
    if (leave.code == ReasonCode::none || before.leaving) return std::nullopt;
    const bool comes_back =
        leave.code == ReasonCode::dependency_lost && after.at(leave.other).restart_requested();
    return comes_back ? Kind::restart : Kind::stop;
}

Kind kind_of(Change::Kind change, const Service& before, const Service& after) {
    switch (change) {
    case Change::Kind::add: return starts(before, after) ? Kind::start : Kind::add;
    case Change::Kind::update: return starts(before, after) ? Kind::start : Kind::update;
    case Change::Kind::stale: return Kind::stale;
    case Change::Kind::restart: return Kind::restart;
    case Change::Kind::remove: return before.active() ? Kind::stop : Kind::remove;
    case Change::Kind::refuse: return Kind::refuse;
    }
    return Kind::update;
}

void append_why(Sink& out, const Supervisor& after, ServiceId id, const Planned& planned,
                const Reason& leave) {
    const Service& service = after.at(id);
    switch (planned.kind) {
    case Kind::update:
        if (service.reason.code == ReasonCode::schedule_removed)
            append_reason(out, after, service);
        else
            out << "applies without a restart";
        return;
    case Kind::stale: out << "keeps running as it is (on_change = keep)"; return;
    case Kind::refuse: out << service.problem; return;
    case Kind::remove: {
        const ReasonCode code = after.removal_of(FullName::split(planned.name).name);
        append_reason(out, Entry{.id = id, .reason = {.code = code}});
        return;
    }
    case Kind::add:
    case Kind::start:
        if (service.state != State::starting) append_reason(out, after, service);
        return;
    case Kind::stop:
    case Kind::restart: {
        // Removed and idle, it may be forgotten already.
        const ReasonCode code = planned.kind == Kind::stop    ? ReasonCode::definition_removed
                                : service.restart_requested() ? service.restart_for
                                                              : ReasonCode::definition_changed;
        const Reason reason = leave.code != ReasonCode::none ? leave : Reason{.code = code};
        Entry entry{.id = id, .from = service.state, .to = State::stopping, .reason = reason};
        if (reason.other) {
            entry.other = after.at(reason.other).name;
            entry.other_instance = after.at(reason.other).instance;
        }
        append_reason(out, entry);
        return;
    }
    }
}

}  // namespace

const char* name_of(Planned::Kind kind) {
    switch (kind) {
    case Kind::add: return "add";
    case Kind::start: return "start";
    case Kind::update: return "update";
    case Kind::stale: return "stale";
    case Kind::restart: return "restart";
    case Kind::stop: return "stop";
    case Kind::remove: return "remove";
    case Kind::refuse: return "refuse";
    }
    return "";
}

List<Planned> plan(const Supervisor& before, const Supervisor& after,
                   std::span<const Change> changes) {
    List<Planned> steps;
    const Change* change = changes.data();  // they are in the order of their services
    const Service none;
    for (uint32_t i = 0; i < after.services().size(); ++i) {
        const ServiceId id{i};
        const Service& was = i < before.services().size() ? before.at(id) : none;
        const Reason leave = after.at(id).used() ? after.reason_to_leave(id) : Reason{};
        std::optional<Kind> kind = consequence(after, id, was, leave);
        if (change != changes.data() + changes.size() && change->id == id)
            kind = kind_of(change++->kind, was, after.at(id));
        if (!kind) continue;
        Planned planned{*kind, {}, {}};
        const FullNameText name(after.at(id).full_name());
        planned.name = name.view();
        Buffer<reason_max_bytes> why;
        append_why(why, after, id, planned, leave);
        planned.reason = why.view();
        steps.push_back(std::move(planned));
    }
    return steps;
}

}  // namespace reeve
