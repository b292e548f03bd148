// The program's part for directories: those that it reads, and the one that others may put
// something over.
#include "base/list.h"
#include "files/definitions.h"
#include "files/rundir.h"
#include "kernel/complain.h"
#include "kernel/platform.h"
#include "kernel/sys.h"
#include "reeve/program.h"

namespace reeve {

// False where a directory cannot be read: what is in force then stays as it is.
bool Program::read_files(List<List<SourceFile>>& files, List<Text>& problems) {
    ReadDirectories read = read_directories({directories(),
                                             {options_.trusted.data(), options_.trusted.size()},
                                             setup_.in_container,
                                             main_definition_ && !directories_were_named_});
    problems = std::move(read.problems);
    if (!problems.empty()) return false;
    files = std::move(read.files);
    trusted_ = std::move(read.trusted);
    if (supervisor_.services().empty())
        for (const Text& note : read.notes)
            if (!(note == setup_.flaw_told)) complain(note);
    return true;
}

bool Program::trusts(const Text& directory) const {
    return is_one_of({trusted_.data(), trusted_.size()}, directory);
}

// A container in which nothing can ever run was built wrongly: it ends, and says all of why. One
// with no definitions waits for them. Asked at a first start.
bool Program::has_nothing_to_run(const Catalog& catalog) const {
    // An image's files are as they were in somebody's working directory.
    if (catalog.refuses_files && setup_.in_container)
        complain("files are refused for their mode or owner: in a Dockerfile COPY --chmod=go-w "
                 "--chown=root; where a mount shows all of them so, reeve --trust DIR");
    if (!is_init_ || is_machine_ || main_definition_) return false;
    if (catalog.services.empty() && catalog.problems.empty()) {
        complain(Text::join({"there are no services in ", directories_.back(),
                             ": waiting for some (svctl add makes one, svctl reload reads them)"}));
        return false;
    }
    Supervisor trial;
    List<Problem> problems;
    reeve::put_in_force(catalog, {}, {}, trial, {sys::mono_now(), sys::wall_now()}, problems);
    for (const Service& service : trial.services())
        if (service.used() && service.state != State::invalid) return false;
    for (const Problem& problem : problems) complain(describe(problem));
    complain("no service can run: every definition is refused or has errors");
    return true;
}

// What has its place now is not what it was: all that was in it is made again.
bool Program::take_run_directory_again(Now now) {
    const Text& run = setup_.run_directory;
    RunDirectoryRefusal refusal;
    Result<Fd> lock = open_run_directory(run, setup_.in_container, refusal);
    if (!lock) {
        Text trouble = why_not_taken(run, lock.error(), refusal);
        if (!(trouble == lock_trouble_)) complain(trouble);
        lock_trouble_ = std::move(trouble);
        return false;
    }
    lock_trouble_ = {};
    setup_.lock = std::move(*lock);
    watch_removals();
    if (const Status opened = server_.reopen(); !opened) complain(describe(opened.error()));
    if (const Status written = write_pid_file(run); !written) complain(describe(written.error()));
    performer_.renew_channels();
    performer_.rewrite_files(now);
    return true;
}

}  // namespace reeve
