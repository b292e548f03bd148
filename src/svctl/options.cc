// options: the command line of svctl, from one table.
#include "base/format.h"
#include "base/parse.h"
#include "conf/schema.h"
#include "files/zone.h"
#include "kernel/sys.h"
#include "svctl/svctl.h"

namespace reeve {

namespace {

bool set_run_directory(Invocation& invocation, std::string_view value, Sink&) {
    invocation.run_directory = value;
    return true;
}

bool add_directory(Invocation& invocation, std::string_view value, Sink& problem) {
    if (invocation.directories.size() == directories_max_count)
        append(problem, "more than ", uint64_t{directories_max_count}, " directories");
    invocation.directories.push_back(value);
    return problem.empty();
}

bool set_timeout(Invocation& invocation, std::string_view value, Sink& problem) {
    const auto timeout = parse_duration(value);
    if (!timeout) problem << "-t takes a duration: 500ms, 5s, 1m30s";
    invocation.timeout = timeout.value_or(Duration{});
    return timeout.has_value();
}

bool set_state(Invocation& invocation, std::string_view value, Sink& problem) {
    invocation.until = parse_state(value);
    if (!invocation.until) {
        problem << "there is no such state: ";
        append_shown(problem, value);
        const char* separator = " (there are ";
        for (size_t i = 0; i < state_count; ++i) {
            append(problem, separator, name_of(static_cast<State>(i)));
            separator = " ";
        }
        problem << ')';
    }
    return invocation.until.has_value();
}

bool set_lines(Invocation& invocation, std::string_view value, Sink& problem) {
    const auto lines = parse_unsigned(value, INT32_MAX);
    if (!lines) problem << "-n takes a number of lines";
    invocation.lines = lines.value_or(0);
    return lines.has_value();
}

// Where the date names no zone it is the one that we are in.
Stamp stamp_in_our_zone(const Date& date) {
    Buffer<reason_max_bytes> problem;  // then it is UTC
    return Stamp{instant_of(date, *find_zone("", problem)) * 1000000 + date.microsecond};
}

bool set_since(Invocation& invocation, std::string_view value, Sink& problem) {
    const auto back = parse_duration(value);
    const auto date = parse_date(value);
    if (back)
        invocation.since = Stamp{(sys::wall_now().ms - back->ms) * 1000};
    else if (date)
        invocation.since = stamp_in_our_zone(*date);
    else
        problem << "--since takes a duration back from now (10m) or a date (2026-11-20T10:00, "
                   "2026-11-20T10:00:00Z)";
    return invocation.since.has_value();
}

bool set_from(Invocation& invocation, std::string_view value, Sink& problem) {
    invocation.from = parse_date(value);
    if (!invocation.from) problem << "--from takes a date (2026-11-20T10:00, 2026-11-20T10:00:00Z)";
    return invocation.from.has_value();
}

bool set_timezone(Invocation& invocation, std::string_view value, Sink&) {
    invocation.timezone = value;
    return true;
}

bool set_run(Invocation& invocation, std::string_view value, Sink& problem) {
    const auto number = value == "last" ? 1 : parse_unsigned(value, INT32_MAX).value_or(0);
    if (number == 0) problem << "--run takes last, or a number: 1 is the last run, 2 that before";
    invocation.run = number;
    return number > 0;
}

bool set_log_directory(Invocation& invocation, std::string_view value, Sink&) {
    invocation.log_directory = value;
    return invocation.reads_log_directory = true;
}

// Sets one flag of the invocation.
template <auto Member, bool Value = true>
bool set_flag(Invocation& invocation, std::string_view, Sink&) {
    invocation.*Member = Value;
    return true;
}

// Of two rows of one name the one that belongs to the command given comes first.
constexpr OptionRow options[] = {
    {"-r", "RUNDIR", "", "which reeve: its run directory", set_run_directory},
    {"-d", "DIR", "", "where the service files are, if not where reeve has them", add_directory},
    {"-t", "TIMEOUT", "", "how long to wait for the outcome; 1m", set_timeout},
    {"-n", "N", "logs", "the last N lines only", set_lines},
    {"-l", "LOGDIR", "logs", "read there, and ask no reeve", set_log_directory},
    {"--since", "TIME", "logs", "from then on: a duration back from now, or a date", set_since},
    {"--run", "N", "logs", "of one run only: last or 1, 2 for the one before, ...", set_run},
    {"--from", "TIME", "when", "those after it, not after now", set_from},
    {"--timezone", "ZONE", "when", "there, and not in the machine's own zone", set_timezone},
    {"-n", "", "", "do not wait for the outcome", set_flag<&Invocation::waits, false>},
    {"-f", "", "logs events", "go on with what comes", set_flag<&Invocation::follows>},
    {"--week", "", "next", "a calendar of the coming seven days", set_flag<&Invocation::week>},
    {"-v", "", "check", "also what is to come of each schedule", set_flag<&Invocation::verbose>},
    {"--now", "", "up enable disable", "up: outside its window as well; else start or stop it too",
     set_flag<&Invocation::now>},
    {"--rolling", "", "restart", "one at a time, as long as each becomes ready",
     set_flag<&Invocation::rolling>},
    {"--state", "STATE", "wait", "until it is in this state", set_state},
    {"--dot", "", "graph", "for Graphviz", set_flag<&Invocation::dot>},
    {"--json", "", "", "one JSON array; logs and events: an object a line",
     set_flag<&Invocation::json>},
    {"-h", "", "", "the list of commands", set_flag<&Invocation::help>},
    {"--help", "", "", "the same", set_flag<&Invocation::help>},
    {"-V", "", "", "the version", set_flag<&Invocation::version>},
    {"--version", "", "", "the same", set_flag<&Invocation::version>},
};

bool has_word(std::string_view words, std::string_view wanted) {
    for (auto word = take_word(words); !word.empty(); word = take_word(words))
        if (word == wanted) return true;
    return false;
}

// The option's row, for the command if that is known; null: there is none.
const OptionRow* find_option(std::string_view name, std::string_view command) {
    const OptionRow* found = nullptr;
    for (const OptionRow& row : options) {
        if (name != row.name) continue;
        if (has_word(row.commands, command)) return &row;
        if (found == nullptr || *found->commands != '\0') found = &row;
    }
    return found;
}

// "-t5s" and "--state=running" carry their value with them.
std::string_view name_of_option(std::string_view word) {
    return word.substr(0, word[1] == '-' ? word.find('=') : 2);
}

bool is_option(std::string_view word) { return word.size() > 1 && word[0] == '-'; }

// The first word that is no option, nor an option's value.
std::string_view find_command(std::span<char*> words) {
    for (size_t i = 0; i < words.size(); ++i) {
        const std::string_view word = words[i];
        if (!is_option(word)) return word;
        if (word == "--") return i + 1 < words.size() ? words[i + 1] : std::string_view();
        const std::string_view name = name_of_option(word);
        const OptionRow* row = find_option(name, {});
        if (row != nullptr && *row->value != '\0' && word.size() == name.size()) ++i;
    }
    return {};
}

// Takes the option at `place`, and its value where that is a word of its own.
bool take_option(Invocation& invocation, std::span<char*> words, size_t& place,
                 std::string_view command, Sink& problem) {
    const std::string_view word = words[place];
    const std::string_view name = name_of_option(word);
    const OptionRow* row = find_option(name, command);
    if (row == nullptr) {
        problem << "unknown option ";
        append_shown(problem, word);
        problem << " (svctl help lists them)";
        return false;
    }
    if (*row->commands != '\0' && !has_word(row->commands, command)) {
        append(problem, name, " is an option of: ", row->commands);
        return false;
    }
    std::string_view value = word.substr(name.size());
    if (name[1] == '-' && !value.empty()) value.remove_prefix(1);
    if (*row->value == '\0' && !value.empty()) {
        append(problem, name, " takes no value");
        return false;
    }
    if (*row->value != '\0' && value.empty() && place + 1 < words.size()) value = words[++place];
    if (*row->value != '\0' && value.empty()) {
        append(problem, name, " needs a value");
        return false;
    }
    return row->set(invocation, value, problem);
}

}  // namespace

std::span<const OptionRow> option_rows() { return options; }

// Options stand before or behind the command, as people type them; what follows "--" is none.
bool parse_invocation(int argc, char** argv, Invocation& invocation, Sink& problem) {
    const std::span<char*> words(argv + 1, static_cast<size_t>(argc > 0 ? argc - 1 : 0));
    const std::string_view command = find_command(words);
    bool options_end = false;
    for (size_t i = 0; i < words.size(); ++i) {
        const std::string_view word = words[i];
        if (options_end || !is_option(word)) {
            invocation.words.push_back(word);
        } else if (word == "--") {
            options_end = true;
        } else if (!take_option(invocation, words, i, command, problem)) {
            return false;
        }
    }
    return true;
}

}  // namespace reeve
