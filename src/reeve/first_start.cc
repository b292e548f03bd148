#include "reeve/first_start.h"

#include "base/limits.h"
#include "files/definitions.h"
#include "kernel/complain.h"
#include "kernel/sys.h"

namespace reeve {

namespace {

// Services of which something is alive.
size_t count_survivors(const Past& past) {
    size_t count = 0;
    for (const PastService& each : past.services())
        if (each.lives()) ++count;
    return count;
}

}  // namespace

bool may_take_over(const Past& past, std::string_view uid, const Text& run) {
    if (past.uid() == uid || past.empty() || !past.has_header()) return true;
    const size_t count = count_survivors(past);
    if (count == 0) return true;
    Buffer<path_max_bytes + 256> line;
    append(line, run, ": ", count, " service", count == 1 ? "" : "s", " of the reeve with uid = '",
           past.uid(), "' still run, this one's is '", uid,
           "'; start that one again, or name another run directory with -r");
    complain(line.view());
    return false;
}

bool has_nothing_to_run(const Catalog& catalog, std::span<const Text> directories,
                        const Setup& setup, bool may_be_empty) {
    // An image's files are as they were in somebody's working directory.
    if (catalog.refuses_files && setup.in_container)
        complain("files are refused for their mode or owner: in a Dockerfile COPY --chmod=go-w "
                 "--chown=root; where a mount shows all of them so, reeve --trust DIR");
    if (may_be_empty) return false;
    if (catalog.services.empty() && !catalog.refuses_files) {
        complain("there are no services in ", directories.back(),
                 ": waiting for some (svctl add makes one, svctl reload reads them)");
        return false;
    }
    Supervisor trial;
    List<Problem> problems;
    put_in_force(catalog, {}, {}, trial, {sys::mono_now(), sys::wall_now()}, problems);
    for (const Service& service : trial.services())
        if (service.used() && service.state != State::invalid) return false;
    for (const Problem& problem : problems) complain(describe(problem));
    complain("no service can run: every definition is refused or has errors");
    return true;
}

bool refuses_errors(const Catalog& catalog, std::span<const Ref<const Definition>> own,
                    const Past& past) {
    if (count_survivors(past) > 0) return false;
    List<Problem> problems = catalog.problems;
    Supervisor trial;
    put_in_force(catalog, own, {}, trial, {sys::mono_now(), sys::wall_now()}, problems);
    if (problems.empty()) return false;
    for (const Problem& problem : problems) complain(describe(problem));
    complain("nothing was started, for these definitions have errors (strict)");
    return true;
}

}  // namespace reeve
