// check: the commands that need no supervisor: check and keys.
#include <fcntl.h>
#include <sys/stat.h>

#include "base/fields.h"
#include "base/limits.h"
#include "base/list.h"
#include "conf/load.h"
#include "conf/schema.h"
#include "core/object.h"
#include "kernel/platform.h"
#include "kernel/sys.h"
#include "svctl/ask.h"
#include "svctl/coming.h"
#include "svctl/files.h"

namespace reeve {

namespace {

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
    append(session.printer, key.name, *key.default_text == '\0' ? "" : " = ", key.default_text,
           "    (", type, key.repeats ? "; may repeat" : "", "; applies: ", applies,
           of_service ? "" : "; in reeve.conf", ")\n    ", key.doc, '\n');
}

bool is_taken(const Files& files, std::string_view name) {
    for (const List<SourceFile>& directory : files)
        for (const SourceFile& file : directory)
            if (file.path.name == name) return true;
    return false;
}

// The name for a service that this one comes nearest to; empty: there is none.
std::string_view name_near(std::string_view wrong, Sink& place) {
    for (const char c : wrong.substr(0, wrong.find_first_of(".@"))) {
        if (place.size() == name_max_bytes) break;
        place << (is_name({&c, 1}) ? c : '_');
    }
    return is_name(place.view()) ? place.view() : std::string_view();
}

// What is passed over without a word elsewhere, and may be what is looked for: web.service where
// there is no web, runit's web/run, a script that lacks its execute bit. It is no error.
void tell_ignored(const Text& directory, const Files& files) {
    const Fd fd(sys::open(directory.c_str(), O_RDONLY | O_DIRECTORY));
    if (!fd) return;
    const auto look_at = [&](const char* entry) {
        const std::string_view name = entry;
        if (name == "reeve.conf" || name.front() == '.' || name.ends_with('~')) return true;
        Buffer<path_max_bytes> path;
        append(path, directory, '/', name);
        struct stat status {};
        if (sys::stat(path.c_str(), &status) < 0 && sys::lstat(path.c_str(), &status) < 0)
            return true;
        Buffer<name_max_bytes> place;
        const std::string_view near = name_near(name, place);
        if (S_ISDIR(status.st_mode)) {
            warn(path, " is ignored: a directory, and a service is one file");
        } else if (is_service_file_name(name)) {
            if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode))
                warn(path, " is ignored: no regular file");
        } else if (near.empty()) {
            warn(path, " is ignored: no name for a service (at most 63 letters, digits, "
                       "_, - and :, and perhaps +VERSION)");
        } else if (!is_taken(files, near)) {
            warn(path, " is ignored: no name for a service (did you mean ", near, "?)");
        }
        return true;
    };
    platform::each_entry(fd.get(), look_at);
}

// What the clock would bring: of each schedule, window and version the first of it.
void show_schedules(Session& session, const Catalog& catalog) {
    const Now now{sys::mono_now(), sys::wall_now()};
    List<Outlook> outlooks;
    List<Coming> coming;
    for (const Loaded& loaded : catalog.services) {
        const Definition* definition = loaded.definition.get();
        if (definition == nullptr || !definition->timing) continue;
        Outlook& outlook = outlooks.emplace_back(
            outlook_of(loaded.file.name, loaded.version, definition->timing, now));
        for (size_t i = 0; i < check_next_count; ++i) {
            outlook.advance(now);
            if (outlook.next == no_moment) break;
            coming.push_back(
                {outlook.next, outlook.what, static_cast<uint32_t>(outlooks.size() - 1)});
        }
    }
    show_coming(session, coming, outlooks, now);
}

}  // namespace

Outcome run_check(Session& session) {
    FoundDirectories directories;
    Outcome outcome;
    for (const std::string_view path : session.arguments) directories.paths.push_back(path);
    if (directories.paths.empty() &&
        !find_directories(session, Purpose::reading, directories, outcome))
        return outcome;
    Files files;
    outcome = read_files(directories, files);
    if (outcome != Outcome::done) return outcome;
    Catalog catalog;
    const List<Problem> problems = problems_in(files, catalog);
    for (const Problem& problem : problems) show_problem(session, problem);
    if (session.invocation.verbose) show_schedules(session, catalog);
    finish(session);
    for (const Problem& warning : catalog.warnings) warn(describe(warning));
    for (const Text& directory : directories.paths) tell_ignored(directory, files);
    for (const List<SourceFile>& directory : files)
        for (const SourceFile& file : directory)
            if ((file.mode & 0111) == 0 && file.text.view().starts_with("#!"))
                warn(file.path.text(), " is ignored: a script that is not executable (chmod +x)");
    return problems.empty() ? Outcome::done : Outcome::failed;
}

Outcome run_keys(Session& session) {
    const std::string_view wanted =
        session.arguments.empty() ? std::string_view() : session.arguments[0];
    bool found = false;
    std::string_view near;
    const std::span<const Key> tables[] = {service_keys, settings_keys};
    for (const std::span<const Key> table : tables) {
        if (near.empty()) near = nearest_key(table, wanted);
        for (const Key& key : table) {
            if (!wanted.empty() && wanted != key.name) continue;
            show_key(session, key, table.data() == service_keys.data());
            found = true;
        }
    }
    if (!found) {
        warn("there is no key ", wanted, near.empty() ? " (" : " (did you mean ", near,
             near.empty() ? "" : "? ", "svctl keys lists them)");
        return Outcome::failed;
    }
    finish(session);
    return Outcome::done;
}

}  // namespace reeve
