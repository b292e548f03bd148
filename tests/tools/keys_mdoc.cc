// Writes the list of keys of the man page, mdoc(7), from the schema: `keys_mdoc` for the keys of
// service files, `keys_mdoc conf` for those of reeve.conf.

#include <algorithm>
#include <iostream>
#include <string>
#include <string_view>

#include "conf/schema.h"

using namespace reeve;

namespace {

// Text for a macro's line or a text line: a backslash would begin an escape.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\') {
            out += "\\e";
        } else {
            out += c;
        }
    }
    return out;
}

// Sentences, each on a line of its own, as mdoc wants them.
void print_sentences(std::string_view text) {
    while (!text.empty()) {
        const size_t end = std::min(text.find(". "), text.size() - 1);
        const std::string sentence = escaped(text.substr(0, end + 1));
        const bool control = sentence.front() == '.' || sentence.front() == '\'';
        std::cout << (control ? "\\&" : "") << sentence << '\n';
        text.remove_prefix(std::min(end + 2, text.size()));
    }
}

void print_key(const Key& key, bool of_service) {
    Buffer<128> type;
    append_type(type, key);
    std::cout << ".It Ic " << key.name << '\n';
    std::cout << "Type: " << escaped(type.view());
    if (*key.default_text != '\0') std::cout << "; default: " << escaped(key.default_text);
    if (key.repeats) std::cout << "; may repeat";
    if (of_service) std::cout << "; applies: " << name_of(key.applies);
    std::cout << ".\n.br\n";
    print_sentences(key.doc);
}

}  // namespace

int main(int argc, char** argv) {
    const bool conf = argc > 1 && argv[1] == std::string_view("conf");
    std::cout << ".Bl -tag -width Ds\n";
    for (const Key& key : conf ? settings_keys : service_keys) print_key(key, !conf);
    std::cout << ".El\n";
    return std::cout.flush() ? 0 : 1;
}
