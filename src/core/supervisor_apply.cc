// How definitions come into force: the versions are chosen, what cannot be is refused (a missing
// dependency, a cycle), and the rest is compared with what runs. Nothing is changed before it is
// known that the whole fits together.
#include <algorithm>

#include "base/check.h"
#include "base/limits.h"
#include "base/sort.h"
#include "core/supervisor.h"

namespace reeve {

std::vector<const Candidate*> in_force(std::span<const Candidate> candidates) {
    std::vector<const Candidate*> chosen;
    const auto rank = [](const Candidate& candidate) {
        if (!candidate.definition) return 0;
        return candidate.definition->policy->type == Type::fake ? 1 : 2;
    };
    for (const Candidate& candidate : candidates) {
        if (chosen.empty() || chosen.back()->name != candidate.name)
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
        Ref<const Definition> definition;  // to be in force; null: none
        std::string problem;
    };
    std::vector<Row> rows;
};

namespace {

// What the service has may stay in force while its file is broken only as long as it runs, or is
// about to again.
bool lives(const Service& service) { return service.active() || service.state == State::backoff; }

// Refuses the new definition of a row: back to the one before if that lives, else to none.
template <typename Row>
void refuse(Row& row, const Service& service, std::string_view problem) {
    row.refused = true;
    row.definition = lives(service) ? service.definition : Ref<const Definition>();
    if (row.problem.empty()) row.problem = problem;
}

// The file of the version that lives, where that file has errors now: another version does not take
// its place for that.
const Candidate* broken_version(std::span<const Candidate> candidates, const Candidate& chosen,
                                const Service& service) {
    if (!lives(service) || chosen.version == service.definition->version.view()) return nullptr;
    for (const Candidate& candidate : candidates)
        if (candidate.name == chosen.name && !candidate.definition &&
            candidate.version == service.definition->version.view())
            return &candidate;
    return nullptr;
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

std::vector<Change> Supervisor::apply(std::span<const Candidate> candidates, Now now) {
    Draft draft;
    choose(draft, candidates);
    build_graph(draft);
    refuse_missing(draft);
    refuse_cycles(draft);

    std::vector<Change> changes;
    std::vector<ServiceId> fresh;
    for (uint32_t i = 0; i < services_.size(); ++i) {
        if (!services_[i].used()) continue;
        const bool known = services_[i].known;
        commit(draft, ServiceId{i}, changes, now);
        if (!known && services_[i].want == Want::up) fresh.push_back(ServiceId{i});
    }
    // What a new service needs is wanted with it.
    for (ServiceId id : fresh) want_up(id, false, now);
    enqueue_all();
    settle(now);
    return changes;
}

void Supervisor::choose(Draft& draft, std::span<const Candidate> candidates) {
    std::vector<uint32_t> by_name;
    std::vector<uint32_t> free;
    for (uint32_t i = 0; i < services_.size(); ++i)
        (services_[i].used() ? by_name : free).push_back(i);
    sort(std::span(by_name), [&](uint32_t a, uint32_t b) {
        return services_[a].name.view() < services_[b].name.view();
    });
    draft.rows.resize(services_.size());
    const size_t known = by_name.size();
    const std::vector<const Candidate*> chosen = in_force(candidates);
    services_.reserve(chosen.size());  // no more than they are: most live as long as reeve
    for (const Candidate* candidate : chosen) {
        auto place = std::lower_bound(
            by_name.begin(), by_name.begin() + static_cast<long>(known), candidate->name,
            [&](uint32_t i, std::string_view name) { return services_[i].name.view() < name; });
        uint32_t index;
        if (place != by_name.begin() + static_cast<long>(known) &&
            services_[*place].name == candidate->name) {
            index = *place;
        } else if (!free.empty()) {
            index = free.back();
            free.pop_back();
        } else {
            index = static_cast<uint32_t>(services_.size());
            services_.emplace_back();
            draft.rows.emplace_back();
        }
        services_[index].name = candidate->name;
        Draft::Row& row = draft.rows[index];
        row.listed = true;
        row.problem = candidate->problem;
        row.definition = candidate->definition;
        if (!row.definition) refuse(row, services_[index], {});
        const Candidate* broken = broken_version(candidates, *candidate, services_[index]);
        if (broken != nullptr) refuse(row, services_[index], broken->problem);
    }
    unsure_.resize(services_.size());
    queue_.resize(services_.size());
    actions_.reserve(services_.size() + 16);
    entries_.reserve(services_.size() + 16);
    dirty_.reserve(services_.size());
    // A file that is gone leaves the old definition in force until the service has stopped.
    for (size_t i = 0; i < services_.size(); ++i)
        if (services_[i].used() && !draft.rows[i].listed)
            draft.rows[i].definition = services_[i].definition;
}

void Supervisor::build_graph(const Draft& draft) {
    std::vector<Node> nodes(services_.size());
    for (size_t i = 0; i < services_.size(); ++i)
        nodes[i] = {services_[i].name, services_[i].instance, draft.rows[i].definition.get()};
    graph_.build(nodes);
}

// To need what is about to be removed is to need what does not exist.
void Supervisor::refuse_missing(Draft& draft) {
    bool refused = false;
    const auto refuse_row = [&](ServiceId id, std::string_view reference) {
        Draft::Row& row = draft.rows[id.index];
        if (!row.listed || row.refused) return;
        const std::string_view near = nearest(reference);
        std::string problem(row.definition->file.view());
        problem += ": depends_on: there is no service '";
        problem += reference;
        problem += '\'';
        if (!near.empty() && near != reference && near != at(id).name.view()) {
            problem += " (did you mean ";
            problem += near;
            problem += "?)";
        }
        refuse(row, at(id), problem);
        refused = true;
    };
    for (const Graph::Missing& missing : graph_.missing())
        refuse_row(missing.id, missing.reference);
    for (uint32_t i = 0; i < services_.size(); ++i)
        for (ServiceId need : graph_.needs(ServiceId{i}))
            if (!draft.rows[need.index].listed) refuse_row(ServiceId{i}, at(need).name);
    if (refused) build_graph(draft);
}

// What is in force has no cycles, so each one has a new definition in it; all of those are refused.
void Supervisor::refuse_cycles(Draft& draft) {
    for (;;) {
        const std::vector<ServiceId> cycle = graph_.find_cycle();
        if (cycle.empty()) return;
        std::string words;
        for (ServiceId id : cycle) words.append(at(id).name.view()).append(" -> ");
        words.append(at(cycle.front()).name.view());
        bool refused = false;
        for (ServiceId id : cycle) {
            Draft::Row& row = draft.rows[id.index];
            if (row.refused || !row.listed) continue;
            std::string problem(row.definition->file.view());
            refuse(row, at(id), problem.append(": dependency cycle: ").append(words));
            refused = true;
        }
        check(refused);
        build_graph(draft);
    }
}

void Supervisor::commit(const Draft& draft, ServiceId id, std::vector<Change>& changes, Now now) {
    const Draft::Row& row = draft.rows[id.index];
    Service& service = at(id);
    const auto note = [&](Change::Kind kind) { changes.push_back({kind, id, service.name}); };
    const Ref<const Definition> before = service.definition;
    service.problem = row.problem;
    service.refused = row.refused;
    service.removed = !row.listed;
    touch(id);
    if (service.removed) return note(Change::Kind::remove);
    service.definition = row.definition;
    if (row.refused) return note(Change::Kind::refuse);

    if (!service.known) {
        service.known = true;
        // Wanted before it was valid, by a command or a dependent: that holds.
        if (service.policy().enabled) service.want = Want::up;
        return note(Change::Kind::add);
    }
    const bool other_version = before && !(before->version == service.definition->version);
    if (before && before->digest == service.definition->digest && !other_version) return;
    if (service.active() && (other_version || service.stale())) {
        const bool restart = other_version || service.policy().on_change == OnChange::restart;
        if (restart) service.restart_requested = true;
        return note(restart ? Change::Kind::restart : Change::Kind::stale);
    }
    // What failed under the old definition may do better under the new one.
    if (service.state == State::failed || service.state == State::backoff)
        apply_step(id, {.kind = EventKind::retry_now}, now);
    note(Change::Kind::update);
}

// The slot is free for another name. What still refers to it by its old definition (a dependent
// whose new file was refused) has lost what it needs, and does not run: evaluate() held it down
// until now.
void Supervisor::forget(ServiceId id) {
    const std::vector<ServiceId> dependents(graph_.needed_by(id).begin(),
                                            graph_.needed_by(id).end());
    for (ServiceId dependent : dependents) {
        at(dependent).definition = {};
        enqueue(dependent);
    }
    // Nor may a reason blame whoever gets the slot.
    for (uint32_t i = 0; i < services_.size(); ++i) {
        if (services_[i].reason.other != id) continue;
        services_[i].reason.other = {};
        touch(ServiceId{i});
    }
    if (at(id).state == State::waiting && at(id).reason.code == ReasonCode::start_slot)
        --held_by_slot_;
    forgotten_.push_back(at(id).name);
    at(id) = Service{};
    Draft draft;
    draft.rows.resize(services_.size());
    for (size_t i = 0; i < services_.size(); ++i)
        draft.rows[i].definition = services_[i].definition;
    build_graph(draft);
}

}  // namespace reeve
