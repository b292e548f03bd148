// zone: finds the zones that services name, in the system's zoneinfo or as a TZ string.
#pragma once

#include <span>
#include <string_view>

#include "base/format.h"
#include "base/list.h"
#include "base/text.h"
#include "model/zone.h"

namespace reeve {

// Where zoneinfo may be, and the machine's own zone.
struct ZonePlaces {
    std::span<const char* const> directories;
    const char* local;
};
extern const ZonePlaces system_zones;

// The zone of that name in zoneinfo ("Europe/Madrid"), else what a TZ string means. Null: there is
// none, and `problem` says so in one line.
//
// "" is the machine's own: by the environment's TZ, else by /etc/localtime, else UTC. It is never
// null: where `problem` says something it is UTC, as it is for the C library.
Ref<const Zone> find_zone(std::string_view name, Sink& problem,
                          const ZonePlaces& places = system_zones);

// Finds zones for many services, which share those that they name.
class ZoneCache {
  public:
    Ref<const Zone> find(std::string_view name, Sink& problem);
    // As LoadContext wants it.
    static Ref<const Zone> find_in(void* cache, std::string_view name, Sink& problem) {
        return static_cast<ZoneCache*>(cache)->find(name, problem);
    }

  private:
    struct Known {
        Text name;
        Ref<const Zone> zone;
    };
    List<Known> known_;
};

}  // namespace reeve
