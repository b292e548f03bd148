#include "conf/words.h"

namespace reeve {

namespace {

// Reads a quoted part, whose opening quote is taken already, up to its closing one. False where
// there is none.
bool take_quoted(std::string_view& rest, char quote, LongText& word) {
    while (!rest.empty()) {
        const char c = rest.front();
        rest.remove_prefix(1);
        if (c == quote) return true;
        const bool escapes = quote == '"' && c == '\\' && !rest.empty() &&
                             std::string_view("\"\\$`\n").find(rest.front()) != rest.npos;
        if (!escapes) {
            word << c;
            continue;
        }
        if (rest.front() != '\n') word << rest.front();
        rest.remove_prefix(1);
    }
    return false;
}

}  // namespace

// words  = { blank } [ word { blank { blank } word } ]
// word   = part { part }
// part   = any but blank ' " \  |  \ any  |  ' { any but ' } '  |  " { any but " \ | escape } "
// escape = \ followed by one of " \ $ ` newline; before any other character, \ is itself
const char* split_words(std::string_view text, Words& words) {
    LongText word;
    bool inside = false;  // of a word, which may be empty so far: ''
    while (!text.empty()) {
        const char c = text.front();
        text.remove_prefix(1);
        if (c == ' ' || c == '\t') {
            if (inside) words.append(word);
            word.clear();
            inside = false;
            continue;
        }
        inside = true;
        if (c == '\\') {
            if (text.empty()) return "a \\ at the end does not continue the line";
            word << text.front();
            text.remove_prefix(1);
        } else if (c != '\'' && c != '"') {
            word << c;
        } else if (!take_quoted(text, c, word)) {
            return c == '"' ? "a \" is not closed" : "a ' is not closed";
        }
    }
    if (inside) words.append(word);
    return nullptr;
}

void append_quoted(Sink& out, std::string_view word) {
    if (word.find_first_of(" \t\r\n'\"\\") == word.npos && !word.empty()) {
        out << word;
        return;
    }
    out << '\'';
    for (const char c : word) {
        if (c == '\'') out << "'\\'";
        out << c;
    }
    out << '\'';
}

}  // namespace reeve
