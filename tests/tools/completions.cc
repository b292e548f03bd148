// Writes the tables of a shell's completion of svctl and reeve, from their own: `completions bash`,
// `zsh` or `fish`. What the shells do with them stands in contrib/completions, around the tables.

#include <algorithm>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/parse.h"
#include "conf/schema.h"
#include "model/signals.h"
#include "reeve/options.h"
#include "svctl/svctl.h"

using namespace reeve;

namespace {

using Strings = std::vector<std::string>;

// For a string between apostrophes.
std::string quoted(std::string_view text, bool fish = false) {
    std::string out = "'";
    for (const char c : text) {
        if (c != '\'')
            out += c;
        else
            out += fish ? "\\'" : "'\\''";
    }
    return out + "'";
}

std::string joined(const Strings& words) {
    std::string out;
    for (const std::string& word : words) out.append(out.empty() ? "" : " ").append(word);
    return out;
}

bool has_word(std::string_view words, std::string_view wanted) {
    for (auto word = take_word(words); !word.empty(); word = take_word(words))
        if (word == wanted) return true;
    return false;
}

Strings names_of_commands() {
    Strings names;
    for (const CommandRow& row : command_rows()) names.push_back(row.name);
    return names;
}

Strings names_of_states() {
    Strings names;
    for (int i = 0; i < static_cast<int>(state_count); ++i)
        names.push_back(name_of(static_cast<State>(i)));
    return names;
}

// Those that have one.
Strings names_of_signals() {
    Strings names;
    for (int i = 1; i < 32; ++i) {
        Buffer<16> name;
        append_signal(name, i);
        if (!parse_unsigned(name.view(), signal_max)) names.emplace_back(name.view());
    }
    return names;
}

Strings names_of_keys(bool all) {
    Strings names;
    for (const Key& key : service_keys) names.push_back(key.name);
    if (!all) return names;
    for (const Key& key : settings_keys) {
        const bool known = std::find(names.begin(), names.end(), key.name) != names.end();
        if (!known) names.push_back(key.name);
    }
    return names;
}

// "restart=always" for each word that is a value by itself; such as end in ':' want more.
Strings words_of_values() {
    Strings found;
    for (const Key& key : service_keys) {
        std::string words = key.kind == &kind::choice || key.kind == &kind::limit ? key.words : "";
        if (key.kind == &kind::flag) words = "yes no";
        if (key.kind == &kind::ready) words = "exec notify fd:";
        if (key.kind == &kind::retries) words = "unlimited";
        if (key.kind == &kind::input) words = "fifo";
        std::string_view rest = words;
        for (auto word = take_word(rest); !word.empty(); word = take_word(rest))
            if (word != "-") found.push_back(std::string(key.name) + "=" + std::string(word));
    }
    return found;
}

Strings keys_of(std::initializer_list<const Kind*> kinds) {
    Strings names;
    for (const Key& key : service_keys)
        if (std::find(kinds.begin(), kinds.end(), key.kind) != kinds.end())
            names.push_back(key.name);
    return names;
}

// An option of reeve, as its usage has it: "-d DIR   a directory".
struct ReeveOption {
    std::string name;
    std::string value;
    std::string doc;
};

std::vector<ReeveOption> options_of_reeve() {
    std::vector<ReeveOption> found;
    size_t whole = 0;  // options whose doc is known
    std::string_view rest = reeve_usage;
    while (!rest.empty()) {
        std::string_view line = take_line(rest);
        const bool begins = line.starts_with("  -") && !line.starts_with("  -- ");
        if (!begins && whole == found.size()) continue;
        line = trim(line);
        if (begins) {
            const std::string_view names = line.substr(0, line.find("  "));
            line.remove_prefix(names.size());
            std::string_view words = names;
            for (auto word = take_word(words); !word.empty(); word = take_word(words)) {
                if (word.ends_with(',')) word.remove_suffix(1);
                if (word.starts_with('-'))
                    found.push_back({std::string(word), "", ""});
                else
                    found.back().value = word;
            }
        }
        if (trim(line).empty()) continue;
        for (; whole < found.size(); ++whole) found[whole].doc = trim(line);
    }
    return found;
}

// "[NAME]..." as "NAME...": what the arguments are, in their order; "..." stands behind what may
// repeat. Options among them have a table of their own.
std::string arguments_of(const CommandRow& row) {
    std::string_view rest = row.arguments;
    Strings kinds;
    for (auto word = take_word(rest); !word.empty(); word = take_word(rest)) {
        std::string kind(word);
        std::erase(kind, '[');
        std::erase(kind, ']');
        if (!kind.starts_with('-')) kinds.push_back(kind);
    }
    return joined(kinds);
}

// The rows that hold for a command, of which one with the same name hides the general one.
std::vector<const OptionRow*> options_of(std::string_view command) {
    std::vector<const OptionRow*> found;
    for (const OptionRow& row : option_rows()) {
        if (*row.commands != '\0' && !has_word(row.commands, command)) continue;
        bool hidden = false;
        for (const OptionRow* earlier : found)
            hidden |= std::string_view(earlier->name) == row.name;
        if (!hidden) found.push_back(&row);
    }
    return found;
}

bool has_own_options(std::string_view command) {
    for (const OptionRow& row : option_rows())
        if (has_word(row.commands, command)) return true;
    return false;
}

// What help calls "the same" is said again.
std::string_view doc_of(const OptionRow& row) {
    return row.doc == std::string_view("the same") ? (&row)[-1].doc : row.doc;
}

// "-t=TIMEOUT" of those that take a value.
std::string values_of(const std::vector<const OptionRow*>& options) {
    Strings values;
    for (const OptionRow* row : options)
        if (*row->value != '\0') values.push_back(std::string(row->name) + "=" + row->value);
    return joined(values);
}

void print_words(const char* shell, const char* name, const Strings& words) {
    if (shell == std::string_view("fish"))
        std::cout << "set -g __svctl_" << name << ' ' << joined(words) << '\n';
    else if (shell == std::string_view("zsh"))
        std::cout << "typeset -ga _svctl_" << name << "=(" << joined(words) << ")\n";
    else
        std::cout << "_svctl_" << name << "='" << joined(words) << "'\n";
}

// "status|list" for each kind of arguments, once.
void print_arguments() {
    std::cout << "    case $1 in\n";
    Strings told;
    for (const CommandRow& row : command_rows()) {
        const std::string arguments = arguments_of(row);
        const bool known = std::find(told.begin(), told.end(), arguments) != told.end();
        if (known || arguments.empty()) continue;
        told.push_back(arguments);
        Strings same;
        for (const CommandRow& other : command_rows())
            if (arguments_of(other) == arguments) same.push_back(other.name);
        std::cout << "    " << same.front();
        for (size_t i = 1; i < same.size(); ++i) std::cout << '|' << same[i];
        std::cout << ") arguments=" << quoted(arguments) << " ;;\n";
    }
    std::cout << "    *) arguments='' ;;\n    esac\n";
}

void print_bash_options(const std::vector<const OptionRow*>& options) {
    Strings names;
    for (const OptionRow* row : options) names.push_back(row->name);
    std::cout << " options=" << quoted(joined(names)) << " values=" << quoted(values_of(options));
}

// Of _describe: "NAME:DOC", where a colon in the name would have to be escaped.
void print_zsh_options(const std::vector<const OptionRow*>& options) {
    std::cout << "\n        values=" << quoted(values_of(options)) << "\n        options=(\n";
    for (const OptionRow* row : options)
        std::cout << "            " << quoted((std::string(row->name) + ":").append(doc_of(*row)))
                  << '\n';
    std::cout << "        )";
}

// What belongs to no command.
void print_general_words(const char* shell) {
    print_words(shell, "states", names_of_states());
    print_words(shell, "signals", names_of_signals());
    print_words(shell, "keys", names_of_keys(true));
    print_words(shell, "service_keys", names_of_keys(false));
    print_words(shell, "key_values", words_of_values());
    print_words(shell, "name_keys", keys_of({&kind::services}));
    print_words(shell, "signal_keys", keys_of({&kind::signal}));
    print_words(shell, "file_keys", keys_of({&kind::path, &kind::variable_file, &kind::argv}));
    Strings values;
    for (const ReeveOption& option : options_of_reeve())
        if (!option.value.empty()) values.push_back(option.name + "=" + option.value);
    print_words(shell, "reeve_values", values);
}

void print_for_bash_or_zsh(const char* shell) {
    const bool zsh = shell == std::string_view("zsh");
    const auto print_options = zsh ? print_zsh_options : print_bash_options;
    if (zsh) {
        std::cout << "typeset -ga _svctl_commands=(\n";
        for (const CommandRow& row : command_rows())
            std::cout << "    " << quoted(std::string(row.name) + ":" + row.doc) << '\n';
        std::cout << ")\n";
    } else {
        print_words(shell, "commands", names_of_commands());
    }
    print_general_words(shell);
    if (zsh) {
        std::cout << "typeset -ga _svctl_reeve_options=(\n";
        for (const ReeveOption& option : options_of_reeve())
            std::cout << "    " << quoted(option.name + ":" + option.doc) << '\n';
        std::cout << ")\n";
    } else {
        Strings names;
        for (const ReeveOption& option : options_of_reeve()) names.push_back(option.name);
        print_words(shell, "reeve_options", names);
    }
    std::cout << "\n# Sets arguments, options and values, of the command; empty: of none.\n"
                 "_svctl_describe()\n{\n";
    print_arguments();
    std::cout << "    case $1 in\n";
    for (const CommandRow& row : command_rows()) {
        if (!has_own_options(row.name)) continue;
        std::cout << "    " << row.name << ')';
        print_options(options_of(row.name));
        std::cout << " ;;\n";
    }
    std::cout << "    *)";
    print_options(options_of(""));
    std::cout << " ;;\n    esac\n}\n";
}

// One `complete`; `condition` is a command of fish, or empty.
void print_fish_option(const OptionRow& row, const std::string& condition) {
    const std::string_view name = row.name;
    std::cout << "complete -c svctl";
    if (!condition.empty()) std::cout << " -n " << quoted(condition, true);
    if (name.starts_with("--"))
        std::cout << " -l " << name.substr(2);
    else
        std::cout << " -s " << name.substr(1);
    if (*row.value != '\0') std::cout << " -x -a '(__svctl_values " << row.value << ")'";
    std::cout << " -d " << quoted(doc_of(row), true) << '\n';
}

// The commands that have an option of the same name for themselves.
std::string commands_hiding(const OptionRow& general) {
    Strings commands;
    for (const OptionRow& row : option_rows())
        if (*row.commands != '\0' && std::string_view(row.name) == general.name)
            commands.push_back(row.commands);
    return joined(commands);
}

void print_for_fish() {
    print_words("fish", "commands", names_of_commands());
    print_general_words("fish");
    Strings with_value;
    for (const OptionRow& row : option_rows()) {
        const std::string name = row.name;
        if (*row.value == '\0') continue;
        if (*row.commands == '\0') with_value.push_back(name);
        std::string_view rest = row.commands;
        for (auto word = take_word(rest); !word.empty(); word = take_word(rest))
            with_value.push_back(std::string(word) + name);
    }
    std::cout << "# Options that take a value: of all commands, or behind the command's name.\n";
    print_words("fish", "with_value", with_value);
    std::cout << "\nfunction __svctl_arguments_of\n    switch \"$argv[1]\"\n";
    for (const CommandRow& row : command_rows()) {
        const std::string arguments = arguments_of(row);
        if (arguments.empty()) continue;
        std::cout << "        case " << row.name << "\n            string split ' ' "
                  << quoted(arguments, true) << '\n';
    }
    std::cout << "    end\nend\n\n";
    for (const CommandRow& row : command_rows())
        std::cout << "complete -c svctl -n '__svctl_command_is \"\"' -a " << row.name << " -d "
                  << quoted(row.doc, true) << '\n';
    for (const OptionRow& row : option_rows()) {
        const std::string hiding = *row.commands == '\0' ? commands_hiding(row) : "";
        std::string condition;
        if (*row.commands != '\0') condition = "__svctl_command_is " + std::string(row.commands);
        if (!hiding.empty()) condition = "not __svctl_command_is " + hiding;
        print_fish_option(row, condition);
    }
    for (const ReeveOption& option : options_of_reeve()) {
        const std::string_view name = option.name;
        std::cout << "complete -c reeve -n __svctl_in_reeve"
                  << (name.starts_with("--") ? " -l " : " -s ")
                  << name.substr(name.starts_with("--") ? 2 : 1);
        if (!option.value.empty()) std::cout << " -x -a '(__svctl_values DIR)'";
        std::cout << " -d " << quoted(option.doc, true) << '\n';
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view shell = argc > 1 ? argv[1] : "";
    if (shell == "bash" || shell == "zsh")
        print_for_bash_or_zsh(argv[1]);
    else if (shell == "fish")
        print_for_fish();
    else
        std::cerr << "usage: completions bash|zsh|fish\n";
    return std::cout.flush() && std::cout.tellp() != 0 ? 0 : 2;
}
