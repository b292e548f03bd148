// file: the files of log = file. LOGDIR/NAME/current is appended to; when it has grown to its
// size it is renamed to the time of that (model/stamp), and a new one is begun. All that has to
// be known is in the names of the files: a writer that is killed at any step is followed by one
// that goes on there.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/fd.h"
#include "base/list.h"
#include "base/text.h"

namespace reeve {

struct OldLog {
    Text folder;  // under LOGDIR
    Text name;
};

// The oldest of many old files, in order, and what all of them come to.
struct OldLogs {
    List<OldLog> oldest;
    size_t count = 0;
    uint64_t bytes = 0;  // with `current`

    // Adds what is in LOGDIR/FOLDER.
    void look_into(const Text& directory, std::string_view folder);
};

// LOGDIR: how much all services may have in it.
class LogFolder {
  public:
    explicit LogFolder(std::string_view path) : path_(path) {}

    const Text& path() const { return path_; }
    void set_bound(uint64_t bytes) { bound_ = bytes; }
    void add(uint64_t bytes);
    // There is one more that may go.
    void note_old() { has_old_ = true; }
    // Removes the oldest old files of anybody's until the bound is kept.
    void keep_bound();
    // Removes the oldest one. False: there is none, or it may not be removed.
    bool remove_oldest();
    // Removes the oldest of FOLDER that are more than `keep`.
    void prune(std::string_view folder, size_t keep);

  private:
    void look();
    bool remove(const OldLog& file);

    Text path_;
    uint64_t bound_ = UINT64_MAX;
    uint64_t used_ = 0;
    int64_t looked_us_ = 0;  // when it was counted; 0: not yet
    bool has_old_ = true;    // perhaps
    List<OldLog> oldest_;
    size_t next_ = 0;  // of them: the oldest that is still there
};

// One service's. Nothing is opened before it is needed.
class LogFile {
  public:
    struct Rules {
        uint64_t max_size;
        size_t keep;
    };

    // Appends the bytes, in as many files as it takes: one ends at the end of a line. Returns how
    // many were taken; where that is not all, errno says why: ENOSPC and the like, or that there
    // can be no such file.
    size_t append(LogFolder& folder, const Text& name, std::string_view bytes, Rules rules);

    // Begins a new file, now or at the end of the line; not where this one is empty.
    void rotate(LogFolder& folder, const Text& name, Rules rules);

    // Opens it, if it is not, for in_mid_line(). 0, or an errno.
    int open(LogFolder& folder, const Text& name);
    // Is the last byte something else than a newline? Known only of what was opened.
    bool in_mid_line() const { return mid_line_; }

    // Is there one, with something in it?
    static bool is_there(const LogFolder& folder, const Text& name);
    // Closes it where another file is in its place now, or none.
    void check_place(const LogFolder& folder, const Text& name);
    void close() { file_.reset(); }

  private:
    bool rename_away(LogFolder& folder, const Text& name, Rules rules);
    bool write(LogFolder& folder, const Text& name, std::string_view bytes, size_t& taken);

    Fd file_;
    bool mid_line_ = false;
    bool rotates_ = false;  // as soon as it is not
    uint64_t size_ = 0;
    int64_t newest_us_ = -1;  // what its newest old file is named by; not yet known
};

}  // namespace reeve
