#include "reeve/service_files.h"

#include <bit>
#include <unistd.h>
#include <utility>

#include "base/digest.h"
#include "base/limits.h"
#include "files/definitions.h"
#include "files/directory.h"
#include "files/zone.h"
#include "kernel/complain.h"
#include "kernel/platform.h"

namespace reeve {

namespace {

// Of what is in the directories, and of whose it is.
uint64_t digest_of(std::span<const List<SourceFile>> directories) {
    uint64_t sum = digest_start;
    for (const List<SourceFile>& files : directories) {
        for (const SourceFile& file : files) {
            sum += file.mode + (uint64_t{file.owner} << 12) +
                   (static_cast<uint64_t>(file.read_error) << 44);
            sum = digest(file.path.name, sum);
            sum = digest(file.path.directory, sum);
            sum = digest(file.text, sum);
        }
    }
    return sum;
}

// A bit for each that has something in it.
uint32_t filled_of(std::span<const List<SourceFile>> directories) {
    static_assert(directories_max_count <= 32);
    uint32_t bits = 0;
    for (size_t i = 0; i < directories.size() && i < 32; ++i)
        if (!directories[i].empty()) bits |= uint32_t{1} << i;
    return bits;
}

}  // namespace

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
    watch_.follow_links(files);
    if (!std::exchange(notes_told_, true))
        for (const Text& note : read.notes)
            if (!(note == setup_.flaw_told)) complain(note);
    return true;
}

// A file that could not be read for want of something is neither gone nor wrong: it is tried again.
bool ServiceFiles::note_read(std::span<const List<SourceFile>> files, Mono now) {
    due_ = no_deadline;
    in_force_ = digest_of(files);
    filled_ = filled_of(files);
    if (may_be_read_later(files)) retry_later(now);
    return !std::exchange(are_read_, true);
}

// Who asks is told of all that is wrong, however often. Where the system does not tell of changes
// the files are read to see whether there are any.
bool ServiceFiles::read_again(List<List<SourceFile>>& files, List<Text>& problems, Mono now,
                              bool is_asked) {
    if (!is_asked && now < watch_.next_look()) return false;
    const bool looks = !is_asked && !watch_.is_told();
    if (!looks) {
        if (!is_asked && !watch_.is_over(now, 0)) return false;
        watch_.renew(directories());
    }
    bool were_read = read(files, problems);
    const uint64_t found = is_asked ? 0 : digest_of(files);
    if (looks && !watch_.is_over(now, found)) return false;
    if (!is_asked && were_read && found == in_force_) return false;
    // A volume that was unmounted looks like this, and a directory that is about to be filled: all
    // is stopped for who asks for it alone.
    const uint32_t emptied = filled_ & ~filled_of(files);
    if (!is_asked && were_read && emptied != 0) {
        were_read = false;
        const auto which = static_cast<size_t>(std::countr_zero(emptied));
        problems.push_back(Text::join(directories()[which],
                                      ": nothing is in it any more; all stays as it is until "
                                      "something is, or svctl reload"));
    }
    told_before_ = std::move(told_);  // which is empty then
    if (is_asked) told_before_.clear();
    for (const Text& problem : problems) tell(problem);
    return were_read;
}

void ServiceFiles::tell(const Text& problem) {
    const uint64_t mark = digest(problem);
    told_.push_back(mark);
    for (const uint64_t before : told_before_)
        if (before == mark) return;
    complain(problem);
}

void ServiceFiles::retry_later(Mono now) { due_ = now + milliseconds(definitions_retry_ms); }

Catalog load_catalog(List<List<SourceFile>> files) {
    LoadContext context{geteuid(), platform::has_oom_score_adj, platform::has_no_new_privs,
                        platform::has_usage, platform::has_confinement};
    ZoneCache zones;
    context.find_zone = ZoneCache::find_in;
    context.zones = &zones;
    return load(std::move(files), context);
}

}  // namespace reeve
