// How values are read: the other half of schema.h, whose printing half is schema.cc.

#include <algorithm>

#include "base/format.h"
#include "base/limits.h"
#include "base/parse.h"
#include "base/spelling.h"
#include "conf/schema.h"
#include "conf/words.h"
#include "model/signals.h"

namespace reeve {

namespace {

// A value to be read. The read_* functions below store it, or say what is wrong with it.
struct Input {
    const Key& key;
    std::string_view value;  // never empty; % is expanded already
    void* place;             // the member, of the type that goes with key.kind
    std::string_view service;
    Origin origin;
    Sink& problem;

    bool wrong(const char* text) const {
        problem << text;
        return false;
    }
    bool wrong_word(std::string_view word, const char* text) const {
        problem << '\'';
        append_shown(problem, word);
        problem << "' " << text;
        return false;
    }
};

// "a, b or c"
void append_choices(Sink& out, std::string_view words) {
    const char* separator = "";
    for (auto word = take_word(words); !word.empty(); word = take_word(words)) {
        out << separator << word;
        separator = words.find(' ', 1) == words.npos ? " or " : ", ";
    }
}

// The place of `value` among blank-separated words.
std::optional<uint8_t> find_word(const Input& in, std::string_view value, std::string_view words) {
    uint8_t place = 0;
    if (words.front() == '-') {
        take_word(words);
        ++place;
    }
    std::string_view rest = words;
    for (auto word = take_word(rest); !word.empty(); word = take_word(rest), ++place)
        if (word == value) return place;
    Nearest nearest(value);
    rest = words;
    for (auto word = take_word(rest); !word.empty(); word = take_word(rest)) nearest.offer(word);
    in.problem << "expected ";
    append_choices(in.problem, words);
    const bool near = !nearest.found().empty() && value.size() > 2;  // on is not meant to be no
    if (near) in.problem << " (did you mean " << nearest.found() << "?)";
    return std::nullopt;
}

bool read_text(const Input& in) {
    // The default is held as an empty text.
    *static_cast<Text*>(in.place) = in.value == in.key.default_text ? Text() : Text(in.value);
    return true;
}

bool read_path(const Input& in) {
    if (in.value.front() != '/') return in.wrong("expected a path that begins with /");
    return read_text(in);
}

bool read_user(const Input& in) {
    const size_t colon = in.value.find(':');
    const bool parts = colon == in.value.npos || (colon > 0 && colon + 1 < in.value.size() &&
                                                  in.value.find(':', colon + 1) == in.value.npos);
    if (!parts || in.value.find_first_of(" \t") != in.value.npos)
        return in.wrong("expected USER or USER:GROUP, names or numbers");
    return read_text(in);
}

bool read_identifier(const Input& in) {
    if (!is_name(in.value, false)) return in.wrong("expected at most 63 letters, digits, _ and -");
    return read_text(in);
}

bool read_argv(const Input& in) {
    Words words;
    if (const char* problem = split_words(in.value, words)) return in.wrong(problem);
    if (words.front().empty()) return in.wrong("the first word is empty");
    *static_cast<Words*>(in.place) = std::move(words);
    return true;
}

bool read_variable(const Input& in) {
    const size_t equals = in.value.find('=');
    if (equals == in.value.npos || equals == 0) return in.wrong("expected NAME=value");
    const std::string_view name = in.value.substr(0, equals);
    for (size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        const bool other = (c >= '0' && c <= '9') || c == '.';
        if (letter || (other && i > 0)) continue;
        return in.wrong_word(name,
                             "is no variable's name: letters, digits, _ and dots, no digit or "
                             "dot first");
    }
    static_cast<Words*>(in.place)->append(in.value);
    return true;
}

// Whoever reads directories looks for it: see append_trusted() in conf/load.
bool read_directory(const Input& in) {
    return in.value.front() == '/' || in.wrong("expected a directory, a path that begins with /");
}

bool read_variable_file(const Input& in) {
    if (in.value.front() != '/' && !in.value.starts_with("-/"))
        return in.wrong("expected a path that begins with /, or with -/ where it may be missing");
    static_cast<Words*>(in.place)->append(in.value);
    return true;
}

// Labels, or the names of other services. Nothing is appended unless all words are good, and none
// twice.
bool read_names(const Input& in) {
    const bool services = in.key.kind == Kind::services;
    Words words = *static_cast<Words*>(in.place);
    std::string_view rest = in.value;
    for (auto word = take_word(rest); !word.empty(); word = take_word(rest)) {
        const size_t at = services ? word.find('@') : word.npos;
        if (!is_name(word.substr(0, at)) || (at != word.npos && !is_name(word.substr(at + 1)))) {
            return in.wrong_word(word, "is no name: at most 63 letters, digits, _, - and :");
        }
        if (services && word == in.service) {
            if (in.origin == Origin::shared) continue;
            return in.wrong("a service cannot wait for itself");
        }
        if (!words.contains(word)) words.append(word);
    }
    *static_cast<Words*>(in.place) = std::move(words);
    return true;
}

bool read_flag(const Input& in) {
    const auto word = find_word(in, in.value, "yes no");
    if (word) *static_cast<bool*>(in.place) = *word == 0;
    return word.has_value();
}

bool read_choice(const Input& in) {
    const auto word = find_word(in, in.value, in.key.words);
    if (word) *static_cast<unsigned char*>(in.place) = *word;
    return word.has_value();
}

bool read_duration(const Input& in) {
    const auto duration = parse_duration(in.value);
    if (duration && duration->ms >= in.key.min) {
        *static_cast<Duration*>(in.place) = *duration;
        return true;
    }
    in.problem << "expected a duration from ";
    append_duration(in.problem, milliseconds(in.key.min));
    in.problem << " to ";
    append_duration(in.problem, milliseconds(duration_max_ms));
    return in.wrong(", such as 250ms, 5s or 1h30m");
}

bool read_bytes(const Input& in) {
    const auto size = parse_size(in.value);
    if (!size || *size == 0) return in.wrong("expected a size, such as 512K, 20M or 1G");
    *static_cast<uint64_t*>(in.place) = *size;
    return true;
}

bool read_number(const Input& in) {
    const auto n = parse_integer(in.value, in.key.min, in.key.max);
    if (!n) {
        in.problem << "expected a number from " << in.key.min << " to " << in.key.max;
        return false;
    }
    if (in.key.kind == Kind::nice) {
        *static_cast<std::optional<int8_t>*>(in.place) = static_cast<int8_t>(*n);
    } else if (in.key.kind == Kind::score) {
        *static_cast<std::optional<int16_t>*>(in.place) = static_cast<int16_t>(*n);
    } else {
        *static_cast<int32_t*>(in.place) = static_cast<int32_t>(*n);
    }
    return true;
}

bool read_retries(const Input& in) {
    if (in.value == "0") return in.wrong("to run it once only, write restart = never");
    if (in.value == "unlimited") {
        *static_cast<int32_t*>(in.place) = 0;
        return true;
    }
    if (read_number(in)) return true;
    return in.wrong(", or unlimited");
}

// A decimal with at most two places, to percent.
bool read_factor(const Input& in) {
    const size_t point = in.value.find('.');
    const auto whole = parse_unsigned(in.value.substr(0, point), restart_factor_max_percent / 100);
    uint64_t percent = whole.value_or(0) * 100;
    bool good = whole.has_value();
    if (point != in.value.npos) {
        const std::string_view places = in.value.substr(point + 1);
        const auto part = parse_unsigned(places, 99);
        good = good && part && places.size() <= 2;
        percent += part.value_or(0) * (places.size() == 1 ? 10 : 1);
    }
    const auto in_percent = static_cast<int32_t>(percent);
    if (!good || in_percent < in.key.min || in_percent > in.key.max) {
        in.problem << "expected a factor from " << in.key.min / 100 << " to " << in.key.max / 100;
        return in.wrong(", such as 2 or 1.5");
    }
    *static_cast<int32_t*>(in.place) = in_percent;
    return true;
}

bool read_signal(const Input& in) {
    const auto number = parse_signal(in.value);
    if (!number) return in.wrong("expected a signal, such as TERM, USR1 or 15");
    *static_cast<int32_t*>(in.place) = *number;
    return true;
}

bool read_umask(const Input& in) {
    int32_t mask = 0;
    for (const char c : in.value) {
        if (c < '0' || c > '7' || mask > 0777) {
            mask = 01000;
            break;
        }
        mask = mask * 8 + (c - '0');
    }
    if (mask > 0777) return in.wrong("expected an octal number from 000 to 777");
    *static_cast<int32_t*>(in.place) = mask;
    return true;
}

bool read_limit(const Input& in) {
    constexpr char form[] = "expected NAME SOFT[:HARD], numbers, sizes such as 512K, or unlimited";
    if (in.value.find('=') != in.value.npos) return in.wrong(form);
    std::string_view rest = in.value;
    const auto name = find_word(in, take_word(rest), in.key.words);
    if (!name) return false;
    const std::string_view bounds = trim(rest);
    const size_t colon = bounds.find(':');
    const auto bound = [](std::string_view text) {
        return text == "unlimited" ? std::optional(unlimited) : parse_size(text);
    };
    const auto soft = bound(bounds.substr(0, colon));
    const auto hard = colon == bounds.npos ? soft : bound(bounds.substr(colon + 1));
    if (!soft || !hard) return in.wrong(form);
    if (*soft > *hard) return in.wrong("the soft limit is above the hard one");
    (*static_cast<std::array<Limit, limit_count>*>(in.place))[*name] = {true, *soft, *hard};
    return true;
}

bool read_ends(const Input& in) {
    const bool signals = in.key.kind == Kind::ends;
    EndSet ends;
    std::string_view rest = in.value;
    for (auto word = take_word(rest); !word.empty(); word = take_word(rest)) {
        const bool digit = word.front() >= '0' && word.front() <= '9';
        const auto code = parse_unsigned(word, 255);
        const auto number = signals && !digit ? parse_signal(word) : std::nullopt;
        if (code) {
            ends.add_code(static_cast<int>(*code));
        } else if (number) {
            ends.add_signal(*number);
        } else {
            return in.wrong_word(word,
                                 signals ? "is neither an exit code (0 to 255) nor a signal's name"
                                         : "is no exit code (0 to 255)");
        }
    }
    *static_cast<EndSet*>(in.place) = ends;
    return true;
}

bool read_ready(const Input& in) {
    std::string_view rest = in.value;
    const std::string_view word = take_word(rest);
    rest = trim(rest);
    Ready ready;
    if (word.starts_with("fd:") && rest.empty()) {
        const auto number = parse_unsigned(word.substr(3), ready_fd_max);
        if (number && *number <= 2)
            return in.wrong("descriptors 0 to 2 are the service's stdin, stdout and stderr");
        if (!number) {
            in.problem << "expected a descriptor from 3 to " << ready_fd_max;
            return false;
        }
        ready.kind = ReadyKind::fd;
        ready.fd = static_cast<int32_t>(*number);
    } else if (word == "after" && !rest.empty()) {
        const auto delay = parse_duration(rest);
        if (!delay) return in.wrong("expected after DURATION, such as after 2s");
        ready.kind = ReadyKind::after;
        ready.delay = *delay;
    } else if (in.value == "notify") {
        ready.kind = ReadyKind::notify;
    } else if (in.value != "exec") {
        return in.wrong("expected exec, after DURATION, fd:N or notify");
    }
    *static_cast<Ready*>(in.place) = ready;
    return true;
}

bool read_format(const Input& in) {
    return in.value == in.key.default_text || in.wrong("this reeve understands format 1");
}

bool read(const Input& in) {
    switch (in.key.kind) {
    case Kind::text:
    case Kind::shell_line: return read_text(in);
    case Kind::path: return read_path(in);
    case Kind::user: return read_user(in);
    case Kind::identifier: return read_identifier(in);
    case Kind::argv: return read_argv(in);
    case Kind::variable: return read_variable(in);
    case Kind::variable_file: return read_variable_file(in);
    case Kind::directory: return read_directory(in);
    case Kind::labels:
    case Kind::services: return read_names(in);
    case Kind::flag: return read_flag(in);
    case Kind::choice: return read_choice(in);
    case Kind::duration: return read_duration(in);
    case Kind::bytes: return read_bytes(in);
    case Kind::number:
    case Kind::nice:
    case Kind::score: return read_number(in);
    case Kind::retries: return read_retries(in);
    case Kind::factor: return read_factor(in);
    case Kind::signal: return read_signal(in);
    case Kind::umask: return read_umask(in);
    case Kind::limit: return read_limit(in);
    case Kind::ends:
    case Kind::codes: return read_ends(in);
    case Kind::ready: return read_ready(in);
    case Kind::format: return read_format(in);
    case Kind::any: break;
    }
    return in.wrong("expected default.KEY, such as default.restart_delay");
}

// %n and %% in `value`, written to `out`.
bool expand(std::string_view value, std::string_view service, Sink& out, Sink& problem) {
    for (size_t i = 0; i < value.size(); ++i) {
        if (value[i] != '%') {
            out << value[i];
            continue;
        }
        const std::string_view code = value.substr(i++, 2);
        if (code == "%n") {
            out << service;
        } else if (code == "%%") {
            out << '%';
        } else if (code == "%i") {
            problem << "'%i' has no meaning here: the service has no instances";
            return false;
        } else {
            problem << '\'';
            append_shown(problem, code);
            problem << "' is not known; write %% for a percent sign";
            return false;
        }
    }
    return true;
}

// Messages repeat the values that are short and never secret.
bool is_shown(Kind kind) {
    return kind != Kind::text && kind != Kind::shell_line && kind != Kind::argv &&
           kind != Kind::variable;
}

}  // namespace

bool set_value(const Key& key, std::string_view value, Origin origin, Draft& draft, Sink& problem) {
    value = trim(value);
    if (value.empty()) {
        problem << key.name << ": the value is missing";
        return false;
    }
    // The owner is ours to change; `place` only looks.
    const void* owner = owner_of(key, draft.values());
    void* place = owner == nullptr ? nullptr : const_cast<void*>(key.place(owner));
    const std::string_view service = draft.definition->name;
    Buffer<256> reason;
    LongText expanded;
    std::string_view meant = value;
    bool good = true;
    if (key.kind != Kind::shell_line && value.find('%') != value.npos) {
        good = expand(value, service, expanded, reason);
        meant = expanded;
    }
    if (good && read({key, meant, place, service, origin, reason})) return true;
    problem << key.name;
    if (is_shown(key.kind)) {
        problem << " = ";
        append_shown(problem, value);
    }
    problem << ": " << reason.view();
    if (value.find(" #") != value.npos) problem << " (a comment is a line of its own)";
    return false;
}

}  // namespace reeve
