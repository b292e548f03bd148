// How definitions come into force: the versions are chosen, what cannot be is refused (a missing
// dependency, a cycle), and the rest is compared with what runs. Nothing is changed before it is
// known that the whole fits together.
#include <algorithm>

#include "base/check.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/sort.h"
#include "core/health.h"
#include "core/supervisor.h"
#include "core/takeover.h"
#include "model/instances.h"
#include "model/schedule.h"

namespace reeve {

namespace {

// When the version comes into force; of one without a date that has come long ago.
Wall date_of(const Candidate& candidate) {
    const Timing* timing = candidate.definition ? candidate.definition->timing.get() : nullptr;
    const auto date = timing == nullptr ? std::nullopt : force_begins(*timing);
    return Wall{date ? *date * 1000 : INT64_MIN};
}

// Is the one rather in force than `other`, which comes before it by its version?
bool takes_precedence(const Candidate& one, const Candidate& other, Wall now) {
    const auto rank = [&](const Candidate& candidate) {
        if (!candidate.definition) return 0;
        if (candidate.definition->policy->type == Type::fake) return 1;
        return date_of(candidate) > now ? 2 : 3;
    };
    if (rank(one) != rank(other)) return rank(one) > rank(other);
    return rank(one) == 2 ? date_of(one) < date_of(other) : date_of(one) >= date_of(other);
}

}  // namespace

List<const Candidate*> in_force(std::span<const Candidate> candidates, Wall now) {
    List<const Candidate*> chosen;
    for (const Candidate& candidate : candidates) {
        if (chosen.empty() || !(chosen.back()->name == candidate.name))
            chosen.push_back(&candidate);
        else if (takes_precedence(candidate, *chosen.back(), now))
            chosen.back() = &candidate;
    }
    return chosen;
}

// Keeps what is there to choose from later, and when that is to be done.
void Supervisor::keep_versions(std::span<const Candidate> candidates, Wall now) {
    List<Candidate> versions;
    Wall next = no_moment;
    for (size_t i = 0; i < candidates.size(); ++i) {
        const auto is_same = [&](size_t other) {
            return other < candidates.size() && candidates[other].name == candidates[i].name;
        };
        const Candidate& one = candidates[i];
        const auto known = instances_of(one.name);
        const bool has_instances = one.definition
                                       ? !one.definition->policy->instances.empty()
                                       : !known.empty() && !at(known.back()).instance.empty();
        if (!is_same(i + 1) && (i == 0 || !is_same(i - 1)) && !has_instances) continue;
        versions.push_back(one);
        const bool counts = one.definition && one.definition->policy->type != Type::fake;
        if (counts && date_of(one) > now) next = std::min(next, date_of(one));
    }
    versions_ = std::move(versions);
    switch_at_ = next;
}

// By service index: what would be in force.
struct Supervisor::Draft {
    struct Row {
        bool listed = false;               // a file defines it
        bool refused = false;              // it does, but it cannot be
        bool is_new = false;               // nothing was known of it, or of another in its place
        Ref<const Definition> definition;  // to be in force; null: none
        Text problem;
    };
    List<Row> rows;
};

namespace {

// What the service has may stay in force while its file is broken only as long as it runs, or is
// about to again.
bool lives(const Service& service) {
    return !service.rests() || (service.state == State::backoff && !stands_in(*service.definition));
}

// Refuses the new definition of a row: back to the one before if that lives, else to none.
template <typename Row>
void refuse(Row& row, const Service& service, const Text& problem) {
    row.refused = true;
    row.definition = lives(service) ? service.definition : Ref<const Definition>();
    if (row.problem.empty()) row.problem = problem;
}

// The file of the version that lives, where that file has errors now: another version does not take
// its place for that.
const Candidate* broken_version(std::span<const Candidate> candidates, const Candidate& chosen,
                                const Service& service) {
    if (!service.definition || chosen.version == service.definition->version) return nullptr;
    const Candidate* one = &chosen;
    while (one != candidates.data() && one[-1].name == chosen.name) --one;
    for (; one != candidates.data() + candidates.size() && one->name == chosen.name; ++one)
        if (!one->definition && (one->unread || lives(service)) &&
            one->version == service.definition->version)
            return one;
    return nullptr;
}

// Does all that is shown of the one hold of the other?
bool is_equal(const Ref<const Definition>& a, const Ref<const Definition>& b) {
    if (a.get() == b.get()) return true;
    return a && b && a->digest == b->digest && a->digest != 0 && a->version == b->version &&
           a->file.directory == b->file.directory && a->file.name == b->file.name;
}

// Can a run of the new definition end otherwise than one of the old? Where only what is said of the
// service changes, or when it starts, nobody has asked to try again what has failed.
bool may_do_better(const Definition& before, const Definition& after) {
    const Policy& was = *before.policy;
    const Policy& is = *after.policy;
    return before.process_digest != after.process_digest || was.type != is.type ||
           !(was.pre_start == is.pre_start) || !(was.start_check == is.start_check) ||
           was.hook_timeout != is.hook_timeout || was.start_timeout != is.start_timeout ||
           was.start_check_timeout != is.start_check_timeout;
}

// Is its schedule another one? What only a status file told of it tells nothing of that.
bool is_rescheduled(const Definition& before, const Definition& after) {
    if (before.timing.get() == after.timing.get() || stands_in(before)) return false;
    if (!before.timing || !after.timing) return true;
    const Timing& was = *before.timing;
    const Timing& is = *after.timing;
    return !(was.cron == is.cron) || was.every != is.every || !(was.at == is.at) ||
           !(was.timezone == is.timezone) || was.start_s != is.start_s || was.stop_s != is.stop_s ||
           was.week_days != is.week_days ||
           (before.version == after.version && !(was.apply_on == is.apply_on));
}

}  // namespace

const char* name_of(Change::Kind kind) {
    switch (kind) {
    case Change::Kind::add: return "add";
    case Change::Kind::update: return "update";
    case Change::Kind::stale: return "stale";
    case Change::Kind::restart: return "restart";
    case Change::Kind::remove: return "remove";
    case Change::Kind::refuse: return "refuse";
    }
    return "";
}

List<Change> Supervisor::apply(std::span<const Candidate> candidates, Now now) {
    List<Change> changes;
    settle_all(put_in_force(candidates, changes, now), now);
    return changes;
}

// Returns the services that are new, and wanted.
List<ServiceId> Supervisor::put_in_force(std::span<const Candidate> candidates,
                                         List<Change>& changes, Now now) {
    boot_.start(now);
    timetable_.begin_clock(now);
    Draft draft;
    choose(draft, candidates, now);
    keep_versions(candidates, now.wall);
    build_graph(draft);
    refuse_missing(draft);
    refuse_cycles(draft);
    keep_instances(draft);

    List<ServiceId> fresh, restarted;
    log_writer_ = {};
    for (uint32_t i = 0; i < services_.size(); ++i) {
        if (!services_[i].used()) continue;
        const bool known = services_[i].known;
        services_[i].restart_ahead = {};
        services_[i].restart_behind = false;
        commit(draft, ServiceId{i}, changes, now);
        if (services_[i].restart_requested() || services_[i].state == State::starting)
            restarted.push_back(ServiceId{i});
        if (services_[i].definition && services_[i].definition->writes_logs)
            log_writer_ = ServiceId{i};
        if (!known && services_[i].want == Want::up) fresh.push_back(ServiceId{i});
    }
    begins_ = false;
    order_restarts(restarted);
    return fresh;
}

// What a new service needs is wanted with it. Whoever writes down what others say comes first.
void Supervisor::settle_all(std::span<const ServiceId> fresh, Now now) {
    if (log_writer_) enqueue(log_writer_);
    want_up(fresh, false, now);
    enqueue_all();
    settle(now);
}

// Gives each name its place, a former one where there is one, and the definition that is to be in
// force there.
void Supervisor::choose(Draft& draft, std::span<const Candidate> candidates, Now now) {
    List<Words> scaled;
    const List<Listed> listed = list_instances(candidates, now.wall, scaled);
    services_.reserve(listed.size());  // no more than they are: most live as long as reeve
    draft.rows.resize(services_.size());
    List<ServiceId> places(listed.size());
    size_t next = 0;  // of by_name_: both are in order
    for (size_t i = 0; i < listed.size(); ++i) {
        const FullName name = listed[i].full_name();
        while (next < by_name_.size() && at(by_name_[next]).full_name() < name) ++next;
        if (next == by_name_.size() || at(by_name_[next]).full_name() != name) continue;
        places[i] = by_name_[next];
        draft.rows[places[i].index].listed = true;
    }
    uint32_t free = 0;
    bool any_is_new = false;
    for (size_t i = 0; i < listed.size(); ++i) {
        while (free < services_.size() && (services_[free].used() || draft.rows[free].listed))
            ++free;
        if (!places[i] && free == services_.size()) {
            services_.emplace_back();
            draft.rows.emplace_back();
        }
        const bool is_new = !places[i];
        if (is_new) places[i] = ServiceId{free};
        any_is_new = any_is_new || is_new;
        put(draft, places[i], candidates, listed[i]);
        draft.rows[places[i].index].is_new = is_new;
    }
    if (any_is_new) disown(draft);
    make_room();
    // A file that is gone leaves the old definition in force until the service has stopped.
    for (size_t i = 0; i < services_.size(); ++i) {
        if (!services_[i].used() || draft.rows[i].listed) continue;
        draft.rows[i].definition = services_[i].definition;
        draft.rows[i].listed = unread_ && services_[i].definition;
    }
}

// What the candidate says, in the row of its place.
void Supervisor::put(Draft& draft, ServiceId id, std::span<const Candidate> candidates,
                     const Listed& listed) {
    const Candidate& candidate = *listed.candidate;
    Service& service = at(id);
    const bool is_made = !listed.instance.empty() && listed.full_name() == made_;
    service.name = candidate.name;
    if (!(service.instance == listed.instance)) service.instance = listed.instance;
    service.forgotten = false;
    if (is_made) {
        service.ad_hoc = true;
        service.want = Want::up;
    }
    Draft::Row& row = draft.rows[id.index];
    row.listed = true;
    row.problem = candidate.problem;
    row.definition = definition_of(candidate.definition, listed.instance);
    // Another service has a version that comes into force: here nothing was read anew.
    if (row.definition && row.definition.get() == service.definition.get()) {
        row.refused = service.refused;
        return;
    }
    const Candidate* broken = broken_version(candidates, candidate, service);
    if (broken == nullptr && !row.definition) broken = &candidate;
    if (broken != nullptr) refuse(row, service, broken->problem);
    if (broken != nullptr && broken->unread && service.definition) {
        row.definition = service.definition;
        row.refused = false;
    }
}

// A place has a new owner: what was told of the one before has no name any more.
void Supervisor::disown(const Draft& draft) {
    const auto is_new = [&](ServiceId id) { return id && draft.rows[id.index].is_new; };
    events_.disown(is_new);
    for (uint32_t i = 0; i < services_.size(); ++i) {
        if (!is_new(services_[i].reason.other)) continue;
        services_[i].reason.other = {};
        mark_changed(ServiceId{i});
    }
    index_names();
}

// No step needs more of it than is there.
void Supervisor::make_room() {
    const size_t count = services_.size();
    for (Worklist* list : {&unsure_, &queue_, &held_}) list->resize(count);
    leaders_.build(services_);
    deadlines_.resize(count);
    behind_.resize(count);
    actions_.reserve(count + 16);
    boot_.resize(count);
    events_.reserve(count);
    ended_runs_.reserve(count + 16);
    dirty_.reserve(count);
}

void Supervisor::build_graph(const Draft& draft) {
    List<Node> nodes(services_.size());
    for (size_t i = 0; i < services_.size(); ++i)
        if (services_[i].used())
            nodes[i] = {services_[i].name, services_[i].instance, draft.rows[i].definition.get(),
                        !draft.rows[i].listed};
    graph_.build(nodes);
}

// To need what is about to be removed is to need what does not exist.
void Supervisor::refuse_missing(Draft& draft) {
    bool refused = false;
    int hints = hints_max_count;
    const auto refuse_row = [&](ServiceId id, std::string_view reference) {
        Draft::Row& row = draft.rows[id.index];
        if (!row.listed || row.refused) return;
        const std::string_view near = hints-- > 0 ? nearest(reference) : std::string_view();
        Buffer<reason_max_bytes + path_max_bytes> problem;
        append(problem, row.definition->file.text().view(), ": depends_on: there is no service '",
               reference, '\'');
        if (!near.empty() && near != FullName::split(reference).name && near != at(id).name.view())
            append(problem, " (did you mean ", near, "?)");
        refuse(row, at(id), problem.view());
        refused = true;
    };
    for (const Graph::Missing& missing : graph_.missing())
        refuse_row(missing.id, missing.reference);
    hints = 0;  // what is about to be removed is the nearest to itself
    for (uint32_t i = 0; i < services_.size(); ++i)
        for (ServiceId need : graph_.needs(ServiceId{i}))
            if (!draft.rows[need.index].listed)
                refuse_row(ServiceId{i}, FullNameText(at(need).full_name()).view());
    if (refused) build_graph(draft);
}

// What is in force has no cycles, so each one has a new definition in it; all of those are refused.
void Supervisor::refuse_cycles(Draft& draft) {
    for (;;) {
        const List<ServiceId> cycle = graph_.find_cycle();
        if (cycle.empty()) return;
        LongText words;
        for (ServiceId id : cycle) append(words, at(id).name, " -> ");
        words << at(cycle.front()).name;
        bool refused = false;
        for (ServiceId id : cycle) {
            Draft::Row& row = draft.rows[id.index];
            if (row.refused || !row.listed) continue;
            refuse(row, at(id),
                   Text::join(row.definition->file.text(), ": dependency cycle: ", words));
            refused = true;
        }
        check(refused);
        build_graph(draft);
    }
}

// A file that is refused takes no instance away; one that only some are refused by does, for what
// %i makes of it.
void Supervisor::keep_instances(Draft& draft) {
    bool any = false;
    for (const ServiceId id : by_name_) {
        Draft::Row& row = draft.rows[id.index];
        if (row.listed || !at(id).used() || at(id).instance.empty()) continue;
        const Draft::Row* refused = nullptr;
        bool all = true;
        for (const ServiceId other : instances_of(at(id).name)) {
            const Draft::Row& its = draft.rows[other.index];
            if (!at(other).used() || !its.listed) continue;
            refused = &its;
            all = all && its.refused;
        }
        if (refused == nullptr || !all) continue;
        row.listed = true;
        refuse(row, at(id), refused->problem);
        any = true;
    }
    if (any) build_graph(draft);
}

// Of one that runs: its check, its watchdog and what it may use are others, perhaps.
void Supervisor::follow_health(ServiceId id, const Definition& before, Now now) {
    Service& service = at(id);
    if (change_health(service, id, before, now) && service.hook_runs(Hook::check))
        actions_.push_back({.kind = ActionKind::cancel_hook, .hook = Hook::check, .service = id});
    follow_bound(id);
    index(id, service.reapable());
}

// Of one that runs already.
void Supervisor::follow_bound(ServiceId id) {
    if (has_bound(health_of(at(id))))
        actions_.push_back({.kind = ActionKind::measure, .service = id});
}

// What the reload makes of one service. What stays as it was is not recorded anew.
void Supervisor::commit(const Draft& draft, ServiceId id, List<Change>& changes, Now now) {
    const Draft::Row& row = draft.rows[id.index];
    Service& service = at(id);
    const auto note = [&](Change::Kind kind) {
        changes.push_back({kind, id, service.full_text()});
    };
    const Ref<const Definition> before = service.definition;
    if (!service.known || service.refused != row.refused || service.removed == row.listed ||
        !(service.problem == row.problem) || !is_equal(before, row.definition))
        mark_changed(id);
    service.problem = row.problem;
    service.refused = row.refused;
    service.removed = !row.listed;
    if (service.removed) {
        set_timer(id, Basis::kept, now);
        return note(Change::Kind::remove);
    }
    tally_ -= Tally(service);
    service.definition = row.definition;
    tally_ += Tally(service);
    if (row.refused) {
        set_timer(id, Basis::kept, now);
        return note(Change::Kind::refuse);
    }
    if (unread_ && is_unread(service)) return;
    if (service.phase == Phase::up && before) follow_health(id, *before, now);
    if (service.state == State::waiting && service.verdict.code != ReasonCode::none)
        apply_step(id, {.kind = EventKind::definition_read}, now);

    if (!service.known) {
        service.known = true;
        // Wanted before it was valid, by a command or a dependent: that holds.
        if (is_wanted_as_new(id)) service.want = Want::up;
        set_timer(id, Basis::kept, now);
        if (begins_) timetable_.begin_with_reeve(id, service, now);
        return note(Change::Kind::add);
    }
    const bool other_version = before && !(before->version == service.definition->version);
    if (other_version && service.active()) service.restart_for = ReasonCode::version_changed;
    const bool is_rebased = before && is_rescheduled(*before, *service.definition);
    // A job that has lost its schedule would run at once, and as a daemon again and again.
    if (!other_version && before && before->has_schedule() && is_held_by_clock(service) &&
        !service.definition->has_schedule()) {
        service.want = Want::down;
        apply_step(id, {.kind = EventKind::rest, .reason = {.code = ReasonCode::schedule_removed}},
                   now);
    }
    set_timer(id, !is_rebased ? Basis::kept : other_version ? Basis::version : Basis::now, now);
    // (Of what only a status file told there is no digest.)
    const bool same = before && (before->digest == service.definition->digest ||
                                 (before->digest == 0 && stands_in(*before)));
    if (same && !other_version) return;
    if (service.active() && (other_version || service.stale())) {
        const bool restart = other_version || service.policy().on_change == OnChange::restart;
        if (restart && !other_version) service.restart_for = ReasonCode::definition_changed;
        return note(restart ? Change::Kind::restart : Change::Kind::stale);
    }
    const bool has_failed = service.state == State::failed || service.state == State::backoff;
    if (has_failed && before && (other_version || may_do_better(*before, *service.definition))) {
        apply_step(id, {.kind = EventKind::retry_now}, now);
        // A pending retry is of the version before, or of a daemon.
        if (Timer* timer = timetable_.find(id);
            timer != nullptr && (other_version || !before->has_schedule()))
            timer->owed = 0;
    }
    note(Change::Kind::update);
}

// The slot is free for another name; the graph still has it until the next reload, with nothing in
// it. What needs it by its old definition (a dependent whose new file was refused) has lost that,
// and does not run: evaluate() held it down until now.
void Supervisor::forget(ServiceId id) {
    const auto lose = [&](ServiceId other) {
        if (at(other).reason.other != id) return;
        at(other).reason.other = {};
        mark_changed(other);
    };
    for (ServiceId dependent : graph_.needed_by(id)) {
        drop_definition(dependent);
        lose(dependent);
    }
    for (ServiceId later : graph_.before(id)) lose(later);
    enqueue_neighbours(id);
    if (id == log_writer_) log_writer_ = {};
    forgotten_.push_back(at(id).full_text());
    timetable_.remove(id, at(id));
    const pid_t reapable = at(id).reapable();
    Service nothing;
    nothing.name = at(id).name;
    nothing.instance = at(id).instance;
    nothing.forgotten = true;
    at(id) = std::move(nothing);
    boot_.forget(id);
    index(id, reapable);
}

}  // namespace reeve
