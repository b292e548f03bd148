// How definitions come into force: the versions are chosen, what cannot be is refused (a missing
// dependency, a cycle), and the rest is compared with what runs. Nothing is changed before it is
// known that the whole fits together.
#include <algorithm>

#include "base/check.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/sort.h"
#include "core/supervisor.h"
#include "core/takeover.h"

namespace reeve {

List<const Candidate*> in_force(std::span<const Candidate> candidates) {
    List<const Candidate*> chosen;
    const auto rank = [](const Candidate& candidate) {
        if (!candidate.definition) return 0;
        return candidate.definition->policy->type == Type::fake ? 1 : 2;
    };
    for (const Candidate& candidate : candidates) {
        if (chosen.empty() || !(chosen.back()->name == candidate.name))
            chosen.push_back(&candidate);
        else if (rank(candidate) >= rank(*chosen.back()))
            chosen.back() = &candidate;
    }
    return chosen;
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
    Draft draft;
    choose(draft, candidates);
    build_graph(draft);
    refuse_missing(draft);
    refuse_cycles(draft);

    List<ServiceId> fresh;
    log_writer_ = {};
    for (uint32_t i = 0; i < services_.size(); ++i) {
        if (!services_[i].used()) continue;
        const bool known = services_[i].known;
        commit(draft, ServiceId{i}, changes, now);
        if (services_[i].definition && services_[i].definition->writes_logs)
            log_writer_ = ServiceId{i};
        if (!known && services_[i].want == Want::up) fresh.push_back(ServiceId{i});
    }
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
void Supervisor::choose(Draft& draft, std::span<const Candidate> candidates) {
    const List<const Candidate*> chosen = in_force(candidates);
    services_.reserve(chosen.size());  // no more than they are: most live as long as reeve
    draft.rows.resize(services_.size());
    List<ServiceId> places(chosen.size());
    size_t next = 0;  // of by_name_: both are in order
    for (size_t i = 0; i < chosen.size(); ++i) {
        const std::string_view name = chosen[i]->name;
        while (next < by_name_.size() && at(by_name_[next]).name.view() < name) ++next;
        if (next == by_name_.size() || !(at(by_name_[next]).name == name)) continue;
        places[i] = by_name_[next];
        draft.rows[places[i].index].listed = true;
    }
    uint32_t free = 0;
    bool any_is_new = false;
    for (size_t i = 0; i < chosen.size(); ++i) {
        while (free < services_.size() && (services_[free].used() || draft.rows[free].listed))
            ++free;
        if (!places[i] && free == services_.size()) {
            services_.emplace_back();
            draft.rows.emplace_back();
        }
        const bool is_new = !places[i];
        if (is_new) places[i] = ServiceId{free};
        any_is_new = any_is_new || is_new;
        put(draft, places[i], candidates, *chosen[i]);
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
                     const Candidate& candidate) {
    Service& service = at(id);
    service.name = candidate.name;
    service.forgotten = false;
    Draft::Row& row = draft.rows[id.index];
    row.listed = true;
    row.problem = candidate.problem;
    row.definition = candidate.definition;
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
            nodes[i] = {services_[i].name, services_[i].instance, draft.rows[i].definition.get()};
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
        if (!near.empty() && near != reference && near != at(id).name.view())
            append(problem, " (did you mean ", near, "?)");
        refuse(row, at(id), problem.view());
        refused = true;
    };
    for (const Graph::Missing& missing : graph_.missing())
        refuse_row(missing.id, missing.reference);
    hints = 0;  // what is about to be removed is the nearest to itself
    for (uint32_t i = 0; i < services_.size(); ++i)
        for (ServiceId need : graph_.needs(ServiceId{i}))
            if (!draft.rows[need.index].listed) refuse_row(ServiceId{i}, at(need).name);
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

// What the reload makes of one service. What stays as it was is not recorded anew.
void Supervisor::commit(const Draft& draft, ServiceId id, List<Change>& changes, Now now) {
    const Draft::Row& row = draft.rows[id.index];
    Service& service = at(id);
    const auto note = [&](Change::Kind kind) { changes.push_back({kind, id, service.name}); };
    const Ref<const Definition> before = service.definition;
    if (!service.known || service.refused != row.refused || service.removed == row.listed ||
        !(service.problem == row.problem) || !is_equal(before, row.definition))
        mark_changed(id);
    service.problem = row.problem;
    service.refused = row.refused;
    service.removed = !row.listed;
    if (service.removed) return note(Change::Kind::remove);
    tally_ -= Tally(service);
    service.definition = row.definition;
    tally_ += Tally(service);
    if (row.refused) return note(Change::Kind::refuse);
    if (unread_ && is_unread(service)) return;
    if (service.state == State::waiting && service.verdict.code != ReasonCode::none)
        apply_step(id, {.kind = EventKind::definition_read}, now);

    if (!service.known) {
        service.known = true;
        // Wanted before it was valid, by a command or a dependent: that holds.
        if (service.policy().enabled) service.want = Want::up;
        return note(Change::Kind::add);
    }
    const bool other_version = before && !(before->version == service.definition->version);
    // (Of what only a status file told there is no digest.)
    const bool same = before && (before->digest == service.definition->digest ||
                                 (before->digest == 0 && stands_in(*before)));
    if (same && !other_version) return;
    if (service.active() && (other_version || service.stale())) {
        const bool restart = other_version || service.policy().on_change == OnChange::restart;
        if (restart) service.restart_requested = true;
        return note(restart ? Change::Kind::restart : Change::Kind::stale);
    }
    const bool has_failed = service.state == State::failed || service.state == State::backoff;
    if (has_failed && before && (other_version || may_do_better(*before, *service.definition)))
        apply_step(id, {.kind = EventKind::retry_now}, now);
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
        at(dependent).definition = {};
        lose(dependent);
        enqueue(dependent);
    }
    for (ServiceId later : graph_.before(id)) lose(later);
    if (id == log_writer_) log_writer_ = {};
    forgotten_.push_back(at(id).name);
    const pid_t reapable = at(id).reapable();
    Service nothing;
    nothing.name = at(id).name;
    nothing.forgotten = true;
    at(id) = std::move(nothing);
    boot_.forget(id);
    index(id, reapable);
}

}  // namespace reeve
