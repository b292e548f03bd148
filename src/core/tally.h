// tally: how many services are in what others have to know of.
#pragma once

#include <cstdint>

#include "model/service.h"

namespace reeve {

struct Tally {
    Tally() = default;
    explicit Tally(const Service& service);  // 1 of what it is in
    Tally& operator+=(const Tally& other);
    Tally& operator-=(const Tally& other);
    friend bool operator==(const Tally&, const Tally&) = default;

    uint32_t active = 0;
    uint32_t in_place = 0;
    uint32_t in_flight = 0;  // begun, and not through exec yet
    uint32_t starting = 0;   // in State::starting
    uint32_t hooks = 0;      // that run
};

}  // namespace reeve
