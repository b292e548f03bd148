// leaders: which service a child is the leader of, by its pid.
#pragma once

#include <cstdint>
#include <span>

#include "base/list.h"
#include "model/service.h"

namespace reeve {

class Leaders {
  public:
    // The services' leaders, from now on also of as many services as there are.
    void build(std::span<const Service> services);
    void add(ServiceId id, pid_t pid);
    void remove(ServiceId id, pid_t pid);
    // Of a process that is not reaped yet; none: it leads no service.
    ServiceId find(std::span<const Service> services, pid_t pid) const;

  private:
    ServiceId& first(pid_t pid) { return first_[static_cast<size_t>(pid) % first_.size()]; }

    // Pids follow one another: their remainders spread evenly.
    List<ServiceId> first_;  // by pid: a chain of services
    List<ServiceId> next_;   // by index
};

}  // namespace reeve
