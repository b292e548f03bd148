// deadlines: what is due first, by either clock. A service has one place at most, so that a
// deadline that is taken back leaves nothing behind; hence no queue of the library's, which cannot
// take back.
#pragma once

#include <cstdint>

#include "base/list.h"
#include "base/time.h"
#include "model/service.h"

namespace reeve {

// The part that does not depend on the clock; times are in its milliseconds.
class DeadlineHeap {
  public:
    // Room for so many services, by index.
    void resize(size_t services) { places_.resize(services); }
    size_t size() const { return places_.size(); }

  protected:
    void set_ms(ServiceId id, int64_t at_ms);
    int64_t next_ms(ServiceId other) const;
    ServiceId take_due_ms(int64_t now_ms);

    static constexpr int64_t none_ms = INT64_MAX;

  private:
    struct Due {
        int64_t at_ms;
        ServiceId id;
    };
    static bool is_before(const Due& a, const Due& b);
    void put(size_t place, const Due& due);

    List<Due> heap_;         // of two children of [n], [2n+1] and [2n+2], none is before it
    List<uint32_t> places_;  // by index, in heap_, from 1 on; 0: it has none
};

// Time: Mono, whose latest is no_deadline, or Wall, whose latest is no_moment.
template <typename Time>
class Deadlines : public DeadlineHeap {
    static_assert(no_deadline.ms == none_ms && no_moment.ms == none_ms);

  public:
    // In the place of the service's deadline before. The latest of all: it has none.
    void set(ServiceId id, Time at) { set_ms(id, at.ms); }
    // The earliest, that of `other` left out; the latest of all: there is none.
    Time next(ServiceId other = {}) const { return Time{next_ms(other)}; }
    // Takes out the earliest deadline that has passed, the lowest id's first where several are due
    // at one time. Its service; none: nothing is due.
    ServiceId take_due(Time now) { return take_due_ms(now.ms); }
};

}  // namespace reeve
