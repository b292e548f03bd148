// zones: the machine's zoneinfo, for tests of zones and schedules.
#pragma once

#include <string>

#include "base/ref.h"
#include "model/zone.h"

namespace reeve::test {

// The bytes of its file; empty: the machine has none of that name.
std::string zone_bytes(const std::string& name);

// The zone of that file, or of a TZ string; null where there is none.
Ref<const Zone> zone_of(const std::string& name);

// Makes it this program's own zone while it lives, so that localtime_r(3) can say what is right.
class LocalZone {
  public:
    explicit LocalZone(const std::string& name);
    ~LocalZone();
    LocalZone(const LocalZone&) = delete;
    LocalZone& operator=(const LocalZone&) = delete;

    int32_t offset_s(int64_t time_s) const;

  private:
    std::string before_;
    bool was_set_ = false;
};

}  // namespace reeve::test
