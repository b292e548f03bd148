// The kinds whose values are numbers at heart: sizes, times, choices, signals, sets of exit codes.

#include <utility>

#include "base/format.h"
#include "base/limits.h"
#include "base/parse.h"
#include "base/spelling.h"
#include "conf/kind.h"
#include "conf/schema.h"
#include "model/signals.h"

namespace reeve {

namespace {

// "a, b or c"
void append_choices(Sink& out, std::string_view words) {
    const char* separator = "";
    for (auto word = take_word(words); !word.empty(); word = take_word(words)) {
        append(out, separator, word);
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
    if (near) append(in.problem, " (did you mean ", nearest.found(), "?)");
    return std::nullopt;
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
    return in.store<uint64_t>(*size);
}

// A number within the key's bounds, held as T.
template <typename T, typename Number>
bool read_within(const Input& in) {
    const auto n = parse_integer(in.value, in.key.min, in.key.max);
    if (n) return in.store(T{static_cast<Number>(*n)});
    append(in.problem, "expected a number from ", in.key.min, " to ", in.key.max);
    return false;
}
constexpr auto read_number = read_within<int32_t, int32_t>;
constexpr auto read_nice = read_within<std::optional<int8_t>, int8_t>;
constexpr auto read_score = read_within<std::optional<int16_t>, int16_t>;

bool read_retries(const Input& in) {
    if (in.value == "0") return in.wrong("to run it once only, write restart = never");
    if (in.value == "unlimited") {
        return in.store<int32_t>(0);
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
        append(in.problem, "expected a factor from ", in.key.min / 100, " to ", in.key.max / 100);
        return in.wrong(", such as 2 or 1.5");
    }
    return in.store<int32_t>(in_percent);
}

bool read_signal(const Input& in) {
    const auto number = parse_signal(in.value);
    if (!number) return in.wrong("expected a signal, such as TERM, USR1 or 15");
    return in.store<int32_t>(*number);
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
    return in.store<int32_t>(mask);
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

bool read_end_set(const Input& in, bool signals) {
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
    return in.store<EndSet>(ends);
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
            append(in.problem, "expected a descriptor from 3 to ", ready_fd_max);
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
    return in.store<Ready>(ready);
}

bool read_ends(const Input& in) { return read_end_set(in, true); }
bool read_codes(const Input& in) { return read_end_set(in, false); }

template <typename T>
const T& at(const void* place) {
    return *static_cast<const T*>(place);
}

void print_flag(Sink& out, const Key&, const void* place) {
    out << (at<bool>(place) ? "yes" : "no");
}

void print_choice(Sink& out, const Key& key, const void* place) {
    const std::string_view word = word_at(key.words, at<unsigned char>(place));
    if (word != "-") out << word;
}

void print_duration(Sink& out, const Key&, const void* place) {
    append_duration(out, at<Duration>(place));
}

void print_bytes(Sink& out, const Key&, const void* place) {
    if (at<uint64_t>(place) > 0) append_exact_size(out, at<uint64_t>(place));
}

void print_number(Sink& out, const Key&, const void* place) { out << at<int32_t>(place); }

template <typename T>
void print_optional(Sink& out, const Key&, const void* place) {
    if (const auto& n = at<std::optional<T>>(place)) out << int{*n};
}

void print_retries(Sink& out, const Key& key, const void* place) {
    if (at<int32_t>(place) != 0) return print_number(out, key, place);
    out << "unlimited";
}

void print_factor(Sink& out, const Key&, const void* place) {
    const int32_t percent = at<int32_t>(place);
    out << percent / 100;
    const int32_t rest = percent % 100;
    if (rest == 0) return;
    append(out, '.', rest / 10);
    if (rest % 10 != 0) out << rest % 10;
}

void print_signal(Sink& out, const Key&, const void* place) {
    append_signal(out, at<int32_t>(place));
}

void print_umask(Sink& out, const Key&, const void* place) {
    if (const int32_t mask = at<int32_t>(place); mask >= 0)
        append(out, mask / 64, mask / 8 % 8, mask % 8);
}

void append_limit(Sink& out, uint64_t bound) {
    if (bound == unlimited) {
        out << "unlimited";
    } else {
        out << bound;
    }
}

// One line for each limit that is set: "NAME BOUND" or "NAME SOFT:HARD".
void print_limits(Sink& out, const Key& key, const void* place) {
    const auto& limits = at<std::array<Limit, limit_count>>(place);
    for (size_t i = 0; i < limits.size(); ++i) {
        const Limit& limit = limits[i];
        if (!limit.set) continue;
        if (!out.empty()) out << '\n';
        append(out, word_at(key.words, i), ' ');
        append_limit(out, limit.soft);
        if (limit.hard == limit.soft) continue;
        out << ':';
        append_limit(out, limit.hard);
    }
}

void print_ends(Sink& out, const Key&, const void* place) {
    const EndSet& ends = at<EndSet>(place);
    for (int code = 0; code < 256; ++code)
        if (ends.has_code(code)) append(out, !out.empty() ? " " : "", code);
    for (int number = 1; number <= signal_max; ++number) {
        if (!ends.has_signal(number)) continue;
        out << (!out.empty() ? " SIG" : "SIG");
        append_signal(out, number);
    }
}

void print_ready(Sink& out, const Key&, const void* place) {
    const Ready& ready = at<Ready>(place);
    switch (ready.kind) {
    case ReadyKind::exec: out << "exec"; return;
    case ReadyKind::after:
        out << "after ";
        append_duration(out, ready.delay);
        return;
    case ReadyKind::fd: append(out, "fd:", ready.fd); return;
    case ReadyKind::notify: out << "notify"; return;
    }
}

}  // namespace

namespace kind {

constinit const KindOf<bool> flag{{"yes|no", read_flag, print_flag}};
constinit const KindOf<Choice> choice{{nullptr, read_choice, print_choice}};
constinit const KindOf<Duration> duration{{"duration", read_duration, print_duration}};
constinit const KindOf<uint64_t> bytes{{"size", read_bytes, print_bytes}};
constinit const KindOf<int32_t> number{{"number", read_number, print_number, true}};
constinit const KindOf<std::optional<int8_t>> nice{
    {"number", read_nice, print_optional<int8_t>, true}};
constinit const KindOf<std::optional<int16_t>> score{
    {"number", read_score, print_optional<int16_t>, true}};
constinit const KindOf<int32_t> retries{{"number|unlimited", read_retries, print_retries}};
constinit const KindOf<int32_t> factor{{"decimal", read_factor, print_factor}};
constinit const KindOf<int32_t> signal{{"signal", read_signal, print_signal}};
constinit const KindOf<int32_t> umask{{"octal", read_umask, print_umask}};
constinit const KindOf<std::array<Limit, limit_count>> limit{
    {"NAME SOFT[:HARD]", read_limit, print_limits}};
constinit const KindOf<EndSet> ends{{"exit codes, signals", read_ends, print_ends}};
constinit const KindOf<EndSet> codes{{"exit codes", read_codes, print_ends}};
constinit const KindOf<Ready> ready{{"exec|after DURATION|fd:N|notify", read_ready, print_ready}};

}  // namespace kind

std::string_view word_at(std::string_view words, size_t n) {
    std::string_view word = take_word(words);
    while (n-- > 0) word = take_word(words);
    return word;
}

}  // namespace reeve
