#include "host/recall.h"

#include <cerrno>
#include <unistd.h>

#include "base/limits.h"
#include "base/list.h"
#include "core/object.h"
#include "host/adopted.h"
#include "host/journal.h"
#include "host/platform.h"
#include "host/resume.h"
#include "host/statusfile.h"
#include "host/sys.h"
#include "model/record.h"

namespace reeve {

namespace {

Recollection read_journal(std::string_view text) {
    Recollection past;
    while (!text.empty()) past.take(take_line(text));
    return past;
}

Recollection read_status(const Text& run_directory) {
    List<Text> files;
    read_status_files(run_directory, files);
    Recollection past;
    for (const Text& file : files) past.take_status(file);
    return past;
}

void find_facts(Remembered& remembered) {
    const Service& service = remembered.service;
    const Process leader = remembered.child ? remembered.child : service.leader;
    if (leader && !(service.leader && service.leader_gone))
        remembered.leader = fact_on_record(leader);
    const pid_t group = remembered.child ? remembered.child.pid : service.group;
    if (group > 0 && remembered.leader == Fact::gone)
        remembered.group_left = left_behind({group, leader.start_time});
    for (size_t i = 0; i < hook_count; ++i)
        if (service.hook_runs(static_cast<Hook>(i)))
            remembered.hooks[i].fact = fact_on_record(remembered.hooks[i].process);
}

bool is_passing(int code) {
    return code == EMFILE || code == ENFILE || code == ENOMEM || code == EINTR;
}

}  // namespace

Recollection recall(const Text& run_directory, Text& complaint) {
    const Text path = Text::join({run_directory, "/journal"});
    Result<LongText> text = Journal::read(path);
    // For want of a descriptor: what runs would be started a second time.
    for (int tries = 0; !text && is_passing(text.error().code) && tries < 50; ++tries) {
        sys::poll({}, 100);
        text = Journal::read(path);
    }
    const bool is_gone = !text && text.error().code == ENOENT;
    Recollection past = text ? read_journal(*text) : Recollection();
    Buffer<128> boot;
    platform::append_boot_id(boot);
    // A resumed reeve may see /proc only by now, but it is the same boot.
    const bool is_other_boot = !resumption().begun && past.has_header() &&
                               !past.of_later_version() && past.boot() != boot.view();
    // A header is the first thing in a journal, and is in it before it has its name.
    const bool is_lost = past.of_later_version() || past.corrupt() || !past.has_header();
    if (is_lost && !is_gone) {
        const Text bad = Text::join({path, ".bad"});
        sys::rename(path.c_str(), bad.c_str());
        complaint =
            Text::join({past.of_later_version() ? "the journal is of a later version of reeve"
                                                : "the journal was damaged",
                        " (it is ", bad, " now); going by the status files"});
    }
    if (past.ended() || is_other_boot) return {};
    for (Remembered& remembered : past.services()) find_facts(remembered);
    if (!is_lost) return past;
    Recollection status = read_status(run_directory);
    for (Remembered& remembered : status.services()) {
        find_facts(remembered);  // the group is not in there
        const pid_t group = getpgid(remembered.service.leader.pid);
        const bool lives = remembered.leader == Fact::alive || remembered.leader == Fact::child;
        if (lives && group > 0) remembered.service.group = group;
    }
    if (is_gone && !status.empty()) complaint = "the journal is gone; going by the status files";
    if (!past.of_later_version()) status.fill_in(std::move(past));
    return status;
}

bool can_recall(const char* run_directory) {
    const Result<LongText> text = Journal::read(Text::join({run_directory, "/journal"}));
    if (!text) return false;
    const Recollection past = read_journal(*text);
    return past.has_header() && !past.of_later_version() && !past.corrupt();
}

}  // namespace reeve
