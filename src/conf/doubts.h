// doubts: what is right in each file, and yet may not come about as it says there.
#pragma once

#include "conf/load.h"
#include "conf/problems.h"
#include "conf/schema.h"

namespace reeve {

// A warning that names the services whose stop_timeout is longer than stop_timeout_total.
void warn_of_short_shutdown(Catalog& catalog);

// Warnings of one file whose keys of time or health come to what nobody can have meant. `lines`:
// where it sets each of service_keys; 0: nowhere.
void warn_of_doubts(const Loaded& loaded, const int* lines, List<Problem>& warnings);

// An error in a file with whose instances there would be more services than there may be.
void refuse_crowd(Catalog& catalog);

// An error in each of two versions of a service that come into force at the same time: which one is
// meant is not known.
void refuse_equal_dates(Catalog& catalog);

// A warning for each of two services that have a socket at the same address.
void warn_of_shared_sockets(Catalog& catalog);

// Errors where `key`, the first that has %i, is one of a service without instances (null: none
// has), and where cgroup_set is without cgroup. `lines`: as above.
void refuse_lone_values(const Policy& policy, const Key* key, const int* lines, Problems& problems);

// An error where `ready` takes a number that sd_listen_fds(3) has for a socket. `line`: of ready.
void refuse_taken_descriptor(const Policy& policy, int line, Problems& problems);

}  // namespace reeve
