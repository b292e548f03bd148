#include "reeve/service_files.h"

#include <unistd.h>
#include <utility>

#include "base/limits.h"
#include "files/definitions.h"
#include "files/directory.h"
#include "kernel/complain.h"
#include "kernel/platform.h"

namespace reeve {

bool ServiceFiles::trusts(const Text& directory) const {
    return is_one_of({trusted_.data(), trusted_.size()}, directory);
}

bool ServiceFiles::read(List<List<SourceFile>>& files, List<Text>& problems) {
    ReadDirectories read = read_directories({directories(),
                                             {options_.trusted.data(), options_.trusted.size()},
                                             setup_.in_container,
                                             options_.command != nullptr && !were_named_});
    problems = std::move(read.problems);
    if (!problems.empty()) return false;
    files = std::move(read.files);
    trusted_ = std::move(read.trusted);
    if (!std::exchange(notes_told_, true))
        for (const Text& note : read.notes)
            if (!(note == setup_.flaw_told)) complain(note);
    return true;
}

// A file that could not be read for want of something is neither gone nor wrong: it is tried again.
bool ServiceFiles::note_read(std::span<const List<SourceFile>> files, Mono now) {
    due_ = no_deadline;
    if (may_be_read_later(files)) retry_later(now);
    return !std::exchange(are_read_, true);
}

void ServiceFiles::retry_later(Mono now) { due_ = now + milliseconds(definitions_retry_ms); }

Catalog load_catalog(List<List<SourceFile>> files) {
    const LoadContext context{geteuid(), platform::has_oom_score_adj, platform::has_no_new_privs};
    return load(std::move(files), context);
}

}  // namespace reeve
