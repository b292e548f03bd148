#include "ctl/json.h"

#include <algorithm>
#include <cstring>

#include "base/escape.h"
#include "base/format.h"
#include "base/parse.h"

namespace reeve {

namespace {

// How a value is written; one that is empty is null, but for a list's and a text's.
enum class JsonType : uint8_t { string, number, flag, list, text, lines };

struct TypeOfKey {
    char key[13];
    JsonType type;
};

// Every other key holds a string.
constexpr TypeOfKey types[] = {
    {"pid", JsonType::number},          {"restarts", JsonType::number},
    {"exit", JsonType::number},         {"uptime_s", JsonType::number},
    {"cpu_percent", JsonType::number},  {"memory_bytes", JsonType::number},
    {"line", JsonType::number},         {"result", JsonType::number},
    {"enabled", JsonType::flag},        {"stale", JsonType::flag},
    {"repeats", JsonType::flag},        {"failed", JsonType::flag},
    {"group", JsonType::list},          {"depends_on", JsonType::list},
    {"after", JsonType::list},          {"start_ms", JsonType::number},
    {"ready_ms", JsonType::number},     {"took_ms", JsonType::number},
    {"last_lines", JsonType::lines},    {"strays", JsonType::list},
    {"healthy", JsonType::flag},        {"processes", JsonType::number},
    {"memory_limit", JsonType::number}, {"cpu_limit", JsonType::number},
    {"pids_limit", JsonType::number},   {"cpu_ms", JsonType::number},
    {"listen", JsonType::list},
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

// What is not UTF-8 becomes U+FFFD: RFC 8259 wants valid text.
void append_string(Sink& out, std::string_view text) {
    // Of logs there may be much, and nearly all of it is this.
    const auto is_plain = [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; };
    out << '"';
    while (!text.empty()) {
        size_t plain = 0;
        while (plain < text.size() && is_plain(text[plain])) ++plain;
        out << text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) break;
        const char c = text.front();
        size_t length = 0;
        if (c == '"' || c == '\\') {
            append(out, '\\', c);
            length = 1;
        } else if (utf8_length(text) == 0) {
            out << "\\ufffd";
            length = 1;
        } else if (is_harmful(text, length)) {
            Buffer<8> escape;
            append_escape(escape, text);
            append(out, "\\u", length == 1 ? "00" : "", escape.view().substr(2));
        } else {
            out << text.substr(0, length);
        }
        text.remove_prefix(length);
    }
    out << '"';
}

void append_list(Sink& out, std::string_view words) {
    out << '[';
    const char* separator = "";
    for (auto word = take_word(words); !word.empty(); word = take_word(words)) {
        out << separator;
        append_string(out, word);
        separator = ", ";
    }
    out << ']';
}

// Separated by a unit separator, as in print_last_lines().
void append_lines(Sink& out, std::string_view lines) {
    out << '[';
    for (const char* separator = ""; !lines.empty(); separator = ", ") {
        const std::string_view line = lines.substr(0, lines.find('\x1f'));
        out << separator;
        append_string(out, line);
        lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    }
    out << ']';
}

void append_value(Sink& out, JsonType type, std::string_view value) {
    if (type == JsonType::list) return append_list(out, value);
    if (type == JsonType::lines) return append_lines(out, value);
    if (value.empty() && type != JsonType::text)
        out << "null";
    else if (type == JsonType::number && is_number(value))
        out << value;
    else if (type == JsonType::flag)
        out << (value == "yes" ? "true" : "false");
    else
        append_string(out, value);
}

void append_members(Sink& out, std::string_view lines, JsonType (*type_of_key)(std::string_view)) {
    out << '{';
    const char* separator = "";
    while (!lines.empty()) {
        const std::string_view line = take_line(lines);
        const size_t equals = line.find('=');
        if (equals == std::string_view::npos) continue;
        out << separator;
        separator = ", ";
        const std::string_view key = line.substr(0, equals);
        append_string(out, key);
        out << ": ";
        append_value(out, type_of_key(key), line.substr(equals + 1));
    }
    out << '}';
}

}  // namespace

void append_json(Sink& out, std::string_view lines) { append_members(out, lines, type_of); }

// Numbers of a stream are text that somebody wrote.
void append_json_of_text(Sink& out, std::string_view lines) {
    append_members(out, lines, [](std::string_view key) {
        return key == "line" ? JsonType::text : JsonType::string;
    });
}

}  // namespace reeve
