// log_service: svlog as reeve sees it: whether there has to be one, as which user it runs, and the
// descriptors that a pipe for each service takes. The pipes themselves are logs/pipes'.
#pragma once

#include <span>

#include "conf/load.h"
#include "core/supervisor.h"
#include "core/takeover.h"
#include "process/performer.h"

namespace reeve {

// How many that need a descriptor of ours each there may be at a time, `most` at most: half of
// those that are not needed for everything else.
uint32_t descriptors_for(uint64_t everything_else, uint64_t most);

class LogService {
  public:
    LogService(Setup& setup, const Settings& settings, Supervisor& supervisor, Performer& performer)
        : setup_(setup), settings_(settings), supervisor_(supervisor), performer_(performer) {}

    // There are new settings: their bounds, and the user that svlog is to be.
    void configure();

    // How many services it is to serve, with the definitions of this catalog.
    size_t count_pipes(const Catalog& catalog) const;
    // Raises the limit of descriptors, where so many pipes need it and that is allowed, and shares
    // out what there is between pipes and children on their way to exec.
    void make_room(size_t pipes);

    // svlog's own definition; null where none is needed.
    Ref<const Definition> definition(const Catalog& catalog) const;

    // An svlog that an earlier reeve started writes to that one's output: where lines go to the
    // console it is started anew.
    void renew_console(std::span<const PastService> past, Now now);

  private:
    Setup& setup_;
    const Settings& settings_;
    Supervisor& supervisor_;
    Performer& performer_;
};

}  // namespace reeve
