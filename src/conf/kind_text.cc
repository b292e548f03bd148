// The kinds whose values are held as text: names, paths, lines, dates and lists of words.

#include "base/escape.h"
#include "base/limits.h"
#include "base/parse.h"
#include "conf/kind.h"
#include "conf/schema.h"
#include "conf/words.h"
#include "model/calendar.h"
#include "model/instances.h"
#include "model/listen.h"
#include "model/schedule.h"

namespace reeve {

namespace {

bool read_text(const Input& in) {
    // The default is held as an empty text.
    return in.store(in.value == in.key.default_text ? Text() : Text(in.value));
}

bool read_path(const Input& in) {
    if (in.value.front() != '/') return in.wrong("expected a path that begins with /");
    return read_text(in);
}

bool read_input(const Input& in) {
    if (in.value.front() == '/' || in.value == "fifo") return read_text(in);
    return in.wrong("expected fifo, or a path that begins with /");
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
    return in.store(std::move(words));
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

// Is it a name, whatever the instance is called?
bool is_name_of_any(std::string_view word) {
    Buffer<name_max_bytes + 1> text;
    for (const char each : word) text << (each == instance_mark ? 'i' : each);
    return !text.truncated() && is_name(text.view());
}

// Labels, or the names of other services. Nothing is appended unless all words are good, and none
// twice.
bool read_names(const Input& in, bool services) {
    Words words = *static_cast<Words*>(in.place);
    std::string_view rest = in.value;
    for (auto word = take_word(rest); !word.empty(); word = take_word(rest)) {
        const size_t at = services ? word.find('@') : word.npos;
        if (!is_name_of_any(word.substr(0, at)) ||
            (at != word.npos && !is_name_of_any(word.substr(at + 1))))
            return in.wrong_word(word, "is no name: at most 63 letters, digits, _, - and :");
        if (services && word == in.service) {
            if (in.origin == Origin::shared) continue;
            return in.wrong_at(word, "a service cannot wait for itself");
        }
        if (!words.contains(word)) words.append(word);
    }
    return in.store(std::move(words));
}

bool read_labels(const Input& in) { return read_names(in, false); }
bool read_services(const Input& in) { return read_names(in, true); }

bool read_listen(const Input& in) {
    Listen listen;
    if (!parse_listen(in.value, listen, in.problem)) return false;
    Words& words = *static_cast<Words*>(in.place);
    for (const std::string_view word : words)
        if (listen_of(word).where() == listen.where()) return in.wrong("that is there already");
    if (words.count() == listen_max_count)
        return in.wrong("there are 32 already, as many as may be");
    words.append(in.value);
    return true;
}
static_assert(listen_max_count == 32);  // in words

bool read_instances(const Input& in) {
    std::string_view rest = in.value;
    const std::string_view first = take_word(rest);
    if (rest.empty() && first.find_first_not_of("0123456789") == first.npos) {
        const auto count = parse_unsigned(first, instances_max_count);
        if (!count || *count == 0) return in.wrong("expected a number from 1 to 4096, or names");
        return in.store(numbered_instances(*count));
    }
    Words words;
    size_t count = 0;
    rest = in.value;
    for (auto word = take_word(rest); !word.empty(); word = take_word(rest)) {
        if (!is_name(word))
            return in.wrong_word(word, "is no name: at most 63 letters, digits, _, - and :");
        if (words.contains(word)) return in.wrong_word(word, "is there twice");
        if (count++ == instances_max_count) return in.wrong("more than 4096 of them");
        words.append(word);
    }
    return in.store(std::move(words));
}
static_assert(instances_max_count == 4096);  // in words

bool read_format(const Input& in) {
    return in.value == in.key.default_text || in.wrong("this reeve understands format 1");
}

bool read_any(const Input& in) {
    return in.wrong("expected default.KEY, such as default.restart_delay");
}

bool read_cron(const Input& in) {
    ScheduleProblem problem;
    if (!check_cron(in.value, problem)) {
        in.column = problem.column;
        in.problem << problem.text.view();
        return false;
    }
    static_cast<Words*>(in.place)->append(in.value);
    return true;
}

bool is_date(const Input& in) {
    std::string_view rest = in.value;
    Date date;
    return (take_date(rest, date) && rest.empty()) ||
           in.wrong_at(rest, "expected a date of the calendar, such as 2027-01-31T08:00, "
                             "2027-01-31T08:00Z or 2027-01-31T08:00+01:00");
}

bool read_dates(const Input& in) {
    if (!is_date(in)) return false;
    static_cast<Words*>(in.place)->append(in.value);
    return true;
}

bool read_date(const Input& in) { return is_date(in) && in.store(Text(in.value)); }

// Whether there is such a zone, conf/load asks who has the files.
bool read_timezone(const Input& in) { return in.store(Text(in.value)); }

void print_words(Sink& out, const void* place, char separator,
                 void (*print)(Sink&, std::string_view)) {
    const size_t start = out.size();
    for (const std::string_view word : *static_cast<const Words*>(place)) {
        if (out.size() > start) out << separator;
        print(out, word);
    }
}

void print_word(Sink& out, std::string_view word) { out << word; }

void print_argv(Sink& out, const Key&, const void* place) {
    print_words(out, place, ' ', append_quoted);
}
void print_line(Sink& out, const Key&, const void* place) {
    print_words(out, place, ' ', print_word);
}
void print_instances(Sink& out, const Key& key, const void* place) {
    const Words& words = *static_cast<const Words*>(place);
    const size_t count = words.count();
    if (count > 0 && are_numbered(words))
        out << uint64_t{count};
    else
        print_line(out, key, place);
}

// Of what is held nowhere.
void print_default(Sink& out, const Key& key, const void*) { out << key.default_text; }

}  // namespace

void print_text(Sink& out, const Key& key, const void* place) {
    const Text& text = *static_cast<const Text*>(place);
    out << text;
    if (text.empty()) out << key.default_text;
}

void print_lines(Sink& out, const Key&, const void* place) {
    print_words(out, place, '\n', print_word);
}

namespace kind {

constinit const KindOf<Text> text{{"text", read_text, print_text, false, false, true}};
constinit const KindOf<Text> shell_line{{"shell line", read_text, print_text, false, false}};
constinit const KindOf<Text> path{{"path", read_path, print_text, false, true, true}};
constinit const KindOf<Text> input{{"path|fifo", read_input, print_text, false, true, true}};
constinit const KindOf<Text> user{{"user[:group]", read_user, print_text, false, true, true}};
constinit const KindOf<Text> identifier{{"identifier", read_identifier, print_text}};
constinit const KindOf<Words> argv{{"words", read_argv, print_argv, false, false, true}};
constinit const KindOf<Words> variable{
    {"NAME=value", read_variable, print_lines, false, false, true}};
constinit const KindOf<Words> variable_file{
    {"[-]path", read_variable_file, print_lines, false, true, true}};
constinit const KindOf<Words> labels{{"labels", read_labels, print_line, false, true, true}};
constinit const KindOf<Words> services{{"services", read_services, print_line, false, true, true}};
constinit const KindOf<Words> cron{{"cron expression", read_cron, print_lines}};
constinit const KindOf<Words> dates{{"date", read_dates, print_lines}};
constinit const KindOf<Text> date{{"date", read_date, print_text}};
constinit const KindOf<Text> timezone{{"zone", read_timezone, print_text}};
constinit const KindOf<Words> listen{{"tcp:ADDR:PORT|unix:PATH", read_listen, print_lines}};
constinit const KindOf<Words> instances{{"number|words", read_instances, print_instances}};
constinit const KindOf<void> directory{{"path", read_directory, print_default}};
constinit const KindOf<void> format{{"1", read_format, print_default}};
constinit const KindOf<void> any{{"as KEY", read_any, print_default}};

}  // namespace kind

bool Input::wrong_at(std::string_view part, const char* text) const {
    column = static_cast<size_t>(part.data() - value.data()) + 1;
    return wrong(text);
}

bool Input::wrong_word(std::string_view word, const char* text) const {
    problem << '\'';
    append_shown(problem, word);
    problem << "' ";
    return wrong_at(word, text);
}

void append_column(Sink& out, size_t column) {
    if (column > 0) append(out, "column ", uint64_t{column}, ": ");
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
