// limiter: ends runs that use more than max_memory or max_cpu lets them, for as long as max_for. It
// looks at the system's processes now and then, once for all services, and only while one runs that
// has such a bound.
#pragma once

#include "base/list.h"
#include "core/supervisor.h"
#include "process/usage.h"

namespace reeve {

class Limiter {
  public:
    explicit Limiter(Supervisor& supervisor) : supervisor_(supervisor) {}

    // It runs, and has a bound.
    void add(ServiceId id, Now now);
    // What is above its bound for too long is an event for the supervisor.
    void pass_deadline(Now now);
    Mono next_deadline() const { return next_; }

  private:
    struct Bounded {
        ServiceId id;
        pid_t group = 0;                  // of the run that the rest is about
        uint64_t cpu_ms = 0;              // when it was looked at last
        Mono looked_at{};                 // 0: not yet
        Mono memory_above = no_deadline;  // since when; no_deadline: it is not
        Mono cpu_above = no_deadline;
    };
    bool is_bounded(ServiceId id) const;
    void judge(Bounded& bounded, const platform::Usage& usage, Now now);
    void plan_look(ServiceId id, Now now);

    Supervisor& supervisor_;
    List<Bounded> bounded_;
    List<uint8_t> is_listed_;  // by index: is it in there?
    Mono next_ = no_deadline;
    bool is_blind_ = false;  // and that was told
};

}  // namespace reeve
