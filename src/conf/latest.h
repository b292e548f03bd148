// latest: parts of definitions (policies, timings, health rules) that were made last, so that equal
// ones are shared.
#pragma once

#include <array>
#include <cstdint>

#include "base/limits.h"
#include "base/ref.h"

namespace reeve {

// The latest of a part of definitions, as a ring.
template <typename Part>
class Latest {
  public:
    // The one of that digest; `fresh`, where there is none.
    Ref<const Part> find(uint64_t digest, const Ref<Part>& fresh) {
        for (const Known& each : known_)
            if (each.part != nullptr && each.digest == digest) return Ref(each.part);
        known_[count_++ % known_.size()] = {digest, fresh.get()};
        return Ref<const Part>(fresh.get());
    }

  private:
    struct Known {
        uint64_t digest = 0;
        const Part* part = nullptr;  // owned by definitions in the catalog
    };
    std::array<Known, parts_back_max_count> known_;
    size_t count_ = 0;
};

}  // namespace reeve
