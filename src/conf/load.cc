#include "conf/load.h"

#include <algorithm>
#include <cerrno>
#include <tuple>

#include "base/limits.h"
#include "base/list.h"
#include "base/result.h"
#include "base/sort.h"
#include "base/spelling.h"
#include "conf/doubts.h"
#include "conf/keyvalue.h"
#include "conf/latest.h"
#include "conf/problems.h"

namespace reeve {

namespace {

constexpr const char* settings_file_name = "reeve.conf";
constexpr const char default_prefix[] = "default.";

// A line `default.KEY = value` of reeve.conf. It is read anew for each service, for %n differs.
struct SharedLine {
    const Key* key;
    std::string_view value;  // in the text of the SourceFile
    int line;
};

const Key& service_key(std::string_view name) { return *find_key(service_keys, name); }

bool is_command(const Key& key) {
    const std::string_view name = key.name;
    return name == "exec" || name == "command";
}

// Does the system have what the key stands for?
bool is_supported(const Key& key, const LoadContext& context) {
    switch (key.needs) {
    case Needs::nothing: return true;
    case Needs::oom_score_adj: return context.has_oom_score_adj;
    case Needs::no_new_privs: return context.has_no_new_privs;
    case Needs::usage: return context.has_usage;
    case Needs::confinement: return context.has_confinement;
    }
    return false;
}

// The key that rules out `key` in one file, if there is one.
const char* rival_of(std::string_view key) {
    constexpr const char* rivals[][2] = {
        {"exec", "command"}, {"command", "exec"}, {"stdin", "tty"}, {"tty", "stdin"}};
    for (const auto& pair : rivals)
        if (pair[0] == key) return pair[1];
    return nullptr;
}

bool is_open_to_others(const SourceFile& file) { return !file.trusted && (file.mode & 0022) != 0; }

bool is_foreign(const SourceFile& file, const LoadContext& context) {
    return !file.trusted && file.owner != 0 && file.owner != context.self;
}

// Does the text set a key, though no program to run it is named in its first line? The kernel would
// not know what to do with it either.
bool is_definition(std::string_view text) {
    if (text.starts_with("#!") || text.find('\0') != text.npos) return false;
    KeyValue line;
    for (KeyValueReader reader(text, FileForm::definition); reader.next(line);)
        if (find_key(service_keys, line.key) != nullptr) return true;
    return false;
}

// A file that is being read: what it has set so far, where, and what is wrong with it.
class Reading {
  public:
    Reading(const SourceFile& source, List<Problem>& list, List<Problem>& doubts,
            const Draft& defaults)
        : file(source), problems(list, source.path), warnings(doubts),
          draft(*defaults.policy, defaults.settings) {}

    // May the file be trusted, and was it read? Then what is wrong is said line by line.
    bool is_usable(const LoadContext& context);
    int& line_of(const Key& key) { return lines_[static_cast<size_t>(&key - service_keys.data())]; }
    void add_unknown_key(const KeyValue& line, const char* prefix, std::string_view nearest);
    // Sets a key that is known, unless something rules it out.
    bool set(const Key& key, const KeyValue& line, Origin origin, const LoadContext& context);

    const SourceFile& file;
    const bool executable = is_executable(file);
    Problems problems;
    List<Problem>& warnings;
    Draft draft;
    bool refused = false;               // for its mode or owner
    bool command_is_misspelt = false;   // its absence needs no line of its own
    const Key* instance_key = nullptr;  // that has the first %i

  private:
    std::array<int, keys_max_count> lines_{};  // where each key was first set; 0: nowhere
};

bool Reading::is_usable(const LoadContext& context) {
    if (file.read_error != 0) {
        Sink& text = problems.add(0);
        if (file.read_error == ENOENT && !file.text.empty()) {
            text << "a link to ";
            append_shown(text, file.text);
            text << ", which is not there";
        } else {
            append(text, "cannot be read: ", errno_text(file.read_error));
        }
        return false;
    }
    refused = is_open_to_others(file) || is_foreign(file, context);
    if (is_open_to_others(file))
        problems.add(0) << "writable by others: chmod go-w " << file.path.text().view();
    if (is_foreign(file, context)) {
        Sink& text = problems.add(0) << "owned by uid " << file.owner << "; chown it to root";
        if (context.self != 0) append(text, " or to uid ", context.self);
    }
    if (file.too_large && !executable)
        problems.add(0) << "larger than " << static_cast<uint64_t>(service_file_max_bytes)
                        << " bytes";
    return problems.none();
}

void Reading::add_unknown_key(const KeyValue& line, const char* prefix, std::string_view nearest) {
    Sink& text = problems.add(line.line) << "unknown key '";
    append_shown(text, line.key);
    text << '\'';
    if (nearest.empty()) return;
    append(text, " (did you mean ", prefix, nearest, "?)");
    if (nearest == "exec" || nearest == "command") command_is_misspelt = true;
}

// NAME="value" or NAME='value': as a shell or an env_file has it, where the quotes do not count.
bool has_quoted_value(std::string_view entry) {
    const std::string_view value = entry.substr(entry.find('=') + 1);
    return value.size() >= 2 && value.front() == value.back() &&
           (value.front() == '"' || value.front() == '\'');
}

bool Reading::set(const Key& key, const KeyValue& line, Origin origin, const LoadContext& context) {
    Buffer<512> text;
    int& first = line_of(key);
    const char* rival = rival_of(key.name);
    const int rival_line = rival == nullptr ? 0 : line_of(service_key(rival));
    bool good = false;
    if (first != 0 && !key.repeats) {
        append(text, line.key, " is set already at line ", first);
    } else if (rival_line != 0) {
        append(text, line.key, ": ", rival, " is set at line ", rival_line,
               ", and only one of them may be");
    } else if (!is_supported(key, context)) {
        append(text, line.key, ": not supported on this system");
    } else {
        if (line.key.starts_with(default_prefix)) text << default_prefix;
        good = set_value(key, line.value, origin, draft, text);
        if (draft.definition->names_instance && instance_key == nullptr) instance_key = &key;
        // log_user means something to root alone.
        const bool asks = key.kind == &kind::user && context.may_become != nullptr &&
                          (context.self == 0 || key.owner == Owner::policy);
        if (good && asks) good = context.may_become(context.self, line.value, text);
    }
    if (first == 0) first = line.line;
    if (!good) problems.add(line.line) << text.view();
    if (good && key.kind == &kind::variable && has_quoted_value(line.value))
        warnings.push_back(
            {file.path.text(), line.line,
             Text::join(line.key, ": the quotes are part of the value of ",
                        line.value.substr(0, line.value.find('=')), "; blanks need none")});
    return good;
}

class Loader {
  public:
    Loader(const LoadContext& context, Catalog& catalog) : context_(context), catalog_(catalog) {
        catalog_.settings = defaults_.settings;
    }

    void load_settings(const SourceFile& file);
    void load_service(const SourceFile& file);

  private:
    void read_lines(Reading& reading, std::string_view text, bool settings);
    bool read_setting(const KeyValue& line, Reading& reading);
    void read_service_line(const KeyValue& line, Reading& reading);
    void apply_shared_lines(Draft& draft, List<Problem>& list) const;
    void check_timing(Reading& reading);
    void check_health(Reading& reading);
    void set_zone(Reading& reading);
    Ref<const Definition> finish(const Draft& draft);

    const LoadContext& context_;
    Catalog& catalog_;
    const Draft defaults_;
    FilePath settings_path_;
    List<SharedLine> shared_lines_;
    // Is everything known that reeve.conf sets for all services? Without its `user`, say, none of
    // them may start.
    bool shared_lines_are_whole_ = true;
    Latest<Policy> policies_;
    Latest<Timing> timings_;
    Latest<HealthRules> health_rules_;
};

bool Loader::read_setting(const KeyValue& line, Reading& reading) {
    const bool shared = line.key.starts_with(default_prefix);
    const std::string_view name = shared ? line.key.substr(sizeof default_prefix - 1) : line.key;
    const std::span<const Key> keys = shared ? service_keys : settings_keys;
    const Key* key = find_key(keys, name);
    if (key == nullptr) {
        const Key* of_service = shared ? nullptr : find_key(service_keys, name);
        if (of_service != nullptr && !is_command(*of_service))
            reading.add_unknown_key(line, default_prefix, name);
        else
            reading.add_unknown_key(line, shared ? default_prefix : "", nearest_key(keys, name));
        return false;
    }
    if (shared && is_command(*key)) {
        reading.problems.add(line.line)
            << line.key << ": what runs has no default; each service sets its own";
        return false;
    }
    // `log` is another way to write default.log.
    if (key->owner == Owner::policy) key = &service_key(name);
    if (!reading.set(*key, line, Origin::shared, context_)) return false;
    if (shared || key->owner == Owner::policy)
        shared_lines_.push_back({key, line.value, line.line});
    return true;
}

void Loader::read_service_line(const KeyValue& line, Reading& reading) {
    const Key* key = find_key(service_keys, line.key);
    if (key == nullptr)
        return reading.add_unknown_key(line, "", nearest_key(service_keys, line.key));
    if (reading.executable && is_command(*key)) {
        reading.problems.add(line.line) << line.key << ": what runs is this executable file itself";
        return;
    }
    reading.set(*key, line, Origin::own, context_);
}

void Loader::read_lines(Reading& reading, std::string_view text, bool settings) {
    const FileForm form =
        reading.executable && !settings ? FileForm::executable : FileForm::definition;
    KeyValue line;
    for (KeyValueReader reader(text, form); reader.next(line);) {
        if (line.problem != LineProblem::none) {
            append_problem(reading.problems.add(line.line), line.problem);
            shared_lines_are_whole_ = shared_lines_are_whole_ && !settings;
        } else if (settings) {
            const bool good = read_setting(line, reading);
            const bool shared = line.key == "log" || line.key.find('.') != std::string_view::npos;
            if (!good && shared) shared_lines_are_whole_ = false;
        } else {
            read_service_line(line, reading);
        }
    }
}

void Loader::load_settings(const SourceFile& file) {
    settings_path_ = file.path;
    Reading reading(file, catalog_.problems, catalog_.warnings, defaults_);
    reading.draft.definition->name = "reeve";  // what %n is where the lines are only tried
    shared_lines_are_whole_ = reading.is_usable(context_);
    catalog_.refuses_files |= reading.refused;
    if (!shared_lines_are_whole_) return;
    read_lines(reading, file.text, true);
    catalog_.settings = reading.draft.settings;
}

// What reeve.conf sets for all services. It was tried already; what can still be wrong is so with
// this service's name in it.
void Loader::apply_shared_lines(Draft& draft, List<Problem>& list) const {
    Problems problems(list, settings_path_);
    for (const SharedLine& each : shared_lines_) {
        Buffer<512> text;
        text << default_prefix;
        if (!set_value(*each.key, each.value, Origin::shared, draft, text))
            problems.add(each.line) << text.view();
    }
}

// What the keys of time come to together: the type that follows from a schedule, and the zone.
void Loader::check_timing(Reading& reading) {
    Timing& timing = *reading.draft.timing;
    Type& type = reading.draft.policy->type;
    const auto line_of = [&](const char* key) { return reading.line_of(service_key(key)); };
    if (timing.has_schedule() && line_of("type") == 0) type = Type::oneshot;
    if (timing.has_schedule() && type == Type::daemon)
        reading.problems.add(line_of("type"))
            << "type = daemon: what cron, every or at start runs to its end; a daemon has a window "
               "(start_time, stop_time)";
    if (timing.max_runtime.ms > 0 && type == Type::daemon && line_of("max_runtime") != 0)
        reading.problems.add(line_of("max_runtime")) << "max_runtime: only a oneshot ends";
    if (timing.start_s && timing.start_s == timing.stop_s)
        reading.problems.add(std::max(line_of("start_time"), line_of("stop_time")))
            << "start_time and stop_time are the same; the whole day needs neither";
    set_zone(reading);
}

// Who never listens would end it for its silence.
void Loader::check_health(Reading& reading) {
    const int line = reading.line_of(service_key("watchdog"));
    if (line != 0 && reading.draft.health->watchdog.ms > 0 &&
        reading.draft.policy->ready.kind != ReadyKind::notify)
        reading.problems.add(line) << "watchdog: WATCHDOG=1 is heard only with ready = notify";
}

// Only where something depends on it: the machine's own may be broken.
void Loader::set_zone(Reading& reading) {
    Timing& timing = *reading.draft.timing;
    if (!timing.has_schedule() && !timing.has_window() && timing.apply_on.empty() &&
        timing.timezone.empty())
        return;
    const int line = reading.line_of(service_key("timezone"));
    Buffer<512> problem;
    if (context_.find_zone != nullptr) {
        timing.zone = context_.find_zone(context_.zones, timing.timezone, problem);
    } else {
        timing.zone = timing.timezone.empty() ? Ref<const Zone>(new Zone)
                                              : parse_posix_zone(timing.timezone, problem);
    }
    if (problem.empty()) return;
    if (timing.zone) {
        catalog_.warnings.push_back({reading.file.path.text(), line, problem.view()});
        return;
    }
    Sink& text = reading.problems.add(line) << "timezone = ";
    append_shown(text, timing.timezone);
    text << ": ";
    append_column(text, column_in_posix_zone(timing.timezone));
    text << problem.view();
}

// Makes the draft a definition. Services whose policies are equal share one; so it is with timings
// and health rules.
Ref<const Definition> Loader::finish(const Draft& draft) {
    Definition& definition = *draft.definition;
    const Digests digests = seal(draft);
    definition.policy = policies_.find(digests.policy, draft.policy);
    if (definition.timing) definition.timing = timings_.find(digests.timing, draft.timing);
    if (definition.health) definition.health = health_rules_.find(digests.health, draft.health);
    return Ref<const Definition>(&definition);
}

void Loader::load_service(const SourceFile& file) {
    std::string_view text = file.text;
    // A script that is switched off.
    if ((file.mode & 0111) == 0 && text.starts_with("#!")) return;
    Loaded& loaded = catalog_.services.emplace_back();
    loaded.file = file.path;
    loaded.name = file.path.name;
    loaded.unread = file.may_be_read_later();
    const std::string_view name = file.path.name;
    if (const size_t plus = name.find('+'); plus != name.npos) {
        loaded.name = name.substr(0, plus);
        loaded.version = name.substr(plus + 1);
    }
    Reading reading(file, loaded.problems, catalog_.warnings, defaults_);
    Definition& definition = *reading.draft.definition;
    definition.name = loaded.name;
    definition.version = loaded.version;
    definition.file = loaded.file;
    const bool usable = reading.is_usable(context_);
    catalog_.refuses_files |= reading.refused;
    if (!usable) return;
    if (reading.executable && is_definition(text)) {
        reading.problems.add(0)
            << "key = value, and yet executable, as only programs are: chmod -x "
            << file.path.text().view();
        return;
    }
    if (loaded.name == svlog_name)
        reading.problems.add(0) << "the name svlog is taken: it is reeve's own log writer's";
    if (!shared_lines_are_whole_) {
        reading.problems.add(0) << "not in force: " << settings_path_.text().view()
                                << " has errors in what it sets for all services";
    }
    apply_shared_lines(reading.draft, loaded.problems);
    // The last line of an executable that was not read to its end may be half of one.
    if (file.too_large) text = text.substr(0, text.rfind('\n') + 1);
    read_lines(reading, text, false);
    if (reading.executable) {
        definition.exec.append(loaded.file.text());
    } else if (reading.line_of(service_key("exec")) == 0 &&
               reading.line_of(service_key("command")) == 0 &&
               reading.draft.policy->type != Type::fake && !reading.command_is_misspelt) {
        reading.problems.add(0) << "neither exec nor command is set";
    }
    refuse_lone_values(*reading.draft.policy, reading.instance_key,
                       &reading.line_of(service_keys.front()), reading.problems);
    check_timing(reading);
    check_health(reading);
    refuse_taken_descriptor(*reading.draft.policy, reading.line_of(service_key("ready")),
                            reading.problems);
    if (reading.problems.none() && loaded.problems.empty())
        loaded.definition = finish(reading.draft);
    warn_of_doubts(loaded, &reading.line_of(service_keys.front()), catalog_.warnings);
}

// A file, and which of the directories it is from.
struct Candidate {
    SourceFile* file;
    size_t directory;

    std::string_view name() const { return file->path.name; }
};

// By service, then by version, v2 before v10; of files with the same name the one that counts, from
// the last directory, first.
bool comes_before(const Candidate& a, const Candidate& b) {
    const auto service = [](std::string_view name) { return name.substr(0, name.find('+')); };
    if (a.name() == b.name()) return a.directory > b.directory;
    const int order = service(a.name()).compare(service(b.name()));
    return order != 0 ? order < 0 : is_before(a.name(), b.name());
}

}  // namespace

bool SourceFile::may_be_read_later() const {
    switch (read_error) {
    case 0:
    case EACCES:
    case EPERM:
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG: return false;
    default: return true;
    }
}

Text describe(const Problem& problem) {
    Buffer<24> line;
    if (problem.line != 0) append(line, ':', problem.line);
    return Text::join(problem.file, line, ": ", problem.text);
}

bool is_executable(const SourceFile& file) {
    return (file.mode & 0111) != 0 && !(file.trusted && is_definition(file.text));
}

bool is_service_file_name(std::string_view file_name) {
    const size_t plus = file_name.find('+');
    return is_name(file_name.substr(0, plus)) &&
           (plus == file_name.npos || is_name(file_name.substr(plus + 1)));
}

void append_trusted(const SourceFile& settings, const LoadContext& context,
                    List<Text>& directories) {
    if (is_open_to_others(settings) || is_foreign(settings, context)) return;
    KeyValue line;
    for (KeyValueReader reader(settings.text, FileForm::definition); reader.next(line);)
        if (line.key == "trust" && line.value.starts_with('/')) directories.push_back(line.value);
}

Catalog load(List<List<SourceFile>> directories, const LoadContext& context) {
    Catalog catalog;
    Loader loader(context, catalog);
    List<Candidate> candidates;
    const SourceFile* settings = nullptr;
    for (size_t i = 0; i < directories.size(); ++i) {
        for (SourceFile& file : directories[i]) {
            if (file.path.name == settings_file_name) settings = &file;
            if (is_service_file_name(file.path.name)) candidates.push_back({&file, i});
        }
    }
    if (settings != nullptr) loader.load_settings(*settings);

    sort(std::span(candidates), comes_before);
    catalog.services.reserve(std::min(candidates.size(), services_max_count));
    std::string_view last_name;
    for (const Candidate& each : candidates) {
        if (last_name == each.name()) continue;
        last_name = each.name();
        if (catalog.services.size() == services_max_count) {
            Problems(catalog.problems, each.file->path).add(0)
                << "there are more than " << static_cast<uint64_t>(services_max_count)
                << " services; this one and those that sort after it are left out";
            break;
        }
        loader.load_service(*each.file);
        each.file->text = {};  // the next definition takes its room
    }
    refuse_crowd(catalog);
    refuse_equal_dates(catalog);
    warn_of_shared_sockets(catalog);
    warn_of_short_shutdown(catalog);
    return catalog;
}

Ref<const Policy> default_policy() {
    const Draft draft;
    return Ref<const Policy>(draft.policy.get());
}

}  // namespace reeve
