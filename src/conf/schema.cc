#include "conf/schema.h"

#include <algorithm>

#include "base/check.h"
#include "base/escape.h"
#include "base/limits.h"
#include "base/parse.h"
#include "base/spelling.h"
#include "conf/words.h"
#include "model/signals.h"

namespace reeve {

namespace {

// The n-th of blank-separated words.
std::string_view word_at(std::string_view words, size_t n) {
    std::string_view word = take_word(words);
    while (n-- > 0) word = take_word(words);
    return word;
}

void append_limit(Sink& out, uint64_t bound) {
    if (bound == unlimited) {
        out << "unlimited";
    } else {
        out << bound;
    }
}

// One line for each limit that is set: "NAME BOUND" or "NAME SOFT:HARD".
void append_limits(Sink& out, const Key& key, const std::array<Limit, limit_count>& limits) {
    for (size_t i = 0; i < limits.size(); ++i) {
        const Limit& limit = limits[i];
        if (!limit.set) continue;
        if (!out.empty()) out << '\n';
        out << word_at(key.words, i) << ' ';
        append_limit(out, limit.soft);
        if (limit.hard == limit.soft) continue;
        out << ':';
        append_limit(out, limit.hard);
    }
}

void append_ends(Sink& out, const EndSet& ends) {
    for (int code = 0; code < 256; ++code)
        if (ends.has_code(code)) out << (!out.empty() ? " " : "") << code;
    for (int number = 1; number <= signal_max; ++number) {
        if (!ends.has_signal(number)) continue;
        out << (!out.empty() ? " SIG" : "SIG");
        append_signal(out, number);
    }
}

void append_ready(Sink& out, const Ready& ready) {
    switch (ready.kind) {
    case ReadyKind::exec: out << "exec"; return;
    case ReadyKind::after:
        out << "after ";
        append_duration(out, ready.delay);
        return;
    case ReadyKind::fd: out << "fd:" << ready.fd; return;
    case ReadyKind::notify: out << "notify"; return;
    }
}

void append_factor(Sink& out, int32_t percent) {
    out << percent / 100;
    const int32_t rest = percent % 100;
    if (rest == 0) return;
    out << '.' << rest / 10;
    if (rest % 10 != 0) out << rest % 10;
}

// The values that are numbers at heart.
void append_scalar(Sink& out, const Key& key, const void* place) {
    const auto as_int32 = [place] { return *static_cast<const int32_t*>(place); };
    switch (key.kind) {
    case Kind::flag: out << (*static_cast<const bool*>(place) ? "yes" : "no"); return;
    case Kind::choice: {
        const std::string_view word = word_at(key.words, *static_cast<const unsigned char*>(place));
        if (word != "-") out << word;
        return;
    }
    case Kind::duration: return append_duration(out, *static_cast<const Duration*>(place));
    case Kind::bytes: return append_exact_size(out, *static_cast<const uint64_t*>(place));
    case Kind::number: out << as_int32(); return;
    case Kind::nice:
        if (const auto& n = *static_cast<const std::optional<int8_t>*>(place)) out << int{*n};
        return;
    case Kind::score:
        if (const auto& n = *static_cast<const std::optional<int16_t>*>(place)) out << int{*n};
        return;
    case Kind::retries:
        if (as_int32() == 0) {
            out << "unlimited";
        } else {
            out << as_int32();
        }
        return;
    case Kind::factor: return append_factor(out, as_int32());
    case Kind::signal: return append_signal(out, as_int32());
    case Kind::umask:
        if (const int32_t mask = as_int32(); mask >= 0)
            out << mask / 64 << mask / 8 % 8 << mask % 8;
        return;
    case Kind::limit:
        return append_limits(out, key, *static_cast<const std::array<Limit, limit_count>*>(place));
    case Kind::ends:
    case Kind::codes: return append_ends(out, *static_cast<const EndSet*>(place));
    case Kind::ready: return append_ready(out, *static_cast<const Ready*>(place));
    default: check(!"a kind of number");
    }
}

// With % doubled, as set_value halves it.
void append_doubled(Sink& out, std::string_view text) {
    for (const char c : text) {
        if (c == '%') out << '%';
        out << c;
    }
}

void append_words(Sink& out, const Key& key, const Words& words) {
    const bool one_a_line = key.kind == Kind::variable || key.kind == Kind::variable_file;
    const char* separator = "";
    for (const std::string_view word : words) {
        out << separator;
        separator = one_a_line ? "\n" : " ";
        if (key.kind == Kind::argv) {
            append_quoted(out, word);
        } else {
            out << word;
        }
    }
}

const char* type_of(Kind kind) {
    switch (kind) {
    case Kind::text: return "text";
    case Kind::shell_line: return "shell line";
    case Kind::path: return "path";
    case Kind::user: return "user[:group]";
    case Kind::identifier: return "identifier";
    case Kind::argv: return "words";
    case Kind::variable: return "NAME=value";
    case Kind::variable_file: return "[-]path";
    case Kind::directory: return "path";
    case Kind::labels: return "labels";
    case Kind::services: return "services";
    case Kind::flag: return "yes|no";
    case Kind::duration: return "duration";
    case Kind::bytes: return "size";
    case Kind::number:
    case Kind::nice:
    case Kind::score: return "number";
    case Kind::retries: return "number|unlimited";
    case Kind::factor: return "decimal";
    case Kind::signal: return "signal";
    case Kind::umask: return "octal";
    case Kind::limit: return "NAME SOFT[:HARD]";
    case Kind::ends: return "exit codes, signals";
    case Kind::codes: return "exit codes";
    case Kind::ready: return "exec|after DURATION|fd:N|notify";
    case Kind::format: return "1";
    case Kind::choice:
    case Kind::any: break;
    }
    return "as KEY";
}

}  // namespace

const Key* find_key(std::span<const Key> keys, std::string_view name) {
    for (const Key& key : keys)
        if (key.name == name) return &key;
    return nullptr;
}

// As others call it (systemd, supervisord, dinit, compose), in small letters.
constexpr std::string_view foreign_keys =
    "execstart exec execstartpre pre_start execstop stop_command execstoppost post_stop "
    "execreload reload_command workingdirectory workdir environmentfile env_file "
    "environment env group user requires depends_on wants depends_on needs depends_on "
    "need depends_on depends depends_on dependencies depends_on killsignal stop_signal "
    "timeoutstopsec stop_timeout restartsec restart_delay limitnofile limit standardoutput log "
    "standardinput stdin directory workdir autostart enabled startretries retries "
    "retry retries tries retries max_retries retries stopwaitsecs stop_timeout "
    "stdout_logfile log logfile log output log stdout log stderr log waits_for after "
    "before after cwd workdir chdir workdir dir workdir cmd command run command start command "
    "script command program exec args exec argv exec entrypoint exec finish post_stop "
    "healthcheck start_check username user gid user runas user variables env export env "
    "ulimit limit rlimit limit priority nice signal stop_signal timeout stop_timeout "
    "delay restart_delay respawn restart autorestart restart exitcodes success "
    "successexitstatus success comment description tags group label group notify ready";

std::string_view nearest_key(std::span<const Key> keys, std::string_view name) {
    const std::string_view translated = translate(foreign_keys, name);
    if (find_key(keys, translated) != nullptr) return translated;
    Nearest nearest(name);
    for (const Key& key : keys) nearest.offer(key.name);
    return nearest.found();
}

void append_type(Sink& out, const Key& key) {
    if (key.kind != Kind::choice) {
        out << type_of(key.kind);
        if (key.max != 0 && key.kind != Kind::factor && key.kind != Kind::retries)
            out << ' ' << key.min << ".." << key.max;
        return;
    }
    std::string_view words = key.words;
    const char* separator = "";
    for (auto word = take_word(words); !word.empty(); word = take_word(words)) {
        if (word == "-") continue;
        out << separator << word;
        separator = "|";
    }
}

const char* name_of(Applies applies) { return applies == Applies::live ? "live" : "next start"; }

Draft::Draft() : policy(new Policy), definition(new Definition) {
    Buffer<shown_max_bytes * 4> problem;
    for (const Key& key : service_keys)
        if (*key.default_text != '\0')
            check(set_value(key, key.default_text, Origin::shared, *this, problem));
    for (const Key& key : settings_keys)
        if (key.owner == Owner::settings && *key.default_text != '\0')
            check(set_value(key, key.default_text, Origin::shared, *this, problem));
}

// What a definition holds is empty by default.
Draft::Draft(const Policy& default_policy, const Settings& default_settings)
    : policy(copy_of(default_policy)), definition(new Definition), settings(default_settings) {}

const void* owner_of(const Key& key, const Values& values) {
    switch (key.owner) {
    case Owner::definition: return values.definition;
    case Owner::policy: return values.policy;
    case Owner::settings: return values.settings;
    case Owner::nobody: break;
    }
    return nullptr;
}

void append_value(Sink& out, const Key& key, const Values& values) {
    const void* owner = owner_of(key, values);
    if (owner == nullptr) {
        out << key.default_text;
        return;
    }
    const void* place = key.place(owner);
    LongText text;
    if (key.kind <= Kind::identifier) {
        text << *static_cast<const Text*>(place);
        if (text.empty()) text << key.default_text;
    } else if (key.kind <= Kind::services) {
        append_words(text, key, *static_cast<const Words*>(place));
    } else {
        return append_scalar(out, key, place);
    }
    if (key.kind == Kind::shell_line)
        out << text.view();
    else
        append_doubled(out, text);
}

Digests digests_of(const Values& values) {
    Digests digests;
    LongText value;
    LongText line;
    for (const Key& key : service_keys) {
        value.clear();
        append_value(value, key, values);
        if (value.view() == key.default_text) continue;
        line.clear();
        line << key.name << '=' << value.view() << '\n';
        digests.all = digest(line, digests.all);
        if (key.applies == Applies::next_start) digests.process = digest(line, digests.process);
        if (key.owner == Owner::policy) digests.policy = digest(line, digests.policy);
    }
    return digests;
}

void append_shown(Sink& out, std::string_view text) {
    const size_t length = text.size();
    text = text.substr(0, shown_max_bytes);
    if (text.size() < length) {  // not in the middle of a character in UTF-8
        while (!text.empty() && (text.back() & 0xC0) == 0x80) text.remove_suffix(1);
        if (!text.empty() && (text.back() & 0x80) != 0) text.remove_suffix(1);
    }
    append_escaped(out, text);
    if (text.size() < length) out << "...";
}

}  // namespace reeve
