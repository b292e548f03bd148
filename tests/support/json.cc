#include "support/json.h"

#include <algorithm>
#include <cstdlib>

namespace reeve::test {

namespace {

// A recursive descent over RFC 8259's grammar. Each function takes one thing off the front.
struct JsonReader {
    std::string_view rest;

    void skip_blanks() {
        while (!rest.empty() && std::string_view(" \t\r\n").find(rest.front()) != rest.npos)
            rest.remove_prefix(1);
    }
    bool take(std::string_view token) {
        skip_blanks();
        if (rest.substr(0, token.size()) != token) return false;
        rest.remove_prefix(token.size());
        return true;
    }
    bool take_string() {
        if (!take("\"")) return false;
        while (!rest.empty() && rest.front() != '"') {
            if (static_cast<unsigned char>(rest.front()) < 0x20) return false;
            const bool escape = rest.front() == '\\';
            if (escape && (rest.size() < 2 || !is_one_of("\"\\/bfnrtu", rest[1]))) return false;
            rest.remove_prefix(escape ? 2 : 1);
        }
        return take("\"");
    }
    static bool is_one_of(std::string_view set, char c) { return set.find(c) != set.npos; }
    bool take_number() {
        skip_blanks();
        const size_t end = std::min(rest.find_first_not_of("+-0123456789.eE"), rest.size());
        const std::string text(rest.substr(0, end));
        char* parsed = nullptr;
        std::strtod(text.c_str(), &parsed);
        rest.remove_prefix(end);
        return end > 0 && *parsed == '\0';
    }
    bool take_list(std::string_view open, std::string_view close, bool (JsonReader::*item)()) {
        if (!take(open)) return false;
        if (take(close)) return true;
        do {
            if (!(this->*item)()) return false;
        } while (take(","));
        return take(close);
    }
    bool take_member() { return take_string() && take(":") && take_value(); }
    bool take_value() {
        skip_blanks();
        if (rest.empty()) return false;
        if (rest.front() == '{') return take_list("{", "}", &JsonReader::take_member);
        if (rest.front() == '[') return take_list("[", "]", &JsonReader::take_value);
        if (rest.front() == '"') return take_string();
        return take("null") || take("true") || take("false") || take_number();
    }
};

}  // namespace

bool is_json(std::string_view text) {
    JsonReader reader{text};
    if (!reader.take_value()) return false;
    reader.skip_blanks();
    return reader.rest.empty();
}

std::optional<std::string> json_member(std::string_view object, std::string_view name) {
    const std::string label = "\"" + std::string(name) + "\"";
    const size_t at = object.find(label);
    if (at == object.npos) return std::nullopt;
    JsonReader reader{object.substr(at + label.size())};
    if (!reader.take(":")) return std::nullopt;
    reader.skip_blanks();
    const std::string_view before = reader.rest;
    if (!reader.take_value()) return std::nullopt;
    std::string value(before.substr(0, before.size() - reader.rest.size()));
    if (value.front() == '"') value = value.substr(1, value.size() - 2);
    return value;
}

}  // namespace reeve::test
