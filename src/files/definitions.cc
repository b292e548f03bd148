#include "files/definitions.h"

#include <cerrno>
#include <unistd.h>

#include "base/list.h"
#include "files/directory.h"
#include "files/trust.h"

namespace reeve {

namespace {

constexpr char advice_on_flaw[] =
    " (in a Dockerfile COPY --chmod=go-w; --trust DIR takes a directory as it is)";

std::string_view without_slashes(std::string_view path) {
    while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    return path;
}

void append_trusted_by(const List<SourceFile>& files, List<Text>& trusted) {
    LoadContext context;
    context.self = geteuid();
    for (const SourceFile& file : files)
        if (file.path.name == "reeve.conf") append_trusted(file, context, trusted);
}

}  // namespace

bool is_one_of(std::span<const Text> directories, std::string_view directory) {
    for (const Text& each : directories)
        if (without_slashes(each) == without_slashes(directory)) return true;
    return false;
}

Outcome outcome_of(const Error& error) {
    return error.code == EACCES || error.code == EPERM ? Outcome::not_permitted : Outcome::failed;
}

ReadDirectories read_directories(const ServiceDirectories& directories) {
    ReadDirectories result;
    for (const Text& each : directories.trusted) result.trusted.push_back(each);
    for (const Text& path : directories.paths) {
        const bool trusted = is_one_of({result.trusted.data(), result.trusted.size()}, path);
        const Judgement judgement =
            trusted ? Judgement() : judge_service_directory(path, directories.in_container);
        if (judgement.refused) {
            result.problems.push_back(Text::join(judgement.flaw, advice_on_flaw));
            result.outcome = Outcome::not_permitted;
            continue;
        }
        if (!judgement.flaw.empty()) result.notes.push_back(judgement.flaw);
        Result<List<SourceFile>> read = read_directory(path, trusted);
        if (read) {
            append_trusted_by(*read, result.trusted);
            result.files.push_back(std::move(*read));
            continue;
        }
        const Error& error = read.error();
        // A container may run CMD as a user whose HOME is still root's.
        if (directories.may_be_missing && (error.code == ENOENT || error.code == EACCES)) continue;
        result.problems.push_back(Text::join(describe(error), advice_on_directory(error)));
        result.outcome = outcome_of(error);
    }
    return result;
}

List<Change> put_in_force(const Catalog& catalog, std::span<const Ref<const Definition>> own,
                          std::span<const PastService> past, Supervisor& supervisor, Now now,
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
                               : supervisor.take_over(past, default_policy(), candidates, now);
    for (const Change& change : changes) {
        if (change.kind != Change::Kind::refuse || !supervisor.at(change.id).used()) continue;
        const std::string_view text = supervisor.at(change.id).problem;
        for (const Loaded& loaded : catalog.services) {
            // What the file itself has wrong is there already.
            if (!loaded.problems.empty() || !(loaded.name == FullName::split(change.name).name))
                continue;
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
