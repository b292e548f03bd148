// escape: foreign text, such as logs and what services say of themselves, made harmless for a
// terminal and for files of lines.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/format.h"

namespace reeve {

// How many bytes at the start of the text are one character of UTF-8 (RFC 3629); 0: it is none.
size_t utf8_length(std::string_view text);

// May a terminal do more with the character than show it, and how many bytes is it? Control
// characters (C0, DEL, C1, a lone byte of C1), line separators, and what turns the direction of
// writing (Unicode's bidirectional controls).
bool is_harmful(std::string_view text, size_t& length);

// The first character of the text, so that nothing does anything with it: \x1b, \u202e.
void append_escape(Sink& out, std::string_view character);

// Foreign text on one line, harmless wherever it is shown: what is_harmful is escaped.
void append_escaped(Sink& out, std::string_view text);

// Foreign text of several lines for a terminal: newlines and tabs stay, the rest is escaped.
void append_for_terminal(Sink& out, std::string_view text);

// One line of a log for a terminal: its colours (SGR of ECMA-48) stay, and end with the line.
void append_log_line(Sink& out, std::string_view line);

}  // namespace reeve
