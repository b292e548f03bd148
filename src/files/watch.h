// watch: notices that something in the service directories has changed, by the system's help or,
// where it gives none, by looking. Idle, it costs no wake-up where the system helps.
#pragma once

#include <span>
#include <string_view>

#include "base/list.h"
#include "base/text.h"
#include "conf/source.h"
#include "files/burst.h"
#include "kernel/platform.h"
#include "kernel/pollset.h"

namespace reeve {

class Watch {
  public:
    void turn(bool on, std::span<const Text> directories, Mono now);
    // Nothing is noticed any more, until it is renewed.
    void rest();

    // What has happened so far is over: who reads the directories behind this sees it. Where it is
    // off nothing is done, here and below.
    void renew(std::span<const Text> directories);
    // Has the files watched that links lead to.
    void follow_links(std::span<const List<SourceFile>> directories);

    // In a burst nothing wakes us: once it may be over is early enough.
    void watch(PollSet& set) {
        if (!burst_.is_on()) watch_.watch(set);
    }
    // After the wait. `mounts`: something was mounted, or is so no longer.
    void serve(const PollSet& set, bool mounts, Mono now);

    // When to look.
    Mono next_look() const { return std::min(burst_.next_look(), look_due_); }
    // Does the system tell? Else the caller reads the directories at each look.
    bool is_told() const { return static_cast<bool>(watch_); }
    // At a look: is a burst over, so that it is time to read them? Where the system does not tell,
    // `found` is the digest of what is in them.
    bool is_over(Mono now, uint64_t found);

  private:
    bool add(const char* path, platform::WatchFor what);
    void watch_way(const Text& to);
    bool take_news();
    bool matters(std::string_view name) const;
    void note_writing(platform::Happening what, std::string_view name);
    void fall_back();

    bool is_on_ = false;
    bool is_lost_ = false;  // what is watched may not be what is on the way now
    bool awaits_ = false;   // a directory is not there
    bool told_ = false;     // that the system does not help
    PolledFd watch_;
    int newest_ = 0;           // number of what is watched
    uint64_t unfinished_ = 0;  // digest of the name of a file that is half written; 0: none is
    uint64_t seen_ = 0;        // at the last look: a digest
    Burst burst_;
    Mono look_due_ = no_deadline;
};

}  // namespace reeve
