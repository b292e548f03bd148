// Fuzzes what reads cron expressions. One that is right is due some day, strictly after the moment,
// and one that is wrong never; what is wrong with it is told where it is.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "model/schedule.h"

using namespace reeve;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

// In a zone with daylight saving of half an hour, where most goes wrong.
const Zone& lord_howe() {
    static const Ref<const Zone> zone = [] {
        Buffer<100> problem;
        return parse_posix_zone("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", problem);
    }();
    return *zone;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    ScheduleProblem problem;
    const bool right = check_cron(text, problem);
    require(right == problem.text.empty());
    require(right || (problem.column >= 1 && problem.column <= size + 1));
    const bool at_reboot = text.find("@reboot") != std::string_view::npos;
    int64_t after_s = 1790000000;
    for (int i = 0; i < 20; ++i) {
        const auto next = next_cron(text, lord_howe(), after_s);
        require(next.has_value() == (right && !at_reboot));
        if (!next) break;
        require(next->time_s > after_s && next->count > 0 && next->count <= 31);
        require((next->time_s + lord_howe().offset_at(next->time_s)) % 60 == 0);
        after_s = next->time_s;
    }
    return 0;
}
