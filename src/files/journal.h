// journal: the file RUNDIR/journal. Only the holder of the lock writes it; records are
// model/record's.
//
// The file is made in one piece (a temporary file, renamed) and then only grows, into room that was
// reserved before, until it is made anew from what is in memory: at most journal_chunk_bytes (or a
// fourth of a small file system), or three times what a new one takes, whichever is more; and what
// is written in the second that children on their way to exec are waited for. A crash at any step
// leaves the old one or the new one: both have all that was on record. Where
// there is no room, reeve goes on without: the journal is then not whole, and is made anew as soon
// as there is room again.
#pragma once

#include <string_view>
#include <sys/types.h>

#include "base/fd.h"
#include "base/format.h"
#include "base/result.h"
#include "base/text.h"
#include "base/time.h"

namespace reeve {

class Journal {
  public:
    // Without a path there is no journal: everything below does nothing.
    void set_path(Text path) {
        path_ = std::move(path);
        new_path_ = Text::join(path_, ".new");
    }
    bool enabled() const { return !path_.empty(); }

    // Begins a new file. What is appended until finish_new() goes there; then it replaces the old.
    Status begin_new();
    Status finish_new();

    // Records, newlines included. Nothing is lost where there is no room: see whole().
    void append(std::string_view records);

    // The last record: reeve ended in order.
    void end();

    // Where a child may write its record; the room is its own from now on. -1: there is none.
    off_t reserve(size_t bytes);
    int fd() const { return file_.get(); }

    // Is everything that was appended in the file?
    bool whole() const { return whole_; }
    // The file was taken away: what is on record is so no longer.
    void lose();
    // Is it time to make it anew?
    bool wants_renewal(Mono now) const;
    // When a journal that is not whole is tried again.
    Mono next_deadline() const { return enabled() && !whole_ ? retry_ : no_deadline; }

    // Is there one whose last record says that its reeve ended in order?
    static bool has_ended(const Text& path);
    // Calls see(context, line) for each line that is not empty, whoever wrote it; a NUL ends one
    // as well. It takes no memory to speak of: that may be short when there is most to be read.
    static Status each_line(const Text& path, void (*see)(void*, std::string_view), void* context);

  private:
    bool make_room(size_t bytes);

    Text path_;
    Text new_path_;  // while it is being made
    Fd file_;
    off_t end_ = 0;      // where the next record goes
    off_t room_ = 0;     // up to here it cannot fail for want of room
    off_t new_end_ = 0;  // how long the file was when it was new
    off_t chunk_ = 0;    // room is reserved in these
    bool whole_ = true;
    mutable Mono retry_{0};
};

}  // namespace reeve
