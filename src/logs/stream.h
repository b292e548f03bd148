// stream: what a service has written, read back from LOGDIR/NAME[@I]/ line by line, and gone on
// with as it grows. The directory may hold two streams, for the key `log` may change:
// - of svlog: `current`, and the old files that it was renamed to, each named by when that was;
// - of runs: a file for each, named by when the run began (logs/run.h).
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/fd.h"
#include "base/list.h"
#include "base/text.h"
#include "files/dirwatch.h"
#include "model/stamp.h"

namespace reeve {

class LogStream {
  public:
    enum class Form : uint8_t { svlog, runs };

    LogStream(const Text& directory, Form form)
        : directory_(directory), form_(form), watch_(directory) {}
    LogStream(LogStream&&) = default;

    // Looks at what there is. 0, or the errno for which it cannot be read; that there is nothing,
    // or no directory, is none. What follows needs it.
    int open();

    // Of files of runs, when each began, oldest first; of old files of svlog when they were named.
    const List<Stamp>& times() const { return times_; }

    // Narrows what is read, before seek(). Lines without a stamp are where the line before them is;
    // those behind all stamps of a file are read if they may be meant: by then it was written to.
    void begin_at(Stamp since);
    void end_at(Stamp until);    // svlog's only
    void only_run(Stamp start);  // the file of the run that began then, or nothing
    // Is there more between the bounds than was meant, perhaps?
    bool guesses() const { return guesses_; }
    // Whatever is written from now on is not read.
    void end_here();

    // Goes to where the last `lines` lines begin, and counts them.
    size_t seek_back(size_t lines);
    // Goes to the beginning.
    void seek_begin();

    // The next line, once it has its end; with `to_the_end` also what has none. False: there is
    // none now. It holds until pass(), and has the time of its stamp, or of the line before.
    bool load(bool to_the_end);
    std::string_view line() const { return line_; }
    Stamp time() const { return time_; }
    void pass();

  private:
    // Where in which file. Behind the old files stands `current`.
    struct Place {
        size_t file = 0;
        off_t offset = 0;
        friend constexpr auto operator<=>(Place, Place) = default;
    };

    bool is_svlog() const { return form_ == Form::svlog; }
    size_t file_count() const { return times_.size() + (is_svlog() ? 1 : 0); }
    Fd open_named(size_t file) const;
    int descriptor_of(size_t file, Fd& opened) const;
    bool look_at(size_t file, struct stat& state) const;
    void find_files();
    void set_end(Place place);
    size_t count_back(Place begin, off_t end, size_t lines, Place& place) const;
    void go_to(Place place);
    void enter(Fd file, ino_t inode, size_t place);
    bool read_block();
    bool go_on_to(Fd next, size_t place);
    bool next_file();

    Text directory_;
    Form form_;
    DirWatch watch_;
    List<Stamp> times_;
    Fd current_;  // as it was when times_ was made: it may be renamed while we look
    Place begin_;
    Place end_;
    // The end as it is found again after files were renamed.
    bool ends_ = false;
    bool guesses_ = false;
    bool empty_ = false;
    ino_t end_inode_ = 0;
    off_t end_offset_ = 0;

    Fd file_;  // that is read
    ino_t inode_ = 0;
    off_t offset_ = 0;
    int64_t behind_us_ = INT64_MIN;  // files named later than this come after it
    LongText bytes_;                 // what was read of it and not passed
    size_t used_ = 0;
    size_t scanned_ = 0;  // behind used_: there is no newline in these
    size_t taken_ = 0;    // the line, and its newline
    std::string_view line_;
    Stamp time_{INT64_MIN};
};

}  // namespace reeve
