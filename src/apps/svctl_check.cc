// svctl_check: the commands that need no supervisor: check and keys.
#include <algorithm>
#include <unistd.h>

#include "apps/svctl.h"
#include "conf/load.h"
#include "conf/schema.h"
#include "core/object.h"
#include "core/supervisor.h"
#include "host/directory.h"
#include "host/platform.h"
#include "host/sys.h"

namespace reeve {

namespace {

// What only shows when the files are put together: cycles, and dependencies that do not exist.
void find_conflicts(const Catalog& catalog, std::vector<Problem>& problems) {
    std::vector<std::string> first_problems(catalog.services.size());
    std::vector<Candidate> candidates;
    for (size_t i = 0; i < catalog.services.size(); ++i) {
        const Loaded& loaded = catalog.services[i];
        if (!loaded.problems.empty()) first_problems[i] = describe(loaded.problems.front());
        candidates.push_back({loaded.name, loaded.version, loaded.definition, first_problems[i]});
    }
    Supervisor supervisor;
    const Now now{sys::mono_now(), sys::wall_now()};
    for (const Change& change : supervisor.apply(candidates, now)) {
        if (change.kind != Change::Kind::refuse) continue;
        const std::string_view problem = supervisor.at(change.id).problem;
        for (const Loaded& loaded : catalog.services) {
            if (!loaded.problems.empty() || !problem.starts_with(loaded.file + ": ")) continue;
            problems.push_back(
                {loaded.file, 0, std::string(problem.substr(loaded.file.size() + 2))});
            break;
        }
    }
}

std::vector<Problem> find_problems(const std::vector<std::vector<SourceFile>>& files) {
    const LoadContext context{geteuid(), platform::has_oom_score_adj, platform::has_no_new_privs};
    const Catalog catalog = load(files, context);
    std::vector<Problem> problems = catalog.problems;
    for (const Loaded& loaded : catalog.services)
        problems.insert(problems.end(), loaded.problems.begin(), loaded.problems.end());
    find_conflicts(catalog, problems);
    return problems;
}

void show_problem(Session& session, const Problem& problem) {
    if (!session.invocation.json)
        return session.printer.text(describe(problem) + "\n");
    Buffer<line_max_bytes * 2> lines;
    append_field(lines, "file", problem.file);
    lines << "line=";
    if (problem.line > 0) lines << problem.line;
    lines << '\n';
    append_field(lines, "error", problem.text);
    session.printer.json_object(lines.view());
}

// "default.KEY" of reeve.conf is one of its keys, and stands for every service key.
void show_key(Session& session, const Key& key, bool of_service) {
    Buffer<128> type;
    append_type(type, key);
    Buffer<2048> lines;
    append_field(lines, "key", key.name);
    append_field(lines, "type", type.view());
    append_field(lines, "default", key.default_text);
    append_field(lines, "applies", of_service ? name_of(key.applies) : "live");
    append_field(lines, "repeats", key.repeats ? "yes" : "no");
    append_field(lines, "doc", key.doc);
    if (session.invocation.json) return session.printer.json_object(lines.view());
    std::string text = key.name;
    if (*key.default_text != '\0') text.append(" = ").append(key.default_text);
    text.append("    (").append(type.view());
    if (key.repeats) text += "; may repeat";
    if (of_service) text.append("; applies: ").append(name_of(key.applies));
    if (!of_service) text += "; in reeve.conf";
    session.printer.text(text.append(")\n    ").append(key.doc).append("\n"));
}

}  // namespace

Outcome run_check(Session& session) {
    std::vector<std::string_view> paths = session.arguments;
    if (paths.empty()) paths.push_back(session.invocation.config_directory);
    std::vector<std::vector<SourceFile>> files;
    for (const std::string_view path : paths) {
        Result<std::vector<SourceFile>> read = read_directory(path);
        if (!read) {
            warn(describe(read.error()));
            return Outcome::failed;
        }
        files.push_back(std::move(*read));
    }
    const std::vector<Problem> problems = find_problems(files);
    for (const Problem& problem : problems) show_problem(session, problem);
    session.printer.finish();
    return problems.empty() ? Outcome::done : Outcome::failed;
}

Outcome run_keys(Session& session) {
    bool found = false;
    const auto show = [&](std::span<const Key> keys, bool of_service) {
        for (const Key& key : keys) {
            if (!session.arguments.empty() && session.arguments[0] != key.name) continue;
            show_key(session, key, of_service);
            found = true;
        }
    };
    show(service_keys, true);
    show(settings_keys, false);
    if (found) {
        session.printer.finish();
        return Outcome::done;
    }
    std::string problem = "there is no key ";
    problem += session.arguments[0];
    std::string_view near = nearest_key(service_keys, session.arguments[0]);
    if (near.empty()) near = nearest_key(settings_keys, session.arguments[0]);
    if (!near.empty()) problem.append(" (did you mean ").append(near).append("?)");
    warn(problem);
    return Outcome::failed;
}

}  // namespace reeve
