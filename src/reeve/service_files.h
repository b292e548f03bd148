// service_files: the service directories as reeve reads them: at the start, at a reload, and again
// where they could not be read. What they say is put in force elsewhere.
#pragma once

#include <span>

#include "base/list.h"
#include "base/time.h"
#include "conf/load.h"
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

    // Have they been read at all? After a crash that may have to wait, for a reload at the latest.
    bool are_read() const { return are_read_; }
    // These are put in force; true where none were before.
    bool note_read(std::span<const List<SourceFile>> files, Mono now);
    // They are to be read again, for something could not be read.
    void retry_later(Mono now);
    Mono next_deadline() const { return due_; }

  private:
    const Options& options_;
    const Setup& setup_;
    List<Text> directories_;
    List<Text> trusted_;  // of the directories, and others
    bool were_named_;
    bool notes_told_ = false;
    bool are_read_ = false;
    Mono due_ = no_deadline;
};

// Makes definitions of the files, for this user and this system.
Catalog load_catalog(List<List<SourceFile>> files);

}  // namespace reeve
