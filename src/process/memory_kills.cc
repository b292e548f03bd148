#include "process/memory_kills.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "process/resume.h"

namespace reeve {

// One that executes itself again goes on with the count it had.
void MemoryKillCount::begin() {
    if (std::exchange(has_begun_, true) || resumption().memory_kills) return;
    if (const auto kills = platform::memory_kills()) resumption().memory_kills = kills->count;
}

OutOfMemory MemoryKillCount::judge(size_t killed, const std::optional<platform::MemoryKills>& kills,
                                   Mono now) {
    auto& before = resumption().memory_kills;
    if (!kills || !before) return OutOfMemory::no;
    uint64_t risen = kills->count > *before ? kills->count - *before : 0;
    before = kills->count;
    if (now <= spare_until_) risen += spare_;
    spare_ = risen - std::min<uint64_t>(risen, killed);
    spare_until_ = now + milliseconds(memory_kills_kept_ms);
    if (risen == 0) return OutOfMemory::no;
    return risen >= killed && kills->only_ours ? OutOfMemory::yes : OutOfMemory::perhaps;
}

}  // namespace reeve
