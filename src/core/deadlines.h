// deadlines: what is due first. A service has one place at most, so that a deadline that is taken
// back leaves nothing behind; hence no queue of the library's, which cannot take back.
#pragma once

#include <cstdint>

#include "base/list.h"
#include "base/time.h"
#include "model/service.h"

namespace reeve {

class Deadlines {
  public:
    // Room for so many services, by index.
    void resize(size_t services) { places_.resize(services); }
    // In the place of the service's deadline before. no_deadline: it has none.
    void set(ServiceId id, Mono at);
    // The earliest, that of `other` left out; no_deadline: there is none.
    Mono next(ServiceId other = {}) const;
    // Takes out the earliest deadline that has passed, the lowest id's first where several are due
    // at one time. Its service; none: nothing is due.
    ServiceId take_due(Mono now);

  private:
    struct Due {
        Mono at;
        ServiceId id;
    };
    static bool is_before(const Due& a, const Due& b);
    void put(size_t place, const Due& due);

    List<Due> heap_;         // of two children of [n], [2n+1] and [2n+2], none is before it
    List<uint32_t> places_;  // by index, in heap_, from 1 on; 0: it has none
};

}  // namespace reeve
