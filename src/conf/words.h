// words: the words of `exec`, quoted as in sh. Nothing is expanded.
#pragma once

#include <string_view>

#include "base/format.h"
#include "base/text.h"

namespace reeve {

// Appends the words of `text` to `words`. Null, or what is wrong with the quoting.
const char* split_words(std::string_view text, Words& words);

// The word with such quotes that split_words reads it back.
void append_quoted(Sink& out, std::string_view word);

}  // namespace reeve
