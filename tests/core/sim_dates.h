// The times of the simulator's services: schedules, windows, dates and zones.
#pragma once

#include <string>

#include "core/sim_files.h"

namespace reeve::sim {

constexpr int64_t first_day_s = 1796083200;  // 2026-12-01T00:00:00Z, when most scenarios begin

// Null: it names none of these keys. Of the version +v2, or of the one before.
Ref<const Timing> timing_of(const File& file, bool is_second);

void append_timing(std::string& text, const File& file);

// How far a move sets the wall clock, which shows `now`; the time that it shows then.
Wall jump(uint32_t value, Wall now);

}  // namespace reeve::sim
