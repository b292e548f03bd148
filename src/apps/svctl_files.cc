#include "apps/svctl_files.h"

#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/definitions.h"
#include "apps/svctl_ask.h"
#include "base/limits.h"
#include "base/list.h"
#include "core/object.h"
#include "host/directory.h"
#include "host/platform.h"
#include "host/sys.h"

namespace reeve {

namespace {

void keep_directory(Session&, std::string_view object, List<Text>& directories) {
    directories.push_back(find_field(object, "directory"));
}

// The user whose files are trusted beside root's: reeve's own, whom the run directory belongs to.
uid_t trusted_user(const Session& session) {
    struct stat status {};
    const Text path = session.invocation.run_directory;
    const bool known = geteuid() == 0 && sys::stat(path.c_str(), &status) == 0;
    return known ? status.st_uid : geteuid();
}

}  // namespace

bool find_directories(Session& session, List<Text>& directories, Outcome& outcome) {
    for (const std::string_view each : session.invocation.directories) directories.push_back(each);
    outcome = Outcome::done;
    if (!directories.empty()) return true;
    Request request;
    request.command = Command::directories;
    request.waits = false;
    int code = 0;
    outcome = ask_reeve(session, request, keep_directory, directories, code);
    if (is_absent(code)) {
        directories.push_back(session.invocation.config_directory);
        outcome = Outcome::done;
    } else if (code != 0) {
        outcome = no_answer(session, code);
    }
    return outcome == Outcome::done;
}

Outcome read_files(const List<Text>& directories, Files& files) {
    files.clear();
    for (const Text& directory : directories) {
        Result<List<SourceFile>> read = read_directory(directory);
        if (!read) {
            warn({describe(read.error()), advice_on_directory(read.error())});
            return outcome_of(read.error());
        }
        files.push_back(std::move(*read));
    }
    return Outcome::done;
}

List<Problem> problems_in(const Session& session, const Files& files, List<Problem>& warnings) {
    const LoadContext context{trusted_user(session), platform::has_oom_score_adj,
                              platform::has_no_new_privs};
    Supervisor supervisor;
    List<Problem> problems;
    Catalog catalog = load(files, context);
    put_in_force(catalog, {}, {}, supervisor, {sys::mono_now(), sys::wall_now()}, problems);
    warnings = std::move(catalog.warnings);
    return problems;
}

void show_problem(Session& session, const Problem& problem) {
    if (!session.invocation.json) {
        session.printer << describe(problem) << '\n';
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

Outcome outcome_of(const Error& error) {
    return error.code == EACCES || error.code == EPERM ? Outcome::not_permitted : Outcome::failed;
}

}  // namespace reeve
