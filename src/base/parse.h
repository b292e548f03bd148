// parse: the small values in service files and requests. Nothing here allocates; what is not wholly
// such a value is none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"

namespace reeve {

// Blanks are space and tab, here and in service files.
std::string_view trim(std::string_view text);

// Takes the first blank-separated word off `rest`; empty where none is left.
std::string_view take_word(std::string_view& rest);

// Takes the first line off `lines`; without its newline.
std::string_view take_line(std::string_view& lines);

// Takes the character off the text. False: it does not begin with it.
bool take_char(std::string_view& text, char c);

// Takes that many digits off the text. False: they are not there, or are more than `max`.
bool take_number(std::string_view& text, size_t digits, uint64_t max, int& number);

// Decimal digits only, the whole text, no sign, at most `max`.
std::optional<uint64_t> parse_unsigned(std::string_view text, uint64_t max);
// Decimal digits behind an optional '-', from min to max.
std::optional<int64_t> parse_integer(std::string_view text, int64_t min, int64_t max);

// "250ms" "5s" "5m" "2h" "1d" "1h30m"; a bare number is seconds; units from large to small, each
// once. At most duration_max_ms.
std::optional<Duration> parse_duration(std::string_view text);

// "512K" "20M" "1G" "2T" (powers of 1024), or bytes.
std::optional<uint64_t> parse_size(std::string_view text);

}  // namespace reeve
