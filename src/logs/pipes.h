// pipes: reeve's part in log = file and console: a FIFO for each service, RUNDIR/log/NAME.fifo,
// and the plan that tells svlog what to do with them. reeve, svlog and the service each hold its
// pipe open for reading and writing: nobody's death costs a line or a SIGPIPE.
#pragma once

#include <optional>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/list.h"
#include "core/supervisor.h"
#include "kernel/inherited.h"
#include "kernel/pollset.h"
#include "model/logline.h"

namespace reeve {

// Where they are, and what reeve.conf says of them.
struct LogSettings {
    Text pipes;      // RUNDIR/log; empty: there is no run directory
    Text directory;  // LOGDIR
    uint64_t max_total = 0;
    uid_t owner = 0;  // svlog's user; 0: who reeve is
    gid_t group = 0;
};

// A rotation that was asked for: what `current` was then.
struct Rotation {
    uint64_t inode = 0;
    int64_t size = 0;  // 0: there is nothing to rotate
    bool asked = false;
};

class LogPipes {
  public:
    LogPipes(Supervisor& supervisor, const LogSettings& settings)
        : supervisor_(supervisor), at_(settings) {}

    // Opens all that an earlier reeve has left, or that it was itself: before anything else may end
    // that holds them.
    void take_over(Inherited& kept);
    // No more than this at a time, where descriptors are scarce.
    void limit(size_t most) { most_ = most; }

    // Before svlog starts: pipes and directories are its user's, who may be another than before.
    void renew_owner();

    // The end of the service's pipe for a new process of its to write to. Makes the pipe, and its
    // place under LOGDIR, where they are not there. None, and errno: there is no pipe to be had.
    Fd open(ServiceId id);
    // A run is over, or begins: what is said from now on begins a line.
    void end_line(ServiceId id) const { write_mark(id, LogMark::end); }
    // 0, or an errno: EINVAL, it has no files of this kind; ENOTDIR, there can be none now.
    int rotate(ServiceId id, Rotation& rotation);
    // Has it come about? Asks svlog again where its pipe was full.
    bool is_rotated(ServiceId id, Rotation& rotation) const;

    // Its place under LOGDIR is made again where others have taken it away, or have made it theirs,
    // and there are files again where there could be none.
    void renew_directory(ServiceId id);

    // Something has changed, of this service or of all: settle() is to look.
    void look_at(ServiceId id);
    void mark_changed() { stale_ = true; }
    // The plan is to be written and read again, though it is the same.
    void renew_plan() { plan_ = 0, stale_ = true; }
    // All of it is: HUP.
    void renew();
    bool due(Now now) const { return (stale_ || now.mono >= look_at_) && !supervisor_.unread(); }
    Mono next_deadline() const { return supervisor_.unread() ? no_deadline : look_at_; }
    // Puts pipes away that nobody needs any more and that have been read, and writes the plan.
    // True: there is another one for svlog to read.
    bool settle(Now now);

    // Reads what nobody else will, so that no service hangs for want of svlog.
    void watch(PollSet& set);
    void serve(const PollSet& set);

    size_t count() const { return count_; }
    // reeve ends, and nothing of its services is left.
    void close();

  private:
    struct Pipe {
        Text name;  // NAME[@I]; empty: there is none
        PolledFd fd;
        Log log = Log::file;
        bool no_file = false;  // there can be no files: its lines go to the console
        bool open = false;     // what was discarded ended in the middle of a line
        size_t lost = 0;       // lines, since svlog is away
    };

    const char* path_of(Sink& path, std::string_view name) const;
    Pipe* find(ServiceId id);
    int descriptor_of(ServiceId id) const;
    bool make(Pipe& pipe, const Service& service);
    bool let_read(int fd) const;
    bool give(const char* directory) const;
    void prepare_directory(ServiceId id, Pipe& pipe);
    int write_mark(ServiceId id, LogMark mark) const;
    bool ask_to_rotate(ServiceId id) const;
    bool needs(ServiceId id, const Pipe& pipe) const;
    void drop(Pipe& pipe);
    bool write_plan(Now now);
    void look_for_files(Now now);
    void look_after_svlog(Now now);
    void discard(ServiceId id);
    void end_discarding(Now now);
    bool look_at_current(const Service& service, struct stat& state) const;

    Supervisor& supervisor_;
    const LogSettings& at_;
    List<Pipe> pipes_;  // by service's index
    List<Pipe> gone_;   // of services that are no more, or log otherwise: until they have been read
    size_t count_ = 0;  // of both
    size_t most_ = SIZE_MAX;
    std::optional<uid_t> owner_;  // whose they were made at the last renewal; none: nobody knows
    bool stale_ = true;
    uint64_t plan_ = 0;  // the digest of the one that is in its place
    Mono look_at_ = no_deadline;
    Mono away_until_ = no_deadline;  // svlog is, and may be so long; none: it is there
    Wall away_since_;
    bool discards_ = false;
};

}  // namespace reeve
