#include "apps/printer.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <poll.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/result.h"
#include "base/text.h"
#include "host/sys.h"

namespace reeve {

namespace {

struct TypeOfKey {
    char key[13];
    JsonType type;
};

// Every other key holds a string.
constexpr TypeOfKey types[] = {
    {"pid", JsonType::number},         {"restarts", JsonType::number},
    {"exit", JsonType::number},        {"uptime_s", JsonType::number},
    {"cpu_percent", JsonType::number}, {"memory_bytes", JsonType::number},
    {"line", JsonType::number},        {"result", JsonType::number},
    {"enabled", JsonType::flag},       {"stale", JsonType::flag},
    {"repeats", JsonType::flag},       {"group", JsonType::list},
    {"depends_on", JsonType::list},    {"after", JsonType::list},
    {"start_ms", JsonType::number},    {"ready_ms", JsonType::number},
    {"took_ms", JsonType::number},     {"last_lines", JsonType::lines},
    {"strays", JsonType::list},
};

JsonType type_of(std::string_view key) {
    for (const TypeOfKey& each : types)
        if (key == std::string_view(each.key, strnlen(each.key, sizeof each.key))) return each.type;
    return JsonType::string;
}

// Digits, perhaps with one '.' between them: the numbers that we write.
bool is_number(std::string_view text) {
    const size_t point = text.find('.');
    const bool whole = parse_unsigned(text.substr(0, point), UINT64_MAX).has_value();
    return whole && (point == std::string_view::npos ||
                     parse_unsigned(text.substr(point + 1), UINT64_MAX).has_value());
}

}  // namespace

// Out of line, as all that appends: its calls are many.
[[gnu::noinline]] Printer& Printer::operator<<(std::string_view text) {
    if (for_terminal)
        append_for_terminal(out_, text);
    else
        out_ << text;
    return *this;
}

[[gnu::noinline]] Printer& Printer::operator<<(const char* text) {
    return *this << std::string_view(text);
}

[[gnu::noinline]] void Printer::blanks(size_t count) {
    for (; count > 0; --count) out_ << ' ';
}

void Printer::json_object(std::string_view lines) {
    *this << (json_begun_ ? ",\n" : "[");
    json_begun_ = true;
    json_members(lines, [](std::string_view key) { return type_of(key); });
}

// Of a stream: its numbers are text that somebody wrote.
void Printer::json_line(std::string_view lines) {
    json_members(lines, [](std::string_view key) {
        return key == "line" ? JsonType::text : JsonType::string;
    });
    *this << '\n';
}

void Printer::json_members(std::string_view lines, JsonType (*type_of_key)(std::string_view)) {
    *this << '{';
    const char* separator = "";
    while (!lines.empty()) {
        const std::string_view line = take_line(lines);
        const size_t equals = line.find('=');
        if (equals == std::string_view::npos) continue;
        *this << separator;
        separator = ", ";
        const std::string_view key = line.substr(0, equals);
        json_string(key);
        *this << ": ";
        json_value(type_of_key(key), line.substr(equals + 1));
    }
    *this << '}';
}

void Printer::json_value(JsonType type, std::string_view value) {
    if (type == JsonType::list) return json_list(value);
    if (type == JsonType::lines) return json_lines(value);
    if (value.empty() && type != JsonType::text)
        *this << "null";
    else if (type == JsonType::number && is_number(value))
        *this << value;
    else if (type == JsonType::flag)
        *this << (value == "yes" ? "true" : "false");
    else
        json_string(value);
}

void Printer::json_list(std::string_view words) {
    *this << '[';
    const char* separator = "";
    for (auto word = take_word(words); !word.empty(); word = take_word(words)) {
        *this << separator;
        json_string(word);
        separator = ", ";
    }
    *this << ']';
}

// Separated by a unit separator, as in print_last_lines().
void Printer::json_lines(std::string_view lines) {
    *this << '[';
    for (const char* separator = ""; !lines.empty(); separator = ", ") {
        const std::string_view line = lines.substr(0, lines.find('\x1f'));
        *this << separator;
        json_string(line);
        lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    }
    *this << ']';
}

// What is not UTF-8 becomes U+FFFD: RFC 8259 wants valid text.
void Printer::json_string(std::string_view text) {
    // Of logs there may be much, and nearly all of it is this.
    const auto is_plain = [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; };
    *this << '"';
    while (!text.empty()) {
        size_t plain = 0;
        while (plain < text.size() && is_plain(text[plain])) ++plain;
        *this << text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) break;
        const char c = text.front();
        size_t length = 0;
        if (c == '"' || c == '\\') {
            *this << '\\' << c;
            length = 1;
        } else if (utf8_length(text) == 0) {
            *this << "\\ufffd";
            length = 1;
        } else if (is_harmful(text, length)) {
            Buffer<8> escape;
            append_escape(escape, text);
            *this << "\\u" << (length == 1 ? "00" : "") << escape.view().substr(2);
        } else {
            *this << text.substr(0, length);
        }
        text.remove_prefix(length);
    }
    *this << '"';
}

void Printer::end_json() { *this << (json_begun_ ? "]\n" : "[]\n"); }

void Printer::flush() {
    const int code = write_all(1, out_);
    out_.clear();
    if (code == 0 || code == EPIPE || failed_) return;
    failed_ = true;
    warn({"write to standard output: ", errno_text(code)});
}

bool wants_colour(int fd) {
    const char* no_colour = getenv("NO_COLOR");
    return isatty(fd) == 1 && (no_colour == nullptr || *no_colour == '\0');
}

int write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = sys::write(fd, text.data(), text.size());
        if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {  // a terminal may be so
            pollfd poll{fd, POLLOUT, 0};
            sys::poll({&poll, 1}, -1);
            continue;
        }
        if (written < 0) return errno;
        text.remove_prefix(static_cast<size_t>(written));
    }
    return 0;
}

void warn(std::initializer_list<std::string_view> parts) {
    Buffer<2 * request_max_bytes> line;
    line << "svctl: ";
    for (const std::string_view part : parts) append_escaped(line, part);
    line << '\n';
    write_all(2, line.view());
}

}  // namespace reeve
