// svlog: what services say, written to files and to the console. One process for all of them, with
// nothing but poll: it reads what is in their pipes, RUNDIR/log/NAME.fifo, and does with it what
// RUNDIR/log/plan says. What has been read and not yet written is all that its death can cost.
#pragma once

#include "base/format.h"
#include "base/limits.h"
#include "base/list.h"
#include "kernel/pollset.h"
#include "logs/file.h"
#include "model/logline.h"
#include "model/logplan.h"
#include "model/zone.h"

namespace reeve {

// Descriptor 1, with all whose lines go there. Whoever reads it may be slow: what it does not take
// waits here, and their pipes are not read meanwhile.
class Console {
  public:
    Console();
    // Adds a line, whole.
    void add(std::string_view name, std::string_view begun, std::string_view rest);
    // Writes as much as is taken at once.
    void flush();
    bool blocked() const { return !waiting_.empty(); }

  private:
    LongText waiting_;
    bool colours_;
};

// A service, as svlog sees it.
struct Stream {
    Text name;  // NAME[@I]
    PolledFd pipe;
    LogFile file;
    LogFile::Rules rules{};
    Log log = Log::file;
    LogTime time = LogTime::utc;
    bool listed = false;    // in the plan
    bool known = false;     // `length` is
    bool no_file = false;   // there can be no file: its lines go to the console
    bool skips = false;     // up to the end of a line whose beginning was dropped
    bool enlarged = false;  // its pipe
    bool shut = false;      // its pipe is there and cannot be opened
    bool told = false;      // of that
    int32_t trouble = 0;    // the errno for which `held` waits
    size_t length = 0;      // of the line that is being written
    size_t lost = 0;        // lines
    int64_t looked_us = 0;  // after its file
    LongText held;          // to a file: for want of room; to the console: a line's beginning

    bool to_console() const { return log == Log::console || no_file; }
};

class Svlog {
  public:
    Svlog(std::string_view pipes, std::string_view logs) : pipes_(pipes), folder_(logs) {}

    // Until TERM, and then until all pipes are empty. The exit status.
    int run();

  private:
    bool ends() const { return ends_by_ != no_deadline; }
    void read_plan();
    Stream& stream_of(std::string_view name);
    void follow(Stream& stream, const LogPlan& plan);
    void open_pipe(Stream& stream);
    void finish(Stream& stream);
    void conclude(Stream& stream);
    int write_held(Stream& stream);
    bool turn();
    void let_gather(bool at_once);

    static std::string_view read_pipe(const Stream& stream, size_t room);
    bool pump(Stream& stream);
    void prepare(Stream& stream, bool silent);
    void use_console(Stream& stream, int code);
    void tell(const Stream& stream, int code, const char* what) const;
    void feed(Stream& stream, std::string_view bytes);
    void add_text(Stream& stream, std::string_view text);
    void put(Stream& stream, std::string_view text);
    void heed(Stream& stream, LogMark mark);
    void end_line(Stream& stream);
    void put_stamped(Stream& stream, std::string_view text);
    void put_to_console(Stream& stream, std::string_view text);
    void write(Stream& stream, std::string_view bytes);
    void set_stamp(const Stream& stream);

    void retry(Now now);
    void tell_lost(Stream& stream);
    void drop_oldest(Stream& stream);

    Text pipes_;
    LogFolder folder_;
    Console console_;
    List<Stream> streams_;
    size_t next_ = 0;  // of them: the one that the next line of the plan is probably about
    PollSet set_;
    Buffer<48> stamp_;
    int64_t now_us_ = 0;
    Ref<const Zone> zone_;              // the machine's; null before it is needed
    Period local_{.end_s = -always_s};  // of it, around now_us_
    size_t fullest_ = 0;                // of the pipes: what was in it when it was last read
    int64_t gather_us_ = 0;             // how long
    Mono retry_at_ = no_deadline;
    Mono ends_by_ = no_deadline;
};

}  // namespace reeve
