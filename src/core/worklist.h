// worklist: services to be looked at, first in first out, each listed once at a time.
#pragma once

#include <cstdint>

#include "base/list.h"
#include "model/service.h"

namespace reeve {

class Worklist {
  public:
    // Room for so many services, by index.
    void resize(size_t services) { listed_.resize(services); }
    void add(ServiceId id);
    // The first, which is not listed any more; none: the list is empty.
    ServiceId take();
    size_t size() const { return ids_.size() - next_; }

  private:
    List<ServiceId> ids_;  // from `next_` on
    size_t next_ = 0;
    List<uint8_t> listed_;  // by index
};

}  // namespace reeve
