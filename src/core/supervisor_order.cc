// In which order services stop and start: who may stop now, and what holds back who is to start.
#include <utility>

#include "base/list.h"
#include "core/supervisor.h"
#include "core/takeover.h"

namespace reeve {

namespace {

// May it not stay as it is?
bool is_to_go(const Service& service) { return service.leaving || service.restart_requested(); }

}  // namespace

// Is it on its way up, or to be, so that what comes after it waits? (What it waits for by its
// reason may be over since.)
bool Supervisor::is_coming(ServiceId id) const {
    const Service& service = at(id);
    const bool rests = service.state == State::done || service.state == State::failed;
    const bool waits =
        service.state == State::waiting && timetable_.gate(id, service).code != ReasonCode::none;
    const bool settled = !service.restart_requested() &&
                         (service.state == State::running || service.state == State::unknown ||
                          waits || (rests && !timetable_.owes(id)));
    const bool may_settle = service.active() || can_begin(service);
    return service.want == Want::up && may_settle && !service.leaving && !settled;
}

// Where the new run fails, its restart is over: what runs between does without it.
bool Supervisor::is_restarting(ServiceId id) const {
    const Service& service = at(id);
    return is_coming(id) && (service.restart_requested() || service.state == State::starting);
}

// Is there one among those that need it, or come after it, for which the condition holds? Goes on
// from the last one for which it did: when thousands end one by one, most have ended before that.
template <typename Condition>
bool Supervisor::any_behind(ServiceId id, Condition condition) {
    const std::span<const ServiceId> dependents = graph_.needed_by(id);
    const std::span<const ServiceId> later = graph_.before(id);
    const size_t count = dependents.size() + later.size();
    uint32_t& next = behind_[id.index];
    for (size_t left = count; left > 0; --left, ++next) {
        if (next >= count) next = 0;
        const bool depends = next < dependents.size();
        const ServiceId other = depends ? dependents[next] : later[next - dependents.size()];
        if (condition(at(other), depends)) return true;
    }
    return false;
}

// One that runs, or whose hooks do, which have their command from its definition.
bool Supervisor::has_busy_dependent(ServiceId id) {
    return any_behind(id, [](const Service& other, bool depends) {
        return depends && (!other.rests() || other.hooks != 0);
    });
}

// Dependents that have to go when this one goes are to be gone first, and what is restarted or goes
// as well: a command that is about several keeps their order. In a shutdown all go.
bool Supervisor::may_stop(ServiceId id) {
    const Service& service = at(id);
    const bool is_kept = any_behind(id, [&](const Service& other, bool depends) {
        if (service.restart_requested() && other.restart_behind) return true;
        if (other.rests()) return false;
        if (is_to_go(other)) return true;
        return depends ? service.leaving || other.policy().cascade : shutting_down_;
    });
    // Told to end before it can hear that, it would leave unread what others have written.
    if (shutting_down_ && id == log_writer_)
        return !is_kept && others_ended() && service.state != State::starting;
    return !is_kept;
}

// What holds a wanted service back, or none.
Reason Supervisor::closed_gate(ServiceId id) const {
    if (is_unread(at(id))) {
        const bool is_told = at(id).reason.code == ReasonCode::definition_unread;
        return is_told ? at(id).reason : Reason{.code = ReasonCode::definition_unread};
    }
    if (const Reason gate = timetable_.gate(id, at(id)); gate.code != ReasonCode::none) return gate;
    for (ServiceId need : graph_.needs(id)) {
        const Service& other = at(need);
        if (!provides(other) || other.leaving || other.restart_requested() || timetable_.owes(need))
            return {.code = ReasonCode::needs, .other = need};
    }
    for (ServiceId earlier : graph_.after(id))
        if (is_coming(earlier)) return {.code = ReasonCode::after, .other = earlier};
    if (at(id).restart_requested() && at(id).restart_ahead)
        return {.code = ReasonCode::after, .other = at(id).restart_ahead};
    if (!slot_free()) return {.code = ReasonCode::start_slot};
    return {};
}

// What is restarted together keeps its order also where something between runs on. So whatever lies
// ahead of a restart, or behind it, knows of it until that is over.
void Supervisor::order_restarts(std::span<const ServiceId> ids) {
    for (const bool ahead : {true, false}) {
        List<ServiceId> reached(ids);
        for (size_t i = 0; i < reached.size(); ++i) {
            const ServiceId from = reached[i];
            const auto tell = [&](ServiceId id) {
                Service& service = at(id);
                const bool knows = ahead ? service.restart_behind : !!service.restart_ahead;
                if (!service.used() || knows) return;
                if (ahead)
                    service.restart_behind = true;
                else
                    service.restart_ahead = from;
                enqueue(id);
                reached.push_back(id);
            };
            for (const auto& row : ahead ? graph_.ahead(from) : graph_.behind(from))
                for (ServiceId id : row) tell(id);
        }
    }
}

// Is what it knows of a restart another thing by now? What is over is not begun here.
bool Supervisor::update_order(ServiceId id) {
    Service& service = at(id);
    const bool stopped = service.restart_behind && !any_behind(id, [](const Service& other, bool) {
                             return other.restart_behind || (is_to_go(other) && !other.rests());
                         });
    if (stopped) service.restart_behind = false;
    if (!service.restart_ahead) return stopped;
    const ServiceId ahead = restarted_ahead(id);
    return std::exchange(service.restart_ahead, ahead) != ahead || stopped;
}

// One that is being restarted and comes before it, perhaps by way of others: the last that they
// know of, which most often is the last to be up.
ServiceId Supervisor::restarted_ahead(ServiceId id) const {
    for (const auto& row : graph_.ahead(id)) {
        for (size_t i = row.size(); i-- > 0;) {
            if (is_restarting(row[i])) return row[i];
            if (at(row[i]).restart_ahead) return at(row[i]).restart_ahead;
        }
    }
    return {};
}

}  // namespace reeve
