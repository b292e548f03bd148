// edit: the commands that show and change service files. A change is made in memory and
// checked as `svctl check` does; only then are the files replaced, and reeve is asked to read them.
#include "conf/edit.h"

#include <cerrno>
#include <unistd.h>

#include "base/fields.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/parse.h"
#include "base/spelling.h"
#include "conf/schema.h"
#include "core/object.h"
#include "files/directory.h"
#include "files/replace.h"
#include "kernel/sys.h"
#include "svctl/ask.h"
#include "svctl/files.h"

namespace reeve {

namespace {

enum class Deed : uint8_t { show, add, set, enable, remove };

std::string_view service_of(std::string_view file_name) {
    return file_name.substr(0, file_name.find('+'));
}

bool is_script(const SourceFile& file) { return std::string_view(file.text).starts_with("#!"); }

FileForm form_of(const SourceFile& file) {
    return is_executable(file) ? FileForm::executable : FileForm::definition;
}

// "there is no service 'x' (did you mean y?)" without what changes when other files do.
std::string_view lasting_part(std::string_view problem) {
    return problem.substr(0, problem.find(" (did you mean"));
}

bool contains(const List<Problem>& problems, const Problem& wanted) {
    for (const Problem& each : problems)
        if (each.file == wanted.file && lasting_part(each.text) == lasting_part(wanted.text))
            return true;
    return false;
}

// A file that the names mean, and what becomes of it.
struct Job {
    Text path;
    SourceFile* file;  // in Work::files_
    Replacement replacement;
    bool changes = true;
};

// One run of one of the commands.
class Work {
  public:
    // `names`: of services, or of versions.
    Work(Session& session, Deed deed, std::span<const std::string_view> names,
         std::span<const std::string_view> edits)
        : session_(session), deed_(deed), names_(names), edits_(edits) {}

    Outcome show();
    // `after`: what is asked for besides, with --now.
    Outcome change(Command after);

  private:
    bool find();
    bool find_name(std::string_view name);
    bool means(std::string_view name, const SourceFile& file) const;
    bool is_replaced(size_t directory, const SourceFile& file) const;
    void show_file(const SourceFile& file);
    bool lock();
    bool prepare();
    bool edit(Job& job);
    SourceFile* find_path(std::string_view path);
    bool check(const List<Problem>& before);
    bool write();
    Outcome apply(Command after);
    Outcome ask(Command command, List<Text>& told);
    template <typename... T>
    bool fail(Outcome outcome, const T&... words) {
        warn(words...);
        outcome_ = outcome;
        return false;
    }
    bool fail_at(std::string_view path, const Error& error) {
        return fail(outcome_of(error), describe(error), "; ", path, " is as it was");
    }

    Session& session_;
    Deed deed_;
    std::span<const std::string_view> names_;
    std::span<const std::string_view> edits_;
    Outcome outcome_ = Outcome::done;
    FoundDirectories directories_;
    Files files_;
    List<Job> jobs_;
    const Text* last_done_ = nullptr;  // the path of the last that was written or removed
};

// Does the name mean this file? That of a service means all its versions, where not one file is to
// be written.
bool Work::means(std::string_view name, const SourceFile& file) const {
    if (file.path.name == "reeve.conf") return false;
    return name == file.path.name || (deed_ != Deed::set && name == service_of(file.path.name));
}

// Has a later directory a file of the same name?
bool Work::is_replaced(size_t directory, const SourceFile& file) const {
    for (++directory; directory < files_.size(); ++directory)
        for (const SourceFile& other : files_[directory])
            if (other.path.name == file.path.name) return true;
    return false;
}

// Is there a file that this name means? For `add`: is there none?
bool Work::find_name(std::string_view name) {
    Buffer<shown_max_bytes + 4> shown;
    append_shown(shown, name);
    if (name.find('@') != name.npos)
        return fail(Outcome::no_such_service, "no such service: ", shown.view(),
                    "; files are of services: a label or an instance has none");
    if (name == "reeve.conf")
        return fail(Outcome::no_such_service,
                    "reeve.conf is no service, but holds the settings of reeve itself: change it "
                    "with an editor, then svctl reload");
    const SourceFile* version = nullptr;
    for (const List<SourceFile>& directory : files_) {
        for (const SourceFile& file : directory) {
            if (deed_ == Deed::add && file.path.name == name)
                return fail(Outcome::failed, name, " exists already: ", file.path.text(),
                            "; svctl set changes it");
            if (deed_ != Deed::add && means(name, file)) return true;
            if (service_of(file.path.name) == name) version = &file;
        }
    }
    if (deed_ == Deed::add) return true;
    if (version != nullptr)
        return fail(Outcome::no_such_service, name,
                    " has no file of that name; name a version, such as ", version->path.name);
    Nearest nearest(name);
    for (const List<SourceFile>& directory : files_)
        for (const SourceFile& file : directory)
            if (file.path.name != "reeve.conf") nearest.offer(service_of(file.path.name));
    const bool near = !nearest.found().empty();
    return fail(Outcome::no_such_service, "no such service: ", shown, near ? " (did you mean " : "",
                nearest.found(), near ? "?)" : "");
}

// Reads all files, and finds those that are meant: each once, by directory, then by name. One that
// another directory replaces is none but for `remove`, after which it would come back.
bool Work::find() {
    outcome_ = read_files(directories_, files_);
    if (outcome_ != Outcome::done) return false;
    bool all_there = true;
    for (const std::string_view name : names_) all_there = find_name(name) && all_there;
    if (!all_there) return false;
    if (deed_ == Deed::add) {
        Buffer<path_max_bytes> path;
        const std::string_view directory = directories_.paths.back();
        append(path, directory, directory.ends_with('/') ? "" : "/", names_[0]);
        jobs_.push_back({path.view(), nullptr, {}});
        return true;
    }
    for (size_t i = 0; i < files_.size(); ++i) {
        for (SourceFile& file : files_[i]) {
            bool meant = false;
            for (const std::string_view name : names_) meant = meant || means(name, file);
            if (meant && (deed_ == Deed::remove || !is_replaced(i, file)))
                jobs_.push_back({file.path.text(), &file, {}});
        }
    }
    return true;
}

void Work::show_file(const SourceFile& file) {
    Printer& printer = session_.printer;
    if (file.read_error != 0) {
        const Error error{"read", file.path.text(), file.read_error};
        fail(outcome_of(error), describe(error));
        return;
    }
    const bool is_program = is_executable(file) && !is_script(file);
    if (!session_.invocation.json) {
        if (!printer.gathered().empty()) printer << '\n';
        append(printer, "# ", file.path.text(), '\n');
        if (is_program) {
            printer << "# a program\n";
            return;
        }
        printer << file.text;
        if (!file.text.empty() && !file.text.view().ends_with('\n')) printer << '\n';
        return;
    }
    KeyValue pair;
    for (KeyValueReader reader(file.text, form_of(file)); reader.next(pair);) {
        if (pair.problem != LineProblem::none) continue;
        Buffer<2 * line_max_bytes> lines;
        append_field(lines, "name", service_of(file.path.name));
        append_field(lines, "file", file.path.text());
        append(lines, "line=", pair.line, '\n');
        append(lines, "key=", pair.key, "\nvalue=", pair.value, '\n');
        session_.printer.json_object(lines.view());
    }
}

Outcome Work::show() {
    if (!find_directories(session_, Purpose::reading, directories_, outcome_) || !find())
        return outcome_;
    for (const std::string_view name : names_)
        for (const Job& job : jobs_)
            if (means(name, *job.file)) show_file(*job.file);
    finish(session_);
    return outcome_;
}

SourceFile* Work::find_path(std::string_view path) {
    for (List<SourceFile>& directory : files_)
        for (SourceFile& file : directory)
            if (file.path.text() == path) return &file;
    return nullptr;
}

// From here on nobody else changes these files; so they are read again.
bool Work::lock() {
    const Mono deadline = sys::mono_now() + milliseconds(answer_grace_ms);
    for (Job& job : jobs_) {
        const Status begun = job.replacement.begin(job.path, deed_ != Deed::remove, deadline);
        if (!begun && begun.error().code == EBUSY)
            return fail(Outcome::timed_out, "another svctl is changing ", job.path);
        if (!begun) return fail_at(job.path, begun.error());
    }
    outcome_ = read_files(directories_, files_);
    for (Job& job : jobs_) {
        if (outcome_ != Outcome::done) return false;
        job.file = find_path(job.path);
        if ((job.file != nullptr) != (deed_ != Deed::add))
            return fail(Outcome::failed, job.path, " came or went meanwhile; nothing is changed");
    }
    return true;
}

bool Work::edit(Job& job) {
    SourceFile& file = *job.file;
    const Text path = file.path.text();
    if (file.read_error != 0) return fail_at(path, {"read", path, file.read_error});
    if (is_executable(file) && !is_script(file))
        return fail(Outcome::failed, path, ": a program, not a script: it has no lines to change");
    if (!is_executable(file) && is_script(file))
        return fail(Outcome::failed, path,
                    ": a script that may not be executed is no service; see chmod +x");
    const LongText before = file.text;
    const size_t room = is_executable(file) ? executable_head_bytes : service_file_max_bytes;
    Buffer<512> problem;
    if (!edit_text(file.text, form_of(file), edits_, problem))
        return fail(Outcome::failed, path, ": ", problem, "; nothing is changed");
    job.changes = deed_ == Deed::add || before.view() != file.text.view();
    // Of an executable that is as long as this there may be more than was read.
    if (is_executable(file) && (before.size() >= room || file.text.size() > room))
        return fail(Outcome::failed, path, ": too long a script; nothing is changed");
    file.too_large = file.too_large || file.text.size() > room;
    return true;
}

// Makes of files_ what they are to be.
bool Work::prepare() {
    for (Job& job : jobs_) {
        if (deed_ == Deed::add) {
            job.file = &files_.back().emplace_back();
            const std::string_view path = job.path;
            job.file->path = {path.substr(0, path.rfind('/') + 1), names_[0]};
            job.file->owner = geteuid();
            job.file->mode = 0644;
        }
        // A file without a name is none.
        if (deed_ == Deed::remove)
            job.file->path.name = {};
        else if (!edit(job))
            return false;
    }
    return true;
}

// Nothing may be wrong with a file that was changed, and nothing new with the others.
bool Work::check(const List<Problem>& before) {
    bool good = true;
    const auto is_ours = [&](const Problem& problem) {
        for (const Job& job : jobs_)
            if (job.path == problem.file) return true;
        return false;
    };
    Catalog catalog;
    for (const Problem& problem : problems_in(files_, catalog)) {
        if (!is_ours(problem) && contains(before, problem)) continue;
        good = false;
        if (session_.invocation.json)
            show_problem(session_, problem);
        else
            warn(describe(problem));
    }
    for (const Problem& warning : catalog.warnings)
        if (is_ours(warning)) warn(describe(warning));
    if (good) return true;
    finish(session_);
    return fail(Outcome::failed, "nothing is changed");
}

// False: not all is done.
bool Work::write() {
    for (Job& job : jobs_) {
        if (!job.changes) continue;
        const bool removes = deed_ == Deed::remove;
        const Status done =
            removes ? job.replacement.remove() : job.replacement.write(job.file->text);
        if (!done) {
            fail_at(job.path, done.error());
            if (last_done_ != nullptr)
                warn("but ", *last_done_, removes ? " is gone" : " is changed");
            return false;
        }
        last_done_ = &job.path;
    }
    return true;
}

void show_change(Session& session, std::string_view object, List<Text>& told) {
    told.push_back(find_field(object, "name"));
    show_outcome(session, object, told);
}

bool is_among(const List<Text>& names, std::string_view name) {
    for (const Text& each : names)
        if (each == name) return true;
    return false;
}

// Without names it is about all.
Outcome Work::ask(Command command, List<Text>& told) {
    Request request;
    request.command = command;
    request.timeout = session_.invocation.timeout;
    request.waits = session_.invocation.waits;
    request.watches = true;
    Buffer<request_max_bytes> names;
    if (command != Command::reload)
        for (const std::string_view name : names_) append(names, ' ', service_of(name));
    request.names = trim(names.view());
    int code = 0;
    const Outcome outcome = ask_reeve(session_, request, show_change, told, code);
    if (code == 0) return outcome;
    if (is_absent(code)) {
        warn("reeve is not running: it takes effect when it starts");
        return Outcome::no_reeve;
    }
    warn("the files are changed, but not in force:");
    return no_answer(session_, code);
}

Outcome Work::apply(Command after) {
    List<Text> told;
    Outcome outcome = ask(Command::reload, told);
    const bool answered = outcome == Outcome::done || outcome == Outcome::failed;
    if (answered && after != Command::reload) {
        outcome = worse(outcome, ask(after, told));
    } else if (outcome == Outcome::done && !session_.invocation.json) {
        for (const std::string_view name : names_)
            if (!is_among(told, service_of(name)))
                append(session_.printer, service_of(name), ": nothing changes\n");
    }
    finish(session_);
    return outcome;
}

Outcome Work::change(Command after) {
    if (!find_directories(session_, Purpose::changing, directories_, outcome_) || !find() ||
        !lock())
        return outcome_;
    Catalog catalog;
    const List<Problem> before = problems_in(files_, catalog);
    if (!prepare() || !check(before)) return outcome_;
    const bool whole = write();
    const bool in_part = last_done_ != nullptr;
    jobs_.clear();
    if (whole) return apply(after);
    return in_part ? worse(outcome_, apply(Command::reload)) : outcome_;
}

// The names are all arguments; what `add` and `set` are told to write is none.
Outcome work(Session& session, Deed deed, std::span<const std::string_view> edits, Command after) {
    const bool first_alone = deed == Deed::add || deed == Deed::set;
    Work one(session, deed, session.arguments.first(first_alone ? 1 : session.arguments.size()),
             edits);
    return deed == Deed::show ? one.show() : one.change(after);
}

Outcome run_edits(Session& session, Deed deed) {
    const std::span<const std::string_view> edits = session.arguments.subspan(1);
    bool good = true;
    for (const std::string_view word : edits) {
        Edit edit;
        Buffer<256> problem;
        if (!parse_edit(word, edit, problem)) warn(problem);
        good = good && problem.empty();
    }
    if (!good) return Outcome::usage;
    return work(session, deed, edits, Command::reload);
}

}  // namespace

Outcome run_show(Session& session) { return work(session, Deed::show, {}, Command::status); }

Outcome run_add(Session& session) {
    const std::string_view name = session.arguments[0];
    if (is_service_file_name(name)) return run_edits(session, Deed::add);
    Buffer<shown_max_bytes + 4> shown;
    append_shown(shown, name);
    warn("'", shown,
         "' is no name for a service: at most 63 letters, digits, _, - and :, "
         "and perhaps +VERSION");
    return Outcome::usage;
}

Outcome run_set(Session& session) { return run_edits(session, Deed::set); }

Outcome run_enable(Session& session) {
    const bool enables = session.row.name[0] == 'e';
    const std::string_view edit = enables ? "enabled=yes" : "enabled=no";
    Command after = Command::reload;
    if (session.invocation.now) after = enables ? Command::up : Command::down;
    return work(session, Deed::enable, {&edit, 1}, after);
}

Outcome run_remove(Session& session) { return work(session, Deed::remove, {}, Command::reload); }

}  // namespace reeve
