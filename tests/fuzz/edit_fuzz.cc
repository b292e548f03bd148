// Fuzzes the editing of a service file: whatever is asked for, it is refused in words, or the new
// text is read as what was asked and as all that was there before.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/parse.h"
#include "conf/edit.h"
#include "conf/schema.h"

using namespace reeve;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

struct Pair {
    std::string key;  // empty: a line that is wrong
    std::string value;
    bool operator==(const Pair&) const = default;
};

// A line that is wrong, before or after, is one whatever is in it.
std::vector<Pair> pairs_of(std::string_view text, FileForm form) {
    std::vector<Pair> pairs;
    KeyValue found;
    for (KeyValueReader reader(text, form); reader.next(found);)
        pairs.push_back({std::string(found.key), std::string(found.value)});
    return pairs;
}

bool is_list(std::string_view key) {
    const Key* known = find_key(service_keys, key);
    return known != nullptr && (known->kind == &kind::labels || known->kind == &kind::services);
}

// The words of one list that are not in the other.
std::string less_words(std::string_view list, std::string_view words) {
    std::vector<std::string_view> gone;
    for (auto word = take_word(words); !word.empty(); word = take_word(words)) gone.push_back(word);
    std::string left;
    for (auto word = take_word(list); !word.empty(); word = take_word(list)) {
        bool stays = true;
        for (const std::string_view each : gone) stays = stays && each != word;
        if (stays) left.append(left.empty() ? "" : " ").append(word);
    }
    return left;
}

// One blank between words; and without the CR that is one with the newline once the words behind it
// are gone.
std::string plain(std::string_view list) {
    std::string text = less_words(list, "");
    std::erase(text, '\r');
    return text;
}

// The lines of the key as they are to be.
std::vector<std::string> wanted_values(const std::vector<Pair>& before, const Edit& edit) {
    std::vector<std::string> values;
    for (const Pair& pair : before)
        if (pair.key == edit.key) values.push_back(pair.value);
    if (edit.way == Edit::Way::set) values.clear();
    if (edit.way != Edit::Way::take) {
        if (!edit.value.empty()) values.emplace_back(edit.value);
        return values;
    }
    std::vector<std::string> left;
    for (const std::string& value : values) {
        const bool list = is_list(edit.key);
        const std::string rest = list                  ? less_words(value, edit.value)
                                 : value == edit.value ? std::string()
                                                       : value;
        if (!rest.empty() || value.empty()) left.push_back(rest);
    }
    return left;
}

void check_one(const std::string& text, FileForm form, std::string_view word, const Edit& edit) {
    // A line that gets too long is one that is wrong: load() says so.
    if (edit.key.size() + edit.value.size() > line_max_bytes / 2) return;
    LongText after = text;
    Buffer<512> problem;
    const bool good = edit_text(after, form, {&word, 1}, problem);
    require(good == (problem.size() == 0));
    if (!good) {
        require(edit.way == Edit::Way::take || edit.value.empty());
        return;
    }
    const std::vector<Pair> before = pairs_of(text, form);
    std::vector<Pair> others_before;
    for (const Pair& pair : before)
        if (pair.key != edit.key) others_before.push_back(pair);
    std::vector<Pair> others_after;
    std::vector<std::string> values;
    for (const Pair& pair : pairs_of(after, form)) {
        if (pair.key == edit.key)
            values.push_back(pair.value);
        else
            others_after.push_back(pair);
    }
    bool grew = false;  // a line that was nearly too long may be that now
    for (const Pair& pair : before)
        grew = grew || (pair.key == edit.key && pair.value.size() > line_max_bytes / 4);
    if (grew) return;
    require(others_after == others_before);
    const std::vector<std::string> wanted = wanted_values(before, edit);
    require(values.size() == wanted.size());
    for (size_t i = 0; i < values.size(); ++i)
        require(values[i] == wanted[i] ||
                (is_list(edit.key) && plain(values[i]) == plain(wanted[i])));
}

}  // namespace

// The first byte chooses the form. Edits follow, a line each; a byte 0xFF ends them and begins the
// file.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const FileForm form = (data[0] & 1) != 0 ? FileForm::executable : FileForm::definition;
    const std::string all(reinterpret_cast<const char*>(data) + 1, size - 1);
    const size_t middle = std::min(all.find('\xFF'), all.size());
    const std::string text = middle < all.size() ? all.substr(middle + 1) : "";
    std::string_view words = std::string_view(all).substr(0, middle);
    std::vector<std::string_view> edits;
    bool all_good = true;
    while (!words.empty()) {
        const size_t end = std::min(words.find('\n'), words.size());
        const std::string_view word = words.substr(0, end);
        edits.push_back(word);
        Edit edit;
        Buffer<256> problem;
        const bool good = parse_edit(word, edit, problem);
        require(good == (problem.size() == 0));
        if (good) check_one(text, form, word, edit);
        all_good = all_good && good;
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    LongText after = text;
    Buffer<512> problem;
    const bool good = edit_text(after, form, edits, problem);
    require(good == (problem.size() == 0));
    require(all_good || !good);
    return 0;
}
