#include "core/tally.h"

namespace reeve {

Tally::Tally(const Service& service)
    : active(service.active()), in_place(service.in_place()),
      // From its start on, though pre_start comes first: nobody may take the slot meanwhile.
      in_flight(service.phase == Phase::pre_start || service.phase == Phase::executing),
      starting(service.state == State::starting),
      hooks(static_cast<uint32_t>(__builtin_popcount(service.hooks))) {}

Tally& Tally::operator+=(const Tally& other) {
    active += other.active;
    in_place += other.in_place;
    in_flight += other.in_flight;
    starting += other.starting;
    hooks += other.hooks;
    return *this;
}

Tally& Tally::operator-=(const Tally& other) {
    active -= other.active;
    in_place -= other.in_place;
    in_flight -= other.in_flight;
    starting -= other.starting;
    hooks -= other.hooks;
    return *this;
}

}  // namespace reeve
