#include "svctl/files.h"

#include <cerrno>
#include <unistd.h>

#include "base/fields.h"
#include "base/limits.h"
#include "base/list.h"
#include "core/object.h"
#include "files/definitions.h"
#include "files/zone.h"
#include "kernel/platform.h"
#include "kernel/sys.h"
#include "kernel/users.h"
#include "svctl/ask.h"

namespace reeve {

namespace {

void keep_directory(Session&, std::string_view object, List<Text>& objects) {
    objects.push_back(object);
}

// May a service become this user? What cannot be looked up now is not known.
bool may_become(uid_t self, std::string_view user, Sink& problem) {
    Credentials credentials;
    Buffer<prepare_detail_max_bytes> text;
    const int code = resolve_user(user, credentials, text);
    if (code != 0 && code != EINVAL && code != E2BIG) return true;
    if (code == 0 && (self == 0 || credentials.uid == self)) return true;
    problem << "user: ";
    if (code != 0)
        problem << text.view();
    else
        append(problem, "only root may become '", user, "', and this is uid ",
               static_cast<uint64_t>(self));
    return false;
}

}  // namespace

bool find_directories(Session& session, Purpose purpose, FoundDirectories& directories,
                      Outcome& outcome) {
    for (const std::string_view each : session.invocation.directories)
        directories.paths.push_back(each);
    outcome = Outcome::done;
    if (!directories.paths.empty()) return true;
    Request request;
    request.command = Command::directories;
    request.waits = false;
    int code = 0;
    List<Text> objects;
    outcome = ask_reeve(session, request, keep_directory, objects, code);
    for (const Text& object : objects) {
        const Text path = find_field(object, "directory");
        directories.paths.push_back(path);
        if (find_field(object, "trusted") == "yes") directories.trusted.push_back(path);
    }
    const bool forbidden = code == EACCES && purpose == Purpose::reading;
    if (forbidden)
        warn("not permitted to ask reeve for its directories; this is what ",
             session.invocation.config_directory, " has");
    if (forbidden || is_absent(code)) {
        directories.paths.push_back(session.invocation.config_directory);
        outcome = Outcome::done;
    } else if (code != 0) {
        outcome = no_answer(session, code);
    }
    return outcome == Outcome::done;
}

Outcome read_files(const FoundDirectories& directories, Files& files) {
    ReadDirectories read =
        read_directories({{directories.paths.data(), directories.paths.size()},
                          {directories.trusted.data(), directories.trusted.size()},
                          platform::in_container()});
    for (const Text& problem : read.problems) warn(problem);
    files = std::move(read.files);
    return read.outcome;
}

List<Problem> problems_in(const Files& files, Catalog& catalog) {
    LoadContext context{geteuid(), platform::has_oom_score_adj, platform::has_no_new_privs,
                        platform::has_usage, platform::has_confinement};
    context.may_become = may_become;
    ZoneCache zones;
    context.find_zone = ZoneCache::find_in;
    context.zones = &zones;
    Supervisor supervisor;
    List<Problem> problems;
    catalog = load(files, context);
    put_in_force(catalog, {}, {}, supervisor, {sys::mono_now(), sys::wall_now()}, problems);
    return problems;
}

void show_problem(Session& session, const Problem& problem) {
    if (!session.invocation.json) {
        append(session.printer, describe(problem), '\n');
        return;
    }
    Buffer<line_max_bytes * 2> lines;
    append_field(lines, "file", problem.file);
    lines << "line=";
    if (problem.line > 0) lines << problem.line;
    lines << '\n';
    append_field(lines, "error", problem.text);
    session.printer.json_object(lines.view());
}

}  // namespace reeve
