// confinement: capabilities, I/O priorities and schedulers, by the numbers and the names that Linux
// has for them (capabilities(7), ioprio_set(2), sched(7)).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/format.h"

namespace reeve {

// The names by their numbers, without CAP_ in front, blank-separated. In a set each is the bit of
// its number.
extern const char capability_names[];

// Of a name in either case, with or without CAP_ in front.
std::optional<unsigned> parse_capability(std::string_view word);
void append_capabilities(Sink& out, uint64_t set);  // blank-separated

// CLASS[:LEVEL]. The class is above io_class_shift bits, the level below.
constexpr unsigned io_class_shift = 13;
std::optional<uint16_t> parse_io_priority(std::string_view text);
void append_io_priority(Sink& out, uint16_t priority);

// POLICY[:PRIORITY]. The policy is above 8 bits, the priority below.
std::optional<uint16_t> parse_scheduler(std::string_view text);
void append_scheduler(Sink& out, uint16_t scheduler);

}  // namespace reeve
