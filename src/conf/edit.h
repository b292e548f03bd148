// edit: changes to the text of a service file. Its comments, its order, the ends of its lines and
// every line that is not meant stay as they are. What the values mean is not looked at: load() is.
#pragma once

#include <span>
#include <string_view>

#include "base/format.h"
#include "conf/keyvalue.h"

namespace reeve {

struct Edit {
    enum class Way : uint8_t {
        set,   // KEY=VALUE: the only line of the key, where the first one was; empty value: none
        add,   // KEY+=VALUE: one more line of a key that repeats, behind the others
        take,  // KEY-=VALUE: a line of a key that repeats less; of a list of words, these words
    };
    Way way = Way::set;
    std::string_view key;
    std::string_view value;
};

// Reads "KEY=VALUE", "KEY+=VALUE" or "KEY-=VALUE", into whose text the edit points. False:
// `problem` says what is wrong with it.
bool parse_edit(std::string_view word, Edit& edit, Sink& problem);

// Makes the edits, one after another, each as parse_edit reads it; a second `set` of a key that
// repeats adds a line to those of the first. A key that has no line yet gets it at the end; in an
// executable behind the last line `#reeve:`, or the first line. False: `problem` says why, and
// `text` is of no use any more.
bool edit_text(LongText& text, FileForm form, std::span<const std::string_view> edits,
               Sink& problem);

}  // namespace reeve
