// takeover: what an earlier reeve left behind, as its journal tells it. The records say what was;
// facts about processes, which the host finds out, say what became of it; Supervisor::take_over()
// goes on from there.
#pragma once

#include <array>
#include <string_view>

#include "base/list.h"
#include "model/record.h"
#include "model/service.h"

namespace reeve {

// What became of a recorded process.
enum class Fact : uint8_t {
    gone,        // it has ended, or its number is another's by now: not to be signalled
    alive,       // pid and start time match
    child,       // our own: alive, or its exit status waits for us
    unverified,  // something has its number, and it cannot be told whether it is the same
};

// Are what is on record and what runs of one run of the kernel, and of the container? By their
// identifiers: "BOOT", or "BOOT.CONTAINER" outside of the first PID namespace, where CONTAINER is
// "?" if that cannot be told; empty: not known. What is not known is no other boot.
enum class SameBoot : uint8_t { yes, no, unknown };
SameBoot compare_boots(std::string_view recorded, std::string_view present);

struct Survivor {
    Process process;
    Fact fact = Fact::gone;
};

// One service, as last recorded.
struct PastService {
    Service service;
    Text version;         // of the definition that was in force
    uint64_t digest = 0;  // of that
    Text blamed;          // whom its reason blames, NAME[@I]
    Text control_group;   // of its run; empty: none, or it is not on record
    std::optional<Timer> timer;
    Process child;                             // wrote its own record, before reeve knew of it
    Fact leader = Fact::gone;                  // of service.leader
    bool group_left = false;                   // something of its process group is alive
    bool group_doubted = false;                // the same, and it may be a stranger's
    std::array<Survivor, hook_count> hooks{};  // those whose bit is set in service.hooks

    bool lives() const { return leader != Fact::gone || group_left; }
};

class Past {
  public:
    // The next record, a line without its newline. What cannot be decoded is passed over.
    void take(std::string_view line);
    // What a status file says of its service.
    void take_status(std::string_view object);
    // Of what a damaged journal still tells, with facts, that which this one does not know, and
    // whose reeve and boot it was.
    void fill_in(Past&& damaged);

    bool empty() const { return services_.empty(); }
    // Its reeve ended in order: nothing was left.
    bool ended() const { return ended_; }
    // A record that cannot be decoded stands before one that can: more than a torn end.
    bool corrupt() const { return corrupt_; }
    // A later reeve wrote it: none of it is to be believed.
    bool of_later_version() const { return version_ > record_version; }
    // False: boot and uid are not known.
    bool has_header() const { return version_ != 0; }
    std::string_view boot() const { return boot_; }
    std::string_view uid() const { return uid_; }
    List<PastService>& services() { return services_; }
    const List<PastService>& services() const { return services_; }

  private:
    size_t place_of(const FullName& name) const;
    PastService* find(const FullName& name);
    PastService& add(PastService&& was);
    void remove(PastService& was);

    List<PastService> services_;
    List<uint32_t> by_name_;
    uint32_t version_ = 0;
    Text boot_;
    Text uid_;
    bool ended_ = false;
    bool torn_ = false;
    bool corrupt_ = false;
};

// Takes back what facts say of its processes, where it is not known whether they are of this boot:
// what is there may be its own, or a stranger's.
void doubt(PastService& was);

// Is it the one of a service that an earlier reeve left, and whose file cannot be read? There is
// nothing in it that could be started.
bool stands_in(const Definition& definition);
// Does it have such a one because no file was read at all? What it does without goes on; how its
// run ended is judged once there is one, and until then nothing of it begins.
bool is_unread(const Service& service);
// Is there a definition to start it by? That which stands in for a file with errors is none.
bool can_begin(const Service& service);

}  // namespace reeve
