// svctl_check: the commands that need no supervisor: check and keys.
#include <unistd.h>

#include "apps/definitions.h"
#include "apps/svctl.h"
#include "base/limits.h"
#include "conf/schema.h"
#include "core/object.h"
#include "host/directory.h"
#include "host/platform.h"
#include "host/sys.h"

namespace reeve {

namespace {

void finish(Session& session) {
    if (session.invocation.json) session.printer.end_json();
    session.printer.flush();
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

void show_key(Session& session, const Key& key, bool of_service) {
    Buffer<128> type;
    append_type(type, key);
    const char* applies = name_of(of_service ? key.applies : Applies::live);
    if (session.invocation.json) {
        Buffer<2048> lines;
        append_field(lines, "key", key.name);
        append_field(lines, "type", type.view());
        append_field(lines, "default", key.default_text);
        append_field(lines, "applies", applies);
        append_field(lines, "repeats", key.repeats ? "yes" : "no");
        append_field(lines, "doc", key.doc);
        return session.printer.json_object(lines.view());
    }
    session.printer << key.name << (*key.default_text == '\0' ? "" : " = ") << key.default_text
                    << "    (" << type.view() << (key.repeats ? "; may repeat" : "")
                    << "; applies: " << applies << (of_service ? "" : "; in reeve.conf")
                    << ")\n    " << key.doc << '\n';
}

}  // namespace

Outcome run_check(Session& session) {
    std::span<const std::string_view> paths = session.arguments;
    if (paths.empty()) paths = {&session.invocation.config_directory, 1};
    std::vector<std::vector<SourceFile>> files;
    for (const std::string_view path : paths) {
        Result<std::vector<SourceFile>> read = read_directory(path);
        if (!read) {
            warn({describe(read.error())});
            return Outcome::failed;
        }
        files.push_back(std::move(*read));
    }
    const LoadContext context{geteuid(), platform::has_oom_score_adj, platform::has_no_new_privs};
    Supervisor supervisor;
    std::vector<Problem> problems;
    put_in_force(load(files, context), {}, supervisor, {sys::mono_now(), sys::wall_now()},
                 problems);
    for (const Problem& problem : problems) show_problem(session, problem);
    finish(session);
    return problems.empty() ? Outcome::done : Outcome::failed;
}

Outcome run_keys(Session& session) {
    const std::string_view wanted =
        session.arguments.empty() ? std::string_view() : session.arguments[0];
    bool found = false;
    Nearest nearest(wanted);
    const std::span<const Key> tables[] = {service_keys, settings_keys};
    for (const std::span<const Key> table : tables) {
        for (const Key& key : table) {
            nearest.offer(key.name);
            if (!wanted.empty() && wanted != key.name) continue;
            show_key(session, key, table.data() == service_keys.data());
            found = true;
        }
    }
    if (!found) {
        const bool near = !nearest.found().empty();
        warn({"there is no key ", wanted, near ? "; did you mean " : "", nearest.found(),
              near ? "?" : ""});
        return Outcome::failed;
    }
    finish(session);
    return Outcome::done;
}

}  // namespace reeve
