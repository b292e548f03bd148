// Which instances of a service there are: those that its file lists, and those that were asked for.
#include <algorithm>

#include "base/limits.h"
#include "base/parse.h"
#include "base/sort.h"
#include "core/supervisor.h"
#include "model/instances.h"

namespace reeve {

bool is_fresh(const Service& service) {
    return !service.instance.empty() && service.want == Want::up &&
           (service.runs == 0 || (service.runs == 1 && service.state == State::starting));
}

std::span<const ServiceId> Supervisor::instances_of(std::string_view name) const {
    const ServiceId* first =
        std::lower_bound(by_name_.begin(), by_name_.end(), name,
                         [&](ServiceId id, std::string_view n) { return at(id).name.view() < n; });
    const ServiceId* last = first;
    while (last != by_name_.end() && at(*last).name == name) ++last;
    return {first, last};
}

uint32_t Supervisor::count_instances(std::string_view name) const {
    uint32_t count = 0;
    for (const ServiceId id : instances_of(name)) count += at(id).used() && !at(id).removed;
    return count;
}

ReasonCode Supervisor::removal_of(std::string_view name) const {
    return count_instances(name) > 0 ? ReasonCode::instance_removed
                                     : ReasonCode::definition_removed;
}

// None: nothing has that name.
ServiceId Supervisor::find(const FullName& name) const {
    for (const ServiceId id : instances_of(name.name))
        if (at(id).used() && at(id).instance == name.instance) return id;
    return {};
}

// The instances of all candidates that are in force, in the order of their full names. `scaled` has
// the words that no file has.
List<Supervisor::Listed> Supervisor::list_instances(std::span<const Candidate> candidates, Wall now,
                                                    List<Words>& scaled) {
    const List<const Candidate*> chosen = in_force(candidates, now);
    List<Listed> listed;
    listed.reserve(chosen.size());
    scaled.reserve(chosen.size());  // what is in it stays where it is
    for (const Candidate* each : chosen) {
        if (each->definition && each->definition->policy->instances.empty())
            listed.push_back({each, {}});
        else
            add_instances(*each, listed, scaled);
    }
    return listed;
}

// Those of the file or of svctl scale, and those that svctl up has made. Where the file has errors
// they are those that there are.
void Supervisor::add_instances(const Candidate& candidate, List<Listed>& listed,
                               List<Words>& scaled) {
    const size_t first = listed.size();
    const auto add = [&](std::string_view instance) { listed.push_back({&candidate, instance}); };
    if (!candidate.definition) {
        for (const ServiceId id : instances_of(candidate.name))
            if (at(id).used() && !at(id).removed) add(at(id).instance);
        if (listed.size() == first) add({});
        return;
    }
    const Words& words = scaled_instances(candidate, scaled);
    for (const std::string_view word : words) add(word);
    for (const ServiceId id : instances_of(candidate.name)) {
        Service& service = at(id);
        if (!service.used() || !service.ad_hoc) continue;
        service.ad_hoc = !words.contains(service.instance);
        if (service.ad_hoc && service.want == Want::up) add(service.instance);
    }
    if (made_.name == candidate.name) add(made_.instance);
    sort(std::span(listed).subspan(first),
         [](const Listed& a, const Listed& b) { return a.instance < b.instance; });
}

// A file that says another number than when svctl was asked has the last word.
const Words& Supervisor::scaled_instances(const Candidate& candidate, List<Words>& scaled) {
    const Words& words = candidate.definition->policy->instances;
    const ServiceId first = find({candidate.name, "1"});
    if (!first || at(first).scaled == 0) return words;
    if (at(first).scaled_from != words.count() || !are_numbered(words)) {
        at(first).scaled = at(first).scaled_from = 0;
        mark_recorded(first);
        return words;
    }
    scaled.push_back(numbered_instances(at(first).scaled));
    return scaled.back();
}

// A new instance goes the way of those that are there.
bool Supervisor::is_wanted_as_new(ServiceId id) const {
    const Service& service = at(id);
    bool any = false;
    if (!service.instance.empty()) {
        for (const ServiceId other : instances_of(service.name)) {
            if (!at(other).used() || !at(other).known || at(other).removed || other == id) continue;
            if (at(other).want == Want::up) return true;
            any = true;
        }
    }
    return !any && service.policy().enabled;
}

// Are there any, and which does the file list?
InstanceProblem Supervisor::has_instances(std::string_view name, const Words*& instances) const {
    for (const ServiceId id : instances_of(name)) {
        const Service& service = at(id);
        if (!service.used() || service.removed) continue;
        if (service.instance.empty()) return InstanceProblem::no_instances;
        if (service.refused || !service.definition || unread_) return InstanceProblem::unread;
        instances = &service.policy().instances;
        return instances->empty() ? InstanceProblem::no_instances : InstanceProblem::none;
    }
    return InstanceProblem::no_such_service;
}

InstanceProblem Supervisor::add_instance(const FullName& name, Now now) {
    const Words* listed = nullptr;
    const InstanceProblem problem = has_instances(name.name, listed);
    if (problem != InstanceProblem::none) return problem;
    if (services_.size() >= services_max_count) return InstanceProblem::crowd;
    made_ = name;
    choose_again(now);
    made_ = {};
    return InstanceProblem::none;
}

InstanceProblem Supervisor::scale(std::string_view name, uint32_t count, List<Change>& changes,
                                  Now now) {
    const Words* listed = nullptr;
    const InstanceProblem problem = has_instances(name, listed);
    if (problem != InstanceProblem::none) return problem;
    if (!are_numbered(*listed)) return InstanceProblem::named;
    const size_t listed_count = listed->count();
    if (services_.size() + count > services_max_count + count_instances(name))
        return InstanceProblem::crowd;
    for (const ServiceId id : instances_of(name)) {
        const auto number = parse_unsigned(at(id).instance, UINT32_MAX);
        if (number && *number > count) at(id).ad_hoc = false;
    }
    const ServiceId first = find({name, "1"});
    at(first).scaled = static_cast<uint16_t>(count == listed_count ? 0 : count);
    at(first).scaled_from = static_cast<uint16_t>(listed_count);
    mark_recorded(first);
    List<uint8_t> was_refused;
    for (const Service& service : services_) was_refused.push_back(service.refused);
    changes = choose_again(now);
    erase_if(changes, [&](const Change& change) {
        const bool is_one = FullName::split(change.name).name == name;
        if (change.kind == Change::Kind::refuse)
            return !is_one && change.id.index < was_refused.size() && was_refused[change.id.index];
        return !is_one || (change.kind != Change::Kind::add && change.kind != Change::Kind::remove);
    });
    return InstanceProblem::none;
}

}  // namespace reeve
