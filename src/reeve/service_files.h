// service_files: the service directories as reeve reads them: at the start, at a reload, and again
// where they could not be read. What they say is put in force elsewhere.
#pragma once

#include <algorithm>
#include <span>

#include "base/list.h"
#include "base/time.h"
#include "conf/load.h"
#include "files/watch.h"
#include "process/performer.h"
#include "reeve/options.h"

namespace reeve {

class ServiceFiles {
  public:
    // were_named: the directories are no defaults, and must be there even where there is a CMD.
    ServiceFiles(const Options& options, const Setup& setup, List<Text> directories,
                 bool were_named)
        : options_(options), setup_(setup), directories_(std::move(directories)),
          were_named_(were_named) {}

    std::span<const Text> directories() const { return directories_; }
    // Are the files of this one taken whatever their mode and owner?
    bool trusts(const Text& directory) const;

    // False, with what is wrong, where a directory cannot be read: what is in force then stays as
    // it is. What is to be told of one that can be read is told the first time.
    bool read(List<List<SourceFile>>& files, List<Text>& problems);

    // Reads the files anew while some are in force: for who asks for it, or, with `watch = yes`,
    // once they have changed; as long as they have not it looks at the clock alone. True: what was
    // read is to be put in force. What is wrong is told.
    bool read_again(List<List<SourceFile>>& files, List<Text>& problems, Mono now, bool is_asked);
    // Tells, where reeve's output goes, what is wrong with what was read; where nobody has asked
    // for it only what was not so the last time.
    void tell(const Text& problem);

    void set_watched(bool watched, Mono now) { watch_.turn(watched, directories(), now); }
    void rest_watch() { watch_.rest(); }
    void watch(PollSet& set) { watch_.watch(set); }
    void serve(const PollSet& set, bool mounts, Mono now) { watch_.serve(set, mounts, now); }

    // Have they been read at all? After a crash that may have to wait, for a reload at the latest.
    bool are_read() const { return are_read_; }
    // These are put in force; true where none were before.
    bool note_read(std::span<const List<SourceFile>> files, Mono now);
    // They are to be read again, for something could not be read.
    void retry_later(Mono now);
    Mono next_deadline() const { return std::min(due_, watch_.next_look()); }
    Mono next_retry() const { return due_; }

  private:
    const Options& options_;
    const Setup& setup_;
    List<Text> directories_;
    List<Text> trusted_;  // of the directories, and others
    bool were_named_;
    bool notes_told_ = false;
    bool are_read_ = false;
    Mono due_ = no_deadline;
    uint64_t in_force_ = 0;  // a digest of what was read last to be put in force
    uint32_t filled_ = 0;    // a bit for each directory that had something in it then
    List<uint64_t> told_;    // digests of what this reading found wrong
    List<uint64_t> told_before_;
    Watch watch_;
};

// Makes definitions of the files, for this user and this system.
Catalog load_catalog(List<List<SourceFile>> files);

}  // namespace reeve
