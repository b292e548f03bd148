#include "apps/definitions.h"

#include <string>

namespace reeve {

std::vector<Change> put_in_force(const Catalog& catalog, const Ref<const Definition>& main,
                                 Supervisor& supervisor, Now now, std::vector<Problem>& problems) {
    problems = catalog.problems;
    std::vector<Text> first_problems(catalog.services.size());  // candidates point into it
    std::vector<Candidate> candidates;
    candidates.reserve(catalog.services.size() + 1);
    bool main_is_due = static_cast<bool>(main);
    for (size_t i = 0; i < catalog.services.size(); ++i) {
        const Loaded& loaded = catalog.services[i];
        for (const Problem& problem : loaded.problems) problems.push_back(problem);
        if (main_is_due && loaded.name >= "main") {
            candidates.push_back({"main", {}, main, {}});
            main_is_due = false;
        }
        if (main && loaded.name == "main") continue;
        if (!loaded.problems.empty()) first_problems[i] = describe(loaded.problems.front());
        candidates.push_back({loaded.name, loaded.version, loaded.definition, first_problems[i]});
    }
    if (main_is_due) candidates.push_back({"main", {}, main, {}});

    std::vector<Change> changes = supervisor.apply(candidates, now);
    for (const Change& change : changes) {
        if (change.kind != Change::Kind::refuse || !supervisor.at(change.id).used()) continue;
        const std::string_view text = supervisor.at(change.id).problem;
        for (const Loaded& loaded : catalog.services) {
            // What the file itself has wrong is there already.
            if (!loaded.problems.empty() || !text.starts_with(loaded.file + ": ")) continue;
            problems.push_back({loaded.file, 0, std::string(text.substr(loaded.file.size() + 2))});
            break;
        }
    }
    return changes;
}

}  // namespace reeve
