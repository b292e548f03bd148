#include "apps/definitions.h"

#include <string>

#include "base/list.h"

namespace reeve {

List<Change> put_in_force(const Catalog& catalog, std::span<const Ref<const Definition>> own,
                          std::span<const Remembered> past, Supervisor& supervisor, Now now,
                          List<Problem>& problems) {
    problems = catalog.problems;
    List<Candidate> candidates;
    candidates.reserve(catalog.services.size() + own.size());
    size_t next = 0;  // of our own: all are in order
    const auto add_own = [&](std::string_view before) {
        for (; next < own.size() && (before.empty() || own[next]->name.view() <= before); ++next)
            candidates.push_back({own[next]->name, {}, own[next], {}});
    };
    for (const Loaded& loaded : catalog.services) {
        for (const Problem& problem : loaded.problems) problems.push_back(problem);
        add_own(loaded.name);
        if (!candidates.empty() && candidates.back().definition &&
            candidates.back().definition->file.empty() && candidates.back().name == loaded.name)
            continue;
        Candidate& candidate = candidates.emplace_back();
        candidate.name = loaded.name;
        candidate.version = loaded.version;
        candidate.definition = loaded.definition;
        candidate.unread = loaded.unread;
        if (!loaded.problems.empty()) candidate.problem = describe(loaded.problems.front());
    }
    add_own({});

    List<Change> changes = past.empty()
                               ? supervisor.apply(candidates, now)
                               : supervisor.recover(past, default_policy(), candidates, now);
    for (const Change& change : changes) {
        if (change.kind != Change::Kind::refuse || !supervisor.at(change.id).used()) continue;
        const std::string_view text = supervisor.at(change.id).problem;
        for (const Loaded& loaded : catalog.services) {
            // What the file itself has wrong is there already.
            if (!loaded.problems.empty() || !(loaded.name == change.name)) continue;
            const Text file = loaded.file.text();
            const std::string_view rest = text.substr(std::min(file.view().size(), text.size()));
            if (!text.starts_with(file) || !rest.starts_with(": ")) continue;
            problems.push_back({file, 0, rest.substr(2)});
            break;
        }
    }
    return changes;
}

}  // namespace reeve
