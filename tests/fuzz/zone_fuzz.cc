// Fuzzes what reads zones: files, and TZ strings. Whatever comes of them, time goes on: periods
// follow each other, and hold the time that they were asked for.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "model/schedule.h"
#include "model/zone.h"

using namespace reeve;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void walk(const Zone& zone) {
    for (int64_t time_s : {-always_s, int64_t{0}, int64_t{1795168800}, int64_t{1} << 40}) {
        for (int i = 0; i < 40 && time_s < always_s; ++i) {
            const Period period = zone.period_at(time_s);
            require(period.holds(time_s) || time_s == -always_s);
            require(period.offset_s >= -26 * 3600 && period.offset_s <= 26 * 3600);
            instant_of_local(time_s, zone);
            time_s = period.end_s;
        }
    }
    for (const char* expression : {"30 2 * * *", "*/20 * * * *", "0 0 29 2 *"}) {
        int64_t after_s = 1711848000;
        for (int i = 0; i < 10; ++i) {
            const auto next = next_cron(expression, zone, after_s);
            if (!next) break;
            require(next->time_s > after_s && next->count > 0 && next->count <= 180);
            after_s = next->time_s;
        }
    }
    Buffer<64> out;
    append_local_time(out, 1795168800, zone);
    require(out.size() == 25);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    Buffer<200> problem;
    for (const auto parse : {parse_zone_file, parse_posix_zone}) {
        problem.clear();
        const auto zone = parse(bytes, problem);
        require(static_cast<bool>(zone) == problem.empty());
        if (zone) walk(*zone);
    }
    return 0;
}
