#include "apps/json.h"

#include "base/text.h"

namespace reeve {

namespace {

enum class JsonType : uint8_t { string, number, flag, list };

struct TypeOfKey {
    std::string_view key;
    JsonType type;
};

// Every other key holds a string.
constexpr TypeOfKey types[] = {
    {"pid", JsonType::number},
    {"restarts", JsonType::number},
    {"exit", JsonType::number},
    {"uptime_s", JsonType::number},
    {"cpu_percent", JsonType::number},
    {"memory_bytes", JsonType::number},
    {"line", JsonType::number},
    {"result", JsonType::number},
    {"enabled", JsonType::flag},
    {"stale", JsonType::flag},
    {"repeats", JsonType::flag},
    {"group", JsonType::list},
    {"depends_on", JsonType::list},
};

JsonType type_of(std::string_view key) {
    for (const TypeOfKey& each : types)
        if (each.key == key) return each.type;
    return JsonType::string;
}

// Digits, perhaps with '-' before them and one '.' between them: the numbers that we write.
bool is_number(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    const size_t point = text.find('.');
    const bool whole = parse_unsigned(text.substr(0, point), UINT64_MAX).has_value();
    return whole && (point == std::string_view::npos ||
                     parse_unsigned(text.substr(point + 1), UINT64_MAX).has_value());
}

// How many bytes at the start of the text are one character of UTF-8 (RFC 3629); 0: it is none.
size_t utf8_length(std::string_view text) {
    const auto byte = [&](size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
    };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4) return 0;
    for (size_t i = 1; i < length; ++i)
        if ((byte(i) & 0xc0) != 0x80) return 0;
    // Overlong forms, surrogates, and what is above U+10FFFF.
    if (first == 0xe0 && byte(1) < 0xa0) return 0;
    if (first == 0xed && byte(1) > 0x9f) return 0;
    if (first == 0xf0 && byte(1) < 0x90) return 0;
    if (first == 0xf4 && byte(1) > 0x8f) return 0;
    return length;
}

void append_json_list(std::string& out, std::string_view words) {
    out += '[';
    const char* separator = "";
    for (auto word = take_word(words); !word.empty(); word = take_word(words)) {
        out += separator;
        append_json_string(out, word);
        separator = ", ";
    }
    out += ']';
}

void append_json_value(std::string& out, JsonType type, std::string_view value) {
    if (type == JsonType::list) return append_json_list(out, value);
    if (value.empty())
        out += "null";
    else if (type == JsonType::number && is_number(value))
        out += value;
    else if (type == JsonType::flag && (value == "yes" || value == "no"))
        out += value == "yes" ? "true" : "false";
    else
        append_json_string(out, value);
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        const char c = text.front();
        size_t length = utf8_length(text);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            out += "\\u00";
            out += c < 0x10 ? '0' : '1';
            out += "0123456789abcdef"[c & 15];
        } else if (length == 0) {
            out += "\\ufffd";
            length = 1;
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(length);
    }
    out += '"';
}

void append_json_object(std::string& out, std::string_view lines) {
    const char* separator = "{";
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(line.size() < lines.size() ? line.size() + 1 : line.size());
        const size_t equals = line.find('=');
        if (equals == std::string_view::npos) continue;
        const std::string_view key = line.substr(0, equals);
        out += separator;
        separator = ", ";
        append_json_string(out, key);
        out += ": ";
        append_json_value(out, type_of(key), line.substr(equals + 1));
    }
    out += *separator == '{' ? "{}" : "}";
}

}  // namespace reeve
